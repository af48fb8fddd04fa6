"""How are many underlag computed at once? A folder of them, or every municipality's.

Each underlag becomes a plan folder of its own, as `rodtrad plan` writes it. Beside it
lies a small file that says which underlag and which settings it is of: what is done is
not done again, so a run that was killed goes on where it was. Leaves out where the jobs
are computed (computing, computing_dask).
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import signal
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from rodtrad.capacity.result import input_fingerprint
from rodtrad.domain.words import _, missing, number, plural, quoted, share_table
from rodtrad.errors import InputError, SourceError
from rodtrad.sources import read_underlag
from rodtrad.sources.result_folder import (
    CERTIFICATES_FILE,
    render_certificates,
    write_result,
)
from rodtrad.web.computing import Job, issue, issues_of, unpacked_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path
    from types import FrameType

    from rodtrad.domain.components import Tables
    from rodtrad.web.computing import Executor, Outcome, Run
    from rodtrad.web.models import Version

_log: Final = logging.getLogger("rodtrad.batch")
MARKER: Final = ".klar.json"
MOST_ATTEMPTS: Final = 3
DONE, FAILED, KEPT, STOPPED = "done", "failed", "kept", "stopped"
_LOOK_SECONDS: Final = 0.1
INTERRUPTED: Final = 130
_TOLD_ISSUES: Final = 5


@dataclass
class Item:
    """An underlag to compute: its name, how it is read, and what came of it."""

    name: str
    read: Callable[[], Tables]
    keep: Callable[[Outcome], None] | None = None
    state: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    issues: list[dict[str, Any]] = field(default_factory=list)
    attempts: int = 0


@dataclass
class _Underway:
    item: Item
    tables: Tables
    run: Run


# ------------------------------------------------------------------- what to compute


def items_of(folder: Path) -> list[Item]:
    """Return the underlag in a folder: its workbooks, and its folders of CSV files.

    Raises:
        SourceError: there is no such folder, or nothing in it to compute.
    """
    if not folder.is_dir():
        raise SourceError(
            _("Mappen {f} finns inte.").format(f=folder),
            _("Ange en mapp med arbetsböcker eller mappar med CSV-filer."),
            code="batch_folder",
        )
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        workbook = path.suffix.casefold() == ".xlsx" and not path.name.startswith("~$")
        csv = path.is_dir() and (path / "settings.csv").is_file()
        if not workbook and not csv:
            continue
        name = path.name if csv else path.stem
        found[name if name not in found else path.name] = path
    if not found:
        raise SourceError(
            _("Mappen {f} har inga underlag.").format(f=folder),
            _("Lägg arbetsböcker (xlsx) eller mappar med CSV-filer i den."),
            code="batch_empty",
        )
    return [Item(name, _reader(path)) for name, path in found.items()]


def _reader(path: Path) -> Callable[[], Tables]:
    def read() -> Tables:
        tables, issues = read_underlag(path)
        if any(one.severity == "error" for one in issues):
            from rodtrad.domain.checks import check_tables

            raise InputError([*issues, *check_tables(tables)])
        return tables

    return read


def items_of_all() -> list[Item]:
    """Return every municipality's working copy; a plan that is made is stored with it."""
    from rodtrad.web import store
    from rodtrad.web.models import Underlag

    found = []
    for underlag in Underlag.objects.select_related("municipality").order_by(
        "municipality__slug"
    ):
        version = store.version_of_now(underlag, _("Inför en samlad körning"), None)
        found.append(
            Item(
                underlag.municipality.slug,
                lambda version=version: store.version_tables(version),  # type: ignore[misc]
                _keeper(version),
            )
        )
    return found


def _keeper(version: Version) -> Callable[[Outcome], None]:
    """Return what stores a finished plan with its municipality."""

    def keep(outcome: Outcome) -> None:
        from rodtrad.web import jobs

        if outcome.result is not None:
            jobs.store_finished(
                version, _("Samlad körning"), outcome.result, outcome.certificates
            )

    return keep


# ------------------------------------------------------------------- what is done


def _marker(out: Path, name: str) -> Path:
    return out / f"{name}{MARKER}"


def is_done(
    out: Path, name: str, fingerprint: str, asked: str
) -> dict[str, Any] | None:
    """Return what is told of a finished plan of this very underlag and these settings."""
    try:
        facts: dict[str, Any] = json.loads(_marker(out, name).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    same = facts.get("fingerprint") == fingerprint and facts.get("asked") == asked
    return facts if same and (out / name / "plan.json").is_file() else None


def _write_marker(out: Path, name: str, facts: Mapping[str, Any]) -> None:
    """Write the marker whole or not at all."""
    target = _marker(out, name)
    fresh = target.with_name(f".{target.name}.ny")
    with fresh.open("w", encoding="utf-8") as file:
        json.dump(facts, file, ensure_ascii=False)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(target)


def _write(out: Path, item: Item, tables: Tables, outcome: Outcome) -> dict[str, Any]:
    """Write a finished plan in the place of an older one; return what is told of it."""
    assert outcome.result is not None  # noqa: S101 - the caller has looked
    result = unpacked_json(outcome.result)
    documents = {}
    if outcome.certificates is not None:
        proofs = unpacked_json(outcome.certificates)
        documents[CERTIFICATES_FILE] = render_certificates(proofs)
    fresh, target = out / f".{item.name}.ny", out / item.name
    shutil.rmtree(fresh, ignore_errors=True)
    write_result(fresh, result, tables, documents)
    _marker(out, item.name).unlink(missing_ok=True)
    shutil.rmtree(target, ignore_errors=True)
    fresh.replace(target)
    status = result["status"]
    return {key: status.get(key) for key in ("objective", "gap", "stopped", "seconds")}


# ------------------------------------------------------------------- the run


class Batch:
    """Computes items, as many at a time as the executor has slots for."""

    def __init__(
        self, executor: Executor, out: Path, settings: Mapping[str, Any]
    ) -> None:
        """Write to a folder, which is made if need be."""
        self.executor, self.out, self.settings = executor, out, dict(settings)
        text = json.dumps(self.settings, sort_keys=True)
        self.asked = hashlib.sha256(text.encode()).hexdigest()[:16]
        self.underway: list[_Underway] = []
        self.stop = False
        out.mkdir(parents=True, exist_ok=True)

    def run(self, items: Sequence[Item], told: Callable[[Item], None]) -> None:
        """Compute the items; `told` hears of each when it is over."""
        waiting = list(items)
        try:
            while (waiting or self.underway) and not self.stop:
                while self._may_begin(waiting):
                    self._begin(waiting.pop(0), told)
                for one in list(self.underway):
                    self._look(one, waiting, told)
                time.sleep(_LOOK_SECONDS if self.underway else 0.0)
        finally:
            for one in self.underway:
                one.run.kill()
            self.underway = []
        for item in items:
            item.state = item.state or STOPPED

    def _may_begin(self, waiting: Sequence[Item]) -> bool:
        free = len(self.underway) < self.executor.slots
        return bool(waiting) and free and not self.stop

    def _begin(self, item: Item, told: Callable[[Item], None]) -> None:
        try:
            tables = item.read()
        except InputError as error:
            item.issues, item.state = issues_of(error), FAILED
            told(item)
            return
        fingerprint = input_fingerprint(tables)
        facts = is_done(self.out, item.name, fingerprint, self.asked)
        if facts is not None:
            item.state, item.facts = KEPT, facts
            told(item)
            return
        item.facts = {"fingerprint": fingerprint, "asked": self.asked}
        item.attempts += 1
        run = self.executor.start(Job(tables, self.settings))
        self.underway.append(_Underway(item, tables, run))

    def _look(
        self, one: _Underway, waiting: list[Item], told: Callable[[Item], None]
    ) -> None:
        outcome = one.run.outcome()
        if outcome is None and one.run.alive():
            return
        outcome = outcome or one.run.outcome()
        item = one.item
        self.underway.remove(one)
        if outcome is None:
            one.run.kill()
            if item.attempts < MOST_ATTEMPTS:
                waiting.append(item)
                return
            text = _("Datorn avbröt räkningen {n} gånger.").format(n=item.attempts)
            item.issues, item.state = [issue("computer_died", text)], FAILED
        elif outcome.result is None:
            item.issues, item.state = list(outcome.issues), FAILED
        else:
            self._hand_in(item, one.tables, outcome)
        told(item)

    def _hand_in(self, item: Item, tables: Tables, outcome: Outcome) -> None:
        """Write what is finished; a full disk stops this one and is told of."""
        try:
            item.facts |= _write(self.out, item, tables, outcome)
            if item.keep is not None:
                item.keep(outcome)
            _write_marker(self.out, item.name, item.facts)
        except (OSError, SourceError) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            text = _("Planen kunde inte skrivas: {why}.").format(why=why)
            remedy = _("Ge plats på disken och kör samma kommando igen.")
            item.issues, item.state = [issue("out_unwritable", text, remedy)], FAILED
        else:
            item.state = DONE


# ------------------------------------------------------------------- what is said


_WORDS: Final = {
    DONE: _("klar"),
    KEPT: _("klar sedan tidigare"),
    FAILED: _("gick inte"),
    STOPPED: _("inte räknad"),
}


def summary(items: Sequence[Item]) -> str:
    """Return the table of all items, and how many of them went well."""
    rows = [[_("Underlag"), _("Läge"), _("Nytta"), _("Avstånd"), _("Sekunder")]]
    for item in items:
        facts = item.facts
        gap = facts.get("gap")
        rows.append(
            [
                item.name,
                _WORDS[item.state or STOPPED],
                number(facts.get("objective"), 1)
                if "objective" in facts
                else missing(),
                share_table(gap, 2) if gap is not None else missing(),
                number(facts.get("seconds"), 1) if "seconds" in facts else missing(),
            ]
        )
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(
            cell.ljust(width) if i < 2 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    good = sum(item.state in (DONE, KEPT) for item in items)
    whole = plural(
        "{k} av {n} underlag är klart.", "{k} av {n} underlag är klara.", len(items)
    )
    return "\n".join([*lines, "", whole.format(k=good, n=len(items))])


def _say(text: str) -> None:
    """Write a line of progress."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def _told(item: Item) -> None:
    """Say what came of an item, and what is wrong with it."""
    _say(f"{item.name}: {_WORDS[item.state]}")
    for one in item.issues[:_TOLD_ISSUES]:
        place = " ".join(str(x) for x in (one.get("table"), one.get("row")) if x)
        text = f"{place}: {one['message']}" if place else str(one["message"])
        _say(f"  {text} {one.get('remedy') or ''}".rstrip())
    more = len(item.issues) - _TOLD_ISSUES
    if more > 0:
        _say(plural("  och {n} fel till", "  och {n} fel till", more).format(n=more))


def _names(items: Sequence[Item]) -> Iterator[dict[str, Any]]:
    for item in items:
        yield {
            "name": item.name,
            "state": item.state,
            "issues": item.issues,
            **item.facts,
        }


def run(
    items: Sequence[Item],
    executor: Executor,
    out: Path,
    settings: Mapping[str, Any],
    *,
    as_json: bool = False,
) -> int:
    """Compute the items, print the table and return the exit code.

    0 when all are done, 1 when some could not be, 130 when somebody stopped it.

    Raises:
        SourceError: the folder cannot be written.
    """
    try:
        batch = Batch(executor, out, settings)
    except OSError as error:
        raise SourceError(
            _("Det går inte att skriva i {f}.").format(f=quoted(str(out))),
            _("Kontrollera --out, rättigheter och utrymme."),
            code="out_unwritable",
        ) from error

    def stop(_signal: int, _frame: FrameType | None) -> None:
        batch.stop = True

    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, stop)
    try:
        batch.run(items, _told)
    finally:
        executor.close()
    if as_json:
        table = json.dumps({"underlag": list(_names(items))}, ensure_ascii=False)
    else:
        table = summary(items)
    sys.stdout.write(f"{table}\n")
    if batch.stop:
        _say(_("Avbrutet. Kör samma kommando igen för att fortsätta."))
        return INTERRUPTED
    return 0 if all(item.state in (DONE, KEPT) for item in items) else 1

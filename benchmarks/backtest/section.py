"""What does a backtest hand over? A `Section`: text, tables, pictures, checks, failures.

A module of this folder has `def run(data: Path) -> Section` and ends with

    if __name__ == "__main__":
        raise SystemExit(main(run))

so that `python -m benchmarks.backtest.NAME` runs it alone and prints it. `run.py` runs
them all and writes docs/backtest.md. A file that is not there is left to raise
FileNotFoundError: whoever runs the sections tells it. Nothing here depends on the
clock, so the same data give the same bytes.
"""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROOT: Final = Path(__file__).resolve().parents[2]
RESULTS: Final = Path(__file__).resolve().parent / "results"


@dataclass(frozen=True)
class Table:
    """A table of the page. Cells are texts as they shall be read."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Check:
    """A goal and what was measured. `met` None: it could not be measured."""

    name: str
    measured: str
    goal: str
    met: bool | None


@dataclass(frozen=True)
class Line:
    """One series of a picture: numbers along `Picture.labels`, None where missing.

    `low` and `high`, if given, are the ends of a whisker (bars) or a band (lines).
    """

    label: str
    values: Sequence[float | None]
    low: Sequence[float | None] = ()
    high: Sequence[float | None] = ()


@dataclass(frozen=True)
class Picture:
    """A picture of a section, drawn by `pictures.draw`.

    `kind` is "bars" (one group a label, one bar a line), "points" (dots with whiskers)
    or "lines". `goal` and
    `goal_label` are drawn as a dashed line across; `band` as a grey field from–to.
    `name` becomes docs/pictures/backtest-NAME.svg, `caption` its text in words.
    """

    name: str
    caption: str
    kind: str
    labels: Sequence[str]
    lines: Sequence[Line]
    unit: str = ""
    goal: float | None = None
    goal_label: str = ""
    band: tuple[float, float] | None = None


@dataclass(frozen=True)
class Section:
    """One backtest as it is published.

    Attributes:
        title: the heading.
        data: which data, from which years, how many cases.
        fitted: what was fitted on what, and what was held out.
        paragraphs: what was done and found, in plain English.
        tables: in the order of the page.
        figures: rows of results/NAME.csv, all with the same keys.
        failures: where the method falls short or loses, one sentence each.
        checks: the goals, met or not.
        pictures: in the order of the page.
    """

    title: str
    paragraphs: Sequence[str] = ()
    tables: Sequence[Table] = ()
    figures: Sequence[dict[str, Any]] = ()
    failures: Sequence[str] = ()
    checks: Sequence[Check] = ()
    data: str = ""
    fitted: str = ""
    pictures: Sequence[Picture] = field(default=())


def data_folder() -> Path:
    """Return the folder of larger data: $RODTRAD_DATA, else ../shared/data."""
    given = os.environ.get("RODTRAD_DATA")
    return Path(given) if given else ROOT.parent / "shared" / "data"


# ---------------------------------------------------------------- storing


def to_json(section: Section) -> str:
    """Return all of a section but its CSV rows, as text that can be compared."""
    plain = asdict(section)
    del plain["figures"]
    return json.dumps(plain, ensure_ascii=False, indent=1, default=_plain) + "\n"


def _plain(value: Any) -> Any:
    """Numbers of numpy as Python's own."""
    return value.item()


def from_json(text: str) -> Section:
    """Return the section as it was stored, without its CSV rows."""
    plain = json.loads(text)
    plain["tables"] = [Table(**t) for t in plain["tables"]]
    plain["checks"] = [Check(**c) for c in plain["checks"]]
    plain["pictures"] = [
        Picture(
            **{
                **p,
                "lines": [Line(**line) for line in p["lines"]],
                "band": tuple(p["band"]) if p["band"] else None,
            }
        )
        for p in plain["pictures"]
    ]
    return Section(**plain)


def to_csv(section: Section) -> str:
    """Return the figures as CSV; numbers with six digits, so that machines agree."""
    if not section.figures:
        return ""
    names = list(section.figures[0])
    if any(list(row) != names for row in section.figures):
        message = f"{section.title}: rows of figures have different columns"
        raise ValueError(message)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([_cell(row[name]) for name in names] for row in section.figures)
    return out.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, (bool, str)) or not hasattr(value, "__float__"):
        return str(value)
    number = float(value)
    return str(int(number)) if number.is_integer() else f"{number:.6g}"


def write_results(name: str, section: Section, folder: Path = RESULTS) -> None:
    """Write results/NAME.csv (figures) and NAME.json (what the page says)."""
    folder.mkdir(exist_ok=True)
    text = to_csv(section)
    if text:
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    (folder / f"{name}.json").write_text(to_json(section), encoding="utf-8")


# ---------------------------------------------------------------- showing


def table_lines(table: Table) -> list[str]:
    """Return a table in Markdown; columns of numbers are set to the right."""
    right = [
        all(_is_number(row[i]) for row in table.rows) and bool(table.rows)
        for i in range(len(table.header))
    ]
    marks = ["---:" if number else "---" for number in right]
    rows = [table.header, marks, *table.rows]
    return [f"| {' | '.join(str(c) for c in row)} |" for row in rows]


def _is_number(text: str) -> bool:
    kept = str(text).strip()
    return kept in ("–", "-", "") or (
        kept[0] in "0123456789-−+." and any(c.isdigit() for c in kept)
    )


VERDICT: Final = {True: "met", False: "**not met**", None: "not measured"}


def page_lines(section: Section) -> list[str]:
    """Return the section in Markdown, heading first."""
    out = [f"## {section.title}", ""]
    if section.data:
        out += [f"**Data.** {section.data}", ""]
    if section.fitted:
        out += [f"**Fitted on.** {section.fitted}", ""]
    for paragraph in section.paragraphs:
        out += [paragraph, ""]
    if section.checks:
        header = ("goal", "wanted", "measured", "")
        rows = [(c.name, c.goal, c.measured, VERDICT[c.met]) for c in section.checks]
        out += [*table_lines(Table("", header, rows)), ""]
    for table in section.tables:
        out += [f"**{table.title}**", "", *table_lines(table), ""]
    for picture in section.pictures:
        out += [f"![{picture.caption}](pictures/backtest-{picture.name}.svg)", ""]
    out += ["**What failed.**", ""]
    out += [f"- {text}" for text in section.failures or ["Nothing known."]]
    return [*out, ""]


def main(run: Callable[[Path], Section]) -> int:
    """Run one section, print it and store its results; 1 if its data are absent."""
    try:
        section = run(data_folder())
    except FileNotFoundError as error:
        sys.stderr.write(f"no data: {error.filename}\n")
        return 1
    sys.stdout.write("\n".join(page_lines(section)))
    write_results(Path(sys.argv[0]).stem, section)
    return 0

"""What do the checks say of the working copy? Kept with the revision they were made of.

A small underlag is checked anew when it has changed; a large one when somebody asks or
a page has been shown, so that no page waits for it. Leaves out what is checked
(`study.check_all`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from rodtrad.domain import checks, words
from rodtrad.domain.checks import sort_issues
from rodtrad.domain.columns import SCHEMA
from rodtrad.domain.retell import told_issues
from rodtrad.errors import Issue
from rodtrad.study import check_all
from rodtrad.web import store
from rodtrad.web.models.underlag import Check, Row, Underlag

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SMALL_ROWS: Final = 3_000
MOST_KEPT: Final = 2_000


@dataclass(frozen=True)
class Told:
    """What is known of the working copy's faults.

    `fresh` is False when it has changed since; `counts` by table and severity.
    """

    fresh: bool
    known: bool
    issues: tuple[Issue, ...] = ()
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def number(self, severity: str = "error") -> int:
        """Return how many issues of a severity there are."""
        return sum(counts.get(severity, 0) for counts in self.counts.values())

    def sheets(self, severity: str = "error") -> list[str]:
        """Return the tables that have issues of a severity."""
        return [t for t, counts in self.counts.items() if counts.get(severity)]

    def of(self, table: str) -> list[Issue]:
        """Return the issues of one table."""
        return [one for one in self.issues if one.table == table]


def row_counts(underlag: Underlag) -> dict[str, int]:
    """Return how many rows each table has."""
    found = (
        Row.objects.filter(underlag=underlag)
        .order_by()
        .values_list("table")
        .annotate(n=Count("pk"))
    )
    return dict(found)


@words.in_language(words.SWEDISH)
def _checked(underlag: Underlag) -> Told:
    # What is kept is Swedish, whoever asked.
    revision = underlag.revision
    tables, faults = store.read_underlag(underlag)
    # what cannot be read was blank to the checks: no statement can be made of that
    whole = not any(one.severity == "error" for one in faults)
    found = check_all(tables) if whole else checks.check_tables(tables)
    issues = sort_issues([*faults, *found])
    counts: dict[str, dict[str, int]] = {}
    for one in issues:
        of_table = counts.setdefault(one.table, {})
        of_table[one.severity] = of_table.get(one.severity, 0) + 1
    order = {"error": 0, "warning": 1, "note": 2}
    kept = sorted(issues, key=lambda one: order[one.severity])[:MOST_KEPT]
    Check.objects.update_or_create(
        underlag=underlag,
        defaults={
            "revision": revision,
            "issues": [one.as_dict() for one in sort_issues(kept)],
            "counts": counts,
        },
    )
    return Told(True, True, tuple(sort_issues(kept)), counts)


def check_now(underlag: Underlag) -> Told:
    """Check the whole working copy, keep what came out, and return it."""
    found = _checked(underlag)
    return replace(found, issues=told_issues(found.issues))


def told(underlag: Underlag, rows: int | None = None) -> Told:
    """Return what the checks say; a small underlag is checked if it has changed.

    `rows` is how many rows it has, if that is known.
    """
    kept = Check.objects.filter(underlag=underlag).first()
    if kept is not None and kept.revision == underlag.revision:
        return _read(kept, fresh=True)
    if rows is None:
        # no more are counted than it takes to tell
        rows = Row.objects.filter(underlag=underlag)[: SMALL_ROWS + 1].count()
    if rows <= SMALL_ROWS:
        return check_now(underlag)
    return _read(kept, fresh=False) if kept is not None else Told(False, False)


def _read(kept: Check, *, fresh: bool) -> Told:
    issues = told_issues(Issue(**one) for one in kept.issues)
    return Told(fresh, True, issues, kept.counts)


def rows_issues(
    table: str, rows: Sequence[tuple[int, Mapping[str, Any]]]
) -> list[Issue]:
    """Return what can be said of some rows by themselves: (number, cells) each.

    Unreadable and required cells, limits, texts and ids; not what other rows or other
    tables decide.
    """
    spec = SCHEMA[table]
    raw: dict[str, list[Any]] = {
        name: [
            (data.get(store.FAULTS) or {}).get(name, data.get(name))
            for _number, data in rows
        ]
        for name in spec.columns
    }
    from rodtrad.domain.components import Tables, build_table

    numbers = [number for number, _data in rows]
    built, issues = build_table(spec, raw, numbers, dot_is_decimal=True)
    faulty = {
        (numbers[index], name)
        for name, cells in built.faulty.items()
        for index in cells
    }
    found = [one for one in issues if (one.row, one.column) in faulty]
    alone = Tables({table: built})
    for check in (
        checks.check_required,
        checks.check_limits,
        checks.check_texts,
        checks.check_ids,
    ):
        if table != "settings":
            found += [one for one in check(alone) if one.table == table]
    return sort_issues(found)


# ---------------------------------------------------------------- words


def sentence(found: Told) -> str:
    """Return how many faults there are and where, in one sentence or two."""
    if not found.known:
        return _("Underlaget är inte kontrollerat än.")
    n = found.number()
    sheets = found.sheets()
    if not n:
        return _("Underlaget har inga fel.")
    first = ngettext("Underlaget har {n} fel.", "Underlaget har {n} fel.", n).format(
        n=counted(n)
    )
    places = [place for place in sheets if place]
    if not places:
        return first
    if len(places) == 1:
        where = ngettext(
            "Det ligger på bladet {sheet}.", "De ligger på bladet {sheet}.", n
        ).format(sheet=SCHEMA[places[0]].label)
    else:
        where = _("De ligger på {n} blad.").format(n=counted(len(places)))
    return f"{first} {where}"


def counted(n: int) -> str:
    """Return a small number as a word, a larger one in digits."""
    return words.count_text(n)

"""What stands in the place of projects that are not public? One project, their sum.

Outlays, income, operating effects, parts, scores and use of resources are added up year
by year. What one project cannot hold (several first years in use, waiting costs, fees)
goes into the statement and the yearly changes, so that result, debt and balance are the
same as with every project by itself. Leaves out which projects may be summed (`public`).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from math import isclose
from typing import TYPE_CHECKING, Any, Final

from rodtrad.capacity.evaluate import criterion_values, evaluate_plan
from rodtrad.capacity.lines import worst_quality
from rodtrad.capacity.statements import (
    Totals,
    choice_totals,
    price_indices,
    select,
    waiting_totals,
)
from rodtrad.domain.arrays import Choice, build_case
from rodtrad.domain.components import (
    Tables,
    apply_scenario,
    build_tables,
    key_text,
)
from rodtrad.domain.words import _

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rodtrad.domain.arrays import Alternative, Array, Case
    from rodtrad.domain.components import Table

    Rows = list[dict[str, Any]]

SUM_ID: Final = "ovriga_ej_offentliga"
_ALTERNATIVE: Final = "summa"
_KEY: Final = {"project_id": SUM_ID, "alternative_id": _ALTERNATIVE}
_MOST_POINTS: Final = 100.0
# Less than this in a year is rounding, not money.
_NOTHING_TKR: Final = 1e-9
# Lines that do not tell which of two lines an amount stands in.
_RESULTS: Final = ("re", "ar", "fk", "rs", "rg")
_SAME: Final = 1e-6


@dataclass(frozen=True)
class _Member:
    """One of the projects that are summed: what is done, and when it starts."""

    choice: Choice
    alternative: Alternative

    @property
    def in_use(self) -> int:
        """The first year in use."""
        return self.choice.start_year + self.alternative.build_years


def sum_up(
    full: Tables,
    rest: Tables,
    hidden: Sequence[str],
    choices: Sequence[Choice],
    scenario: str | None,
) -> tuple[Tables, Choice | None]:
    """Return the rest of the tables with the hidden projects as one, and its choice.

    Args:
        full: the underlag with every project, without its scenario.
        rest: the same without the hidden projects in any table.
        hidden: the projects that are summed.
        choices: the plan.
        scenario: the scenario that the plan was made under.
    """
    case = build_case(apply_scenario(full, scenario) if scenario else full)
    chosen = [choice for choice in choices if choice.project_id in hidden]
    members = [
        _Member(c, case.project(c.project_id).alternative(c.alternative_id))
        for c in chosen or _wishes(case, hidden)
    ]
    start = min(member.choice.start_year for member in members)
    in_use = min(member.in_use for member in members)
    rows = _rows(full, case, members, start, in_use, chosen=bool(chosen))
    rows["projects"][0]["description"] = _describe(len(hidden))
    summed = _with_rows(rest, rows)
    choice = Choice(SUM_ID, _ALTERNATIVE, start) if chosen else None
    lacking = _lacking(case, summed, hidden, chosen, choice, scenario)
    return _with_remainder(full, summed, case, lacking, scenario), choice


def same_economy(whole: Mapping[str, Any], told: Mapping[str, Any]) -> bool:
    """Return True if a plan with the sum has the economy of the plan with each project."""
    pairs = [(whole["statement"][x], told["statement"][x]) for x in _RESULTS]
    pairs += [(whole["balance"][x], told["balance"][x]) for x in whole["balance"]]
    return all(
        isclose(a, b, rel_tol=_SAME, abs_tol=_SAME)
        for one, other in pairs
        for a, b in zip(one, other, strict=True)
    )


def _describe(count: int) -> str:
    return _(
        "Summan av {n} projekt som inte är offentliga, till exempel därför att köp pågår."
    ).format(n=count)


def _wishes(case: Case, hidden: Iterable[str]) -> list[Choice]:
    """Return the projects' first alternatives, for when none of them is in the plan."""
    return [
        Choice(key, case.project(key).alternatives[0].alternative_id, case.plan_start)
        for key in hidden
    ]


# ---------------------------------------------------------------- the one project


def _rows(
    full: Tables,
    case: Case,
    members: Sequence[_Member],
    start: int,
    in_use: int,
    *,
    chosen: bool,
) -> dict[str, Rows]:
    """Return the rows of the one project, by table."""
    keys = {(m.choice.project_id, m.choice.alternative_id) for m in members}
    quality = _worst(full, "outlays", keys)
    about = {
        "project_id": SUM_ID,
        "name": _("Projekt som inte är offentliga"),
        "public": True,
        "quality": quality,
    }
    if chosen:
        about |= {"earliest_year": start, "latest_year": start}
    marked = {**_KEY, "quality": quality}
    return {
        "projects": [about],
        "alternatives": [
            {
                **marked,
                "name": _("Summan"),
                "build_years": in_use - start,
                "scrapped": sum(
                    m.alternative.scrapped for m in members if m.in_use == in_use
                ),
            }
        ],
        "outlays": [
            {**marked, "offset": o, "outlay": outlay, "income": income}
            for o, (outlay, income) in enumerate(_money(members, start))
        ],
        "effects": [
            {
                **_KEY,
                "quality": _worst(full, "effects", keys),
                "offset": o,
                "operating": x,
            }
            for o, x in enumerate(_operating(members, in_use, case.plan_end))
        ],
        "parts": [{**marked, **part} for part in _parts(members)],
        "scores": [
            {
                **_KEY,
                "quality": _worst(full, "scores", keys),
                "criterion": name,
                "score": x,
            }
            for name, x in _points(case, members, chosen=chosen).items()
        ],
        "resource_use": [
            {**_KEY, "resource": name, "offset": year - start, "amount": amount}
            for (name, year), amount in sorted(_resources(members).items())
        ],
    }


def _worst(full: Tables, table: str, keys: set[tuple[str, str]]) -> str | None:
    rows = full[table].records()
    return worst_quality(
        [
            r["quality"]
            for r in rows
            if (r["project_id"], r["alternative_id"]) in keys and r["quality"]
        ]
    )


def _money(members: Sequence[_Member], start: int) -> list[tuple[float, float]]:
    """Return outlay and income by year from the start, prices of the base year."""
    length = max(
        m.choice.start_year + len(m.alternative.outlay) - start for m in members
    )
    sums = [[0.0, 0.0] for _year in range(length)]
    for member in members:
        at = member.choice.start_year - start
        way = member.alternative
        for o, (outlay, income) in enumerate(zip(way.outlay, way.income, strict=True)):
            sums[at + o][0] += outlay
            sums[at + o][1] += income
    return [(outlay, income) for outlay, income in sums]


def _operating(members: Sequence[_Member], in_use: int, end: int) -> list[float]:
    """Return the operating effect by year in use, to the end of the plan."""
    sums = [0.0] * (end - in_use + 1)
    for member in members:
        amounts = member.alternative.operating
        if amounts:
            for year in range(member.in_use, end + 1):
                sums[year - in_use] += amounts[
                    min(year - member.in_use, len(amounts) - 1)
                ]
    return sums


def _parts(members: Sequence[_Member]) -> Rows:
    """Return the parts by useful life, each with its share of all outlays."""
    shares: dict[int | None, float] = defaultdict(float)
    for member in members:
        spent = sum(member.alternative.outlay)
        for part in member.alternative.parts:
            shares[part.useful_life_years] += spent * part.share
    whole = sum(shares.values())
    if not whole:
        return []
    lives = sorted(shares, key=lambda life: (life is None, life or 0))
    return [
        {
            "component": _("Mark") if life is None else _("{n} år").format(n=life),
            "share": shares[life] / whole,
            "useful_life_years": life,
        }
        for life in lives
    ]


def _points(
    case: Case, members: Sequence[_Member], *, chosen: bool
) -> dict[str, float]:
    """Return the summed points by criterion; the scale of a score ends at 100."""
    if chosen:
        values = criterion_values(case, select(case, [m.choice for m in members]))
        sums = dict(zip(case.weights, values.sum(axis=0).tolist(), strict=True))
    else:
        sums = {
            name: sum(m.alternative.scores.get(name, 0.0) for m in members)
            for name in case.weights
        }
    return {name: min(max(x, 0.0), _MOST_POINTS) for name, x in sums.items()}


def _resources(members: Sequence[_Member]) -> dict[tuple[str, int], float]:
    used: dict[tuple[str, int], float] = defaultdict(float)
    for member in members:
        for name, amounts in member.alternative.use.items():
            for o, amount in enumerate(amounts):
                used[name, member.choice.start_year + o] += amount
    return used


def _with_rows(tables: Tables, added: Mapping[str, Rows]) -> Tables:
    """Return the tables with rows added last."""
    data = {
        name: [*tables[name].records(), *rows] for name, rows in added.items() if rows
    }
    settings = {"settings": list(tables["settings"].records())}
    built = build_tables({**settings, **data})
    for name in data:
        tables = tables.replace(built[name])
    return tables


# ---------------------------------------------------------------- what is left over


def _lacking(
    case: Case,
    summed: Tables,
    hidden: Sequence[str],
    chosen: Sequence[Choice],
    choice: Choice | None,
    scenario: str | None,
) -> Totals:
    """Return what the hidden projects give beyond what the one project gives."""
    indices = price_indices(case)
    each = choice_totals(case, indices, select(case, chosen))
    own = Totals(*(getattr(each, key).sum(axis=0) for key in Totals.__annotations__))
    # waiting costs of all of them; those chosen have their savings in `own`
    alone = [project for project in case.projects if project.project_id in hidden]
    waiting = waiting_totals(_only(case, alone), indices)
    wanted = own + waiting
    other = build_case(apply_scenario(summed, scenario) if scenario else summed)
    taken = select(other, [choice] if choice else [])
    one = choice_totals(other, price_indices(other), taken)
    return Totals(
        *(
            getattr(wanted, key) - getattr(one, key).sum(axis=0)
            for key in Totals.__annotations__
        )
    )


def _only(case: Case, projects: Sequence[Any]) -> Case:
    from dataclasses import replace

    return replace(case, projects=tuple(projects))


def _with_remainder(
    full: Tables, summed: Tables, case: Case, lacking: Totals, scenario: str | None
) -> Tables:
    """Return the tables with the remainder in statement, decided and yearly changes.

    Depreciation and what is scrapped go into the line `ra` of the plan's years; waiting
    costs less fees and resolved income into the changes of each year; resolved income
    also among what is decided, since it brings no cash.
    """
    worn = _yearly(case, lacking.depreciation + lacking.scrapped)
    resolved = _yearly(case, lacking.resolved)
    dearer = _yearly(case, lacking.waiting - lacking.fees - lacking.resolved)
    if any(dearer.values()):
        summed = _changed(summed, "years", "other_change_tkr", dearer, scenario)
    if any(worn.values()):
        before = evaluate_plan(case, ()).years.statement["ra"][:, 0]
        given = {
            int(year): float(x) - worn[int(year)]
            for year, x in zip(case.years, before, strict=True)
        }
        summed = _with_line(summed, "ra", given, scenario)
    if any(resolved.values()):
        if not len(full["existing"]):
            before = evaluate_plan(case, ()).years.statement["ra"][:, 0]
            summed = _with_rows(
                summed,
                {
                    "existing": [
                        {"year": int(year), "depreciation_tkr": max(-float(x), 0.0)}
                        for year, x in zip(case.years, before, strict=True)
                    ]
                },
            )
        summed = _changed(summed, "existing", "resolved_income_tkr", resolved, scenario)
    return summed


def _yearly(case: Case, values: Array) -> dict[int, float]:
    return {
        int(year): 0.0 if abs(x) < _NOTHING_TKR else float(x)
        for year, x in zip(case.years, values[:, 0], strict=True)
    }


def _changed(
    tables: Tables,
    name: str,
    column: str,
    by: Mapping[int, float],
    scenario: str | None,
) -> Tables:
    """Return the tables with amounts of a yearly table raised, in the scenario too."""

    def raised(table: Table) -> list[float]:
        return [
            (value or 0.0) + by.get(year, 0.0)
            for year, value in zip(table["year"], table[column], strict=True)
        ]

    used = apply_scenario(tables, scenario)[name] if scenario else tables[name]
    wanted = dict(zip(used["year"], raised(used), strict=True))
    table = tables[name]
    tables = tables.replace(table.copy(**{column: raised(table)}))
    return _held(tables, scenario, name, column, {str(y): x for y, x in wanted.items()})


def _held(
    tables: Tables,
    scenario: str | None,
    name: str,
    column: str,
    wanted: Mapping[str, float],
) -> Tables:
    """Return the tables with rows last in a scenario, where it writes over an amount."""
    if scenario is None:
        return tables
    table = apply_scenario(tables, scenario)[name]
    now = {key_text(table, i): value for i, value in enumerate(table[column])}
    over = {key: x for key, x in wanted.items() if now.get(key) != x}
    cell = {"scenario": scenario, "table": name, "column": column}
    rows = [
        row
        for row in tables["scenarios"].records()
        if row["key"] not in over or any(row[x] != cell[x] for x in cell)
    ]
    note = _("Rättat för projekt som inte är offentliga.")
    rows += [
        {**cell, "key": k, "value": repr(x), "source": note} for k, x in over.items()
    ]
    built = build_tables(
        {"settings": list(tables["settings"].records()), "scenarios": rows}
    )
    return tables.replace(built["scenarios"])


def _with_line(
    tables: Tables, line: str, given: Mapping[int, float], scenario: str | None
) -> Tables:
    """Return the tables with a statement line given for each year of the plan."""
    rows = list(tables["statement"].records())
    marks = [row["quality"] for row in rows if row["line"] == line]
    kept = [r for r in rows if r["line"] != line or r["year"] not in given]
    note = _("Före projekten, rättat för projekt som inte är offentliga.")
    added = [
        {
            "line": line,
            "year": year,
            "amount": amount,
            "source": note,
            "quality": worst_quality([mark for mark in marks if mark]) or "beräkning",
        }
        for year, amount in given.items()
    ]
    built = build_tables(
        {"settings": list(tables["settings"].records()), "statement": [*kept, *added]}
    )
    wanted = {f"{line}/{year}": amount for year, amount in given.items()}
    tables = tables.replace(built["statement"])
    return _held(tables, scenario, "statement", "amount", wanted)

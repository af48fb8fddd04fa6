"""What of a plan may everyone see? The underlag and the result, made public.

Left out for good: the register of assets with its inspections (where the weak points
are), where preparedness projects lie, and personal data in any text. Projects that are
not public become one sum (`public_sum`); fewer than three could be told apart, so then
nothing is published. What is left is computed again on the public tables, so that
`rodtrad verify` on the download finds the same figures. Leaves out who publishes and
where it is kept (web).
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from rodtrad.capacity.evaluate import evaluate_plan
from rodtrad.capacity.provenance import quality_of, study_facts
from rodtrad.capacity.result import economy_result
from rodtrad.domain import law
from rodtrad.domain.arrays import Choice, Lock, build_case
from rodtrad.domain.checks import check_tables
from rodtrad.domain.columns import SCHEMA
from rodtrad.domain.components import apply_scenario, empty_table
from rodtrad.domain.messages import issue
from rodtrad.domain.words import _, later, number, plural, quoted
from rodtrad.errors import InputError, Issue
from rodtrad.publish.public_sum import SUM_ID, same_economy, sum_up
from rodtrad.publish.public_text import (
    Cleaner,
    cells_naming,
    naming,
    personal_ids,
    without_naming,
)
from rodtrad.study import PARTS, read_choices
from rodtrad.verify import verify_result
from rodtrad.verify.whole import read_locks

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rodtrad.domain.arrays import Case
    from rodtrad.domain.components import Table, Tables

    Result = dict[str, Any]

FEWEST: Final = 3
PREPAREDNESS: Final = "beredskap"

NEVER_TABLES: Final[Mapping[str, str]] = {
    "assets": later("Skick och plats för byggnader, gator och ledningar."),
    "components": later("Skick för anläggningarnas delar."),
    "inspections": later("Besiktningar, fel och läckor."),
}
"""Tables that are never published, and what they would give away, to be translated."""

NEVER_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "projects": ("asset_id",),
    "premises": ("asset_id",),
}
"""Columns that point into those tables."""

_SHIELDED: Final = ("area", "lat", "lon", "description", "source")
"""What is not told of a project that preparedness drives: where it lies, and how."""

_FREE: Final = frozenset({"source", "description", "outcome"})
"""Columns of free text, from which a sentence may be taken away."""

_DROPPED_WITH_SUM: Final = (
    "agreement",
    "agreement_basis",
    "beside",
    "curves",
    "risk",
)
_PROJECT_COLUMNS: Final = ("project_id", "other_id", "lookback_id")
_MOST_NAMED: Final = 20
_KEPT_LIMITS: Final = ("goal", "resource")


@dataclass(frozen=True)
class PublicPlan:
    """A plan that everyone may see.

    `hidden` counts the projects that became one, `removed` the cells by table and
    column from which personal data were taken. `reasons` and `labels` are by project:
    computed on the whole plan, and the same as in the result where nothing is hidden.
    """

    tables: Tables
    result: Result
    certificates: Mapping[str, Any] | None
    hidden: int
    removed: Mapping[tuple[str, str], int]
    reasons: Mapping[str, Result]
    labels: Mapping[str, list[Result]]


def hidden_projects(tables: Tables) -> list[str]:
    """Return the ids of the projects that may not be shown, sorted."""
    projects = tables["projects"]
    return sorted(
        key
        for key, public in zip(projects["project_id"], projects["public"], strict=True)
        if public is False
    )


def refusals(
    tables: Tables, result: Mapping[str, Any], people: Iterable[str] = ()
) -> list[Issue]:
    """Return why a plan may not be published; nothing where it may.

    Args:
        tables: the underlag of the plan.
        result: the content of its `plan.json`.
        people: names of those who work with the plan; a viewpoint must not bear one.
    """
    found = []
    hidden = hidden_projects(tables)
    chosen = {row["project_id"] for row in result["choices"]} & set(hidden)
    if 0 < len(hidden) < FEWEST:
        key = "hidden_few.one" if len(hidden) == 1 else "hidden_few"
        found.append(issue(key, "projects", None, "public", n=number(len(hidden))))
    elif 0 < len(chosen) < FEWEST:
        text = plural(
            "Bara {n} av projekten som är undantagna från publicering ryms i planen. "
            "Summan kan avslöja det, så planen publiceras inte.",
            "Bara {n} av projekten som är undantagna från publicering ryms i planen. "
            "Summan kan avslöja dem, så planen publiceras inte.",
            len(chosen),
        ).format(n=number(len(chosen)))
        remedy = _("Undanta fler projekt som ryms i planen, eller visa dem.")
        found.append(_refusal("hidden_few_chosen", "projects", text, remedy))
    if hidden and SUM_ID in tables["projects"]["project_id"]:
        text = _("Ett projekt har redan id:t {id}, som summan behöver.")
        remedy = _("Ge projektet ett annat id.")
        found.append(
            _refusal("hidden_id_taken", "projects", text.format(id=SUM_ID), remedy)
        )
    scenario = result.get("meta", {}).get("scenario")
    left = _without_rows_of(tables, hidden)["scenarios"]["scenario"]
    if scenario is not None and scenario not in left:
        text = _("Scenariot {s} gäller bara projekt som inte är offentliga.")
        remedy = _("Räkna planen utan scenario, eller visa projekten.")
        text = text.format(s=quoted(scenario))
        found.append(_refusal("hidden_scenario", "scenarios", text, remedy))
    found += _named(tables, hidden) + _personal_ids(tables)
    known = {name.strip().casefold() for name in people if name.strip()}
    named = {name for name in tables["viewpoints"]["viewpoint"] if name}
    for name in sorted(named):
        if name.strip().casefold() in known:
            text = _("Synsättet {v} har en persons namn.").format(v=f"”{name}”")
            remedy = _("Ge det gruppens namn och räkna planen igen.")
            found.append(_refusal("viewpoint_person", "viewpoints", text, remedy))
    return found


def _refusal(code: str, table: str, text: str, remedy: str) -> Issue:
    return Issue(code, "error", table, None, "", text, remedy)


def _named(tables: Tables, hidden: Sequence[str]) -> list[Issue]:
    """Return the names of other things that name a project which may not be shown."""
    named = names_of(tables, hidden)
    if named is None:
        return []
    text = _("{cell} på bladet {sheet} namnger ett projekt som inte är offentligt.")
    remedy = _("Skriv om texten, eller visa projektet.")
    return [
        Issue(
            "hidden_named",
            "error",
            table.name,
            None,
            column,
            text.format(cell=quoted(value), sheet=table.spec.label),
            remedy,
        )
        for table in _without_rows_of(tables, hidden).values()
        if table.name not in NEVER_TABLES
        for column, value in cells_naming(table, named, _FREE)
    ][:_MOST_NAMED]


def _personal_ids(tables: Tables) -> list[Issue]:
    """Return the ids that look like personal data: no id can be taken out of a plan."""
    text = _(
        "Id {id} på bladet {sheet} ser ut som ett telefonnummer eller personnummer."
    )
    remedy = _("Ge det ett annat id och räkna planen igen.")
    return [
        _refusal(
            "id_personal",
            table.name,
            text.format(id=quoted(value), sheet=table.spec.label),
            remedy,
        )
        for table in tables.values()
        if table.name not in NEVER_TABLES
        for value in personal_ids(table)
    ][:_MOST_NAMED]


def names_of(tables: Tables, keys: Sequence[str]) -> re.Pattern[str] | None:
    """Return what finds the names and ids of projects in a text; None for no project."""
    rows = tables["projects"].records()
    names = [str(r["name"]) for r in rows if r["project_id"] in keys and r["name"]]
    return naming(names, keys)


# ---------------------------------------------------------------- the tables


def public_tables(
    tables: Tables, cleaner: Cleaner
) -> tuple[Tables, dict[tuple[str, str], int]]:
    """Return the tables without what is never public, and where texts were cleaned.

    Projects that are not public are still there; see `make_public`.
    """
    for name in NEVER_TABLES:
        tables = tables.replace(empty_table(name))
    for name, columns in NEVER_COLUMNS.items():
        blank: dict[str, list[Any]] = {c: [None] * len(tables[name]) for c in columns}
        tables = tables.replace(tables[name].copy(**blank))
    tables = _shielded(tables)
    tables = _without_rows(
        tables, "scenarios", lambda row: row["table"] in NEVER_TABLES
    )
    removed: dict[tuple[str, str], int] = {}
    for name in tables:
        cleaned, found = _cleaned(tables[name], cleaner)
        if found:
            tables = tables.replace(cleaned)
            removed |= {(name, column): count for column, count in found.items()}
    return tables, removed


def shielded_projects(tables: Tables) -> set[str]:
    """Return the ids of the projects that preparedness drives."""
    projects = tables["projects"]
    return {
        key
        for key, driver in zip(projects["project_id"], projects["driver"], strict=True)
        if driver is not None and PREPAREDNESS in str(driver)
    }


def _shielded(tables: Tables) -> Tables:
    """Return the tables without what tells where preparedness lies, and how.

    Of such a project no text is left but its name, and what others refer to.
    """
    secret = shielded_projects(tables)
    if not secret:
        return tables
    for table in list(tables.values()):
        tables = tables.replace(_without_texts(table, secret))
    return _without_rows(
        tables,
        "scenarios",
        lambda row: (
            bool(secret & _ids_in(row["key"])) and _is_told(row["table"], row["column"])
        ),
    )


def _without_texts(table: Table, secret: set[str]) -> Table:
    """Return a table whose rows about some projects have no texts of their own."""
    owners = [table[column] for column in _PROJECT_COLUMNS if column in table.columns]
    shut = [not secret.isdisjoint(keys) for keys in zip(*owners, strict=True)]
    if not any(shut):
        return table
    blank: dict[str, list[Any]] = {}
    for column in table.spec.columns.values():
        if _is_told(table.name, column.name):
            numbers = itertools.count(1)
            blank[column.name] = [
                value
                if value is None or not closed
                # what must be there is numbered
                else (_("Del {n}").format(n=next(numbers)) if column.required else None)
                for closed, value in zip(shut, table[column.name], strict=True)
            ]
    return table.copy(**blank)


def _is_told(table: str, name: str) -> bool:
    """Return True for a column whose text is the project's own, and not its name."""
    if table == "projects":
        return name in _SHIELDED
    column = SCHEMA[table].columns.get(name) if table in SCHEMA else None
    return column is not None and column.type == "text" and not column.ref


def _ids_in(key: object) -> set[str]:
    """Return what the key of a row, as a scenario writes it, is made of."""
    return set(re.split(r"[\s·|]+", str(key or "")))


def _cleaned(table: Table, cleaner: Cleaner) -> tuple[Table, dict[str, int]]:
    """Return a table whose texts hold no personal data, and the cells changed."""
    changed: dict[str, list[Any]] = {}
    counts: dict[str, int] = {}
    for column in table.spec.columns.values():
        if column.type != "text":
            continue
        values = [
            cleaner.text(value) if isinstance(value, str) else value
            for value in table[column.name]
        ]
        count = sum(
            one != other for one, other in zip(values, table[column.name], strict=True)
        )
        if count:
            changed[column.name], counts[column.name] = values, count
    return (table.copy(**changed) if changed else table), counts


def _without_rows(tables: Tables, name: str, drop: Any) -> Tables:
    """Return the tables without the rows of one that `drop` is true of."""
    from rodtrad.domain.components import Table as _Table

    table = tables[name]
    keep = [i for i, row in enumerate(table.records()) if not drop(row)]
    if len(keep) == len(table):
        return tables
    return tables.replace(
        _Table(
            name,
            {
                column: [values[i] for i in keep]
                for column, values in table.columns.items()
            },
        )
    )


def _without_rows_of(tables: Tables, hidden: Sequence[str]) -> Tables:
    """Return the tables without any row about some projects."""
    gone = set(hidden)
    for name, table in list(tables.items()):
        columns = [c for c in _PROJECT_COLUMNS if c in table.columns]
        if columns:
            tables = _without_rows(
                tables, name, lambda row, c=columns: any(row[x] in gone for x in c)
            )
    return _without_rows(
        tables, "scenarios", lambda row: bool(gone & _ids_in(row["key"]))
    )


def _without_projects(tables: Tables, hidden: Sequence[str]) -> Tables:
    """Return the tables without rows about some projects, and without their names."""
    named = names_of(tables, hidden)
    tables = _without_rows_of(tables, hidden)
    if named is not None:
        for table in list(tables.values()):
            tables = tables.replace(_unnamed(table, named))
    return tables


def _unnamed(table: Table, named: re.Pattern[str]) -> Table:
    """Return a table whose free texts do not name projects that are not public."""
    return table.copy(
        **{
            column: [
                without_naming(value, named) or None
                if isinstance(value, str)
                else value
                for value in table[column]
            ]
            for column in table.spec.columns
            if column in _FREE
        }
    )


# ---------------------------------------------------------------- the result


def make_public(
    tables: Tables,
    result: Mapping[str, Any],
    certificates: Mapping[str, Any] | None = None,
    people: Sequence[str] = (),
) -> PublicPlan:
    """Return what everyone may see of a plan.

    Args:
        tables: the underlag of the plan, without its scenario.
        result: the content of its `plan.json`.
        certificates: what proves its agreement map.
        people: names of those who work with it, taken out of every text.

    Raises:
        InputError: the plan may not be published; the issues say why.
    """
    if faults := refusals(tables, result, people):
        raise InputError(faults)
    hidden = hidden_projects(tables)
    scenario = result["meta"].get("scenario")
    choices = read_choices(result)
    cleaner = Cleaner(tables, people)
    shown, removed = public_tables(tables, cleaner)
    locks = [one for one in _locks(result) if one.project_id not in hidden]
    if hidden:
        rest = _without_projects(shown, hidden)
        shown, one = sum_up(tables, rest, hidden, choices, scenario)
        choices = tuple(c for c in choices if c.project_id not in hidden)
        choices += () if one is None else (one,)
        locks.append(
            Lock(SUM_ID, False)
            if one is None
            else Lock(SUM_ID, True, one.alternative_id, one.start_year)
        )
    # without a register the needs rest on nothing that is taken away
    same = not (hidden or removed or any(len(tables[name]) for name in NEVER_TABLES))
    untold = _untold(tables, hidden)
    whole = _tellable(result, untold)
    told = cleaner.all(_public_result(whole, shown, choices, locks, bool(hidden)))
    if hidden and not same_economy(result, told):
        text = _("Summan av projekten som inte är offentliga ger inte planens ekonomi.")
        remedy = _("Räkna planen utan scenario, eller visa projekten.")
        raise InputError([_refusal("hidden_economy", "scenarios", text, remedy)])
    if not same:
        _retell_needs(told, apply_scenario(shown, scenario) if scenario else shown)
    return PublicPlan(
        tables=shown,
        result=told,
        certificates=None if hidden else cleaner.all(certificates),
        hidden=len(hidden),
        removed=removed,
        reasons=cleaner.all(_reasons(whole, hidden)),
        labels=cleaner.all(_labels(result, hidden)),
    )


def _locks(result: Mapping[str, Any]) -> list[Lock]:
    return list(read_locks(result["meta"].get("locked") or ()))


def _untold(tables: Tables, hidden: Sequence[str]) -> re.Pattern[str] | None:
    """Return what no sentence of a public reason may name.

    Hidden projects: how much one of them moves, or what depends on it, is more than the
    sum tells. And how a project of preparedness is built.
    """
    projects, secret = tables["projects"], shielded_projects(tables)
    names = [
        name
        for key, name in zip(projects["project_id"], projects["name"], strict=True)
        if key in hidden
    ]
    ways = tables["alternatives"].records()
    names += [row["name"] for row in ways if row["project_id"] in secret]
    marks = sorted({quoted(name) for name in names if name}, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, marks))) if marks else None


def _tellable(
    result: Mapping[str, Any], untold: re.Pattern[str] | None
) -> Mapping[str, Any]:
    """Return the result with reasons that say nothing of what may not be told."""
    if untold is None or not result.get("reasons"):
        return result
    names = {row["project_id"]: row["name"] for row in result["projects"]}
    reasons = []
    for row in result["reasons"]:
        text = [one for one in row["text"] if not untold.search(one)]
        if len(text) < len(row["text"]) and text[:1] != row["text"][:1]:
            pattern = (
                _("Projektet {p} ingår.")
                if row["state"] == "in"
                else _("Projektet {p} ingår inte.")
            )
            text.insert(0, pattern.format(p=quoted(names[row["project_id"]])))
        reasons.append({**row, "text": text})
    return {**result, "reasons": reasons}


def _public_result(
    result: Mapping[str, Any],
    tables: Tables,
    choices: Sequence[Choice],
    locks: Sequence[Lock],
    summed: bool,
) -> Result:
    """Return `plan.json` for the public tables, every figure computed on them."""
    meta = result["meta"]
    scenario = meta.get("scenario")
    used = apply_scenario(tables, scenario) if scenario else tables
    case = replace(build_case(used), locks=tuple(sorted(locks)))
    economy = economy_result(case, choices)
    told: Result = {
        key: value
        for key, value in result.items()
        if not (summed and key in _DROPPED_WITH_SUM)
    }
    told |= economy
    told["meta"] = {
        **study_facts(tables, used, scenario, case.locks),
        **{key: meta[key] for key in ("seed", "asked") if key in meta},
    }
    told["law"] = law.used(int(year) for year in case.years)
    told["quality"] = quality_of(used, choices)
    if "broken" in result:
        told["broken"] = [
            {"kind": one.kind, "id": one.key, "years": list(one.years)}
            for one in evaluate_plan(case, choices).violations
        ]
    found = [one for one in check_tables(tables) if one.severity != "error"]
    told["issues"] = [one.as_dict() for one in found]
    if summed:
        _retell_rest(told, result, case, choices)
    return told


def _retell_needs(told: Result, used: Tables) -> None:
    """Put in the needs that the public tables alone tell."""
    from rodtrad.needs.result import needs_result

    asked = told["meta"].get("asked") or {}
    parts = asked.get("parts", ())
    if "need_forecast" not in told and "needs" not in parts:
        return
    told.pop("need_forecast", None)
    seed = told["meta"].get("seed")
    if seed is not None and (needs := needs_result(used, seed=seed)) is not None:
        told["need_forecast"] = needs


def _retell_rest(
    told: Result, result: Mapping[str, Any], case: Case, choices: Sequence[Choice]
) -> None:
    """Put in what is left when some projects are summed: no part that names them."""
    told["reasons"] = []
    told["limits"] = [
        row for row in result.get("limits", ()) if row.get("kind") in _KEPT_LIMITS
    ]
    shift = told["value"]["total"] - result["value"]["total"]
    told["status"] = _status(result["status"], told["value"]["total"], shift)
    asked = told["meta"].get("asked")
    if asked is not None:
        left = ("plan", "needs", "uncertainty")
        parts = [part for part in PARTS if part in asked["parts"] and part in left]
        told["meta"]["asked"] = {
            **asked,
            "parts": parts,
            "certainty": None,
            "certainty_goal": None,
        }
    if "uncertainty" in told:
        told |= _drawn(told, case, choices)


def _status(status: Mapping[str, Any], total: float, shift: float) -> Result:
    """Return the status of the public plan.

    The sum is held fast, and each plan that holds it gives as many points more or less
    than its like with every project by itself: so the bound moves as the plan does.
    """
    moved = {**status, "objective": total}
    if status.get("bound") is not None:
        bound = max(status["bound"] + shift, total)
        moved["bound"] = bound
        moved["gap"] = (bound - total) / max(abs(total), 1e-9)
        if status.get("stopped") == "proof":
            moved["bound"], moved["gap"] = total, 0.0
    return moved


def _drawn(told: Result, case: Case, choices: Sequence[Choice]) -> Result:
    """Return the probabilities of the public plan, drawn once more."""
    from rodtrad.capacity.uncertainty_result import uncertainty_result
    from rodtrad.needs.swings import nation_swings, population_swings

    draws, seed = told["uncertainty"]["draws"], told["meta"]["seed"]
    people = population_swings(case.tables, draws, seed)
    nation = nation_swings(case.tables, draws, seed)
    return uncertainty_result(case, choices, draws, seed, people, nation)


def _reasons(result: Mapping[str, Any], hidden: Sequence[str]) -> dict[str, Result]:
    """Return state and sentences of every public project's reason."""
    return {
        row["project_id"]: {"state": row["state"], "text": row["text"]}
        for row in result.get("reasons") or ()
        if row["project_id"] not in hidden
    }


def _labels(
    result: Mapping[str, Any], hidden: Sequence[str]
) -> dict[str, list[Result]]:
    """Return what the agreement map says of every public project."""
    labels: dict[str, list[Result]] = {}
    for row in result.get("agreement") or ():
        if row["project_id"] not in hidden:
            kept = {key: row.get(key) for key in ("scope", "event", "label")}
            labels.setdefault(row["project_id"], []).append(kept)
    return labels


def check_public(plan: PublicPlan, *, drawn: bool = False) -> list[str]:
    """Return the places where a public plan does not follow from its own tables."""
    found = verify_result(
        plan.tables, plan.result, certificates=plan.certificates, drawn=drawn
    )
    return [difference.figure for difference in found]

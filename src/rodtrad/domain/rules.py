"""What must hold between the cells? Years, money, projects, choice, goals, scenarios.

Each `check_*` finds one family of faults in the tables and raises nothing. A rule is
silent where the cells it needs could not be read: those are reported already. What
needs the statements (can the municipality afford it?) is in plan, not here.
"""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from rodtrad.domain.asset_rules import check_register
from rodtrad.domain.cells import counted, shown
from rodtrad.domain.columns import SCHEMA
from rodtrad.domain.components import (
    nira_shares,
    scenario_fault,
    scenario_rows,
    scenario_target,
)
from rodtrad.domain.condition_scales import INSPECTION, SCALES, condition_class
from rodtrad.domain.economy import check_uncertainty
from rodtrad.domain.lives import assumed_year, expected_life_years
from rodtrad.domain.messages import issue
from rodtrad.domain.part_states import part_states
from rodtrad.domain.place_rules import check_places
from rodtrad.domain.words import (
    list_text,
    money_text,
    names_text,
    number,
    quoted,
    share_text,
    years_text,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from rodtrad.domain.components import Table, Tables
    from rodtrad.errors import Issue

MAX_PLAN_YEARS: Final = 100
REQUIRED_LINES: Final = ("ri", "rk", "ra", "rs", "rg")
ASSETS: Final = ("fixed_assets", "financial_assets", "other_assets", "cash")
DEBTS: Final = ("equity", "provisions", "loans", "other_liabilities")
BALANCE_TOLERANCE: Final = 1e-6
SHARE_TOLERANCE: Final = 1e-6


def has(table: Table, *columns: str) -> bool:
    """Return True if the table and these columns could be read."""
    return not table.missing and not table.absent.intersection(columns)


def _plan(tables: Tables) -> tuple[int, int, int] | None:
    """Base year, first and last plan year; None if they are not known or absurd."""
    settings = tables.settings
    base, first, last = (settings[k] for k in ("base_year", "plan_start", "plan_end"))
    if None in (base, first, last) or not first <= last < first + MAX_PLAN_YEARS:
        return None
    return base, first, last


def _setting_row(tables: Tables, key: str) -> int | None:
    table = tables["settings"]
    return table.rows[table["key"].index(key)] if key in table["key"] else None


def _names(tables: Tables) -> dict[str, str]:
    table = tables["projects"]
    return {
        i: name or i
        for i, name in zip(table["project_id"], table["name"], strict=True)
        if i
    }


# ---------------------------------------------------------------- years


def check_plan_years(tables: Tables) -> Iterable[Issue]:
    """Find a plan that does not start after the base year, or has no years."""
    settings = tables.settings
    base, first, last = (settings[k] for k in ("base_year", "plan_start", "plan_end"))
    if base is not None and first is not None and first != base + 1:
        row = _setting_row(tables, "plan_start")
        slots = {"y": first, "b": base, "b1": first - 1}
        yield issue("base_year", "settings", row, "value", **slots)
    if first is not None and last is not None:
        row = _setting_row(tables, "plan_end")
        if last < first:
            yield issue("plan_years", "settings", row, "value", y1=first, y2=last)
        elif last - first >= MAX_PLAN_YEARS:
            yield issue(
                "plan_years.long",
                "settings",
                row,
                "value",
                n=last - first + 1,
                max=MAX_PLAN_YEARS,
            )


def check_years(tables: Tables) -> Iterable[Issue]:
    """Find years that are missing, and rows whose year the plan does not use."""
    plan = _plan(tables)
    if plan is None:
        return
    base, first, last = plan
    years = tables["years"]
    if has(years, "year") and not years.faulty.get("year"):
        yield from _year_gaps(years, base, last)
    existing = tables["existing"]
    if len(existing) and has(existing, "year") and not existing.faulty.get("year"):
        yield from _year_gaps(existing, first, last)
    spans = {
        "years": base,
        "statement": base,
        "existing": first,
        "adjustments": first,
        "frames": first,
        "resources": first,
    }
    for name, start in spans.items():
        table = tables[name]
        for index, year in enumerate(table["year"]):
            if year is not None and not start <= year <= last:
                slots = {"y": year, "y1": start, "y2": last}
                yield issue("year_outside", name, table.rows[index], "year", **slots)


def _year_gaps(table: Table, first: int, last: int) -> Iterable[Issue]:
    gaps = sorted(set(range(first, last + 1)) - set(table["year"]))
    if gaps:
        key = "years_gap" if len(gaps) > 1 else "years_gap.one"
        slots = {"ys": years_text(gaps), "y1": first, "y2": last}
        yield issue(key, table.name, None, "year", **slots)


# ---------------------------------------------------------------- money


def check_statement(tables: Tables) -> Iterable[Issue]:
    """Find missing lines of the base year, and signs that look turned."""
    table = tables["statement"]
    base = tables.settings["base_year"]
    labels = SCHEMA["statement"].columns["line"].choices
    readable = has(table, "line", "year") and not (
        table.faulty.get("line") or table.faulty.get("year")
    )
    if readable and base is not None:
        given = set(zip(table["line"], table["year"], strict=True))
        for line in REQUIRED_LINES:
            if (line, base) not in given:
                yield issue(
                    "statement_line",
                    "statement",
                    None,
                    "line",
                    line=labels[line],
                    y=base,
                )
    signs = {"ri": 1, "rs": 1, "fi": 1, "rk": -1, "ra": -1, "fk": -1}
    for index, (line, amount) in enumerate(
        zip(table["line"], table["amount"], strict=True)
    ):
        if amount and line in signs and amount * signs[line] < 0:
            yield issue(
                "sign_odd",
                "statement",
                table.rows[index],
                "amount",
                line=labels[line],
                amount=number(amount),
            )


def check_balance(tables: Tables) -> Iterable[Issue]:
    """Find missing lines, odd signs and an opening balance that does not balance."""
    table = tables["balance"]
    if not has(table, "line", "amount") or table.faulty.get("line"):
        return
    labels = SCHEMA["balance"].columns["line"].choices
    for index, (line, amount) in enumerate(
        zip(table["line"], table["amount"], strict=True)
    ):
        if amount is not None and amount < 0 and line not in (None, "equity"):
            yield issue(
                "sign_odd.balance",
                "balance",
                table.rows[index],
                "amount",
                line=labels[line],
                amount=number(amount),
            )
    missing = [line for line in (*ASSETS, *DEBTS) if line not in table["line"]]
    for line in missing:
        yield issue("balance_line", "balance", None, "line", line=labels[line])
    if missing or None in table["amount"]:
        return
    amounts = dict(zip(table["line"], table["amount"], strict=True))
    assets = sum(amounts[line] for line in ASSETS)
    debts = sum(amounts[line] for line in DEBTS)
    if abs(assets - debts) > BALANCE_TOLERANCE * max(abs(assets), abs(debts)):
        difference = abs(assets - debts)
        decimals = 0 if difference >= 10 else 3
        slots = {
            "a": number(assets, decimals),
            "b": number(debts, decimals),
            "d": number(difference, decimals),
        }
        yield issue("balance_open", "balance", None, "amount", **slots)


# Kronor per inhabitant beyond which an amount is asked about (DOMAIN 0.2): lowest and
# highest absolute value, None where any is possible.
_USUAL_STATEMENT: Final[Mapping[str, tuple[float, float]]] = {
    "ri": (500, 150_000),
    "rk": (10_000, 400_000),
    "ra": (100, 60_000),
    "rs": (5_000, 200_000),
    "rg": (0, 150_000),
    "fi": (0, 40_000),
    "fk": (0, 40_000),
    "ex": (0, 40_000),
}
_USUAL_RESULT: Final = 20_000
_USUAL_BALANCE: Final = 1_000_000
_USUAL_TOTAL_ASSETS: Final = 5_000
_USUAL_OUTLAY: Final = 300_000
_USUAL_OPERATING: Final = 60_000


def check_magnitude(tables: Tables) -> Iterable[Issue]:
    """Find amounts that look like kronor or mkr rather than tkr."""
    years = tables["years"]
    base = tables.settings["base_year"]
    people = next(
        (
            persons
            for year, persons in zip(years["year"], years["population"], strict=True)
            if year == base and persons
        ),
        None,
    )
    if not people or people < 1:
        return
    statement = tables["statement"]
    results: dict[int, float] = defaultdict(float)
    for index, (line, year, amount) in enumerate(
        zip(statement["line"], statement["year"], statement["amount"], strict=True)
    ):
        if line in _USUAL_STATEMENT and amount:
            low, high = _USUAL_STATEMENT[line]
            row = statement.rows[index]
            yield from _odd(amount, people, low, high, "statement", row, "amount")
            results[year] += amount
    complete = set(statement["line"]) >= set(REQUIRED_LINES)
    if complete and base in results:
        yield from _odd(
            results[base], people, 0, _USUAL_RESULT, "statement", None, "amount"
        )
    balance = tables["balance"]
    for index, amount in enumerate(balance["amount"]):
        if amount:
            place = ("balance", balance.rows[index], "amount")
            yield from _odd(amount, people, 0, _USUAL_BALANCE, *place)
    amounts = dict(zip(balance["line"], balance["amount"], strict=True))
    total = sum(amounts.get(line) or 0.0 for line in ASSETS)
    if total:
        low, high = _USUAL_TOTAL_ASSETS, float("inf")
        yield from _odd(total, people, low, high, "balance", None, "amount")
    limits = {
        ("outlays", "outlay"): _USUAL_OUTLAY,
        ("outlays", "income"): _USUAL_OUTLAY,
        ("effects", "operating"): _USUAL_OPERATING,
        ("projects", "waiting_cost"): _USUAL_OPERATING,
        ("existing", "outlay_tkr"): _USUAL_OUTLAY,
        ("existing", "depreciation_tkr"): _USUAL_OPERATING,
    }
    for (name, column), high in limits.items():
        values = tables[name][column]
        largest = high * people / 1000
        if any(abs(value or 0.0) > largest for value in values):
            for index, value in enumerate(values):
                place = (name, tables[name].rows[index], column)
                yield from _odd(value or 0.0, people, 0, high, *place)


def _odd(
    amount: float,
    people: float,
    low: float,
    high: float,
    table: str,
    row: int | None,
    column: str,
) -> Iterable[Issue]:
    per = abs(amount) * 1000 / people
    if low <= per <= high:
        return
    key = "unit_magnitude" if per > high else "unit_magnitude.low"
    slots = {"amount": number(amount), "per": number(per)}
    yield issue(key, table, row, column, **slots)


def check_deficits(tables: Tables) -> Iterable[Issue]:
    """Find old deficits that are overdue, or restored beyond their amount."""
    table = tables["deficits"]
    first = tables.settings["plan_start"]
    currency = tables.settings["currency"] or "kr"
    for index, record in enumerate(table.records()):
        amount, due = record["amount"], record["due_year"]
        if amount is None:
            continue
        done = record["restored"] + record["exempted"]
        row = table.rows[index]
        left = amount - done
        if left < -BALANCE_TOLERANCE * max(amount, 1.0):
            slots = {"a": number(done), "b": number(amount)}
            yield issue("deficit_sum", "deficits", row, "restored", **slots)
        elif due is not None and first is not None and due < first and left > 0.5:
            yield issue(
                "deficit_due",
                "deficits",
                row,
                "due_year",
                y=record["year"],
                due=due,
                kr=money_text(left, currency),
            )


# ---------------------------------------------------------------- projects


def check_projects(tables: Tables) -> Iterable[Issue]:
    """Find impossible windows, deadlines that cannot be met, and missing parts."""
    projects, alternatives = tables["projects"], tables["alternatives"]
    if not has(projects, "project_id"):
        return
    builds: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for index, (project, years) in enumerate(
        zip(alternatives["project_id"], alternatives["build_years"], strict=True)
    ):
        builds[project].append((-1 if years is None else years, index))
    plan = _plan(tables)
    readable = has(alternatives, "project_id", "build_years")
    soonest = _earliest_starts(tables, builds, plan[1]) if plan and readable else {}
    for index, record in enumerate(projects.records()):
        row, project = projects.rows[index], record["project_id"]
        nira = record["nira"]
        if nira is not None:
            shares = nira_shares(nira)
            total = sum(shares.values()) if shares else 0.0
            if shares is None:
                yield issue("nira_sum.form", "projects", row, "nira", value=nira)
            elif abs(total - 1) > SHARE_TOLERANCE:
                slots = {"value": nira, "sum": number(total * 100)}
                yield issue("nira_sum", "projects", row, "nira", **slots)
        if project is None:
            continue
        if has(alternatives, "project_id") and not builds.get(project):
            yield issue("project_no_alternative", "projects", row, "project_id")
        early, late = record["earliest_year"], record["latest_year"]
        if early is not None and late is not None and early > late:
            slots = {"a": early, "b": late}
            yield issue("window_empty", "projects", row, "earliest_year", **slots)
            continue
        if plan is None:
            continue
        first = plan[1]
        if late is not None and late < first:
            slots = {"a": max(early or first, first), "b": late}
            key = "window_empty" if record["must_do"] else "window_empty.past"
            yield issue(key, "projects", row, "latest_year", **slots)
            continue
        if early is not None and early < first:
            slots = {"a": early, "y": first}
            yield issue("window_early", "projects", row, "earliest_year", **slots)
        known = [pair for pair in builds.get(project, ()) if pair[0] >= 0]
        if not readable or not known:
            continue
        yield from _time_faults(tables, record, row, known, soonest.get(project), plan)


def _time_faults(
    tables: Tables,
    record: Mapping[str, Any],
    row: int,
    builds: Sequence[tuple[int, int]],
    soonest: int | None,
    plan: tuple[int, int, int],
) -> Iterable[Issue]:
    """Faults of one project: in use after the plan's end, or after its deadline."""
    _base, first, last = plan
    start = max(record["earliest_year"] or first, first)
    shortest = min(build for build, _index in builds)
    if start + shortest > last:
        slots = {"a": start, "n": shortest, "u": start + shortest, "y2": last}
        key = "in_use_after_end" if record["must_do"] else "in_use_after_end.project"
        yield issue(key, "projects", row, "earliest_year", **slots)
        return
    alternatives = tables["alternatives"]
    for build, index in builds:
        if start + build > last:
            slots = {"a": start, "n": build, "u": start + build, "y2": last}
            place = ("alternatives", alternatives.rows[index], "build_years")
            yield issue("in_use_after_end.alternative", *place, **slots)
    if record["must_do"]:
        deadline = record["deadline_year"]
        deadline = last if deadline is None else min(deadline, last)
        in_use = (start if soonest is None else soonest) + shortest
        if in_use > deadline:
            slots = {"d": deadline, "u": in_use}
            yield issue("must_do_late", "projects", row, "deadline_year", **slots)


def _earliest_starts(
    tables: Tables, builds: Mapping[str, Sequence[tuple[int, int]]], first: int
) -> dict[str, int]:
    """Earliest start of each project when those it requires must be in use before.

    Projects in a circle keep their own earliest year: the circle is another fault.
    """
    projects = tables["projects"]
    starts = {
        project: max(early or first, first)
        for project, early in zip(
            projects["project_id"], projects["earliest_year"], strict=True
        )
        if project
    }
    edges = _requires(tables)
    # Longest path by relaxation; a circle would go on for ever, so it is cut short.
    for _round in range(len(starts)):
        changed = False
        for project, other, lag, _row in edges:
            known = [build for build, _index in builds.get(other, ()) if build >= 0]
            if project in starts and other in starts and known:
                least = starts[other] + min(known) + lag
                if least > starts[project]:
                    starts[project], changed = least, True
        if not changed:
            return starts
    return {}


def _requires(tables: Tables) -> list[tuple[str, str, int, int]]:
    table = tables["relations"]
    return [
        (r["project_id"], r["other_id"], r["lag_years"] or 0, table.rows[index])
        for index, r in enumerate(table.records())
        if r["kind"] == "requires" and r["project_id"] and r["other_id"]
    ]


def _offsets(table: Table) -> dict[tuple[Any, ...], list[int]]:
    """Row indexes by project and alternative (and resource), in the table's order."""
    key = [name for name in table.spec.key if name != "offset"]
    groups: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for index, group in enumerate(zip(*(table[name] for name in key), strict=True)):
        groups[group].append(index)
    return groups


def check_offsets(tables: Tables) -> Iterable[Issue]:
    """Find yearly rows that do not start at 0 or have holes."""
    for name in ("outlays", "effects", "resource_use"):
        table = tables[name]
        if not has(table, *table.spec.key):
            continue
        offsets = table["offset"]
        for group, rows in _offsets(table).items():
            given = [offsets[index] for index in rows]
            if None in group or None in given or min(given) < 0:
                continue
            if max(given) > (table.spec.columns["offset"].maximum or max(given)):
                continue  # told at its cell
            wanted = range(max(given) + 1)
            if len(set(given)) == len(wanted):
                continue
            missing = sorted(set(wanted) - set(given))
            yield issue(
                f"offset_hole.{name}_many" if missing[1:] else f"offset_hole.{name}",
                name,
                table.rows[rows[0]],
                "offset",
                list=list_text([str(offset) for offset in sorted(set(given))]),
                missing=list_text([str(offset) for offset in missing]),
            )


_WITHOUT_OUTLAY: Final = frozenset({"gor_inget", "hyr", "samverka", "avveckla"})


def check_alternatives(tables: Tables) -> Iterable[Issue]:
    """Find alternatives without outlays, and parts that do not sum to 1."""
    alternatives, outlays = tables["alternatives"], tables["outlays"]
    if has(outlays, "project_id", "alternative_id"):
        paid = set(zip(outlays["project_id"], outlays["alternative_id"], strict=True))
        for index, record in enumerate(alternatives.records()):
            pair = (record["project_id"], record["alternative_id"])
            if None in pair or pair in paid or record["kind"] in _WITHOUT_OUTLAY:
                continue
            row = alternatives.rows[index]
            yield issue("alternative_no_outlay", "alternatives", row, "alternative_id")
    parts = tables["parts"]
    sums: dict[tuple[Any, Any], tuple[float, int]] = {}
    for index, record in enumerate(parts.records()):
        key = (record["project_id"], record["alternative_id"])
        share = record["share"]
        total, first = sums.get(key, (0.0, index))
        sums[key] = (total + (float("nan") if share is None else share), first)
    for total, first in sums.values():
        if abs(total - 1) > SHARE_TOLERANCE:
            text = shown(round(total, 6))
            yield issue("parts_sum", "parts", parts.rows[first], "share", sum=text)


def check_resources(tables: Tables) -> Iterable[Issue]:
    """Find projects that need more of a resource than any year has."""
    plan = _plan(tables)
    use, projects = tables["resource_use"], tables["projects"]
    if plan is None or not len(use):
        return
    available = {
        (resource, year): amount
        for resource, year, amount in zip(
            tables["resources"]["resource"],
            tables["resources"]["year"],
            tables["resources"]["available"],
            strict=True,
        )
        if amount is not None
    }
    needs: dict[tuple[str, str], list[tuple[str, int, float]]] = defaultdict(list)
    for record in use.records():
        if None not in (record["resource"], record["offset"], record["amount"]):
            key = (record["project_id"], record["alternative_id"])
            needs[key].append((record["resource"], record["offset"], record["amount"]))
    builds = {
        (r["project_id"], r["alternative_id"]): r["build_years"]
        for r in tables["alternatives"].records()
        if r["build_years"] is not None
    }
    of_project: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for pair in builds:
        of_project[pair[0]].append(pair)
    _base, first, last = plan
    for index, record in enumerate(projects.records()):
        short: list[tuple[str, float, float, list[int]]] = []
        pairs = of_project.get(record["project_id"], [])
        for pair in pairs:
            early = max(record["earliest_year"] or first, first)
            late = min(record["latest_year"] or last, last - builds[pair])
            lacks = [
                lack
                for start in range(early, late + 1)
                if (lack := _lack(needs.get(pair, ()), start, available))
            ]
            if lacks and len(lacks) == late - early + 1:
                resource, amount, _year, _most = lacks[0]
                same = [lack for lack in lacks if lack[0] == resource]
                most = max(lack[3] for lack in same)
                short.append((resource, amount, most, [lack[2] for lack in same]))
        if pairs and len(short) == len(pairs):
            resource, amount, most, years = short[0]
            yield issue(
                "resource_short",
                "projects",
                projects.rows[index],
                "project_id",
                a=shown(float(amount)),
                resource=resource,
                ys=years_text(years),
                b=shown(float(most)),
            )


def _lack(
    needs: Iterable[tuple[str, int, float]],
    start: int,
    available: Mapping[tuple[str, int], float],
) -> tuple[str, float, int, float] | None:
    """The first resource and year that does not suffice with this start."""
    for resource, offset, amount in needs:
        most = available.get((resource, start + offset))
        if most is not None and amount > most * (1 + 1e-9):
            return resource, amount, start + offset, most
    return None


# ---------------------------------------------------------------- choice


def check_scores(tables: Tables) -> Iterable[Issue]:
    """Find alternatives that lack a score, and weights that sum to nothing."""
    criteria, scores = tables["criteria"], tables["scores"]
    alternatives = tables["alternatives"]
    weights = [weight for weight in criteria["weight"] if weight is not None]
    if weights and len(weights) == len(criteria) and sum(weights) <= 0:
        yield issue("weights_zero", "criteria", criteria.rows[0], "weight")
    keys = ("project_id", "alternative_id", "criterion")
    for index, (low, score, high) in enumerate(
        zip(scores["low"], scores["score"], scores["high"], strict=True)
    ):
        if None not in (low, score, high) and not low <= score <= high:
            slots = {"low": shown(low), "score": shown(score), "high": shown(high)}
            yield issue("score_order", "scores", scores.rows[index], "score", **slots)
    if not has(scores, *keys) or not has(criteria, "criterion"):
        return
    if any(scores.faulty.get(key) for key in keys):
        return
    given = set(zip(*(scores[key] for key in keys), strict=True))
    wanted = [criterion for criterion in criteria["criterion"] if criterion]
    names = dict(zip(criteria["criterion"], criteria["name"], strict=True))
    for index, (project, alternative) in enumerate(
        zip(alternatives["project_id"], alternatives["alternative_id"], strict=True)
    ):
        if project is None or alternative is None:
            continue
        missing = [c for c in wanted if (project, alternative, c) not in given]
        if missing:
            yield issue(
                "score_missing",
                "alternatives",
                alternatives.rows[index],
                "alternative_id",
                criterion=names_text([names[c] or c for c in missing]),
            )


def check_viewpoints(tables: Tables) -> Iterable[Issue]:
    """Find shares outside 0-1, and viewpoints that no weights can meet."""
    table, criteria = tables["viewpoints"], tables["criteria"]
    labels = SCHEMA["viewpoints"].columns["relation"].choices
    by_viewpoint: dict[str, list[int]] = defaultdict(list)
    sound = True
    for index, record in enumerate(table.records()):
        if record["relation"] in ("min", "max") and record["value"] is not None:
            share = float(record["value"])
            if not 0 <= share <= 1:
                sound = False
                row = table.rows[index]
                place = ("viewpoints", row, "value")
                if 0 <= share / 100 <= 1:
                    slots = {
                        "value": shown(share),
                        "as_percent": share_text(share),
                        "guess": share_text(share / 100, 3),
                    }
                    yield issue("cell_percent", *place, **slots)
                else:
                    slots = {"value": shown(share), "min": "0", "max": "1"}
                    yield issue("cell_range", *place, **slots)
        if record["viewpoint"]:
            by_viewpoint[record["viewpoint"]].append(index)
    known = [criterion for criterion in criteria["criterion"] if criterion]
    if not sound or not has(criteria, "criterion") or not known:
        return
    names = dict(zip(criteria["criterion"], criteria["name"], strict=True))
    for viewpoint, indexes in by_viewpoint.items():
        rows = [
            (table["criterion"][i], table["relation"][i], table["value"][i])
            for i in indexes
        ]
        complete = all(
            None not in row and row[0] in names and (row[1] != ">=" or row[2] in names)
            for row in rows
        )
        if not complete or weights_exist(known, rows):
            continue
        conditions = [
            f"{quoted(names[criterion] or criterion)} {labels[relation]} "
            + (
                quoted(names[value] or value)
                if relation == ">="
                else share_text(float(value))
            )
            for criterion, relation, value in rows
        ]
        yield issue(
            "viewpoint_empty",
            "viewpoints",
            table.rows[indexes[0]],
            "viewpoint",
            v=quoted(viewpoint),
            list=list_text(conditions),
        )


def weights_exist(
    criteria: Sequence[str], rows: Iterable[tuple[str, str, str]]
) -> bool:
    """Return True if some weights (each ≥ 0, sum 1) meet a viewpoint's rows. Exact.

    Bounds and orders between weights have a least and a greatest solution, found by
    carrying the bounds along the orders; every sum between theirs is possible.

    Example:
        >>> weights_exist(["a", "b"], [("a", ">=", "b"), ("b", "min", "0.6")])
        False
    """
    low = dict.fromkeys(criteria, Fraction(0))
    high = dict.fromkeys(criteria, Fraction(1))
    orders: list[tuple[str, str]] = []
    for criterion, relation, value in rows:
        if relation == ">=":
            orders.append((criterion, value))
        elif relation == "min":
            low[criterion] = max(low[criterion], Fraction(value))
        else:
            high[criterion] = min(high[criterion], Fraction(value))
    for _round in criteria:
        for more, less in orders:
            low[more] = max(low[more], low[less])
            high[less] = min(high[less], high[more])
    fits = all(low[criterion] <= high[criterion] for criterion in criteria)
    return fits and sum(low.values()) <= 1 <= sum(high.values())


def check_relations(tables: Tables) -> Iterable[Issue]:
    """Find self relations, circles and relations that contradict each other."""
    table, names = tables["relations"], _names(tables)
    must = {
        project
        for project, needed in zip(
            tables["projects"]["project_id"],
            tables["projects"]["must_do"],
            strict=True,
        )
        if needed
    }
    pairs: dict[str, set[frozenset[str]]] = defaultdict(set)
    for record in table.records():
        if record["project_id"] and record["other_id"] and record["kind"]:
            pair = frozenset((record["project_id"], record["other_id"]))
            pairs[record["kind"]].add(pair)
    for index, record in enumerate(table.records()):
        project, other = record["project_id"], record["other_id"]
        row = table.rows[index]
        if not project or not other:
            continue
        if project == other:
            yield issue("relation_self", "relations", row, "other_id")
            continue
        shown_names = {
            "p": quoted(names.get(project, project)),
            "q": quoted(names.get(other, other)),
        }
        pair = frozenset((project, other))
        place = ("relations", row, "other_id")
        if record["kind"] == "excludes":
            if project in must and other in must:
                yield issue("relation_must", *place, **shown_names)
        elif pair in pairs["excludes"]:
            together = record["kind"] == "together"
            key = "relation_conflict.together" if together else "relation_conflict"
            yield issue(key, *place, **shown_names)
    for circle in circles([(p, q) for p, q, _lag, _row in _requires(tables)]):
        row = next(
            row
            for p, q, _lag, row in _requires(tables)
            if (p, q) == (circle[0], circle[1])
        )
        chain = " → ".join(quoted(names.get(project, project)) for project in circle)
        yield issue("relation_cycle", "relations", row, "other_id", chain=chain)


def circles(edges: Sequence[tuple[str, str]]) -> list[list[str]]:
    """Return one circle from each knot of the edges, its first project repeated last.

    Edges from a project to itself do not count.

    Example:
        >>> circles([("a", "b"), ("b", "a"), ("c", "a")])
        [['a', 'b', 'a']]
    """
    after: dict[str, list[str]] = defaultdict(list)
    for one, other in edges:
        if one != other:
            after[one].append(other)
    found: list[list[str]] = []
    state: dict[str, int] = {}
    for root in list(after):
        if root in state:
            continue
        path, waiting = [root], [iter(after[root])]
        state[root] = 1
        while waiting:
            step = next(waiting[-1], None)
            if step is None:
                waiting.pop()
                state[path.pop()] = 2
            elif state.get(step) == 1:
                found.append([*path[path.index(step) :], step])
            elif step not in state:
                state[step] = 1
                path.append(step)
                waiting.append(iter(after[step]))
    return found


# ---------------------------------------------------------------- goals, the rest

_AT_MOST_ONLY: Final = frozenset({"lan_inv", "nettolan"})
# Largest share that a goal can sensibly ask for: beyond it, percent was meant.
_LARGEST_SHARE: Final = {
    "res_andel": 0.5,
    "bkr_andel": 0.5,
    "sol": 1.0,
    "sol_pen": 1.0,
    "inv_andel": 1.0,
    "nka": 2.0,
    "sfg": 5.0,
    "nettolan": 5.0,
}


def check_goals(tables: Tables) -> Iterable[Issue]:
    """Find goals that cannot be measured or met as they are written."""
    table = tables["goals"]
    labels = SCHEMA["goals"].columns["indicator"].choices
    plan = _plan(tables)
    for index, record in enumerate(table.records()):
        row = table.rows[index]
        indicator, value = record["indicator"], record["value"]
        if indicator in _AT_MOST_ONLY and record["operator"] == ">=":
            name = labels[indicator].lower()
            yield issue("goal_operator", "goals", row, "operator", indicator=name)
        largest = _LARGEST_SHARE.get(indicator)
        if largest is not None and value is not None and abs(value) > largest:
            slots = {
                "value": shown(value),
                "as_percent": share_text(value),
                "guess": share_text(value / 100, 3),
            }
            # A few hundred percent of own funds or debt is odd but may be meant.
            odd = indicator in ("sfg", "nettolan") and abs(value) < 10 * largest
            key = "cell_percent.high" if odd else "cell_percent"
            yield issue(key, "goals", row, "value", **slots)
        unread = index in table.faulty.get("price", ())
        if record["level"] == "aim" and not record["price"] and not unread:
            yield issue("goal_price", "goals", row, "price")
        start, end = record["from_year"], record["to_year"]
        if start is None or end is None:
            continue
        if start > end:
            yield issue("goal_years", "goals", row, "from_year", a=start, b=end)
            continue
        if plan is None:
            continue
        _base, first, last = plan
        for column, year in (("from_year", start), ("to_year", end)):
            if not first <= year <= last:
                span = {"y": year, "y1": first, "y2": last}
                yield issue("year_outside", "goals", row, column, **span)
        years = min(end, last) - max(start, first) + 1
        period = record["period"] or "year"
        window = int(period.split(":")[1]) if ":" in period else 1
        if years < window:
            counts = {"n": window, "m": max(years, 0)}
            yield issue("goal_average", "goals", row, "period", **counts)


def check_assets(tables: Tables) -> Iterable[Issue]:
    """Find assets without a usable built year, and conditions off their scale."""
    assets, components = tables["assets"], tables["components"]
    base = tables.settings["base_year"]
    scales: dict[str, str | None] = {}
    built_years: dict[str, int | None] = {}
    owners = {row["asset_id"]: row for row in assets.records()}
    divided = set(components["asset_id"])
    told: set[str] = set()
    for index, record in enumerate(assets.records()):
        row, built = assets.rows[index], record["built_year"]
        if index not in assets.faulty.get("built_year", ()) and (
            built is None or (base is not None and built > base)
        ):
            if built is None and base is not None and record["asset_id"] not in divided:
                name = quoted(record["name"] or record["asset_id"] or "")
                slots = {"c": name, "y": str(_assumed_year(None, record, None, base))}
                yield issue("asset_year.assumed", "assets", row, "built_year", **slots)
            elif built is not None:
                slots = {"y": built, "base": base}
                yield issue("asset_year.future", "assets", row, "built_year", **slots)
            else:
                yield issue("asset_year", "assets", row, "built_year")
        scale = record["condition_scale"]
        if record["asset_id"]:
            scales[record["asset_id"]] = scale
            built_years[record["asset_id"]] = built
        if scale and scale not in SCALES and scale not in told:
            told.add(scale)
            labels = SCHEMA["assets"].columns["condition_scale"].choices
            slots = {"scale": quoted(scale), "choices": ", ".join(labels.values())}
            yield issue(
                "condition_scale.unknown", "assets", row, "condition_scale", **slots
            )
        yield from _condition_faults(
            record["condition"], scale, "assets", row, "condition"
        )
    from_asset: list[Issue] = []
    dated = {
        part.line
        for part in (part_states(tables) if len(assets) else ())
        if part.year_from == "history"
    }
    for index, record in enumerate(components.records()):
        row, owner = components.rows[index], record["asset_id"]
        yield from _condition_faults(
            record["condition"], scales.get(owner), "components", row, "condition"
        )
        if index in components.faulty.get("installed_year", ()) or row in dated:
            continue
        year, name = record["installed_year"], quoted(record["component"] or "")
        if year is None and owner in built_years and base is not None:
            found = _without_year(record, row, owners[owner], base)
            if found.severity == "note":
                from_asset.append(found)
            else:
                yield found
        elif year is not None and base is not None and year > base:
            slots = {"c": name, "y": year, "base": base}
            yield issue(
                "component_year.future", "components", row, "installed_year", **slots
            )
    if from_asset:
        yield counted(from_asset[0], len(from_asset))


def _without_year(
    record: Mapping[str, Any], row: int, owner: Mapping[str, Any], base: int
) -> Issue:
    """Say which year is used for a component that has none."""
    slots: dict[str, Any] = {"c": quoted(record["component"] or "")}
    place = ("components", row, "installed_year")
    if owner["built_year"] is not None:
        return issue("component_year.asset", *place, **slots, y=owner["built_year"])
    own = record["technical_life_years"]
    year = _assumed_year(record["component"], owner, own, base)
    return issue("component_year", *place, **slots, y=year)


def _assumed_year(
    name: str | None, owner: Mapping[str, Any], own: float | None, base: int
) -> int:
    return assumed_year(base, expected_life_years(name, owner, own))


def _condition_faults(
    condition: str | None, scale: str | None, table: str, row: int, column: str
) -> Iterable[Issue]:
    if condition is None:
        return
    if not scale:
        yield issue("condition_scale.blank", table, row, column, value=condition)
        return
    if scale not in SCALES or condition_class(condition, scale) is not None:
        return
    yield issue(
        "condition_scale",
        table,
        row,
        column,
        value=condition,
        scale=SCHEMA["assets"].columns["condition_scale"].choices[scale],
        choices=", ".join(SCALES[scale]),
    )


def check_inspections(tables: Tables) -> Iterable[Issue]:
    """Find history of what is not in the register, at impossible years, unsorted."""
    table = tables["inspections"]
    if not len(table):
        return
    assets = {r["asset_id"]: r for r in tables["assets"].records()}
    components = {
        (r["asset_id"], r["component"]) for r in tables["components"].records()
    }
    base = tables.settings["base_year"]
    last: dict[tuple[str, str | None], int] = {}
    told: set[str] = set()
    for index, record in enumerate(table.records()):
        row, owner, year = table.rows[index], record["asset_id"], record["year"]
        asset = assets.get(owner)
        if asset is None:
            continue
        name = asset["name"] or owner
        part = record["component"]
        if part and (owner, part) not in components:
            slots = {"a": quoted(name), "c": quoted(part)}
            yield issue(
                "inspection_component", "inspections", row, "component", **slots
            )
        place = ("inspections", row, "condition")
        yield from _condition_faults(
            record["condition"], asset["condition_scale"], *place
        )
        unread = index in table.faulty.get("condition", ())
        looked = record["kind"] in (None, INSPECTION)
        if looked and record["condition"] is None and not unread:
            yield issue("inspection_condition", *place)
        if year is None:
            continue
        built = asset["built_year"]
        if base is not None and year > base:
            yield issue(
                "inspection_year", "inspections", row, "year", y=year, base=base
            )
        elif built is not None and year < built:
            slots = {"y": year, "built": built}
            yield issue("inspection_year.early", "inspections", row, "year", **slots)
        if year < last.get((owner, part), year) and owner not in told:
            told.add(owner)
            yield issue("inspection_order", "inspections", row, "year", a=quoted(name))
        last[owner, part] = year


def check_reference_classes(tables: Tables) -> Iterable[Issue]:
    """Find classes whose dear cases are cheaper than the middle one."""
    table = tables["reference_classes"]
    for index, row in enumerate(table.records()):
        middle, dear = row["cost_p50_share"], row["cost_p80_share"]
        if None not in (middle, dear) and dear < middle:
            yield issue(
                "reference_order",
                "reference_classes",
                table.rows[index],
                "cost_p80_share",
                a=share_text(middle),
                b=share_text(dear),
            )


def check_population(tables: Tables) -> Iterable[Issue]:
    """Find ages that an area lacks in a year although others have them."""
    table = tables["population"]
    if not len(table) or not has(table, "area", "year", "age"):
        return
    ages: dict[tuple[str, int], set[int]] = defaultdict(set)
    for area, year, age in zip(table["area"], table["year"], table["age"], strict=True):
        if area is not None and year is not None and age is not None:
            ages[area, year].add(age)
    every = set().union(*ages.values())
    names = dict(zip(tables["areas"]["area"], tables["areas"]["name"], strict=True))
    for (area, year), given in ages.items():
        missing = every - given
        if missing:
            yield issue(
                "age_missing",
                "population",
                None,
                "age",
                area=names.get(area) or area,
                ages=years_text(missing),
                y=year,
            )


def check_scenarios(tables: Tables) -> Iterable[Issue]:
    """Find rows of scenarios that point at a cell that does not exist."""
    table = tables["scenarios"]
    faulty = table.faulty.get("value", ())
    for index, record in enumerate(table.records()):
        place = (record["table"], record["key"], record["column"])
        if None in place or index in faulty:
            continue
        target = scenario_target(*place)
        unread = record["table"] in SCHEMA and tables[record["table"]].missing
        if unread:
            continue
        settings = record["table"] == "settings" and target is not None
        if target is None or not (
            settings or scenario_rows(tables[record["table"]], record["key"])
        ):
            yield scenario_fault(table.rows[index], record)


RULES: Final[tuple[Callable[[Tables], Iterable[Issue]], ...]] = (
    check_plan_years,
    check_years,
    check_statement,
    check_balance,
    check_magnitude,
    check_deficits,
    check_projects,
    check_offsets,
    check_alternatives,
    check_resources,
    check_scores,
    check_viewpoints,
    check_relations,
    check_goals,
    check_assets,
    check_inspections,
    check_register,
    check_population,
    check_places,
    check_scenarios,
    check_reference_classes,
    check_uncertainty,
)
"""Every rule, in the order of the sheets."""

"""Is a published plan true? Every figure computed once more, without the solver.

From the stored tables and choices alone: the digest of the tables, every figure of the
economy, the goals, relations and resources, the stated objective and what it says of
itself. Imports neither the planner nor the solver.
"""

from __future__ import annotations

import math
import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from rodtrad.capacity.evaluate import evaluate_plan
from rodtrad.capacity.provenance import quality_of, study_facts
from rodtrad.capacity.result import (
    choice_differences,
    economy_result,
    input_fingerprint,
)
from rodtrad.domain import law
from rodtrad.domain.arrays import BALANCE_LINES, Choice, build_case
from rodtrad.domain.checks import check_tables
from rodtrad.domain.components import apply_scenario
from rodtrad.domain.words import _, quoted, years_text
from rodtrad.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rodtrad.capacity.evaluate import Violation
    from rodtrad.domain.arrays import Case
    from rodtrad.domain.components import Tables
    from rodtrad.errors import Issue

TOLERANCE = 1e-6
# Whatever else stands in a result was not computed by this version.
KNOWN = frozenset(
    [
        "meta",
        "status",
        "choices",
        "years",
        "statement",
        "balance",
        "cash_flow",
        "balanskrav",
        "indicators",
        "goals",
        "room",
        "opening",
        "baseline",
        "needs",
        "projects",
        "value",
        "aims",
        "deficits",
        "reserve",
        "completion",
        "companies",
        "limits",
        "reasons",
        "law",
        "quality",
        "issues",
    ]
)
CHOICE_KEYS = ("project_id", "alternative_id", "start_year")
STOPS = ("proof", "gap", "work", "time")
STATES = ("optimal", "feasible")
NOT_RECOMPUTED = frozenset({"seed"})
ASSETS = BALANCE_LINES[:4]
FUNDING = BALANCE_LINES[4:]


@dataclass(frozen=True)
class Difference:
    """One thing that does not agree: where, what the plan says, what we get.

    `text` is set where words say it better than two values.
    """

    figure: str
    stated: Any
    computed: Any
    text: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the difference as `--json` shows it."""
        return asdict(self)


def verify_result(
    tables: Tables, result: Mapping[str, Any], reading: Sequence[Issue] = ()
) -> list[Difference]:
    """Return everything in a result that does not follow from tables and choices.

    Args:
        tables: the tables stored beside the plan.
        result: the content of `plan.json`.
        reading: what reading the tables found; an error there is a difference.

    Returns:
        an empty list when everything agrees; amounts within 1e-6 of taxes and grants,
        all else within 1e-6 of its size.
    """
    differences = [
        Difference(key, result[key], None, _("Uppgiften är okänd."))
        for key in sorted(set(result) - KNOWN)
    ]
    found = [*reading, *check_tables(tables)]
    faults = [one for one in found if one.severity == "error"]
    if faults:
        stated = result.get("meta", {}).get("input_sha256")
        digest = input_fingerprint(tables)
        if stated != digest:
            differences.append(Difference("meta.input_sha256", stated, digest))
        return [*differences, *(_fault(one) for one in faults)]
    meta = result.get("meta") or {}
    stored, scenario = tables, meta.get("scenario")
    try:
        if scenario is not None:
            tables = apply_scenario(tables, scenario)
        case = build_case(tables)
        choices = [
            Choice(row["project_id"], row["alternative_id"], int(row["start_year"]))
            for row in result["choices"]
        ]
        computed = economy_result(case, choices)
        violations = evaluate_plan(case, choices).violations
    except (InputError, LookupError, ValueError, TypeError, ArithmeticError) as error:
        text = _("Valen går inte att räkna på: {why}.").format(why=error)
        return [*differences, Difference("choices", None, None, text)]
    for broken in violations:
        differences.append(
            Difference(f"choices.{broken.kind}", None, None, _in_words(case, broken))
        )
    computed["law"] = law.used(int(year) for year in case.years)
    computed["quality"] = quality_of(tables, choices)
    facts = study_facts(stored, tables, scenario)
    scale = case.base_tkr
    told = {key: meta[key] for key in meta if key not in NOT_RECOMPUTED}
    differences += _differences("meta", told, facts, scale)
    for key, value in computed.items():
        differences += _differences(key, result.get(key), value, scale)
    differences += _status(result.get("status"), computed["value"]["total"])
    differences += _identities(result, scale)
    differences += _reasons(case, result, computed["value"]["total"])
    return differences


def _fault(one: Issue) -> Difference:
    place = f"underlag.{one.table}" + (f"[{one.row}].{one.column}" if one.row else "")
    return Difference(place, None, None, one.message)


def _differences(
    path: str, stated: Any, computed: Any, scale: float
) -> Iterator[Difference]:
    """Compare two values of any shape, figure by figure."""
    if isinstance(computed, dict):
        if not isinstance(stated, dict):
            yield Difference(path, stated, computed)
            return
        for key in sorted(computed.keys() | stated.keys()):
            if key not in computed or key not in stated:
                yield Difference(f"{path}.{key}", stated.get(key), computed.get(key))
            else:
                yield from _differences(
                    f"{path}.{key}", stated[key], computed[key], scale
                )
    elif isinstance(computed, list):
        if not isinstance(stated, list) or len(stated) != len(computed):
            yield Difference(path, stated, computed)
            return
        for i, (one, other) in enumerate(zip(stated, computed, strict=True)):
            yield from _differences(f"{path}[{i}]", one, other, scale)
    elif not _same(path, stated, computed, scale):
        yield Difference(path, stated, computed)


MONEY = frozenset(
    {
        "statement",
        "balance",
        "cash_flow",
        "balanskrav",
        "room",
        "needs",
        "deficits",
        "reserve",
        "companies",
        "outlay",
        "outlay_plan",
    }
)
LEAST = 1e-9


def _is_money(path: str) -> bool:
    """Whether a figure is an amount in tkr, which may differ by a share of the base."""
    parts = re.split(r"[.\[\]]+", path)
    return any(part in MONEY or part.endswith("_tkr") for part in parts)


def _same(path: str, stated: Any, computed: Any, scale: float) -> bool:
    if isinstance(computed, bool) or not isinstance(computed, (int, float)):
        return type(stated) is type(computed) and bool(stated == computed)
    if isinstance(stated, bool) or not isinstance(stated, (int, float)):
        return False
    if isinstance(computed, int):
        return bool(stated == computed)
    near = TOLERANCE * scale if _is_money(path) else LEAST
    return math.isclose(stated, computed, rel_tol=TOLERANCE, abs_tol=near)


def _status(status: Any, total: float) -> list[Difference]:
    """Check that objective, bound, gap and state say the same thing."""
    status = status if isinstance(status, dict) else {}
    figures = [status.get(key) for key in ("objective", "bound", "gap")]
    if any(
        isinstance(x, bool) or not isinstance(x, (int, float)) or not math.isfinite(x)
        for x in figures
    ):
        text = _("Besked om hur nära bäst planen är saknas.")
        return [Difference("status", figures, None, text)]
    objective, bound, gap = (float(x) for x in figures if x is not None)
    differences = []
    near = TOLERANCE * max(1.0, abs(total))
    if not abs(objective - total) <= near:
        differences.append(Difference("status.objective", objective, total))
    if not bound >= objective - near:
        differences.append(Difference("status.bound", bound, objective))
    expected = max(bound - objective, 0.0) / max(abs(objective), 1e-9)
    if not math.isclose(gap, expected, rel_tol=TOLERANCE, abs_tol=TOLERANCE):
        differences.append(Difference("status.gap", gap, expected))
    stopped, state = status.get("stopped"), status.get("state")
    if stopped not in STOPS or state not in STATES:
        differences.append(Difference("status", [state, stopped], None))
    if stopped == "proof" and gap > TOLERANCE:
        differences.append(Difference("status.stopped", stopped, "gap"))
    proven = stopped in ("proof", "gap")
    if (status.get("state") == "optimal") != proven:
        differences.append(Difference("status.state", status.get("state"), None))
    return differences


def _reasons(case: Case, result: Mapping[str, Any], total: float) -> list[Difference]:
    """Check what the reasons say that needs no solver: answers and known plans."""
    reasons = result.get("reasons")
    if not reasons:
        return []
    chosen = {row["project_id"] for row in result["choices"]}
    differences: list[Difference] = []
    try:
        stated = {row["project_id"]: row["state"] for row in reasons}
        expected = {
            project.project_id: "in" if project.project_id in chosen else "out"
            for project in case.projects
        }
        differences += _differences("reasons.state", stated, expected, 1.0)
        if len(reasons) != len(case.projects):
            differences.append(Difference("reasons", len(reasons), len(case.projects)))
        near = TOLERANCE * max(1.0, abs(total))
        own = [Choice(*(c[key] for key in CHOICE_KEYS)) for c in result["choices"]]
        for row in reasons:
            force, path = row["force"], f"reasons.{row['project_id']}"
            other, high = force["choices"], force["loss_high"]
            if other is None or force["impossible"]:
                if other is not None or high is not None:
                    differences.append(Difference(f"{path}.loss_high", high, None))
                continue
            choices = [Choice(*choice) for choice in other]
            plan = evaluate_plan(case, choices)
            loss = total - plan.objective
            if plan.violations or not abs(loss - high) <= near:
                differences.append(Difference(f"{path}.loss_high", high, loss))
            if not force["loss_low"] <= high + near:
                differences.append(
                    Difference(f"{path}.loss_low", force["loss_low"], high)
                )
            inside = row["project_id"] in {choice.project_id for choice in choices}
            if inside == (row["state"] == "in"):
                text = _("Den andra planen gör likadant med projektet.")
                differences.append(Difference(f"{path}.choices", None, None, text))
            changed = choice_differences(own, choices)
            told = {key: force.get(key) for key in changed}
            differences += _differences(path, told, changed, 1.0)
    except (KeyError, TypeError, ValueError) as error:
        text = _("Skälen går inte att räkna på: {why}.").format(why=error)
        differences.append(Difference("reasons", None, None, text))
    return differences


def _identities(result: Mapping[str, Any], scale: float) -> list[Difference]:
    """Check that the stated balance sheet balances and that cash moves by the flow."""
    differences = []
    try:
        balance, flow = result["balance"], result["cash_flow"]
        for i, year in enumerate(result["years"]):
            assets = sum(balance[line][i] for line in ASSETS)
            funding = sum(balance[line][i] for line in FUNDING)
            if abs(assets - funding) > TOLERANCE * max(abs(assets), scale):
                differences.append(Difference(f"balance:{year}", assets, funding))
            closing = flow["likvida_in"][i] + flow["arets"][i]
            if abs(closing - flow["likvida_ut"][i]) > TOLERANCE * scale:
                differences.append(
                    Difference(f"cash_flow:{year}", flow["likvida_ut"][i], closing)
                )
    except (KeyError, IndexError, TypeError) as error:
        text = _("Räkenskaperna är inte hela: {why}.").format(why=error)
        differences.append(Difference("balance", None, None, text))
    return differences


def _in_words(case: Case, broken: Violation) -> str:
    when = years_text(broken.years) if broken.years else ""
    if broken.kind == "goal":
        goal = next(g for g in case.goals if g.goal_id == broken.key)
        return _("Planen bryter målet {g} {ys}.").format(g=quoted(goal.name), ys=when)
    if broken.kind == "resource":
        return _("Planen använder mer än det finns av {r} {ys}.").format(
            r=broken.key, ys=when
        )
    if broken.kind == "relation":
        return _("Planen bryter sambandet {r}.").format(r=broken.key)
    project = case.project(broken.key)
    if broken.kind == "must_do":
        return _("Det tvingande projektet {p} är inte i bruk i tid.").format(
            p=quoted(project.name)
        )
    return _("Projektet {p} startar utanför sina år.").format(p=quoted(project.name))

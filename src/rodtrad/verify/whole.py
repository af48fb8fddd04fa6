"""Is a published plan true? Every figure computed once more, without the solver.

From the stored tables and choices alone: the digest of the tables, every figure of the
economy, the goals, relations and resources, the stated objective and what it says of
itself; then the parts that rest on other plans. Imports neither search nor solver.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rodtrad.capacity.evaluate import evaluate_plan
from rodtrad.capacity.provenance import quality_of, study_facts
from rodtrad.capacity.result import economy_result, input_fingerprint
from rodtrad.domain import law
from rodtrad.domain.arrays import BALANCE_LINES, Choice, Lock, build_case
from rodtrad.domain.checks import check_tables
from rodtrad.domain.components import apply_scenario
from rodtrad.domain.words import SWEDISH, _, in_language
from rodtrad.errors import InputError
from rodtrad.verify.agreement import check_map
from rodtrad.verify.asked import check_asked
from rodtrad.verify.beside import check_beside
from rodtrad.verify.compare import TOLERANCE, Difference, compare
from rodtrad.verify.curves import check_curves
from rodtrad.verify.reasons import check_reasons
from rodtrad.verify.recount import BROKEN, Recount, in_words
from rodtrad.verify.uncertainty import check_uncertainty

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rodtrad.domain.components import Tables
    from rodtrad.errors import Issue

# Whatever else stands in a result was not computed by this version.
KNOWN = frozenset(
    [
        "meta",
        "status",
        "choices",
        "curves",
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
        "beside",
        "broken",
        "needs",
        "projects",
        "value",
        "agreement",
        "agreement_basis",
        "aims",
        "deficits",
        "reserve",
        "completion",
        "companies",
        "curves",
        "limits",
        "need_forecast",
        "probability",
        "quantiles",
        "reasons",
        "risk",
        "uncertainty",
        "law",
        "quality",
        "issues",
    ]
)
STOPS = ("proof", "gap", "work", "time", "asked")
STATES = ("optimal", "feasible")
# A plan made by hand, that no search has stopped.
OWN = "own"
NOT_RECOMPUTED = frozenset({"seed", "asked"})
ASSETS = BALANCE_LINES[:4]
FUNDING = BALANCE_LINES[4:]


@in_language(SWEDISH)
def verify_result(
    tables: Tables,
    result: Mapping[str, Any],
    reading: Sequence[Issue] = (),
    certificates: Mapping[str, Any] | None = None,
    *,
    drawn: bool = True,
) -> list[Difference]:
    """Return everything in a result that does not follow from tables and choices.

    Args:
        tables: the tables stored beside the plan.
        result: the content of `plan.json`.
        reading: what reading the tables found; an error there is a difference.
        certificates: what proves the labels of the agreement map, if there is one.
        drawn: whether needs and probabilities are drawn once more; without them the
            rest is told in a fraction of the time.

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
        case = replace(build_case(tables), locks=read_locks(meta.get("locked") or ()))
        choices = [
            Choice(row["project_id"], row["alternative_id"], int(row["start_year"]))
            for row in result["choices"]
        ]
        computed = economy_result(case, choices)
        violations = evaluate_plan(case, choices).violations
    except (InputError, LookupError, ValueError, TypeError, ArithmeticError) as error:
        text = _("Valen går inte att räkna på: {why}.").format(why=error)
        return [*differences, Difference("choices", None, None, text)]
    status = result.get("status")
    own = isinstance(status, dict) and status.get("stopped") == OWN
    if own:
        computed["broken"] = [
            {"kind": one.kind, "id": one.key, "years": list(one.years)}
            for one in violations
        ]
    for broken in () if own else violations:
        differences.append(
            Difference(f"choices.{broken.kind}", None, None, in_words(case, broken))
        )
    computed["law"] = law.used(int(year) for year in case.years)
    computed["quality"] = quality_of(tables, choices)
    facts = study_facts(stored, tables, scenario, case.locks)
    scale = case.base_tkr
    told = {key: meta[key] for key in meta if key not in NOT_RECOMPUTED}
    differences += compare("meta", told, facts, scale)
    for key, value in computed.items():
        differences += compare(key, result.get(key), value, scale)
    check = _own_status if own else _status
    differences += check(status, computed["value"]["total"])
    differences += _identities(result, scale)
    count = Recount(case, choices, computed["value"]["total"], _bound(result))
    _check_other_plans(count, result, computed, certificates, drawn)
    return [*differences, *count.differences]


def read_locks(rows: Sequence[Mapping[str, Any]]) -> tuple[Lock, ...]:
    """Return the locks that `meta` tells of.

    Raises:
        TypeError, LookupError: they are not locks.
    """
    return tuple(Lock(**row) for row in rows)


def _check_other_plans(
    count: Recount,
    result: Mapping[str, Any],
    economy: Mapping[str, Any],
    certificates: Mapping[str, Any] | None,
    drawn: bool,
) -> None:
    """Note everything that does not hold in the parts that rest on other plans."""
    try:
        later = [
            *check_reasons(count, result.get("reasons")),
            *check_beside(count, result, economy),
        ]
        check_asked(count, result)
        check_map(count, result, certificates)
        if "curves" in result:
            check_curves(count, result["curves"])
        if drawn:
            check_uncertainty(count, result)
        for ask in later:
            ask()
        count.refute("status.bound", count.bound, lambda _chosen: True)
    except BROKEN as error:
        text = _("Resultatet går inte att räkna på: {why}.").format(why=error)
        count.say("beside", text)


def _bound(result: Mapping[str, Any]) -> float:
    """Return the bound that the plan is said to have; infinite where none is."""
    status = result.get("status")
    bound = status.get("bound") if isinstance(status, dict) else None
    if isinstance(bound, bool) or not isinstance(bound, (int, float)):
        return math.inf
    return float(bound) if math.isfinite(bound) else math.inf


def _fault(one: Issue) -> Difference:
    place = f"underlag.{one.table}" + (f"[{one.row}].{one.column}" if one.row else "")
    return Difference(place, None, None, one.message)


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


def _own_status(status: Any, total: float) -> list[Difference]:
    """Check what a plan made by hand says of its worth; it may know of no bound."""
    if status.get("bound") is not None or status.get("gap") is not None:
        return [*_status({**status, "stopped": "work"}, total)]
    stated = status.get("objective")
    worth = {"objective": total, "bound": None, "gap": None, "state": "feasible"}
    told = {key: status.get(key) for key in worth}
    if isinstance(stated, float) and abs(stated - total) <= TOLERANCE * max(
        1.0, abs(total)
    ):
        worth["objective"] = stated
    return [] if told == worth else [Difference("status", told, worth)]


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

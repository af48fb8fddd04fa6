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
from rodtrad.capacity.result import economy_result, input_fingerprint
from rodtrad.domain.arrays import BALANCE_LINES, Choice, build_case
from rodtrad.domain.components import apply_scenario
from rodtrad.domain.words import _, quoted, years_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rodtrad.capacity.evaluate import Violation
    from rodtrad.domain.arrays import Case
    from rodtrad.domain.components import Tables

TOLERANCE = 1e-6
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


def verify_result(tables: Tables, result: Mapping[str, Any]) -> list[Difference]:
    """Return everything in a result that does not follow from tables and choices.

    Args:
        tables: the tables stored beside the plan.
        result: the content of `plan.json`.

    Returns:
        an empty list when everything agrees; amounts within 1e-6 of taxes and grants,
        all else within 1e-6 of its size.
    """
    meta = result.get("meta", {})
    digest = input_fingerprint(tables)
    differences = []
    if meta.get("input_sha256") != digest:
        differences.append(
            Difference("meta.input_sha256", meta.get("input_sha256"), digest)
        )
    if meta.get("scenario"):
        tables = apply_scenario(tables, meta["scenario"])
    case = build_case(tables)
    try:
        choices = [
            Choice(row["project_id"], row["alternative_id"], int(row["start_year"]))
            for row in result["choices"]
        ]
        computed = economy_result(case, choices)
        violations = evaluate_plan(case, choices).violations
    except (KeyError, ValueError, TypeError) as error:
        text = _("Valen går inte att räkna på: {why}.").format(why=error)
        return [*differences, Difference("choices", None, None, text)]
    for broken in violations:
        differences.append(
            Difference(f"choices.{broken.kind}", None, None, _in_words(case, broken))
        )
    scale = case.base_tkr
    for key, value in computed.items():
        stated = result.get(key)
        differences += _differences(key, stated, value, scale)
    status = result.get("status", {})
    differences += _differences(
        "status.objective", status.get("objective"), computed["value"]["total"], scale
    )
    differences += _status(status)
    differences += _identities(result, scale)
    return differences


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


def _status(status: Mapping[str, Any]) -> list[Difference]:
    """Check that bound, gap and state say the same thing."""
    objective, bound, gap = (status.get(k) for k in ("objective", "bound", "gap"))
    if objective is None or bound is None or gap is None:
        return [Difference("status", [objective, bound, gap], None)]
    differences = []
    if bound < objective - TOLERANCE * max(1.0, abs(objective)):
        differences.append(Difference("status.bound", bound, objective))
    expected = max(bound - objective, 0.0) / max(abs(objective), 1e-9)
    if not math.isclose(gap, expected, rel_tol=TOLERANCE, abs_tol=TOLERANCE):
        differences.append(Difference("status.gap", gap, expected))
    proven = status.get("stopped") in ("proof", "gap")
    if (status.get("state") == "optimal") != proven:
        differences.append(Difference("status.state", status.get("state"), None))
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

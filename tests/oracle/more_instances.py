"""More families of random underlag that can be enumerated: what `instances` leaves out.

Aim goals whose denominator depends on the plan (the planner refines them piece by
piece), aims on averages, solidity on average, and goals that hold a ratio from the
unusual side. The level of the goal lies between what the best plan without it reaches
and what the best of some random plans reaches. Everything follows from the seed.
"""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING, Any

from oracle import instances
from oracle.reference import Reference, enumerate_best

if TYPE_CHECKING:
    from oracle.instances import Tables
    from oracle.reference import Data, Pick

MORE_FAMILIES: dict[str, tuple[str, str, bool, str]] = {
    # family: indicator, operator, average, level
    "aim_sfg": ("sfg", ">=", False, "aim"),
    "aim_sfg_average": ("sfg", ">=", True, "aim"),
    "aim_sol": ("sol", ">=", False, "aim"),
    "aim_sol_average": ("sol", ">=", True, "aim"),
    "aim_sol_pen": ("sol_pen", ">=", False, "aim"),
    "aim_sol_most": ("sol", "<=", False, "aim"),
    "aim_bkr_andel_average": ("bkr_andel", ">=", True, "aim"),
    "aim_lan_inv_average": ("lan_inv", "<=", True, "aim"),
    "aim_nettolan": ("nettolan", "<=", False, "aim"),
    "aim_nka_average": ("nka", "<=", True, "aim"),
    "sol_average": ("sol", ">=", True, "must"),
    "sol_pen_average": ("sol_pen", ">=", True, "must"),
    "sol_most": ("sol", "<=", False, "must"),
    "inv_andel_least": ("inv_andel", ">=", True, "must"),
    "sfg_most": ("sfg", "<=", True, "must"),
}
UNUSUAL_SIDE = ("aim_sol_most", "sol_most", "inv_andel_least", "sfg_most")
ENUMERABLE = 3000


def random_more(seed: int, family: str) -> Tables:
    """A small underlag like `instances.random_data`, for a family of this module."""
    indicator, operator, average, level = MORE_FAMILIES[family]
    for attempt in range(6):
        rng = random.Random(f"more/{family}/{seed}/{attempt}")
        data = instances._finances(rng, rng.randint(5, 7))
        instances._small_projects(rng, data)
        instances._background(rng, data, family)
        if family in UNUSUAL_SIDE or rng.random() < 0.4:
            depth = (0.3, 0.9) if family in UNUSUAL_SIDE else (0.0, 0.4)
            instances._add_goal(rng, data, "other", "res_andel", ">=", "year", depth)
        period = f"average:{rng.randint(2, 4)}" if average else "year"
        if _add_biting_goal(rng, data, indicator, operator, period, level):
            break
    return data


def random_mixture(seed: int) -> Tables:
    """A small underlag with two to four of the families at once, goals and aims among them."""
    rng = random.Random(f"mixture/{seed}")
    data = instances._finances(rng, rng.randint(5, 7))
    instances._small_projects(rng, data)
    instances._background(rng, data, "mixture")
    kinds = rng.sample(sorted(instances._ADD), rng.randint(1, 2))
    aims = [key for key, (*_, level) in MORE_FAMILIES.items() if level == "aim"]
    for kind in kinds:
        instances._ADD[kind](rng, data)
        _rename_goals(data)
    for family in rng.sample(aims, rng.randint(1, 2)):
        indicator, operator, average, level = MORE_FAMILIES[family]
        period = f"average:{rng.randint(2, 4)}" if average else "year"
        _add_biting_goal(rng, data, indicator, operator, period, level)
        _rename_goals(data)
    return data


def _rename_goals(data: Tables) -> None:
    """Give the goals names of their own, so that more can be added."""
    for number, row in enumerate(data["goals"]):
        row["goal_id"] = f"g{number + 1}"


def without_more(data: Data) -> Tables:
    """The same underlag without the family's goal."""
    return instances.without_family(data, next(iter(instances.GOAL_FAMILIES)))


def _add_biting_goal(
    rng: random.Random,
    data: Tables,
    indicator: str,
    operator: str,
    period: str,
    level: str,
) -> bool:
    """Add the goal `family`; returns whether the best plan without it falls short."""
    best_picks = _best_picks(data)
    start = int(instances._setting(data, "plan_start"))
    row: dict[str, Any] = {
        "goal_id": "family",
        "name": "Mål family",
        "indicator": indicator,
        "operator": operator,
        "value": 0.0,
        "from_year": rng.choice([None, None, start, start + 1]),
        "to_year": None,
        "period": period,
        "level": "must",
        "price": 0.0,
    }
    data["goals"].append(row)
    reference = Reference(data)
    goal = reference.goals[-1]
    reached = []
    for picks in instances._samples(rng, reference):
        books = reference.statements(picks)
        _, _, violations = reference.judge(picks, books)
        if all(violation["id"] == "family" for violation in violations):
            worst = instances._worst(reference, goal, books)
            if math.isfinite(worst):
                reached.append(worst)
    at_best = instances._worst(reference, goal, reference.statements(best_picks))
    most = max(reached, default=at_best)
    if indicator == "sfg" and operator == ">=":  # a level a council could decide
        most = min(most, 1.6)
    row["level"] = level
    if not math.isfinite(at_best):
        row["value"] = 1.0
        row["price"] = 1.0 if level == "aim" else 0.0
        return False
    share = rng.uniform(0.2, 0.99) if level == "must" else rng.uniform(0.4, 1.3)
    room = max(most - at_best, 0.0)
    # Without room the goal lies where the best plan keeps it, not on a knife's edge.
    value = at_best + share * room if room else at_best - 0.01 * abs(at_best)
    row["value"] = round(value if operator == ">=" else -value, 6)
    if level == "aim":
        unit = 1.0 if indicator == "lan_inv" else 100.0
        worth = sum(reference.value(pick) for pick in best_picks)
        row["price"] = round(rng.uniform(0.2, 1.5) * worth / (unit * room + 1e-3), 6)
    return room > 1e-4 * abs(at_best)


def _best_picks(data: Data) -> list[Pick]:
    """The best plan before the goal is added; the dream where it costs too much."""
    reference = Reference(data)
    if reference.count_plans() <= ENUMERABLE:
        best, plans, _ = enumerate_best(data)
        if best is not None:
            return plans[0]
    return instances._dream(reference)

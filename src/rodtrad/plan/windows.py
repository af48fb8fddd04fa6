"""When can each project start, if a little less value is accepted? A window, not a year.

The start of a small project is often a near-tie, so its exact year says nothing. For
each chosen project this gives the earliest and the latest start that some plan within a
share of the best has, each with that plan as its witness. Whether a still earlier or
later start is ruled out is told apart: a bound proves it, or it is only not found.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rodtrad.capacity.differences import project_outlays
from rodtrad.plan.beside import Around
from rodtrad.plan.greedy import make_room
from rodtrad.plan.matrix import build_matrix
from rodtrad.plan.milp import LinearBounds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rodtrad.domain.arrays import Choice
    from rodtrad.plan.greedy import Flags
    from rodtrad.plan.milp import Portfolio
    from rodtrad.plan.problem import Problem

SHARE = 0.005
# Changes by hand that are tried in all, and in a row without success to one side.
TRIALS = 1200
MISSES = 3
# Plans that the changes begin from: the plan, then what was found, the best first.
BASES = 3
# Linear relaxations asked for a proof, largest projects first.
PROOFS = 150
EARLY, LATE = -1, 1
MARGIN = 1e-6


@dataclass(frozen=True)
class StartWindow:
    """The starts of one chosen project. Years are calendar years.

    `first` and `last` are what windows and deadlines allow; `witness` the numbers, in
    `StartWindows.witnesses`, of plans that start at `earliest` and at `latest`;
    `proven` whether it is proven that no plan within the floor starts earlier, later.
    """

    project_id: str
    start_year: int
    earliest: int
    latest: int
    first: int
    last: int
    witness: tuple[int, int]
    proven: tuple[bool, bool]


@dataclass(frozen=True)
class StartWindows:
    """The windows of all chosen projects, by id, and the plans that witness them.

    Every witness holds all rows and has at least the objective `floor`. With
    `floor_proven` no plan that exists is more than the share better than a witness.
    """

    share: float
    floor: float
    floor_proven: bool
    windows: tuple[StartWindow, ...]
    witnesses: tuple[tuple[Choice, ...], ...]


class _Windows:
    """The earliest and latest starts seen so far, with the plans that have them."""

    def __init__(self, around: Around, floor: float, trials: int) -> None:
        self.around = around
        self.floor = floor
        self.trials = trials
        problem = around.problem
        self.start = np.array([c.start_year for c in problem.choices], dtype=np.int64)
        self.now = {c.project_id: c for c in around.choices}
        self.seen = {
            (key, side): choice.start_year
            for key, choice in self.now.items()
            for side in (EARLY, LATE)
        }
        self.plans: list[Flags] = [around.flags]
        self.worth = [around.objective]
        self.holder = dict.fromkeys(self.seen, 0)
        self.proven = dict.fromkeys(self.seen, False)

    def beyond(self, key: str, side: int) -> NDArray[np.int64]:
        """Return the columns of a project past its edge, the nearest first."""
        columns = np.array(self.around.problem.by_project[key], dtype=np.int64)
        past = columns[(self.start[columns] - self.seen[key, side]) * side > 0]
        order = np.lexsort((past, self.start[past] * side))
        return past[order]

    def add(self, flags: Flags) -> bool:
        """Take in a plan if it holds and reaches the floor, and tell whether it did."""
        around = self.around
        objective = around.worth(flags, self.floor)
        if objective is None or not around.check.holds(flags):
            return False
        self.plans.append(flags)
        self.worth.append(objective)
        for k in np.flatnonzero(flags):
            choice = self.around.problem.choices[k]
            for side in (EARLY, LATE):
                at = (choice.project_id, side)
                if at in self.seen and (choice.start_year - self.seen[at]) * side > 0:
                    self.seen[at] = choice.start_year
                    self.holder[at] = len(self.plans) - 1
        return True


def start_windows(
    problem: Problem,
    plan: Portfolio,
    share: float = SHARE,
    known: Sequence[Sequence[Choice]] = (),
    trials: int = TRIALS,
    proofs: int = PROOFS,
) -> StartWindows:
    """Return the start window of every chosen project within a share of the best.

    Args:
        problem: the plan's problem.
        plan: the finished plan.
        share: how much less value is accepted, of the best.
        known: other plans of the same problem, used where they hold and are good.
        trials: changes that are tried by hand, at most.
        proofs: linear relaxations that are solved, at most.

    Source:
        METHODS 1.4; method page docs/method/choices.md.
    """
    around = Around(problem, plan)
    floor, floor_proven = around.floor(share)
    found = _Windows(around, floor, trials)
    for choices in known:
        found.add(around.check.chosen(choices))
    outlays = project_outlays(problem.case)
    order = sorted(found.now, key=lambda key: (-outlays[key], key))
    edges = [(key, side) for key in order for side in (EARLY, LATE)]
    begun: set[int] = set()
    for _base in range(BASES):
        rest = [i for i in range(len(found.plans)) if i not in begun]
        if not rest:
            break
        base = max(rest, key=lambda i: (found.worth[i], -i))
        begun.add(base)
        for key, side in edges:
            _try_by_hand(found, found.plans[base], key, side)
    _prove(found, edges, proofs)
    return _result(found, share, floor_proven)


def _try_by_hand(found: _Windows, flags: Flags, key: str, side: int) -> None:
    """Move a project of a plan past its edge, alone or with room made for it."""
    check = found.around.check
    columns = found.beyond(key, side)
    if not len(columns):
        return
    standing = check.standing(check.without(flags, key))
    fits = standing.fits(columns)
    for k in columns[fits][::-1]:
        if found.trials <= 0:
            break
        trial = check.without(flags, key)
        trial[k] = True
        found.trials -= 1
        if found.add(trial):
            break
    missed = 0
    for k in found.beyond(key, side).tolist():
        if missed >= MISSES or found.trials <= 0:
            break
        if (found.start[k] - found.seen[key, side]) * side <= 0:
            continue
        found.trials -= 1
        made = make_room(check, flags, k)
        if made is None or not found.add(made):
            missed += 1


def _prove(found: _Windows, edges: Sequence[tuple[str, int]], proofs: int) -> None:
    """Mark the edges past which the linear relaxation shows no plan within the floor."""
    bounds: LinearBounds | None = None
    problem = found.around.problem
    least = found.floor - MARGIN * max(1.0, abs(found.floor))
    shut = np.zeros(len(problem.choices), dtype=bool)
    for key, side in edges:
        past = found.beyond(key, side)
        if not len(past):
            found.proven[key, side] = True
            continue
        if bounds is None:
            bounds = LinearBounds(build_matrix(problem))
        if bounds.solves >= proofs:
            continue
        shut[:] = False
        shut[list(problem.by_project[key])] = True
        shut[past] = False
        bounds.restrict(shut, {key})
        bound = bounds.solve().bound
        found.proven[key, side] = bound is None or bound < least


def _result(found: _Windows, share: float, floor_proven: bool) -> StartWindows:
    """Return the windows with only those plans that witness something."""
    around = found.around
    used = sorted({0, *found.holder.values()})
    place = {number: i for i, number in enumerate(used)}
    windows = []
    for key, choice in sorted(found.now.items()):
        starts = found.start[list(around.problem.by_project[key])]
        windows.append(
            StartWindow(
                project_id=key,
                start_year=choice.start_year,
                earliest=found.seen[key, EARLY],
                latest=found.seen[key, LATE],
                first=int(starts.min()),
                last=int(starts.max()),
                witness=(
                    place[found.holder[key, EARLY]],
                    place[found.holder[key, LATE]],
                ),
                proven=(found.proven[key, EARLY], found.proven[key, LATE]),
            )
        )
    witnesses = tuple(around.check.choices(found.plans[i]) for i in used)
    return StartWindows(share, found.floor, floor_proven, tuple(windows), witnesses)

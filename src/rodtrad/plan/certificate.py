"""Is what the agreement map says proven? Labels from proofs, and their check.

The labels are drawn from the proofs that hold (`plan.proofs`), here and nowhere else: by
the map when it is made, and once more by `rodtrad verify`, without the solver. Method
page: docs/method/agreement.md.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from rodtrad.plan.proofs import (
    EVENTS,
    Certificates,
    Fault,
    Ledger,
    check_certificates,
    read_certificates,
)
from rodtrad.plan.weights import named_shares

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from rodtrad.plan.matrix import Matrix
    from rodtrad.plan.problem import Problem
    from rodtrad.plan.proofs import Plan, Proof, Split

    Flags = NDArray[np.bool_]

__all__ = ["Certificates", "check_agreement", "read_certificates", "settle_labels"]

AGREES = 1e-6
SCOPES = ("viewpoints", "region")


def settle_labels(
    ledger: Ledger, held: Sequence[tuple[Proof, float]]
) -> list[dict[str, Any]]:
    """Return the rows of `agreement`: what the proofs that hold amount to.

    One row for each project, scope and event, projects in the problem's order. Keys
    as in DESIGN 7, and `leaning`: whether the best plan known at the first centre has
    the event. `interval` is the least and most points that the other way loses at the
    weights where it loses least: null where the other way is impossible or the label
    is `omtvistad`; its upper end is null when no plan of the other way is known.
    `witnesses` (`omtvistad`) are two weights with the number of a plan each, the first
    with the event. `by_viewpoint` is what is proven of each viewpoint by itself, in the
    order of the underlag: `in`, `out` or `oppen`.
    """
    return list(_Settled(ledger, held).rows())


class _Settled:
    """What follows from proofs that hold."""

    def __init__(self, ledger: Ledger, held: Sequence[tuple[Proof, float]]) -> None:
        self.ledger = ledger
        certificates = ledger.certificates
        self.points = certificates.points
        self.number = {point: i for i, point in reversed([*enumerate(self.points)])}
        centres = [region.centre for region in ledger.regions]
        # The number of each viewpoint's centre, and the points in each cell.
        self.at_centre = [self.number.get(centre) for centre in centres]
        self._inside: dict[tuple[int, str], list[int]] = {}
        self.plans = [ledger.plan(i) for i in range(len(certificates.plans))]
        # [plan, point]: worth at least
        self.worth = np.array(
            [
                [plan.value(ledger.shares(point)) for point in self.points]
                for plan in self.plans
            ]
        ).reshape(len(self.plans), len(self.points))
        self.tops = np.array(
            [
                ledger.upper(certificates.tops[i], point, None)
                if i in certificates.tops
                else math.inf
                for i, point in enumerate(self.points)
            ]
        )
        self.has = {
            event: np.array(
                [self._has(plan, ledger.event(event)) for plan in self.plans]
            ).reshape(len(self.plans), len(ledger.bounds.projects))
            for event in EVENTS
        }
        # Proofs by pair: at a point {(point): margin}, in a cell {(viewpoint, path)}.
        self.at_point: dict[tuple[str, str, bool], dict[int, float]] = {}
        self.in_cell: dict[tuple[str, str, bool], dict[tuple[int, str], float]] = {}
        self.best: dict[tuple[str, str, bool], tuple[float, Proof]] = {}
        for proof, margin in held:
            key = (proof.project_id, proof.event, proof.holds)
            if proof.point is not None:
                at = self.at_point.setdefault(key, {})
                at[proof.point] = max(margin, at.get(proof.point, -math.inf))
            elif proof.cell is not None:
                cells = self.in_cell.setdefault(key, {})
                cells[proof.cell] = max(margin, cells.get(proof.cell, -math.inf))
                self._spread(key, proof, margin)

    def _has(self, plan: Plan, event: Flags) -> Flags:
        flags = np.zeros(len(self.ledger.bounds.projects), dtype=bool)
        columns = np.array(plan.columns, dtype=np.int64)
        flags[self.ledger.bounds.group[columns[event[columns]]]] = True
        return flags

    def _spread(self, key: tuple[str, str, bool], proof: Proof, margin: float) -> None:
        """A proof in a cell holds at every point of the cell."""
        key_of_cell = proof.cell or (0, "")
        if key_of_cell not in self._inside:
            cell = self.ledger.cell(*key_of_cell)
            self._inside[key_of_cell] = [
                i for i, point in enumerate(self.points) if cell.holds(point)
            ]
        at = self.at_point.setdefault(key, {})
        for i in self._inside[key_of_cell]:
            at[i] = max(margin, at.get(i, -math.inf))

    def rows(self) -> Iterator[dict[str, Any]]:
        for project_id in self.ledger.bounds.projects:
            for scope in SCOPES:
                for event in EVENTS:
                    yield self._row(project_id, scope, event)

    def _row(self, project_id: str, scope: str, event: str) -> dict[str, Any]:
        each = {
            holds: self._margins(project_id, scope, event, holds)
            for holds in (True, False)
        }
        margins = {holds: _least(of) for holds, of in each.items()}
        witnesses: list[dict[str, Any]] = []
        interval: list[float | None] | None
        leaning = self._leaning(project_id, event)
        if margins[True] is not None or margins[False] is not None:
            holds = margins[True] is not None
            label = "alla" if holds else "ingen"
            low = margins[holds] or 0.0
            interval = None
            if math.isfinite(low):
                high = self._high(project_id, scope, event, holds)
                interval = [_rounded(low), high]
            leaning = holds
        else:
            found = self._witnesses(project_id, scope, event)
            if found is not None:
                label, interval, witnesses = "omtvistad", None, found
            else:
                label = "oppen"
                interval = [0.0, self._high(project_id, scope, event, leaning)]
        return {
            "project_id": project_id,
            "scope": scope,
            "event": event,
            "label": label,
            "leaning": "in" if leaning else "out",
            "interval": interval,
            "witnesses": witnesses,
            "by_viewpoint": [
                "oppen"
                if one is None and other is None
                else "in"
                if other is None
                else "out"
                for one, other in zip(each[True], each[False], strict=True)
            ],
        }

    def _margins(
        self, project_id: str, scope: str, event: str, holds: bool
    ) -> list[float | None]:
        """Return the least margin in each viewpoint; None if some of it is not proven."""
        key = (project_id, event, holds)
        if scope == "viewpoints":
            at = self.at_point.get(key, {})
            return [at.get(-1 if i is None else i) for i in self.at_centre]
        return [
            self._covered(self.in_cell.get(key, {}), v, "", split)
            for v, split in enumerate(self._splits())
        ]

    def _splits(self) -> list[Split | None]:
        splits = self.ledger.certificates.splits
        return [*splits, *[None] * (len(self.ledger.regions) - len(splits))]

    def _covered(
        self,
        cells: Mapping[tuple[int, str], float],
        viewpoint: int,
        path: str,
        split: Split | None,
    ) -> float | None:
        own = cells.get((viewpoint, path))
        if own is not None or split is None:
            return own
        below = self._covered(cells, viewpoint, path + "<", split.below)
        if below is None:
            return None
        above = self._covered(cells, viewpoint, path + ">", split.above)
        return None if above is None else min(below, above)

    def _scope_points(self, scope: str) -> list[int]:
        if scope == "region":
            return list(range(len(self.points)))
        return [i for i in dict.fromkeys(self.at_centre) if i is not None]

    def _leaning(self, project_id: str, event: str) -> bool:
        first = self.at_centre[0] if self.at_centre else None
        if first is None or not self.plans:
            return False
        best = int(np.argmax(self.worth[:, first]))
        return bool(self.has[event][best, self.ledger.bounds.place[project_id]])

    def _high(
        self, project_id: str, scope: str, event: str, holds: bool
    ) -> float | None:
        """Return an upper bound on the least loss: a known plan that does the opposite."""
        points = self._scope_points(scope)
        other = self.has[event][:, self.ledger.bounds.place[project_id]] != holds
        if not other.any() or not points:
            return None
        loss = self.tops[points] - self.worth[np.ix_(other, points)].max(axis=0)
        least = float(loss.min())
        return _rounded(max(least, 0.0)) if math.isfinite(least) else None

    def _witnesses(
        self, project_id: str, scope: str, event: str
    ) -> list[dict[str, Any]] | None:
        """Return the weights and plans at which the event is clearest, either way."""
        witnesses = []
        criteria = tuple(self.ledger.case.weights)
        for holds in (True, False):
            at = self.at_point.get((project_id, event, holds), {})
            points = [i for i in self._scope_points(scope) if i in at]
            if not points:
                return None
            point = max(points, key=lambda i: (at[i], -i))
            witnesses.append(
                {
                    "weights": dict(named_shares(criteria, self.points[point])),
                    "plan": int(np.argmax(self.worth[:, point])),
                }
            )
        return witnesses


def _least(margins: Sequence[float | None]) -> float | None:
    known = [margin for margin in margins if margin is not None]
    return min(known) if known and len(known) == len(margins) else None


def _rounded(value: float) -> float:
    return round(value, 6)


def check_agreement(
    problem: Problem,
    matrix: Matrix,
    certificates: Certificates,
    rows: Iterable[Mapping[str, Any]],
) -> list[Fault]:
    """Return everything in labels and certificates that does not hold; empty: all does.

    Every proof is checked, the labels are drawn from the proofs once more, and the
    rows must be those labels: no more, no less, no other.
    """
    try:
        ledger = Ledger(problem, matrix, certificates)
    except ValueError as error:
        return [Fault("cuts", str(error))]
    held, faults = check_certificates(ledger)
    if faults:
        return faults
    expected = settle_labels(ledger, held)
    stated = list(rows)
    if len(stated) != len(expected):
        faults.append(Fault("agreement", f"{len(stated)} rows, not {len(expected)}"))
        return faults
    for number, (told, right) in enumerate(zip(stated, expected, strict=True)):
        faults += [
            Fault(
                f"agreement[{number}].{key}", f"{told.get(key)!r}, not {right[key]!r}"
            )
            for key in right
            if not _same(told.get(key), right[key])
        ]
        faults += [
            Fault(f"agreement[{number}].{key}", "unknown key")
            for key in set(told) - set(right)
        ]
    return faults


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[k], other[k]) for k in one)
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, float) and isinstance(other, (int, float)):
        return math.isclose(one, other, rel_tol=AGREES, abs_tol=AGREES)
    return type(one) is type(other) and bool(one == other)

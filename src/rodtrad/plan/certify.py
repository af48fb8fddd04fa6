"""How are the findings of a search written down? As certificates, no longer than needed.

Every proof that the search has found gets its plans and trees, trees are pruned to what
the proofs rest on, and each dual vector is written once.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from rodtrad.plan.examiner import Leaf
from rodtrad.plan.proofs import EVENTS, ONLY, TIE, TOP, Certificates, Proof, Split

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rodtrad.plan.examiner import Growing, Pair
    from rodtrad.plan.proofs import Tree
    from rodtrad.plan.robust import AgreementSearch
    from rodtrad.plan.weights import Region


def certify(search: AgreementSearch) -> Certificates:
    """Return certificates of all that a search has proven, and nothing else."""
    return _Writer(search).write()


class _Writer:
    """Certificates while they are written; numbers are given as things are used."""

    def __init__(self, search: AgreementSearch) -> None:
        self.search = search
        known = search.certificates
        self.out = Certificates(known.mandate_end, cuts=known.cuts)
        self._duals: dict[tuple[bytes, bytes], int] = {}
        self._plans: dict[int, int] = {}
        self._cells = {(v, path): cell for v, path, cell in self._every_cell()}
        self._levels = self._mixed_levels()
        centres = set(search.centres())
        kept = [
            i for i, top in enumerate(search.tops) if top is not None or i in centres
        ]
        self._numbers = {i: number for number, i in enumerate(kept)}

    def write(self) -> Certificates:
        search, out = self.search, self.out
        out.points = [search.points[i] for i in self._numbers]
        for i, number in self._numbers.items():
            if search.tops[i] is not None:
                out.tops[number] = self._number(self._needed(i))
            self._plan(search.best(i)[0])
        out.splits = [self._split(v, "") for v in range(len(search.regions))]
        for event in EVENTS:
            self._at_points(event)
        for key in sorted(search.proofs):
            self._in_cell(key)
        for m in self._opposites():
            self._plan(m)
        return out

    def _number(self, tree: Growing | None) -> Tree:
        if tree is None:
            return TOP
        if isinstance(tree, Leaf):
            if tree.dual is None:
                return ONLY
            rows, values = tree.dual.rows, tree.dual.values
            key = (rows.tobytes(), values.tobytes())
            if key not in self._duals:
                self._duals[key] = len(self.out.duals)
                names = self.search.bounds.row_names
                self.out.duals.append(
                    {names[i]: float(y) for i, y in zip(rows, values, strict=True)}
                )
            return self._duals[key]
        own = None if tree[3] is None else self._number(tree[3])
        return (
            tree[0],
            self._number(tree[1]),
            self._number(tree[2]),
            own if isinstance(own, int) else None,
        )

    def _plan(self, m: int) -> int:
        if m not in self._plans:
            self._plans[m] = len(self.out.plans)
            self.out.plans.append(self.search.plans[m].choices)
        return self._plans[m]

    def _at_points(self, event: str) -> None:
        """Write the proofs at the centres, and elsewhere those of the witnesses."""
        search = self.search
        proven = search.proven(event)
        wanted = np.zeros(proven.shape, dtype=bool)
        wanted[search.centres()] = True
        disputed = search.labels("region", event) == 2
        for side in (False, True):
            margin = search.floors()[:, None] - search.upper[event, side]
            margin[
                [i for i in range(len(margin)) if i not in self._numbers]
            ] = -math.inf
            clearest = np.argmax(margin, axis=0)
            wanted[clearest[disputed], np.flatnonzero(disputed)] = True
        wanted &= proven != 0
        for i, g in np.argwhere(wanted):
            project_id = search.bounds.projects[g]
            holds = bool(proven[i, g] == 1)
            tree = search.trees[int(i), event, project_id, not holds]
            plans = ((self._plan(search.best(int(i))[0]), 1),)
            bounds = (self._number(tree),)
            number = self._numbers[int(i)]
            self.out.proofs.append(
                Proof(project_id, event, holds, number, None, plans, bounds)
            )

    def _in_cell(self, key: tuple[int, str, str, str, bool]) -> None:
        search = self.search
        viewpoint, path, event, project_id, holds = key
        trees = [
            search.trees[search.place[w], event, project_id, not holds]
            for w in self._cells[viewpoint, path].vertices
        ]
        plans = tuple((self._plan(m), n) for m, n in search.proofs[key])
        bounds = tuple(self._number(tree) for tree in trees)
        self.out.proofs.append(
            Proof(project_id, event, holds, None, (viewpoint, path), plans, bounds)
        )

    def _needed(self, point: int) -> Growing:
        """Return the tree of a point without what no proof rests on."""
        search = self.search
        tree = search.tops[point]
        if tree is None:
            msg = "the point has no tree"
            raise ValueError(msg)
        if isinstance(tree, Leaf):
            return tree
        levels: dict[Pair, float] = {}
        floor = search.floor(point)
        for (event, side), upper in search.upper.items():
            for g in np.flatnonzero(upper[point] < floor):
                project_id = search.bounds.projects[g]
                if search.trees.get((point, event, project_id, side)) is None:
                    levels[event, project_id, side] = floor
        for pair, level in self._levels.get(point, {}).items():
            if pair in levels:
                levels[pair] = min(levels[pair], level)
        return search.examiner().prune(tree, search.points[point], levels)

    def _mixed_levels(self) -> dict[int, dict[Pair, float]]:
        """Return how low the bounds of proofs in cells must be at their vertices."""
        search = self.search
        size = max(1.0, float(np.abs(search.worth).max(initial=0.0)))
        levels: dict[int, dict[Pair, float]] = {}
        for key, shares in search.proofs.items():
            viewpoint, path, event, project_id, holds = key
            total = sum(share for _m, share in shares)
            pair = (event, project_id, not holds)
            for vertex in self._cells[viewpoint, path].vertices:
                i = search.place[vertex]
                mixed = sum(n * search.worth[m, i] for m, n in shares) / total
                of = levels.setdefault(i, {})
                level = float(mixed) - 3 * TIE * size
                of[pair] = min(level, of.get(pair, math.inf))
        return levels

    def _every_cell(self) -> Iterator[tuple[int, str, Region]]:
        for viewpoint, region in enumerate(self.search.ledger.inner):
            yield from self._parts(viewpoint, "", region)

    def _parts(
        self, viewpoint: int, path: str, region: Region
    ) -> Iterator[tuple[int, str, Region]]:
        yield viewpoint, path, region
        plane = self.search.splits.get((viewpoint, path))
        if plane is not None:
            for step, half in zip("<>", region.split(plane), strict=True):
                yield from self._parts(viewpoint, path + step, half)

    def _split(self, viewpoint: int, path: str) -> Split | None:
        plane = self.search.splits.get((viewpoint, path))
        if plane is None:
            return None
        return Split(
            plane,
            self._split(viewpoint, path + "<"),
            self._split(viewpoint, path + ">"),
        )

    def _opposites(self) -> list[int]:
        """Return the plans that tell how little the other way can lose, few of them."""
        search = self.search
        wanted: set[int] = set()
        for i in self._numbers:
            order = search.worth[:, i]
            for event in EVENTS:
                for side in (False, True):
                    flags = search.has[event] == side
                    masked = np.where(flags, order[:, None], -math.inf)
                    best = np.argmax(masked, axis=0)
                    wanted.update(int(m) for m in best[flags.any(axis=0)])
        return sorted(wanted)

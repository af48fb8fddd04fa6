"""Which projects do residents and parties agree about, and how near is a disagreement?

The agreement map is made over three sets of weights beside the parties' own: the
residents' region, what both allow, and everything between them (their hull). Every label
comes from the map's own certificates; nothing is settled here that is not proven there.
The council decides: this only says where the two part. Leaves out how the residents'
region is found (residents).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from rodtrad.domain.arrays import build_case
from rodtrad.domain.components import Table
from rodtrad.plan.constraints import build_problem
from rodtrad.plan.elicitation import Condition
from rodtrad.plan.robust import AgreementMap, MapLimits, map_agreement
from rodtrad.plan.weights import as_floats, region_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence, Set

    from rodtrad.domain.arrays import Choice
    from rodtrad.domain.components import Tables
    from rodtrad.plan.weights import Region, Weight

EVENT: Final = "in_plan"
SETTLED: Final = ("alla", "ingen")
# What is proven at one weight, as a label.
_STANCES: Final = {"in": "alla", "out": "ingen", "oppen": "oppen"}
# A distance below this is none.
_NONE: Final = 1e-9


@dataclass(frozen=True)
class _Side:
    """A map over a set of weights: its label by project, and where each is proven."""

    labels: Mapping[str, str]
    stances: Mapping[str, Sequence[str]]
    found: AgreementMap | None

    def label(self, project_id: str) -> str:
        return self.labels.get(project_id, "oppen")

    def proven(self, project_id: str, holds: bool) -> list[Weight]:
        """Return the weights at which a project is proven in, or out."""
        if self.found is None:
            return []
        certificates = self.found.certificates
        return [
            certificates.points[proof.point]
            for proof in certificates.proofs
            if proof.point is not None
            and proof.project_id == project_id
            and proof.event == EVENT
            and proof.holds is holds
        ]


def residents_map(
    tables: Tables,
    rows: Sequence[Condition],
    plans: Sequence[tuple[Choice, ...]] = (),
    limits: MapLimits | None = None,
) -> dict[str, Any]:
    """Return what the residents' region of weights says beside the parties'.

    Args:
        tables: the underlag, with its scenario; its viewpoints are the parties'.
        rows: the residents' region, from `residents.Residents.rows`.
        plans: plans that are known; they help the search.
        limits: of each of the maps.

    Returns:
        `viewpoints`: the parties' names with their weights, and `shared`: those of them
        that some weight of the residents fits. `projects`, a row each: `parties`
        (label under S), `residents` (under W), `both` (under S and W, None where nothing
        is shared), `hull` (between them), and `differ`: whether the two are proven to
        part (`yes`), to agree (`no`), that one side depends on its weights (`partly`), or
        none of it (`open`): at every weight of both where `proof` is `region`, else at
        their middles. `distance`: how much of the
        weight must move from a party to the residents before a project changes sides:
        `at_least` and `at_most` (None if no change is known), `project_id`, and
        `none` where it is proven that none does.

    Source:
        METHODS 8. docs/method/residents.md.
    """
    limits = limits or MapLimits(scopes=("viewpoints", "region"))
    parties = _rows_of(tables)
    pool = list(plans)
    ours = _side(tables, {"w": list(rows)}, pool, limits)
    theirs = _side(tables, parties, pool, limits)
    criteria = [str(key) for key in build_case(tables).weights]
    shared = {
        name: [*of, *rows]
        for name, of in parties.items()
        if region_of(criteria, [*of, *rows]).vertices
    }
    both = _side(tables, shared, pool, limits)
    regions = [region_of(criteria, of) for of in parties.values()]
    residents = region_of(criteria, rows)
    hull = _hull(tables, criteria, [*regions, residents], pool, limits)
    names = [str(row["project_id"]) for row in tables["projects"].records()]
    told = [_row(key, theirs, ours, both, hull) for key in names]
    return {
        "viewpoints": [
            {"viewpoint": name, "weights": as_floats(region.centre)}
            for name, region in zip(parties, regions, strict=True)
        ],
        "shared": list(shared),
        "criteria": criteria,
        "projects": told,
        "distance": _distance(told, regions, residents, theirs, ours),
        "stopped": sorted(
            {s.found.stopped for s in (theirs, ours, both, hull) if s.found is not None}
        ),
    }


def _rows_of(tables: Tables) -> dict[str, list[Condition]]:
    found: dict[str, list[Condition]] = {}
    for row in tables["viewpoints"].records():
        condition = Condition(row["criterion"], row["relation"], str(row["value"]))
        found.setdefault(str(row["viewpoint"]), []).append(condition)
    return found


def _side(
    tables: Tables,
    viewpoints: Mapping[str, Sequence[Condition]],
    pool: list[tuple[Choice, ...]],
    limits: MapLimits,
) -> _Side:
    """Make the map of some viewpoints; plans that it finds join the pool."""
    if not viewpoints:
        return _Side({}, {}, None)
    problem = build_problem(build_case(_with_viewpoints(tables, viewpoints)))
    found = map_agreement(problem, limits, pool)
    known = set(pool)
    pool += [p for p in map(tuple, found.certificates.plans) if p not in known]
    rows = [row for row in found.rows if row["event"] == EVENT]
    return _Side(
        {r["project_id"]: r["label"] for r in rows if r["scope"] == "region"},
        {
            r["project_id"]: r["by_viewpoint"]
            for r in rows
            if r["scope"] == "viewpoints"
        },
        found,
    )


def _with_viewpoints(
    tables: Tables, viewpoints: Mapping[str, Sequence[Condition]]
) -> Tables:
    """Return the tables with other viewpoints; one without rows allows everything."""
    first = str(tables["criteria"]["criterion"][0])
    rows = [
        (name, row)
        for name, of in viewpoints.items()
        for row in (of or [Condition(first, "min", "0")])
    ]
    columns: dict[str, list[Any]] = {
        column: [None] * len(rows) for column in tables["viewpoints"].columns
    }
    columns["viewpoint"] = [name for name, _row in rows]
    columns["criterion"] = [row.criterion for _name, row in rows]
    columns["relation"] = [row.relation for _name, row in rows]
    columns["value"] = [row.value for _name, row in rows]
    return tables.replace(Table("viewpoints", columns))


def outer_rows(criteria: Sequence[str], vertices: Iterable[Weight]) -> list[Condition]:
    """Return rows that all vertices, and so everything between them, keep.

    Least and greatest shares and the orders that hold at every vertex: a region that
    holds the hull, exact. What is proven in it is proven in the hull.

    Example:
        >>> half = (Fraction(1, 2), Fraction(1, 2))
        >>> [tuple(row) for row in outer_rows(["a", "b"], [half, (Fraction(1), Fraction(0))])]
        [('a', 'min', '1/2'), ('b', 'max', '1/2'), ('a', '>=', 'b')]
    """
    points = list(vertices)
    rows = []
    for k, key in enumerate(criteria):
        shares = [point[k] for point in points]
        if min(shares) > 0:
            rows.append(Condition(key, "min", str(min(shares))))
        if max(shares) < 1:
            rows.append(Condition(key, "max", str(max(shares))))
    for k, key in enumerate(criteria):
        for j, other in enumerate(criteria):
            if k != j and all(point[k] >= point[j] for point in points):
                rows.append(Condition(key, ">=", other))
    return rows


def _hull(
    tables: Tables,
    criteria: Sequence[str],
    regions: Sequence[Region],
    pool: list[tuple[Choice, ...]],
    limits: MapLimits,
) -> _Side:
    vertices = [vertex for region in regions for vertex in region.vertices]
    return _side(tables, {"hull": outer_rows(criteria, vertices)}, pool, limits)


def _row(
    project_id: str, theirs: _Side, ours: _Side, both: _Side, hull: _Side
) -> dict[str, Any]:
    """Return the labels of a project under each set of weights."""
    s, w = theirs.label(project_id), ours.label(project_id)
    between = hull.label(project_id)
    if between not in SETTLED:
        # the region searched holds the hull and more: a dispute must lie in the hull
        apart = {s, w} == set(SETTLED)
        between = "omtvistad" if apart or "omtvistad" in (s, w) else "oppen"
    parties, residents = (
        theirs.stances.get(project_id, ()),
        ours.stances.get(project_id),
    )
    differ, proof = _differ({s}, w), "region"
    if differ == "open":
        stance = residents[0] if residents else "oppen"
        differ = _differ({_STANCES[one] for one in parties}, _STANCES[stance])
        proof = "middle"
    return {
        "project_id": project_id,
        "parties": s if theirs.found is not None else None,
        "residents": w,
        "both": both.label(project_id) if both.found is not None else None,
        "hull": between,
        "parties_middle": list(parties),
        "residents_middle": residents[0] if residents else "oppen",
        "differ": differ,
        "proof": proof,
    }


def _differ(theirs: Set[str], ours: str) -> str:
    """Return whether the parties' labels and the residents' are proven to part."""
    if ours not in (*SETTLED, "omtvistad") or not theirs or "oppen" in theirs:
        return "open"
    if theirs == {ours} and ours in SETTLED:
        return "no"
    if ours in SETTLED and theirs <= set(SETTLED) and ours not in theirs:
        return "yes"
    # one side depends on its weights, or the parties are of two minds
    return "open" if theirs == {ours} else "partly"


# ------------------------------------------------------------------- the distance


def _distance(
    rows: Sequence[Mapping[str, Any]],
    regions: Sequence[Region],
    residents: Region,
    theirs: _Side,
    ours: _Side,
) -> dict[str, Any]:
    """Return how far from a party's weights to the residents' a project changes sides.

    At least the distance between the regions; at most that of two weights, one in each,
    where a project is proven in at the one and out at the other. Where every project is
    settled in the hull nothing changes sides.
    """
    none = all(row["hull"] in SETTLED for row in rows)
    told: dict[str, Any] = {
        "at_least": None,
        "at_most": None,
        "project_id": None,
        "none": none,
    }
    if none or not regions:
        return told
    told["at_least"] = min(
        region_distance(region.vertices, residents.vertices) for region in regions
    )
    best: tuple[float, str] | None = None
    for row in rows:
        key = row["project_id"]
        for holds in (True, False):
            for one in theirs.proven(key, holds):
                for other in ours.proven(key, not holds):
                    tried = (moved(one, other), key)
                    best = tried if best is None else min(best, tried)
        if {row["parties"], row["residents"]} == set(SETTLED):
            # apart at every weight of both: as near as the regions are
            tried = (told["at_least"], key)
            best = tried if best is None else min(best, tried)
    if best is not None:
        told["at_most"], told["project_id"] = best
    return told


def moved(one: Sequence[Fraction], other: Sequence[Fraction]) -> float:
    """Return how much of the weight must be moved to make one set into another.

    Example:
        >>> moved([Fraction(1, 2), Fraction(1, 2)], [Fraction(1), Fraction(0)])
        0.5
    """
    return float(
        sum((abs(a - b) for a, b in zip(one, other, strict=True)), Fraction(0)) / 2
    )


def region_distance(one: Sequence[Weight], other: Sequence[Weight]) -> float:
    """Return the least weight to be moved between two polytopes of weights.

    Args:
        one: the vertices of the first.
        other: of the second.

    Raises:
        ValueError: either is empty, or the program is not solved.
    """
    # slow to load, and seldom asked for
    from scipy.optimize import linprog  # type: ignore[import-untyped]

    a, b = np.array(one, dtype=np.float64), np.array(other, dtype=np.float64)
    if not len(a) or not len(b):
        msg = "an empty region is nowhere"
        raise ValueError(msg)
    size = a.shape[1]
    # shares of the vertices of each, and how much each weight is moved
    cost = np.concatenate([np.zeros(len(a) + len(b)), np.full(size, 0.5)])
    gap = np.hstack([a.T, -b.T])
    limits = np.vstack(
        [np.hstack([gap, -np.eye(size)]), np.hstack([-gap, -np.eye(size)])]
    )
    sums = np.zeros((2, len(cost)))
    sums[0, : len(a)], sums[1, len(a) : len(a) + len(b)] = 1.0, 1.0
    found = linprog(cost, limits, np.zeros(2 * size), sums, np.ones(2))
    if found.status != 0:
        raise ValueError(found.message)
    return max(float(found.fun), 0.0) if found.fun > _NONE else 0.0

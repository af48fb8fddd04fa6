"""What does a reader of the agreement map need beside the labels? Names and plans.

The viewpoints with their middle weights, the last budget year of the mandate period
and the plans that stand as witnesses. Recomputed by `verify` from the certificates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rodtrad.domain.law import mandate_period
from rodtrad.plan.weights import as_floats, viewpoint_regions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rodtrad.domain.arrays import Case, Choice


def agreement_basis(
    case: Case,
    rows: Sequence[Mapping[str, Any]],
    plans: Sequence[Sequence[Choice]],
) -> dict[str, Any]:
    """Return what the labels of `rows` rest on, as `plan.json` holds it.

    Args:
        case: the underlag, with viewpoints.
        rows: the rows of `agreement`.
        plans: the pool that the witnesses' numbers point into.
    """
    named = sorted({w["plan"] for row in rows for w in row["witnesses"] or ()})
    return {
        "mandate_end": mandate_period(case.plan_start)[1],
        "criteria": {
            row["criterion"]: row["name"] for row in case.tables["criteria"].records()
        },
        "viewpoints": [
            {
                "viewpoint": key,
                "weights": dict(
                    zip(case.weights, as_floats(region.centre), strict=True)
                ),
            }
            for key, region in viewpoint_regions(case).items()
        ],
        "plans": {
            str(number): [list(choice) for choice in plans[number]] for number in named
        },
    }

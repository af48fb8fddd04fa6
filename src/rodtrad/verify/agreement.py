"""Is the agreement map proven? Every label once more, from its certificates.

By the planner's rows, but without its search.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rodtrad.domain.words import _
from rodtrad.verify.recount import BROKEN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rodtrad.verify.recount import Recount

STOPS = ("done", "work", "time")


def check_map(
    count: Recount, result: Mapping[str, Any], certificates: Mapping[str, Any] | None
) -> None:
    """Note everything in `agreement` and `agreement_basis` that is not proven."""
    stated = {"agreement", "agreement_basis"} & result.keys()
    if not stated and certificates is None:
        return
    if certificates is None or len(stated) < 2:
        text = _("Bevisen för vad som gäller oavsett vikter saknas.")
        count.say("agreement", text)
        return
    from rodtrad.plan.agreement import agreement_basis
    from rodtrad.plan.certificate import check_agreement, read_certificates
    from rodtrad.plan.matrix import build_matrix

    rows, basis = result["agreement"], result["agreement_basis"]
    try:
        proofs = read_certificates(certificates)
        if not _keys_known(certificates, proofs.as_dict()):
            count.say("certificates", _("Uppgiften är okänd."))
        problem = count.problem
        faults = check_agreement(problem, build_matrix(problem), proofs, rows)
        for one in faults:
            count.say(f"agreement.{one.place}", one.text)
        if faults:
            return
        expected = agreement_basis(count.case, rows, proofs.plans)
        stopped = basis.get("stopped")
        if stopped not in STOPS:
            count.differ("agreement_basis.stopped", stopped, None)
        count.compare("agreement_basis", basis, {**expected, "stopped": stopped})
        for number, plan in expected["plans"].items():
            count.plan(f"agreement_basis.plans.{number}", plan)
    except BROKEN as why:
        text = _("Bevisen går inte att läsa: {why}.").format(why=why)
        count.say("agreement", text)


def _keys_known(stated: Any, read: Any) -> bool:
    """Whether every key of what is stored was read, at every level."""
    if isinstance(stated, dict):
        return isinstance(read, dict) and all(
            key in read and _keys_known(one, read[key]) for key, one in stated.items()
        )
    if isinstance(stated, list):
        return (
            isinstance(read, (list, tuple))
            and len(stated) == len(read)
            and all(map(_keys_known, stated, read))
        )
    return True

"""Does a result hold every part that was asked for, and no other?

`meta.asked` says which parts, how many draws and which certainty the study was run
with. A part that is taken away leaves its name there, and a certainty that is changed
no longer agrees. Leaves out whether the parts are true: each is checked by its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rodtrad.domain.words import (
    _,
    later,
)
from rodtrad.verify.shape import Maybe, figure, text, whole

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rodtrad.verify.recount import Recount

# What a study can be asked for; a test holds it to the study's.
PARTS = ("plan", "agreement", "reasons", "beside", "needs", "uncertainty")
DRAWN = ("probability", "quantiles", "uncertainty")
ASKED = {
    "parts": [text],
    "draws": whole,
    "certainty": Maybe(figure),
    "certainty_goal": Maybe(text),
}
INTERRUPTED = {"seconds": figure, "open": [text]}
MISSING = later("Delen beställdes men saknas.")
UNASKED = later("Delen finns men beställdes inte.")


def asked_parts(result: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the parts that a result says it was asked for; none where it does not."""
    asked = (result.get("meta") or {}).get("asked")
    parts = asked.get("parts") if isinstance(asked, dict) else None
    return tuple(part for part in PARTS if isinstance(parts, list) and part in parts)


def _check_interrupted(
    count: Recount, status: Mapping[str, Any], parts: Sequence[str]
) -> None:
    """Note what a run that was ended says of itself: which parts it left open."""
    told = status.get("interrupted")
    if told is None:
        if status.get("stopped") == "asked":
            count.say("status.interrupted", _(MISSING))
        return
    if not count.has_shape("status.interrupted", told, INTERRUPTED):
        return
    left = [part for part in PARTS if part in told["open"] and part not in parts]
    if told["open"] != left:
        count.differ("status.interrupted.open", told["open"], left)


def check_asked(count: Recount, result: Mapping[str, Any]) -> None:
    """Note every part that was asked for and is gone, or is there unasked.

    The need forecast is left to `check_uncertainty`: only the tables tell if there is
    one.

    Args:
        count: the plan.
        result: the content of `plan.json`.
    """
    asked = (result.get("meta") or {}).get("asked")
    if not count.has_shape("meta.asked", asked, ASKED) or asked is None:
        return
    parts, certainty = asked["parts"], asked["certainty"]
    status = result.get("status")
    if isinstance(status, dict):
        _check_interrupted(count, status, parts)
    known = [part for part in PARTS if part in parts]
    if parts != known:
        count.differ("meta.asked.parts", parts, known)
    drawn = "uncertainty" in parts and asked["draws"] > 1
    for keys, is_asked in (
        (("beside", "curves"), "beside" in parts),
        (DRAWN, drawn),
        (("risk",), drawn and certainty is not None),
    ):
        for key in keys:
            _present(count, result, key, is_asked)
    tables = count.case.tables
    if not ("agreement" in parts and len(tables["viewpoints"])):
        _present(count, result, "agreement", False)
    elif len(count.case.projects):
        _present(count, result, "agreement", True)
    told = bool(result.get("reasons"))
    if told != bool("reasons" in parts and len(count.case.projects)):
        count.say("reasons", _(UNASKED if told else MISSING))
    if (asked["certainty_goal"] is None) != (certainty is None):
        count.differ("meta.asked.certainty_goal", asked["certainty_goal"], None)
    found, risk = result.get("uncertainty"), result.get("risk")
    if drawn and isinstance(found, dict) and found.get("draws") != asked["draws"]:
        count.differ("uncertainty.draws", found.get("draws"), asked["draws"])
    if isinstance(risk, dict):
        for key, value in (
            ("share", certainty),
            ("goal_id", asked["certainty_goal"]),
        ):
            if risk.get(key) != value:
                count.differ(f"risk.{key}", risk.get(key), value)


def _present(
    count: Recount, result: Mapping[str, Any], key: str, is_asked: bool
) -> None:
    if (key in result) != is_asked:
        count.say(key, _(MISSING if is_asked else UNASKED))

"""Which words stand beside both kinds of need: how sure, and how well known?

What renewal (needs_renewal) and places (needs_places) say alike.
"""

from __future__ import annotations

from typing import Any

from rodtrad.domain.words import (
    QUALITY_LABELS,
    _,
)
from rodtrad.publish.blocks import (
    Quality,
    Text,
)

Result = dict[str, Any]


def in_band() -> str:
    """Return what the field around a line of need means."""
    return _("I åtta fall av tio hamnar behovet i fältet.")


def rated(label: str, quality: Quality) -> Text:
    """Return how well known a figure is, in words after its name."""
    return Text(f"{label}: {QUALITY_LABELS[quality]}", quality=quality)


def places_of(result: Result) -> dict[str, Any]:
    """Return what is told of places; renewal takes the names of areas from it."""
    return dict((result.get("need_forecast") or {}).get("places") or {})

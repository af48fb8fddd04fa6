"""What stands in `plan.json` about needs? Renewal, backlog, places and past decisions.

`study` writes these figures and `verify` writes them once more from the stored
underlag; both call `needs_result`, so they can only differ if something was changed in
between. `needs_and_candidates` adds the projects that would meet the needs, as rows for
the next underlag: they are suggestions, so no plan holds them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from rodtrad.domain.components import SCHEMA
from rodtrad.domain.words import (
    EN_DASH,
    Labels,
    _,
    later,
)
from rodtrad.needs.assessment import assess_register
from rodtrad.needs.gap import forecast_place_gaps, shortage_sentences
from rodtrad.needs.people import WHOLE
from rodtrad.needs.places_candidates import place_candidates
from rodtrad.needs.stories import tell_stories, untold_services

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rodtrad.domain.arrays import Array
    from rodtrad.domain.components import Tables
    from rodtrad.needs.assessment import Assessment
    from rodtrad.needs.candidates import Rows
    from rodtrad.needs.gap import PlaceGaps
    from rodtrad.needs.stories import Story

# Draws behind low, high and chances, whatever the economy is drawn with: the needs are
# the same in a plan with probabilities and one without.
NEED_DRAWS: Final = 500
# Assets whose cost of waiting is told one by one.
MOST_WAITING: Final = 40
_LOW, _MIDDLE, _HIGH = 0.1, 0.5, 0.9

_MANY: Final = Labels(
    {
        "year_assumed": later(
            "Året saknas för {n} delar. Behovet räknas som om de har levt halva sin "
            "livslängd, alltså som om de sattes in {years}: ett antagande."
        ),
        "year_from_asset": later(
            "Insatt år saknas för {n} delar. De räknas från anläggningens byggår: ett "
            "antagande."
        ),
        "cost_assumed": later(
            "Återanskaffningsvärdet saknas för {n} delar. De räknas som 0 kronor i behovet."
        ),
        "year_replaced": later(
            "{n} delar räknas från utbyten på bladet Besiktningar och åtgärder, som är nyare "
            "än året på bladet Komponenter."
        ),
        "condition_of_asset": later(
            "Skicket saknas för {n} delar. De räknas med skicket för hela anläggningen: en "
            "beräkning."
        ),
        "condition_mended": later(
            "{n} delar har reparerats efter den senaste besiktningen. Skicket då räknas inte, "
            "utan behovet följer åldern."
        ),
    }
)

_MEASURES: Final = (
    (
        "cost_to_standard",
        later("Efter besiktning"),
        later("Vad kostar det att rätta det som besiktningar har funnit?"),
    ),
    (
        "age",
        later("Efter ålder"),
        later("Hur mycket av värdet har passerat sin tekniska livslängd?"),
    ),
    (
        "economic",
        later("Vad väntan har kostat"),
        later("Vad har det kostat hittills att inte förnya när det lönade sig bäst?"),
    ),
)


def needs_result(
    tables: Tables, draws: int = NEED_DRAWS, seed: int | None = None
) -> dict[str, Any] | None:
    """Return every figure about needs that the tables give.

    Args:
        tables: checked; with base year and plan years.
        draws: random paths behind the percentiles and chances, at least two.
        seed: None takes the underlag's own.

    Returns:
        the content of `need_forecast` in `plan.json`: `draws, renewal, backlog, places,
        stories, notes`; None where the tables have nothing to tell needs from. Money in
        tkr, prices of the base year.

    Raises:
        ValueError: fewer than two draws.

    Source:
        DESIGN 2, 7; method pages docs/method/renewal.md and docs/method/places.md.
    """
    register, gaps, stories = _forecast(tables, draws, seed)
    return build_needs(tables, draws, register, gaps, stories)


def needs_and_candidates(
    tables: Tables, draws: int = NEED_DRAWS, seed: int | None = None
) -> tuple[dict[str, Any] | None, Rows]:
    """Return the needs, and projects that would meet them as rows by table.

    A project that the tables hold already, by its id, is not suggested again.

    Args:
        tables: as `needs_result`.
        draws: as `needs_result`.
        seed: as `needs_result`.

    Raises:
        ValueError: fewer than two draws.

    Source:
        DESIGN 3; method pages docs/method/renewal.md and docs/method/places.md.
    """
    register, gaps, stories = _forecast(tables, draws, seed)
    there = set(tables["projects"]["project_id"])
    rows: dict[str, list[dict[str, Any]]] = {}
    found = [] if register is None else [register.candidates.rows]
    found += [] if gaps is None else [place_candidates(tables, gaps)]
    for part in found:
        for name, new in part.items():
            own = [row for row in new if row["project_id"] not in there]
            rows.setdefault(name, []).extend(own)
    return build_needs(tables, draws, register, gaps, stories), rows


def _forecast(
    tables: Tables, draws: int, seed: int | None
) -> tuple[Assessment | None, PlaceGaps | None, list[Story]]:
    if draws < 2:
        msg = "needs are told with their uncertainty: at least two draws"
        raise ValueError(msg)
    seed = int(tables.settings["seed"] or 0) if seed is None else seed
    register = None
    if len(tables["assets"]):
        register = assess_register(tables, draws=draws, seed=seed)
    gaps = forecast_place_gaps(tables, draws=draws, seed=seed)
    return register, gaps, tell_stories(tables, draws=draws, seed=seed)


def build_needs(
    tables: Tables,
    draws: int,
    register: Assessment | None,
    gaps: PlaceGaps | None,
    stories: Sequence[Story],
) -> dict[str, Any] | None:
    """Return what has been forecast as `plan.json` holds it; None if that is nothing.

    Args:
        tables: the underlag, for names.
        draws: behind all of it.
        register: of the assets; None without any.
        gaps: of places; None without people or services.
        stories: of past decisions.

    Source:
        DESIGN 7; method pages docs/method/renewal.md and docs/method/places.md.
    """
    if register is not None and not len(register.register):
        register = None
    if register is None and gaps is None and not stories:
        return None
    names = dict(zip(tables["areas"]["area"], tables["areas"]["name"], strict=True))
    notes = [] if register is None else _register_notes(register)
    notes += [] if gaps is None else gaps.notes
    notes += untold_services(tables)
    return {
        "draws": draws,
        "renewal": None if register is None else _renewal(register),
        "backlog": None if register is None else _backlog(register),
        "places": None if gaps is None else _places(gaps, names),
        "stories": [_story(story) for story in stories],
        "notes": list(dict.fromkeys(notes)),
    }


def _register_notes(register: Assessment) -> list[str]:
    """What the need rests on; many of a kind are told as one."""
    told: list[str] = []
    seen: set[str] = set()
    filled = register.register.assumed_years or (0,)
    first, last = min(filled), max(filled)
    years = f"{first}" if first == last else f"{first}{EN_DASH}{last}"
    for one in register.issues:
        if one.code == "prior_used" and one.table == "components":
            continue  # told together below
        if one.code in _MANY:
            if one.code in seen:
                continue
            seen.add(one.code)
            alike = sum(other.code == one.code for other in register.issues)
            if alike > 1:
                told.append(_MANY[one.code].format(n=alike, years=years))
                continue
        told.append(one.message)
    return [*told, *register.prior_sentences()]


def _list(values: Array) -> list[float]:
    return [float(v) for v in values]


# ---------------------------------------------------------------- renewal


def _renewal(found: Assessment) -> dict[str, Any]:
    need, register = found.need, found.register
    assumed = set(found.assumed_classes())
    years_assumed = {"year_assumed", "year_from_asset"} & {
        one.code for one in found.issues
    }
    low, middle, high = need.quantiles_tkr((_LOW, _MIDDLE, _HIGH))
    mean = need.total_tkr.mean(axis=0)
    ordered = sorted(
        zip(need.groups, need.expected_tkr, strict=True),
        key=lambda pair: (-float(pair[1].sum()), pair[0]),
    )
    waiting = sorted(
        zip(register.assets, found.waiting.by_asset(register), strict=True),
        key=lambda pair: (-float(pair[1].sum()), pair[0].asset_id),
    )
    backlog_text = found.backlog.text()
    return {
        "years": [int(y) for y in need.years],
        "components": len(register),
        "replacement_cost_tkr": float(register.replacement_cost_tkr.sum()),
        "classes": [
            {"label": label, "expected_tkr": _list(row), "assumed": label in assumed}
            for label, row in ordered
        ],
        "total": {
            "expected": _list(need.expected_tkr.sum(axis=0)),
            "p10": _list(low),
            "p50": _list(middle),
            "p90": _list(high),
        },
        "yearly": {
            "expected": float(need.expected_tkr.sum() / len(need.years)),
            "p10": float(np.quantile(mean, _LOW)),
            "p90": float(np.quantile(mean, _HIGH)),
        },
        "waiting": [
            {
                "asset_id": asset.asset_id,
                "name": asset.name,
                "area": asset.area,
                "street": asset.street,
                "cost_tkr": _list(row[: len(need.years)]),
                "total_tkr": float(row[: len(need.years)].sum()),
            }
            for asset, row in waiting[:MOST_WAITING]
            if row.sum() > 0
        ],
        "assumed_classes": list(found.assumed_classes()),
        "small_needs_tkr": float(found.candidates.left_out_tkr),
        "quality": "antagande" if assumed or years_assumed else "beräkning",
        "sentences": [text for text in found.sentences() if text != backlog_text],
    }


def _backlog(found: Assessment) -> dict[str, Any]:
    backlog = found.backlog
    whole = float(backlog.replacement_cost_tkr.sum())
    amounts = {
        "cost_to_standard": float(backlog.cost_to_standard_tkr.sum()),
        "age": float(backlog.age_tkr.sum()),
        "economic": float(backlog.economic_tkr.sum()),
    }
    # What it costs to mend a class, and to wait, are always assumptions.
    years = any(one.code in ("year_assumed", "year_from_asset") for one in found.issues)
    lives = "antagande" if years or found.assumed_classes() else "beräkning"
    quality = {"age": lives, "cost_to_standard": "antagande", "economic": "antagande"}
    return {
        "measures": [
            {
                "key": key,
                "label": _(label),
                "question": _(question),
                "tkr": amounts[key],
                "share": amounts[key] / whole if whole > 0 else 0.0,
                "quality": quality[key],
            }
            for key, label, question in _MEASURES
        ],
        "condition_index": backlog.condition_index,
        "inspected_share": backlog.inspected_share,
        "of_asset_share": backlog.of_asset_share,
        "remarks": backlog.remarks(),
        "text": backlog.text(),
    }


# ---------------------------------------------------------------- places


def _places(gaps: PlaceGaps, names: Mapping[str, str | None]) -> dict[str, Any]:
    def named(area: str) -> str:
        return names.get(area) or (_("hela kommunen") if area == WHOLE else area)

    rows = []
    for s, service in enumerate(gaps.services):
        for a, area in enumerate(gaps.areas):
            need, supply = gaps.need[s, a], gaps.supply[s, a]
            if not need.any() and not supply.any():
                continue
            rows.append(
                {
                    "service": service.name,
                    "area": area,
                    "area_name": named(area),
                    "need": _list(need),
                    "low": _list(gaps.need_low[s, a]),
                    "high": _list(gaps.need_high[s, a]),
                    "supply": _list(supply),
                    "gap": _list(supply - need),
                    "shortage_share": _list(gaps.shortage_share[s, a]),
                }
            )
    ways = SCHEMA["lead_times"].columns["way"].choices
    told = shortage_sentences(gaps, {k: v for k, v in names.items() if v})
    return {
        "years": list(gaps.years),
        "areas": [{"area": area, "name": named(area)} for area in gaps.areas],
        "rows": rows,
        "shortages": [
            {
                "service": one.service,
                "area": one.area,
                "area_name": named(one.area),
                "from_year": one.from_year,
                "places": one.places,
                "likely_from": one.likely_from,
                "possible_from": one.possible_from,
                "decide_by": [
                    {
                        "way": way,
                        "label": ways.get(way, way),
                        "year": year,
                        "passed": way in one.passed,
                    }
                    for way, year in sorted(
                        one.decide_by.items(), key=lambda pair: (pair[1], pair[0])
                    )
                ],
                "text": text,
            }
            for one, text in zip(gaps.shortages, told, strict=True)
        ],
        "births": _list(gaps.births),
        "persons": {
            "expected": _list(gaps.persons),
            "p10": _list(np.quantile(gaps.person_draws, _LOW, axis=-1)),
            "p90": _list(np.quantile(gaps.person_draws, _HIGH, axis=-1)),
        },
    }


def _story(story: Story) -> dict[str, Any]:
    low, base, high = story.births
    return {
        "name": story.name,
        "service": story.service,
        "count_year": story.count_year,
        "use_year": story.use_year,
        "now": story.now,
        "base": story.base,
        "low": story.low,
        "high": story.high,
        "fewer_share": story.fewer_share,
        "places": story.places,
        "added_places": story.added_places,
        "enough_share": story.enough_share,
        "births": {"low": low, "base": base, "high": high},
        "sentences": list(story.sentences),
    }

"""What must be renewed, what does waiting cost, and how far behind is the upkeep?

Reads `renewal` and `backlog` of `need_forecast` in plan.json. The three measures of
maintenance backlog answer different questions and are never added. Leaves out what the
plan renews (the plan's chapters).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from rodtrad.domain.words import (
    _,
    missing,
    mkr,
    number,
    share_table,
    share_text,
    unit_mkr,
    years_text,
)
from rodtrad.publish.blocks import (
    Band,
    Block,
    Callout,
    Cell,
    ChartBlock,
    Column,
    Figure,
    KeyFigure,
    KeyFigures,
    Paragraphs,
    Quality,
    Row,
    Series,
    TableBlock,
    Text,
)
from rodtrad.publish.figures import (
    currency,
    first_upper,
    normal_quality,
    rough_text,
)
from rodtrad.publish.needs_words import in_band, places_of, rated

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Result = dict[str, Any]

# More assets than this are no reading any more.
_SHOWN_ASSETS: Final = 10
_TRIFLE_TKR: Final = 0.5


def renewal_sentences(result: Result) -> list[str]:
    """Return how much must be renewed a year, and between what limits."""
    renewal = _renewal(result)
    yearly = renewal.get("yearly") or {}
    if _without_cost(result):
        return [str(text) for text in renewal.get("sentences") or []]
    if not yearly or yearly["expected"] <= _TRIFLE_TKR:
        return []
    assumed = _renewal_quality(result) == "antagande"

    def text(key: str) -> str:
        return rough_text(yearly[key], currency(result), assumed)

    told = [
        _("{kr} om året behöver förnyas {ys}, i {y} års priser.").format(
            kr=first_upper(text("expected")),
            ys=years_text(renewal["years"]),
            y=result["meta"]["base_year"],
        )
    ]
    if yearly.get("p10") is not None and yearly.get("p90") is not None:
        told.append(
            _("I åtta fall av tio hamnar det mellan {a} och {b} om året.").format(
                a=text("p10").removeprefix(_("omkring") + " "),
                b=text("p90").removeprefix(_("omkring") + " "),
            )
        )
    return told


def _renewal(result: Result) -> dict[str, Any]:
    return dict((result.get("need_forecast") or {}).get("renewal") or {})


def _without_cost(result: Result) -> bool:
    """Whether there is a register, but nothing in it has a replacement cost."""
    return _renewal(result).get("replacement_cost_tkr") == 0


def _renewal_quality(result: Result) -> Quality:
    return normal_quality(_renewal(result).get("quality")) or "antagande"


def _fixed_prices(result: Result) -> str:
    return _("{unit}, {y} års priser").format(
        unit=unit_mkr(currency(result)), y=result["meta"]["base_year"]
    )


def renewal_blocks(result: Result) -> list[Block]:
    """Return the need by year, what it rests on, and what waiting costs."""
    chart = renewal_fan(result)
    if chart is None:
        return []
    quality = _renewal_quality(result)
    mark = rated(_("Förnyelsebehov"), quality)
    # The first two say what the lead says in rounder figures.
    sentences = [str(t) for t in _renewal(result).get("sentences") or []][2:]
    blocks: list[Block] = [
        ChartBlock(
            chart,
            (mark, Text(in_band())) if chart.bands else (mark,),
        )
    ]
    if sentences:
        blocks.append(Paragraphs(tuple(Text(t) for t in sentences)))
    waiting = waiting_table(result)
    if waiting is not None:
        blocks.append(waiting)
    return blocks


def renewal_fan(result: Result) -> Figure | None:
    """Return the renewal need a year with its band; None without a register."""
    renewal = _renewal(result)
    table = renewal_table(result)
    total = renewal.get("total") or {}
    expected: list[float] = list(total.get("expected") or [])
    if table is None or not any(v > _TRIFLE_TKR for v in expected):
        return None
    years: list[int] = renewal["years"]
    money = currency(result)
    mean = math.fsum(expected) / len(expected)
    assumed = _renewal_quality(result) == "antagande"
    title = first_upper(
        _("{kr} om året behöver förnyas").format(kr=rough_text(mean, money, assumed))
    )
    bands = []
    low, high = total.get("p10"), total.get("p90")
    if low and high:
        bands.append(Band(_("Åtta fall av tio"), _millions(low), _millions(high)))
    top = max(range(len(years)), key=lambda i: expected[i])
    return Figure(
        kind="lines",
        title=title,
        unit=_("Förnyelsebehov per år, {unit}").format(unit=_fixed_prices(result)),
        alt=_(
            "Linje med förnyelsebehovet {ys} och ett fält för åtta fall av tio. Mest väntas {y}: {kr}."
        ).format(
            ys=years_text(years),
            y=years[top],
            kr=rough_text(expected[top], money, assumed),
        ),
        table=table,
        labels=tuple(str(y) for y in years),
        series=(Series("expected", _("Väntat"), _millions(expected)),),
        bands=tuple(bands),
    )


def _millions(values: Sequence[float | None]) -> tuple[float | None, ...]:
    return tuple(None if v is None else v / 1000 for v in values)


def renewal_table(result: Result) -> TableBlock | None:
    """Return the expected need by class and year, with sum and the limits of the sum."""
    renewal = _renewal(result)
    years: list[int] = renewal.get("years") or []
    total = renewal.get("total") or {}
    classes = [
        c
        for c in renewal.get("classes") or []
        if any((v or 0.0) > _TRIFLE_TKR for v in c["expected_tkr"])
    ]
    if not years or not classes:
        return None

    def cells(values: Sequence[float]) -> tuple[Cell, ...]:
        return tuple(Cell(mkr(v), v) for v in values)

    rows = [
        Row(
            str(c["label"]),
            cells(c["expected_tkr"]),
            quality="antagande" if c.get("assumed") else "berakning",
        )
        for c in classes
    ]
    rows.append(Row(_("Summa, väntat"), cells(total["expected"]), "sum"))
    for key, label in (
        ("p10", _("Mindre än så ett fall av tio")),
        ("p90", _("Mer än så ett fall av tio")),
    ):
        if total.get(key):
            rows.append(Row(label, cells(total[key])))
    return TableBlock(
        title=_("Förnyelsebehov per slag och år"),
        subtitle=first_upper(_fixed_prices(result)),
        columns=(Column(_("Slag"), "left"), *(Column(str(y)) for y in years)),
        rows=tuple(rows),
        note=_(
            "Behovet är vad som uppnår sin livslängd, inte vad planen förnyar. Gränserna gäller summan."
        ),
        folded=True,
    )


def waiting_table(
    result: Result, most: int | None = _SHOWN_ASSETS
) -> TableBlock | None:
    """Return what a year of waiting costs by asset, dearest first; None without.

    Args:
        result: the plan.
        most: how many assets are shown; None is all that are told.
    """
    renewal = _renewal(result)
    years: list[int] = renewal.get("years") or []
    rows = renewal.get("waiting") or []
    if not years or not rows:
        return None
    shown = rows[:most]
    last = min(len(rows[0]["cost_tkr"]), len(years)) - 1
    unit = _fixed_prices(result)
    return TableBlock(
        title=_("Dyrast att vänta med är {name}").format(name=rows[0]["name"]),
        subtitle=_("Kostnad för att vänta ett år till, {unit}").format(unit=unit),
        columns=(
            Column(_("Anläggning"), "left"),
            Column(_("Var"), "left"),
            Column(str(years[0])),
            Column(str(years[last])),
        ),
        rows=tuple(
            Row(
                str(r["name"]),
                (
                    _place(result, r),
                    Cell(mkr(r["cost_tkr"][0]), r["cost_tkr"][0]),
                    Cell(mkr(r["cost_tkr"][last]), r["cost_tkr"][last]),
                ),
                quality="antagande",
            )
            for r in shown
        ),
        note=" ".join(
            text
            for text in (
                _("Ordnade efter kostnaden över alla åren."),
                _("Anläggningar som inte visas kostar mindre eller inget."),
                _("Ett minustecken betyder att väntan sparar pengar det året.")
                if any(r["cost_tkr"][i] < 0 for r in shown for i in (0, last))
                else "",
            )
            if text
        ),
    )


def _place(result: Result, asset: Mapping[str, Any]) -> Cell:
    names = {a["area"]: a["name"] for a in places_of(result).get("areas") or []}
    area = asset.get("area")
    words = [str(x) for x in (asset.get("street"), names.get(area, area)) if x]
    text = ", ".join(words) or missing()
    return Cell(text, text)


# ---------------------------------------------------------------- backlog


def _measures(result: Result) -> list[dict[str, Any]]:
    backlog = (result.get("need_forecast") or {}).get("backlog") or {}
    found = [dict(m) for m in backlog.get("measures") or []]
    return found if any((m["tkr"] or 0.0) > _TRIFLE_TKR for m in found) else []


def never_added() -> str:
    """Return the words that must stand beside the measures wherever they are shown."""
    return _(
        "Måtten läggs aldrig ihop. De svarar på olika frågor om samma anläggningar, så en summa räknar samma sak flera gånger."
    )


def backlog_blocks(result: Result) -> list[Block]:
    """Return the three measures side by side, with words against adding them."""
    measures = _measures(result)
    if not measures:
        return []
    backlog = result["need_forecast"]["backlog"]
    unit = unit_mkr(currency(result))
    quality = _renewal_quality(result)
    items = tuple(
        KeyFigure(
            str(m["label"]),
            number(m["tkr"] / 1000, 0 if m["tkr"] >= 100_000 else 1),
            unit,
            str(m["question"]),
            m["tkr"],
            # What it costs to mend, and to wait, is assumed whatever lives are.
            normal_quality(m.get("quality"))
            or ("antagande" if m["key"] != "age" else quality),
        )
        for m in measures
    )
    table = backlog_table(result)
    inspected = _(
        "Besiktningarna täcker {pct} av återanskaffningsvärdet. Det första måttet ser inget annat."
    ).format(pct=share_text(backlog.get("inspected_share"), 0))
    remarks = [Text(str(text)) for text in backlog.get("remarks") or []]
    return [
        Paragraphs(
            (
                Text(
                    _(
                        "Underhållsskuld är eftersatt underhåll, här mätt på {n} sätt."
                    ).format(n=_counted(len(measures)))
                ),
            ),
            _("Underhållsskulden vid basårets slut"),
        ),
        KeyFigures(items),
        Callout((Text(never_added()), Text(inspected), *remarks), "warn"),
        *([table] if table else []),
    ]


def _counted(n: int) -> str:
    return {1: _("ett"), 2: _("två"), 3: _("tre")}.get(n, number(n))


def backlog_table(result: Result) -> TableBlock | None:
    """Return the measures with their questions; there is no row for their sum."""
    measures = _measures(result)
    if not measures:
        return None
    return TableBlock(
        title=_("Tre mått på underhållsskulden"),
        subtitle=first_upper(_fixed_prices(result)),
        columns=(
            Column(_("Mått"), "left"),
            Column(_("Frågan det svarar på"), "left"),
            Column(_("Belopp")),
            Column(_("Andel av återanskaffningsvärdet")),
        ),
        rows=tuple(
            Row(
                str(m["label"]),
                (
                    Cell(str(m["question"]), str(m["question"])),
                    Cell(mkr(m["tkr"]), m["tkr"]),
                    Cell(share_table(m.get("share")), m.get("share")),
                ),
            )
            for m in measures
        ),
        note=never_added(),
        folded=True,
    )

"""What do the buildings, streets and people need? Renewal, backlog, places and stories.

Reads `need_forecast` of plan.json. These are needs as registers and people give them,
whether or not anyone has proposed a project; what projects ask for is another chapter.
The three measures of maintenance backlog answer different questions and are never
added. Leaves out how likely it is that the plan holds (uncertainty).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from rodtrad.domain.words import (
    EN_DASH,
    QUALITY_LABELS,
    _,
    list_text,
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
    Section,
    Series,
    TableBlock,
    Text,
)
from rodtrad.publish.chances import chance_cell, chance_text, error_sentence
from rodtrad.publish.figures import (
    currency,
    first_upper,
    normal_quality,
    rough_text,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Result = dict[str, Any]

# The area that stands for all of them.
WHOLE: Final = "hela_kommunen"
# More assets, services or stories than this are no reading any more.
_SHOWN_ASSETS: Final = 10
_SHOWN_SERVICES: Final = 5
_LONG_TABLE: Final = 14
# Fewer places than this is no shortage, and no surplus.
_ONE_PLACE: Final = 1.0
_TRIFLE_TKR: Final = 0.5


@dataclass(frozen=True)
class Sheet:
    """A table that stands as a sheet of its own in the workbook.

    `kinds` says by column (0 is the first after the row's header) what its figures are:
    `tkr`, `share`, `chance`, `number`, `year` or `whole`. Other columns hold words.
    """

    name: str
    table: TableBlock
    kinds: Mapping[int, str] = field(default_factory=dict)


def forecast_section(result: Result) -> Section | None:
    """What registers and people need; None where nothing of it is computed."""
    found = result.get("need_forecast") or {}
    blocks = [
        *_renewal_blocks(result),
        *_backlog_blocks(result),
        *_place_blocks(result),
        *_story_blocks(result),
    ]
    if not blocks:
        return None
    title = (
        _("Behov av förnyelse och platser")
        if found.get("renewal") and found.get("places")
        else _("Behov av förnyelse")
        if found.get("renewal")
        else _("Behov av platser")
    )
    lead = [
        _(
            "Här står vad anläggningarna och befolkningen väntas kräva, även där inget projekt är inlagt."
        ),
        *_first_sentences(result),
    ]
    notes = [str(note) for note in found.get("notes") or []]
    if notes:
        blocks.append(
            Paragraphs(tuple(Text(note) for note in notes), _("Vad behoven bygger på"))
        )
    return Section(
        0, title, tuple(Text(text) for text in lead), tuple(blocks), "behoven"
    )


def _first_sentences(result: Result) -> list[str]:
    """Return the answer: how much renewal a year, and where places will be short."""
    told = renewal_sentences(result)
    short = {s["service"] for s in _shortages(result, True)}
    enough = [
        service[:1].lower() + service[1:]
        for service in _services(result)
        if service not in short
        and (row := _whole_row(result, service)) is not None
        and _has_supply(result, row)
    ]
    if enough:
        told.append(
            _("Platserna väntas räcka i {list} alla år {ys}.").format(
                list=list_text(enough), ys=years_text(result["years"])
            )
        )
    return [*told, *shortage_front(result), *_too_late(result)]


def need_sentences(result: Result) -> list[str]:
    """Return what page one and the command line say of needs; empty when unknown."""
    return _first_sentences(result)


def renewal_sentences(result: Result) -> list[str]:
    """Return how much must be renewed a year, and between what limits."""
    renewal = _renewal(result)
    yearly = renewal.get("yearly") or {}
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


def need_sheets(result: Result) -> list[Sheet]:
    """Return the tables for the workbook, each with the kinds of its figures."""
    sheets = []
    years = len(
        ((result.get("need_forecast") or {}).get("renewal") or {}).get("years") or []
    )
    if (table := renewal_table(result)) is not None:
        kinds = dict.fromkeys(range(years), "tkr")
        sheets.append(Sheet(_("Förnyelsebehov"), table, kinds))
    if (table := waiting_table(result, None)) is not None:
        sheets.append(Sheet(_("Väntan"), table, {1: "tkr", 2: "tkr"}))
    if (table := backlog_table(result)) is not None:
        sheets.append(Sheet(_("Underhållsskuld"), table, {1: "tkr", 2: "share"}))
    if (table := places_years_table(result)) is not None:
        kinds = {0: "", **dict.fromkeys(range(1, len(table.columns) - 1), "number")}
        sheets.append(Sheet(_("Platser per år"), table, kinds))
    if (table := places_table(result)) is not None:
        kinds = {0: "number", 1: "number", 2: "number", 3: "chance", 4: "year"}
        sheets.append(Sheet(_("Platser och beslut"), table, kinds))
    if (table := stories_table(result)) is not None:
        kinds = {0: "number", 1: "whole", 2: "chance", 3: "whole", 4: "whole"}
        sheets.append(Sheet(_("Tidigare beslut"), table, kinds))
    return sheets


# ---------------------------------------------------------------- renewal


def _renewal(result: Result) -> dict[str, Any]:
    return dict((result.get("need_forecast") or {}).get("renewal") or {})


def _renewal_quality(result: Result) -> Quality:
    return normal_quality(_renewal(result).get("quality")) or "antagande"


def _fixed_prices(result: Result) -> str:
    return _("{unit}, {y} års priser").format(
        unit=unit_mkr(currency(result)), y=result["meta"]["base_year"]
    )


def _renewal_blocks(result: Result) -> list[Block]:
    chart = renewal_fan(result)
    if chart is None:
        return []
    quality = _renewal_quality(result)
    rated = _rated(_("Förnyelsebehov"), quality)
    # The first two say what the lead says in rounder figures.
    sentences = [str(t) for t in _renewal(result).get("sentences") or []][2:]
    blocks: list[Block] = [
        ChartBlock(
            chart,
            (rated, Text(_in_band())) if chart.bands else (rated,),
        )
    ]
    if sentences:
        blocks.append(Paragraphs(tuple(Text(t) for t in sentences)))
    waiting = waiting_table(result)
    if waiting is not None:
        blocks.append(waiting)
    return blocks


def _in_band() -> str:
    return _("I åtta fall av tio hamnar behovet i fältet.")


def _rated(label: str, quality: Quality) -> Text:
    return Text(f"{label}: {QUALITY_LABELS[quality]}", quality=quality)


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
    names = {a["area"]: a["name"] for a in _places(result).get("areas") or []}
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


def _backlog_blocks(result: Result) -> list[Block]:
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
            # What an inspection has found is counted; the others rest on lives.
            "berakning" if m["key"] == "cost_to_standard" else quality,
        )
        for m in measures
    )
    table = backlog_table(result)
    inspected = _(
        "Besiktningarna täcker {pct} av återanskaffningsvärdet. Det första måttet ser inget annat."
    ).format(pct=share_text(backlog.get("inspected_share"), 0))
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
        Callout((Text(never_added()), Text(inspected)), "warn"),
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


# ---------------------------------------------------------------- places


def _places(result: Result) -> dict[str, Any]:
    return dict((result.get("need_forecast") or {}).get("places") or {})


def _need_draws(result: Result) -> int:
    return int((result.get("need_forecast") or {}).get("draws") or 0)


def _ahead(result: Result) -> list[int]:
    """Return the places in the lists of the years that the plan covers."""
    first, last = result["years"][0], result["years"][-1]
    years: list[int] = _places(result).get("years") or []
    return [i for i, y in enumerate(years) if first <= y <= last]


def _service_rows(result: Result, service: str) -> list[dict[str, Any]]:
    return [r for r in _places(result).get("rows") or [] if r["service"] == service]


def _services(result: Result) -> list[str]:
    return list(dict.fromkeys(r["service"] for r in _places(result).get("rows") or []))


def _whole_row(result: Result, service: str) -> dict[str, Any] | None:
    rows = _service_rows(result, service)
    return next((r for r in rows if r["area"] == WHOLE), rows[-1] if rows else None)


def _has_supply(result: Result, row: Mapping[str, Any]) -> bool:
    """Whether the underlag knows of any places; without, there is no shortage to tell."""
    return any((row["supply"][i] or 0.0) > 0 for i in _ahead(result))


def _shortages(result: Result, whole: bool) -> list[dict[str, Any]]:
    """Return shortages that begin in the plan's years, of all or of single areas."""
    known = {
        (r["service"], r["area"])
        for r in _places(result).get("rows") or []
        if _has_supply(result, r)
    }
    return [
        s
        for s in _places(result).get("shortages") or []
        if (s["area"] == WHOLE) is whole
        and s["from_year"] <= result["years"][-1]
        and (s["service"], s["area"]) in known
    ]


def shortage_front(result: Result) -> list[str]:
    """Return in which services places will be short in the whole; at most a sentence."""
    found = _shortages(result, True)
    if not found:
        return []
    parts = [
        _("{service} (från {y}, som mest {n})").format(
            service=str(s["service"])[:1].lower() + str(s["service"])[1:],
            y=s["from_year"],
            n=number(s["places"]),
        )
        for s in found
    ]
    return [_("Platserna väntas inte räcka i {list}.").format(list=list_text(parts))]


def _too_late(result: Result) -> list[str]:
    """Return where no way of getting places is in time."""
    late = [
        str(s["service"])[:1].lower() + str(s["service"])[1:]
        for s in _shortages(result, True)
        if s["decide_by"] and all(way["passed"] for way in s["decide_by"])
    ]
    if not late:
        return []
    return [
        _("Inget sätt att skaffa platser hinns med till dess i {list}.").format(
            list=list_text(late)
        )
    ]


def _place_blocks(result: Result) -> list[Block]:
    blocks: list[Block] = []
    for service in _services(result)[:_SHOWN_SERVICES]:
        chart = places_chart(result, service)
        if chart is not None:
            blocks.append(
                ChartBlock(
                    chart,
                    (
                        _rated(_("Behov"), "antagande"),
                        Text(_in_band()),
                    ),
                )
            )
    told = [str(s["text"]) for s in _shortages(result, True) if s.get("text")]
    if told:
        blocks.append(
            Paragraphs(
                tuple(Text(t) for t in told), _("Var och när platserna inte räcker")
            )
        )
    table = places_table(result)
    if table is not None:
        blocks.append(table)
    return blocks


def places_chart(result: Result, service: str) -> Figure | None:
    """Return need with its band against supply, for the whole municipality."""
    row = _whole_row(result, service)
    at = _ahead(result)
    if row is None or len(at) < 2:
        return None
    years = [_places(result)["years"][i] for i in at]
    need, low, high = ([row[key][i] for i in at] for key in ("need", "low", "high"))
    supply = [row["supply"][i] for i in at]
    known = _has_supply(result, row)
    title = _place_title(service, years, need, supply if known else None)
    series = [Series("need", _("Behov"), tuple(need))]
    if known:
        series.append(Series("supply", _("Platser"), tuple(supply), "baseline"))
    return Figure(
        kind="lines",
        title=title,
        unit=_("Platser i hela kommunen, med buffert"),
        alt=_(
            "Linje med behovet av platser {ys}, ett fält för åtta fall av tio och en linje med de platser som finns. {title}."
        ).format(ys=years_text(years), title=title),
        table=_chart_table(service, row, at, years, known),
        labels=tuple(str(y) for y in years),
        series=tuple(series),
        bands=(Band(_("Åtta fall av tio"), tuple(low), tuple(high)),),
    )


def _place_title(
    service: str,
    years: Sequence[int],
    need: Sequence[float],
    supply: Sequence[float] | None,
) -> str:
    name = first_upper(service)
    if supply is None:
        return _("{service}: {a} platser behövs {y1}, {b} behövs {y2}").format(
            service=name,
            a=number(need[0]),
            y1=years[0],
            b=number(need[-1]),
            y2=years[-1],
        )
    lacking = [n - s for n, s in zip(need, supply, strict=True)]
    worst = max(range(len(years)), key=lambda i: lacking[i])
    if lacking[worst] >= _ONE_PLACE:
        return _("{service}: som mest saknas {n} platser, {y}").format(
            service=name, n=number(lacking[worst]), y=years[worst]
        )
    free = -lacking[-1]
    return _("{service}: platserna räcker, {n} är lediga {y}").format(
        service=name, n=number(free), y=years[-1]
    )


def _chart_table(
    service: str,
    row: Mapping[str, Any],
    at: Sequence[int],
    years: Sequence[int],
    known: bool,
) -> TableBlock:
    columns = [
        Column(_("År"), "left"),
        Column(_("Behov")),
        Column(_("Lågt behov")),
        Column(_("Högt behov")),
    ]
    if known:
        columns += [
            Column(_("Platser")),
            Column(_("Lediga")),
            Column(_("Sannolikhet för brist")),
        ]
    rows = []
    for i, year in zip(at, years, strict=True):
        cells = [Cell(number(row[k][i]), row[k][i]) for k in ("need", "low", "high")]
        if known:
            share = row["shortage_share"][i]
            cells += [
                Cell(number(row["supply"][i]), row["supply"][i]),
                Cell(number(row["gap"][i]), row["gap"][i]),
                Cell(chance_cell(share), share),
            ]
        rows.append(Row(str(year), tuple(cells)))
    return TableBlock(
        title=_("{service}, hela kommunen").format(service=first_upper(service)),
        subtitle=_("Platser. Lågt och högt: åtta fall av tio hamnar däremellan."),
        columns=tuple(columns),
        rows=tuple(rows),
        folded=True,
    )


def places_table(result: Result) -> TableBlock | None:
    """Return need against supply by service and area, with the latest decision."""
    at = _ahead(result)
    services = _services(result)
    if not at or not services:
        return None
    found = {
        (s["service"], s["area"]): s for s in _places(result).get("shortages") or []
    }
    years: list[int] = _places(result)["years"]
    rows: list[Row] = []
    single = all(len(_service_rows(result, service)) == 1 for service in services)
    for service in services:
        if not single:
            rows.append(Row(first_upper(service), (), "group"))
        for r in _service_rows(result, service):
            row = _place_row(r, at, years, found.get((service, r["area"])))
            if single:
                where = _("hela kommunen") if r["area"] == WHOLE else r["area_name"]
                name = f"{first_upper(service)}, {where}"
                row = replace(row, header=name, kind="normal")
            rows.append(row)
    note = [
        _(
            "Brist: som mest under planens år. Beslut: senaste år för det sätt som måste beslutas först av dem som hinns med, sedan det som kan vänta längst."
        )
    ]
    note.append(
        error_sentence(
            (c.value for r in rows for c in r.cells[3:4] if isinstance(c.value, float)),
            _need_draws(result),
        )
    )
    return TableBlock(
        title=_("Platser och senaste beslut"),
        subtitle=_(
            "Behov och platser {y}; brist och sannolikhet det år den är störst"
        ).format(y=years[at[-1]]),
        columns=(
            Column(_("Område"), "left"),
            Column(_("Behov")),
            Column(_("Platser")),
            Column(_("Brist")),
            Column(_("Sannolikhet för brist")),
            Column(_("Brist från")),
            Column(_("Beslut senast"), "left"),
        ),
        rows=tuple(rows),
        note=" ".join(note),
        folded=len(rows) > _LONG_TABLE,
    )


def _place_row(
    row: Mapping[str, Any],
    at: Sequence[int],
    years: Sequence[int],
    shortage: Mapping[str, Any] | None,
) -> Row:
    worst = max(at, key=lambda i: row["need"][i] - row["supply"][i])
    lacking = row["need"][worst] - row["supply"][worst]
    short = lacking >= _ONE_PLACE
    share = row["shortage_share"][worst]
    first = next(
        (years[i] for i in at if row["need"][i] - row["supply"][i] >= _ONE_PLACE), None
    )
    last = at[-1]
    return Row(
        first_upper(str(row["area_name"])),
        (
            Cell(number(row["need"][last]), row["need"][last]),
            Cell(number(row["supply"][last]), row["supply"][last]),
            Cell(
                number(lacking) if short else EN_DASH,
                lacking if short else None,
                mood="missed" if short else "normal",
            ),
            Cell(chance_cell(share), share),
            Cell(str(first) if first else EN_DASH, first),
            Cell(decision_text(shortage), decision_text(shortage)),
        ),
        "sum" if row["area"] == WHOLE else "normal",
    )


def decision_text(shortage: Mapping[str, Any] | None) -> str:
    """Return by when a decision is needed: the first way still open, and the last."""
    if shortage is None:
        return EN_DASH
    ways = sorted(shortage["decide_by"], key=lambda w: (w["year"], w["way"]))
    still = [w for w in ways if not w["passed"]]
    if not still:
        return _("har passerat")
    told = [f"{still[0]['year']}: {still[0]['label']}"]
    if still[-1]["year"] > still[0]["year"]:
        told.append(f"{still[-1]['year']}: {still[-1]['label']}")
    return "; ".join(told)


def places_years_table(result: Result) -> TableBlock | None:
    """Return need, limits, supply and gap by service, area and year, for the workbook."""
    at = _ahead(result)
    if not at or not _services(result):
        return None
    labels = {
        "need": _("Behov"),
        "low": _("Lågt behov"),
        "high": _("Högt behov"),
        "supply": _("Platser"),
        "gap": _("Lediga"),
    }
    rows = [
        Row(
            f"{first_upper(str(r['service']))}, {r['area_name']}",
            (
                Cell(label, label),
                *(Cell(number(r[key][i], 1), r[key][i]) for i in at),
            ),
        )
        for r in _places(result)["rows"]
        for key, label in labels.items()
    ]
    return TableBlock(
        title=_("Platser per verksamhet, område och år"),
        subtitle=_("Platser. Lågt och högt: åtta fall av tio hamnar däremellan."),
        columns=(
            Column(_("Verksamhet och område"), "left"),
            Column(_("Mått"), "left"),
            *(Column(str(_places(result)["years"][i])) for i in at),
        ),
        rows=tuple(rows),
    )


# ---------------------------------------------------------------- past decisions


def _stories(result: Result) -> list[dict[str, Any]]:
    return list((result.get("need_forecast") or {}).get("stories") or [])


def _story_blocks(result: Result) -> list[Block]:
    stories = _stories(result)
    table = stories_table(result)
    if table is None:
        return []
    return [
        Paragraphs(
            (
                Text(
                    _(
                        "Här räknas behoven på nytt med bara den folkmängd som tabellen anger. Inget som blev känt senare är med. Sist står vad som hände."
                    )
                ),
            ),
            _("Vad som gick att veta före tidigare beslut"),
        ),
        table,
        *(
            Paragraphs(
                tuple(Text(str(t)) for t in story["sentences"]),
                _("{name}: {finding}").format(
                    name=story["name"], finding=_finding(story, _need_draws(result))
                ),
            )
            for story in stories
        ),
    ]


def _finding(story: Mapping[str, Any], draws: int) -> str:
    """Return in a heading what was seen: fewer or more, and how sure."""
    more = story["base"] >= story["now"]
    share = 1.0 - story["fewer_share"] if more else story["fewer_share"]
    pattern = _("fler väntades ({pct})") if more else _("färre väntades ({pct})")
    return pattern.format(pct=chance_text(share, draws))


def stories_table(result: Result) -> TableBlock | None:
    """Return what was expected before each decision, beside what was to be built."""
    stories = _stories(result)
    if not stories:
        return None
    rows = []
    for story in stories:
        change = story["places"]
        sign = "+" if change >= 0.5 else ""
        rows.append(
            Row(
                str(story["name"]),
                (
                    Cell(f"{sign}{number(change)}", change),
                    Cell(number(story["added_places"]), story["added_places"]),
                    Cell(chance_cell(story["enough_share"]), story["enough_share"]),
                    Cell(
                        f"{number(story['now'])} ({story['count_year']})", story["now"]
                    ),
                    Cell(
                        f"{number(story['base'])} ({story['use_year']})", story["base"]
                    ),
                    Cell(
                        f"{number(story['low'])}{EN_DASH}{number(story['high'])}",
                        f"{number(story['low'])}{EN_DASH}{number(story['high'])}",
                    ),
                ),
                quality="antagande",
            )
        )
    return TableBlock(
        title=_stories_title(stories),
        subtitle=_("Personer i de åldrar som beslutet gällde, och platser"),
        columns=(
            Column(_("Beslut"), "left"),
            Column(_("Ändrat behov")),
            Column(_("Nya platser")),
            Column(_("Sannolikhet")),
            Column(_("Antal då")),
            Column(_("Väntat antal")),
            Column(_("Åtta fall av tio")),
        ),
        rows=tuple(rows),
        note=" ".join(
            (
                _(
                    "Sannolikheten gäller att befolkningen ensam kräver fler platser än de nya, om samma andel i varje ålder behöver plats. Köer och platser som läggs ned är inte med."
                ),
                _(
                    "Födelsetal, dödstal, flyttningar och andelar i varje ålder är antaganden."
                ),
                error_sentence(
                    (
                        share
                        for story in stories
                        for share in (story["fewer_share"], story["enough_share"])
                    ),
                    _need_draws(result),
                ),
            )
        ),
    )


def _stories_title(stories: Sequence[Mapping[str, Any]]) -> str:
    fewer = [s for s in stories if s["base"] < s["now"] and s["added_places"] > 0]
    more = [s for s in stories if s["base"] >= s["now"] and s["added_places"] > 0]
    if fewer and more:
        return _("Behoven väntades minska för {a} och öka för {b}").format(
            a=list_text([str(s["name"]) for s in fewer]),
            b=list_text([str(s["name"]) for s in more]),
        )
    return _("Behoven som de såg ut före besluten")

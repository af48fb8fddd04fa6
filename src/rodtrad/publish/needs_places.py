"""Where are places too few or too many, and what could be known before past decisions?

Reads `places` and `stories` of `need_forecast` in plan.json. Leaves out what could be
built: candidates are rows for the next underlag.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from rodtrad.domain.words import (
    EN_DASH,
    _,
    list_text,
    number,
    years_text,
)
from rodtrad.publish.blocks import (
    Band,
    Block,
    Cell,
    ChartBlock,
    Column,
    Figure,
    Paragraphs,
    Row,
    Series,
    TableBlock,
    Text,
)
from rodtrad.publish.chances import chance_cell, chance_text, error_sentence
from rodtrad.publish.figures import (
    first_upper,
)
from rodtrad.publish.needs_words import in_band, places_of, rated

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Result = dict[str, Any]

# The area that stands for all of them.
WHOLE: Final = "hela_kommunen"
# More services than this are no reading any more.
_SHOWN_SERVICES: Final = 5
_LONG_TABLE: Final = 14
# Fewer places than this is no shortage, and no surplus.
_ONE_PLACE: Final = 1.0


def _need_draws(result: Result) -> int:
    return int((result.get("need_forecast") or {}).get("draws") or 0)


def _ahead(result: Result) -> list[int]:
    """Return the places in the lists of the years that the plan covers."""
    first, last = result["years"][0], result["years"][-1]
    years: list[int] = places_of(result).get("years") or []
    return [i for i, y in enumerate(years) if first <= y <= last]


def _service_rows(result: Result, service: str) -> list[dict[str, Any]]:
    return [r for r in places_of(result).get("rows") or [] if r["service"] == service]


def _services(result: Result) -> list[str]:
    return list(
        dict.fromkeys(r["service"] for r in places_of(result).get("rows") or [])
    )


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
        for r in places_of(result).get("rows") or []
        if _has_supply(result, r)
    }
    return [
        s
        for s in places_of(result).get("shortages") or []
        if (s["area"] == WHOLE) is whole
        and s["from_year"] <= result["years"][-1]
        and (s["service"], s["area"]) in known
    ]


def place_sentences(result: Result) -> list[str]:
    """Return where places will do, where they will be short, and where it is too late."""
    short = {s["service"] for s in _shortages(result, True)}
    enough = [
        service[:1].lower() + service[1:]
        for service in _services(result)
        if service not in short
        and (row := _whole_row(result, service)) is not None
        and _has_supply(result, row)
    ]
    told = []
    if enough:
        told.append(
            _("Platserna väntas räcka i {list} alla år {ys}.").format(
                list=list_text(enough), ys=years_text(result["years"])
            )
        )
    return [*told, *shortage_front(result), *_too_late(result)]


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


def place_blocks(result: Result) -> list[Block]:
    """Return need against places by service, shortages, and the latest decisions."""
    blocks: list[Block] = []
    for service in _services(result)[:_SHOWN_SERVICES]:
        chart = places_chart(result, service)
        if chart is not None:
            blocks.append(
                ChartBlock(
                    chart,
                    (
                        rated(_("Behov"), "antagande"),
                        Text(in_band()),
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
    years = [places_of(result)["years"][i] for i in at]
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
        (s["service"], s["area"]): s for s in places_of(result).get("shortages") or []
    }
    years: list[int] = places_of(result)["years"]
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
            "Brist och sannolikhet: som mest under planens år, vilket inte alltid är samma år. Beslut: senaste år för det sätt som måste beslutas först av dem som hinns med, sedan det som kan vänta längst."
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
            "Behov och platser {y}; brist och sannolikhet var för sig det år de är störst"
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
    share = max(row["shortage_share"][i] for i in at)
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
        for r in places_of(result)["rows"]
        for key, label in labels.items()
    ]
    return TableBlock(
        title=_("Platser per verksamhet, område och år"),
        subtitle=_("Platser. Lågt och högt: åtta fall av tio hamnar däremellan."),
        columns=(
            Column(_("Verksamhet och område"), "left"),
            Column(_("Mått"), "left"),
            *(Column(str(places_of(result)["years"][i])) for i in at),
        ),
        rows=tuple(rows),
    )


# ---------------------------------------------------------------- past decisions


def _stories(result: Result) -> list[dict[str, Any]]:
    return list((result.get("need_forecast") or {}).get("stories") or [])


def story_blocks(result: Result) -> list[Block]:
    """Return what could be known before past decisions."""
    stories = _stories(result)
    table = stories_table(result)
    if table is None:
        return []
    return [
        Paragraphs(
            (
                Text(
                    _(
                        "Här räknas behoven på nytt med bara den folkmängd som tabellen anger. Folkmängd, födda och nivåer i landet som blev kända senare är inte med. Men metoden är dagens: hur fel landets tillväxt kan slå, vilka åldrar som flyttar och hur stor andel som behöver plats är antaganden som gjorts i efterhand. Sist står vad som hände."
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

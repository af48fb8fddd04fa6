"""How sure is it that the plan holds, what decides it, and what does more safety cost?

Reads `probability`, `quantiles`, `uncertainty` and `risk` of plan.json; a chapter only
where there are draws. A probability is never shown without the error of the drawing
and what it rests on, and never as 0 or 100 per cent. Leaves out how good the plan is
proven to be (summary) and what the underlag assumes (chapters).
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from rodtrad.domain.economy import BASIS_LABELS
from rodtrad.domain.words import (
    BALANCE_LABELS,
    BALANSKRAV_LABELS,
    EN_DASH,
    INDICATOR_LABELS,
    PER_INHABITANT_INDICATORS,
    QUALITY_LABELS,
    STATEMENT_LABELS,
    Labels,
    _,
    count_text,
    later,
    list_text,
    missing,
    mkr,
    money_text,
    names_text,
    number,
    percent_sign,
    percentage_points,
    quoted,
    share_table,
    share_text,
    unit_mkr,
    unit_per_inhabitant,
    years_text,
)
from rodtrad.publish import figures
from rodtrad.publish.blocks import (
    Band,
    Block,
    Callout,
    Cell,
    ChartBlock,
    Column,
    Figure,
    HeatRow,
    Limit,
    Mood,
    Paragraphs,
    Quality,
    Rank,
    Row,
    Section,
    Series,
    TableBlock,
    Text,
)
from rodtrad.publish.chances import (
    ERRORS,
    LIKELY,
    SURE,
    UNSURE,
    chance_cell,
    chance_text,
    chance_with_error,
    chance_word,
    error_points,
    error_sentence,
    error_text,
    percent_of,
    tens_text,
)
from rodtrad.publish.figures import currency, first_upper, normal_quality, series_of
from rodtrad.publish.needs import Sheet
from rodtrad.publish.trails import figure_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Result = dict[str, Any]

# The balance requirement stands among the goals under this name.
BALANSKRAV: Final = "balanskrav"
# Where the method is held against what happened.
BACKTEST: Final = "docs/backtest.md"
# A group that makes less of the uncertainty than this is named in the table only.
_SMALL_SHARE: Final = 0.005
# A probability that an assumption moves less than this is not moved.
_POINT: Final = 0.01
_SHOWN_ASSUMPTIONS: Final = 8
_LONG_TABLE: Final = 14


# ---------------------------------------------------------------- reading the result


def _facts(result: Mapping[str, Any]) -> dict[str, Any]:
    return dict(result.get("uncertainty") or {})


def _draws(result: Mapping[str, Any]) -> int:
    return int(_facts(result).get("draws") or 0)


def has_probabilities(result: Mapping[str, Any]) -> bool:
    """Whether the plan was run through draws."""
    return bool(result.get("probability")) and _draws(result) > 1


def _goals(result: Mapping[str, Any]) -> list[str]:
    """Return the balance requirement, then the goals: must first, in their order."""
    asked = result.get("probability") or {}
    goals = {
        str(g["goal_id"]): g.get("level") or "must" for g in result.get("goals", [])
    }
    order = sorted(
        (key for key in goals if key in asked and key != BALANSKRAV),
        key=lambda key: goals[key] != "must",
    )
    return [key for key in (BALANSKRAV, *order) if key in asked]


def goal_label(result: Mapping[str, Any], goal_id: str) -> str:
    """Return a goal's name, with its level and length; the law's own name for its test."""
    if goal_id == BALANSKRAV:
        return _("Balanskravet")
    found = next((g for g in result.get("goals", []) if g["goal_id"] == goal_id), None)
    return goal_id if found is None else figures.goal_name(found)


def _plain_name(result: Mapping[str, Any], goal_id: str) -> str:
    found = next((g for g in result.get("goals", []) if g["goal_id"] == goal_id), None)
    return str(found["name"]) if found else goal_id


def _all_years(result: Mapping[str, Any], goal_id: str) -> dict[str, Any] | None:
    found = (_facts(result).get("all_years") or {}).get(goal_id)
    return None if found is None or found.get("share") is None else dict(found)


def _years_of(result: Mapping[str, Any], goal_id: str) -> str:
    """Return the years in which a goal is asked for."""
    shares = result["probability"][goal_id]
    return years_text(
        y for y, p in zip(result["years"], shares, strict=True) if p is not None
    )


# ---------------------------------------------------------------- sentences


def balance_chance(result: Mapping[str, Any]) -> list[str]:
    """Return how sure the balance requirement is in all years, and in how many draws."""
    found = _all_years(result, BALANSKRAV) if has_probabilities(result) else None
    if found is None:
        return []
    share, draws = float(found["share"]), _draws(result)
    sure = chance_text(share, draws)
    years = _years_of(result, BALANSKRAV)
    if UNSURE <= percent_of(share) < LIKELY:
        first = _(
            "Det är ovisst ({pct}) om kommunen klarar balanskravet alla år {ys}. Det kan gå åt båda hållen."
        ).format(pct=sure, ys=years)
    else:
        first = _(
            "Det är {word} ({pct}) att kommunen klarar balanskravet alla år {ys}."
        ).format(word=chance_word(share), pct=sure, ys=years)
    return [
        first,
        _("Så blev det i {k} av {n} beräkningar.").format(
            k=number(found["held"]), n=number(draws)
        ),
    ]


def rests_on(result: Mapping[str, Any]) -> list[str]:
    """Return which assumptions the probabilities rest on; empty when there are none."""
    assumed = [str(text) for text in _facts(result).get("assumed") or []]
    if not assumed:
        return []
    return [
        _(
            "Sannolikheten bygger på antaganden om {list}. De är inte prövade var för sig mot utfall."
        ).format(list=list_text(assumed)),
        *(
            [
                _(
                    "Svängningarna i skatteunderlaget är som helhet prövade mot utfall, och de var då något för stora."
                )
            ]
            if BASIS_LABELS["tax_base"] in assumed
            else []
        ),
    ]


def backtest_sentence() -> str:
    """Return where one can read how the method has held against what happened."""
    return _(
        "Hur metoderna har stämt med verkliga utfall står i {file}, som följer med Röd tråds källkod."
    ).format(file=BACKTEST)


def least_sure(result: Mapping[str, Any]) -> str:
    """Return which goal that must be kept is least sure; empty when all are very sure."""
    must = [
        str(g["goal_id"])
        for g in result.get("goals", [])
        if (g.get("level") or "must") == "must" and g["goal_id"] != BALANSKRAV
    ]
    shares = {
        key: float(found["share"])
        for key in must
        if (found := _all_years(result, key)) is not None
    }
    if not shares:
        return ""
    low = min(shares, key=lambda key: (shares[key], key))
    if percent_of(shares[low]) >= SURE:
        return ""
    return _(
        "Minst säkert av målen som måste hållas är {g}: {pct} för alla år {ys}."
    ).format(
        g=quoted(_plain_name(result, low)),
        pct=chance_text(shares[low], _draws(result)),
        ys=_years_of(result, low),
    )


def certainty_front(result: Mapping[str, Any]) -> list[str]:
    """Return what page one says first: the law, the least sure goal, the price."""
    if not has_probabilities(result):
        return risk_sentences(result)[:1]
    least = least_sure(result)
    return [
        *balance_chance(result)[:1],
        *([least] if least else []),
        *risk_sentences(result)[:1],
    ]


def certainty_sentences(result: Mapping[str, Any]) -> list[str]:
    """Return what the command line says of how sure the plan is."""
    told = balance_chance(result)[:1]
    least = least_sure(result) if has_probabilities(result) else ""
    told += [least] if least else []
    if told:
        told += rests_on(result)
    return [*told, *risk_sentences(result)]


def risk_sentences(result: Mapping[str, Any]) -> list[str]:
    """Return what the certainty that was asked for costs; empty when none was."""
    risk = result.get("risk")
    if not risk:
        return []
    goal = (
        _("balanskravet")
        if risk["goal_id"] == BALANSKRAV
        else _("målet {g}").format(g=quoted(_plain_name(result, risk["goal_id"])))
    )
    years = _span(int(risk["from_year"]), int(risk["to_year"]))
    asked = number(100 * risk["share"], 0 if _is_whole(100 * risk["share"]) else 1)
    reached = chance_text(risk["probability"], int(risk["draws"]))
    points = _points(risk["price_points"])
    changed = risk.get("differences") or {}
    same = not any(
        changed.get(key) for key in ("leaves", "enters", "moves", "switches")
    )
    if risk["status"] != "met" and _was_judged_safe(risk):
        return [
            _(
                "Sannolikheten att klara {goal} {ys} blev {reached}, strax under {asked}\u00a0procent."
            ).format(goal=goal, ys=years, asked=asked, reached=_just_below(risk)),
            _(
                "Det är räknat på nya dragningar. I dem som planen valdes på var sannolikheten {judged}\u00a0procent; skillnaden är slump."
            ).format(judged=_tenths(risk["judged"])),
            *(
                []
                if same
                else [
                    _("Planen kostar {np} nyttopoäng.").format(np=points),
                    *_changed_sentences(result, changed),
                ]
            ),
        ]
    if risk["status"] != "met":
        return [
            _(
                "Ingen plan hittades som klarar {goal} {ys} med sannolikheten {asked}\u00a0procent. Det är inte bevisat att ingen finns."
            ).format(goal=goal, ys=years, asked=asked),
            _(
                "Den säkraste plan som hittades når {reached}, och kostar {np} nyttopoäng."
            ).format(reached=reached, np=points),
        ]
    if same:
        return [
            _(
                "Planen klarar redan {goal} {ys} med sannolikheten {asked}\u00a0procent eller mer: den är {reached}."
            ).format(goal=goal, ys=years, asked=asked, reached=reached)
        ]
    pattern = (
        _(
            "Att klara {goal} {ys} med sannolikheten {asked}\u00a0procent och marginal för slumpfelet kostar {np} nyttopoäng. Sannolikheten blir då {reached}."
        )
        if risk["base_probability"] >= risk["share"]
        else _(
            "Att klara {goal} {ys} med sannolikheten {asked}\u00a0procent eller mer kostar {np} nyttopoäng. Sannolikheten blir då {reached}."
        )
    )
    told = pattern.format(goal=goal, ys=years, asked=asked, np=points, reached=reached)
    return [told, *_changed_sentences(result, changed)]


def _was_judged_safe(risk: Mapping[str, Any]) -> bool:
    """Whether the plan was safe enough in the draws that it was chosen on."""
    return bool(risk.get("judged", 0.0) >= risk.get("judged_limit", 1.0))


def _tenths(share: float) -> str:
    """Return a share in per cent, rounded down: short of a whole one is not it."""
    return number(math.floor(1000 * share + 1e-9) / 10, 1)


def _just_below(risk: Mapping[str, Any]) -> str:
    error = number(100 * ERRORS * float(risk["standard_error"]), 1)
    return _("{p}\u00a0procent, ±\u00a0{e}").format(
        p=_tenths(risk["probability"]), e=error
    )


def _changed_sentences(
    result: Mapping[str, Any], changed: Mapping[str, Any]
) -> list[str]:
    """Return which projects a safer plan changes, and how much less it spends."""
    told = []
    leaves = [_project(result, key) for key in changed.get("leaves") or []]
    enters = [_project(result, key) for key in changed.get("enters") or []]
    moved, switched = (len(changed.get(key) or []) for key in ("moves", "switches"))
    if leaves:
        told.append(_("Då lämnar {ps} planen.").format(ps=names_text(leaves)))
    if enters:
        told.append(_("In kommer {ps}.").format(ps=names_text(enters)))
    if moved:
        told.append(
            _("{n} projekt byter startår.").format(n=first_upper(count_text(moved)))
        )
    if switched:
        told.append(
            _("{n} projekt byter alternativ.").format(
                n=first_upper(count_text(switched))
            )
        )
    change = result["risk"].get("outlay_change_tkr")
    if change is not None and abs(change) >= figures.TRIFLE:
        pattern = (
            _("Utgifterna blir {kr} lägre, i {y} års priser.")
            if change < 0
            else _("Utgifterna blir {kr} högre, i {y} års priser.")
        )
        money = str(result["meta"].get("currency") or "kr")
        told.append(
            pattern.format(
                kr=money_text(abs(change), money), y=result["meta"]["base_year"]
            )
        )
    return told


def _is_whole(value: float) -> bool:
    return abs(value - round(value)) < 1e-9


def _points(x: float) -> str:
    return number(x, 0 if abs(x) >= 10 else 1)


def _span(first: int, last: int) -> str:
    return years_text(range(first, last + 1))


def _project(result: Mapping[str, Any], key: str) -> str:
    found = next((p for p in result["projects"] if p["project_id"] == key), None)
    return str(found["name"]) if found else key


# ---------------------------------------------------------------- the chapter


def uncertainty_section(result: Result) -> Section | None:
    """How sure the plan is; None without draws and without a certainty asked for."""
    if not has_probabilities(result) and not result.get("risk"):
        return None
    lead = [*balance_chance(result), *rests_on(result), backtest_sentence()]
    blocks: list[Block] = []
    if has_probabilities(result):
        blocks += _chance_blocks(result)
        blocks += _fan_blocks(result)
        blocks += _driver_blocks(result)
    blocks += _risk_blocks(result)
    if has_probabilities(result):
        blocks += _stress_blocks(result)
        blocks += _assumption_blocks(result)
    return Section(
        0,
        _("Hur säkert är det?"),
        tuple(Text(text) for text in lead),
        tuple(blocks),
        "sannolikhet",
    )


def uncertainty_sheets(result: Result) -> list[Sheet]:
    """Return the tables for the workbook, each with the kinds of its figures."""
    sheets = []
    years = len(result["years"])
    if has_probabilities(result):
        every = dict.fromkeys(range(years), "chance")
        sheets.append(Sheet(_("Sannolikheter"), chances_table(result), every))
        if (table := all_years_table(result)) is not None:
            kinds = {0: "chance", 1: "share", 2: "whole"}
            sheets.append(Sheet(_("Sannolikhet alla år"), table, kinds))
        money, shares = quantile_tables(result)
        kinds = dict.fromkeys(range(1, years + 1), "tkr")
        sheets.append(Sheet(_("Intervall, belopp"), money, kinds))
        kinds = dict.fromkeys(range(1, years + 1), "share")
        sheets.append(Sheet(_("Intervall, nyckeltal"), shares, kinds))
        if (table := drivers_table(result)) is not None:
            kinds = dict.fromkeys(range(len(table.columns) - 1), "share")
            sheets.append(Sheet(_("Vad osäkerheten beror på"), table, kinds))
    if (table := risk_table(result)) is not None:
        sheets.append(Sheet(_("Säkerhetens pris"), table, {1: "tkr"}))
    if (table := stress_table(result)) is not None:
        sheets.append(
            Sheet(_("Stresstester"), table, {0: "tkr", 1: "tkr", 2: "chance"})
        )
    if (table := assumption_table(result, None)) is not None:
        kinds = {1: "chance", 2: "chance", 3: "chance"}
        sheets.append(Sheet(_("Antaganden, sannolikhet"), table, kinds))
    if (table := parameters_table(result)) is not None:
        sheets.append(Sheet(_("Osäkerhetens parametrar"), table, {}))
    return sheets


def _basis_quality(result: Result) -> Quality:
    return "antagande" if _facts(result).get("assumed") else "berakning"


def _basis(result: Result) -> tuple[Text, ...]:
    """Return the caption of everything that is a probability: quality, and why so."""
    quality = _basis_quality(result)
    words = f"{_('Sannolikheter')}: {QUALITY_LABELS[quality]}"
    return (Text(words, quality=quality), *(Text(t) for t in rests_on(result)))


# ---------------------------------------------------------------- goal by goal


def _chance_blocks(result: Result) -> list[Block]:
    blocks: list[Block] = []
    tens = all_years_chart(result)
    if tens is not None:
        blocks.append(
            ChartBlock(
                tens,
                (
                    *_basis(result),
                    Text(
                        _(
                            "±: slumpfelet i procentenheter av att räkna med {n} dragningar; 19 gånger av 20 är det mindre."
                        ).format(n=number(_draws(result)))
                    ),
                ),
            )
        )
    chances = chances_chart(result)
    if chances is not None:
        blocks.append(
            ChartBlock(chances, (*_basis(result), Text(_yearly_error(result))))
        )
    return blocks


def _yearly_error(result: Result) -> str:
    return error_sentence(
        (p for key in _goals(result) for p in result["probability"][key]),
        _draws(result),
    )


def all_years_chart(result: Result) -> Figure | None:
    """Return each goal's probability in all its years, as ten circles and per cent."""
    draws = _draws(result)
    table = all_years_table(result)
    if table is None:
        return None
    ranks = tuple(
        Rank(
            goal_label(result, key),
            float(found["share"]),
            chance_text(float(found["share"]), draws),
            tens_text(float(found["share"])),
        )
        for key in _goals(result)
        if (found := _all_years(result, key)) is not None
    )
    law = next((r for r in ranks if r.label == goal_label(result, BALANSKRAV)), None)
    title = (
        _("Balanskravet klaras alla år i {tens} beräkningar").format(
            tens=law.words[:1].lower() + law.words[1:]
        )
        if law
        else _("Så sannolikt är det att målen nås alla år")
    )
    return Figure(
        kind="tens",
        title=title,
        unit=_("Sannolikhet att målet nås alla år som det gäller"),
        alt=_("Tio ringar per mål. {title}.").format(title=title),
        # The caption of the chart says what the note of the sheet says.
        table=replace(table, note=""),
        ranks=ranks,
    )


def all_years_table(result: Result) -> TableBlock | None:
    """Return each goal's probability in all its years, with the error of the drawing."""
    draws = _draws(result)
    rows = []
    for key in _goals(result):
        found = _all_years(result, key)
        if found is None:
            continue
        share = float(found["share"])
        error = ERRORS * float(found["standard_error"])
        rows.append(
            Row(
                goal_label(result, key),
                (
                    Cell(chance_cell(share), share),
                    Cell(f"±\u00a0{error_points(share, draws)}", error),
                    Cell(number(found["held"]), found["held"]),
                ),
                quality=_basis_quality(result),
            )
        )
    if not rows:
        return None
    return TableBlock(
        title=_("Sannolikhet att målen nås alla år"),
        subtitle=_("Räknat med {n} dragningar").format(n=number(draws)),
        columns=(
            Column(_("Mål"), "left"),
            Column(_("Sannolikhet")),
            Column(_("Slumpfel, procentenheter")),
            Column(_("Antal beräkningar")),
        ),
        rows=tuple(rows),
        note=" ".join(rests_on(result)),
        folded=True,
    )


def chances_chart(result: Result) -> Figure | None:
    """Return each goal's probability a year, as a strip with the figure in each cell."""
    goals = _goals(result)
    if not goals:
        return None
    years: list[int] = result["years"]

    def mood(share: float) -> Mood:
        percent = percent_of(share)
        if percent >= SURE:
            return "good"
        if percent >= LIKELY:
            return "tight"
        return "normal" if percent >= UNSURE else "missed"

    rows = tuple(
        HeatRow(
            goal_label(result, key),
            tuple(
                Cell(EN_DASH, None, mood="quiet")
                if p is None
                else Cell(
                    chance_cell(p).removesuffix(percent_sign("")), p, mood=mood(p)
                )
                for p in result["probability"][key]
            ),
        )
        for key in goals
    )
    law = result["probability"].get(BALANSKRAV)
    known = [(p, y) for p, y in zip(law or [], years, strict=False) if p is not None]
    if known:
        low, year = min(known)
        title = _("Balanskravet är minst säkert {y}: {pct}").format(
            y=year, pct=chance_text(low, _draws(result))
        )
    else:
        title = _("Så sannolikt är det att målen nås, år för år")
    return Figure(
        kind="chances",
        title=title,
        unit=_("Sannolikhet i procent, varje år för sig"),
        alt=_("En rad per mål, en ruta per år. {title}.").format(title=title),
        table=replace(chances_table(result), note=""),
        labels=tuple(str(y) for y in years),
        heat=rows,
    )


def chances_table(result: Result) -> TableBlock:
    """Return each goal's probability a year."""
    return TableBlock(
        title=_("Sannolikhet att målen nås, år för år"),
        subtitle=_("Varje år för sig, räknat med {n} dragningar").format(
            n=number(_draws(result))
        ),
        columns=(
            Column(_("Mål"), "left"),
            *(Column(str(y)) for y in result["years"]),
        ),
        rows=tuple(
            Row(
                goal_label(result, key),
                tuple(Cell(chance_cell(p), p) for p in result["probability"][key]),
                quality=_basis_quality(result),
            )
            for key in _goals(result)
        ),
        note=" ".join(
            text for text in (_yearly_error(result), *rests_on(result)) if text
        ),
        folded=True,
    )


# ---------------------------------------------------------------- fans


def _fan_blocks(result: Result) -> list[Block]:
    keys = ["res_andel"]
    aimed = {g.get("indicator") for g in result.get("goals", [])}
    keys += [k for k in ("nettolan", "lan_inv") if k in aimed] or ["nettolan"]
    blocks: list[Block] = []
    for key in keys:
        chart = fan_chart(result, key)
        if chart is None:
            continue
        inner = len(chart.bands) > 1
        blocks.append(
            ChartBlock(
                chart,
                (
                    Text(
                        f"{_('Intervall')}: {QUALITY_LABELS[_basis_quality(result)]}",
                        quality=_basis_quality(result),
                    ),
                    Text(
                        _(
                            "Det yttre fältet rymmer åtta fall av tio, det inre hälften. Mitten: lika många fall ligger över som under."
                        )
                        if inner
                        else _(
                            "Fältet rymmer åtta fall av tio. Mitten: lika många fall ligger över som under."
                        )
                    ),
                    *_same_basis(result),
                ),
            )
        )
    return blocks


def _same_basis(result: Result) -> tuple[Text, ...]:
    """Say, where the assumptions are named just above, that they hold here too."""
    if not _facts(result).get("assumed"):
        return ()
    return (Text(_("Bygger på samma antaganden som sannolikheterna ovan.")),)


_FAN_NAMES: Final = Labels(
    {
        "res_andel": later("resultatet"),
        "nettolan": later("nettolåneskulden"),
        "lan_inv": later("lånen"),
    }
)
_FAN_UNITS: Final = Labels(
    {
        "res_andel": later("Årets resultat, procent av skatter och bidrag"),
        "nettolan": later("Nettolåneskuld, procent av skatter och bidrag"),
    }
)


def _quantiles(result: Result, key: str) -> dict[str, Any]:
    """Return the quantiles by year of a line or indicator, the finest there are."""
    fans = {f["key"]: f for f in _facts(result).get("fans") or []}
    return dict(fans.get(key) or (result.get("quantiles") or {}).get(key) or {})


def fan_chart(result: Result, key: str) -> Figure | None:
    """Return an indicator in the draws: two bands, the middle, the plan and the goals."""
    found = _quantiles(result, key)
    years: list[int] = result["years"]
    middle = found.get("p50")
    if not middle or any(v is None for v in middle):
        return None
    people = key in PER_INHABITANT_INDICATORS
    scale = 1 / 1000 if people else 1.0

    def scaled(values: Sequence[float | None]) -> tuple[float | None, ...]:
        return tuple(None if v is None else v * scale for v in values)

    bands = [Band(_("Åtta fall av tio"), scaled(found["p10"]), scaled(found["p90"]))]
    if found.get("p25") and found.get("p75"):
        bands.append(
            Band(_("Hälften"), scaled(found["p25"]), scaled(found["p75"]), "inner")
        )
    debt = key != "res_andel"
    worst = (max if debt else min)(range(len(years)), key=lambda i: middle[i])
    title = _("I åtta fall av tio hamnar {line} {y} mellan {a} och {b}").format(
        line=_FAN_NAMES[key],
        y=years[worst],
        a=_amount(key, found["p10"][worst]),
        b=_amount_with_unit(result, key, found["p90"][worst]),
    )
    series = [Series("middle", _("Mitten"), scaled(middle))]
    planned = series_of(result, "indicators", key)
    if planned is not None:
        series.append(Series("planned", _("Planen"), scaled(planned), "baseline"))
    return Figure(
        kind="lines",
        title=title,
        unit=_("Kommunens egna lån vid årets slut, tusen {unit}").format(
            unit=unit_per_inhabitant(currency(result))
        )
        if people
        else _FAN_UNITS[key],
        alt=_("Solfjäder med en linje för mitten. {title}. Mitten är {m}.").format(
            title=title, m=_amount_with_unit(result, key, middle[worst])
        ),
        table=_fan_table(result, key, found),
        labels=tuple(str(y) for y in years),
        series=tuple(series),
        limits=_limits(result, key, scale),
        bands=tuple(bands),
        percent=not people,
    )


def _limits(result: Result, key: str, scale: float) -> tuple[Limit, ...]:
    """Return the goals on the indicator; no marks, as the line is not the outcome."""
    found = figures.goal_limits(result, (key,), scale)
    return tuple(replace(limit, operator="") for limit in found)


def _amount(key: str, value: float) -> str:
    if key in PER_INHABITANT_INDICATORS:
        return number(math.floor(value / 100 + 0.5) * 100)
    return number(100 * value, 1)


def _amount_with_unit(result: Result, key: str, value: float) -> str:
    if key in PER_INHABITANT_INDICATORS:
        return f"{_amount(key, value)}\u00a0{unit_per_inhabitant(currency(result))}"
    return _("{x}\u00a0procent").format(x=_amount(key, value))


_LEVELS: Final = (
    ("p10", later("En av tio under")),
    ("p25", later("En av fyra under")),
    ("p50", later("Mitten")),
    ("p75", later("En av fyra över")),
    ("p90", later("En av tio över")),
)


def _fan_table(result: Result, key: str, found: Mapping[str, Any]) -> TableBlock:
    """Return the quantiles a year; of the result also the amounts."""
    years: list[int] = result["years"]
    levels = [(k, _(label)) for k, label in _LEVELS if found.get(k)]
    planned = series_of(result, "indicators", key)
    people = key in PER_INHABITANT_INDICATORS
    columns = [Column(_("År"), "left"), *(Column(label) for _k, label in levels)]
    if planned is not None:
        columns.append(Column(_("Planen")))
    amounts: dict[str, Any] = {}
    if key == "res_andel":
        amounts = dict((result.get("quantiles") or {}).get("ar") or {})
        unit = unit_mkr(currency(result))
        columns += [
            Column(_("{level}, {unit}").format(level=_(label), unit=unit))
            for k, label in _LEVELS
            if k in amounts
        ]

    def text(value: float | None) -> str:
        return number(value) if people else share_table(value)

    rows = []
    for i, year in enumerate(years):
        cells = [Cell(text(found[k][i]), found[k][i]) for k, _label in levels]
        if planned is not None:
            figure = figure_of(result, key, i, planned[i])
            cells.append(Cell(text(planned[i]), planned[i], figure=figure))
        cells += [
            Cell(mkr(amounts[k][i]), amounts[k][i]) for k, _l in _LEVELS if k in amounts
        ]
        rows.append(Row(str(year), tuple(cells)))
    name = INDICATOR_LABELS[key]
    return TableBlock(
        title=_("{name}: så mycket kan det skilja").format(name=name),
        subtitle=unit_per_inhabitant(currency(result))
        if people
        else _("Procent av skatter och bidrag"),
        columns=tuple(columns),
        rows=tuple(rows),
        folded=True,
    )


def quantile_tables(result: Result) -> tuple[TableBlock, TableBlock]:
    """Return every line, and every indicator that is a share, with p10, p50 and p90."""
    labels = {
        **STATEMENT_LABELS,
        **BALANCE_LABELS,
        **BALANSKRAV_LABELS,
        "outlay": _("Utgifter för investeringar"),
    }
    found = result.get("quantiles") or {}
    words = {
        "p10": _("En av tio under"),
        "p50": _("Mitten"),
        "p90": _("En av tio över"),
    }

    def table(
        title: str, subtitle: str, names: Mapping[str, str], money: bool
    ) -> TableBlock:
        rows = [
            Row(
                names[key],
                (
                    Cell(word, word),
                    *(
                        Cell(mkr(v) if money else share_table(v), v)
                        for v in found[key][level]
                    ),
                ),
            )
            for key in names
            if key in found
            for level, word in words.items()
        ]
        return TableBlock(
            title=title,
            subtitle=subtitle,
            columns=(
                Column(_("Rad"), "left"),
                Column(_("Mått"), "left"),
                *(Column(str(y)) for y in result["years"]),
            ),
            rows=tuple(rows),
            note=" ".join(rests_on(result)),
        )

    shares = {
        key: label
        for key, label in INDICATOR_LABELS.items()
        if key not in PER_INHABITANT_INDICATORS
    }
    unit = unit_mkr(currency(result))
    return (
        table(
            _("Så mycket kan beloppen skilja"),
            _("{unit}, löpande priser. Varje rad för sig.").format(unit=unit),
            labels,
            True,
        ),
        table(
            _("Så mycket kan nyckeltalen skilja"),
            _("Procent. Varje rad för sig."),
            shares,
            False,
        ),
    )


# ---------------------------------------------------------------- what decides


def _driver_blocks(result: Result) -> list[Block]:
    chart = drivers_chart(result)
    if chart is None:
        return []
    return [
        ChartBlock(
            chart,
            (
                Text(
                    f"{_('Andelar')}: {QUALITY_LABELS[_basis_quality(result)]}",
                    quality=_basis_quality(result),
                ),
                Text(
                    _(
                        "Andel av hur mycket resultatet svänger runt planen. Det som dämpar svängningarna står bara i tabellen."
                    )
                ),
                *_same_basis(result),
            ),
        )
    ]


def drivers_chart(result: Result) -> Figure | None:
    """Return what the balance requirement's uncertainty comes from, the largest first."""
    table = drivers_table(result)
    ranked = (_facts(result).get("drivers") or {}).get(BALANSKRAV) or []
    shown = [d for d in ranked if d["share"] >= _SMALL_SHARE]
    if table is None or not shown:
        return None
    title = _("{driver} betyder mest: {pct} av osäkerheten").format(
        driver=shown[0]["label"], pct=_whole_percent_text(shown[0]["share"])
    )
    return Figure(
        kind="ranked",
        title=title,
        unit=_("Andel av osäkerheten i resultatet som balanskravet prövar"),
        alt=_("Liggande staplar i storleksordning. {title}.").format(title=title),
        table=table,
        ranks=tuple(
            Rank(str(d["label"]), float(d["share"]), share_table(d["share"], 0))
            for d in shown
        ),
    )


def _whole_percent_text(share: float) -> str:
    return share_text(share, 0)


def drivers_table(result: Result) -> TableBlock | None:
    """Return what each goal's uncertainty comes from, a row a goal."""
    drivers = _facts(result).get("drivers") or {}
    goals = [key for key in _goals(result) if drivers.get(key)]
    if not goals:
        return None
    groups = [(d["group"], str(d["label"])) for d in drivers[goals[0]]]
    rows = []
    for key in goals:
        shares = {d["group"]: float(d["share"]) for d in drivers[key]}
        rows.append(
            Row(
                goal_label(result, key),
                tuple(
                    Cell(share_table(shares.get(g), 0), shares.get(g))
                    for g, _label in groups
                ),
            )
        )
    return TableBlock(
        title=_("Vad osäkerheten kommer från"),
        subtitle=_("Andel av variationen i målets marginal, i genomsnitt över åren"),
        columns=(Column(_("Mål"), "left"), *(Column(label) for _g, label in groups)),
        rows=tuple(rows),
        note=_("Ett minustecken betyder att det dämpar svängningarna."),
        folded=True,
    )


# ---------------------------------------------------------------- the price of safety


def _risk_blocks(result: Result) -> list[Block]:
    told = risk_sentences(result)
    if not told:
        return []
    risk = result["risk"]
    before = (
        _(
            "Planen i rapporten når {a} på samma dragningar, men hade inte marginal nog i dem som valet gjordes på."
        )
        if risk["base_probability"] >= risk["share"] and risk_table(result) is not None
        else _("Planen i rapporten når {a} på samma dragningar.")
    ).format(a=chance_text(risk["base_probability"], int(risk["draws"])))
    apart = _(
        "Det är räknat på {n} dragningar för sig, så sannolikheten skiljer sig något från den som står tidigare."
    ).format(n=number(risk["draws"]))
    blocks: list[Block] = [
        Paragraphs(
            tuple(
                Text(t)
                for t in (
                    *told,
                    before,
                    *([apart] if has_probabilities(result) else []),
                    *rests_on(result),
                )
            ),
            _("Vad mer säkerhet kostar"),
        )
    ]
    table = risk_table(result)
    if table is not None:
        blocks.append(table)
    return blocks


def risk_table(result: Result) -> TableBlock | None:
    """Return what the safer plan changes, project by project; None without changes."""
    risk = result.get("risk") or {}
    changed = risk.get("differences") or {}
    projects = {p["project_id"]: p for p in result["projects"]}

    def row(key: str, what: str) -> Row:
        outlay = projects.get(key, {}).get("outlay_fixed_tkr")
        return Row(_project(result, key), (Cell(what, what), Cell(mkr(outlay), outlay)))

    rows = [row(key, _("lämnar planen")) for key in changed.get("leaves") or []]
    rows += [row(key, _("kommer in")) for key in changed.get("enters") or []]
    rows += [
        row(
            str(m["project_id"]),
            _("startar {b} i stället för {a}").format(a=m["from"], b=m["to"]),
        )
        for m in changed.get("moves") or []
    ]
    rows += [
        row(
            str(m["project_id"]),
            _("byter alternativ, från {a} till {b}").format(a=m["from"], b=m["to"]),
        )
        for m in changed.get("switches") or []
    ]
    if not rows:
        return None
    return TableBlock(
        title=_("Vad den säkrare planen ändrar"),
        subtitle=_("Utgift i {unit}, {y} års priser").format(
            unit=unit_mkr(currency(result)), y=result["meta"]["base_year"]
        ),
        columns=(
            Column(_("Projekt"), "left"),
            Column(_("Ändring"), "left"),
            Column(_("Utgift")),
        ),
        rows=tuple(rows),
        note=_("Planen i resten av rapporten är oförändrad."),
        folded=len(rows) > _LONG_TABLE,
    )


# ---------------------------------------------------------------- stress tests


def _stress_blocks(result: Result) -> list[Block]:
    table = stress_table(result)
    return [] if table is None else [table]


def stress_table(result: Result) -> TableBlock | None:
    """Return each stress test: result, loans, the law's probability, goals then missed."""
    tests = _facts(result).get("stress") or []
    if not tests:
        return None
    draws = _draws(result)
    years: list[int] = result["years"]
    rows = []
    for test in tests:
        mean = math.fsum(test["ar_change"]) / len(test["ar_change"])
        loans = test["loans_change"][-1]
        share = test["probability"].get(BALANSKRAV)
        broken = _broken_text(result, test["broken"])
        rows.append(
            Row(
                str(test["label"]),
                (
                    Cell(mkr(mean), mean),
                    Cell(mkr(loans), loans),
                    Cell(missing(), None)
                    if share is None
                    else Cell(chance_with_error(share, draws), share),
                    Cell(broken, broken),
                ),
            )
        )
    before = tests[0]["probability_before"].get(BALANSKRAV)
    note = [
        _("Inga nya beslut tas: kommunen fortsätter som i planen, utan motdrag."),
        *(
            [
                _("Utan stress är sannolikheten {pct}.").format(
                    pct=chance_text(before, draws)
                )
            ]
            if before is not None
            else []
        ),
        *rests_on(result),
    ]
    return TableBlock(
        title=_stress_title(result, tests),
        subtitle=_(
            "Ändring mot planen i {unit}, löpande priser. Sannolikheten gäller balanskravet alla år."
        ).format(unit=unit_mkr(currency(result))),
        columns=(
            Column(_("Stresstest"), "left"),
            Column(_("Resultat per år")),
            Column(_("Lån {y}").format(y=years[-1])),
            Column(_("Sannolikhet")),
            Column(_("Mål som då inte nås"), "left"),
        ),
        rows=tuple(rows),
        note=" ".join(note),
    )


def _broken_text(result: Result, broken: Mapping[str, Sequence[int]]) -> str:
    """Return which goals a stress breaks: the law and what must be kept by name."""
    aims = {
        str(g["goal_id"]) for g in result.get("goals", []) if g.get("level") == "aim"
    }
    keys = [key for key in _goals(result) if broken.get(key)]
    told = [
        _("{goal} ({ys})").format(
            goal=_("Balanskravet") if key == BALANSKRAV else _plain_name(result, key),
            ys=years_text(broken[key]),
        )
        for key in keys
        if key not in aims
    ]
    count = sum(key in aims for key in keys)
    if count:
        told.append(_("{n} mål som bör nås").format(n=first_upper(count_text(count))))
    return "; ".join(told) or _("Inget")


def _stress_title(result: Result, tests: Sequence[Mapping[str, Any]]) -> str:
    held = [t for t in tests if not t["broken"].get(BALANSKRAV)]
    unmet = [
        y
        for y, left in zip(
            result["years"], series_of(result, "balanskrav", "bkr") or [], strict=False
        )
        if left is not None and left < -1e-3
    ]
    if unmet:
        return _("Stresstester av planen")
    if not held:
        return _("Balanskravet klaras inte i något av de {n} stresstesterna").format(
            n=count_text(len(tests))
        )
    if len(held) == len(tests):
        return _("Balanskravet klaras i alla {n} stresstester").format(
            n=count_text(len(tests))
        )
    return _("Balanskravet klaras i {a} av {n} stresstester").format(
        a=count_text(len(held)), n=count_text(len(tests))
    )


# ---------------------------------------------------------------- assumptions


def _assumption_blocks(result: Result) -> list[Block]:
    blocks: list[Block] = []
    table = assumption_table(result)
    if table is not None:
        blocks.append(table)
    parameters = parameters_table(result)
    if parameters is not None:
        blocks.append(parameters)
    if result.get("completion"):
        blocks.append(
            Callout(
                (
                    Text(
                        _(
                            "Förseningar dras för varje projekt för sig. Kommunens genomförandegrad är därför inte med i sannolikheterna."
                        )
                    ),
                )
            )
        )
    return blocks


def _limit_text(value: float, unit: str) -> str:
    if unit == "år":
        return _("{x}\u00a0år").format(x=number(value, 0 if _is_whole(value) else 1))
    small = abs(value) < 0.01 and not _is_whole(1000 * value)
    return share_table(value, 0 if _is_whole(100 * value) else 2 if small else 1)


def assumption_table(
    result: Result, most: int | None = _SHOWN_ASSUMPTIONS
) -> TableBlock | None:
    """Return how far each assumption moves the probability; those that do not, counted.

    Args:
        result: the plan.
        most: how many are shown; None is all, also those that move nothing.
    """
    from rodtrad.capacity.stress import RANGE_DRAWS

    found = _facts(result).get("assumptions") or {}
    units = {p["key"]: p["unit"] for p in _facts(result).get("parameters") or []}
    rows = [r for r in found.get("rows") or [] if _is_known(r)]
    moving = [r for r in rows if _moved(r) >= _POINT]
    shown = rows if most is None else moving[:most]
    if not rows or not shown:
        return None
    goal = goal_label(result, found["goal_id"])
    title = _("Ett antagande flyttar sannolikheten som mest {n}").format(
        n=percentage_points(round(max(_moved(r) for r in rows), 2))
    )
    still = len(rows) - len(moving)
    return TableBlock(
        title=title,
        subtitle=_(
            "Sannolikhet: {goal} alla år, när ett antagande i taget ändras"
        ).format(goal=goal),
        columns=(
            Column(_("Antagande"), "left"),
            Column(_("Från och till")),
            Column(_("Vid det lägsta")),
            Column(_("Som det är satt")),
            Column(_("Vid det högsta")),
        ),
        rows=tuple(
            Row(
                str(r["label"]),
                (
                    Cell(_range(r, units), _range(r, units)),
                    *(
                        Cell(chance_cell(r[key]), r[key])
                        for key in ("at_low", "at_value", "at_high")
                    ),
                ),
                quality="antagande",
            )
            for r in shown
        ),
        note=" ".join(
            text
            for text in (
                _(
                    "Räknat med {n} dragningar, samma för alla: slumpfelet är ±\u00a0{e}."
                ).format(
                    n=number(RANGE_DRAWS),
                    e=error_text(float(rows[0]["at_value"]), RANGE_DRAWS),
                ),
                _("{n} antaganden till flyttar mindre än en procentenhet.").format(
                    n=first_upper(count_text(still))
                )
                if most is not None and still > 1
                else "",
            )
            if text
        ),
    )


def _range(row: Mapping[str, Any], units: Mapping[str, str]) -> str:
    return _span_text(row["low"], row["high"], units.get(row["key"], "andel"))


def _span_text(low: float, high: float, unit: str) -> str:
    """Return two limits with their unit once."""
    first = _limit_text(low, unit).split("\u00a0")[0].rstrip("%")
    return f"{first}{EN_DASH}{_limit_text(high, unit)}"


def _is_known(row: Mapping[str, Any]) -> bool:
    return all(
        row[key] is not None and math.isfinite(row[key])
        for key in ("at_low", "at_value", "at_high")
    )


def _moved(row: Mapping[str, Any]) -> float:
    return abs(float(row["at_high"]) - float(row["at_low"]))


def parameters_table(result: Result) -> TableBlock | None:
    """Return every parameter behind the draws, with range, quality and source."""
    found = _facts(result).get("parameters") or []
    if not found:
        return None
    rows = []
    for p in found:
        span = _span_text(p["low"], p["high"], p["unit"])
        quality = normal_quality(p.get("quality"))
        rows.append(
            Row(
                str(p["label"]),
                (
                    Cell(_limit_text(p["value"], p["unit"]), p["value"]),
                    Cell(span, span),
                    Cell(
                        QUALITY_LABELS.get(quality, missing()),
                        quality or None,
                        quality,
                    ),
                    Cell(str(p.get("source") or _("uppgift saknas")), p.get("source")),
                ),
            )
        )
    return TableBlock(
        title=_("Vad svängningarna bygger på"),
        subtitle=_("Beräknat ur statistik, eller antaget med ett spann"),
        columns=(
            Column(_("Vad"), "left"),
            Column(_("Värde")),
            Column(_("Spann")),
            Column(_("Kvalitet"), "left"),
            Column(_("Källa"), "left"),
        ),
        rows=tuple(rows),
        folded=True,
    )

"""What could be chosen beside the plan? Near-optimal plans, starts, room, reserve, replan.

Reads `beside` and `curves` of plan.json; a part that is not computed is left out, and so is the
chapter when all are. Amounts of room are sums over the plan's years, in current prices.
Leaves out the plan at the municipality's own pace, which stands with how sure it is
(chapters).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from rodtrad.domain.words import (
    EN_DASH,
    _,
    count_text,
    mkr,
    money_text,
    names_text,
    number,
    plural,
    share_table,
    share_text,
    unit_mkr,
)
from rodtrad.publish.blocks import (
    Block,
    Cell,
    ChartBlock,
    Column,
    Figure,
    Paragraphs,
    Row,
    Section,
    Series,
    TableBlock,
    Text,
)
from rodtrad.publish.figures import currency, first_upper

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Result = dict[str, Any]

_LONG_TABLE: Final = 15


def choices_section(result: Result) -> Section | None:
    """The choices beside the plan; None where none were computed."""
    tables = choice_tables(result)
    if not tables:
        return None
    found = result.get("beside") or {}
    lead = [str((found.get("near") or {}).get("text") or "")]
    blocks: list[Block] = []
    for key, table in tables.items():
        chart = room_curve(result) if key == "curves" else None
        blocks.append(table if chart is None else ChartBlock(chart))
        told = _told(found.get(key) or {}) if key in ("reserve", "replan") else []
        if told:
            blocks.append(Paragraphs(tuple(Text(t) for t in told)))
    return Section(
        0,
        _("Valmöjligheter"),
        tuple(
            Text(t)
            for t in (
                _(
                    "Planen är ett av flera sätt. Här står vad som kan väljas annorlunda."
                ),
                *lead,
            )
            if t
        ),
        tuple(blocks),
        "valmojligheter",
    )


def choice_tables(result: Result) -> dict[str, TableBlock]:
    """Return the tables that the result has figures for, by the key under `beside`."""
    made = {
        "near": near_table(result),
        "windows": windows_table(result),
        "curves": curves_table(result),
        "reserve": reserve_table(result),
        "replan": replan_table(result),
    }
    return {key: table for key, table in made.items() if table is not None}


def _told(facts: Mapping[str, Any]) -> list[str]:
    text = facts.get("text") or []
    return [text] if isinstance(text, str) else [str(t) for t in text]


def _names(result: Result, keys: Iterable[str]) -> str:
    names = {p["project_id"]: str(p["name"]) for p in result.get("projects", [])}
    return names_text([names.get(key, key) for key in keys])


def _points(x: float | None) -> str:
    return number(x, 0 if x is not None and abs(x) >= 10 else 1)


# ---------------------------------------------------------------- almost as good


def near_table(result: Result) -> TableBlock | None:
    """Return the near-optimal plans with what differs, best first."""
    near = (result.get("beside") or {}).get("near") or {}
    plans = near.get("plans") or []
    if not plans:
        return None
    rows = tuple(
        Row(
            _("Plan\u00a0{letter}").format(letter=_letter(i)),
            (
                Cell(_points(plan["loss"]), plan["loss"]),
                Cell(share_table(plan["loss_share"]), plan["loss_share"]),
                Cell(_signed(plan["outlay_change_tkr"]), plan["outlay_change_tkr"]),
                Cell(share_table(plan["difference"], 0), plan["difference"]),
                # The first sentence is the loss, which has its own columns.
                Cell(" ".join(plan["text"][1:]), " ".join(plan["text"][1:])),
            ),
        )
        for i, plan in enumerate(plans)
    )
    return TableBlock(
        title=plural(
            "En plan som är nästan lika bra",
            "{n} planer som är nästan lika bra",
            len(plans),
        ).format(n=first_upper(count_text(len(plans)))),
        subtitle=_(
            "Jämfört med planen i rapporten. Utgift i {unit}, {y} års priser."
        ).format(unit=unit_mkr(currency(result)), y=result["meta"]["base_year"]),
        columns=(
            Column(_("Plan"), "left"),
            Column(_("Nyttopoäng mindre")),
            Column(_("Andel av nyttan")),
            Column(_("Utgift, skillnad")),
            Column(_("Utgifter som skiljer")),
            Column(_("Vad som skiljer"), "left"),
        ),
        rows=rows,
        note=_("Alla planerna håller de mål som måste hållas."),
    )


def _letter(i: int) -> str:
    return chr(ord("A") + i)


def _signed(tkr: float) -> str:
    return ("+" if tkr > 0 else "") + mkr(tkr)


# ---------------------------------------------------------------- starts


def window_sentence(result: Result, project_id: str) -> str:
    """Return when a project may start at the earliest and latest, where it may move.

    Only the two ends have a plan that shows them, so no more is said of the years
    between.
    """
    windows = (result.get("beside") or {}).get("windows") or {}
    window = next(
        (w for w in windows.get("projects") or [] if w["project_id"] == project_id),
        None,
    )
    if window is None or window["earliest"] >= window["latest"]:
        return ""
    if window["earliest"] == window["start_year"]:
        pattern = _(
            "Det kan också starta så sent som {b}; nyttan blir då högst {pct} lägre."
        )
    elif window["latest"] == window["start_year"]:
        pattern = _(
            "Det kan också starta så tidigt som {a}; nyttan blir då högst {pct} lägre."
        )
    else:
        pattern = _(
            "Det kan också starta så tidigt som {a} eller så sent som {b}; nyttan blir då högst {pct} lägre."
        )
    return pattern.format(
        a=window["earliest"],
        b=window["latest"],
        pct=share_text(windows["share"]),
    )


def windows_table(result: Result) -> TableBlock | None:
    """Return the projects whose start may move, with the years that are almost as good."""
    windows = (result.get("beside") or {}).get("windows") or {}
    wide = [w for w in windows.get("projects") or [] if w["earliest"] < w["latest"]]
    if not wide:
        return None
    names = {p["project_id"]: str(p["name"]) for p in result.get("projects", [])}
    wide.sort(key=lambda w: (w["earliest"], str(w["project_id"])))
    rows = tuple(
        Row(
            names.get(w["project_id"], w["project_id"]),
            (
                Cell(str(w["start_year"]), w["start_year"]),
                Cell(
                    f"{w['earliest']}{EN_DASH}{w['latest']}",
                    f"{w['earliest']}{EN_DASH}{w['latest']}",
                ),
                Cell(
                    f"{w['first_allowed']}{EN_DASH}{w['last_allowed']}",
                    f"{w['first_allowed']}{EN_DASH}{w['last_allowed']}",
                ),
            ),
        )
        for w in wide
    )
    return TableBlock(
        title=plural(
            "{n} projekt kan starta andra år",
            "{n} projekt kan starta andra år",
            len(wide),
        ).format(n=number(len(wide))),
        subtitle=_(
            "Startår som kostar högst {pct} av planens nytta, ett projekt i taget"
        ).format(pct=share_text(windows["share"])),
        columns=(
            Column(_("Projekt"), "left"),
            Column(_("I planen")),
            Column(_("Startfönster")),
            Column(_("Underlaget tillåter")),
        ),
        rows=rows,
        note=_(
            "Fönstrets första och sista år har var sin plan som visar att det går. Fönstret kan vara bredare än vad beräkningen har hittat."
        ),
        folded=len(wide) > _LONG_TABLE,
    )


# ---------------------------------------------------------------- more or less room


def room_curve(result: Result) -> Figure | None:
    """Return what more or less room gives, all goals together, as bars from the plan."""
    table = curves_table(result)
    curve = next((c for c in result.get("curves") or [] if c["goal_id"] is None), None)
    today = result["status"]["objective"]
    if table is None or curve is None or today is None:
        return None
    points = [p for p in curve["points"] if p["value"] is not None]
    if not points:
        return None
    unit = unit_mkr(currency(result))
    shown = next((p for p in points if p["room_tkr"] == _TOLD_TKR), points[-1])
    amount = money_text(abs(shown["room_tkr"]), currency(result))
    pattern = (
        _("{kr} mer utrymme {y} ger {np} nyttopoäng mer i den bästa plan som hittats")
        if shown["room_tkr"] > 0
        else _(
            "{kr} mindre utrymme {y} ger {np} nyttopoäng mindre i den bästa plan som hittats"
        )
    )
    title = pattern.format(
        kr=amount, y=curve["year"], np=_points(abs(shown["value"] - today))
    )
    return Figure(
        kind="bars",
        title=title,
        unit=_("Nyttopoäng jämfört med planen, vid ändrat utrymme {y} i {unit}").format(
            y=curve["year"], unit=unit
        ),
        alt=_("Staplar med nyttan vid mer och mindre utrymme. {title}.").format(
            title=title
        ),
        table=replace(table, folded=True),
        labels=tuple(_whole_signed(p["room_tkr"]) for p in points),
        series=(
            Series("value", _("Nyttopoäng"), tuple(p["value"] - today for p in points)),
        ),
        decimals=1,
    )


# The step whose answer is the finding of the chart, tkr.
_TOLD_TKR: Final = 25_000.0


def _whole_signed(tkr: float) -> str:
    return ("+" if tkr > 0 else "") + mkr(tkr, 0)


def curves_table(result: Result) -> TableBlock | None:
    """Return what room for all goals, and for each limiting goal, gives and changes."""
    curves = result.get("curves") or []
    today = result["status"].get("objective")
    if not curves or today is None:
        return None
    names = {g["goal_id"]: str(g["name"]) for g in result.get("goals", [])}
    rows: list[Row] = []
    for curve in curves:
        goal = curve["goal_id"]
        name = _("Alla mål") if goal is None else names.get(goal, goal)
        rows.append(Row(name, (), "group"))
        rows += [_curve_row(result, point, today) for point in curve["points"]]
    return TableBlock(
        title=_("Vad mer och mindre utrymme ger"),
        subtitle=_(
            "Ändrat utrymme {y} i {unit}. Nyttopoäng jämfört med planen."
        ).format(y=curves[0]["year"], unit=unit_mkr(currency(result))),
        columns=(
            Column(_("Utrymme"), "left"),
            Column(_("Bästa plan som hittats")),
            Column(_("Bästa möjliga, högst")),
            Column(_("Vad som händer"), "left"),
        ),
        rows=tuple(rows),
        note=_(
            "För ett enskilt mål ändras bara det målet, lika mycket som utrymmet skulle ge i planen."
        ),
    )


def _curve_row(result: Result, point: Mapping[str, Any], today: float) -> Row:
    value, bound = (
        None if point[key] is None else point[key] - today for key in ("value", "bound")
    )
    what = []
    if point["leaves"]:
        what.append(_("Lämnar: {ps}.").format(ps=_names(result, point["leaves"])))
    if point["enters"]:
        what.append(_("Kommer in: {ps}.").format(ps=_names(result, point["enters"])))
    if value is None:
        what = [
            _("Kraven går inte ihop.")
            if point["status"] == "proven"
            else _("Inte avgjort.")
        ]
    text = " ".join(what) or _("Samma projekt.")
    return Row(
        _whole_signed(point["room_tkr"]),
        (
            Cell(_signed_points(value), value),
            Cell(_signed_points(bound), bound),
            Cell(text, text),
        ),
    )


def _signed_points(x: float | None) -> str:
    if x is None:
        return EN_DASH
    text = number(x, 1)
    return f"+{text}" if x > 0 and text != number(0.0, 1) else text


# ---------------------------------------------------------------- reserve list


def reserve_table(result: Result) -> TableBlock | None:
    """Return the ladder by room: most room first, today in the middle, least last."""
    levels = ((result.get("beside") or {}).get("reserve") or {}).get("levels") or []
    if not levels:
        return None
    today = Row(
        _("I dag"),
        (Cell(mkr(0.0, 0), 0.0), Cell(_("planen"), _("planen")), Cell(EN_DASH, None)),
        "sum",
    )
    rows: list[Row] = []
    for level in sorted(levels, key=lambda one: -one["level"]):
        if level["level"] < 0 and today not in rows:
            rows.append(today)
        rows.append(_level_row(result, level))
    if today not in rows:
        rows.append(today)
    return TableBlock(
        title=_("Reservlista: om utrymmet ändras"),
        subtitle=_("Utrymme i {unit} för hela planen, löpande priser").format(
            unit=unit_mkr(currency(result))
        ),
        columns=(
            Column(_("Utrymme"), "left"),
            Column(_("Ändring")),
            Column(_("Vad som händer"), "left"),
            Column(_("Ordningens pris, nyttopoäng")),
        ),
        rows=tuple(rows),
        note=_(
            "Läs uppåt från i dag för mer utrymme, nedåt för mindre. Varje steg bygger på det förra. Priset är nyttan som går förlorad för att ordningen ska hålla."
        ),
    )


def _level_row(result: Result, level: Mapping[str, Any]) -> Row:
    room = sum(x or 0.0 for x in level["room_tkr"])
    what = []
    if level["leaves"]:
        what.append(_("Lämnar: {ps}.").format(ps=_names(result, level["leaves"])))
    if level["enters"]:
        what.append(_("Kommer in: {ps}.").format(ps=_names(result, level["enters"])))
    if level["nested"]["choices"] is None:
        what = [_("Ingen plan hittades.")]
    text = " ".join(what) or _("Inget projekt kommer in eller lämnar.")
    share = share_table(abs(level["level"]), 0)
    pattern = _("{pct}\u00a0mer") if level["level"] > 0 else _("{pct}\u00a0mindre")
    return Row(
        pattern.format(pct=share),
        (
            Cell(_signed(room), room),
            Cell(text, text),
            Cell(_price_text(level), level["price"]),
        ),
    )


def _price_text(level: Mapping[str, Any]) -> str:
    """Return what the order costs: as found, or up to what is not ruled out."""
    low, high = level["price_low"], level["price_high"]
    if low is None:
        return EN_DASH
    if high is not None and _points(low) == _points(high):
        return _points(high)
    if high is None:
        return _("minst {a}").format(a=_points(low))
    return f"{_points(low)}{EN_DASH}{_points(high)}"


# ---------------------------------------------------------------- replan


def replan_table(result: Result) -> TableBlock | None:
    """Return what is lost by changing no more than so much of the decided plan."""
    facts = (result.get("beside") or {}).get("replan") or {}
    points = facts.get("points") or []
    if not points:
        return None
    rows = tuple(_replan_row(result, point) for point in points)
    return TableBlock(
        title=_("Vad det kostar att hålla fast vid den beslutade planen"),
        subtitle=_("Bästa plan för varje mått av ändring"),
        columns=(
            Column(_("Ändringar, högst"), "left"),
            Column(_("Ändrade projekt")),
            Column(_("Nyttopoäng")),
            Column(_("Mindre än utan gräns")),
            Column(_("Projekt som ändras"), "left"),
        ),
        rows=rows,
        note=_("En ändring som rör planens två första år räknas som två."),
    )


def _replan_row(result: Result, point: Mapping[str, Any]) -> Row:
    limit = point["limit"]
    header = _("utan gräns") if limit is None else number(limit)
    if point["choices"] is None:
        text = (
            _("Går inte: kraven bryts.")
            if point["impossible"]
            else _("Ingen plan hittades.")
        )
        none = Cell(EN_DASH, None)
        return Row(header, (none, none, none, Cell(text, text)))
    low, high = point["loss_low"], point["loss_high"]
    changed = _names(result, point["changes"]) if point["changes"] else EN_DASH
    return Row(
        header,
        (
            Cell(number(len(point["changes"])), len(point["changes"])),
            Cell(number(point["objective"], 1), point["objective"]),
            Cell(_span(low, high), high),
            Cell(changed, changed),
        ),
    )


def _span(low: float | None, high: float | None) -> str:
    if high is None:
        return EN_DASH if low is None else _("minst {a}").format(a=_points(low))
    if low is None:
        return _("högst {a}").format(a=_points(high))
    if _points(low) == _points(high):
        return _points(high)
    return f"{_points(low)}{EN_DASH}{_points(high)}"

"""Which pictures does a plan give? Each is plain data with the table of its figures.

Every function takes the result (plan.json as a dict) and returns a `Figure`, or None
where the plan has nothing to show. Amounts are millions, shares are shares, debt is
thousands per inhabitant; the tables keep the unrounded figures in plan.json's units.
Leaves out how a chart is drawn (svg) and the text around it (content, chapters).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from rodtrad.capacity.lines import PROJECTS_OUTLAY
from rodtrad.capacity.result import goal_mood as goal_mood
from rodtrad.domain.words import (
    EN_DASH,
    LEVEL_LABELS,
    PER_INHABITANT_INDICATORS,
    _,
    count_text,
    indicator_table,
    mkr,
    money_text,
    number,
    per_inhabitant_text,
    plural,
    share_text,
    unit_mkr,
    unit_per_inhabitant,
    years_text,
)
from rodtrad.publish.blocks import (
    Bar,
    Cell,
    Column,
    Figure,
    HeatRow,
    Limit,
    Quality,
    Row,
    Series,
    Step,
    TableBlock,
)
from rodtrad.publish.trails import baseline_figure, figure_of, outlay_figure

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Result = dict[str, Any]
Years = list[float | None]

# A timeline with more rows than this is no picture any more.
TIMELINE_ROWS: Final = 45
# So many of the projects outside the plan are drawn even when rows are short.
_LEFT_OUT_ROWS: Final = 8
# tkr; less is rounding.
TRIFLE: Final = 0.5
_RESULT_INDICATORS: Final = ("res_andel", "bkr_andel")
_DEBT_INDICATORS: Final = ("lan_inv", "nettolan")
# The goals that the two measures of room beside own funds are made of.
ROOM_GOALS: Final = {
    "debt_ceiling": _DEBT_INDICATORS,
    "result_target": _RESULT_INDICATORS,
}
ROOM_INDICATORS: Final = (*_DEBT_INDICATORS, *_RESULT_INDICATORS)
_WORST: Final = ("antagande", "berakning", "uppgift")


# ---------------------------------------------------------------- reading the result


def currency(result: Result) -> str:
    """Return the currency of the plan's amounts."""
    return str(result.get("meta", {}).get("currency") or "kr")


def series_of(result: Mapping[str, Any], *path: str) -> Years | None:
    """Return the yearly figures under a path of keys; None where something is missing."""
    node: Any = result
    for key in path:
        if not isinstance(node, dict) or node.get(key) is None:
            return None
        node = node[key]
    return list(node) if isinstance(node, list) else None


def total(values: Iterable[float | None]) -> float:
    """Return the sum; a missing figure counts as nothing."""
    return math.fsum(v for v in values if v is not None)


def worst_quality(result: Result, *keys: str) -> Quality:
    """Return the worst quality of the named figures, empty if none is known."""
    figures = result.get("quality", {}).get("figures", {})
    found = {normal_quality(figures.get(key)) for key in keys}
    for quality in _WORST:
        if quality in found:
            return normal_quality(quality)
    return ""


def normal_quality(value: Any) -> Quality:
    """Return a quality as one of the known keys; empty for anything else."""
    text = str(value or "").replace("ä", "a")
    if text == "uppgift":
        return "uppgift"
    if text == "berakning":
        return "berakning"
    return "antagande" if text == "antagande" else ""


def is_assumed(result: Result, key: str) -> bool:
    """Return True where a line or indicator rests on at least one assumption."""
    return worst_quality(result, key) == "antagande"


def rough_text(tkr: float | None, money: str, assumed: bool) -> str:
    """Return an amount for running text; one that is assumed has two significant digits.

    Example:
        >>> rough_text(1_016_000, "kr", True).replace("\u00a0", " ")
        'omkring 1 000 miljoner kronor'
    """
    if not assumed or not tkr:
        return money_text(tkr, money)
    step = 10.0 ** (math.floor(math.log10(abs(tkr))) - 1)
    rounded = math.copysign(math.floor(abs(tkr) / step + 0.5) * step, tkr)
    return _("omkring {kr}").format(kr=money_text(rounded, money))


def outlay_quality(project: Mapping[str, Any]) -> Quality:
    """Return how well the project's outlays are known, else the project itself."""
    return normal_quality(project.get("outlay_quality") or project.get("quality"))


def start_windows(result: Mapping[str, Any]) -> dict[str, tuple[int, int]]:
    """Return first and last of almost equally good starts, where they are not one year."""
    found = ((result.get("beside") or {}).get("windows") or {}).get("projects") or []
    return {
        str(w["project_id"]): (int(w["earliest"]), int(w["latest"]))
        for w in found
        if w["earliest"] < w["latest"]
    }


def kind_shares(nira: str | None) -> dict[str, float]:
    """Return the shares of `N60 R40` by letter; nothing known is all `N`.

    Example:
        >>> kind_shares("N60 R40")
        {'N': 0.6, 'R': 0.4}
    """
    shares: dict[str, float] = {}
    for part in str(nira or "").split():
        try:
            shares[part[0]] = float(part[1:].replace(",", ".") or 100) / 100
        except ValueError:
            continue
    return shares or {"N": 1.0}


def _millions(values: Iterable[float | None]) -> tuple[float | None, ...]:
    return tuple(None if v is None else v / 1000 for v in values)


def _labels(years: Iterable[int]) -> tuple[str, ...]:
    return tuple(str(year) for year in years)


def _year_table(
    title: str,
    subtitle: str,
    result: Result,
    columns: Sequence[tuple[str, Years, str]],
) -> TableBlock:
    """Return a table with a row a year and columns in mkr: label, figures, their key."""
    return TableBlock(
        title=title,
        subtitle=subtitle,
        columns=(
            Column(_("År"), "left"),
            *(Column(label) for label, _v, _k in columns),
        ),
        rows=tuple(
            Row(
                str(year),
                tuple(
                    Cell(mkr(v[i]), v[i], figure=figure_of(result, key, i, v[i]))
                    for _label, v, key in columns
                ),
            )
            for i, year in enumerate(result["years"])
        ),
        folded=True,
    )


# ---------------------------------------------------------------- needs against room


def room_of(result: Mapping[str, Any], *path: str, level: str = "must") -> Result:
    """Return a room block: by the goals that must be kept, or (`aim`) by all goals.

    A plan without that split has one block for all.
    """
    node: Any = result
    for key in path:
        node = node.get(key) if isinstance(node, dict) else None
    if not isinstance(node, dict):
        return {}
    return dict(node.get("must") or node) if level == "must" else dict(node)


def has_aims(result: Result, indicators: Sequence[str] = ROOM_INDICATORS) -> bool:
    """Return True if a goal on one of the indicators should be, but need not be, met."""
    return any(
        goal.get("level") == "aim" and goal.get("indicator") in indicators
        for goal in result.get("goals", [])
    )


def _room_limit(room: Result, count: int) -> tuple[Years, str] | None:
    """Return what may be spent up to and including each year, and what sets it."""
    stocks = [
        values
        for key in ROOM_GOALS
        if (values := series_of(room, key)) is not None
        and any(v is not None for v in values)
    ]
    if stocks:
        known = [[s[i] for s in stocks if s[i] is not None] for i in range(count)]
        return [min((v for v in k if v is not None), default=None) for k in known], (
            "goals"
        )
    own = series_of(room, "own_funds")
    if own is None:
        return None
    return [total(own[: i + 1]) for i in range(count)], "own_funds"


def _carried(needs: Years, limit: Years) -> tuple[Years, list[float]]:
    """Return the room left each year, and what earlier years' needs have used of it."""
    used = 0.0
    left: Years = []
    taken: list[float] = []
    for need, most in zip(needs, limit, strict=True):
        taken.append(used)
        if most is None:
            left.append(None)
            used += need or 0.0
            continue
        now = max(most - used, 0.0)
        left.append(now)
        used += min(need or 0.0, now)
    return left, taken


def room_left(result: Result) -> tuple[Years, str] | None:
    """Return how much of the room is left for each year's needs, and what sets it.

    The room is that of the years without new projects (baseline), by the goals that
    must be kept. Debt and result goals limit what may be spent up to and including a
    year, so what earlier years' needs have used is taken away, and what they have not
    used remains. Without such goals the yearly own funds are used in the same way.
    Second value: `goals` or `own_funds`.
    """
    needs = series_of(result, "needs", "total")
    if needs is None:
        return None
    found = _room_limit(room_of(result, "baseline", "room"), len(needs))
    return None if found is None else (_carried(needs, found[0])[0], found[1])


def room_left_with_aims(result: Result) -> Years | None:
    """Return the room left when goals that should be reached count as well.

    Earlier years' needs have taken what the goals that must be kept allow, so this is
    never more than `room_left` by the same kind of goals. None where there are no such
    goals, or where they change nothing.
    """
    needs = series_of(result, "needs", "total")
    block = (result.get("baseline") or {}).get("room") or {}
    if needs is None or "must" not in block or not has_aims(result):
        return None
    must = _room_limit(room_of(result, "baseline", "room"), len(needs))
    every = _room_limit(room_of(result, "baseline", "room", level="aim"), len(needs))
    if must is None or every is None:
        return None
    left, taken = _carried(needs, must[0])
    with_aims: Years = [
        None if most is None else max(most - used, 0.0)
        for most, used in zip(every[0], taken, strict=True)
    ]
    return None if with_aims == left else with_aims


def needs_against_room(result: Result) -> Figure | None:
    """Return the needs of each year, stacked by kind, against the room that is left."""
    years: list[int] = result["years"]
    parts = {
        key: series_of(result, "needs", key) or [0.0] * len(years)
        for key in ("renewal", "new_build", "adaptation", "image")
    }
    needs = series_of(result, "needs", "total")
    if needs is None or total(needs) <= TRIFLE:
        return None
    new: Years = [
        (a or 0.0) + (b or 0.0)
        for a, b in zip(parts["new_build"], parts["image"], strict=True)
    ]
    found = room_left(result)
    room: Years = found[0] if found else [None] * len(years)
    aim = room_left_with_aims(result)
    over = [
        y
        for y, need, left in zip(years, needs, room, strict=True)
        if left is not None and (need or 0.0) > left + TRIFLE
    ]
    money = currency(result)
    unit = unit_mkr(money)
    top = max(range(len(years)), key=lambda i: needs[i] or 0.0)
    if found is None:
        title = _("Behoven är störst {y}").format(y=years[top])
    elif over:
        title = _("Behoven är större än utrymmet {ys}").format(ys=years_text(over))
    else:
        title = _("Behoven ryms i utrymmet alla år")
    peak = money_text(needs[top], money)
    alt = _(
        "Staplar med behov per år mot en linje med utrymmet. {title}. Mest behövs {y}: {kr}."
    ).format(title=title, y=years[top], kr=peak)
    series = [
        Series("renewal", _("Förnyelse"), _millions(parts["renewal"]), "renewal"),
        Series(
            "adaptation", _("Anpassning"), _millions(parts["adaptation"]), "adaptation"
        ),
        Series("new", _("Nytt"), _millions(new), "new"),
    ]
    columns: list[tuple[str, Years, str]] = [
        (_("Förnyelse"), parts["renewal"], ""),
        (_("Anpassning"), parts["adaptation"], ""),
        (_("Nytt"), new, ""),
        (_("Summa"), needs, ""),
    ]
    if found:
        beyond: Years = [
            None if r is None else max((x or 0.0) - r, 0.0)
            for x, r in zip(needs, room, strict=True)
        ]
        columns += [(_("Utrymme kvar"), room, ""), (_("Över utrymmet"), beyond, "")]
    if aim is not None:
        columns.append((_("Utrymme kvar, också bör nås"), aim, ""))
    subtitle = _("{unit} per år, löpande priser").format(unit=unit)
    return Figure(
        kind="stacked",
        title=title,
        unit=first_upper(subtitle),
        alt=alt,
        table=_year_table(_("Behov mot utrymme per år"), subtitle, result, columns),
        labels=_labels(years),
        series=tuple(s for s in series if any(s.values)),
        room=Series("room", _("Utrymme"), _millions(room)) if found else None,
        room_label=(_("Utrymme kvar") if found else ""),
        aim=None
        if aim is None
        else Series(
            "aim", _("Utrymme kvar, också bör nås"), _millions(aim), "baseline"
        ),
        peak=_("{kr} {unit} {y}").format(
            kr=number((needs[top] or 0.0) / 1000), unit=unit, y=years[top]
        ),
    )


def first_upper(text: str) -> str:
    """Return the text with its first letter as a capital."""
    return text[:1].upper() + text[1:]


# ---------------------------------------------------------------- result and debt


def goal_limits(
    result: Result, indicators: Sequence[str], scale: float = 1.0, lead: int = 0
) -> tuple[Limit, ...]:
    """Return the goals on some indicators as lines; averages are drawn without marks."""
    years: list[int] = result["years"]
    limits = []
    for goal in result.get("goals", []):
        if goal.get("indicator") not in indicators or goal.get("value") is None:
            continue
        first = goal.get("from_year") or years[0]
        last = goal.get("to_year") or years[-1]
        values: Years = [
            goal["value"] * scale if first <= year <= last else None for year in years
        ]
        yearly = str(goal.get("period") or "year") == "year"
        limits.append(
            Limit(
                label=goal_name(goal),
                values=(*([None] * lead), *values),
                operator=str(goal["operator"]) if yearly else "",
            )
        )
    return tuple(limits)


def goal_name(goal: Mapping[str, Any]) -> str:
    """Return a goal's name and, in brackets, if it is an aim and if it is an average."""
    name = str(goal.get("name") or goal.get("goal_id"))
    told = []
    if goal.get("level") == "aim":
        told.append(LEVEL_LABELS["aim"])
    length = average_years(goal)
    if length > 1:
        told.append(_("genomsnitt för {n} år").format(n=count_text(length)))
    return f"{name} ({', '.join(told)})" if told else name


def average_years(goal: Mapping[str, Any]) -> int:
    """Return over how many years a goal is measured; 1 for each year by itself."""
    kind, _colon, length = str(goal.get("period") or "year").partition(":")
    return int(length) if kind == "average" and length.isdecimal() else 1


def unmeasured_note(result: Result) -> str:
    """Say why a goal has no figure some years; empty when all have."""
    years: list[int] = result["years"]
    within = [
        (goal.get("from_year") or years[0])
        <= year
        <= (goal.get("to_year") or years[-1])
        for goal in result.get("goals", [])
        for year, met in zip(years, goal.get("met") or [], strict=False)
        if met is None
    ]
    if not within:
        return ""
    if all(within):
        text = _("{sign}: perioden är inte hel än.")
    elif any(within):
        text = _("{sign}: perioden är inte hel än, eller målet gäller inte det året.")
    else:
        text = _("{sign}: målet gäller inte det året.")
    return text.format(sign=EN_DASH)


def goals_note(result: Result) -> str:
    """Explain the signs in the rows of goals: what is missed and what is not measured."""
    missed = any(
        met is False for g in result.get("goals", []) for met in g.get("met") or []
    )
    notes = [_("* Målet nås inte det året.") if missed else "", unmeasured_note(result)]
    return " ".join(note for note in notes if note)


def _beside_baseline(
    result: Result, key: str, start: Sequence[float | None] = ()
) -> list[tuple[str, str, Years]] | None:
    """Return role, label and figures of an indicator: with the plan, and without it."""
    values = series_of(result, "indicators", key)
    if values is None or not any(v is not None for v in values):
        return None
    found = [("plan", _("Med planen"), [*start, *values])]
    base = series_of(result, "baseline", "indicators", key)
    if base is not None:
        found.append(("baseline", _("Utan nya projekt"), [*start, *base]))
    return found


def _indicator_table(
    title: str,
    subtitle: str,
    key: str,
    result: Result,
    lines: Sequence[tuple[str, str, Years]],
    lead: int = 0,
) -> TableBlock:
    """Return a table with a row a year and a column a line of the chart.

    The lines may begin `lead` years before the plan.
    """
    first = result["years"][0] - lead

    def cell(role: str, i: int, value: float | None) -> Cell:
        name = figure_of if role == "plan" else baseline_figure
        figure = name(result, key, i - lead, value)
        return Cell(indicator_table(key, value), value, figure=figure)

    return TableBlock(
        title=title,
        subtitle=subtitle,
        columns=(Column(_("År"), "left"), *(Column(label) for _r, label, _v in lines)),
        rows=tuple(
            Row(str(first + i), tuple(cell(r, i, v[i]) for r, _label, v in lines))
            for i in range(lead + len(result["years"]))
        ),
        folded=True,
    )


def result_share(result: Result) -> Figure | None:
    """Return the result as a share of taxes and grants, with goals and the baseline."""
    years: list[int] = result["years"]
    lines = _beside_baseline(result, "res_andel")
    if lines is None:
        return None
    values = lines[0][2]
    known = [i for i, v in enumerate(values) if v is not None]
    low = min(known, key=lambda i: values[i] or 0.0)
    title = _("Resultatet är lägst {y}: {pct}").format(
        y=years[low], pct=share_text(values[low])
    )
    subtitle = _("procent av skatter och bidrag")
    return Figure(
        kind="lines",
        title=title,
        unit=_("Årets resultat, {unit}").format(unit=subtitle),
        alt=_("Linje med årets resultat {ys}. {title}.").format(
            ys=years_text(years), title=title
        ),
        table=_indicator_table(
            _("Årets resultat som andel av skatter och bidrag"),
            first_upper(subtitle),
            "res_andel",
            result,
            lines,
        ),
        labels=_labels(years),
        series=tuple(Series(r, label, tuple(v), r) for r, label, v in lines),
        limits=goal_limits(result, _RESULT_INDICATORS),
        percent=True,
    )


def debt_per_inhabitant(result: Result) -> Figure | None:
    """Return the loans per inhabitant from the base year on, with their ceiling."""
    years: list[int] = result["years"]
    opening = result.get("opening", {}).get("indicators", {}).get("lan_inv")
    lead = 1 if opening is not None else 0
    start = [opening] if lead else []
    all_years = [years[0] - 1, *years] if lead else years
    lines = _beside_baseline(result, "lan_inv", start)
    if lines is None or not any(lines[0][2][lead:]):
        return None
    plan = lines[0][2]
    money = currency(result)
    high = max(range(len(plan)), key=lambda i: plan[i] or 0.0)
    title = (
        _("Lånen blir aldrig högre än basåret {y}: {kr}")
        if lead and high == 0
        else _("Lånen är som högst {y}: {kr}")
    ).format(y=all_years[high], kr=per_inhabitant_text(plan[high], money))
    return Figure(
        kind="lines",
        title=title,
        unit=_("Kommunens egna lån vid årets slut, tusen {unit}").format(
            unit=unit_per_inhabitant(money)
        ),
        alt=_("Linje med lån per invånare {ys}. {title}.").format(
            ys=years_text(all_years), title=title
        ),
        table=_indicator_table(
            _("Lån per invånare vid årets slut"),
            unit_per_inhabitant(money),
            "lan_inv",
            result,
            lines,
            lead,
        ),
        labels=_labels(all_years),
        series=tuple(Series(r, label, _millions(v), r) for r, label, v in lines),
        limits=goal_limits(result, ("lan_inv",), 0.001, lead),
    )


def weakest_year(result: Result) -> int | None:
    """Return the year with the lowest result as a share of taxes and grants."""
    values = series_of(result, "indicators", "res_andel") or []
    known = [
        (v, y) for v, y in zip(values, result["years"], strict=False) if v is not None
    ]
    return min(known)[1] if known else None


def _projects_operation(result: Result, i: int) -> tuple[float, float, float]:
    """Return what the plan's projects do to the costs of year `i`, in three parts.

    Their operation, the waiting costs they end, and what is written off when something
    is scrapped. The last follows from the fixed assets: what they grow by beyond the
    baseline is the outlays less depreciation and what was scrapped.
    """
    chosen = [p for p in result.get("projects", []) if p["chosen"]]
    plan, base = result["statement"], result["baseline"]["statement"]
    operation = -total(p["operating_tkr"][i] for p in chosen)
    fixed = series_of(result, "balance", "fixed_assets")
    before = series_of(result, "baseline", "balance", "fixed_assets")
    scrapped = 0.0
    if fixed is not None and before is not None:
        ahead = [(a or 0.0) - (b or 0.0) for a, b in zip(fixed, before, strict=True)]
        grown = ahead[i] - (ahead[i - 1] if i else 0.0)
        spent = total(p["outlay_tkr"][i] for p in chosen)
        scrapped = grown - spent - (plan["ra"][i] - base["ra"][i])
    waiting = plan["rk"][i] - base["rk"][i] - operation - scrapped
    return operation, waiting, scrapped


def ends_waiting(result: Result) -> bool:
    """Return True if the plan ends waiting costs that the baseline pays."""
    if not result.get("statement") or not result.get("baseline", {}).get("statement"):
        return False
    return any(
        _projects_operation(result, i)[1] > TRIFLE for i in range(len(result["years"]))
    )


def why_weakest(result: Result) -> Figure | None:
    """Return the way from the base year's result to that of the weakest year.

    What happens without new projects is parted by line; what the projects change is the
    difference between the plan's statement and the baseline's.
    """
    year = weakest_year(result)
    before = result.get("opening", {}).get("statement") or {}
    plan, base = result.get("statement"), result.get("baseline", {}).get("statement")
    if year is None or not before or not plan or not base or before.get("ar") is None:
        return None
    i = result["years"].index(year)

    def change(*lines: str) -> float:
        return math.fsum((base[k][i] or 0.0) - (before.get(k) or 0.0) for k in lines)

    def effect(*lines: str) -> float:
        return math.fsum((plan[k][i] or 0.0) - (base[k][i] or 0.0) for k in lines)

    operation, waiting, scrapped = _projects_operation(result, i)
    parts = [
        (_("Skatter och bidrag"), change("rs", "rg")),
        (_("Priser, löner och volymer"), change("ri", "rk")),
        (_("Tidigare avskriv­ningar"), change("ra")),
        (_("Räntor utan projekt"), change("fi", "fk", "ex")),
        (_("Ny drift och nya intäkter"), effect("ri") + operation),
        (_("Slopade vänte­kostnader"), waiting),
        (_("Utran­gerat"), scrapped),
        (_("Nya avskriv­ningar"), effect("ra")),
        (_("Nya räntor"), effect("fi", "fk", "ex")),
    ]
    base_year = result["meta"]["base_year"]
    steps = [
        Step(
            _("Resultat {y}").format(y=base_year),
            before["ar"] / 1000,
            mkr(before["ar"]),
            "total",
        )
    ]
    shown = [(label, value) for label, value in parts if abs(value) >= 50]
    rest = math.fsum(value for _label, value in parts) - math.fsum(
        value for _label, value in shown
    )
    rest += (plan["ar"][i] - before["ar"]) - math.fsum(value for _label, value in parts)
    if abs(rest) >= 50:
        shown.append((_("Övrigt"), rest))
    steps += [Step(label, value / 1000, _signed(value)) for label, value in shown]
    steps.append(
        Step(
            _("Resultat {y}").format(y=year),
            plan["ar"][i] / 1000,
            mkr(plan["ar"][i]),
            "total",
        )
    )
    if not shown:
        return None
    worst = min(shown, key=lambda item: item[1])
    title = _("Därför är resultatet lägst {y}").format(y=year)
    if plan["ar"][i] > min(plan["ar"]) or plan["ar"][i] >= before["ar"]:
        # Lowest as a share only: in money it may even have grown.
        title = _(
            "Därför blir resultatet {kr} {y}, lägst som andel av skatter och bidrag"
        ).format(kr=money_text(plan["ar"][i], currency(result)), y=year)
    subtitle = _("{unit}, från {a} till {b}. Nytt är det planens projekt ger").format(
        unit=unit_mkr(currency(result)), a=base_year, b=year
    )
    plain = [(label.replace("\u00ad", ""), value) for label, value in shown]
    return Figure(
        kind="waterfall",
        title=title,
        unit=first_upper(subtitle),
        alt=_(
            "Trappa från resultatet {a} till resultatet {b}. Mest drar {what} ned."
        ).format(
            a=base_year, b=year, what=_lower_first(worst[0].replace("\u00ad", ""))
        ),
        table=TableBlock(
            title=title,
            subtitle=first_upper(subtitle),
            columns=(Column(_("Post"), "left"), Column(_("Belopp"))),
            rows=(
                Row(steps[0].label, (Cell(steps[0].text, before["ar"]),)),
                *(Row(label, (Cell(_signed(v), v),)) for label, v in plain),
                Row(
                    steps[-1].label,
                    (Cell(steps[-1].text, plan["ar"][i], figure=f"ar:{year}"),),
                    "sum",
                ),
            ),
            folded=True,
        ),
        steps=tuple(steps),
        decimals=1,
    )


def _signed(tkr: float) -> str:
    return ("+" if tkr > 0 else "") + mkr(tkr)


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]


# ---------------------------------------------------------------- the plan in time


def timeline(result: Result, most: int | None = None) -> Figure | None:
    """Return the projects in start order, those outside the plan last.

    Of very many, the largest in the plan and the largest outside it are drawn; the
    table has them all, or the first `most` of them.
    """
    years: list[int] = result["years"]
    projects = result.get("projects", [])
    chosen = sorted(
        (p for p in projects if p["chosen"]),
        key=lambda p: (p["start_year"], p["in_use_year"], p["project_id"]),
    )
    left_out = sorted(
        (p for p in projects if not p["chosen"]),
        key=lambda p: (-(p.get("outlay_fixed_tkr") or 0.0), p["project_id"]),
    )
    if not chosen:
        return None
    ordered = [*chosen, *left_out]
    others = len(left_out)
    if len(ordered) > TIMELINE_ROWS:
        others = min(others, max(_LEFT_OUT_ROWS, TIMELINE_ROWS - len(chosen)))
    largest = sorted(chosen, key=lambda p: -(p.get("outlay_fixed_tkr") or 0.0))
    keep = {p["project_id"] for p in largest[: TIMELINE_ROWS - others]}
    drawn = [p for p in chosen if p["project_id"] in keep] + left_out[:others]
    money = currency(result)
    first = chosen[0]["start_year"]
    starts = sum(p["start_year"] == first for p in chosen)
    base_year = result["meta"]["base_year"]
    title = _("{n} av {m} projekt ingår, {k} av dem startar {y}").format(
        n=number(len(chosen)), m=number(len(projects)), k=number(starts), y=first
    )
    unit = _(
        "Byggtid per projekt. Ringen visar när det tas i bruk. {p} års priser."
    ).format(p=base_year)
    if len(drawn) < len(ordered):
        cut = most is not None and len(ordered) > most
        unit += " " + _shown_text(len(keep), len(chosen), others, len(left_out), cut)
    windows = start_windows(result)
    if windows:
        unit += " " + _(
            "Ljust fält: så långt kan starten flyttas med nästan samma nytta."
        )
    rows = []
    for p in ordered[:most]:
        window = windows.get(str(p["project_id"]))
        start_text = str(p["start_year"] or EN_DASH)
        if window is not None:
            start_text += f" ({window[0]}{EN_DASH}{window[1]})"
        rows.append(
            Row(
                p["name"],
                (
                    Cell(
                        mkr(p.get("outlay_fixed_tkr")),
                        p.get("outlay_fixed_tkr"),
                        outlay_quality(p),
                        figure=outlay_figure(p),
                    ),
                    Cell(start_text, p["start_year"]),
                    Cell(str(p["in_use_year"] or EN_DASH), p["in_use_year"]),
                    Cell(_("Ingår") if p["chosen"] else _("Ingår inte"), p["chosen"]),
                ),
            )
        )
    return Figure(
        kind="timeline",
        title=title,
        unit=unit,
        alt=_(
            "Tidslinje över projekten. {title}. Samma uppgifter står i tabellen."
        ).format(title=title),
        table=TableBlock(
            title=_("Projekt, utgift och år"),
            subtitle=_("{unit}, {p} års priser").format(
                unit=first_upper(unit_mkr(money)), p=base_year
            ),
            columns=(
                Column(_("Projekt"), "left"),
                Column(_("Utgift")),
                Column(_("Start (fönster)") if windows else _("Start")),
                Column(_("I bruk")),
                Column(_("Svar"), "left"),
            ),
            rows=tuple(rows),
            folded=True,
        ),
        labels=_labels(years),
        bars=tuple(_timeline_bar(p, years, windows) for p in drawn),
        peak=unit_mkr(money),
    )


def _shown_text(drawn: int, chosen: int, others: int, left_out: int, cut: bool) -> str:
    """Say which projects are drawn when not all of them are."""
    first = (
        plural("alla {n} som ingår", "alla {n} som ingår", drawn)
        if drawn == chosen
        else plural("det största som ingår", "de {n} största som ingår", drawn)
    ).format(n=number(drawn))
    if not left_out:
        if cut:
            return _("Här visas {first}.").format(first=first)
        return _("Här visas {first}; tabellen har alla.").format(first=first)
    second = (
        plural("det som inte ingår", "alla {n} som inte ingår", others)
        if others == left_out
        else plural(
            "det största som inte ingår", "de {n} största som inte ingår", others
        )
    ).format(n=number(others))
    whole = (
        _("Här visas {first} och {second}.")
        if cut
        else _("Här visas {first} och {second}; tabellen har alla.")
    )
    return whole.format(first=first, second=second)


def _timeline_bar(
    project: Mapping[str, Any],
    years: Sequence[int],
    windows: Mapping[str, tuple[int, int]],
) -> Bar:
    shares = kind_shares(project.get("nira"))
    letter = max(shares, key=lambda k: shares[k])
    kind = {"N": "new", "I": "new", "R": "renewal", "A": "adaptation"}.get(
        letter, "other"
    )
    outlay = project.get("outlay_fixed_tkr")
    whole = 0 if outlay is None or outlay >= 9_950 else 1
    use = project.get("in_use_year")
    end = None
    if project["chosen"] and use is not None:
        spent = [y for y, x in zip(years, project["outlay_tkr"], strict=True) if x]
        end = max([use - 1, project["start_year"], *spent[-1:]])
    return Bar(
        label=str(project["name"]),
        amount=mkr(outlay, whole),
        kind=kind,
        start_year=project["start_year"] if project["chosen"] else None,
        end_year=end,
        in_use_year=use if project["chosen"] else None,
        remark="" if project["chosen"] else _("Ingår inte i planen"),
        window=windows.get(str(project["project_id"])) if project["chosen"] else None,
    )


def outlays_per_year(result: Result) -> Figure | None:
    """Return what the plan's projects spend each year, stacked by kind."""
    years: list[int] = result["years"]
    parts: dict[str, list[float]] = {
        key: [0.0] * len(years) for key in ("renewal", "adaptation", "new")
    }
    for project in result.get("projects", []):
        if not project["chosen"]:
            continue
        for letter, share in kind_shares(project.get("nira")).items():
            key = {"R": "renewal", "A": "adaptation"}.get(letter, "new")
            for i, outlay in enumerate(project["outlay_tkr"]):
                parts[key][i] += share * (outlay or 0.0)
    sums = [math.fsum(part[i] for part in parts.values()) for i in range(len(years))]
    if not any(s > TRIFLE for s in sums):
        return None
    top = max(range(len(years)), key=lambda i: sums[i])
    money = currency(result)
    title = _("Utgifterna är störst {y}: {kr}").format(
        y=years[top], kr=money_text(sums[top], money)
    )
    subtitle = _("{unit} per år, löpande priser").format(unit=unit_mkr(money))
    names = {
        "renewal": _("Förnyelse"),
        "adaptation": _("Anpassning"),
        "new": _("Nytt"),
    }
    columns: list[tuple[str, Years, str]] = [
        (names[key], list(values), "") for key, values in parts.items()
    ]
    columns.append((_("Summa"), list(sums), PROJECTS_OUTLAY))
    return Figure(
        kind="stacked",
        title=title,
        unit=_("Planens projekt, {unit}").format(unit=subtitle),
        alt=_("Staplar med planens utgifter per år. {title}.").format(title=title),
        table=_year_table(
            _("Planens utgifter per år"), first_upper(subtitle), result, columns
        ),
        labels=_labels(years),
        series=tuple(
            Series(key, names[key], _millions(values), key)
            for key, values in parts.items()
            if any(values)
        ),
        peak=_("{kr} {unit} {y}").format(
            kr=number(sums[top] / 1000), unit=unit_mkr(money), y=years[top]
        ),
    )


# ---------------------------------------------------------------- goals


def goal_cell(goal: Mapping[str, Any], i: int) -> Cell:
    """Return a year of a goal: the actual figure, and how it stands."""
    actual = goal["actual"][i] if goal.get("actual") else None
    mood = goal_mood(goal, i)
    if goal.get("indicator") in PER_INHABITANT_INDICATORS:
        text = number(None if actual is None else actual / 1000, 1)
    else:
        text = number(None if actual is None else actual * 100, 1)
    return Cell(text, actual, mood=mood)  # type: ignore[arg-type]


def goals_by_year(result: Result) -> Figure | None:
    """Return the heat strip: a row a goal, a cell a year with the outcome in it."""
    goals = [g for g in result.get("goals", []) if g.get("met")]
    if not goals:
        return None
    years: list[int] = result["years"]
    kept = [g for g in goals if not any(met is False for met in g["met"])]
    if len(kept) == len(goals):
        title = _("Alla mål nås alla år")
    elif kept:
        title = plural(
            "{k} av {n} mål nås alla år",
            "{k} av {n} mål nås alla år",
            len(kept),
        ).format(k=count_text(len(kept)), n=count_text(len(goals)))
        title = first_upper(title)
    else:
        title = _("Inget av målen nås alla år")
    table = TableBlock(
        title=_("Mål år för år"),
        subtitle=_("Utfall per år i målets egen enhet"),
        columns=(Column(_("Mål"), "left"), *(Column(str(y)) for y in years)),
        rows=tuple(
            Row(
                goal_name(g),
                tuple(_goal_table_cell(result, g, i) for i in range(len(years))),
            )
            for g in goals
        ),
        note=goals_note(result),
        folded=True,
    )
    return Figure(
        kind="heat",
        title=title,
        unit=_("Utfall per år. Andelar i procent, lån i tusen {unit}").format(
            unit=unit_per_inhabitant(currency(result))
        )
        if any(g.get("indicator") in PER_INHABITANT_INDICATORS for g in goals)
        else _("Utfall per år, procent"),
        alt=_("Rutor med målens utfall per år. {title}.").format(title=title),
        table=table,
        labels=_labels(years),
        heat=tuple(
            HeatRow(goal_name(g), tuple(goal_cell(g, i) for i in range(len(years))))
            for g in goals
        ),
    )


def _goal_table_cell(result: Result, goal: Mapping[str, Any], i: int) -> Cell:
    cell = goal_cell(goal, i)
    value = cell.value if isinstance(cell.value, (int, float)) else None
    key = str(goal.get("indicator"))
    text = indicator_table(key, value)
    if cell.mood == "missed":
        text = f"{text}\u00a0*"
    figure = figure_of(result, key, i, value)
    return Cell(text, cell.value, mood=cell.mood, figure=figure)


# ---------------------------------------------------------------- the law's test


def before_reserve(result: Result) -> Years | None:
    """Return each year's result that the law tests, before any reserve is set or used.

    A plan without that row gives the balance-requirement result instead.
    """
    bkr = series_of(result, "balanskrav", "bkr")
    areb = series_of(result, "balanskrav", "areb")
    if bkr is None or areb is None or len(areb) != len(bkr):
        return bkr
    return [b if a is None else a for a, b in zip(areb, bkr, strict=True)]


def balanskrav_by_year(result: Result) -> Figure | None:
    """Return the balance-requirement result of each year; a deficit is hatched.

    What is set aside in a reserve stands on the bar, so that a year in which much was
    saved is not taken for a weak one.
    """
    years: list[int] = result["years"]
    values = series_of(result, "balanskrav", "bkr")
    before = before_reserve(result)
    if values is None or before is None or not any(v is not None for v in values):
        return None
    pairs = [(b or 0.0, v or 0.0) for b, v in zip(before, values, strict=True)]
    reserved: Years = [max(b - v, 0.0) for b, v in pairs]
    used: Years = [max(v - b, 0.0) for b, v in pairs]
    saves, draws = total(reserved) > TRIFLE, total(used) > TRIFLE
    own: Years = [
        None if v is None else min(v, b)
        for v, (b, _v) in zip(values, pairs, strict=True)
    ]
    unmet = [y for y, v in zip(years, values, strict=True) if (v or 0.0) < -TRIFLE]
    low = min(range(len(years)), key=lambda i: pairs[i][0])
    money = currency(result)
    if unmet:
        title = _("Balanskravet klaras inte {ys}").format(ys=years_text(unmet))
    elif draws:
        helped = [y for y, u in zip(years, used, strict=True) if (u or 0.0) > TRIFLE]
        title = _("Balanskravet klaras alla år, med reserven {ys}").format(
            ys=years_text(helped)
        )
    elif saves:
        title = _(
            "Balanskravet klaras alla år; svagast före reservering är {y} med {kr}"
        ).format(y=years[low], kr=money_text(pairs[low][0], money))
    else:
        title = _("Balanskravet klaras alla år; svagast är {y} med {kr}").format(
            y=years[low], kr=money_text(pairs[low][0], money)
        )
    subtitle = _("{unit}, löpande priser").format(unit=unit_mkr(money))
    name = _("Balanskravsresultat utan reserv") if draws else _("Balanskravsresultat")
    series = [Series("bkr", name, _millions(own), "plan")]
    columns: list[tuple[str, Years, str]] = [(name, own, "bkr")]
    if saves:
        label = _("Reserverat till kommande år")
        series.append(Series("reserved", label, _millions(reserved), "reserved"))
        columns.append((label, reserved, ""))
    if draws:
        label = _("Ur reserven")
        series.append(Series("used", label, _millions(used), "used"))
        columns.append((label, used, ""))
        columns.append((_("Balanskravsresultat"), values, "bkr"))
    if saves or draws:
        columns.insert(0, (_("Före reserven"), before, "areb"))
    what = (
        _("Siffran är resultatet före reservering, {unit}")
        if saves or draws
        else _("Balanskravsresultat, {unit}")
    )
    return Figure(
        kind="bars",
        title=title,
        unit=what.format(unit=subtitle),
        alt=_("Staplar med balanskravsresultatet per år. {title}.").format(title=title),
        table=_year_table(
            _("Balanskravsresultat per år"), first_upper(subtitle), result, columns
        ),
        labels=_labels(years),
        series=tuple(series),
        decimals=1,
    )


# ---------------------------------------------------------------- own pace


def own_pace(result: Result) -> Figure | None:
    """Return the plan's outlays beside those at the municipality's own rate."""
    run = result.get("completion")
    if not run or not run.get("outlay") or not run.get("outlay_plan"):
        return None
    years: list[int] = result["years"]
    money = currency(result)
    moved = run.get("moved_tkr")
    title = _("I kommunens egen takt flyttas {kr} till senare år").format(
        kr=money_text(moved, money)
    )
    subtitle = _("{unit} per år, löpande priser").format(unit=unit_mkr(money))
    return Figure(
        kind="lines",
        title=title,
        unit=_("Utgifter för investeringar, {unit}").format(unit=subtitle),
        alt=_(
            "Två linjer med utgifter per år: enligt planen och i egen takt. {t}."
        ).format(t=title),
        table=_year_table(
            _("Utgifter enligt planen och i egen takt"),
            first_upper(subtitle),
            result,
            [
                (_("Enligt planen"), list(run["outlay_plan"]), "outlay"),
                (_("I egen takt"), list(run["outlay"]), ""),
            ],
        ),
        labels=_labels(years),
        series=(
            Series("plan", _("Enligt planen"), _millions(run["outlay_plan"]), "plan"),
            Series("own", _("I egen takt"), _millions(run["outlay"]), "second"),
        ),
    )

"""Which pictures does a plan give? Each is plain data with the table of its figures.

Every function takes the result (plan.json as a dict) and returns a `Figure`, or None
where the plan has nothing to show. Amounts are millions, shares are shares, debt is
thousands per inhabitant; the tables keep the unrounded figures in plan.json's units.
Leaves out how a chart is drawn (svg) and the text around it (content, chapters).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

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
    share_table,
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

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Result = dict[str, Any]
Years = list[float | None]

# A timeline with more rows than this is no picture any more.
TIMELINE_ROWS: Final = 40
# tkr; less is rounding.
TRIFLE: Final = 0.5
# Shares: a result goal held by less than this (0.25 percentage points) is held barely;
# other goals by less than a tenth of their value.
BARELY_RESULT: Final = 0.0025
BARELY_SHARE: Final = 0.1
_RESULT_INDICATORS: Final = ("res_andel", "bkr_andel")
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


def outlay_quality(project: Mapping[str, Any]) -> Quality:
    """Return how well the project's outlays are known, else the project itself."""
    return normal_quality(project.get("outlay_quality") or project.get("quality"))


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
    years: Sequence[int],
    columns: Sequence[tuple[str, Years]],
) -> TableBlock:
    """Return a table with a row a year and columns in mkr."""
    return TableBlock(
        title=title,
        subtitle=subtitle,
        columns=(Column(_("År"), "left"), *(Column(label) for label, _v in columns)),
        rows=tuple(
            Row(
                str(year),
                tuple(Cell(mkr(values[i]), values[i]) for _label, values in columns),
            )
            for i, year in enumerate(years)
        ),
        folded=True,
    )


# ---------------------------------------------------------------- needs against room


def room_left(result: Result) -> tuple[Years, str] | None:
    """Return how much of the room is left for each year's needs, and what sets it.

    The room is that of the years without new projects (baseline). Debt and result goals
    limit what may be spent up to and including a year, so what earlier years' needs
    have used is taken away, and what they have not used remains. Without such goals the
    yearly own funds are used in the same way. Second value: `goals` or `own_funds`.
    """
    needs = series_of(result, "needs", "total")
    if needs is None:
        return None
    stocks = [
        values
        for key in ("debt_ceiling", "result_target")
        if (values := series_of(result, "baseline", "room", key)) is not None
        and any(v is not None for v in values)
    ]
    own = series_of(result, "baseline", "room", "own_funds")
    limit: Years = []
    if stocks:
        for i in range(len(needs)):
            known = [s[i] for s in stocks if s[i] is not None]
            limit.append(min(v for v in known if v is not None) if known else None)
    elif own is not None:
        running = 0.0
        for value in own:
            running += value or 0.0
            limit.append(running)
    else:
        return None
    used = 0.0
    left: Years = []
    for need, most in zip(needs, limit, strict=True):
        if most is None:
            left.append(None)
            used += need or 0.0
            continue
        room = max(most - used, 0.0)
        left.append(room)
        used += min(need or 0.0, room)
    return left, "goals" if stocks else "own_funds"


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
    columns: list[tuple[str, Years]] = [
        (_("Förnyelse"), parts["renewal"]),
        (_("Anpassning"), parts["adaptation"]),
        (_("Nytt"), new),
        (_("Summa"), needs),
    ]
    if found:
        columns += [
            (_("Utrymme kvar"), room),
            (
                _("Över utrymmet"),
                [
                    None if r is None else max((x or 0.0) - r, 0.0)
                    for x, r in zip(needs, room, strict=True)
                ],
            ),
        ]
    subtitle = _("{unit} per år, löpande priser").format(unit=unit)
    return Figure(
        kind="stacked",
        title=title,
        unit=first_upper(subtitle),
        alt=alt,
        table=_year_table(_("Behov mot utrymme per år"), subtitle, years, columns),
        labels=_labels(years),
        series=tuple(s for s in series if any(s.values)),
        room=Series("room", _("Utrymme"), _millions(room)) if found else None,
        room_label=(_("Utrymme kvar") if found else ""),
        peak=_("{kr} {unit} {y}").format(
            kr=number((needs[top] or 0.0) / 1000), unit=unit, y=years[top]
        ),
    )


def first_upper(text: str) -> str:
    """Return the text with its first letter as a capital."""
    return text[:1].upper() + text[1:]


# ---------------------------------------------------------------- result and debt


def _goal_limits(
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
    """Return a goal's name, with "(bör nås)" when the plan need not keep it."""
    name = str(goal.get("name") or goal.get("goal_id"))
    if goal.get("level") == "aim":
        return _("{name} ({level})").format(name=name, level=LEVEL_LABELS["aim"])
    return name


def result_share(result: Result) -> Figure | None:
    """Return the result as a share of taxes and grants, with goals and the baseline."""
    years: list[int] = result["years"]
    values = series_of(result, "indicators", "res_andel")
    if values is None or not any(v is not None for v in values):
        return None
    known = [i for i, v in enumerate(values) if v is not None]
    low = min(known, key=lambda i: values[i] or 0.0)
    base = series_of(result, "baseline", "indicators", "res_andel")
    title = _("Resultatet är lägst {y}: {pct}").format(
        y=years[low], pct=share_text(values[low])
    )
    series = [Series("plan", _("Med planen"), tuple(values), "plan")]
    columns = [(_("Med planen"), values)]
    if base is not None:
        series.append(
            Series("baseline", _("Utan nya projekt"), tuple(base), "baseline")
        )
        columns.append((_("Utan nya projekt"), base))
    subtitle = _("procent av skatter och bidrag")
    table = TableBlock(
        title=_("Årets resultat som andel av skatter och bidrag"),
        subtitle=first_upper(subtitle),
        columns=(Column(_("År"), "left"), *(Column(label) for label, _v in columns)),
        rows=tuple(
            Row(str(y), tuple(Cell(share_table(v[i]), v[i]) for _label, v in columns))
            for i, y in enumerate(years)
        ),
        folded=True,
    )
    return Figure(
        kind="lines",
        title=title,
        unit=_("Årets resultat, {unit}").format(unit=subtitle),
        alt=_("Linje med årets resultat {ys}. {title}.").format(
            ys=years_text(years), title=title
        ),
        table=table,
        labels=_labels(years),
        series=tuple(series),
        limits=_goal_limits(result, _RESULT_INDICATORS),
        percent=True,
    )


def debt_per_inhabitant(result: Result) -> Figure | None:
    """Return the loans per inhabitant from the base year on, with their ceiling."""
    years: list[int] = result["years"]
    values = series_of(result, "indicators", "lan_inv")
    if values is None or not any(values):
        return None
    opening = result.get("opening", {}).get("indicators", {}).get("lan_inv")
    base = series_of(result, "baseline", "indicators", "lan_inv")
    lead = 1 if opening is not None else 0
    start = [opening] if lead else []
    all_years = [years[0] - 1, *years] if lead else years
    plan: Years = [*start, *values]
    money = currency(result)
    high = max(range(len(plan)), key=lambda i: plan[i] or 0.0)
    title = _("Lånen är som högst {y}: {kr}").format(
        y=all_years[high], kr=per_inhabitant_text(plan[high], money)
    )
    series = [Series("plan", _("Med planen"), _millions(plan), "plan")]
    columns = [(_("Med planen"), plan)]
    if base is not None:
        without: Years = [*start, *base]
        series.append(
            Series("baseline", _("Utan nya projekt"), _millions(without), "baseline")
        )
        columns.append((_("Utan nya projekt"), without))
    limits = _goal_limits(result, ("lan_inv",), 0.001, lead)
    table = TableBlock(
        title=_("Lån per invånare vid årets slut"),
        subtitle=unit_per_inhabitant(money),
        columns=(Column(_("År"), "left"), *(Column(label) for label, _v in columns)),
        rows=tuple(
            Row(str(y), tuple(Cell(number(v[i]), v[i]) for _label, v in columns))
            for i, y in enumerate(all_years)
        ),
        folded=True,
    )
    return Figure(
        kind="lines",
        title=title,
        unit=_("Kommunens egna lån vid årets slut, tusen {unit}").format(
            unit=unit_per_inhabitant(money)
        ),
        alt=_("Linje med lån per invånare {ys}. {title}.").format(
            ys=years_text(all_years), title=title
        ),
        table=table,
        labels=_labels(all_years),
        series=tuple(series),
        limits=limits,
    )


def weakest_year(result: Result) -> int | None:
    """Return the year with the lowest result as a share of taxes and grants."""
    values = series_of(result, "indicators", "res_andel") or []
    known = [
        (v, y) for v, y in zip(values, result["years"], strict=False) if v is not None
    ]
    return min(known)[1] if known else None


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

    parts = [
        (_("Skatter och bidrag"), change("rs", "rg")),
        (_("Priser, löner och volymer"), change("ri", "rk")),
        (_("Tidigare avskriv­ningar"), change("ra")),
        (_("Räntor utan projekt"), change("fi", "fk", "ex")),
        (_("Projektens drift"), effect("ri", "rk")),
        (_("Projektens avskriv­ningar"), effect("ra")),
        (_("Projektens räntor"), effect("fi", "fk", "ex")),
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
    subtitle = _("{unit}, från {a} till {b}").format(
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
                Row(steps[-1].label, (Cell(steps[-1].text, plan["ar"][i]),), "sum"),
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


def timeline(result: Result) -> Figure | None:
    """Return the projects in start order, those outside the plan last.

    Of very many, the largest are drawn; the table has them all.
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
    drawn = ordered
    if len(ordered) > TIMELINE_ROWS:
        largest = sorted(chosen, key=lambda p: -(p.get("outlay_fixed_tkr") or 0.0))
        keep = {p["project_id"] for p in largest[:TIMELINE_ROWS]}
        drawn = [p for p in chosen if p["project_id"] in keep]
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
        unit += " " + _("Här visas de {n} största; tabellen har alla.").format(
            n=number(len(drawn))
        )
    rows = []
    for p in ordered:
        rows.append(
            Row(
                p["name"],
                (
                    Cell(
                        mkr(p.get("outlay_fixed_tkr")),
                        p.get("outlay_fixed_tkr"),
                        outlay_quality(p),
                    ),
                    Cell(str(p["start_year"] or EN_DASH), p["start_year"]),
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
                Column(_("Start")),
                Column(_("I bruk")),
                Column(_("Svar"), "left"),
            ),
            rows=tuple(rows),
            folded=True,
        ),
        labels=_labels(years),
        bars=tuple(_timeline_bar(p, years) for p in drawn),
        peak=unit_mkr(money),
    )


def _timeline_bar(project: Mapping[str, Any], years: Sequence[int]) -> Bar:
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
    columns: list[tuple[str, Years]] = [
        (names[key], list(values)) for key, values in parts.items()
    ]
    columns.append((_("Summa"), list(sums)))
    return Figure(
        kind="stacked",
        title=title,
        unit=_("Planens projekt, {unit}").format(unit=subtitle),
        alt=_("Staplar med planens utgifter per år. {title}.").format(title=title),
        table=_year_table(
            _("Planens utgifter per år"), first_upper(subtitle), years, columns
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


def goal_mood(goal: Mapping[str, Any], i: int) -> str:
    """Return how a goal stands in a year: good, tight, missed or quiet (not measured)."""
    met = goal["met"][i]
    if met is None:
        return "quiet"
    if not met:
        return "missed"
    margin = goal["margin"][i] if goal.get("margin") else None
    if margin is None:
        return "good"
    value = abs(goal.get("value") or 0.0)
    barely = BARELY_SHARE * value
    if goal.get("indicator") in _RESULT_INDICATORS:
        barely = BARELY_RESULT
    return "tight" if margin <= barely else "good"


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
                tuple(_goal_table_cell(g, i) for i in range(len(years))),
            )
            for g in goals
        ),
        note="" if len(kept) == len(goals) else _("* Målet nås inte det året."),
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


def _goal_table_cell(goal: Mapping[str, Any], i: int) -> Cell:
    cell = goal_cell(goal, i)
    value = cell.value if isinstance(cell.value, (int, float)) else None
    text = indicator_table(str(goal.get("indicator")), value)
    if cell.mood == "missed":
        text = f"{text}\u00a0*"
    return Cell(text, cell.value, mood=cell.mood)


# ---------------------------------------------------------------- the law's test


def balanskrav_by_year(result: Result) -> Figure | None:
    """Return the balance-requirement result of each year; a deficit is hatched."""
    years: list[int] = result["years"]
    values = series_of(result, "balanskrav", "bkr")
    if values is None or not any(v is not None for v in values):
        return None
    unmet = [y for y, v in zip(years, values, strict=True) if (v or 0.0) < -TRIFLE]
    known = [i for i, v in enumerate(values) if v is not None]
    low = min(known, key=lambda i: values[i] or 0.0)
    money = currency(result)
    if unmet:
        title = _("Balanskravet klaras inte {ys}").format(ys=years_text(unmet))
    else:
        title = _("Balanskravet klaras alla år, med minst marginal {y}").format(
            y=years[low]
        )
    subtitle = _("{unit}, löpande priser").format(unit=unit_mkr(money))
    return Figure(
        kind="bars",
        title=title,
        unit=_("Balanskravsresultat, {unit}").format(unit=subtitle),
        alt=_("Staplar med balanskravsresultatet per år. {title}.").format(title=title),
        table=_year_table(
            _("Balanskravsresultat per år"),
            first_upper(subtitle),
            years,
            [(_("Balanskravsresultat"), values)],
        ),
        labels=_labels(years),
        series=(Series("bkr", _("Balanskravsresultat"), _millions(values), "plan"),),
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
            years,
            [
                (_("Enligt planen"), list(run["outlay_plan"])),
                (_("I egen takt"), list(run["outlay"])),
            ],
        ),
        labels=_labels(years),
        series=(
            Series("plan", _("Enligt planen"), _millions(run["outlay_plan"]), "plan"),
            Series("own", _("I egen takt"), _millions(run["outlay"]), "second"),
        ),
    )

"""What does a meeting need of a plan? The facts and wordings its documents share.

Here are the table of years, the money of the budget year, the goals in short, what is
left out and what it would take, and the proposed decision. The sentences of the report
are reused, not written anew. Leaves out how a letter is ordered and set
(meeting_letter) and how slides are (meeting_slides).
"""

from __future__ import annotations

import math
import unicodedata
from typing import TYPE_CHECKING, Any, Final

from rodtrad.domain.words import (
    EN_DASH,
    FINANCING_LABELS,
    LEVEL_LABELS,
    QUALITY_LABELS,
    Labels,
    _,
    amount_mkr,
    indicator_table,
    later,
    mkr,
    names_text,
    quoted,
    share_text,
    unit_mkr,
    unit_per_inhabitant,
    years_text,
)
from rodtrad.publish import figures
from rodtrad.publish.blocks import Cell, Column, Quality, Row, TableBlock
from rodtrad.publish.figures import (
    currency,
    first_upper,
    goal_name,
    series_of,
    total,
    worst_quality,
)
from rodtrad.publish.summary import by_size
from rodtrad.publish.tables import prices

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Result = dict[str, Any]

# The envelopes a council decides one by one, in the order they are read.
_ENVELOPES: Final = ("skatt", "taxa", "exploatering")
# Who usually decides at each gate; a municipality's own rules may say otherwise.
_DECIDERS: Final = Labels(
    {
        "G0": later("förvaltningen eller nämnden"),
        "G1": later("nämnden"),
        "G2": later("nämnden eller kommunstyrelsen"),
        "G3": later("kommunfullmäktige, i investeringsplanen"),
        "G4": later("kommunstyrelsen"),
        "G5": later("kommunstyrelsen eller kommunfullmäktige"),
        "G6": later("projektets styrgrupp"),
        "G7": later("ekonomiavdelningen, som börjar skriva av"),
        "G8": later("kommunstyrelsen eller kommunfullmäktige"),
        "G9": later("nämnden"),
    }
)


# ---------------------------------------------------------------- texts


def clean(text: object, longest: int = 0) -> str:
    r"""Return a text that any office file can hold: one line, no control characters.

    A text longer than `longest` (0 is no limit) ends in an ellipsis.

    Example:
        >>> clean("Skola\x00\nnorr"), clean("Norra skolan", 6)
        ('Skola norr', 'Norra…')
    """
    shown = "".join(
        " "
        if letter in "\t\n\r\u2028\u2029"
        else ""
        if unicodedata.category(letter) in ("Cc", "Cs", "Cn")
        else letter
        for letter in unicodedata.normalize("NFC", str(text))
    )
    if 0 < longest < len(shown):
        return shown[: longest - 1].rstrip() + "…"
    return shown


def unique(texts: Iterable[str]) -> list[str]:
    """Return the texts in order, without empty ones and repeats."""
    return list(dict.fromkeys(t for t in texts if t))


def amount(result: Result, tkr: float | None) -> str:
    """Return an amount as the report's tables have it, with its unit."""
    return amount_mkr(mkr(tkr), currency(result))


# ---------------------------------------------------------------- money by year


def chosen_projects(result: Result) -> list[Mapping[str, Any]]:
    """Return the projects of the plan, the earliest start first."""
    return sorted(
        (p for p in result.get("projects", []) if p["chosen"]),
        key=lambda p: (p["start_year"], str(p["name"]), str(p["project_id"])),
    )


def left_out(result: Result) -> list[Mapping[str, Any]]:
    """Return the projects outside the plan, the largest first."""
    return by_size(p for p in result.get("projects", []) if not p["chosen"])


def outlays(
    result: Result, projects: Iterable[Mapping[str, Any]], key: str = "outlay_tkr"
) -> list[float]:
    """Return what some projects spend (or take in) each year, nominal tkr."""
    rows = [p.get(key) or [] for p in projects]
    return [
        total(row[i] for row in rows if i < len(row))
        for i in range(len(result["years"]))
    ]


def year_table(result: Result) -> TableBlock:
    """Return the economy in one table: a row a year, from outlays to debt.

    The figures and their rounding are those of the report's own tables.
    """
    years: list[int] = result["years"]
    money = currency(result)
    million = unit_mkr(money)
    spent = outlays(result, chosen_projects(result))
    columns: list[tuple[str, str, Quality, list[Cell]]] = [
        (
            _("Utgifter för planens projekt"),
            million,
            worst_quality(result, "outlay"),
            [Cell(mkr(v), v) for v in spent],
        )
    ]

    def add(
        label: str, unit: str, key: str, values: Sequence[float | None] | None
    ) -> None:
        if values is None or not any(v is not None for v in values):
            return
        texts = [
            indicator_table(key, v) if key in _INDICATORS else mkr(v) for v in values
        ]
        cells = [Cell(t, v) for t, v in zip(texts, values, strict=True)]
        columns.append((label, unit, worst_quality(result, key), cells))

    add(_("Årets resultat"), million, "ar", series_of(result, "statement", "ar"))
    add(
        _("Resultat som andel av skatter och bidrag"),
        "",
        "res_andel",
        series_of(result, "indicators", "res_andel"),
    )
    add(
        _("Balanskravsresultat"), million, "bkr", series_of(result, "balanskrav", "bkr")
    )
    add(
        _("Lån per invånare vid årets slut"),
        unit_per_inhabitant(money),
        "lan_inv",
        series_of(result, "indicators", "lan_inv"),
    )
    return TableBlock(
        title=_("Ekonomin år för år med planen"),
        subtitle=_("Löpande priser"),
        columns=(
            Column(_("År"), "left"),
            *(
                Column(label, "right", with_quality(unit, quality))
                for label, unit, quality, _cells in columns
            ),
        ),
        rows=tuple(
            Row(str(year), tuple(cells[i] for _l, _u, _q, cells in columns))
            for i, year in enumerate(years)
        ),
    )


_INDICATORS: Final = ("res_andel", "lan_inv")


def with_quality(unit: str, quality: Quality) -> str:
    """Return a unit with the word for how sure the figures are."""
    return ", ".join(filter(None, (unit, QUALITY_LABELS.get(quality, ""))))


def without_projects_table(result: Result) -> TableBlock | None:
    """Return the plan beside starting nothing new; None where that is not computed."""
    rows = []
    for key, label, pick in (
        ("res_andel", _("Lägsta resultat, andel av skatter och bidrag (%)"), min),
        (
            "lan_inv",
            _("Högsta lån per invånare ({unit})").format(
                unit=unit_per_inhabitant(currency(result))
            ),
            max,
        ),
    ):
        plan = series_of(result, "indicators", key)
        base = series_of(result, "baseline", "indicators", key)
        if plan is None or base is None:
            continue
        cells = []
        for values in (plan, base):
            known = [
                (v, y)
                for v, y in zip(values, result["years"], strict=False)
                if v is not None
            ]
            if not known:
                break
            value, year = pick(known, key=lambda pair: pair[0])
            cells.append(Cell(f"{indicator_table(key, value)} ({year})", value))
        else:
            rows.append(Row(label, tuple(cells), quality=worst_quality(result, key)))
    if not rows:
        return None
    return TableBlock(
        title=_("Planen jämförd med att inte starta något nytt"),
        subtitle=_("Året då det inträffar inom parentes"),
        columns=(
            Column(_("Mått"), "left"),
            Column(_("Med planen")),
            Column(_("Utan nya projekt")),
        ),
        rows=tuple(rows),
        note=_("Utan nya projekt betalar kommunen väntekostnader för dem.")
        if figures.ends_waiting(result)
        else "",
    )


# ---------------------------------------------------------------- the budget year


def budget_year(result: Result) -> int:
    """Return the year whose money is decided; the years after are for planning."""
    return int(result["years"][0])


def budget_table(result: Result) -> TableBlock | None:
    """Return what the budget year costs, project by project in decided envelopes.

    None where no project spends anything that year.
    """
    year = budget_year(result)
    spending = [p for p in chosen_projects(result) if (p["outlay_tkr"] or [0.0])[0] > 0]
    if not spending:
        return None
    rows: list[Row] = []

    def cells(own: Sequence[Mapping[str, Any]]) -> tuple[Cell, ...]:
        first = math.fsum(p["outlay_tkr"][0] or 0.0 for p in own)
        whole = math.fsum(total(p["outlay_tkr"]) for p in own)
        return (Cell(mkr(first), first), Cell(mkr(whole), whole))

    kinds = [str(p.get("financing") or "skatt") for p in spending]
    order = [*_ENVELOPES, *sorted(set(kinds) - set(_ENVELOPES))]
    for kind in order:
        own = [p for p, k in zip(spending, kinds, strict=True) if k == kind]
        if not own:
            continue
        rows.append(
            Row(
                _("{envelope}, summa").format(
                    envelope=first_upper(FINANCING_LABELS.get(kind, kind))
                ),
                (*cells(own), Cell("", None)),
                "sum",
            )
        )
        rows += [
            Row(
                str(p["name"]),
                (*cells([p]), Cell(str(p["in_use_year"]), p["in_use_year"])),
                quality=figures.outlay_quality(p),
            )
            for p in own
        ]
    rows.append(Row(_("Summa"), (*cells(spending), Cell("", None)), "sum"))
    income = outlays(result, spending, "income_tkr")
    note = _("Planåren efter {y} är underlag, inte beslutade anslag.").format(y=year)
    if income[0] > figures.TRIFLE:
        note += " " + _("Inkomster på {kr} är inte avräknade.").format(
            kr=amount(result, income[0])
        )
    return TableBlock(
        title=_("Investeringar budgetåret {y}").format(y=year),
        subtitle=prices(result),
        columns=(
            Column(_("Projekt"), "left"),
            Column(_("Anvisas {y}").format(y=year)),
            Column(_("Hela projektet i planen")),
            Column(_("I bruk")),
        ),
        rows=tuple(rows),
        note=note,
    )


def decision_points(result: Result) -> list[str]:
    """Return the proposed decision, point by point, each beginning with "att".

    The budget year is decided; the years after are laid down for planning only.
    """
    if (result.get("status") or {}).get("state") == "infeasible":
        return []
    years: list[int] = result["years"]
    spent = outlays(result, chosen_projects(result))
    now, later = spent[0], total(spent[1:])
    points = []
    if now > figures.TRIFLE:
        points.append(
            _(
                "att anvisa {kr} till investeringar budgetåret {y}, fördelade enligt tabellen ”{table}”"
            ).format(
                kr=amount(result, now),
                y=years[0],
                table=_("Investeringar budgetåret {y}").format(y=years[0]),
            )
        )
    else:
        points.append(
            _("att inte anvisa några medel till planens projekt budgetåret {y}").format(
                y=years[0]
            )
        )
    if len(years) > 1 and later > figures.TRIFLE:
        points.append(
            _(
                "att planåren {ys}, med utgifter på {kr}, ska vara underlag för fortsatt planering"
            ).format(ys=years_text(years[1:]), kr=amount(result, later))
        )
    return points


def project_decision_points(result: Result, project: Mapping[str, Any]) -> list[str]:
    """Return the proposed decision for one project; multi-year projects as a whole."""
    years: list[int] = result["years"]
    name = quoted(clean(project["name"]))
    if not project["chosen"]:
        return [
            _("att projektet {p} inte tas in i investeringsplanen {ys}").format(
                p=name, ys=years_text(years)
            )
        ]
    spent = [x or 0.0 for x in project["outlay_tkr"]]
    points = []
    if spent[0] > figures.TRIFLE:
        points.append(
            _("att anvisa {kr} till projektet {p} budgetåret {y}").format(
                kr=amount(result, spent[0]), p=name, y=years[0]
            )
        )
        rest = total(spent[1:])
        if rest > figures.TRIFLE:
            points.append(
                _(
                    "att projektets utgifter planåren {ys}, {kr}, ska vara underlag för fortsatt planering"
                ).format(
                    ys=years_text(
                        [y for y, x in zip(years, spent, strict=True) if x][1:]
                    ),
                    kr=amount(result, rest),
                )
            )
    else:
        points.append(
            _(
                "att projektet {p} tas in i investeringsplanen med start {a} och utgifter på {kr}, som underlag för fortsatt planering"
            ).format(p=name, a=project["start_year"], kr=amount(result, total(spent)))
        )
    return points


def deciders(gate: object) -> tuple[str, str]:
    """Return who usually decides at a gate and at the next; empty where unknown.

    Example:
        >>> deciders("G3")[1]
        'kommunstyrelsen'
    """
    keys = list(_DECIDERS)
    if gate not in _DECIDERS:
        return "", ""
    i = keys.index(str(gate))
    return _DECIDERS[keys[i]], _DECIDERS[keys[i + 1]] if i + 1 < len(keys) else ""


# ---------------------------------------------------------------- goals


def goals_table(result: Result) -> TableBlock | None:
    """Return a row a goal: whether it is met, and its outcome in the weakest year.

    Goals that are missed stand first, and among them those that must be kept.
    """
    years: list[int] = result["years"]
    found: list[tuple[bool, bool, int, Row]] = []
    for order, goal in enumerate(g for g in result.get("goals", []) if g.get("met")):
        measured = [i for i, met in enumerate(goal["met"]) if met is not None]
        missed = [years[i] for i in measured if not goal["met"][i]]
        if not measured:
            verdict = _("mäts inget år")
        elif missed:
            verdict = _("missas {ys}").format(ys=years_text(missed))
        else:
            verdict = _("nås alla år")
        weak = weakest(goal)
        cell = Cell(EN_DASH, None) if weak is None else _outcome(goal, weak)
        level = str(goal.get("level") or "must")
        found.append(
            (
                not missed,
                level != "must",
                order,
                Row(
                    clean(goal_name(goal)),
                    (
                        Cell(LEVEL_LABELS.get(level, level), level),
                        Cell(verdict, verdict, mood="missed" if missed else "good"),
                        Cell(
                            EN_DASH if weak is None else str(years[weak]),
                            None if weak is None else years[weak],
                        ),
                        cell,
                    ),
                ),
            )
        )
    if not found:
        return None
    found.sort(key=lambda item: item[:3])
    return TableBlock(
        title=_("Planens påverkan på målen"),
        subtitle=_("Utfall det svagaste året, andelar i procent, lån i {unit}").format(
            unit=unit_per_inhabitant(currency(result))
        ),
        columns=(
            Column(_("Mål"), "left"),
            Column(_("Nivå"), "left"),
            Column(_("Med planen"), "left"),
            Column(_("Svagaste år")),
            Column(_("Utfall då")),
        ),
        rows=tuple(row for *_key, row in found),
    )


def weakest(goal: Mapping[str, Any]) -> int | None:
    """Return the place of the year with the least margin to a goal."""
    margins = goal.get("margin") or []
    known = [
        (margin, i)
        for i, (margin, met) in enumerate(zip(margins, goal["met"], strict=False))
        if margin is not None and met is not None
    ]
    return min(known)[1] if known else None


def _outcome(goal: Mapping[str, Any], i: int) -> Cell:
    actual = (goal.get("actual") or [None] * (i + 1))[i]
    return Cell(indicator_table(str(goal.get("indicator")), actual), actual)


# ---------------------------------------------------------------- what is left out


def what_it_takes(result: Result, project: Mapping[str, Any]) -> str:
    """Return in a line what a project outside the plan would take; never invented."""
    reason = reason_of(result, project) or {}
    force = reason.get("force") or {}
    names = {str(p["project_id"]): str(p["name"]) for p in result.get("projects", [])}
    leaves = [names.get(str(key), str(key)) for key in force.get("leaves") or []]
    if leaves:
        return _("Att {ps} lämnar planen.").format(ps=names_text(leaves))
    texts = [str(t) for t in reason.get("text") or []]
    return texts[0] if texts else _("Skälet är inte uträknat i den här körningen.")


def reason_of(result: Result, project: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the reasons for one project; None where they are not computed."""
    return next(
        (
            dict(r)
            for r in result.get("reasons") or []
            if r["project_id"] == project["project_id"]
        ),
        None,
    )


def left_out_table(result: Result) -> TableBlock | None:
    """Return the projects outside the plan with what each would take."""
    rows = tuple(
        Row(
            str(p["name"]),
            (
                Cell(mkr(p.get("outlay_fixed_tkr")), p.get("outlay_fixed_tkr")),
                Cell(what := what_it_takes(result, p), what),
            ),
            quality=figures.outlay_quality(p),
        )
        for p in left_out(result)
    )
    if not rows:
        return None
    return TableBlock(
        title=_("Det vi inte kan göra, och vad som skulle krävas"),
        subtitle=_("{unit}, {y} års priser").format(
            unit=first_upper(unit_mkr(currency(result))), y=result["meta"]["base_year"]
        ),
        columns=(
            Column(_("Projekt"), "left"),
            Column(_("Utgift")),
            Column(_("Vad som skulle krävas"), "left"),
        ),
        rows=rows,
        note=_("Så blir det i den bästa plan som hittats med projektet i.")
        if result.get("reasons")
        else "",
    )


def climate_projects(result: Result) -> tuple[list[str], list[str]]:
    """Return names of projects driven by climate: in the plan, and outside it."""
    found = [p for p in result.get("projects", []) if p.get("driver") == "klimat"]
    return (
        [str(p["name"]) for p in by_size(found) if p["chosen"]],
        [str(p["name"]) for p in by_size(found) if not p["chosen"]],
    )


def largest_share(result: Result) -> str:
    """Return which part of the outlays the largest project is; empty without any."""
    spent = [(total(p["outlay_tkr"]), p) for p in chosen_projects(result)]
    whole = math.fsum(s for s, _p in spent)
    if len(spent) < 2 or whole <= figures.TRIFLE:
        return ""
    most, project = max(spent, key=lambda pair: pair[0])
    return _("Projektet {p} är {pct} av planens utgifter.").format(
        p=quoted(clean(project["name"], 60)), pct=share_text(most / whole, 0)
    )

"""What breaks if the plan's answer to a project is forced, and what would change it?

Reads the claims of plan.json and computes nothing: which goals the project breaks in
which years, added or started earlier than the plan does, and the benefit, outlay and
room with which the answer becomes another. Leaves out the reasons in words
(project_answer).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from rodtrad.domain.words import amount_mkr, count_text, unit_per_inhabitant
from rodtrad.publish import figures
from rodtrad.publish.blocks import Cell, Column, Figure, HeatRow, Row, TableBlock, Text
from rodtrad.web.templatetags.rodtrad import mkr, names, number, share, year_list

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rodtrad.web.project_index import InPlan

# The claims that say what a change breaks: added to the plan, done alone, started earlier.
_BREAKS: Final = ("added_breaks", "alone_breaks", "start_breaks")
# What lies under this is no difference in benefit.
_NOTHING: Final = 0.05
Claim = dict[str, Any]


# ---------------------------------------------------------------- what breaks


def breaks_chart(plan: InPlan, project_id: str) -> tuple[Figure, list[Text]] | None:
    """Return the goals that the other answer breaks, year by year, and what stands beside.

    None where nothing that has a year is broken: then the reasons say all there is.
    """
    claim = next((c for c in _claims(plan, project_id) if c["kind"] in _BREAKS), None)
    if claim is None:
        return None
    years: list[int] = plan.plan["years"]
    broken = [b for b in claim["breaks"] if b["kind"] in ("goal", "resource")]
    rows = [_row(plan.plan, claim, one) for one in broken if one["years"]]
    if not rows:
        return None
    title, unit = _finding(plan.plan, claim, broken)
    chart = Figure(
        kind="heat",
        title=title,
        unit=unit,
        alt=_("Rutor år för år med de krav som bryts. {title}.").format(title=title),
        table=TableBlock(
            title=_("Krav som bryts, år för år"),
            subtitle=unit,
            columns=(Column(_("Krav"), "left"), *(Column(str(y)) for y in years)),
            rows=tuple(Row(row.label, row.cells) for row in rows),
            folded=True,
        ),
        labels=tuple(str(y) for y in years),
        heat=tuple(rows),
    )
    beside = [_beside(plan, project_id, one) for one in claim["breaks"]]
    return chart, [Text(text) for text in beside if text]


def _claims(plan: InPlan, project_id: str) -> Sequence[Claim]:
    found: Sequence[Claim] = plan.reasons.get(project_id, {}).get("claims") or ()
    return found


def _goal(plan: Mapping[str, Any], key: str) -> Mapping[str, Any] | None:
    return next((g for g in plan.get("goals", []) if g["goal_id"] == key), None)


def _row(plan: Mapping[str, Any], claim: Claim, broken: Mapping[str, Any]) -> HeatRow:
    """Return a requirement with the plan's own figure, and the word where it breaks.

    What the figure would be with the change is not known here. Where the plan has none
    that it could be compared with, a word stands in its place.
    """
    goal = _goal(plan, broken["id"]) if broken["kind"] == "goal" else None
    compared = goal is not None and claim["kind"] != "alone_breaks"
    cells = []
    for i, year in enumerate(plan["years"]):
        hit = year in broken["years"]
        kept = figures.goal_cell(goal, i).text if compared and goal else _("hålls")
        text = _("bryts") if hit else kept
        cells.append(Cell(text, text, mood="missed" if hit else "quiet"))
    label = figures.goal_name(goal) if goal else str(broken["id"])
    return HeatRow(label, tuple(cells))


def _finding(
    plan: Mapping[str, Any], claim: Claim, broken: Sequence[Mapping[str, Any]]
) -> tuple[str, str]:
    """Return the title of the chart and what stands under it."""
    years = year_list(sorted({year for one in broken for year in one["years"]}))
    start = claim["start_year"] if "start_year" in claim else claim["choice"][2]
    count = len(broken)
    if claim["kind"] == "start_breaks":
        title = ngettext(
            "Med start {y} bryts ett krav {ys}",
            "Med start {y} bryts {n} krav {ys}",
            count,
        )
        unit = _(
            "Planens utfall med start {own}. Med start {y} bryts kravet där rutan är streckad."
        )
    elif claim["kind"] == "alone_breaks":
        title = ngettext(
            "Också utan andra projekt bryts ett krav {ys}",
            "Också utan andra projekt bryts {n} krav {ys}",
            count,
        )
        unit = _("Projektet ensamt, med start {y}.")
    else:
        title = ngettext(
            "Med projektet bryts ett krav {ys}",
            "Med projektet bryts {n} krav {ys}",
            count,
        )
        unit = _(
            "Planens utfall utan projektet. Läggs det till med start {y} bryts kravet där rutan är streckad."
        )
    slots = {
        "y": start,
        "own": claim.get("own_start_year"),
        "n": count_text(count),
        "ys": years,
    }
    told = unit.format(**slots)
    if claim["kind"] != "alone_breaks":
        told += " " + _("Andelar i procent, lån i tusen {unit}").format(
            unit=unit_per_inhabitant(figures.currency(dict(plan)))
        )
    return title.format(**slots), told


def _beside(plan: InPlan, project_id: str, broken: Mapping[str, Any]) -> str:
    """Return what has no year: a relation to another project, or a lock on one."""
    if broken["kind"] == "lock":
        return _("Projektet ”{q}” är låst.").format(q=_name(plan, broken["id"]))
    if broken["kind"] != "relation":
        return ""
    kind, _open, pair = str(broken["id"]).rstrip(")").partition("(")
    one, _comma, other = pair.partition(",")
    partner = _name(plan, other if one == project_id else one)
    patterns = {
        "excludes": _("Projektet går inte att förena med ”{q}”, som ingår."),
        "requires": _("Projektet kräver ”{q}”, som inte är klart i tid eller ingår."),
        "together": _("Projektet hör ihop med ”{q}”: båda ingår eller inget av dem."),
    }
    return patterns[kind].format(q=partner) if kind in patterns else ""


def _name(plan: InPlan, project_id: str) -> str:
    return str(plan.projects.get(project_id, {}).get("name") or project_id)


# ---------------------------------------------------------------- what it would take


def needed_table(plan: InPlan, project_id: str) -> TableBlock | None:
    """Return how far benefit, outlay and room must change for another answer.

    Two bounds each: with one the answer is proven to be the other, with the second
    proven not to be. None where nothing is known, as for a project that must be done.
    """
    row, reason = plan.projects.get(project_id), plan.reasons.get(project_id)
    if row is None or reason is None or row.get("must_do"):
        return None
    claims = {c["kind"]: c for c in _claims(plan, project_id)}
    if "locked" in claims:
        return None
    table = _to_leave if row["chosen"] else _to_enter
    return table(plan, row, reason["force"], claims)


def _to_enter(
    plan: InPlan,
    project: Mapping[str, Any],
    force: Mapping[str, Any],
    claims: Mapping[str, Claim],
) -> TableBlock | None:
    rows: list[tuple[str, ...]] = []
    low, high = _losses(force)
    if not force["impossible"]:
        more = _("{np} nyttopoäng mer")
        gained = _points(more, high, up=True), _points(more, low, up=False)
        rows.append((_("Nyttan är större"), *gained, ""))
    money = figures.currency(plan.plan)
    enough, short = claims.get("outlay_enough"), claims.get("outlay_short")
    cheaper = _("{pct} lägre: {kr}")
    rows.append(
        (
            _outlay_label(_("Utgiften är lägre, i dag {kr}"), project, money),
            _outlay(cheaper, enough, project, money),
            _outlay(cheaper, short, project, money),
            _comes_in(plan, project, enough),
        )
    )
    enough, short = claims.get("room_enough"), claims.get("room_short")
    rows.append(
        (
            _("Utrymmet är större"),
            _room(enough, money),
            _room(short, money),
            _comes_in(plan, project, enough),
        )
    )
    return _table(
        _("Vad skulle krävas?"),
        (_("Om …"), _("Räcker"), _("Räcker inte"), _("Så kommer projektet in")),
        rows,
        _(
            "Varje tal är prövat för sig, med hela planen omräknad. Mellan det som räcker och det som inte räcker är det inte avgjort."
        ),
    )


def _to_leave(
    plan: InPlan,
    project: Mapping[str, Any],
    force: Mapping[str, Any],
    claims: Mapping[str, Claim],
) -> TableBlock | None:
    if force["impossible"]:
        return None
    low, high = _losses(force)
    less = _("{np} nyttopoäng mindre")
    money = figures.currency(plan.plan)
    dearer = _("{pct} högre: {kr}")
    rows = [
        (
            _("Nyttan är mindre"),
            _points(less, low, up=False),
            _points(less, high, up=True),
        ),
        (
            _outlay_label(_("Utgiften är högre, i dag {kr}"), project, money),
            _outlay(dearer, claims.get("outlay_enough"), project, money),
            _outlay(dearer, claims.get("outlay_short"), project, money),
        ),
    ]
    return _table(
        _("Vad skulle ändra svaret?"),
        (_("Om …"), _("Ingår ändå"), _("Ingår inte längre")),
        rows,
        _(
            "Varje tal är prövat för sig, med hela planen omräknad. Mellan de två talen är det inte avgjort."
        ),
    )


def _losses(force: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """Return the bounds of the loss from forcing; None where one says nothing."""
    low, high = force.get("loss_low"), force.get("loss_high")
    if high is not None and high < _NOTHING:
        return None, None
    return (None if low is None or low < _NOTHING else low), high


def _points(pattern: str, value: float | None, *, up: bool) -> str:
    """Return points of benefit, never fewer (`up`) or never more than are proven."""
    if value is None:
        return ""
    size = 10 if value < 9.95 else 1
    turned = math.ceil if up else math.floor
    near = 1e-6 * max(1.0, value)
    whole = turned((value - near if up else value + near) * size)
    return pattern.format(np=number(whole / size, 1 if size == 10 else 0))


def _outlay_label(label: str, project: Mapping[str, Any], money: str) -> str:
    return label.format(kr=_amount(project.get("outlay_fixed_tkr"), money))


def _amount(tkr: float | None, money: str, decimals: int = 1) -> str:
    return amount_mkr(mkr(tkr, decimals), money)


def _outlay(
    pattern: str, claim: Claim | None, project: Mapping[str, Any], money: str
) -> str:
    """Return a change of the outlay as a share of it and as the amount it then is."""
    now = project.get("outlay_fixed_tkr")
    factor = claim["question"].get("outlay_factor", 1.0) if claim else 1.0
    if now is None or factor == 1.0:
        return ""
    change = share(abs(factor - 1.0), 0)
    return pattern.format(pct=change, kr=_amount(now * factor, money))


def _room(claim: Claim | None, money: str) -> str:
    if claim is None:
        return ""
    room = claim["question"].get("room_tkr", 0.0)
    return _("{kr} mer").format(kr=_amount(room, money, 0))


def _comes_in(plan: InPlan, project: Mapping[str, Any], claim: Claim | None) -> str:
    """Return the start of the project in the plan that shows that a change is enough."""
    changes = claim.get("changes") if claim else None
    if not changes:
        return ""
    put = {str(choice[0]): choice for choice in changes["put_in"]}
    own = put.get(str(project["project_id"]))
    if own is None:
        return ""
    gone = [_name(plan, key) for key in changes["take_out"] if key not in put]
    if not gone:
        return _("Start {y}").format(y=own[2])
    return _("Start {y}, i stället för {ps}").format(y=own[2], ps=names(gone))


def _table(
    title: str,
    heads: tuple[str, ...],
    rows: Sequence[tuple[str, ...]],
    note: str,
) -> TableBlock | None:
    """Return the table of the rows that say something; None without any."""
    told = [row for row in rows if row[1] or row[2]]
    if not told:
        return None
    unknown = _("inte avgjort")
    return TableBlock(
        title=title,
        subtitle=_("Minsta ändring, en i taget"),
        columns=tuple(Column(head, "left") for head in heads),
        rows=tuple(
            Row(
                row[0],
                tuple(
                    Cell(text or (unknown if i < 2 else ""))
                    for i, text in enumerate(row[1:])
                ),
            )
            for row in told
        ),
        note=note,
    )

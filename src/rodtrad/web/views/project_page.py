"""All about one project: in, out or when, and why; its gate, money, decisions, files.

The answer and its reasons are the plan's own (publish.chapters); amounts that people
have registered stand beside, each with class, price level and date. Leaves out lists
(projects) and the forms of its rows (project_edit).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from rodtrad.domain.columns import SCHEMA
from rodtrad.domain.words import ALTERNATIVE_LABELS, DRIVER_LABELS, number, unit_mkr
from rodtrad.domain.words import mkr as mkr_text
from rodtrad.publish import chapters, meeting
from rodtrad.publish.blocks import (
    Cell,
    Column,
    Figure,
    Limit,
    Series,
    TableBlock,
)
from rodtrad.publish.blocks import Row as TableRow
from rodtrad.web import navigation, project_gates, project_life, project_money
from rodtrad.web.access import Right, may, may_edit_table, requires
from rodtrad.web.models import (
    AlternativeNote,
    Attachment,
    Decision,
    Estimate,
    GateStep,
    NeedReport,
    ProjectFile,
    ProjectYear,
    VisionLink,
)
from rodtrad.web.models.underlag import Row, Underlag
from rodtrad.web.project_index import (
    IN,
    UNKNOWN,
    InPlan,
    plan_of,
    rows_of_project,
)
from rodtrad.web.views.events import shown_events
from rodtrad.web.views.study_base import is_stale

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rodtrad.web.access import MunicipalRequest
    from rodtrad.web.models import Municipality
    from rodtrad.web.models.projects import VisionNode

OWN_TABLES: Final = ("alternatives", "outlays", "effects", "parts", "scores")
_PER_MILLION: Final = 1000.0


@dataclass
class Life:
    """Everything that is known of one project."""

    underlag: Underlag
    row: Row
    rows: Mapping[str, list[Row]]
    file: ProjectFile | None
    notes: Mapping[str, AlternativeNote]
    decisions: list[Decision]
    estimates: list[Estimate]
    years: list[ProjectYear]
    attachments: list[Attachment]
    steps: list[GateStep]
    reports: list[NeedReport]
    links: list[VisionLink]
    money: project_money.Money = field(init=False)

    def __post_init__(self) -> None:
        """Sum the money up once."""
        self.money = project_money.sum_up(self.decisions, self.estimates, self.years)

    @property
    def project_id(self) -> str:
        """The project's id."""
        return str(self.row.data["project_id"])

    @property
    def name(self) -> str:
        """The project's name."""
        return self.row.label or self.project_id

    @property
    def gate(self) -> str:
        """The gate that it has come to; empty where none is set."""
        return str(self.row.data.get("gate") or "")

    def facts(self) -> project_gates.Facts:
        """Return what gates are judged by."""
        return project_gates.Facts(
            self.file,
            {"projects": [self.row], **self.rows},
            project_money.in_force(self.decisions),
            self.estimates,
            self.attachments,
            len(self.reports),
            self.money.forecast,
            self.money.decided,
        )


def project_row(municipality: Municipality, project_id: str) -> tuple[Underlag, Row]:
    """Return a project's row of the underlag.

    Raises:
        Http404: there is no such project in this municipality.
    """
    row = (
        Row.objects.filter(
            underlag__municipality=municipality, table="projects", key=project_id[:400]
        )
        .select_related("underlag")
        .order_by("position", "pk")
        .first()
    )
    if row is None or row.data.get("project_id") is None:
        raise Http404
    return row.underlag, row


def read_life(municipality: Municipality, project_id: str) -> Life:
    """Return everything about a project.

    Raises:
        Http404: there is no such project in this municipality.
    """
    underlag, row = project_row(municipality, project_id)
    key = str(row.data["project_id"])
    rows: dict[str, list[Row]] = defaultdict(list)
    for one in rows_of_project(underlag, OWN_TABLES, key):
        rows[one.table].append(one)
    mine = {"municipality": municipality, "project_id": key}
    return Life(
        underlag,
        row,
        rows,
        ProjectFile.objects.filter(**mine).first(),
        {note.alternative_id: note for note in AlternativeNote.objects.filter(**mine)},
        list(Decision.objects.filter(**mine).select_related("attachment")),
        list(Estimate.objects.filter(**mine)),
        list(ProjectYear.objects.filter(**mine)),
        list(Attachment.objects.filter(**mine, removed_at=None)),
        list(GateStep.objects.filter(**mine)),
        list(NeedReport.objects.filter(**mine)),
        list(
            VisionLink.objects.filter(
                node__municipality=municipality, project_id=key
            ).select_related("node__parent__parent")
        ),
    )


# ---------------------------------------------------------------- the answer


@dataclass(frozen=True)
class Answer:
    """In, out or when, and why, in the plan that is shown; `core` texts are Swedish."""

    sentence: str
    reasons: tuple[str, ...]
    label: str
    state: str
    heading: str
    start: int | None = None
    in_use: int | None = None


def answer_of(plan: InPlan | None, project_id: str) -> Answer:
    """Return the plan's answer to one project."""
    if plan is None:
        return Answer(
            _(
                "Ingen plan är räknad än. Därför är det inte avgjort om projektet ingår."
            ),
            (),
            "",
            UNKNOWN,
            "",
        )
    row = plan.projects.get(project_id)
    if row is None:
        return Answer(
            _("Inte prövat. Projektet fanns inte när plan {n} räknades.").format(
                n=plan.study.number
            ),
            (),
            "",
            UNKNOWN,
            "",
        )
    card = chapters.project_card(plan.plan, row, plan.reasons.get(project_id))
    reasons = [text for text in (*card.reasons, card.force, *card.beside) if text]
    if row["chosen"]:
        start, use = row["start_year"], row["in_use_year"]
        if use is None or use <= start:
            when = _("Ingår i planen. Startar {a} och tas i bruk samma år.").format(
                a=start
            )
        else:
            when = _("Ingår i planen. Startar {a} och tas i bruk {b}.").format(
                a=start, b=use
            )
        if row.get("must_do"):
            when += " " + _("Projektet är tvingande.")
        return Answer(
            when,
            tuple(reasons),
            plan.labels.get(project_id, ""),
            IN,
            _("Varför ingår det?"),
            start,
            use,
        )
    return Answer(
        _("Ingår inte i planen."),
        tuple(reasons),
        plan.labels.get(project_id, ""),
        "ingar-inte",
        _("Varför inte?"),
    )


# ---------------------------------------------------------------- parts of the page


def key_figures(life: Life, answer: Answer, alternative: str) -> list[dict[str, Any]]:
    """Return price, time, operation and waiting, at most four."""
    data = life.row.data
    outlays = [
        row
        for row in life.rows.get("outlays", ())
        if str(row.data.get("alternative_id")) == alternative
    ]
    found: list[dict[str, Any]] = []
    if outlays:
        total = sum(float(row.data.get("outlay") or 0.0) for row in outlays)
        estimate = life.money.estimate
        found.append(
            {
                "label": _("Utgift i underlaget"),
                "text": mkr_text(total),
                "unit": unit_mkr(),
                "note": _("Senaste kalkyl: {c}").format(
                    c=estimate.get_estimate_class_display()
                )
                if estimate
                else _("Ingen kalkyl är införd"),
                "quality": _worst(outlays),
            }
        )
    build = next(
        (
            row.data.get("build_years")
            for row in life.rows.get("alternatives", ())
            if str(row.data.get("alternative_id")) == alternative
        ),
        None,
    )
    if answer.start is not None:
        found.append(
            {
                "label": _("Start i planen"),
                "text": str(answer.start),
                "unit": "",
                "note": _("I bruk {y}").format(y=answer.in_use)
                if answer.in_use
                else "",
            }
        )
    elif data.get("earliest_year") is not None:
        first = int(data["earliest_year"])
        found.append(
            {
                "label": _("Tidigaste start"),
                "text": str(first),
                "unit": "",
                "note": _("I bruk {y}").format(y=first + int(build))
                if build is not None
                else "",
            }
        )
    effects = [
        row
        for row in life.rows.get("effects", ())
        if str(row.data.get("alternative_id")) == alternative
    ]
    if effects:
        last = max(effects, key=lambda row: row.data.get("offset") or 0)
        found.append(
            {
                "label": _("Ändrad drift per år"),
                "text": mkr_text(last.data.get("operating")),
                "unit": unit_mkr(),
                "note": _("När det är i full drift"),
                "quality": _worst(effects),
            }
        )
    waiting = data.get("waiting_cost")
    if waiting:
        found.append(
            {
                "label": _("Att vänta kostar"),
                "text": mkr_text(waiting),
                "unit": _("{unit} per år").format(unit=unit_mkr()),
                "note": "",
            }
        )
    return found[:4]


def _worst(rows: Sequence[Row]) -> str:
    marks = {str(row.data.get("quality") or "") for row in rows}
    return next((m for m in ("antagande", "beräkning", "uppgift") if m in marks), "")


@dataclass(frozen=True)
class Way:
    """One alternative as the page shows it."""

    alternative_id: str
    name: str
    kind: str
    amount: float | None
    build_years: int | None
    operating: float | None
    quality: str
    chosen: bool
    note: AlternativeNote | None


def ways(life: Life, plan: InPlan | None) -> list[Way]:
    """Return the alternatives, with the one that the plan chose."""
    row = plan.projects.get(life.project_id) if plan else None
    chosen = str(row.get("alternative_id")) if row and row["chosen"] else None
    found = []
    for one in life.rows.get("alternatives", ()):
        key = str(one.data.get("alternative_id") or "")
        outlays = _of(life, "outlays", key)
        effects = _of(life, "effects", key)
        kind = str(one.data.get("kind") or "")
        build = one.data.get("build_years")
        found.append(
            Way(
                key,
                one.label or key,
                str(_(ALTERNATIVE_LABELS[kind]))
                if kind in ALTERNATIVE_LABELS
                else kind,
                sum(float(r.data.get("outlay") or 0.0) for r in outlays)
                if outlays
                else None,
                int(build) if isinstance(build, int | float) else None,
                float(
                    max(effects, key=lambda r: r.data.get("offset") or 0).data.get(
                        "operating"
                    )
                    or 0.0
                )
                if effects
                else None,
                _worst(outlays),
                key == chosen,
                life.notes.get(key),
            )
        )
    return found


def _of(life: Life, table: str, alternative_id: str) -> list[Row]:
    return [
        row
        for row in life.rows.get(table, ())
        if str(row.data.get("alternative_id")) == alternative_id
    ]


def shown_alternative(life: Life, plan: InPlan | None) -> str:
    """Return the alternative whose figures stand at the top: chosen, else cheapest."""
    found = ways(life, plan)
    for way in found:
        if way.chosen:
            return way.alternative_id
    priced = [way for way in found if way.amount is not None]
    if priced:
        return min(priced, key=lambda way: way.amount or 0.0).alternative_id
    return found[0].alternative_id if found else ""


def forecast_chart(life: Life) -> Figure | None:
    """Return how the forecast of the total outlay has moved; None before two of them."""
    told = sorted(life.estimates, key=lambda e: (e.date, e.pk))
    if len(told) < 2:
        return None
    first, last = told[0].total_tkr, told[-1].total_tkr
    if abs(last - first) < project_money.TRIFLE:
        title = _("Prognosen är densamma som den första")
    elif last > first:
        title = _("Prognosen har stigit med {x} sedan den första").format(
            x=f"{mkr_text(last - first)} {unit_mkr()}"
        )
    else:
        title = _("Prognosen har sjunkit med {x} sedan den första").format(
            x=f"{mkr_text(first - last)} {unit_mkr()}"
        )
    decided = [_decided_at(life, e) for e in told]
    limits = (
        (
            Limit(
                _("Beslutad totalutgift"),
                tuple(None if x is None else x / _PER_MILLION for x in decided),
                "goal",
                "<=",
            ),
        )
        if any(x is not None for x in decided)
        else ()
    )
    labels = tuple(e.date.isoformat() for e in told)
    return Figure(
        kind="lines",
        title=title,
        unit=_("Beräknad totalutgift, {unit}, i de priser som gällde då.").format(
            unit=unit_mkr()
        ),
        alt=_("Prognosens historia. {title}.").format(title=title),
        table=TableBlock(
            title=_("Prognosens historia"),
            subtitle=unit_mkr(),
            columns=(
                Column(_("Datum"), "left"),
                Column(_("Prognos")),
                Column(_("Beslutat")),
                Column(_("Kalkylklass"), "left"),
            ),
            rows=tuple(
                TableRow(
                    e.date.isoformat(),
                    (
                        Cell(mkr_text(e.total_tkr), e.total_tkr),
                        Cell(mkr_text(limit), limit),
                        Cell(str(e.get_estimate_class_display())),
                    ),
                )
                for e, limit in zip(told, decided, strict=True)
            ),
        ),
        labels=labels,
        series=(
            Series(
                "forecast",
                _("Prognos"),
                tuple(e.total_tkr / _PER_MILLION for e in told),
            ),
        ),
        limits=limits,
        decimals=1,
    )


def _decided_at(life: Life, estimate: Estimate) -> float | None:
    earlier = [
        d
        for d in project_money.in_force(life.decisions)
        if d.amount_tkr is not None and d.date <= estimate.date
    ]
    return earlier[0].amount_tkr if earlier else None


def red_thread(
    life: Life,
    municipality: Municipality,
    answer: Answer,
    goal_names: Mapping[str, str],
) -> list[dict[str, Any]]:
    """Return need, goal, indicator, project and effect, as steps of a chain."""
    steps: list[dict[str, Any]] = []
    need = life.file.need if life.file else ""
    for report in life.reports:
        steps.append(
            {
                "kind": _("Anmält behov"),
                "text": report.what,
                "href": reverse("need_report", args=[municipality.slug, report.number]),
                "note": report.where,
            }
        )
    if need and not life.reports:
        steps.append({"kind": _("Behov"), "text": need})
    if not steps:
        driver = str(life.row.data.get("driver") or "")
        steps.append(
            {
                "kind": _("Behov"),
                "text": _("Behovet är inte beskrivet"),
                "note": _("Drivkraft: {d}").format(
                    d=_(DRIVER_LABELS.get(driver, driver))
                )
                if driver
                else "",
                "state": "later",
            }
        )
    told: set[int] = set()
    tree = reverse("goal_tree", args=[municipality.slug])
    for link in life.links:
        chain: list[VisionNode] = []
        node: VisionNode | None = link.node
        while node is not None and len(chain) < 5:
            chain.append(node)
            node = node.parent
        for one in reversed(chain):
            if one.pk in told:
                continue
            told.add(one.pk)
            steps.append(
                {
                    "kind": str(one.get_kind_display()),
                    "text": one.text,
                    "href": f"{tree}#del-{one.pk}",
                    "note": goal_names.get(one.goal_id, "") if one.goal_id else "",
                }
            )
    if not life.links:
        steps.append(
            {
                "kind": _("Mål"),
                "text": _("Inte kopplat till något mål"),
                "href": tree,
                "state": "later",
            }
        )
    steps.append(
        {
            "kind": _("Projekt"),
            "text": life.name,
            "note": answer.sentence,
        }
    )
    effects = [link.effect for link in life.links if link.effect]
    measured = life.file.effect if life.file else ""
    steps.append(
        {
            "kind": _("Effekt"),
            "text": measured
            or "; ".join(effects)
            or _("Mäts ett till tre år efter att det är i bruk"),
            "note": "",
            "state": "known" if measured else "later",
        }
    )
    return steps


def money_sentences(money: project_money.Money) -> list[tuple[str, bool]]:
    """Return what the sums say, and whether each is a warning."""
    told: list[tuple[str, bool]] = []
    unit = unit_mkr()
    if money.against_frame is not None:
        amount = f"{number(abs(money.against_frame) / _PER_MILLION, 3)} {unit}"
        if money.over_frame:
            told.append(
                (
                    _("Prognosen är {x} över beslutad totalutgift.").format(x=amount),
                    True,
                )
            )
        else:
            told.append(
                (
                    _("Prognosen ryms i beslutad totalutgift, med {x} kvar.").format(
                        x=amount
                    ),
                    False,
                )
            )
    if money.against_budgets is not None:
        amount = f"{number(abs(money.against_budgets) / _PER_MILLION, 3)} {unit}"
        years = (
            str(money.budget_years[0])
            if len(money.budget_years) == 1
            else f"{money.budget_years[0]}–{money.budget_years[-1]}"
        )
        if money.over_budgets:
            told.append(
                (
                    _(
                        "Det som återstår att betala är {x} mer än anslagen {ys}."
                    ).format(x=amount, ys=years),
                    True,
                )
            )
        else:
            told.append(
                (
                    _(
                        "Anslagen {ys} räcker till det som återstår, med {x} kvar."
                    ).format(ys=years, x=amount),
                    False,
                )
            )
    return told


# ---------------------------------------------------------------- the page


@requires(Right.READ, methods="GET")
def project(request: MunicipalRequest, project_id: str) -> HttpResponse:
    """Show one project."""
    municipality = request.municipality
    life = read_life(municipality, project_id)
    plan = plan_of(municipality)
    answer = answer_of(plan, life.project_id)
    following = project_gates.next_gate(life.gate)
    asked = project_gates.requirements(following, life.facts()) if following else []
    everything = [life.row, *(row for rows in life.rows.values() for row in rows)]
    goal_names = _goal_names(life)
    area, asset = _place(life)
    decisions = project_money.in_force(life.decisions)
    replaced = {d.replaces_id for d in life.decisions if d.replaces_id}
    may_edit = may(request.membership, Right.EDIT_PROJECTS)
    context: dict[str, Any] = {
        "life": life,
        "project": life.row,
        "data": life.row.data,
        "name": life.name,
        "answer": answer,
        "plan": plan,
        "stale": plan is not None and is_stale(plan.study),
        "figures": key_figures(life, answer, shown_alternative(life, plan)),
        "ways": ways(life, plan),
        "money": life.money,
        "money_told": money_sentences(life.money),
        "chart": forecast_chart(life),
        "decisions": decisions,
        "replaced": [d for d in life.decisions if d.pk in replaced],
        "following": following,
        "earlier": project_gates.previous_gate(life.gate),
        "asked": asked,
        "met": sum(one.met for one in asked),
        "decider": _(meeting.deciders(following)[0]) if following else "",
        "chain": red_thread(life, municipality, answer, goal_names),
        "area": area,
        "asset": asset,
        "driver": _driver(life),
        "events": shown_events(
            project_life.history(municipality, life.project_id, everything),
            municipality,
        ),
        "may_edit": may_edit,
        "may_gate": _may_gate(request, following),
        "may_rows": may_edit and may_edit_table(request.membership, "projects"),
        "bench": _bench(municipality),
        "letter": _letter(request, plan, life.project_id),
        "words": _words(life),
    }
    return render(request, "projects/project.html", context)


def _may_gate(request: MunicipalRequest, gate: str) -> bool:
    """Whether one may move a project to a gate: some are for those who decide."""
    if gate in project_gates.DECISION_GATES:
        return may(request.membership, Right.DECIDE)
    return may(request.membership, Right.EDIT_PROJECTS)


def _driver(life: Life) -> str:
    driver = str(life.row.data.get("driver") or "")
    return _(DRIVER_LABELS[driver]) if driver in DRIVER_LABELS else driver


def _goal_names(life: Life) -> dict[str, str]:
    wanted = {link.node.goal_id for link in life.links if link.node.goal_id}
    if not wanted:
        return {}
    rows = Row.objects.filter(underlag=life.underlag, table="goals", key__in=wanted)
    return {row.key: row.label or row.key for row in rows}


def _place(life: Life) -> tuple[str, Row | None]:
    """The name of the project's area, and its asset, in one question."""
    area = str(life.row.data.get("area") or "")
    asset = str(life.row.data.get("asset_id") or "")
    if not area and not asset:
        return "", None
    rows = list(
        Row.objects.filter(
            underlag=life.underlag,
            table__in=("areas", "assets"),
            key__in=[key for key in (area, asset) if key],
        )
    )
    names = {row.key: row.label or row.key for row in rows if row.table == "areas"}
    owned = next(
        (row for row in rows if row.table == "assets" and row.key == asset), None
    )
    return names.get(area, area), owned


def _bench(municipality: Municipality) -> str:
    address = reverse("workbench", args=[municipality.slug])
    return address if navigation.page_exists(address) else ""


def _letter(request: MunicipalRequest, plan: InPlan | None, project_id: str) -> str:
    if (
        plan is None
        or project_id not in plan.projects
        or not may(request.membership, Right.EXPORT)
    ):
        return ""
    from django.utils.http import urlencode

    address = reverse(
        "meeting_project_letter", args=[request.municipality.slug, plan.study.number]
    )
    return f"{address}?{urlencode({'projekt': project_id})}"


def _words(life: Life) -> list[tuple[str, Any]]:
    """The words that have been written, with their labels."""
    if life.file is None:
        return []
    found = []
    for name in ProjectFile.WORDS:
        value = getattr(life.file, name)
        if value in (None, ""):
            continue
        label = ProjectFile._meta.get_field(name).verbose_name  # type: ignore[union-attr]
        if name == "operating_tkr":
            value = number(float(value), 0)
        found.append((str(label), value))
    return found


def table_label(name: str) -> str:
    """Return what a table is called."""
    return SCHEMA[name].label_sv

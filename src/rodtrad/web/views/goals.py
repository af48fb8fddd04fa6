"""What does the council want, and what serves it? The tree of vision, goals, projects.

Vision, goal, indicator and project, edited by leaders; financial goals show the figure
of the underlag. Weak places are marked: a goal without an indicator, an indicator
without a project, a project without a goal. Leaves out whether goals are met (studies).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.contrib import messages
from django.db import transaction
from django.db.models import F, Max
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from rodtrad.domain.words import INDICATOR_LABELS, OPERATOR_LABELS, number
from rodtrad.domain.words import share_table as share_words
from rodtrad.web import events, project_life
from rodtrad.web.access import Right, requires
from rodtrad.web.models import Municipality, VisionLink, VisionNode
from rodtrad.web.models.underlag import Row
from rodtrad.web.project_index import read_register
from rodtrad.web.views.projects import project_field

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django.http import HttpResponse

    from rodtrad.web.access import MunicipalRequest
    from rodtrad.web.forms.project_choice import ProjectField
    from rodtrad.web.project_index import Register

Kind = VisionNode.Kind
_BELOW: Final = {
    None: (Kind.VISION, Kind.GOAL),
    Kind.VISION: (Kind.GOAL,),
    Kind.GOAL: (Kind.INDICATOR,),
    Kind.INDICATOR: (),
}
_SHOWN_LOOSE: Final = 30
_FIELDS: Final = ("text", "note", "target", "now", "goal_id")


def _address(municipality: Municipality, key: str) -> str | None:
    return f"/{municipality.slug}/mal/#del-{key}"


events.declare_object(
    "visionnode",
    gettext_lazy("del av måltavlan"),
    {
        "text": gettext_lazy("text"),
        "note": gettext_lazy("förklaring"),
        "target": gettext_lazy("målvärde"),
        "now": gettext_lazy("läget nu"),
        "goal_id": gettext_lazy("ekonomiskt mål"),
        "kind": gettext_lazy("slag"),
        "project_id": gettext_lazy("projekt"),
        "effect": gettext_lazy("väntad effekt"),
    },
    _address,
    {"kind": {str(one.value): one.label for one in Kind}},
)
for _code, _words in {
    "vision.added": gettext_lazy("lade till i måltavlan"),
    "vision.changed": gettext_lazy("ändrade i måltavlan"),
    "vision.removed": gettext_lazy("tog bort ur måltavlan"),
    "vision.linked": gettext_lazy("kopplade ett projekt till ett mål"),
    "vision.unlinked": gettext_lazy("tog bort en koppling till ett mål"),
}.items():
    events.declare_action(_code, _words)


class NodeForm(forms.ModelForm):  # type: ignore[type-arg]
    """A part of the tree."""

    revision = forms.IntegerField(widget=forms.HiddenInput, required=False)
    goal_id = forms.ChoiceField(
        label=gettext_lazy("Ekonomiskt mål i underlaget"), required=False
    )

    class Meta:
        """Its words and, for goals and indicators, what is measured."""

        model = VisionNode
        fields = _FIELDS

    def __init__(
        self, *args: Any, goals: Sequence[tuple[str, str]] = (), **kwargs: Any
    ) -> None:
        """Leave out what a vision has not."""
        super().__init__(*args, **kwargs)
        self.initial["revision"] = self.instance.revision
        if self.instance.kind == Kind.VISION:
            for name in ("target", "now", "goal_id"):
                del self.fields[name]
        else:
            self.fields["goal_id"].choices = [("", "–"), *goals]  # type: ignore[attr-defined]
        self.fields["note"].widget.attrs |= {"rows": 3, "maxlength": 4000}


class LinkForm(forms.Form):
    """A project that serves a goal or moves an indicator."""

    effect = forms.CharField(
        label=gettext_lazy("Väntad effekt"), max_length=200, required=False
    )

    def __init__(self, *args: Any, project: ProjectField, **kwargs: Any) -> None:
        """Take the field that knows the municipality's projects."""
        super().__init__(*args, **kwargs)
        self.fields = {"project_id": project, **self.fields}


# ---------------------------------------------------------------- the tree


def goal_rows(register: Register) -> dict[str, Row]:
    """Return the financial goals of the underlag, by id."""
    if register.underlag is None:
        return {}
    rows = Row.objects.filter(underlag=register.underlag, table="goals")
    return {row.key: row for row in rows.order_by("position")}


def goal_words(row: Row) -> str:
    """Return a financial goal in a line: what is measured, and the limit."""
    data = row.data
    indicator = str(data.get("indicator") or "")
    value = data.get("value")
    shown = (
        ""
        if not isinstance(value, int | float)
        else number(value, 0)
        if indicator == "lan_inv"
        else share_words(value)
    )
    label = INDICATOR_LABELS.get(indicator, "")
    operator = OPERATOR_LABELS.get(str(data.get("operator") or ""), "")
    return " ".join(part for part in (label, operator, shown) if part)


def build_tree(
    nodes: Sequence[VisionNode],
    links: Sequence[VisionLink],
    register: Register,
    goals: Mapping[str, Row],
    municipality: Municipality,
) -> list[dict[str, Any]]:
    """Return the tree from its roots, each part with what is weak about it."""
    names = {p.project_id: p.name for p in register.projects}
    below: dict[int | None, list[VisionNode]] = {}
    for node in nodes:
        below.setdefault(node.parent_id, []).append(node)
    linked: dict[int, list[dict[str, Any]]] = {}
    for link in links:
        linked.setdefault(link.node_id, []).append(
            {
                "pk": link.pk,
                "name": names.get(link.project_id, link.project_id),
                "gone": link.project_id not in names,
                "effect": link.effect,
                "href": project_life.address(municipality, link.project_id),
                "answer": register.answer(link.project_id),
            }
        )

    def build(node: VisionNode) -> dict[str, Any]:
        children = [build(child) for child in below.get(node.pk, ())]
        projects = linked.get(node.pk, [])
        financial = goals.get(node.goal_id)
        weak = ""
        if node.kind == Kind.VISION and not children:
            weak = _("Visionen har inget mål")
        elif node.kind == Kind.GOAL and not children and financial is None:
            weak = _("Målet har inget mått")
        elif (
            node.kind == Kind.INDICATOR
            and financial is None
            and not projects
            and not linked.get(node.parent_id or 0)
        ):
            weak = _("Inget projekt påverkar måttet")
        return {
            "node": node,
            "kind": node.get_kind_display(),
            "children": children,
            "projects": projects,
            "weak": weak,
            "financial": goal_words(financial) if financial else "",
            "lost": bool(node.goal_id and financial is None),
            "below": [
                (kind.value, kind.label) for kind in _BELOW.get(Kind(node.kind), ())
            ],
            "links": node.kind != Kind.VISION,
        }

    return [build(node) for node in below.get(None, ())]


def _weak(tree: Sequence[Mapping[str, Any]]) -> int:
    return sum(bool(one["weak"]) + _weak(one["children"]) for one in tree)


@requires(Right.READ, methods="GET")
def tree(request: MunicipalRequest) -> HttpResponse:
    """Show the tree, with its weak places and the projects that serve no goal."""
    register = read_register(request.municipality)
    nodes = list(VisionNode.objects.filter(municipality=request.municipality))
    links = list(VisionLink.objects.filter(node__municipality=request.municipality))
    goals = goal_rows(register)
    built = build_tree(nodes, links, register, goals, request.municipality)
    served = {link.project_id for link in links}
    loose = [p for p in register.projects if p.project_id not in served]
    used = {node.goal_id for node in nodes}
    weak = _weak(built)
    return render(
        request,
        "goals/tree.html",
        {
            "tree": built,
            "heading": _heading(len(nodes), weak),
            "loose": [
                {
                    "name": p.name,
                    "href": project_life.address(request.municipality, p.project_id),
                }
                for p in loose[:_SHOWN_LOOSE]
            ],
            "loose_count": len(loose),
            "loose_more": max(len(loose) - _SHOWN_LOOSE, 0),
            "unused": [
                (row.label or key, goal_words(row))
                for key, row in goals.items()
                if key not in used
            ],
            "roots": [(kind.value, kind.label) for kind in _BELOW[None]],
            "may_change": may_change(request),
        },
    )


def _heading(count: int, weak: int) -> str:
    if not count:
        return _("Visionen och målen är inte inlagda än")
    if not weak:
        return _("Varje mål går att följa längs tråden")
    return ngettext(
        "Tråden brister på {n} ställe", "Tråden brister på {n} ställen", weak
    ).format(n=number(weak))


def may_change(request: MunicipalRequest) -> bool:
    """Whether one may change the tree: leaders, as those who decide."""
    from rodtrad.web.access import may

    return may(request.membership, Right.DECIDE)


# ---------------------------------------------------------------- changing it


def _node(request: MunicipalRequest, pk: int) -> VisionNode:
    return get_object_or_404(
        VisionNode.objects.select_related("parent"),
        pk=pk,
        municipality=request.municipality,
    )


def _back(request: MunicipalRequest, pk: int | None = None) -> HttpResponse:
    address = reverse("goal_tree", args=[request.municipality.slug])
    return redirect(f"{address}#del-{pk}" if pk else address)


def _form_page(
    request: MunicipalRequest, form: forms.BaseForm, title: str, submit: str
) -> HttpResponse:
    return render(
        request,
        "goals/form.html",
        {
            "form": form,
            "heading": title,
            "submit": submit,
            "back": reverse("goal_tree", args=[request.municipality.slug]),
        },
        status=422 if form.errors else 200,
    )


def _goal_choices(request: MunicipalRequest) -> list[tuple[str, str]]:
    register = read_register(request.municipality)
    return [(key, row.label or key) for key, row in goal_rows(register).items()]


@requires(Right.DECIDE)
def new(request: MunicipalRequest) -> HttpResponse:
    """Show the form for a new part, under `under`, and add it."""
    asked = request.POST.get("under") or request.GET.get("under") or ""
    parent = (
        _node(request, int(asked)) if asked.isdecimal() and len(asked) < 10 else None
    )
    allowed = _BELOW[Kind(parent.kind) if parent else None]
    kind = request.POST.get("slag") or request.GET.get("slag") or ""
    if kind not in allowed:
        return _back(request)
    node = VisionNode(municipality=request.municipality, parent=parent, kind=kind)
    form = NodeForm(
        request.POST if request.method == "POST" else None,
        instance=node,
        goals=_goal_choices(request),
    )
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            last = VisionNode.objects.filter(
                municipality=request.municipality, parent=parent
            ).aggregate(n=Max("position"))
            node = form.save(commit=False)
            node.position = (last["n"] or 0) + 1
            node.save()
            events.record(
                request,
                request.municipality,
                "vision.added",
                node,
                after={"kind": node.kind, "text": node.text},
            )
        messages.success(request, _("Tillagt."))
        return _back(request, node.pk)
    label = str(Kind(kind).label)
    return _form_page(
        request, form, _("Nytt: {kind}").format(kind=label.lower()), _("Lägg till")
    )


@requires(Right.DECIDE)
def edit(request: MunicipalRequest, pk: int) -> HttpResponse:
    """Show a part as a form, and save it unless somebody else has meanwhile."""
    node = _node(request, pk)
    before = {name: getattr(node, name) for name in _FIELDS}
    form = NodeForm(
        request.POST if request.method == "POST" else None,
        instance=node,
        goals=_goal_choices(request),
    )
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            seen = form.cleaned_data["revision"] or 0
            fresh = VisionNode.objects.filter(pk=pk, revision=seen).update(
                revision=F("revision") + 1
            )
            if fresh:
                node = form.save(commit=False)
                node.save(update_fields=[n for n in _FIELDS if n in form.fields])
                old, changed = events.changed(
                    before, {name: getattr(node, name) for name in _FIELDS}
                )
                if changed:
                    events.record(
                        request,
                        request.municipality,
                        "vision.changed",
                        node,
                        old,
                        changed,
                    )
        if fresh:
            messages.success(request, _("Sparat."))
            return _back(request, pk)
        stored = VisionNode.objects.get(pk=pk)
        form.data = {**request.POST.dict(), "revision": str(stored.revision)}
        form.add_error(
            None,
            _("Någon annan sparade medan du skrev. Nu står det: {t}").format(
                t=stored.text
            ),
        )
    return _form_page(
        request,
        form,
        _("Ändra: {kind}").format(kind=str(Kind(node.kind).label).lower()),
        _("Spara"),
    )


@requires(Right.DECIDE)
def remove(request: MunicipalRequest, pk: int) -> HttpResponse:
    """Ask whether a part is to go with what is below it; POST does it."""
    node = _node(request, pk)
    below = VisionNode.objects.filter(parent=node).count()
    if request.method == "POST":
        with transaction.atomic():
            events.record(
                request,
                request.municipality,
                "vision.removed",
                node,
                before={"kind": node.kind, "text": node.text},
            )
            node.delete()
        messages.success(request, _("Borttaget."))
        return _back(request)
    return render(
        request,
        "goals/remove.html",
        {
            "node": node,
            "below": below,
            "back": reverse("goal_tree", args=[request.municipality.slug]),
        },
    )


@requires(Right.DECIDE)
def link(request: MunicipalRequest, pk: int) -> HttpResponse:
    """Show the form that ties a project to a part, and tie it."""
    node = _node(request, pk)
    if node.kind == Kind.VISION:
        return _back(request, pk)
    form = LinkForm(
        request.POST if request.method == "POST" else None,
        project=project_field(request.municipality),
    )
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        with transaction.atomic():
            VisionLink.objects.update_or_create(
                node=node,
                project_id=told["project_id"],
                defaults={"effect": told["effect"]},
            )
            events.record(
                request,
                request.municipality,
                "vision.linked",
                node,
                after={"project_id": told["project_id"], "effect": told["effect"]},
            )
        messages.success(request, _("Projektet är kopplat."))
        return _back(request, pk)
    return _form_page(
        request,
        form,
        _("Koppla ett projekt till {t}").format(t=node.text),
        _("Koppla projektet"),
    )


@requires(Right.DECIDE, methods="POST")
def unlink(request: MunicipalRequest, pk: int) -> HttpResponse:
    """Take away the tie between a project and a part."""
    found = get_object_or_404(
        VisionLink.objects.select_related("node"),
        pk=pk,
        node__municipality=request.municipality,
    )
    with transaction.atomic():
        events.record(
            request,
            request.municipality,
            "vision.unlinked",
            found.node,
            before={"project_id": found.project_id, "effect": found.effect},
        )
        found.delete()
    messages.success(request, _("Kopplingen är borttagen."))
    return _back(request, found.node_id)

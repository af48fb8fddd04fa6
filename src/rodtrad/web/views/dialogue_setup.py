"""How do staff open a dialogue, change it, sort it into themes, and register what came in?

Leaves out what is done with each comment (views.dialogue).
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from rodtrad.domain.words import DRIVER_LABELS
from rodtrad.web import (
    dialogue,
    dialogue_forget,
    dialogue_items,
    dialogue_read,
    dialogue_setup,
    thinning,
)
from rodtrad.web.access import MunicipalRequest, Right, requires
from rodtrad.web.clean_text import whole_number
from rodtrad.web.forms.dialogue import (
    DialogueForm,
    RegisterForm,
    ThemeForm,
    ThinAfterForm,
)
from rodtrad.web.models import Publication
from rodtrad.web.models.dialogue import Dialogue, Kind, Moderation, Theme
from rodtrad.web.public_address import public_address

if TYPE_CHECKING:
    from django.http import HttpResponse

    from rodtrad.web.models import Municipality

_DAYS: Final = 30
# More projects than this are not a list to choose from; they are searched for.
_MOST: Final = 300
_SHOWN: Final = 100


@requires(Right.MODERATE, methods="GET")
def dialogues(request: MunicipalRequest) -> HttpResponse:
    """Show all dialogues, with how well each is answered."""
    return _list_page(request)


def _list_page(
    request: MunicipalRequest, form: ThinAfterForm | None = None
) -> HttpResponse:
    months = {"months": request.municipality.thin_after_months}
    found = Dialogue.objects.filter(municipality=request.municipality)[:_SHOWN]
    return render(
        request,
        "dialogue/list.html",
        {
            "dialogues": [
                (one, dialogue_read.figures(dialogue_read.of_dialogue(one)))
                for one in found[:20]
            ],
            "more": list(found[20:]),
            "form": form or ThinAfterForm(initial=months),
        },
        status=422 if form is not None else 200,
    )


@requires(Right.MODERATE, methods="POST")
def thin_after(request: MunicipalRequest) -> HttpResponse:
    """Decide how long after its last day a dialogue is thinned out."""
    form = ThinAfterForm(request.POST)
    if not form.is_valid():
        return _list_page(request, form)
    dialogue_forget.set_months(request, form.cleaned_data["months"])
    messages.success(request, _("Tiden är sparad."))
    return redirect("dialogues", request.municipality.slug)


@requires(Right.MODERATE)
def new(request: MunicipalRequest) -> HttpResponse:
    """Ask what a new dialogue is about; sent, it is there."""
    publication = Publication.objects.current(request.municipality)
    if publication is None:
        return render(request, "dialogue/no_plan.html", {}, status=409)
    today = timezone.localdate()
    asked = dialogue_items.parse(publication, request.GET.get("om", "plan:"))
    made = Dialogue(
        municipality=request.municipality,
        opens=today,
        closes=today + dt.timedelta(days=_DAYS),
        moderation=Moderation.BEFORE,
    )
    form = DialogueForm(
        _items(publication, asked, request.GET.get("q", "")),
        request.POST if request.method == "POST" else None,
        instance=made,
        initial={"item": f"{asked.kind}:{asked.key}" if asked else "plan:"},
    )
    if request.method == "POST" and form.is_valid():
        item = dialogue_items.parse(publication, form.cleaned_data["item"])
        made = form.save(commit=False)
        if item is not None:
            made.kind, made.key = item.kind, item.key
            if _saved(request, made, None, form):
                return redirect("dialogue_one", request.municipality.slug, made.pk)
    return _form_page(request, form, None)


def _items(
    publication: Publication, asked: dialogue.Item | None, query: str
) -> list[tuple[str, str]]:
    """Return what a dialogue may be about: the plan, a subject, or a project."""
    found = [("plan:", _("Hela planen"))]
    if asked is not None and asked.kind != Kind.PLAN:
        found.append((f"{asked.kind}:{asked.key}", asked.name))
    rows = publication.items.order_by("name")
    for word in query.casefold().split()[:6]:
        rows = rows.filter(folded__contains=word)
    projects = rows.values_list("project_id", "name")[:_MOST]
    found += [(f"project:{key}", name) for key, name in projects]
    themes = publication.items.exclude(theme="").order_by()
    found += [
        (f"theme:{key}", _("Ämnet {name}").format(name=DRIVER_LABELS.get(key, key)))
        for key in sorted(set(themes.values_list("theme", flat=True).distinct()))
    ]
    return list(dict(found).items())


@requires(Right.MODERATE)
def change(request: MunicipalRequest, number: int) -> HttpResponse:
    """Change what a dialogue promises, when it is open, and how it is run."""
    found = _dialogue(request, number)
    before = dialogue_setup.facts(found)
    data = request.POST if request.method == "POST" else None
    form = DialogueForm([], data, instance=found)
    if request.method == "POST" and form.is_valid():
        made = form.save(commit=False)
        seen = whole_number(request.POST.get("revision", ""))
        # what is saved is what was seen, whatever has been stored since
        made.revision = -1 if seen is None else seen
        try:
            if _saved(request, made, before, form):
                return redirect("dialogue_one", request.municipality.slug, made.pk)
        except dialogue.StaleError:
            text = _(
                "Någon annan har ändrat dialogen under tiden. Läs igenom och spara igen."
            )
            messages.warning(request, text)
            return _form_page(request, form, found, 409)
    return _form_page(request, form, found)


def _saved(
    request: MunicipalRequest,
    made: Dialogue,
    before: dict[str, object] | None,
    form: DialogueForm,
) -> bool:
    try:
        dialogue_setup.save(request, made, before)
    except ValidationError as error:
        form.add_error("state", error)
        return False
    messages.success(request, _("Dialogen är sparad."))
    return True


def _form_page(
    request: MunicipalRequest,
    form: DialogueForm,
    found: Dialogue | None,
    status: int = 0,
) -> HttpResponse:
    fresh = None
    if found is not None:
        fresh = Dialogue.objects.get(pk=found.pk)
    return render(
        request,
        "dialogue/form.html",
        {
            "form": form,
            "dialogue": fresh,
            "q": request.GET.get("q", ""),
            "many": found is None and _is_many(request.municipality),
        },
        status=status or (422 if form.errors else 200),
    )


def _is_many(place: Municipality) -> bool:
    publication = Publication.objects.current(place)
    return publication is not None and publication.facts["projects"] > _MOST


def _dialogue(request: MunicipalRequest, pk: int) -> Dialogue:
    return get_object_or_404(
        Dialogue.objects.select_related("municipality"),
        municipality=request.municipality,
        pk=pk,
    )


@requires(Right.MODERATE, methods="GET")
def one(request: MunicipalRequest, number: int) -> HttpResponse:
    """Show a dialogue: how it stands, its themes and the latest comments."""
    found = _dialogue(request, number)
    return _one_page(request, found, ThemeForm())


def _one_page(
    request: MunicipalRequest, found: Dialogue, form: ThemeForm, status: int = 200
) -> HttpResponse:
    place = request.municipality
    read = dialogue_read.public_dialogues(place).filter(pk=found.pk).exists()
    public = read and Publication.objects.current(place) is not None
    comments = dialogue_read.of_dialogue(found)
    return render(
        request,
        "dialogue/one.html",
        {
            "dialogue": found,
            "figures": dialogue_read.figures(comments),
            "themes": dialogue_setup.themes_of(found),
            "comments": comments.exclude(state="unconfirmed").select_related("theme")[
                :10
            ],
            "form": form,
            "takes": found.takes_comments(),
            "public_at": public_address(place, "dialogue", number=found.pk)
            if public
            else "",
        },
        status=status,
    )


@requires(Right.MODERATE, methods="POST")
def add_theme(request: MunicipalRequest, number: int) -> HttpResponse:
    """Make a theme in a dialogue."""
    found = _dialogue(request, number)
    form = ThemeForm(request.POST)
    if not form.is_valid():
        return _one_page(request, found, form, 422)
    dialogue_setup.add_theme(request, found, form.cleaned_data["name"])
    messages.success(request, _("Temat är sparat."))
    return redirect("dialogue_one", request.municipality.slug, found.pk)


@requires(Right.MODERATE, methods="POST")
def change_theme(request: MunicipalRequest, number: int) -> HttpResponse:
    """Rename a theme, or remove it."""
    theme = get_object_or_404(
        Theme.objects.select_related("dialogue__municipality"),
        dialogue__municipality=request.municipality,
        pk=number,
    )
    form = ThemeForm(request.POST)
    try:
        if request.POST.get("act") == "remove":
            dialogue_setup.remove_theme(request, theme)
            messages.success(request, _("Temat är borttaget."))
        elif form.is_valid():
            dialogue_setup.rename_theme(request, theme, form.cleaned_data["name"])
            messages.success(request, _("Temat är sparat."))
        else:
            return _one_page(request, theme.dialogue, form, 422)
    except ValidationError as error:
        messages.warning(request, " ".join(error.messages))
        return _one_page(request, theme.dialogue, ThemeForm(), 409)
    return redirect("dialogue_one", request.municipality.slug, theme.dialogue_id)


@requires(Right.MODERATE)
def register(request: MunicipalRequest, number: int) -> HttpResponse:
    """Write down a comment that came by telephone or on paper.

    Personal data that the rules find must be looked at once before it is stored.
    """
    found = _dialogue(request, number)
    if not found.is_public:
        messages.warning(request, dialogue.not_yet())
        return _one_page(request, found, ThemeForm(), 409)
    publication = Publication.objects.current(request.municipality)
    own = dialogue_items.find(publication, found.kind, found.key)
    item = own or dialogue.Item(found.kind, found.key, found.title)
    about = request.POST.get("om", "") or request.GET.get("om", "")
    if found.kind == Kind.PLAN and about.startswith("project:"):
        item = dialogue_items.parse(publication, about) or item
    data = request.POST if request.method == "POST" else None
    form = RegisterForm(
        found.themes.all(), data, initial={"received": timezone.localdate()}
    )
    personal: list[thinning.Finding] = []
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        personal = thinning.findings(f"{said['name']}\n{said['text']}")
        if not personal or request.POST.get("seen") == "1":
            made = dialogue.register(
                request,
                found,
                item,
                dialogue.Words(said["text"], said["name"]),
                source=said["source"],
                received=said["received"],
                theme=said["theme"],
            )
            messages.success(request, _("Synpunkten är införd och visas för alla."))
            return redirect("dialogue_comment", request.municipality.slug, made.pk)
    status = 422 if request.method == "POST" else 200
    return render(
        request,
        "dialogue/register.html",
        {
            "dialogue": found,
            "form": form,
            "item": item,
            "personal": personal,
        },
        status=status,
    )

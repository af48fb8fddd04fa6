"""Where am I on the thread, and what does each knot say? Stages, their pages, figures.

The six knots carry one live figure each, from the newest finished study or, before there
is one, from the working copy. A page that has no address yet is left out rather than
shown as a dead link. An area with a figure of its own (open reports, this year's outcome)
gives it with `live_figure`. Leaves out how the thread is drawn (base.html, app.css).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from django.urls import Resolver404, get_script_prefix, resolve
from django.utils.translation import get_language, gettext, ngettext
from django.utils.translation import gettext_lazy as _

from rodtrad.publish import agreement, figures
from rodtrad.web.templatetags.rodtrad import number

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from django.http import HttpRequest
    from django.utils.functional import Promise

    from rodtrad.web.models import Municipality
    from rodtrad.web.models.studies import Study

    Say = Callable[[Municipality], str]


@dataclass(frozen=True)
class Page:
    """A sub-page: its address under the municipality's and the right it asks for."""

    path: str
    label: str | Promise
    right: str = ""


@dataclass(frozen=True)
class Stage:
    """A stage of the thread: its key, its name and its pages, the first one its own.

    `under` are addresses that belong here without a place among the sub-pages.
    """

    key: str
    label: str | Promise
    letter: str
    pages: tuple[Page, ...]
    under: tuple[str, ...] = ()


STAGES: Final = (
    Stage(
        "behov",
        _("Behov"),
        "b",
        (
            Page("underlag/", _("Underlag")),
            Page("behov/", _("Behov per år")),
            Page("behov/lokaler/", _("Lokaler och platser")),
            Page("behov/fornyelse/", _("Förnyelse")),
            Page("versioner/", _("Versioner")),
        ),
    ),
    Stage(
        "utrymme",
        _("Utrymme"),
        "u",
        (
            Page("utrymme/", _("Utrymme per år")),
            Page("utrymme/rakenskaper/", _("Räkenskaper")),
            Page("utrymme/balanskrav/", _("Balanskrav")),
            Page("utrymme/mal/", _("Mål")),
            Page("utrymme/skuld/", _("Skuld")),
            Page("utrymme/spakar/", _("Spakar")),
        ),
    ),
    Stage(
        "plan",
        _("Plan"),
        "p",
        (
            Page("studier/", _("Planer")),
            Page("projekt/", _("Projekt")),
            Page("projekt/tavla/", _("Tavla")),
            Page("projekt/tidslinje/", _("Tidslinje")),
            Page("projekt/karta/", _("Karta")),
            Page("arbetsbank/", _("Arbetsbänk")),
            Page("jamfor/", _("Jämför planer")),
            Page("studier/nara/", _("Nära lika bra planer")),
            Page("reserv/", _("Reservlista")),
        ),
    ),
    Stage(
        "varfor",
        _("Varför"),
        "v",
        (
            Page("enighet/", _("Enighetskarta")),
            Page("skal/", _("Skäl per projekt")),
            Page("vardering/", _("Värdering")),
            Page("mal/", _("Mål och vision")),
        ),
    ),
    Stage(
        "dialog",
        _("Dialog"),
        "d",
        (
            Page("behov/anmalda/", _("Anmälda behov")),
            Page("behov/anmal/", _("Anmäl ett behov"), "REPORT_NEED"),
            Page("dialog/", _("Inkommet"), "MODERATE"),
            Page("dialog/alla/", _("Dialoger"), "MODERATE"),
            Page("brev/", _("Veckobrevet"), "WRITE_LETTER"),
            Page("mote/", _("Till mötet"), "EXPORT"),
            Page("publicera/", _("Publicera")),
            Page("pott/", _("Pott")),
        ),
    ),
    Stage(
        "uppfoljning",
        _("Uppföljning"),
        "f",
        (Page("uppfoljning/", _("Läget i år")),),
    ),
)

_live: dict[str, Say] = {}


def live_figure(stage: str) -> Callable[[Say], Say]:
    """Let a function say the figure under a stage: one short line, empty for nothing."""

    def keep(say: Say) -> Say:
        _live[stage] = say
        return say

    return keep


@dataclass(frozen=True)
class Knot:
    """A knot as it is shown. `state`: `past`, `now`, `known` or `later`."""

    key: str
    label: str
    letter: str
    figure: str
    href: str
    state: str


@dataclass(frozen=True)
class Link:
    """A link to a sub-page; `here` is `page` on the page itself, `true` on one below."""

    label: str
    href: str
    here: str = ""


@dataclass(frozen=True)
class Thread:
    """The whole thread: how far the line is drawn, its knots and the sub-pages."""

    at: int
    present: Knot | None
    knots: tuple[Knot, ...]
    pages: tuple[Link, ...]


def build_thread(request: HttpRequest, municipality: Municipality) -> Thread:
    """Return the thread as this page shows it."""
    root = f"{get_script_prefix()}{municipality.slug}/"
    here = request.path.removeprefix(root) if request.path.startswith(root) else ""
    present, page = find_page(here)
    said = stage_figures(municipality)
    knots = []
    for i, stage in enumerate(STAGES):
        figure, known = said[stage.key]
        state = "later"
        if i == present:
            state = "now"
        elif known and (present is None or i < present):
            state = "known" if present is None else "past"
        pages = _links(request, root, stage, None)
        knots.append(
            Knot(
                stage.key,
                str(stage.label),
                stage.letter,
                figure,
                pages[0].href if pages else "",
                state,
            )
        )
    if present is None:
        return Thread(len(STAGES), None, tuple(knots), ())
    exact = page is not None and here == page.path
    links = _links(request, root, STAGES[present], page, exact)
    return Thread(present, knots[present], tuple(knots), links)


def find_page(path: str) -> tuple[int | None, Page | None]:
    """Return which stage and sub-page an address (under the municipality) belongs to."""
    best: tuple[int | None, Page | None] = (None, None)
    longest = 0
    for i, stage in enumerate(STAGES):
        for page in stage.pages:
            if path.startswith(page.path) and len(page.path) > longest:
                best, longest = (i, page), len(page.path)
        for below in stage.under:
            if path.startswith(below) and len(below) > longest:
                best, longest = (i, None), len(below)
    return best


def page_exists(path: str) -> bool:
    """Return whether any page answers at an address."""
    return _resolves(path)


@lru_cache(maxsize=2048)
def _resolves(path: str) -> bool:
    try:
        resolve(path)
    except Resolver404:
        return False
    return True


def _links(
    request: HttpRequest,
    root: str,
    stage: Stage,
    current: Page | None,
    exact: bool = False,
) -> tuple[Link, ...]:
    return tuple(
        Link(
            str(page.label),
            root + page.path,
            "" if page is not current else "page" if exact else "true",
        )
        for page in stage.pages
        if _resolves(root + page.path) and may(request, page.right)
    )


def may(request: HttpRequest, right: str) -> bool:
    """Return whether whoever asks has a right, by its name; no right is everybody's."""
    if not right:
        return True
    from rodtrad.web import access

    return access.may(getattr(request, "membership", None), access.Right[right])


# ---------------------------------------------------------------- figures


def stage_figures(municipality: Municipality) -> dict[str, tuple[str, bool]]:
    """Return, by stage, what its knot says and whether that is a figure at all."""
    from rodtrad.web.models.studies import Study

    # what somebody tries on the workbench is not everybody's plan
    plans = Study.objects.light().filter(kind="plan", result__isnull=False)
    study = plans.newest_plan(municipality)
    said = _working_copy(municipality) if study is None else dict(_of_study(study))
    for key, say in _live.items():
        if text := say(municipality):
            said[key] = text
    nothing = {
        "behov": gettext("inget underlag än"),
        "utrymme": gettext("inte räknat än"),
        "plan": gettext("ingen plan än"),
        "varfor": gettext("inte prövat än"),
        "dialog": gettext("inget inkommet än"),
        "uppfoljning": gettext("inget utfall än"),
    }
    return {
        stage.key: (said[stage.key], True)
        if said.get(stage.key)
        else (nothing[stage.key], False)
        for stage in STAGES
    }


def _working_copy(municipality: Municipality) -> dict[str, str]:
    from rodtrad.web.models import Row

    count = Row.objects.filter(
        underlag__municipality=municipality, table="projects"
    ).count()
    if not count:
        return {}
    text = ngettext("{n} projekt i underlaget", "{n} projekt i underlaget", count)
    return {"behov": text.format(n=number(count))}


_SAID: dict[tuple[int | None, Any, str | None], dict[str, str]] = {}
_KEPT: Final = 200


def _of_study(study: Study) -> dict[str, str]:
    """Return what a study says; its result is unpacked once in the life of a process."""
    key = (study.pk, study.finished_at, get_language())
    if key not in _SAID:
        if len(_SAID) >= _KEPT:
            _SAID.clear()
        _SAID[key] = plan_figures(study.plan or {})
    return _SAID[key]


def plan_figures(result: Mapping[str, Any]) -> dict[str, str]:
    """Return the short lines that a plan (plan.json) gives, by stage."""
    projects = result.get("projects") or []
    if not projects:
        return {}
    chosen = [p for p in projects if p["chosen"]]
    needs = figures.series_of(result, "needs", "total")
    said = {
        "utrymme": gettext("{n} mkr ryms").format(
            n=_millions(figures.total(x for p in chosen for x in p["outlay_tkr"]))
        ),
        "plan": gettext("{a} av {n} projekt").format(
            a=number(len(chosen)), n=number(len(projects))
        ),
    }
    if needs is not None:
        said["behov"] = gettext("{n} mkr önskat").format(
            n=_millions(figures.total(needs))
        )
    answers = agreement.answers(result)
    if answers:
        disputed = sum(a.group == "omtvistad" for a in answers)
        said["varfor"] = (
            ngettext(
                "{n} projekt är omtvistat", "{n} projekt är omtvistade", disputed
            ).format(n=number(disputed))
            if disputed
            else gettext("inget omtvistat")
        )
    return said


def _millions(tkr: float) -> str:
    return number(tkr / 1000, 0 if abs(tkr) >= 100_000 else 1)

"""How is a plan shown to a room? One thing a screen, in large type.

The plan, the economy and the projects as ordinary pages that follow each other: links
lead on and back, and where there is script the arrow keys do too. The same figures as on
the plan's other pages. Leaves out what is handed out (meeting).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from django.http import Http404
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from rodtrad.domain.words import unit_mkr
from rodtrad.publish import chapters, figures
from rodtrad.publish.blocks import Block, ChartBlock, Figure, ProjectCards
from rodtrad.publish.content import key_figures, status_line
from rodtrad.publish.summary import balance_sentences, by_size, plan_sentences
from rodtrad.web import access
from rodtrad.web.access import Right
from rodtrad.web.keeping import Kept
from rodtrad.web.views.study_base import (
    Content,
    Plan,
    address,
    interrupted,
    numbered,
    state_sentence,
    written,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from django.http import HttpResponse

    from rodtrad.web.access import MunicipalRequest
    from rodtrad.web.models import Study

# So many bars can be read across a room, and so many projects are worth a screen each.
MOST_BARS: Final = 12
_MOST_REASONS: Final = 2
MOST_IN: Final = 6
MOST_OUT: Final = 4


@dataclass(frozen=True)
class Screen:
    """One screen: which part it belongs to, what it is called, and what it shows."""

    part: str
    name: str
    build: Callable[[], Content]


def _chart_screen(part: str, figure: Figure | None, under: str = "") -> Screen | None:
    if figure is None:
        return None
    blocks: list[Block] = [ChartBlock(figure)]

    def build() -> Content:
        lede = [under] if under else []
        return Content(figure.title, figure.title, lede, parts=[("", blocks)])

    return Screen(part, figure.title, build)


def _first(study: Study, plan: Plan) -> Screen:
    name = state_sentence(plan)

    def build() -> Content:
        return Content(
            str(study),
            name,
            [*plan_sentences(plan)[1:2], *balance_sentences(plan)[:1]],
            parts=[("", [key_figures(plan)])],
        )

    return Screen(_("Planen"), name, build)


def _in_time(plan: Plan) -> Screen | None:
    """Return the plan in time; of very many projects the dearest."""
    chosen = [p for p in plan["projects"] if p["chosen"]]
    shown = by_size(chosen)[:MOST_BARS]
    whole = figures.timeline(plan)
    if whole is None:
        return None
    figure = figures.timeline({**plan, "projects": shown}) or whole
    under = ""
    if len(chosen) > len(shown):
        under = _("De {a} dyraste av {n} projekt i planen.").format(
            a=len(shown), n=len(chosen)
        )
    return _chart_screen(_("Planen"), replace(figure, title=whole.title), under)


def _project(plan: Plan, project: Mapping[str, Any]) -> Screen:
    part = _("Med i planen") if project["chosen"] else _("Inte med i planen")

    def build() -> Content:
        reasons = {one["project_id"]: one for one in plan.get("reasons") or []}
        whole = chapters.project_card(plan, project, reasons.get(project["project_id"]))
        # the name is the heading; what is longer than a screen stands on its own page
        card = replace(
            whole, name="", reasons=whole.reasons[:_MOST_REASONS], force="", beside=()
        )
        money = _("Utgift i {u}, {y} års priser.").format(
            u=unit_mkr(figures.currency(plan)), y=plan["meta"]["base_year"]
        )
        note = chapters.illustration_text(plan)
        cards = ProjectCards(part, money, "", (card,), note)
        name = str(project["name"])
        return Content(name, name, parts=[("", [cards])])

    return Screen(part, str(project["name"]), build)


@dataclass(frozen=True)
class Screens:
    """What is shown of a plan, in order."""

    all: tuple[Screen, ...]

    @property
    def size(self) -> int:
        """About how many characters it takes."""
        return 10_000 * len(self.all)


_SCREENS: Final[Kept[Screens]] = Kept()


def _screens_of(study: Study, plan: Plan) -> Screens:
    """Return what is shown: the plan, the economy, the dearest projects."""
    projects = plan["projects"]
    law = [
        block.figure
        for block in chapters.balanskrav_section(plan).blocks[:1]
        if isinstance(block, ChartBlock)
    ]
    money = _("Ekonomin")
    found = [
        _first(study, plan),
        _in_time(plan),
        _chart_screen(_("Planen"), figures.outlays_per_year(plan)),
        _chart_screen(money, figures.needs_against_room(plan)),
        _chart_screen(money, figures.result_share(plan)),
        _chart_screen(money, law[0] if law else None),
        _chart_screen(money, figures.debt_per_inhabitant(plan)),
        _chart_screen(money, figures.goals_by_year(plan)),
        *(
            _project(plan, p)
            for chosen, most in ((True, MOST_IN), (False, MOST_OUT))
            for p in by_size(p for p in projects if bool(p["chosen"]) is chosen)[:most]
        ),
    ]
    return Screens(tuple(screen for screen in found if screen is not None))


@access.requires(Right.READ, methods="GET")
def show_plan(request: MunicipalRequest, number: int) -> HttpResponse:
    """A finished plan on a projector, one screen: `?bild=3`."""
    study = numbered(request.municipality, number)
    plan = study.plan
    if plan is None:
        raise Http404
    key = (study.mark, get_language())
    screens = _SCREENS.get(key, lambda: _screens_of(study, plan)).all
    asked = request.GET.get("bild", "1")
    screen = int(asked) if asked.isdigit() and len(asked) < 4 else 0
    if not 1 <= screen <= len(screens):
        raise Http404
    now = screens[screen - 1]
    page = written([study], "show", now.build, screen)
    cut = interrupted(study, plan)

    def at(place: int) -> str:
        return f"{request.path}?bild={place}"

    return render(
        request,
        "studies/show.html",
        {
            "page": page.content,
            "body": page.body,
            "study": study,
            "part": now.part,
            "status": status_line(plan["status"]),
            "own": plan["status"].get("stopped") == "own",
            "interrupted": cut,
            "number": screen,
            "count": len(screens),
            "before": at(screen - 1) if screen > 1 else "",
            "after": at(screen + 1) if screen < len(screens) else "",
            "first": at(1),
            "last": at(len(screens)),
            "end": address("study", request.municipality, number),
            "screens": [
                (at(i), one.part, one.name) for i, one in enumerate(screens, 1)
            ],
            # a projector is read best in light, and shows no menus of whoever holds it
            "theme": "light",
            "thread": None,
        },
    )

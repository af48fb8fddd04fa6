"""How is a plan shown to a room? One thing a screen, in large type.

The plan, the economy and the projects as ordinary pages that follow each other: links
lead on and back, and where there is script the arrow keys do too. The same figures as on
the plan's other pages. Leaves out what is handed out (meeting).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from django.http import Http404
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from rodtrad.domain.words import unit_mkr
from rodtrad.publish import chapters, figures
from rodtrad.publish.blocks import ChartBlock, Figure, ProjectCards
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


FIRST: Final = "first"
IN_TIME: Final = "time"


def _in_time(plan: Plan) -> Figure | None:
    """Return the plan in time; of very many projects the dearest."""
    chosen = [p for p in plan["projects"] if p["chosen"]]
    whole = figures.timeline(plan)
    if whole is None:
        return None
    drawn = figures.timeline({**plan, "projects": by_size(chosen)[:MOST_BARS]})
    return replace(drawn or whole, title=whole.title)


def _left_out(plan: Plan) -> list[str]:
    """Say that not all projects are drawn, if they are not."""
    count = sum(bool(p["chosen"]) for p in plan["projects"])
    if count <= MOST_BARS:
        return []
    text = _("De {a} dyraste av {n} projekt i planen.")
    return [text.format(a=MOST_BARS, n=count)]


def _law(plan: Plan) -> Figure | None:
    first = chapters.balanskrav_section(plan).blocks[:1]
    return next((one.figure for one in first if isinstance(one, ChartBlock)), None)


CHARTS: Final[Mapping[str, Callable[[Plan], Figure | None]]] = {
    IN_TIME: _in_time,
    "outlays": figures.outlays_per_year,
    "needs": figures.needs_against_room,
    "result": figures.result_share,
    "law": _law,
    "debt": figures.debt_per_inhabitant,
    "goals": figures.goals_by_year,
}
# The first of the charts are of the plan, the others of the economy.
_OF_THE_PLAN: Final = (IN_TIME, "outlays")


@dataclass(frozen=True)
class Screen:
    """One screen: what it shows, which part it belongs to, and what it is called.

    `key` is FIRST, one of CHARTS, or `project:` and the project's id.
    """

    key: str
    part: str
    name: str

    def content(self, study: Study, plan: Plan) -> Content:
        """Return what it shows of the plan."""
        if self.key == FIRST:
            lede = [*plan_sentences(plan)[1:2], *balance_sentences(plan)[:1]]
            return Content(
                str(study), self.name, lede, parts=[("", [key_figures(plan)])]
            )
        figure = CHARTS[self.key](plan) if self.key in CHARTS else None
        if figure is not None:
            lede = _left_out(plan) if self.key == IN_TIME else []
            return Content(
                self.name, self.name, lede, parts=[("", [ChartBlock(figure)])]
            )
        cards = _card(plan, self.key.partition(":")[2], self.part)
        return Content(self.name, self.name, parts=[("", [cards])])


def _card(plan: Plan, project_id: str, part: str) -> ProjectCards:
    project = next(p for p in plan["projects"] if p["project_id"] == project_id)
    reasons = {one["project_id"]: one for one in plan.get("reasons") or []}
    whole = chapters.project_card(plan, project, reasons.get(project_id))
    # the name is the heading; what is longer than a screen stands on its own page
    card = replace(
        whole, name="", reasons=whole.reasons[:_MOST_REASONS], force="", beside=()
    )
    money = _("Utgift i {u}, {y} års priser.").format(
        u=unit_mkr(figures.currency(plan)), y=plan["meta"]["base_year"]
    )
    return ProjectCards(part, money, "", (card,), chapters.illustration_text(plan))


@dataclass(frozen=True)
class Screens:
    """What is shown of a plan, in order: the names alone, not what they show."""

    all: tuple[Screen, ...]

    @property
    def size(self) -> int:
        """About how many characters it takes."""
        return sum(400 + len(s.key + s.part + s.name) for s in self.all)


_SCREENS: Final[Kept[Screens]] = Kept()


def _screens_of(plan: Plan) -> Screens:
    """Return what is shown: the plan, the economy, the dearest projects."""
    found = [Screen(FIRST, _("Planen"), state_sentence(plan))]
    for key, chart in CHARTS.items():
        figure = chart(plan)
        part = _("Planen") if key in _OF_THE_PLAN else _("Ekonomin")
        if figure is not None:
            found.append(Screen(key, part, figure.title))
    for chosen, most in ((True, MOST_IN), (False, MOST_OUT)):
        part = _("Med i planen") if chosen else _("Inte med i planen")
        own = by_size(p for p in plan["projects"] if bool(p["chosen"]) is chosen)
        found += [
            Screen(f"project:{p['project_id']}", part, str(p["name"]))
            for p in own[:most]
        ]
    return Screens(tuple(found))


@access.requires(Right.READ, methods="GET")
def show_plan(request: MunicipalRequest, number: int) -> HttpResponse:
    """A finished plan on a projector, one screen: `?bild=3`."""
    study = numbered(request.municipality, number)
    plan = study.plan
    if plan is None:
        raise Http404
    key = (study.mark, get_language())
    screens = _SCREENS.get(key, lambda: _screens_of(plan)).all
    asked = request.GET.get("bild", "1")
    screen = int(asked) if asked.isdecimal() and len(asked) < 4 else 0
    if not 1 <= screen <= len(screens):
        raise Http404
    now = screens[screen - 1]
    page = written([study], "show", lambda: now.content(study, plan), screen)
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

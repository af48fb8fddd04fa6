"""What do all pages of a study share? Which study is shown, and what stands above it.

A page shows the municipality's plan unless the address asks for another with `?plan=`.
Leaves out what each page says (study_pages, studies, overview).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from django.http import Http404
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from rodtrad.publish import figures
from rodtrad.publish.content import status_line
from rodtrad.publish.summary import working_paper
from rodtrad.web import navigation
from rodtrad.web.forms.studies import PART_LABELS
from rodtrad.web.keeping import Kept
from rodtrad.web.models import Study, Underlag, Version
from rodtrad.web.templatetags.rodtrad import FIGURE, year_list

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from django.http import HttpResponse
    from django.utils.safestring import SafeString

    from rodtrad.web.access import MunicipalRequest
    from rodtrad.web.models import Municipality

Plan = dict[str, Any]
# So many other plans can be chosen on a page.
CHOOSABLE = 40


@dataclass(frozen=True)
class Shown:
    """The study that a page shows, and its plan; None before there is any."""

    study: Study
    plan: Plan


@dataclass
class Content:
    """What a page of a study says: the answer first, then pictures and tables.

    `lede` are sentences; `parts` are lists of blocks (`publish.blocks`), each a section
    with its title.
    """

    title: str
    heading: str
    lede: Sequence[str] = ()
    parts: Sequence[tuple[str, Sequence[Any]]] = ()
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Written:
    """A content whose parts are markup, written once for every reader."""

    content: Content
    body: SafeString

    @property
    def size(self) -> int:
        """About how many characters it takes."""
        said = (self.content.title, self.content.heading, *self.content.lede)
        return 2000 + len(self.body) + sum(map(len, said))


# What the frame around a written body reads of `Content.more`; the rest is in the body.
_READ_OUTSIDE: Final = ("page_number", "page_count")
_WRITTEN: Final[Kept[Written]] = Kept()


def written(
    studies: Sequence[Study],
    name: str,
    build: Callable[[], Content],
    *asked: str | int,
    template: str = "studies/body.html",
) -> Written:
    """Return a content of finished studies as markup: written once a language.

    Args:
        studies: what it is of.
        name: of the page.
        build: makes the content, if it has not been written yet.
        asked: what else the content depends on; never who reads.
        template: of the content.
    """

    def write() -> Written:
        content = build()
        first = studies[0]
        about = {"study": first, "municipality": first.municipality}
        trails = trails_at("trail", first.municipality, first.number)
        context = {"page": content, "trails": trails, **about, **content.more}
        body = render_to_string(template, context)
        more = {k: content.more[k] for k in _READ_OUTSIDE if k in content.more}
        return Written(replace(content, parts=(), more=more), body)

    made = tuple(one.mark for one in studies)
    return _WRITTEN.get((made, name, get_language(), *asked), write)


def shown(request: MunicipalRequest) -> Shown | None:
    """Return what a page is to show: `?plan=n`, or the municipality's plan.

    Raises:
        Http404: there is no such finished study in this municipality.
    """
    asked = request.GET.get("plan", "")
    study: Study | None = (
        numbered(request.municipality, asked)
        if asked
        else Study.objects.newest_plan(request.municipality)
    )
    if study is None:
        return None
    plan = study.plan
    if plan is None:
        raise Http404
    return Shown(study, plan)


def numbered(municipality: Municipality, number: str | int) -> Study:
    """Return the finished study with a number.

    Raises:
        Http404: there is none here.
    """
    text = str(number)
    if not text.isdecimal() or len(text) > 9:
        raise Http404
    found = Study.objects.readable(municipality).filter(number=int(text)).first()
    if found is None:
        raise Http404
    one: Study = found
    return one


def is_stale(study: Study) -> bool:
    """Return True if the working copy has changed since the study's version was made."""
    changed = (
        Underlag.objects.filter(municipality=study.municipality_id)
        .values_list("changed_at", flat=True)
        .first()
    )
    if changed is None or changed <= study.version.created_at:
        return False
    newest = (
        Version.objects.filter(municipality=study.municipality_id)
        .values_list("pk", flat=True)
        .first()
    )
    # The newest version is used again where nothing differs from it: then the plan was
    # asked for after the change, and is as new as can be.
    return not (newest == study.version_id and changed <= study.created_at)


def address(name: str, municipality: Municipality, *arguments: Any) -> str:
    """Return the address of one of the municipality's pages."""
    return reverse(name, args=[municipality.slug, *arguments])


def trails_at(name: str, municipality: Municipality, *arguments: Any) -> str:
    """Return the address of trails, for `trail_at` to put a figure into."""
    return address(name, municipality, *arguments, FIGURE)


def page_at(municipality: Municipality, path: str) -> str:
    """Return the address of another area's page, empty if nothing answers there."""
    found = f"{reverse('start')}{municipality.slug}/{path}"
    return found if navigation.page_exists(found) else ""


def about(request: MunicipalRequest, one: Shown) -> dict[str, Any]:
    """Return what stands above a page of a study: which, how good, stale or not."""
    study, plan = one.study, one.plan
    asked = bool(request.GET.get("plan"))
    others = Study.objects.readable(request.municipality)[:CHOOSABLE]
    working = working_paper(plan["meta"])
    return {
        "study": study,
        "plan": plan,
        "trails": trails_at("trail", request.municipality, study.number),
        "status": status_line(plan["status"]),
        "own": plan["status"].get("stopped") == "own",
        "stale": not asked and is_stale(study),
        "interrupted": interrupted(study, plan),
        "choosable": list(others),
        "suffix": f"?plan={study.number}" if asked else "",
        "working": " ".join(working) if working else "",
        "rerun": address("study_again", request.municipality, study.number),
    }


def interrupted(study: Study, plan: Plan) -> dict[str, Any] | None:
    """Return when a study was ended before it was done, and what is left open."""
    facts = plan["status"].get("interrupted")
    if facts is None:
        return None
    return {
        "at": study.finished_at,
        "seconds": round(facts["seconds"]),
        "open": [str(PART_LABELS[part]) for part in facts["open"]],
    }


def state_sentence(plan: Plan) -> str:
    """Return the state in one sentence, no surer than the goals are."""
    goals = plan.get("goals", [])
    years: list[int] = plan["years"]

    def years_with(level: str, mood: str) -> list[int]:
        return sorted(
            {
                year
                for goal in goals
                if (goal.get("level") or "must") == level
                for i, year in enumerate(years)
                if figures.goal_mood(goal, i) == mood
            }
        )

    if plan.get("broken"):
        return _("Planen bryter mot krav som måste hållas")
    if missed := years_with("must", "missed"):
        return _("Planen missar mål som måste hållas {ys}").format(ys=year_list(missed))
    if missed := years_with("aim", "missed"):
        return _("Planen håller kraven, men inte alla mål {ys}").format(
            ys=year_list(missed)
        )
    weakest = figures.weakest_year(plan)
    if weakest in years_with("must", "tight"):
        return _("Planen håller, men {y} blir trångt").format(y=weakest)
    if tight := years_with("must", "tight"):
        return _("Planen håller, men det blir trångt {ys}").format(ys=year_list(tight))
    return _("Planen håller, med marginal alla år")


def show(request: MunicipalRequest, page: Written, one: Shown) -> HttpResponse:
    """Return a page of a study."""
    content = page.content
    return render(
        request,
        "studies/page.html",
        {**about(request, one), "page": content, "body": page.body, **content.more},
    )


def nothing_yet(request: MunicipalRequest, title: str, text: str) -> HttpResponse:
    """Return the page that stands where a plan will be shown."""
    return render(
        request,
        "studies/nothing.html",
        {
            "title": title,
            "text": text,
            "start": address("studies", request.municipality),
            "waiting": Study.objects.filter(
                municipality=request.municipality,
                state__in=(Study.State.QUEUED, Study.State.RUNNING),
            )
            .light()
            .first(),
        },
    )

"""Six questions about what weighs most, for whoever wants to answer.

The answers are carried in the form from question to question and kept only when they are
handed in, with an age group and nothing else. Leaves out what they come to (residents).
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rodtrad.plan.elicitation import (
    Answer,
    answer_text,
    describe_contradiction,
    share_ranges,
    viewpoint_rows,
)
from rodtrad.plan.residents import GROUPS, LEAST, MOST_QUESTIONS, PER_CELL
from rodtrad.web import public_form, residents, throttle
from rodtrad.web.views.public_base import PublicRequest, page, private, public_view
from rodtrad.web.views.values import outcome_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpResponse

    from rodtrad.plan.elicitation import Question, Swing

GROUP_NAMES: Final = {
    "16-29": gettext_lazy("16–29 år"),
    "30-49": gettext_lazy("30–49 år"),
    "50-64": gettext_lazy("50–64 år"),
    "65-": gettext_lazy("65 år eller äldre"),
}
# A school class may answer from one address, but nobody may answer for a whole town.
_PER_ADDRESS: Final = (60, 3600)
_PER_ITEM: Final = (40, 3600)
# Which worst and best the answers so far are about, as a form carries it.
_ABOUT: Final = "om"
# Six questions each for such a class at once, back and forth.
_MOST_STEPS: Final = (400, 60)


@public_view()
def region(request: PublicRequest) -> HttpResponse:
    """Show how those who have answered weigh, beside the parties, when it is reckoned."""
    from rodtrad.web.views.residents import told

    done = residents.newest_region(request.municipality)
    shown: dict[str, Any] = {}
    if done is not None:
        known = request.newest.rows.by_id
        found = done.result["map"]
        # a project that is not shown any more is not named here either
        rows = [row for row in found["projects"] if row["project_id"] in known]
        shown = told({**done.result, "map": {**found, "projects": rows}})
    return page(
        request,
        "public/sandbox/residents.html",
        nav="sandbox",
        done=done,
        least=LEAST,
        per_cell=PER_CELL,
        **shown,
    )


@public_view("GET POST")
def questions(request: PublicRequest) -> HttpResponse:
    """Tell what is asked, ask it a question at a time, and take the answers in."""
    # asked about the newest version, whichever is looked at
    known = residents.swings_of(request.publication)
    if len(known) < 2:
        return page(request, "public/sandbox/no_questions.html", nav="sandbox")
    if request.method != "POST":
        return page(
            request,
            "public/sandbox/questions.html",
            nav="sandbox",
            most=MOST_QUESTIONS,
            swings=known.values(),
        )
    return private(_step(request, known))


def _step(request: PublicRequest, known: Mapping[str, Swing]) -> HttpResponse:
    if public_form.too_large(request):
        return _lost(request, 413)
    if not throttle.allow_key("fragor-steg", throttle.sender(request), _MOST_STEPS):
        return _lost(request, 429)
    if request.POST.get(_ABOUT) not in (None, residents.swings_key(known)):
        # what was asked about is not what is asked about now
        return _lost(request, 409)
    try:
        given = residents.carried(request.POST.get("hittills", ""), known)
        what = request.POST.get("gor", "")
        if what == "svara":
            given = _with_answer(request, given, known)
    except residents.CarriedError:
        return _lost(request, 400)
    if what == "tillbaka":
        given = given[:-1]
    names = {key: swing.name for key, swing in known.items()}
    fault = describe_contradiction(names, given)
    if fault is None:
        if what == "lamna":
            return _hand_in(request, known, given)
        question = residents.question_after(list(known), given)
        if question is not None:
            return _ask(request, known, given, question)
    return _result(request, names, given, fault or "")


def _with_answer(
    request: PublicRequest, given: list[Answer], known: Mapping[str, Swing]
) -> list[Answer]:
    """Return the answers with the one that was sent; sent twice it counts once."""
    asked = residents.carried(f"[{request.POST.get('fraga', '')}]", known)
    better = request.POST.get("svar", "")
    if len(asked) != 1 or better not in residents.BETTER:
        raise residents.CarriedError
    made = Answer(asked[0].question, better)  # type: ignore[arg-type]
    kept = [one for one in given if one.question != made.question]
    if len(kept) >= MOST_QUESTIONS:
        raise residents.CarriedError
    return [*kept, made]


def _lost(request: PublicRequest, status: int) -> HttpResponse:
    return page(request, "public/sandbox/lost.html", status=status, nav="sandbox")


def _ask(
    request: PublicRequest,
    known: Mapping[str, Swing],
    given: list[Answer],
    question: Question,
) -> HttpResponse:
    one, other = question.outcomes(list(known))
    return page(
        request,
        "public/sandbox/question.html",
        nav="sandbox",
        number=len(given) + 1,
        most=MOST_QUESTIONS,
        carried=residents.carry(given),
        question=residents.carry([Answer(question, "skip")])[1:-1],
        outcomes=[
            {"value": "first", "label": _("A"), **outcome_words(known, one)},
            {"value": "second", "label": _("B"), **outcome_words(known, other)},
        ],
        back=bool(given),
        about=residents.swings_key(known),
    )


def _result(
    request: PublicRequest,
    names: Mapping[str, str],
    given: list[Answer],
    fault: str = "",
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    """Show what the answers say, and the form that hands them in."""
    rows = viewpoint_rows(given)
    once = request.POST.get("en_gang", "")
    if not _is_token(once):
        once = secrets.token_hex(16)
    ranges = [] if fault or not rows else share_ranges(list(names), rows).items()
    return page(
        request,
        "public/sandbox/answered.html",
        status=status,
        nav="sandbox",
        fault=fault,
        problem=problem,
        carried=residents.carry(given),
        about=residents.swings_key(residents.swings_of(request.publication)),
        given=[answer_text(names, one) for one in given],
        ranges=[(names[key], low, high) for key, (low, high) in ranges],
        says=bool(rows) and not fault,
        once=once,
        groups=GROUP_NAMES.items(),
        group=request.POST.get("alder", ""),
        least=LEAST,
        guard=public_form.guard(
            f"fragor|{once}", request.POST.get(public_form.STAMP, "")
        ),
    )


def _is_token(text: str) -> bool:
    return len(text) == 32 and all(sign in "0123456789abcdef" for sign in text)


def _hand_in(
    request: PublicRequest, known: Mapping[str, Swing], given: list[Answer]
) -> HttpResponse:
    names = {key: swing.name for key, swing in known.items()}
    once, group = request.POST.get("en_gang", ""), request.POST.get("alder", "")
    if not _is_token(once) or group not in (*GROUPS, ""):
        return _lost(request, 400)
    if not viewpoint_rows(given):
        return _result(request, names, given)
    problem = public_form.check(
        request, f"fragor|{once}", name="fragor-blankett", per_address=_PER_ADDRESS
    )
    if not problem and not throttle.allow(
        "fragor",
        request,
        item=str(request.publication.pk),
        per_address=_PER_ADDRESS,
        per_item=_PER_ITEM,
    ):
        problem = _(
            "Det har kommit många svar härifrån på kort tid. Försök igen senare."
        )
    if problem:
        return _result(request, names, given, problem=problem, status=429)
    residents.hand_in(request.publication, given, group, once)
    return page(request, "public/sandbox/thanks.html", nav="sandbox", least=LEAST)

"""The elicitation, one question at a time, and the map of what all weights agree on.

What someone answers is shown to that person alone (`viewpoints.own_answer`) until it is
shared; a shared viewpoint is part of the working copy, and so of the next plan.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, Final

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from rodtrad.plan.elicitation import (
    MOST_QUESTIONS,
    Answer,
    answer_text,
    next_question,
    read_question,
    share_ranges,
)
from rodtrad.publish import agreement
from rodtrad.web import access, events, viewpoints
from rodtrad.web.access import Right
from rodtrad.web.models.studies import Study
from rodtrad.web.models.values import ViewpointAnswer
from rodtrad.web.templatetags.rodtrad import number
from rodtrad.web.views.study_base import trails_at

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.utils.safestring import SafeString

    from rodtrad.plan.elicitation import Question, Swing
    from rodtrad.web.access import MunicipalRequest

BETTER: Final = ("first", "second", "equal", "skip")
MODES: Final = ViewpointAnswer.Mode
LARGEST: Final = 1_000_000.0


@never_cache
@access.requires(Right.VALUE)
def valuation(request: MunicipalRequest) -> HttpResponse:
    """Show where a person's own valuation stands, or take in what was sent."""
    known = viewpoints.swings(request.municipality)
    answer = viewpoints.own_answer(request.municipality, request.user)
    if request.method == "POST":
        return _sent(request, answer, known)
    if len(known) < 2:
        return render(request, "values/nothing.html", {"few": len(known)})
    if answer is None:
        return render(request, "values/begin.html", {"swings": known.values()})
    names = {key: swing.name for key, swing in known.items()}
    if answer.consent_at is None and answer.mode == MODES.QUESTIONS:
        given = viewpoints.read_answers(answer, list(names))
        _rows, faults = viewpoints.conditions(answer, names)
        change = request.GET.get("andra", "")
        if change.isdecimal() and 1 <= int(change) <= len(given):
            return _ask(request, known, given, given[int(change) - 1].question, change)
        question = None if faults else next_question(list(names), given)
        if question is not None and "svar" not in request.GET:
            return _ask(request, known, given, question)
    elif answer.consent_at is None and (not answer.answers or "andra" in request.GET):
        return _amounts(request, answer, known, {}, [])
    return _result(request, answer, names)


def _address(request: MunicipalRequest) -> str:
    return reverse("valuation", kwargs={"kommun": request.municipality.slug})


# ------------------------------------------------------------------ what was sent


def _sent(
    request: MunicipalRequest,
    answer: ViewpointAnswer | None,
    known: Mapping[str, Swing],
) -> HttpResponse:
    what = request.POST.get("gor", "")
    if what == "borja" and answer is None:
        return _begin(request)
    if answer is None:
        return redirect(_address(request))
    if what == "ta-tillbaka" and answer.consent_at is not None:
        viewpoints.withdraw(request, answer)
        messages.success(
            request,
            _("Synsättet är borttaget ur underlaget. Tidigare versioner har det kvar."),
        )
    elif what == "ta-bort" and answer.consent_at is None:
        answer.delete()
        events.record(request, request.municipality, "values.removed")
        messages.success(request, _("Era svar är borttagna."))
    elif answer.consent_at is not None:
        messages.warning(request, _("Ta tillbaka synsättet innan ni ändrar svaren."))
    elif what == "svara" and answer.mode == MODES.QUESTIONS:
        _take_in(request, answer, known)
    elif what == "tillbaka" and answer.mode == MODES.QUESTIONS:
        answer.answers = answer.answers[:-1]
        answer.save(update_fields=["answers", "changed_at"])
    elif what == "belopp" and answer.mode != MODES.QUESTIONS:
        return _take_amounts(request, answer, known)
    elif what == "dela":
        name = " ".join(request.POST.get("namn", "").split())[:120]
        if request.POST.get("samtycke") != "ja":
            messages.warning(request, _("Kryssa i att andra får se synsättet."))
            return redirect(_address(request) + "?svar")
        try:
            viewpoints.share(request, answer, name)
        except viewpoints.RefusedError as error:
            messages.warning(request, str(error))
            return redirect(_address(request) + "?svar")
        messages.success(
            request,
            _("Synsättet ”{n}” är delat och med i nästa plan som räknas.").format(
                n=name
            ),
        )
    else:
        raise Http404
    return redirect(_address(request))


def _begin(request: MunicipalRequest) -> HttpResponse:
    mode = request.POST.get("satt", "")
    if mode not in MODES.values:
        raise Http404
    ViewpointAnswer.objects.get_or_create(
        municipality=request.municipality,
        owner=request.user,
        defaults={
            "mode": mode,
            "for_group": request.POST.get("for") == "grupp",
            "answers": [] if mode == MODES.QUESTIONS else {},
        },
    )
    events.record(request, request.municipality, "values.begun")
    return redirect(_address(request))


def _take_in(
    request: MunicipalRequest, answer: ViewpointAnswer, known: Mapping[str, Swing]
) -> None:
    """Keep an answer; one that was sent twice counts once."""
    better = request.POST.get("svar", "")
    try:
        question = read_question(json.loads(request.POST.get("fraga", "")))
    except (ValueError, TypeError, AttributeError):
        raise Http404 from None
    if better not in BETTER or question.first not in known:
        raise Http404
    if question.second is not None and question.second not in known:
        raise Http404
    given = viewpoints.read_answers(answer, list(known))
    made = Answer(question, better)  # type: ignore[arg-type]
    place = next((i for i, a in enumerate(given) if a.question == question), None)
    if place is not None:
        given[place] = made
    elif len(given) < MOST_QUESTIONS:
        given.append(made)
    answer.answers = viewpoints.write_answers(given)
    answer.save(update_fields=["answers", "changed_at"])


def _take_amounts(
    request: MunicipalRequest, answer: ViewpointAnswer, known: Mapping[str, Swing]
) -> HttpResponse:
    """Keep points or ranges, or show them again with what is wrong."""
    points = answer.mode == MODES.POINTS
    most = LARGEST if points else 100.0
    sent, pairs, faults = {}, {}, []
    for i, (key, swing) in enumerate(known.items()):
        texts = request.POST.get(f"lag{i}", ""), request.POST.get(f"hog{i}", "")
        sent[key] = texts
        low = _number(texts[0], 0.0)
        high = _number(texts[1], low if points else 100.0)
        if low is None or high is None or not (0 <= low <= most and 0 <= high <= most):
            faults.append(
                _("{p}: skriv tal mellan 0 och {m}.").format(
                    p=swing.name, m=f"{most:.0f}"
                )
            )
            continue
        part = 1.0 if points else 100.0
        pairs[key] = [low / part, high / part]
    if not faults:
        names = {key: swing.name for key, swing in known.items()}
        tried = ViewpointAnswer(mode=answer.mode, answers=pairs)
        _rows, faults = viewpoints.conditions(tried, names)
    if faults:
        return _amounts(request, answer, known, sent, faults)
    answer.answers = pairs
    answer.save(update_fields=["answers", "changed_at"])
    return redirect(_address(request))


def _number(text: str, empty: float | None) -> float | None:
    """Return a number as people write it; `empty` for nothing, None if it is none."""
    plain = "".join(text.split()).replace(",", ".").removesuffix("%")
    if not plain:
        return empty
    try:
        value = float(plain)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


# ------------------------------------------------------------------------ the pages


def _ask(
    request: MunicipalRequest,
    known: Mapping[str, Swing],
    given: list[Answer],
    question: Question,
    change: str = "",
) -> HttpResponse:
    """Show one question: two outcomes, described by real projects."""
    place = int(change) if change else len(given) + 1
    one, other = question.outcomes(list(known))
    was = next((a.better for a in given if a.question == question), "")
    return render(
        request,
        "values/question.html",
        {
            "number": place,
            "most": MOST_QUESTIONS,
            "question": json.dumps(question.as_dict()),
            "outcomes": [
                {"value": "first", "label": _("A"), **outcome_words(known, one)},
                {"value": "second", "label": _("B"), **outcome_words(known, other)},
            ],
            "was": was,
            "back": bool(given) and not change,
            "change": change,
        },
    )


def outcome_words(
    known: Mapping[str, Swing], parts: Mapping[str, Any]
) -> dict[str, Any]:
    """Return an outcome in words: which criteria go how far, and what that means."""
    (share,) = set(parts.values())
    swings = [known[key] for key in parts]
    return {
        "swings": swings,
        "whole": share == 1,
        "part": _part(share.numerator, share.denominator),
        "single": len(swings) == 1,
    }


def _part(above: int, below: int) -> str:
    """Return a part of the way in words."""
    words = {
        (1, 1): _("hela vägen"),
        (1, 2): _("halva vägen"),
        (1, 3): _("en tredjedel av vägen"),
        (2, 3): _("två tredjedelar av vägen"),
        (1, 4): _("en fjärdedel av vägen"),
        (1, 9): _("en niondel av vägen"),
    }
    return words.get((above, below), _("{a}/{b} av vägen").format(a=above, b=below))


def _amounts(
    request: MunicipalRequest,
    answer: ViewpointAnswer,
    known: Mapping[str, Swing],
    sent: Mapping[str, tuple[str, str]],
    faults: list[str],
) -> HttpResponse:
    """Show the form of points or ranges."""
    part = 1.0 if answer.mode == MODES.POINTS else 100.0
    kept = dict(answer.answers or {})
    fields = []
    for i, (key, swing) in enumerate(known.items()):
        low, high = sent.get(key) or ("", "")
        if key not in sent and key in kept:
            low, high = (_shown(x * part) for x in kept[key])
        fields.append({"i": i, "swing": swing, "low": low, "high": high})
    return render(
        request,
        "values/amounts.html",
        {
            "points": answer.mode == MODES.POINTS,
            "fields": fields,
            "faults": faults,
        },
    )


def _shown(value: float) -> str:
    return f"{round(value, 4):g}".replace(".", ",")


def _result(
    request: MunicipalRequest, answer: ViewpointAnswer, names: dict[str, str]
) -> HttpResponse:
    """Show what the answers come to, and what sharing them means."""
    rows, faults = viewpoints.conditions(answer, names)
    given = viewpoints.read_answers(answer, list(names))
    suggested = request.membership.group if answer.for_group else str(request.user)
    return render(
        request,
        "values/result.html",
        {
            "answer": answer,
            "faults": faults,
            "says": bool(rows),
            "ranges": [] if faults else _ranges(names, rows),
            "given": [
                (i + 1, answer_text(names, one), one.better == "skip")
                for i, one in enumerate(given)
            ],
            "questions": answer.mode == MODES.QUESTIONS,
            "more": not faults
            and answer.mode == MODES.QUESTIONS
            and next_question(list(names), given) is not None,
            "suggested": suggested,
        },
    )


def _ranges(names: Mapping[str, str], rows: list[Any]) -> list[dict[str, Any]]:
    found = share_ranges(list(names), rows)
    return [
        {"name": names[key], "low": low, "high": high, "svg": span(low, high)}
        for key, (low, high) in found.items()
    ]


def span(low: float, high: float) -> SafeString:
    """Return a span of weights as a bar from nothing to all."""
    return format_html(
        '<svg width="100%" height="10" aria-hidden="true"><rect width="100%" height="10" '
        'rx="5" fill="var(--line)"/><rect x="{}%" width="{}%" height="10" rx="5" '
        'fill="var(--c1)"/></svg>',
        f"{100 * low:.2f}",
        f"{max(100 * (high - low), 1.5):.2f}",
    )


# --------------------------------------------------------------- the agreement map


@access.requires(Right.READ, methods="GET")
def agreement_map(request: MunicipalRequest) -> HttpResponse:
    """Show what all weights agree on in the newest plan, one's own viewpoint marked."""
    study = Study.objects.newest_plan(request.municipality)
    plan = {} if study is None else study.plan or {}
    section = agreement.agreement_section(plan) if plan else None
    mine = _mine(request, plan) if access.may(request.membership, Right.VALUE) else None
    return render(
        request,
        "values/agreement.html",
        {
            "study": study,
            "trails": trails_at("trail", request.municipality, study.number)
            if study
            else "",
            "section": section,
            "heading": _heading(plan) if section else "",
            "lede": agreement.sum_sentences(plan) if section else [],
            "mine": mine,
        },
    )


def _heading(plan: Mapping[str, Any]) -> str:
    """Return how much is agreed on, as the heading of the page."""
    told = agreement.answers(plan)
    agreed = sum(one.group in ("alla", "ingen") for one in told)
    if len(agreement.viewpoints(plan)) == 1:
        text = _("Svaret är bevisat för {k} av {n} projekt")
    elif agreed == len(told):
        text = _("Ni är överens om alla {n} projekt")
    else:
        text = _("Ni är överens om {k} av {n} projekt")
    return text.format(k=number(agreed), n=number(len(told)))


def _mine(request: MunicipalRequest, plan: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return a person's own viewpoint beside the map; seen by that person alone."""
    answer = viewpoints.own_answer(request.municipality, request.user)
    if answer is None:
        return None
    known = viewpoints.swings(request.municipality)
    names = {key: swing.name for key, swing in known.items()}
    rows, faults = viewpoints.conditions(answer, names)
    others = agreement.viewpoints(plan) if plan.get("agreement") else []
    stances = []
    if answer.name in others:
        at = others.index(answer.name)
        stances = [
            (one.name, agreement.stance_text(agreement.stances(plan, one)[at]))
            for one in agreement.answers(plan)
            if one.group == "omtvistad"
        ]
    weights: dict[str, list[float]] = {}
    basis = plan.get("agreement_basis") or {}
    for viewpoint in basis.get("viewpoints", []):
        for key, weight in viewpoint["weights"].items():
            weights.setdefault(key, []).append(weight)
    ranges = [] if faults or not rows else share_ranges(list(names), rows).items()
    return {
        "name": answer.name,
        "in_map": answer.name in others,
        "stances": stances,
        "ranges": [
            {
                "name": names[key],
                "low": low,
                "high": high,
                "others": (min(weights[key]), max(weights[key]))
                if key in weights
                else None,
            }
            for key, (low, high) in ranges
        ],
    }

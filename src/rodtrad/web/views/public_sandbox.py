"""The sandbox: a resident's own plan on the real statements, shared by its address.

Each project has a start year or is out; what is sent leads to the address of the plan
that it makes, so that it works without script, can be shared as it is, and stores
nothing. Leaves out how a code is written (web.sandbox) and the questionnaire
(public_questions).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseRedirect
from django.utils.html import escape, format_html
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from rodtrad.domain import words
from rodtrad.explain.sandbox import short_places
from rodtrad.publish import summary
from rodtrad.publish.public_sum import SUM_ID
from rodtrad.web import public_form, public_parts, sandbox, throttle
from rodtrad.web.public_address import public_url
from rodtrad.web.sandbox import BrokenCodeError, OwnPlan
from rodtrad.web.views import bench_drawing as drawing
from rodtrad.web.views import public_hand_in
from rodtrad.web.views.public_base import PublicRequest, page, public_view
from rodtrad.web.views.public_plan import choices_of, chosen_of, filtered

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest
    from django.utils.safestring import SafeString

    from rodtrad.domain.arrays import Case
    from rodtrad.web.models import Publication
    from rodtrad.web.public_rows import Row
    from rodtrad.web.sandbox import State

PER_PAGE: Final = 30
OUT: Final = "ute"
# Of each kind so many are told; the rest are counted.
_TOLD: Final = 40
# Less than this, in kronor, is nothing.
_HALF: Final = 0.5
# A school class that tries plans from one address, all at once.
_MOST: Final = (600, 60)
_CARRIED: Final = ("q", "ort", "amne", "lage", "ordning", "sida")


@public_view("GET POST")
def begin(request: PublicRequest) -> HttpResponse:
    """Show the municipality's plan to change, or lead to what was sent."""
    return _answer(request, OwnPlan(request.publication, {}))


@public_view("GET POST")
def plan(request: PublicRequest, code: str) -> HttpResponse:
    """Show a resident's plan, or lead to what was sent."""
    try:
        own = sandbox.open_code(request, code)
    except BrokenCodeError as error:
        return _broken(request, error)
    # a plan made on an older version is shown on that version
    request.publication = own.publication
    request.older = own.publication.number != request.newest.number
    return _answer(request, own)


def _broken(request: PublicRequest, error: BrokenCodeError) -> HttpResponse:
    response = page(
        request,
        "public/sandbox/broken.html",
        status=error.status,
        nav="sandbox",
        fault=error,
    )
    response["X-Robots-Tag"] = "noindex"
    return response


def _answer(request: PublicRequest, own: OwnPlan) -> HttpResponse:
    if request.method != "POST":
        return _page(request, own)
    if public_form.too_large(request):
        return _page(request, own, _("Det som skickades är för stort."), status=413)
    if not throttle.allow_key("prova", throttle.sender(request), _MOST):
        text = _("Det har kommit mycket härifrån på kort tid. Försök igen om en minut.")
        return _page(request, own, text, status=429)
    try:
        changed = own.with_changes(_sent(request, own))
        code = changed.code
    except BrokenCodeError as error:
        return _page(request, own, str(error), status=422)
    response = HttpResponseRedirect(
        _address(request, code) + _query(request) + "#utfall"
    )
    response.status_code = 303
    return response


def _sent(request: PublicRequest, own: OwnPlan) -> dict[str, State]:
    """Return where a form puts the projects that it shows.

    Raises:
        BrokenCodeError: a value that no form of ours sends.
    """
    projects = sandbox.bench_of(own.publication).case.projects
    found: dict[str, State] = {}
    for name, value in request.POST.items():
        number = name.removeprefix("p")
        if name == number or not number.isascii() or not number.isdecimal():
            continue
        if len(number) > 6 or int(number) >= len(projects):
            raise BrokenCodeError(_("Ett av projekten finns inte i planen."))
        found[projects[int(number)].project_id] = _state(str(value))
    return found


def _state(value: str) -> State:
    if value == OUT:
        return None
    way, _colon, year = value.partition(":")
    if not (f"{way}{year}".isascii() and way.isdecimal() and year.isdecimal()):
        raise BrokenCodeError(_("Välj ett startår."))
    if len(way) > 4 or len(year) > 4:
        raise BrokenCodeError(_("Välj ett startår."))
    return int(way), int(year)


def _address(request: PublicRequest, code: str) -> str:
    if not code:
        return public_url(request, "sandbox")
    return public_url(request, "sandbox_plan", code=code)


def _query(request: PublicRequest) -> str:
    """Return the filter and page of the list, so that one comes back to the same."""
    kept = {key: request.GET[key] for key in _CARRIED if request.GET.get(key)}
    return f"?{urlencode(kept)}" if kept else ""


# ------------------------------------------------------------------------ the page


def _page(
    request: PublicRequest, own: OwnPlan, fault: str = "", status: int = 200
) -> HttpResponse:
    publication = own.publication
    chosen = chosen_of(request)
    rows = [row for row in filtered(publication, chosen) if row.project_id != SUM_ID]
    pages = Paginator(rows, PER_PAGE).get_page(request.GET.get("sida"))
    bench = sandbox.bench_of(publication)
    found = own.result()
    response = page(
        request,
        "public/sandbox/sandbox.html",
        status=status,
        nav="sandbox",
        fault=fault,
        own=own,
        code=own.code,
        here=_address(request, own.code),
        start=_address(request, ""),
        query=_query(request),
        chosen=chosen,
        choices=choices_of(publication),
        page=pages,
        rows=[_line(bench.case, own, item) for item in pages.object_list],
        hand_in=public_hand_in.link(request, own) if own.changes else "",
        **_outcome(request, own, found),
    )
    response["X-Robots-Tag"] = "noindex"
    return response


def _line(case: Case, own: OwnPlan, item: Row) -> dict[str, Any]:
    """Return a project with every way and year that it can be given."""
    key = item.project_id
    project = case.project(key)
    base = sandbox.base_states(own.publication).get(key)
    now = own.changes.get(key, base)
    ways = [
        {
            "name": project.alternatives[way].name
            or project.alternatives[way].alternative_id,
            "options": _options(own.publication, way, years, now),
        }
        for way, years in sandbox.years_of(case, project)
    ]
    return {
        "item": item,
        "field": f"p{sandbox.places_of(own.publication)[key]}",
        "ways": ways,
        "several": len(ways) > 1,
        "out": now is None,
        "changed": key in own.changes,
        "was": base[1] if base else None,
    }


def _options(
    publication: Publication, way: int, years: range, now: State
) -> SafeString:
    """Return the start years of an alternative to choose from; a page has hundreds."""
    said = public_parts.kept(
        publication,
        "sandbox|years",
        lambda: {
            year: escape(_("Start %(y)s") % {"y": year}) for year in _years(publication)
        },
    )
    options = (
        f'<option value="{way}:{year}"{" selected" if now == (way, year) else ""}>'
        f"{said[year]}</option>"
        for year in years
    )
    return mark_safe("".join(options))  # noqa: S308 - whole numbers, and escaped words


def _outcome(
    request: PublicRequest, own: OwnPlan, found: dict[str, Any]
) -> dict[str, Any]:
    """Return what the plan gives, in words and figures."""
    publication = own.publication
    told = {
        **publication.plan_shown,
        **{key: found[key] for key in ("years", "balanskrav", "deficits", "goals")},
    }
    faults = found["faults"]
    return {
        "found": found,
        "law": summary.balance_sentences(told),
        "law_broken": found["law"]["years"],
        "law_same": found["law"]["years"] == found["law"]["before"],
        "faults": faults[:_TOLD],
        "more_faults": max(len(faults) - _TOLD, 0),
        "goals": summary.goal_sentences(told),
        "verdict": _verdict(found),
        "result": _strip(found, "result", "res_andel", words.share_table),
        "debt": _strip(found, "debt", "lan_inv", words.per_inhabitant_figure),
        "tax": _tax(publication, found["tax"]),
        "places": _places(found["places"]),
        "shortages": short_places(
            (publication.plan_shown.get("need_forecast") or {}).get("places")
        )[:_TOLD],
        "changes": _changes(request, own, found["changes"]),
        "more_changes": max(len(found["changes"]) - _TOLD, 0),
        "change_count": len(found["changes"]),
        "currency": publication.plan_shown["meta"]["currency"],
    }


def _verdict(found: dict[str, Any]) -> dict[str, str]:
    """Return in one sentence whether the law and the goals hold, with its kind."""
    years = found["law"]["years"]
    musts = [row for row in found["faults"] if row["kind"] == "goal"]
    others = len(found["faults"]) - len(musts)
    if years:
        text = _("Planen bryter mot lagen: balanskravet klaras inte {ys}.").format(
            ys=words.years_text(years)
        )
    elif musts:
        text = ngettext(
            "Lagens balanskrav klaras, men {n} mål som måste hållas bryts.",
            "Lagens balanskrav klaras, men {n} mål som måste hållas bryts.",
            len(musts),
        ).format(n=len(musts))
    elif others:
        text = _("Lagens balanskrav klaras, men allt går inte ihop.")
    else:
        text = _("Lagens balanskrav klaras, och alla mål som måste hållas hålls.")
    excused = found["law"]["excused"]
    if excused:
        restored = _("Underskottet {ys} behöver inte återställas.")
        text += " " + restored.format(ys=words.years_text(excused))
    return {"text": text, "kind": "warn" if years or found["faults"] else "ok"}


def _strip(
    found: dict[str, Any], key: str, indicator: str, show: Callable[[float | None], str]
) -> dict[str, Any]:
    """Return result or debt as a picture, its worst year and its table."""
    of, years = found[key], found["years"]
    goals = [g for g in found["goals"] if g["indicator"] == indicator]
    missed = [any(g["met"][t] is False for g in goals) for t in range(len(years))]
    rows = list(
        zip(years, map(show, of["values"]), map(show, of["before"]), strict=True)
    )
    worst = of["worst"]
    if worst is None:
        return {"svg": "", "rows": rows, "worst": None}
    now, was = show(worst["value"]), show(worst["before"])
    label = _("{year}: {now} (kommunens plan {was})").format(
        year=worst["year"], now=now, was=was
    )
    limits = sorted({g["value"] for g in goals if g["level"] == "must"})
    return {
        "svg": drawing.strip(years, of["values"], of["before"], limits, missed, label),
        "rows": rows,
        "worst": {"year": worst["year"], "now": now, "was": was, "same": now == was},
    }


def _tax(publication: Publication, tax: dict[str, Any]) -> dict[str, Any]:
    """Return what the difference to the municipality's plan costs those who pay."""
    currency = publication.plan_shown["meta"]["currency"]
    mean, last = tax["per_inhabitant"]["mean"], tax["per_inhabitant"]["last"]
    sentences = [
        _cost(mean, currency, _("i genomsnitt varje år")),
        _cost(
            last,
            currency,
            _("planens sista år, {y}").format(y=publication.facts["last_year"]),
        ),
    ]
    ore = tax["ore"]
    return {
        "mean": words.number(abs(mean)),
        "more": mean > _HALF,
        "less": mean < -_HALF,
        "sentences": sentences,
        "ore": ore and words.number(abs(ore["mean"]), 1),
        "ore_last": ore and words.number(ore["last"], 1),
        "rate": tax["rate"] and words.number(tax["rate"], 2),
        "rows": [
            (
                year,
                words.number(tax["tkr"]["years"][t]),
                words.number(tax["per_inhabitant"]["years"][t]),
                words.number(ore["years"][t], 1) if ore else "",
            )
            for t, year in enumerate(_years(publication))
        ],
    }


def _years(publication: Publication) -> range:
    facts = publication.facts
    return range(facts["first_year"], facts["last_year"] + 1)


def _cost(kr: float, currency: str, when: str) -> str:
    """Return a difference per inhabitant as a sentence."""
    if abs(kr) < _HALF:
        return _("Lika mycket som kommunens plan, {when}.").format(when=when)
    pattern = (
        _("{kr} mer per invånare än kommunens plan, {when}.")
        if kr > 0
        else _("{kr} mindre per invånare än kommunens plan, {when}.")
    )
    amount = words.with_currency(words.number(abs(kr)), currency)
    return pattern.format(kr=amount, when=when)


def _places(rows: list[dict[str, Any]]) -> list[str]:
    """Return which places come when, a sentence a project."""
    told = []
    for row in rows[:_TOLD]:
        slots = {"p": row["name"], "a": row["in_use"], "b": row["before"]}
        if row["in_use"] is None and row["before"] is None:
            text = _("”{p}” ingår inte, varken här eller i kommunens plan.")
        elif row["in_use"] is None:
            text = _("”{p}” ingår inte. I kommunens plan är det i bruk {b}.")
        elif row["before"] is None:
            text = _("”{p}” är i bruk {a}. I kommunens plan ingår det inte.")
        elif row["in_use"] == row["before"]:
            text = _("”{p}” är i bruk {a}, som i kommunens plan.")
        else:
            text = _("”{p}” är i bruk {a}. I kommunens plan är det i bruk {b}.")
        text = text.format(**slots)
        if row["places"] is None:
            more = _("Hur många platser det ger står inte i underlaget.")
        else:
            more = _("Det ger {n} platser: {service}.").format(
                n=words.number(row["places"]), service=row["service"]
            )
        told.append(f"{text} {more}")
    return told


def _changes(
    request: PublicRequest, own: OwnPlan, rows: list[dict[str, Any]]
) -> list[dict[str, str]]:
    """Return what differs from the municipality's plan, each with a way back."""
    told = []
    for row in rows[:_TOLD]:
        left = {k: of for k, of in own.changes.items() if k != row["project_id"]}
        code = OwnPlan(own.publication, left).code
        told.append({"text": row["text"], "back": _address(request, code)})
    return told


# ------------------------------------------------------------- on the other pages


def _nav(request: HttpRequest, _publication: Publication) -> SafeString:
    match = request.resolver_match
    here = match is not None and str(match.url_name).startswith("public_sandbox")
    return format_html(
        '<a href="{}"{}>{}</a>',
        public_url(request, "sandbox"),
        mark_safe(' aria-current="page"') if here else "",
        _("Prova själv"),
    )


def _front(request: HttpRequest, _publication: Publication) -> SafeString:
    return format_html(
        '<section class="card stack-s"><h2>{}</h2><p>{}</p><p class="actions">'
        '<a class="btn" href="{}">{}</a><a class="btn" href="{}">{}</a></p></section>',
        _("Vad hade du valt?"),
        _(
            "Flytta projekten och se vad som händer med ekonomin, eller svara på sex frågor om vad som väger tyngst."
        ),
        public_url(request, "sandbox"),
        _("Prova en egen plan"),
        public_url(request, "questions"),
        _("Svara på frågorna"),
    )


public_parts.add("nav", 20, _nav)
public_parts.add("front_end", 40, _front)

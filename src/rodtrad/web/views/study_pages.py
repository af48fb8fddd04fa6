"""What does a finished study say? Needs, room, statements, the law, goals, debt, why.

Each page reads plan.json and nothing else, through `rodtrad.publish`, so that page and
report never differ. The heading is what is the case; pictures and tables follow. Leaves
out the list of studies and how one is started (studies), and the overview.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from django.utils.translation import gettext as _

from rodtrad.capacity.lines import LINES
from rodtrad.domain.words import (
    BALANSKRAV_LABELS,
    BALANSKRAV_SUBTOTALS,
    CASH_FLOW_LABELS,
    STATEMENT_LABELS,
    STATEMENT_SUBTOTALS,
)
from rodtrad.publish import chapters, choices, figures, needs, tables, uncertainty
from rodtrad.publish.blocks import ChartBlock, Paragraphs, Section, TableBlock, Text
from rodtrad.web import access, store
from rodtrad.web.access import Right
from rodtrad.web.templatetags.rodtrad import mkr
from rodtrad.web.views.study_base import (
    Content,
    Plan,
    Shown,
    nothing_yet,
    page_at,
    show,
    shown,
    written,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from django.http import HttpResponse

    from rodtrad.publish.blocks import Block
    from rodtrad.web.access import MunicipalRequest

# A plan of thousands of projects is read a part at a time.
CARDS: Final = 100
_ONLY: Final = {"med": True, "utan": False}


def _texts(section: Section) -> list[str]:
    return [text.plain for text in section.lead if text.plain]


def _finding(blocks: Iterable[Block], default: str) -> str:
    """Return the title of the first chart: the finding; else what is given."""
    for block in blocks:
        if isinstance(block, ChartBlock):
            return block.figure.title
    return default


def _charts(*found: Block | None) -> list[Block]:
    return [block for block in found if block is not None]


def _chart(figure: Any) -> ChartBlock | None:
    return None if figure is None else ChartBlock(figure)


def _section(result: Plan, section: Section | None, title: str) -> Content:
    if section is None:
        return Content(title, title)
    return Content(
        title,
        _finding(section.blocks, section.title),
        _texts(section),
        parts=[("", section.blocks)],
    )


# ------------------------------------------------------------------- one page each


def _needs(_request: MunicipalRequest, one: Shown) -> Content:
    """What is asked for against what the economy bears, and what must be renewed."""
    section = chapters.needs_section(one.plan)
    content = _section(one.plan, section, _("Behov per år"))
    forecast = needs.forecast_section(one.plan)
    if forecast is not None:
        lead = [Paragraphs(tuple(forecast.lead))] if forecast.lead else []
        parts = [*content.parts, (forecast.title, [*lead, *forecast.blocks])]
        content = replace(content, parts=parts)
    return content


def _room(_request: MunicipalRequest, one: Shown) -> Content:
    """The three measures of room, and which of them binds."""
    section = chapters.room_section(one.plan)
    limits = [str(x["text"]) for x in one.plan.get("limits") or [] if x.get("text")]
    heading = limits[0].rstrip(".") if limits else _finding(section.blocks, "")
    return Content(
        _("Utrymme per år"),
        heading or section.title,
        _texts(section),
        parts=[("", section.blocks)],
    )


def _statements(_request: MunicipalRequest, one: Shown) -> Content:
    """The three statements, with the result's and the debt's fan where they are drawn."""
    plan = one.plan
    fans = [
        _chart(uncertainty.fan_chart(plan, key)) for key in ("res_andel", "nettolan")
    ]
    weakest = figures.result_share(plan)
    if fans[0] is None:
        fans[0] = _chart(weakest)
    pictures = _charts(*fans, _chart(figures.why_weakest(plan)))
    more = {
        "line_tables": [
            _lines(
                plan,
                "statement",
                _("Resultaträkning"),
                STATEMENT_LABELS,
                STATEMENT_SUBTOTALS,
            ),
            _lines(plan, "balance", _("Balansräkning"), _balance_labels(plan)),
            _lines(
                plan,
                "cash_flow",
                _("Kassaflöde"),
                CASH_FLOW_LABELS,
                ("arets", "likvida_ut"),
            ),
        ],
    }
    rest = [tables.indicators_table(plan)]
    if companies := tables.companies_table(plan):
        rest.append(companies)
    return Content(
        _("Räkenskaper"),
        weakest.title if weakest else _finding(pictures, _("Räkenskaper")),
        uncertainty.balance_chance(plan)[:1],
        parts=[("", pictures), ("", rest)],
        more=more,
    )


def _balance_labels(plan: Plan) -> dict[str, str]:
    return {key: LINES[key].label for key in plan["balance"] if key in LINES}


def _lines(
    plan: Plan,
    part: str,
    title: str,
    labels: dict[str, str] | Any,
    sums: Sequence[str] | Iterable[str] = (),
) -> dict[str, Any]:
    """Return a statement as rows whose figures lead to their trails."""
    strong = set(sums)
    rows = [
        {
            "label": label,
            "sum": key in strong,
            "quality": figures.worst_quality(plan, key),
            "cells": [
                {"text": mkr(value), "figure": f"{key}:{year}" if key in LINES else ""}
                for year, value in zip(plan["years"], values, strict=True)
            ],
        }
        for key, label in dict(labels).items()
        if (values := figures.series_of(plan, part, key)) is not None
    ]
    return {
        "title": title,
        "unit": tables.prices(plan),
        "years": plan["years"],
        "rows": rows,
    }


def _balanskrav(_request: MunicipalRequest, one: Shown) -> Content:
    """The law's test row by row, the reserve and the deficits to restore."""
    section = chapters.balanskrav_section(one.plan)
    first, *rest = section.blocks
    later = [b for b in rest if not (isinstance(b, TableBlock) and b is rest[0])]
    pictures = [first] if isinstance(first, ChartBlock) else []
    chance = [_chart(uncertainty.all_years_chart(one.plan))]
    return Content(
        _("Balanskrav"),
        _finding(section.blocks, section.title),
        _texts(section),
        parts=[("", [*pictures, *_charts(*chance)]), ("", later)],
        more={
            "line_tables": [
                _lines(
                    one.plan,
                    "balanskrav",
                    _("Balanskravsutredning"),
                    BALANSKRAV_LABELS,
                    BALANSKRAV_SUBTOTALS,
                )
            ],
            "lines_after": 1,
        },
    )


def _goals(_request: MunicipalRequest, one: Shown) -> Content:
    """Every goal by year: held, barely or missed, and how sure that is."""
    plan = one.plan
    heat = figures.goals_by_year(plan)
    blocks: list[Any] = _charts(_chart(heat))
    misses = chapters._aim_texts(plan)
    if misses:
        blocks.append(Paragraphs(tuple(Text(text) for text in misses)))
    blocks += _charts(
        _chart(uncertainty.all_years_chart(plan)),
        _chart(uncertainty.chances_chart(plan)),
    )
    lede = [figures.unmeasured_note(plan)] if figures.unmeasured_note(plan) else []
    heading = heat.title if heat else _("Inga mål är inlagda")
    return Content(_("Mål"), heading, lede, parts=[("", blocks)])


def _debt(_request: MunicipalRequest, one: Shown) -> Content:
    """Debt against its ceiling, what it costs, and when loans are to be renewed."""
    plan = one.plan
    highest = figures.debt_per_inhabitant(plan)
    pictures = _charts(
        _chart(uncertainty.fan_chart(plan, "lan_inv")) or _chart(highest),
        _chart(uncertainty.fan_chart(plan, "nettolan")),
    )
    labels = {"loans": LINES["loans"].label, "cash": LINES["cash"].label}
    return Content(
        _("Skuld"),
        highest.title if highest else _finding(pictures, _("Kommunen har inga lån")),
        parts=[("", pictures)],
        more={
            "line_tables": [
                _lines(plan, "balance", _("Lån och kassa vid årets slut"), labels),
                _lines(
                    plan,
                    "statement",
                    _("Ränta"),
                    {"fi": LINES["fi"].label, "fk": LINES["fk"].label},
                ),
                _lines(
                    plan,
                    "cash_flow",
                    _("Vad som lånas och betalas"),
                    {
                        k: CASH_FLOW_LABELS[k]
                        for k in ("lopande", "investering", "finansiering")
                    },
                ),
            ],
            "loans": _loans(one),
        },
    )


def _loans(one: Shown) -> list[dict[str, Any]]:
    """Return today's loans: amount, rate, how long it is fixed, when it matures, where."""
    table = store.version_tables(one.study.version)["loans"]
    sheet = page_at(one.study.municipality, "underlag/loans/")
    keys = ("loan_id", "amount", "rate", "fixed_until", "matures")
    rows = [
        {**{key: row.get(key) for key in keys}, "href": f"{sheet}?rad={n}#rad-{n}"}
        for n, row in zip(table.rows, table.records(), strict=True)
    ]
    return sorted(rows, key=lambda row: (row["matures"] or 9999, str(row["loan_id"])))


def _why(request: MunicipalRequest, one: Shown) -> Content:
    """Every project with its answer and the reasons for it."""
    plan = one.plan
    asked, page = _asked(request, _why.__name__)
    chosen = _ONLY.get(str(asked))
    projects = [
        p for p in plan.get("projects", []) if chosen is None or p["chosen"] == chosen
    ]
    projects.sort(key=lambda p: (not p["chosen"], p["start_year"] or 0, p["name"]))
    pages = max(1, -(-len(projects) // CARDS))
    page = min(max(int(page), 1), pages)
    part = projects[(page - 1) * CARDS : page * CARDS]
    section = chapters.why_section({**plan, "projects": part})
    count = sum(bool(p["chosen"]) for p in plan.get("projects", []))
    whole = len(plan.get("projects", []))
    limits = [str(x["text"]) for x in plan.get("limits") or [] if x.get("text")]
    return Content(
        _("Skäl per projekt"),
        _("{a} av {n} projekt ingår").format(a=count, n=whole),
        [*limits[:2], *_texts(section)[:2]],
        parts=[("", section.blocks)],
        more={"page_number": page, "page_count": pages, "only": asked},
    )


def _reserve(_request: MunicipalRequest, one: Shown) -> Content:
    """What comes next with more room, and what goes first with less."""
    plan = one.plan
    found = choices.choice_tables(plan)
    facts = (plan.get("beside") or {}).get("reserve") or {}
    told = facts.get("text") or []
    lede = [told] if isinstance(told, str) else list(told)
    blocks: list[Any] = [found[key] for key in ("reserve",) if key in found]
    curve = choices.room_curve(plan)
    blocks += _charts(_chart(curve))
    heading = (
        lede[0].rstrip(".")
        if lede
        else _("Reservlistan är inte uträknad i den här planen")
    )
    return Content(_("Reservlista"), heading, lede[1:], parts=[("", blocks)])


def _near(_request: MunicipalRequest, one: Shown) -> Content:
    """Other plans that are almost as good, and what may start another year."""
    plan = one.plan
    found = choices.choice_tables(plan)
    near = (plan.get("beside") or {}).get("near") or {}
    text = str(near.get("text") or "")
    blocks = [found[key] for key in ("near", "windows", "replan") if key in found]
    heading = found["near"].title if "near" in found else ""
    return Content(
        _("Nära lika bra planer"),
        heading
        or text.rstrip(".")
        or _("Andra planer är inte sökta i den här körningen"),
        [text] if heading and text else [],
        parts=[("", blocks)],
    )


def _basis(_request: MunicipalRequest, one: Shown) -> Content:
    """What is proven, what is assumed, and what happens at the municipality's pace."""
    section = chapters.basis_section(one.plan)
    sure = uncertainty.uncertainty_section(one.plan)
    parts: list[tuple[str, Sequence[Any]]] = [("", section.blocks)]
    if sure is not None:
        parts.insert(0, (sure.title, sure.blocks))
    return Content(
        _("Vad planen vilar på"), section.title, _texts(section), parts=parts
    )


def _asked(request: MunicipalRequest, name: str) -> tuple[str | int, ...]:
    """Return what of the address a page's content depends on, beside the study."""
    if name != _why.__name__:
        return ()
    only = request.GET.get("visa", "")
    number = request.GET.get("sida", "1")
    page = int(number) if number.isdecimal() and len(number) < 6 else 1
    return only if only in _ONLY else "", page


def _view(
    build: Callable[[MunicipalRequest, Shown], Content], title: Callable[[], str]
) -> Callable[..., HttpResponse]:
    """Return the view of a page about the plan (or about `?plan=n`)."""

    def view(request: MunicipalRequest) -> HttpResponse:
        one = shown(request)
        if one is None:
            text = _("Här visas siffrorna när en plan är räknad.")
            return nothing_yet(request, title(), text)
        name = build.__name__
        asked = _asked(request, name)
        page = written([one.study], name, lambda: build(request, one), *asked)
        return show(request, page, one)

    view.__doc__ = build.__doc__
    view.__name__ = build.__name__.removeprefix("_")
    return access.requires(Right.READ, methods="GET")(view)


needs_page = _view(_needs, lambda: _("Behov per år"))
room = _view(_room, lambda: _("Utrymme per år"))
statements = _view(_statements, lambda: _("Räkenskaper"))
balanskrav = _view(_balanskrav, lambda: _("Balanskrav"))
goals = _view(_goals, lambda: _("Mål"))
debt = _view(_debt, lambda: _("Skuld"))
why = _view(_why, lambda: _("Skäl per projekt"))
reserve = _view(_reserve, lambda: _("Reservlista"))
near = _view(_near, lambda: _("Nära lika bra planer"))
basis = _view(_basis, lambda: _("Vad planen vilar på"))

"""What does a figure hang on? The trail of a plan's figure, and of one tried by hand.

A figure is named as in `explain.trail`: `ar:2029`, or `projects:outlay:2026-2035` for
the sum of those years. What is on the workbench and what the levers give are explained
by their own views (workbench, levers), with `trail_page`. Leaves out who may see what is
not saved.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from django.http import Http404
from django.shortcuts import render
from django.utils.translation import gettext as _

from rodtrad.domain.components import apply_scenario
from rodtrad.domain.words import list_text
from rodtrad.errors import InputError
from rodtrad.explain.trail import Trail, explain_figure
from rodtrad.study import read_choices
from rodtrad.web import access, store
from rodtrad.web.access import Right
from rodtrad.web.templatetags.rodtrad import mkr, year_list
from rodtrad.web.views.study_base import numbered, page_at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import HttpResponse

    from rodtrad.domain.arrays import Choice
    from rodtrad.domain.components import Tables
    from rodtrad.web.access import MunicipalRequest
    from rodtrad.web.models import Study

_YEARS: Final = re.compile(r"(.+):(\d{4})-(\d{4})", re.ASCII)


@access.requires(Right.READ, methods="GET")
def trail(request: MunicipalRequest, number: int, figure: str) -> HttpResponse:
    """What a figure of a saved plan hangs on."""
    study = numbered(request.municipality, number)
    plan = study.plan
    if plan is None:
        raise Http404
    return trail_page(request, study, tables_of(study), read_choices(plan), figure)


def tables_of(study: Study) -> Tables:
    """Return the underlag that a study rests on, under its scenario."""
    tables = store.version_tables(study.version)
    return apply_scenario(tables, study.scenario) if study.scenario else tables


def trail_page(
    request: MunicipalRequest,
    study: Study,
    tables: Tables,
    choices: Sequence[Choice],
    figure: str,
    note: str = "",
) -> HttpResponse:
    """Return the page of a figure, of choices on an underlag; `note` is what differs.

    Raises:
        Http404: there is no such figure.
    """
    try:
        found = _explained(tables, choices, figure)
    except InputError as error:
        raise Http404 from error
    context = {
        "trail": found,
        "study": study,
        "note": note,
        "cells_at": page_at(request.municipality, "underlag/"),
    }
    return render(request, "trail_page.html", context)


def _explained(tables: Tables, choices: Sequence[Choice], figure: str) -> Trail:
    span = _YEARS.fullmatch(figure)
    if span is None:
        return explain_figure(tables, choices, figure)
    years = range(int(span[2]), int(span[3]) + 1)
    each = [explain_figure(tables, choices, f"{span[1]}:{year}") for year in years]
    return _summed(figure, years, each)


def _summed(key: str, years: Sequence[int], each: Sequence[Trail]) -> Trail:
    """Return the trail of a sum over years."""
    if not each:
        raise Http404
    worst = next(
        (
            q
            for q in ("antagande", "beräkning", "uppgift")
            if any(t.quality == q for t in each)
        ),
        None,
    )
    total = sum(t.value or 0.0 for t in each)
    return Trail(
        key=key,
        label=f"{each[0].label} {year_list(years)}",
        year=None,
        value=total,
        shown=_("{n} mkr").format(n=mkr(total)),
        formula=_("summan av {ys}").format(ys=list_text([str(y) for y in years])),
        quality=worst,
        children=tuple(each),
    )

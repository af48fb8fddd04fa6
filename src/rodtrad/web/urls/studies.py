"""Addresses of overview, room, plan, why, compare, reserve and levers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import path

from rodtrad.web.views import (
    compare,
    levers,
    overview,
    studies,
    study_pages,
    study_show,
    trails,
)

if TYPE_CHECKING:
    from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = [
    path("", overview.overview, name="overview"),
    path("behov/", study_pages.needs_page, name="needs_per_year"),
    path("utrymme/", study_pages.room, name="room"),
    path("utrymme/rakenskaper/", study_pages.statements, name="statements"),
    path("utrymme/balanskrav/", study_pages.balanskrav, name="balanskrav"),
    path("utrymme/mal/", study_pages.goals, name="study_goals"),
    path("utrymme/skuld/", study_pages.debt, name="debt"),
    path("utrymme/spakar/", levers.levers, name="levers"),
    path("utrymme/spakar/spar/<path:figure>/", levers.trail, name="levers_trail"),
    path("skal/", study_pages.why, name="why"),
    path("reserv/", study_pages.reserve, name="reserve"),
    path("jamfor/", compare.compare, name="compare"),
    path("studier/", studies.studies, name="studies"),
    path("studier/nara/", study_pages.near, name="near"),
    path("studier/vilar-pa/", study_pages.basis, name="basis"),
    path("studier/<int:number>/", studies.study, name="study"),
    path("studier/<int:number>/visa/", study_show.show_plan, name="study_show"),
    path("studier/<int:number>/avbryt/", studies.cancel, name="study_cancel"),
    path("studier/<int:number>/igen/", studies.again, name="study_again"),
    path("studier/<int:number>/beslut/", studies.decide, name="study_decide"),
    path("studier/<int:number>/spar/<path:figure>/", trails.trail, name="trail"),
]

"""Addresses of projects, needs and the tree of goals.

What has a name of its own (board, map) stands before the projects' ids, and acts of a
project before its page: an id may hold any sign.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import path

from rodtrad.web.views import (
    goals,
    needs,
    project_acts,
    project_edit,
    project_page,
    projects,
)

if TYPE_CHECKING:
    from django.urls import URLPattern, URLResolver

ONE = "projekt/<path:project_id>/"
urlpatterns: list[URLPattern | URLResolver] = [
    path("projekt/", projects.project_list, name="projects"),
    path("projekt/lista.csv", projects.download, name="projects_csv"),
    path("projekt/tavla/", projects.board, name="project_board"),
    path("projekt/tidslinje/", projects.timeline, name="project_timeline"),
    path("projekt/karta/", projects.map_page, name="project_map"),
    path("projekt/forslag.html", projects.choices, name="project_choices"),
    path("projekt/karta.json", projects.map_data, name="project_map_data"),
    path("projekt/nytt/", project_edit.new, name="project_new"),
    path("projekt/bilaga/<int:pk>/", project_acts.download, name="project_file"),
    path(
        "projekt/bilaga/<int:pk>/ta-bort/", project_acts.detach, name="project_detach"
    ),
    path(f"{ONE}andra/", project_edit.edit, name="project_edit"),
    path(f"{ONE}skede/", project_acts.gate, name="project_gate"),
    path(f"{ONE}uppgifter/", project_acts.words, name="project_words"),
    path(
        f"{ONE}alternativ/<path:alternative_id>/",
        project_acts.note,
        name="project_alternative",
    ),
    path(f"{ONE}beslut/", project_acts.decide, name="project_decide"),
    path(f"{ONE}kalkyl/", project_acts.estimate, name="project_estimate"),
    path(f"{ONE}ar/", project_acts.year, name="project_year"),
    path(f"{ONE}bifoga/", project_acts.attach, name="project_attach"),
    path(ONE, project_page.project, name="project"),
    path("behov/anmal/", needs.report, name="need_new"),
    path("behov/anmalda/", needs.reports, name="need_reports"),
    path("behov/anmalda/<int:number>/", needs.one, name="need_report"),
    path("behov/anmalda/<int:number>/svara/", needs.answer, name="need_answer"),
    path("mal/", goals.tree, name="goal_tree"),
    path("mal/ny/", goals.new, name="goal_new"),
    path("mal/<int:pk>/andra/", goals.edit, name="goal_edit"),
    path("mal/<int:pk>/ta-bort/", goals.remove, name="goal_remove"),
    path("mal/<int:pk>/projekt/", goals.link, name="goal_link"),
    path("mal/projekt/<int:pk>/ta-bort/", goals.unlink, name="goal_unlink"),
]

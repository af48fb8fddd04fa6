"""Public addresses of the plan: the newest version, and the same pages of an older one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import include, path

from rodtrad.web.views import public_about, public_feed, public_pages, public_plan

if TYPE_CHECKING:
    from django.urls import URLPattern, URLResolver

PAGES: list[URLPattern | URLResolver] = [
    path("", public_plan.front, name="public_front"),
    path("projekt/", public_plan.projects, name="public_projects"),
    path("projekt/<str:project_id>/", public_plan.project, name="public_project"),
    path("karta/", public_plan.map_page, name="public_map"),
    path("tidslinje/", public_pages.timeline, name="public_timeline"),
    path("ekonomi/", public_pages.economy, name="public_economy"),
    path("kan-inte/", public_pages.cannot, name="public_cannot"),
    path("antaganden/", public_pages.assumptions, name="public_assumptions"),
    path("andrat/", public_pages.changes, name="public_changes"),
    path("lattlast/", public_pages.plain, name="public_plain"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    *PAGES,
    path("version/<int:nummer>/", include(PAGES)),
    path("andrat/<int:of>/", public_pages.changes, name="public_changes_of"),
    path("flode.xml", public_feed.feed, name="public_feed"),
    path("bild/plan.png", public_feed.plan_picture, name="public_picture"),
    path(
        "bild/projekt/<str:project_id>.png",
        public_feed.project_picture,
        name="public_project_picture",
    ),
    path("om/", public_about.about, name="public_about"),
    path("tillganglighet/", public_about.accessibility, name="public_accessibility"),
    path("personuppgifter/", public_about.privacy, name="public_privacy"),
]

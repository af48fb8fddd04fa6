"""Addresses where a plan is published, for those who may."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import path

from rodtrad.web.views import publishing

if TYPE_CHECKING:
    from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = [
    path("publicera/", publishing.overview, name="publishing"),
    path("publicera/beslut/", publishing.next_step, name="publishing_next"),
    path(
        "publicera/beslut/<str:project_id>/",
        publishing.next_step,
        name="publishing_next_of",
    ),
    path("publicera/ny/<int:number>/", publishing.prepare, name="publishing_prepare"),
    path(
        "publicera/<int:number>/ta-tillbaka/",
        publishing.withdraw,
        name="publishing_withdraw",
    ),
]

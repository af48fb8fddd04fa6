"""Addresses of the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import path

from rodtrad.web.views import events

if TYPE_CHECKING:
    from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = [
    path("handelser/", events.event_list, name="events"),
    path("handelser/<slug:kind>/<path:key>/", events.history, name="history"),
]

"""Address of the residents' region beside the parties', for those who work with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import path

from rodtrad.web.views import residents

if TYPE_CHECKING:
    from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = [
    path("enighet/invanare/", residents.residents_map, name="residents"),
]

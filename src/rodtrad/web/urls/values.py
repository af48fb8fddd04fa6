"""Addresses of the elicitation and the agreement map."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import path

from rodtrad.web.views import values

if TYPE_CHECKING:
    from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = [
    path("vardering/", values.valuation, name="valuation"),
    path("enighet/", values.agreement_map, name="agreement"),
]

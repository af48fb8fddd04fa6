"""Addresses that everyone may read, under the municipality's; gathers the areas.

Included twice, for each language. Names begin with `public_`.
"""

from __future__ import annotations

from django.urls import include, path

AREAS = (
    "public_plan",
    "public_dialogue",
    "public_sandbox",
    "public_envelope",
    "public_letters",
    "public_follow",
    "public_data",
)

urlpatterns = [path("", include(f"rodtrad.web.urls.{area}")) for area in AREAS]

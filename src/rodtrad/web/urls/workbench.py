"""Addresses of the workbench."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import path

from rodtrad.web.views import workbench

if TYPE_CHECKING:
    from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = [
    path("arbetsbank/", workbench.workbench, name="workbench"),
    path("arbetsbank/spar/<path:figure>/", workbench.trail, name="workbench_trail"),
]

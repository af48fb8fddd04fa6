"""Addresses of what belongs to every page: start, language, appearance, keys, search."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import path

from rodtrad.web.views import shell

if TYPE_CHECKING:
    from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = [
    path("", shell.start, name="start"),
    path("sprak/", shell.set_language, name="language"),
    path("tema/", shell.set_theme, name="theme"),
    path("hjalp/tangenter/", shell.keys, name="keys"),
    path("<slug:kommun>/sok/", shell.search, name="search"),
]

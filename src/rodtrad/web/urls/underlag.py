"""Addresses of the working copy, its versions, import and export."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import path

from rodtrad.web.views import (
    underlag,
    underlag_grid,
    underlag_import,
    underlag_row,
    versions,
)

if TYPE_CHECKING:
    from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = [
    path("underlag/", underlag.overview, name="underlag"),
    path("underlag/kontrollera/", underlag.check, name="underlag_check"),
    path("underlag/andringar/", underlag.change_list, name="underlag_changes"),
    path(
        "underlag/andringar/<int:number>/",
        underlag.change_page,
        name="underlag_change",
    ),
    path(
        "underlag/andringar/<int:number>/angra/",
        underlag.undo,
        name="underlag_undo",
    ),
    path("underlag/arbetsbok.xlsx", underlag_import.workbook, name="underlag_workbook"),
    path("underlag/mall.xlsx", underlag_import.template, name="underlag_template"),
    path("underlag/inlasning/", underlag_import.upload, name="underlag_import"),
    path(
        "underlag/inlasning/<int:number>/",
        underlag_import.pending,
        name="underlag_pending",
    ),
    path(
        "underlag/inlasning/<int:number>/godkann/",
        underlag_import.approve,
        name="underlag_approve",
    ),
    path(
        "underlag/inlasning/<int:number>/kasta/",
        underlag_import.discard,
        name="underlag_discard",
    ),
    path(
        "underlag/<slug:sheet>/forslag/<slug:column>/",
        underlag_row.suggestions,
        name="underlag_suggestions",
    ),
    path("underlag/<slug:sheet>/ny/", underlag_row.new_row, name="underlag_new_row"),
    path(
        "underlag/<slug:sheet>/rad/<int:pk>/",
        underlag_row.row_page,
        name="underlag_row",
    ),
    path(
        "underlag/<slug:sheet>/rad/<int:pk>/ta-bort/",
        underlag_row.remove_row,
        name="underlag_remove_row",
    ),
    path("underlag/<slug:sheet>/", underlag_grid.sheet, name="underlag_sheet"),
    path("versioner/", versions.version_list, name="versions"),
    path("versioner/jamfor/", versions.compare, name="versions_compare"),
    path("versioner/<int:number>/", versions.version_page, name="version"),
    path("versioner/<int:number>/las/", versions.lock, name="version_lock"),
    path("versioner/<int:number>/aterstall/", versions.restore, name="version_restore"),
]

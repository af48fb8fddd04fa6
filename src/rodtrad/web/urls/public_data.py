"""Public addresses of open data, the interface for programs, and search."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import path

from rodtrad.web.views import public_api, public_data, public_search

if TYPE_CHECKING:
    from django.urls import URLPattern, URLResolver

_VERSION = "api/v1/versions/<str:version>"

urlpatterns: list[URLPattern | URLResolver] = [
    path("sok/", public_search.search, name="public_search"),
    path("data/", public_data.data, name="public_data"),
    path("data/<int:of>.zip", public_data.download, name="public_data_file"),
    path("api/v1/", public_api.index, name="public_api"),
    path("api/v1/openapi.json", public_api.openapi, name="public_api_document"),
    path("api/v1/versions", public_api.versions, name="public_api_versions"),
    path(_VERSION, public_api.version, name="public_api_version"),
    path(f"{_VERSION}/projects", public_api.projects, name="public_api_projects"),
    path(
        f"{_VERSION}/projects/<str:project_id>",
        public_api.project,
        name="public_api_project",
    ),
    path(f"{_VERSION}/areas", public_api.areas, name="public_api_areas"),
    path(f"{_VERSION}/changes", public_api.changes, name="public_api_changes"),
    path(f"{_VERSION}/economy", public_api.economy, name="public_api_economy"),
    # what is not there is said in JSON too
    path("api/<path:rest>", public_api.nothing, name="public_api_nothing"),
]

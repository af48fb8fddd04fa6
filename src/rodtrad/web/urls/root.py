"""Which address leads where? Gathers the areas; everything municipal has its slug.

What everyone may read stands under `oppet` (Swedish) and `open` (English).
"""

from __future__ import annotations

from django.urls import include, path

from rodtrad.web.views import faults

AREAS = (
    "studies",
    "underlag",
    "projects",
    "values",
    "workbench",
    "meeting",
    "events",
    "publishing",
    "envelope",
    "residents",
    "dialogue",
    "letters",
)

handler500 = "rodtrad.web.views.shell.server_error"
urlpatterns = [
    path("csp/", faults.csp_report, name="csp"),
    path("", include("rodtrad.web.urls.shell")),
    path("oppet/<slug:ort>/", include("rodtrad.web.urls.public"), {"sprak": "sv"}),
    path("open/<slug:ort>/", include("rodtrad.web.urls.public"), {"sprak": "en"}),
    path("konto/", include("rodtrad.web.urls.accounts")),
    path("konto/", include("allauth.urls")),
    path("<slug:kommun>/", include("rodtrad.web.urls.people")),
    *[path("<slug:kommun>/", include(f"rodtrad.web.urls.{area}")) for area in AREAS],
]

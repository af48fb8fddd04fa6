"""The application's addresses and the gallery's, for tests alone."""

from __future__ import annotations

from django.urls import include, path
from web.shell import gallery

from rodtrad.web.access import Right, requires
from rodtrad.web.urls import root
from rodtrad.web.views.shell import server_error

shown = requires(Right.READ)(gallery.gallery)
trail = requires(Right.READ)(gallery.trail_page)

handler500 = server_error
urlpatterns = [
    path("", include("rodtrad.web.urls.shell")),
    path("<slug:kommun>/", shown),
    path("<slug:kommun>/underlag/", shown),
    path("<slug:kommun>/utrymme/", shown),
    path("<slug:kommun>/studier/", shown),
    path("<slug:kommun>/arbetsbank/", shown),
    path("<slug:kommun>/projekt/", shown),
    path("<slug:kommun>/jamfor/", shown),
    path("<slug:kommun>/enighet/", shown),
    path("<slug:kommun>/arbetsbank/spar/", trail),
    path("<slug:kommun>/spar/", trail),
    path("<slug:kommun>/trasig/", gallery.broken),
    *root.urlpatterns,
]

"""Public addresses where one begins and ends to follow something by mail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import path

from rodtrad.web.views import public_follow

if TYPE_CHECKING:
    from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = [
    path("folj/", public_follow.follow, name="public_follow"),
    path("folj/skickat/", public_follow.sent, name="public_follow_sent"),
    path(
        "folj/bekrafta/<str:token>/",
        public_follow.confirm,
        name="public_follow_confirm",
    ),
    path("folj/avsluta/<str:token>/", public_follow.end, name="public_follow_end"),
]

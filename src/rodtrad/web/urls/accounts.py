"""Addresses of accounts outside the municipalities, before those of allauth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import path

from rodtrad.web.views import accounts

if TYPE_CHECKING:
    from django.urls import URLPattern, URLResolver

# What allauth has and we do not: an account has one address, which came by invitation.
CLOSED = (
    "email/",
    "confirm-email/",
    "confirm-email/<str:key>/",
    "login/code/confirm/",
    "3rdparty/",
    "3rdparty/signup/",
    "social/login/cancelled/",
    "social/login/error/",
    "social/signup/",
    "social/connections/",
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("", accounts.account, name="account"),
    path("inbjudan/<str:token>/", accounts.invitation, name="invitation"),
    path(
        "oidc/<str:provider_id>/login/",
        accounts.municipal_login,
        name="municipal_login",
    ),
    *[path(address, accounts.closed) for address in CLOSED],
]

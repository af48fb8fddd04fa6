"""Addresses of people, invitations and roles of a municipality."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import path

from rodtrad.web.views import people

if TYPE_CHECKING:
    from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = [
    path("personer/", people.people_list, name="people"),
    path("personer/bjud-in/", people.invite, name="invite"),
    path("personer/regler/", people.login_rules, name="login_rules"),
    path("personer/lamna/", people.leave, name="leave"),
    path("personer/<int:number>/", people.member, name="member"),
    path("personer/<int:number>/bort/", people.remove, name="member_remove"),
    path(
        "personer/inbjudan/<int:number>/igen/", people.invite_again, name="invite_again"
    ),
    path("personer/inbjudan/<int:number>/bort/", people.withdraw, name="withdraw"),
]

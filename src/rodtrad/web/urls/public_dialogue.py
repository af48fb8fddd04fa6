"""Public addresses of comments and answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import path

from rodtrad.web.views import public_dialogue

if TYPE_CHECKING:
    from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = [
    path("dialog/", public_dialogue.dialogues, name="public_dialogues"),
    path("dialog/<int:number>/", public_dialogue.one_dialogue, name="public_dialogue"),
    path("dialog/<int:number>/skriv/", public_dialogue.write, name="public_write"),
    path(
        "dialog/om/<str:kind>/<str:key>/",
        public_dialogue.comments,
        name="public_comments",
    ),
    path(
        "dialog/synpunkt/<int:number>/", public_dialogue.comment, name="public_comment"
    ),
    path(
        "dialog/synpunkt/<int:number>/anmal/",
        public_dialogue.report,
        name="public_report",
    ),
    path("dialog/kvitto/<str:token>/", public_dialogue.receipt, name="public_receipt"),
    path(
        "dialog/bekrafta/<str:token>/",
        public_dialogue.confirm,
        name="public_comment_confirm",
    ),
]

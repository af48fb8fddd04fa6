"""Addresses where staff run the dialogue with residents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import path

from rodtrad.web.views import dialogue, dialogue_setup

if TYPE_CHECKING:
    from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = [
    path("dialog/", dialogue.queue, name="dialogue_queue"),
    path("dialog/alla/", dialogue_setup.dialogues, name="dialogues"),
    path("dialog/ny/", dialogue_setup.new, name="dialogue_new"),
    path("dialog/gallring/", dialogue_setup.thin_after, name="dialogue_thin_after"),
    path("dialog/mejl/", dialogue.mails, name="dialogue_mails"),
    path("dialog/<int:number>/", dialogue_setup.one, name="dialogue_one"),
    path("dialog/<int:number>/andra/", dialogue_setup.change, name="dialogue_change"),
    path(
        "dialog/<int:number>/for-in/", dialogue_setup.register, name="dialogue_register"
    ),
    path(
        "dialog/<int:number>/teman/",
        dialogue_setup.add_theme,
        name="dialogue_theme_add",
    ),
    path(
        "dialog/tema/<int:number>/",
        dialogue_setup.change_theme,
        name="dialogue_theme_change",
    ),
    path(
        "dialog/tema/<int:number>/svar/",
        dialogue.answer_theme,
        name="dialogue_theme_answer",
    ),
    path("dialog/synpunkt/<int:number>/", dialogue.one, name="dialogue_comment"),
    path(
        "dialog/synpunkt/<int:number>/granska/",
        dialogue.moderate,
        name="dialogue_moderate",
    ),
    path("dialog/synpunkt/<int:number>/gallra/", dialogue.thin, name="dialogue_thin"),
    path(
        "dialog/synpunkt/<int:number>/tema/",
        dialogue.put_under,
        name="dialogue_put_under",
    ),
    path("dialog/synpunkt/<int:number>/svar/", dialogue.answer, name="dialogue_answer"),
]

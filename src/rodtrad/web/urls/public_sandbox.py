"""Public addresses of the sandbox and the questionnaire."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import path

from rodtrad.web.views import public_hand_in, public_questions, public_sandbox

if TYPE_CHECKING:
    from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = [
    path("prova/", public_sandbox.begin, name="public_sandbox"),
    path("prova/<str:code>/", public_sandbox.plan, name="public_sandbox_plan"),
    path("prova/<str:code>/lamna/", public_hand_in.hand_in, name="public_hand_in"),
    path("fragor/", public_questions.questions, name="public_questions"),
    path("fragor/svaren/", public_questions.region, name="public_residents"),
]

"""Public addresses of envelopes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import path

from rodtrad.web.views import public_envelope

if TYPE_CHECKING:
    from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = [
    path("pott/", public_envelope.overview, name="public_envelopes"),
    path("pott/<int:number>/", public_envelope.one, name="public_envelope"),
    path(
        "pott/<int:number>/forslag/",
        public_envelope.propose,
        name="public_envelope_propose",
    ),
    path("pott/<int:number>/rosta/", public_envelope.vote, name="public_envelope_vote"),
    path(
        "pott/<int:number>/resultat/",
        public_envelope.result,
        name="public_envelope_result",
    ),
    path(
        "pott/<int:number>/kvitton/",
        public_envelope.receipts,
        name="public_envelope_receipts",
    ),
    path(
        "pott/<int:number>/fil/<str:fil>",
        public_envelope.file,
        name="public_envelope_file",
    ),
]

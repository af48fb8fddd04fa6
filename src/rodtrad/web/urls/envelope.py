"""Addresses where staff sets up, counts and publishes an envelope."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import path

from rodtrad.web.views import envelope

if TYPE_CHECKING:
    from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = [
    path("pott/", envelope.overview, name="envelopes"),
    path("pott/ny/", envelope.new, name="envelope_new"),
    path("pott/las-in/", envelope.take_in, name="envelope_import"),
    path("pott/<int:number>/", envelope.one, name="envelope"),
    path("pott/<int:number>/andra/", envelope.edit, name="envelope_edit"),
    path("pott/<int:number>/oppna/", envelope.open_up, name="envelope_open"),
    path(
        "pott/<int:number>/forslag/ny/",
        envelope.new_proposal,
        name="envelope_proposal_new",
    ),
    path(
        "pott/<int:number>/forslag/<int:of>/",
        envelope.proposal,
        name="envelope_proposal",
    ),
    path(
        "pott/<int:number>/forslag/<int:of>/orden/",
        envelope.redact,
        name="envelope_redact",
    ),
    path("pott/<int:number>/riv-upp/", envelope.tear_up, name="envelope_tear_up"),
    path("pott/<int:number>/koder/", envelope.codes, name="envelope_codes"),
    path("pott/<int:number>/papper/", envelope.paper, name="envelope_paper"),
    path("pott/<int:number>/rakna/", envelope.count, name="envelope_count"),
    path("pott/<int:number>/resultat/", envelope.result, name="envelope_result"),
    path("pott/<int:number>/publicera/", envelope.publish, name="envelope_publish"),
    path("pott/<int:number>/valsedlar.pb", envelope.file, name="envelope_file"),
]

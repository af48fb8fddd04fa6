"""Addresses of the documents for a meeting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import path

from rodtrad.web.views import meeting

if TYPE_CHECKING:
    from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = [
    path("mote/", meeting.newest, name="meeting"),
    path("mote/<int:number>/", meeting.study, name="meeting_study"),
    path(
        "mote/<int:number>/tjansteskrivelse.docx",
        meeting.letter,
        name="meeting_letter",
    ),
    path(
        "mote/<int:number>/projektskrivelse.docx",
        meeting.project_letter,
        name="meeting_project_letter",
    ),
    path(
        "mote/<int:number>/presentation.pptx",
        meeting.slides,
        name="meeting_slides",
    ),
    path("mote/<int:number>/arbetsbok.xlsx", meeting.workbook, name="meeting_workbook"),
    path("mote/<int:number>/rapport.pdf", meeting.report, name="meeting_report"),
]

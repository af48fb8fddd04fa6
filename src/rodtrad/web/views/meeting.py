"""What does one take to the meeting? The page and its downloads, from a finished study.

Letter, presentation, workbook and report are made by the publish layer when somebody
asks for them, and each is noted in the log. Leaves out what they say (publish.meeting
and the report).
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from rodtrad.domain import words
from rodtrad.domain.components import apply_scenario
from rodtrad.publish.content import build_report, status_line
from rodtrad.publish.document_pdf import render_pdf
from rodtrad.publish.excel_report import render_workbook
from rodtrad.publish.meeting_letter import render_letter
from rodtrad.publish.meeting_slides import render_slides
from rodtrad.publish.summary import working_paper
from rodtrad.web import events, store
from rodtrad.web.access import Right, requires
from rodtrad.web.models.studies import State, Study

if TYPE_CHECKING:
    from collections.abc import Callable

    from rodtrad.web.access import MunicipalRequest
    from rodtrad.web.models import Municipality

_OFFICE: Final = "application/vnd.openxmlformats-officedocument"
_WORD: Final = f"{_OFFICE}.wordprocessingml.document"
_SLIDES: Final = f"{_OFFICE}.presentationml.presentation"
_SHEET: Final = f"{_OFFICE}.spreadsheetml.sheet"
_SHOWN: Final = 20


def _address(municipality: Municipality, key: str) -> str | None:
    number = key.partition("/")[0]
    if not number.isdecimal():
        return None
    return reverse("meeting_study", args=[municipality.slug, int(number)])


events.declare_action("meeting.export", lazy("tog ut ett dokument till mötet"))
events.declare_object(
    "meeting_document",
    lazy("dokument till mötet"),
    {
        "file": lazy("fil"),
        "study": lazy("plan"),
        "version": lazy("version av underlaget"),
        "project": lazy("projekt"),
        "bytes": lazy("storlek i byte"),
    },
    _address,
)


@dataclass(frozen=True)
class Document:
    """One of the downloads, as the page shows it."""

    url: str
    name: str
    kind: str
    what: str
    href: str


# ---------------------------------------------------------------- pages


@requires(Right.EXPORT, methods="GET")
def newest(request: MunicipalRequest) -> HttpResponse:
    """Show the documents of the newest finished study, or what to do without one."""
    found = Study.objects.light().newest_plan(request.municipality)
    return _page(request, found)


@requires(Right.EXPORT, methods="GET")
def study(request: MunicipalRequest, number: int) -> HttpResponse:
    """Show the documents of one study."""
    return _page(request, _study(request, number))


def _study(request: MunicipalRequest, number: int) -> Study:
    return get_object_or_404(
        Study.objects.light().select_related("version").defer("version__content"),
        municipality=request.municipality,
        number=number,
    )


def _page(request: MunicipalRequest, found: Study | None) -> HttpResponse:
    finished = Study.objects.light().filter(
        municipality=request.municipality, state=State.DONE
    )
    if found is not None:
        finished = finished.exclude(number=found.number)
    others = list(finished[:_SHOWN])
    plan = found.plan if found is not None else None
    context: dict[str, Any] = {"study": found, "others": others, "plan": plan}
    if found is not None and plan is not None:
        working = working_paper(plan["meta"])
        context |= {
            "documents": _documents(request, found),
            "status": status_line(plan["status"]),
            "working": " ".join(working) if working else "",
            "projects": sorted(
                plan.get("projects", []),
                key=lambda p: (not p["chosen"], str(p["name"]), str(p["project_id"])),
            ),
            "wanted": request.GET.get("projekt", ""),
        }
    return render(request, "meeting/meeting.html", context)


def _documents(request: MunicipalRequest, found: Study) -> list[Document]:
    def href(url: str) -> str:
        return reverse(url, args=[request.municipality.slug, found.number])

    return [
        Document(
            "meeting_letter",
            _("Tjänsteskrivelse"),
            _("Word"),
            _(
                "Ett utkast med ärendet, alternativen, ekonomin år för år, målen och förslag till beslut. Det underlaget inte säger är markerat, för er att skriva."
            ),
            href("meeting_letter"),
        ),
        Document(
            "meeting_slides",
            _("Presentation"),
            _("PowerPoint"),
            _(
                "Högst tolv bilder till styrelsens förmiddag, med diagram som går att ändra och anteckningar om var siffrorna kommer ifrån."
            ),
            href("meeting_slides"),
        ),
        Document(
            "meeting_workbook",
            _("Arbetsbok"),
            _("Excel"),
            _("Alla siffror i planen, med formlerna synliga."),
            href("meeting_workbook"),
        ),
        Document(
            "meeting_report",
            _("Rapport"),
            _("PDF"),
            _("Hela planen med diagram, skäl för varje projekt och antaganden."),
            href("meeting_report"),
        ),
    ]


# ---------------------------------------------------------------- downloads


@requires(Right.EXPORT, methods="GET")
def letter(request: MunicipalRequest, number: int) -> HttpResponse:
    """Send the letter of the whole plan: a Swedish document, whoever takes it."""
    return _download(
        request,
        number,
        "tjansteskrivelse",
        "docx",
        _WORD,
        lambda _s, p: render_letter(p),
        language=words.SWEDISH,
    )


@requires(Right.EXPORT, methods="GET")
def project_letter(request: MunicipalRequest, number: int) -> HttpResponse:
    """Send the letter of the project that `projekt` names."""
    key = request.GET.get("projekt", "")
    found = _study(request, number)
    known = {str(p["project_id"]) for p in (found.plan or {}).get("projects", [])}
    if key not in known:
        raise Http404
    return _download(
        request,
        number,
        f"tjansteskrivelse-{ascii_text(key)}",
        "docx",
        _WORD,
        lambda _s, p: render_letter(p, key),
        project=key,
        language=words.SWEDISH,
    )


@requires(Right.EXPORT, methods="GET")
def slides(request: MunicipalRequest, number: int) -> HttpResponse:
    """Send the presentation."""
    return _download(
        request, number, "presentation", "pptx", _SLIDES, lambda _s, p: render_slides(p)
    )


@requires(Right.EXPORT, methods="GET")
def workbook(request: MunicipalRequest, number: int) -> HttpResponse:
    """Send the workbook with every figure of the plan."""
    return _download(request, number, "arbetsbok", "xlsx", _SHEET, _workbook)


@requires(Right.EXPORT, methods="GET")
def report(request: MunicipalRequest, number: int) -> HttpResponse:
    """Send the report as PDF."""
    return _download(
        request,
        number,
        "rapport",
        "pdf",
        "application/pdf",
        lambda _s, p: render_pdf(build_report(p)),
    )


def _workbook(found: Study, plan: dict[str, Any]) -> bytes:
    tables = store.version_tables(found.version)
    scenario = (plan.get("meta") or {}).get("scenario")
    if scenario:
        tables = apply_scenario(tables, str(scenario))
    return render_workbook(plan, tables)


def _download(
    request: MunicipalRequest,
    number: int,
    kind: str,
    ending: str,
    content_type: str,
    make: Callable[[Study, dict[str, Any]], bytes],
    project: str = "",
    language: str = "",
) -> HttpResponse:
    """Make a document of a finished study, note it in the log, and send it."""
    found = _study(request, number)
    with words.in_language(language or words.language()):
        plan = found.plan
        if plan is None:
            raise Http404
        content = b"" if request.method == "HEAD" else make(found, plan)
    name = file_name(found, request.municipality, kind, ending)
    if request.method == "GET":
        after: dict[str, Any] = {
            "file": name,
            "study": found.number,
            "version": found.version.number,
            "bytes": len(content),
        }
        if project:
            after["project"] = project
        events.record(
            cast("HttpRequest", request),
            request.municipality,
            "meeting.export",
            ("meeting_document", f"{found.number}/{kind}", name),
            after=after,
        )
    response = HttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def file_name(found: Study, municipality: Municipality, kind: str, ending: str) -> str:
    """Return a name in ASCII: municipality, document, version and the plan's date."""
    day = timezone.localtime(found.finished_at) if found.finished_at else None
    parts = [
        ascii_text(municipality.name),
        kind,
        f"v{found.version.number}",
        f"plan{found.number}",
        day.date().isoformat() if day else "",
    ]
    return "-".join(p for p in parts if p) + f".{ending}"


def ascii_text(text: str) -> str:
    """Return a text as small ASCII letters, digits and hyphens.

    Example:
        >>> ascii_text("Åmåls kommun"), ascii_text("../x y")
        ('amals-kommun', 'x-y')
    """
    plain = unicodedata.normalize("NFKD", text)
    letters = (
        c.lower()
        if c.isascii() and c.isalnum()
        else ""
        if unicodedata.combining(c)
        else "-"
        for c in plain
    )
    return "-".join(filter(None, "".join(letters).split("-")))[:60]

"""Where does one fetch a published plan to compute it again? The page and the zips."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from django.http import FileResponse, Http404
from django.template.loader import render_to_string
from django.utils.cache import get_conditional_response
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from rodtrad.domain.columns import SCHEMA
from rodtrad.domain.words import _ as in_core
from rodtrad.publish.public import NEVER_TABLES
from rodtrad.sources.result_folder import (
    CERTIFICATES_FILE,
    RESULT_FILE,
    TABLES_FOLDER,
)
from rodtrad.web import open_data, public_parts
from rodtrad.web.models import Publication
from rodtrad.web.views.public_base import PublicRequest, context, page, public_view

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse
    from django.http.response import HttpResponseBase

SHOWN: Final = 60


def files_of() -> list[tuple[str, str]]:
    """Return the files of a download and what each holds."""
    return [
        (f"{TABLES_FOLDER}/", _("Underlaget, en CSV-fil per tabell.")),
        (RESULT_FILE, _("Hela resultatet, som programmet räknade det.")),
        (
            CERTIFICATES_FILE,
            _("Bevisen för enighetskartan, när planen har en sådan."),
        ),
        (open_data.PROJECTS_FILE, _("Projekten i en tabell, med skälen.")),
        (open_data.MAP_FILE, _("Projekten med plats, för kartprogram.")),
        (
            open_data.DICTIONARY_FILE,
            _("Vad varje kolumn betyder, på svenska och engelska."),
        ),
        ("LASMIG.md, README.md", _("Så räknar du om planen.")),
        ("LICENSE", _("Licensen CC0: använd filerna fritt.")),
        ("SHA256SUMS", _("Kontrollsummor för filerna.")),
    ]


@public_view()
def data(request: PublicRequest) -> HttpResponse:
    """Show what can be fetched, under which licence, and how to compute it again."""
    versions = list(
        Publication.objects.open()
        .filter(municipality=request.municipality)
        .only("number", "title", "published_at", "content_hash", "municipality_id")[
            :SHOWN
        ]
    )
    return page(
        request,
        "public/data/data.html",
        nav="data",
        versions=versions,
        files=files_of(),
        folder=open_data.folder_name(request.newest),
        licence=open_data.LICENCE_ADDRESS,
        never=[
            (SCHEMA[name].label, in_core(why)) for name, why in NEVER_TABLES.items()
        ],
    )


@public_view()
def download(request: PublicRequest, of: int) -> HttpResponse:
    """Hand out the zip of a version that is open."""
    publication = request.newest if of == request.newest.number else _open(request, of)
    etag = f'"{publication.content_hash[:32]}-{open_data.FORMAT}"'
    answer: HttpResponseBase | None = get_conditional_response(request, etag=etag)
    if answer is None:
        path = open_data.kept_package(publication)
        answer = FileResponse(
            path.open("rb"),
            as_attachment=True,
            filename=f"{open_data.folder_name(publication)}.zip",
            content_type="application/zip",
        )
        # nothing is gained by packing it once more
        answer["Content-Encoding"] = "identity"
    answer["ETag"] = etag
    answer["Access-Control-Allow-Origin"] = "*"
    return cast("HttpResponse", answer)


def _open(request: PublicRequest, number: int) -> Publication:
    found = (
        Publication.objects.open()
        .filter(municipality=request.municipality, number=number)
        .select_related("municipality")
        .first()
    )
    if found is None:
        raise Http404
    return found


def _foot(request: HttpRequest, subject: Any) -> SafeString:
    """Return the way to the data, at the foot of every public page."""
    shown: dict[str, Any] = context(request)  # type: ignore[arg-type]
    text = render_to_string("public/data/foot.html", shown | {"publication": subject})
    return mark_safe(text)  # noqa: S308 - rendered with escaping


public_parts.add("foot", 10, _foot)

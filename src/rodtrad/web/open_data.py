"""What does a stranger need to compute a published plan again? One zip per version.

The folder in it is one that `rodtrad verify` reads: `plan.json`, the underlag, and the
proofs where there are any. Beside them the projects as CSV and GeoJSON, what each column
means, the licence, and how to go about it. The same version and program give the same
bytes. Everything comes from the publication, which holds nothing else than what everyone
may read. Leaves out who asks (views/public_data).
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from functools import cache
from importlib.resources import files
from pathlib import Path
from tempfile import NamedTemporaryFile
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

from rodtrad.domain.columns import SCHEMA, SETTINGS, Column
from rodtrad.domain.words import in_language
from rodtrad.publish.public import NEVER_COLUMNS, NEVER_TABLES
from rodtrad.sources.csv_folder import csv_texts, safe_cell
from rodtrad.sources.result_folder import (
    CERTIFICATES_FILE,
    RESULT_FILE,
    TABLES_FOLDER,
    render_certificates,
    render_json,
)
from rodtrad.web import store
from rodtrad.web.computing import unpacked_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from rodtrad.web.models import Publication
    from rodtrad.web.models.publishing import PublicItem

FORMAT: Final = 2
"""Grows when the content of the zip changes for the same version."""

LICENCE: Final = "CC0-1.0"
LICENCE_ADDRESS: Final = "https://creativecommons.org/publicdomain/zero/1.0/"
PROJECTS_FILE: Final = "projects.csv"
MAP_FILE: Final = "projects.geojson"
DICTIONARY_FILE: Final = "data-dictionary.csv"
_making: Final = Lock()
_FIRST_DAY: Final = (1980, 1, 1, 0, 0, 0)

PROJECT_COLUMNS: Final[Mapping[str, tuple[str, str, str]]] = {
    "project_id": (
        "id",
        "Projektets id i underlaget.",
        "The project's id in the data.",
    ),
    "name": ("text", "Projektets namn.", "The project's name."),
    "area": ("id", "Områdets id.", "The id of the area."),
    "area_name": ("text", "Områdets namn.", "The name of the area."),
    "theme": ("text", "Vad som driver projektet.", "What drives the project."),
    "state": (
        "text",
        "in = ingår i planen, later = står på tur, out = ryms inte.",
        "in = in the plan, later = next in turn, out = does not fit.",
    ),
    "start_year": (
        "year",
        "År då det börjar byggas.",
        "The year when building starts.",
    ),
    "in_use_year": ("year", "År då det tas i bruk.", "The year when it is in use."),
    "cost_tkr": (
        "tkr",
        "Utgift i tusen kronor, basårets priser.",
        "Outlay in thousand kronor, prices of the base year.",
    ),
    "quality": (
        "text",
        "Hur säker utgiften är: uppgift, beräkning eller antagande.",
        "How sure the outlay is: a fact (uppgift), computed (beräkning) or assumed (antagande).",
    ),
    "lat": ("float", "Latitud, WGS 84.", "Latitude, WGS 84."),
    "lon": ("float", "Longitud, WGS 84.", "Longitude, WGS 84."),
    "place": (
        "text",
        "project = projektets egen plats, area = områdets mitt, tomt = ingen plats.",
        "project = the project's own place, area = the middle of its area, empty = none.",
    ),
    "reason": ("text", "Varför, eller varför inte.", "Why, or why not (in Swedish)."),
}
"""The columns of projects.csv: type, and meaning in Swedish and in English."""

DICTIONARY_COLUMNS: Final = (
    "file",
    "column",
    "label_sv",
    "label_en",
    "type",
    "unit",
    "required",
    "choices",
    "refers_to",
    "description_sv",
    "description_en",
)


# ---------------------------------------------------------------- the projects


def project_record(item: PublicItem) -> dict[str, Any]:
    """Return a project as projects.csv holds it, blanks as None."""
    own = item.data.get("lat") is not None and item.data.get("lon") is not None
    placed = item.lat is not None and item.lon is not None
    return {
        "project_id": item.project_id,
        "name": item.name,
        "area": item.area or None,
        "area_name": item.area_name or None,
        "theme": item.theme or None,
        "state": item.state,
        "start_year": item.start_year,
        "in_use_year": item.in_use_year,
        "cost_tkr": item.cost_tkr,
        "quality": item.quality or None,
        "lat": item.lat if placed else None,
        "lon": item.lon if placed else None,
        "place": ("project" if own else "area") if placed else None,
        "reason": " ".join(str(text) for text in item.data.get("reason", ())) or None,
    }


def feature(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a project with a place as a GeoJSON feature."""
    return {
        "type": "Feature",
        "id": record["project_id"],
        "geometry": {"type": "Point", "coordinates": [record["lon"], record["lat"]]},
        "properties": {k: v for k, v in record.items() if k not in ("lat", "lon")},
    }


def _csv(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(row[column]) for column in columns])
    return out.getvalue()


def _cell(value: Any) -> str:
    """Return a value as text that no spreadsheet runs as a formula."""
    if isinstance(value, float):
        return repr(value)
    return safe_cell("" if value is None else str(value))


# ---------------------------------------------------------------- what it all means


@cache
def dictionary() -> str:
    """Return what every column of the download means, as CSV."""
    return _csv(DICTIONARY_COLUMNS, _meanings())


def _meanings() -> Iterator[dict[str, Any]]:
    for name, spec in SCHEMA.items():
        if name in NEVER_TABLES:
            continue
        for column in spec.columns.values():
            if column.name not in NEVER_COLUMNS.get(name, ()):
                yield _meaning(f"{TABLES_FOLDER}/{name}.csv", column.name, column)
    for key, column in SETTINGS.items():
        yield _meaning(f"{TABLES_FOLDER}/settings.csv", f"key = {key}", column)
    for column_name, (kind, swedish, english) in PROJECT_COLUMNS.items():
        yield {
            **dict.fromkeys(DICTIONARY_COLUMNS),
            "file": PROJECTS_FILE,
            "column": column_name,
            "type": kind,
            "description_sv": swedish,
            "description_en": english,
        }


def _meaning(file: str, name: str, column: Column) -> dict[str, Any]:
    with in_language("sv"):
        swedish = column.label, column.help
    with in_language("en"):
        english = column.label, column.help
    return {
        "file": file,
        "column": name,
        "label_sv": swedish[0],
        "label_en": english[0],
        "type": column.type,
        "unit": column.unit,
        "required": column.required,
        "choices": " | ".join(f"{k} = {v}" for k, v in column.choices.items()),
        "refers_to": column.ref,
        "description_sv": swedish[1],
        "description_en": english[1],
    }


@cache
def licence_text() -> str:
    """Return the text of the licence, CC0 1.0."""
    return (files("rodtrad.web") / "licences" / "CC0-1.0.txt").read_text("utf-8")


# ---------------------------------------------------------------- the zip


def folder_name(publication: Publication) -> str:
    """Return the name of the one folder of a version's zip."""
    return f"{publication.municipality.slug}-plan-{publication.number}"


def contents(publication: Publication) -> dict[str, bytes]:
    """Return every file of a version's folder by its name, without the folder's."""
    records = [
        project_record(item) for item in publication.items.order_by("project_id")
    ]
    placed = [feature(one) for one in records if one["place"]]
    # read anew: the whole of a plan is large, and asked for once
    proofs = publication.certificates and unpacked_json(publication.certificates)
    tables, _issues = store.unpack(publication.tables)
    told: dict[str, Any] = {
        "publication": publication,
        "facts": publication.facts,
        "folder": folder_name(publication),
        "proofs": bool(proofs),
        "never": tuple(NEVER_TABLES),
    }
    texts = {
        "README.md": render_to_string("public/data/readme.md", told),
        "LASMIG.md": render_to_string("public/data/lasmig.md", told),
        "LICENSE": licence_text(),
        DICTIONARY_FILE: dictionary(),
        PROJECTS_FILE: _csv(tuple(PROJECT_COLUMNS), records),
        MAP_FILE: json.dumps(
            {"type": "FeatureCollection", "features": placed},
            ensure_ascii=False,
            indent=1,
        )
        + "\n",
        RESULT_FILE: render_json(unpacked_json(publication.result)),
        **{
            f"{TABLES_FOLDER}/{name}.csv": text
            for name, text in csv_texts(tables).items()
            if name not in NEVER_TABLES
        },
    }
    found = {name: text.encode() for name, text in texts.items()}
    if proofs:
        found[CERTIFICATES_FILE] = render_certificates(proofs)
    sums = (
        f"{hashlib.sha256(data).hexdigest()}  {name}\n"
        for name, data in sorted(found.items())
    )
    return {**found, "SHA256SUMS": "".join(sums).encode()}


def package(publication: Publication) -> bytes:
    """Return a version's zip, the same in whatever language it is asked for."""
    out = io.BytesIO()
    folder = folder_name(publication)
    # what is frozen is in Swedish
    with translation.override("sv"), in_language("sv"):
        found = sorted(contents(publication).items())
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as packed:
        for name, data in found:
            # no clock and no machine in it
            entry = zipfile.ZipInfo(f"{folder}/{name}", _FIRST_DAY)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system, entry.external_attr = 3, 0o100644 << 16
            packed.writestr(entry, data)
    return out.getvalue()


def kept_package(publication: Publication) -> Path:
    """Return where a version's zip lies; made the first time somebody asks.

    The file belongs to the home and not to the attachments: it can be made again, so no
    backup needs it.
    """
    stamp = f"{publication.content_hash[:16]}-{publication.pk}-{FORMAT}"
    path = _folder() / f"{folder_name(publication)}-{stamp}.zip"
    # of many who ask for a new one at once, one makes it and the others wait
    with _making:
        if not path.is_file():
            _write(path, publication)
    return path


def _write(path: Path, publication: Publication) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    data = package(publication)
    with NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as part:
        unfinished = Path(part.name)
        try:
            part.write(data)
            part.flush()
            # whoever comes last writes the same bytes
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)


def _folder() -> Path:
    return Path(settings.RODTRAD_HOME) / "open-data"

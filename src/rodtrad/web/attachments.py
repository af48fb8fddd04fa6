"""Which files may be attached, and where do they lie? Checked by content, never by name.

A file is taken only if its bytes are what its ending says, it is not too large and it
carries no macros. It is stored once under its checksum and handed out by a view that
asks for a right. Leaves out viruses: a municipality's own mail and disks look for those.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
import zipfile
from typing import IO, TYPE_CHECKING, Final

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils.translation import gettext as _

from rodtrad.domain.words import quoted
from rodtrad.web.models import Attachment

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile

MOST_BYTES: Final = 20_000_000
MOST_UNPACKED: Final = 300_000_000
MOST_RATIO: Final = 200
MOST_PARTS: Final = 5_000
# Of these a browser shows a page itself; the others are only ever saved to disk.
INLINE: Final = frozenset({"pdf", "png", "jpg"})
_OFFICE: Final = "application/vnd.openxmlformats-officedocument"
_ODF: Final = "application/vnd.oasis.opendocument"
TYPES: Final = {
    "pdf": "application/pdf",
    "docx": f"{_OFFICE}.wordprocessingml.document",
    "xlsx": f"{_OFFICE}.spreadsheetml.sheet",
    "pptx": f"{_OFFICE}.presentationml.presentation",
    "odt": f"{_ODF}.text",
    "ods": f"{_ODF}.spreadsheet",
    "png": "image/png",
    "jpg": "image/jpeg",
    "txt": "text/plain; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
}
_FOLDERS: Final = {"docx": "word/", "xlsx": "xl/", "pptx": "ppt/"}
_FORBIDDEN: Final = re.compile(r'[\\/:*?"<>|]+')
_LONGEST: Final = 100
_HEAD: Final = 1024
_PROGRAMS: Final = (
    b"MZ",
    b"\x7fELF",
    b"#!",
    b"PK\x03\x04",
    b"%PDF",
    b"\xca\xfe\xba\xbe",
)


class RefusedError(Exception):
    """A file is not taken; the text says why and what to do, to the person."""


def accept() -> str:
    """Return the endings as a file field wants them."""
    return ",".join(f".{kind}" for kind in TYPES)


def types_text() -> str:
    """Return the kinds that are taken, for the line beside a file field."""
    return _("{kinds}. Högst 20 MB.").format(kinds=", ".join(TYPES))


def clean_name(name: str) -> str:
    r"""Return a file's name without folders, signs that steer and odd lengths.

    Example:
        >>> clean_name("..\\..\\Ritning\u202e\n 1.PDF")
        'Ritning 1.pdf'
    """
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    kept = "".join(c for c in last if unicodedata.category(c)[0] != "C" or c in "\n\t")
    kept = " ".join(_FORBIDDEN.sub("_", kept).split()).strip(". ")
    stem, dot, ending = kept.rpartition(".")
    if not dot:
        return kept[:_LONGEST] or "fil"
    return f"{stem[: _LONGEST - 8].strip('. ') or 'fil'}.{ending[:7].lower()}"


def check(upload: UploadedFile[bytes]) -> str:
    """Return the kind of an uploaded file.

    Raises:
        RefusedError: it is too large, of another kind, or not what its name says.
    """
    name = clean_name(upload.name or "")
    kind = name.rpartition(".")[2].lower() if "." in name else ""
    kind = "jpg" if kind == "jpeg" else kind
    if kind not in TYPES:
        raise RefusedError(
            _(
                "Filer av slaget {kind} tas inte emot. Spara den som till exempel pdf."
            ).format(kind=quoted(kind or "?"))
        )
    size = upload.size or 0
    if size > MOST_BYTES:
        raise RefusedError(
            _("Filen är större än 20 MB. Dela den eller spara den mindre.")
        )
    if size == 0:
        raise RefusedError(_("Filen är tom."))
    upload.seek(0)
    stream: IO[bytes] = upload.file  # type: ignore[assignment]
    _check_content(stream, kind)
    upload.seek(0)
    return kind


def _check_content(stream: IO[bytes], kind: str) -> None:
    head = stream.read(_HEAD)
    stream.seek(0)
    good = {
        "pdf": b"%PDF-" in head,
        "png": head.startswith(b"\x89PNG\r\n\x1a\n"),
        "jpg": head.startswith(b"\xff\xd8\xff"),
    }
    if kind in good:
        if not good[kind]:
            raise _otherwise(kind)
    elif kind in ("txt", "csv"):
        _check_text(stream, kind)
    else:
        _check_zip(stream, kind)


def _otherwise(kind: str) -> RefusedError:
    return RefusedError(
        _(
            "Innehållet är inte {kind} fast namnet säger det. Öppna filen och spara om den."
        ).format(kind=kind)
    )


def _check_text(stream: IO[bytes], kind: str) -> None:
    content = stream.read()
    if content.startswith(_PROGRAMS) or b"\0" in content.removeprefix(b"\xff\xfe"):
        raise _otherwise(kind)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    odd = sum(unicodedata.category(c) == "Cc" and c not in "\r\n\t\f" for c in text)
    if odd:
        raise _otherwise(kind)


def _check_zip(stream: IO[bytes], kind: str) -> None:
    try:
        with zipfile.ZipFile(stream) as book:
            parts = book.infolist()
            names = {part.filename for part in parts}
            unpacked = sum(part.file_size for part in parts)
            packed = max(sum(part.compress_size for part in parts), 1)
            if (
                len(parts) > MOST_PARTS
                or unpacked > MOST_UNPACKED
                or unpacked / packed > MOST_RATIO
            ):
                raise RefusedError(
                    _("Filen packas upp till orimligt mycket och tas inte emot.")
                )
            if any(part.flag_bits & 1 for part in parts):
                raise RefusedError(_("Filen är krypterad. Spara den utan lösenord."))
            lowered = {name.lower() for name in names}
            if any(
                name.endswith(("vbaproject.bin", "vbadata.xml"))
                or name.startswith(("basic/", "scripts/"))
                for name in lowered
            ):
                raise RefusedError(_("Filen har makron. Spara den utan makron."))
            if kind in _FOLDERS:
                fits = "[Content_Types].xml" in names and any(
                    name.startswith(_FOLDERS[kind]) for name in names
                )
            else:
                fits = (
                    "mimetype" in names
                    and book.read("mimetype")[:100].strip() == TYPES[kind].encode()
                )
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as fault:
        raise _otherwise(kind) from fault
    if not fits:
        raise _otherwise(kind)


def path_of(checksum: str) -> str:
    """Return where a file lies among those of the installation."""
    return f"bilagor/{checksum[:2]}/{checksum}"


def keep(upload: UploadedFile[bytes], kind: str) -> Attachment:
    """Store the bytes of a checked file, and return its row, not yet saved."""
    digest = hashlib.sha256()
    for chunk in upload.chunks():
        digest.update(chunk)
    checksum = digest.hexdigest()
    path = path_of(checksum)
    if not default_storage.exists(path):
        upload.seek(0)
        default_storage.save(path, ContentFile(upload.read()))
    stem = clean_name(upload.name or "").rpartition(".")[0]
    return Attachment(
        name=f"{stem}.{kind}",
        kind=kind,
        size=upload.size or 0,
        checksum=checksum,
    )

"""How does a workbook come in? Refused, or read and kept until somebody approves it.

A file is looked through before any program opens it: what it is, how large it becomes
when unpacked, whether it carries macros. Nothing in the underlag changes before the
approval, which compares anew. Leaves out the pages (views/underlag_import).
"""

from __future__ import annotations

import contextlib
import datetime as dt
import re
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from django.db import transaction
from django.db.utils import DatabaseError
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rodtrad.domain import words
from rodtrad.domain.checks import check_tables, sort_issues
from rodtrad.domain.columns import SCHEMA, table_named
from rodtrad.domain.messages import issue
from rodtrad.domain.retell import told_issues
from rodtrad.errors import InputError, Issue
from rodtrad.sources.workbook import read_workbook
from rodtrad.web import changes, diff, events, store
from rodtrad.web.models.organisation import User
from rodtrad.web.models.underlag import Change, PendingImport, Underlag

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.core.files.uploadedfile import UploadedFile

    from rodtrad.domain.components import Tables
    from rodtrad.web.models import Municipality

MOST_BYTES: Final = 20_000_000
MOST_UNPACKED_BYTES: Final = 400_000_000
MOST_RATIO: Final = 250
MOST_FILES: Final = 2_000
MOST_CELLS: Final = 20_000_000
_SMALL_BYTES: Final = 10_000_000
_CHUNK: Final = 1 << 20
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")
_PLACE: Final = re.compile(rb"""\br\s*=\s*["']([A-Z]{0,3})([0-9]{1,7})["']""")
_OVERLAP: Final = 40

events.declare_object(
    "pendingimport",
    gettext_lazy("inläst arbetsbok"),
    {"filename": gettext_lazy("fil"), "size": gettext_lazy("storlek i byte")},
)
events.declare_action("import.sent", gettext_lazy("lämnade in en arbetsbok"))
events.declare_action("import.discarded", gettext_lazy("kastade en arbetsbok"))


class RefusedError(Exception):
    """A file is not taken in; `message` says why and `remedy` what to do."""

    def __init__(self, message: str, remedy: str) -> None:
        """Keep both sentences."""
        self.message = message
        self.remedy = remedy
        super().__init__(message)


def too_big(size: int) -> RefusedError:
    """Return the refusal of a file of so many bytes."""
    found = issue("file_too_big", mb=round(size / 1e6), max=round(MOST_BYTES / 1e6))
    return RefusedError(
        found.message, _("Ta bort bilder och tomma rader, eller dela upp arbetsboken.")
    )


def _refusal(key: str, **slots: object) -> RefusedError:
    found = issue(key, **slots)
    return RefusedError(found.message, found.remedy)


def _save_as() -> str:
    return _("Spara som arbetsbok (.xlsx) i Excel eller LibreOffice.")


# ---------------------------------------------------------------- looking a file through


def look_through(file: IO[bytes], name: str, size: int) -> None:
    """Raise RefusedError unless a file is a workbook that is safe to open.

    It is unpacked piece by piece and counted: what its directory says is not believed.
    """
    if size > MOST_BYTES:
        raise too_big(size)
    suffix = Path(name).suffix.casefold()
    if suffix == ".xlsm":
        raise _macros()
    file.seek(0)
    head = file.read(8)
    if head == _OLE:
        file.seek(0)
        if _ENCRYPTED in file.read(MOST_BYTES + 1):
            raise _refusal("file_encrypted")
        if suffix == ".xls":
            raise RefusedError(_("Filen har Excels gamla format (.xls)."), _save_as())
        raise _refusal("file_not_excel", file=name)
    if not head:
        raise RefusedError(_("Filen är tom."), _save_as())
    if head[:2] != b"PK":
        key = "file_not_excel" if suffix == ".xlsx" else "file_not_excel.other"
        raise _refusal(key, file=name)
    try:
        with zipfile.ZipFile(file) as archive:
            _look_into(archive, file, name)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError):
        raise _refusal("file_truncated") from None
    finally:
        file.seek(0)


def _macros() -> RefusedError:
    return RefusedError(
        _("Arbetsboken innehåller makron, alltså program. Sådana tas inte emot."),
        _("Spara den som Excel-arbetsbok (.xlsx) utan makron."),
    )


def _bomb() -> RefusedError:
    return RefusedError(
        _("Filen blir orimligt stor när den packas upp och har inte öppnats."),
        _("Spara arbetsboken på nytt i Excel eller LibreOffice och försök igen."),
    )


def _look_into(archive: zipfile.ZipFile, file: IO[bytes], name: str) -> None:
    infos = archive.infolist()
    names = {info.filename for info in infos}
    if any(info.flag_bits & 1 for info in infos):
        raise _refusal("file_encrypted")
    if len(infos) > MOST_FILES:
        raise _bomb()
    if any(
        "vbaproject" in one.casefold() or "/macrosheets/" in one.casefold()
        for one in names
    ):
        raise _macros()
    if sum(info.file_size for info in infos) > MOST_UNPACKED_BYTES:
        raise _bomb()
    if "xl/workbook.xml" not in names:
        raise _refusal("file_not_excel", file=name)
    whole = 0
    for info in infos:
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise _refusal("file_truncated.damaged")
        sheet = info.filename.startswith("xl/worksheets/")
        types = info.filename == "[Content_Types].xml"
        whole += _unpacked(file, info, whole, sheet=sheet, types=types)


def _unpacked(
    file: IO[bytes],
    info: zipfile.ZipInfo,
    before: int,
    *,
    sheet: bool,
    types: bool,
) -> int:
    """How many bytes a part really has; stops as soon as it is too much."""
    file.seek(info.header_offset)
    header = file.read(30)
    if len(header) < 30 or header[:4] != b"PK\x03\x04":
        raise zipfile.BadZipFile
    skip = int.from_bytes(header[26:28], "little") + int.from_bytes(
        header[28:30], "little"
    )
    file.seek(skip, 1)
    left = info.compress_size
    opened = (
        zlib.decompressobj(-15) if info.compress_type == zipfile.ZIP_DEFLATED else None
    )
    size = rows = columns = 0
    tail = b""
    while left > 0:
        packed = file.read(min(left, _CHUNK))
        if not packed:
            raise zipfile.BadZipFile
        left -= len(packed)
        while packed:
            if opened is None:
                data, packed = packed, b""
            else:
                data = opened.decompress(packed, _CHUNK)
                packed = opened.unconsumed_tail
            size += len(data)
            if before + size > MOST_UNPACKED_BYTES or (
                size > _SMALL_BYTES and size > MOST_RATIO * max(info.compress_size, 1)
            ):
                raise _bomb()
            if types and b"macroenabled" in (tail + data).lower():
                raise _macros()
            if sheet:
                for letters, digits in _PLACE.findall(tail + data):
                    rows = max(rows, int(digits))
                    columns = max(columns, _column_number(letters))
                if rows * columns > MOST_CELLS:
                    raise RefusedError(
                        _("Ett blad i arbetsboken är orimligt stort."),
                        _("Ta bort tomma rader och kolumner och spara igen."),
                    )
            tail = data[-_OVERLAP:]
    if size != info.file_size:
        raise zipfile.BadZipFile
    return size


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


# ---------------------------------------------------------------- reading and keeping


def receive(
    who: HttpRequest | User | None,
    municipality: Municipality,
    file: UploadedFile[bytes],
) -> PendingImport:
    """Read a workbook that somebody has sent, and keep it until it is approved.

    Raises:
        RefusedError: it is not taken in; nothing is kept.
    """
    name = clean_name(file.name or "")
    stream: IO[bytes] = file.file  # type: ignore[assignment]
    look_through(stream, name, file.size or 0)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "arbetsbok.xlsx"
        with path.open("wb") as target:
            for chunk in file.chunks():
                target.write(chunk)
        try:
            # What is kept is Swedish, whoever sends it.
            with words.in_language(words.SWEDISH):
                tables, issues = read_workbook(path)
            sheets = sheet_names(path)
        except InputError as error:
            first = told_issues(error.issues)[0]
            raise RefusedError(
                first.message.replace("arbetsbok.xlsx", name),
                _("Börja från den tomma mallen, som finns på sidan Underlag.")
                if first.code == "workbook_empty"
                else first.remedy,
            ) from error
    sheets = [table for table in sheets if not tables[table].missing]
    if not sheets:
        raise RefusedError(
            _("Inget blad i arbetsboken känns igen."),
            _("Bladen ska heta som i mallen, till exempel Projekt och Utgifter."),
        )
    # together with the sheets that the workbook does not have
    whole = tables
    now = Underlag.objects.filter(municipality=municipality).first()
    if now is not None:
        there = store.read_tables(now)
        for table in SCHEMA:
            if table not in sheets:
                whole = whole.replace(there[table])
    with words.in_language(words.SWEDISH):
        issues = [*issues, *check_tables(whole)]
    kept = _keep(who, municipality, name, file.size or 0, tables, issues, sheets)
    if now is not None:
        # the page that comes next need not wait for it
        compared(now, kept)
    return kept


def clean_name(name: str) -> str:
    """Return a file's own name, without folders and signs that cannot be shown."""
    own = re.split(r"[\\/]", name)[-1]
    return "".join(sign for sign in own if sign.isprintable())[:200] or "arbetsbok.xlsx"


def sheet_names(path: Path) -> list[str]:
    """Return the tables of the schema that a workbook has a sheet for."""
    import python_calamine as calamine

    with calamine.load_workbook(str(path)) as workbook:
        found = {table_named(sheet) for sheet in workbook.sheet_names}
    return [table for table in SCHEMA if table in found]


@transaction.atomic
def _keep(
    who: HttpRequest | User | None,
    municipality: Municipality,
    name: str,
    size: int,
    tables: Tables,
    issues: Iterable[Issue],
    sheets: list[str],
) -> PendingImport:
    forget_old(municipality)
    user = who.user if isinstance(who, HttpRequest) else who
    actor = user if isinstance(user, User) else None
    absent = {
        table: sorted(tables[table].absent) for table in sheets if tables[table].absent
    }
    kept = PendingImport.objects.create(
        municipality=municipality,
        filename=name,
        size=size,
        created_by=actor,
        created_by_name=str(actor)[:150] if actor is not None else "",
        content=store.pack(tables),
        sheets=sheets,
        absent=absent,
        issues=[
            one.as_dict() for one in sort_issues(issues) if one.code != "sheet_missing"
        ][:2000],
    )
    events.record(
        who,
        municipality,
        "import.sent",
        kept,
        after={"filename": name, "size": size},
    )
    return kept


@events.in_swedish()
@transaction.atomic
def forget_old(municipality: Municipality | None = None) -> int:
    """Throw away workbooks that nobody has approved for a week; return how many."""
    since = timezone.now() - dt.timedelta(days=PendingImport.DAYS)
    every = PendingImport.objects.filter(created_at__lt=since)
    if municipality is not None:
        every = every.filter(municipality=municipality)
    old = list(
        every.select_related("municipality").only(
            "filename", "municipality__name", "municipality__slug"
        )
    )
    if not old:
        return 0
    PendingImport.objects.filter(pk__in=[one.pk for one in old]).delete()
    events.record_many(
        events.event(
            None,
            one.municipality,
            "import.discarded",
            one,
            before={"filename": one.filename},
            note=_("Ingen godkände den inom {n} dagar.").format(n=PendingImport.DAYS),
        )
        for one in old
    )
    return len(old)


def tables_of(kept: PendingImport) -> Tables:
    """Return the tables of a workbook that waits."""
    return store.unpack(kept.content)[0]


def issues_of(kept: PendingImport) -> list[Issue]:
    """Return what was found while a workbook was read."""
    return list(told_issues(Issue(**one) for one in kept.issues))


def compared(underlag: Underlag, kept: PendingImport) -> list[dict[str, Any]]:
    """Return how a waiting workbook differs from the working copy, sheet by sheet.

    Large ones take seconds to compare: what came out is kept with the revision.
    """
    if kept.compared_with != underlag.revision:
        before = store.read_underlag(underlag, only=kept.sheets)[0]
        after = tables_of(kept)
        found = diff.compare_tables(before, after, kept.sheets, kept.absent)
        kept.head = diff.heads(found, before, after)
        kept.compared_with = underlag.revision
        with contextlib.suppress(DatabaseError), transaction.atomic():
            kept.save(update_fields=["head", "compared_with"])
    head: list[dict[str, Any]] = kept.head
    return head


class ChangedMeanwhileError(Exception):
    """The working copy is not what was compared when somebody said yes."""


@transaction.atomic
def approve(
    who: HttpRequest | User | None,
    underlag: Underlag,
    kept: PendingImport,
    only: Iterable[str],
    revision: int,
) -> Change | None:
    """Write some sheets of a waiting workbook as one change; the rest is thrown away.

    Raises:
        ChangedMeanwhileError: the working copy has changed since `revision`, which the
            approval was given for; nothing is written.
    """
    underlag = changes.locked(underlag)
    if underlag.revision != revision:
        raise ChangedMeanwhileError
    wanted = [table for table in kept.sheets if table in set(only)]
    after = tables_of(kept)
    before = store.read_underlag(underlag, only=wanted)[0]
    found = diff.compare_tables(before, after, wanted, kept.absent)
    steps, orders = diff.steps_to(underlag, found, after, kept.absent)
    change = None
    if found:
        change = changes.commit(
            who, underlag, Change.Kind.IMPORT, steps, kept.filename, orders=orders
        )
    PendingImport.objects.filter(pk=kept.pk).delete()
    return change


def size_words(size: int) -> str:
    """Return the size of a file: 1,2 MB."""
    if size < 100_000:
        return f"{words.number(max(size / 1000, 1))}{words.NBSP}kB"
    return f"{words.number(size / 1e6, 1)}{words.NBSP}MB"

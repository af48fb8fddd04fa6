"""How is everything copied to one file, and put back? Whatever the database is.

A zip: every table of the database as JSON lines, every attached file, and a manifest
with versions, counts and checksums. What is written from SQLite can be read into
PostgreSQL and the other way. Sessions are left out: everyone logs in again. Leaves out
the secret key: it is no data, and a new one only logs people out.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import shutil
import tempfile
import zipfile
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version as package_version
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from django.apps import apps
from django.conf import settings
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import connection, models, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import DatabaseError
from django.utils import timezone
from django.utils.translation import gettext as _

from rodtrad.errors import SourceError
from rodtrad.web import events, in_use, triggers

if TYPE_CHECKING:
    from collections.abc import Iterator

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
_CHUNK: Final = 1 << 20
_BATCH: Final = 500
# Made by `migrate`, or of no use in another home.
_LEFT_OUT: Final = frozenset(
    {
        "contenttypes.contenttype",
        "auth.permission",
        "auth.group_permissions",
        "web.user_user_permissions",
        "sessions.session",
        "usersessions.usersession",
    }
)
# No copy unpacks to more than this many times its size, and this many bytes.
_MOST_RATIO: Final = 400
_SMALL_BYTES: Final = 50_000_000


@dataclass(frozen=True)
class Told:
    """What was copied or put back: rows and files, and where the copy is."""

    file: Path
    rows: int
    files: int
    restored: bool

    def told(self) -> str:
        """Return it in a sentence."""
        text = (
            _(
                "Återställt från {file} (rader: {rows}, bifogade filer: {files}). Alla loggar in på nytt."
            )
            if self.restored
            else _(
                "Säkerhetskopian är skriven: {file} (rader: {rows}, bifogade filer: {files})."
            )
        )
        return text.format(file=self.file, rows=self.rows, files=self.files)


def _models() -> list[type[models.Model]]:
    """Every model with a table of its own, by name."""
    found = [
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed
        and not model._meta.proxy
        and model._meta.label_lower not in _LEFT_OUT
    ]
    return sorted(found, key=lambda model: model._meta.label_lower)


def _fields(model: type[models.Model]) -> list[models.Field[Any, Any]]:
    return list(model._meta.concrete_fields)


def _as_json(field: models.Field[Any, Any], value: Any) -> Any:
    if value is None or isinstance(field, models.JSONField):
        return value
    if isinstance(field, models.BinaryField):
        return base64.b64encode(bytes(value)).decode()
    if isinstance(value, bool | int | float):
        return value
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return str(value)


def _from_json(field: models.Field[Any, Any], value: Any) -> Any:
    if value is None or isinstance(field, models.JSONField):
        return value
    if isinstance(field, models.BinaryField):
        return base64.b64decode(value)
    return field.to_python(value)


def _lines(model: type[models.Model]) -> Iterator[bytes]:
    fields = _fields(model)
    names = [field.attname for field in fields]
    rows = model._base_manager.order_by("pk").values_list(*names)
    for values in rows.iterator(chunk_size=_BATCH):
        cells = {
            field.attname: _as_json(field, value)
            for field, value in zip(fields, values, strict=True)
        }
        text = json.dumps(
            cells, ensure_ascii=False, sort_keys=True, separators=(",", ":")
        )
        yield text.encode() + b"\n"


def _migrations() -> list[str]:
    executor = MigrationExecutor(connection)
    return sorted(f"{app}.{name}" for app, name in executor.loader.applied_migrations)


# ---------------------------------------------------------------- writing


def _stored_files(folder: str = "") -> Iterator[str]:
    """Every attached file, by its name in the storage, in order."""
    with contextlib.suppress(FileNotFoundError):
        folders, files = default_storage.listdir(folder or ".")
        for name in sorted(files):
            yield f"{folder}/{name}" if folder else name
        for name in sorted(folders):
            yield from _stored_files(f"{folder}/{name}" if folder else name)


def _copy(source: IO[bytes], target: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while chunk := source.read(_CHUNK):
        digest.update(chunk)
        target.write(chunk)
    return digest.hexdigest()


def _checksum(source: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while chunk := source.read(_CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


def write(file: Path) -> Told:
    """Write everything to a new zip file; it is there whole or not at all.

    Raises:
        SourceError: the file exists, or cannot be written; the database does not
            answer.
    """
    file = file.resolve()
    if file.exists():
        raise SourceError(
            _("{file} finns redan.").format(file=file.name),
            _("Välj ett annat namn, eller flytta undan den."),
            code="file_exists",
        )
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as out:
            rows, files = _write_zip(out)
            out.flush()
            os.fsync(out.fileno())
        _put(part, file)
    except FileExistsError as error:
        raise SourceError(
            _("{file} finns redan.").format(file=file.name),
            _("Välj ett annat namn, eller flytta undan den."),
            code="file_exists",
        ) from error
    except OSError as error:
        raise SourceError(
            _("Det går inte att skriva {file}: {why}.").format(
                file=file, why=error.strerror or error
            ),
            _("Kontrollera mapp, rättigheter och utrymme."),
            code="file_unwritable",
        ) from error
    except DatabaseError as error:
        raise _no_database(error) from error
    finally:
        part.unlink(missing_ok=True)
    return Told(file, rows, files, restored=False)


def _put(part: Path, file: Path) -> None:
    """Give the finished copy its name, never over what has come there meanwhile."""
    try:
        os.link(part, file)
    except FileExistsError:
        raise
    except OSError:
        # a file system without links
        if file.exists():
            raise FileExistsError(file) from None
        part.rename(file)


def _no_database(error: Exception) -> SourceError:
    why = (str(error).strip().splitlines() or [""])[0]
    return SourceError(
        _("Databasen svarar inte som den ska: {why}").format(why=why),
        _("Kontrollera RODTRAD_HOME och RODTRAD_DATABASE."),
        code="database",
    )


@contextlib.contextmanager
def _one_moment() -> Iterator[None]:
    """Everything read as it was at one moment, while others go on writing."""
    if connection.in_atomic_block:
        yield
        return
    if connection.vendor == "postgresql":
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(
                    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"
                )
            yield
        return
    # not `atomic`: that would take the only place of a writer for as long as it lasts
    with connection.cursor() as cursor:
        cursor.execute("BEGIN DEFERRED")
        try:
            yield
        finally:
            cursor.execute("ROLLBACK")


def _write_zip(out: IO[bytes]) -> tuple[int, int]:
    tables: dict[str, Any] = {}
    attached: dict[str, Any] = {}
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as packed:
        with _one_moment():
            for model in _models():
                label = model._meta.label_lower
                digest, count = hashlib.sha256(), 0
                place = f"database/{label}.jsonl"
                with packed.open(place, "w", force_zip64=True) as target:
                    for line in _lines(model):
                        digest.update(line)
                        target.write(line)
                        count += 1
                tables[label] = {"rows": count, "sha256": digest.hexdigest()}
            migrations = _migrations()
        for name in _stored_files():
            place = f"files/{name}"
            with (
                default_storage.open(name) as source,
                packed.open(place, "w", force_zip64=True) as target,
            ):
                attached[name] = {"sha256": _copy(source, target)}
        manifest = {
            "format": FORMAT,
            "rodtrad": package_version("rodtrad"),
            "written_at": timezone.now().isoformat(timespec="seconds"),
            "database": connection.vendor,
            "migrations": migrations,
            "tables": tables,
            "files": attached,
        }
        text = json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True)
        packed.writestr(MANIFEST, text)
    return sum(one["rows"] for one in tables.values()), len(attached)


# ---------------------------------------------------------------- reading


def _refuse(why: str, code: str = "backup_broken") -> SourceError:
    return SourceError(
        why, _("Inget är ändrat. Välj en annan säkerhetskopia."), code=code
    )


def _open(file: Path) -> tuple[zipfile.ZipFile, dict[str, Any]]:
    try:
        packed = zipfile.ZipFile(file)
    except FileNotFoundError as error:
        raise _refuse(
            _("{file} finns inte.").format(file=file), "file_missing"
        ) from error
    except (zipfile.BadZipFile, OSError) as error:
        raise _refuse(
            _("{file} är ingen säkerhetskopia, eller är skadad.").format(file=file.name)
        ) from error
    try:
        unpacked = sum(info.file_size for info in packed.infolist())
        size = max(1, file.stat().st_size)
        if unpacked > _SMALL_BYTES and unpacked / size > _MOST_RATIO:
            raise _refuse(_("Filen packas upp till orimligt mycket."))
        manifest = json.loads(packed.read(MANIFEST))
        if manifest["format"] != FORMAT:
            raise _refuse(
                _("Säkerhetskopian kommer från en nyare version av programmet."),
                "backup_newer",
            )
        if not isinstance(manifest["tables"], dict):
            raise TypeError
    except (KeyError, ValueError, TypeError, zipfile.BadZipFile) as error:
        packed.close()
        raise _refuse(
            _("{file} är ingen säkerhetskopia, eller är skadad.").format(file=file.name)
        ) from error
    except SourceError:
        packed.close()
        raise
    return packed, manifest


def _check(packed: zipfile.ZipFile, manifest: dict[str, Any]) -> None:
    """Refuse a copy of which a part is missing, changed or unknown here."""
    known = {model._meta.label_lower for model in _models()}
    unknown = set(manifest["tables"]) - known
    ours = {f"{app}.{name}" for app, name in _all_migrations()}
    if unknown or set(manifest["migrations"]) - ours:
        raise _refuse(
            _(
                "Säkerhetskopian kommer från en nyare version av programmet ({version})."
            ).format(version=manifest.get("rodtrad", "?")),
            "backup_newer",
        )
    parts = {
        f"database/{label}.jsonl": one["sha256"]
        for label, one in manifest["tables"].items()
    }
    parts |= {f"files/{name}": one["sha256"] for name, one in manifest["files"].items()}
    for name in manifest["files"]:
        if name.startswith("/") or ".." in Path(name).parts:
            raise _refuse(_("Säkerhetskopian har en fil med ett otillåtet namn."))
    for place, expected in parts.items():
        try:
            with packed.open(place) as source:
                found = _checksum(source)
        except (KeyError, zipfile.BadZipFile, OSError) as error:
            raise _refuse(
                _("Delen {part} saknas eller är skadad.").format(part=place)
            ) from error
        if found != expected:
            raise _refuse(_("Delen {part} är ändrad eller skadad.").format(part=place))


def _all_migrations() -> set[tuple[str, str]]:
    return set(MigrationExecutor(connection).loader.disk_migrations)


def is_empty() -> bool:
    """Return True if the home holds nobody and nothing that could be lost."""
    from rodtrad.web.models import Municipality, User

    if "web_user" not in connection.introspection.table_names():
        return True
    return not User.objects.exists() and not Municipality.objects.exists()


def read(file: Path, *, replace: bool = False) -> Told:
    """Put everything back from a copy; all of it, or nothing is changed.

    Args:
        file: the copy.
        replace: empty the home first; without it a home with content is refused.

    Raises:
        SourceError: no whole copy, one from a newer version, the home has content, or
            somebody serves it.
    """
    with in_use.alone():
        return _read(file, replace=replace)


def _read(file: Path, *, replace: bool) -> Told:
    packed, manifest = _open(file)
    with packed:
        _check(packed, manifest)
        try:
            if not is_empty() and not replace:
                raise SourceError(
                    _("Här finns redan kommuner eller personer."),
                    _(
                        "Återställ i en tom mapp (RODTRAD_HOME), eller skriv --replace för att ersätta allt."
                    ),
                    code="home_not_empty",
                )
            call_command("migrate", verbosity=0, interactive=False)
            _replace(packed, manifest)
        except DatabaseError as error:
            raise _no_database(error) from error
    rows = sum(one["rows"] for one in manifest["tables"].values())
    return Told(file, rows, len(manifest["files"]), restored=True)


def _replace(packed: zipfile.ZipFile, manifest: dict[str, Any]) -> None:
    """Exchange rows and files for those of the copy, in one transaction."""
    root = Path(settings.MEDIA_ROOT)
    root.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix="files-new-", dir=root.parent))
    old = fresh.with_name(fresh.name.replace("files-new-", "files-old-"))
    moved = False
    try:
        for name in manifest["files"]:
            target = fresh / name
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with packed.open(f"files/{name}") as source, target.open("wb") as out:
                _copy(source, out)
        with _unchecked(), transaction.atomic():
            triggers.lift()
            _empty()
            for model in _models():
                if model._meta.label_lower in manifest["tables"]:
                    _fill(packed, model)
            _renumber()
            connection.check_constraints()
            events.record(None, None, "home.restored", note=manifest["written_at"])
            triggers.lay()
            # last: only what the database has taken is exchanged on disk
            if root.exists():
                root.rename(old)
            fresh.rename(root)
            moved = True
    except BaseException:
        if moved:
            root.rename(fresh)
        if old.exists():
            old.rename(root)
        raise
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


@contextlib.contextmanager
def _unchecked() -> Iterator[None]:
    """References are checked when all rows are there, not row by row."""
    if connection.vendor == "sqlite":
        with connection.constraint_checks_disabled():
            yield
    else:
        yield


def _empty() -> None:
    """Take every row away, in the transaction that puts the others there."""
    names = [connection.ops.quote_name(model._meta.db_table) for model in _models()]
    names.append(connection.ops.quote_name("django_session"))
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"TRUNCATE {', '.join(names)} CASCADE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        else:
            for name in names:
                cursor.execute(f"DELETE FROM {name}")  # noqa: S608 - our own names


@contextlib.contextmanager
def _as_given(model: type[models.Model]) -> Iterator[None]:
    """No field sets itself (a time, a text to search in): it is stored as it was."""
    fields = model._meta.concrete_fields
    for field in fields:
        vars(field)["pre_save"] = partial(_value_given, field.attname)
    try:
        yield
    finally:
        for field in fields:
            del vars(field)["pre_save"]


def _value_given(name: str, row: models.Model, add: bool) -> Any:
    del add
    return getattr(row, name)


def _fill(packed: zipfile.ZipFile, model: type[models.Model]) -> None:
    fields = {field.attname: field for field in _fields(model)}
    batch: list[models.Model] = []
    with (
        packed.open(f"database/{model._meta.label_lower}.jsonl") as source,
        _as_given(model),
    ):
        for line in source:
            values = {
                name: _from_json(fields[name], value)
                for name, value in json.loads(line).items()
                if name in fields
            }
            batch.append(model(**values))
            if len(batch) >= _BATCH:
                model._base_manager.bulk_create(batch)
                batch.clear()
        if batch:
            model._base_manager.bulk_create(batch)


def _renumber() -> None:
    """New rows get numbers after those that were put back."""
    statements = connection.ops.sequence_reset_sql(no_style(), _models())
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)

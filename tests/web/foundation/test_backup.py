"""Everything to one file and back: destroyed, damaged, another database."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from web.foundation.homes import dump, run, script

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.home

_FILL = """
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
call_command("migrate", verbosity=0)
import sys
sys.path.insert(0, TESTS)
from rodtrad.web import jobs, store
from rodtrad.web.models import Municipality, Underlag
from web.small import small_tables
call_command("new_municipality", "Vara kommun", "eva@vara.example")
underlag = Underlag.objects.get()
store.write_tables(underlag, small_tables())
version = store.make_version(underlag, "Första", None)
jobs.enqueue(None, version, settings={"only": ["plan"]})
default_storage.save("bilagor/å ä ö.txt", ContentFile("Öre är ett ord".encode()))
from io import BytesIO
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from rodtrad.web import letter_pictures, letters
from rodtrad.web.models.letters import Letter
place = Municipality.objects.get()
given = {"title": "Om bron", "text": "[[bild:1]]", "tags": ["Broar"]}
letter, _faults = letters.write(None, Letter(municipality=place), given)
drawn = BytesIO()
Image.effect_noise((60, 40), 80).convert("RGB").save(drawn, "JPEG")
upload = SimpleUploadedFile("bron.jpg", drawn.getvalue())
letter_pictures.add(None, letter, upload, "Bron över ån")
letters.publish(None, letter)
"""
# A letter as everyone reads it, once a plan is published, with the bytes of its picture.
_LETTER = """
import hashlib
from django.test import Client
from rodtrad.web import letter_pictures, letters, publishing
from rodtrad.web.models import Publication, Study
from rodtrad.web.models.letters import Letter
if not Publication.objects.exists():
    publishing.publish(None, Study.objects.get())
letter = Letter.objects.select_related("municipality").get()
client = Client(headers={"host": "localhost"})
page = client.get(letters.letter_address(letter))
assert page.status_code == 200, page.status_code
assert 'alt="Bron över ån"' in page.content.decode()
root = f"/oppet/{letter.municipality.slug}"
data = client.get(f"{root}/brev/bild/1-1").content
assert data == letter_pictures.content(letter.pictures.get())
zipped = client.get(f"{root}/data/1.zip")
assert zipped.status_code == 200
zipped = hashlib.sha256(b"".join(zipped.streaming_content)).hexdigest()
print(hashlib.sha256(data).hexdigest(), zipped)
"""


@pytest.fixture(scope="module")
def full_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with people, a published plan, a letter with a picture, the log and a file."""
    home = tmp_path_factory.mktemp("full")
    script(home, f"TESTS = {str(Path(__file__).parents[2])!r}\n{_FILL}")
    code, _out, err = run(home, "worker", "--once")
    assert code == 0, err
    script(home, _LETTER)
    return home


@pytest.fixture(scope="module")
def copy(full_home: Path) -> Path:
    """The copy of that home."""
    file = full_home / "kopia.zip"
    code, out, err = run(full_home, "backup", str(file))
    assert (code, err) == (0, "")
    # the attachment and the letter's picture; what can be made again is left out
    assert "bifogade filer: 2" in out
    assert any((full_home / "open-data").iterdir())
    return file


@pytest.fixture(scope="module")
def rows(full_home: Path) -> dict[str, list[dict[str, Any]]]:
    """Every row of that home."""
    found = dump(full_home)
    assert len(found["web.row"]) > 50
    assert found["web.study"][0]["state"] == "done"
    assert found["web.study"][0]["result"]
    return found


def _same(
    found: dict[str, list[dict[str, Any]]], rows: dict[str, list[dict[str, Any]]]
) -> None:
    assert found["web.event"][-1]["action"] == "home.restored"
    found["web.event"].pop()
    assert found == rows


def test_the_copy_is_closed_to_others_and_says_what_it_holds(
    copy: Path, rows: dict[str, list[dict[str, Any]]]
) -> None:
    assert copy.stat().st_mode & 0o077 == 0
    with zipfile.ZipFile(copy) as packed:
        manifest = json.loads(packed.read("manifest.json"))
        names = packed.namelist()
    assert manifest["database"] == "sqlite"
    assert {k: v["rows"] for k, v in manifest["tables"].items()} == {
        k: len(v) for k, v in rows.items()
    }
    assert "files/bilagor/å ä ö.txt" in names
    assert sum(name.startswith("files/brevbilder/") for name in names) == 1
    assert not any("open-data" in name for name in names)
    assert not any("secret" in name or "session" in name for name in names)


def test_a_destroyed_database_comes_back(
    full_home: Path, copy: Path, rows: dict[str, list[dict[str, Any]]], tmp_path: Path
) -> None:
    home = tmp_path / "home"
    shutil.copytree(full_home, home)
    before = script(home, _LETTER)
    for file in home.glob("rodtrad.sqlite3*"):
        file.write_bytes(os.urandom(8192))
    shutil.rmtree(home / "files")
    shutil.rmtree(home / "open-data")
    assert run(home, "backup", str(tmp_path / "x.zip"))[0] == 2
    assert not (tmp_path / "x.zip").exists()
    for file in home.glob("rodtrad.sqlite3*"):
        file.unlink()

    code, out, err = run(home, "restore", str(copy))

    assert (code, err) == (0, "")
    assert out.startswith("Återställt från")
    _same(dump(home), rows)
    assert (home / "files/bilagor/å ä ö.txt").read_text() == "Öre är ett ord"
    # everyone reads the letter with its picture, and downloads the same plan to the byte
    assert script(home, _LETTER) == before
    # new rows get numbers of their own, and the log is guarded again
    script(
        home,
        "from rodtrad.web.models import *\n"
        "m = Municipality.objects.create(slug='ny', name='Ny')\n"
        "from rodtrad.web import events\n"
        "events.record(None, m, 'municipality.created', m)\n"
        "from django.db import connection, DatabaseError\n"
        "try:\n connection.cursor().execute('DELETE FROM web_event')\n"
        "except DatabaseError: pass\n"
        "else: raise SystemExit('not guarded')",
    )


def test_a_home_with_content_is_kept_unless_told(
    copy: Path, rows: dict[str, list[dict[str, Any]]], tmp_path: Path
) -> None:
    script(
        tmp_path,
        "from django.core.management import call_command\n"
        "call_command('migrate', verbosity=0)\n"
        "call_command('new_municipality', 'Mora kommun', 'eva@mora.example')",
    )
    (tmp_path / "files").mkdir(exist_ok=True)
    (tmp_path / "files/gammal.txt").write_text("gammal")

    code, _out, err = run(tmp_path, "restore", str(copy))
    assert code == 2
    assert "--replace" in err
    assert dump(tmp_path)["web.municipality"][0]["slug"] == "mora"

    assert run(tmp_path, "restore", str(copy), "--replace")[0] == 0
    _same(dump(tmp_path), rows)
    assert not (tmp_path / "files/gammal.txt").exists()
    left = {path.name for path in tmp_path.iterdir()}
    assert not any(name.startswith(("files-", ".kopia")) for name in left)


def test_an_existing_file_is_not_replaced(full_home: Path, copy: Path) -> None:
    before = copy.read_bytes()
    code, _out, err = run(full_home, "backup", str(copy))
    assert code == 2
    assert "finns redan" in err
    assert copy.read_bytes() == before


def _changed(copy: Path, target: Path, place: str, content: bytes | None) -> Path:
    with zipfile.ZipFile(copy) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            if name != place:
                new.writestr(name, old.read(name))
            elif content is not None:
                new.writestr(name, content)
    return target


def _damaged(copy: Path, folder: Path) -> Iterator[tuple[str, Path]]:
    cut = folder / "cut.zip"
    cut.write_bytes(copy.read_bytes()[: copy.stat().st_size // 2])
    yield "ingen säkerhetskopia", cut
    text = folder / "text.zip"
    text.write_text("hej")
    yield "ingen säkerhetskopia", text
    yield "finns inte", folder / "none.zip"
    place = "database/web.user.jsonl"
    yield "är ändrad", _changed(copy, folder / "a.zip", place, b"{}\n")
    yield "saknas", _changed(copy, folder / "b.zip", place, None)
    with zipfile.ZipFile(copy) as packed:
        manifest = json.loads(packed.read("manifest.json"))
    newer = {**manifest, "migrations": [*manifest["migrations"], "web.9999_future"]}
    yield (
        "nyare version",
        _changed(copy, folder / "c.zip", "manifest.json", json.dumps(newer).encode()),
    )
    path = {**manifest, "files": {"../utanfor.txt": {"sha256": "0"}}}
    yield (
        "otillåtet namn",
        _changed(copy, folder / "d.zip", "manifest.json", json.dumps(path).encode()),
    )


def test_a_damaged_copy_changes_nothing(
    copy: Path, full_home: Path, tmp_path: Path, rows: dict[str, list[dict[str, Any]]]
) -> None:
    cases = list(_damaged(copy, tmp_path))
    files = [str(file) for _words, file in cases]
    told = script(
        full_home,
        "import contextlib, sys\nfrom rodtrad.web.__main__ import main\n"
        f"for file in {files!r}:\n"
        " with contextlib.redirect_stderr(sys.stdout):\n"
        "  print(main(['restore', file, '--replace']))",
    ).splitlines()
    assert told[1::2] == ["2"] * len(cases)
    for (words, _file), said in zip(cases, told[::2], strict=True):
        assert words in said
    assert dump(full_home) == rows
    assert not (full_home.parent / "utanfor.txt").exists()


def test_a_fault_half_way_changes_nothing(
    copy: Path, full_home: Path, tmp_path: Path, rows: dict[str, list[dict[str, Any]]]
) -> None:
    """Rows that do not fit together, with checksums that say they are whole."""
    import hashlib

    with zipfile.ZipFile(copy) as packed:
        manifest = json.loads(packed.read("manifest.json"))
    manifest["tables"]["web.user"] = {
        "rows": 0,
        "sha256": hashlib.sha256(b"").hexdigest(),
    }
    first = _changed(copy, tmp_path / "a.zip", "database/web.user.jsonl", b"")
    broken = _changed(
        first, tmp_path / "b.zip", "manifest.json", json.dumps(manifest).encode()
    )
    code, _out, err = run(full_home, "restore", str(broken), "--replace")
    assert code == 2, err
    assert "Traceback" not in err
    assert dump(full_home) == rows
    assert (full_home / "files/bilagor/å ä ö.txt").exists()


@pytest.mark.postgres
@pytest.mark.skipif(
    os.environ.get("RODTRAD_TEST_DATABASE") != "postgres",
    reason="needs PostgreSQL: RODTRAD_TEST_DATABASE=postgres",
)
def test_from_sqlite_to_postgresql_and_back(
    copy: Path, rows: dict[str, list[dict[str, Any]]], tmp_path: Path
) -> None:
    import psycopg
    from psycopg.conninfo import make_conninfo

    server = os.environ["RODTRAD_TEST_POSTGRES_URL"]
    name = f"rodtrad_restored_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    try:
        address = make_conninfo(server, dbname=name)
        home = tmp_path / "pg"
        code, _out, err = run(home, "restore", str(copy), database=address)
        assert (code, err) == (0, "")
        _same(dump(home, address), rows)
        again = tmp_path / "again.zip"
        assert run(home, "backup", str(again), database=address)[0] == 0
        code, _out, err = run(
            home, "restore", str(again), "--replace", database=address
        )
        assert (code, err) == (0, "")
        back = tmp_path / "back"
        assert run(back, "restore", str(again))[0] == 0
        found = dump(back)
        assert [one["action"] for one in found["web.event"][-2:]] == [
            "home.restored"
        ] * 2
        found["web.event"].pop()
        _same(found, rows)
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')

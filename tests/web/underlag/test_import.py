"""A workbook in and out: refused files, what it would change, approval, round trips."""

from __future__ import annotations

import datetime as dt
import io
import struct
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from web.small import small_data

from rodtrad.domain.components import build_tables
from rodtrad.sources.underlag import read_underlag
from rodtrad.sources.workbook import write_workbook
from rodtrad.web import changes, diff, imports, saving, sheet_cells, store, worker
from rodtrad.web.imports import RefusedError
from rodtrad.web.models import Change, Event, Row, Underlag
from rodtrad.web.models.underlag import PendingImport
from rodtrad.web.saving import Edits, RowEdit

if TYPE_CHECKING:
    from collections.abc import Callable

    from web.conftest import ClientFor, MakeMember

    from rodtrad.domain.components import Tables
    from rodtrad.web.models import Municipality

EXAMPLES = Path(__file__).parents[3] / "examples"
ADDRESS = "/liten/underlag/inlasning/"


def _bytes(tables: Tables, tmp_path: Path) -> bytes:
    path = tmp_path / f"{len(list(tmp_path.iterdir()))}.xlsx"
    write_workbook(tables, path)
    return path.read_bytes()


def _send(client: Client, content: bytes, name: str = "underlag.xlsx") -> Any:
    return client.post(ADDRESS, {"file": SimpleUploadedFile(name, content)})


def _approve(client: Client, answer: Any, *sheets: str) -> Any:
    page = client.get(answer["Location"])
    assert page.status_code == 200
    every = sheets or [one.table for one in page.context["sheets"]]
    return client.post(
        f"{answer['Location']}godkann/",
        {"blad": every, "revision": page.context["revision"]},
        follow=True,
    )


def _changed() -> Tables:
    data = small_data()
    data["projects"][0]["name"] = "Norra skolan byggs till"
    data["projects"][1]["gate"] = "G3"
    del data["projects"][2]
    data["projects"].insert(1, {"project_id": "bad", "name": "Badhuset"})
    data["goals"][0]["value"] = 55_000.0
    return build_tables(data)


# ---------------------------------------------------------------- round trips


@pytest.mark.parametrize("name", ["vimmerby", "exempelby", "bergen_2012"])
def test_an_example_goes_out_as_a_workbook_and_comes_back(
    name: str, liten: Municipality, tmp_path: Path
) -> None:
    tables, _issues = read_underlag(EXAMPLES / name / "underlag")
    underlag = Underlag.objects.create(municipality=liten, name="Prov")
    content = _bytes(tables, tmp_path)
    kept = imports.receive(None, liten, SimpleUploadedFile("a.xlsx", content))
    assert imports.tables_of(kept) == tables
    change = imports.approve(None, underlag, kept, kept.sheets, 0)
    assert change is not None
    assert store.read_tables(underlag) == tables
    if name == "exempelby":  # ten thousand rows: once is enough
        return
    # the same workbook again changes nothing
    kept = imports.receive(None, liten, SimpleUploadedFile("a.xlsx", content))
    assert diff.compare_tables(tables, imports.tables_of(kept), kept.sheets) == []
    # and it is undone to nothing
    underlag.refresh_from_db()
    changes.undo(None, underlag, change)
    assert not Row.objects.filter(underlag=underlag).exists()


def test_the_working_copy_is_taken_out_as_a_workbook(
    client_for: ClientFor, tiny_underlag: Underlag, tiny_tables: Tables, tmp_path: Path
) -> None:
    answer = client_for("ekonom").get("/liten/underlag/arbetsbok.xlsx")
    assert answer.status_code == 200
    assert "underlag-liten-" in answer["Content-Disposition"]
    path = tmp_path / "ut.xlsx"
    path.write_bytes(answer.content)
    assert read_underlag(path)[0] == tiny_tables
    assert Event.objects.filter(action="underlag.exported").count() == 1
    reader = client_for("lasare")
    assert reader.get("/liten/underlag/arbetsbok.xlsx").status_code == 403
    template = reader.get("/liten/underlag/mall.xlsx")
    assert template.content[:2] == b"PK"


@pytest.mark.parametrize("name", ["vimmerby", "exempelby"])
def test_cells_read_back_as_they_are_typed(name: str) -> None:
    tables, _issues = read_underlag(EXAMPLES / name / "underlag")
    for table in tables.values():
        for index in range(0, len(table), max(1, len(table) // 30)):
            data = store.row_data(table, index)
            texts = {c: sheet_cells.typed(table.name, c, data) for c in table.columns}
            again, _notes = sheet_cells.read_row(table.spec, {}, texts)
            assert again == data


# ---------------------------------------------------------------- approval


def test_nothing_changes_before_somebody_approves(
    client_for: ClientFor, tiny_underlag: Underlag, tiny_tables: Tables, tmp_path: Path
) -> None:
    client = client_for("ekonom")
    answer = _send(client, _bytes(_changed(), tmp_path))
    assert answer.status_code == 302
    assert store.read_tables(tiny_underlag) == tiny_tables
    page = client.get(answer["Location"])
    text = page.content.decode()
    assert "2 blad ändras om du godkänner" in text
    assert "Nya rader: 1. Ändrade: 3. Borttagna: 1." in text
    for said in ("Norra skolan byggs till", "Badhuset", "Ny park", "55\xa0000"):
        assert said in text
    # the parks rows on other sheets now refer to nothing, and that is said
    assert page.context["errors"] > 0
    done = _approve(client, answer)
    assert "Arbetsboken underlag.xlsx är införd." in done.content.decode()
    assert store.read_tables(tiny_underlag) == _changed()
    change = Change.objects.get()
    assert change.kind == "import"
    assert change.counts["projects"] == {"added": 1, "changed": 2, "removed": 1}
    told = Event.objects.get(action="underlag.imported")
    assert told.note == "underlag.xlsx"
    assert Event.objects.filter(object_key="projects/skola").count() == 1
    assert not PendingImport.objects.exists()
    undo = f"/liten/underlag/andringar/{change.number}/angra/"
    assert client_for("forvaltning").post(undo).status_code == 403
    client.post(undo)
    assert store.read_tables(tiny_underlag) == tiny_tables


def test_one_sheet_can_be_approved_alone(
    client_for: ClientFor, tiny_underlag: Underlag, tiny_tables: Tables, tmp_path: Path
) -> None:
    client = client_for("ekonom")
    answer = _send(client, _bytes(_changed(), tmp_path))
    refused = client.post(f"{answer['Location']}godkann/", {}, follow=True)
    assert "Välj minst ett blad" in refused.content.decode()
    _approve(client, answer, "goals")
    now = store.read_tables(tiny_underlag)
    assert now["goals"] == _changed()["goals"]
    assert now["projects"] == tiny_tables["projects"]


def test_an_approval_counts_for_what_was_seen(
    client_for: ClientFor, tiny_underlag: Underlag, tmp_path: Path
) -> None:
    client = client_for("ekonom")
    answer = _send(client, _bytes(_changed(), tmp_path))
    seen = client.get(answer["Location"]).context["revision"]
    row = Row.objects.get(table="projects", key="skola")
    edit = RowEdit(row.pk, row.revision, {"name": "Mellantid"})
    saving.save(None, tiny_underlag, Edits("projects", [edit]))
    sent = {"blad": ["projects"], "revision": seen}
    again = client.post(f"{answer['Location']}godkann/", sent, follow=True)
    assert "Underlaget ändrades medan du läste." in again.content.decode()
    assert "Mellantid" in again.content.decode()
    row.refresh_from_db()
    assert row.label == "Mellantid"


def test_sheets_and_columns_that_a_workbook_lacks_are_left_alone(
    client_for: ClientFor, tiny_underlag: Underlag, tmp_path: Path
) -> None:
    import openpyxl  # type: ignore[import-untyped]

    row = Row.objects.get(table="projects", key="skola")
    edit = RowEdit(row.pk, row.revision, {"committee": "BUN"})
    saving.save(None, tiny_underlag, Edits("projects", [edit]))
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Projekt"
    for line in (["Projekt-id", "Namn"], ["skola", "Annat namn"], ["bro", "Bron"]):
        sheet.append(line)
    content = io.BytesIO()
    book.save(content)
    client = client_for("ekonom")
    answer = _send(client, content.getvalue())
    page = client.get(answer["Location"])
    assert "Blad som inte finns i arbetsboken" in page.content.decode()
    assert [one.table for one in page.context["sheets"]] == ["projects"]
    _approve(client, answer)
    tables = store.read_tables(tiny_underlag)
    assert tables["projects"]["project_id"] == ["skola", "bro"]
    assert tables["projects"]["name"] == ["Annat namn", "Bron"]
    assert tables["projects"]["committee"] == ["BUN", None]
    assert tables["projects"]["must_do"] == [False, True]
    assert len(tables["outlays"]) > 0


def test_faults_are_shown_at_their_cell_and_mended_in_the_grid(
    client_for: ClientFor, tiny_underlag: Underlag, tmp_path: Path
) -> None:
    import openpyxl

    path = tmp_path / "fel.xlsx"
    write_workbook(store.read_tables(tiny_underlag), path)
    book = openpyxl.load_workbook(path)
    book["Utgifter"]["D2"] = "28 mkr"
    book["Projekt"]["J3"] = "snart"
    book["Projekt"]["A4"] = "bro"
    content = io.BytesIO()
    book.save(content)
    client = client_for("ekonom")
    answer = _send(client, content.getvalue())
    page = client.get(answer["Location"]).content.decode()
    assert "Utgifter: Rad 2, Utgift (tkr)" in page
    assert "28 mkr" in page
    _approve(client, answer)
    first = client.get("/liten/underlag/").content.decode()
    assert "Det" in first
    assert "fel" in first
    row = Row.objects.get(table="outlays", position=0)
    assert row.data["_faults"] == {"outlay": "28 mkr"}


def test_two_municipalities_do_not_see_each_others_workbooks(
    client_for: ClientFor,
    tiny_underlag: Underlag,
    annan: Municipality,
    tmp_path: Path,
) -> None:
    answer = _send(client_for("ekonom"), _bytes(_changed(), tmp_path))
    stranger = client_for("administrator", annan)
    own = answer["Location"].replace("/liten/", "/annan/")
    assert stranger.get(answer["Location"]).status_code == 404
    assert stranger.get(own).status_code == 404
    assert stranger.post(f"{own}godkann/", {"blad": ["projects"]}).status_code == 404
    assert stranger.post(f"{own}kasta/").status_code == 404
    assert PendingImport.objects.count() == 1


@pytest.mark.parametrize(
    ("role", "send", "approve"),
    [
        ("administrator", 302, 302),
        ("ekonom", 302, 302),
        ("forvaltning", 302, 403),
        ("chef", 403, 403),
        ("fortroendevald", 403, 403),
        ("lasare", 403, 403),
    ],
)
def test_who_may_send_and_who_may_approve(
    role: str,
    send: int,
    approve: int,
    client_for: ClientFor,
    tiny_underlag: Underlag,
    tmp_path: Path,
) -> None:
    client = client_for(role)
    assert client.get(ADDRESS).status_code == (200 if send == 302 else 403)
    assert _send(client, _bytes(_changed(), tmp_path)).status_code == send
    owner = client_for("ekonom") if role != "ekonom" else client
    answer = _send(owner, _bytes(_changed(), tmp_path))
    seen = owner.get(answer["Location"]).context["revision"]
    sent = {"blad": ["goals"], "revision": seen}
    assert client.post(f"{answer['Location']}godkann/", sent).status_code == approve
    if approve == 403:
        assert client.post(f"{answer['Location']}kasta/").status_code == 403
    assert Change.objects.count() == (1 if approve == 302 else 0)


def test_a_workbook_that_nobody_approves_is_thrown_away_after_a_week(
    client_for: ClientFor, tiny_underlag: Underlag, tmp_path: Path
) -> None:
    client = client_for("ekonom")
    answer = _send(client, _bytes(_changed(), tmp_path))
    kept = PendingImport.objects.all()
    kept.update(created_at=timezone.now() - dt.timedelta(days=6, hours=23))
    assert client.get(answer["Location"]).status_code == 200
    kept.update(created_at=timezone.now() - dt.timedelta(days=7, minutes=1))
    assert client.get(answer["Location"]).status_code == 404
    assert not kept.exists()


def test_a_workbook_is_thrown_away_by_hand(
    client_for: ClientFor, tiny_underlag: Underlag, tmp_path: Path
) -> None:
    client = client_for("ekonom")
    answer = _send(client, _bytes(_changed(), tmp_path))
    page = client.post(f"{answer['Location']}kasta/", follow=True)
    assert "Arbetsboken är kastad." in page.content.decode()
    assert not PendingImport.objects.exists()
    actions = Event.objects.order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["import.sent", "import.discarded"]


# ---------------------------------------------------------------- refused files


def _zip(parts: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return content.getvalue()


def _with(content: bytes, parts: dict[str, bytes]) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        kept = {name: archive.read(name) for name in archive.namelist()}
    return _zip({**kept, **parts})


def _lying(content: bytes, name: str, bomb: bytes) -> bytes:
    """Return an archive in which a part is larger than its directory says."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        kept = {n: archive.read(n) for n in archive.namelist() if n != name}
    made = _zip({**kept, name: bomb})
    real = struct.pack("<L", len(bomb))
    check = struct.pack("<L", zlib.crc32(bomb))
    small = bomb[:100]
    return made.replace(real, struct.pack("<L", 100)).replace(
        check, struct.pack("<L", zlib.crc32(small))
    )


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A workbook that is taken in."""
    path = tmp_path_factory.mktemp("bok") / "a.xlsx"
    write_workbook(build_tables(small_data()), path)
    return path.read_bytes()


SHEET = "xl/worksheets/sheet1.xml"


def _far_cell() -> bytes:
    return (
        b'<worksheet><sheetData><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
        b"</sheetData></worksheet>"
    )


REFUSED: dict[str, tuple[str, str]] = {
    "program": ("underlag.xlsx", "är inte en Excelfil"),
    "empty": ("underlag.xlsx", "Filen är tom"),
    "text": ("underlag.csv", "varken en arbetsbok"),
    "old": ("underlag.xls", "gamla format"),
    "encrypted": ("underlag.xlsx", "skyddad med lösenord"),
    "cut": ("underlag.xlsx", "avklippt"),
    "other zip": ("underlag.xlsx", "är inte en Excelfil"),
    "macro name": ("underlag.xlsm", "makron"),
    "macro": ("underlag.xlsx", "makron"),
    "macro type": ("underlag.xlsx", "makron"),
    "bomb": ("underlag.xlsx", "orimligt stor"),
    "lying bomb": ("underlag.xlsx", "avklippt|orimligt"),
    "far cell": ("underlag.xlsx", "orimligt stort"),
    "many files": ("underlag.xlsx", "orimligt stor"),
    "no sheets": ("underlag.xlsx", "Inget blad|inga uppgifter"),
}


def _made(kind: str, sound: bytes) -> bytes:
    if kind == "no sheets":
        import openpyxl

        book = openpyxl.Workbook()
        assert book.active is not None
        book.active.append(["Helt", "annat"])
        book.active.append([1, 2])
        content = io.BytesIO()
        book.save(content)
        return content.getvalue()
    if kind == "lying bomb":
        return _lying(sound, SHEET, b"<a>" + b" " * 30_000_000)
    simple: dict[str, Callable[[], bytes]] = {
        "program": lambda: b"MZ" + b"\x90" * 5000,
        "empty": lambda: b"",
        "text": lambda: b"a;b;c",
        "old": lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512),
        "encrypted": lambda: (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
            + bytes(512)
            + "EncryptedPackage".encode("utf-16-le")
        ),
        "cut": lambda: sound[: len(sound) // 2],
        "other zip": lambda: _zip({"hej.txt": b"hej"}),
        "macro name": lambda: sound,
        "macro": lambda: _with(sound, {"xl/vbaProject.bin": b"x"}),
        "macro type": lambda: _with(
            sound,
            {
                "[Content_Types].xml": b"application/vnd.ms-excel.sheet.macroEnabled.main"
            },
        ),
        "bomb": lambda: _with(sound, {SHEET: b" " * 60_000_000}),
        "far cell": lambda: _with(sound, {SHEET: _far_cell()}),
        "many files": lambda: _with(sound, {f"x/{i}": b"" for i in range(2100)}),
    }
    return simple[kind]()


@pytest.mark.parametrize("kind", sorted(REFUSED))
def test_a_file_that_is_no_sound_workbook_is_refused_in_plain_words(
    kind: str, sound: bytes, client_for: ClientFor, tiny_underlag: Underlag
) -> None:
    name, words = REFUSED[kind]
    client = client_for("ekonom")
    answer = _send(client, _made(kind, sound), name)
    assert answer.status_code == 422
    text = answer.content.decode()
    assert any(one in text for one in words.split("|")), text[text.find("notice") :][
        :600
    ]
    assert "Underlaget är som det var." in text
    assert not PendingImport.objects.exists()
    assert not Change.objects.exists()


def test_a_file_of_200_megabytes_is_refused_before_it_is_read(
    client_for: ClientFor, tiny_underlag: Underlag
) -> None:
    class Unread(io.BytesIO):
        def read(self, *_args: Any) -> bytes:
            raise AssertionError("the body was read")

    answer = client_for("ekonom").generic(
        "POST",
        ADDRESS,
        b"",
        content_type="multipart/form-data; boundary=x",
        CONTENT_LENGTH="200000000",
        **{"wsgi.input": Unread()},  # type: ignore[arg-type]
    )
    assert answer.status_code == 413
    assert "Filen är 200 MB. Gränsen är 20 MB." in answer.content.decode()


def test_a_file_just_over_the_limit_is_refused(sound: bytes) -> None:
    with pytest.raises(RefusedError, match="Gränsen är 20 MB"):
        imports.look_through(io.BytesIO(sound), "a.xlsx", imports.MOST_BYTES + 1)
    imports.look_through(io.BytesIO(sound), "a.xlsx", len(sound))


def test_a_forged_form_is_refused(
    client_for: ClientFor, tiny_underlag: Underlag, sound: bytes
) -> None:
    user = client_for("ekonom").user  # type: ignore[attr-defined]
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(user)
    assert _send(strict, sound).status_code == 403
    assert not PendingImport.objects.exists()


def test_a_file_name_is_only_a_name(
    client_for: ClientFor, tiny_underlag: Underlag, sound: bytes
) -> None:
    client = client_for("ekonom")
    answer = _send(client, sound, '<b>"\u202e.xlsx')
    text = client.get(answer["Location"]).content.decode()
    assert "<b>" not in text.split("<main")[1].split("<section")[0].replace("<b>1", "")
    assert imports.clean_name("C:\\x\\..\\bok.xlsx") == "bok.xlsx"
    assert imports.clean_name("../../etc/passwd") == "passwd"


class _Idle:
    """An executor that is given nothing."""

    slots = 1

    def close(self) -> None:
        """Nothing to do."""


def test_the_worker_throws_away_what_nobody_approved(
    liten: Municipality,
    annan: Municipality,
    make_member: MakeMember,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    eva = make_member("ekonom")
    now = timezone.now()
    for place, days in ((liten, 8), (annan, 8), (liten, 6)):
        kept = PendingImport.objects.create(
            municipality=place,
            filename=f"{place.slug}-{days}.xlsx",
            size=1,
            created_by=eva,
            content=b"",
        )
        PendingImport.objects.filter(pk=kept.pk).update(
            created_at=now - dt.timedelta(days=days)
        )
    at_work = worker.Worker(_Idle())  # type: ignore[arg-type]
    at_work.step()
    assert [one.filename for one in PendingImport.objects.all()] == ["liten-6.xlsx"]
    told = Event.objects.filter(action="import.discarded").order_by("pk")
    assert [(one.municipality, one.actor, one.before) for one in told] == [
        (annan, None, {"filename": "annan-8.xlsx"}),
        (liten, None, {"filename": "liten-8.xlsx"}),
    ]
    # not again at every turn, but later
    PendingImport.objects.update(created_at=now - dt.timedelta(days=8))
    at_work.step()
    assert PendingImport.objects.count() == 1
    monkeypatch.setattr(worker, "_TIDY_SECONDS", 0.0)
    at_work.step()
    assert PendingImport.objects.count() == 0


def test_a_comparison_is_made_once_and_anew_when_something_changes(
    client_for: ClientFor,
    tiny_underlag: Underlag,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = client_for("ekonom")
    place = _send(client, _bytes(_changed(), tmp_path))["Location"]
    read: list[int] = []
    unpacked = imports.tables_of

    def counted(kept: PendingImport) -> Tables:
        read.append(kept.pk)
        return unpacked(kept)

    monkeypatch.setattr(imports, "tables_of", counted)
    first = client.get(place).content.decode()
    assert "Norra skolan byggs till" in first
    assert read == []
    row = Row.objects.get(table="goals", key="skuld")
    edit = RowEdit(row.pk, row.revision, {"value": "55 000"})
    saving.save(None, tiny_underlag, Edits("goals", [edit]))
    page = client.get(place)
    assert [one.table for one in page.context["sheets"]] == ["projects"]
    client.get(place)
    assert len(read) == 1


def test_the_page_of_a_large_change_reads_only_its_first_rows(
    client_for: ClientFor, tiny_underlag: Underlag
) -> None:
    steps = [
        changes.Step("areas", None, None, {"area": f"o{n:03d}", "name": f"Område {n}"})
        for n in range(100)
    ]
    change = changes.commit(None, tiny_underlag, Change.Kind.EDIT, steps)
    client = client_for("ekonom")
    address = f"/liten/underlag/andringar/{change.number}/"
    with CaptureQueriesContext(connection) as asked:
        page = client.get(address)
    text = page.content.decode()
    assert "<b>100</b> nya rader" in text
    assert "och 40 rader till" in text
    assert "Område 59" in text
    assert "Område 60" not in text
    assert not any('"web_change"."cells"' in one["sql"] for one in asked)
    # one that was made before pages were kept says the same
    Change.objects.filter(pk=change.pk).update(head=[])
    again = client.get(address)
    assert again.context["sheets"] == page.context["sheets"]
    assert len(page.context["sheets"][0].rows) == 60

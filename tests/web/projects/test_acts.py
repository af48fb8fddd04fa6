"""Gates, decisions, money, words and files: what is asked, what is kept, who may."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from web.projects.conftest import text

from rodtrad.web import attachments, project_money
from rodtrad.web.models import (
    AlternativeNote,
    Attachment,
    Change,
    Decision,
    Estimate,
    Event,
    GateStep,
    Municipality,
    ProjectFile,
    ProjectYear,
    Underlag,
)
from rodtrad.web.models.projects import KeptError
from rodtrad.web.models.underlag import Row

if TYPE_CHECKING:
    from django.test import Client
    from web.conftest import ClientFor

SKOLA = "/liten/projekt/skola/"
PDF = b"%PDF-1.7\n1 0 obj\n"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


def gate_of(key: str) -> str | None:
    value = Row.objects.get(table="projects", key=key).data.get("gate")
    return None if value is None else str(value)


# ---------------------------------------------------------------- money


def test_the_care_home_is_over_its_frame_and_over_two_years_budgets() -> None:
    """Ringgården, Valdemarsvik 2022: within the frame at a glance, over it in sums."""
    parts = [69_600.0, 1_539.0, 6_960.0, 2_600.0]
    estimate = Estimate(
        date=dt.date(2022, 3, 30),
        estimate_class="anbud",
        covers="kvar",
        amount_tkr=sum(parts),
        spent_tkr=4_500.0,
    )
    money = project_money.sum_up(
        [Decision(pk=1, date=dt.date(2020, 6, 1), amount_tkr=85_000.0)],
        [estimate],
        [
            ProjectYear(year=2021, actual_tkr=4_500.0),
            ProjectYear(year=2022, budget_tkr=39_000.0),
            ProjectYear(year=2023, budget_tkr=40_000.0),
        ],
    )
    assert sum(parts) == 80_699.0
    assert money.left_of_frame == 80_500.0
    assert money.forecast == 85_199.0
    assert money.against_frame == pytest.approx(-199.0)
    assert money.against_budgets == pytest.approx(-1_699.0)
    assert money.over_frame
    assert money.over_budgets
    assert money.budget_years == (2022, 2023)


def test_the_care_home_through_the_pages(
    client_for: ClientFor, tiny_underlag: Underlag
) -> None:
    client = client_for("ekonom")
    for year, budget, actual in (
        ("2021", "", "4 500"),
        ("2022", "39 000", ""),
        ("2023", "40 000", ""),
    ):
        answer = client.post(
            f"{SKOLA}ar/", {"year": year, "budget_tkr": budget, "actual_tkr": actual}
        )
        assert answer.status_code == 302
    answer = client.post(
        f"{SKOLA}beslut/",
        {
            "body": "Kommunfullmäktige",
            "date": "2020-06-15",
            "paragraph": "45",
            "diary_number": "KS 2020/12",
            "amount_tkr": "85 000",
            "price_level": "löpande priser",
            "gate": "G3",
        },
    )
    assert answer.status_code == 302
    answer = client.post(
        f"{SKOLA}kalkyl/",
        {
            "date": "2022-03-30",
            "estimate_class": "anbud",
            "covers": "kvar",
            "price_level": "löpande priser",
            "part_1": "Anbud",
            "part_1_tkr": "69 600",
            "part_2": "Optioner",
            "part_2_tkr": "1 539",
            "part_3": "ÄTA 10 procent",
            "part_3_tkr": "6 960",
            "part_4": "Byggherre",
            "part_4_tkr": "2 600",
        },
    )
    assert answer.status_code == 302
    page = text(client.get(SKOLA)).replace("\xa0", " ")
    assert "Prognosen är 199 000 kronor över beslutad totalutgift." in page
    assert (
        "Det som återstår att betala är 1,7 miljoner kronor mer än anslagen 2022–2023."
        in page
    )
    assert "−0,2" in page
    assert "−1,7" in page
    assert "KS 2020/12" in page
    kinds = set(Event.objects.values_list("action", flat=True))
    assert {"project.year", "project.decision", "project.estimate"} <= kinds


def test_budgets_used_in_part_are_compared_alike() -> None:
    estimate = Estimate(date=dt.date(2026, 5, 1), covers="total", amount_tkr=100.0)
    money = project_money.sum_up(
        [], [estimate], [ProjectYear(year=2026, budget_tkr=90.0, actual_tkr=30.0)]
    )
    assert money.left_to_pay == 70.0
    assert money.against_budgets == -10.0
    assert money.decided is None
    assert money.against_frame is None


def test_estimates_and_decisions_are_only_ever_added(
    client_for: ClientFor, tiny_underlag: Underlag
) -> None:
    client = client_for("forvaltning")
    sent = {
        "date": "2026-01-01",
        "estimate_class": "schablon",
        "covers": "total",
        "price_level": "2025 års priser",
        "amount_tkr": "10 000",
        "spread_share": "20",
    }
    assert client.post(f"{SKOLA}kalkyl/", sent).status_code == 302
    sent |= {"date": "2026-06-01", "amount_tkr": "12 500,5", "note": "Dyrare betong"}
    assert client.post(f"{SKOLA}kalkyl/", sent).status_code == 302
    assert [e.amount_tkr for e in Estimate.objects.all()] == [12_500.5, 10_000.0]
    stored = Estimate.objects.first()
    assert stored is not None
    assert stored.spread_share == 0.2
    stored.amount_tkr = 1.0
    with pytest.raises(KeptError):
        stored.save()
    page = text(client.get(SKOLA))
    assert "Prognosen har stigit med" in page
    assert "Dyrare betong" in page


def test_what_is_wrong_with_an_amount_is_said_at_its_field(
    client_for: ClientFor, tiny_underlag: Underlag
) -> None:
    client = client_for("ekonom")
    sent = {
        "date": "2026-13-01",
        "estimate_class": "",
        "covers": "total",
        "price_level": "",
        "amount_tkr": "tolv",
    }
    answer = client.post(f"{SKOLA}kalkyl/", sent)
    assert answer.status_code == 422
    assert "Skriv ett tal" in text(answer)
    assert not Estimate.objects.exists()
    later = client.post(
        f"{SKOLA}beslut/",
        {"body": "KS", "date": "2199-01-01", "amount_tkr": "5", "price_level": ""},
    )
    assert later.status_code == 422
    assert "inte varit" in text(later)
    assert "i vilket års priser" in text(later)


def test_a_decision_is_put_right_by_another(
    client_for: ClientFor, tiny_underlag: Underlag
) -> None:
    client = client_for("chef")
    sent = {
        "body": "KF",
        "date": "2026-01-10",
        "amount_tkr": "100",
        "price_level": "2026",
    }
    client.post(f"{SKOLA}beslut/", sent)
    wrong = Decision.objects.get()
    sent |= {"amount_tkr": "1 000", "replaces": str(wrong.pk)}
    assert client.post(f"{SKOLA}beslut/", sent).status_code == 302
    found = list(Decision.objects.all())
    assert [d.amount_tkr for d in project_money.in_force(found)] == [1000.0]
    assert "1 rättat beslut" in text(client.get(SKOLA))


# ---------------------------------------------------------------- gates


def test_a_gate_asks_for_its_content_or_a_reason(
    client_for: ClientFor, tiny_underlag: Underlag
) -> None:
    client = client_for("forvaltning")
    page = text(client.get(f"{SKOLA}skede/"))
    assert "Vilka som berörs är beskrivet" in page
    refused = client.post(f"{SKOLA}skede/", {"to": "G0"})
    assert refused.status_code == 422
    assert gate_of("skola") is None
    answer = client.post(f"{SKOLA}skede/", {"to": "G0", "reason": "Utreds i höst"})
    assert answer.status_code == 302
    assert gate_of("skola") == "G0"
    step = GateStep.objects.get()
    assert set(step.missing) == {"need", "users", "when", "driver", "if_not"}
    event = Event.objects.get(action="project.gate")
    assert event.note == "Utreds i höst"
    assert Change.objects.count() == 1


def test_with_everything_in_place_no_reason_is_needed(
    client_for: ClientFor, tiny_underlag: Underlag
) -> None:
    row = Row.objects.get(table="projects", key="skola")
    row.data |= {"driver": "skick", "earliest_year": 2026}
    row.save()
    client = client_for("ekonom")
    words = {
        "need": "Tak",
        "users": "120 barn",
        "if_not": "Skolan stängs",
        "revision": "0",
    }
    assert client.post(f"{SKOLA}uppgifter/", words).status_code == 302
    assert "Allt som krävs finns." in text(client.get(f"{SKOLA}skede/"))
    assert client.post(f"{SKOLA}skede/", {"to": "G0"}).status_code == 302
    assert gate_of("skola") == "G0"
    # back again asks why
    assert client.post(f"{SKOLA}skede/", {"to": "G0"}).status_code == 422


@pytest.mark.parametrize("gate", ["G3", "G5", "G8"])
def test_gates_of_a_body_are_for_those_who_decide(
    gate: str, client_for: ClientFor, tiny_underlag: Underlag
) -> None:
    sent = {"to": gate, "reason": "Prövat"}
    assert client_for("forvaltning").post(f"{SKOLA}skede/", sent).status_code == 403
    assert gate_of("skola") is None
    assert client_for("chef").post(f"{SKOLA}skede/", sent).status_code == 302
    assert gate_of("skola") == gate


def test_other_gates_are_for_those_who_edit(
    client_for: ClientFor, tiny_underlag: Underlag
) -> None:
    for role in ("chef", "lasare", "fortroendevald"):
        sent = {"to": "G1", "reason": "x"}
        assert client_for(role).post(f"{SKOLA}skede/", sent).status_code == 403
    assert client_for("ekonom").post(f"{SKOLA}skede/", {"to": "G77"}).status_code == 404


# ---------------------------------------------------------------- words


def test_two_who_write_at_once_lose_nothing(
    client_for: ClientFor, tiny_underlag: Underlag
) -> None:
    eva, adam = client_for("ekonom"), client_for("forvaltning")
    sent = {"need": "Evas ord", "revision": "0"}
    assert eva.post(f"{SKOLA}uppgifter/", sent).status_code == 302
    answer = adam.post(f"{SKOLA}uppgifter/", {"need": "Adams ord", "revision": "0"})
    assert answer.status_code == 409
    assert "Evas ord" in text(answer)
    assert "Adams ord" in text(answer)
    assert ProjectFile.objects.get().need == "Evas ord"
    again = adam.post(f"{SKOLA}uppgifter/", {"need": "Båda", "revision": "1"})
    assert again.status_code == 302
    assert ProjectFile.objects.get().need == "Båda"


def seen_at(client: Client, at: str) -> str:
    """Return the mark of what a form shows, as the form would post it."""
    found = re.search(r'name="seen" value="([^"]*)"', text(client.get(at)))
    return found[1] if found else ""


def test_two_who_save_a_years_money_lose_nothing(
    client_for: ClientFor, tiny_underlag: Underlag
) -> None:
    """A sees the outcome 400; B saves 500; A changes only the forecast."""
    eva, adam = client_for("ekonom"), client_for("forvaltning")
    at = f"{SKOLA}ar/"
    first = {"year": "2026", "actual_tkr": "400"}
    assert eva.post(at, first).status_code == 302
    seen = seen_at(eva, f"{at}?ar=2026")
    assert seen
    assert seen == seen_at(adam, f"{at}?ar=2026")
    changed = {"year": "2026", "actual_tkr": "500", "seen": seen}
    assert adam.post(at, changed).status_code == 302
    old = {"year": "2026", "actual_tkr": "400", "forecast_tkr": "650", "seen": seen}
    answer = eva.post(at, old)
    assert answer.status_code == 409
    page = text(answer)
    assert re.search(r"<dt>Årets utfall, tkr</dt>\s*<dd>500</dd>", page)
    assert 'value="650"' in page
    assert ProjectYear.objects.get().actual_tkr == 500.0
    # what the page has shown may be changed, in both fields
    again = re.search(r'name="seen" value="([^"]+)"', page)
    assert again is not None
    assert eva.post(at, {**old, "seen": again[1]}).status_code == 302
    year = ProjectYear.objects.get()
    assert (year.actual_tkr, year.forecast_tkr) == (400.0, 650.0)


def test_a_year_that_was_not_shown_is_not_written_over(
    client_for: ClientFor, tiny_underlag: Underlag
) -> None:
    client = client_for("ekonom")
    at = f"{SKOLA}ar/"
    first = {"year": "2026", "budget_tkr": "0"}
    assert client.post(at, first).status_code == 302
    # typed into a form that showed nothing, or another year
    for seen in ("", seen_at(client, f"{at}?ar=2027")):
        sent = {"year": "2026", "budget_tkr": "100", "seen": seen}
        assert client.post(at, sent).status_code == 409
    assert ProjectYear.objects.get().budget_tkr == 0.0
    # the same once more harms nobody, and another year is free
    assert client.post(at, first).status_code == 302
    free = {"year": "2027", "budget_tkr": "7", "seen": seen_at(client, f"{at}?ar=2026")}
    assert client.post(at, free).status_code == 302
    # taken away meanwhile: not put back without a word
    gone = {"year": "2026", "seen": seen_at(client, f"{at}?ar=2026")}
    assert client.post(at, gone).status_code == 302
    back = {"year": "2026", "budget_tkr": "5", "seen": gone["seen"]}
    assert client.post(at, back).status_code == 409
    assert ProjectYear.objects.get().year == 2027


def test_two_who_write_of_an_alternative_lose_nothing(
    client_for: ClientFor, tiny_underlag: Underlag
) -> None:
    eva, adam = client_for("ekonom"), client_for("forvaltning")
    at = f"{SKOLA}alternativ/nybygge/"
    assert eva.post(at, {"pros": "Evas ord"}).status_code == 302
    seen = seen_at(adam, at)
    why = {"pros": "Evas ord", "rejected": "on", "rejected_why": "Tomten"}
    assert eva.post(at, {**why, "seen": seen}).status_code == 302
    answer = adam.post(at, {"pros": "Adams ord", "seen": seen})
    assert answer.status_code == 409
    page = text(answer)
    for words in ("Evas ord", "Adams ord", "<dd>Tomten</dd>", "<dd>ja</dd>"):
        assert words in page
    note = AlternativeNote.objects.get()
    assert (note.pros, note.rejected, note.rejected_why) == ("Evas ord", True, "Tomten")
    again = re.search(r'name="seen" value="([^"]+)"', page)
    assert again is not None
    sent = {"pros": "Båda", "seen": again[1]}
    assert adam.post(at, sent).status_code == 302
    assert AlternativeNote.objects.get().pros == "Båda"


def test_an_alternative_that_is_rejected_says_why(
    client_for: ClientFor, tiny_underlag: Underlag
) -> None:
    client = client_for("forvaltning")
    at = f"{SKOLA}alternativ/nybygge/"
    assert client.post(at, {"rejected": "on"}).status_code == 422
    sent = {"rejected": "on", "rejected_why": "tomten är för liten"}
    assert client.post(at, sent).status_code == 302
    assert "tomten är för liten" in text(client.get(SKOLA))
    assert client.get(f"{SKOLA}alternativ/finns-inte/").status_code == 404


# ---------------------------------------------------------------- files


def office(folder: str, **more: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("[Content_Types].xml", "<Types/>")
        book.writestr(f"{folder}/document.xml", "<x/>")
        for name, content in more.items():
            book.writestr(name, content)
    return out.getvalue()


def opendocument(kind: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as book:
        book.writestr("mimetype", attachments.TYPES[kind])
        book.writestr("content.xml", "<x/>")
    return out.getvalue()


def send(client: Client, name: str, content: bytes) -> Any:
    upload = SimpleUploadedFile(name, content)
    return client.post(f"{SKOLA}bifoga/", {"file": upload, "note": "Ritning"})


GOOD = {
    "a.pdf": PDF,
    "a.docx": office("word"),
    "a.xlsx": office("xl"),
    "a.pptx": office("ppt"),
    "a.odt": opendocument("odt"),
    "a.ods": opendocument("ods"),
    "a.png": PNG,
    "a.jpg": b"\xff\xd8\xff\xe0" + b"\0" * 20,
    "a.jpeg": b"\xff\xd8\xff\xe0" + b"\0" * 20,
    "a.txt": "Räksmörgås".encode(),
    "a.csv": "a;b\n1;2\n".encode("utf-8-sig"),
}
BAD = {
    "program.exe": b"MZ\x90\0",
    "blad.xlsx": b"MZ\x90\0" + b"\0" * 100,
    "makro.xlsm": office("xl"),
    "makro.xlsx": office("xl", **{"xl/vbaProject.bin": b"x"}),
    "fel.docx": office("xl"),
    "bomb.xlsx": office("xl", **{"xl/sheet.xml": b"0" * 30_000_000}),
    "sida.html": b"<script>alert(1)</script>",
    "bild.svg": b"<svg onload='alert(1)'/>",
    "bild.png": b"<svg onload='alert(1)'/>",
    "text.txt": b"MZ\x90\0",
    "noll.txt": b"a\0b",
    "tom.pdf": b"",
    "utan": PDF,
    "dubbel.pdf.exe": PDF,
}


@pytest.mark.parametrize("name", GOOD)
def test_these_files_are_taken(
    name: str, client_for: ClientFor, tiny_underlag: Underlag
) -> None:
    client = client_for("forvaltning")
    assert send(client, name, GOOD[name]).status_code == 302
    found = Attachment.objects.get()
    answer = client.get(f"/liten/projekt/bilaga/{found.pk}/")
    # the stub knows only of answers sent whole
    sent = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    assert sent == GOOD[name]
    assert answer["X-Content-Type-Options"] == "nosniff"
    inline = found.kind in ("pdf", "png", "jpg")
    assert answer["Content-Disposition"].startswith(
        "inline" if inline else "attachment"
    )
    assert Event.objects.filter(action="project.attached").count() == 1


@pytest.mark.parametrize("name", BAD)
def test_these_files_are_refused(
    name: str, client_for: ClientFor, tiny_underlag: Underlag
) -> None:
    client = client_for("forvaltning")
    answer = send(client, name, BAD[name])
    assert answer.status_code == 422
    assert "Det här behöver rättas" in text(answer)
    assert not Attachment.objects.exists()


def test_a_file_that_is_too_large_is_refused(
    client_for: ClientFor, tiny_underlag: Underlag
) -> None:
    client = client_for("forvaltning")
    answer = send(client, "stor.pdf", PDF + b"\0" * 20_000_000)
    assert answer.status_code == 422
    assert "större än 20 MB" in text(answer)


def test_a_huge_request_is_refused_before_it_is_read(
    client_for: ClientFor, tiny_underlag: Underlag
) -> None:
    class Unread(io.BytesIO):
        def read(self, *_args: Any) -> bytes:
            raise AssertionError("the body was read")

    client = client_for("forvaltning")
    answer = client.generic(
        "POST",
        f"{SKOLA}bifoga/",
        b"",
        content_type="multipart/form-data; boundary=x",
        CONTENT_LENGTH="200000000",
        **{"wsgi.input": Unread()},  # type: ignore[arg-type]  # WSGI's own, no header
    )
    assert answer.status_code == 413
    assert "Filen är för stor" in text(answer)


def test_the_form_for_a_file_is_guarded_against_other_sites(
    client_for: ClientFor, tiny_underlag: Underlag
) -> None:
    client = client_for("forvaltning")
    client.handler.enforce_csrf_checks = True
    assert send(client, "a.pdf", PDF).status_code == 403
    assert not Attachment.objects.exists()


def test_names_are_cleaned(client_for: ClientFor, tiny_underlag: Underlag) -> None:
    assert attachments.clean_name("../../etc/passwd") == "passwd"
    assert attachments.clean_name('a"b\r\nX: 1.pdf') == "a_b X_ 1.pdf"
    assert len(attachments.clean_name("x" * 500 + ".pdf")) <= 100
    client = client_for("forvaltning")
    send(client, "Rit\u202ening å.pdf", PDF)
    found = Attachment.objects.get()
    assert found.name == "Ritning å.pdf"
    answer = client.get(f"/liten/projekt/bilaga/{found.pk}/")
    assert "\n" not in answer["Content-Disposition"]


def test_another_municipalitys_file_is_404(
    client_for: ClientFor, tiny_underlag: Underlag, annan: Municipality
) -> None:
    client = client_for("forvaltning")
    send(client, "a.pdf", PDF)
    pk = Attachment.objects.get().pk
    stranger = client_for("administrator", annan)
    assert stranger.get(f"/annan/projekt/bilaga/{pk}/").status_code == 404
    assert stranger.get(f"/liten/projekt/bilaga/{pk}/").status_code == 404
    assert stranger.post(f"/annan/projekt/bilaga/{pk}/ta-bort/").status_code == 404


def test_a_file_taken_away_is_gone_from_sight_but_not_from_the_log(
    client_for: ClientFor, tiny_underlag: Underlag
) -> None:
    client = client_for("forvaltning")
    send(client, "a.pdf", PDF)
    found = Attachment.objects.get()
    at = f"/liten/projekt/bilaga/{found.pk}/"
    assert client_for("lasare").post(f"{at}ta-bort/").status_code == 403
    assert client.post(f"{at}ta-bort/").status_code == 302
    assert client.get(at).status_code == 404
    assert (
        "a.pdf"
        not in text(client.get(SKOLA)).split('id="handelser"')[0].split("<main")[1]
    )
    assert Event.objects.filter(action="project.detached").exists()
    assert default_storage.exists(attachments.path_of(found.checksum))


def test_only_those_who_may_change(
    client_for: ClientFor, tiny_underlag: Underlag
) -> None:
    for role in ("lasare", "fortroendevald", "chef"):
        client = client_for(role)
        for part in ("andra", "uppgifter", "kalkyl", "ar", "bifoga"):
            assert client.get(f"{SKOLA}{part}/").status_code == 403, (role, part)
            assert client.post(f"{SKOLA}{part}/").status_code == 403, (role, part)
    assert client_for("forvaltning").get(f"{SKOLA}beslut/").status_code == 403

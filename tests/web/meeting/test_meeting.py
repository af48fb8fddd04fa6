"""The page for the meeting: the four documents, whose they are, and the log."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any

import openpyxl  # type: ignore[import-untyped]
import pypdf
import pytest
from django.utils import timezone
from docx import Document
from pptx import Presentation

from rodtrad.publish.blocks import ChartBlock, TableBlock
from rodtrad.publish.content import build_report
from rodtrad.study import Settings, run
from rodtrad.web import store
from rodtrad.web.models.events import Event
from rodtrad.web.models.organisation import Role
from rodtrad.web.models.studies import State, Study, packed_json
from rodtrad.web.views.meeting import ascii_text

if TYPE_CHECKING:
    from pytest_django import DjangoAssertNumQueries
    from web.conftest import ClientFor

    from rodtrad.domain.components import Tables
    from rodtrad.web.models import Municipality, Underlag

DOCUMENTS = [
    "tjansteskrivelse.docx",
    "presentation.pptx",
    "arbetsbok.xlsx",
    "rapport.pdf",
]


@pytest.fixture(scope="session")
def tiny_plan(tiny_tables: Tables) -> dict[str, Any]:
    """The plan of the small underlag, found once."""
    return run(tiny_tables, Settings(only=("plan",))).result


@pytest.fixture
def study(
    liten: Municipality, tiny_underlag: Underlag, tiny_plan: dict[str, Any]
) -> Study:
    """A finished study of `liten`."""
    version = store.make_version(tiny_underlag, "Till mötet", None)
    return Study.objects.create(
        municipality=liten,
        number=1,
        version=version,
        state=State.DONE,
        result=packed_json(tiny_plan),
        finished_at=timezone.now(),
    )


def content(response: Any) -> bytes:
    assert response.status_code == 200
    return bytes(response.content)


def test_the_page_leads_to_four_documents_and_each_project(
    client_for: ClientFor, study: Study, tiny_plan: dict[str, Any]
) -> None:
    client = client_for(Role.EKONOM)
    for address in ("/liten/mote/", f"/liten/mote/{study.number}/"):
        page = client.get(address)
        text = page.content.decode()
        assert page.status_code == 200
        for name in DOCUMENTS:
            assert f'href="/liten/mote/1/{name}"' in text
        for project in tiny_plan["projects"]:
            assert f'value="{project["project_id"]}"' in text
        assert "style=" not in re.sub(r"<svg.*?</svg>", "", text, flags=re.DOTALL)
        assert "<script>" not in text


def test_each_document_opens_and_holds_the_plan(
    client_for: ClientFor, study: Study, tiny_plan: dict[str, Any]
) -> None:
    client = client_for(Role.FORTROENDEVALD)
    files = {
        n: content(client.get(f"/liten/mote/{study.number}/{n}")) for n in DOCUMENTS
    }
    names = [str(p["name"]) for p in tiny_plan["projects"]]
    report = build_report(tiny_plan)

    word = Document(io.BytesIO(files["tjansteskrivelse.docx"]))
    cells = {cell.text for t in word.tables for row in t.rows for cell in row.cells}
    assert set(names) <= cells

    deck = Presentation(io.BytesIO(files["presentation.pptx"]))
    assert 8 <= len(deck.slides) <= 12

    book = openpyxl.load_workbook(io.BytesIO(files["arbetsbok.xlsx"]))
    told = {str(c.value) for s in book for row in s.iter_rows() for c in row}
    assert set(names) <= told

    pdf = pypdf.PdfReader(io.BytesIO(files["rapport.pdf"]))
    paper = re.sub(r"\s", "", "".join(p.extract_text() for p in pdf.pages))
    for name in names:
        assert re.sub(r"\s", "", name) in paper

    # The same result by year in the letter as in the report.
    statement = next(
        block
        for section in report.sections
        for block in section.blocks
        if isinstance(block, TableBlock) and block.title == "Resultaträkning"
    )
    wanted = [
        c.text
        for c in next(r for r in statement.rows if r.header == "Årets resultat").cells
    ]
    years = [str(y) for y in tiny_plan["years"]]
    table = next(
        t for t in word.tables if [r.cells[0].text for r in t.rows][1:] == years
    )
    assert [r.cells[2].text for r in table.rows][1:] == wanted[-len(years) :]
    assert any(isinstance(b, ChartBlock) for s in report.sections for b in s.blocks)


def test_names_of_files_are_ascii_with_place_version_and_date(
    client_for: ClientFor, study: Study, liten: Municipality
) -> None:
    liten.name = "Åmåls kommun; ../\r\nx"
    liten.save()
    client = client_for(Role.CHEF)
    for name in DOCUMENTS:
        sent = client.get(f"/liten/mote/1/{name}")["Content-Disposition"]
        kind, ending = name.split(".")
        day = timezone.localtime(study.finished_at).date().isoformat()
        assert sent == (
            f'attachment; filename="amals-kommun-x-{kind}-v1-plan1-{day}.{ending}"'
        )
    assert ascii_text("Ö/å: é") == "o-a-e"


def test_each_export_is_in_the_log(client_for: ClientFor, study: Study) -> None:
    client = client_for(Role.EKONOM)
    for name in DOCUMENTS:
        client.head(f"/liten/mote/1/{name}")
    assert not Event.objects.filter(action="meeting.export").exists()
    for name in DOCUMENTS:
        client.get(f"/liten/mote/1/{name}")
    made = list(Event.objects.filter(action="meeting.export"))
    assert len(made) == len(DOCUMENTS)
    for event in made:
        assert event.after is not None
        assert event.after["version"] == 1
        assert event.after["bytes"] > 1000
        assert event.actor_name


def test_the_letter_of_a_project(
    client_for: ClientFor, study: Study, tiny_plan: dict[str, Any]
) -> None:
    client = client_for(Role.FORVALTNING)
    for project in tiny_plan["projects"]:
        sent = client.get(
            "/liten/mote/1/projektskrivelse.docx", {"projekt": project["project_id"]}
        )
        word = Document(io.BytesIO(content(sent)))
        assert word.core_properties.title == project["name"]
    for wrong in ({"projekt": "finns_inte"}, {}, {"projekt": "<script>"}):
        assert (
            client.get("/liten/mote/1/projektskrivelse.docx", wrong).status_code == 404
        )


ADDRESSES = ["", "1/", *(f"1/{n}" for n in DOCUMENTS), "1/projektskrivelse.docx"]


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_reader_may_not_take_anything_out(
    client_for: ClientFor, study: Study, address: str
) -> None:
    assert client_for(Role.LASARE).get(f"/liten/mote/{address}").status_code == 403


@pytest.mark.parametrize("address", ADDRESSES)
def test_other_municipalities_and_studies_are_not_there(
    client_for: ClientFor, study: Study, annan: Municipality, address: str
) -> None:
    stranger = client_for(Role.ADMINISTRATOR, annan)
    assert stranger.get(f"/liten/mote/{address}").status_code == 404
    if address:
        assert stranger.get(f"/annan/mote/{address}").status_code == 404


def test_without_a_finished_study_there_is_nothing_to_take(
    client_for: ClientFor, study: Study
) -> None:
    Study.objects.filter(pk=study.pk).update(state=State.RUNNING, finished_at=None)
    client = client_for(Role.EKONOM)
    assert "när en plan är räknad" in client.get("/liten/mote/").content.decode()
    assert "räknas" in client.get("/liten/mote/1/").content.decode()
    for name in DOCUMENTS:
        assert client.get(f"/liten/mote/1/{name}").status_code == 404


def test_what_may_not_be_spread_is_said_on_the_page(
    client_for: ClientFor, study: Study, tiny_plan: dict[str, Any]
) -> None:
    plan = {**tiny_plan, "meta": {**tiny_plan["meta"], "non_public": 1}}
    study.result = packed_json(plan)
    study.finished_at = timezone.now()
    study.save()
    text = client_for(Role.EKONOM).get("/liten/mote/1/").content.decode()
    assert "Arbetsmaterial." in text


def test_queries_do_not_grow_with_the_studies(
    client_for: ClientFor,
    study: Study,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    Study.objects.bulk_create(
        Study(
            municipality=study.municipality,
            number=n,
            version=study.version,
            state=State.DONE,
            result=study.result,
            finished_at=study.finished_at,
        )
        for n in range(2, 40)
    )
    client = client_for(Role.EKONOM)
    client.get("/liten/mote/1/")
    with django_assert_max_num_queries(14):
        client.get("/liten/mote/1/")

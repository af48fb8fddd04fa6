"""The elicitation pages: one question at a time, private until shared, and the map."""

from __future__ import annotations

import html
import json
import logging
import re
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver
from web.small import small_data

from rodtrad.domain.arrays import build_case
from rodtrad.domain.checks import check_tables
from rodtrad.domain.components import Tables, build_tables
from rodtrad.plan.elicitation import read_question
from rodtrad.plan.weights import viewpoint_regions
from rodtrad.study import Settings, run
from rodtrad.web import store
from rodtrad.web.models import Change, Event, Row, Study, Underlag
from rodtrad.web.models.studies import packed_json
from rodtrad.web.models.values import ViewpointAnswer

if TYPE_CHECKING:
    from django.test import Client
    from web.conftest import ClientFor

    from rodtrad.web.models import Municipality

ADDRESS, MAP = "/liten/vardering/", "/liten/enighet/"
CRITERIA = {"nytta": "Nytta för invånarna", "klimat": "Klimat", "drift": "Driftekonomi"}
SECRET = "37,125"


@pytest.fixture(scope="session")
def weighed_tables() -> Tables:
    """The small underlag with three criteria."""
    data = small_data()
    data["criteria"] = [
        {"criterion": key, "name": name, "weight": 1.0, "description": f"Om {name}."}
        for key, name in CRITERIA.items()
    ]
    first = list(data["scores"])
    data["scores"] = [
        {**row, "criterion": key, "score": (row["score"] * (i + 1)) % 97}
        for row in first
        for i, key in enumerate(CRITERIA)
    ]
    return build_tables(data)


@pytest.fixture
def underlag(liten: Municipality, weighed_tables: Tables) -> Underlag:
    """The working copy of `liten`."""
    found = Underlag.objects.create(municipality=liten, name="Liten")
    store.write_tables(found, weighed_tables)
    return found


@pytest.fixture
def vald(client_for: ClientFor, underlag: Underlag) -> Client:
    """A browser in which an elected member is logged in."""
    return client_for("fortroendevald")


def _text(client: Client, address: str = ADDRESS) -> str:
    page = client.get(address)
    assert page.status_code == 200
    return html.unescape(page.content.decode())


def _begin(client: Client, mode: str = "questions", for_: str = "mig") -> None:
    client.post(ADDRESS, {"gor": "borja", "satt": mode, "for": for_})


def _question(page: str) -> str:
    (found,) = re.findall(r'name="fraga" value="(\{[^>]*\})"', page)
    assert isinstance(found, str)
    return found


def _answer_all(client: Client, weights: dict[str, Fraction]) -> int:
    """Answer every question as someone with these weights would."""
    for count in range(20):
        page = _text(client)
        if 'name="fraga"' not in page:
            return count
        asked = _question(page)
        one, other = read_question(json.loads(asked)).outcomes(list(CRITERIA))
        worth = [sum(weights[k] * part for k, part in o.items()) for o in (one, other)]
        better = "first" if worth[0] > worth[1] else "second"
        client.post(ADDRESS, {"gor": "svara", "fraga": asked, "svar": better})
    pytest.fail("the questions never end")


WEIGHTS = {
    "nytta": Fraction(55, 100),
    "klimat": Fraction(30, 100),
    "drift": Fraction(15, 100),
}


# -------------------------------------------------------------------- answering


def test_nothing_can_be_weighed_without_criteria(
    client_for: ClientFor, tiny_underlag: Underlag
) -> None:
    assert "bara ett kriterium" in _text(client_for("chef"))


def test_the_first_page_tells_what_is_weighed_and_who_sees_it(vald: Client) -> None:
    page = _text(vald)
    assert "Ingen annan ser svaren, inte heller administratören" in page
    for name in CRITERIA.values():
        assert name in page
    assert "Sämst: ”" in page


def test_a_question_has_two_outcomes_with_real_projects(vald: Client) -> None:
    _begin(vald)
    page = _text(vald)
    assert "Fråga 1 av högst 12" in page
    assert "Från lika dåligt som i ”" in page
    assert page.count("Välj det här") == 2
    assert "Om Nytta för invånarna." in page


def test_an_interview_ends_within_twelve_questions_and_holds_the_weights(
    vald: Client, weighed_tables: Tables
) -> None:
    _begin(vald)
    assert 3 <= _answer_all(vald, WEIGHTS) <= 12
    page = _text(vald)
    assert "Så väger ni kriterierna" in page
    assert "väger mer än" in page
    vald.post(ADDRESS, {"gor": "dela", "namn": "Vårt", "samtycke": "ja"})
    tables, issues = store.read_underlag(Underlag.objects.get())
    assert issues == []
    assert [i for i in check_tables(tables) if i.severity == "error"] == []
    region = viewpoint_regions(build_case(tables))["Vårt"]
    assert region.holds(tuple(WEIGHTS[k] for k in CRITERIA))


def test_what_is_shared_is_kept_in_swedish(vald: Client) -> None:
    vald.cookies["sprak"] = "en"
    _begin(vald)
    _answer_all(vald, WEIGHTS)
    vald.post(ADDRESS, {"gor": "dela", "namn": "Vårt", "samtycke": "ja"})
    rows = Row.objects.filter(table="viewpoints")
    assert rows
    assert all(row.data["source"].startswith("Lämnat i Röd tråd ") for row in rows)


def test_the_same_answer_twice_counts_once_and_the_last_can_be_taken_back(
    vald: Client,
) -> None:
    _begin(vald)
    asked = _question(_text(vald))
    for better in ("first", "second"):
        vald.post(ADDRESS, {"gor": "svara", "fraga": asked, "svar": better})
    (kept,) = ViewpointAnswer.objects.get().answers
    assert kept["better"] == "second"
    vald.post(ADDRESS, {"gor": "tillbaka"})
    assert ViewpointAnswer.objects.get().answers == []
    assert "Fråga 1 av" in _text(vald)


def test_answers_that_contradict_are_explained_and_cannot_be_shared(
    vald: Client,
) -> None:
    _begin(vald)
    for first, second in (("nytta", "klimat"), ("klimat", "drift"), ("drift", "nytta")):
        asked = json.dumps({"first": first, "second": second, "share": None})
        vald.post(ADDRESS, {"gor": "svara", "fraga": asked, "svar": "first"})
    page = _text(vald)
    assert "Svaren går inte ihop: ni svarade i fråga 1 att ”Nytta" in page
    assert "Dela synsättet" not in page
    vald.post(ADDRESS, {"gor": "dela", "namn": "X", "samtycke": "ja"})
    assert not Row.objects.filter(table="viewpoints").exists()
    assert "Fråga 3 av" in _text(vald, ADDRESS + "?andra=3")
    asked = json.dumps({"first": "drift", "second": "nytta", "share": None})
    vald.post(ADDRESS, {"gor": "svara", "fraga": asked, "svar": "second"})
    assert "går inte ihop" not in _text(vald, ADDRESS + "?svar")


@pytest.mark.parametrize(
    ("asked", "better"),
    [
        ("x", "first"),
        ("[]", "first"),
        ('{"first": "nytta"}', "first"),
        ('{"first": "nytta", "second": "z"}', "first"),
        ('{"first": "nytta", "share": "9"}', "first"),
        ('{"first": "nytta", "second": "klimat"}', "kanske"),
    ],
)
def test_what_is_no_answer_is_not_found(vald: Client, asked: str, better: str) -> None:
    _begin(vald)
    sent = {"gor": "svara", "fraga": asked, "svar": better}
    assert vald.post(ADDRESS, sent).status_code == 404
    assert ViewpointAnswer.objects.get().answers == []


@pytest.mark.parametrize(
    ("mode", "sent", "text"),
    [
        (
            "ranges",
            ("60", "", "50", "", "", ""),
            "De lägsta andelarna blir tillsammans",
        ),
        ("ranges", ("60", "40", "", "", "", ""), "kan inte väga minst 60"),
        ("ranges", ("x", "", "", "", "", ""), "skriv tal mellan 0 och 100"),
        ("points", ("", "", "", "", "", ""), "Något kriterium måste få poäng"),
        ("points", ("nan", "", "1", "", "1", ""), "skriv tal mellan"),
    ],
)
def test_points_and_ranges_tell_what_is_wrong(
    vald: Client, mode: str, sent: tuple[str, ...], text: str
) -> None:
    _begin(vald, mode)
    fields = {
        f"{end}{i}": sent[2 * i + j]
        for i in range(3)
        for j, end in enumerate(("lag", "hog"))
    }
    page = vald.post(ADDRESS, {"gor": "belopp", **fields})
    assert page.status_code == 200
    assert text in html.unescape(page.content.decode())
    assert f'name="lag0" value="{sent[0]}"' in page.content.decode()


def test_points_become_shares(vald: Client) -> None:
    _begin(vald, "points")
    sent = {"lag0": "100", "lag1": "50", "lag2": "40", "hog2": "60"}
    vald.post(ADDRESS, {"gor": "belopp", **sent})
    page = _text(vald)
    assert "Så väger ni kriterierna" in page
    assert "48\N{NO-BREAK SPACE}%" in page
    assert 'value="100"' in _text(vald, ADDRESS + "?andra")


# ------------------------------------------------------------- private until shared


def _secret(client: Client) -> None:
    """Answer with a figure that stands nowhere else."""
    _begin(client, "ranges", "grupp")
    client.post(ADDRESS, {"gor": "belopp", "lag0": SECRET, "hog1": "41,875"})
    assert ViewpointAnswer.objects.get().answers["nytta"][0] == 0.37125


TRACES = ("37,125", "37.125", "0.37125", "41,875", "0.41875", "37,1", "41,9")


def _addresses() -> list[str]:
    """Return every address of a municipality that needs nothing but its name."""
    found = []
    for pattern in get_resolver().reverse_dict.items():
        name, (_possible, _route, *_rest) = pattern
        if isinstance(name, str) and isinstance(_possible, list):
            for text, params in _possible:
                if params == ["kommun"]:
                    found.append("/" + text.replace("%(kommun)s", "liten"))
    return sorted(set(found))


@pytest.mark.parametrize("role", ["administrator", "ekonom", "chef", "lasare"])
def test_nobody_sees_anothers_answers_on_any_page(
    vald: Client, client_for: ClientFor, role: str
) -> None:
    _secret(vald)
    other = client_for(role)
    assert ADDRESS in _addresses()
    for address in _addresses():
        page = other.get(address)
        if page.streaming:
            continue
        body = html.unescape(page.content.decode(errors="replace"))
        assert not [t for t in TRACES if t in body], address


def test_nothing_of_an_answer_is_in_log_underlag_or_version(
    vald: Client, underlag: Underlag, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, logger="rodtrad"):
        _secret(vald)
    told = [str(row) for row in Event.objects.values()]
    told += [str(row) for row in Change.objects.values()]
    told += [str(row) for row in Row.objects.values_list("data", flat=True)]
    told += [r.getMessage() for r in caplog.records if r.name.startswith("rodtrad")]
    version = store.make_version(underlag, "Nu", None)
    told += [str(t.records()) for t in store.version_tables(version).values()]
    assert Event.objects.filter(action="values.begun").exists()
    assert not [t for t in TRACES if any(t in text for text in told)]


def test_nobody_else_reads_changes_or_shares_an_answer(
    vald: Client, client_for: ClientFor
) -> None:
    _secret(vald)
    boss = client_for("administrator")
    assert "Vad väger tyngst för er?" in _text(boss)
    for sent in ({"gor": "ta-bort"}, {"gor": "dela", "namn": "X", "samtycke": "ja"}):
        boss.post(ADDRESS, sent)
    kept = ViewpointAnswer.objects.get()
    assert kept.consent_at is None
    assert kept.answers["nytta"][0] == 0.37125


def test_sharing_needs_consent_and_a_name_of_its_own(
    vald: Client, client_for: ClientFor
) -> None:
    _secret(vald)
    page = vald.post(ADDRESS, {"gor": "dela", "namn": "Vi"}, follow=True)
    assert "Kryssa i att andra får se synsättet" in page.content.decode()
    page = vald.post(
        ADDRESS, {"gor": "dela", "namn": " ", "samtycke": "ja"}, follow=True
    )
    assert "Ge synsättet ett namn" in page.content.decode()
    vald.post(ADDRESS, {"gor": "dela", "namn": "Vi", "samtycke": "ja"})
    assert Row.objects.filter(table="viewpoints").count() == 2
    chef = client_for("chef")
    _begin(chef, "ranges")
    chef.post(ADDRESS, {"gor": "belopp", "lag0": "20"})
    page = chef.post(
        ADDRESS, {"gor": "dela", "namn": "Vi", "samtycke": "ja"}, follow=True
    )
    assert "redan ett synsätt som heter så" in page.content.decode()


def test_a_shared_viewpoint_is_taken_back(vald: Client, underlag: Underlag) -> None:
    _secret(vald)
    revision = Underlag.objects.get().revision
    vald.post(ADDRESS, {"gor": "dela", "namn": "Vi", "samtycke": "ja"})
    assert Underlag.objects.get().revision == revision + 1
    change = Change.objects.get()
    assert [cell["row"] for cell in change.cells] == ["added", "added"]
    assert Event.objects.get(action="values.shared").object_label == "Vi"
    assert "är delat och ingår i nästa plan" in _text(vald)
    page = vald.post(ADDRESS, {"gor": "belopp", "lag0": "1"}, follow=True)
    assert "Ta tillbaka synsättet innan" in page.content.decode()
    vald.post(ADDRESS, {"gor": "ta-tillbaka"})
    assert not Row.objects.filter(table="viewpoints").exists()
    assert ViewpointAnswer.objects.get().consent_at is None
    vald.post(ADDRESS, {"gor": "ta-bort"})
    assert not ViewpointAnswer.objects.exists()


# ------------------------------------------------------------------------- the map


@pytest.fixture
def mapped(vald: Client, underlag: Underlag, liten: Municipality) -> Study:
    """A plan counted with the shared viewpoint of `vald` and one more."""
    _secret(vald)
    vald.post(ADDRESS, {"gor": "dela", "namn": "Vi", "samtycke": "ja"})
    cells = {
        "viewpoint": "De andra",
        "criterion": "drift",
        "relation": "min",
        "value": "0.6",
    }
    Row.objects.create(
        underlag=underlag, table="viewpoints", position=9, key="x", data=cells
    )
    version = store.make_version(underlag, "Med synsätt", None)
    tables = store.version_tables(version)
    result = run(tables, Settings(only=("plan", "agreement"), work_limit=100)).result
    return Study.objects.create(
        municipality=liten,
        number=1,
        name="Kartan",
        version=version,
        state=Study.State.DONE,
        result=packed_json(json.loads(json.dumps(result))),
    )


def test_the_map_shows_own_viewpoint_to_its_owner_only(
    vald: Client, mapped: Study, client_for: ClientFor
) -> None:
    page = _text(vald, MAP)
    assert re.search(r"överens om (alla )?\d", page)
    assert "Det heter ”Vi” och är med i kartan." in page
    assert "Du, lägst" in page
    other = _text(client_for("lasare"), MAP)
    assert "Ditt synsätt" not in other
    assert "Du, lägst" not in other
    with CaptureQueriesContext(connection) as asked:
        vald.get(MAP)
    assert len(asked) <= 16, [q["sql"][:100] for q in asked]


def test_the_map_says_when_there_is_none(vald: Client, client_for: ClientFor) -> None:
    assert "när en plan är räknad" in _text(client_for("lasare"), MAP)


def test_rights_and_municipalities(
    underlag: Underlag, client_for: ClientFor, annan: Municipality
) -> None:
    assert client_for("lasare").get(ADDRESS).status_code == 403
    assert client_for("forvaltning").get(ADDRESS).status_code == 403
    assert client_for("ekonom", annan).get(ADDRESS).status_code == 404
    assert client_for("chef").post(MAP).status_code == 405

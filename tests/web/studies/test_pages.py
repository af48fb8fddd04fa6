"""The pages of a finished study: they say what plan.json says, and lead to the trail."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from rodtrad.web import jobs, store
from rodtrad.web.models import Municipality, Study, Underlag, Version
from rodtrad.web.models.studies import State

if TYPE_CHECKING:
    from web.conftest import ClientFor
    from web.studies.conftest import MakeStudy

PAGES = (
    "",
    "behov/",
    "utrymme/",
    "utrymme/rakenskaper/",
    "utrymme/balanskrav/",
    "utrymme/mal/",
    "utrymme/skuld/",
    "utrymme/spakar/",
    "skal/",
    "reserv/",
    "jamfor/",
    "studier/",
    "studier/nara/",
    "studier/vilar-pa/",
)
NBSP = "\u00a0"


def text(page: str) -> str:
    """The text of a page, without tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.replace(NBSP, " ")))


@pytest.mark.parametrize("path", PAGES)
def test_every_page_with_and_without_a_plan(
    client_for: ClientFor, done: Study, annan: Municipality, path: str
) -> None:
    reader = client_for("lasare")
    answer = reader.get(f"/liten/{path}")
    assert answer.status_code == 200
    page = answer.content.decode()
    assert page.count("<h1>") == 1
    assert "style=" not in page
    assert "None" not in text(page)
    empty = client_for("ekonom", annan).get(f"/annan/{path}")
    assert empty.status_code == 200
    assert "<h1>" in empty.content.decode()
    assert reader.get(f"/annan/{path}").status_code == 404


@pytest.mark.parametrize("path", PAGES)
def test_every_page_in_english(client_for: ClientFor, done: Study, path: str) -> None:
    client = client_for("ekonom")
    client.cookies["sprak"] = "en"
    page = client.get(f"/liten/{path}").content.decode()
    assert '<html lang="en"' in page


def test_the_number_of_queries_is_bounded(
    client_for: ClientFor,
    done: Study,
    django_assert_max_num_queries: Any,
) -> None:
    client = client_for("ekonom")
    for path in PAGES:
        client.get(f"/liten/{path}")
        with django_assert_max_num_queries(16):
            client.get(f"/liten/{path}")


def test_the_overview_answers_first(
    client_for: ClientFor, done: Study, full_result: dict[str, Any]
) -> None:
    page = client_for("chef").get("/liten/").content.decode()
    said = text(page)
    chosen = sum(p["chosen"] for p in full_result["projects"])
    assert re.search(r"<h1>\s*Planen", page)
    assert f"{chosen} av {len(full_result['projects'])} projekt" in said
    assert "Ingen annan plan kan ge mer nytta" in said
    assert "Startbeslut som planen väntar på" in said
    reader = client_for("lasare")
    figures = re.findall(r'href="(/liten/studier/1/spar/[^"]+)"', page)
    assert len(figures) == 3
    for figure in figures:
        assert reader.get(figure).status_code == 200


def test_a_municipality_without_underlag_is_told_where_to_begin(
    client_for: ClientFor, annan: Municipality
) -> None:
    page = client_for("ekonom", annan).get("/annan/").content.decode()
    assert "Här börjar tråden" in page


def test_one_with_an_underlag_is_told_to_run_a_plan(
    client_for: ClientFor, tiny_underlag: Underlag
) -> None:
    page = client_for("ekonom").get("/liten/").content.decode()
    assert "3 projekt, och ingen plan än" in page
    assert 'href="/liten/studier/"' in page


def test_the_statements_are_the_plans_own_and_open_their_trails(
    client_for: ClientFor, done: Study, full_result: dict[str, Any]
) -> None:
    client = client_for("ekonom")
    page = client.get("/liten/utrymme/rakenskaper/").content.decode()
    year = full_result["years"][0]
    shown = re.search(rf'href="/liten/studier/1/spar/ar:{year}/"[^>]*>([^<]+)<', page)
    assert shown is not None
    expected = full_result["statement"]["ar"][0] / 1000
    assert float(
        shown.group(1).replace(NBSP, "").replace(",", ".").replace("−", "-")
    ) == pytest.approx(expected, abs=0.05)
    trail = client.get(f"/liten/studier/1/spar/ar:{year}/").content.decode()
    assert 'id="trail"' in trail
    assert "Den vilar på" in trail


def test_the_trail_of_a_sum_and_of_nothing(
    client_for: ClientFor, done: Study, full_result: dict[str, Any]
) -> None:
    client = client_for("ekonom")
    first, last = full_result["years"][0], full_result["years"][-1]
    page = client.get(f"/liten/studier/1/spar/outlay:{first}-{last}/")
    assert page.status_code == 200
    assert f"Investeringsutgifter {first}–{last}" in page.content.decode()
    for wrong in ("ar:1999", "hittepa:2026", "ar", "ar:2026-2020"):
        assert client.get(f"/liten/studier/1/spar/{wrong}/").status_code == 404
    assert client.get(f"/liten/studier/99/spar/ar:{first}/").status_code == 404


def test_what_others_have_cannot_be_reached(
    client_for: ClientFor, done: Study, annan: Municipality
) -> None:
    stranger = client_for("administrator", annan)
    for path in ("studier/1/", "studier/1/spar/ar:2026/", "studier/?plan=1"):
        assert stranger.get(f"/liten/{path}").status_code == 404
    assert stranger.get("/annan/studier/1/").status_code == 404
    assert stranger.get("/annan/utrymme/?plan=1").status_code == 404
    assert stranger.get("/annan/jamfor/?plan=1&plan=1").status_code == 404
    assert stranger.post("/annan/studier/1/beslut/").status_code == 404
    assert stranger.post("/annan/studier/1/avbryt/").status_code == 404


def test_the_plan_shown_is_the_one_on_the_underlag_as_it_is(
    client_for: ClientFor,
    done: Study,
    make_study: MakeStudy,
    version: Version,
    other_result: dict[str, Any],
) -> None:
    make_study(version, other_result, name="Dyrare", scenario="Räntan upp")
    make_study(version, other_result, name="Eget", kind="own")
    assert Study.objects.newest_plan(done.municipality) == done
    page = client_for("ekonom").get("/liten/utrymme/").content.decode()
    assert "Plan 1: Förslaget" in page
    asked = client_for("lasare").get("/liten/utrymme/?plan=2").content.decode()
    assert "scenariot Räntan upp" in text(asked)
    newer = make_study(version, other_result)
    assert Study.objects.newest_plan(done.municipality) == newer


def test_a_plan_is_stale_when_the_underlag_has_changed(
    client_for: ClientFor, done: Study, tiny_underlag: Underlag
) -> None:
    client = client_for("ekonom")
    words = "Underlaget har ändrats sedan planen räknades"
    assert words not in client.get("/liten/").content.decode()
    store.write_tables(tiny_underlag, store.read_tables(tiny_underlag))
    page = client.get("/liten/").content.decode()
    assert words in page
    answer = client.post("/liten/studier/1/igen/")
    assert answer.status_code == 302
    again = Study.objects.get(number=2)
    assert (again.state, again.name) == (State.QUEUED, "Förslaget")
    # nothing differed, so it rests on the same version and is not old
    assert again.version == done.version


def test_compare_names_what_differs(
    client_for: ClientFor,
    done: Study,
    make_study: MakeStudy,
    version: Version,
    other_result: dict[str, Any],
) -> None:
    make_study(version, other_result, name="Mindre")
    client = client_for("fortroendevald")
    page = client.get("/liten/jamfor/?plan=1&plan=2").content.decode()
    said = text(page)
    assert re.search(r"Planerna skiljer sig i \d+ projekt|samma projekt", said)
    assert "A Förslaget" in said
    assert "B Mindre" in said
    assert "Svagaste årets resultat" in said
    assert client.get("/liten/jamfor/?plan=1").status_code == 200
    assert client.get("/liten/jamfor/?plan=x").status_code == 404


def test_a_plan_that_is_still_queued_shows_no_figures(
    client_for: ClientFor, version: Version
) -> None:
    jobs.enqueue(None, version)
    client = client_for("ekonom")
    assert "Plan 1 räknas" in client.get("/liten/").content.decode()
    assert client.get("/liten/utrymme/?plan=1").status_code == 404

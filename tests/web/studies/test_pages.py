"""The pages of a finished study: they say what plan.json says, and lead to the trail."""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING, Any

import pytest
from web.small import small_data

from rodtrad.domain.components import build_tables
from rodtrad.domain.words import mkr
from rodtrad.web import jobs, store
from rodtrad.web.models import Municipality, Study, Underlag, Version
from rodtrad.web.models.studies import State

if TYPE_CHECKING:
    from django.test import Client
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
    [large] = re.findall(r'(?s)<dl class="kpis.*?</dl>', page)
    assert 'href="/liten/behov/"' in large
    # of a plan that is asked for, also what leads to a page is of that plan
    asked = reader.get("/liten/?plan=1").content.decode()
    [of_one] = re.findall(r'(?s)<dl class="kpis.*?</dl>', asked)
    assert 'href="/liten/behov/?plan=1"' in of_one
    figures = re.findall(r'href="(/liten/studier/1/spar/[^"]+)"', large)
    assert len(figures) == 3
    for figure in figures:
        assert reader.get(figure).status_code == 200
    fits = text(reader.get(figures[0]).content.decode())
    spent = sum(sum(p["outlay_tkr"]) for p in full_result["projects"] if p["chosen"])
    assert f"{mkr(spent)} mkr".replace(NBSP, " ") in fits.replace(NBSP, " ")


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
    for wrong in ("ar:1999", "hittepa:2026", "ar", "ar:2026-2020", "ar:²"):
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


def compared(client: Client, *numbers: int) -> str:
    """The text of the page that sets plans side by side."""
    asked = "&".join(f"plan={n}" for n in numbers)
    return text(client.get(f"/liten/jamfor/?{asked}").content.decode())


def worth(result: dict[str, Any], total: float, **meta: Any) -> dict[str, Any]:
    """The same plan, worth so much."""
    status = {**result["status"], "objective": total}
    value = {**result["value"], "total": total}
    meta = {**result["meta"], **meta}
    return {**result, "status": status, "value": value, "meta": meta}


@pytest.mark.parametrize(
    ("totals", "best", "row"),
    [
        ((150.0, 156.0), "B", "150,0 156,0"),
        # a plan that misses its goals dearly is worth less than nothing
        ((-100.0, -104.0), "A", "−100,0 −104,0"),
        ((150.0, 150.01), None, "150,0 150,0"),
    ],
)
def test_compare_says_the_same_above_the_table_as_in_it(
    client_for: ClientFor,
    version: Version,
    full_result: dict[str, Any],
    make_study: MakeStudy,
    totals: tuple[float, float],
    best: str | None,
    row: str,
) -> None:
    for total in totals:
        make_study(version, worth(full_result, total))
    said = compared(client_for("fortroendevald"), 1, 2)
    told = re.search(r"(\w) ger mest nytta", said)
    assert (told and told[1]) == best
    shown = said.replace("(skiljer sig från A)", "")
    shown = re.sub(r"\s+", " ", shown)
    assert f"Nyttopoäng, mål som missas avräknade {row}" in shown


@pytest.mark.parametrize(
    ("meta", "why"),
    [
        ({"scenario": "Dyrare lån"}, "olika framtider"),
        ({"input_sha256": "0" * 64}, "olika underlag"),
    ],
)
def test_compare_sets_no_worth_side_by_side_that_is_not_alike(
    client_for: ClientFor,
    tiny_underlag: Underlag,
    full_result: dict[str, Any],
    make_study: MakeStudy,
    meta: dict[str, str],
    why: str,
) -> None:
    data = small_data()
    row = {"table": "years", "key": "2027", "column": "interest_rate", "value": "0.05"}
    data["scenarios"] = [{"scenario": "Dyrare lån", **row}]
    store.write_tables(tiny_underlag, build_tables(data))
    version = store.make_version(tiny_underlag, "", None)
    make_study(version, full_result)
    make_study(version, worth(full_result, 300.0, **meta))
    said = compared(client_for("fortroendevald"), 1, 2)
    assert why in said
    assert "ger mest nytta" not in said
    assert "Nyttopoäng" not in said


def test_compare_names_the_prices_of_outlays_that_are_not_alike(
    client_for: ClientFor,
    done: Study,
    make_study: MakeStudy,
    full_result: dict[str, Any],
) -> None:
    """In the prices of 2024 the same plan costs other amounts, and is no dearer."""
    older = copy.deepcopy(full_result)
    older["meta"]["base_year"] = 2024
    for one in older["projects"]:
        one["outlay_fixed_tkr"] *= 0.97
    make_study(done.version, older)
    page = client_for("lasare").get("/liten/jamfor/?plan=1&plan=2").content.decode()
    [row] = re.findall(r"<tr><th[^>]*>Utgift i [^<]*</th>.*?</tr>", page)
    assert "Utgift i varje plans basårs priser" in row
    assert "mkr i 2025 års priser" in row
    assert "mkr i 2024 års priser" in row
    assert "differs" not in row
    for number in (1, 2):
        assert f'href="/liten/studier/{number}/spar/outlay_fixed/"' in row
    # in the same prices it would stand out
    older["meta"]["base_year"] = 2025
    make_study(done.version, older)
    page = client_for("ekonom").get("/liten/jamfor/?plan=1&plan=3").content.decode()
    [row] = re.findall(r"<tr><th[^>]*>Utgift i [^<]*</th>.*?</tr>", page)
    assert "Utgift i basårets priser, mkr" in row
    assert "differs" in row


def test_an_interrupted_plan_is_read_and_compared_and_says_so(
    client_for: ClientFor,
    done: Study,
    make_study: MakeStudy,
    version: Version,
    other_result: dict[str, Any],
) -> None:
    cut = {"seconds": 12.3, "open": ["reasons", "agreement"]}
    status = {**other_result["status"], "stopped": "asked", "interrupted": cut}
    status |= {"state": "feasible", "bound": 180.0, "gap": 0.2}
    made = make_study(version, {**other_result, "status": status}, name="Bruten")
    Study.objects.filter(pk=made.pk).update(state=State.KEPT)
    client = client_for("ekonom")
    others = ("", "jamfor/", "studier/", "utrymme/spakar/")
    asked = [f"{path}?plan=2" for path in PAGES if path not in others]
    for path in ("studier/2/", *asked):
        said = text(client.get(f"/liten/{path}").content.decode())
        assert "Avbruten, bästa plan hittills." in said, path
        assert "efter 12 sekunder" in said
        assert "inte uträknat: Skäl för varje projekt, Enighetskarta" in said
    page = client.get("/liten/studier/2/").content.decode()
    assert 'action="/liten/studier/2/igen/"' in page
    assert "/beslut/" not in page
    assert client.post("/liten/studier/2/beslut/").status_code == 404
    said = compared(client, 1, 2)
    assert "B Bruten avbruten, bästa plan hittills" in said
    assert "Ingen plan kan vara mer än 20" in said
    assert "avbruten, bästa plan hittills" in text(
        client.get("/liten/studier/").content.decode()
    )
    # the municipality's plan is the whole one, though it is older
    assert Study.objects.newest_plan(version.municipality) == done


def test_a_plan_is_shown_to_a_room_one_thing_at_a_time(
    client_for: ClientFor,
    done: Study,
    full_result: dict[str, Any],
    django_assert_max_num_queries: Any,
) -> None:
    client = client_for("lasare")
    assert (
        'href="/liten/studier/1/visa/"'
        in client.get("/liten/studier/1/").content.decode()
    )
    here = "/liten/studier/1/visa/"
    seen, headings = [here], []
    while True:
        with django_assert_max_num_queries(16):
            page = client.get(seen[-1]).content.decode()
        assert page.count("<h1>") == 1
        headings.append(text(re.findall(r"<h1>.*?</h1>", page, re.S)[0]).strip())
        # no menus, no thread, always how good the plan is
        assert "Ingen annan plan kan ge mer nytta" in text(page)
        assert 'role="search"' not in page
        assert "threadbar" not in page
        assert 'data-theme="light"' in page
        onward = re.search(r'rel="next" href="([^"]+)" data-turn', page)
        if onward is None:
            break
        seen.append(onward[1])
    assert headings[0].startswith("Planen")
    names = {p["name"] for p in full_result["projects"]}
    assert names <= set(headings)
    assert f"{len(seen)} av {len(seen)}" in text(page)
    assert client.get(f"{here}?bild={len(seen) + 1}").status_code == 404
    assert client.get(f"{here}?bild=x").status_code == 404


def test_a_plan_that_is_still_queued_shows_no_figures(
    client_for: ClientFor, version: Version
) -> None:
    jobs.enqueue(None, version)
    client = client_for("ekonom")
    assert "Plan 1 räknas" in client.get("/liten/").content.decode()
    assert client.get("/liten/utrymme/?plan=1").status_code == 404


@pytest.mark.parametrize("number", ["²", "٣", "x", "9" * 30])
def test_what_is_no_number_of_a_plan_is_not_found(
    client_for: ClientFor, done: Study, number: str
) -> None:
    client = client_for("lasare")
    assert client.get("/liten/utrymme/", {"plan": number}).status_code == 404

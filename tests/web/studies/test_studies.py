"""Start, follow, cancel and decide; what stops a study, in plain words; the levers."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

import pytest
from django.db import OperationalError

from rodtrad.web import computing, jobs, store
from rodtrad.web.models import Change, Event, Row, Study, Underlag, Version
from rodtrad.web.models.studies import PlanDecision, State
from rodtrad.web.views.studies import stages_of

if TYPE_CHECKING:
    from web.conftest import ClientFor
    from web.studies.conftest import MakeStudy

START = {
    "name": "Försök",
    "version": "nu",
    "scenario": "",
    "seconds": "20",
    "parts": ["reasons"],
}


def test_start_leads_to_the_run(client_for: ClientFor, tiny_underlag: Underlag) -> None:
    client = client_for("ekonom")
    assert "Starta" in client.get("/liten/studier/").content.decode()
    answer = client.post("/liten/studier/", START)
    assert answer.status_code == 302
    assert answer["Location"] == "/liten/studier/1/"
    study = Study.objects.get()
    assert study.settings == {"time_limit": 20.0, "only": ["plan", "reasons"]}
    assert study.created_by == client.user  # type: ignore[attr-defined]
    assert [e.action for e in Event.objects.order_by("pk")] == [
        "version.created",
        "study.queued",
    ]
    page = client.get("/liten/studier/1/").content.decode()
    assert "väntar på sin tur" in page
    assert "Du kan lämna sidan" in page
    assert 'hx-get="/liten/studier/1/"' in page
    # the same underlag once more is the same version
    client.post("/liten/studier/", START)
    assert Version.objects.count() == 1


def test_a_start_that_cannot_be_read_is_told(
    client_for: ClientFor, tiny_underlag: Underlag
) -> None:
    answer = client_for("chef").post("/liten/studier/", {**START, "seconds": "9999"})
    assert answer.status_code == 400
    assert 'aria-invalid="true"' in answer.content.decode()
    assert not Study.objects.exists()


@pytest.mark.parametrize("path", ["studier/", "studier/1/avbryt/", "studier/1/igen/"])
def test_a_reader_may_not_run(
    client_for: ClientFor, version: Version, path: str
) -> None:
    jobs.enqueue(None, version)
    client = client_for("lasare")
    assert client.post(f"/liten/{path}", START).status_code == 403
    assert "Starta" not in client.get("/liten/studier/").content.decode()
    assert "Avbryt körningen" not in client.get("/liten/studier/1/").content.decode()


def test_a_run_tells_stage_gap_and_seconds(
    client_for: ClientFor, version: Version
) -> None:
    study = jobs.enqueue(None, version, settings={"time_limit": 60})
    jobs.claim("räknare")
    jobs.tell(
        study,
        "räknare",
        {"stage": "Söker den bästa planen", "gap": 0.021, "seconds": 12.0},
    )
    page = client_for("ekonom").get("/liten/studier/1/").content.decode()
    assert "Plan 1 räknas" in page
    assert "2,1" in page
    assert "12" in page
    assert 'value="20"' in page
    jobs.tell(study, "räknare", {"stage": "Prövar skäl 2 av 3", "seconds": 20.0})
    page = client_for("lasare").get("/liten/studier/1/").content.decode()
    assert re.search(r'<li class="done"[^>]*>Planen', page)
    assert re.search(r'<li class="now"[^>]*>Skälen', page)
    assert 'value="67"' in page


def test_stages_are_only_those_asked_for(version: Version) -> None:
    study = jobs.enqueue(None, version, settings={"only": ["plan", "needs"]})
    assert [s["label"] for s in stages_of(study, "Räknar behoven")] == [
        "Planen",
        "Behoven",
    ]


def test_the_page_of_a_run_reloads_when_it_is_done(
    client_for: ClientFor, done: Study
) -> None:
    answer = client_for("ekonom").get(
        "/liten/studier/1/", headers={"HX-Request": "true"}
    )
    assert answer["HX-Refresh"] == "true"


def test_cancel_from_the_page(client_for: ClientFor, version: Version) -> None:
    jobs.enqueue(None, version)
    client = client_for("ekonom")
    client.post("/liten/studier/1/avbryt/")
    assert Study.objects.get().state == State.CANCELLED
    page = client.get("/liten/studier/1/").content.decode()
    assert "Plan 1 avbröts" in page
    assert "Underlaget är orört" in page
    running = jobs.enqueue(None, version)
    jobs.claim("räknare")
    client.post("/liten/studier/2/avbryt/")
    running.refresh_from_db()
    assert running.cancel_asked
    assert "ombedd att sluta" in client.get("/liten/studier/2/").content.decode()


def test_faults_link_to_their_cells(
    client_for: ClientFor, version: Version, settings: Any
) -> None:
    study = jobs.enqueue(None, version)
    jobs.claim("räknare")
    fault = {
        **computing.issue("x", "Byggtiden är <b>för</b> lång.", "Korta den."),
        "table": "projects",
        "row": 3,
        "column": "name",
    }
    jobs.fail(study, "räknare", [fault])
    page = client_for("ekonom").get("/liten/studier/1/").content.decode()
    assert "Byggtiden är &lt;b&gt;för&lt;/b&gt; lång." in page
    assert "Projekt, rad 3" in page
    assert "Korta den." in page


def test_colliding_requirements_are_shown_with_their_repair(
    client_for: ClientFor, version: Version
) -> None:
    study = jobs.enqueue(None, version)
    jobs.claim("räknare")
    rows = [
        computing.issue("no_plan", "Ingen plan håller alla krav."),
        computing.issue("conflict", "Bron måste byggas senast 2026."),
        computing.issue("repair", "Höj skuldtaket med 2 mkr."),
    ]
    jobs.fail(study, "räknare", rows)
    page = client_for("ekonom").get("/liten/studier/1/").content.decode()
    assert "Bron måste byggas senast 2026." in page
    assert "Höj skuldtaket med 2 mkr." in page


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("database is locked", "Databasen är upptagen just nu"),
        ("database or disk is full", "Serverns disk är full"),
    ],
)
def test_a_database_that_refuses_is_told_and_nothing_is_lost(
    client_for: ClientFor,
    tiny_underlag: Underlag,
    monkeypatch: pytest.MonkeyPatch,
    words: str,
    told: str,
) -> None:
    def refuse(*_arguments: Any, **_named: Any) -> None:
        raise OperationalError(words)

    monkeypatch.setattr(jobs, "enqueue", refuse)
    answer = client_for("ekonom").post("/liten/studier/", START)
    assert answer.status_code == 503
    assert told in answer.content.decode()
    assert not Study.objects.exists()
    assert not Version.objects.exists()


# ------------------------------------------------------------------------ decisions

DECISION = {
    "body": "Kommunfullmäktige",
    "date": "2025-12-10",
    "paragraph": "§ 142",
    "diary_number": "KS 2025/311",
    "note": "Planen <script>alert(1)</script> antas.",
}


def test_a_decision_locks_the_version(client_for: ClientFor, done: Study) -> None:
    client = client_for("chef")
    assert "För in ett beslut" in client.get("/liten/studier/1/").content.decode()
    assert client.post("/liten/studier/1/beslut/", DECISION).status_code == 302
    decision = PlanDecision.objects.get()
    assert (decision.paragraph, decision.date) == ("142", dt.date(2025, 12, 10))
    version = Version.objects.get()
    assert version.locked_at is not None
    assert version.decided_by_plan == done
    page = client.get("/liten/studier/1/").content.decode()
    assert "§ 142" in page
    assert "&lt;script&gt;" in page
    assert "<script>alert" not in page
    actions = set(Event.objects.values_list("action", flat=True))
    assert {"study.decided", "version.locked"} <= actions
    client.post("/liten/studier/1/beslut/", DECISION)
    assert PlanDecision.objects.count() == 1
    assert "beslutad" in client.get("/liten/studier/").content.decode()


@pytest.mark.parametrize("role", ["lasare", "fortroendevald", "forvaltning"])
def test_who_may_not_decide(client_for: ClientFor, done: Study, role: str) -> None:
    client = client_for(role)
    assert client.post("/liten/studier/1/beslut/", DECISION).status_code == 403
    assert "För in ett beslut" not in client.get("/liten/studier/1/").content.decode()


def test_a_decision_that_has_not_been_made(client_for: ClientFor, done: Study) -> None:
    answer = client_for("chef").post(
        "/liten/studier/1/beslut/", {**DECISION, "date": "2999-01-01"}
    )
    assert answer.status_code == 400
    assert "Datumet har inte varit än." in answer.content.decode()
    assert Version.objects.get().locked_at is None


# --------------------------------------------------------------------------- levers

LEVERS = {
    "name": "",
    "tax_rate": "20",
    "tax_ore": "100",
    "forecast": "",
    "growth": "",
    "savings": "",
    "savings_from": "2026",
    "interest": "",
    "interest_from": "2026",
}


def _difference(page: str, year: int) -> str:
    row = re.search(
        rf'<th scope="row">{year}</th>(?:(?!</tr>).)*<b>([^<]+)</b>', page, re.S
    )
    assert row is not None
    return row.group(1)


def test_a_krona_of_tax_is_a_twentieth_of_the_taxes(
    client_for: ClientFor, done: Study, full_result: dict[str, Any]
) -> None:
    client = client_for("ekonom")
    page = client.post("/liten/utrymme/spakar/", {**LEVERS, "gor": "visa"})
    assert page.status_code == 200
    body = page.content.decode()
    # 1 krona of 20 is 5 percent of the taxes that year; the interest it saves comes later
    expected = full_result["statement"]["rs"][0] * 0.05 / 1000
    assert _difference(body, 2026) == "+" + f"{expected:.1f}".replace(".", ",")
    assert "Resultatet blir" in body
    assert not Change.objects.exists()


def test_a_saving_is_felt_every_year(client_for: ClientFor, done: Study) -> None:
    asked = {**LEVERS, "tax_rate": "", "tax_ore": "", "savings": "1,0", "gor": "visa"}
    asked["savings_from"] = "2027"
    body = client_for("ekonom").post("/liten/utrymme/spakar/", asked).content.decode()
    assert _difference(body, 2026) == "0,0"
    assert _difference(body, 2027).startswith("+1,")
    assert _difference(body, 2029).startswith("+1,")


def test_a_scenario_is_kept_and_run(
    client_for: ClientFor, done: Study, tiny_underlag: Underlag
) -> None:
    client = client_for("ekonom")
    asked = {
        **LEVERS,
        "name": "Ränta upp",
        "tax_rate": "",
        "tax_ore": "",
        "interest": "1",
    }
    answer = client.post("/liten/utrymme/spakar/", {**asked, "gor": "rakna"})
    assert answer.status_code == 302
    assert answer["Location"] == "/liten/studier/2/"
    rows = [r.data for r in Row.objects.filter(table="scenarios").order_by("position")]
    assert [(r["key"], r["column"], r["value"]) for r in rows] == [
        (str(year), "interest_rate", "0.04") for year in range(2026, 2030)
    ]
    assert Change.objects.count() == 1
    assert Event.objects.filter(action="scenario.saved").count() == 1
    study = Study.objects.get(number=2)
    assert study.scenario == "Ränta upp"
    # what is kept can be run as it is
    outcome = computing.compute(
        computing.Job(
            store.version_tables(study.version),
            {"scenario": study.scenario, "only": ["plan"], "time_limit": 5},
        ),
        lambda _stage, **_facts: None,
    )
    assert outcome.issues == ()
    again = client.post("/liten/utrymme/spakar/", {**asked, "gor": "spara"})
    assert again.status_code == 400
    assert "finns redan" in again.content.decode()


def test_a_name_that_somebody_took_meanwhile_is_refused(
    client_for: ClientFor, done: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_for("ekonom")
    asked = {**LEVERS, "name": "Ränta upp", "interest": "1", "gor": "spara"}
    # both have read the page, in which no scenario has the name, before one saves
    monkeypatch.setattr("rodtrad.web.views.levers.scenarios", lambda _underlag: [])
    assert client.post("/liten/utrymme/spakar/", asked).status_code == 302
    again = client.post("/liten/utrymme/spakar/", {**asked, "interest": "2"})
    assert again.status_code == 400
    assert "finns redan" in again.content.decode()
    assert Change.objects.count() == 1


def test_levers_that_say_nothing_or_too_much(
    client_for: ClientFor, done: Study, make_study: MakeStudy
) -> None:
    client = client_for("ekonom")
    nothing = {**LEVERS, "tax_ore": "", "gor": "visa"}
    page = client.post("/liten/utrymme/spakar/", nothing)
    assert page.status_code == 400
    assert "Ändra minst en spak." in page.content.decode()
    page = client.post(
        "/liten/utrymme/spakar/", {**LEVERS, "tax_rate": "", "gor": "visa"}
    )
    assert "Skriv dagens skattesats" in page.content.decode()
    assert (
        client_for("lasare").post("/liten/utrymme/spakar/", LEVERS).status_code == 403
    )
    # a förtroendevald may try, not write in the underlag
    tries = client_for("fortroendevald")
    assert (
        tries.post("/liten/utrymme/spakar/", {**LEVERS, "gor": "visa"}).status_code
        == 200
    )
    kept = {**LEVERS, "name": "Mitt", "gor": "spara"}
    assert tries.post("/liten/utrymme/spakar/", kept).status_code == 403

"""The workbench page: by forms alone, by script, undone, saved, filled, and private."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rodtrad.domain.arrays import Choice, Lock, build_case
from rodtrad.explain.workbench import Bench, try_choices
from rodtrad.study import Settings, read_settings, run
from rodtrad.verify import verify_result
from rodtrad.web import store
from rodtrad.web.models import Event, Study
from rodtrad.web.models.studies import packed_json

if TYPE_CHECKING:
    from django.test import Client
    from web.conftest import ClientFor

    from rodtrad.domain.components import Tables
    from rodtrad.web.models import Municipality, Underlag

ADDRESS = "/liten/arbetsbank/"
SCRIPT = {"x-bench": "1"}


@pytest.fixture(scope="session")
def tiny_plan(tiny_tables: Tables) -> dict[str, Any]:
    """A plan of the small underlag, as JSON holds it."""
    found: dict[str, Any] = json.loads(
        json.dumps(run(tiny_tables, Settings(only=("plan",))).result)
    )
    return found


@pytest.fixture
def study(
    liten: Municipality, tiny_underlag: Underlag, tiny_plan: dict[str, Any]
) -> Study:
    """A finished study of `liten`."""
    version = store.make_version(tiny_underlag, "Första", None)
    return Study.objects.create(
        municipality=liten,
        number=1,
        name="Planen",
        version=version,
        state=Study.State.DONE,
        result=packed_json(tiny_plan),
    )


@pytest.fixture
def ekonom(client_for: ClientFor) -> Client:
    """A browser in which an ekonom is logged in."""
    return client_for("ekonom")


def _starts(client: Client, municipality: Municipality) -> dict[str, Any]:
    key = f"arbetsbank:{municipality.pk}"
    found: dict[str, Any] = client.session[key]["choices"]
    return found


def _act(client: Client, what: str, **more: str) -> Any:
    return client.post(ADDRESS, {"gor": what, **more})


def _bench(tables: Tables, plan: dict[str, Any]) -> Bench:
    choices = [
        Choice(r["project_id"], r["alternative_id"], r["start_year"])
        for r in plan["choices"]
    ]
    return Bench(build_case(tables), tuple(sorted(choices)), plan["status"]["bound"])


# --------------------------------------------------------------------- by forms


def test_without_a_plan_the_page_says_so(
    ekonom: Client, tiny_underlag: Underlag
) -> None:
    page = ekonom.get(ADDRESS)
    assert page.status_code == 200
    assert "Det finns ingen färdig plan att börja från" in page.content.decode()


def test_every_project_stands_in_start_order_with_its_buttons(
    ekonom: Client, study: Study
) -> None:
    page = ekonom.get(ADDRESS).content.decode()
    shown = re.findall(r'<tr id="rad-(\w+)"', page)
    assert sorted(shown) == ["bro", "park", "skola"]
    for key in shown:
        for act in ("tidigare", "senare", "vaxla", "las"):
            assert f'value="{act}:{key}"' in page
    assert "style=" not in re.sub(r"<link[^>]*>", "", page)
    assert "<script>" not in page


def test_a_move_is_undone_again(
    ekonom: Client, study: Study, liten: Municipality
) -> None:
    ekonom.get(ADDRESS)
    assert _act(ekonom, "senare:bro").status_code == 302
    moved = _starts(ekonom, liten)["bro"][1]
    page = ekonom.get(ADDRESS).content.decode()
    assert "1 ändring" in page
    assert f"”Bron över ån” flyttas från {moved - 1} till {moved}" in page
    assert "Ditt eget val." in page
    _act(ekonom, "angra")
    assert _starts(ekonom, liten)["bro"][1] == moved - 1
    assert "0 ändringar" in ekonom.get(ADDRESS).content.decode()


def test_what_breaks_is_told_and_nothing_is_said_of_the_best(
    ekonom: Client, study: Study
) -> None:
    _act(ekonom, "vaxla:bro")
    page = ekonom.get(ADDRESS).content.decode()
    assert "”Bron över ån” är tvingande" in page
    assert "Det bryter krav, så det går inte att jämföra" in page


def test_start_and_alternative_can_be_chosen_in_a_form(
    ekonom: Client, study: Study, liten: Municipality
) -> None:
    page = ekonom.get(ADDRESS, {"projekt": "skola"}).content.decode()
    assert 'name="start"' in page
    assert 'name="alternativ"' in page
    _act(ekonom, "stall:", projekt="skola", start="2027", alternativ="ombyggnad")
    assert _starts(ekonom, liten)["skola"] == ["ombyggnad", 2027]
    _act(ekonom, "stall:", projekt="skola", start="ute")
    assert "skola" not in _starts(ekonom, liten)


@pytest.mark.parametrize(
    "sent",
    [
        {"gor": "stall:", "projekt": "skola", "start": "2040"},
        {"gor": "stall:", "projekt": "skola", "start": "x"},
        {"gor": "stall:", "projekt": "skola", "start": "2027", "alternativ": "z"},
        {"gor": "senare:finns_inte"},
        {"gor": "stall:", "projekt": "", "start": "2027"},
    ],
)
def test_what_cannot_be_is_refused_in_words(
    ekonom: Client, study: Study, sent: dict[str, str]
) -> None:
    page = ekonom.post(ADDRESS, sent, follow=True)
    assert page.status_code == 200
    assert 'class="warning"' in page.content.decode()
    answer = ekonom.post(ADDRESS, sent, headers=SCRIPT)
    assert answer.json()["refused"]
    assert answer.json()["sentence"]


def test_a_locked_project_stays(
    ekonom: Client, study: Study, liten: Municipality
) -> None:
    ekonom.get(ADDRESS)
    _act(ekonom, "las:bro")
    before = _starts(ekonom, liten)
    page = ekonom.post(ADDRESS, {"gor": "senare:bro"}, follow=True).content.decode()
    assert "”Bron över ån” är låst. Lås upp det först." in page
    assert _starts(ekonom, liten) == before
    _act(ekonom, "las:bro")
    _act(ekonom, "senare:bro")
    assert _starts(ekonom, liten) != before


def test_an_unknown_act_is_not_found(ekonom: Client, study: Study) -> None:
    assert _act(ekonom, "radera:bro").status_code == 404


# --------------------------------------------------------------------- by script


def test_script_gets_the_figures_that_the_core_gives(
    ekonom: Client,
    study: Study,
    tiny_tables: Tables,
    tiny_plan: dict[str, Any],
) -> None:
    ekonom.get(ADDRESS)
    answer = ekonom.post(ADDRESS, {"gor": "senare:bro"}, headers=SCRIPT).json()
    bench = _bench(tiny_tables, tiny_plan)
    moved = [
        c._replace(start_year=c.start_year + 1) if c.project_id == "bro" else c
        for c in bench.choices
    ]
    found = try_choices(bench, moved, bench.choices)
    assert answer["sentence"] == found["sentence"]
    assert "bro" in answer["rows"]
    assert 'id="rad-bro"' in answer["rows"]["bro"]
    assert str(found["debt"]["worst"]["year"]) in answer["effect"]
    assert "1 ändring" in answer["changes"]
    again = ekonom.post(ADDRESS, {"gor": "las:bro"}, headers=SCRIPT).json()
    assert list(again["rows"]) == ["bro"]
    assert again["sentence"].startswith("”Bron över ån” är låst med start")


def test_a_change_asks_the_database_little(ekonom: Client, study: Study) -> None:
    ekonom.get(ADDRESS)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        ekonom.post(ADDRESS, {"gor": "senare:bro"}, headers=SCRIPT)
    assert len(asked) <= 10, [q["sql"][:120] for q in asked]
    with CaptureQueriesContext(connection) as asked:
        ekonom.get(ADDRESS)
    assert len(asked) <= 16, [q["sql"][:120] for q in asked]


# ------------------------------------------------------------- save, share, fill


def test_a_saved_plan_can_be_opened_by_a_colleague(
    ekonom: Client,
    study: Study,
    liten: Municipality,
    client_for: ClientFor,
    tiny_tables: Tables,
) -> None:
    _act(ekonom, "senare:bro")
    mine = _starts(ekonom, liten)
    page = ekonom.post(
        ADDRESS, {"gor": "spara", "namn": "Bron senare"}, follow=True
    ).content.decode()
    own = Study.objects.get(kind="own")
    assert f"{ADDRESS}?studie={own.number}" in page
    assert own.name == "Bron senare"
    assert own.version == study.version
    assert own.plan is not None
    assert own.plan["status"]["stopped"] == "own"
    assert verify_result(tiny_tables, own.plan) == []
    event = Event.objects.get(action="workbench.saved")
    assert event.after == {"name": "Bron senare", "from": "1. Planen"}
    chef = client_for("chef")
    chef.get(ADDRESS, {"studie": own.number})
    assert _starts(chef, liten) == mine
    assert "0 ändringar" in chef.get(ADDRESS).content.decode()


def test_a_plan_without_a_name_is_not_saved(ekonom: Client, study: Study) -> None:
    page = ekonom.post(ADDRESS, {"gor": "spara", "namn": " "}, follow=True)
    assert "Ge planen ett namn" in page.content.decode()
    assert not Study.objects.filter(kind="own").exists()


def test_a_plan_by_hand_is_not_what_others_begin_from(
    ekonom: Client, study: Study, client_for: ClientFor
) -> None:
    _act(ekonom, "senare:bro")
    _act(ekonom, "spara", namn="Min")
    assert (
        "Jämfört med plan 1. Planen" in client_for("chef").get(ADDRESS).content.decode()
    )


def test_an_interrupted_plan_can_be_worked_on(
    ekonom: Client, study: Study, client_for: ClientFor, tiny_plan: dict[str, Any]
) -> None:
    """Where it is all there is, and beside others; never before one that is done."""
    kept = Study.objects.create(
        municipality=study.municipality,
        number=2,
        name="Avbruten",
        version=study.version,
        state=Study.State.KEPT,
        result=packed_json(tiny_plan),
    )
    page = ekonom.get(ADDRESS).content.decode()
    assert "Jämfört med plan 1. Planen" in page
    assert "2. Avbruten, avbruten, bästa plan hittills</option>" in page
    assert ekonom.get(ADDRESS, {"studie": "2"}).status_code == 302
    assert "Jämfört med plan 2. Avbruten" in ekonom.get(ADDRESS).content.decode()
    study.delete()
    page = client_for("chef").get(ADDRESS).content.decode()
    assert "Jämfört med plan 2. Avbruten" in page
    page = ekonom.get("/liten/enighet/").content.decode()
    assert "Den senaste planen räknades utan synsätt" in page
    # filled in by the planner, and interrupted
    Study.objects.filter(pk=kept.pk).update(state=Study.State.DONE)
    filled = Study.objects.create(
        municipality=kept.municipality,
        number=3,
        version=kept.version,
        state=Study.State.KEPT,
        settings={"locked": []},
        result=packed_json(tiny_plan),
    )
    page = ekonom.get(ADDRESS).content.decode()
    assert "Plan 3: avbruten, bästa plan hittills." in page
    assert f'href="?studie={filled.number}"' in page


def test_the_planner_fills_in_around_what_is_locked(
    ekonom: Client, study: Study, liten: Municipality, tiny_tables: Tables
) -> None:
    ekonom.get(ADDRESS)
    _act(ekonom, "senare:bro")
    _act(ekonom, "las:bro")
    _act(ekonom, "vaxla:park")
    _act(ekonom, "las:park")
    here = _starts(ekonom, liten)
    page = ekonom.post(ADDRESS, {"gor": "fyll"}, follow=True).content.decode()
    queued = Study.objects.get(state=Study.State.QUEUED)
    assert f"Planeraren fyller på plan {queued.number}" in page
    settings = read_settings(queued.settings)
    park = Lock("park", True, *here["park"]) if "park" in here else Lock("park", False)
    assert settings.locked == (Lock("bro", True, *here["bro"]), park)
    result = run(tiny_tables, replace(settings, only=("plan",), work_limit=100)).result
    chosen = {row["project_id"]: row for row in result["choices"]}
    assert chosen["bro"]["start_year"] == here["bro"][1]
    assert ("park" in chosen) == ("park" in here)
    assert Event.objects.get(action="workbench.filled").after == {
        "locked": ["bro", "park"]
    }


# ------------------------------------------------------------------ who and where


def test_only_those_who_may_run_a_study_come_in(
    study: Study, client_for: ClientFor
) -> None:
    assert client_for("fortroendevald").get(ADDRESS).status_code == 200
    assert client_for("lasare").get(ADDRESS).status_code == 403
    assert client_for("chef").post(ADDRESS, {"gor": "angra"}).status_code == 302


def test_another_municipality_is_not_found(
    study: Study, client_for: ClientFor, annan: Municipality
) -> None:
    stranger = client_for("ekonom", annan)
    assert stranger.get(ADDRESS).status_code == 404
    assert stranger.get("/annan/arbetsbank/", {"studie": "1"}).status_code == 404


@pytest.mark.parametrize("number", ["0", "x", "99"])
def test_a_study_that_is_not_there_is_not_found(
    ekonom: Client, study: Study, number: str
) -> None:
    assert ekonom.get(ADDRESS, {"studie": number}).status_code == 404


def test_script_in_a_name_is_only_text(
    ekonom: Client, study: Study, liten: Municipality
) -> None:
    ekonom.post(ADDRESS, {"gor": "spara", "namn": "<script>alert(1)</script>"})
    page = ekonom.get(ADDRESS).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_what_lies_on_one_bench_is_not_on_anothers(
    ekonom: Client, study: Study, client_for: ClientFor
) -> None:
    _act(ekonom, "senare:bro")
    assert "0 ändringar" in client_for("chef").get(ADDRESS).content.decode()


def test_the_page_speaks_english(ekonom: Client, study: Study) -> None:
    page = ekonom.get(ADDRESS, headers={"accept-language": "en"})
    assert page.status_code == 200

"""Can a resident try a plan, share it and hand it in, and does it say what it gives?"""

from __future__ import annotations

import datetime as dt
import random
import re
import time
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from django.utils import timezone
from web.sandbox.conftest import sandbox_data

from rodtrad.capacity.result import economy_result
from rodtrad.publish.public_sum import SUM_ID
from rodtrad.web import public_form, sandbox
from rodtrad.web.models import Publication
from rodtrad.web.models.dialogue import Comment, Dialogue
from rodtrad.web.sandbox import BrokenCodeError, OwnPlan, read_code
from rodtrad.web.views import public_sandbox

if TYPE_CHECKING:
    from pytest_django import DjangoAssertNumQueries
    from web.sandbox.conftest import Publish

    from rodtrad.web.models import Municipality

HERE = "/oppet/liten/prova/"


def _text(answer: Any) -> str:
    return unescape(answer.content.decode())


def _place(published: Publication, key: str) -> str:
    return f"p{sandbox.places_of(published)[key]}"


def _send(client: Client, at: str, **fields: str) -> str:
    """Send a form without script and return where it leads."""
    answer = client.post(at, fields)
    assert answer.status_code == 303, _text(answer)[:2000]
    where: str = answer["Location"]
    assert where.endswith("#utfall")
    return where.removesuffix("#utfall")


def _without(published: Publication, key: str) -> OwnPlan:
    return OwnPlan(published, {}).with_changes({key: None})


# ----------------------------------------------------------------- without a script


def test_a_project_is_taken_out_and_the_page_says_what_it_gives(
    published: Publication,
) -> None:
    client = Client()
    first = _text(client.get(HERE))
    assert "Norra skolan byggs om" in first
    assert "Dela eller lämna in" not in first
    at = _send(client, HERE, **{_place(published, "skola"): "ute"})
    answer = client.get(at)
    text = _text(answer)
    assert "”Norra skolan byggs om” tas bort" in text
    assert "mindre per invånare än kommunens plan" in text
    assert "öre i skatt" in text
    assert "Skattesatsen är 22,50 kronor av hundra" in text
    assert f"http://testserver{at}" in text
    assert not answer.cookies
    assert answer["Cache-Control"].startswith("public")
    assert answer["X-Robots-Tag"] == "noindex"


def test_the_figures_are_those_of_a_whole_study(published: Publication) -> None:
    own = _without(published, "skola")
    found = own.result()
    whole = economy_result(sandbox.bench_of(published).case, own.choices())
    assert found["result"]["values"] == whole["indicators"]["res_andel"]
    assert found["debt"]["values"] == whole["indicators"]["lan_inv"]
    assert found["balanskrav"] == whole["balanskrav"]
    assert found["result"]["before"] == published.plan["indicators"]["res_andel"]


def test_a_start_year_and_another_way_are_chosen(published: Publication) -> None:
    client = Client()
    case = sandbox.bench_of(published).case
    ways = [a.alternative_id for a in case.project("skola").alternatives]
    value = f"{ways.index('nybygge')}:2027"
    at = _send(client, HERE, **{_place(published, "skola"): value})
    own = read_code(published.municipality, at.rstrip("/").rpartition("/")[2])
    assert {c.project_id: c for c in own.choices()}["skola"][1:] == ("nybygge", 2027)
    text = _text(client.get(at))
    assert re.search(rf'<option value="{value}" selected>', text)
    # back again: the plan is the municipality's, and so is its address
    base = sandbox.base_states(published)["skola"]
    assert base is not None
    back = {_place(published, "skola"): f"{base[0]}:{base[1]}"}
    assert _send(client, at, **back) == HERE


def test_what_must_be_done_and_what_the_law_says_is_told_plainly(
    publish: Publish,
) -> None:
    data = sandbox_data()
    # so dear to run that no reserve can carry it
    data["effects"] = [
        {
            "project_id": "park",
            "alternative_id": "enkel",
            "offset": 0,
            "operating": 9_000.0,
        }
    ]
    published = publish(data)
    client = Client()
    at = _send(
        client,
        HERE,
        **{_place(published, "park"): "0:2026", _place(published, "bro"): "ute"},
    )
    text = _text(client.get(at))
    assert "Planen bryter mot lagen: balanskravet klaras inte" in text
    assert "”Bron över ån” är tvingande och ska vara i bruk" in text
    english = _text(client.get(at.replace("/oppet/", "/open/")))
    assert "balanskravet" not in re.sub(r"<[^>]*>", " ", english).replace(
        "Balanskravet", ""
    )


def test_a_deficit_that_need_not_be_restored_is_said_to_be_such() -> None:
    law = {"years": [], "before": [], "excused": [2027, 2028]}
    said = public_sandbox._verdict({"law": law, "faults": []})["text"]
    assert "Lagens balanskrav klaras" in said
    assert said.endswith("Underskottet 2027–2028 behöver inte återställas.")


def test_a_broken_goal_is_told_with_how_much(publish: Publish) -> None:
    data = sandbox_data()
    data["goals"][0]["value"] = 26_000.0
    published = publish(data)
    case = sandbox.bench_of(published).case
    ways = [a.alternative_id for a in case.project("skola").alternatives]
    own = OwnPlan(published, {}).with_changes({"skola": (ways.index("nybygge"), 2026)})
    text = _text(Client().get(f"{HERE}{own.code}/"))
    assert "mål som måste hållas bryts" in text
    assert "Målet ”Låg skuld” bryts" in text


def test_places_are_told(publish: Publish) -> None:
    data = sandbox_data()
    data["lookbacks"] = [
        {
            "lookback_id": "skola",
            "name": "Norra skolan",
            "service": "grundskola",
            "age_from": 6,
            "age_to": 15,
            "count_year": 2020,
            "use_year": 2028,
            "added_places": 120.0,
        }
    ]
    published = publish(data)
    text = _text(Client().get(f"{HERE}{_without(published, 'skola').code}/"))
    assert "Det ger 120 platser: grundskola." in text


# --------------------------------------------------------------------- the code


def test_any_plan_can_be_read_back(published: Publication) -> None:
    rng = random.Random(1)
    case = sandbox.bench_of(published).case
    base = sandbox.base_states(published)
    for _try in range(200):
        changes: dict[str, Any] = {}
        for project in case.projects:
            ways = sandbox.years_of(case, project)
            way, years = rng.choice(ways)
            state = rng.choice([None, (way, rng.choice(years))])
            if rng.random() < 0.7 and base.get(project.project_id) != state:
                changes[project.project_id] = state
        own = OwnPlan(published, changes)
        if changes:
            read = read_code(published.municipality, own.code)
            assert (read.publication.pk, read.changes) == (published.pk, changes)


def test_a_code_that_is_cut_or_altered_is_told_from_one_that_holds(
    published: Publication,
) -> None:
    code = _without(published, "skola").code
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for cut in range(len(code)):
        with pytest.raises(BrokenCodeError):
            read_code(published.municipality, code[:cut])
    rng = random.Random(2)
    for _try in range(300):
        at, letter = rng.randrange(len(code)), rng.choice(letters)
        altered = code[:at] + letter + code[at + 1 :]
        try:
            read = read_code(published.municipality, altered)
        except BrokenCodeError:
            continue
        # the last letter has bits that say nothing
        assert read.changes == {"skola": None}


BROKEN = [
    "x",
    "å",
    "A" * 4000,
    "../../etc",
    "%00",
    "<script>alert(1)</script>",
    "\u202eabc",
    "AQEBAAAAAAAAAA",
    "____________",
]


@pytest.mark.parametrize("code", BROKEN)
@pytest.mark.parametrize("end", ["", "lamna/"])
def test_a_broken_code_is_a_clear_page(
    code: str, end: str, published: Publication
) -> None:
    answer = Client().get(f"{HERE}{code}/{end}")
    assert answer.status_code == 404
    text = answer.content.decode()
    assert "<script>alert" not in text
    # a null sign goes no further than the address itself
    if "/" not in code and code != "%00":
        assert "Länken är trasig eller avklippt" in text
        assert "Börja på en ny egen plan" in text


def test_made_up_codes_are_counted_and_plans_that_are_known_are_not(
    published: Publication, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "MOST_OPENED", (3, 60))
    code, other = (_without(published, key).code for key in ("skola", "bro"))
    client = Client()
    assert client.get(f"{HERE}{code}/").status_code == 200
    codes = [client.get(f"{HERE}{n}/").status_code for n in ("x", "y", "z")]
    assert codes == [404, 404, 429]
    # nothing more is reckoned for that place, but what is known is shown
    for end in ("", "lamna/"):
        answer = client.get(f"{HERE}{other}/{end}")
        assert answer.status_code == 429
        assert "Försök igen om en minut" in _text(answer)
    assert client.get(f"{HERE}{code}/").status_code == 200
    elsewhere = Client(REMOTE_ADDR="198.51.100.7")
    assert elsewhere.get(f"{HERE}{other}/").status_code == 200


def test_a_code_of_another_municipality_is_broken(
    published: Publication, annan: Municipality
) -> None:
    code = _without(published, "skola").code
    with pytest.raises(BrokenCodeError):
        read_code(annan, code)


def test_a_plan_stays_on_the_version_it_was_made_on(
    publish: Publish, published: Publication
) -> None:
    code = _without(published, "skola").code
    data = sandbox_data()
    data["projects"][0]["name"] = "Norra skolan byggs till"
    publish(data)
    text = _text(Client().get(f"{HERE}{code}/"))
    assert "Det här är version 1, en äldre version av planen" in text
    assert "”Norra skolan byggs om” tas bort" in text
    publication = Publication.objects.get(pk=published.pk)
    publication.withdrawn_at = timezone.now()
    publication.save(update_fields=["withdrawn_at"])
    answer = Client().get(f"{HERE}{code}/")
    assert answer.status_code == 404
    assert "inte är publicerad längre" in _text(answer)


def test_a_code_has_room_for_four_hundred_projects_and_no_more(
    published: Publication, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "MOST_CHANGES", 1)
    own = _without(published, "skola")
    with pytest.raises(BrokenCodeError, match="för många"):
        own.with_changes({"bro": None})
    client = Client()
    answer = client.post(f"{HERE}{own.code}/", {_place(published, "bro"): "ute"})
    assert answer.status_code == 422
    assert "för många projekt" in _text(answer)


# ------------------------------------------------------------------ bad input


@pytest.mark.parametrize(
    "value",
    ["", "1", "x:y", "0:", ":2027", "99:2027", "0:1999", "0:2999", "-1:2027", "0:٢٠٢٧"],
)
def test_what_no_form_sends_is_refused_in_words(
    value: str, published: Publication
) -> None:
    answer = Client().post(HERE, {_place(published, "skola"): value})
    assert answer.status_code == 422
    assert 'role="alert"' in _text(answer)


def test_fields_that_are_no_projects_change_nothing(published: Publication) -> None:
    answer = Client().post(HERE, {"p999999": "ute"})
    assert answer.status_code == 422
    answer = Client().post(HERE, {"p": "ute", "q": "x", "p1x": "ute", "p٣": "ute"})
    assert answer.status_code == 303
    assert answer["Location"] == f"{HERE}#utfall"


def test_markup_in_the_filter_is_only_text(published: Publication) -> None:
    at = f"{HERE}?q=<script>alert(1)</script>&sida=99999999999999999999&ort=%00"
    answer = Client().get(at)
    assert answer.status_code == 200
    assert "<script>alert" not in answer.content.decode()


def test_a_form_that_is_too_large_is_refused(published: Publication) -> None:
    answer = Client().post(HERE, {"p0": "u" * 400_000})
    assert answer.status_code == 413


def test_the_sum_of_what_is_not_public_is_never_changed(publish: Publish) -> None:
    data = sandbox_data()
    for row in data["projects"]:
        row["public"] = False
    data["projects"].append(
        {**data["projects"][2], "project_id": "torg", "public": True}
    )
    data["projects"][-1]["name"] = "Torget"
    for name in ("alternatives", "outlays", "parts", "scores"):
        data[name] += [
            {**row, "project_id": "torg"}
            for row in list(data[name])
            if row["project_id"] == "park"
        ]
    published = publish(data)
    case = sandbox.bench_of(published).case
    assert SUM_ID in {p.project_id for p in case.projects}
    with pytest.raises(BrokenCodeError, match="inte är offentliga"):
        OwnPlan(published, {}).with_changes({SUM_ID: None})
    text = _text(Client().get(HERE))
    assert f'name="{_place(published, SUM_ID)}"' not in text
    assert "Bron över ån" not in text


# -------------------------------------------------------------------- speed


def test_a_change_takes_a_bounded_number_of_questions(
    published: Publication, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    code = _without(published, "skola").code
    client = Client()
    client.get(f"{HERE}{code}/")
    with django_assert_max_num_queries(12):
        client.get(f"{HERE}{code}/")
    # four of them count who sends
    with django_assert_max_num_queries(10):
        client.post(HERE, {_place(published, "skola"): "ute"})


def test_a_change_of_a_small_plan_is_told_at_once(published: Publication) -> None:
    # of 10,000 projects it is measured by the benchmark of the public pages
    client = Client()
    client.get(HERE)
    began = time.process_time()
    at = _send(client, HERE, **{_place(published, "bro"): "ute"})
    assert client.get(at).status_code == 200
    assert time.process_time() - began < 0.3


# ------------------------------------------------------------------- handed in


@pytest.fixture
def opened(published: Publication) -> Dialogue:
    """A dialogue about the whole plan, open now."""
    today = timezone.localdate()
    return Dialogue.objects.create(
        municipality=published.municipality,
        kind="plan",
        key="",
        title="Planen",
        level="konsultation",
        decides="Kommunfullmäktige",
        opens=today - dt.timedelta(days=1),
        closes=today + dt.timedelta(days=10),
        owner_role="Kommunchefen",
        moderation="after",
        state=Dialogue.State.OPEN,
    )


def _hidden(text: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', text)
    assert found is not None
    return unescape(found[1])


def test_a_plan_is_handed_in_as_a_comment(
    published: Publication, opened: Dialogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(public_form, "LEAST_SECONDS", 0.0)
    code = _without(published, "skola").code
    client = Client()
    assert f"{HERE}{code}/lamna/" in client.get(f"{HERE}{code}/").content.decode()
    answer = client.get(f"{HERE}{code}/lamna/")
    assert answer["Cache-Control"] == "no-store"
    assert not answer.cookies
    stamp = _hidden(answer.content.decode(), "stampel")
    fields = {"text": "Vänta med skolan.", "namn": "Eva", "stampel": stamp}
    # without words it comes back with what was wrong
    assert client.post(f"{HERE}{code}/lamna/", {"stampel": stamp}).status_code == 422
    sent = client.post(f"{HERE}{code}/lamna/", fields)
    assert sent.status_code == 303
    comment = Comment.objects.get()
    assert (comment.plan, comment.item_kind, comment.item_key) == (code, "plan", "")
    assert comment.text == "Vänta med skolan."
    # the stamp of one plan does not hand in another
    other = _without(published, "bro").code
    refused = client.post(f"{HERE}{other}/lamna/", fields)
    assert refused.status_code == 429
    assert "Vänta med skolan." in _text(refused)
    assert Comment.objects.count() == 1


def test_nothing_is_handed_in_where_no_dialogue_is_open(published: Publication) -> None:
    code = _without(published, "skola").code
    text = _text(Client().get(f"{HERE}{code}/"))
    assert "ingen dialog om planen är öppen" in text
    assert Client().get(f"{HERE}{code}/lamna/").status_code == 409
    assert Client().post(f"{HERE}{code}/lamna/", {"text": "x"}).status_code == 409
    assert not Comment.objects.exists()

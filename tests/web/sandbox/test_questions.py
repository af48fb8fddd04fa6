"""Do the residents' questions keep what they promise: few, anonymous, and counted once?"""

from __future__ import annotations

import json
import re
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from django.utils import timezone
from web.public.conftest import public_data
from web.sandbox.conftest import sandbox_data

from rodtrad.web import public_form, public_parts, residents
from rodtrad.web.models import Event, Municipality
from rodtrad.web.models.sandbox import ResidentAnswer, ResidentRegion
from rodtrad.web.views import public_questions, public_sandbox

if TYPE_CHECKING:
    from web.conftest import ClientFor
    from web.sandbox.conftest import Publish

    from rodtrad.web.models import Publication

HERE = "/oppet/liten/fragor/"
STAFF = "/liten/enighet/invanare/"


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test reads faster than a person."""
    monkeypatch.setattr(public_form, "LEAST_SECONDS", 0.0)


def _fields(text: str) -> dict[str, str]:
    """The hidden fields of the form that goes on."""
    form = text.rpartition("<form")[2] if 'value="lamna"' in text else text
    return {
        name: unescape(value)
        for name, value in re.findall(
            r'<input type="hidden" name="(\w+)" value="([^"]*)"', form
        )
    }


def _answered(client: Client, better: str) -> str:
    """Answer every question the same way and return the page after the last."""
    text = client.post(HERE, {"gor": "borja"}).content.decode()
    for number in range(1, 8):
        if 'name="svar"' not in text:
            return text
        assert f"Fråga {number} av högst 6" in text
        form = text[text.index('class="choice"') :].partition("</form>")[0]
        text = client.post(HERE, {**_fields(form), "svar": better}).content.decode()
    pytest.fail("more than six questions")


def _handed_in(better: str = "first", group: str = "30-49") -> Any:
    client = Client()
    fields = _fields(_answered(client, better))
    return client.post(HERE, {**fields, "gor": "lamna", "alder": group})


# -------------------------------------------------------------------- answering


def test_at_most_six_questions_and_nothing_kept_on_the_way(
    published: Publication,
) -> None:
    client = Client()
    first = client.get(HERE)
    assert first["Cache-Control"].startswith("public")
    assert "har själv valt att göra det" in first.content.decode()
    text = _answered(client, "first")
    assert "Så väger du" in text
    assert not client.cookies
    assert not ResidentAnswer.objects.exists()


def test_answers_are_kept_with_an_age_group_and_no_more(published: Publication) -> None:
    answer = _handed_in("second", "65-")
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    assert "Tack för svaren" in answer.content.decode()
    kept = ResidentAnswer.objects.get()
    assert kept.age_group == "65-"
    assert sum(kept.weights.values()) == pytest.approx(1)
    assert {f.name for f in ResidentAnswer._meta.get_fields()} == {
        "id",
        "municipality",
        "publication",
        "answers",
        "weights",
        "swings",
        "age_group",
        "once",
        "day",
    }


def test_the_same_form_sent_twice_counts_once(published: Publication) -> None:
    client = Client()
    fields = {**_fields(_answered(client, "first")), "gor": "lamna", "alder": ""}
    for _time in range(3):
        assert client.post(HERE, fields).status_code == 200
    assert ResidentAnswer.objects.count() == 1


def test_one_can_go_back(published: Publication) -> None:
    client = Client()
    text = client.post(HERE, {"gor": "borja"}).content.decode()
    form = text[text.index('class="choice"') :].partition("</form>")[0]
    second = client.post(HERE, {**_fields(form), "svar": "first"}).content.decode()
    back = _fields(second[second.index('class="under"') :])
    again = client.post(HERE, {**back, "gor": "tillbaka"}).content.decode()
    assert "Fråga 1 av högst 6" in again
    assert _fields(form)["fraga"] in unescape(again)


def test_skipping_all_says_nothing_and_cannot_be_handed_in(
    published: Publication,
) -> None:
    text = _answered(Client(), "skip")
    assert "säger ännu inget" in text
    assert 'value="lamna"' not in text
    carried = _fields(text)["hittills"]
    sent = Client().post(
        HERE, {"gor": "lamna", "hittills": carried, "en_gang": "0" * 32, "alder": ""}
    )
    assert sent.status_code == 200
    assert not ResidentAnswer.objects.exists()


def test_answers_that_cannot_all_be_meant_are_told(published: Publication) -> None:
    carried = [
        ["nytta", "klimat", None, "first"],
        ["klimat", "skick", None, "first"],
        ["skick", "nytta", None, "first"],
    ]
    sent = {"gor": "lamna", "hittills": json.dumps(carried), "en_gang": "0" * 32}
    answer = Client().post(HERE, {**sent, "alder": ""})
    assert "Svaren går inte ihop" in answer.content.decode()
    assert not ResidentAnswer.objects.exists()


@pytest.mark.parametrize(
    "carried",
    [
        "{",
        "{}",
        "[1]",
        "[[]]",
        '[["nytta","nytta",null,"first"]]',
        '[["nytta","pengar",null,"first"]]',
        '[["nytta",null,"2","first"]]',
        '[["nytta",null,"1/0","first"]]',
        '[["nytta",null,"1e99999999","first"]]',
        '[["nytta",null,"٢/٣","first"]]',
        '[["nytta","klimat",null,"bäst"]]',
        '[["nytta","klimat",null,"first"],["nytta","klimat",null,"first"]]',
        '[["nytta","klimat",null,["first"]]]',
        "[" * 3000,
        "9" * 10_000,
        json.dumps([["nytta", None, f"0.{n}1", "first"] for n in range(7)]),
        '[["nytta","klimat",null,"<script>alert(1)</script>"]]',
        "\u202e\u200b",
    ],
)
def test_what_no_form_carries_is_refused(carried: str, published: Publication) -> None:
    answer = Client().post(HERE, {"gor": "svara", "hittills": carried})
    assert answer.status_code == 400
    text = answer.content.decode()
    assert "Frågan gick inte att läsa" in text
    assert "<script>alert" not in text


@pytest.mark.parametrize(
    "change",
    [{"en_gang": ""}, {"en_gang": "x" * 32}, {"alder": "17"}, {"alder": "<b>"}],
)
def test_what_the_last_form_never_sends_is_refused(
    change: dict[str, str], published: Publication
) -> None:
    fields = {**_fields(_answered(Client(), "first")), "gor": "lamna", "alder": ""}
    assert Client().post(HERE, {**fields, **change}).status_code == 400
    assert not ResidentAnswer.objects.exists()


def test_without_the_stamp_nothing_is_kept(published: Publication) -> None:
    fields = {**_fields(_answered(Client(), "first")), "gor": "lamna", "alder": ""}
    del fields["stampel"]
    answer = Client().post(HERE, fields)
    assert answer.status_code == 429
    assert not ResidentAnswer.objects.exists()


def test_a_school_may_answer_but_not_for_a_whole_town(published: Publication) -> None:
    fields = _fields(_answered(Client(), "first"))
    codes = []
    for n in range(45):
        once = f"{n:032x}"
        sent = {
            **fields,
            "en_gang": once,
            "stampel": public_form.sign(f"fragor|{once}"),
        }
        codes.append(
            Client().post(HERE, {**sent, "gor": "lamna", "alder": ""}).status_code
        )
    assert codes[:40] == [200] * 40
    assert set(codes[40:]) == {429}
    assert ResidentAnswer.objects.count() == 40
    # somebody else is not stopped by it
    once = f"{99:032x}"
    sent = {**fields, "en_gang": once, "stampel": public_form.sign(f"fragor|{once}")}
    other = Client(REMOTE_ADDR="198.51.100.7")
    assert other.post(HERE, {**sent, "gor": "lamna", "alder": ""}).status_code == 200


def test_with_one_criterion_there_is_nothing_to_ask(publish: Publish) -> None:
    publish(public_data())
    assert "Inget att väga" in Client().get(HERE).content.decode()
    assert "Inget att väga" in Client().post(HERE, {"gor": "borja"}).content.decode()


# ------------------------------------------------------------ what the staff sees


def _answers(published: Publication, n: int, group: str, better: str) -> None:
    """Keep many answers without asking each question."""
    known = residents.swings_of(published)
    carried = residents.carried(
        json.dumps(
            [["nytta", "klimat", None, better], ["skick", "klimat", None, "second"]]
        ),
        known,
    )
    for i in range(n):
        assert residents.hand_in(published, carried, group, f"{group}{better}{i}")


def test_nothing_is_told_of_too_few(
    published: Publication, client_for: ClientFor
) -> None:
    _answers(published, 19, "30-49", "first")
    client = client_for("ekonom")
    assert client.post(STAFF).status_code == 302
    assert residents.reckon_waiting() == 1
    region = ResidentRegion.objects.get()
    assert (region.state, region.result) == ("done", {})
    text = client.get(STAFF).content.decode()
    assert "Färre än 20 har svarat" in text
    words = re.sub(r"<[^>]*>", " ", text.partition("<main")[2])
    # the moment when it was counted may have any number
    assert "19" not in re.sub(r"[\d-]{10} \d\d\.\d\d", "", words)


def test_the_region_stands_beside_the_parties(
    published: Publication, client_for: ClientFor
) -> None:
    _answers(published, 12, "16-29", "second")
    _answers(published, 12, "65-", "first")
    _answers(published, 3, "50-64", "first")
    _answers(published, 2, "", "first")
    client = client_for("ekonom")
    client.post(STAFF)
    # asked for twice it is reckoned once
    client.post(STAFF)
    assert "väntar eller pågår" in client.get(STAFF).content.decode()
    assert residents.reckon_waiting() == 1
    assert Event.objects.filter(action="residents.asked").count() == 1
    region = ResidentRegion.objects.get()
    told = region.result["region"]
    assert told["answers"] == 27  # two who did not say their age are too few to count
    assert [cell["answers"] for cell in told["cells"]] == [15, 12]
    assert all(cell["answers"] >= 5 for cell in told["cells"])
    assert sum(told["mean"]) == pytest.approx(1)
    assert told["weighted"]
    bro = next(r for r in region.result["map"]["projects"] if r["project_id"] == "bro")
    assert (bro["parties"], bro["residents"], bro["differ"]) == ("alla", "alla", "no")
    text = client.get(STAFF).content.decode()
    assert "27 svar" in text
    assert "har själva valt att göra det" in text
    assert "Fullmäktige beslutar" in text
    assert "16–29 år, 30–49 år, 50–64 år" in text
    assert STAFF in client.get("/liten/enighet/").content.decode()


def test_answers_about_other_projects_do_not_count(
    published: Publication, publish: Publish
) -> None:
    def heard(publication: Publication) -> int:
        found = residents.reckon(publication)
        return found["region"]["answers"] if found else 0

    _answers(published, 25, "30-49", "first")
    assert heard(published) == 25
    data = sandbox_data()
    for row in data["scores"]:
        if row["criterion"] == "klimat" and row["project_id"] == "bro":
            row["score"] = 100.0
    second = publish(data)
    assert heard(second) == 0
    # while a version with the same worst and best still counts them
    third = publish(sandbox_data())
    assert heard(third) == 25


def test_answers_on_the_way_are_lost_when_the_questions_change(
    published: Publication, publish: Publish
) -> None:
    client = Client()
    last = _answered(client, "first")
    fields = {**_fields(last), "gor": "lamna", "alder": ""}
    data = sandbox_data()
    for row in data["scores"]:
        if row["criterion"] == "klimat" and row["project_id"] == "bro":
            row["score"] = 100.0
    publish(data)
    answer = client.post(HERE, fields)
    assert answer.status_code == 409
    assert "en ny version medan du svarade" in answer.content.decode()
    assert not ResidentAnswer.objects.exists()


def test_one_that_fails_says_so_and_does_not_stop_the_next(
    published: Publication, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_for("ekonom")
    client.post(STAFF)

    def broken(_publication: object) -> dict[str, object]:
        raise RuntimeError("broken")

    monkeypatch.setattr(residents, "reckon", broken)
    with pytest.raises(RuntimeError):
        residents.reckon_waiting()
    assert ResidentRegion.objects.get().state == "failed"
    assert "gick inte" in client.get(STAFF).content.decode()
    monkeypatch.undo()
    client.post(STAFF)
    assert residents.reckon_waiting() == 1


def test_who_may_only_read_asks_for_nothing(
    published: Publication, client_for: ClientFor
) -> None:
    client = client_for("lasare")
    assert client.get(STAFF).status_code == 200
    assert client.post(STAFF).status_code == 403
    assert not ResidentRegion.objects.exists()


# ------------------------------------------------------------ what everyone sees


def test_everyone_sees_the_region_and_that_nobody_was_chosen(
    published: Publication, client_for: ClientFor
) -> None:
    at = f"{HERE}svaren/"
    assert "när minst 20 har svarat" in Client().get(at).content.decode()
    assert f'href="{at}"' in Client().get(HERE).content.decode()
    _answers(published, 12, "16-29", "second")
    _answers(published, 12, "65-", "first")
    client_for("ekonom").post(STAFF)
    residents.reckon_waiting()
    public_parts.forget()
    answer = Client().get(at)
    text = answer.content.decode()
    assert "24 svar" in text
    assert "har själva valt att göra det" in text
    assert "Partierna" in text
    assert not answer.cookies
    # a project that is not shown any more is left out of the distance too
    region = ResidentRegion.objects.get()
    region.result["map"]["distance"] = {
        "at_least": 0.1,
        "at_most": 0.2,
        "project_id": "borta",
        "none": False,
    }
    region.save()
    public_parts.forget()
    text = Client().get(at).content.decode()
    assert "behöver minst 10" in text
    assert "””" not in text
    # nothing of a version that is taken back
    type(published).objects.update(withdrawn_at=published.published_at)
    assert Client().get(at).status_code == 404


def test_a_new_region_tells_of_no_fewer_than_five(
    published: Publication, client_for: ClientFor
) -> None:
    _answers(published, 12, "16-29", "second")
    _answers(published, 12, "65-", "first")
    client = client_for("ekonom")

    def reckoned() -> dict[str, Any]:
        client.post(STAFF)
        assert residents.reckon_waiting() == 1
        newest = ResidentRegion.objects.first()
        assert newest is not None
        found: dict[str, Any] = newest.result
        return found

    first = reckoned()
    # one more answer moves nothing: by subtracting, it would be told
    _answers(published, 1, "30-49", "first")
    assert reckoned() == first
    # nor do five of which one alone is in its cell
    _answers(published, 4, "65-", "second")
    assert reckoned() == first
    _answers(published, 1, "65-", "equal")
    _answers(published, 4, "30-49", "second")
    second = reckoned()
    assert second["region"]["answers"] == 34
    assert second["region"]["mean"] != first["region"]["mean"]


def test_a_region_waits_for_the_one_that_is_being_reckoned(
    published: Publication, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two at once would both follow the same, and might differ by one answer."""
    monkeypatch.setattr(residents, "reckon", lambda _publication: {})
    place = published.municipality
    under = ResidentRegion.objects.create(
        municipality=place,
        publication=published,
        state="running",
        started_at=timezone.now(),
    )
    client_for("ekonom").post(STAFF)
    assert residents.reckon_waiting() == 0
    ResidentRegion.objects.filter(pk=under.pk).update(state="done")
    heard = Municipality.objects.get(pk=place.pk).heard
    assert residents.reckon_waiting() == 1
    # what everyone reads has changed, and no event says so
    assert Municipality.objects.get(pk=place.pk).heard == heard + 1


def test_only_shares_that_are_asked_about_are_reckoned(published: Publication) -> None:
    for share, status in (("1/2", 200), ("1/4", 200), ("123/1000", 400), ("1/3", 400)):
        sent = {"gor": "svara", "svar": "first", "hittills": ""}
        sent["fraga"] = json.dumps(["nytta", None, share, "skip"])
        assert Client().post(HERE, sent).status_code == status, share


def test_whoever_asks_without_end_is_told_to_wait(
    published: Publication, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(public_questions, "_MOST_STEPS", (3, 60))
    monkeypatch.setattr(public_sandbox, "_MOST", (3, 60))
    for at, sent in ((HERE, {"gor": "borja"}), ("/oppet/liten/prova/", {"p0": "ute"})):
        codes = [Client().post(at, sent).status_code for _n in range(4)]
        assert 429 not in codes[:3], at
        assert codes[3] == 429, at
        # somebody else goes on
        other = Client(REMOTE_ADDR="198.51.100.7")
        assert other.post(at, sent).status_code != 429

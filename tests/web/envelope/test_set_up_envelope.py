"""Does staff set up, look through, count and publish by the rules, and is it logged?"""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.utils import timezone
from web.envelope.conftest import day

from rodtrad.dialogue.checking import check_outcome
from rodtrad.dialogue.envelope import distribute
from rodtrad.sources.envelope_folder import read_envelope
from rodtrad.sources.pabulib import read_pabulib
from rodtrad.web import envelope_ballots, envelope_redress, envelopes
from rodtrad.web.models import Event
from rodtrad.web.models.envelope import Envelope

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_django import DjangoAssertNumQueries
    from web.conftest import ClientFor
    from web.envelope.conftest import MakeEnvelope

    from rodtrad.web.models import Municipality, Publication

AT = "/liten/pott/1/"
PB = """META
key;value
description;Quarter
country;Poland
unit;Town
num_projects;2
num_votes;3
budget;100.50
vote_type;cumulative
PROJECTS
project_id;cost;name
p1;60;Bench
p2;40.25;=Tree
VOTES
voter_id;age;sex;vote;points
anna;34;F;p1,p2;2,1
bo;51;M;p1;3
cy;19;F;p2;3
"""


def facts(**change: Any) -> dict[str, Any]:
    """A filled form."""
    found: dict[str, Any] = {
        "name": "Byns pott",
        "sum_ore": "250 000",
        "who": "codes",
        "rule": "equal_shares",
        "completion": "add1",
        "binding": "on",
        "proposals_from": day(0).isoformat(),
        "proposals_to": day(3).isoformat(),
        "votes_from": day(5).isoformat(),
        "votes_to": day(9).isoformat(),
    }
    return found | change


def test_an_envelope_is_set_up_opened_and_logged(
    client_for: ClientFor, published: Publication
) -> None:
    staff = client_for("ekonom")
    form = staff.get("/liten/pott/ny/?projekt=skola").content.decode()
    assert 'value="skola" selected' in form
    sent = facts(project_id="skola", decides="Kommunstyrelsen")
    assert staff.post("/liten/pott/ny/", sent).status_code == 302
    envelope = Envelope.objects.get()
    assert envelope.sum_ore == 250_000_00
    assert envelope.phase() == "draft"
    assert Client().get(f"/oppet{AT}").status_code == 404
    assert staff.post(f"{AT}oppna/").status_code == 302
    envelope.refresh_from_db()
    assert envelope.phase() == "proposals"
    assert Client().get(f"/oppet{AT}").status_code == 200
    assert staff.get(AT).status_code == 200
    assert staff.get("/liten/pott/").status_code == 200
    done = Event.objects.filter(object_type="envelope").values_list("action", flat=True)
    assert set(done) == {"envelope.created", "envelope.opened"}


def test_the_sum_has_room_for_each_proposal(
    make_envelope: MakeEnvelope, client_for: ClientFor
) -> None:
    make_envelope(state="draft", votes_from=day(5), votes_to=day(6))
    answer = client_for("ekonom").post(f"{AT}andra/", facts(sum_ore="699"))
    assert answer.status_code == 422
    assert "Cykelbana" in answer.content.decode()
    fits = facts(sum_ore="700", name="Ny\r\nMETA")
    assert client_for("chef").post(f"{AT}andra/", fits).status_code == 302
    assert Envelope.objects.get().name == "Ny META"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"sum_ore": "tio"}, "hela kronor"),
        ({"sum_ore": "0"}, "mellan 1 och"),
        ({"sum_ore": "9" * 40}, "hela kronor"),
        ({"votes_to": day(4).isoformat()}, "före den första"),
        ({"votes_from": day(3).isoformat()}, "efter sista dagen för förslag"),
        ({"proposals_to": ""}, "båda dagarna"),
        ({"project_id": "finns-inte"}, "finns-inte"),
        ({"who": "x"}, "x"),
    ],
)
def test_a_form_that_cannot_be_is_told_of(
    change: dict[str, str], told: str, client_for: ClientFor, liten: Municipality
) -> None:
    answer = client_for("ekonom").post("/liten/pott/ny/", facts(**change))
    assert answer.status_code == 422
    assert told in answer.content.decode()
    assert not Envelope.objects.exists()


def test_what_people_have_voted_for_stands_fast(
    make_envelope: MakeEnvelope, client_for: ClientFor
) -> None:
    envelope = make_envelope()
    staff = client_for("ekonom")
    form = staff.get(f"{AT}andra/").content.decode()
    assert 'name="sum_ore"' not in form
    shorter = {"votes_to": day(0).isoformat()}
    assert staff.post(f"{AT}andra/", shorter).status_code == 422
    longer = {"votes_to": day(4).isoformat(), "sum_ore": "9"}
    assert staff.post(f"{AT}andra/", longer).status_code == 302
    envelope.refresh_from_db()
    assert (envelope.sum_ore, envelope.votes_to) == (1_100_00, day(4))
    new = {"name": "Sent", "cost_ore": "5"}
    assert staff.post(f"{AT}forslag/ny/", new).status_code == 422
    change = {"name": "Park", "cost_ore": "5", "state": "shown"}
    # all that is left to change are words with personal data in them
    at = staff.post(f"{AT}forslag/3/", change).headers["Location"]
    assert at == f"{AT}forslag/3/orden/"
    with pytest.raises(envelopes.RefusedError):
        envelopes.decide_proposal(
            None,  # type: ignore[arg-type]
            envelope.proposals.get(number=3),
            {"cost_ore": 5, "state": "shown"},
        )
    assert envelope.proposals.get(number=3).cost_ore == 250_00
    with pytest.raises(envelopes.RefusedError):
        envelopes.change(None, envelope, {"sum_ore": 5})  # type: ignore[arg-type]


def test_nobody_counts_before_the_vote_is_closed(
    make_envelope: MakeEnvelope, client_for: ClientFor, published: Publication
) -> None:
    make_envelope()
    staff = client_for("ekonom")
    staff.post(f"{AT}rakna/")
    assert staff.get(f"{AT}valsedlar.pb").status_code == 404
    assert Envelope.objects.get().result is None
    Envelope.objects.update(votes_to=day(-1))
    staff.post(f"{AT}rakna/")  # without a ballot there is nothing to count
    assert Envelope.objects.get().state == "open"
    staff.post(f"{AT}publicera/")
    assert Envelope.objects.get().state == "open"


def paper(staff: Client, keys: str, **more: Any) -> Any:
    """Register a ballot on paper."""
    text = staff.get(f"{AT}papper/").content.decode()
    nonce = text.split('name="blankett" value="')[1].split('"')[0]
    sent = {"val": list(keys), "blankett": nonce, **more}
    return staff.post(f"{AT}papper/", sent)


def test_paper_counts_like_the_rest_and_asks_for_a_new_count(
    make_envelope: MakeEnvelope, client_for: ClientFor, published: Publication
) -> None:
    envelope = make_envelope()
    staff = client_for("ekonom")
    answer = paper(staff, "45")
    assert answer.status_code == 200
    assert "Valsedeln är införd" in answer.content.decode()
    assert paper(staff, "123").status_code == 422
    Envelope.objects.update(votes_from=day(-3), votes_to=day(-1))
    staff.post(f"{AT}rakna/")
    assert Envelope.objects.get(result__ballots=1)
    # whoever has seen the result adds nothing to it
    assert paper(staff, "4").status_code == 422
    assert staff.get(f"{AT}valsedlar.pb").status_code == 404
    assert staff.post(f"{AT}riv-upp/", {"why": ""}).status_code == 422
    assert Envelope.objects.get(result__ballots=1).state == "counted"
    assert staff.post(f"{AT}riv-upp/", {"why": "En låda glömdes."}).status_code == 302
    assert "En låda glömdes." in Client().get(f"/oppet{AT}").content.decode()
    assert Event.objects.get(action="envelope.torn_up").note == "En låda glömdes."
    assert paper(staff, "4").status_code == 200
    now = Envelope.objects.get()
    assert (now.state, now.paper, now.result) == ("open", 2, None)
    staff.post(f"{AT}rakna/")
    assert staff.post(f"{AT}riv-upp/", {"why": "x"}).status_code == 302
    staff.post(f"{AT}rakna/")
    staff.post(f"{AT}publicera/")
    assert Envelope.objects.get(result__ballots=2).state == "published"
    assert paper(staff, "4").status_code == 422
    # nothing in the log says what stood on a ballot, or which it is
    log = str(list(Event.objects.filter(action="envelope.paper").values()))
    assert all(one.number not in log for one in envelope.ballots.all())
    back = read_pabulib(staff.get(f"{AT}valsedlar.pb").content)[0]
    assert sorted(len(one.marks) for one in back.ballots) == [1, 2]
    assert back.name == "Byns pott"


def take_in(staff: Client, data: bytes) -> Any:
    """Send a file."""
    file = SimpleUploadedFile("vote.pb", data)
    return staff.post("/liten/pott/las-in/", {"file": file})


def test_a_vote_from_elsewhere_is_read_counted_and_given_back(
    client_for: ClientFor, published: Publication
) -> None:
    staff = client_for("ekonom")
    assert take_in(staff, PB.encode()).status_code == 302
    envelope = Envelope.objects.get()
    assert (envelope.kind, envelope.sum_ore) == ("cumulative", 100_50)
    # the numbers of the file may be people: they are not kept
    assert "anna" not in str(list(envelope.ballots.values()))
    assert Client().get(f"/oppet{AT}").status_code == 404
    assert staff.post(f"{AT}oppna/").status_code == 302
    assert Envelope.objects.get().state == "draft"
    new = {"name": "Sent", "cost_ore": "5"}
    assert staff.post(f"{AT}forslag/ny/", new).status_code == 422
    assert staff.get(f"{AT}andra/").status_code == 200
    assert staff.get(AT).status_code == 200
    back, noted = read_pabulib(staff.get(f"{AT}valsedlar.pb").content)
    assert not noted
    first = read_pabulib(PB.encode())[0]
    assert (back.sum_ore, back.kind, back.proposals) == (
        first.sum_ore,
        first.kind,
        first.proposals,
    )
    assert sorted(one.marks for one in back.ballots) == sorted(
        one.marks for one in first.ballots
    )
    staff.post(f"{AT}rakna/")
    staff.post(f"{AT}publicera/")
    text = Client().get(f"/oppet{AT}resultat/").content.decode()
    assert "Bench" in text
    for path in ("", "kvitton/", "fil/receipts.csv"):
        assert Client().get(f"/oppet{AT}{path}").status_code == 200


def test_what_is_published_of_a_file_verifies_whatever_its_words(
    client_for: ClientFor, published: Publication, tmp_path: Path
) -> None:
    """Signs that are not seen are taken away, and long names cut; both are read again."""
    odd = PB.replace("Bench", "\u200b").replace("=Tree", "x" * 299 + " y")
    odd = odd.replace("unit;Town", "META\u200b;\nunit;\u202e")
    odd = odd.replace("Quarter", "\u200b")
    staff = client_for("ekonom")
    assert take_in(staff, odd.encode()).status_code == 302
    assert Envelope.objects.get().name == "vote.pb"
    staff.post(f"{AT}rakna/")
    pack = Envelope.objects.get(state="counted").pack
    with zipfile.ZipFile(io.BytesIO(bytes(pack or b""))) as packed:
        packed.extractall(tmp_path)
    counted, noted = read_pabulib((tmp_path / "ballots.pb").read_bytes())
    assert not noted
    assert check_outcome(counted, *read_envelope(tmp_path)) == []


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"\xff\xfe\x00",
        PB.replace("bo;51", "anna;51").encode(),
        PB.replace("p1;60", "p1;sixty").encode(),
        PB.split("VOTES")[0].encode() + b"VOTES\nvoter_id;vote\n",
        PB.replace("100.50", "9" * 14).encode(),
    ],
    ids=["empty", "text", "utf16", "twice", "cost", "no-votes", "huge"],
)
def test_a_bad_file_is_told_of_and_leaves_nothing(
    data: bytes, client_for: ClientFor, liten: Municipality
) -> None:
    answer = take_in(client_for("ekonom"), data)
    assert answer.status_code == 422
    assert not Envelope.objects.exists()


def test_who_may_do_what(make_envelope: MakeEnvelope, client_for: ClientFor) -> None:
    make_envelope()
    reader = client_for("lasare")
    assert reader.get(AT).status_code == 200
    for path in ("andra/", "koder/", "papper/", "forslag/3/", "resultat/"):
        assert reader.get(f"{AT}{path}").status_code == 403, path
    for path in ("rakna/", "publicera/", "oppna/", "koder/", "papper/"):
        assert reader.post(f"{AT}{path}").status_code == 403, path


def test_pages_ask_the_database_a_bounded_number_of_times(
    make_envelope: MakeEnvelope,
    client_for: ClientFor,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for _n in range(4):
        make_envelope()
    staff = client_for("ekonom")
    staff.get("/liten/pott/")
    with django_assert_max_num_queries(16):
        staff.get("/liten/pott/")
    with django_assert_max_num_queries(18):
        staff.get(AT)


def test_a_vote_that_is_closed_is_not_opened_again(
    make_envelope: MakeEnvelope, client_for: ClientFor, published: Publication
) -> None:
    envelope = make_envelope(votes_from=day(-3), votes_to=day(-1))
    staff = client_for("ekonom")
    later = {"votes_to": day(4).isoformat(), "about": "Nytt"}
    assert staff.post(f"{AT}andra/", later).status_code == 422
    with pytest.raises(envelopes.RefusedError):
        envelopes.change(None, envelope, {"votes_to": day(4)})  # type: ignore[arg-type]
    assert Envelope.objects.get().phase() == "closed"
    same = {"votes_to": day(-1).isoformat(), "about": "Nytt"}
    assert staff.post(f"{AT}andra/", same).status_code == 302
    assert Envelope.objects.get().about == "Nytt"


def test_two_who_change_an_envelope_at_once_are_told(
    make_envelope: MakeEnvelope, client_for: ClientFor
) -> None:
    make_envelope(votes_from=day(5), votes_to=day(6))
    staff = client_for("ekonom")
    form = staff.get(f"{AT}andra/").content.decode()
    seen = form.split('name="seen" value="')[1].split('"')[0]
    first = facts(sum_ore="2 000", seen=seen)
    assert staff.post(f"{AT}andra/", first).status_code == 302
    # another had the page open with the sum as it was, and changes the name alone
    second = facts(sum_ore="1 100", name="Ny pott", seen=seen)
    answer = staff.post(f"{AT}andra/", second)
    assert answer.status_code == 422
    assert "Någon annan har ändrat potten" in answer.content.decode()
    envelope = Envelope.objects.get()
    assert (envelope.sum_ore, envelope.name) == (2_000_00, "Byns pott")


def test_two_who_decide_of_a_proposal_at_once_are_told(
    make_envelope: MakeEnvelope, client_for: ClientFor
) -> None:
    envelope = make_envelope(votes_from=day(5), votes_to=day(6))
    staff, at = client_for("ekonom"), f"{AT}forslag/3/"
    seen = staff.get(at).content.decode().split('name="seen" value="')[1].split('"')[0]
    first = {"name": "Park", "cost_ore": "5", "state": "shown", "seen": seen}
    assert staff.post(at, first).status_code == 302
    second = first | {"cost_ore": "6"}
    answer = staff.post(at, second)
    assert answer.status_code == 422
    assert "Någon annan har ändrat förslaget" in answer.content.decode()
    assert envelope.proposals.get(number=3).cost_ore == 500


def test_personal_data_are_taken_out_of_what_is_voted_for_and_published(
    make_envelope: MakeEnvelope,
    client_for: ClientFor,
    published: Publication,
    tmp_path: Path,
) -> None:
    envelope = make_envelope()
    row = envelope.proposals.get(number=4)
    type(row).objects.filter(pk=row.pk).update(
        name="Lekplats hos Eva Lind", text="Ring 070-123 45 67."
    )
    staff = client_for("ekonom")
    for keys in ("45", "45", "3"):
        assert paper(staff, keys).status_code == 200
    assert "Eva Lind" in Client().get(f"/oppet{AT}").content.decode()
    Envelope.objects.update(votes_from=day(-3), votes_to=day(-1))
    staff.post(f"{AT}rakna/")
    staff.post(f"{AT}publicera/")
    before = Envelope.objects.get()
    at = f"{AT}forslag/4/orden/"
    assert "070-123 45 67" in staff.get(at).content.decode()
    assert staff.post(at, {"name": "Lekplats", "text": ""}).status_code == 302
    after = Envelope.objects.get()
    assert before.result is not None
    assert after.result is not None
    assert before.result["ballots_sha256"] == after.result["ballots_sha256"]
    assert before.pack_hash != after.pack_hash
    for path in ("", "resultat/", "kvitton/", "fil/ballots.pb", "fil/envelope.json"):
        assert "Eva Lind" not in Client().get(f"/oppet{AT}{path}").content.decode()
    # and what is downloaded is still right
    with zipfile.ZipFile(io.BytesIO(bytes(after.pack or b""))) as packed:
        packed.extractall(tmp_path)
    counted, noted = read_pabulib((tmp_path / "ballots.pb").read_bytes())
    assert not noted
    assert check_outcome(counted, *read_envelope(tmp_path)) == []
    assert "Eva" not in str(list(Event.objects.values_list("before", "after", "note")))


def test_what_nobody_could_vote_for_is_thinned_some_time_after(
    make_envelope: MakeEnvelope, published: Publication
) -> None:
    envelope = make_envelope(state="published")
    rows = envelope.proposals
    rows.update(text="Ord", from_resident=True)
    rows.filter(number=2).update(state="hidden")
    rows.filter(number=3).update(state="refused", reason="För dyrt")
    rows.filter(number=4).update(state="waiting")
    days = envelope_redress.THINNED_AFTER_DAYS
    promised = Client().get("/oppet/liten/personuppgifter/").content.decode()
    assert f"töms texten {days} dagar efter" in promised
    Envelope.objects.update(published_at=timezone.now() - dt.timedelta(days=days - 1))
    assert envelope_redress.thin_old() == 0
    Envelope.objects.update(published_at=timezone.now() - dt.timedelta(days=days + 1))
    assert envelope_redress.thin_old() == 3
    assert list(rows.order_by("number").values_list("name", "text")) == [
        ("Cykelbana", "Ord"),
        ("Förslag 2", ""),
        ("Park", ""),
        ("Förslag 4", ""),
        ("Bibliotek", "Ord"),
    ]
    assert envelope_redress.thin_old() == 0


def test_a_count_holds_nothing_and_sees_what_changed_meanwhile(
    make_envelope: MakeEnvelope,
    client_for: ClientFor,
    published: Publication,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, second = make_envelope(), make_envelope()
    staff = client_for("ekonom")
    paper(staff, "45")
    ballot = first.ballots.get()
    second.ballots.create(key="b" * 64, number="VB", marks=[["4", 1]])
    past = {"votes_from": day(-3), "votes_to": day(-1), "state": "counting"}
    Envelope.objects.update(**past)
    told: list[bool] = []

    def count(*given: Any) -> Any:
        told.append(connection.in_atomic_block and len(connection.savepoint_ids) > 0)
        if len(told) == 1:
            raise ArithmeticError("one that cannot be counted")
        if len(told) == 2:
            first.ballots.create(key="a" * 64, number="VA", marks=ballot.marks)
        return distribute(*given)

    monkeypatch.setattr(envelope_ballots, "distribute", count)
    # one has changed meanwhile, the other cannot be counted: neither stops the other
    assert envelope_ballots.count_due() == 0
    assert told == [False, False]
    states = dict(Envelope.objects.values_list("number", "state"))
    assert sorted(states.values()) == ["counting", "open"]
    assert envelope_ballots.count_due() == 1
    assert sorted(Envelope.objects.values_list("state", flat=True)) == [
        "counted",
        "open",
    ]


def test_a_new_count_that_fails_leaves_the_first_and_lets_nothing_more_in(
    make_envelope: MakeEnvelope,
    client_for: ClientFor,
    published: Publication,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_envelope()
    staff = client_for("ekonom")
    paper(staff, "45")
    Envelope.objects.update(votes_from=day(-3), votes_to=day(-1))
    staff.post(f"{AT}rakna/")
    first = Envelope.objects.get(state="counted").pack_hash
    monkeypatch.setattr(envelope_ballots, "AT_ONCE", 0)
    staff.post(f"{AT}rakna/")

    def broken(*_given: Any) -> Any:
        raise ArithmeticError("one that cannot be counted")

    monkeypatch.setattr(envelope_ballots, "distribute", broken)
    assert envelope_ballots.count_due() == 0
    # whoever has seen the result adds nothing to it, unless it is torn up in the open
    assert paper(staff, "4").status_code == 422
    assert Envelope.objects.get(state="counted").pack_hash == first


def test_what_is_voted_for_is_given_no_other_words(
    make_envelope: MakeEnvelope, client_for: ClientFor, published: Publication
) -> None:
    envelope = make_envelope()
    envelope.proposals.filter(number=3).update(text="En park. Ring Eva Lind, 070-1.")
    staff, page = client_for("ekonom"), f"/oppet{AT}"
    for number, name, text in ((3, "Lekplats", ""), (3, "Park", "En ny park.")):
        answer = staff.post(
            f"{AT}forslag/{number}/orden/", {"name": name, "text": text}
        )
        assert answer.status_code == 422
        assert "bara att ta bort ord" in answer.content.decode()
    assert "Ord togs bort" not in Client().get(page).content.decode()
    less = {"name": "Park", "text": "En park. Ring [borttaget]."}
    assert staff.post(f"{AT}forslag/3/orden/", less).status_code == 302
    told = Client().get(page).content.decode()
    assert "Ring [borttaget]" in told
    assert "Eva Lind" not in told
    # and everyone is told that it was done
    assert "Ord togs bort ur ett förslag" in told

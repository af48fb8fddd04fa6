"""Can a resident propose, vote once, and check the result, without leaving a trace?"""

from __future__ import annotations

import io
import re
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.test import Client
from web.envelope.conftest import BALLOTS, day

from rodtrad.dialogue.checking import check_outcome
from rodtrad.sources.envelope_folder import read_envelope
from rodtrad.sources.pabulib import read_pabulib_file
from rodtrad.web import envelope_ballots
from rodtrad.web.envelopes import RefusedError
from rodtrad.web.models import Event
from rodtrad.web.models.envelope import Ballot, Envelope, EnvelopeProposal, VotingCode

if TYPE_CHECKING:
    from pathlib import Path

    from django.test.client import _MonkeyPatchedWSGIResponse as Answer
    from pytest_django import DjangoAssertNumQueries
    from web.conftest import ClientFor
    from web.envelope.conftest import MakeEnvelope

    from rodtrad.web.models import Publication

pytestmark = pytest.mark.usefixtures("published", "quick")
AT = "/oppet/liten/pott/1/"


def hidden(answer: Answer) -> dict[str, str]:
    """The hidden fields of a page's form, as a browser would send them."""
    found = re.findall(
        r'<input type="hidden" name="(\w+)" value="([^"]*)"', answer.content.decode()
    )
    return dict(found)


def vote(keys: str, client: Client | None = None, **more: Any) -> Answer:
    """Fetch the ballot and send it."""
    who = client or Client()
    sent = hidden(who.get(f"{AT}rosta/")) | {"val": list(keys)} | more
    return who.post(f"{AT}rosta/", sent)


def receipt_of(answer: Answer) -> str:
    """The receipt code that a page shows."""
    found = re.search(r'id="kvittokod">([^<]+)<', answer.content.decode())
    assert found, answer.content.decode()
    return found[1]


def number_of(answer: Answer) -> str:
    """The ballot's number that a page shows."""
    found = re.search(r'id="valsedel">([^<]+)<', answer.content.decode())
    assert found
    return found[1]


def all_votes() -> list[str]:
    """Cast the eleven ballots of the example within the sum, and return the codes."""
    codes = []
    for keys in BALLOTS:
        answer = vote(keys)
        assert answer.status_code == 200, answer.content.decode()
        codes.append(receipt_of(answer))
    return codes


def test_a_ballot_is_cast_and_found_again_by_its_code(
    make_envelope: MakeEnvelope,
) -> None:
    envelope = make_envelope()
    answer = vote("45")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert not answer.cookies
    code = receipt_of(answer)
    ballot = envelope.ballots.get()
    assert ballot.marks == [["4", 1], ["5", 1]]
    assert number_of(answer) == ballot.number
    plain = code.replace("-", "")
    assert plain not in str(list(Ballot.objects.values()))
    page = Client().get(f"{AT}kvitton/")
    # however it is typed: small letters, spaces, O for 0
    typed = code.lower().replace("-", " ").replace("0", "o")
    shown = Client().post(f"{AT}kvitton/", hidden(page) | {"kod": typed})
    assert shown.status_code == 200
    text = shown.content.decode()
    assert ballot.number in text
    assert "Lekplats" in text
    assert "Cykelbana" not in text
    wrong = Client().post(f"{AT}kvitton/", hidden(page) | {"kod": "A" * 16})
    assert wrong.status_code == 422
    assert "Ingen valsedel har den koden" in wrong.content.decode()


def test_nothing_kept_ties_a_ballot_to_a_person(
    make_envelope: MakeEnvelope, client_for: ClientFor
) -> None:
    envelope = make_envelope(who="codes", state="draft")
    client = client_for("ekonom")
    codes = client.post("/liten/pott/1/koder/", {"count": "2"}).content.decode()
    Envelope.objects.update(state="open")
    events = Event.objects.count()
    vote("4", kod=codes.split()[1])
    assert Event.objects.count() == events
    columns = {field.name for field in Ballot._meta.get_fields()}
    assert columns == {"key", "envelope", "number", "marks"}
    assert {field.name for field in VotingCode._meta.get_fields()} == {
        "key",
        "envelope",
        "used",
    }
    # two who vote for the same have equal rows but for what is random
    assert len(Ballot.objects.get().key) == 64
    assert envelope.codes.filter(used=True).count() == 1


def test_the_same_form_sent_twice_is_one_ballot(make_envelope: MakeEnvelope) -> None:
    envelope = make_envelope()
    client = Client()
    sent = hidden(client.get(f"{AT}rosta/")) | {"val": ["4"]}
    assert client.post(f"{AT}rosta/", sent).status_code == 200
    again = client.post(f"{AT}rosta/", sent | {"val": ["5"]})
    assert again.status_code == 409
    assert "Rösten är redan lagd" in again.content.decode()
    assert envelope.ballots.get().marks == [["4", 1]]


def test_a_code_gives_one_vote(
    make_envelope: MakeEnvelope, client_for: ClientFor
) -> None:
    envelope = make_envelope(who="codes")
    made = client_for("ekonom").post("/liten/pott/1/koder/", {"count": "3"})
    assert made.headers["Content-Disposition"].startswith("attachment")
    codes = made.content.decode().split()[1:]
    assert len(set(codes)) == 3
    assert not any(
        code.replace("-", "") in str(list(VotingCode.objects.values()))
        for code in codes
    )
    assert vote("4", kod="").status_code == 422
    assert vote("4", kod="AAAA-AAAA-AAAA-AAAA").status_code == 422
    # a ballot that is refused leaves the code unused
    assert vote("", kod=codes[0]).status_code == 422
    assert vote("4", kod=codes[0].lower()).status_code == 200
    twice = vote("5", kod=codes[0])
    assert twice.status_code == 409
    assert "redan använd" in twice.content.decode()
    assert envelope.ballots.count() == 1


def test_two_forms_at_the_same_moment_are_one_ballot(
    make_envelope: MakeEnvelope, client_for: ClientFor
) -> None:
    """Both have passed the question whether the ballot is there already."""
    envelope = make_envelope(who="codes")
    made = client_for("ekonom").post("/liten/pott/1/koder/", {"count": "2"})
    first, second = made.content.decode().split()[1:]
    receipt = envelope_ballots.receipt_code(envelope, envelope_ballots.new_nonce())
    envelope_ballots._store(envelope, ["4"], first, receipt)
    with pytest.raises(envelope_ballots.TwiceError):
        envelope_ballots._store(envelope, ["5"], second, receipt)
    assert envelope.ballots.get().marks == [["4", 1]]
    # the code of the one that was not taken may still be used
    assert envelope.codes.filter(used=True).count() == 1
    assert vote("5", kod=second).status_code == 200


def test_a_ballot_keeps_within_the_sum_and_the_list(
    make_envelope: MakeEnvelope,
) -> None:
    envelope = make_envelope()
    over = vote("123")
    assert over.status_code == 422
    text = over.content.decode().replace("\xa0", " ")
    assert "kostar 250 kronor mer än summan" in text
    assert text.count(" checked") == 3
    assert vote("").status_code == 422
    assert vote("9").status_code == 422
    assert vote("44").status_code == 200  # one mark, twice sent
    assert envelope.ballots.get().marks == [["4", 1]]
    client = Client()
    sent = hidden(client.get(f"{AT}rosta/")) | {"val": ["1"], "visa": "1"}
    shown = client.post(f"{AT}rosta/", sent).content.decode().replace("\xa0", " ")
    assert "Du har 400 kronor kvar att dela ut" in shown
    assert envelope.ballots.count() == 1


def test_the_form_is_guarded(
    make_envelope: MakeEnvelope, monkeypatch: pytest.MonkeyPatch
) -> None:
    envelope = make_envelope()
    client = Client()
    sent = hidden(client.get(f"{AT}rosta/")) | {"val": ["4"]}
    assert client.post(f"{AT}rosta/", sent | {"webbplats": "x"}).status_code == 422
    assert client.post(f"{AT}rosta/", sent | {"stampel": "forged"}).status_code == 422
    assert client.post(f"{AT}rosta/", {"val": ["4"]}).status_code == 422
    large = client.post(f"{AT}rosta/", sent | {"kod": "x" * 400_000})
    assert large.status_code == 413
    monkeypatch.setattr("rodtrad.web.views.public_envelope.PER_ITEM", (2, 60))
    answers = [vote("4").status_code for _n in range(4)]
    assert answers.count(422) >= 2
    assert envelope.ballots.count() == answers.count(200)


@pytest.mark.parametrize("path", ["", "rosta/", "kvitton/"])
@pytest.mark.parametrize("language", ["oppet", "open"])
def test_pages_leave_no_trace(
    path: str,
    language: str,
    make_envelope: MakeEnvelope,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    make_envelope(about='Snöröjning <script>alert("x")</script>')
    client = Client()
    with django_assert_max_num_queries(8):
        answer = client.get(f"/{language}/liten/pott/1/{path}")
    assert answer.status_code == 200
    assert not answer.cookies
    assert "Cookie" not in answer.headers.get("Vary", "")
    text = answer.content.decode()
    assert "<script>alert" not in text
    assert not re.search(r"\sstyle=", text)


def test_a_draft_and_another_place_are_not_found(
    make_envelope: MakeEnvelope, published: Publication
) -> None:
    make_envelope(state="draft")
    for path in ("", "rosta/", "forslag/", "resultat/", "kvitton/", "fil/pott.zip"):
        assert Client().get(f"{AT}{path}").status_code == 404, path
    assert "Byns pott" not in Client().get("/oppet/liten/pott/").content.decode()
    assert Client().get("/oppet/annan/pott/1/").status_code == 404


def test_nobody_votes_too_early_or_too_late(make_envelope: MakeEnvelope) -> None:
    envelope = make_envelope()
    client = Client()
    sent = hidden(client.get(f"{AT}rosta/")) | {"val": ["4"]}
    Envelope.objects.update(votes_to=day(-1))
    assert client.post(f"{AT}rosta/", sent).status_code == 409
    Envelope.objects.update(votes_from=day(1), votes_to=day(2))
    assert client.post(f"{AT}rosta/", sent).status_code == 409
    assert "inte börjat" in client.get(f"{AT}rosta/").content.decode()
    assert not envelope.ballots.exists()


# ---------------------------------------------------------------- proposals


def test_a_proposal_is_read_before_it_is_shown(
    make_envelope: MakeEnvelope, client_for: ClientFor
) -> None:
    envelope = make_envelope(
        proposals_from=day(-1),
        proposals_to=day(1),
        votes_from=day(2),
        votes_to=day(3),
    )
    client = Client()
    page = client.get(f"{AT}forslag/")
    text = "<b>Bänk</b>\u202e vid ån\u200b. Ring Anna Berg 070-123 45 67"
    sent = hidden(page) | {"name": "Bänk\x00 vid ån", "text": text, "cost_ore": ""}
    answer = client.post(f"{AT}forslag/", sent)
    assert answer.status_code == 302
    assert "Tack" in client.get(answer.headers["Location"]).content.decode()
    # the button pressed twice
    client.post(f"{AT}forslag/", sent)
    proposal = envelope.proposals.get(from_resident=True)
    assert proposal.name == "Bänk vid ån"
    assert "\u202e" not in proposal.text
    assert "Bänk" not in client.get(AT).content.decode()
    # the log, which is never thinned, holds no words of a resident
    assert "Anna" not in str(list(Event.objects.values()))
    staff = client_for("ekonom")
    at = f"/liten/pott/1/forslag/{proposal.number}/"
    seen = staff.get(at).content.decode()
    assert "personuppgifter" in seen
    assert "<b>Bänk</b>" not in seen
    words = {"name": "Bänk vid ån", "text": "En bänk."}
    assert staff.post(at, words | {"state": "shown"}).status_code == 422
    assert staff.post(at, words | {"state": "refused"}).status_code == 422
    known = words | {"state": "shown", "cost_ore": "12 500"}
    assert staff.post(at, known).status_code == 422  # more than the sum
    known["cost_ore"] = "1 000"
    assert staff.post(at, known).status_code == 302
    shown = client.get(AT).content.decode()
    assert "Bänk vid ån" in shown
    assert "1\xa0000\xa0kronor" in shown
    # a moderator who has lost the role
    staff.user.memberships.update(role="lasare")  # type: ignore[attr-defined]
    assert staff.post(at, words | {"state": "hidden"}).status_code == 403
    assert "Bänk vid ån" in client.get(AT).content.decode()


def test_a_proposal_may_be_refused_with_a_reason_that_all_read(
    make_envelope: MakeEnvelope, client_for: ClientFor
) -> None:
    envelope = make_envelope(votes_from=day(2), votes_to=day(3))
    staff = client_for("chef")
    one = {"name": "Park", "text": "", "cost_ore": "", "state": "refused"}
    staff.post("/liten/pott/1/forslag/3/", one | {"reason": "Marken är inte vår."})
    assert "Marken är inte vår." in Client().get(AT).content.decode()
    staff.post("/liten/pott/1/forslag/3/", one | {"state": "hidden"})
    assert "Park" not in Client().get(AT).content.decode()
    assert envelope.proposals.get(number=3).state == "hidden"


def test_long_and_late_proposals_are_refused(make_envelope: MakeEnvelope) -> None:
    envelope = make_envelope(
        proposals_from=day(-1), proposals_to=day(1), votes_from=day(2), votes_to=day(3)
    )
    client = Client()
    sent = hidden(client.get(f"{AT}forslag/")) | {"name": "X", "cost_ore": "5 kr"}
    long = client.post(f"{AT}forslag/", sent | {"text": "å" * 50_000})
    assert long.status_code == 422
    assert "Högst 4" in long.content.decode()
    odd = client.post(f"{AT}forslag/", sent | {"text": "T", "cost_ore": "<b>"})
    assert odd.status_code == 422
    Envelope.objects.update(proposals_to=day(-1), proposals_from=day(-2))
    assert client.post(f"{AT}forslag/", sent | {"text": "T"}).status_code == 409
    assert EnvelopeProposal.objects.filter(envelope=envelope).count() == 5


# ---------------------------------------------------------------- the result


def counted(client_for: ClientFor) -> Client:
    """Close the vote, count it and publish the result."""
    staff = client_for("ekonom")
    Envelope.objects.update(votes_from=day(-3), votes_to=day(-1))
    assert staff.post("/liten/pott/1/rakna/").status_code == 302
    assert staff.get("/liten/pott/1/resultat/").status_code == 200
    assert Client().get(f"{AT}resultat/").status_code == 404
    assert Client().get(f"{AT}fil/receipts.csv").status_code == 404
    assert staff.post("/liten/pott/1/publicera/").status_code == 302
    return staff


def test_everyone_can_recompute_the_result_from_the_download(
    make_envelope: MakeEnvelope, client_for: ClientFor, tmp_path: Path
) -> None:
    make_envelope(completion="none")
    codes = all_votes()
    counted(client_for)
    text = Client().get(f"{AT}resultat/").content.decode()
    assert "Cykelbana" in text
    data = Client().get(f"{AT}fil/pott.zip").content
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        packed.extractall(tmp_path)
    result, book, rows = read_envelope(tmp_path)
    envelope, noted = read_pabulib_file(tmp_path / "ballots.pb")
    assert not noted
    assert not check_outcome(envelope, result, book, rows)
    assert result["elected"][0] == "1"
    assert len(rows) == len(BALLOTS)
    assert all(len(one.ballot_id) == 13 for one in envelope.ballots)
    # one's own: the eighth ballot, for the playground alone, paid 50 kronor
    page = Client().get(f"{AT}kvitton/")
    own = Client().post(f"{AT}kvitton/", hidden(page) | {"kod": codes[7]})
    told = own.content.decode()
    assert "Lekplats" in told
    assert re.search(r"Lekplats</th><td class=\"num\">50,00", told)
    number = re.search(r"Valsedel (V\w{12}) finns med", told)
    assert number
    line = next(row for row in rows if row[0] == number[1])
    assert line[2:] == ["4", "4=50.00", "50.00"]
    found = Client().get(f"{AT}kvitton/?nummer={number[1]}").content.decode()
    assert found.count('scope="row"') == 1


def test_a_changed_receipt_is_seen(
    make_envelope: MakeEnvelope, client_for: ClientFor, tmp_path: Path
) -> None:
    make_envelope(completion="none")
    all_votes()
    counted(client_for)
    with zipfile.ZipFile(
        io.BytesIO(Client().get(f"{AT}fil/pott.zip").content)
    ) as packed:
        packed.extractall(tmp_path)
    path = tmp_path / "receipts.csv"
    path.write_text(path.read_text().replace("4=50.00", "4=49.00", 1))
    result, book, rows = read_envelope(tmp_path)
    envelope, _noted = read_pabulib_file(tmp_path / "ballots.pb")
    assert check_outcome(envelope, result, book, rows)


def test_the_result_is_said_in_english_too(
    make_envelope: MakeEnvelope, client_for: ClientFor
) -> None:
    make_envelope()
    vote("4")
    counted(client_for)
    text = Client().get("/open/liten/pott/1/resultat/").content.decode()
    assert "Cykelbana" in text
    assert "valsedlar" not in text.casefold()
    for path in ("", "resultat/", "kvitton/"):
        assert Client().get(f"/open/liten/pott/1/{path}").status_code == 200


def test_most_votes_first_has_no_receipts(
    make_envelope: MakeEnvelope, client_for: ClientFor
) -> None:
    make_envelope(rule="greedy")
    vote("4")
    counted(client_for)
    assert "inga kvitton" in Client().get(f"{AT}kvitton/").content.decode()
    assert Client().get(f"{AT}fil/receipts.csv").status_code == 404
    assert Client().get(f"{AT}fil/ballots.pb").status_code == 200
    assert Client().get(f"{AT}fil/..%2Fx").status_code == 404


def test_the_front_tells_of_a_vote_behind_those_that_wait(
    make_envelope: MakeEnvelope,
) -> None:
    make_envelope(name="Byns pott")
    for _n in range(3):
        make_envelope(name="Nästa pott", votes_from=day(5), votes_to=day(6))
    front = Client().get("/oppet/liten/").content.decode()
    assert "Byns pott" in front
    assert "Nästa pott" not in front


def test_front_and_project_tell_of_it(make_envelope: MakeEnvelope) -> None:
    make_envelope(project_id="skola")
    assert "Rösta senast" in Client().get("/oppet/liten/").content.decode()
    project = Client().get("/oppet/liten/projekt/skola/").content.decode()
    assert "Byns pott" in project
    assert "Byns pott" not in Client().get("/oppet/liten/projekt/bro/").content.decode()


def test_many_ballots_are_left_to_the_worker(
    make_envelope: MakeEnvelope,
    client_for: ClientFor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_envelope()
    vote("4")
    monkeypatch.setattr(envelope_ballots, "AT_ONCE", 0)
    Envelope.objects.update(votes_from=day(-3), votes_to=day(-1))
    client_for("chef").post("/liten/pott/1/rakna/")
    assert Envelope.objects.get().state == "counting"
    assert envelope_ballots.count_due() == 1
    assert Envelope.objects.get().state == "counted"
    assert envelope_ballots.count_due() == 0


def test_a_ballot_that_comes_beside_the_count_is_refused(
    make_envelope: MakeEnvelope,
) -> None:
    """The page was asked for in time, but the vote is counted before it is stored."""
    envelope = make_envelope()
    Envelope.objects.update(state="counted")
    with pytest.raises(RefusedError, match="inte öppen"):
        envelope_ballots.cast(envelope, ["4"], "", envelope_ballots.new_nonce())
    assert not envelope.ballots.exists()


def test_when_counted_the_order_of_the_ballots_is_nobodys(
    make_envelope: MakeEnvelope, client_for: ClientFor
) -> None:
    envelope = make_envelope()
    for keys in BALLOTS:
        nonce = envelope_ballots.new_nonce()
        envelope_ballots.cast(envelope, list(keys), "", nonce)
    before = sorted(envelope.ballots.values_list("key", "number", "marks"))
    counted(client_for)
    assert sorted(envelope.ballots.values_list("key", "number", "marks")) == before
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # nor are they laid in the transaction that marked a code as used
            cursor.execute("SELECT DISTINCT xmin::text FROM web_ballot")
            assert len(cursor.fetchall()) == 1
        else:
            cursor.execute("SELECT key FROM web_ballot ORDER BY rowid")
            assert [row[0] for row in cursor] == [key for key, _n, _m in before]


def test_a_long_count_is_left_to_the_worker(
    make_envelope: MakeEnvelope,
    client_for: ClientFor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Few ballots on a large sum may take minutes: the page waits for seconds."""
    envelope = make_envelope(sum_ore=1_400_00)
    for keys in BALLOTS:
        nonce = envelope_ballots.new_nonce()
        envelope_ballots.cast(envelope, list(keys), "", nonce)
    Envelope.objects.update(votes_from=day(-3), votes_to=day(-1))
    monkeypatch.setattr(envelope_ballots, "SECONDS_WAITED", -1.0)
    staff = client_for("chef")
    told = staff.post("/liten/pott/1/rakna/", follow=True).content.decode()
    assert "Rösterna räknas. Läs in sidan igen" in told
    assert Envelope.objects.get().state == "counting"
    assert envelope_ballots.count_due() == 1
    result = Envelope.objects.get(state="counted").result
    assert result is not None
    assert result["added_kr"] > 0

"""Does any public address leave a trace, or ask the database without end? All are asked.

The addresses are those that the application answers, so that a new one is asked the day
it is made. Leaves out what the pages say.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django.core.handlers.wsgi import WSGIRequest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from web.public.everything import (
    STATUS,
    make_comment,
    make_dialogue,
    make_envelope,
)
from web.test_permissions import PUBLIC, TABLE

from rodtrad.web import public_parts
from rodtrad.web.models.dialogue import Comment, Dialogue
from rodtrad.web.models.envelope import Ballot, EnvelopeProposal
from rodtrad.web.models.following import Outgoing, Subscription
from rodtrad.web.models.letters import BlogPost, Letter
from rodtrad.web.models.sandbox import ResidentAnswer

if TYPE_CHECKING:
    import pytest
    from web.conftest import ClientFor
    from web.public.everything import Everything

LANGUAGES = {"sv": "/oppet/", "en": "/open/"}
STRICT = {
    "default-src": "'self'",
    "img-src": "'self' data:",
    "worker-src": "'self'",
    "frame-ancestors": "'none'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "object-src": "'none'",
    "report-uri": "/csp/",
}
# What is made for one person: nobody on the way may keep it.
FOR_ONE = (
    "public_receipt",
    "public_comment_confirm",
    "public_follow_sent",
    "public_follow_confirm",
    "public_follow_end",
    "public_hand_in",
    "public_envelope_vote",
    "public_envelope_propose",
    "public_envelope_receipts",
)
# How something sent without a field may be answered.
SENT = frozenset({200, 303, 400, 405, 409, 422, 429})
# So often may a page ask the database, however much there is.
MOST = 20
MOST_STAFF = 60
# Staff's pages of what is new; the others are asked by their own tests.
STAFF = ("publishing", "dialogue", "envelope", "letter", "blog", "residents")


def faults(answer: Any) -> list[str]:
    """Return what is wrong with the head of a public answer, and with its markup."""
    found = []
    if answer.cookies or answer.has_header("Set-Cookie"):
        found.append("sets a cookie")
    if "cookie" in answer.headers.get("Vary", "").casefold():
        found.append("varies on the cookie")
    parts = answer.headers.get("Content-Security-Policy", "").split(";")
    policy = dict(part.strip().partition(" ")[::2] for part in parts if part.strip())
    if policy != STRICT:
        found.append(f"policy: {policy}")
    for name, wanted in (
        ("X-Frame-Options", "DENY"),
        ("X-Content-Type-Options", "nosniff"),
    ):
        if answer.headers.get(name) != wanted:
            found.append(f"{name}: {answer.headers.get(name)}")
    kept = answer.headers.get("Cache-Control", "")
    if answer.status_code == 200 and not kept.startswith(("public", "no-store")):
        found.append(f"kept: {kept!r}")
    if answer.headers.get("Content-Type", "").startswith("text/html"):
        found += _markup_faults(answer.content.decode())
    return found


def _markup_faults(text: str) -> list[str]:
    """Return what a strict policy would stop, and what comes from another host."""
    found = re.findall(r"<script(?![^>]*\ssrc=)[^>]*>|<style|\sstyle=\"", text)
    found += re.findall(r"<[^>]*\son\w+=", text)
    loaded = re.findall(r'(?:\ssrc|<link[^>]*\shref)="(https?:)?//([^/"]+)', text)
    found += [host for _scheme, host in loaded if host != "testserver"]
    return [f"markup: {one}" for one in found]


def _addresses(everything: Everything) -> dict[str, tuple[str, int]]:
    """Return address and wanted status of all that a reader can see, in both languages."""
    found = {}
    for sprak, prefix in LANGUAGES.items():
        for name, methods in PUBLIC.items():
            if "GET" in methods.split():
                status = 404 if name == "public_api_nothing" else 200
                found[f"{name} {sprak}"] = (everything.address(name, sprak), status)
        for name, path in everything.seen.items():
            if name.startswith("public_"):
                at = path.replace("/oppet/", prefix, 1)
                found[f"{name} {sprak}"] = (at, STATUS.get(name, 200))
    return found


def test_no_reader_leaves_a_trace(
    everything: Everything, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(_request: WSGIRequest) -> dict[str, str]:
        raise AssertionError("a cookie was read")

    monkeypatch.setattr(WSGIRequest, "COOKIES", property(read))
    wrong = []
    asked = _addresses(everything)
    assert len(asked) > 2 * len(PUBLIC)
    for name, (at, wanted) in asked.items():
        client = Client()
        answer = client.get(at)
        found = faults(answer)
        if answer.status_code != wanted:
            found.append(f"status {answer.status_code}, not {wanted}")
        if name.partition(" ")[0] in FOR_ONE and answer["Cache-Control"] != "no-store":
            found.append("is kept, though it is for one person")
        if client.cookies:
            found.append("leaves a cookie")
        answer.close()
        wrong += [f"{name} {at}: {one}" for one in found]
    assert not wrong, "\n".join(wrong)


def test_nothing_that_is_sent_or_refused_leaves_a_trace(
    everything: Everything,
) -> None:
    wrong = []
    client = Client(enforce_csrf_checks=True)
    before = _acted()
    for method, fits in (("head", {200}), ("put", {405}), ("post", SENT)):
        for name in PUBLIC:
            at = everything.address(name)
            answer = getattr(client, method)(at)
            answer.close()
            found = [one for one in faults(answer) if not one.startswith("kept")]
            wanted = {404, 405} if name == "public_api_nothing" else fits
            if answer.status_code not in wanted:
                found.append(f"status {answer.status_code}")
            wrong += [f"{method} {at}: {one}" for one in found]
        if method != "post" and _acted() != before:
            wrong.append(f"{method} has changed something")
    # the links of the mails are acted on when their button is pressed
    assert _acted() != before
    for at in ("/oppet/liten", "/oppet/liten/projekt", "/oppet/finns-inte/", "/oppet/"):
        answer = client.get(at)
        assert answer.status_code in (301, 404), at
        wrong += [f"{at}: {one}" for one in faults(answer)]
    assert not client.cookies
    assert not wrong, "\n".join(wrong)


def _acted() -> list[Any]:
    """Return what somebody who sends something without a field could change."""
    return [
        list(Comment.objects.values_list("pk", "state", "reports")),
        list(Subscription.objects.values_list("pk", "confirmed_at", "ended_at")),
        [Ballot.objects.count(), ResidentAnswer.objects.count()],
        EnvelopeProposal.objects.count(),
    ]


def _questions(client: Client, at: str) -> int:
    """Return how many questions a page asks of which nothing is kept."""
    client.get(at).close()
    public_parts.forget()
    with CaptureQueriesContext(connection) as asked:
        client.get(at).close()
    return len(asked)


def test_a_page_asks_the_database_a_bounded_number_of_times(
    everything: Everything, client_for: ClientFor
) -> None:
    staff = client_for("administrator")
    places = {
        name: at
        for name, (at, _status) in _addresses(everything).items()
        if name.endswith(" sv")
    }
    for name, row in TABLE.items():
        if name.startswith(STAFF) and row.get:
            places[f"{name} staff"] = everything.address(name)
    for name, at in everything.seen.items():
        if not name.startswith("public_"):
            places[f"{name} staff"] = at
    # as many as a page of each list holds, and then as many again
    _more(everything, 30)
    some = {name: _questions(staff, at) for name, at in places.items()}
    _more(everything, 40)
    after = {name: _questions(staff, at) for name, at in places.items()}
    wrong = []
    for name, n in after.items():
        if n > (MOST_STAFF if name.endswith(" staff") else MOST):
            wrong.append(f"{name}: {n} questions")
        if n > some[name]:
            wrong.append(f"{name}: {some[name]} and then {n} questions")
    assert not wrong, "\n".join(wrong)


def _more(everything: Everything, n: int) -> None:
    """Add so many of everything that a list can hold."""
    place = everything.place
    about = Dialogue.objects.get(pk=everything.given["public_dialogue"]["number"])
    plan = Dialogue.objects.get(municipality=place, kind="plan")
    root = Comment.objects.get(pk=everything.given["public_comment"]["number"])
    already = Letter.objects.count()
    for i in range(n):
        for state in (Comment.State.SHOWN, Comment.State.WAITING, Comment.State.HIDDEN):
            for asked in (about, plan):
                make_comment(asked, f"{state} {i}", state=state, removed_why="ad")
        make_comment(
            about,
            f"Svar {i}",
            thread=root,
            parent=root,
            place=1 + already + i,
            due=None,
        )
        make_dialogue(place, "project", f"projekt-{already}-{i}", title=f"Dialog {i}")
        about.themes.create(name=f"Tema {already} {i}")
        envelope = make_envelope(place, name=f"Pott {i}")
        envelope.proposals.create(number=9, key="9", name="Nytt", cost_ore=100)
        Outgoing.objects.create(
            municipality=place,
            once=f"{already}-{i}",
            to="a@exempel.se",
            gave_up_at=timezone.now(),
        )
    published = Letter.objects.filter(state="published").first()
    assert published is not None
    rows = []
    for i in range(n):
        rows.append(
            Letter(
                municipality=place,
                number=1000 + already + i,
                slug=f"brev-{already + i}",
                title=f"Brev {i}",
                text="Hej.",
                state="published" if i % 2 else "draft",
                published_at=published.published_at,
                year=published.year,
                month=published.month,
            )
        )
    Letter.objects.bulk_create(rows)
    blog = everything.given["blog_pending"]["number"]
    BlogPost.objects.bulk_create(
        BlogPost(blog_id=blog, position=1000 + already + i, title="Inlägg", text="Hej.")
        for i in range(n)
    )

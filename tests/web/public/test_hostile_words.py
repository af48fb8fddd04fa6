"""Does what anyone writes stay words, in every field that residents and staff can fill in?

Each form is sent with markup, a template's signs, and signs that are not seen or that
turn the text. What can be stored is stored, and then every page that can be reached is
read, and every text that is kept. Leaves out what each form says of it (its own tests).
"""

from __future__ import annotations

import datetime as dt
import json
import re
from html import unescape
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urljoin, urlsplit
from xml.etree import ElementTree

import pytest
from django.apps import apps
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import models
from django.test import Client
from django.urls import resolve
from django.utils import timezone
from web.public.everything import picture_file
from web.test_permissions import PUBLIC

from rodtrad.web import envelope_ballots, public_form
from rodtrad.web.models import Membership, Publication
from rodtrad.web.models.dialogue import Comment, Dialogue
from rodtrad.web.models.envelope import Envelope
from rodtrad.web.models.letters import Letter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from web.conftest import ClientFor
    from web.public.everything import Everything

# An override that turns the text, a space without width, an isolate, a byte order mark.
UNSEEN: Final = "\u202e\u200b\u2066\ufeff"
MARKUP: Final = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
EVIL: Final = f"{UNSEEN}{MARKUP}{{{{ settings.SECRET_KEY }}}}{{% now 'Y' %}}"
# What the shortest field holds of it.
SHORT: Final = EVIL[:59]
SHOWN: Final = "&lt;script&gt;alert(1)"
# The pages where staff reads what has been written.
STAFF: Final = tuple(
    f"/liten/{part}/" for part in ("publicera", "dialog", "brev", "pott", "handelser")
)
QUERIES: Final = (
    *("q", "ort", "amne", "lage", "ordning", "sida", "plats", "visa", "om", "svar_pa"),
    *("tema", "nummer", "tack", "brev", "projekt"),
)
# Where residents write a longer text.
WRITTEN: Final = ("public_write", "public_hand_in", "public_report")
TAKE_BACK: Final = ("letter_withdraw", "publishing_withdraw")
OWN: Final = ("/", "http://testserver/", "data:image/")
MOST_PAGES: Final = 500
FOR_WORDS: Final = frozenset({"text", "textarea", "search", "email", "url", "tel"})


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test reads faster than a person."""
    monkeypatch.setattr(public_form, "LEAST_SECONDS", 0.0)


# ---------------------------------------------------------------- what is looked for


class _Fields(HTMLParser):
    """Notes the fields for words of a page's forms: where each is sent, and its name."""

    def __init__(self, at: str) -> None:
        super().__init__()
        self.at, self.action = at, ""
        self.found: set[tuple[str, str]] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            posts = (given.get("method") or "").casefold() == "post"
            self.action = urljoin(self.at, given.get("action") or "") if posts else ""
        kind = given.get("type") or "text" if tag == "input" else tag
        if self.action and kind in FOR_WORDS and given.get("name"):
            self.found.add((name_of(self.action), str(given["name"])))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.action = ""


def name_of(address: str) -> str:
    """Return the name of an address, which is one for both languages."""
    return resolve(urlsplit(address).path).url_name or ""


def fields_in(text: str, at: str) -> set[tuple[str, str]]:
    """Return the fields for words in the forms of a page."""
    fields = _Fields(at)
    fields.feed(text)
    return fields.found


@pytest.fixture
def filled_in(monkeypatch: pytest.MonkeyPatch) -> set[tuple[str, str]]:
    """Which fields have been sent something hostile."""
    found: set[tuple[str, str]] = set()
    post = Client.post

    def noted(self: Client, path: str, data: Any = None, **more: Any) -> Any:
        for field, value in (data or {}).items():
            if SHORT[:30] in str(value):
                found.add((name_of(path), field))
        return post(self, path, data, **more)

    monkeypatch.setattr(Client, "post", noted)
    return found


class _Marks(HTMLParser):
    """Notes what runs in a text that a browser reads."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name.startswith("on") or (value or "").strip().startswith("javascript:"):
                self.found.append(f"<{tag} {name}={value}>")
        source = dict(attrs).get("src") or ""
        if tag == "script" and not source.startswith("/static/"):
            self.found.append(f"<script src={source!r}>")
        if tag == "img" and not source.startswith(OWN):
            self.found.append(f"<img src={source!r}>")


def runs_in(text: str) -> list[str]:
    """Return what would run, or be fetched, in a text read as markup."""
    marks = _Marks()
    marks.feed(text)
    return marks.found


def faults_of(answer: Any, *, echoes: bool = False) -> list[str]:
    """Return what is wrong with an answer; its sender's own words may come back."""
    kind = answer.headers.get("Content-Type", "").partition(";")[0]
    body = b"".join(answer) if answer.streaming else answer.content
    answer.close()
    text = body.decode("utf-8", "replace")
    found = []
    if kind == "text/html":
        found += runs_in(text)
    if kind.endswith("xml"):
        for part in ElementTree.fromstring(body).iter():
            found += runs_in(part.text or "") if part.get("type") == "html" else []
    if django_settings.SECRET_KEY in text:
        found.append("the template's signs are run")
    if kind.startswith("text/") or kind.endswith(("xml", "json")):
        found += [] if echoes else [f"{ord(s):x}" for s in UNSEEN if s in text]
    return found


def _texts() -> Iterator[tuple[type[models.Model], str]]:
    """Give the texts of every row that is kept."""
    kinds = (models.CharField, models.TextField, models.JSONField)
    for model in apps.get_app_config("web").get_models():
        fields = model._meta.concrete_fields
        names = [one.name for one in fields if isinstance(one, kinds)]
        for row in model._base_manager.values("pk", *names):
            yield model, json.dumps(row, default=str, ensure_ascii=False)


def kept_unseen() -> list[str]:
    """Return every text that is kept with a sign that is not seen."""
    return [
        f"{model.__name__}: {text[:300]}"
        for model, text in _texts()
        if any(sign in text for sign in UNSEEN)
    ]


# ---------------------------------------------------------------- what is sent


def _sent(client: Client, path: str, wanted: int, **fields: Any) -> Any:
    answer = client.post(path, fields)
    text = "" if answer.streaming else answer.content.decode()
    assert answer.status_code == wanted, f"{path}: {answer.status_code} {_told(text)}"
    return answer


def _told(text: str) -> str:
    """Return why a form was refused, out of its page."""
    found = re.findall(r'(?:role="alert"|class="errors?")[^>]*>(.*?)</', text, re.S)
    return " ".join(re.sub(r"<[^>]*>", " ", one) for one in found)[:400]


def by_staff(staff: Client, everything: Everything) -> None:
    """Fill in every form of staff's, and send it."""
    day = timezone.localdate()
    at = everything.address
    steps = {"what": EVIL[:120], "body": EVIL[:120]}
    _sent(staff, "/liten/publicera/beslut/", 302, revision=1, **steps)
    _sent(staff, "/liten/publicera/beslut/skola/", 302, **steps)
    facts = {
        "item": "project:bro",
        "title": EVIL,
        "level": "dialog",
        "open_text": EVIL,
        "closed_text": EVIL,
        "decides": EVIL[:120],
        "opens": day,
        "closes": day + dt.timedelta(days=9),
        "owner_role": EVIL[:80],
        "answer_days": 9,
        "moderation": "after",
        "state": "open",
    }
    _sent(staff, "/liten/dialog/ny/", 302, **facts)
    about = Dialogue.objects.get(kind="project", key="bro", state="open")
    here = f"/liten/dialog/{about.pk}"
    told = {"source": "phone", "received": day, "text": EVIL, "name": SHORT}
    _sent(staff, f"{here}/for-in/", 302, seen="1", **told)
    _sent(staff, f"{here}/teman/", 302, name=SHORT)
    comment, theme = about.comments.get(), about.themes.get()
    reply = {"role": EVIL[:80], "revision": 0, "state_revision": 0}
    because = {"outcome": "inte_andrat", "text": f"Därför att {EVIL}"}
    one = f"/liten/dialog/synpunkt/{comment.pk}/svar/"
    _sent(staff, one, 302, **because, **reply)
    many = f"/liten/dialog/tema/{theme.pk}/svar/"
    _sent(staff, many, 302, outcome="andrat", text=EVIL, **reply)
    _sent(staff, at("dialogue_theme_change"), 302, act="rename", name=SHORT)
    _sent(staff, at("dialogue_put_under"), 302, name=SHORT, state_revision=0)
    about.refresh_from_db()
    _sent(staff, f"{here}/andra/", 302, revision=about.revision, **facts)
    hide = {"act": "hide", "why": "else", "reason": EVIL, "revision": 0}
    waiting = everything.given["dialogue_comment"]["number"]
    _sent(staff, f"/liten/dialog/synpunkt/{waiting}/granska/", 302, **hide)
    _letter(staff)
    _envelope(staff, everything)
    earlier = at("publishing_prepare")
    reasons = re.findall(r'name="(skal-[^"]+)"', staff.get(earlier).content.decode())
    assert reasons
    fields = {"title": EVIL, "note": EVIL, "sure": "on", **dict.fromkeys(reasons, EVIL)}
    _sent(staff, earlier, 302, **fields)


def _letter(staff: Client) -> None:
    fields = {
        "title": EVIL,
        "text": f"{EVIL}\n\n[{EVIL}](javascript:alert(1))\n\n[[projekt:bro]]",
        "tags": EVIL[:40],
        "author_role": EVIL[:100],
    }
    _sent(staff, "/liten/brev/nytt/", 302, **fields)
    letter = Letter.objects.order_by("-number")[0]
    here = f"/liten/brev/{letter.number}"
    _sent(staff, f"{here}/bild/", 302, file=picture_file(), alt=EVIL)
    fields["text"] += "\n\n[[bild:1]]"
    _sent(staff, f"{here}/", 302, revision=letter.revision, **fields)
    _sent(staff, f"{here}/publicera/", 302, nu="1")
    letter.refresh_from_db()
    assert letter.is_public
    assert letter.pictures.exists()
    asked = {"level": "dialog", "open_text": EVIL, "role": EVIL[:80]}
    _sent(staff, f"{here}/synpunkter/", 302, **asked)
    assert Dialogue.objects.filter(kind="letter", open_text__contains=MARKUP).exists()


def _envelope(staff: Client, everything: Everything) -> None:
    day = timezone.localdate()
    facts = {
        "name": EVIL,
        "about": EVIL,
        "decides": EVIL,
        "sum_ore": "1000",
        "who": "open",
        "rule": "equal_shares",
        "completion": "add1",
        "votes_from": day + dt.timedelta(days=2),
        "votes_to": day + dt.timedelta(days=4),
    }
    _sent(staff, "/liten/pott/ny/", 302, **facts)
    made = Envelope.objects.order_by("-number")[0]
    here = f"/liten/pott/{made.number}"
    _sent(staff, f"{here}/andra/", 302, **facts)
    _sent(staff, f"{here}/forslag/ny/", 302, name=EVIL, text=EVIL, cost_ore="100")
    for path in ("/liten/pott/ny/", f"{here}/andra/", f"{here}/forslag/ny/"):
        _sent(staff, path, 422, sum_ore=EVIL, cost_ore=EVIL)
    _sent(staff, f"{here}/oppna/", 302)
    decided = {"name": EVIL, "text": EVIL, "state": "refused", "reason": EVIL}
    _sent(staff, everything.address("envelope_proposal"), 422, cost_ore=EVIL)
    _sent(staff, everything.address("envelope_proposal"), 302, **decided)
    words = {"name": EVIL, "text": EVIL}
    _sent(staff, everything.address("envelope_redact"), 302, **words)
    _sent(staff, everything.address("envelope_tear_up"), 302, why=EVIL)
    _sent(staff, everything.address("envelope_paper"), 422, val="1", kod=EVIL)
    file = (
        f"META\nkey;value\ndescription;{EVIL}\nnum_projects;1\nnum_votes;1\nbudget;9\n"
        f"vote_type;approval\nPROJECTS\nproject_id;cost;name\np1;5;{EVIL}\n"
        "VOTES\nvoter_id;vote\na;p1\n"
    )
    upload = SimpleUploadedFile(f"{EVIL}.pb", file.encode())
    _sent(staff, "/liten/pott/las-in/", 302, file=upload)
    read = Envelope.objects.order_by("-number")[0]
    assert read.imported
    envelope_ballots.count_or_queue(None, read)
    _sent(staff, f"/liten/pott/{read.number}/publicera/", 302)


def _hidden(client: Client, path: str) -> dict[str, str]:
    """Return what a page's form carries with it."""
    page = client.get(path).content.decode()
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page)
    return {name: unescape(value) for name, value in found}


def by_residents(everything: Everything) -> Iterator[Any]:
    """Fill in every form that is open to all; give the pages that come back."""
    client, at = Client(), everything.address
    about = Dialogue.objects.get(kind="project", key="bro", state="open")
    plan = Dialogue.objects.get(kind="plan")
    words = {"text": EVIL, "namn": SHORT}
    mailed = {**words, "epost": EVIL}
    for dialogue in (about, plan):
        path = f"/oppet/liten/dialog/{dialogue.pk}/skriv/"
        yield _sent(client, path, 303, **_hidden(client, path) | words)
        hostile = _hidden(client, path) | {"text": "Hej", "epost": EVIL, "namn": EVIL}
        yield _sent(client, path, 422, **hostile)
    for name, wanted, fields in (
        ("public_hand_in", 422, mailed),
        ("public_hand_in", 303, words),
        ("public_report", 200, {"text": EVIL}),
        ("public_envelope_propose", 302, {"name": EVIL, "text": EVIL}),
        ("public_envelope_propose", 422, {"name": "x", "text": "x", "cost_ore": EVIL}),
        ("public_envelope_vote", 422, {"val": EVIL, "kod": EVIL}),
        ("public_envelope_receipts", 422, {"kod": EVIL}),
        ("public_follow", 422, {"vad": EVIL, "epost": EVIL}),
        ("public_questions", 200, {"gor": EVIL, "alder": EVIL}),
        ("public_sandbox", 422, {"p0": EVIL}),
        ("public_sandbox_plan", 422, {"p1": EVIL, "till": EVIL}),
        ("public_follow_end", 422, {"bort": EVIL}),
        ("public_follow_confirm", 200, {"x": EVIL}),
    ):
        path = at(name)
        yield _sent(client, path, wanted, **_hidden(client, path) | fields)
    for name in ("hittills", "fraga", "svar", "en_gang", "alder", "stampel"):
        sent = {"gor": "lamna", "hittills": "[]", "alder": "", name: EVIL}
        yield client.post(at("public_questions"), sent)
    for name, methods in PUBLIC.items():
        if "POST" in methods.split():
            yield client.post(at(name), {"stampel": EVIL, "webbplats": EVIL})


# ---------------------------------------------------------------- the tests


def test_what_anyone_writes_stays_words(
    everything: Everything,
    client_for: ClientFor,
    filled_in: set[tuple[str, str]],
) -> None:
    staff = client_for("administrator")
    by_staff(staff, everything)
    wrong: list[str] = []
    for answer in by_residents(everything):
        assert answer.status_code < 500
        found = faults_of(answer, echoes=True)
        wrong += [f"sent to {answer.wsgi_request.path}: {one}" for one in found]
    written = Comment.objects.filter(text__contains="<script>alert(1)")
    assert set(written.values_list("source", flat=True)) == {"web", "phone"}
    assert written.exclude(plan="").exists()
    shown: set[str] = set()
    queue = ["/oppet/liten/", "/open/liten/", *STAFF, "/liten/dialog/?visa=alla"]
    seen: set[str] = set()
    asked: set[tuple[str, str]] = set()
    while queue and len(seen) < MOST_PAGES:
        address = queue.pop(0)
        if address in seen:
            continue
        seen.add(address)
        answer = staff.get(address)
        wrong += [f"{address}: {one}" for one in faults_of(answer)]
        if answer.headers.get("Content-Type", "").startswith("text/html"):
            text = answer.content.decode()
            asked |= fields_in(text, address)
            shown |= {address} if SHOWN in text else set()
            queue += [one for one in _links(text) if one not in seen]
    assert not queue, f"more pages than {MOST_PAGES}"
    assert not wrong, "\n".join(wrong)
    assert kept_unseen() == []
    # no field is forgotten; those that take all this away are filled in by themselves
    assert asked - filled_in == {(name, "why") for name in TAKE_BACK}
    # the words were there to be read, all over
    for path in ("", "andrat/", "projekt/bro/", "brev/", "dialog/", "pott/"):
        for root in ("/oppet/liten/", "/open/liten/"):
            assert f"{root}{path}" in shown
    assert {f"/liten/{part}/" for part in ("publicera", "brev", "pott")} <= shown
    assert len(shown) > 60


def _links(text: str) -> list[str]:
    """Return where a page leads, among those that show what is written; not its filters."""
    found = []
    for link in re.findall(r'\shref="([^"#]+)', text):
        parts = urlsplit(unescape(link))
        if parts.netloc in ("", "testserver") and parts.path.startswith(
            ("/oppet/liten/", "/open/liten/", *STAFF)
        ):
            found.append(parts.path)
    return list(dict.fromkeys(found))


def test_what_an_address_asks_for_stays_words(everything: Everything) -> None:
    asked = dict.fromkeys(QUERIES, EVIL)
    wrong = []
    for name, methods in PUBLIC.items():
        if "GET" not in methods.split() or name == "public_api_nothing":
            continue
        # what is asked for in one of them may not be found in all
        for sent in (asked, {"q": EVIL, "sida": EVIL}, {"om": EVIL}):
            answer = Client().get(everything.address(name), sent)
            if answer.status_code not in (200, 400, 404, 422):
                wrong.append(f"{name}: {answer.status_code}")
            found = faults_of(answer, echoes=True)
            wrong += [f"{name} {[*sent]}: {one}" for one in found]
    assert not wrong, "\n".join(wrong)


def test_why_something_is_taken_back_stays_words(
    everything: Everything, client_for: ClientFor
) -> None:
    staff = client_for("administrator")
    for name in TAKE_BACK:
        _sent(staff, everything.address(name), 302, why=EVIL)
    for address in STAFF:
        assert faults_of(staff.get(address)) == []
    assert SHOWN in staff.get("/liten/handelser/").content.decode()
    assert kept_unseen() == []


def test_100_kb_in_any_field_is_refused_and_nothing_is_kept(
    everything: Everything, client_for: ClientFor
) -> None:
    """Residents get their words back; a text that has room in one field has not in all."""
    staff, at = client_for("administrator"), everything.address
    much = "å" * 50_000
    assert len(much.encode()) == 100_000
    about = Dialogue.objects.get(kind="project", key="skola")
    new = {"item": "plan:", "level": "dialog", "title": much, "owner_role": much}
    tried: tuple[tuple[Client, str, dict[str, Any]], ...] = (
        *((Client(), at(name), {"text": much, "namn": much}) for name in WRITTEN),
        (Client(), at("public_envelope_propose"), {"name": much, "text": much}),
        (
            Client(),
            at("public_follow"),
            {"vad": "plan:", "epost": f"{much}@exempel.se"},
        ),
        (Client(), at("public_envelope_vote"), {"val": "1", "kod": much}),
        (staff, "/liten/publicera/beslut/", {"what": much, "body": much}),
        (staff, at("publishing_prepare"), {"sure": "on", "title": much, "note": much}),
        (staff, at("publishing_withdraw"), {"why": much}),
        (staff, "/liten/dialog/ny/", {**new, "open_text": much, "decides": much}),
        (staff, f"/liten/dialog/{about.pk}/for-in/", {"text": much, "name": much}),
        (staff, f"/liten/dialog/{about.pk}/teman/", {"name": much}),
        (staff, at("dialogue_theme_answer"), {"outcome": "andrat", "text": much}),
        (staff, at("dialogue_answer"), {"outcome": "andrat", "text": much}),
        (staff, at("dialogue_moderate"), {"act": "hide", "why": "ad", "reason": much}),
        (staff, "/liten/brev/nytt/", {"title": much, "text": much * 2}),
        (staff, at("letter_withdraw"), {"why": much}),
        (staff, "/liten/pott/ny/", {"name": much, "about": much, "decides": much}),
        (staff, at("envelope_proposal"), {"name": much, "state": "refused"}),
        (staff, at("envelope_proposal_new"), {"name": much, "text": much}),
        (staff, at("envelope_redact"), {"name": much, "text": much}),
        (staff, at("envelope_tear_up"), {"why": much}),
        (staff, at("dialogue_change"), {"title": much, "open_text": much}),
        (staff, at("dialogue_theme_change"), {"act": "rename", "name": much}),
        (staff, at("dialogue_put_under"), {"name": much}),
    )
    for client, path, fields in tried:
        hidden = _hidden(client, path) if client is not staff else {}
        answer = client.post(path, {**hidden, **fields})
        assert answer.status_code == 422, path
        assert (
            "tecken. Högst" in answer.content.decode()
            or "epost" in fields
            or ("kod" in fields)
        ), path
    # these lead back to the letter, and say there why not
    asked = {"level": "dialog", "open_text": much, "role": much}
    picture = {"file": picture_file(), "alt": much}
    for name, fields in (("letter_comments", asked), ("letter_add_picture", picture)):
        told = staff.post(at(name), fields, follow=True).content.decode()
        assert "tecken. Högst" in told, name
    kept = [f"{m.__name__} {len(t)}" for m, t in _texts() if "å" * 5000 in t]
    assert not kept, kept


@pytest.mark.parametrize("lost", ["role", "membership"])
def test_one_who_loses_the_role_midway_publishes_nothing(
    lost: str, everything: Everything, client_for: ClientFor
) -> None:
    staff = client_for("administrator")
    paths = {
        name: everything.address(name)
        for name in (
            *("publishing_prepare", "publishing_withdraw", "publishing_next"),
            *("letter_publish", "letter_withdraw", "blog_pending"),
            *("envelope_count", "envelope_publish", "envelope_proposal"),
            *("dialogue_theme_answer", "dialogue_moderate"),
        )
    }
    assert staff.get(paths["publishing_prepare"]).status_code == 200
    held = Membership.objects.filter(user=staff.user)  # type: ignore[attr-defined]
    if lost == "role":
        held.update(role="lasare")
    else:
        held.delete()
    before = _state()
    sent = {"sure": "on", "why": "x", "body": "x", "nu": "1", "become": "published"}
    for name, path in paths.items():
        answer = staff.post(path, {**sent, "act": "show", "state": "hidden"})
        assert answer.status_code == (403 if lost == "role" else 302), name
        if lost == "membership":  # the session has ended
            assert answer.headers["Location"].startswith("/konto/login/"), name
    assert _state() == before


def _state() -> list[Any]:
    """Return what somebody on the staff could have changed."""
    rows: list[Any] = [
        Publication.objects.values("pk", "withdrawn_at"),
        Letter.objects.values("pk", "state", "revision"),
        Envelope.objects.values("pk", "state", "result"),
        Comment.objects.values("pk", "state", "revision"),
    ]
    return [list(one) for one in rows]

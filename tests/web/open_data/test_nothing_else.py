"""Can anything that is not public be reached at a public address? The test tries.

A municipality with something secret of every kind: a register, a project of preparedness,
projects that are kept from the public, personal data, drafts, a plan that was taken back,
and a neighbour who has published nothing. Then every public address is asked, with the
right values and with guesses; links are followed; zips are opened; and other doors are
tried. No answer may hold a secret.
"""

from __future__ import annotations

import datetime as dt
import io
import itertools
import logging
import random
import re
import zipfile
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

import pytest
from django.test import Client
from django.urls import URLPattern, get_resolver
from django.utils import timezone
from web.open_data.hidden import MAIL, MARK, PERSON, PRIVATE, SECRETS, secret_data
from web.public.conftest import Finish, public_data, result_of

from rodtrad.domain.components import build_tables
from rodtrad.web import publishing, store
from rodtrad.web.models import Municipality, Publication, Study, Underlag, User
from rodtrad.web.models.dialogue import Comment, Dialogue, Kind, Level
from rodtrad.web.models.letters import Letter
from rodtrad.web.models.projects import NeedReport
from rodtrad.web.models.studies import packed_json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_django import Settings as DjangoSettings
    from web.conftest import MakeMember

MOST_PAGES: Final = 150
MOST_GUESSES: Final = 10


@pytest.fixture
def world(
    finish: Finish,
    liten: Municipality,
    annan: Municipality,
    make_member: MakeMember,
    tmp_path: Path,
    settings: DjangoSettings,
) -> Publication:
    """A published plan with secrets behind it on every side."""
    settings.RODTRAD_HOME = tmp_path
    person = make_member("ekonom")
    User.objects.filter(pk=person.pk).update(name=PERSON, email=MAIL)
    study = finish(secret_data(), name=f"{MARK} arbetsnamn")
    # the study itself is full of them: the test would notice
    assert MARK in str(study.plan)
    published = publishing.publish(person, study, note="Den första.")
    # taken back
    gone = secret_data()
    gone["projects"][2]["name"] = f"{MARK} tillbakatagen"
    taken = publishing.publish(person, finish(gone), title=f"{MARK} tillbaka")
    Publication.objects.filter(pk=taken.pk).update(
        withdrawn_at=timezone.now(), withdrawn_why=f"{MARK} fel"
    )
    # a draft: a finished study and a working copy that are not published
    draft = secret_data()
    draft["projects"][1]["name"] = f"{MARK} utkast"
    finish(draft)
    _drafts(liten, person)
    # a neighbour that has published nothing
    data = public_data()
    data["projects"][0]["name"] = f"{MARK} grannen"
    underlag = Underlag.objects.create(municipality=annan, name="Annan")
    store.write_tables(underlag, build_tables(data))
    Study.objects.create(
        municipality=annan,
        number=1,
        version=store.make_version(underlag, f"{MARK} version", None),
        state=Study.State.DONE,
        result=packed_json(result_of(data)),
        finished_at=timezone.now(),
    )
    return published


def _drafts(place: Municipality, person: User) -> None:
    """Give the municipality something unfinished of every other kind."""
    NeedReport.objects.create(
        municipality=place,
        number=1,
        what=f"{MARK} behov",
        where=f"{MARK} plats",
        when="nu",
        why=f"{MARK} skäl",
        reporter=person,
        reporter_name=PERSON,
    )
    today = timezone.localdate()
    common: dict[str, Any] = {
        "municipality": place,
        "level": Level.DIALOG,
        "opens": today - dt.timedelta(days=1),
        "closes": today + dt.timedelta(days=30),
        "owner": person,
    }
    Dialogue.objects.create(
        **common,
        kind=Kind.PLAN,
        title=f"{MARK} dialog",
        open_text=f"{MARK} öppet",
        owner_role=f"{MARK} chefen",
        state=Dialogue.State.DRAFT,
    )
    shown = Dialogue.objects.create(
        **common,
        kind=Kind.PROJECT,
        key="skola",
        title="Om skolan",
        owner_role="Skolchefen",
        state=Dialogue.State.OPEN,
    )
    for state in (
        Comment.State.WAITING,
        Comment.State.HIDDEN,
        Comment.State.UNCONFIRMED,
    ):
        Comment.objects.create(
            municipality=place,
            dialogue=shown,
            item_kind=Kind.PROJECT,
            item_key="skola",
            name=PERSON,
            text=f"{MARK} {state}",
            state=state,
            held_for=f"{MARK} ord",
            removed_reason=f"{MARK} skäl",
            mail_hash="f" * 64,
        )
    for n, kept in enumerate((Letter.State.DRAFT, Letter.State.SCHEDULED), start=1):
        Letter.objects.create(
            municipality=place,
            number=n,
            state=kept,
            slug=f"{MARK}-brev-{n}",
            year=2026,
            month=11,
            publish_at=timezone.now() + dt.timedelta(days=3),
            title=f"{MARK} brev",
            text=f"{MARK} text om [[projekt:skola]]",
            author=person,
            author_name=PERSON,
        )


# ---------------------------------------------------------------- the attempts


def texts_of(answer: Any) -> Iterator[str]:
    """Return what an answer says: its head, its body, and what is packed in it."""
    yield "\n".join(f"{name}: {value}" for name, value in answer.items())
    body = b"".join(answer) if answer.streaming else answer.content
    if body[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(body)) as packed:
            for name in packed.namelist():
                yield name
                yield packed.read(name).decode("utf-8", "replace")
    else:
        yield body.decode("utf-8", "replace")


def secrets_in(answer: Any, asked: str) -> list[str]:
    """Return the secrets in an answer; words of the question itself are none."""
    said = unquote(asked).casefold()
    found = []
    for text in texts_of(answer):
        lower = text.casefold()
        found += [secret for secret in SECRETS[1:] if secret.casefold() in lower]
        words = set(re.findall(rf"{MARK}[\w-]*", lower))
        found += sorted(word for word in words if word not in said)
    return found


def public_patterns() -> dict[str, str]:
    """Return every public address by name and path, as the urlconf writes it."""
    found: dict[str, str] = {}

    def walk(patterns: Any, before: str) -> None:
        for one in patterns:
            path = before + str(one.pattern)
            if isinstance(one, URLPattern):
                if path.startswith(("oppet/", "open/")):
                    found[path] = str(one.name)
            else:
                walk(one.url_patterns, path)

    walk(get_resolver().url_patterns, "")
    return found


GUESSES: Final[dict[str, tuple[str, ...]]] = {
    "ort": ("liten", "annan"),
    "project_id": (
        "skola",
        "skydd",
        "zqxa",
        "ovriga_ej_offentliga",
        "..",
        "skola_a",
    ),
    "version": ("newest", "1", "2", "3", "..%2f2"),
    "kind": ("plan", "project", "letter", "assets", "study"),
    "key": ("skola", "zqxa", "1", ""),
    "slug": (f"{MARK}-brev-1", f"{MARK}-brev-2", "brev"),
    "rest": ("v1/studies", "v1/versions/1/assets", "v1/versions/1/underlag", "v2"),
    "path": ("x", "../../rodtrad.sqlite3"),
}
_NUMBERS: Final = ("0", "1", "2", "3", "2026", "11")
_WORDS: Final = ("1", "skola", "zqxa", "a" * 64)
_PART: Final = re.compile(r"<(?:(\w+):)?(\w+)>")


def addresses() -> list[str]:
    """Return every public address with right values and with guesses in it."""
    draw = random.Random(1)
    found = []
    for path in public_patterns():
        parts = _PART.findall(path)
        choices = [
            GUESSES.get(name) or (_NUMBERS if kind == "int" else _WORDS)
            for kind, name in parts
        ]
        combined = list(itertools.product(*choices))
        # of an address with many parts not every combination
        most = min(MOST_GUESSES, len(combined))
        first = [values for values in combined if values[0] == "liten"][:1]
        for values in first + draw.sample(combined, most):
            whole = path
            for value in values:
                whole = _PART.sub(value, whole, count=1)
            found.append(f"/{whole}")
    return list(dict.fromkeys(found))


DOORS: Final = (
    "/liten/",
    "/liten/studier/",
    "/liten/studier/1/",
    "/liten/studier/1/plan.json",
    "/liten/underlag/",
    "/liten/underlag/anlaggningar/",
    "/liten/projekt/zqxa/",
    "/liten/behov/anmalda/",
    "/liten/handelser/",
    "/liten/publicera/",
    "/liten/dialog/",
    "/liten/brev/",
    "/annan/",
    "/files/",
    "/rodtrad.sqlite3",
    "/open-data/",
    "/static/../rodtrad.sqlite3",
    "/static/%2e%2e/%2e%2e/rodtrad.sqlite3",
    "/oppet/annan/",
    "/oppet/annan/api/v1/",
    "/oppet/annan/data/1.zip",
    "/oppet/liten/../annan/",
    "/oppet/liten/%2e%2e/annan/studier/1/",
    "/oppet/liten/data/2.zip",
    "/oppet/liten/data/3.zip",
    "/oppet/liten/data/-1.zip",
    "/oppet/liten/data/",
    "/oppet/liten/data/liten-plan-2.zip",
    "/oppet/liten/version/2/",
    "/oppet/liten/version/2/projekt/park/",
    "/oppet/liten/andrat/2/",
    "/oppet/liten/bild/projekt/zqxa.png",
    "/oppet/liten/projekt/?q=aff%C3%A4ren",
    "/oppet/liten/projekt/?q=vattenverket",
    "/oppet/liten/projekt/?amne=beredskap",
    "/oppet/liten/karta/?amne=beredskap",
    "/oppet/liten/sok/?q=utkast",
    "/oppet/liten/sok/?plats=omrade:zqx",
    "/oppet/liten/api/v1/versions/1/projects?q=zqx",
    "/oppet/liten/api/v1/versions/1/projects?theme=beredskap",
)


def test_no_address_gives_a_secret_away(
    world: Publication, caplog: pytest.LogCaptureFixture
) -> None:
    # what is logged of an address keeps all of its request
    caplog.set_level(logging.CRITICAL, "django.request")
    client = Client(raise_request_exception=True)
    statuses: dict[str, int] = {}
    queue = [*addresses(), *DOORS]
    most = len(queue) + MOST_PAGES
    kinds: set[str] = set()
    while queue and len(statuses) < most:
        address = queue.pop(0)
        if address in statuses:
            continue
        answer = client.get(address)
        statuses[address] = answer.status_code
        assert answer.status_code < 500, address
        if address.startswith(("/oppet/", "/open/")):
            assert not answer.cookies, address
        if answer.status_code == 200:
            kinds.add(answer["Content-Type"].partition(";")[0])
            queue += [one for one in _links(answer, address) if one not in statuses]
        assert secrets_in(answer, address) == [], address
    # what should be found was, and what should not was not
    assert statuses["/oppet/liten/"] == statuses["/oppet/liten/data/1.zip"] == 200
    assert statuses["/oppet/liten/api/v1/versions/1/projects/skola"] == 200
    assert {"application/zip", "application/json", "text/html", "image/png"} <= kinds
    for address, status in statuses.items():
        if address.startswith(("/oppet/annan/", "/open/annan/", "/annan/")):
            assert status != 200, address
        if re.match(
            r"/(oppet|open)/liten/(version|andrat|data)/[23](/|\.zip)", address
        ):
            assert status == 404, address
        if address.startswith("/liten/"):
            assert status in (302, 404), address


def _links(answer: Any, address: str) -> list[str]:
    """Return where a page leads, within what everyone may read."""
    if not answer["Content-Type"].startswith(("text/html", "application/atom")):
        return []
    text = answer.content.decode()
    found = []
    for link in re.findall(r'(?:href|src|action|content)="([^"]+)"', text):
        parts = urlsplit(link.replace("&amp;", "&"))
        if parts.netloc not in ("", "testserver"):
            continue
        path = parts.path or urlsplit(address).path
        if path.startswith(("/oppet/", "/open/")):
            found.append(f"{path}?{parts.query}" if parts.query else path)
    return found


def test_the_hidden_projects_are_there_as_one_sum(world: Publication) -> None:
    told = Client().get("/oppet/liten/api/v1/versions/1/projects").json()["items"]
    by_id = {row["project_id"]: row for row in told}
    assert by_id["ovriga_ej_offentliga"]["cost_tkr"] == 1500.0
    assert not set(PRIVATE) & set(by_id)
    # a project of preparedness may be named, and nothing more
    assert by_id["skydd"]["lat"] is None
    assert by_id["skydd"]["area"] is None


@pytest.mark.parametrize("secret", SECRETS)
def test_the_search_for_secrets_finds_them(secret: str) -> None:
    class Answer(dict[str, str]):
        streaming = False
        content = f"<p>{secret.upper()}abc</p>".encode()

    assert secrets_in(Answer(), "/oppet/liten/?q=skola")

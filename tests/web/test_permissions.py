"""Every address of the application × who asks × what state the municipality is in.

`TABLE` is the one list of what each address asks for. An address that is not in it fails
`test_every_address_is_in_the_table`, and one whose view declares something else fails
`test_views_declare_what_the_table_says`. To add an address:

    "name": page(READ),                      a page to read
    "name": page(READ, 302),                 ... that leads on
    "name": act(RUN_STUDY),                  something that is only sent
    "name": both(READ, RUN_STUDY),           a page that is also sent
    "name": page(READ, number="study"),      what stands for `<int:number>`: see `things`

The status of a permitted GET is exact; a permitted POST without any fields may be
answered by whatever says so (`SENT`), but never by a fault of the program.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, get_resolver, resolve
from django.utils import timezone
from web.conftest import PASSWORD

from rodtrad.capacity.lines import LINES
from rodtrad.study import Settings, run
from rodtrad.web import (
    access,
    attachments,
    envelope_ballots,
    events,
    letter_pictures,
    people,
    publishing,
    store,
)
from rodtrad.web.access import Right
from rodtrad.web.models import (
    Change,
    Invitation,
    Membership,
    Municipality,
    Row,
    Study,
    Underlag,
    User,
)
from rodtrad.web.models.dialogue import Comment, Dialogue, Theme
from rodtrad.web.models.envelope import Envelope
from rodtrad.web.models.letters import BlogImport, Letter
from rodtrad.web.models.organisation import Role
from rodtrad.web.models.projects import NeedReport, VisionLink, VisionNode
from rodtrad.web.models.studies import packed_json
from rodtrad.web.models.underlag import PendingImport

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.test.client import _MonkeyPatchedWSGIResponse as Answer
    from pytest_django import Settings as DjangoSettings
    from web.conftest import ClientFor, MakeMember

    from rodtrad.domain.components import Tables

READ = Right.READ
REPORT_NEED = Right.REPORT_NEED
EDIT_PROJECTS = Right.EDIT_PROJECTS
EDIT_UNDERLAG = Right.EDIT_UNDERLAG
APPROVE_IMPORT = Right.APPROVE_IMPORT
LOCK_VERSION = Right.LOCK_VERSION
RUN_STUDY = Right.RUN_STUDY
DECIDE = Right.DECIDE
VALUE = Right.VALUE
EXPORT = Right.EXPORT
MANAGE_PEOPLE = Right.MANAGE_PEOPLE
READ_LOG = Right.READ_LOG
PUBLISH = Right.PUBLISH
MODERATE = Right.MODERATE
WRITE_LETTER = Right.WRITE_LETTER
ENVELOPE = Right.ENVELOPE

SENT: Final = frozenset({200, 204, 302, 400, 409, 422})
"""How a permitted POST without fields may be answered."""


@dataclass(frozen=True)
class Address:
    """What an address under a municipality asks for; None: not answered (405).

    `lost` is the answer to a POST about something that is not there (any more). `finer`
    are methods where a rule of the page itself says no to more people than the right
    does: 403 or 404, but never for an administrator. `bare` is one more answer to a POST
    without fields.
    """

    get: Right | None
    post: Right | None
    status: int = 200
    things: dict[str, str] = field(default_factory=dict)
    lost: int = 404
    finer: str = ""
    bare: int = 302


def page(right: Right, status: int = 200, *, finer: str = "", **things: str) -> Address:
    """A page that is only read."""
    return Address(right, None, status, things, finer=finer)


def act(right: Right, *, finer: str = "", **things: str) -> Address:
    """Something that is only sent."""
    return Address(None, right, 405, things, finer=finer)


def both(
    read: Right,
    send: Right,
    status: int = 200,
    *,
    lost: int = 404,
    finer: str = "",
    bare: int = 302,
    **things: str,
) -> Address:
    """A page with a form that is sent to the same address."""
    return Address(read, send, status, things, lost, finer, bare)


TABLE: Final[dict[str, Address]] = {
    # every page
    "search": page(READ),
    # people
    "people": page(MANAGE_PEOPLE),
    "invite": act(MANAGE_PEOPLE),
    "login_rules": act(MANAGE_PEOPLE),
    "leave": both(READ, READ),
    "member": both(MANAGE_PEOPLE, MANAGE_PEOPLE, number="member"),
    "member_remove": both(MANAGE_PEOPLE, MANAGE_PEOPLE, number="member"),
    "invite_again": act(MANAGE_PEOPLE, number="invitation"),
    "withdraw": act(MANAGE_PEOPLE, number="invitation"),
    # publishing
    "publishing": page(READ),
    "publishing_prepare": both(PUBLISH, PUBLISH, number="study"),
    "publishing_withdraw": both(PUBLISH, PUBLISH, number="published"),
    "publishing_next": both(PUBLISH, PUBLISH),
    "publishing_next_of": both(PUBLISH, PUBLISH, project_id="project"),
    # dialogue
    "dialogue_queue": page(MODERATE),
    "dialogues": page(MODERATE),
    "dialogue_new": both(MODERATE, MODERATE),
    "dialogue_thin_after": act(MODERATE),
    "dialogue_mails": both(MODERATE, MODERATE),
    "dialogue_one": page(MODERATE, number="dialogue"),
    "dialogue_change": both(MODERATE, MODERATE, number="dialogue"),
    "dialogue_register": both(MODERATE, MODERATE, number="dialogue"),
    "dialogue_theme_add": act(MODERATE, number="dialogue"),
    "dialogue_theme_change": act(MODERATE, number="theme"),
    "dialogue_theme_answer": both(MODERATE, MODERATE, number="theme"),
    "dialogue_comment": page(MODERATE, number="comment"),
    "dialogue_moderate": act(MODERATE, number="comment"),
    "dialogue_thin": both(MODERATE, MODERATE, number="comment"),
    "dialogue_put_under": act(MODERATE, number="comment"),
    "dialogue_answer": act(MODERATE, number="comment"),
    # envelopes
    "envelopes": page(READ),
    "envelope_new": both(ENVELOPE, ENVELOPE),
    "envelope_import": both(ENVELOPE, ENVELOPE),
    "envelope": page(READ, number="envelope"),
    "envelope_edit": both(ENVELOPE, ENVELOPE, number="envelope"),
    "envelope_open": act(ENVELOPE, number="envelope"),
    "envelope_proposal_new": both(ENVELOPE, ENVELOPE, number="envelope"),
    # one that stands is led on to where its words are taken away
    "envelope_proposal": both(
        ENVELOPE, ENVELOPE, 302, number="envelope", of="proposal"
    ),
    "envelope_redact": both(ENVELOPE, ENVELOPE, number="envelope", of="proposal"),
    "envelope_tear_up": both(ENVELOPE, ENVELOPE, number="envelope"),
    "envelope_codes": both(ENVELOPE, ENVELOPE, number="envelope"),
    "envelope_paper": both(ENVELOPE, ENVELOPE, number="envelope"),
    "envelope_count": act(ENVELOPE, number="envelope"),
    "envelope_result": page(ENVELOPE, number="envelope"),
    "envelope_publish": act(ENVELOPE, number="envelope"),
    "envelope_file": page(ENVELOPE, number="envelope"),
    # the log
    "events": page(READ_LOG),
    "history": page(READ, kind="kind", key="key"),
    # studies
    "overview": page(READ),
    "needs_per_year": page(READ),
    "room": page(READ),
    "statements": page(READ),
    "balanskrav": page(READ),
    "study_goals": page(READ),
    "debt": page(READ),
    "levers": both(READ, RUN_STUDY),
    # no lever is turned
    "levers_trail": page(RUN_STUDY, 404, figure="figure"),
    "why": page(READ),
    "reserve": page(READ),
    "compare": page(READ),
    "studies": both(READ, RUN_STUDY),
    "near": page(READ),
    "basis": page(READ),
    "study": page(READ, number="study"),
    "study_show": page(READ, number="study"),
    "study_cancel": act(RUN_STUDY, number="study"),
    "study_again": act(RUN_STUDY, number="study"),
    "study_decide": act(DECIDE, number="study"),
    "trail": page(READ, number="study", figure="figure"),
    # the underlag
    "underlag": page(READ),
    "underlag_check": act(READ),
    "underlag_changes": page(READ),
    "underlag_change": page(READ, number="change"),
    # one who keeps some sheets undoes changes of those only
    "underlag_undo": act(EDIT_UNDERLAG, finer="POST", number="change"),
    "underlag_workbook": page(EXPORT),
    "underlag_template": page(READ),
    "underlag_import": both(EDIT_UNDERLAG, EDIT_UNDERLAG),
    "underlag_pending": page(EDIT_UNDERLAG, number="import"),
    "underlag_approve": act(APPROVE_IMPORT, number="import"),
    # one's own, or as one who approves
    "underlag_discard": act(EDIT_UNDERLAG, finer="POST", number="import"),
    "underlag_suggestions": page(READ, sheet="sheet", column="column"),
    "underlag_new_row": both(READ, EDIT_UNDERLAG, finer="GET", sheet="sheet"),
    # what was typed is shown again when somebody has removed the row meanwhile
    "underlag_row": both(READ, EDIT_UNDERLAG, lost=409, sheet="sheet", pk="row"),
    "underlag_remove_row": both(
        READ, EDIT_UNDERLAG, finer="GET", sheet="sheet", pk="row"
    ),
    "underlag_sheet": both(READ, EDIT_UNDERLAG, sheet="sheet"),
    "versions": both(READ, EDIT_UNDERLAG),
    # without two versions to compare
    "versions_compare": page(READ, 404),
    "version": page(READ, number="version"),
    "version_lock": act(LOCK_VERSION, number="version"),
    "version_restore": act(APPROVE_IMPORT, number="version"),
    # projects
    "projects": page(READ),
    "projects_csv": page(READ),
    "project_board": page(READ),
    "project_timeline": page(READ),
    "project_map": page(READ),
    "project_choices": page(READ),
    "project_map_data": page(READ),
    "project_new": both(EDIT_PROJECTS, EDIT_PROJECTS),
    "project_file": page(READ, pk="file"),
    "project_detach": both(EDIT_PROJECTS, EDIT_PROJECTS, pk="file"),
    "project_edit": both(EDIT_PROJECTS, EDIT_PROJECTS, project_id="project"),
    # which gate decides who may move the project there
    "project_gate": both(READ, READ, finer="GET POST", bare=404, project_id="project"),
    "project_words": both(EDIT_PROJECTS, EDIT_PROJECTS, project_id="project"),
    "project_alternative": both(
        EDIT_PROJECTS, EDIT_PROJECTS, project_id="project", alternative_id="way"
    ),
    "project_decide": both(DECIDE, DECIDE, project_id="project"),
    "project_estimate": both(EDIT_PROJECTS, EDIT_PROJECTS, project_id="project"),
    "project_year": both(EDIT_PROJECTS, EDIT_PROJECTS, project_id="project"),
    "project_attach": both(EDIT_PROJECTS, EDIT_PROJECTS, project_id="project"),
    "project": page(READ, project_id="project"),
    # needs and goals
    "need_new": both(REPORT_NEED, REPORT_NEED),
    "need_reports": page(READ),
    "need_report": page(READ, finer="GET", number="need"),
    "need_answer": both(EDIT_PROJECTS, EDIT_PROJECTS, number="need"),
    "goal_tree": page(READ),
    # without a part to stand under
    "goal_new": both(DECIDE, DECIDE, 302),
    "goal_edit": both(DECIDE, DECIDE, pk="goal"),
    "goal_remove": both(DECIDE, DECIDE, pk="goal"),
    "goal_link": both(DECIDE, DECIDE, pk="goal"),
    "goal_unlink": act(DECIDE, pk="link"),
    # letters
    "letters": page(WRITE_LETTER),
    "letter_new": both(WRITE_LETTER, WRITE_LETTER),
    "letter_edit": both(WRITE_LETTER, WRITE_LETTER, number="letter"),
    "letter_preview": page(WRITE_LETTER, number="letter"),
    "letter_publish": act(WRITE_LETTER, number="letter"),
    # of a draft it leads back
    "letter_withdraw": both(WRITE_LETTER, WRITE_LETTER, 302, number="letter"),
    "letter_remove": act(WRITE_LETTER, number="letter"),
    "letter_remove_comment": act(WRITE_LETTER, number="letter"),
    "letter_comments": act(WRITE_LETTER, number="letter"),
    "letter_add_picture": act(WRITE_LETTER, number="letter"),
    "letter_picture": page(WRITE_LETTER, number="letter", picture="picture"),
    "letter_remove_picture": act(WRITE_LETTER, number="letter", picture="picture"),
    "blog_send": both(WRITE_LETTER, WRITE_LETTER),
    "blog_pending": both(WRITE_LETTER, WRITE_LETTER, number="blog"),
    "blog_post": page(WRITE_LETTER, number="blog", position="post"),
    "blog_discard": act(WRITE_LETTER, number="blog"),
    # values, workbench
    "valuation": both(VALUE, VALUE),
    "agreement": page(READ),
    "residents": both(READ, RUN_STUDY),
    "workbench": both(RUN_STUDY, RUN_STUDY, bare=404),
    "workbench_trail": page(RUN_STUDY, figure="figure"),
    # for the meeting
    "meeting": page(EXPORT),
    "meeting_study": page(EXPORT, number="study"),
    "meeting_letter": page(EXPORT, number="study"),
    # without a project
    "meeting_project_letter": page(EXPORT, 404, number="study"),
    "meeting_slides": page(EXPORT, number="study"),
    "meeting_workbook": page(EXPORT, number="study"),
    "meeting_report": page(EXPORT, number="study"),
}

HAVE_OBJECTS: Final = frozenset({"number", "pk"})
"""Arguments that name something of a municipality."""
NOWHERE: Final = dict.fromkeys(
    (
        "study",
        "published",
        "envelope",
        "version",
        "change",
        "import",
        "invitation",
        "member",
        "row",
        "file",
        "need",
        "goal",
        "link",
        "dialogue",
        "theme",
        "comment",
        "letter",
        "blog",
    ),
    987_654,
)
"""Numbers that nothing has."""
SLOW: Final = frozenset(
    {"meeting_report", "meeting_letter", "meeting_slides", "meeting_workbook"}
)
"""Documents, made anew each time: who may not have them is tried for all roles, the
document itself for one."""


@dataclass(frozen=True)
class Door:
    """An address outside the municipalities.

    Statuses for someone who is not logged in, and for someone who is: GET and POST.
    302 without a log-in leads to the log-in page where `asks` is set.
    """

    stranger: tuple[int, int]
    member: tuple[int, int]
    path: str = ""
    asks: bool = False
    csrf: bool = True


def asks(get: int = 200, post: int = 302, path: str = "") -> Door:
    """An address for people who are logged in."""
    return Door((302, 302), (get, post), path, asks=True)


PUBLIC: Final[dict[str, str]] = {
    # the plan
    "public_front": "GET",
    "public_projects": "GET",
    "public_project": "GET",
    "public_map": "GET",
    "public_timeline": "GET",
    "public_economy": "GET",
    "public_cannot": "GET",
    "public_assumptions": "GET",
    "public_changes": "GET",
    "public_changes_of": "GET",
    "public_plain": "GET",
    "public_feed": "GET",
    "public_picture": "GET",
    "public_project_picture": "GET",
    "public_about": "GET",
    "public_accessibility": "GET",
    "public_privacy": "GET",
    # the sandbox and the residents' questions
    "public_sandbox": "GET POST",
    "public_sandbox_plan": "GET POST",
    "public_hand_in": "GET POST",
    "public_residents": "GET",
    "public_questions": "GET POST",
    # open data, the interface for programs, search
    "public_search": "GET",
    "public_data": "GET",
    "public_data_file": "GET",
    "public_api": "GET",
    "public_api_document": "GET",
    "public_api_versions": "GET",
    "public_api_version": "GET",
    "public_api_projects": "GET",
    "public_api_project": "GET",
    "public_api_areas": "GET",
    "public_api_changes": "GET",
    "public_api_economy": "GET",
    "public_api_nothing": "GET",
    # envelopes
    "public_envelopes": "GET",
    "public_envelope": "GET",
    "public_envelope_propose": "GET POST",
    "public_envelope_vote": "GET POST",
    "public_envelope_result": "GET",
    "public_envelope_receipts": "GET POST",
    "public_envelope_file": "GET",
    # letters
    "public_letters": "GET",
    "public_letters_year": "GET",
    "public_letters_month": "GET",
    "public_letter": "GET",
    "public_letter_picture": "GET",
    "public_letters_feed": "GET",
    # dialogue
    "public_dialogues": "GET",
    "public_dialogue": "GET",
    "public_write": "GET POST",
    "public_comments": "GET",
    "public_comment": "GET",
    "public_report": "GET POST",
    "public_receipt": "GET",
    "public_comment_confirm": "GET POST",
    # following
    "public_follow": "GET POST",
    "public_follow_sent": "GET",
    "public_follow_confirm": "GET POST",
    "public_follow_end": "GET POST",
}
"""What everyone may read or send, under a municipality's public address: the methods."""

AGAIN = 302  # to the page that asks for the password once more
DOORS: Final[dict[str, Door]] = {
    "csp": Door((405, 204), (405, 204), csrf=False),
    "start": Door((302, 302), (302, 405), asks=True),
    "language": Door((405, 302), (405, 302)),
    "theme": Door((405, 302), (405, 302)),
    "keys": Door((200, 302), (200, 302)),
    "account": asks(200, 200),
    "invitation": Door((404, 404), (404, 404), "/konto/inbjudan/finns-inte/"),
    "account_login": Door((200, 200), (302, 302)),
    "account_logout": Door((302, 302), (200, 302)),
    "account_inactive": Door((200, 405), (200, 405)),
    "account_signup": Door((200, 200), (302, 302)),
    "account_reauthenticate": asks(200, 200),
    "account_change_password": asks(200, 200),
    "account_set_password": asks(302, 302),
    "account_reset_password": Door((200, 200), (200, 200)),
    "account_reset_password_done": Door((200, 405), (200, 405)),
    "account_reset_password_from_key_done": Door((200, 405), (200, 405)),
    "account_reset_password_from_key": Door(
        (200, 200), (200, 200), "/konto/password/reset/key/1-paahittad/"
    ),
    "mfa_index": asks(200, 405),
    "mfa_authenticate": Door((302, 302), (302, 302)),
    "mfa_reauthenticate": asks(302, 302),
    "mfa_activate_totp": asks(AGAIN, AGAIN),
    "mfa_deactivate_totp": asks(404, 404),
    "mfa_view_recovery_codes": asks(404, 405),
    "mfa_generate_recovery_codes": asks(AGAIN, AGAIN),
    "mfa_download_recovery_codes": asks(404, 404),
    "mfa_list_webauthn": asks(200, 405),
    "mfa_add_webauthn": asks(AGAIN, AGAIN),
    "mfa_reauthenticate_webauthn": asks(302, 302),
    "mfa_remove_webauthn": asks(AGAIN, AGAIN, "/konto/2fa/webauthn/keys/1/remove/"),
    "mfa_edit_webauthn": asks(AGAIN, AGAIN, "/konto/2fa/webauthn/keys/1/edit/"),
    "mfa_login_webauthn": Door((302, 302), (302, 302)),
    "socialaccount_login_cancelled": Door((200, 405), (200, 405)),
    "socialaccount_login_error": Door((401, 405), (401, 405)),
    # no sign-on is set while this is tried
    "municipal_login": Door((404, 404), (404, 404), "/konto/oidc/x/login/"),
    "openid_connect_login": Door((404, 404), (404, 404), "/konto/oidc/x/login/"),
    "openid_connect_callback": Door(
        (404, 404), (404, 404), "/konto/oidc/x/login/callback/"
    ),
    "usersessions_list": asks(200, 302),
}
# Ways of allauth that are not used here: nobody finds them.
CLOSED: Final = {
    "account_email": "/konto/email/",
    "account_email_verification_sent": "/konto/confirm-email/",
    "account_confirm_email": "/konto/confirm-email/x/",
    "account_confirm_login_code": "/konto/login/code/confirm/",
    "socialaccount_signup": "/konto/3rdparty/signup/",
    "socialaccount_connections": "/konto/3rdparty/",
    "konto/social/login/cancelled/": "/konto/social/login/cancelled/",
    "konto/social/login/error/": "/konto/social/login/error/",
    "konto/social/signup/": "/konto/social/signup/",
    "konto/social/connections/": "/konto/social/connections/",
}

MUNICIPAL: Final = "<slug:kommun>/"


def patterns(
    resolver: Any = None, before: str = ""
) -> Iterator[tuple[str, URLPattern]]:
    """Give every pattern of the application, with its whole address."""
    for one in (resolver or get_resolver()).url_patterns:
        whole = before + str(one.pattern)
        if isinstance(one, URLPattern):
            yield whole, one
        else:
            yield from patterns(one, whole)


@cache
def named() -> dict[str, tuple[str, URLPattern]]:
    """Return every address by name, or by itself where it has none."""
    return {one.name or whole: (whole, one) for whole, one in patterns()}


def test_every_address_is_in_the_table() -> None:
    own = {name for name in named() if name not in CLOSED_PATTERNS}
    written = set(TABLE) | set(DOORS) | set(CLOSED) | set(PUBLIC)
    missing = sorted(own - written)
    assert not missing, f"add a row for: {missing}"
    gone = sorted(written - own)
    assert not gone, f"no longer an address: {gone}"


# the closing patterns themselves have the address of what they close
CLOSED_PATTERNS: Final = frozenset(
    {
        "konto/email/",
        "konto/confirm-email/",
        "konto/confirm-email/<str:key>/",
        "konto/login/code/confirm/",
        "konto/3rdparty/",
        "konto/3rdparty/signup/",
    }
)


def test_the_table_says_which_addresses_are_municipal() -> None:
    for name, (whole, _one) in named().items():
        if name in TABLE:
            assert whole.startswith(MUNICIPAL), name
        else:
            assert not whole.startswith("<"), name


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_public_views_are_open_and_answer_what_the_table_says(name: str) -> None:
    whole, one = named()[name]
    view: Any = one.callback
    assert whole.startswith("open/<slug:ort>/")
    assert view.open_to_all is True
    assert " ".join(view.methods) == PUBLIC[name]


@pytest.mark.parametrize("name", sorted(TABLE))
def test_views_declare_what_the_table_says(name: str) -> None:
    if name not in named():
        pytest.fail(f"no address is called {name}")
    view: Any = named()[name][1].callback
    row = TABLE[name]
    methods = {"GET": row.get, "POST": row.post}
    assert set(view.methods) == {m for m, right in methods.items() if right}
    if row.get:
        assert view.required_right == row.get
    if row.post:
        assert view.required_right_to_post == row.post


# ---------------------------------------------------------------- the world


def counted_envelope(place: Municipality, number: int) -> int:
    """Count an envelope that was voted for elsewhere, and return its number."""
    day = timezone.localdate()
    envelope = Envelope.objects.create(
        municipality=place,
        number=number,
        name="Pott",
        sum_ore=100,
        votes_from=day,
        votes_to=day,
        imported=True,
    )
    envelope.proposals.create(
        number=1, key="1", name="Bänk", cost_ore=100, state="shown"
    )
    envelope.ballots.create(key=place.slug, number="V1", marks=[["1", 1]])
    envelope_ballots.count_or_queue(None, envelope)
    return number


def letter_and_blog(place: Municipality, number: int) -> tuple[Letter, BlogImport]:
    """Return a draft with a picture, and a blog that waits."""
    letter = Letter.objects.create(
        municipality=place, number=number, slug="brev", title="Brev", text="Hej."
    )
    picture = letter.pictures.create(
        number=1, alt="Bro", kind="png", width=1, height=1, size=1, checksum="ab" * 32
    )
    path = letter_pictures.path_of(picture.checksum)
    if not default_storage.exists(path):
        default_storage.save(path, ContentFile(b"bild"))
    blog = BlogImport.objects.create(
        municipality=place, filename="blogg.xml", size=1, ready=True
    )
    blog.posts.create(position=1, title="Inlägg", text="Hej.")
    return letter, blog


class World:
    """Two municipalities with one of everything, and addresses to it."""

    def __init__(self, place: Municipality, tables: Tables, result: Any) -> None:
        self.place = place
        underlag = Underlag.objects.create(municipality=place, name=place.name)
        store.write_tables(underlag, tables)
        # numbers that nothing in the other municipality has
        start = 1 if place.slug == "liten" else 501
        version = store.make_version(underlag, "Första", None)
        study = Study.objects.create(
            municipality=place,
            number=start,
            name="Planen",
            version=version,
            state=Study.State.DONE,
            result=packed_json(result),
            finished_at=timezone.now(),
        )
        events.record(None, place, "study.finished", study)
        if start > 1:
            type(version).objects.filter(pk=version.pk).update(number=start)
        change = Change.objects.create(
            underlag=underlag, number=start + 100, kind=Change.Kind.EDIT
        )
        waiting = PendingImport.objects.create(
            municipality=place,
            filename="bok.xlsx",
            size=1,
            content=version.content,
        )
        invitation = Invitation.objects.create(
            municipality=place,
            email="vantar@example.se",
            role=Role.CHEF,
            token_hash=people.token_hash(place.slug),
            expires_at=timezone.now() + people.VALID,
        )
        boss = User.objects.create_user(f"forst@{place.slug}.example", PASSWORD)
        first = Membership.objects.create(
            user=boss, municipality=place, role=Role.ADMINISTRATOR
        )
        row = Row.objects.filter(underlag=underlag, table="projects").first()
        way = Row.objects.filter(underlag=underlag, table="alternatives").first()
        assert row is not None
        assert way is not None
        need = NeedReport.objects.create(
            municipality=place,
            number=start,
            what="Tak",
            where="Skolan",
            when="I vår",
            why="Det läcker.",
            reporter=boss,
            reporter_name=str(boss),
        )
        goal = VisionNode.objects.create(
            municipality=place, kind=VisionNode.Kind.GOAL, text="Hela tak"
        )
        link = VisionLink.objects.create(node=goal, project_id=row.key)
        file = attachments.keep(SimpleUploadedFile("bilaga.txt", b"En bilaga."), "txt")
        file.municipality, file.project_id = place, row.key
        file.uploaded_by_name = str(boss)
        file.save()
        published = publishing.publish(None, study)
        if start > 1:
            type(published).objects.filter(pk=published.pk).update(number=start)
        talk = Dialogue.objects.create(
            municipality=place,
            kind="project",
            key=row.key,
            title="Hur ska det bli?",
            level="dialog",
            opens=timezone.localdate(),
            closes=timezone.localdate(),
            owner_role="Chefen",
            state="open",
        )
        theme = Theme.objects.create(dialogue=talk, name="Trafik")
        comment = Comment.objects.create(
            municipality=place,
            dialogue=talk,
            item_kind="project",
            item_key=row.key,
            theme=theme,
            text="En synpunkt.",
            state="shown",
        )
        letter, blog = letter_and_blog(place, start)
        self.things: dict[str, Any] = {
            "envelope": counted_envelope(place, start),
            "proposal": 1,
            "letter": letter.number,
            "picture": 1,
            "blog": blog.pk,
            "post": 1,
            "dialogue": talk.pk,
            "theme": theme.pk,
            "comment": comment.pk,
            "study": study.number,
            "published": start,
            "version": start,
            "change": change.number,
            "import": waiting.pk,
            "invitation": invitation.pk,
            "member": first.pk,
            "row": row.pk,
            "project": row.key,
            "way": str(way.key).rpartition(" · ")[2],
            "file": file.pk,
            "need": need.number,
            "goal": goal.pk,
            "link": link.pk,
            "sheet": "projekt",
            "column": "name",
            "figure": f"{next(iter(LINES))}:{result['years'][0]}",
            "kind": "study",
            "key": str(study.pk),
        }

    def address(self, name: str, things: dict[str, Any] | None = None) -> str:
        """Return the address of a name, with this municipality's things."""
        known = things or self.things
        path = named()[name][0].replace(MUNICIPAL, f"/{self.place.slug}/")
        for argument, thing in TABLE[name].things.items():
            path, count = re.subn(rf"<\w+:{argument}>", str(known[thing]), path)
            assert count == 1, (name, argument)
        assert "<" not in path, f"{name}: say what stands for it: {path}"
        return path


@pytest.fixture(scope="module")
def result() -> dict[str, Any]:
    """A finished plan of the small underlag."""
    from web.small import small_tables

    asked = Settings(time_limit=5, draws=20, seed=1)
    found: dict[str, Any] = json.loads(json.dumps(run(small_tables(), asked).result))
    return found


@pytest.fixture
def world(liten: Municipality, tiny_tables: Tables, result: dict[str, Any]) -> World:
    """`liten` with one of everything."""
    return World(liten, tiny_tables, result)


def ask(client: Client, method: str, path: str) -> Answer:
    """Ask, and take back whatever it changed. A fault of the program is a 500."""
    client.raise_request_exception = False
    with transaction.atomic():
        answer: Answer = client.get(path) if method == "GET" else client.post(path)
        if not answer.streaming:
            _ = answer.content
        transaction.set_rollback(True)
    return answer


METHODS: Final = ("GET", "POST")


@pytest.mark.parametrize("role", [role.value for role in Role])
def test_each_role_reaches_what_it_may_and_nothing_else(
    role: str, world: World, client_for: ClientFor
) -> None:
    client = client_for(role)
    wrong: list[str] = []
    for name, row in TABLE.items():
        path = world.address(name)
        for method, right in zip(METHODS, (row.get, row.post), strict=True):
            may = right is not None and Role(role) in access.ROLES_OF[right]
            if may and method == "GET" and name in SLOW and role != "administrator":
                continue
            answer = ask(client, method, path)
            if right is None:
                wanted = {405}
            elif not may:
                wanted = {403}
            else:
                wanted = {row.status} if method == "GET" else {*SENT, row.bare}
                if method in row.finer.split() and role != "administrator":
                    wanted |= {403, 404}
            if answer.status_code not in wanted:
                wrong.append(f"{method} {name} {path}: {answer.status_code}")
            if answer.status_code == 403:
                text = answer.content.decode()
                if "En administratör i kommunen kan ändra din roll" not in text:
                    wrong.append(f"{method} {name}: does not say who gives access")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("who", ["stranger", "other", "removed"])
def test_people_from_outside_reach_nothing(
    who: str,
    world: World,
    client_for: ClientFor,
    make_member: MakeMember,
    annan: Municipality,
) -> None:
    client = Client()
    if who == "other":
        client = client_for("administrator", annan)
    if who == "removed":
        user = make_member("administrator")
        user.memberships.all().delete()
        client.force_login(User.objects.get(pk=user.pk))
    wrong: list[str] = []
    for name in TABLE:
        path = world.address(name)
        for method in METHODS:
            answer = ask(client, method, path)
            if who == "stranger":
                at = answer.headers.get("Location", "")
                if answer.status_code != 302 or not at.startswith(
                    "/konto/login/?next="
                ):
                    wrong.append(f"{method} {path}: {answer.status_code} {at}")
            elif answer.status_code != 404:
                wrong.append(f"{method} {path}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)


def test_objects_of_another_municipality_are_not_found(
    world: World,
    annan: Municipality,
    client_for: ClientFor,
    tiny_tables: Tables,
    result: dict[str, Any],
) -> None:
    other = World(annan, tiny_tables, result)
    client = client_for("administrator")
    wrong: list[str] = []
    tried = 0
    for name, row in TABLE.items():
        if not HAVE_OBJECTS & set(row.things):
            continue
        guessed = world.address(name, other.things)
        nothing = world.address(name, other.things | NOWHERE)
        tried += 1
        for method, right in zip(METHODS, (row.get, row.post), strict=True):
            wanted = 405 if right is None else 404 if method == "GET" else row.lost
            for path in (guessed, nothing):  # the same answer to both
                answer = ask(client, method, path)
                if answer.status_code != wanted:
                    wrong.append(f"{method} {name} {path}: {answer.status_code}")
    assert tried > 10
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("role", ["administrator", "lasare"])
def test_an_empty_municipality_breaks_no_page(
    role: str, world: World, annan: Municipality, client_for: ClientFor
) -> None:
    client = client_for(role, annan)
    wrong: list[str] = []
    for name, row in TABLE.items():
        path = world.address(name).replace("/liten/", "/annan/", 1)
        for method, right in zip(METHODS, (row.get, row.post), strict=True):
            answer = ask(client, method, path)
            may = right is not None and Role(role) in access.ROLES_OF[right]
            if right is None:
                fits = answer.status_code == 405
            elif not may:
                fits = answer.status_code == 403
            else:
                fits = answer.status_code in {*SENT, 403, 404}
            if not fits:
                wrong.append(f"{method} {name} {path}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)


def test_nothing_is_sent_without_the_forms_token(
    world: World, client_for: ClientFor
) -> None:
    member = client_for("administrator")
    client = Client(enforce_csrf_checks=True)
    client.cookies = member.cookies
    wrong: list[str] = []
    paths = [world.address(name) for name, row in TABLE.items() if row.post]
    paths += [
        path_of(name)
        for name, door in DOORS.items()
        if door.csrf and door.member[1] != 405
    ]
    for path in paths:
        answer = ask(client, "POST", path)
        told = "Formuläret var för gammalt" in answer.content.decode()
        if answer.status_code != 403 or not told:
            wrong.append(f"{path}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)


# ---------------------------------------------------------------- outside


def path_of(name: str) -> str:
    """Return the address of a door."""
    return DOORS[name].path or "/" + named()[name][0].replace("^", "")


@pytest.mark.parametrize("logged_in", [False, True])
def test_doors(logged_in: bool, make_member: MakeMember) -> None:
    client = Client()
    if logged_in:
        make_member("chef")
        sent = {"login": "chef@liten.example", "password": PASSWORD}
        assert client.post("/konto/login/", sent).status_code == 302
    wrong: list[str] = []
    for name, door in DOORS.items():
        path = path_of(name)
        wanted = door.member if logged_in else door.stranger
        for method, status in zip(METHODS, wanted, strict=True):
            visitor = Client()
            # logging out ends a copy
            visitor.cookies.load({n: c.value for n, c in client.cookies.items()})
            if logged_in and name == "account_logout":
                visitor.cookies.clear()
                visitor.post("/konto/login/", sent)
            answer = ask(visitor, method, path)
            at = answer.headers.get("Location", "")
            if answer.status_code != status:
                wrong.append(f"{method} {name} {path}: {answer.status_code} {at}")
            elif (
                door.asks and not logged_in and not at.startswith("/konto/login/?next=")
            ):
                wrong.append(f"{method} {name}: leads to {at}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("role", ["administrator", None])
def test_closed_ways(role: str | None, client_for: ClientFor) -> None:
    client = client_for(role) if role else Client()
    for path in CLOSED.values():
        for method in METHODS:
            assert ask(client, method, path).status_code == 404, path


def test_closed_ways_cannot_be_reached_by_another_spelling() -> None:
    for path in CLOSED.values():
        assert resolve(path).func.__module__ == "rodtrad.web.views.accounts"


def test_a_demanded_second_step_stands_before_every_address(
    world: World, client_for: ClientFor, settings: DjangoSettings
) -> None:
    world.place.second_factor_roles = [Role.EKONOM.value]
    world.place.save(update_fields=["second_factor_roles"])
    client = client_for("ekonom")
    for name in TABLE:
        for method in METHODS:
            answer = ask(client, method, world.address(name))
            assert answer.headers.get("Location") == "/konto/2fa/", name

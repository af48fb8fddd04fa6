"""People of a municipality: invited, coming in, changing role, leaving."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.utils import timezone
from web.conftest import PASSWORD

from rodtrad.web import people
from rodtrad.web.models import Event, Invitation, Membership, Municipality, User

if TYPE_CHECKING:
    from pytest_django import DjangoAssertNumQueries, Settings
    from web.conftest import ClientFor, MakeMember

PEOPLE = "/liten/personer/"
NEW = {"name": "Nora Ny", "password1": PASSWORD, "password2": PASSWORD}


def invite(client: Client, email: str = "ny@liten.example", role: str = "chef") -> str:
    """Invite someone where there is no mail server; give the path of the link."""
    answer = client.post(
        f"{PEOPLE}bjud-in/", {"email": email, "role": role, "group": "Ledningen"}
    )
    assert answer.status_code == 302
    page = client.get(PEOPLE).content.decode()
    found = re.search(r'value="http://testserver(/konto/inbjudan/[^"]+)"', page)
    assert found
    assert found[1] not in client.get(PEOPLE).content.decode()  # shown once
    return found[1]


def actions(place: Municipality) -> list[str]:
    return list(
        Event.objects.filter(municipality=place)
        .order_by("pk")
        .values_list("action", flat=True)
    )


@pytest.fixture
def admin(client_for: ClientFor) -> Client:
    """An administrator's browser."""
    return client_for("administrator")


# ---------------------------------------------------------------- inviting


def test_a_letter_is_sent_where_there_is_a_mail_server(
    admin: Client, settings: Settings, liten: Municipality
) -> None:
    settings.EMAIL_HOST = "mail.liten.example"
    admin.post(
        f"{PEOPLE}bjud-in/",
        {"email": "Ny@Liten.example", "role": "ekonom", "group": ""},
    )
    letter = mail.outbox[0]
    assert letter.to == ["ny@liten.example"]
    assert letter.subject == "Inbjudan till Liten i Röd tråd"
    found = re.search(r"http://testserver(/konto/inbjudan/\S+)", str(letter.body))
    assert found
    assert "som ekonom" in letter.body
    page = admin.get(PEOPLE).content.decode()
    assert "Inbjudan är skickad till ny@liten.example" in page
    assert found[1] not in page  # only the person's own letter has the link
    stored = Invitation.objects.get()
    assert found[1].split("/")[-2] not in repr(stored.__dict__)
    Client().post(found[1], NEW)
    assert EmailAddress.objects.get(email="ny@liten.example").verified
    assert actions(liten) == ["invitation.sent", "membership.accepted"]


def test_a_letter_that_cannot_be_sent_leaves_a_link(
    admin: Client, settings: Settings
) -> None:
    settings.EMAIL_HOST = "127.0.0.1"
    settings.EMAIL_PORT = 1
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    link = invite(admin)
    assert Client().get(link).status_code == 200


def test_the_invited_person_makes_an_account_and_is_in(
    admin: Client, liten: Municipality
) -> None:
    link = invite(admin)
    client = Client()
    page = client.get(link).content.decode()
    assert "Välkommen till Liten" in page
    assert not User.objects.filter(email="ny@liten.example").exists()
    weak = client.post(link, NEW | {"password1": "kort", "password2": "kort"})
    assert "12" in weak.content.decode()
    differ = client.post(link, NEW | {"password2": "något annat"})
    assert "inte lika" in differ.content.decode()
    answer = client.post(link, NEW)
    assert answer["Location"] == "/liten/"
    member = Membership.objects.get(user__email="ny@liten.example")
    assert (member.role, member.group) == ("chef", "Ledningen")
    assert str(member.user) == "Nora Ny"
    # whoever showed the link might have used it
    assert not EmailAddress.objects.get(email="ny@liten.example").verified
    assert client.get("/liten/personer/lamna/").status_code == 200

    again = Client().get(link)
    assert again.status_code == 410
    assert "Inbjudan är använd" in again.content.decode()
    assert Client().post(link, NEW).status_code == 410


def test_opening_the_link_accepts_nothing(admin: Client) -> None:
    link = invite(admin)
    for _scanner in range(3):
        Client().get(link)
        Client().head(link)
    assert Invitation.objects.get().accepted_at is None


def test_an_expired_invitation_says_so(admin: Client) -> None:
    link = invite(admin)
    Invitation.objects.update(expires_at=timezone.now() - dt.timedelta(minutes=1))
    for answer in (Client().get(link), Client().post(link, NEW)):
        assert answer.status_code == 410
        assert "Inbjudan har gått ut" in answer.content.decode()
    assert not User.objects.filter(email="ny@liten.example").exists()
    assert "har gått ut" in admin.get(PEOPLE).content.decode()


def test_a_withdrawn_or_made_up_link_leads_nowhere(
    admin: Client, liten: Municipality
) -> None:
    link = invite(admin)
    number = Invitation.objects.get().pk
    assert admin.post(f"{PEOPLE}inbjudan/{number}/bort/").status_code == 302
    assert Client().get(link).status_code == 404
    assert Client().get("/konto/inbjudan/paahittad/").status_code == 404
    assert actions(liten) == ["invitation.sent", "invitation.withdrawn"]


def test_a_new_link_replaces_the_old_one(admin: Client, liten: Municipality) -> None:
    old = invite(admin)
    number = Invitation.objects.get().pk
    admin.post(f"{PEOPLE}inbjudan/{number}/igen/")
    assert Client().get(old).status_code == 404
    assert Invitation.objects.count() == 1
    invite(admin, role="lasare")  # inviting once more is the same
    assert Invitation.objects.get().role == "lasare"
    assert actions(liten) == [
        "invitation.sent",
        "invitation.renewed",
        "invitation.renewed",
    ]


def test_another_person_cannot_use_the_invitation(
    admin: Client, client_for: ClientFor
) -> None:
    link = invite(admin)
    other = client_for("lasare")
    for answer in (other.get(link), other.post(link, NEW)):
        assert answer.status_code == 403
        assert "Inbjudan är till en annan adress" in answer.content.decode()
    assert Invitation.objects.get().accepted_at is None
    out = other.post("/konto/logout/", {"next": link})
    assert out["Location"] == link


def test_someone_with_an_account_logs_in_first(
    admin: Client, make_member: MakeMember, annan: Municipality
) -> None:
    make_member("ekonom", annan)
    link = invite(admin, "Ekonom@Annan.example")
    client = Client()
    page = client.get(link).content.decode()
    assert f"/konto/login/?next={link.replace('/', '%2F')}" in page
    # a name and a password sent here do not open someone's account
    client.post(link, NEW)
    assert Membership.objects.filter(municipality__slug="liten").count() == 1
    answer = client.post(
        "/konto/login/",
        {"login": "ekonom@annan.example", "password": PASSWORD, "next": link},
    )
    assert answer["Location"] == link
    assert "Gå med" in client.get(link).content.decode()
    assert client.post(link)["Location"] == "/liten/"
    assert client.get("/liten/personer/lamna/").status_code == 200


def test_a_member_is_not_invited_again(admin: Client, make_member: MakeMember) -> None:
    make_member("lasare")
    answer = admin.post(
        f"{PEOPLE}bjud-in/", {"email": "LASARE@liten.example", "role": "chef"}
    )
    assert answer.status_code == 422
    assert "redan med" in answer.content.decode()


@pytest.mark.parametrize(
    "sent",
    [
        {"email": "inte en adress", "role": "chef"},
        {"email": "ny@liten.example", "role": "kung"},
        {"email": "ny@liten.example", "role": "chef", "group": "x" * 81},
        {},
    ],
)
def test_odd_invitations_are_told_at_the_field(
    admin: Client, sent: dict[str, str]
) -> None:
    answer = admin.post(f"{PEOPLE}bjud-in/", sent)
    assert answer.status_code == 422
    assert "Det här behöver rättas" in answer.content.decode()
    assert not Invitation.objects.exists()


# ---------------------------------------------------------------- changing and leaving


def number_of(user: User) -> int:
    return Membership.objects.get(user=user, municipality__slug="liten").pk


def test_a_role_is_changed_and_the_log_tells(
    admin: Client, make_member: MakeMember, liten: Municipality
) -> None:
    user = make_member("lasare")
    at = f"{PEOPLE}{number_of(user)}/"
    assert admin.get(at).status_code == 200
    answer = admin.post(at, {"role": "ekonom", "group": "Ekonomi"})
    assert answer["Location"] == PEOPLE
    event = Event.objects.get(municipality=liten)
    assert event.action == "membership.changed"
    assert event.before == {"role": "lasare", "group": ""}
    assert event.after == {"role": "ekonom", "group": "Ekonomi"}
    admin.post(at, {"role": "ekonom", "group": "Ekonomi"})  # nothing to tell
    assert Event.objects.count() == 1
    history = admin.get(f"/liten/handelser/membership/{number_of(user)}/")
    assert "läsare" in history.content.decode()


def test_a_removed_person_loses_the_municipality_at_once(
    admin: Client, client_for: ClientFor, liten: Municipality
) -> None:
    client = client_for("lasare")
    user = User.objects.get(email="lasare@liten.example")
    assert client.get(f"{PEOPLE}lamna/").status_code == 200
    at = f"{PEOPLE}{number_of(user)}/bort/"
    assert "Ta bort" in admin.get(at).content.decode()
    assert Membership.objects.filter(user=user).exists()  # asking is not doing
    assert admin.post(at)["Location"] == PEOPLE
    assert client.get(f"{PEOPLE}lamna/").status_code == 302
    client.force_login(User.objects.get(pk=user.pk))
    assert client.get(f"{PEOPLE}lamna/").status_code == 404
    assert actions(liten) == ["membership.removed"]


def test_the_last_administrator_stays(
    admin: Client, make_member: MakeMember, liten: Municipality
) -> None:
    me = User.objects.get(email="administrator@liten.example")
    at = f"{PEOPLE}{number_of(me)}/"
    answer = admin.post(at, {"role": "lasare", "group": ""})
    assert answer.status_code == 422
    assert "minst en administratör" in answer.content.decode()
    assert admin.post(f"{PEOPLE}lamna/").status_code == 409
    idle = make_member("administrator", email="idle@liten.example")
    User.objects.filter(pk=idle.pk).update(is_active=False)
    assert admin.post(f"{PEOPLE}lamna/").status_code == 409  # nobody who can log in
    assert actions(liten) == []

    make_member("administrator", email="andra@liten.example")
    assert admin.post(f"{PEOPLE}lamna/")["Location"] == "/konto/login/"
    assert admin.get(PEOPLE).status_code == 302
    assert actions(liten) == ["membership.left"]


def test_removing_oneself_asks_as_leaving_does(admin: Client) -> None:
    me = User.objects.get(email="administrator@liten.example")
    answer = admin.post(f"{PEOPLE}{number_of(me)}/bort/")
    assert answer["Location"] == f"{PEOPLE}lamna/"


def test_people_of_another_municipality_are_out_of_reach(
    admin: Client, make_member: MakeMember, annan: Municipality
) -> None:
    stranger = Membership.objects.get(user=make_member("chef", annan))
    invitation = Invitation.objects.create(
        municipality=annan,
        email="x@annan.example",
        role="chef",
        token_hash="x",
        expires_at=timezone.now() + people.VALID,
    )
    for at in (f"{stranger.pk}/", f"{stranger.pk}/bort/"):
        assert admin.get(PEOPLE + at).status_code == 404
        assert admin.post(PEOPLE + at, {"role": "lasare"}).status_code == 404
    for at in ("igen/", "bort/"):
        answer = admin.post(f"{PEOPLE}inbjudan/{invitation.pk}/{at}")
        assert answer.status_code == 404
    assert admin.get("/annan/personer/").status_code == 404
    assert Invitation.objects.get().token_hash == "x"


def test_script_in_names_is_shown_as_text(
    admin: Client, make_member: MakeMember
) -> None:
    user = make_member("lasare", group="<script>g()</script>")
    User.objects.filter(pk=user.pk).update(name="<script>n()</script>")
    number = number_of(user)
    for at in (PEOPLE, f"{PEOPLE}{number}/", f"{PEOPLE}{number}/bort/"):
        page = admin.get(at).content.decode()
        assert "<script>n" not in page
        assert "<script>g" not in page


def test_the_page_asks_the_database_as_often_for_many_as_for_few(
    admin: Client,
    make_member: MakeMember,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for n in range(30):
        make_member("lasare", email=f"p{n}@liten.example")
    with django_assert_max_num_queries(12):
        assert admin.get(PEOPLE).status_code == 200


def test_rights_table_says_what_access_says(admin: Client) -> None:
    page = admin.get(PEOPLE).content.decode()
    table = page[page.index('<table class="rights">') :]
    row = table[table.index("bjuda in och ge roller") :].split("</tr>")[0]
    assert row.count("ja") == 1

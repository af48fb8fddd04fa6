"""Logging in: by address, with a new password, throttled, in two steps, everywhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from django.core import mail
from django.core.cache import cache
from django.test import Client
from web.conftest import PASSWORD

from rodtrad.web import people
from rodtrad.web.models import Membership, Municipality, User

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer
    from pytest_django import Settings
    from web.conftest import ClientFor, MakeMember

LOGIN = "/konto/login/"
NEW_PASSWORD = "sju-ask-lind-rönn"


@pytest.fixture
def throttled(settings: Settings) -> None:
    """Count log-in attempts, as the application does."""
    settings.ACCOUNT_RATE_LIMITS = {
        "login": "120/m/ip",
        "login_failed": "5/15m/key,100/15m/ip",
    }
    cache.clear()


def log_in(client: Client, email: str, password: str = PASSWORD) -> Answer:
    return client.post(LOGIN, {"login": email, "password": password})


def member_page(client: Client) -> int:
    return client.get("/liten/personer/lamna/").status_code


def test_address_and_password_lead_to_the_page_that_was_asked_for(
    make_member: MakeMember,
) -> None:
    make_member("chef")
    client = Client()
    asked = client.get("/liten/personer/lamna/")
    assert asked["Location"] == f"{LOGIN}?next=/liten/personer/lamna/"
    page = client.get(asked["Location"])
    assert '<html lang="sv"' in page.content.decode()
    answer = client.post(
        LOGIN,
        {
            "login": "Chef@LITEN.example",
            "password": PASSWORD,
            "next": "/liten/personer/lamna/",
        },
    )
    assert answer["Location"] == "/liten/personer/lamna/"
    assert member_page(client) == 200


def test_nobody_is_sent_to_another_host(make_member: MakeMember) -> None:
    make_member("chef")
    answer = Client().post(
        LOGIN,
        {
            "login": "chef@liten.example",
            "password": PASSWORD,
            "next": "https://evil.example/",
        },
    )
    assert answer["Location"] == "/"


def test_a_wrong_password_says_the_same_as_an_unknown_address(
    make_member: MakeMember,
) -> None:
    make_member("chef")
    told = [
        re.findall(r"Adressen eller lösenordet[^<]*", answer.content.decode())
        for answer in (
            log_in(Client(), "chef@liten.example", "fel"),
            log_in(Client(), "ingen@liten.example", "fel"),
        )
    ]
    assert told[0]
    assert told[0] == told[1]


@pytest.mark.usefixtures("throttled")
def test_the_sixth_wrong_try_is_refused_but_others_come_in(
    make_member: MakeMember,
) -> None:
    make_member("chef")
    make_member("ekonom")
    client = Client()
    for _try in range(5):
        answer = log_in(client, "chef@liten.example", "fel")
        assert "stämmer inte" in answer.content.decode()
    for password in ("fel", PASSWORD):
        answer = log_in(client, "CHEF@liten.example", password)
        assert answer.status_code == 200
        assert "För många försök" in answer.content.decode()
    assert log_in(Client(), "ekonom@liten.example").status_code == 302


@pytest.mark.usefixtures("throttled")
def test_right_tries_are_not_counted(make_member: MakeMember) -> None:
    make_member("chef")
    for _try in range(8):
        assert log_in(Client(), "chef@liten.example").status_code == 302


@pytest.mark.usefixtures("throttled")
def test_tries_are_counted_for_all_processes_together(
    make_member: MakeMember,
) -> None:
    from django.db import connection

    make_member("chef")
    log_in(Client(), "chef@liten.example", "fel")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM web_cache")
        assert cursor.fetchone()[0] > 0


def test_nobody_signs_up_by_themselves() -> None:
    answer = Client().post(
        "/konto/signup/",
        {"email": "ny@liten.example", "password1": PASSWORD, "password2": PASSWORD},
    )
    assert "Du är inte inbjuden än" in answer.content.decode()
    assert not User.objects.exists()


def test_a_forgotten_password_is_changed_by_letter(
    make_member: MakeMember, settings: Settings
) -> None:
    make_member("chef")
    client = Client()
    answer = client.post("/konto/password/reset/", {"email": "chef@liten.example"})
    assert answer["Location"] == "/konto/password/reset/done/"
    assert len(mail.outbox) == 1
    assert mail.outbox[0].subject == "Nytt lösenord i Röd tråd"
    body = str(mail.outbox[0].body)
    found = re.search(r"http://testserver(\S+)", body)
    assert found
    page = client.get(found[1], follow=True)
    form_address = page.redirect_chain[-1][0]
    weak = client.post(form_address, {"password1": "kort", "password2": "kort"})
    assert weak.status_code == 200
    done = client.post(
        form_address, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    )
    assert done.status_code == 302
    assert log_in(Client(), "chef@liten.example").status_code == 200
    assert log_in(Client(), "chef@liten.example", NEW_PASSWORD).status_code == 302
    again = Client().get(found[1], follow=True)
    assert "Länken gäller inte längre" in again.content.decode()


def test_no_letter_goes_to_a_stranger() -> None:
    answer = Client().post("/konto/password/reset/", {"email": "ingen@liten.example"})
    assert answer["Location"] == "/konto/password/reset/done/"
    assert mail.outbox == []


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("kort", "12"),
        ("123456789012345", "siffror"),
        ("password1234", "vanligt"),
        ("chef@liten.example", "lik"),
    ],
)
def test_weak_passwords_are_refused(
    password: str, fault: str, make_member: MakeMember
) -> None:
    make_member("chef")
    client = Client()
    log_in(client, "chef@liten.example")
    answer = client.post(
        "/konto/password/change/",
        {"oldpassword": PASSWORD, "password1": password, "password2": password},
    )
    assert answer.status_code == 200
    assert fault in answer.content.decode()


def test_a_new_password_ends_the_other_sessions(make_member: MakeMember) -> None:
    make_member("chef")
    here, there = Client(), Client()
    for client in (here, there):
        log_in(client, "chef@liten.example")
        assert member_page(client) == 200
    answer = here.post(
        "/konto/password/change/",
        {
            "oldpassword": PASSWORD,
            "password1": NEW_PASSWORD,
            "password2": NEW_PASSWORD,
        },
    )
    assert answer.status_code == 302
    assert member_page(there) == 302


def test_all_other_sessions_are_ended_from_the_list(make_member: MakeMember) -> None:
    make_member("chef")
    here, there = Client(headers={"user-agent": "Här"}), Client()
    for client in (here, there):
        log_in(client, "chef@liten.example")
    page = here.get("/konto/sessions/").content.decode()
    assert "Här" in page
    assert "Logga ut alla andra" in page
    assert here.post("/konto/sessions/").status_code == 302
    assert member_page(there) == 302
    assert member_page(here) == 200


# ---------------------------------------------------------------- two steps


def code_now(secret: str) -> str:
    value: int = totp.hotp_value(
        secret, next(iter(totp.yield_hotp_counters_from_time()))
    )
    code: str = totp.format_hotp_value(value)
    return code


def with_app(client: Client) -> tuple[str, list[str]]:
    """Connect an app, as someone who is logged in; give its secret and the codes."""
    away = client.get("/konto/2fa/totp/activate/")
    assert away["Location"].startswith("/konto/reauthenticate/")
    client.post(away["Location"], {"password": PASSWORD})
    page = client.get("/konto/2fa/totp/activate/")
    secret = page.context["form"].secret
    answer = client.post("/konto/2fa/totp/activate/", {"code": code_now(secret)})
    assert answer["Location"] == "/konto/2fa/recovery-codes/"
    codes = client.get(answer["Location"])
    assert codes.status_code == 200
    user = User.objects.get(pk=client.session["_auth_user_id"])
    saved = Authenticator.objects.get(user=user, type="recovery_codes")
    return secret, RecoveryCodes(saved).get_unused_codes()


def test_an_app_asks_for_a_code_at_the_next_log_in(make_member: MakeMember) -> None:
    make_member("chef")
    client = Client()
    log_in(client, "chef@liten.example")
    secret, spare = with_app(client)

    client = Client()
    answer = log_in(client, "chef@liten.example")
    assert answer["Location"] == "/konto/2fa/authenticate/"
    assert member_page(client) == 302  # half-way in is not in
    wrong = client.post("/konto/2fa/authenticate/", {"code": "000000"})
    assert "Koden stämmer inte" in wrong.content.decode()
    right = client.post("/konto/2fa/authenticate/", {"code": code_now(secret)})
    assert right.status_code == 302
    assert member_page(client) == 200

    for status in (302, 200):  # a spare code works once
        client = Client()
        log_in(client, "chef@liten.example")
        used = client.post("/konto/2fa/authenticate/", {"code": spare[0]})
        assert used.status_code == status


def test_a_municipality_demands_two_steps_of_a_role(
    make_member: MakeMember, client_for: ClientFor, liten: Municipality
) -> None:
    make_member("chef")
    boss = client_for("administrator")
    answer = boss.post("/liten/personer/regler/", {"roles": ["chef"]})
    assert answer.status_code == 302
    liten.refresh_from_db()
    assert liten.second_factor_roles == ["chef"]
    assert liten.events.filter(action="municipality.changed").count() == 1

    client = Client()
    log_in(client, "chef@liten.example")
    asked = client.get("/liten/personer/lamna/")
    assert asked["Location"] == "/konto/2fa/"
    told = client.get("/konto/2fa/").content.decode()
    assert "Kommunen kräver att du loggar in i två steg" in told
    secret, _spare = with_app(client)
    asked = client.get("/liten/personer/lamna/")
    assert asked["Location"].startswith("/konto/2fa/reauthenticate/?next=")
    back = client.post(asked["Location"], {"code": code_now(secret)})
    assert back["Location"] == "/liten/personer/lamna/"
    assert member_page(client) == 200

    refused = client.post("/konto/2fa/totp/deactivate/")
    assert "kräver ett andra steg" in refused.content.decode()
    assert boss.get("/liten/personer/").status_code == 200  # another role


def test_wrong_codes_are_throttled(make_member: MakeMember, settings: Settings) -> None:
    make_member("chef")
    client = Client()
    log_in(client, "chef@liten.example")
    secret, _spare = with_app(client)
    settings.ACCOUNT_RATE_LIMITS = {"login_failed": "5/15m/key,100/15m/ip"}
    cache.clear()
    client = Client()
    log_in(client, "chef@liten.example")
    for _try in range(5):
        client.post("/konto/2fa/authenticate/", {"code": "000000"})
    answer = client.post("/konto/2fa/authenticate/", {"code": code_now(secret)})
    assert "För många försök" in answer.content.decode()


def test_one_account_page(client_for: ClientFor) -> None:
    client = client_for("lasare")
    page = client.get("/konto/").content.decode()
    assert "lasare@liten.example" in page
    answer = client.post("/konto/", {"name": "Lisa <b>Läsare</b>"})
    assert answer.status_code == 302
    page = client.get("/konto/").content.decode()
    assert "Lisa &lt;b&gt;Läsare" in page


def test_pages_that_are_closed(client_for: ClientFor) -> None:
    client = client_for("lasare")
    for path in ("email/", "confirm-email/", "3rdparty/", "3rdparty/signup/"):
        assert client.get(f"/konto/{path}").status_code == 404


def test_all_pages_are_whole_in_english(client_for: ClientFor) -> None:
    client = client_for("administrator")
    client.cookies["sprak"] = "en"
    page = client.get("/konto/").content.decode()
    assert '<html lang="en"' in page


def test_someone_without_a_municipality_is_told_so() -> None:
    user = User.objects.create_user("ensam@liten.example", PASSWORD)
    client = Client()
    client.force_login(user)
    assert "hör inte till någon kommun" in client.get("/").content.decode()


def test_someone_with_two_municipalities_chooses(
    make_member: MakeMember, annan: Municipality
) -> None:
    user = make_member("chef")
    Membership.objects.create(user=user, municipality=annan, role="lasare")
    client = Client()
    client.force_login(user)
    page = client.get("/").content.decode()
    assert "/liten/" in page
    assert "/annan/" in page
    assert people.can_send_mail() is False

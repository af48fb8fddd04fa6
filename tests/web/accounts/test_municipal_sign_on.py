"""The municipality's own log-in, against an OpenID provider on this machine."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import requests
from allauth.account.models import EmailAddress
from django.test import Client
from django.utils import timezone
from oidc_provider_mock import run_server_in_thread
from web.conftest import PASSWORD

from rodtrad.web import people
from rodtrad.web.models import Event, Invitation, Membership, Municipality, User

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_django import Settings
    from web.conftest import MakeMember

# the provider's own library is old-fashioned
pytestmark = pytest.mark.filterwarnings("ignore:get_jwt_config:DeprecationWarning")
START = "/konto/oidc/kommun/login/"


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """An OpenID provider on this machine; give its address."""
    with run_server_in_thread() as server:
        yield f"http://127.0.0.1:{server.server_port}"


@pytest.fixture(autouse=True)
def signing_on(provider: str, settings: Settings) -> None:
    """Use the provider, which may vouch for addresses at liten.example."""
    settings.SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {
            "OAUTH_PKCE_ENABLED": True,
            "APPS": [
                {
                    "provider_id": "kommun",
                    "name": "Litens inloggning",
                    "client_id": "rodtrad",
                    "secret": "hemlig",
                    "settings": {"server_url": provider},
                }
            ],
        }
    }
    settings.SIGN_ON_DOMAINS = ("liten.example",)
    settings.SIGN_ON_ROLES = {}


def come_in(
    provider: str, sub: str, client: Client | None = None, **claims: Any
) -> Client:
    """Sign on as someone the provider knows; give the browser."""
    client = client or Client()
    requests.put(f"{provider}/users/{sub}", json=claims, timeout=5).raise_for_status()
    away = client.post(START)
    assert away.status_code == 302
    assert away["Location"].startswith(provider)
    back = requests.post(
        away["Location"], data={"sub": sub}, allow_redirects=False, timeout=5
    )
    assert back.status_code == 302
    address = back.headers["Location"].removeprefix("http://testserver")
    client.answer = client.get(address)  # type: ignore[attr-defined]
    return client


def invited(place: Municipality, email: str, role: str = "ekonom") -> Invitation:
    return Invitation.objects.create(
        municipality=place,
        email=email,
        role=role,
        token_hash=people.token_hash(email),
        expires_at=timezone.now() + people.VALID,
    )


def inside(client: Client) -> bool:
    return client.get("/liten/personer/lamna/").status_code == 200


def test_the_log_in_page_offers_it() -> None:
    page = Client().get("/konto/login/").content.decode()
    assert "Litens inloggning" in page
    assert f'action="{START}' in page


def test_an_invited_person_joins_at_the_first_sign_on(
    provider: str, liten: Municipality
) -> None:
    invited(liten, "eva@liten.example")
    client = come_in(
        provider, "eva", email="Eva@liten.example", name="Eva Ek", email_verified=True
    )
    assert inside(client)
    user = User.objects.get()
    assert (user.email, str(user)) == ("eva@liten.example", "Eva Ek")
    assert not user.has_usable_password()
    assert user.memberships.get().role == "ekonom"
    assert Invitation.objects.get().state == "used"
    assert list(Event.objects.values_list("action", flat=True)) == [
        "membership.accepted"
    ]
    again = come_in(provider, "eva", email="eva@liten.example", email_verified=True)
    assert inside(again)
    assert User.objects.count() == 1


def test_a_domain_of_the_municipality_needs_no_claim_of_verification(
    provider: str, liten: Municipality
) -> None:
    invited(liten, "ada@liten.example")
    assert inside(come_in(provider, "ada", email="ada@liten.example"))


def test_someone_who_is_not_expected_gets_no_account(provider: str) -> None:
    client = come_in(provider, "vem", email="vem@liten.example", email_verified=True)
    told = client.answer.content.decode()  # type: ignore[attr-defined]
    assert "Du är inte inbjuden än" in told
    assert not User.objects.exists()


def test_an_address_the_provider_may_not_vouch_for_opens_nothing(
    provider: str, make_member: MakeMember, liten: Municipality
) -> None:
    user = make_member("administrator", email="chef@stor.example")
    invited(liten, "ny@stor.example")
    for address in ("chef@stor.example", "ny@stor.example"):
        client = come_in(provider, address, email=address, email_verified=True)
        assert not inside(client)
    assert User.objects.get() == user
    assert Invitation.objects.get().state == "open"


def test_without_domains_only_verified_addresses_count(
    provider: str, liten: Municipality, settings: Settings
) -> None:
    settings.SIGN_ON_DOMAINS = ()
    invited(liten, "a@liten.example")
    invited(liten, "b@liten.example")
    assert not inside(come_in(provider, "a1", email="a@liten.example"))
    assert inside(come_in(provider, "b1", email="b@liten.example", email_verified=True))


def test_someone_with_a_password_may_use_either_door(
    provider: str, make_member: MakeMember
) -> None:
    user = make_member("chef")
    EmailAddress.objects.create(
        user=user, email=user.email, primary=True, verified=True
    )
    assert inside(come_in(provider, "chef", email=user.email))
    assert User.objects.count() == 1
    other = Client()
    other.post("/konto/login/", {"login": user.email, "password": PASSWORD})
    assert inside(other)


def test_a_password_that_someone_else_may_have_chosen_stops_working(
    provider: str, make_member: MakeMember
) -> None:
    user = make_member("chef")
    EmailAddress.objects.create(
        user=user, email=user.email, primary=True, verified=False
    )
    assert inside(come_in(provider, "chef2", email=user.email))
    other = Client()
    other.post("/konto/login/", {"login": user.email, "password": PASSWORD})
    assert not inside(other)


def test_groups_of_the_directory_give_roles_and_take_them(
    provider: str,
    make_member: MakeMember,
    liten: Municipality,
    annan: Municipality,
    settings: Settings,
) -> None:
    settings.SIGN_ON_ROLES = {
        "liten": {"RT-Ekonomi": "ekonom", "RT-Alla": "lasare"},
        "annan": {"RT-Annan": "chef"},
    }

    def roles(*groups: str) -> dict[str, str]:
        come_in(provider, "kim", email="kim@liten.example", groups=list(groups))
        return {
            m.municipality.slug: m.role
            for m in Membership.objects.filter(user__email="kim@liten.example")
        }

    assert roles("Något annat") == {}
    assert not User.objects.filter(email="kim@liten.example").exists()
    assert roles("RT-Alla") == {"liten": "lasare"}
    assert roles("RT-Alla", "RT-Ekonomi") == {"liten": "ekonom"}
    assert roles("RT-Annan") == {"annan": "chef"}
    assert list(
        Event.objects.order_by("pk").values_list("municipality__slug", "action")
    ) == [
        ("liten", "membership.directory"),
        ("liten", "membership.changed"),
        ("liten", "membership.removed"),
        ("annan", "membership.directory"),
    ]
    # what an administrator gives is not taken by the directory
    Membership.objects.create(
        user=User.objects.get(email="kim@liten.example"),
        municipality=liten,
        role="lasare",
    )
    assert roles() == {"liten": "lasare"}


def test_the_one_who_signs_on_stays_in_when_a_role_is_taken(
    provider: str, liten: Municipality, settings: Settings
) -> None:
    settings.SIGN_ON_ROLES = {"liten": {"A": "lasare"}}
    assert inside(come_in(provider, "bo", email="bo@liten.example", groups=["A"]))
    client = come_in(provider, "bo", email="bo@liten.example", groups=[])
    assert client.get("/konto/").status_code == 200
    assert not inside(client)


def test_a_sign_on_is_two_steps_where_a_municipality_demands_them(
    provider: str, liten: Municipality
) -> None:
    liten.second_factor_roles = ["ekonom"]
    liten.save()
    invited(liten, "eva@liten.example")
    assert inside(come_in(provider, "eva3", email="eva@liten.example"))


def test_a_made_up_answer_is_refused(provider: str) -> None:
    client = Client()
    client.post(START)
    for query in ("", "?code=x&state=y", "?error=access_denied&state=y"):
        answer = client.get(f"{START}callback/{query}")
        assert answer.status_code in (200, 302, 401)
        assert client.get("/konto/").status_code == 302
    assert not User.objects.exists()


def test_a_provider_that_does_not_answer_is_told_of(
    settings: Settings,
) -> None:
    app = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]
    app["settings"]["server_url"] = "http://127.0.0.1:9"
    answer = Client().post(START)
    assert "Inloggningen gick inte igenom" in answer.content.decode()


# ---------------------------------------------------------------- from the environment


def checked(home: Path, **values: str) -> subprocess.CompletedProcess[str]:
    """Start the application with settings of the environment, and let it print some."""
    code = (
        "import django; django.setup()\n"
        "from django.conf import settings as s\n"
        "print(sorted(s.SOCIALACCOUNT_PROVIDERS), s.SIGN_ON_ROLES, s.SIGN_ON_DOMAINS)\n"
        "print(s.CONTENT_SECURITY_POLICY['DIRECTIVES']['form-action'])\n"
    )
    settings = {f"RODTRAD_{name}": value for name, value in values.items()}
    return subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ
        | {"DJANGO_SETTINGS_MODULE": "rodtrad.web.settings", "RODTRAD_HOME": str(home)}
        | settings,
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_is_set_in_the_environment(tmp_path: Path) -> None:
    done = checked(
        tmp_path,
        OIDC_URL="https://login.liten.example/realms/kommun",
        OIDC_CLIENT_ID="rodtrad",
        SIGN_ON_ROLES='{"liten": {"RT-Ekonomi": "ekonom"}}',
        SIGN_ON_DOMAINS="Liten.example, skola.example",
    )
    assert done.returncode == 0, done.stderr
    providers, policy = done.stdout.splitlines()
    assert "openid_connect" in providers
    assert "{'liten': {'RT-Ekonomi': 'ekonom'}}" in providers
    assert "('liten.example', 'skola.example')" in providers
    assert policy == "[\"'self'\", 'https://login.liten.example']"


@pytest.mark.parametrize(
    "text", ["inte json", "[]", '{"liten": "ekonom"}', '{"liten": {"A": "kung"}}']
)
def test_an_odd_setting_stops_the_start_with_plain_words(
    text: str, tmp_path: Path
) -> None:
    done = checked(tmp_path, SIGN_ON_ROLES=text)
    assert done.returncode == 1
    assert "RODTRAD_SIGN_ON_ROLES" in done.stderr.splitlines()[-1]

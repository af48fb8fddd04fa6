"""Who reaches a page: anonymous, member, member of another place, removed member."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.test import Client
from django.urls import reverse

from rodtrad.domain.columns import SCHEMA
from rodtrad.web import access
from rodtrad.web.access import Right
from rodtrad.web.models import Membership, Municipality, User
from rodtrad.web.models.organisation import Role

if TYPE_CHECKING:
    from web.conftest import ClientFor, MakeMember

_LOG = {"administrator", "ekonom", "chef"}


@pytest.mark.parametrize("role", [role.value for role in Role])
def test_the_log_is_read_by_the_roles_that_may(
    role: str, client_for: ClientFor, liten: Municipality
) -> None:
    answer = client_for(role).get(reverse("events", kwargs={"kommun": liten.slug}))
    assert answer.status_code == (200 if role in _LOG else 403)


def test_nobody_sees_another_municipality(
    client_for: ClientFor, annan: Municipality, liten: Municipality
) -> None:
    client = client_for("administrator")
    for slug in (annan.slug, "finns-inte"):
        assert client.get(f"/{slug}/handelser/").status_code == 404
    assert Client().get(f"/{annan.slug}/handelser/").status_code == 302
    unknown = Client().get("/finns-inte/handelser/")
    assert unknown.status_code == 302
    assert unknown["Location"].startswith("/konto/login/?next=")


def test_a_removed_member_is_logged_out_at_once(
    client_for: ClientFor, liten: Municipality
) -> None:
    client = client_for("ekonom")
    address = reverse("events", kwargs={"kommun": liten.slug})
    assert client.get(address).status_code == 200

    Membership.objects.filter(user__email="ekonom@liten.example").delete()

    answer = client.get(address)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/konto/login/")


def test_a_changed_role_counts_from_the_next_page(
    client_for: ClientFor, liten: Municipality
) -> None:
    client = client_for("ekonom")
    Membership.objects.update(role=Role.LASARE)
    assert client.get(f"/{liten.slug}/handelser/").status_code == 403


def test_only_declared_methods_are_answered(
    client_for: ClientFor, liten: Municipality
) -> None:
    address = f"/{liten.slug}/handelser/"
    assert client_for("ekonom").post(address).status_code == 405


def test_rights_by_role() -> None:
    table = {
        right: {role.value for role in roles}
        for right, roles in access.ROLES_OF.items()
    }
    everyone = {role.value for role in Role}
    assert table == {
        Right.READ: everyone,
        Right.REPORT_NEED: everyone - {"lasare"},
        Right.EDIT_PROJECTS: {"administrator", "ekonom", "forvaltning"},
        Right.EDIT_UNDERLAG: {"administrator", "ekonom", "forvaltning"},
        Right.APPROVE_IMPORT: {"administrator", "ekonom"},
        Right.LOCK_VERSION: _LOG,
        Right.RUN_STUDY: everyone - {"lasare"},
        Right.DECIDE: _LOG,
        Right.VALUE: _LOG | {"fortroendevald"},
        Right.EXPORT: everyone - {"lasare"},
        Right.MANAGE_PEOPLE: {"administrator"},
        Right.PUBLISH: {"administrator", "chef"},
        Right.MODERATE: _LOG | {"forvaltning"},
        Right.WRITE_LETTER: {"administrator", "chef"},
        Right.ENVELOPE: _LOG,
        Right.READ_LOG: _LOG,
    }
    assert set(access.LABELS) == set(Right)


def test_forvaltning_changes_its_own_tables_only(make_member: MakeMember) -> None:
    def may(role: str, table: str) -> bool:
        member = Membership.objects.get(
            user=make_member(role, email=f"{role}-{table}@x.se")
        )
        return access.may_edit_table(member, table)

    assert set(SCHEMA) >= access.NEEDS_TABLES
    assert may("forvaltning", "components")
    assert not may("forvaltning", "goals")
    assert may("ekonom", "goals")
    assert not may("chef", "components")
    assert not may("ekonom", "no_such_table")


def test_addresses_are_the_same_whatever_the_case() -> None:
    User.objects.create_user("Eva@Liten.example", "x")
    with pytest.raises(Exception, match=r"(?i)unique"):
        User.objects.create(email="EVA@liten.example")


@pytest.mark.parametrize("slug", ["konto", "oppet", "open", "csp", "static"])
def test_a_municipality_cannot_take_the_address_of_a_page(slug: str) -> None:
    from django.core.exceptions import ValidationError

    with pytest.raises(ValidationError):
        Municipality(name="Orten", slug=slug).full_clean()


@pytest.mark.parametrize(
    ("cookie", "accept", "language"),
    [("", "en-GB", "sv"), ("en", "sv", "en"), ("xx", "de", "sv")],
)
def test_swedish_unless_chosen(cookie: str, accept: str, language: str) -> None:
    client = Client(headers={"accept-language": accept})
    if cookie:
        client.cookies["sprak"] = cookie
    assert client.get("/konto/login/")["Content-Language"] == language


def test_headers_of_every_page(client_for: ClientFor, liten: Municipality) -> None:
    answer = client_for("ekonom").get(f"/{liten.slug}/handelser/")
    policy = answer["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"] == "private, no-cache"


def test_csp_reports_are_logged_as_one_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    body = '{"csp-report": {"blocked-uri": "https://evil.example/\\nfake line"}}'
    answer = Client(enforce_csrf_checks=True).post(
        "/csp/", body, content_type="application/csp-report"
    )
    assert answer.status_code == 204
    assert len(caplog.records) == 1
    assert "\n" not in caplog.records[0].getMessage()
    for odd in ("", "[]", "not json", '{"csp-report": 3}'):
        sent = Client().post("/csp/", odd, content_type="application/csp-report")
        assert sent.status_code == 204

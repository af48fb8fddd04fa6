"""What tests of the application share: two municipalities, people, a small underlag.

Every test here uses the database. `tiny_underlag` gives `liten` three projects and
four years of plan; `annan` is another municipality, to test that nobody sees into it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from django.test import Client
from web.small import small_tables

from rodtrad.web import store
from rodtrad.web.models import Membership, Municipality, Underlag, User
from rodtrad.web.models.organisation import Role

if TYPE_CHECKING:
    from rodtrad.domain.components import Tables

HERE = Path(__file__).parent
PASSWORD = "tall-ek-bok-alm"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test here, and give it the database."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.web)
            item.add_marker(pytest.mark.django_db)


@pytest.fixture
def liten() -> Municipality:
    """A municipality."""
    return Municipality.objects.create(slug="liten", name="Liten", code="0001")


@pytest.fixture
def annan() -> Municipality:
    """Another municipality, whose people are not in `liten`."""
    return Municipality.objects.create(slug="annan", name="Annan", code="0002")


class MakeMember(Protocol):
    """Makes a person with a role."""

    def __call__(
        self, role: str, municipality: Municipality | None = None, **fields: Any
    ) -> User:
        """Return the person."""


class ClientFor(Protocol):
    """Makes a browser in which somebody with a role is logged in."""

    def __call__(self, role: str, municipality: Municipality | None = None) -> Client:
        """Return the browser; `client.user` is the person."""


@pytest.fixture
def make_member(liten: Municipality) -> MakeMember:
    """Make a person with a role, in `liten` unless another municipality is given."""

    def make(
        role: str, municipality: Municipality | None = None, **fields: Any
    ) -> User:
        place = municipality or liten
        email = fields.pop("email", f"{role}@{place.slug}.example")
        user = User.objects.filter(email=email).first() or User.objects.create_user(
            email, PASSWORD, name=f"{Role(role).label} {place.name}"
        )
        Membership.objects.create(
            user=user, municipality=place, role=role, group=fields.pop("group", "")
        )
        return user

    return make


@pytest.fixture
def client_for(make_member: MakeMember) -> ClientFor:
    """Log in somebody with a role, in `liten` unless another municipality is given."""

    def log_in(role: str, municipality: Municipality | None = None) -> Client:
        client = Client()
        user = make_member(role, municipality)
        client.force_login(user)
        client.user = user  # type: ignore[attr-defined]
        return client

    return log_in


@pytest.fixture(scope="session")
def tiny_tables() -> Tables:
    """Three projects and four years of plan, as tables; do not change them."""
    return small_tables()


@pytest.fixture
def tiny_underlag(liten: Municipality, tiny_tables: Tables) -> Underlag:
    """The working copy of `liten`, stored."""
    underlag = Underlag.objects.create(municipality=liten, name="Liten")
    store.write_tables(underlag, tiny_tables)
    return underlag

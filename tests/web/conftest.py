"""What tests of the application share: two municipalities, people, a small underlag.

Every test here uses the database. `tiny_underlag` gives `liten` three projects and
four years of plan; `annan` is another municipality, to test that nobody sees into it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from django.db import connection
from django.test import Client
from web.small import small_tables

from rodtrad.web import public_parts, store
from rodtrad.web.models import Membership, Municipality, Underlag, User
from rodtrad.web.models.organisation import Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rodtrad.domain.components import Tables

HERE = Path(__file__).parent
PASSWORD = "tall-ek-bok-alm"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test here, and give it the database."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.web)
            item.add_marker(pytest.mark.django_db)


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    """Rows of one test have the numbers of those of another: nothing may be kept."""
    public_parts.forget()
    yield
    public_parts.forget()


@pytest.fixture(autouse=True)
def _one_connection(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Let no answer that is closed close the connection that holds the test's changes.

    Where the server stands in a thread of its own the connection is left to it.
    """
    marks = request.node.iter_markers("django_db")
    if not any(mark.kwargs.get("transaction") for mark in marks):
        monkeypatch.setattr(connection, "close_if_unusable_or_obsolete", lambda: None)


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

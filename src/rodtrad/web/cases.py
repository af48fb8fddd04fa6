"""What is there to look at on a fresh machine? Two municipalities with example users.

Vimmerby (public figures) and Exempelby (made up), from the package's examples. The
password of the example users is made up anew on each machine and shown once. Leaves out
how the server is started (`__main__`).
"""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from django.contrib.auth.hashers import make_password
from django.db import transaction

from rodtrad.sources.underlag import read_underlag
from rodtrad.web import events, store
from rodtrad.web.models.organisation import Membership, Municipality, Role, User
from rodtrad.web.models.studies import EXAMPLE, Study
from rodtrad.web.models.underlag import Underlag, Version

if TYPE_CHECKING:
    from collections.abc import Iterable

CASES: Final = ("vimmerby", "exempelby")
DOMAIN: Final = "example"
FIRST_PLAN: Final = "Planen för exemplet"
_log: Final = logging.getLogger("rodtrad.cases")
# Two of each belong to a group, so that the pages of values have something to tell.
_GROUPS: Final = {Role.FORTROENDEVALD: "Exempelpartiet", Role.FORVALTNING: "Fastighet"}
_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True)
class Loaded:
    """What was loaded: the municipalities, their users and the users' password."""

    municipalities: tuple[Municipality, ...]
    users: tuple[User, ...]
    password: str


def folder(name: str) -> Path | None:
    """Return the folder of an example's underlag, or None where it is not at hand."""
    for place in (Path(__file__).parents[3] / "examples", Path.cwd() / "examples"):
        if (place / name / "underlag").is_dir():
            return place / name / "underlag"
    return None


def made_up_password() -> str:
    """Return four groups of four letters and digits that are easy to tell apart."""
    groups = (
        "".join(secrets.choice(_ALPHABET) for _letter in range(4)) for _g in range(4)
    )
    return "-".join(groups)


def address(role: Role, slug: str) -> str:
    """Return the address that an example user logs in with."""
    return f"{role.value}@{slug}.{DOMAIN}"


@transaction.atomic
def load(names: tuple[str, ...] = CASES) -> Loaded:
    """Load the examples that are not there yet, each with one user a role."""
    password = made_up_password()
    hashed = make_password(password)
    municipalities, users = [], []
    for name in names:
        source = folder(name)
        if source is None or Municipality.objects.filter(slug=name).exists():
            continue
        tables, _issues = read_underlag(source)
        label = str(tables.settings["municipality_name"] or name.capitalize())
        municipality = Municipality.objects.create(
            slug=name, name=label, code=str(tables.settings["municipality_code"] or "")
        )
        events.record(
            None,
            municipality,
            "municipality.created",
            municipality,
            after={"name": label},
        )
        underlag = Underlag.objects.create(municipality=municipality, name=label)
        store.write_tables(underlag, tables)
        events.record(
            None,
            municipality,
            "underlag.replaced",
            underlag,
            after={table: len(rows) for table, rows in tables.items() if len(rows)},
        )
        store.make_version(underlag, "Exemplet som det kom", None)
        for role in Role:
            title = f"{role.label[:1].upper()}{role.label[1:]}"
            user = User(email=address(role, name), name=f"{title} i {label}")
            user.password = hashed
            user.save()
            Membership.objects.create(
                user=user,
                municipality=municipality,
                role=role,
                group=_GROUPS.get(role, ""),
            )
            users.append(user)
        municipalities.append(municipality)
    return Loaded(tuple(municipalities), tuple(users), password)


@transaction.atomic
def new_password() -> str:
    """Give every example user one new password, and return it."""
    password = made_up_password()
    ours = [address(role, name) for role in Role for name in CASES]
    people = User.objects.filter(email__in=ours)
    people.update(password=make_password(password))
    for user in people:
        user.end_sessions()
    return password


def has_example_users() -> bool:
    """Return True if any example user can log in."""
    return User.objects.filter(email__endswith=f".{DOMAIN}", is_active=True).exists()


def order_studies(municipalities: Iterable[Municipality]) -> None:
    """Queue a plan for each municipality, so that its pages have something to show."""
    from rodtrad.web import jobs

    for municipality in municipalities:
        version = Version.objects.filter(municipality=municipality).first()
        if version is not None:
            marked = {EXAMPLE: True}
            jobs.enqueue(None, version, name=FIRST_PLAN, settings=marked)


def publish_first(study: Study) -> None:
    """Publish an example's first plan when it is computed, so that there is one to read.

    Only one that was ordered with the example, which nobody else can ask for. What goes
    wrong is logged: it stops neither the worker nor other studies.
    """
    if not study.settings.get(EXAMPLE):
        return
    try:
        _publish(study)
    except Exception:  # noqa: BLE001
        _log.exception("the example is not published")


def _publish(study: Study) -> None:
    from rodtrad.web import publishing
    from rodtrad.web.models import Publication
    from rodtrad.web.models.publishing import NextStep

    place = study.municipality
    if Publication.objects.filter(municipality=place).exists():
        return
    NextStep.objects.get_or_create(
        municipality=place,
        project_id="",
        defaults={
            "body": "Kommunfullmäktige",
            "what": "Beslut om investeringsplanen",
        },
    )
    publishing.publish(None, Study.objects.get(pk=study.pk))

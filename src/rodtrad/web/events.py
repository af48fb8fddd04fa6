"""What is written in the log, and how is it read? `record` and `history`.

An area declares its actions and kinds of objects once, with their words. Values are
stored as JSON; secrets and passwords never. Leaves out the page (views/events).
"""

from __future__ import annotations

import datetime as dt
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, ParamSpec

from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from rodtrad.domain import words
from rodtrad.web.models.events import Event
from rodtrad.web.models.organisation import Municipality, Role, User

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from django.utils.functional import _StrOrPromise

P = ParamSpec("P")

ACTIONS: Final[dict[str, _StrOrPromise]] = {}
"""What may happen, by code, in words that follow a name: "Eva har ändrat"."""

OBJECTS: Final[dict[str, _Kind]] = {}
"""The kinds of objects that something happens to."""

_LONGEST: Final = 20_000


@dataclass(frozen=True)
class _Kind:
    label: _StrOrPromise
    fields: Mapping[str, _StrOrPromise]
    address: Callable[[Municipality, str], str | None] | None
    values: Mapping[str, Mapping[str, _StrOrPromise]]
    addresses: Callable[[Municipality, Sequence[str]], Mapping[str, str]] | None


def declare_action(code: str, told: _StrOrPromise) -> None:
    """Make an action known, with its words in the past: `_("ändrade rollen")`."""
    ACTIONS[code] = told


@contextmanager
def in_swedish() -> Iterator[None]:
    """Write in Swedish inside the `with`: what is kept is Swedish, whoever writes it."""
    with translation.override("sv"), words.in_language(words.SWEDISH):
        yield


def declare_object(
    code: str,
    label: _StrOrPromise,
    fields: Mapping[str, _StrOrPromise] | None = None,
    address: Callable[[Municipality, str], str | None] | None = None,
    values: Mapping[str, Mapping[str, _StrOrPromise]] | None = None,
    addresses: (
        Callable[[Municipality, Sequence[str]], Mapping[str, str]] | None
    ) = None,
) -> None:
    """Make a kind of object known.

    Args:
        code: its name in `Event.object_type`.
        label: what people call it.
        fields: what people call its fields.
        address: gives the page on which one is seen, or None.
        values: by field, what people call the values that are stored as codes.
        addresses: gives the pages of many at once, by key, instead of `address`: for
            those that must be looked for in the database.
    """
    OBJECTS[code] = _Kind(label, fields or {}, address, values or {}, addresses)


def addresses(
    municipality: Municipality, objects: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], str]:
    """Return where objects (kind and key) are seen; those without a page are left out.

    The database is asked at most once for each kind, however many objects there are.
    """
    keys: dict[str, list[str]] = {}
    for code, key in dict.fromkeys(objects):
        keys.setdefault(code, []).append(key)
    found: dict[tuple[str, str], str] = {}
    for code, wanted in keys.items():
        kind = OBJECTS.get(code)
        if kind and kind.addresses:
            for key, page in kind.addresses(municipality, wanted).items():
                found[code, key] = page
        elif kind and kind.address:
            for key in wanted:
                if at := kind.address(municipality, key):
                    found[code, key] = at
    return found


def plain(value: Any) -> Any:
    """Return a value as JSON holds it; long texts are cut, files become names."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        text = str(value)
        return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset | QuerySet):
        return [plain(item) for item in value]
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, bytes | memoryview):
        raise TypeError("bytes do not belong in the log")
    return str(value)


def event(
    who: HttpRequest | User | None,
    municipality: Municipality | None,
    action: str,
    obj: Model | tuple[str, str, str] | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    note: str = "",
) -> Event:
    """Return an event that is not yet stored; `record` is the same, and stores it.

    Args:
        who: the request or the person; None where the program acted by itself.
        municipality: where; None for what concerns no municipality.
        action: a declared action.
        obj: what it was done to: a row of the database, or kind, key and label. The
            key of a row of the underlag is `table/key`.
        before: the fields that changed, with their earlier values.
        after: the same fields, with their new values.
        note: a reason in words, if someone gave one.
    """
    if action not in ACTIONS:
        raise ValueError(f"undeclared action: {action}")
    actor = who.user if isinstance(who, HttpRequest) else who
    person = actor if isinstance(actor, User) else None
    kind = key = label = ""
    if isinstance(obj, Model):
        kind, key, label = obj._meta.model_name or "", str(obj.pk), str(obj)
    elif obj is not None:
        kind, key, label = obj
    if kind and kind not in OBJECTS:
        raise ValueError(f"undeclared kind of object: {kind}")
    return Event(
        municipality=municipality,
        actor=person,
        actor_name=str(person)[:150] if person else "",
        action=action,
        object_type=kind,
        object_key=key[:300],
        object_label=label[:300],
        before=None if before is None else plain(dict(before)),
        after=None if after is None else plain(dict(after)),
        note=note,
    )


def _storing(make: Callable[P, Event]) -> Callable[P, Event]:
    """Return what stores the event that it makes."""

    @in_swedish()
    def stored(*given: P.args, **named: P.kwargs) -> Event:
        found = make(*given, **named)
        found.save(force_insert=True)
        return found

    return stored


# Store and return an event; call it in the transaction of what it tells.
record = _storing(event)


def record_many(events: Iterable[Event]) -> None:
    """Store many events at once, made by `event`."""
    Event.objects.bulk_create(events, batch_size=500)


def changed(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return only the fields that differ, as they were and as they are."""
    keys = [
        key
        for key in {**before, **after}
        if plain(before.get(key)) != plain(after.get(key))
    ]
    return {key: before.get(key) for key in keys}, {key: after.get(key) for key in keys}


@dataclass(frozen=True)
class FieldChange:
    """One change of one field: when, by whom, from what to what."""

    event: Event
    field: str
    before: Any
    after: Any


def history(
    municipality: Municipality,
    object_type: str,
    object_key: str,
    field: str | None = None,
    limit: int = 200,
) -> Sequence[FieldChange]:
    """Return how the fields of an object, or one of them, have changed, newest first."""
    found: list[FieldChange] = []
    rows = Event.objects.filter(
        municipality=municipality, object_type=object_type, object_key=object_key
    )
    for row in rows[: limit if field is None else 10 * limit]:
        before, after = row.before or {}, row.after or {}
        for name in {**before, **after}:
            if field is None or name == field:
                found.append(FieldChange(row, name, before.get(name), after.get(name)))
    return found[:limit]


declare_object(
    "municipality",
    _("kommun"),
    {"name": _("namn"), "slug": _("adress"), "code": _("kommunkod")},
)
declare_object("user", _("person"), {"email": _("e-postadress"), "name": _("namn")})
_ROLES: Final = {"role": {str(role.value): role.label for role in Role}}
declare_object(
    "membership",
    _("medlem"),
    {"role": _("roll"), "group": _("grupp"), "email": _("e-postadress")},
    values=_ROLES,
)
declare_object(
    "invitation",
    _("inbjudan"),
    {"email": _("e-postadress"), "role": _("roll"), "group": _("grupp")},
    values=_ROLES,
)
declare_object("underlag", _("underlag"))
declare_object("version", _("version"))
declare_object("study", _("studie"))
declare_object("row", _("rad i underlaget"))
declare_action("municipality.created", _("lade upp kommunen"))
declare_action("membership.created", _("gav en roll"))
declare_action("membership.changed", _("ändrade en roll"))
declare_action("membership.removed", _("tog bort en roll"))
declare_action("underlag.replaced", _("ersatte hela underlaget"))
declare_action("underlag.changed", _("ändrade underlaget"))
declare_action("version.created", _("sparade en version"))
declare_action("version.locked", _("låste en version"))
declare_action("version.removed", _("tog bort en version"))
declare_action("study.queued", _("beställde en studie"))
declare_action("study.finished", _("räknade klart en studie"))
declare_action("study.failed", _("kunde inte räkna en studie"))
declare_action("study.cancelled", _("avbröt en studie"))
declare_action("home.restored", _("återställde allt från en säkerhetskopia"))

"""What has happened, and how has one field changed? The log as people read it.

Filtered by person, kind of object, text and time; a page at a time, without counting
all that ever happened. Leaves out writing the log (events).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.core.paginator import EmptyPage, Paginator
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rodtrad.domain.columns import SCHEMA
from rodtrad.domain.words import missing, number
from rodtrad.web import events
from rodtrad.web.access import MunicipalRequest, Right, demand, requires
from rodtrad.web.models.events import Event

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import QuerySet

    from rodtrad.web.models.organisation import Municipality

PAGE: Final = 50
# Numbers of pages need a count; past this they say "more than".
_MOST_COUNTED: Final = 10_000
_LONGEST_SHOWN: Final = 200
# Who has which role and address is for those who may read the log.
PRIVATE_KINDS: Final = frozenset({"user", "membership", "invitation"})


@dataclass(frozen=True)
class ShownChange:
    """One field of an event as a row: label, before and after in words."""

    field: str
    label: str
    before: str
    after: str


@dataclass(frozen=True)
class ShownEvent:
    """An event in words: who did what to what, and where that is seen."""

    event: Event
    who: str
    words: str
    kind: str
    address: str | None
    history: str | None
    changes: tuple[ShownChange, ...]


def _text(value: Any) -> str:
    """A logged value as people write it."""
    if value is None or value == "":
        return missing()
    if isinstance(value, bool):
        return _("ja") if value else _("nej")
    if isinstance(value, int) and 1900 <= value <= 2200:
        return str(value)
    if isinstance(value, int | float):
        whole = float(value).is_integer()
        decimals = 0 if whole else min(6, len(repr(float(value)).partition(".")[2]))
        return number(float(value), decimals)
    if isinstance(value, list):
        return ", ".join(_text(item) for item in value)
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_text(item)}" for key, item in value.items())
    text = str(value)
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"


def _label(event: Event, field: str) -> str:
    """A field as the reader knows it: the schema's heading for a row's column."""
    if event.object_type == "row":
        spec = SCHEMA.get(event.object_key.partition("/")[0])
        if spec and field in spec.columns:
            return spec.columns[field].heading
    if field in SCHEMA:
        return SCHEMA[field].label
    kind = events.OBJECTS.get(event.object_type)
    return str(kind.fields.get(field, field)) if kind else field


def _value(event: Event, field: str, value: Any) -> str:
    """A logged value as the reader knows it: a code by its label."""
    known: Any = {}
    if event.object_type == "row":
        spec = SCHEMA.get(event.object_key.partition("/")[0])
        if spec and field in spec.columns:
            column = spec.columns[field]
            known = {code: column.choice_label(code) for code in column.choices}
    elif event.object_type in events.OBJECTS:
        known = events.OBJECTS[event.object_type].values.get(field, {})
    return (
        str(known[value]) if isinstance(value, str) and value in known else _text(value)
    )


def shown_changes(event: Event) -> tuple[ShownChange, ...]:
    """Return the fields that an event touched, before and after, in words."""
    before, after = event.before or {}, event.after or {}
    return tuple(
        ShownChange(
            field,
            _label(event, field),
            _value(event, field, before.get(field)),
            _value(event, field, after.get(field)),
        )
        for field in {**before, **after}
    )


def shown_events(rows: Iterable[Event], municipality: Municipality) -> list[ShownEvent]:
    """Return events in words."""
    rows = list(rows)
    pages = events.addresses(
        municipality, ((row.object_type, row.object_key) for row in rows)
    )
    return [
        _shown(row, municipality, pages.get((row.object_type, row.object_key)))
        for row in rows
    ]


def _shown(event: Event, municipality: Municipality, address: str | None) -> ShownEvent:
    kind = events.OBJECTS.get(event.object_type)
    history = None
    if event.object_type and event.object_key:
        history = reverse(
            "history",
            kwargs={
                "kommun": municipality.slug,
                "kind": event.object_type,
                "key": event.object_key,
            },
        )
    return ShownEvent(
        event,
        event.actor_name or _("Röd tråd"),
        str(events.ACTIONS.get(event.action, event.action)),
        str(kind.label) if kind else event.object_type,
        address,
        history,
        shown_changes(event),
    )


class EventFilter(forms.Form):
    """What to look for in the log; anything that makes no sense is left out."""

    person = forms.CharField(
        label=gettext_lazy("Person"), required=False, max_length=100
    )
    kind = forms.ChoiceField(label=gettext_lazy("Vad det gällde"), required=False)
    text = forms.CharField(
        label=gettext_lazy("Namn eller id"), required=False, max_length=100
    )
    since = forms.DateField(
        label=gettext_lazy("Från och med"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    until = forms.DateField(
        label=gettext_lazy("Till och med"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the kinds of objects that are known."""
        super().__init__(*args, **kwargs)
        kinds = sorted(
            ((code, str(kind.label)) for code, kind in events.OBJECTS.items()),
            key=lambda pair: pair[1],
        )
        field = self.fields["kind"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - told above
        field.choices = [("", _("allt")), *kinds]

    def applied(self, rows: QuerySet[Event]) -> QuerySet[Event]:
        """Return the events that fit."""
        self.is_valid()
        asked = self.cleaned_data
        if asked.get("person"):
            rows = rows.filter(actor_name__icontains=asked["person"])
        if asked.get("kind"):
            rows = rows.filter(object_type=asked["kind"])
        if asked.get("text"):
            rows = rows.filter(
                Q(object_label__icontains=asked["text"])
                | Q(object_key__icontains=asked["text"])
            )
        if asked.get("since"):
            rows = rows.filter(at__gte=_midnight(asked["since"]))
        if asked.get("until"):
            day = (
                dt.timedelta(days=1) if asked["until"] < dt.date.max else dt.timedelta()
            )
            rows = rows.filter(at__lt=_midnight(asked["until"] + day))
        return rows


def _midnight(day: dt.date) -> dt.datetime:
    day = max(dt.date(1900, 1, 1), min(day, dt.date(9000, 1, 1)))
    return timezone.make_aware(dt.datetime.combine(day, dt.time()))


class _Pages(Paginator):  # type: ignore[type-arg]
    """Counts no further than anyone turns pages."""

    @cached_property
    def count(self) -> int:
        rows: QuerySet[Event] = self.object_list  # type: ignore[assignment]
        return rows[:_MOST_COUNTED].count()


@requires(Right.READ_LOG, methods="GET")
def event_list(request: MunicipalRequest) -> HttpResponse:
    """Return a page of the log, newest first."""
    asked = EventFilter(request.GET)
    rows = asked.applied(
        Event.objects.filter(municipality=request.municipality).order_by("-at", "-pk")
    )
    pages = _Pages(rows, PAGE)
    try:
        page = pages.page(max(1, int(request.GET.get("sida") or 1)))
    except (EmptyPage, ValueError):
        page = pages.page(1)
    kept = request.GET.copy()
    kept.pop("sida", None)
    return render(
        request,
        "foundation/events.html",
        {
            "form": asked,
            "page": page,
            "events": shown_events(page, request.municipality),
            "filtered": any(asked.cleaned_data.values()),
            "kept": kept.urlencode(),
            "more": pages.count >= _MOST_COUNTED,
        },
    )


@requires(Right.READ, methods="GET")
def history(request: MunicipalRequest, kind: str, key: str) -> HttpResponse:
    """Return how one object, or with `?falt=` one field of it, has changed."""
    known = events.OBJECTS.get(kind)
    if known is None:
        raise Http404
    if kind in PRIVATE_KINDS:
        demand(request, Right.READ_LOG)
    field = request.GET.get("falt") or None
    found = events.history(request.municipality, kind, key, field)
    if (
        not found
        and not Event.objects.filter(
            municipality=request.municipality, object_type=kind, object_key=key
        ).exists()
    ):
        raise Http404
    newest = found[0].event if found else None
    rows = [
        {
            "event": one.event,
            "who": one.event.actor_name or _("Röd tråd"),
            "label": _label(one.event, one.field),
            "field": one.field,
            "before": _value(one.event, one.field, one.before),
            "after": _value(one.event, one.field, one.after),
        }
        for one in found
    ]
    return render(
        request,
        "foundation/history.html",
        {
            "kind": str(known.label),
            "object_key": key,
            "label": (newest.object_label if newest else "") or key,
            "field": _label(newest, field) if newest and field else "",
            "rows": rows,
            "address": events.addresses(request.municipality, [(kind, key)]).get(
                (kind, key)
            ),
        },
    )

"""What tests of envelopes share: an envelope where voting is open, in `liten`."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from django.utils import timezone
from web.public.conftest import finish, published

from rodtrad.web import envelopes, public_form
from rodtrad.web.models.envelope import Envelope, EnvelopeProposal

if TYPE_CHECKING:
    from rodtrad.web.models import Municipality

__all__ = ["finish", "published"]

# The example of the method page: eleven ballots share 1 100 kronor. Three of its ballots
# mark more than the sum, which no ballot may here; they leave the park out.
COSTS = {"1": 700, "2": 400, "3": 250, "4": 200, "5": 100}
NAMES = ("Cykelbana", "Utegym", "Park", "Lekplats", "Bibliotek")
BALLOTS = ("12", "12", "12", "12", "12", "12", "345", "4", "45", "345", "1")


def day(days: int) -> dt.date:
    """The day so many days from now."""
    return timezone.localdate() + dt.timedelta(days=days)


class MakeEnvelope(Protocol):
    """Makes an envelope."""

    def __call__(self, **change: Any) -> Envelope:
        """Return the envelope."""


@pytest.fixture
def make_envelope(liten: Municipality) -> MakeEnvelope:
    """Make an envelope with the five proposals, open for votes today."""

    def make(**change: Any) -> Envelope:
        facts: dict[str, Any] = {
            "name": "Byns pott",
            "sum_ore": 1_100_00,
            "who": "open",
            "votes_from": day(-1),
            "votes_to": day(1),
            "state": "open",
        }
        envelope = envelopes.create(None, liten, Envelope(**facts | change))
        for n, (name, cost) in enumerate(zip(NAMES, COSTS.values(), strict=True), 1):
            EnvelopeProposal.objects.create(
                envelope=envelope,
                number=n,
                key=str(n),
                name=name,
                cost_ore=cost * 100,
                state="shown",
            )
        return envelope

    return make


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a form be sent as soon as it is shown."""
    monkeypatch.setattr(public_form, "LEAST_SECONDS", 0.0)

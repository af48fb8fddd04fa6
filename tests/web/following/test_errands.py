"""Does every errand of the worker do its work, asked for by name as the worker does?"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

import pytest
from django.utils import timezone
from web.dialogue.conftest import make_comment
from web.envelope.conftest import make_envelope

from rodtrad.web import errands, outgoing
from rodtrad.web.models.dialogue import Comment, Dialogue
from rodtrad.web.models.envelope import Envelope, EnvelopeProposal
from rodtrad.web.models.following import Outgoing, Subscription
from rodtrad.web.models.letters import BlogImport, Letter
from rodtrad.web.models.sandbox import ResidentRegion
from rodtrad.web.models.throttle import Tally

if TYPE_CHECKING:
    from collections.abc import Callable

    from web.dialogue.conftest import MakeDialogue
    from web.envelope.conftest import MakeEnvelope

    from rodtrad.web.models import Publication

    Done = Callable[[], bool]

__all__ = ["make_envelope"]

LONG: Final = dt.timedelta(days=4_000)


class Due:
    """Makes something due for each errand, and tells whether it has been done."""

    def __init__(
        self,
        publication: Publication,
        make_dialogue: MakeDialogue,
        make_envelope: MakeEnvelope,
    ) -> None:
        self.publication, self.place = publication, publication.municipality
        self.make_dialogue, self.make_envelope = make_dialogue, make_envelope
        self.then = timezone.now() - LONG

    def letter_due_publish_due(self) -> Done:
        Letter.objects.create(
            municipality=self.place,
            number=1,
            slug="hej",
            title="Hej",
            text="Hej.",
            state=Letter.State.SCHEDULED,
            publish_at=timezone.now(),
        )
        return lambda: Letter.objects.get().is_public

    def blog_import_forget_old(self) -> Done:
        BlogImport.objects.create(
            municipality=self.place, filename="x", size=1, created_at=self.then
        )
        return lambda: not BlogImport.objects.exists()

    def outgoing_send_due(self) -> Done:
        outgoing.queue("x", "a@exempel.se", "Hej", "Hej")
        return lambda: Outgoing.objects.get().sent_at is not None

    def outgoing_forget_old(self) -> Done:
        outgoing.queue("x", "a@exempel.se", "Hej", "Hej")
        Outgoing.objects.update(sent_at=self.then)
        return lambda: not Outgoing.objects.exists()

    def _follower(self, **change: object) -> None:
        facts = {"kind": "project", "key": "bro", "origin": "http://x", **change}
        Subscription.objects.create(
            municipality=self.place, email="a@exempel.se", **facts
        )

    def subscriptions_forget_old(self) -> Done:
        self._follower(asked_at=self.then)
        return lambda: not Subscription.objects.exists()

    def dialogue_setup_tell_opened(self) -> Done:
        self._follower(confirmed_at=timezone.now())
        self.make_dialogue(told_at=None)
        return lambda: Outgoing.objects.filter(to="a@exempel.se").exists()

    def dialogue_forget_old(self) -> Done:
        talk = self.make_dialogue()
        make_comment(talk, state="unconfirmed", received_at=self.then)
        return lambda: not Comment.objects.exists()

    def dialogue_forget_thin_old(self) -> Done:
        day = timezone.localdate() - LONG
        talk = self.make_dialogue(opens=day, closes=day)
        make_comment(talk, name="Eva Lund")
        return lambda: (
            Comment.objects.get().name == ""
            and Dialogue.objects.get().thinned_at is not None
        )

    def throttle_forget_old(self) -> Done:
        Tally.objects.create(key="x", until=self.then)
        return lambda: not Tally.objects.exists()

    def envelope_redress_thin_old(self) -> Done:
        day = timezone.localdate() - LONG
        found = self.make_envelope(votes_from=day, votes_to=day)
        EnvelopeProposal.objects.create(
            envelope=found, number=9, key="9", name="A", text="B", from_resident=True
        )
        return lambda: EnvelopeProposal.objects.get(number=9).text == ""

    def residents_reckon_waiting(self) -> Done:
        ResidentRegion.objects.create(
            municipality=self.place, publication=self.publication
        )
        return lambda: ResidentRegion.objects.get().state == "done"

    def envelope_ballots_count_due(self) -> Done:
        self.make_envelope(state="counting")
        return lambda: Envelope.objects.get().state == "counted"


@pytest.mark.parametrize(
    "name", [name for name, _seconds in (*errands.ERRANDS, *errands.HEAVY)]
)
def test_an_errand_does_its_work(
    name: str,
    published: Publication,
    make_dialogue: MakeDialogue,
    make_envelope: MakeEnvelope,
) -> None:
    due = Due(published, make_dialogue, make_envelope)
    made = name.removeprefix("rodtrad.web.").replace(":", "_")
    done = getattr(due, made)()
    assert not done()
    errands.do(name)
    assert done()

"""When is a letter that waits for its time published? By the worker, once.

However many workers there are. One that can no longer be published is a draft again, with
the reason; one that a fault hinders is tried again after a while, longer each time. Both
are told to whoever writes letters. Leaves out publishing itself (letters).
"""

from __future__ import annotations

import datetime as dt
import logging
from typing import TYPE_CHECKING, Final

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from rodtrad.web import events, letters
from rodtrad.web.models.events import Event
from rodtrad.web.models.letters import Letter

if TYPE_CHECKING:
    from collections.abc import Mapping

_log: Final = logging.getLogger("rodtrad.letters")
_AGAIN_MINUTES: Final = (1, 5, 15, 60)
_PUT_OFF: Final = "letter.put_off"


def publish_due(now: dt.datetime | None = None) -> int:
    """Publish the letters whose time has come, and return how many; for the worker."""
    now = now or timezone.now()
    due = Letter.objects.filter(state=Letter.State.SCHEDULED, publish_at__lte=now)
    done, failed = 0, []
    for pk in list(due.order_by("publish_at").values_list("pk", flat=True)[:50]):
        try:
            done += _publish(pk, now)
        except Exception:  # noqa: BLE001 - the next letter is not to blame
            _log.exception("letter %s could not be published", pk)
            failed.append(pk)
    for pk in failed:
        _put_off(pk, now)
    return done


@transaction.atomic
def _publish(pk: int, now: dt.datetime) -> bool:
    skips = connection.features.has_select_for_update_skip_locked
    letter = (
        Letter.objects.select_for_update(of=("self",), skip_locked=skips)
        .filter(pk=pk, state=Letter.State.SCHEDULED, publish_at__lte=now)
        .first()
    )
    if letter is None:
        return False  # another worker has it, or somebody has held it
    try:
        letters.publish(None, letter)
    except letters.UnfitError as unfit:
        _hold(letter, unfit)
        return False
    return True


def _hold(letter: Letter, unfit: letters.UnfitError) -> None:
    """Make a letter that cannot be published a draft again."""
    before = {"state": letter.state, "publish_at": letter.publish_at}
    letter.state, letter.publish_at = Letter.State.DRAFT, None
    after = {"state": letter.state, "publish_at": None}
    _stop(letter, "letter.held", before, after, str(unfit))


@transaction.atomic
def _put_off(pk: int, now: dt.datetime) -> None:
    """Let a letter that could not be published wait, longer for each time in a day."""
    letter = (
        Letter.objects.select_for_update()
        .filter(pk=pk, state=Letter.State.SCHEDULED)
        .first()
    )
    if letter is None:
        return
    told = Event.objects.filter(municipality=letter.municipality_id, action=_PUT_OFF)
    told = told.for_object("letter", str(pk))
    tried = told.filter(at__gt=now - dt.timedelta(days=1)).count()
    minutes = _AGAIN_MINUTES[min(tried, len(_AGAIN_MINUTES) - 1)]
    before = {"publish_at": letter.publish_at}
    letter.publish_at = now + dt.timedelta(minutes=minutes)
    text = _(
        "Något gick fel i programmet. Ett nytt försök görs. Händer det igen, be den som sköter tjänsten om hjälp."
    )
    _stop(letter, _PUT_OFF, before, {"publish_at": letter.publish_at}, text)


def _stop(
    letter: Letter,
    action: str,
    before: Mapping[str, object],
    after: Mapping[str, object],
    why: str,
) -> None:
    """Store that a letter was not published in its time, and why."""
    letter.fault = why
    letter.save(update_fields=["state", "publish_at", "fault"])
    place = letter.municipality
    events.record(None, place, action, letter, before, after, note=why)
    _log.warning("letter %s was not published: %s", letter.pk, why)

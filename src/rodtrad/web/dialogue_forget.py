"""What does the dialogue forget of persons, and when? By rule, long after it has closed.

So many months after the last day to write, as the municipality has decided, signatures
go, and what the rules find in texts; so do the words of what is hidden and of reports.
What was said and answered stays. Leaves out what staff take out by hand (dialogue) and
addresses (subscriptions).
"""

from __future__ import annotations

import calendar
import datetime as dt
from typing import TYPE_CHECKING, Final

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from rodtrad.web import dialogue_events, events, thinning
from rodtrad.web.models import Municipality
from rodtrad.web.models.dialogue import AbuseReport, Comment, Dialogue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rodtrad.web.access import MunicipalRequest

__all__ = ["dialogue_events"]

_BATCH: Final = 500


def months_before(day: dt.date, months: int) -> dt.date:
    """Return the same day so many months earlier, or the last of a shorter month.

    Example:
        >>> months_before(dt.date(2026, 3, 31), 1)
        datetime.date(2026, 2, 28)
    """
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return dt.date(year, month + 1, min(day.day, last))


def thin_old(today: dt.date | None = None) -> int:
    """Thin out the dialogues whose time has come; return how many. For the worker."""
    day = today or timezone.localdate()
    named = Comment.objects.filter(dialogue=OuterRef("pk")).exclude(name="")
    done = 0
    for place in Municipality.objects.all():
        # one that was opened again after it was thinned out has more to forget, and one
        # in which somebody has been entered by name since
        due = Dialogue.objects.filter(
            Q(thinned_at=None) | Q(thinned_at__date__lte=F("closes")) | Exists(named),
            municipality=place,
            closes__lt=months_before(day, place.thin_after_months),
        )
        for one in due:
            _thin(one)
            done += 1
    return done


def _thin(dialogue: Dialogue) -> None:
    """Thin out a dialogue, a few comments at a time, and say in the log how many."""
    keys = list(Comment.objects.filter(dialogue=dialogue).values_list("pk", flat=True))
    count = sum(_thin_some(keys[i : i + _BATCH]) for i in range(0, len(keys), _BATCH))
    with transaction.atomic():
        told = AbuseReport.objects.filter(comment__dialogue=dialogue).exclude(text="")
        count += told.update(text="")
        Dialogue.objects.filter(pk=dialogue.pk).update(thinned_at=timezone.now())
        if count:
            events.record(
                None,
                dialogue.municipality,
                "dialogue.thinned",
                dialogue,
                after={"count": count},
            )


@transaction.atomic
def _thin_some(keys: Sequence[int]) -> int:
    """Thin out some comments, and return in how many there was something to take out."""
    changed = []
    now = timezone.now()
    for one in Comment.objects.select_for_update().filter(pk__in=keys):
        before = (one.name, one.text, one.removed_reason)
        one.name, one.removed_reason = "", ""
        if one.state == Comment.State.HIDDEN:
            one.text = ""
        else:
            one.text = thinning.without(one.text, thinning.findings(one.text))
        if (one.name, one.text, one.removed_reason) != before:
            one.thinned_at = now
            one.revision += 1
            changed.append(one)
    fields = ["name", "text", "removed_reason", "thinned_at", "revision"]
    Comment.objects.bulk_update(changed, fields, batch_size=100)
    return len(changed)


@transaction.atomic
def set_months(request: MunicipalRequest, months: int) -> None:
    """Decide how long after its last day a dialogue is thinned out."""
    place = request.municipality
    before, after = events.changed(
        {"thin_after_months": place.thin_after_months}, {"thin_after_months": months}
    )
    if after:
        place.thin_after_months = months
        place.save(update_fields=["thin_after_months"])
        events.record(request, place, "municipality.changed", place, before, after)

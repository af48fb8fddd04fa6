"""Which version do readers of a municipality see now, and has anything changed since?

`now_of` asks one short question and gives back what tells this moment from every other:
as long as it is the same, everything that everyone reads is the same. What staff do
stands in the log, and what residents say is counted (`heard`); whatever neither tells of
is seen within `SECONDS`, and what depends on the day from midnight. Leaves out what is
kept for as long (public_parts, public_answers).
"""

from __future__ import annotations

import copy
import time
from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, Final, NamedTuple

from django.db import connection
from django.db.models import F
from django.utils import timezone

from rodtrad.web.models import Municipality, Publication
from rodtrad.web.models.publishing import hold

if TYPE_CHECKING:
    from django.http import HttpRequest

SECONDS: Final = 60
"""So long, at most, is anything shown that has changed; browsers keep pages as long."""

# Asked for every page, and before anything is kept: written out, as putting the question
# together takes longer than the answer.
_ASKED: Final = """
    SELECT p.id, m.heard,
           (SELECT COUNT(w.withdrawn_at) FROM web_publication w
            WHERE w.municipality_id = m.id),
           (SELECT e.id FROM web_event e WHERE e.municipality_id = m.id
            ORDER BY e.at DESC, e.id DESC LIMIT 1)
    FROM web_municipality m JOIN web_publication p ON p.municipality_id = m.id
    WHERE m.slug = %s AND p.withdrawn_at IS NULL
    ORDER BY p.number DESC LIMIT 1
"""
_MOST: Final = 32
_newest: OrderedDict[Now, Publication] = OrderedDict()
_lock = Lock()


class Now(NamedTuple):
    """A moment of what everyone reads in a municipality."""

    publication: int
    heard: int
    taken_back: int
    event: int
    day: str
    turn: int


def now_of(slug: str) -> Now | None:
    """Return the moment of a municipality; None where nothing is public."""
    with connection.cursor() as cursor:
        cursor.execute(_ASKED, [slug])
        row = cursor.fetchone()
    if row is None:
        return None
    day = timezone.localdate().isoformat()
    return Now(row[0], row[1], row[2], row[3] or 0, day, int(time.time() // SECONDS))


def newest_of(now: Now) -> Publication:
    """Return the version that is read at a moment, light, with its municipality."""
    with _lock:
        found = _newest.get(now)
    if found is None:
        found = (
            Publication.objects.light()
            .select_related("municipality")
            .get(pk=now.publication)
        )
        hold(found)
        with _lock:
            _newest[now] = found
            while len(_newest) > _MOST:
                _newest.popitem(last=False)
    # what one request reads of it later is not kept for all
    return copy.copy(found)


def moment(request: HttpRequest) -> Now | None:
    """Return the moment in which a request is answered; None off the public pages."""
    found: Now | None = getattr(request, "now", None)
    return found


def heard(municipality: Municipality) -> None:
    """Tell that residents have changed what everyone reads."""
    Municipality.objects.filter(pk=municipality.pk).update(heard=F("heard") + 1)


def forget() -> None:
    """Forget everything kept, for tests: numbers of rows come again there."""
    with _lock:
        _newest.clear()

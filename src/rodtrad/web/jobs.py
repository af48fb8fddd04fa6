"""Which study is computed next, and by whom? The queue is the rows of `Study`.

A worker claims one row at a time, tells how far it has come, and hands in the result. A
row whose worker has died goes back to the queue. The municipality that has waited
longest since one of its own was started goes first. Leaves out the loop of the worker
(worker) and how a study is computed (`rodtrad.study`).
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Final

from django.db import connection, transaction
from django.db.models import Count, F, Max, Min
from django.utils import timezone
from django.utils.translation import gettext as _

from rodtrad.web import computing, events
from rodtrad.web.models.organisation import Municipality, User
from rodtrad.web.models.studies import State, Study

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rodtrad.web.models.underlag import Version

HEARTBEAT_SECONDS: Final = 2.0
# A worker that has not been heard of for so long is dead.
DEAD_SECONDS: Final = 30.0
# So often a study may be taken: once, and twice again after a dead worker.
MOST_ATTEMPTS: Final = 3


@transaction.atomic
def enqueue(
    who: User | None,
    version: Version,
    *,
    name: str = "",
    scenario: str = "",
    settings: Mapping[str, Any] | None = None,
    kind: str = "plan",
) -> Study:
    """Queue a study of a version and return it.

    `settings` are fields of `rodtrad.study.Settings`, as JSON.
    """
    municipality = version.municipality
    Municipality.objects.select_for_update().get(pk=municipality.pk)
    last = Study.objects.filter(municipality=municipality).aggregate(n=Max("number"))
    study = Study.objects.create(
        municipality=municipality,
        number=(last["n"] or 0) + 1,
        name=name[:120],
        kind=kind,
        version=version,
        scenario=scenario,
        settings=dict(settings or {}),
        created_by=who,
        created_by_name=str(who)[:150] if who else "",
    )
    events.record(who, municipality, "study.queued", study)
    return study


@transaction.atomic
def store_finished(
    version: Version, name: str, result: bytes, certificates: bytes | None
) -> Study:
    """Store a study that was computed without the queue, and return it."""
    study = enqueue(None, version, name=name)
    now = timezone.now()
    Study.objects.filter(pk=study.pk).update(
        state=State.DONE,
        started_at=now,
        finished_at=now,
        result=result,
        certificates=certificates,
    )
    events.record(None, study.municipality, "study.finished", study)
    study.refresh_from_db()
    return study


def claim(worker: str) -> Study | None:
    """Return the study that `worker` is to compute, now marked as running, or None.

    The municipality goes first that has waited longest since one of its own was started,
    and in it the study that was asked for first.
    """
    oldest = (
        Study.objects.filter(state=State.QUEUED)
        .order_by()
        .values_list("municipality")
        .annotate(pk_=Min("pk"), at=Min("created_at"))
    )
    waiting = {place: (pk, at) for place, pk, at in oldest}
    if not waiting:
        return None
    latest = dict(
        Study.objects.filter(municipality__in=waiting, started_at__isnull=False)
        .order_by()
        .values_list("municipality")
        .annotate(at=Max("started_at"))
    )
    never = dt.datetime.min.replace(tzinfo=dt.UTC)
    for place in sorted(
        waiting, key=lambda m: (latest.get(m, never), *waiting[m][::-1])
    ):
        study = _take(waiting[place][0], worker)
        if study is not None:
            return study
    return None


@transaction.atomic
def _take(pk: int, worker: str) -> Study | None:
    """Mark a waiting study as running, unless another worker was first."""
    waiting = Study.objects.filter(pk=pk, state=State.QUEUED)
    if connection.features.has_select_for_update_skip_locked:
        waiting = waiting.select_for_update(skip_locked=True, of=("self",))
    if not list(waiting.values_list("pk", flat=True)):
        return None
    now = timezone.now()
    taken = Study.objects.filter(pk=pk, state=State.QUEUED).update(
        state=State.RUNNING,
        worker=worker,
        started_at=now,
        heartbeat=now,
        attempts=F("attempts") + 1,
        progress={},
    )
    if not taken:
        return None
    return Study.objects.select_related("municipality", "version").get(pk=pk)


def waiting_before(study: Study) -> int:
    """Return how many studies will be started before a waiting one.

    By the rule of `claim`: the municipalities take turns, each with its oldest first.
    """
    queued = Study.objects.filter(state=State.QUEUED)
    own: int = queued.filter(
        municipality=study.municipality_id, pk__lt=study.pk
    ).count()
    others = (
        queued.exclude(municipality=study.municipality_id)
        .order_by()
        .values_list("municipality")
        .annotate(n=Count("pk"))
    )
    # each of the others comes at most once for every one of ours before this
    return own + sum(min(int(count), own + 1) for _place, count in others)


def tell(study: Study, worker: str, progress: Mapping[str, Any]) -> bool:
    """Store how far a study has come; False if it is to stop (or is another's now)."""
    mine = Study.objects.filter(pk=study.pk, state=State.RUNNING, worker=worker)
    mine.update(heartbeat=timezone.now(), progress=dict(progress))
    return mine.filter(cancel_asked=False).exists()


def is_mine(study: Study, worker: str) -> bool:
    """Return True if a study still is this worker's to compute."""
    return Study.objects.filter(
        pk=study.pk, state=State.RUNNING, worker=worker
    ).exists()


def _end(study: Study, worker: str, state: State, action: str, **fields: Any) -> bool:
    with transaction.atomic():
        done = Study.objects.filter(
            pk=study.pk, state=State.RUNNING, worker=worker
        ).update(state=state, finished_at=timezone.now(), **fields)
        if done:
            events.record(None, study.municipality, action, study)
    return bool(done)


def finish(
    study: Study, worker: str, result: bytes, certificates: bytes | None
) -> bool:
    """Store the packed result; False if the study is another worker's since."""
    return _end(
        study,
        worker,
        State.DONE,
        "study.finished",
        result=result,
        certificates=certificates,
        error=[],
    )


def fail(study: Study, worker: str, issues: Sequence[Mapping[str, Any]]) -> bool:
    """Store why there is no result, as issues."""
    return _end(study, worker, State.FAILED, "study.failed", error=list(issues))


def cancelled(
    study: Study,
    worker: str,
    result: bytes | None = None,
    certificates: bytes | None = None,
) -> bool:
    """Note that a running study has stopped because somebody asked.

    `result` is the best plan so far; a study with one can be read and compared.
    """
    state = State.CANCELLED if result is None else State.KEPT
    found = {"result": result, "certificates": certificates}
    return _end(study, worker, state, "study.cancelled", **found)


@transaction.atomic
def cancel(who: User | None, study: Study) -> None:
    """Ask a study to stop; one that has not begun stops at once."""
    if Study.objects.filter(pk=study.pk, state=State.QUEUED).update(
        state=State.CANCELLED, finished_at=timezone.now(), cancel_asked=True
    ):
        events.record(who, study.municipality, "study.cancelled", study)
        return
    Study.objects.filter(pk=study.pk, state=State.RUNNING).update(cancel_asked=True)


def recover() -> int:
    """Put studies of dead workers back in the queue; return how many were dead."""
    silent = timezone.now() - dt.timedelta(seconds=DEAD_SECONDS)
    dead = Study.objects.filter(state=State.RUNNING, heartbeat__lt=silent)
    return sum(
        put_back(study, study.worker, silent)
        for study in dead.light().select_related("municipality")
    )


def put_back(
    study: Study, worker: str, silent_since: dt.datetime | None = None
) -> bool:
    """Queue a study again whose computation has died; give up after the third time.

    One that was to be stopped is stopped. Returns False if it is another worker's since,
    or has been heard of after `silent_since`.
    """
    mine = Study.objects.filter(pk=study.pk, state=State.RUNNING, worker=worker)
    if silent_since is not None:
        mine = mine.filter(heartbeat__lt=silent_since)
    now = mine.values("attempts", "cancel_asked").first()
    if now is None:
        return False
    if now["cancel_asked"]:
        return cancelled(study, worker)
    if now["attempts"] < MOST_ATTEMPTS:
        return bool(mine.update(state=State.QUEUED, worker="", progress={}))
    text = _("Datorn avbröt räkningen {n} gånger.").format(n=now["attempts"])
    remedy = _("Minnet kan ha tagit slut. Räkna färre delar, eller på en större dator.")
    return fail(study, worker, [computing.issue("computer_died", text, remedy)])


def hand_back(study: Study, worker: str) -> None:
    """Queue a study again that a worker has to leave because it is told to end."""
    Study.objects.filter(pk=study.pk, state=State.RUNNING, worker=worker).update(
        state=State.QUEUED, worker="", progress={}, attempts=F("attempts") - 1
    )

"""How do residents' swing answers become a region of weights beside the parties'?

The questionnaire carries its answers in the form until they are handed in; then they are
kept with an age group and nothing else. The region is reckoned when somebody on the staff
asks, by the worker. Leaves out the pages and the mathematics (`plan.residents`,
`plan.residents_map`).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy

from rodtrad.domain.components import apply_scenario
from rodtrad.plan.elicitation import (
    SHARES,
    Answer,
    Condition,
    Question,
    criterion_swings,
    next_question,
    read_question,
    viewpoint_rows,
)
from rodtrad.plan.residents import (
    GROUPS,
    MOST_QUESTIONS,
    PER_CELL,
    age_shares,
    may_follow,
    middle_weights,
    residents_region,
)
from rodtrad.plan.residents_map import residents_map
from rodtrad.plan.robust import MapLimits
from rodtrad.publish.public_sum import SUM_ID
from rodtrad.study import read_choices
from rodtrad.web import events, public_now
from rodtrad.web.models.sandbox import ResidentAnswer, ResidentRegion
from rodtrad.web.public_parts import kept

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rodtrad.plan.elicitation import Swing
    from rodtrad.web.access import MunicipalRequest
    from rodtrad.web.models import Municipality, Publication

BETTER: Final = ("first", "second", "equal", "skip")
# Longest that the answers so far may be where a form carries them.
MOST_CARRIED: Final = 4000
# Each of the four maps may take so long.
MAP_SECONDS: Final = 45.0
# One that was begun so long ago has lost its worker.
_LOST_SECONDS: Final = 900.0
State = ResidentRegion.State

events.declare_object("residentregion", gettext_lazy("invånarnas vikter"))
events.declare_action(
    "residents.asked", gettext_lazy("bad om en räkning av invånarnas vikter")
)


class CarriedError(Exception):
    """The answers that a form carried cannot be read."""


def swings_of(publication: Publication) -> dict[str, Swing]:
    """Return the worst and best of each criterion in a publication."""

    def build() -> dict[str, Swing]:
        tables = publication.tables_public
        names = {
            row["project_id"]: row["name"] or row["project_id"]
            for row in tables["projects"].records()
            if row["project_id"] != SUM_ID
        }
        return criterion_swings(
            tables["criteria"].records(), tables["scores"].records(), names
        )

    return kept(publication, "residents-swings", build)


def swings_key(known: Mapping[str, Swing]) -> str:
    """Return what tells which worst and best were asked about."""
    said = [[s.criterion, s.worst_score, s.best_score] for s in known.values()]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


# ------------------------------------------------------------------ the questions


def carry(answers: Sequence[Answer]) -> str:
    """Return answers as a form carries them."""
    return json.dumps(
        [[*_question_cells(a.question), a.better] for a in answers],
        separators=(",", ":"),
    )


def _question_cells(question: Question) -> list[str | None]:
    cells = question.as_dict()
    return [cells["first"], cells["second"], cells["share"]]


def carried(text: str, known: Mapping[str, Swing]) -> list[Answer]:
    """Return the answers that a form carried; each question at most once.

    Raises:
        CarriedError: they are not such as the questions give.
    """
    if len(text) > MOST_CARRIED:
        raise CarriedError
    try:
        rows = json.loads(text or "[]")
        found = [_answer(row, known) for row in rows]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise CarriedError from None
    if len(found) > MOST_QUESTIONS or len({a.question for a in found}) < len(found):
        raise CarriedError
    return found


def _answer(row: Any, known: Mapping[str, Swing]) -> Answer:
    if not isinstance(row, list) or len(row) != 4:
        raise CarriedError
    first, second, share, better = row
    if not all(cell is None or isinstance(cell, str) for cell in row):
        raise CarriedError
    if share is not None and len(share) > 12:
        raise CarriedError
    question = read_question({"first": first, "second": second, "share": share})
    if not {question.first, question.second or question.first} <= set(known):
        raise CarriedError
    if question.share is not None and question.share not in SHARES:
        raise CarriedError
    if better not in BETTER:
        raise CarriedError
    return Answer(question, better)


def question_after(
    criteria: Sequence[str], answers: Sequence[Answer]
) -> Question | None:
    """Return the next question, None when enough is asked.

    Raises:
        ValueError: the answers contradict each other.
    """
    if len(answers) >= MOST_QUESTIONS:
        return None
    return _next(tuple(criteria), tuple(answers))


@lru_cache(maxsize=4096)
def _next(criteria: tuple[str, ...], answers: tuple[Answer, ...]) -> Question | None:
    return next_question(criteria, answers)


def hand_in(
    publication: Publication, answers: Sequence[Answer], age_group: str, once: str
) -> bool:
    """Keep a resident's answers; False if the same form has been sent before.

    Raises:
        ValueError: the answers contradict each other, or say nothing.
    """
    known = swings_of(publication)
    rows = viewpoint_rows(answers)
    if not rows:
        msg = "nothing is said of the weights"
        raise ValueError(msg)
    weights = middle_weights(list(known), rows)
    try:
        with transaction.atomic():
            ResidentAnswer.objects.create(
                municipality=publication.municipality,
                publication=publication,
                answers=[[*_question_cells(a.question), a.better] for a in answers],
                weights=dict(zip(known, weights, strict=True)),
                swings=swings_key(known),
                age_group=age_group if age_group in GROUPS else "",
                once=once,
            )
    except IntegrityError:
        return False
    return True


# ------------------------------------------------------------------- the region


def newest_region(municipality: Municipality) -> ResidentRegion | None:
    """Return the newest region that everyone may see; None where there is none."""
    found = ResidentRegion.objects.filter(
        municipality=municipality, state=State.DONE, publication__withdrawn_at=None
    ).select_related("publication")
    newest = found.first()
    return newest if newest is not None and newest.result else None


@transaction.atomic
def ask(request: MunicipalRequest, publication: Publication) -> ResidentRegion:
    """Ask the worker for the region; one that waits already is not asked for twice."""
    waiting = ResidentRegion.objects.filter(
        municipality=request.municipality, state=State.WAITING
    ).first()
    if waiting is not None:
        return waiting
    region = ResidentRegion.objects.create(
        municipality=request.municipality,
        publication=publication,
        asked_by_name=str(request.user)[:150],
    )
    events.record(request, request.municipality, "residents.asked", region)
    return region


def reckon_waiting() -> int:
    """Reckon the regions that wait, and return how many; an errand of the worker."""
    now = timezone.now()
    lost = now - dt.timedelta(seconds=_LOST_SECONDS)
    ResidentRegion.objects.filter(state=State.RUNNING, started_at__lt=lost).update(
        state=State.FAILED, finished_at=now
    )
    done = 0
    for region in ResidentRegion.objects.filter(state=State.WAITING).order_by("pk"):
        # one at a time in a municipality: what is told next depends on what was told last
        taken = (
            ResidentRegion.objects.filter(pk=region.pk, state=State.WAITING)
            .exclude(municipality__resident_regions__state=State.RUNNING)
            .update(state=State.RUNNING, started_at=timezone.now())
        )
        if not taken:
            continue
        try:
            region.result = reckon(region.publication)
            region.state = State.DONE
        except Exception:
            region.state = State.FAILED
            raise
        finally:
            region.finished_at = timezone.now()
            region.save(update_fields=["result", "state", "finished_at"])
        public_now.heard(region.municipality)
        done += 1
    return done


def reckon(publication: Publication) -> dict[str, Any]:
    """Return the residents' region of a publication, and what it says of the projects.

    Empty of too few answers: nothing is then told of them, not how many they are.
    """
    known = swings_of(publication)
    key = swings_key(known)
    answers = _answers(publication, key, list(known))
    tables, plan = publication.tables_public, publication.plan
    ages = age_shares(tables)
    found = residents_region(list(known), [one[1:] for one in answers], ages)
    last = _last_of(publication, key)
    if last and not (found and may_follow(last["region"], found.as_dict())):
        # so few are new that they could be told by subtracting: they wait
        answers = [one for one in answers if one[0] <= last["until"]]
        found = residents_region(list(known), [one[1:] for one in answers], ages)
    if found is None:
        return {}
    scenario = plan["meta"].get("scenario")
    used = apply_scenario(tables, scenario) if scenario else tables
    # a criterion that nobody can be asked about tells no project from another
    unasked = [row["criterion"] for row in tables["criteria"].records()]
    nothing = [Condition(key, "max", "0") for key in unasked if key not in known]
    told = residents_map(
        used,
        [*found.rows, *nothing],
        [read_choices(plan)],
        MapLimits(seconds=MAP_SECONDS),
    )
    names = {row["project_id"]: row["name"] for row in plan["projects"]}
    return {
        "region": found.as_dict(),
        "names": {key: swing.name for key, swing in known.items()},
        "map": {
            **told,
            "projects": [
                {**row, "name": names.get(row["project_id"], row["project_id"])}
                for row in told["projects"]
                if row["project_id"] != SUM_ID
            ],
        },
        "per_cell": PER_CELL,
        "publication": publication.number,
        "swings": key,
        "until": answers[-1][0],
    }


def _answers(
    publication: Publication, swings: str, criteria: Sequence[str]
) -> list[tuple[int, list[float], str]]:
    """Return number, weights and age group of the answers to what is asked, in order."""
    rows = ResidentAnswer.objects.filter(
        municipality=publication.municipality, swings=swings
    ).order_by("pk")
    return [
        (pk, [float(weights[key]) for key in criteria], group)
        for pk, weights, group in rows.values_list(
            "pk", "weights", "age_group"
        ).iterator()
        if set(weights) == set(criteria)
    ]


def _last_of(publication: Publication, swings: str) -> dict[str, Any] | None:
    """Return what was told last of the answers to the same questions."""
    done = ResidentRegion.objects.filter(
        municipality=publication.municipality, state=State.DONE
    )
    for result in done.values_list("result", flat=True).iterator(chunk_size=20):
        if result.get("swings") == swings:
            found: dict[str, Any] = result
            return found
    return None

"""How does someone weigh the criteria? At most twelve questions, and what they allow.

Each question sets two outcomes against each other: in both, criteria go some of the way
from the worst to the best of the projects at hand (a swing). The answers become rows of
table `viewpoints`: orders between criteria, least and greatest shares. Points and ranges
give the same rows without questions. Leaves out which plans those weights give
(robust) and who may see an answer (web).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

import numpy as np

from rodtrad.domain.words import _, list_text, quoted, share_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from rodtrad.domain.arrays import Array

    Weighed = Literal["first", "second", "equal", "skip"]

MOST_QUESTIONS: Final = 12
# A question is worth asking if either answer takes away this share of what is left.
LEAST_LEARNED: Final = 0.05
# Shares within which questions are equally good; the first in order is then asked.
STEP: Final = 0.05
# Shares that a criterion is set against all others with; each is exact as a decimal.
SHARES: Final = tuple(
    Fraction(text) for text in ("0.5", "0.25", "0.4", "0.2", "0.1", "0.6", "0.75")
)
# How finely the weights that are left are looked at when a question is chosen.
POINTS, WALK, SEED = 1024, 60, 20260101
DECIMALS: Final = 3
# A share as `Question.as_dict` writes it; nothing that takes long to read.
_SHARE: Final = re.compile(r"[1-9][0-9]{0,5}/[1-9][0-9]{0,5}")


class Condition(NamedTuple):
    """A row of table `viewpoints` without its viewpoint: `>=`, `min` or `max`."""

    criterion: str
    relation: str
    value: str


@dataclass(frozen=True)
class Question:
    """Two outcomes to choose between.

    In the first, criterion `first` goes all of the way from worst to best. In the second
    it is `second` that does; or, where `share` is set instead, every other criterion goes
    part of the way. The first is worth as much as the second when `first` weighs as much
    as `second`, or exactly `share`.
    """

    first: str
    second: str | None = None
    share: Fraction | None = None

    def outcomes(
        self, criteria: Sequence[str]
    ) -> tuple[dict[str, Fraction], dict[str, Fraction]]:
        """Return both outcomes: how much of the way each criterion goes, where any."""
        if self.second is not None:
            return {self.first: Fraction(1)}, {self.second: Fraction(1)}
        share = self.share or Fraction(0)
        part = share / (1 - share)
        others = [criterion for criterion in criteria if criterion != self.first]
        if part > 1:  # no swing goes past the best, so the first goes less far instead
            return {self.first: 1 / part}, dict.fromkeys(others, Fraction(1))
        return {self.first: Fraction(1)}, dict.fromkeys(others, part)

    def as_dict(self) -> dict[str, str | None]:
        """Return the question as JSON holds it."""
        share = None if self.share is None else str(self.share)
        return {"first": self.first, "second": self.second, "share": share}


def read_question(data: Mapping[str, str | None]) -> Question:
    """Return a question from `as_dict`.

    Raises:
        ValueError: it is no question.
    """
    first, second, share = data.get("first"), data.get("second"), data.get("share")
    if not first or (second is None) == (share is None) or first == second:
        msg = f"not a question: {data}"
        raise ValueError(msg)
    if share is not None and not _SHARE.fullmatch(share):
        msg = f"not a share: {share[:20]}"
        raise ValueError(msg)
    limit = None if share is None else Fraction(share)
    if limit is not None and not 0 < limit < 1:
        msg = f"not a share: {share}"
        raise ValueError(msg)
    return Question(first, second, limit)


@dataclass(frozen=True)
class Answer:
    """A question and which outcome was the better; `equal` or `skip` says neither."""

    question: Question
    better: Weighed

    def conditions(self) -> tuple[Condition, ...]:
        """Return what the answer says of the weights, as rows."""
        question = self.question
        if self.better == "skip":
            return ()
        if question.second is not None:
            more = Condition(question.first, ">=", question.second)
            less = Condition(question.second, ">=", question.first)
        else:
            share = decimal_text(question.share or Fraction(0))
            more = Condition(question.first, "min", share)
            less = Condition(question.first, "max", share)
        if self.better == "equal":
            return more, less
        return (more,) if self.better == "first" else (less,)


def decimal_text(share: Fraction) -> str:
    """Return a share as the decimal number that stands in the table: `0.25`."""
    return format(float(share), "g")


def viewpoint_rows(answers: Iterable[Answer]) -> list[Condition]:
    """Return the rows that answers give, each once, in the order they were given."""
    rows = (row for answer in answers for row in answer.conditions())
    return list(dict.fromkeys(rows))


# ------------------------------------------------------------ do the answers agree?


def find_contradiction(
    criteria: Sequence[str], answers: Sequence[Answer]
) -> tuple[int, ...]:
    """Return the numbers, from 0, of answers that cannot all be meant; empty if all can.

    None of them can be left out. To prefer an outcome means that it is worth more, not
    just as much, so going round in a circle is a contradiction, though equal weights
    would fit the rows. The latest answers are kept among those named.

    Example:
        >>> ask = [Question("a", "b"), Question("b", "c"), Question("c", "a")]
        >>> find_contradiction(["a", "b", "c"], [Answer(q, "first") for q in ask])
        (0, 1, 2)
    """
    kept = list(range(len(answers)))
    if _meant(criteria, answers):
        return ()
    for number in range(len(answers)):
        fewer = [n for n in kept if n != number]
        if not _meant(criteria, [answers[n] for n in fewer]):
            kept = fewer
    return tuple(kept)


# A number and how many times something above nothing is added to it.
Above = tuple[Fraction, int]


def _meant(criteria: Sequence[str], answers: Iterable[Answer]) -> bool:
    """Whether some weights fit every answer, preferred outcomes being worth more.

    Orders and bounds have a least and a greatest solution, found by carrying the bounds
    along the orders; every sum between theirs is possible. "More" is counted in steps
    that are smaller than any number.
    """
    low: dict[str, Above] = dict.fromkeys(criteria, (Fraction(0), 0))
    high: dict[str, Above] = dict.fromkeys(criteria, (Fraction(1), 0))
    orders: list[tuple[str, str, int]] = []
    for answer in answers:
        step = int(answer.better in ("first", "second"))
        for criterion, relation, value in answer.conditions():
            if relation == ">=":
                orders.append((criterion, value, step))
            elif relation == "min":
                low[criterion] = max(low[criterion], (Fraction(value), step))
            else:
                high[criterion] = min(high[criterion], (Fraction(value), -step))
    for _round in range(len(criteria) + 1):
        settled = True
        for more, less, step in orders:
            least = (low[less][0], low[less][1] + step)
            most = (high[more][0], high[more][1] - step)
            if low[more] < least:
                low[more], settled = least, False
            if high[less] > most:
                high[less], settled = most, False
        if settled:
            break
    else:
        return False  # the bounds rise without end: the orders go round in a circle
    if any(low[criterion] > high[criterion] for criterion in criteria):
        return False
    return _sum(low.values()) <= (Fraction(1), 0) <= _sum(high.values())


def _sum(values: Iterable[Above]) -> Above:
    numbers = list(values)
    return sum((v for v, _n in numbers), Fraction(0)), sum(n for _v, n in numbers)


def describe_contradiction(
    names: Mapping[str, str], answers: Sequence[Answer]
) -> str | None:
    """Return which answers go against each other, in one sentence; None if none do.

    Args:
        names: the criteria's names by id, all of them.
        answers: in the order they were given.
    """
    numbers = find_contradiction(list(names), answers)
    if not numbers:
        return None
    said = [
        _("i fråga {n} att {what}").format(n=n + 1, what=answer_text(names, answers[n]))
        for n in numbers
    ]
    if len(said) == 1:
        return _(
            "Svaret går inte ihop: ni svarade {what}. Det kan inga vikter uppfylla."
        ).format(what=said[0])
    return _(
        "Svaren går inte ihop: ni svarade {list}. Alla kan inte stämma. "
        "Ändra det som är minst säkert."
    ).format(list=list_text(said))


def answer_text(names: Mapping[str, str], answer: Answer) -> str:
    """Return what an answer says, as the end of a sentence."""
    question = answer.question
    p = quoted(names[question.first])
    if answer.better == "skip":
        return _("frågan hoppades över")
    if question.second is not None:
        q = quoted(names[question.second])
        if answer.better == "equal":
            return _("{p} och {q} väger lika mycket").format(p=p, q=q)
        if answer.better == "second":
            p, q = q, p
        return _("{p} väger mer än {q}").format(p=p, q=q)
    pattern = {
        "first": _("{p} väger mer än {v}"),
        "second": _("{p} väger mindre än {v}"),
        "equal": _("{p} väger {v}"),
    }[answer.better]
    return pattern.format(p=p, v=share_text(float(question.share or 0)))


# --------------------------------------------------------------- what to ask next


def next_question(
    criteria: Sequence[str], answers: Sequence[Answer]
) -> Question | None:
    """Return the question that takes away most whatever is answered; None to stop.

    The rule: of all questions not yet asked, the one whose least telling answer leaves
    the smallest part of the weights that the answers so far allow. Parts are reckoned
    on `POINTS` weights spread evenly over those, the same every time, in steps of
    `STEP`; of equally good questions the first in order is asked, two criteria against
    each other before one against all. Stops after `MOST_QUESTIONS`, and when no
    question is sure to take away `LEAST_LEARNED`.

    Raises:
        ValueError: the answers contradict each other.
    """
    if len(answers) >= MOST_QUESTIONS or len(criteria) < 2:
        return None
    points = spread(criteria, viewpoint_rows(answers))
    asked = {_same(answer.question) for answer in answers}
    best: tuple[int, Question | None] = (0, None)
    for question in _questions(criteria):
        if _same(question) in asked:
            continue
        over = _leans_first(criteria, question, points)
        least = float(min(over, 1.0 - over))
        if least < LEAST_LEARNED:
            continue
        score = round(least / STEP)
        if score > best[0]:
            best = score, question
    return best[1]


def _same(question: Question) -> tuple[object, ...]:
    """Return what makes two questions the same: the order of a pair does not."""
    if question.second is None:
        return question.first, question.share
    return tuple(sorted((question.first, question.second)))


def _questions(criteria: Sequence[str]) -> Iterable[Question]:
    """Return every question there is, in the order that decides between equals."""
    for i, first in enumerate(criteria):
        for second in criteria[i + 1 :]:
            yield Question(first, second)
    if len(criteria) > 1:
        for share in SHARES:
            for first in criteria:
                yield Question(first, share=share)


def _leans_first(criteria: Sequence[str], question: Question, points: Array) -> float:
    """Return the part of the points for which the first outcome is worth more."""
    first = points[:, criteria.index(question.first)]
    if question.second is not None:
        return float((first > points[:, criteria.index(question.second)]).mean())
    return float((first > float(question.share or 0)).mean())


def spread(criteria: Sequence[str], rows: Iterable[Condition]) -> Array:
    """Return weights spread evenly over those that rows allow, `[point, criterion]`.

    A walk from the point farthest from every limit, in random directions of a fixed
    seed, so the same rows always give the same points.

    Raises:
        ValueError: no weights fit the rows.
    """
    place = {criterion: k for k, criterion in enumerate(criteria)}
    equal, limits = _limits(place, list(rows))
    start = _inner_point(place, equal, limits)
    size = len(criteria)
    matrix = np.array([normal for normal, _most in limits], dtype=np.float64)
    most = np.array([float(most) for _normal, most in limits])
    flat = np.vstack([np.ones(size), *equal]) if equal else np.ones((1, size))
    _u, singular, basis = np.linalg.svd(flat)
    free = basis[int((singular > 1e-9).sum()) :]
    points = np.tile(start, (POINTS, 1))
    if not len(free):
        return points
    random = np.random.default_rng(SEED)
    for _step in range(WALK):
        way = random.normal(size=(POINTS, len(free))) @ free
        way /= np.linalg.norm(way, axis=1)[:, None]
        along, room = way @ matrix.T, most - points @ matrix.T
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = room / along
        ahead = np.where(along > 1e-12, ratio, np.inf).min(axis=1)
        behind = np.where(along < -1e-12, ratio, -np.inf).max(axis=1)
        # Rounding may put a point a hair outside; it then stays where it is.
        ahead, behind = np.maximum(ahead, 0.0), np.minimum(behind, 0.0)
        reach = behind + random.random(POINTS) * (ahead - behind)
        points = points + reach[:, None] * way
    return points


Limit = tuple["NDArray[np.float64]", Fraction]


def _limits(
    place: Mapping[str, int], rows: Sequence[Condition]
) -> tuple[list[Array], list[Limit]]:
    """Return the rows as equalities and as limits `normal @ w <= most`."""
    size = len(place)
    unit = np.eye(size)
    pairs = {(r.criterion, r.value) for r in rows if r.relation == ">="}
    least: dict[str, Fraction] = {}
    most: dict[str, Fraction] = {}
    for row in rows:
        if row.relation == "min":
            share = Fraction(row.value)
            least[row.criterion] = max(least.get(row.criterion, share), share)
        elif row.relation == "max":
            share = Fraction(row.value)
            most[row.criterion] = min(most.get(row.criterion, share), share)
    equal: list[Array] = []
    limits: list[Limit] = []
    for more, less in sorted(pairs):
        difference = unit[place[less]] - unit[place[more]]
        if (less, more) in pairs:
            equal.append(difference)
        else:
            limits.append((difference, Fraction(0)))
    for criterion, k in place.items():
        low, high = least.get(criterion, Fraction(0)), most.get(criterion, Fraction(1))
        if low == high:
            equal.append(unit[k])
        limits += [(-unit[k], -low), (unit[k], high)]
    return equal, limits


def _inner_point(
    place: Mapping[str, int], equal: Sequence[Array], limits: Sequence[Limit]
) -> Array:
    """Return weights as far as can be from every limit that is no equality.

    All the limits say that a weight, or the difference of two, is at least something,
    so a margin for all of them is carried along the orders like any other bound.
    """
    size = len(place)
    same = {
        frozenset(np.flatnonzero(row).tolist()) for row in equal if (row != 0).any()
    }

    def bounds(margin: float) -> tuple[Array, Array] | None:
        low, high = np.zeros(size), np.ones(size)
        orders = []
        for normal, most in limits:
            at = np.flatnonzero(normal)
            slack = 0.0 if frozenset(at.tolist()) in same else margin
            if len(at) == 2:
                less, more = int(np.argmax(normal)), int(np.argmin(normal))
                orders.append((more, less, slack))
            elif normal[at[0]] > 0:
                high[at[0]] = min(high[at[0]], float(most) - slack)
            else:
                low[at[0]] = max(low[at[0]], slack - float(most))
        for row in equal:
            at = np.flatnonzero(row)
            if len(at) == 2:
                orders += [(int(at[0]), int(at[1]), 0.0), (int(at[1]), int(at[0]), 0.0)]
        for _round in range(size + 1):
            for more, less, slack in orders:
                low[more] = max(low[more], low[less] + slack)
                high[less] = min(high[less], high[more] - slack)
        fits = (low <= high + 1e-12).all()
        if not (fits and low.sum() <= 1 + 1e-12 and high.sum() >= 1 - 1e-12):
            return None
        return low, high

    found = bounds(0.0)
    if found is None:
        msg = "no weights fit the answers"
        raise ValueError(msg)
    small, large = 0.0, 1.0
    for _halving in range(40):
        middle = (small + large) / 2
        tried = bounds(middle)
        if tried is None:
            large = middle
        else:
            small, found = middle, tried
    low, high = found
    span = float((high - low).sum())
    part = (1.0 - float(low.sum())) / span if span > 1e-12 else 0.0
    point: Array = low + min(max(part, 0.0), 1.0) * (high - low)
    return point


# ------------------------------------------------------- points, ranges and results


def points_rows(points: Mapping[str, tuple[float, float]]) -> list[Condition]:
    """Return the rows that points give: how much each swing is worth, lowest to highest.

    Points are in any unit, none below zero. Each criterion gets its least and greatest
    share of the sum, rounded outwards, and goes before those it surely outweighs.

    Raises:
        ValueError: a lowest above its highest or below zero, or no points at all.

    Example:
        >>> [tuple(row) for row in points_rows({"a": (60, 60), "b": (40, 40)})][:2]
        [('a', 'min', '0.6'), ('a', 'max', '0.6')]
    """
    if any(not 0 <= low <= high < math.inf for low, high in points.values()):
        msg = "points must lie between zero and a highest that is no lower"
        raise ValueError(msg)
    exact = {k: (Fraction(str(a)), Fraction(str(b))) for k, (a, b) in points.items()}
    if not any(high for _low, high in exact.values()):
        msg = "some criterion must have points"
        raise ValueError(msg)
    rows = []
    for key, (low, high) in exact.items():
        others = [of for other, of in exact.items() if other != key]
        most_else = sum((b for _a, b in others), Fraction(0))
        least_else = sum((a for a, _b in others), Fraction(0))
        least = low / (low + most_else) if low + most_else else Fraction(1)
        most = high / (high + least_else) if high + least_else else Fraction(1)
        rows.append(Condition(key, "min", _outwards(least, up=False)))
        rows.append(Condition(key, "max", _outwards(most, up=True)))
    for key, own in exact.items():
        for other, theirs in exact.items():
            if key != other and own[0] >= theirs[1] and own != theirs:
                rows.append(Condition(key, ">=", other))
    return [row for row in rows if row[1:] not in (("min", "0"), ("max", "1"))]


def range_rows(ranges: Mapping[str, tuple[float, float]]) -> list[Condition]:
    """Return the rows of least and greatest shares; 0 and 1 say nothing.

    Raises:
        ValueError: a share outside 0-1.
    """
    if any(not 0 <= share <= 1 for pair in ranges.values() for share in pair):
        msg = "a share lies between 0 and 1"
        raise ValueError(msg)
    rows = []
    for key, (low, high) in ranges.items():
        if low > 0:
            rows.append(Condition(key, "min", format(low, "g")))
        if high < 1:
            rows.append(Condition(key, "max", format(high, "g")))
    return rows


def describe_range_faults(
    names: Mapping[str, str], ranges: Mapping[str, tuple[float, float]]
) -> list[str]:
    """Return why least and greatest shares cannot all hold, a sentence each."""
    faults = [
        _(
            "{p} kan inte väga minst {a} och högst {b}. Höj det högsta eller sänk det "
            "lägsta."
        ).format(p=quoted(names[key]), a=share_text(low), b=share_text(high))
        for key, (low, high) in ranges.items()
        if low > high
    ]
    if faults:
        return faults
    least = sum((Fraction(str(low)) for low, _high in ranges.values()), Fraction(0))
    most = sum((Fraction(str(high)) for _low, high in ranges.values()), Fraction(0))
    most += len(set(names) - set(ranges))
    if least > 1:
        pattern = _(
            "De lägsta andelarna blir tillsammans {v}. De får vara högst 100 procent. "
            "Sänk någon av dem."
        )
        faults.append(pattern.format(v=share_text(float(least))))
    if most < 1:
        pattern = _(
            "De högsta andelarna blir tillsammans bara {v}. De ska räcka till 100 "
            "procent. Höj någon av dem."
        )
        faults.append(pattern.format(v=share_text(float(most))))
    return faults


def _outwards(share: Fraction, *, up: bool) -> str:
    size = 10**DECIMALS
    whole = math.ceil(share * size) if up else math.floor(share * size)
    return decimal_text(Fraction(whole, size))


def share_ranges(
    criteria: Sequence[str], rows: Iterable[Condition]
) -> dict[str, tuple[float, float]]:
    """Return the least and greatest weight that rows allow each criterion.

    Rounded outwards by less than 1e-6; both None of a region with no weights is an
    error.

    Raises:
        ValueError: no weights fit the rows.
    """
    given = list(rows)
    if not _possible(criteria, given):
        msg = "no weights fit the rows"
        raise ValueError(msg)
    found = {}
    for key in criteria:
        ends = []
        for relation, outer in (("max", Fraction(0)), ("min", Fraction(1))):
            # The least weight is the smallest that may be asked for as greatest.
            inner = Fraction(1) - outer
            for _halving in range(21):
                middle = (outer + inner) / 2
                row = Condition(key, relation, str(middle))
                if _possible(criteria, [*given, row]):
                    inner = middle
                else:
                    outer = middle
            row = Condition(key, relation, str(Fraction(int(relation == "min"))))
            ends.append(
                float(row.value if _possible(criteria, [*given, row]) else outer)
            )
        found[key] = (ends[0], ends[1])
    return found


def _possible(criteria: Sequence[str], rows: Iterable[Condition]) -> bool:
    from rodtrad.domain.rules import weights_exist

    return weights_exist(criteria, rows)


# ------------------------------------------------------------------ what a swing is


@dataclass(frozen=True)
class Swing:
    """What the worst and the best of a criterion are, among the projects at hand.

    `worst` and `best` are names of projects, of which the alternatives have the lowest
    and the highest score. `description` is the criterion's own, perhaps empty.
    """

    criterion: str
    name: str
    description: str
    worst: str
    best: str
    worst_score: float
    best_score: float


def criterion_swings(
    criteria: Iterable[Mapping[str, Any]],
    scores: Iterable[Mapping[str, Any]],
    projects: Mapping[str, str],
) -> dict[str, Swing]:
    """Return the swing of every criterion that some project has a score for.

    The criteria come in the order of their table; of projects with the same score the
    first id is named.

    Args:
        criteria: rows of table `criteria`.
        scores: rows of table `scores`.
        projects: names by id; scores of others do not count.
    """
    by_criterion: dict[str, list[tuple[float, str]]] = {}
    for row in scores:
        if row.get("score") is not None and row["project_id"] in projects:
            of = by_criterion.setdefault(row["criterion"], [])
            of.append((row["score"], row["project_id"]))
    found: dict[str, Swing] = {}
    for row in criteria:
        key = row["criterion"]
        scored = by_criterion.get(key)
        if not scored:
            continue
        low = min(scored)
        high = min(scored, key=lambda of: (-of[0], of[1]))
        found[key] = Swing(
            criterion=key,
            name=row.get("name") or key,
            description=row.get("description") or "",
            worst=projects[low[1]],
            best=projects[high[1]],
            worst_score=low[0],
            best_score=high[0],
        )
    return found

"""What becomes of a plan's projects, and what does the plan cost in every draw?

`draw_projects` gives each project its own dearer cost and later start of use.
`drawn_totals` turns a plan into yearly totals in every draw; the statements then run
as they always do. Leaves out the economy around them (uncertainty).

The accounting of a project is not repeated here. `choice_totals` is asked once for each
project and length of delay what it makes of one krona spent in each year, and its
answers are weighed together, so no array ever holds project, year and draw at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy.sparse import csr_array  # type: ignore[import-untyped]
from scipy.special import ndtr  # type: ignore[import-untyped]

from rodtrad.capacity.reference_classes import (
    DEFAULT_CLASS,
    STAGES,
    Classes,
    build_classes,
    delay_years,
    factor_of,
    find_class,
    stage_of_gate,
)
from rodtrad.capacity.statements import (
    Indices,
    Selection,
    Totals,
    choice_totals,
    price_indices,
    waiting_totals,
)
from rodtrad.domain.draws import normals, stream
from rodtrad.domain.economy import EconomyParameters, build_parameters

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from rodtrad.domain.arrays import Alternative, Array, Case, Choice, Project

MOST_DELAY_YEARS: Final = 6
# Choices whose response to a krona is asked for at a time: bounds the memory.
_ASKED_AT_ONCE: Final = 120
# A share of a book value below this is rounding.
_CRUMB: Final = 1e-9


@dataclass(frozen=True)
class ProjectDraws:
    """What becomes of each project, by project: `[draw]` each.

    `factor` is the final cost over the estimate, `delay` whole years late. `assumed`
    tells whether a class that was used is assumed rather than computed.
    """

    factor: Mapping[str, Array]
    delay: Mapping[str, NDArray[np.int64]]
    assumed: bool

    def slice(self, first: int, last: int) -> ProjectDraws:
        """Return some of the draws."""
        return ProjectDraws(
            {key: values[first:last] for key, values in self.factor.items()},
            {key: values[first:last] for key, values in self.delay.items()},
            self.assumed,
        )


def project_class(case: Case, project: Project) -> tuple[str, str]:
    """Return the reference class and the stage of a project.

    As table `project_risk` says; otherwise the class for all others, and the stage of
    the project's gate.
    """
    rows = case.tables["project_risk"].records()
    row = next((r for r in rows if r["project_id"] == project.project_id), None)
    stage = row["stage"] if row else None
    return (
        (row["reference_class"] if row else None) or DEFAULT_CLASS,
        stage if stage in STAGES else stage_of_gate(project.gate),
    )


def draw_projects(
    case: Case,
    project_ids: Sequence[str],
    draws: int,
    seed: int,
    parameters: EconomyParameters | None = None,
    frozen: Collection[str] = (),
    classes: Classes | None = None,
) -> ProjectDraws:
    """Return cost factors and delays of projects.

    Each project has its own stream, and a share common to all: a hot market or a thin
    organisation strikes them together. Within a project cost and delay go together.
    Delays are rounded to whole years so that their mean is kept.

    Source:
        METHODS 9; method page docs/method/uncertainty.md.
    """
    if parameters is None:
        parameters = build_parameters(case.tables)
    if classes is None:
        classes = build_classes(case.tables)
    shared = np.sqrt(parameters["project_cost_correlation"])
    own = np.sqrt(1.0 - parameters["project_cost_correlation"])
    r = parameters["cost_delay_correlation"]
    common = shared * normals(seed, "projects", 1, draws)[0]
    risk = {row["project_id"]: row for row in case.tables["project_risk"].records()}
    factors: dict[str, Array] = {}
    delays: dict[str, NDArray[np.int64]] = {}
    assumed = False
    for key in project_ids:
        row = risk.get(key)
        stage = row["stage"] if row else None
        if stage not in STAGES:
            stage = stage_of_gate(case.project(key).gate)
        kind = find_class(row["reference_class"] if row else None, stage, classes)
        assumed |= kind.quality == "antagande"
        numbers = stream(seed, f"project:{key}").standard_normal((draws, 3)).T
        cost = common + own * numbers[0]
        delay = r * cost + np.sqrt(1.0 - r**2) * numbers[1]
        factors[key] = (
            np.ones(draws)
            if "project_cost" in frozen
            else factor_of(kind, normal_below(cost))
        )
        if "project_delay" in frozen:
            delays[key] = np.zeros(draws, dtype=np.int64)
        else:
            late = delay_years(
                kind.reference_class, stage, normal_below(delay), classes
            )
            whole = np.floor(late + normal_below(numbers[2])).astype(np.int64)
            delays[key] = np.minimum(whole, MOST_DELAY_YEARS)
    return ProjectDraws(factors, delays, assumed)


def normal_below(values: Array) -> Array:
    """Return the share of a standard normal distribution below each value."""
    return np.asarray(ndtr(values), dtype=np.float64)


def delayed(alternative: Alternative, years: int) -> Alternative:
    """Return an alternative that is in use some years later than planned.

    Building takes longer: what is spent before the first use is stretched evenly over
    the longer time, and what is spent later comes as much later. The sum is the same.

    Source:
        Method page docs/method/uncertainty.md.
    """
    if years == 0:
        return alternative
    built = alternative.build_years
    return replace(
        alternative,
        build_years=built + years,
        outlay=stretch(alternative.outlay, built, years),
        income=stretch(alternative.income, built, years),
    )


def stretch(
    amounts: tuple[float, ...], build_years: int, years: int
) -> tuple[float, ...]:
    """Return amounts by offset when building takes some years longer.

    Source:
        Method page docs/method/uncertainty.md.

    Example:
        >>> stretch((60.0, 40.0, 5.0), 2, 2)
        (30.0, 30.0, 20.0, 20.0, 5.0)
    """
    if not amounts or years == 0:
        return amounts
    if build_years == 0:
        return (0.0,) * years + amounts
    before = np.array(amounts[:build_years], dtype=np.float64)
    before = np.concatenate([before, np.zeros(build_years - len(before))])
    paid = np.concatenate([[0.0], np.cumsum(before)])
    longer = build_years + years
    at = np.linspace(0.0, build_years, longer + 1)
    spent = np.diff(np.interp(at, np.arange(build_years + 1), paid))
    return (*(float(x) for x in spent), *amounts[build_years:])


# Where each yearly amount of a plan stands among the rows of its response.
_SPENDING: Final = ("outlay", "depreciation", "user_depreciation", "user_book")
_GIFTS: Final = ("income", "resolved", "user_resolved", "user_income_book")
_RUNNING: Final = ("operating", "user_operating", "waiting", "scrapped")


@dataclass(frozen=True)
class Response:
    """What one krona of each project becomes, as sparse tables over its columns.

    A column is a choice with a number of years late; `place` tells where the columns of
    each choice begin, by project. `spending` and `gifts` have a table for each year of
    spending: which rows it reaches, and `[row, column]` at a building price of one.
    `running` `[row, column]` is at a cost index of one. Rows are years, one set for
    each of `_SPENDING`, `_GIFTS` and `_RUNNING`. What lasts for years stands as a
    change from the year before.
    """

    years: int
    place: Mapping[str, int]
    width: int
    spending: tuple[tuple[int, NDArray[np.int64], csr_array], ...]
    gifts: tuple[tuple[int, NDArray[np.int64], csr_array], ...]
    running: csr_array

    def amounts(self, tables: Any, weights: Array, prices: Array) -> list[Array]:
        """Return the four sets of rows of `spending` or `gifts`, `[year, draw]`."""
        out = np.zeros((4 * self.years, weights.shape[1]))
        for spent, rows, table in tables:
            reached = table @ weights
            reached *= prices[spent]
            out[rows] += reached
        return list(out.reshape(4, self.years, -1))


@dataclass(frozen=True)
class _Entries:
    """What one choice from the plan's first year becomes, entry by entry.

    `group` counts through `_SPENDING`, `_GIFTS` and `_RUNNING`; `year` and `spent` are
    years from the start, `late` years late, `value` per krona or in kronor.
    """

    group: NDArray[np.int64]
    year: NDArray[np.int64]
    spent: NDArray[np.int64]
    late: NDArray[np.int64]
    value: Array


# Project, alternative, years late at most, years until waiting costs begin.
_Key = tuple[str, str, int, int]
Responses = dict[_Key, _Entries]


def plan_response(
    case: Case,
    choices: Sequence[Choice],
    most_delay: Mapping[str, int],
    known: Responses | None = None,
) -> Response:
    """Return what the accounting makes of a krona of each choice, at every delay.

    Args:
        case: the underlag as arrays; only its years and projects matter.
        choices: the plan.
        most_delay: years late at most, by project.
        known: answers from earlier plans of the same case; new ones are added.

    Source:
        DESIGN Appendix A2-A4, through `choice_totals`.
    """
    known = {} if known is None else known
    keys = [_key(case, choice, most_delay[choice.project_id]) for choice in choices]
    missing = sorted({key for key in keys if key not in known})
    known.update(_ask(case, missing))
    years = len(case.years)
    place: dict[str, int] = {}
    width = 0
    parts = []
    for choice, key in zip(choices, keys, strict=True):
        place[choice.project_id] = width
        entries = known[key]
        shift = choice.start_year - case.plan_start
        inside = (entries.year < years - shift) & (entries.spent < years - shift)
        parts.append(
            (
                entries.group[inside],
                entries.year[inside] + shift,
                entries.spent[inside] + shift,
                entries.late[inside] + width,
                entries.value[inside],
            )
        )
        width += key[2] + 1
    none = [np.zeros(0, dtype=np.int64)] * 4 + [np.zeros(0)]
    group, year, spent, column, value = (
        [np.concatenate(part) for part in zip(*parts, strict=True)] if parts else none
    )
    row = (group % 4) * years + year

    def tables(
        of: NDArray[np.bool_],
    ) -> tuple[tuple[int, NDArray[np.int64], csr_array], ...]:
        found = []
        for at in np.unique(spent[of]).tolist():
            these = of & (spent == at)
            reached, number = np.unique(row[these], return_inverse=True)
            entries = (value[these], (number, column[these]))
            found.append((at, reached, csr_array(entries, (len(reached), width))))
        return tuple(found)

    running = group // 4 == 2
    flat = (value[running], (row[running], column[running]))
    return Response(
        years,
        place,
        width,
        spending=tables(group // 4 == 0),
        gifts=tables(group // 4 == 1),
        running=csr_array(flat, (4 * years, width)),
    )


def _key(case: Case, choice: Choice, most_delay: int) -> _Key:
    waits = case.project(choice.project_id).waiting_from_year - choice.start_year
    return (choice.project_id, choice.alternative_id, most_delay, max(waits, 0))


def _ask(case: Case, keys: Sequence[_Key]) -> Responses:
    """Ask the accounting about choices from the plan's first year, at every delay."""
    columns: list[tuple[Project, Alternative]] = []
    owner: list[int] = []
    late: list[int] = []
    for i, (project_id, alternative_id, most, waits) in enumerate(keys):
        project = replace(
            case.project(project_id), waiting_from_year=case.plan_start + waits
        )
        alternative = project.alternative(alternative_id)
        for k in range(most + 1):
            columns.append((project, delayed(alternative, k)))
            owner.append(i)
            late.append(k)
    years = len(case.years)
    built = [a.build_years for _p, a in columns]
    # A choice must be in use within the years that are asked about.
    length = max([years, *(b + 1 for b in built)])
    # Draw y is one krona of building price in year y of the plan, and nothing else.
    impulse = np.vstack([np.zeros((1, years)), np.eye(length)[:, :years]])
    flat = np.ones((length + 1, 1))
    indices = Indices(tax_base=flat, cost=flat, construction=impulse)
    longer = replace(
        case,
        years=np.arange(case.plan_start, case.plan_start + length),
        interest_rate=flat,
    )
    found: list[tuple[Any, ...]] = []

    def ask(of: NDArray[np.int64], **blank: Any) -> Totals:
        options = tuple(
            (columns[j][0], replace(columns[j][1], **blank) if blank else columns[j][1])
            for j in of
        )
        start = np.full(len(of), case.plan_start, dtype=np.int64)
        return choice_totals(
            longer, indices, Selection(options, np.arange(len(of)), start)
        )

    def cut(table: Array) -> Array:
        return table[:, :years]

    def steps(table: Array) -> Array:
        """Changes from the year before: what lasts stands once."""
        return np.diff(cut(table), axis=1, prepend=0.0)

    def joining(book: Array, worn: Array) -> Array:
        """What enters the book value in a year: its change and last year's wear.

        Nothing in most years, but for rounding, which is cleared away.
        """
        change = steps(book)
        change[:, 1:] += cut(worn)[:, :-1]
        crumbs = _CRUMB * np.abs(book).max(axis=(1, 2), initial=0.0)
        return np.where(np.abs(change) > crumbs[:, None, None], change, 0.0)

    def add(group: int, table: Array, of: NDArray[np.int64]) -> None:
        """Add `[column, year]` or `[column, year, year of spending]`, but no zeros."""
        at = np.nonzero(table)
        spent = at[2] if table.ndim == 3 else np.zeros_like(at[1])
        kind = np.full(len(at[0]), group, dtype=np.int64)
        found.append((of[at[0]], kind, at[1], spent, table[at]))

    by_users = np.array([p.financing == "taxa" for p, _a in columns], dtype=bool)
    gifted = np.array([any(a.income) for _p, a in columns], dtype=bool)
    for begin in range(0, len(columns), _ASKED_AT_ONCE):
        of = np.arange(begin, min(begin + _ASKED_AT_ONCE, len(columns)))
        user = by_users[of]
        got = ask(of, income=())
        worn = steps(got.depreciation)
        lasting = steps(got.operating)[:, :, 0]
        add(0, cut(got.outlay), of)
        add(1, worn, of)
        add(8, lasting, of)
        add(10, steps(got.waiting)[:, :, 0], of)
        add(11, cut(got.scrapped)[:, :, 0], of)
        if user.any():
            add(2, worn[user], of[user])
            add(9, lasting[user], of[user])
            # At an interest of one, what users pay beyond costs is the book value.
            book = got.fees - got.depreciation - got.operating
            add(3, joining(book, got.depreciation)[user], of[user])
        some = of[gifted[of]]
        if len(some):
            user = by_users[some]
            got = ask(some, outlay=(), operating=(), scrapped=0.0)
            resolved = steps(got.resolved)
            add(4, cut(got.income), some)
            add(5, resolved, some)
            if user.any():
                add(6, resolved[user], some[user])
                book = got.fees + got.resolved
                add(7, joining(book, -got.resolved)[user], some[user])
    if not keys:
        return {}
    column, group, year, spent, value = (
        np.concatenate(part) for part in zip(*found, strict=True)
    )
    owners, lates = np.array(owner)[column], np.array(late)[column]
    order = np.argsort(owners, kind="stable")
    bounds = np.searchsorted(owners[order], np.arange(len(keys) + 1))
    answers: Responses = {}
    for i, key in enumerate(keys):
        mine = order[bounds[i] : bounds[i + 1]]
        answers[key] = _Entries(
            group[mine], year[mine], spent[mine], lates[mine], value[mine]
        )
    return answers


def drawn_totals(
    case: Case,
    choices: Sequence[Choice],
    projects: ProjectDraws,
    response: Response,
    indices: Indices | None = None,
) -> Totals:
    """Return the yearly totals of a plan in every draw, waiting costs included.

    Args:
        case: drawn, from `draw_economy`.
        choices: the plan.
        projects: as many draws as the case.
        response: of the same plan, from `plan_response`.
        indices: `price_indices(case)` where they are known already.

    Returns:
        totals `[year, draw]`, nominal tkr, as `evaluate.plan_totals` gives for one.

    Source:
        DESIGN Appendix A2-A4.
    """
    indices = price_indices(case) if indices is None else indices
    waiting = waiting_totals(case, indices)
    years = response.years
    draws = max(
        case.construction_growth.shape[1],
        *(len(projects.factor[c.project_id]) for c in choices),
        1,
    )
    shape = (years, draws)
    prices, building = indices.cost[1:], indices.construction[1:]
    became = np.zeros((response.width, draws))  # 1 in the column each choice became
    every = np.arange(draws)
    rows = {
        choice.project_id: response.place[choice.project_id]
        + projects.delay[choice.project_id]
        for choice in choices
    }
    for row in rows.values():
        became[row, every] = 1.0
    income, resolved, user_resolved, gift_book = response.amounts(
        response.gifts, became, building
    )
    running = (response.running @ became).reshape(4, years, -1)
    for key, row in rows.items():  # what is spent, dearer or cheaper
        became[row, every] = projects.factor[key]
    outlay, worn, user_worn, book = response.amounts(
        response.spending, became, building
    )
    # What lasts stands as changes.
    for changes in (worn, user_worn, resolved, user_resolved):
        np.cumsum(changes, axis=0, out=changes)
    operating, user_operating, saved = np.cumsum(running[:3], axis=1) * prices
    # A book value is what has joined it less what has been worn off before the year.
    book += gift_book
    book[1:] -= (user_worn - user_resolved)[:-1]
    np.cumsum(book, axis=0, out=book)
    fees = user_worn - user_resolved + user_operating + case.interest_rate[1:] * book
    return Totals(
        outlay=outlay,
        income=income,
        depreciation=worn,
        resolved=resolved,
        operating=operating,
        waiting=np.broadcast_to(waiting.waiting + saved, shape),
        fees=fees,
        scrapped=running[3],
    )

"""How much must be renewed each year, and how sure is that? Need by class and year.

`estimate_lives` puts the register's own history beside the expected lives;
`forecast_renewal` follows every component from its age, or from its condition where
that is known, through one renewal after another. Need is the replacement cost of what
is worn out that year, in prices of the base year, whether or not there is money for
it. Leaves out what has been put off already (backlog) and what to do (candidates).
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from rodtrad.domain.columns import SCHEMA
from rodtrad.domain.condition_scales import (
    OTHER_REASON,
    REPAIR,
    REPLACEMENT,
    SCALES,
)
from rodtrad.domain.draws import stream
from rodtrad.domain.lives import LEAST_REPLACEMENTS, expected_lives
from rodtrad.domain.messages import issue
from rodtrad.domain.register import condition_defaults
from rodtrad.domain.words import number, plural, quoted
from rodtrad.needs.condition import (
    Chain,
    Transitions,
    chain_from_years,
    fit_generator,
    pair_readings,
)
from rodtrad.needs.failures import failure_factors
from rodtrad.needs.lifetimes import (
    Family,
    cumulative_hazard,
    inverse_hazard,
    mean_of_shape,
)
from rodtrad.needs.survival import (
    ClassBelief,
    Prior,
    Spells,
    fit_survival,
    shrink_classes,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rodtrad.domain.arrays import Array
    from rodtrad.domain.register import Register
    from rodtrad.errors import Issue

Float32 = NDArray[np.float32]

LEAST_PAIRS: Final = 30
"""With fewer pairs of inspections than this a scale keeps its expected chain."""

# Draws are made in blocks of about this many cells, which bounds the memory.
_BLOCK_CELLS: Final = 1_000_000
# Life left is tabulated to so many expected lives; beyond it practically nothing stands.
_FAR: Final = 4.0
# Smaller chances to stand than this are rounding.
_GONE: Final = 1e-9


# ---------------------------------------------------------------- what is believed


@dataclass(frozen=True)
class LifeBeliefs:
    """What is believed of lives after expected lives and own history are put together.

    Args:
        family: the family of lives within a class.
        shapes: `[class]`, alike the register's classes.
        classes: a belief a class, on the log factor on each component's expected life.
        chains: by `chain_key`, a chain in units of the believed life (1 is one life).
        issues: which classes and scales rest on expectation alone.
        failure_factors: `[component]`, how much likelier than its class each is to
            wear out, by its own failures; None where all are as their class.
    """

    family: Family
    shapes: Array
    classes: tuple[ClassBelief, ...]
    chains: dict[str, Chain]
    issues: tuple[Issue, ...]
    failure_factors: Array | None = None

    def new_lives_years(self, register: Register) -> Array:
        """Mean life of what is put in anew, `[component]`: expected life times factor.

        Source:
            The one definition of life in need, backlog and waiting. Method page:
            docs/method/renewal.md.
        """
        factors = np.array([belief.factor for belief in self.classes])
        return np.asarray(register.life_years * factors[register.life_class])

    def lives_years(self, register: Register) -> Array:
        """Mean life of what stands there now, `[component]`.

        As what is put in anew, but shorter for one that has failed more than others
        of its class. A risk f times theirs is a life `f ** (-1 / shape)` of theirs
        where lives are Weibull; it is taken so for the other families too.

        Source:
            Proportional hazards as accelerated failure time. Method page:
            docs/method/renewal.md.
        """
        return self.new_lives_years(register) * self.stretch(register)

    def stretch(self, register: Register) -> Array:
        """Life of what stands there over that of its class, `[component]`.

        Source:
            As `lives_years`. Method page: docs/method/renewal.md.
        """
        if self.failure_factors is None:
            return np.ones(len(register))
        shapes = self.shapes[register.life_class]
        return np.asarray(self.failure_factors ** (-1 / shapes))


def record_start(register: Register) -> float:
    """From when the register's replacements are taken to be recorded.

    A year as a decimal number: 2000.0 is the beginning of 2000, 2000.5 its middle.
    Where the first row of the history tells of something else than a replacement
    (inspected, repaired, failed), the record began with that year. Where it is a
    replacement, that one is there because it happened: to begin the watch with it would
    leave out the quiet years before and make lives look short. The record then began
    as long before it as there is between replacements on average. Without any history
    it begins when the base year ends.

    Source:
        End of a range from n points in it, Strauss and Sadler (1989). Method page:
        docs/method/survival.md.
    """
    end, causes = register.base_year + 1.0, (REPLACEMENT, OTHER_REASON)
    replaced = [e.year for e in register.events if e.kind in causes]
    others = min((e.year for e in register.events if e.kind not in causes), default=end)
    if not replaced or others <= min(replaced):
        return float(others)
    middle = min(replaced) + 0.5
    return float(min(min(replaced), middle - (end - middle) / len(replaced)))


def register_spells(
    register: Register, watched_from: int | None = None
) -> tuple[Spells, NDArray[np.int64]]:
    """Every life that the register tells of, and the component that lived it.

    Args:
        register: with its history.
        watched_from: the first year from which replacements were recorded; None takes
            what the history says (`record_start`).

    Returns:
        Lives in years, and the place of each one's component. A replacement in a year
        is known to within half a year. What was replaced before the watch began is not
        known of, and each life counts from the age it had then, whether or not it has
        ended: what has never been replaced counts from then until now.

    Source:
        METHODS 3.1 (left truncation at the register's start). Method page:
        docs/method/survival.md.
    """
    causes = {REPLACEMENT: 1, OTHER_REASON: 2}
    history: dict[int, list[Any]] = defaultdict(list)
    for event in register.events:
        if event.kind in causes:
            history[event.component].append(event)
    watch = record_start(register) if watched_from is None else float(watched_from)
    lives: list[tuple[float, float, float, int, int]] = []

    def add(start: float, end: float, cause: int, place: int) -> None:
        # A year's number stands for its middle, and the watch begins with a year.
        entry = max(0.0, watch - 0.5 - start)
        age = end - start
        if cause:
            if age <= 0 or age + 0.5 <= entry:
                return
            left = max(entry, age - 0.5)
            lives.append((entry, left, max(age + 0.5, left + 0.5), cause, place))
        elif age > entry:
            lives.append((entry, age, np.inf, 0, place))

    for place in range(len(register)):
        current = float(register.installed_year[place])
        past: float | None = register.assets[register.asset[place]].built_year
        replaced = 0.0
        for event in history[place]:
            start = event.installed_year if event.installed_year is not None else past
            if start is not None:
                add(float(start), float(event.year), causes[event.kind], place)
            past = replaced = float(event.year)
        # A newer replacement than the row's own year: the row has not been updated.
        current = max(current, replaced)
        add(current, float(register.base_year), 0, place)
    table = np.array(lives, dtype=np.float64).reshape(-1, 5)
    spells = Spells(table[:, 0], table[:, 1], table[:, 2], table[:, 3].astype(np.int64))
    return spells, table[:, 4].astype(np.int64)


def estimate_lives(register: Register, watched_from: int | None = None) -> LifeBeliefs:
    """What to believe of lives and conditions, from expectation and own history.

    Each class with at least `LEAST_REPLACEMENTS` worn-out replacements gets a factor on
    its expected life and a shape of its own; replacements for other reasons are
    censored. Classes are then shrunk together. The others keep the expected life, and
    an issue says so. Scales with at least `LEAST_PAIRS` pairs of inspections get a
    chain of their own, with the expected one as prior. Components that have failed
    more than others of their class get a factor of their own.

    Source:
        METHODS 3.1, 3.2; defaults in domain/defaults. Method page:
        docs/method/renewal.md.
    """
    defaults = expected_lives()
    family = cast("Family", defaults.family)
    spells, place = register_spells(register, watched_from)
    worn_out = spells.of_cause(1)
    log_shape = np.log(defaults.shape)
    shape_sd = np.log(defaults.shape_high / defaults.shape_low) / 2.56
    belief_on_shape = Prior(log_shape=log_shape, log_shape_sd=shape_sd)
    k = len(register.classes)
    estimates, errors = np.zeros(k), np.full(k, 1e3)
    counts, shapes = np.zeros(k, dtype=np.int64), np.full(k, defaults.shape)
    for c in range(k):
        mine = np.flatnonzero(register.life_class[place] == c)
        counts[c] = int(worn_out.ended[mine].sum())
        if counts[c] >= LEAST_REPLACEMENTS:
            life = register.life_years[place[mine]]
            offset = np.log(life / mean_of_shape(family, defaults.shape))
            fit = fit_survival(
                worn_out.take(mine), family, offset=offset, prior=belief_on_shape
            )
            shapes[c] = fit.shape
            # The factor is on the mean life, which also moves with the shape.
            estimates[c] = fit.parameters[0] + np.log(
                mean_of_shape(family, fit.shape) / mean_of_shape(family, defaults.shape)
            )
            errors[c] = float(np.sqrt(fit.covariance[0, 0]))
    prior_sd = np.array([life.log_sd for life in register.classes])
    classes = tuple(shrink_classes(estimates, errors, counts, prior_sd)) if k else ()
    issues = []
    for c, belief in enumerate(classes):
        kind = register.classes[c]
        if belief.from_prior:
            own = bool(register.life_given[register.life_class == c].all())
            slots = {
                "c": quoted(kind.label),
                "n": plural(
                    "{n} utbyte är känt", "{n} utbyten är kända", belief.replacements
                ).format(n=belief.replacements),
                "least": LEAST_REPLACEMENTS,
                "life": number(kind.life_years),
                "source": kind.source,
            }
            key = "prior_used.own" if own else "prior_used"
            issues.append(issue(key, "components", None, "", **slots))
    own_failures = failure_factors(register)
    beliefs = LifeBeliefs(family, shapes, classes, {}, (), own_failures)
    # In units of the life that is believed by now: what shortens lives must not be
    # counted once in the replacements and once more in the inspections.
    lives = beliefs.lives_years(register)
    chains = {}
    keys = [chain_key(register, i) for i in range(len(register))]
    for key in sorted(set(keys) - {""}):
        # A part with its asset's condition has not been looked at itself.
        on_scale = {
            i for i, k in enumerate(keys) if k == key and i not in register.of_asset
        }
        chains[key], told = _scale_chain(register, key, on_scale, lives)
        issues += told
    return replace(beliefs, chains=chains, issues=tuple(issues))


def chain_key(register: Register, place: int) -> str:
    """Which chain a component's condition follows; "" where none is known.

    The scale's, or the kind's own on that scale where data have given one.

    Source:
        domain/defaults/condition.toml. Method page: docs/method/condition.md.
    """
    scale = register.scale[place]
    kind = register.classes[register.life_class[place]].key
    own = scale and scale in condition_defaults()["kind"].get(kind, {})
    return f"{scale}/{kind}" if own else scale


def expected_chain(key: str) -> Chain:
    """The chain of a scale before any data, in units of the expected life.

    One more state than the scale has classes: the last is worn out and to be renewed.

    Args:
        key: as `chain_key` gives it.

    Source:
        domain/defaults/condition.toml. Method page: docs/method/condition.md.
    """
    scale, _slash, kind = key.partition("/")
    defaults = condition_defaults()
    found = defaults["kind"][kind] if kind else defaults["scale"]
    return chain_from_years(found[scale]["stay_share"])


def _scale_chain(
    register: Register, key: str, on_scale: set[int], lives_years: Array
) -> tuple[Chain, list[Issue]]:
    """A chain in units of life, from the register's own inspections if enough."""
    prior, scale = expected_chain(key), key.partition("/")[0]
    worn_out = len(SCALES[scale])
    unit, when, state, treated = _readings(register, on_scale, worn_out, lives_years)
    pairs = pair_readings(unit, when, state, treated).untreated
    if len(pairs) < LEAST_PAIRS:
        label = SCHEMA["assets"].columns["condition_scale"].choices[scale]
        known = plural(
            "{n} par av besiktningar är känt",
            "{n} par av besiktningar är kända",
            len(pairs),
        ).format(n=len(pairs))
        which = "prior_used.condition" if key == scale else "prior_used.bridges"
        slots = {"scale": label, "n": known, "least": LEAST_PAIRS}
        return prior, [issue(which, "assets", None, "", **slots)]
    # Gaps in units of life are all different: rounded to a hundredth they repeat.
    gap = np.maximum(np.round(pairs.gap, 2), 0.01)
    seen = Transitions(pairs.unit, gap, pairs.before, pairs.after)
    worth = float(condition_defaults()["prior_lives"])
    chain = fit_generator(seen, len(SCALES[scale]) + 1, prior=prior, prior_years=worth)
    return chain, []


def _readings(
    register: Register, places: set[int], worn_out: int, lives_years: Array
) -> tuple[list[int], list[float], list[int], list[tuple[int, float]]]:
    """Unit, time in lives and class of every reading, and when each unit was mended.

    What is put in anew is a unit of its own, in the best class from its recorded
    replacement on. A unit replaced because it was worn out is last read as `worn_out`,
    which tells how long the worst class is borne; one replaced for another reason is
    just not read any more. That a thing was new when first put in is not used: those
    that did not last until the history began are not there to be read.
    """
    read: list[tuple[int, float, int]] = []
    treated: list[tuple[int, float]] = []
    history: dict[int, list[Any]] = defaultdict(list)
    for event in register.events:
        if event.component in places:
            history[event.component].append(event)
    unit = 0
    for place in sorted(places):
        life = float(lives_years[place])
        installed = float(register.installed_year[place])
        unit += 1
        began = -np.inf
        for event in history[place]:
            if began < installed < event.year:
                # Put in between, without a record of what it replaced.
                unit += 1
                began = installed
            when = event.year / life
            if event.kind in (REPLACEMENT, OTHER_REASON):
                if event.kind == REPLACEMENT:
                    read.append((unit, when, worn_out))
                unit += 1
                began = float(event.year)
                read.append((unit, when, 0))
            elif event.state is not None:
                read.append((unit, when, event.state))
            elif event.kind == REPAIR:
                treated.append((unit, when))
        # Today's condition is a reading too, of what stands there today.
        if began < installed:
            unit += 1
        inspected = float(register.inspected_year[place])
        read.append((unit, inspected / life, int(register.condition[place])))
    return (
        [unit for unit, _when, _state in read],
        [when for _unit, when, _state in read],
        [state for _unit, _when, state in read],
        treated,
    )


# ---------------------------------------------------------------- the forecast


@dataclass(frozen=True)
class RenewalNeed:
    """Renewal need. Money in tkr, prices of the base year.

    Args:
        years: `[year]`, calendar years after the base year.
        groups: what `need_tkr` is divided by, class labels unless asked otherwise.
        need_tkr: `[group, year, draw]`. With one draw it is the expected need.
        expected_tkr: `[group, year]`, the mean over all that can happen.
        due_share: `[component, year]`, probability that the first renewal from now has
            become due by the end of the year.
        issues: what the forecast rests on that the user should know.
    """

    years: NDArray[np.int64]
    groups: tuple[str, ...]
    need_tkr: Array
    expected_tkr: Array
    due_share: Float32
    issues: tuple[Issue, ...]

    @cached_property
    def total_tkr(self) -> Array:
        """Need of all groups, `[year, draw]`."""
        return np.asarray(self.need_tkr.sum(axis=0))

    def quantiles_tkr(self, shares: Sequence[float]) -> Array:
        """Quantiles of the whole need, `[share, year]`.

        Source:
            Over the draws. Method page: docs/method/renewal.md.
        """
        return np.asarray(np.quantile(self.total_tkr, shares, axis=-1))


def forecast_renewal(
    register: Register,
    beliefs: LifeBeliefs,
    years: int,
    *,
    draws: int = 1,
    seed: int = 1,
    by: str = "class",
) -> RenewalNeed:
    """Renewal need per group and year, with draws.

    Each draw has one error in each class's mean life (the same for all its components:
    it does not average out) and one life for each component, which starts anew at every
    renewal. A component with a known condition is followed from that, the others from
    their age. A component's numbers depend only on the seed, its asset and its name.

    Args:
        register: the components.
        beliefs: from `estimate_lives`.
        years: how many years after the base year.
        draws: 1 gives the expected need and draws nothing.
        seed: same seed, same numbers.
        by: `class`, `committee` or `area`.

    Raises:
        ValueError: no years or draws, or an unknown division.

    Source:
        METHODS 3.1: q(a) = 1 - S(a+1)/S(a), renewal restarts the clock, distribution by
        simulation. Method page: docs/method/renewal.md.
    """
    if years < 1 or draws < 1:
        raise ValueError("at least one year and one draw")
    groups, group = _groups(register, by)
    model = _Model(register, beliefs, years)
    expected, due = model.expected(group, len(groups))
    if draws == 1:
        need = expected[:, :, None]
    else:
        need = np.zeros((len(groups), years, draws))
        for c in range(len(register.classes)):
            model.draw(c, group, need, seed)
    return RenewalNeed(
        years=register.base_year + 1 + np.arange(years),
        groups=groups,
        need_tkr=need,
        expected_tkr=expected,
        due_share=due,
        issues=(*register.assumed, *beliefs.issues),
    )


def first_life_hazard(register: Register, beliefs: LifeBeliefs, years: int) -> Array:
    """Cumulative hazard from now of each component's present life, `[component, year]`.

    Lives are at the middle of what is believed. The first column is 0, at the end of
    the base year, and the last after `years`, so there is one more than years.

    Source:
        METHODS 3.1, 3.2. Method page: docs/method/renewal.md.
    """
    model = _Model(register, beliefs, years)
    found = np.zeros((len(register), years + 1))
    for c in range(len(register.classes)):
        factor, shape = beliefs.classes[c].factor, float(beliefs.shapes[c])
        for key, where in model.parts(c):
            # Expected life times factor times own failures: `lives_years`.
            unit = model.scales(key, where) * factor
            found[where] = model.first_hazard(key, where, unit, shape)
    return found


def _groups(register: Register, by: str) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    if by == "class":
        return tuple(c.label for c in register.classes), register.life_class
    if by not in ("committee", "area"):
        raise ValueError("need is divided by class, committee or area")
    names = [getattr(asset, by) or "" for asset in register.assets]
    found = sorted(set(names))
    of_asset = np.array([found.index(name) for name in names], dtype=np.int64)
    return tuple(found), of_asset[register.asset]


class _Model:
    """Components ready to be followed, whatever is drawn."""

    def __init__(self, register: Register, beliefs: LifeBeliefs, years: int) -> None:
        self.register, self.beliefs, self.years = register, beliefs, years
        self._parts: dict[int, list[tuple[Any, NDArray[np.int64]]]] = {}
        self.stretch = beliefs.stretch(register)
        self.scale_years = np.zeros(len(register))
        for c in range(len(register.classes)):
            mean = mean_of_shape(beliefs.family, float(beliefs.shapes[c]))
            mine = register.life_class == c
            self.scale_years[mine] = register.life_years[mine] / mean
        # Years lived so far: since built, or since the condition was seen.
        self.by_condition = register.condition >= 0
        self.lived = np.where(
            self.by_condition,
            register.base_year - register.inspected_year,
            np.maximum(register.age_years, 0.0),
        )
        # What is still to come begins to age when it is put in.
        self.wait = np.maximum(-register.age_years, 0.0)
        self.tables = {
            (scale, state): _wear_table(chain, state)
            for scale, chain in beliefs.chains.items()
            for state in range(chain.classes - 1)
        }

    def parts(self, c: int) -> list[tuple[Any, NDArray[np.int64]]]:
        """The components of a class, apart by what their first life follows."""
        if c in self._parts:
            return self._parts[c]
        mine = np.flatnonzero(self.register.life_class == c)
        found: dict[Any, list[int]] = defaultdict(list)
        for i in mine:
            known = self.by_condition[i]
            key = (chain_key(self.register, int(i)), int(self.register.condition[i]))
            found[key if known else None].append(int(i))
        ordered = sorted(found.items(), key=str)
        self._parts[c] = [(key, np.array(where)) for key, where in ordered]
        return self._parts[c]

    def hazard(self, key: Any, w: Array, shape: float) -> Array:
        """Cumulative hazard of the first life at w, in units of its scale."""
        if key is None:
            return cumulative_hazard(self.beliefs.family, w, shape)
        grid, hazard = self.tables[key]
        return np.asarray(np.interp(w, grid, hazard))

    def scales(self, key: Any, where: NDArray[np.int64]) -> Array:
        """Units of the first life in years before the class's factor, `[component]`.

        The first life bears its own failures. What replaces it is as its class.
        """
        unit = self.scale_years if key is None else self.register.life_years
        return np.asarray(unit[where] * self.stretch[where])

    def first_hazard(
        self, key: Any, where: NDArray[np.int64], unit: Array, shape: float
    ) -> Array:
        """Cumulative hazard from now, `[component, years + 1]`; `unit` in years."""
        ahead = np.arange(self.years + 1) - self.wait[where][:, None]
        lived = self.lived[where][:, None] + np.maximum(ahead, 0.0)
        hazard = self.hazard(key, lived / unit[:, None], shape)
        return np.asarray(hazard - hazard[:, :1])

    # ------------------------------------------------------------ expectation

    def expected(self, group: NDArray[np.int64], groups: int) -> tuple[Array, Float32]:
        """Expected need `[group, year]` and share due `[component, year]`."""
        need = np.zeros((groups, self.years))
        due = np.zeros((len(self.register), self.years), dtype=np.float32)
        nodes, weights = np.polynomial.hermite_e.hermegauss(9)
        weights = weights / weights.sum()
        for c in range(len(self.register.classes)):
            belief = self.beliefs.classes[c]
            shape = float(self.beliefs.shapes[c])
            mean = mean_of_shape(self.beliefs.family, shape)
            for node, weight in zip(nodes, weights, strict=True):
                factor = float(np.exp(belief.log_factor + belief.sd * node))
                self._add_expected(c, shape, mean, factor, weight, group, need, due)
        return need, due

    def _add_expected(
        self,
        c: int,
        shape: float,
        mean: float,
        factor: float,
        weight: float,
        group: NDArray[np.int64],
        need: Array,
        due: Float32,
    ) -> None:
        register, horizon = self.register, np.arange(self.years + 1)
        first: dict[tuple[float, int], Array] = {}
        for key, where in self.parts(c):
            unit = (self.scales(key, where) * factor)[:, None]
            # Only ages that differ need be reckoned.
            state = np.column_stack([unit[:, 0], self.lived[where], self.wait[where]])
            kinds, place = np.unique(state, axis=0, return_inverse=True)
            place = place.ravel()
            lived = kinds[:, 1:2] + np.maximum(horizon - kinds[:, 2:3], 0.0)
            hazard = self.hazard(key, lived / kinds[:, :1], shape)
            gone = -np.expm1(-(hazard - hazard[:, :1]))
            due[where] += (weight * gone[place, 1:]).astype(np.float32)
            ends = np.diff(gone, axis=1)
            for life in np.unique(register.life_years[where]):
                alike = register.life_years[where] == life
                for g in np.unique(group[where[alike]]):
                    mine = alike & (group[where] == g)
                    cost = np.bincount(
                        place[mine],
                        register.replacement_cost_tkr[where[mine]],
                        minlength=len(kinds),
                    )
                    slot = first.setdefault((life, int(g)), np.zeros(self.years))
                    slot += cost @ ends
        again: dict[float, Array] = {}
        for (life, g), firsts in first.items():
            if life not in again:
                again[life] = self._renewals(life / mean * factor, shape)
            follow = again[life]
            total = firsts.copy()
            for t in range(self.years):
                total[t:] += firsts[t] * follow[: self.years - t]
            need[g] += weight * total

    def _renewals(self, scale: float, shape: float) -> Array:
        """Expected further renewals 0, 1, 2.. years after one, `[year]`.

        A renewal falls anywhere in its year, so a life of x years spans x whole years
        more or less one: the second difference of the area under F.
        """
        steps = 20
        t = np.arange((self.years + 2) * steps + 1) / steps
        f = -np.expm1(-cumulative_hazard(self.beliefs.family, t / scale, shape))
        f[0] = 0.0
        area = np.concatenate([[0.0], np.cumsum((f[1:] + f[:-1]) / (2 * steps))])
        at = area[::steps]
        years = self.years
        p = at[2 : years + 2] - 2 * at[1 : years + 1] + at[:years]
        p = np.concatenate([[at[1]], p])[:years]
        follow = np.zeros(years)
        for t_years in range(years):
            rest = p[1 : t_years + 1] @ follow[:t_years][::-1]
            follow[t_years] = (p[t_years] + rest) / (1 - p[0])
        return follow

    # ------------------------------------------------------------ draws

    def draw(self, c: int, group: NDArray[np.int64], need: Array, seed: int) -> None:
        """Add the drawn need of a class to `need` `[group, year, draw]`."""
        register, draws = self.register, need.shape[2]
        belief, shape = self.beliefs.classes[c], float(self.beliefs.shapes[c])
        name = f"lives/{register.classes[c].key}"
        z = stream(seed, name).standard_normal(draws)
        factor = np.exp(belief.log_factor + belief.sd * z).astype(np.float32)
        for key, where in self.parts(c):
            step = max(1, _BLOCK_CELLS // draws)
            for at in range(0, len(where), step):
                block = where[at : at + step]
                self._draw_block(key, block, shape, factor, group, need, seed)

    def _draw_block(
        self,
        key: Any,
        where: NDArray[np.int64],
        shape: float,
        factor: Float32,
        group: NDArray[np.int64],
        need: Array,
        seed: int,
    ) -> None:
        family, years, draws = self.beliefs.family, self.years, need.shape[2]
        names = _name_keys(seed, [self.register.key(int(i)) for i in where])
        steps = _STEP * np.arange(1, draws + 1, dtype=np.uint64)
        cells = (names[:, None] + steps).astype(np.uint64, copy=False)
        luck = _exponentials(cells)
        unit = self.scales(key, where).astype(np.float32)[:, None] * factor
        lived = self.lived[where].astype(np.float32)[:, None]
        # Life left: the age at which the hazard has grown by `luck`, less the age now.
        luck += self.hazard(key, lived / unit, shape).astype(np.float32)
        if key is None:
            ends = inverse_hazard(family, luck, shape)
        else:
            grid, hazard = self.tables[key]
            ends = np.interp(luck, hazard, grid).astype(np.float32)
        ends *= unit
        ends -= lived
        ends += self.wait[where].astype(np.float32)[:, None]
        cost = self.register.replacement_cost_tkr[where]
        own_scale = self.scale_years[where].astype(np.float32)
        local, groups = np.unique(group[where], return_inverse=True)
        shape_of = (len(local), years, draws)
        component, draw = np.nonzero(ends < years)
        keys = cells[component, draw]
        ends = np.maximum(ends[component, draw], 0)
        while len(component):
            cell = ends.astype(np.int64)
            if len(local) > 1:
                cell += groups[component] * years
            cell *= draws
            cell += draw
            found = np.bincount(cell, cost[component], minlength=int(np.prod(shape_of)))
            need[local] += found.reshape(shape_of)
            # The clock starts again: a new life from this renewal on.
            keys = _mix(keys + _AGAIN)
            life = inverse_hazard(family, _exponentials(keys), shape)
            ends += life * own_scale[component] * factor[draw]
            left = np.flatnonzero(ends < years)
            component, draw = component[left], draw[left]
            ends, keys = ends[left], keys[left]


def _wear_table(chain: Chain, state: int) -> tuple[Array, Array]:
    """Cumulative hazard of being worn out from a class, over time in lives."""
    grid = np.concatenate([np.linspace(0, 1, 201), np.linspace(1, _FAR, 301)[1:]])
    step, later = chain.after(grid[1]), chain.after(grid[-1] - grid[-2])
    belief = np.eye(chain.classes)[state]
    standing = [1.0]
    for i in range(1, len(grid)):
        belief = belief @ (step if i <= 200 else later)
        left = 1 - float(belief[-1])
        if left < _GONE:
            break
        standing.append(left)
    hazard = np.maximum.accumulate(-np.log(np.array(standing)))
    # Strictly rising, so that it can be read backwards, and on at the last pace: what
    # has stood for ages since it was seen still runs a risk.
    hazard += 1e-9 * np.arange(len(hazard))
    grid = grid[: len(hazard)]
    pace = max((hazard[-1] - hazard[-2]) / (grid[-1] - grid[-2]), 1.0)
    return np.append(grid, 1e6), np.append(hazard, hazard[-1] + pace * (1e6 - grid[-1]))


# ---------------------------------------------------------------- random numbers
# SplitMix64: the number of a cell is a hash of its component's name, the seed and the
# draw, so it depends on nothing else: not on blocks, processes or other components.

_STEP: Final = np.uint64(0x9E3779B97F4A7C15)
_AGAIN: Final = np.uint64(0xD1B54A32D192ED03)


def _name_keys(seed: int, names: Sequence[str]) -> NDArray[np.uint64]:
    digests = b"".join(
        hashlib.blake2b(f"{seed}:{name}".encode(), digest_size=8).digest()
        for name in names
    )
    return np.frombuffer(digests, dtype="<u8").astype(np.uint64)


def _mix(cells: NDArray[np.uint64]) -> NDArray[np.uint64]:
    z = cells ^ (cells >> np.uint64(30))
    z *= np.uint64(0xBF58476D1CE4E5B9)
    z ^= z >> np.uint64(27)
    z *= np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    return z


def _exponentials(cells: NDArray[np.uint64]) -> Float32:
    """Standard exponential numbers, one a cell."""
    # 24 bits make a float32 in (0, 1]: the centre of its step is never 0.
    uniform = (_mix(cells) >> np.uint64(40)).astype(np.float32)
    uniform += np.float32(0.5)
    uniform *= np.float32(2**-24)
    return cast("Float32", -np.log(uniform))

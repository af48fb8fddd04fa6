"""Does the economy pass the balance requirement, and what may be set aside?

The investigation row by row, the default rule for reserves, and the list of deficits
to restore. Every statutory value comes from `domain/law`; goals set by the council
reach this file only as floors on what may be reserved. Leaves out whether a goal is
met (indicators) and what the council ought to decide.

The years are taken in order because reserves and deficits carry over; draws are never
looped over and never meet.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rodtrad.domain import law

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from rodtrad.domain.arrays import Array, Deficit

# In the order they enter the sum; the statutory order of all rows is in `law`.
ADJUSTMENT_ROWS = (
    "realisationsvinster",
    "undantag_vinst",
    "undantag_forlust",
    "orealiserat",
    "aterforing",
)
ROWS = (
    "ar",
    *ADJUSTMENT_ROWS,
    "areb",
    "reservering",
    "anvandning",
    "bkr",
    "synnerliga_skal",
    "underskott_in",
    "att_reglera",
)


@dataclass(frozen=True)
class ReserveFloor:
    """A council goal that a reservation may not break: bkr over the base at least.

    `value` is a share; the goal covers `first_year .. last_year` and is the ratio of
    the sums over `years_in_average` years (1: every year by itself).
    """

    value: float
    first_year: int
    last_year: int
    years_in_average: int = 1


@dataclass(frozen=True)
class Balanskrav:
    """The investigation of every year, closing reserves and the deficits.

    `rows` has the keys of `ROWS` in order, each `[year, draw]`, nominal tkr, signed as
    printed (`reservering` and `underskott_in` not positive, `anvandning` not
    negative). `resultatreserv`, `rur` are stocks at the end of the year and `ceiling`
    the highest lawful stock, NaN where the law sets none. `deficits` is draw 0: year,
    amount, due_year, restored_before (what was restored before the first year),
    restored [{year, amount}], exempted and left, where amount − restored_before −
    Σ restored − exempted = left.
    """

    rows: Mapping[str, Array]
    resultatreserv: Array
    rur: Array
    ceiling: Array
    deficits: list[dict[str, Any]]


def resultat_efter_balanskravsjusteringar(
    net_result_tkr: Array, adjustments: Mapping[str, Array]
) -> Array:
    """Net result plus the statutory adjustments, before reserves.

    Args:
        net_result_tkr: `[year, draw]`, nominal. Positive is a surplus.
        adjustments: row → `[year, draw]`, signed as it enters the sum (a gain is
            negative). Rows that are absent count as zero.

    Source:
        `domain/law/lkbr.toml`, key `balanskravsutredning`. Method page:
        docs/method/balanskrav.md.

    Example:
        >>> gains = {"realisationsvinster": np.array([[-23.0]])}
        >>> float(resultat_efter_balanskravsjusteringar(np.array([[563.0]]), gains)[0, 0])
        540.0
    """
    result = net_result_tkr
    for row in ADJUSTMENT_ROWS:
        if row in adjustments:
            result = result + adjustments[row]
    return result


def hogsta_reservering(
    year: int,
    *,
    net_result_tkr: Array,
    areb_tkr: Array,
    base_tkr: Array,
    equity_with_pensions_tkr: Array,
) -> Array:
    """The most that may lawfully be reserved of one year's result, never negative.

    The lower of the two results, in the part above a share of taxes and general
    grants. The share is higher when equity less the pensions outside the balance sheet
    is negative. The ceiling on the stock is another rule, see `balanskravsutredning`.

    Args:
        year: accounting year; decides which law applies. Zero where there was none.
        net_result_tkr: `[draw]`, result for the year.
        areb_tkr: `[draw]`, result after adjustments.
        base_tkr: `[draw]`, taxes and general grants.
        equity_with_pensions_tkr: `[draw]`, equity less pensions off balance.

    Source:
        `domain/law/kommunallagen.toml`, keys `reserv_avdrag_andel` and
        `reserv_avdrag_andel_negativt_eget_kapital`. Method page:
        docs/method/balanskrav.md.
    """
    normal = law.number_at("reserv_avdrag_andel", year)
    negative = law.number_at("reserv_avdrag_andel_negativt_eget_kapital", year)
    if normal is None or negative is None:
        return np.zeros_like(areb_tkr)
    share = np.where(equity_with_pensions_tkr < 0, negative, normal)
    return np.maximum(np.minimum(net_result_tkr, areb_tkr) - share * base_tkr, 0.0)


def balanskravsutredning(
    years: NDArray[np.int64],
    *,
    net_result_tkr: Array,
    base_tkr: Array,
    equity_with_pensions_tkr: Array,
    adjustments: Mapping[str, Array],
    given: Mapping[str, Array],
    deficits: Sequence[Deficit],
    resultatreserv_tkr: float,
    rur_tkr: float,
    floors: Sequence[ReserveFloor],
) -> Balanskrav:
    """The balance requirement of every year, with reserves and deficits.

    Each year in turn: (i) a negative result after adjustments is covered from RUR,
    while the law allows it, then from the resultatreserv, up to zero; (ii) a result
    above zero restores deficits, oldest first; (iii) of what is left is reserved what
    law, ceiling and floors allow. A council decision not to restore (`synnerliga_skal`)
    takes the year's own deficit first, then the newest earlier one, before (ii).

    Args:
        years: `[year]`, consecutive accounting years.
        net_result_tkr: `[year, draw]`, nominal.
        base_tkr: `[year, draw]`, taxes and general grants.
        equity_with_pensions_tkr: `[year, draw]`, equity less pensions off balance at
            the end of the year.
        adjustments: the rows of `ADJUSTMENT_ROWS` and `synnerliga_skal` (an amount not
            to be restored, not negative), `[year, draw]`; an absent row is zero.
        given: `reservering` (not positive) and `anvandning` (not negative), `[year,
            draw]`, which replace the rule where they are not NaN. They are taken as
            they stand; a stock never falls below zero by them.
        deficits: carried in from earlier years, amounts positive.
        resultatreserv_tkr: stock before the first year.
        rur_tkr: stock before the first year.
        floors: goals that a reservation may not break. Windows outside `years` are
            left out.

    Raises:
        ValueError: years that are not consecutive.

    Source:
        `domain/law/*.toml`; DESIGN Appendix A7. Method page: docs/method/balanskrav.md.
    """
    if len(years) and np.any(np.diff(years) != 1):
        message = "the years are not consecutive"
        raise ValueError(message)
    shape = np.broadcast_shapes(
        net_result_tkr.shape,
        base_tkr.shape,
        equity_with_pensions_tkr.shape,
        *(a.shape for a in adjustments.values()),
        *(a.shape for a in given.values()),
    )
    n_years, n_draws = shape
    rows = {
        row: np.broadcast_to(adjustments.get(row, np.zeros((1, 1))), shape)
        for row in (*ADJUSTMENT_ROWS, "synnerliga_skal")
    }
    rows["ar"] = np.broadcast_to(net_result_tkr, shape)
    rows["areb"] = np.broadcast_to(
        resultat_efter_balanskravsjusteringar(net_result_tkr, adjustments), shape
    )
    for row in ("reservering", "anvandning", "bkr", "underskott_in", "att_reglera"):
        rows[row] = np.zeros(shape)
    base = np.broadcast_to(base_tkr, shape)
    equity = np.broadcast_to(equity_with_pensions_tkr, shape)
    no_gift = np.full((1, 1), np.nan)
    given_reservation = _each_year(given.get("reservering", no_gift), n_years)
    given_use = _each_year(given.get("anvandning", no_gift), n_years)
    no_use, fixed_uses = ~np.isfinite(given_use), np.nan_to_num(given_use)
    no_reservation = ~np.isfinite(given_reservation)
    fixed_reservations = np.nan_to_num(given_reservation)
    reserve, rur, ceiling = np.zeros(shape), np.zeros(shape), np.full(shape, np.nan)
    stock_reserve = np.full(n_draws, float(resultatreserv_tkr))
    stock_rur = np.full(n_draws, float(rur_tkr))
    register = _Register(deficits, n_draws)

    for t, year in enumerate(int(y) for y in years):
        areb = rows["areb"][t]
        rows["underskott_in"][t] = register.carried_out()

        # (i) cover a loss
        rule_use, fixed_use = no_use[t], fixed_uses[t]
        need = np.maximum(np.where(rule_use, -areb, fixed_use), 0.0)
        last = law.number_at("rur_sista_anvandningsar", year)
        rur_open = last is None or year <= last
        from_rur = np.minimum(need, stock_rur) if rur_open else np.zeros(n_draws)
        from_reserve = np.minimum(need - from_rur, stock_reserve)
        uncovered = need - from_rur - from_reserve
        stock_rur = stock_rur - from_rur
        stock_reserve = stock_reserve - from_reserve
        use = np.where(rule_use, from_rur + from_reserve, fixed_use)
        # A loss that the reserve covers leaves exactly zero, not a rounding crumb.
        before = np.where(rule_use & (areb < 0), -uncovered, areb + use)

        # (ii) restore, after what need not be restored is taken away
        rule_reserve, fixed_reservation = no_reservation[t], fixed_reservations[t]
        before = before + fixed_reservation
        register.add(year, np.maximum(-before, 0.0))
        register.exempt(np.maximum(rows["synnerliga_skal"][t], 0.0))
        restored = register.restore(year, np.maximum(before, 0.0))

        # (iii) reserve
        allowed = np.maximum(before, 0.0) - restored
        allowed = np.minimum(
            allowed,
            hogsta_reservering(
                year,
                net_result_tkr=rows["ar"][t],
                areb_tkr=areb,
                base_tkr=base[t],
                equity_with_pensions_tkr=equity[t],
            ),
        )
        cap = law.number_at("resultatreserv_tak_andel", year)
        if cap is not None:
            ceiling[t] = np.maximum(cap * base[t], 0.0)
            room = np.maximum(ceiling[t] - stock_reserve, 0.0)
            allowed = np.minimum(allowed, room)
        for slack in _floor_slacks(t, years, floors, rows, base):
            allowed = np.minimum(allowed, np.maximum(slack, 0.0))
        reservation = np.where(rule_reserve, -allowed, fixed_reservation)
        kind = law.find("reserv_slag", year)
        if kind is not None and kind.value == "rur":
            stock_rur = np.maximum(stock_rur - reservation, 0.0)
        else:
            stock_reserve = np.maximum(stock_reserve - reservation, 0.0)

        # Adding 0.0 turns a negative zero into zero.
        rows["reservering"][t] = reservation + 0.0
        rows["anvandning"][t] = use
        rows["bkr"][t] = np.where(rule_reserve, before - allowed, before) + 0.0
        rows["att_reglera"][t] = register.carried_out()
        reserve[t], rur[t] = stock_reserve, stock_rur

    return Balanskrav(
        rows={row: rows[row] for row in ROWS},
        resultatreserv=reserve,
        rur=rur,
        ceiling=ceiling,
        deficits=register.as_list(),
    )


def _each_year(values: Array, n_years: int) -> Array:
    """Return the values of every year; one for all draws stays one."""
    return np.broadcast_to(values, (n_years, values.shape[1]))


def _floor_slacks(
    t: int,
    years: NDArray[np.int64],
    floors: Sequence[ReserveFloor],
    rows: Mapping[str, Array],
    base: Array,
) -> list[Array]:
    """What every window of every floor leaves for this year's reservation, `[draw]`.

    Earlier years count with their bkr, this and later years with areb: a later loss
    narrows what may be set aside now, a later reservation does not.
    """
    first, slacks = int(years[0]), []
    for floor in floors:
        n = floor.years_in_average
        earliest_end = max(t, floor.first_year - first + n - 1, n - 1)
        latest_end = min(t + n - 1, floor.last_year - first, len(years) - 1)
        for end in range(earliest_end, latest_end + 1):
            start = end - n + 1
            results = rows["bkr"][start:t].sum(axis=0) + rows["areb"][t : end + 1].sum(
                axis=0
            )
            slacks.append(results - floor.value * base[start : end + 1].sum(axis=0))
    return slacks


class _Register:
    """Deficits to restore: all together in every draw, and one by one in draw 0.

    In draw 0 oldest first: what was carried in, then one place per year. In the others
    only the sum matters, and it does not depend on the order.
    """

    def __init__(self, carried: Sequence[Deficit], n_draws: int) -> None:
        ordered = sorted(carried, key=lambda d: (d.year, d.due_year))
        self.year = [d.year for d in ordered]
        self.due = [d.due_year for d in ordered]
        self.amount = [float(d.amount) for d in ordered]
        self.before = [float(d.restored) for d in ordered]
        self.exempted = [float(d.exempted) for d in ordered]
        self.restored: list[list[dict[str, Any]]] = [[] for _ in ordered]
        self.left = [max(d.amount - d.restored - d.exempted, 0.0) for d in ordered]
        self.total = np.full(n_draws, self._sum())

    def _sum(self) -> float:
        """What is left in draw 0."""
        return float(np.array(self.left, dtype=np.float64)[:, None].sum(axis=0)[0])

    def carried_out(self) -> Array:
        """What is left to restore, as a row: minus the amount, `[draw]`."""
        left: Array = 0.0 - self.total
        return left

    def add(self, year: int, amount: Array) -> None:
        """Give the year a place, also where its deficit is zero."""
        due = 0
        if np.any(amount > 0):
            term = law.number_at("aterstallningstid_ar", year)
            if term is None:
                message = f"no time to restore a deficit is known for {year}"
                raise ValueError(message)
            due = year + int(term)
        self.year.append(year)
        self.due.append(due)
        self.amount.append(float(amount[0]))
        self.before.append(0.0)
        self.exempted.append(0.0)
        self.restored.append([])
        self.left.append(float(amount[0]))
        self._settle(self.total + amount)

    def _settle(self, total: Array) -> None:
        """Keep the sums; draw 0 is what its places say, to the last digit."""
        total[0] = self._sum()
        self.total = total

    def exempt(self, amount: Array) -> None:
        """Take what need not be restored, newest first."""
        if not np.any(amount):
            return
        rest = float(amount[0])
        for place in reversed(range(len(self.left))):
            taken = min(self.left[place], rest)
            self.left[place] -= taken
            rest -= taken
            self.exempted[place] += taken
        self._settle(self.total - np.minimum(self.total, amount))

    def restore(self, year: int, amount: Array) -> Array:
        """Restore oldest first; return how much, `[draw]`."""
        given = rest = float(amount[0])
        for place, left in enumerate(self.left):
            taken = min(left, rest)
            self.left[place] -= taken
            rest -= taken
            if taken > 0:
                self.restored[place].append({"year": year, "amount": taken})
        restored: Array = np.minimum(self.total, amount)
        self._settle(self.total - restored)
        restored[0] = given - rest
        return restored

    def as_list(self) -> list[dict[str, Any]]:
        """Return draw 0; a deficit of zero is not one."""
        return [
            {
                "year": self.year[place],
                "amount": self.amount[place],
                "due_year": self.due[place],
                "restored_before": self.before[place],
                "restored": self.restored[place],
                "exempted": self.exempted[place],
                "left": self.left[place],
            }
            for place in range(len(self.left))
            if self.amount[place] > 0
        ]

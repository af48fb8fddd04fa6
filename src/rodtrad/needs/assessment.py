"""What does the register need, all in all? One call for the study and for a notebook.

`assess_register` puts register, lives, need, backlog, waiting and candidates together.
Leaves out places (gap) and how anything is shown (publish).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from rodtrad.domain.messages import issue
from rodtrad.domain.register import build_register
from rodtrad.domain.words import EN_DASH, _, list_text, money_text, quoted, share_text
from rodtrad.needs.backlog import Backlog, measure_backlog
from rodtrad.needs.candidates import Candidates, CandidateSettings, suggest_renewals
from rodtrad.needs.renewal import (
    LifeBeliefs,
    RenewalNeed,
    estimate_lives,
    forecast_renewal,
)
from rodtrad.needs.waiting import WaitingCosts, waiting_costs

if TYPE_CHECKING:
    from rodtrad.domain.arrays import Array
    from rodtrad.domain.components import Tables
    from rodtrad.domain.register import Register
    from rodtrad.errors import Issue

LEAST_RATE: Final = 0.01
_SHARES: Final = (0.1, 0.5, 0.9)


@dataclass(frozen=True)
class Assessment:
    """The renewal need of a register and what follows from it.

    `issues` are notes on what the figures rest on: assumed years and costs, classes
    and scales without enough history.
    """

    register: Register
    beliefs: LifeBeliefs
    need: RenewalNeed
    waiting: WaitingCosts
    backlog: Backlog
    candidates: Candidates
    issues: tuple[Issue, ...]

    def as_dict(self) -> dict[str, Any]:
        """The figures as plan.json would show them; money in tkr, base year's prices.

        Quantiles are there only when there are draws.

        Source:
            The parts. Method page: docs/method/renewal.md.
        """
        need, drawn = self.need, self.need.need_tkr.shape[2] > 1
        first = need.years[: min(10, len(need.years))]
        by_asset = self.waiting.by_asset(self.register)[:, : len(first)]
        found: dict[str, Any] = {
            "years": [int(y) for y in need.years],
            "expected_tkr": {
                group: _listed(row)
                for group, row in zip(need.groups, need.expected_tkr, strict=True)
            },
            "backlog_tkr": {
                "cost_to_standard": _whole(self.backlog.cost_to_standard_tkr),
                "age": _whole(self.backlog.age_tkr),
                "economic": _whole(self.backlog.economic_tkr),
                "condition_index": round(self.backlog.condition_index, 4),
                "inspected_share": round(self.backlog.inspected_share, 4),
            },
            "waiting_tkr": {
                asset.asset_id: _listed(row)
                for asset, row in zip(self.register.assets, by_asset, strict=True)
            },
            "small_needs_tkr": round(self.candidates.left_out_tkr, 1),
            "assumed_classes": list(self.assumed_classes()),
            "quality": "antagande" if self.assumed_classes() else "beräkning",
        }
        if drawn:
            found["quantiles_tkr"] = {
                f"p{round(100 * share)}": _listed(row)
                for share, row in zip(_SHARES, need.quantiles_tkr(_SHARES), strict=True)
            }
        return found

    def assumed_classes(self) -> tuple[str, ...]:
        """Labels of the classes whose lives rest on expectation alone.

        Source:
            `estimate_lives`. Method page: docs/method/survival.md.
        """
        return tuple(
            life.label
            for life, belief in zip(
                self.register.classes, self.beliefs.classes, strict=True
            )
            if belief.from_prior
        )

    def sentences(self) -> list[str]:
        """What the need is and what it rests on, in Swedish, for the report.

        Source:
            TEXT 1.7 and 3. Method page: docs/method/renewal.md.
        """
        need = self.need
        if not len(self.register):
            return []
        years = len(need.years)
        span = f"{need.years[0]}{EN_DASH}{need.years[-1]}"
        text = _(
            "Omkring {kr} om året behöver förnyas {span}, i basårets priser."
        ).format(kr=money_text(float(need.expected_tkr.sum()) / years), span=span)
        said = [text]
        if need.need_tkr.shape[2] > 1:
            low, high = np.quantile(need.total_tkr.mean(axis=0), [0.1, 0.9])
            said.append(
                _("I åtta fall av tio hamnar det mellan {a} och {b} om året.").format(
                    a=money_text(float(low)), b=money_text(float(high))
                )
            )
        assumed = self.assumed_classes()
        if assumed:
            names = [quoted(name) for name in assumed[:3]]
            if len(assumed) > 3:
                names.append(_("{n} till").format(n=len(assumed) - 3))
            cost = self.register.replacement_cost_tkr
            rests = np.array([b.from_prior for b in self.beliefs.classes])
            share = (
                float(cost[rests[self.register.life_class]].sum() / cost.sum())
                if (cost.sum())
                else 1.0
            )
            said.append(
                _(
                    "För {share} av värdet är livslängden ett antagande, inte prövat mot "
                    "kommunens egna utbyten: {names}."
                ).format(share=share_text(share, 0), names=list_text(names))
            )
        said.append(self.backlog.text())
        said.append(
            _(
                "Vad det kostar att vänta bygger på antaganden om följder och skötsel. "
                "De är inte prövade mot utfall."
            )
        )
        return said


def _listed(values: Array) -> list[float]:
    return [round(float(x), 1) for x in values]


def _whole(values: Array) -> float:
    return round(float(values.sum()), 1)


def assess_register(
    tables: Tables,
    *,
    years: int | None = None,
    draws: int = 1,
    seed: int | None = None,
    settings: CandidateSettings | None = None,
) -> Assessment:
    """The need, backlog, cost of waiting and candidate projects of the tables' register.

    Args:
        tables: checked; with base year and plan years.
        years: how far ahead; at least to the end of the plan. None takes that.
        draws: 1 gives the expected need.
        seed: None takes the underlag's own.
        settings: what counts as a project.

    Raises:
        ValueError: the tables lack base year or plan years.

    Source:
        METHODS 3. Method page: docs/method/renewal.md.
    """
    values = tables.settings
    if values["base_year"] is None or values["plan_end"] is None:
        raise ValueError("the need is counted from base year to the end of the plan")
    to_end = int(values["plan_end"]) - int(values["base_year"])
    ahead = max(to_end, years or 0)
    register = build_register(tables)
    beliefs = estimate_lives(register)
    need = forecast_renewal(
        register,
        beliefs,
        ahead,
        draws=draws,
        seed=int(values["seed"]) if seed is None else seed,
    )
    issues = list(need.issues)
    rate = float(values["discount_rate"] or 0.0)
    if rate <= 0:
        rate = LEAST_RATE
        text = share_text(rate)
        issues.append(issue("waiting_rate", "settings", None, "value", rate=text))
    waiting = waiting_costs(register, beliefs, ahead, discount_rate=rate)
    return Assessment(
        register=register,
        beliefs=beliefs,
        need=need,
        waiting=waiting,
        backlog=measure_backlog(register, beliefs, discount_rate=rate),
        candidates=suggest_renewals(tables, register, beliefs, need, waiting, settings),
        issues=tuple(issues),
    )

"""What does the register need, all in all? One call for the study and for a notebook.

`assess_register` puts register, lives, need, backlog, waiting and candidates together.
Leaves out places (gap) and how anything is shown (publish).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from rodtrad.domain.lives import LEAST_REPLACEMENTS, expected_lives
from rodtrad.domain.messages import issue
from rodtrad.domain.register import build_register, waiting_defaults
from rodtrad.domain.words import (
    EN_DASH,
    _,
    list_text,
    money_text,
    number,
    plural,
    quoted,
    share_text,
)
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
            _(life.label)
            for life, belief in zip(
                self.register.classes, self.beliefs.classes, strict=True
            )
            if belief.from_prior
        )

    def prior_sentences(self) -> list[str]:
        """Which lives stood in for too few replacements, and whose they are, in Swedish.

        Each with the range in which the mean life is believed to lie; and how far the
        other classes have moved them all. Empty where every class has
        replacements enough.

        Source:
            domain/defaults/lives.toml. Method page: docs/method/survival.md.
        """
        own: list[str] = []
        assumed: list[str] = []
        sources: list[str] = []
        factor = 1.0
        for c, belief in enumerate(self.beliefs.classes):
            if not belief.from_prior:
                continue
            kind = self.register.classes[c]
            name = quoted(kind.label)
            # The same for all without replacements of their own (`shrink_classes`).
            factor = belief.factor
            if self.register.life_given[self.register.life_class == c].all():
                own.append(name)
                continue
            sources.append(kind.source)
            text = _("{name} {life} år ({low}{dash}{high})").format(
                name=name,
                life=number(kind.life_years),
                low=number(kind.low),
                dash=EN_DASH,
                high=number(kind.high),
            )
            assumed.append(text)
        if not own and not assumed:
            return []
        n = len(own) + len(assumed)
        text = plural(
            "Ett slag av delar har färre än {least} kända utbyten. De är för få för att "
            "pröva livslängden.",
            "{n} slag av delar har färre än {least} kända utbyten. De är för få för att "
            "pröva livslängderna.",
            n,
        )
        told = [text.format(n=n, least=LEAST_REPLACEMENTS)]
        if own:
            told.append(
                _(
                    "Livslängderna på bladet Komponenter används som de står för {names}."
                ).format(names=list_text(own))
            )
        if assumed:
            told.append(
                _(
                    "Antagna livslängder används för {lives}. Inom parentes står "
                    "gränserna för åtta fall av tio. Källa: {sources}."
                ).format(
                    lives=list_text(assumed),
                    sources="; ".join(dict.fromkeys(sources)),
                )
            )
        if round(100 * factor) != 100:
            told.append(
                _(
                    "Alla dessa livslängder räknas gånger {factor}, för så har "
                    "kommunens andra slag av delar hållit."
                ).format(factor=number(factor, 2))
            )
        alike = expected_lives()
        told.append(
            _(
                "Hur olika länge delar av samma slag håller är ett antagande: formtalet "
                "är {shape} ({low}{dash}{high}) i en Weibullfördelning."
            ).format(
                shape=number(alike.shape),
                low=number(alike.shape_low, 1),
                dash=EN_DASH,
                high=number(alike.shape_high),
            )
        )
        return told

    def waiting_sentence(self) -> str:
        """What the cost of waiting rests on, each share with its range, in Swedish.

        Source:
            domain/defaults/waiting.toml. Method page: docs/method/renewal.md.
        """
        shares = waiting_defaults()
        loss, upkeep = shares["failure_loss_share"], shares["extra_upkeep_share"]
        return _(
            "Vad det kostar att vänta bygger på antaganden som inte är prövade mot "
            "utfall. Utöver förnyelsen antas ett fel kosta {loss} av "
            "återanskaffningsvärdet vid konsekvens 0, 1, 2 och 3, och skötseln {upkeep} "
            "om året mer när delen är lika gammal som sin livslängd. Inom parentes står "
            "gränserna för vad som är rimligt."
        ).format(
            loss=list_text(
                [
                    _ranged(*row)
                    for row in zip(
                        loss["value"], loss["low"], loss["high"], strict=True
                    )
                ]
            ),
            upkeep=_ranged(upkeep["value"], upkeep["low"], upkeep["high"]),
        )

    def sentences(self) -> list[str]:
        """What the need is and what it rests on, in Swedish, for the report.

        Source:
            TEXT 1.7 and 3. Method page: docs/method/renewal.md.
        """
        need = self.need
        if not len(self.register):
            return []
        if self.register.replacement_cost_tkr.sum() <= 0:
            return [
                _(
                    "Inga återanskaffningsvärden är ifyllda, så det går inte att räkna "
                    "ut vad som behöver förnyas eller vad väntan kostar."
                )
            ]
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
            share = float(cost[rests[self.register.life_class]].sum() / cost.sum())
            said.append(
                _(
                    "För {share} av värdet är livslängden ett antagande, inte prövat mot "
                    "kommunens egna utbyten: {names}."
                ).format(share=share_text(share, 0), names=list_text(names))
            )
        said.append(self.backlog.text())
        said.append(self.waiting_sentence())
        return said


def _ranged(value: float, low: float, high: float) -> str:
    """A share with its range, as "5 procent (2–20)"."""
    return _("{share} ({low}{dash}{high})").format(
        share=share_text(value, 0),
        low=number(100 * low),
        dash=EN_DASH,
        high=number(100 * high),
    )


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
    backlog = measure_backlog(register, beliefs, discount_rate=rate)
    return Assessment(
        register=register,
        beliefs=beliefs,
        need=need,
        waiting=waiting,
        backlog=backlog,
        candidates=suggest_renewals(tables, register, beliefs, need, waiting, settings),
        issues=tuple(issues),
    )

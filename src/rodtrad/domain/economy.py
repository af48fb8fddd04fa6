"""How does the economy of a municipality swing? The parameters, and who says so.

Calibrated or assumed, each with its range, sample and source, they are read from
`defaults/economy.toml`; the underlag's table `uncertainty` overrides them one by one.
Leaves out drawing (domain.draws) and what a swing does (capacity.uncertainty).
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rodtrad.domain.cells import shown
from rodtrad.domain.messages import issue
from rodtrad.domain.words import (
    Labels,
    later,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rodtrad.domain.components import Tables
    from rodtrad.errors import Issue

DEFAULTS: Final = Path(__file__).parent / "defaults" / "economy.toml"
# What a parameter of each unit can be.
_LIMITS: Final = {"år": (1.0, 50.0), "andel": (0.0, 1.0)}

# What a reader is told that a probability rests on, by the parameters' `rests_on`.
BASIS_LABELS: Final = Labels(
    {
        "tax_base": later("skatteunderlaget"),
        "cost": later("driftkostnaderna"),
        "prices": later("allmänna prisökningar"),
        "construction": later("byggpriser"),
        "interest": later("räntor"),
        "population": later("befolkningen"),
        "reaction": later("hur fort kostnaderna anpassas till intäkterna"),
        "projects": later("projektens fördyring och försening"),
    }
)


@dataclass(frozen=True)
class Parameter:
    """One parameter of the economy's swings.

    `low` and `high` are how far it can reasonably lie. `quality` is `beräkning` where
    it was estimated on data and `antagande` where it is assumed; `rests_on` is a key of
    `BASIS_LABELS`. `sample` says what it was estimated on.
    """

    key: str
    label: str
    value: float
    low: float
    high: float
    unit: str
    rests_on: str
    quality: str
    sample: str
    source: str

    @property
    def assumed(self) -> bool:
        """Whether no data stand behind the value."""
        return self.quality == "antagande"

    def as_dict(self) -> dict[str, Any]:
        """Return it as `plan.json` holds it."""
        return {
            "key": self.key,
            "label": self.label,
            "value": self.value,
            "low": self.low,
            "high": self.high,
            "unit": self.unit,
            "quality": self.quality,
            "source": self.source,
        }


@dataclass(frozen=True)
class EconomyParameters:
    """How the economy swings around the path of the table `years`.

    `blocks` are years that happened, revenue and cost: how much more than usual revenue and
    cost per inhabitant grew in the country that year. A year is drawn whole, so that
    what happened together stays together. `worst_growth_share` is the real growth of
    the tax base over `worst_years` years in the worst period on record,
    `worst_period` its name.
    """

    parameters: Mapping[str, Parameter]
    block_years: tuple[int, ...]
    blocks: tuple[tuple[float, float], ...]
    worst_period: str
    worst_years: int
    worst_growth_share: float

    def __getitem__(self, key: str) -> float:
        """Return the value of a parameter; KeyError if there is none of that name."""
        return self.parameters[key].value

    def with_values(self, **values: float) -> EconomyParameters:
        """Return the same with other values; KeyError for an unknown parameter."""
        parameters = dict(self.parameters)
        for key, value in values.items():
            parameters[key] = replace(parameters[key], value=float(value))
        return replace(self, parameters=parameters)

    def assumed_bases(self) -> tuple[str, ...]:
        """Return the keys of `BASIS_LABELS` of which some parameter is assumed."""
        found = {p.rests_on for p in self.parameters.values() if p.assumed}
        return tuple(key for key in BASIS_LABELS if key in found)


@cache
def default_parameters() -> EconomyParameters:
    """Return the built-in parameters, read from `defaults/economy.toml`."""
    content: dict[str, Any] = tomllib.loads(DEFAULTS.read_text(encoding="utf-8"))
    rows = {row["key"]: Parameter(**row) for row in content["parameter"]}
    worst = content["worst"]
    blocks = content["block"]
    return EconomyParameters(
        parameters=rows,
        block_years=tuple(int(block["year"]) for block in blocks),
        blocks=tuple(
            (float(block["revenue_share"]), float(block["cost_share"]))
            for block in blocks
        ),
        worst_period=worst["period"],
        worst_years=int(worst["years"]),
        worst_growth_share=float(worst["real_growth_share"]),
    )


@cache
def nation_parameter() -> Parameter:
    """Return what a population forecast assumes of the nation's growth."""
    path = DEFAULTS.with_name("migration.toml")
    nation: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))["nation"]
    return Parameter(
        key="nation_growth_error_share",
        label=later("Felet i rikets väntade folkökning, per år"),
        value=float(nation["growth_error_share"]),
        low=float(nation["growth_error_low_share"]),
        high=float(nation["growth_error_high_share"]),
        unit="andel",
        rests_on="population",
        quality="antagande",
        sample="",
        source=later(
            "Egen bedömning, gjord när utfallet 2025 var känt; en enkel regel missade "
            "med 0,33 procentenheter om året 1970–2019"
        ),
    )


def build_parameters(tables: Tables | None = None) -> EconomyParameters:
    """Return the parameters with the underlag's table `uncertainty` laid over them.

    A blank value keeps the built-in one; a row's own limits, source and quality follow
    its value.
    """
    parameters = default_parameters()
    if tables is None or "uncertainty" not in tables:
        return parameters
    rows = dict(parameters.parameters)
    for row in tables["uncertainty"].records():
        known = rows.get(row["parameter"])
        if known is None or row["value"] is None:
            continue
        rows[known.key] = replace(
            known,
            value=float(row["value"]),
            low=float(row["value"] if row["low"] is None else row["low"]),
            high=float(row["value"] if row["high"] is None else row["high"]),
            quality=row["quality"] or "antagande",
            source=row["source"] or "",
            sample="",
        )
    return replace(parameters, parameters=rows)


def check_uncertainty(tables: Tables) -> Iterable[Issue]:
    """Find parameters outside what they can be, and limits on the wrong side.

    Shares lie within 0 and 1, persistence and correlations below 1, years from 1 up,
    and a value between its own limits.
    """
    table = tables["uncertainty"]
    known = default_parameters().parameters
    for index, row in enumerate(table.records()):
        parameter, value = known.get(row["parameter"]), row["value"]
        if parameter is None or value is None:
            continue
        least, most = _LIMITS.get(parameter.unit, (0.0, 0.99))
        low, high = row["low"], row["high"]
        faults = (
            ("value", value, least, most),
            ("low", low, least, value),
            ("high", high, value, most),
        )
        for column, number, minimum, maximum in faults:
            if number is not None and not minimum <= number <= maximum:
                yield issue(
                    "cell_range",
                    "uncertainty",
                    table.rows[index],
                    column,
                    value=shown(float(number)),
                    min=shown(float(minimum)),
                    max=shown(float(maximum)),
                )
                break

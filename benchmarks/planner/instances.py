"""What does a hard planning question look like, at any size? Made-up municipalities.

`generate` returns a whole underlag: a municipality whose economy fits its wish list,
so that the same question can be asked for 60 projects or 3,000. Nothing in it exists.
Same arguments, same tables, on every machine.

How an instance is made (the shares are drawn project by project):

* **Wishes.** Lognormal sizes (median 15 mkr), 1-4 years of building, 5-15 allowed
  starts, parts with lives of 5-80 years, running costs that rise or fall, waiting costs
  for what wears out. One project in five has 2-3 alternatives, one in eight requires
  another (with a lag), some exclude or follow each other, 7 % must be done by a
  deadline, a few are paid by fees.
* **Value.** Five criteria. The worth of a project follows its cost, within a factor of
  `WORTH`, so there is no long row of bargains to begin with; each has a profile of its
  own, so viewpoints want different plans. No goal is priced in points.
* **Room.** The pace is `share of the wishes / years` a year. Revenue, opening debt,
  depreciation of what exists and staff are scaled to that pace. Other costs are then
  set, year by year, so that a programme of that pace just keeps the result goal, and
  the debt ceiling (one per term of office) and the self-financing goal lie where that
  programme takes them. Hence result, debt, self-financing and three skills all bind,
  in many years at once.

Leaves out: `aim` goals, uncertainty, population by age. `python instances.py --help`
writes an instance as an underlag folder for `rodtrad`.
"""

from __future__ import annotations

import argparse
import math
import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rodtrad.domain.components import build_tables
from rodtrad.sources.csv_folder import write_csv_folder

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rodtrad.domain.components import Tables

Row = dict[str, Any]

# The share of all wishes that the municipality can afford.
TIGHTNESS: Final = {"loose": 0.75, "tight": 0.45, "very_tight": 0.25}
BASE_YEAR: Final = 2025
TERM: Final = 4  # years between elections

# Value per krona: lowest and highest, relative.
WORTH: Final = (0.5, 1.5)
MEDIAN_TKR: Final = 15_000.0
SPREAD: Final = 1.2
SIZES_TKR: Final = (500.0, 800_000.0)

# The municipality, as shares of taxes and general grants in the base year.
PACE: Final = 0.10
RESULT_GOAL: Final = 0.015
OLD_DEPRECIATION: Final = 0.05
OLD_FADES: Final = 0.04  # of it, a year
OPENING_LOANS: Final = 0.30
TAX_GROWTH, COST_GROWTH, BUILD_GROWTH, INTEREST = 0.035, 0.028, 0.028, 0.028
REVENUE_PER_INHABITANT_TKR: Final = 76.0
# A plan that chooses well needs fewer hands and lower running costs than the average.
SKILL: Final = 1.2
THRIFT: Final = 0.02
# Self-financing may dip below the even programme's, so that the debt ceiling counts.
EASE: Final = 0.93

CRITERIA: Final = {
    "behov": ("Behov och lagkrav", 30.0),
    "skick": ("Skick och risk", 25.0),
    "klimat": ("Klimat och energi", 15.0),
    "beredskap": ("Beredskap", 10.0),
    "livskvalitet": ("Livskvalitet", 20.0),
}
# viewpoint: criterion, relation, value. Points fix every weight, orders and shares
# leave a region.
VIEWPOINTS: Final = {
    "Behov först": (
        ("behov", ">=", "skick"),
        ("skick", ">=", "livskvalitet"),
        ("livskvalitet", ">=", "klimat"),
        ("klimat", ">=", "beredskap"),
    ),
    "Vårda det vi har": (
        ("skick", "min", 0.35),
        ("behov", "max", 0.3),
        ("livskvalitet", "max", 0.15),
    ),
    "Poäng: klimat": (
        ("behov", "min", 0.2),
        ("behov", "max", 0.2),
        ("skick", "min", 0.15),
        ("skick", "max", 0.15),
        ("klimat", "min", 0.4),
        ("klimat", "max", 0.4),
        ("beredskap", "min", 0.1),
        ("beredskap", "max", 0.1),
        ("livskvalitet", "min", 0.15),
        ("livskvalitet", "max", 0.15),
    ),
    "Trygghet": (
        ("beredskap", ">=", "klimat"),
        ("beredskap", ">=", "livskvalitet"),
        ("beredskap", "min", 0.2),
        ("behov", "min", 0.2),
    ),
    "En levande kommun": (
        ("livskvalitet", ">=", "behov"),
        ("livskvalitet", "min", 0.3),
        ("skick", "max", 0.25),
        ("beredskap", "max", 0.1),
    ),
}
SKILLS: Final = ("projektledning", "ingenjörer", "upphandling")
AREAS: Final = ("norr", "söder", "öster", "väster", "centrum", "kusten", "skogen")
AREA_IDS: Final = ("norr", "soder", "oster", "vaster", "centrum", "kusten", "skogen")


@dataclass(frozen=True)
class Sort:
    """A sort of project: its words, parts (share, life) and running costs per krona."""

    name: str
    committee: str
    driver: str
    nira: str
    favours: str
    parts: tuple[tuple[str, float, int | None], ...]
    operating: tuple[float, float]
    wears_out: bool
    fees: float = 0.0


SORTS: Final = (
    Sort("Skola", "Barn- och utbildningsnämnden", "befolkning", "N60 R40", "behov",
        (("Mark", 0.04, None), ("Stomme", 0.4, 80), ("Klimatskal", 0.2, 40), ("Installationer", 0.28, 30), ("Inredning", 0.08, 15)), (0.005, 0.035), False),
    Sort("Förskola", "Barn- och utbildningsnämnden", "befolkning", "N", "behov",
        (("Stomme", 0.42, 80), ("Klimatskal", 0.22, 40), ("Installationer", 0.28, 25), ("Inredning", 0.08, 10)), (0.0, 0.04), False),
    Sort("Boende", "Socialnämnden", "befolkning", "N", "behov",
        (("Mark", 0.05, None), ("Stomme", 0.4, 80), ("Klimatskal", 0.2, 40), ("Installationer", 0.35, 25)), (0.005, 0.03), False),
    Sort("Takbyte", "Samhällsbyggnadsnämnden", "skick", "R", "skick",
        (("Tak", 0.8, 40), ("Plåt", 0.2, 30)), (-0.01, 0.0), True),
    Sort("Ombyggnad", "Samhällsbyggnadsnämnden", "skick", "R70 A30", "skick",
        (("Klimatskal", 0.3, 40), ("Installationer", 0.5, 30), ("Ytskikt", 0.2, 15)), (-0.015, 0.01), True),
    Sort("Gata", "Samhällsbyggnadsnämnden", "skick", "R", "skick",
        (("Underbyggnad", 0.4, 60), ("Bärlager", 0.3, 40), ("Slitlager", 0.3, 20)), (-0.01, 0.01), True),
    Sort("Ledning", "Samhällsbyggnadsnämnden", "skick", "R", "beredskap",
        (("Ledningar", 0.85, 70), ("Pumpar", 0.15, 15)), (-0.01, 0.01), True, 0.7),
    Sort("Energi", "Kommunstyrelsen", "klimat", "A", "klimat",
        (("Anläggning", 0.7, 25), ("Styrning", 0.3, 10)), (-0.05, -0.01), False),
    Sort("Reservkraft", "Kommunstyrelsen", "beredskap", "N", "beredskap",
        (("Anläggning", 1.0, 25),), (0.005, 0.03), False),
    Sort("Park", "Kultur- och fritidsnämnden", "politiskt_mal", "N", "livskvalitet",
        (("Mark och växter", 0.4, None), ("Anläggning", 0.6, 20)), (0.0, 0.03), False),
    Sort("Idrottshall", "Kultur- och fritidsnämnden", "politiskt_mal", "N", "livskvalitet",
        (("Stomme", 0.4, 60), ("Klimatskal", 0.25, 40), ("Installationer", 0.35, 25)), (0.01, 0.04), False),
    Sort("IT-stöd", "Kommunstyrelsen", "ekonomi", "A", "behov",
        (("System", 1.0, 5),), (-0.12, 0.02), False),
)  # fmt: skip


@dataclass(frozen=True)
class Alternative:
    """A way to carry a wish out; money in tkr, `use` per skill and year of building."""

    alternative_id: str
    build_years: int
    outlay: tuple[float, ...]
    income: tuple[float, ...]
    operating: tuple[float, ...]
    scores: Mapping[str, float]
    use: Mapping[str, tuple[float, ...]]


@dataclass(frozen=True)
class Wish:
    """A project on the wish list. Years are numbered from the plan's first, 0."""

    project_id: str
    name: str
    sort: Sort
    area: str
    earliest: int
    latest: int
    must_do: bool
    deadline: int | None
    fees: bool
    waiting_cost: float
    alternatives: tuple[Alternative, ...]

    @property
    def cost(self) -> float:
        """Outlay less income of the first alternative, tkr."""
        first = self.alternatives[0]
        return sum(first.outlay) - sum(first.income)


@dataclass
class Economy:
    """The municipality around the wish list, tkr and shares, per plan year."""

    revenue: float
    population: float
    old_depreciation: list[float]
    lasting_change: list[float] = field(default_factory=list)
    net_loans_share: list[float] = field(default_factory=list)
    self_financing: list[float] = field(default_factory=list)


def generate(projects: int, tightness: str, seed: int, years: int = 20) -> Tables:
    """Return the underlag of a made-up municipality with this many projects.

    Args:
        projects: length of the wish list, at least 5.
        tightness: `loose`, `tight` or `very_tight`: 75, 45 or 25 % of the wishes can
            be afforded.
        seed: another number gives another municipality.
        years: length of the plan, at least 10.

    Raises:
        ValueError: an argument is outside what is said above.
    """
    if projects < 5 or years < 10 or tightness not in TIGHTNESS:
        raise ValueError(f"no such instance: {projects}, {tightness!r}, {years} years")
    share = TIGHTNESS[tightness]
    draw = random.Random(f"rodtrad:{projects}:{tightness}:{seed}:{years}")
    costs, builds = _sizes(draw, projects, share, years)
    room = share * sum(costs) / years
    sorts = [draw.choice(SORTS) for _ in range(projects)]
    profiles = [_profile(draw, sort) for sort in sorts]
    worth = [cost * draw.uniform(*WORTH) for cost in costs]
    # No score may pass 100; a larger alternative is worth up to a fifth more.
    top = 1.2 * max(
        value * max(profile.values())
        for value, profile in zip(worth, profiles, strict=True)
    )
    wishes = [
        _wish(
            draw,
            number,
            costs[number],
            builds[number],
            sorts[number],
            {
                k: 100 * worth[number] / top * part
                for k, part in profiles[number].items()
            },
            room,
            years,
        )
        for number in range(projects)
    ]
    economy = _economy(draw, wishes, share, years)
    return build_tables(
        {
            **_municipality_rows(economy, tightness, seed, years),
            **_goal_rows(economy, years),
            **_project_rows(wishes),
            "relations": _relation_rows(draw, wishes),
            "resources": _resource_rows(draw, wishes, share, years),
        }
    )


# ---------------------------------------------------------------- the wish list


def _sizes(
    draw: random.Random, projects: int, share: float, years: int
) -> tuple[list[float], list[int]]:
    """Cost in tkr and years of building, none too large for the room it shares.

    A project that fills a year's whole room makes the relaxation weak and the question
    a different one: no plan at all, rather than which plan.
    """
    costs = [
        min(max(draw.lognormvariate(math.log(MEDIAN_TKR), SPREAD), SIZES_TKR[0]), SIZES_TKR[1])
        for _ in range(projects)
    ]  # fmt: skip
    builds = [
        1
        if cost < 5_000
        else draw.randint(1, 2)
        if cost < 30_000
        else draw.randint(2, 4)
        for cost in costs
    ]
    room = share * sum(costs) / years
    return [
        min(cost, 0.4 * room * build) for cost, build in zip(costs, builds, strict=True)
    ], builds


def _wish(
    draw: random.Random,
    number: int,
    cost: float,
    build: int,
    sort: Sort,
    scores: Mapping[str, float],
    room: float,
    years: int,
) -> Wish:
    earliest = draw.randint(0, max(years - 10, 0))
    width = draw.randint(5, 15)
    latest = min(earliest + width - 1, years - 1 - build)
    ways = draw.choices((1, 2, 3), weights=(80, 13, 7))[0]
    # Must-dos are small, so that there is always a plan that holds them all.
    must_do = draw.random() < 0.14 and cost < min(MEDIAN_TKR, 0.3 * room * build)
    running = draw.uniform(*sort.operating)
    income = draw.uniform(0.1, 0.3) if draw.random() < 0.1 else 0.0
    alternatives = []
    for way in range(ways):
        scale = 1.0 if way == 0 else draw.uniform(0.45, 1.15)
        worth = 1.0 if way == 0 else scale ** draw.uniform(0.6, 1.2)
        alternatives.append(
            _alternative(
                draw,
                "abc"[way],
                build,
                cost * scale,
                income,
                running + (0.0 if way == 0 else draw.uniform(-0.005, 0.005)),
                {key: worth * score for key, score in scores.items()},
            )
        )
    soonest = earliest + build
    return Wish(
        project_id=f"p{number + 1:04d}",
        name=f"{sort.name} {number + 1}",
        sort=sort,
        area=draw.choice(AREA_IDS),
        earliest=earliest,
        latest=latest,
        must_do=must_do,
        deadline=min(soonest + draw.randint(3, 8), years - 1) if must_do else None,
        fees=draw.random() < sort.fees,
        waiting_cost=round(cost * draw.uniform(0.001, 0.006)) if sort.wears_out else 0,
        alternatives=tuple(alternatives),
    )


def _profile(draw: random.Random, sort: Sort) -> dict[str, float]:
    """A factor per criterion whose mean, by the criteria's own weights, is 1."""
    raw = {
        key: draw.uniform(0.2, 1.0) * (2.5 if key == sort.favours else 1.0)
        for key in CRITERIA
    }
    weights = {key: weight for key, (_name, weight) in CRITERIA.items()}
    mean = sum(raw[key] * weights[key] for key in raw) / sum(weights.values())
    return {key: part / mean for key, part in raw.items()}


def _alternative(
    draw: random.Random,
    alternative_id: str,
    build: int,
    cost: float,
    income: float,
    running: float,
    scores: Mapping[str, float],
) -> Alternative:
    parts = [draw.uniform(0.5, 1.5) for _ in range(build)]
    outlay = tuple(float(max(round(cost * part / sum(parts)), 1)) for part in parts)
    settled = round(sum(outlay) * running)
    first = round(settled * draw.uniform(0.3, 1.0))
    mix = [draw.uniform(0.4, 1.0) for _ in SKILLS]
    strain = draw.uniform(0.8, 1.2)
    return Alternative(
        alternative_id=alternative_id,
        build_years=build,
        outlay=outlay,
        income=tuple(float(round(amount * income)) for amount in outlay),
        operating=(first, settled) if first != settled else (settled,),
        scores={key: round(score, 4) for key, score in scores.items()},
        use={
            skill: tuple(
                round(part / sum(mix) * strain * (amount / 1000) ** 0.8, 2)
                for amount in outlay
            )
            for skill, part in zip(SKILLS, mix, strict=True)
        },
    )


# ---------------------------------------------------------------- the economy


def _economy(
    draw: random.Random, wishes: Sequence[Wish], share: float, years: int
) -> Economy:
    """The municipality that can just afford this share of the wishes.

    Follows an even programme, `share` of the wishes spread over all years, through the
    accounts: its depreciation, running and waiting costs, and interest on the net loans
    it leads to when every year's result is the goal.
    """
    total = sum(wish.cost for wish in wishes)
    pace = share * total / years
    revenue = float(round(pace / PACE, -3))
    wear = sum(_wear(wish) for wish in wishes) / total
    running = (
        sum(wish.alternatives[0].operating[-1] for wish in wishes if not wish.fees)
        / total
    ) - THRIFT
    old = [
        float(round(OLD_DEPRECIATION * revenue * (1 - OLD_FADES * t)))
        for t in range(years)
    ]
    economy = Economy(revenue, round(revenue / REVENUE_PER_INHABITANT_TKR), old)
    net = OPENING_LOANS * revenue
    built = used = 0.0
    # The pace grows as the tax base does beyond prices; its sum is the share's.
    growing = [((1 + TAX_GROWTH) / (1 + BUILD_GROWTH)) ** t for t in range(years)]
    growing = [years * part / sum(growing) for part in growing]
    own = [0.0] * years
    spent = [0.0] * years
    for t in range(years):
        prices, build = (1 + COST_GROWTH) ** (t + 1), (1 + BUILD_GROWTH) ** (t + 1)
        income = revenue * (1 + TAX_GROWTH) ** (t + 1)
        result = income * (RESULT_GOAL + draw.uniform(-0.001, 0.004))
        depreciation = old[t] + wear * used
        waiting = sum(
            wish.waiting_cost * (1 - share * t / years)
            for wish in wishes
            if wish.earliest <= t
        )
        own[t], spent[t] = result + depreciation, pace * build * growing[t]
        before = net
        net -= own[t] - spent[t]
        interest = INTEREST * (before + net) / 2
        costs = old[t] + wear * used + interest
        costs += prices * (waiting + running * pace * max(t - 1, 0))
        # What other costs may grow by, in the base year's prices, and no more.
        free = income - result - costs - (1 - 0.045 - OLD_DEPRECIATION) * revenue * prices  # fmt: skip
        economy.lasting_change.append(float(round(free / prices)))
        economy.net_loans_share.append(net / income)
        used, built = built, built + spent[t]
    for t in range(2, years):
        window = slice(t - 2, t + 1)
        economy.self_financing.append(sum(own[window]) / sum(spent[window]))
    return economy


def _wear(wish: Wish) -> float:
    """A full year's depreciation of a wish, tkr."""
    return wish.cost * sum(
        part / life for _name, part, life in wish.sort.parts if life is not None
    )


def _municipality_rows(
    economy: Economy, tightness: str, seed: int, years: int
) -> dict[str, list[Row]]:
    revenue = economy.revenue
    settings = {
        "municipality_name": f"Provköping {seed} ({tightness})",
        "base_year": BASE_YEAR,
        "plan_start": BASE_YEAR + 1,
        "plan_end": BASE_YEAR + years,
        "discount_rate": 0.03,
        "min_cash_tkr": round(0.03 * revenue),
        "remark": "Kommunen finns inte. Allt är påhittat för att pröva planeraren.",
    }
    # Everything but new projects costs what revenue leaves after the base result.
    statement = {
        "ri": 0.2 * revenue,
        "rk": -(0.2 + 1 - 0.045 - OLD_DEPRECIATION) * revenue,
        "ra": -OLD_DEPRECIATION * revenue,
        "rs": 0.75 * revenue,
        "rg": 0.25 * revenue,
        "fi": 0.0,
        "fk": -INTEREST * OPENING_LOANS * revenue,
    }
    balance = {
        "fixed_assets": 1.2 * revenue,
        "financial_assets": 0.05 * revenue,
        "other_assets": 0.1 * revenue,
        "cash": 0.05 * revenue,
        "provisions": 0.04 * revenue,
        "loans": (OPENING_LOANS + 0.02) * revenue,
        "other_liabilities": 0.25 * revenue,
    }
    amounts = {line: round(amount) for line, amount in balance.items()}
    assets = ("fixed_assets", "financial_assets", "other_assets", "cash")
    debts = ("provisions", "loans", "other_liabilities")
    amounts["equity"] = sum(amounts[a] for a in assets) - sum(amounts[d] for d in debts)
    return {
        "settings": [{"key": k, "value": str(v)} for k, v in settings.items()],
        "years": [
            {
                "year": BASE_YEAR + t,
                "population": economy.population,
                "tax_base_growth": TAX_GROWTH,
                "cost_growth": COST_GROWTH,
                "construction_growth": BUILD_GROWTH,
                "interest_rate": INTEREST,
                "lasting_change_tkr": _change(economy.lasting_change, t),
            }
            for t in range(years + 1)
        ],
        "statement": [
            {"line": line, "year": BASE_YEAR, "amount": round(amount)}
            for line, amount in statement.items()
        ],
        "balance": [{"line": k, "amount": v} for k, v in amounts.items()],
        "existing": [
            {"year": BASE_YEAR + 1 + t, "depreciation_tkr": amount}
            for t, amount in enumerate(economy.old_depreciation)
        ],
        "areas": [
            {
                "area": area,
                "name": name.capitalize(),
                "lat": round(57.5 + 0.05 * math.sin(2 * math.pi * i / len(AREAS)), 4),
                "lon": round(15.5 + 0.09 * math.cos(2 * math.pi * i / len(AREAS)), 4),
            }
            for i, (area, name) in enumerate(zip(AREA_IDS, AREAS, strict=True))
        ],
        "criteria": [
            {"criterion": key, "name": name, "weight": weight}
            for key, (name, weight) in CRITERIA.items()
        ],
        "viewpoints": [
            {"viewpoint": v, "criterion": c, "relation": relation, "value": value}
            for v, rows in VIEWPOINTS.items()
            for c, relation, value in rows
        ],
    }


def _change(levels: Sequence[float], t: int) -> float:
    """The step from the year before: a lasting change stays for ever."""
    if t == 0:
        return 0.0
    return levels[t - 1] - (levels[t - 2] if t > 1 else 0.0)


def _goal_rows(economy: Economy, years: int) -> dict[str, list[Row]]:
    first, last = BASE_YEAR + 1, BASE_YEAR + years
    goals: list[Row] = [
        {
            "goal_id": "resultat",
            "name": "Resultat minst 2 procent varje år",
            "indicator": "res_andel",
            "operator": ">=",
            "value": RESULT_GOAL,
            "from_year": first,
            "to_year": last,
        }
    ]
    for t in range(0, years, TERM):
        end = min(t + TERM, years)
        ceiling = max(economy.net_loans_share[t:end])
        goals.append(
            {
                "goal_id": f"lanetak_{first + t}",
                "name": f"Lånetak {first + t}-{first + end - 1}",
                "indicator": "nettolan",
                "operator": "<=",
                "value": math.floor(ceiling * 200) / 200,
                "from_year": first + t,
                "to_year": first + end - 1,
            }
        )
    windows = economy.self_financing
    for t in range(0, len(windows), 2 * TERM):
        end = min(t + 2 * TERM, len(windows))
        goals.append(
            {
                "goal_id": f"egna_pengar_{first + t}",
                "name": f"Egna pengar till investeringar från {first + t}",
                "indicator": "sfg",
                "operator": ">=",
                "value": math.floor(EASE * min(windows[t:end]) * 50) / 50,
                # A window that ends in year t + 2 begins in year t.
                "from_year": first + t,
                "to_year": first + end + 1,
                "period": "average:3",
            }
        )
    return {"goals": [{**goal, "level": "must"} for goal in goals]}


# ---------------------------------------------------------------- rows


def _project_rows(wishes: Sequence[Wish]) -> dict[str, list[Row]]:
    rows: dict[str, list[Row]] = {
        name: []
        for name in ("projects", "alternatives", "outlays", "effects", "parts", "scores", "resource_use")
    }  # fmt: skip
    first = BASE_YEAR + 1
    for wish in wishes:
        rows["projects"].append(
            {
                "project_id": wish.project_id,
                "name": wish.name,
                "committee": wish.sort.committee,
                "area": wish.area,
                "driver": wish.sort.driver,
                "nira": wish.sort.nira,
                "must_do": wish.must_do,
                "deadline_year": None
                if wish.deadline is None
                else first + wish.deadline,
                "earliest_year": first + wish.earliest,
                "latest_year": first + wish.latest,
                "financing": "taxa" if wish.fees else "skatt",
                "waiting_cost": wish.waiting_cost,
            }
        )
        for way in wish.alternatives:
            key = {"project_id": wish.project_id, "alternative_id": way.alternative_id}
            rows["alternatives"].append({**key, "build_years": way.build_years})
            rows["outlays"] += [
                {**key, "offset": i, "outlay": outlay, "income": income}
                for i, (outlay, income) in enumerate(
                    zip(way.outlay, way.income, strict=True)
                )
            ]
            rows["effects"] += [
                {**key, "offset": i, "operating": amount}
                for i, amount in enumerate(way.operating)
            ]
            rows["parts"] += [
                {**key, "component": name, "share": share, "useful_life_years": life}
                for name, share, life in wish.sort.parts
            ]
            rows["scores"] += [
                {**key, "criterion": criterion, "score": score}
                for criterion, score in way.scores.items()
            ]
            rows["resource_use"] += [
                {**key, "resource": skill, "offset": i, "amount": amount}
                for skill, amounts in way.use.items()
                for i, amount in enumerate(amounts)
            ]
    return rows


def _relation_rows(draw: random.Random, wishes: Sequence[Wish]) -> list[Row]:
    """Relations that leave every project a start: what is required fits before it."""
    rows: list[Row] = []
    paired: set[str] = set()
    needing: set[str] = set()
    for number, wish in enumerate(wishes):
        luck, lag = draw.random(), draw.randint(0, 2)
        other = wishes[draw.randrange(len(wishes))]
        if luck > 0.23 or wish.must_do or wish.project_id in paired or not number:
            continue
        if luck < 0.17:
            # Always one with a lower number, and never between pairs: no circles.
            other = wishes[int(number * luck / 0.17)]
            ready = other.earliest + other.alternatives[0].build_years + lag
            if ready > wish.latest:
                continue
            kind = "requires"
            needing.add(wish.project_id)
        else:
            pair = {wish.project_id, other.project_id}
            if len(pair) < 2 or other.must_do or pair & (paired | needing):
                continue
            kind, lag = ("excludes" if luck < 0.20 else "together"), 0
            paired |= pair
        rows.append(
            {
                "kind": kind,
                "project_id": wish.project_id,
                "other_id": other.project_id,
                "lag_years": lag,
            }
        )
    return rows


def _resource_rows(
    draw: random.Random, wishes: Sequence[Wish], share: float, years: int
) -> list[Row]:
    """Staff for an even programme, a little more or less from year to year.

    Never fewer than the most demanding project needs alone: no wish is a dead letter.
    """
    rows = []
    for skill in SKILLS:
        uses = [wish.alternatives[0].use[skill] for wish in wishes]
        needed, most = sum(map(sum, uses)), max(map(max, uses))
        for t in range(years):
            level = SKILL * share * needed / years * draw.uniform(0.9, 1.1)
            rows.append(
                {
                    "resource": skill,
                    "year": BASE_YEAR + 1 + t,
                    "available": math.ceil(max(level, most) * 10) / 10,
                }
            )
    return rows


def main() -> None:
    """Write one instance as an underlag folder."""
    parser = argparse.ArgumentParser(description="Write an instance as an underlag.")
    parser.add_argument("projects", type=int)
    parser.add_argument("tightness", choices=sorted(TIGHTNESS))
    parser.add_argument("seed", type=int)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--years", type=int, default=20)
    options = parser.parse_args()
    tables = generate(
        options.projects, options.tightness, options.seed, options.years
    )  # fmt: skip
    write_csv_folder(tables, options.folder)


if __name__ == "__main__":
    main()

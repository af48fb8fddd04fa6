"""Which projects would meet the renewal need? Rows ready for the planner.

Components of one building or one street that come due at about the same time become
one project ("dig once"), or two that belong together where fees carry one part and
taxes the other. Each has the ways to meet the need as alternatives: renew, mend now and renew
later, mend only, and dispose of what is not needed for its consequence.
When to start is the planner's choice: each project carries its cost of waiting. Rows
are suggestions with their assumptions in `source`; whoever knows the house corrects
them. Leaves out places (places_candidates).
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from rodtrad.domain.components import build_tables
from rodtrad.domain.part_states import WHOLE
from rodtrad.domain.register import waiting_defaults
from rodtrad.domain.words import (
    _,
    later,
    list_text,
    money_text,
    names_text,
    plural,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rodtrad.domain.arrays import Array
    from rodtrad.domain.components import Tables
    from rodtrad.domain.register import Register
    from rodtrad.needs.renewal import LifeBeliefs, RenewalNeed
    from rodtrad.needs.waiting import WaitingCosts

Rows = dict[str, list[dict[str, Any]]]

TABLES: Final = (
    "projects",
    "alternatives",
    "outlays",
    "effects",
    "parts",
    "scores",
    "relations",
)
# What fees carry: by the asset's kind, or by the class of the component.
_FEE_KINDS: Final = re.compile(
    r"vatten|avlopp|pumpstation|reningsverk|ledning|återvinning|avfall|renhållning|\bva\b"
)
_FEE_CLASSES: Final = frozenset({"va_ledning", "pump", "pumpstation_bygg", "process"})
_LARGE_TKR: Final = 20_000.0
_SOURCE: Final = later("Beräknat ur registret; se metodsidan Förnyelsebehov")


@dataclass(frozen=True)
class CandidateSettings:
    """What counts as a project of its own.

    `due_share` is the probability by the end of the plan from which a component is
    included. Those in one place that come due within `window_years` are done at once.
    Projects below `least_tkr` are left to the yearly upkeep. Only assets of at most
    `dispose_consequence` and without places in use may be disposed of.
    """

    due_share: float = 0.5
    window_years: int = 5
    least_tkr: float = 500.0
    dispose_consequence: int = 1


@dataclass(frozen=True)
class Candidates:
    """Suggested projects.

    `rows` are by table, in the order of the project ids. `components` tells which
    places of the register each project renews. `left_out_tkr` is the replacement cost
    of what is due but too small to be a project.
    """

    rows: Rows
    components: dict[str, tuple[int, ...]]
    left_out_tkr: float


@dataclass
class _Bundle:
    place: str
    street: bool
    members: list[int] = field(default_factory=list)
    due: list[int] = field(default_factory=list)
    # Of the whole work, where this is one part of it.
    first_due: int = 0
    shared: bool = False


def suggest_renewals(
    tables: Tables,
    register: Register,
    beliefs: LifeBeliefs,
    need: RenewalNeed,
    waiting: WaitingCosts,
    settings: CandidateSettings | None = None,
) -> Candidates:
    """Projects with alternatives for what comes due within the plan.

    Args:
        tables: for the plan's years, the criteria and the premises in use.
        register: the components.
        beliefs: to say whether lives rest on expectation alone.
        need: forecast at least to the end of the plan.
        waiting: costs of waiting to the end of the plan.
        settings: what counts as a project.

    Returns:
        Rows of projects, alternatives, outlays, effects, parts, scores and relations.
        The same need gives the same ids, whatever the order of the rows.

    Raises:
        ValueError: the forecast ends before the plan.

    Source:
        DESIGN 3 (tables), METHODS 7.3 (waiting), domain/defaults/waiting.toml. Method
        page: docs/method/renewal.md.
    """
    settings = settings or CandidateSettings()
    start, end = tables.settings["plan_start"], tables.settings["plan_end"]
    last = min(int(need.years[-1]), int(waiting.years[-1]))
    if last < end:
        raise ValueError("the need must be forecast to the end of the plan")
    bundles = _bundles(register, need, end, settings)
    in_use = {
        row["asset_id"]
        for row in tables["premises"].records()
        if row["places"] and (row["to_year"] is None or row["to_year"] >= start)
    }
    writer = _Writer(tables, register, beliefs, waiting, need, settings, in_use)
    left_out = 0.0
    groups: dict[str, int] = defaultdict(int)
    for bundle in bundles:
        groups[bundle.place] += 1
    for bundle in bundles:
        written = []
        for part in _by_payer(register, bundle):
            cost = float(register.replacement_cost_tkr[part.members].sum())
            if cost < max(settings.least_tkr, 1.0):
                left_out += cost
                continue
            written.append(writer.write(part, alone=groups[bundle.place] == 1))
        if len(written) == 2:
            writer.relate(*written)
    for name in TABLES:
        writer.rows[name].sort(key=lambda row: str(row["project_id"]))
    return Candidates(dict(writer.rows), writer.components, left_out)


def add_projects(tables: Tables, rows: Rows) -> Tables:
    """The tables with suggested projects; one already there by its id is kept as it is.

    Source:
        DESIGN 3. Method page: docs/method/renewal.md.
    """
    there = set(tables["projects"]["project_id"])
    data = {name: list(table.records()) for name, table in tables.items()}
    for name, new in rows.items():
        data[name] += [row for row in new if row["project_id"] not in there]
    return build_tables(data)


def book_value_left_tkr(
    register: Register, places: Sequence[int] | NDArray[np.int64], year: int
) -> Array:
    """Book value left of components when a year begins, `[component]`, nominal.

    Written down evenly from the base year's end over what is left of the useful life;
    where nothing is left of it, over a year.

    Args:
        register: with book values at the end of the base year.
        places: of the components.
        year: the first year in which the old is no longer used.

    Source:
        Straight-line depreciation to the year before. Method page:
        docs/method/renewal.md.
    """
    age = register.age_years[places]
    left_years = np.maximum(register.useful_life_years[places] - age, 1.0)
    # What is still to be put in is not written down before that.
    spent_years = year - 1 - register.base_year + np.minimum(age, 0.0)
    left_years = np.where(age < 0, register.useful_life_years[places], left_years)
    share = np.clip(1 - np.maximum(spent_years, 0.0) / left_years, 0.0, 1.0)
    return np.asarray(register.book_value_tkr[places] * share)


def _bundles(
    register: Register, need: RenewalNeed, end: int, settings: CandidateSettings
) -> list[_Bundle]:
    """What is due by the end of the plan, together where place and time coincide."""
    column = int(end - need.years[0])
    reached = need.due_share[:, : column + 1] >= settings.due_share
    due = np.where(reached.any(axis=1), need.years[0] + reached.argmax(axis=1), 0)
    by_place: dict[tuple[str, bool], list[int]] = defaultdict(list)
    for i in (int(j) for j in np.flatnonzero(due)):
        if register.replacement_cost_tkr[i] <= 0:
            continue
        asset = register.assets[register.asset[i]]
        key = (asset.street, True) if asset.street else (asset.asset_id, False)
        by_place[key].append(i)
    found: list[_Bundle] = []
    for (place, street), members in sorted(by_place.items()):
        members.sort(key=lambda i: (due[i], register.key(i)))
        bundle: _Bundle | None = None
        for i in members:
            if bundle is None or due[i] > bundle.due[0] + settings.window_years:
                bundle = _Bundle(place, street)
                found.append(bundle)
            bundle.members.append(i)
            bundle.due.append(int(due[i]))
    return found


def _is_fee(register: Register, place: int) -> bool:
    """Whether fees carry the component."""
    kind = register.assets[register.asset[place]].kind.casefold()
    own = register.classes[register.life_class[place]].key in _FEE_CLASSES
    return own or bool(_FEE_KINDS.search(kind))


def _by_payer(register: Register, bundle: _Bundle) -> list[_Bundle]:
    """The work parted into what taxes and what fees carry: they may not pay each other."""
    parts: dict[bool, _Bundle] = {}
    for member, due in zip(bundle.members, bundle.due, strict=True):
        fee = _is_fee(register, member)
        if fee not in parts:
            first, shared = min(bundle.due), len(bundle.members) > 1
            parts[fee] = _Bundle(
                bundle.place, bundle.street, first_due=first, shared=shared
            )
        parts[fee].members.append(member)
        parts[fee].due.append(due)
    return [parts[fee] for fee in sorted(parts)]


def _slug(text: str) -> str:
    plain = unicodedata.normalize("NFD", text.casefold().replace("ø", "o"))
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return re.sub(r"[^a-z0-9]+", "_", plain.replace("æ", "ae")).strip("_")


def _lower(name: str) -> str:
    """The name inside a sentence: VVS keeps its capitals."""
    return name if name[1:2].isupper() else name[:1].lower() + name[1:]


class _Writer:
    """Writes the rows of one bundle after another."""

    def __init__(
        self,
        tables: Tables,
        register: Register,
        beliefs: LifeBeliefs,
        waiting: WaitingCosts,
        need: RenewalNeed,
        settings: CandidateSettings,
        in_use: set[str],
    ) -> None:
        self.register, self.beliefs, self.waiting = register, beliefs, waiting
        self.need, self.settings, self.in_use = need, settings, in_use
        self.plan_start = int(tables.settings["plan_start"])
        self.plan_end = int(tables.settings["plan_end"])
        self.criteria = [c for c in tables["criteria"]["criterion"] if c]
        self.rows: Rows = {name: [] for name in TABLES}
        self.components: dict[str, tuple[int, ...]] = {}
        self.shares = waiting_defaults()

    def relate(self, one: str, other: str) -> None:
        """Say that two projects are one work: both or neither."""
        row = {"kind": "together", "project_id": one, "other_id": other}
        mark = {"source": _(_SOURCE), "quality": "antagande"}
        self.rows["relations"].append(row | mark)

    def write(self, bundle: _Bundle, *, alone: bool) -> str:
        """Write one project with its alternatives and return its id."""
        register, members = self.register, bundle.members
        assets = sorted({int(register.asset[i]) for i in members})
        owner = register.assets[assets[0]]
        costs = register.replacement_cost_tkr[members]
        largest = int(members[int(np.argmax(costs))])
        project_id = self._id(bundle, largest)
        self.components[project_id] = tuple(sorted(members))
        earliest = min(max(self.plan_start, bundle.first_due - 2), self.plan_end)
        yearly = self._yearly(members, earliest)
        share = self.shares["shared_work_share"]
        kind = "street" if bundle.street else "building"
        saved = share[kind]["value"] if bundle.shared else 0.0
        outlay = round(float(costs.sum()) * (1 - saved))
        fee = _is_fee(register, members[0])
        assumed = any(
            self.beliefs.classes[register.life_class[i]].from_prior for i in members
        )
        place = owner.name if not bundle.street else bundle.place
        names = [
            register.names[i] or register.assets[register.asset[i]].name
            for i in members
        ]
        quality = "antagande" if assumed else "beräkning"
        mark = {"source": _(_SOURCE), "quality": quality}
        self.rows["projects"].append(
            {
                "project_id": project_id,
                "name": self._name(bundle, names, place),
                "committee": owner.committee,
                "area": owner.area,
                "asset_id": owner.asset_id if len(assets) == 1 else None,
                "driver": "skick",
                "nira": "R",
                "must_do": False,
                "earliest_year": earliest,
                "financing": "taxa" if fee else "skatt",
                "gate": "G0",
                "lat": owner.lat,
                "lon": owner.lon,
                "waiting_cost": round(yearly),
                "public": True,
                "description": self._description(bundle, names, costs, saved),
                **mark,
            }
        )
        scores = self._scores(members)
        key = {"project_id": project_id}
        self._renew(key, members, outlay, yearly, earliest, scores, mark)
        asset = owner
        consequence = int(register.consequence[largest])
        if (
            alone
            and not bundle.street
            and len(assets) == 1
            and asset.asset_id not in self.in_use
            and consequence <= self.settings.dispose_consequence
        ):
            self._dispose(key, assets[0], earliest, mark)
        return project_id

    # ------------------------------------------------------------ parts of a project

    def _id(self, bundle: _Bundle, largest: int) -> str:
        """An id of the place and the main component: the same next year."""
        name = self.register.names[largest]
        if bundle.street:
            asset = self.register.assets[self.register.asset[largest]].asset_id
            name = f"{asset} {name}" if name else asset
        text = "_".join(x for x in ("fornya", _slug(bundle.place), _slug(name)) if x)
        text = text[:60].rstrip("_")
        if text in self.components:
            where = self.register.key(largest)
            text += "_" + hashlib.sha256(where.encode()).hexdigest()[:6]
        return text

    def _name(self, bundle: _Bundle, names: Sequence[str], place: str) -> str:
        if len(bundle.members) == 1 and self.register.names[bundle.members[0]] == WHOLE:
            return _("Förnya {place}").format(place=place)
        parts = list(dict.fromkeys(_lower(n) for n in names))
        if len(parts) > 3:
            more = len(parts) - 2
            parts = [
                *parts[:2],
                plural("{n} del till", "{n} delar till", more).format(n=more),
            ]
        return _("{place}: förnya {parts}").format(place=place, parts=list_text(parts))

    def _description(
        self, bundle: _Bundle, names: Sequence[str], costs: Array, saved: float
    ) -> str:
        first, last = min(bundle.due), max(bundle.due)
        when = str(first) if first == last else f"{first}\u2013{last}"
        text = _("Väntas vara utslitet {when}: {parts}.").format(
            when=when, parts=names_text(list(dict.fromkeys(names)))
        )
        if saved:
            text += " " + _(
                "Görs allt arbete på platsen på en gång sparas omkring {kr} här."
            ).format(kr=money_text(float(costs.sum()) * saved))
        return text

    def _yearly(self, members: Sequence[int], earliest: int) -> float:
        """Mean cost of waiting a year, over the plan's years from the earliest start."""
        first = earliest - int(self.waiting.years[0])
        last = self.plan_end - int(self.waiting.years[0]) + 1
        return float(self.waiting.cost_tkr[members, first:last].sum(axis=0).mean())

    def _scores(self, members: Sequence[int]) -> float:
        """Need 0-100: how likely it is due within five years, by consequence."""
        register = self.register
        weight = register.replacement_cost_tkr[members]
        soon = min(4, self.need.due_share.shape[1] - 1)
        due = self.need.due_share[members, soon] @ weight / weight.sum()
        worst = int(register.consequence[list(members)].max())
        return float(round(100 * float(due) * (1 + worst) / 4, 1))

    def _alternative(
        self,
        key: dict[str, str],
        alternative_id: str,
        name: str,
        kind: str,
        build_years: int,
        outlays: Sequence[float],
        operating: Sequence[float],
        parts: Sequence[tuple[str, float, int]],
        scrapped: float,
        score: float,
        mark: dict[str, str],
    ) -> None:
        own = {**key, "alternative_id": alternative_id}
        self.rows["alternatives"].append(
            {
                **own,
                "name": name,
                "kind": kind,
                "build_years": build_years,
                "scrapped": float(round(scrapped)),
                **mark,
            }
        )
        self.rows["outlays"] += [
            {**own, "offset": i, "outlay": float(round(x)), "income": 0.0, **mark}
            for i, x in enumerate(outlays)
        ]
        self.rows["effects"] += [
            {**own, "offset": i, "operating": float(round(x)), **mark}
            for i, x in enumerate(operating)
        ]
        left = 1.0
        for i, (component, share, life) in enumerate(parts):
            share = round(share, 4) if i < len(parts) - 1 else round(left, 4)
            left -= share
            self.rows["parts"].append(
                {
                    **own,
                    "component": component,
                    "share": share,
                    "useful_life_years": life,
                    **mark,
                }
            )
        self.rows["scores"] += [
            {**own, "criterion": c, "score": round(score, 1), **mark}
            for c in self.criteria
        ]

    def _renew(
        self,
        key: dict[str, str],
        members: Sequence[int],
        outlay: float,
        yearly: float,
        earliest: int,
        score: float,
        mark: dict[str, str],
    ) -> None:
        register, shares = self.register, self.shares
        build = 2 if outlay > _LARGE_TKR else 1
        spend = [outlay / build] * build
        parts = self._parts(members)
        patch_years = int(shares["patch_years"]["value"])
        patch = float(shares["patch_cost_share"]["value"]) * outlay
        kept = yearly * (1 - float(shares["patch_relief_share"]["value"]))
        self._alternative(
            key,
            "fornya",
            _("Förnya"),
            "bygg_om",
            build,
            spend,
            [],
            parts,
            float(book_value_left_tkr(register, members, earliest + build).sum()),
            score,
            mark,
        )
        # Mended at once, renewed when the mending wears out: the plan may choose a
        # later year for the whole project too, but then nothing is mended meanwhile.
        later = book_value_left_tkr(register, members, earliest + patch_years)
        self._alternative(
            key,
            "senare",
            _("Laga nu och förnya om {n} år").format(n=patch_years),
            "bygg_om",
            1,
            [patch, *[0.0] * (patch_years - 1), outlay],
            [*[kept] * patch_years, 0.0],
            parts,
            float(later.sum()),
            0.6 * score,
            mark,
        )
        self._alternative(
            key,
            "laga",
            _("Laga och behåll"),
            "anpassa",
            1,
            [patch],
            [*[kept] * patch_years, yearly],
            [(_("lagning"), 1.0, patch_years)],
            0.0,
            0.3 * score,
            mark,
        )

    def _parts(self, members: Sequence[int]) -> list[tuple[str, float, int]]:
        """Depreciation parts by component name and life, largest last."""
        register = self.register
        cost: dict[tuple[str, int], float] = defaultdict(float)
        for i in members:
            name = register.names[i] or register.classes[register.life_class[i]].label
            life = int(register.useful_life_years[i])
            cost[name, life] += float(register.replacement_cost_tkr[i])
        names = [name for name, _life in cost]
        total = sum(cost.values())
        found = [
            # One name with two lives is two parts: the life tells them apart.
            (f"{n} ({life} år)" if names.count(n) > 1 else n, x / total, life)
            for (n, life), x in cost.items()
        ]
        return sorted(found, key=lambda part: (part[1], part[0]))

    def _dispose(
        self, key: dict[str, str], place: int, earliest: int, mark: dict[str, str]
    ) -> None:
        """Tear down and give up the function, which somebody must judge."""
        register = self.register
        asset = register.assets[place]
        mine = np.flatnonzero(register.asset == place)
        cost = float(register.replacement_cost_tkr[mine].sum())
        left = float(book_value_left_tkr(register, mine, earliest + 1).sum())
        # What the asset's value holds beyond its components has no known life.
        rest = asset.book_value_tkr - float(register.book_value_tkr[mine].sum())
        book = left + max(rest, 0.0)
        teardown = float(self.shares["dispose_cost_share"]["value"]) * cost
        self._alternative(
            key,
            "avveckla",
            _("Avveckla"),
            "avveckla",
            1,
            [0.0],
            [teardown, 0.0],
            [],
            book,
            0.0,
            {**mark, "quality": "antagande"},
        )

"""Which projects are there, and which of them does a list show? The register in memory.

A municipality may have ten thousand projects. Their short form is read once a process
and then follows the working copy by its revision, so that a list, a board and a map are
filtered and sorted without asking the database again. Beside each stands its answer in
the plan that the municipality's pages show. Leaves out what a page looks like.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from django.db import connection
from django.db.models import Count

from rodtrad.domain.words import language
from rodtrad.publish import agreement
from rodtrad.web.models.studies import Study
from rodtrad.web.models.underlag import Row, Underlag
from rodtrad.web.store import KEY_JOINT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from django.http import QueryDict

    from rodtrad.web.models import Municipality

GATES: Final = tuple(f"G{n}" for n in range(10))
IN: Final = "ingar"
OUT: Final = "ingar-inte"
UNKNOWN: Final = "inte-provat"
_TABLES: Final = ("projects", "outlays", "areas")
_KEPT: Final = 6
_WORD: Final = 80


@dataclass(frozen=True, slots=True)
class Listed:
    """A project in its short form. `amounts` are outlays by alternative, tkr."""

    pk: int
    position: int
    project_id: str
    name: str
    committee: str
    area: str
    driver: str
    gate: str
    must_do: bool
    lat: float | None
    lon: float | None
    quality: str
    text: str


@dataclass
class _Held:
    """What is kept of one working copy, and which revision of it that is."""

    revision: int
    projects: dict[int, Listed]
    outlays: dict[int, tuple[str, str, float]]
    areas: dict[int, tuple[str, str, float | None, float | None]]
    sums: dict[str, dict[str, float]] = field(default_factory=dict)
    order: list[Listed] = field(default_factory=list)


_held: OrderedDict[tuple[int, str], _Held] = OrderedDict()
_plans: OrderedDict[tuple[str, str], InPlan] = OrderedDict()
_lock = Lock()


@dataclass(frozen=True)
class InPlan:
    """A plan by project: its rows, reasons and labels of agreement."""

    study: Study
    plan: dict[str, Any]
    projects: Mapping[str, Mapping[str, Any]]
    reasons: Mapping[str, Mapping[str, Any]]
    labels: Mapping[str, str]

    def answer(self, project_id: str) -> str:
        """Return whether a project is in, out or was not there when it was computed."""
        row = self.projects.get(project_id)
        return UNKNOWN if row is None else IN if row["chosen"] else OUT


@dataclass(frozen=True)
class Register:
    """Every project of a municipality, by name, with the plan that is shown."""

    underlag: Underlag | None
    projects: Sequence[Listed]
    sums: Mapping[str, Mapping[str, float]]
    areas: Mapping[str, str]
    places: Mapping[str, tuple[float, float]]
    plan: InPlan | None

    def amount(self, project_id: str) -> float | None:
        """Return the outlay now, tkr: of the plan's alternative, else the cheapest."""
        sums = self.sums.get(project_id)
        if not sums:
            return None
        if self.plan is not None:
            row = self.plan.projects.get(project_id) or {}
            if row.get("chosen") and row.get("alternative_id") in sums:
                return sums[str(row["alternative_id"])]
        return min(sums.values())

    def answer(self, project_id: str) -> str:
        """Return whether a project is in the plan; unknown without one."""
        return UNKNOWN if self.plan is None else self.plan.answer(project_id)

    def start(self, project_id: str) -> int | None:
        """Return the year in which the plan starts a project."""
        row = self.plan.projects.get(project_id) if self.plan else None
        return row.get("start_year") if row else None

    def place(self, project: Listed) -> tuple[float, float] | None:
        """Return where a project lies: its own place, else its area's."""
        if project.lat is not None and project.lon is not None:
            return project.lat, project.lon
        return self.places.get(project.area)


# ---------------------------------------------------------------- reading


def read_register(municipality: Municipality) -> Register:
    """Return the projects of a municipality as they are now, and its plan."""
    underlag = Underlag.objects.filter(municipality=municipality).first()
    plan = plan_of(municipality)
    if underlag is None:
        return Register(None, (), {}, {}, {}, plan)
    held = _follow(underlag, municipality)
    return Register(
        underlag,
        held.order,
        held.sums,
        {key: name or key for key, name, _lat, _lon in held.areas.values()},
        {
            key: (lat, lon)
            for key, _name, lat, lon in held.areas.values()
            if lat is not None and lon is not None
        },
        plan,
    )


def _follow(underlag: Underlag, municipality: Municipality) -> _Held:
    """The short forms, brought up to the working copy's revision."""
    key = (underlag.pk, municipality.created_at.isoformat())
    with _lock:
        held = _held.get(key)
        if held is not None and held.revision == underlag.revision:
            _held.move_to_end(key)
            return held
    rows = Row.objects.filter(underlag=underlag)
    counts = dict(
        rows.filter(table__in=_TABLES)
        .order_by()
        .values_list("table")
        .annotate(n=Count("pk"))
    )
    found = None
    if held is not None and held.revision < underlag.revision:
        found = _read(rows.filter(revision__gt=held.revision), underlag.revision, held)
        if not _agrees(found, counts):
            found = None
    if found is None:
        found = _read(rows, underlag.revision, None)
    for pid, aid, amount in found.outlays.values():
        of_project = found.sums.setdefault(pid, {})
        of_project[aid] = of_project.get(aid, 0.0) + amount
    found.order = sorted(
        found.projects.values(), key=lambda p: (p.name.casefold(), p.project_id)
    )
    with _lock:
        _held[key] = found
        while len(_held) > _KEPT:
            _held.popitem(last=False)
    return found


def _agrees(held: _Held, counts: Mapping[str, int]) -> bool:
    """Whether as many rows are held as there are: none has been taken away."""
    return (
        len(held.projects) == counts.get("projects", 0)
        and len(held.outlays) == counts.get("outlays", 0)
        and len(held.areas) == counts.get("areas", 0)
    )


def _read(rows: Any, revision: int, earlier: _Held | None) -> _Held:
    held = _Held(
        revision,
        dict(earlier.projects) if earlier else {},
        dict(earlier.outlays) if earlier else {},
        dict(earlier.areas) if earlier else {},
    )
    wanted = rows.filter(table__in=_TABLES).order_by()
    columns = wanted.values_list("table", "pk", "position", "data")
    for table, pk, position, data in columns.iterator(chunk_size=2000):
        if table == "projects":
            held.projects[pk] = _listed(pk, position, data)
        elif table == "outlays":
            held.outlays[pk] = (
                str(data.get("project_id") or ""),
                str(data.get("alternative_id") or ""),
                float(data.get("outlay") or 0.0),
            )
        else:
            held.areas[pk] = (
                str(data.get("area") or ""),
                str(data.get("name") or ""),
                _number(data.get("lat")),
                _number(data.get("lon")),
            )
    return held


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _listed(pk: int, position: int, data: Mapping[str, Any]) -> Listed:
    def text(name: str) -> str:
        return str(data.get(name) or "")

    key, name = text("project_id"), text("name")
    return Listed(
        pk,
        position,
        key,
        name or key,
        text("committee"),
        text("area"),
        text("driver"),
        text("gate"),
        bool(data.get("must_do")),
        _number(data.get("lat")),
        _number(data.get("lon")),
        text("quality"),
        f"{name}\n{key}\n{text('description')}".casefold(),
    )


def plan_of(municipality: Municipality) -> InPlan | None:
    """Return the plan that the municipality's pages show, by project."""
    study = Study.objects.newest_plan(municipality)
    if study is None:
        return None
    key = (study.mark, language())
    with _lock:
        if key in _plans:
            _plans.move_to_end(key)
            return _plans[key]
    plan = study.plan
    if plan is None:
        return None
    found = InPlan(
        study,
        plan,
        {str(p["project_id"]): p for p in plan.get("projects") or ()},
        {str(r["project_id"]): r for r in plan.get("reasons") or ()},
        {str(a.project["project_id"]): a.group for a in agreement.answers(plan)},
    )
    with _lock:
        _plans[key] = found
        while len(_plans) > _KEPT:
            _plans.popitem(last=False)
    return found


# ---------------------------------------------------------------- rows of one project


def rows_of_project(
    underlag: Underlag, tables: Iterable[str], project_id: str
) -> Iterator[Row]:
    """Return the rows of tables whose key begins with a project's id, in order.

    On SQLite by a range of keys, which its index serves; PostgreSQL sorts keys by a
    language's rules, so that only the beginning can be asked for there.
    """
    first = f"{project_id}{KEY_JOINT}"
    rows = Row.objects.filter(underlag=underlag, table__in=list(tables))
    if connection.vendor == "sqlite":
        rows = rows.filter(key__gte=first, key__lt=f"{first}\U0010ffff")
    else:
        rows = rows.filter(key__startswith=first)
    for row in rows.order_by("table", "position", "pk"):
        if str(row.data.get("project_id") or "") == project_id:
            yield row


# ---------------------------------------------------------------- what a list shows


@dataclass(frozen=True)
class Selection:
    """What somebody asked a list for, as the address says it."""

    q: str = ""
    committee: str = ""
    gate: str = ""
    driver: str = ""
    area: str = ""
    answer: str = ""
    order: str = "namn"

    @classmethod
    def read(cls, query: QueryDict) -> Selection:
        """Return the selection that an address asks for; what is unknown is dropped."""

        def text(name: str) -> str:
            return " ".join(query.get(name, "").replace("\0", " ").split())[:_WORD]

        order = text("ordning") or "namn"
        answer = text("plan")
        return cls(
            text("q"),
            text("namnd"),
            text("skede"),
            text("drivkraft"),
            text("omrade"),
            answer if answer in (IN, OUT, UNKNOWN) else "",
            order if order.removeprefix("-") in ORDERS else "namn",
        )

    @property
    def narrowed(self) -> bool:
        """Whether it leaves any project out."""
        return bool(
            self.q
            or self.committee
            or self.gate
            or self.driver
            or self.area
            or self.answer
        )

    def choose(self, register: Register) -> list[Listed]:
        """Return the projects that it asks for, in its order."""
        words = self.q.casefold().split()
        found = [
            p
            for p in register.projects
            if (not self.committee or p.committee == self.committee)
            and (not self.gate or p.gate == ("" if self.gate == "-" else self.gate))
            and (not self.driver or p.driver == self.driver)
            and (not self.area or p.area == self.area)
            and (not self.answer or register.answer(p.project_id) == self.answer)
            and all(word in p.text for word in words)
        ]
        name = self.order.removeprefix("-")
        if name != "namn":
            # those that lack what is sorted by stand last, whichever way
            key = ORDERS[name]
            having = [p for p in found if key(register, p) is not None]
            lacking = [p for p in found if key(register, p) is None]
            having.sort(key=lambda p: key(register, p), reverse=self.order[:1] == "-")
            return having + lacking
        return found[::-1] if self.order[:1] == "-" else found


ORDERS: Final[dict[str, Any]] = {
    "namn": lambda _register, p: p.name.casefold(),
    "namnd": lambda _register, p: p.committee.casefold() or None,
    "skede": lambda _register, p: p.gate or None,
    "utgift": lambda register, p: register.amount(p.project_id),
    "start": lambda register, p: register.start(p.project_id),
    "svar": lambda register, p: (IN, OUT, UNKNOWN).index(register.answer(p.project_id)),
}

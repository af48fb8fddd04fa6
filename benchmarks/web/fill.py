"""Fill a home with a large municipality: 10,000 projects, 100,000 components.

Started by `run.py` with RODTRAD_HOME set. Everything is made up, from one seed, and
written through the application's own store. The finished plan is a real one: the first
`PLANNED` projects are an instance of `benchmarks/planner/instances.py`, planned by the
planner, and the others are copies of them under other names. Prints what it made.
"""

from __future__ import annotations

import datetime as dt
import random
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django

django.setup()

from django.contrib.auth.hashers import make_password  # noqa: E402
from django.db import transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from rodtrad import study as core  # noqa: E402
from rodtrad.domain.components import build_tables  # noqa: E402
from rodtrad.web import (  # noqa: E402
    changes,
    checking,
    computing,
    events,
    imports,
    jobs,
    store,
)
from rodtrad.web.models import (  # noqa: E402
    Change,
    Event,
    Membership,
    Municipality,
    Row,
    Underlag,
    User,
)
from rodtrad.web.models.organisation import Role  # noqa: E402
from rodtrad.web.models.projects import (  # noqa: E402
    Decision,
    Estimate,
    NeedReport,
    ProjectYear,
    VisionNode,
)
from rodtrad.web.models.underlag import PendingImport  # noqa: E402

sys.path.insert(0, str(Path(__file__).parents[1] / "planner"))
from instances import generate  # noqa: E402

if TYPE_CHECKING:
    from rodtrad.domain.components import Tables

SEED = 7
PLANNED = 300
CHANGED = 6_000
PARTS = ("stomme", "tak", "fasad", "fönster", "stammar", "el", "ventilation", "hiss")
OF_PROJECTS = ("projects", "alternatives", "outlays", "effects", "parts", "scores")
CONDITIONS = ("0", "1", "2", "3")
Records = dict[str, list[dict[str, Any]]]


def records_of(tables: Tables) -> Records:
    """Return the rows of tables as records, blanks left out."""
    return {
        name: [store.row_data(table, i) for i in range(len(table))]
        for name, table in tables.items()
        if len(table)
    }


def larger(small: Records, projects: int, components: int) -> Records:
    """Return the rows with copies of the projects, and a register of assets."""
    draw = random.Random(SEED)
    found = {name: list(rows) for name, rows in small.items()}
    by_project: dict[str, Records] = {}
    for name in OF_PROJECTS:
        for row in small.get(name, ()):
            by_project.setdefault(row["project_id"], {}).setdefault(name, []).append(
                row
            )
    ids = list(by_project)
    kept = {"assets", "components"}
    found.update({name: [] for name in kept})
    per_asset = 10
    areas = [row["area"] for row in small.get("areas", ())]
    for n in range(components // per_asset):
        key = f"a{n + 1:05d}"
        built = draw.randint(1930, 2020)
        found["assets"].append(
            {
                "asset_id": key,
                "name": f"Byggnad {n + 1}",
                "kind": draw.choice(("skola", "gata", "vattenverk", "bostad")),
                "built_year": built,
                "replacement_cost": float(draw.randint(2, 400) * 1000),
                "condition": draw.choice(CONDITIONS),
                "condition_scale": "tg",
                **({"area": draw.choice(areas)} if areas else {}),
            }
        )
        for part in range(per_asset):
            found["components"].append(
                {
                    "asset_id": key,
                    "component": f"{PARTS[part % len(PARTS)]} {part // len(PARTS) + 1}",
                    "replacement_cost": float(draw.randint(50, 9000)),
                    "installed_year": draw.randint(built, 2024),
                    "technical_life_years": draw.randint(15, 80),
                    "useful_life_years": draw.randint(10, 60),
                }
            )
    gates = [f"G{n}" for n in range(10)]
    for row in found["projects"]:
        row["gate"] = draw.choice(gates)
    for n in range(len(ids), projects):
        base = ids[n % len(ids)]
        key = f"q{n + 1:05d}"
        for name, rows in by_project[base].items():
            for row in rows:
                if row.get("alternative_id", "a") != "a":
                    continue
                copy = {**row, "project_id": key}
                if name == "projects":
                    copy["name"] = f"{row['name']}, etapp {n // len(ids) + 1}"
                    copy["gate"] = draw.choice(gates)
                    copy["lat"] = 57.6 + draw.random() / 5
                    copy["lon"] = 15.7 + draw.random() / 3
                    copy["must_do"] = False
                    copy.pop("deadline_year", None)
                found[name].append(copy)
    return found


def people(municipality: Municipality, password: str) -> dict[str, User]:
    """Make one person a role; all have the same password."""
    made = {}
    hashed = make_password(password)
    for role in Role:
        user = User(
            email=f"{role.value}@{municipality.slug}.example", name=str(role.label)
        )
        user.password = hashed
        user.save()
        Membership.objects.create(user=user, municipality=municipality, role=role)
        made[role.value] = user
    return made


def life(municipality: Municipality, who: User, keys: list[str]) -> None:
    """Give projects decisions, estimates and years; the municipality needs and events."""
    draw = random.Random(SEED + 1)
    day = dt.date(2026, 1, 1)
    some = keys[:2000]
    Decision.objects.bulk_create(
        Decision(
            municipality=municipality,
            project_id=key,
            gate="G5",
            body="Kommunfullmäktige",
            date=day + dt.timedelta(days=draw.randint(0, 300)),
            paragraph=str(draw.randint(1, 200)),
            amount_tkr=float(draw.randint(500, 90_000)),
        )
        for key in some
    )
    Estimate.objects.bulk_create(
        Estimate(
            municipality=municipality,
            project_id=key,
            date=day + dt.timedelta(days=60 * n),
            estimate_class="forstudie",
            amount_tkr=float(draw.randint(500, 90_000)),
            price_level="2025",
        )
        for key in some
        for n in range(4)
    )
    ProjectYear.objects.bulk_create(
        ProjectYear(
            municipality=municipality,
            project_id=key,
            year=year,
            budget_tkr=float(draw.randint(100, 9000)),
            actual_tkr=float(draw.randint(100, 9000)),
        )
        for key in some
        for year in (2025, 2026)
    )
    NeedReport.objects.bulk_create(
        NeedReport(
            municipality=municipality,
            number=n + 1,
            what=f"Behov {n + 1}",
            where=f"Byggnad {n + 1}",
            when="till hösten",
            why="Det läcker när det regnar.",
            reporter=who,
            reporter_name=who.name,
        )
        for n in range(1000)
    )
    now = timezone.now()
    Event.objects.bulk_create(
        (
            Event(
                municipality=municipality,
                actor=who,
                actor_name=who.name,
                at=now - dt.timedelta(minutes=n),
                action="underlag.changed",
                object_type="project",
                object_key=keys[n % len(keys)],
                object_label=f"Projekt {n}",
                before={"name": "a"},
                after={"name": "b"},
            )
            for n in range(20_000)
        ),
        batch_size=2000,
    )
    kind = VisionNode.Kind
    for n in range(5):
        goal = VisionNode.objects.create(
            municipality=municipality, kind=kind.GOAL, text=f"Mål {n + 1}"
        )
        for m in range(4):
            VisionNode.objects.create(
                municipality=municipality,
                kind=kind.INDICATOR,
                text=f"Mått {n + 1}.{m + 1}",
                parent=goal,
            )


def acts(underlag: Underlag, who: User, tables: Tables) -> None:
    """Let somebody change many components at once, and send a workbook to approve."""
    with transaction.atomic():
        underlag = changes.locked(underlag)
        rows = Row.objects.filter(underlag=underlag, table="components")
        steps = [
            changes.Step(
                row.table,
                row.pk,
                row.data,
                {**row.data, "replacement_cost": row.data["replacement_cost"] + 1.0},
                row.position,
            )
            for row in rows[:CHANGED]
        ]
        changes.commit(who, underlag, Change.Kind.EDIT, steps)
    sent = PendingImport.objects.create(
        municipality=underlag.municipality,
        filename="underlag.xlsx",
        size=1_000_000,
        created_by=who,
        created_by_name=who.name,
        content=store.pack(tables),
        sheets=["components"],
    )
    imports.compared(underlag, sent)


def main(arguments: list[str]) -> int:
    """Fill the home; say what there is."""
    projects, components, seconds = (int(text) for text in arguments[:3])
    password = arguments[3]
    began = time.perf_counter()
    tables = generate(PLANNED, "tight", SEED)
    asked = core.Settings(time_limit=float(seconds), only=("plan",), draws=1)
    planned = core.run(tables, asked).result
    status = planned["status"]
    print(
        f"plan of {PLANNED} projects: {status['state']}, gap {100 * status['gap']:.2f} %,"
        f" {time.perf_counter() - began:.0f} s"
    )
    small = records_of(tables)
    for slug, name in (("stor", "Storstad"), ("annan", "Annanby")):
        with transaction.atomic():
            place = Municipality.objects.create(slug=slug, name=name, code="0001")
            who = people(place, password)["ekonom"]
            underlag = Underlag.objects.create(municipality=place, name=name)
            store.write_tables(underlag, tables)
            version = store.make_version(underlag, "Det som planerades", who)
            for n in range(2):
                jobs.store_finished(
                    version, f"Plan {n + 1}", computing.packed_json(planned), None
                )
            if slug == "stor":
                large = build_tables(larger(small, projects, components))
                store.write_tables(underlag, large)
                life(place, who, list(large["projects"]["project_id"]))
                acts(underlag, who, large)
                counts = {name: len(one) for name, one in large.items() if len(one)}
                events.record(who, place, "underlag.replaced", underlag, after=counts)
                print(", ".join(f"{name} {n}" for name, n in counts.items()))
    print(f"filled in {time.perf_counter() - began:.0f} s", flush=True)
    began = time.perf_counter()
    stored = Underlag.objects.get(municipality__slug="stor")
    check(stored)
    print(f"checked in {time.perf_counter() - began:.0f} s")
    return 0


def check(underlag: Underlag) -> None:
    """Let the checks go through the working copy, as the pages would ask them to."""
    checking.check_now(underlag)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""What a fresh home holds for the journeys: small municipalities with two plans each.

Run inside the home's own process (see `site`), so that Django has its settings. Each
municipality is the same: three projects, three criteria, two viewpoints, a finished plan
with everything and one that can afford less, a reported need, goals, and a change to
read. Nothing in it exists.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from django.db import transaction
from django.utils import timezone
from e2e import open_states, states
from e2e.posts import fill_posts
from e2e.site import TWO_STEPS
from web.small import small_data

from rodtrad import study as core
from rodtrad.domain.components import build_tables
from rodtrad.sources.underlag import read_underlag
from rodtrad.web import computing, events, jobs, publishing, store
from rodtrad.web.models import Membership, Municipality, Underlag, User
from rodtrad.web.models.dialogue import Dialogue, Level, Moderation
from rodtrad.web.models.organisation import Role
from rodtrad.web.models.projects import Decision, Estimate, NeedReport, VisionNode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from web.small import Records

    from rodtrad.web.models import Study

EXAMPLES: Final = Path(__file__).parents[2] / "examples"
# Where a plan is cancelled, there is also an underlag that takes minutes to plan.
LONG: Final = "korning"
# Where a plan is public from the start, and where there is a later one to publish.
OPEN: Final = ("fraga", "brevet", "prova", "potten")
LATER: Final = "fraga"
CRITERIA = {"nytta": "Nytta", "klimat": "Klimat", "drift": "Drift"}


def records() -> Records:
    """Return the underlag of every municipality here, as rows by table."""
    data = small_data()
    data["criteria"] = [
        {"criterion": key, "name": name, "weight": 1.0}
        for key, name in CRITERIA.items()
    ]
    data["scores"] = [
        {**row, "criterion": key, "score": abs(row["score"] - 25.0 * n)}
        for row in data["scores"]
        for n, key in enumerate(CRITERIA)
    ]
    data["viewpoints"] = [
        {"viewpoint": "Nytta", "criterion": "nytta", "relation": "min", "value": "0.6"},
        {
            "viewpoint": "Miljö",
            "criterion": "klimat",
            "relation": "min",
            "value": "0.6",
        },
    ]
    for n, row in enumerate(data["projects"]):
        row.update(area="centrum", lat=57.66 + n / 100, lon=15.85, gate=f"G{2 * n}")
        row["committee"] = "Kommunstyrelsen"
    return data


def poorer() -> Records:
    """Return the same with less room: another plan comes of it."""
    data = records()
    data["goals"][0]["value"] = 31_000.0
    return data


def public_records(later: bool = False) -> Records:
    """Return the underlag of a plan that is public: the school has no room in it.

    Later it has: more may be borrowed, and the bridge has to wait a year.
    """
    data = records()
    del data["viewpoints"]
    school, bridge, _park = data["projects"]
    data["goals"][0]["value"] = 60_000.0 if later else 21_500.0
    if later:
        bridge["earliest_year"] = 2027
    else:
        school["latest_year"] = 2026
    return data


def _plan(rows: Records, **asked: Any) -> bytes:
    done = core.run(build_tables(rows), core.Settings(time_limit=5, seed=1, **asked))
    return computing.packed_json(done.result)


class _Public:
    """What is public where a journey begins; computed and looked through once."""

    def __init__(self) -> None:
        """Compute both plans."""
        asked = {"only": ("plan", "reasons"), "draws": 1}
        self._plans = [
            (name, rows, _plan(rows, **asked))
            for name, rows in (
                ("Som lånetaket är", public_records()),
                ("Med högre lånetak", public_records(later=True)),
            )
        ]
        self._ready: publishing.Prepared | None = None

    def fill(self, place: Municipality, who: User) -> None:
        """Publish the first plan of a municipality, and open what may be commented on."""
        now, later = self._plans
        first = self._study(place, who, *now)
        self._ready = self._ready or publishing.prepare(first)
        publishing.publish(None, first, prepared=self._ready)
        if place.slug.startswith(LATER):
            self._study(place, who, *later)
            _dialogue(place, "project", "skola", Moderation.BEFORE)
        else:
            _dialogue(place, "plan", "", Moderation.AFTER)

    def _study(
        self, place: Municipality, who: User, name: str, rows: Records, plan: bytes
    ) -> Study:
        store.write_tables(place.underlag, build_tables(rows))
        version = store.make_version(place.underlag, name, who)
        return jobs.store_finished(version, name, plan, None)


def _dialogue(
    place: Municipality, kind: str, key: str, moderation: Moderation
) -> Dialogue:
    today = timezone.localdate()
    return Dialogue.objects.create(
        municipality=place,
        kind=kind,
        key=key,
        title="Vad ska vi bygga, och när?",
        level=Level.KONSULTATION,
        open_text="Vilka projekt som görs, och i vilken ordning.",
        closed_text="Hur mycket kommunen får låna.",
        decides="Kommunfullmäktige",
        opens=today,
        closes=today + dt.timedelta(days=30),
        owner_role="Fastighetschefen",
        moderation=moderation,
        state=Dialogue.State.OPEN,
        told_at=timezone.now(),
    )


def _life(place: Municipality, who: User) -> None:
    Decision.objects.create(
        municipality=place,
        project_id="skola",
        gate="G2",
        body="Kommunstyrelsen",
        date=dt.date(2026, 3, 4),
        paragraph="41",
        amount_tkr=10_000.0,
        registered_by_name=str(who),
    )
    Estimate.objects.create(
        municipality=place,
        project_id="skola",
        date=dt.date(2026, 2, 1),
        estimate_class="forstudie",
        amount_tkr=10_500.0,
        price_level="2025",
    )
    NeedReport.objects.create(
        municipality=place,
        number=1,
        what="Taket läcker",
        where="Norra skolan",
        when="före vintern",
        why="Det droppar i matsalen.",
        reporter=who,
        reporter_name=str(who),
    )
    goal = VisionNode.objects.create(
        municipality=place, kind=VisionNode.Kind.GOAL, text="Alla barn lyckas i skolan"
    )
    VisionNode.objects.create(
        municipality=place,
        kind=VisionNode.Kind.INDICATOR,
        text="Andel behöriga till gymnasiet",
        parent=goal,
    )


@transaction.atomic
def fill(places: Sequence[str], hashed: str) -> dict[str, dict[str, Any]]:
    """Make the municipalities and one person a role.

    Returns `sessions` by role, and `pages`: addresses by what is seen there, of the
    first municipality, which is put in every state (see `states`); `posts` is what is
    sent to see the rest (see `posts`).
    """
    users = {}
    for role in Role:
        user = User(email=f"{role.value}@liten.example", name=str(role.label).title())
        user.password = hashed
        user.save()
        users[role] = user
    tables = build_tables(records())
    large, _issues = read_underlag(EXAMPLES / "bergen_2012" / "underlag")
    whole = _plan(records(), draws=50)
    less = _plan(poorer(), only=("plan",), draws=1)
    public = _Public()
    for slug in places:
        place = Municipality.objects.create(
            slug=slug, name=slug.replace("-", " ").capitalize(), code="0001"
        )
        for role, user in users.items():
            Membership.objects.create(
                user=user, municipality=place, role=role, group="Exempelpartiet"
            )
        who = users[Role.EKONOM]
        underlag = Underlag.objects.create(municipality=place, name=place.name)
        store.write_tables(underlag, tables)
        events.record(who, place, "underlag.replaced", underlag, after={"projects": 3})
        version = store.make_version(underlag, "Första", who)
        if slug.startswith(LONG):
            store.write_tables(underlag, large)
            store.make_version(underlag, "Bergen", who)
            store.write_tables(underlag, tables)
        store.make_version(underlag, "Andra", who)
        jobs.store_finished(version, "Mindre utrymme", less, None)
        jobs.store_finished(version, "Förslaget", whole, None)
        _life(place, who)
        if slug.startswith(OPEN):
            public.fill(place, who)
    first = Municipality.objects.get(slug=places[0])
    pages = {
        **open_states.fill_public(first, users[Role.CHEF], records()),
        **states.fill_states(first, users, tables),
    }
    sessions = {role.value: states.session(user) for role, user in users.items()}
    sessions[TWO_STEPS] = states.two_steps(first, hashed)
    return {"sessions": sessions, "pages": pages, "posts": fill_posts(first)}

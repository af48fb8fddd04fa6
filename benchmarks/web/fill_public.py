"""Fill a home with two versions of a plan: many projects, comments, letters, an envelope.

Started by `public.py` with RODTRAD_HOME set. Everything is made up, from one seed. The
choices are a real plan of the first `PLANNED` projects (benchmarks/planner); the others
are copies of those under other names, and do not fit. The second version has dropped some
of the copies and found others dearer. Both are published as staff would do it, so every
figure is computed on all the projects. Prints what it made.
"""

from __future__ import annotations

import datetime as dt
import random
import sys
import time
from pathlib import Path
from typing import Any

import django

django.setup()

from django.db import transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from rodtrad import study as core  # noqa: E402
from rodtrad.domain.components import build_tables  # noqa: E402
from rodtrad.web import computing, envelopes, letters, publishing, store  # noqa: E402
from rodtrad.web.models import (  # noqa: E402
    Municipality,
    Publication,
    Study,
    Underlag,
)
from rodtrad.web.models.dialogue import (  # noqa: E402
    Answer,
    Comment,
    Dialogue,
    Kind,
    Level,
)
from rodtrad.web.models.envelope import Envelope, EnvelopeProposal  # noqa: E402
from rodtrad.web.models.letters import Letter  # noqa: E402

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "planner")]
from fill import PLANNED, SEED, larger, records_of  # noqa: E402
from instances import generate  # noqa: E402

TALKED_OF = "p0001"
# Of the comments this share answers another, and of the others this share is answered.
REPLIES, ANSWERED = 0.4, 0.7
# Of the copies, one in so many is dropped in the second version, or dearer.
DROPPED, DEARER = 150, 7
PROPOSALS = 60
WORDS = """
    skolan vägen bron taket pengarna kommunen barnen platserna åren planen huset vattnet
    behovet kostnaden räntan beslutet nämnden frågan svaret tiden området
"""


def prose(draw: random.Random, words: int) -> str:
    """Return so many made-up words in sentences."""
    words_known = WORDS.split()
    found = []
    while words > 0:
        n = min(words, draw.randint(6, 16))
        found.append(
            " ".join(draw.choice(words_known) for _word in range(n)).capitalize()
        )
        words -= n
    return ". ".join(found) + "."


def publish_plans(place: Municipality, projects: int, seconds: float) -> Publication:
    """Plan some projects, add the others, and publish the whole twice."""
    tables = generate(PLANNED, "tight", SEED)
    asked = core.Settings(time_limit=seconds, only=("plan",), draws=1)
    planned = dict(core.run(tables, asked).result)
    data = larger(records_of(tables), projects, 0)
    data.pop("assets", None)
    data.pop("components", None)
    draw = random.Random(SEED)
    data["areas"] = [
        {
            "area": f"omrade_{n}",
            "name": f"Område {n}",
            "lat": 57.5 + draw.random() / 3,
            "lon": 15.6 + draw.random() / 2,
        }
        for n in range(30)
    ]
    for row in data["projects"]:
        row["area"] = f"omrade_{draw.randrange(30)}"
        row["description"] = prose(draw, 30)
        row["driver"] = draw.choice(("befolkning", "lagkrav", "arbetsmiljo", "klimat"))
    told = {row["project_id"] for row in planned.get("reasons", ())}
    planned["reasons"] = [
        *planned.get("reasons", ()),
        *(
            {
                "project_id": row["project_id"],
                "state": "out",
                "text": [f"Projektet {row['name']} ryms inte.", prose(draw, 25)],
            }
            for row in data["projects"]
            if row["project_id"] not in told
        ),
    ]
    copies = [row["project_id"] for row in data["projects"][PLANNED:]]
    gone, dearer = set(copies[::DROPPED]), set(copies[1::DEARER])
    underlag = Underlag.objects.create(municipality=place, name=place.name)
    for number in (1, 2):
        if number == 2:
            data = {
                name: [row for row in rows if row.get("project_id") not in gone]
                for name, rows in data.items()
            }
            for row in data["outlays"]:
                if row["project_id"] in dearer:
                    row["outlay"] *= 1.2
        store.write_tables(underlag, build_tables(data))
        study = Study.objects.create(
            municipality=place,
            number=number,
            version=store.make_version(underlag, "Det som publiceras", None),
            state=Study.State.DONE,
            result=computing.packed_json(planned),
            finished_at=timezone.now(),
        )
        published = publishing.publish(None, study, note=prose(draw, 40))
    return published


def share_out(place: Municipality) -> None:
    """Open an envelope that is voted on now."""
    draw = random.Random(SEED + 4)
    today = timezone.localdate()
    envelope = envelopes.create(
        None,
        place,
        Envelope(
            name="Din park",
            about=prose(draw, 40),
            project_id=TALKED_OF,
            sum_ore=200_000_000,
            votes_from=today - dt.timedelta(days=5),
            votes_to=today + dt.timedelta(days=100),
            state=Envelope.State.OPEN,
        ),
    )
    EnvelopeProposal.objects.bulk_create(
        EnvelopeProposal(
            envelope=envelope,
            number=n,
            key=str(n),
            name=prose(draw, 4).rstrip("."),
            text=prose(draw, 60),
            cost_ore=draw.randint(50, 600) * 100_000,
            state=EnvelopeProposal.State.SHOWN,
        )
        for n in range(1, PROPOSALS + 1)
    )


def talk(place: Municipality, comments: int) -> None:
    """Open a dialogue on one project, with many comments, replies and answers."""
    draw = random.Random(SEED + 2)
    now, today = timezone.now(), timezone.localdate()
    dialogue = Dialogue.objects.create(
        municipality=place,
        kind=Kind.PROJECT,
        key=TALKED_OF,
        title="Vad tycker du?",
        level=Level.DIALOG,
        open_text=prose(draw, 20),
        closed_text=prose(draw, 20),
        opens=today - dt.timedelta(days=100),
        closes=today + dt.timedelta(days=100),
        owner_role="Fastighetschefen",
        state=Dialogue.State.OPEN,
    )

    def comment(n: int, **more: Any) -> Comment:
        at = now - dt.timedelta(minutes=7 * (comments - n))
        return Comment(
            municipality=place,
            dialogue=dialogue,
            item_kind=Kind.PROJECT,
            item_key=TALKED_OF,
            item_name="Projektet",
            name=draw.choice(("", "Anna", "Bo", "Cecilia")),
            text=prose(draw, draw.randint(10, 120)),
            received_at=at,
            state=Comment.State.SHOWN,
            **more,
        )

    begun = comments - int(REPLIES * comments)
    roots = []
    for n in range(begun):
        answered = draw.random() < ANSWERED
        days = draw.randint(1, 30)
        at = now - dt.timedelta(minutes=7 * (comments - n)) + dt.timedelta(days=days)
        roots.append(
            comment(
                n,
                due=today,
                answered_at=at if answered else None,
                days=days if answered else None,
            )
        )
    Comment.objects.bulk_create(roots, batch_size=1000)
    Answer.objects.bulk_create(
        (
            Answer(
                comment=one,
                outcome=draw.choice(Answer.Outcome.values),
                text=prose(draw, 40),
                role="Fastighetschefen",
            )
            for one in roots
            if one.answered_at
        ),
        batch_size=1000,
    )
    counts: dict[int, int] = {}
    replies = []
    for n in range(begun, comments):
        # a few threads are long
        root = roots[int(len(roots) * draw.random() ** 4)]
        counts[root.pk] = counts.get(root.pk, 0) + 1
        replies.append(comment(n, parent=root, thread=root, place=counts[root.pk]))
    Comment.objects.bulk_create(replies, batch_size=1000)
    for one in roots:
        one.reply_count = counts.get(one.pk, 0)
    Comment.objects.bulk_update(roots, ["reply_count"], batch_size=500)


def write_letters(place: Municipality, count: int) -> None:
    """Write and publish letters, one a week back in time; some are of the project."""
    draw = random.Random(SEED + 3)
    now = timezone.now()
    for n in range(1, count + 1):
        cites = f"[[projekt:{TALKED_OF}]] " if n % 5 == 0 else ""
        title = prose(draw, 5).rstrip(".")
        body = "\n\n".join(f"{cites}{prose(draw, 90)}" for _part in range(5))
        letter = Letter.objects.create(
            municipality=place,
            number=n,
            slug=letters.free_slug(place, title),
            title=title,
            text=body,
            author_role="Kommunchef",
            tags=draw.sample(["skola", "vägar", "vatten", "ekonomi"], 2),
        )
        letters.publish(None, letter)
        day = now - dt.timedelta(weeks=count - n)
        Letter.objects.filter(pk=letter.pk).update(
            published_at=day, year=day.year, month=day.month
        )


def main(arguments: list[str]) -> int:
    """Fill the home; say what there is."""
    projects, comments, number = (int(text) for text in arguments[:3])
    seconds = float(arguments[3])
    began = time.perf_counter()
    with transaction.atomic():
        place = Municipality.objects.create(slug="stor", name="Storstad", code="0884")
        published = publish_plans(place, projects, seconds)
    print(
        f"published {published.items.count()} projects, {published.facts['in']} in the"
        f" plan, {len(published.result) // 1024} KB, {len(published.changes)} changed,"
        f" {time.perf_counter() - began:.0f} s",
        flush=True,
    )
    with transaction.atomic():
        talk(place, comments)
        write_letters(place, number)
        share_out(place)
    shown = Comment.objects.filter(item_key=TALKED_OF).count()
    print(f"comments {shown}, letters {Letter.objects.count()}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

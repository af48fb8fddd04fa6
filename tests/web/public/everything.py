"""A municipality with something of everything that is read in public, and where it stands.

Two versions, a dialogue with comments in every state, letters, an envelope in every
phase, followers, a resident's own plan and the residents' answers; and, for staff, what
waits and what is a draft. Needs two finished plans that may be published. Used by the
walks over every page, here and in the browser. Nothing in it exists.
"""

from __future__ import annotations

import datetime as dt
import io
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from PIL import Image
from unit.sources.test_blogger import COMMENT, POST, feed

from rodtrad.web import (
    blog_import,
    dialogue,
    envelope_ballots,
    envelopes,
    letter_pictures,
    letters,
    publishing,
    residents,
    sandbox,
    subscriptions,
)
from rodtrad.web.models.dialogue import AbuseReport, Answer, Comment, Dialogue, Theme
from rodtrad.web.models.envelope import Envelope, EnvelopeProposal
from rodtrad.web.models.following import Outgoing, Subscription
from rodtrad.web.models.letters import Letter
from rodtrad.web.models.publishing import NextStep
from rodtrad.web.models.sandbox import ResidentRegion
from rodtrad.web.public_address import public_address
from rodtrad.web.sandbox import OwnPlan

if TYPE_CHECKING:
    from rodtrad.web.models import Municipality, Publication, Study, User

TEXT: Final = """I torsdags talade vi om bron.

[[projekt:bro]]

## Vad det kostar

Hela planen kostar [[siffra:plan.kostnad]].

[[bild:1]]
"""
SUM: Final = 110_000
ANSWERS: Final = 24
ORIGIN: Final = "http://testserver"
# What is seen under these names is told with another status than 200.
STATUS: Final = {
    "public_not_found": 404,
    "public_hidden_comment": 410,
    "public_project_gone": 410,
    "public_forged_link": 404,
    "public_old_link": 410,
    "public_broken_plan": 404,
}


@dataclass
class Everything:
    """The municipality, what stands for the arguments of each address, and more to see.

    `given` is by the name of an address, `seen` by a name that no address has.
    """

    place: Municipality
    given: dict[str, dict[str, Any]] = field(default_factory=dict)
    seen: dict[str, str] = field(default_factory=dict)

    def address(self, name: str, sprak: str = "sv") -> str:
        """Return the address of a name, with what stands for its arguments."""
        given = self.given.get(name, {})
        if name.startswith("public_"):
            return public_address(self.place, name, sprak, **given)
        return reverse(name, kwargs={"kommun": self.place.slug, **given})

    def pages(self) -> dict[str, str]:
        """Return the Swedish address of all that needs arguments, or is only seen."""
        return {**{name: self.address(name) for name in self.given}, **self.seen}

    def public(self, name: str, path: str) -> None:
        """Note something more to see, at a path under the Swedish pages."""
        self.seen[name] = f"/oppet/{self.place.slug}/{path}"


def make_everything(
    place: Municipality, who: User, first: Study, second: Study
) -> Everything:
    """Publish two plans and fill the municipality; return where everything stands.

    Both have the projects `skola` and `bro`, and the first has one that the second lacks.
    """
    made = Everything(place)
    old = publishing.publish(who, first, note="Den första versionen.")
    # written while the first version was the newest, so that the plan has moved since
    _letters(made, who)
    new = publishing.publish(who, second, title="Det här hinner vi")
    _plan(made, who, old, new)
    _dialogue(made, new)
    _envelopes(made, who)
    _followers(made)
    _own_plan(made, new)
    _blog(made, who)
    return made


def _plan(made: Everything, who: User, old: Publication, new: Publication) -> None:
    day = timezone.localdate()
    step = NextStep(
        what="Startbeslut",
        body="Kommunfullmäktige",
        date=day + dt.timedelta(days=40),
        last_influence=day + dt.timedelta(days=20),
    )
    publishing.set_step(who, made.place, step, {})  # type: ignore[arg-type]
    project = {"project_id": "skola"}
    kept = new.items.values_list("project_id")
    gone = old.items.exclude(project_id__in=kept).get().project_id
    made.given |= {
        "public_project": project,
        "public_project_picture": project,
        "public_changes_of": {"of": new.number},
        "public_data_file": {"of": new.number},
        "public_api_version": {"version": "newest"},
        "public_api_projects": {"version": "newest"},
        "public_api_project": {"version": str(old.number), **project},
        "public_api_areas": {"version": "newest"},
        "public_api_changes": {"version": "newest"},
        "public_api_economy": {"version": "newest"},
        "public_api_nothing": {"rest": "v1/finns-inte"},
        # published anew, it says what has changed since
        "publishing_prepare": {"number": old.study.number},
        "publishing_withdraw": {"number": new.number},
        "publishing_next_of": project,
    }
    for name, path in {
        "older": f"version/{old.number}/",
        "older_project": f"version/{old.number}/projekt/{gone}/",
        "project_gone": f"projekt/{gone}/",
        "filtered": "projekt/?q=skola&ordning=namn",
        "nothing_found": "projekt/?q=finns-inte",
        "filtered_map": "karta/?ort=centrum",
        "place_found": "sok/?q=centrum",
        "nowhere_found": "sok/?q=finns-inte",
        "not_found": "finns-inte/",
        "follow_project": "folj/?projekt=skola",
    }.items():
        made.public(f"public_{name}", path)


# ---------------------------------------------------------------- letters


def picture_file() -> SimpleUploadedFile:
    """Return a small photograph, as somebody sends it."""
    out = io.BytesIO()
    Image.effect_noise((64, 40), 80).convert("RGB").save(out, "JPEG")
    return SimpleUploadedFile("bro.jpg", out.getvalue())


def _letter(made: Everything, who: User, title: str, text: str) -> Letter:
    fields = {"title": title, "text": text, "tags": ["Skola"], "author_role": "Chef"}
    letter, _faults = letters.write(who, Letter(municipality=made.place), fields)  # type: ignore[arg-type]
    return letter


def _letters(made: Everything, who: User) -> None:
    letter = _letter(made, who, "Att välja ordning", TEXT)
    letter_pictures.add(who, letter, picture_file(), "Bron över ån")  # type: ignore[arg-type]
    letter = letters.publish(who, letter)
    Letter.objects.filter(pk=letter.pk).update(
        old_comments=[{"name": "Bo", "at": "2016-12-21T08:30:00", "text": "Tack."}]
    )
    waiting = _letter(made, who, "Om en vecka", "Hej igen.")
    week = timezone.now() + dt.timedelta(days=7)
    letters.schedule(who, waiting, week)  # type: ignore[arg-type]
    draft = _letter(made, who, "Utkastet", "Hej.\n\n[[projekt:finns-inte]]")
    at = {"ar": letter.year, "manad": letter.month}
    one, picture = {"number": letter.number}, {"picture": 1}
    made.given |= {
        "public_letters_year": {"ar": letter.year},
        "public_letters_month": at,
        "public_letter": {**at, "slug": letter.slug},
        "public_letter_picture": {"letter": letter.number, **picture},
        "letter_edit": one,
        "letter_preview": one,
        "letter_withdraw": one,
        "letter_picture": one | picture,
        "letter_publish": one,
        "letter_remove": one,
        "letter_remove_comment": one,
        "letter_comments": one,
        "letter_add_picture": one,
        "letter_remove_picture": one | picture,
    }
    made.public("public_letters_found", "brev/?q=bron&amne=skola")
    made.public("public_no_letters_found", "brev/?q=finns-inte")
    slug = made.place.slug
    made.seen["letter_waiting"] = f"/{slug}/brev/{waiting.number}/"
    made.seen["letter_with_a_fault"] = f"/{slug}/brev/{draft.number}/"


def _blog(made: Everything, who: User) -> None:
    again = POST.replace("post-1", "post-2").replace("budget.html", "igen.html")
    data = feed(POST, COMMENT, again).encode()
    upload = SimpleUploadedFile("blogg.xml", data)
    blog = blog_import.read(who, made.place, upload)  # type: ignore[arg-type]
    made.given |= {
        "blog_pending": {"number": blog.pk},
        "blog_post": {"number": blog.pk, "position": 1},
        "blog_discard": {"number": blog.pk},
    }


# ---------------------------------------------------------------- the dialogue


def make_dialogue(place: Municipality, kind: str, key: str, **change: Any) -> Dialogue:
    """Store a dialogue that is open."""
    day = timezone.localdate()
    facts: dict[str, Any] = {
        "municipality": place,
        "kind": kind,
        "key": key,
        "title": "Hur ska skolgården bli?",
        "level": "dialog",
        "open_text": "Utemiljö och namn.",
        "closed_text": "Platsen.",
        "decides": "Kommunstyrelsen",
        "opens": day - dt.timedelta(days=9),
        "closes": day + dt.timedelta(days=30),
        "owner_role": "Fastighetschefen",
        "moderation": "after",
        "state": "open",
        "told_at": timezone.now(),
    }
    return Dialogue.objects.create(**facts | change)


def make_comment(about: Dialogue, text: str, **change: Any) -> Comment:
    """Store a comment that is shown and owed an answer."""
    day = timezone.localdate()
    facts: dict[str, Any] = {
        "municipality": about.municipality,
        "dialogue": about,
        "item_kind": about.kind,
        "item_key": about.key,
        "item_name": "Norra skolan",
        "text": text,
        "state": Comment.State.SHOWN,
        "received_at": timezone.now() - dt.timedelta(days=3),
        "due": day + dt.timedelta(days=11),
    }
    return Comment.objects.create(**facts | change)


def answer(to: Comment | Theme, outcome: str, text: str, **more: Any) -> None:
    """Store what the municipality answers."""
    about = {"comment" if isinstance(to, Comment) else "theme": to}
    Answer.objects.create(
        **about, outcome=outcome, text=text, role="Fastighetschefen", **more
    )


def _dialogue(made: Everything, new: Publication) -> None:
    day, now, place = timezone.localdate(), timezone.now(), made.place
    plan = make_dialogue(place, "plan", "", title="Vad tycker du om planen?")
    about = make_dialogue(place, "project", "skola", confirm_email=True)
    over = make_dialogue(
        place, "project", "bro", title="Var ska bron stå?", state="closed"
    )
    make_dialogue(place, "theme", "lagkrav", title="Nästa dialog", state="draft")
    theme = Theme.objects.create(dialogue=about, name="Trafik")
    done = {"answered_at": now, "days": 3}
    root = make_comment(about, "Bygg ett tak över cyklarna.", name="Eva", **done)
    answer(root, "andrat", "Vi bygger ett tak.", publication=new)
    reply = make_comment(
        about, "Jag håller med.", thread=root, parent=root, place=1, due=None
    )
    Comment.objects.filter(pk=root.pk).update(reply_count=1)
    make_comment(about, "Flytta vägen.", theme=theme, **done)
    answer(theme, "inte_andrat", "Därför att vägen behövs.")
    left = make_comment(about, "När börjar ni?", source="phone")
    answer(left, "kvar", "Vi säger till i vår.", due=day + dt.timedelta(days=90))
    make_comment(about, "Ingen har svarat.", due=day - dt.timedelta(days=1))
    waiting = make_comment(
        about,
        "Ring Anna Berg, 070-123 45 67.",
        name="Anna Berg",
        state=Comment.State.WAITING,
        held_for="Det kan finnas personuppgifter i texten.",
    )
    reported = make_comment(about, "Det här är fel.", reports=1)
    AbuseReport.objects.create(comment=reported, text="Den pekar ut någon.")
    hidden = make_comment(
        about, "Köp bilar.", state=Comment.State.HIDDEN, removed_why="ad"
    )
    unsure = make_comment(
        about,
        "Jag är inte bekräftad.",
        state=Comment.State.UNCONFIRMED,
        mail_hash=subscriptions.mail_hash("eva@exempel.se"),
    )
    make_comment(over, "Vid kyrkan.", item_name="Bron över ån", **done)
    made.given |= {
        "public_dialogue": {"number": about.pk},
        "public_write": {"number": about.pk},
        "public_comments": {"kind": "project", "key": "skola"},
        "public_comment": {"number": root.pk},
        "public_report": {"number": root.pk},
        "public_receipt": {"token": dialogue.receipt_token(root)},
        "public_comment_confirm": {"token": dialogue.confirm_token(unsure)},
    }
    for one, names in (
        (about, ("one", "change", "register", "theme_add")),
        (theme, ("theme_change", "theme_answer")),
        (waiting, ("comment", "thin")),
        (root, ("moderate", "put_under", "answer")),
    ):
        made.given |= {f"dialogue_{name}": {"number": one.pk} for name in names}
    at = f"dialog/{about.pk}/skriv/"
    for name, path in {
        "answer_a_comment": f"{at}?svar_pa={reply.pk}",
        "closed_dialogue": f"dialog/{over.pk}/",
        "write_too_late": f"dialog/{over.pk}/skriv/",
        "plan_dialogue": f"dialog/{plan.pk}/",
        "comments_by_theme": f"dialog/{about.pk}/?tema={theme.pk}&ordning=obesvarade",
        "hidden_comment": f"dialog/synpunkt/{hidden.pk}/",
        "waiting_receipt": f"dialog/kvitto/{dialogue.receipt_token(waiting)}/",
        "forged_link": "dialog/bekrafta/1:a:b/",
    }.items():
        made.public(f"public_{name}", path)
    slug = place.slug
    made.seen["dialogue_queue_all"] = f"/{slug}/dialog/?visa=alla"
    made.seen["dialogue_to_answer"] = f"/{slug}/dialog/synpunkt/{root.pk}/"
    made.seen["dialogue_reported"] = f"/{slug}/dialog/synpunkt/{reported.pk}/"


# ---------------------------------------------------------------- envelopes


def make_envelope(place: Municipality, **change: Any) -> Envelope:
    """Store an envelope that is open for votes, with two proposals and a refused one."""
    day = timezone.localdate()
    facts: dict[str, Any] = {
        "name": "Byns pott",
        "about": "Det som gör byn trevligare.",
        "project_id": "skola",
        "sum_ore": SUM,
        "who": "codes",
        "votes_from": day - dt.timedelta(days=1),
        "votes_to": day + dt.timedelta(days=1),
        "state": "open",
    }
    envelope = envelopes.create(None, place, Envelope(**facts | change))
    states = EnvelopeProposal.State
    for n, (name, cost, state) in enumerate(
        (
            ("Utegym", 40_000, states.SHOWN),
            ("Bänkar vid ån", 70_000, states.SHOWN),
            ("Bad", None, states.REFUSED),
        ),
        start=1,
    ):
        EnvelopeProposal.objects.create(
            envelope=envelope,
            number=n,
            key=str(n),
            name=name,
            text="Där det behövs.",
            cost_ore=cost,
            state=state,
            reason="Marken är inte vår." if state == states.REFUSED else "",
        )
    return envelope


def cast(envelope: Envelope, *marks: str) -> str:
    """Put ballots in an envelope, each with the keys of its marks; return a number."""
    number = ""
    for i, keys in enumerate(marks):
        key = envelope_ballots.hash_of(envelope, f"code-{i}")
        number = envelope_ballots.number_of(key)
        envelope.ballots.create(
            key=key, number=number, marks=[[one, 1] for one in keys]
        )
    return number


def _envelopes(made: Everything, who: User) -> None:
    day, place = timezone.localdate(), made.place
    later = {
        "votes_from": day + dt.timedelta(days=5),
        "votes_to": day + dt.timedelta(days=9),
    }
    counted = make_envelope(place, votes_to=day - dt.timedelta(days=1))
    number = cast(counted, "1", "12", "2")
    envelope_ballots.count_or_queue(None, counted)
    envelope_ballots.publish(who, counted)  # type: ignore[arg-type]
    voting = make_envelope(place, name="Skolans pott", decides="Kommunstyrelsen")
    cast(voting, "1")
    proposals = make_envelope(
        place,
        name="Parkens pott",
        proposals_from=day,
        proposals_to=day + dt.timedelta(days=3),
        **later,
    )
    proposals.proposals.create(
        number=4, key="4", name="Ett förslag", text="Ring 070-123 45 67.", cost_ore=None
    )
    draft = make_envelope(place, name="Utkastet", state="draft", **later)
    closed = make_envelope(
        place, name="Räknad pott", votes_to=day - dt.timedelta(days=1)
    )
    cast(closed, "1", "2")
    envelope_ballots.count_or_queue(None, closed)
    over, now, coming = ({"number": one.number} for one in (counted, voting, proposals))
    made.given |= {
        "public_envelope": over,
        "public_envelope_propose": coming,
        "public_envelope_vote": now,
        "public_envelope_result": over,
        "public_envelope_receipts": over,
        "public_envelope_file": {**over, "fil": "pott.zip"},
        "envelope": now,
        "envelope_edit": coming,
        "envelope_open": {"number": draft.number},
        "envelope_proposal_new": coming,
        "envelope_proposal": {**coming, "of": 4},
        "envelope_redact": {**coming, "of": 4},
        "envelope_tear_up": {"number": closed.number},
        "envelope_codes": now,
        "envelope_paper": now,
        "envelope_count": {"number": closed.number},
        "envelope_result": {"number": closed.number},
        "envelope_publish": {"number": closed.number},
        "envelope_file": over,
    }
    for name, path in {
        "envelope_to_vote": f"pott/{voting.number}/",
        "envelope_to_propose": f"pott/{proposals.number}/?tack=1",
        "vote_too_late": f"pott/{counted.number}/rosta/",
        "one_receipt": f"pott/{counted.number}/kvitton/?nummer={number}",
    }.items():
        made.public(f"public_{name}", path)
    slug = place.slug
    made.seen["envelope_draft"] = f"/{slug}/pott/{draft.number}/"
    made.seen["envelope_published"] = f"/{slug}/pott/{counted.number}/"
    made.seen["envelope_proposals"] = f"/{slug}/pott/{proposals.number}/"


# ---------------------------------------------------------------- who follows


def _followers(made: Everything) -> None:
    place, now = made.place, timezone.now()

    def follows(kind: str, key: str, name: str, **more: Any) -> Subscription:
        return Subscription.objects.create(
            municipality=place,
            kind=kind,
            key=key,
            name=name,
            origin=ORIGIN,
            **{"email": "eva@exempel.se", "confirmed_at": now, **more},
        )

    plan = follows("plan", "", "")
    follows("project", "skola", "Norra skolan byggs om")
    wish = follows("letters", "", "", email="ny@exempel.se", confirmed_at=None)
    ended = follows("plan", "", "", email="", ended_at=now)
    made.given |= {
        "public_follow_confirm": {"token": subscriptions.confirm_token(wish)},
        "public_follow_end": {"token": subscriptions.end_token([plan])},
    }
    old = subscriptions.confirm_token(ended)
    made.public("public_old_link", f"folj/bekrafta/{old}/")
    nothing = subscriptions.end_token([ended])
    made.public("public_follows_nothing", f"folj/avsluta/{nothing}/")
    Outgoing.objects.create(
        municipality=place,
        once=f"stuck:{place.pk}",
        to="eva@exempel.se",
        subject="Version 2",
        text="Hej.",
        attempts=11,
        gave_up_at=now,
        error="SMTPServerDisconnected",
    )


# ---------------------------------------------------------------- a resident's own plan


def _own_plan(made: Everything, new: Publication) -> None:
    own = OwnPlan(new, {})
    key = next(
        key
        for key in sorted(sandbox.base_states(new))
        if not sandbox.refused(sandbox.bench_of(new).case, key, None)
    )
    code = own.with_changes({key: None}).code
    made.given |= {
        "public_sandbox_plan": {"code": code},
        "public_hand_in": {"code": code},
    }
    made.public("public_broken_plan", "prova/trasig/")
    plan = Dialogue.objects.get(municipality=made.place, kind="plan")
    make_comment(plan, "Så här vill jag göra.", plan=code, item_name="hela planen")
    known = residents.swings_of(new)
    if len(known) < 2:
        return
    one, two = sorted(known)[:2]
    said = residents.carried(json.dumps([[one, two, None, "second"]]), known)
    for i in range(ANSWERS):
        group = ("16-29", "65-")[i % 2]
        residents.hand_in(new, said, group, f"{made.place.pk}-{i}")
    ResidentRegion.objects.create(municipality=made.place, publication=new)
    residents.reckon_waiting()

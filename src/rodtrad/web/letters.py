"""How is a letter written, timed, published and taken back? One function an act.

What it shows of the plan is checked when it is saved and again when it is published.
Leaves out when its time has come (letter_due), how it looks (letter_figures) and its
pictures.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rodtrad.publish.letter_markup import excerpt, letter_html, letter_text, read_letter
from rodtrad.web import (
    dialogue_setup,
    events,
    letter_excerpts,
    letter_figures,
    outgoing,
    subscriptions,
)
from rodtrad.web.clean_text import clean, has_room
from rodtrad.web.dialogue import Item
from rodtrad.web.letter_pictures import forget_files
from rodtrad.web.models import Municipality, Publication
from rodtrad.web.models.dialogue import Kind
from rodtrad.web.models.letters import Letter, LetterMention, LetterPicture
from rodtrad.web.public_address import public_address

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from django.http import HttpRequest

    from rodtrad.publish.letter_markup import Letter as Read
    from rodtrad.publish.letter_markup import Reference
    from rodtrad.web.access import MunicipalRequest
    from rodtrad.web.letter_figures import Shower
    from rodtrad.web.models import User
    from rodtrad.web.models.dialogue import Dialogue

LONGEST_TAG: Final = 40
MOST_TAGS: Final = 12
_LONGEST_SLUG: Final = 70
_EXCERPT: Final = 600
_FIELDS: Final = ("title", "text", "tags", "author_role")

events.declare_object(
    "letter",
    gettext_lazy("brev"),
    {
        "title": gettext_lazy("rubrik"),
        "text": gettext_lazy("text"),
        "tags": gettext_lazy("ämnen"),
        "author_role": gettext_lazy("undertecknat som"),
        "state": gettext_lazy("läge"),
        "publish_at": gettext_lazy("publiceras"),
        "published_at": gettext_lazy("publicerat"),
    },
    values={"state": dict(Letter.State.choices)},
)
events.declare_action("letter.written", gettext_lazy("började på ett brev"))
events.declare_action("letter.changed", gettext_lazy("ändrade ett brev"))
events.declare_action(
    "letter.scheduled", gettext_lazy("bestämde när ett brev publiceras")
)
events.declare_action("letter.published", gettext_lazy("publicerade ett brev"))
events.declare_action("letter.held", gettext_lazy("höll inne ett brev"))
events.declare_action(
    "letter.put_off", gettext_lazy("kunde inte publicera ett brev och försöker igen")
)
events.declare_action("letter.withdrawn", gettext_lazy("tog tillbaka ett brev"))
events.declare_action("letter.removed", gettext_lazy("tog bort ett utkast till brev"))
events.declare_action(
    "letter.comment_removed",
    gettext_lazy("tog bort en kommentar från den gamla bloggen"),
)


class StaleError(Exception):
    """Somebody else has saved the letter meanwhile; nothing has been written."""


class UnfitError(Exception):
    """The letter cannot be published as it stands; the texts say why, to the person."""

    def __init__(self, faults: Sequence[str]) -> None:
        """Keep the sentences."""
        self.faults = list(faults)
        super().__init__(" ".join(self.faults))


# ---------------------------------------------------------------- names


def slug_of(title: str) -> str:
    """Return the part of an address that a title gives.

    Example:
        >>> slug_of("Att välja ordning, år 2!")
        'att-valja-ordning-ar-2'
    """
    plain = unicodedata.normalize("NFKD", title.casefold().replace("ß", "ss"))
    letters = plain.encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", letters)[:_LONGEST_SLUG].strip("-")
    return slug or "brev"


def free_slug(place: Municipality, title: str, but: int | None = None) -> str:
    """Return an address that no other letter of a municipality has, `but` apart."""
    slug = slug_of(title)
    others = Letter.objects.filter(municipality=place, slug__startswith=slug)
    found = set(
        (others if but is None else others.exclude(pk=but)).values_list(
            "slug", flat=True
        )
    )
    name, n = slug, 1
    while name in found:
        n += 1
        name = f"{slug}-{n}"
    return name


def tag_key(tag: str) -> str:
    """Return what tells two tags apart.

    Example:
        >>> tag_key("Skola & förskola")
        'skola-förskola'
    """
    folded = unicodedata.normalize("NFC", tag.casefold())
    return re.sub(r"[\W_]+", "-", folded).strip("-")


def tags_of(text: str) -> list[str]:
    """Return the tags in a text with commas, each once.

    Example:
        >>> tags_of("Skola, budget ,skola")
        ['Skola', 'budget']
    """
    found: dict[str, str] = {}
    for part in text.split(","):
        tag = " ".join(part.split())[:LONGEST_TAG].strip()
        if tag_key(tag):
            found.setdefault(tag_key(tag), tag)
    return list(found.values())[:MOST_TAGS]


def tag_keys(tags: Sequence[str]) -> str:
    """Return the tags as a row is found by them: `|skola|budget|`."""
    return f"|{'|'.join(tag_key(tag) for tag in tags)}|" if tags else ""


def clean_letter(text: str, most: int | None = None) -> str:
    r"""Return a letter's text without hidden signs; lines keep what they begin with.

    Raises:
        ValidationError: it has more signs than `most`; says how many.

    Example:
        >>> clean_letter("- ett\r\n   - tv\u200bå  ")
        '- ett\n   - två'
    """
    lines = []
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    has_room(text, most)
    for line in text.split("\n"):
        bare = line.lstrip(" \t")
        indent = " " * min(len(line[: len(line) - len(bare)].expandtabs(4)), 12)
        kept = clean(bare)
        lines.append(f"{indent}{kept}" if kept else "")
    found = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")
    has_room(found, most)
    return found


# ---------------------------------------------------------------- what is shown


def public_shower(
    letter: Letter, read: Read, publication: Publication | None, sprak: str = "sv"
) -> Shower:
    """Return what shows a letter's references with the addresses that everyone uses."""
    place = letter.municipality

    def picture(one: LetterPicture) -> str:
        return public_address(
            place, "letter_picture", sprak, letter=letter.number, picture=one.number
        )

    return letter_figures.shower_of(
        letter,
        read,
        publication,
        lambda key: public_address(place, "project", sprak, project_id=key),
        picture,
    )


def drawn(letter: Letter, shower: Shower) -> str:
    """Return a letter as safe HTML."""
    return letter_html(read_letter(letter.text), shower.inline, shower.block)


def faults_of(
    letter: Letter, read: Read, missing: Sequence[Reference], has_plan: bool
) -> list[str]:
    """Return why a letter cannot be published, in sentences."""
    faults = []
    known = (
        {str(n) for n in letter.pictures.values_list("number", flat=True)}
        if letter.pk
        else set()
    )
    for reference in missing:
        if not has_plan:
            faults.append(
                _("{what} visar något ur planen, men ingen plan är publicerad.").format(
                    what=reference.text
                )
            )
        else:
            faults.append(
                _(
                    "{what} finns inte i den publicerade planen. Rätta eller ta bort det."
                ).format(what=reference.text)
            )
    faults.extend(
        _("{what} finns inte bland brevets bilder.").format(what=f"[[bild:{name}]]")
        for name in read.named("bild")
        if name not in known
    )
    faults.extend(
        _("{what} ska stå på en egen rad, med tom rad före och efter.").format(
            what=one.text
        )
        for one in read.inline_pictures
    )
    return faults


def check(letter: Letter) -> list[str]:
    """Read a letter's text beside the newest plan, set what it cites, and return faults.

    What a published letter keeps of its day stays as it was.
    """
    publication = Publication.objects.current(letter.municipality)
    read = read_letter(letter.text)
    earlier = letter.cites if letter.is_public else {}
    letter.cites, missing = letter_figures.cites_of(read, publication, earlier)
    # names and figures are not kept here: they may be taken back
    letter.excerpt = _cut(excerpt(letter_text(read, letter_excerpts.code_of)))
    words = [letter.title, *letter.tags, letter_text(read, lambda _one: "")]
    letter.folded = unicodedata.normalize("NFC", "\n".join(words)).casefold()
    letter.tag_keys = tag_keys(letter.tags)
    return faults_of(letter, read, missing, publication is not None)


def _cut(text: str) -> str:
    """Return a text that has room, without half a reference at its end."""
    return re.sub(r"\[\[[^\]]*\]?$", "", text[:_EXCERPT])


def _mention(letter: Letter) -> None:
    """Set which projects a letter mentions, by the ids of the published plan."""
    named = letter_figures.projects_of(read_letter(letter.text))
    publication = Publication.objects.current(letter.municipality)
    items = letter_figures.items_named(publication, named) if publication else {}
    ids = (items[one].project_id if one in items else one for one in named)
    wanted = {one for one in ids if len(one) <= 200}
    there = set(letter.mentions.values_list("project_id", flat=True))
    letter.mentions.filter(project_id__in=there - wanted).delete()
    LetterMention.objects.bulk_create(
        LetterMention(
            letter=letter, municipality_id=letter.municipality_id, project_id=one
        )
        for one in sorted(wanted - there)
    )


# ---------------------------------------------------------------- acts


def next_number(place: Municipality) -> int:
    """Return the number of the next letter; the municipality is locked by the caller."""
    last = Letter.objects.filter(municipality=place).aggregate(n=Max("number"))["n"]
    return (last or 0) + 1


def _facts(letter: Letter) -> dict[str, Any]:
    return {name: getattr(letter, name) for name in _FIELDS}


@transaction.atomic
def write(
    who: HttpRequest, letter: Letter, fields: dict[str, Any], revision: int = 0
) -> tuple[Letter, list[str]]:
    """Store a letter's fields; return it and what hinders it from being published.

    A letter that everyone reads is not stored with faults.

    Raises:
        StaleError: somebody else has saved it meanwhile.
        UnfitError: it is published, and would show what is not there.
    """
    place = Municipality.objects.select_for_update().get(pk=letter.municipality_id)
    before: dict[str, Any] = {}
    is_new = letter.pk is None
    if not is_new:
        letter = Letter.objects.select_for_update().get(pk=letter.pk)
        if letter.revision != revision:
            raise StaleError
        before = _facts(letter)
    letter.municipality = place
    for name in _FIELDS:
        if name in fields:
            setattr(letter, name, fields[name])
    faults = check(letter)
    if not is_new and _facts(letter) == before:
        return letter, faults
    if letter.is_public and faults:
        raise UnfitError(faults)
    letter.changed_at = timezone.now()
    if is_new:
        letter.number = next_number(place)
        letter.author = events.event(who, place, "letter.written").actor
        letter.author_name = str(letter.author or "")[:150]
    else:
        letter.revision += 1
    if not letter.published_at and (is_new or letter.title != before["title"]):
        letter.slug = free_slug(place, letter.title, but=letter.pk)
    if letter.is_public:
        letter.corrected_at = letter.changed_at
        dialogue_setup.rename(who, place, item_of(letter), before["title"])
    letter.save()
    _mention(letter)
    action = "letter.written" if is_new else "letter.changed"
    events.record(who, place, action, letter, *events.changed(before, _facts(letter)))
    return letter, faults


@transaction.atomic
def schedule(who: HttpRequest, letter: Letter, when: dt.datetime) -> Letter:
    """Let the worker publish a letter at a time.

    Raises:
        UnfitError: it cannot be published as it stands.
    """
    letter = Letter.objects.select_for_update().get(pk=letter.pk)
    if letter.is_public:
        return letter
    faults = check(letter)
    if faults:
        raise UnfitError(faults)
    before = {"state": letter.state, "publish_at": letter.publish_at}
    letter.state, letter.publish_at, letter.fault = Letter.State.SCHEDULED, when, ""
    letter.save(update_fields=["state", "publish_at", "fault"])
    events.record(
        who,
        letter.municipality,
        "letter.scheduled",
        letter,
        before,
        {"state": letter.state, "publish_at": when},
    )
    return letter


@transaction.atomic
def unschedule(who: HttpRequest, letter: Letter) -> Letter:
    """Make a letter that waits a draft again."""
    letter = Letter.objects.select_for_update().get(pk=letter.pk)
    if letter.state != Letter.State.SCHEDULED:
        return letter
    before = {"state": letter.state, "publish_at": letter.publish_at}
    letter.state, letter.publish_at = Letter.State.DRAFT, None
    letter.save(update_fields=["state", "publish_at"])
    after = {"state": letter.state, "publish_at": None}
    events.record(who, letter.municipality, "letter.held", letter, before, after)
    return letter


@transaction.atomic
def publish(who: HttpRequest | User | None, letter: Letter) -> Letter:
    """Publish a letter now; one that is published already is left as it is.

    Raises:
        UnfitError: it cannot be published as it stands.
    """
    letter = (
        Letter.objects.select_for_update(of=("self",))
        .select_related("municipality")
        .get(pk=letter.pk)
    )
    if letter.is_public:
        return letter
    faults = check(letter)
    if faults:
        raise UnfitError(faults)
    before = {"state": letter.state, "published_at": letter.published_at}
    now = timezone.now()
    if letter.published_at is None:
        day = timezone.localdate(now)
        letter.published_at, letter.year, letter.month = now, day.year, day.month
    letter.state, letter.publish_at, letter.fault = Letter.State.PUBLISHED, None, ""
    letter.changed_at = now
    letter.revision += 1
    letter.save()
    _mention(letter)
    after = {"state": letter.state, "published_at": letter.published_at}
    events.record(who, letter.municipality, "letter.published", letter, before, after)
    talk = dialogue_setup.show_with(who, letter.municipality, item_of(letter))
    assert letter.published_at is not None  # noqa: S101 - set above
    if now - letter.published_at < outgoing.KEEP_SENT:
        # whoever was told before it was taken back has a mail that is still known
        tell_subscribers(letter, talk)
    return letter


@transaction.atomic
def withdraw(who: HttpRequest, letter: Letter, why: str) -> Letter:
    """Make a published letter a draft again: nobody else reaches it any more."""
    letter = Letter.objects.select_for_update().get(pk=letter.pk)
    if not letter.is_public:
        return letter
    letter.state, letter.changed_at = Letter.State.DRAFT, timezone.now()
    letter.revision += 1
    letter.save(update_fields=["state", "changed_at", "revision"])
    events.record(
        who,
        letter.municipality,
        "letter.withdrawn",
        letter,
        {"state": Letter.State.PUBLISHED},
        {"state": letter.state},
        note=why,
    )
    dialogue_setup.hide_with(who, letter.municipality, Kind.LETTER, str(letter.number))
    outgoing.drop(f"{_once(letter)}:")
    return letter


@transaction.atomic
def remove(who: HttpRequest, letter: Letter) -> None:
    """Remove a draft that has never been published, with its pictures' rows."""
    letter = Letter.objects.select_for_update().get(pk=letter.pk)
    if letter.is_public or letter.published_at:
        raise ValueError("a letter that has been published is only taken back")
    events.record(who, letter.municipality, "letter.removed", letter, _facts(letter))
    # the number may come again
    take_no_comments(who, letter)
    checksums = list(letter.pictures.values_list("checksum", flat=True))
    letter.delete()
    forget_files(checksums)


@transaction.atomic
def remove_old_comment(who: HttpRequest, letter: Letter, index: int) -> bool:
    """Remove a comment that came with an old blog; False if there is none."""
    letter = Letter.objects.select_for_update().get(pk=letter.pk)
    if not 0 <= index < len(letter.old_comments):
        return False
    # the text is not kept in the log: it may be why the comment is removed
    gone = letter.old_comments.pop(index)
    letter.revision += 1
    letter.save(update_fields=["old_comments", "revision"])
    events.record(
        who,
        letter.municipality,
        "letter.comment_removed",
        letter,
        {"at": gone.get("at")},
        {"at": None},
    )
    return True


# ---------------------------------------------------------------- what residents say


def item_of(letter: Letter) -> Item:
    """Return a letter as what a dialogue is about."""
    return Item(Kind.LETTER, str(letter.number), letter.title)


def dialogue_of(letter: Letter) -> Dialogue | None:
    """Return the newest dialogue about a letter, if there is one."""
    place = letter.municipality
    return dialogue_setup.about(place, Kind.LETTER, str(letter.number)).first()


def take_comments(
    who: MunicipalRequest, letter: Letter, *, level: str, open_text: str, role: str
) -> Dialogue:
    """Let residents write about a letter: now, or as soon as it is published.

    Until then the dialogue does not name it: more people see dialogues than drafts.
    """
    item = item_of(letter)
    if not letter.is_public:
        with events.in_swedish():
            item = replace(item, name=_("Ett brev som inte är publicerat"))
    return dialogue_setup.open_for(
        who,
        item,
        owner_role=role,
        level=level,
        open_text=open_text,
        waits=not letter.is_public,
    )


def take_no_comments(who: HttpRequest, letter: Letter) -> bool:
    """Let nobody write about a letter after all; False where somebody already could."""
    place, key = letter.municipality, str(letter.number)
    return dialogue_setup.remove_waiting(who, place, Kind.LETTER, key) > 0


# ---------------------------------------------------------------- others are told


def tell_subscribers(letter: Letter, talk: Dialogue | None = None) -> int:
    """Queue a mail to those who have asked for the letter, and return how many.

    `talk` is the dialogue in which one may write about it.
    """
    place = letter.municipality
    read = read_letter(letter.text)
    publication = Publication.objects.current(place)

    def write_mail(sprak: str) -> tuple[str, str]:
        text = letter_text(read, public_shower(letter, read, publication).words)
        signed = ", ".join(
            one for one in (letter.author_name, letter.author_role) if one
        )
        address = letter_address(letter, sprak)
        parts = [text, signed, letter_figures.as_of(letter)]
        parts += [_("Läs brevet på webbplatsen:"), subscriptions.link(address)]
        if talk is not None:
            at = public_address(place, "dialogue", sprak, number=talk.pk)
            parts += [_("Skriv till oss om brevet:"), subscriptions.link(at)]
        return letter.title, "\n\n".join(part for part in parts if part)

    return subscriptions.tell(
        place, "letters", "", once=_once(letter), write=write_mail
    )


def _once(letter: Letter) -> str:
    """Return what names the mails that tell of a letter."""
    return f"letter:{letter.pk}"


def letter_address(letter: Letter, sprak: str = "sv") -> str:
    """Return where everyone reads a published letter, without host."""
    return public_address(
        letter.municipality,
        "letter",
        sprak,
        ar=letter.year,
        manad=letter.month,
        slug=letter.slug,
    )


def letters_about(place: Municipality, project_id: str) -> list[Letter]:
    """Return the newest published letters that mention a project."""
    found = (
        Letter.objects.public(place)
        .light()
        .filter(mentions__project_id=project_id, mentions__municipality=place)
    )
    return list(found[:20])

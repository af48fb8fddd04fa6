"""How is a dialogue opened and changed, and how do comments follow what they are about?

At most one dialogue about an item is open at a time. A project that gets a new id takes
its comments, dialogues and followers along when a plan that knows the new id is
published. Leaves out the comments themselves (dialogue).
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Final

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Case, CharField, Count, Q, Value, When
from django.db.models.functions import Concat
from django.utils import timezone
from django.utils.translation import gettext as _

from rodtrad.web import dialogue_events, dialogue_mail, dialogue_read, events
from rodtrad.web.dialogue import StaleError
from rodtrad.web.models.dialogue import (
    Answer,
    Comment,
    Dialogue,
    Kind,
    Level,
    RenamedProjects,
    Theme,
)
from rodtrad.web.models.following import Subscription
from rodtrad.web.models.letters import Letter, LetterMention

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from django.db.models import QuerySet
    from django.http import HttpRequest

    from rodtrad.web.access import MunicipalRequest
    from rodtrad.web.dialogue import Item
    from rodtrad.web.models import Municipality, Publication, User
    from rodtrad.web.models.underlag import Version

__all__ = ["dialogue_events"]

FIELDS: Final = (
    "kind",
    "key",
    "title",
    "level",
    "open_text",
    "closed_text",
    "decides",
    "decides_at",
    "opens",
    "closes",
    "owner_role",
    "moderation",
    "confirm_email",
    "answer_days",
    "state",
)


def facts(dialogue: Dialogue) -> dict[str, Any]:
    """Return what a dialogue says, for the log and for comparing."""
    return {name: getattr(dialogue, name) for name in FIELDS}


@transaction.atomic
def save(
    request: MunicipalRequest, dialogue: Dialogue, before: Mapping[str, Any] | None
) -> Dialogue:
    """Store a dialogue, new or changed; when it opens, followers are told, once.

    Raises:
        ValidationError: another dialogue about the same thing is open, or it is about a
            letter that nobody may read.
        StaleError: it has been changed since it was read.
    """
    place = request.municipality
    type(place).objects.select_for_update().get(pk=place.pk)
    if dialogue.pk is not None:
        known = Dialogue.objects.filter(pk=dialogue.pk, revision=dialogue.revision)
        if not known.exists():
            raise StaleError
    if dialogue.state == Dialogue.State.OPEN and _another(dialogue):
        raise ValidationError(
            _("En annan dialog om samma sak är öppen. Stäng den först.")
        )
    if dialogue.state != Dialogue.State.DRAFT and _waits_for_letter(dialogue):
        raise ValidationError(
            _("Brevet är inte publicerat. Dialogen öppnar när det publiceras.")
        )
    if dialogue.owner_id is None:
        dialogue.owner = request.user
    dialogue.revision += 1
    dialogue.save()
    now = facts(dialogue)
    was, told = events.changed(before or {}, now)
    events.record(
        request,
        place,
        "dialogue.changed" if before else "dialogue.made",
        dialogue,
        before=was if before else None,
        after=told,
    )
    tell_if_open(dialogue)
    return dialogue


@transaction.atomic
def open_for(
    request: MunicipalRequest,
    item: Item,
    *,
    owner_role: str,
    days: int = 60,
    level: str = Level.DIALOG,
    open_text: str = "",
    waits: bool = False,
) -> Dialogue:
    """Return the dialogue about an item, opened now if there is none.

    For items that residents may always write about, such as a letter. One that `waits`
    is seen by nobody before its item is public: see `show_with`.
    """
    place = request.municipality
    type(place).objects.select_for_update().get(pk=place.pk)
    found = about(place, item.kind, item.key).first()
    if found is not None:
        return found
    today = timezone.localdate()
    made = Dialogue(
        municipality=place,
        kind=item.kind,
        key=item.key,
        title=item.name[:160],
        level=level,
        open_text=open_text,
        opens=today,
        closes=today + dt.timedelta(days=days),
        owner_role=owner_role[:80],
        state=Dialogue.State.DRAFT if waits else Dialogue.State.OPEN,
    )
    return save(request, made, None)


def about(municipality: Municipality, kind: str, key: str) -> QuerySet[Dialogue]:
    """Return the dialogues about an item, the newest first."""
    return Dialogue.objects.filter(municipality=municipality, kind=kind, key=key)


@transaction.atomic
def show_with(
    who: HttpRequest | User | None, municipality: Municipality, item: Item
) -> Dialogue | None:
    """Let residents see the dialogues about an item that is public from now on.

    One that waited opens today for as many days as was said. Nobody is told apart: what
    tells of the item tells of it too.

    Returns:
        the dialogue in which one may write now, if there is one.
    """
    today = timezone.localdate()
    drafts = about(municipality, item.kind, item.key).filter(state=Dialogue.State.DRAFT)
    found = list(drafts.select_for_update())
    for number, one in enumerate(found):
        changes: dict[str, Any] = {"title": item.name[:160], "closes": one.closes}
        if one.told_at is None:
            one.told_at = timezone.now()
            changes |= {"opens": today, "closes": today + (one.closes - one.opens)}
        # one about an item is open at a time
        opens = number == 0 and changes["closes"] >= today
        changes["state"] = Dialogue.State.OPEN if opens else Dialogue.State.CLOSED
        _change(who, one, changes)
    _name_comments(municipality, item)
    return found[0] if found and found[0].takes_comments() else None


def rename(
    who: HttpRequest | User | None, municipality: Municipality, item: Item, before: str
) -> None:
    """Let the dialogues that are named after an item be named as it is now, and comments."""
    found = about(municipality, item.kind, item.key).filter(title=before[:160])
    for one in found.exclude(title=item.name[:160]):
        _change(who, one, {"title": item.name[:160]})
    _name_comments(municipality, item)


def _name_comments(municipality: Municipality, item: Item) -> None:
    said = dialogue_read.of_item(municipality, item.kind, item.key).order_by()
    said.update(item_name=item.name[:300])


@transaction.atomic
def hide_with(
    who: HttpRequest | User | None, municipality: Municipality, kind: str, key: str
) -> None:
    """Let nobody but staff see the dialogues about an item that is taken back."""
    found = about(municipality, kind, key).exclude(state=Dialogue.State.DRAFT)
    for one in found.select_for_update():
        one.told_at = one.told_at or timezone.now()
        _change(who, one, {"state": Dialogue.State.DRAFT})


@transaction.atomic
def remove_waiting(
    who: HttpRequest | User | None, municipality: Municipality, kind: str, key: str
) -> int:
    """Remove the dialogues that waited for an item and never opened; say how many."""
    waiting = about(municipality, kind, key).filter(
        state=Dialogue.State.DRAFT, told_at=None, comments=None
    )
    found = list(waiting)
    for one in found:
        events.record(
            who, municipality, "dialogue.removed", one, before={"title": one.title}
        )
        one.delete()
    return len(found)


def _change(
    who: HttpRequest | User | None, dialogue: Dialogue, changes: Mapping[str, Any]
) -> None:
    before = facts(dialogue)
    for name, value in changes.items():
        setattr(dialogue, name, value)
    dialogue.revision += 1
    dialogue.save()
    events.record(
        who,
        dialogue.municipality,
        "dialogue.changed",
        dialogue,
        *events.changed(before, facts(dialogue)),
    )


def _waits_for_letter(dialogue: Dialogue) -> bool:
    if dialogue.kind != Kind.LETTER:
        return False
    public = Letter.objects.public(dialogue.municipality)
    return not public.filter(number=int(dialogue.key)).exists()


def _another(dialogue: Dialogue) -> bool:
    found = Dialogue.objects.filter(
        municipality=dialogue.municipality,
        kind=dialogue.kind,
        key=dialogue.key,
        state=Dialogue.State.OPEN,
        opens__lte=dialogue.closes,
        closes__gte=dialogue.opens,
    )
    return found.exclude(pk=dialogue.pk).exists()


def tell_if_open(dialogue: Dialogue) -> None:
    """Tell followers that one may write, the first time that it is so."""
    if dialogue.told_at is None and _is_read(dialogue):
        Dialogue.objects.filter(pk=dialogue.pk).update(told_at=timezone.now())
        dialogue_mail.opened(dialogue)


def _is_read(dialogue: Dialogue) -> bool:
    """Return True if one may write, about something that everyone may read about."""
    found = dialogue_read.public_dialogues(dialogue.municipality)
    return dialogue.takes_comments() and found.filter(pk=dialogue.pk).exists()


def tell_opened() -> int:
    """Tell of dialogues that have opened by their date; for the worker."""
    today = timezone.localdate()
    found = Dialogue.objects.filter(
        state=Dialogue.State.OPEN, told_at=None, opens__lte=today, closes__gte=today
    )
    n = 0
    for one in found.select_related("municipality"):
        with transaction.atomic():
            if _is_read(one) and Dialogue.objects.filter(
                pk=one.pk, told_at=None
            ).update(told_at=timezone.now()):
                dialogue_mail.opened(one)
                n += 1
    return n


# ---------------------------------------------------------------- themes


@transaction.atomic
def add_theme(request: MunicipalRequest, dialogue: Dialogue, name: str) -> Theme:
    """Return the theme of a dialogue with a name, made if there is none."""
    found = dialogue.themes.filter(name__iexact=name).first()
    if found is not None:
        return found
    theme = Theme.objects.create(dialogue=dialogue, name=name)
    events.record(
        request, dialogue.municipality, "theme.made", theme, after={"name": name}
    )
    return theme


@transaction.atomic
def rename_theme(request: MunicipalRequest, theme: Theme, name: str) -> None:
    """Give a theme another name.

    Raises:
        ValidationError: another theme of the dialogue has it.
    """
    before = theme.name
    others = theme.dialogue.themes.exclude(pk=theme.pk)
    if others.filter(name__iexact=name).exists():
        raise ValidationError(_("Temat finns redan."))
    theme.name = name
    theme.save()
    events.record(
        request,
        theme.dialogue.municipality,
        "theme.renamed",
        theme,
        before={"name": before},
        after={"name": name},
    )


@transaction.atomic
def remove_theme(request: MunicipalRequest, theme: Theme) -> None:
    """Remove a theme without an answer; its comments stay, under none.

    Raises:
        ValidationError: it has been answered, and the answer would go with it.
    """
    if Answer.objects.filter(theme=theme).exists():
        raise ValidationError(
            _("Temat har fått ett svar. Svaret skulle försvinna, så temat står kvar.")
        )
    events.record(
        request,
        theme.dialogue.municipality,
        "theme.removed",
        ("theme", str(theme.pk), theme.name),
        before={"name": theme.name},
    )
    theme.delete()


def themes_of(dialogue: Dialogue) -> list[Theme]:
    """Return the themes of a dialogue with `n` comments that are shown, and answers."""
    shown = Q(comments__state=Comment.State.SHOWN, comments__thread=None)
    return list(
        dialogue.themes.select_related("answer").annotate(
            n=Count("comments", filter=shown)
        )
    )


# ---------------------------------------------------------------- following the item


def ids_changed(municipality: Municipality, moves: Mapping[str, str]) -> None:
    """Remember that projects got new ids, until a plan with those is published."""
    if moves:
        RenamedProjects.objects.create(municipality=municipality, moves=dict(moves))


def ids_now(municipality: int, ids: Iterable[str]) -> dict[str, str]:
    """Return the ids that projects have in the published plan, of those that differ.

    By any of their ids: also one that is not published yet, or no longer.
    """
    moved = RenamedProjects.objects.filter(municipality=municipality).order_by("pk")
    rows = list(moved.values_list("moves", "applied"))
    found: dict[str, str] = {}
    for old in ids:
        now = old
        for moves, applied in rows:
            now = moves.get(now, now) if applied else now
        for moves, applied in reversed(rows):
            back = {new: was for was, new in moves.items()}
            now = now if applied else back.get(now, now)
        if now != old:
            found[old] = now
    return found


def renames(municipality: Municipality) -> list[tuple[dt.datetime, dict[str, str]]]:
    """Return when ids that readers know were changed, newest first: from new to old."""
    applied = RenamedProjects.objects.filter(municipality=municipality, applied=True)
    return [
        (at, {new: old for old, new in moves.items()})
        for at, moves in applied.order_by("-pk").values_list("at", "moves")
    ]


def also_called(municipality: Municipality, project_ids: Iterable[str]) -> set[str]:
    """Return ids of projects with those that the same projects have had."""
    known = set(project_ids)
    renamed = RenamedProjects.objects.filter(municipality=municipality)
    for moves in renamed.order_by("-pk").values_list("moves", flat=True):
        known |= {old for old, new in moves.items() if new in known}
    return known


def coming_ids(municipality: Municipality) -> dict[str, str]:
    """Return what projects are called in the working copy, where readers know another id."""
    renamed = RenamedProjects.objects.filter(municipality=municipality, applied=False)
    found: dict[str, str] = {}
    for moves in renamed.order_by("pk").values_list("moves", flat=True):
        first = {old: new for old, new in moves.items() if old not in found.values()}
        found = {key: moves.get(now, now) for key, now in found.items()} | first
    return found


def moves_to(
    municipality: Municipality, version: Version
) -> list[tuple[RenamedProjects, dict[str, str]]]:
    """Return what changes ids, in order, if a plan of a version is what everyone reads.

    An older plan that is published again takes ids back to the earlier ones.
    """
    renamed = RenamedProjects.objects.filter(municipality=municipality)
    on = renamed.filter(at__lte=version.created_at, applied=False).order_by("pk")
    back = renamed.filter(at__gt=version.created_at, applied=True).order_by("-pk")
    return [(one, one.moves) for one in on] + [
        (one, {new: old for old, new in one.moves.items()}) for one in back
    ]


@transaction.atomic
def follow_items(publication: Publication) -> None:
    """Let comments, dialogues and followers know projects as a publication does."""
    place = publication.municipality
    for one, moves in moves_to(place, publication.version):
        _rename(place, moves)
        RenamedProjects.objects.filter(pk=one.pk).update(applied=not one.applied)
    _name_projects(publication)


def _name_projects(publication: Publication) -> None:
    """Let comments and followers call projects what a publication does."""
    for model, kind, key, name in (
        (Comment, "item_kind", "item_key", "item_name"),
        (Subscription, "kind", "key", "name"),
    ):
        rows = model._default_manager.filter(
            **{"municipality": publication.municipality, kind: Kind.PROJECT}
        ).order_by()
        called = list(rows.values_list(key, name).distinct())
        items = publication.items.filter(project_id__in={one for one, _name in called})
        now = {one: new[:300] for one, new in items.values_list("project_id", "name")}
        for one in {one for one, old in called if now.get(one, old) != old}:
            rows.filter(**{key: one}).update(**{name: now[one]})


def _rename(place: Municipality, moves: Mapping[str, str]) -> None:
    """Change ids in one go, so that two projects may change places."""
    for model, kind, key in (
        (Comment, "item_kind", "item_key"),
        (Dialogue, "kind", "key"),
    ):
        new = Case(*(When(**{key: old}, then=Value(to)) for old, to in moves.items()))
        model._default_manager.filter(
            **{"municipality": place, kind: Kind.PROJECT, f"{key}__in": list(moves)}
        ).order_by().update(**{key: new})
    followed = Subscription.objects.filter(
        municipality=place, kind=Subscription.Kind.PROJECT
    )
    _rename_each(followed, "key", moves)
    _rename_each(LetterMention.objects.filter(municipality=place), "project_id", moves)


def _rename_each(rows: QuerySet[Any], field: str, moves: Mapping[str, str]) -> None:
    """Change ids in rows of which there is one an id: who has both keeps one."""
    leaving = list(rows.filter(**{f"{field}__in": list(moves)}))
    rows.filter(pk__in=[one.pk for one in leaving]).update(
        # aside first, so that no two meet
        **{field: Concat(Value("\x1f"), "pk", output_field=CharField())}
    )
    for one in leaving:
        try:
            with transaction.atomic():
                rows.filter(pk=one.pk).update(**{field: moves[getattr(one, field)]})
        except IntegrityError:
            rows.filter(pk=one.pk).delete()

"""What does everyone read of the letters? The newest, the archive, one letter, the feed.

A letter shows the figures of its day and says where the plan has moved since. Leaves out
how letters are written (letters) and the comments (public_dialogue).
"""

from __future__ import annotations

import datetime as dt
import unicodedata
import uuid
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import Http404, HttpResponse
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from rodtrad.publish.letter_markup import read_letter
from rodtrad.web import (
    dialogue_items,
    letter_excerpts,
    letter_figures,
    letters,
    public_parts,
)
from rodtrad.web.clean_text import whole_number, xml_signs
from rodtrad.web.models.letters import Letter, LetterMention, LetterPicture
from rodtrad.web.public_address import public_address
from rodtrad.web.public_rows import with_words
from rodtrad.web.views import public_dialogue
from rodtrad.web.views.letters import picture_answer
from rodtrad.web.views.public_base import PublicRequest, context, page, public_view

if TYPE_CHECKING:
    from rodtrad.web.models import Municipality, Publication
    from rodtrad.web.models.letters import LetterQuerySet
    from rodtrad.web.models.publishing import PublicItem

_PER_PAGE: Final = 20
_ENTRIES: Final = 20
_EARLIER: Final = 4
_LONGEST_SEARCH: Final = 100
_PICTURE_SECONDS: Final = 86_400
_FEED_SPACE: Final = uuid.uuid5(uuid.NAMESPACE_URL, "rodtrad:letters")


# ---------------------------------------------------------------- lists


@public_view()
def letter_list(
    request: PublicRequest, ar: int | None = None, manad: int | None = None
) -> HttpResponse:
    """Show the letters, all or of a year or month, by tag and by words."""
    place = request.municipality
    found = Letter.objects.public(place)
    if ar is not None:
        found = found.filter(year=ar)
    if manad is not None:
        found = found.filter(month=manad)
    if (ar or manad) and not found.exists():
        raise Http404
    words = _folded(request.GET.get("q", ""))
    tag = letters.tag_key(request.GET["amne"]) if request.GET.get("amne") else ""
    found = _matching(request, found, words, tag)
    shown = Paginator(found.light(), _PER_PAGE).get_page(request.GET.get("sida"))
    shown.object_list = letter_excerpts.tell_excerpts(shown.object_list, request.newest)
    return page(
        request,
        "public/letters/list.html",
        nav="letters",
        page=shown,
        archive=public_parts.kept_now(
            request, f"archive|{ar}", lambda: _drawn_archive(request, ar)
        ),
        ar=ar,
        month=dt.date(ar, manad, 1) if ar and manad else None,
        q=" ".join(request.GET.get("q", "").split())[:_LONGEST_SEARCH],
        tag=tag,
        searched=bool(words or tag),
    )


def _folded(text: str) -> list[str]:
    text = unicodedata.normalize("NFC", text.replace("\0", "")[:_LONGEST_SEARCH])
    return text.casefold().split()[:8]


def _matching(
    request: PublicRequest, found: LetterQuerySet, words: list[str], tag: str
) -> LetterQuerySet:
    """Return the letters with every word: in the text, or in a project they mention."""
    mentions = LetterMention.objects.filter(municipality=request.municipality)
    mentioned = public_parts.kept_now(
        request,
        "mentions",
        lambda: list(mentions.values_list("letter_id", "project_id")),
    )
    rows = request.newest.rows
    known = [
        row for key in {key for _pk, key in mentioned} if (row := rows.by_id.get(key))
    ]
    for word in words:
        named = {row.project_id for row in with_words(known, word)}
        keys = {pk for pk, key in mentioned if key in named}
        found = found.filter(Q(folded__contains=word) | Q(pk__in=keys))
    return found.filter(tag_keys__contains=f"|{tag}|") if tag else found


def _drawn_archive(request: PublicRequest, ar: int | None) -> SafeString:
    """Return the archive with a year's months in sight: as many lines as months."""
    facts = {"archive": archive(request.municipality), "ar": ar}
    return _part(request, "public/letters/archive.html", facts)


def archive(
    place: Municipality,
) -> list[tuple[int, int, list[tuple[dt.date, int]]]]:
    """Return the years and their months, each with how many letters; newest first."""
    rows = (
        Letter.objects.filter(municipality=place, state=Letter.State.PUBLISHED)
        .values_list("year", "month")
        .annotate(n=Count("pk"))
        .order_by("-year", "-month")
    )
    found = []
    for year, group in groupby(rows, key=lambda row: row[0]):
        months = [(dt.date(year, month, 1), n) for _year, month, n in group]
        found.append((year, sum(n for _month, n in months), months))
    return found


# ---------------------------------------------------------------- one letter


@public_view()
def letter(request: PublicRequest, ar: int, manad: int, slug: str) -> HttpResponse:
    """Show a letter."""
    place = request.municipality
    one = Letter.objects.public(place).filter(year=ar, month=manad, slug=slug).first()
    if one is None:
        raise Http404
    one.municipality = place
    letter_excerpts.tell_excerpts([one], request.newest)
    shown = _shown(request, one)
    earlier = (
        Letter.objects.public(place)
        .light()
        .filter(published_at__lt=one.published_at)[:_EARLIER]
    )
    return page(
        request,
        "public/letters/letter.html",
        nav="letters",
        letter=one,
        earlier=list(earlier),
        comments=public_dialogue.drawn(request, "letter", str(one.number), one.title),
        **shown,
    )


def _shown(request: PublicRequest, one: Letter) -> dict[str, Any]:
    """Return a letter's text beside the newest plan, drawn once for each state of both."""
    cited = sorted({cite.get("version") or 0 for cite in one.cites.values()})
    withdrawn: frozenset[int] = frozenset()
    if set(cited) - {request.newest.number, 0}:
        withdrawn = letter_figures.withdrawn_among(one.municipality_id, cited)
    key = f"letter|{one.pk}|{one.revision}|{sorted(withdrawn)}"
    return public_parts.kept(request.newest, key, lambda: _drawn(request, one))


def _drawn(request: PublicRequest, one: Letter) -> dict[str, Any]:
    read = read_letter(one.text)
    shower = letters.public_shower(one, read, request.newest, request.sprak)
    body = letters.drawn(one, shower)
    return {
        "body": mark_safe(body),  # noqa: S308 - made safe by letter_markup
        "moved": list(dict.fromkeys(shower.moved)),
        "mentioned": list(
            dict.fromkeys(
                (item.project_id, item.name)
                for key in letter_figures.projects_of(read)
                if (item := shower.items.get(key))
            )
        ),
    }


@public_view()
def picture(request: PublicRequest, letter: int, picture: int) -> HttpResponse:
    """Return a picture that stands in a letter that everyone may read."""
    found = (
        LetterPicture.objects.filter(
            letter__municipality=request.municipality,
            letter__state=Letter.State.PUBLISHED,
            letter__number=letter,
            number=picture,
        )
        .select_related("letter")
        .first()
    )
    # one that was left out of the text was left out for everyone
    if found is None or str(picture) not in read_letter(found.letter.text).named(
        letter_figures.PICTURE
    ):
        raise Http404
    response = picture_answer(found)
    response["Cache-Control"] = f"public, max-age={_PICTURE_SECONDS}"
    return response


# ---------------------------------------------------------------- the feed


@public_view()
def feed(request: PublicRequest) -> HttpResponse:
    """Return the newest letters as an Atom feed; what tells them apart never changes."""
    place = request.municipality
    found = letter_excerpts.tell_excerpts(
        Letter.objects.public(place)[:_ENTRIES], request.newest
    )
    entries: list[dict[str, Any]] = []
    updated: dt.datetime | None = None
    for one in found:
        one.municipality = place
        shown = _shown(request, one)
        body = _whole(request, str(shown["body"]))
        address = letters.letter_address(one, request.sprak)
        at = request.build_absolute_uri(address)
        changed = one.corrected_at or one.published_at
        if shown["moved"] and changed:
            # what the letter says of the plan changed with the newest version
            changed = max(changed, request.newest.published_at)
        updated = changed if updated is None else max(updated, changed or updated)
        entries.append({"letter": one, "body": body, "at": at, "changed": changed})
    text = render_to_string(
        "public/letters/feed.xml",
        context(
            request,
            entries=entries,
            title=_("Veckobrevet, {name}").format(name=place.name),
            feed_id=uuid.uuid5(_FEED_SPACE, f"{place.slug}/{request.sprak}").urn,
            updated=updated or request.newest.published_at,
        ),
    )
    return HttpResponse(
        xml_signs(text), content_type="application/atom+xml; charset=utf-8"
    )


def _whole(request: PublicRequest, body: str) -> str:
    """Return a text whose own addresses carry protocol and host, for other programs."""
    root = request.build_absolute_uri("/")
    return body.replace('href="/', f'href="{root}').replace('src="/', f'src="{root}')


# ---------------------------------------------------------------- parts of other pages


def _nav(request: PublicRequest, _publication: Publication) -> SafeString:
    """Return the menu's link, where a letter has been published."""
    if not Letter.objects.public(request.municipality).exists():
        return SafeString("")
    return _part(request, "public/letters/nav.html", {})


def _project(request: PublicRequest, item: PublicItem) -> SafeString:
    """Return the letters that mention a project."""
    found = letters.letters_about(request.municipality, item.project_id)
    if not found:
        return SafeString("")
    return _part(request, "public/letters/mentions.html", {"letters": found})


def _front(request: PublicRequest, _publication: Publication) -> SafeString:
    """Return the newest letter's beginning."""
    found = Letter.objects.public(request.municipality).light().first()
    if found is None:
        return SafeString("")
    letter_excerpts.tell_excerpts([found], request.newest)
    return _part(request, "public/letters/front.html", {"letter": found})


def _part(request: PublicRequest, template: str, facts: dict[str, Any]) -> SafeString:
    text = render_to_string(template, context(request, **facts))
    return mark_safe(text)  # noqa: S308 - rendered with escaping


public_parts.add("nav", 30, _nav)
public_parts.add("project_main", 40, _project)
public_parts.add("front_end", 30, _front)


def _find(publication: Publication, key: str) -> str | None:
    """Return the title of a letter that everyone may read, for its comments."""
    number = whole_number(key)
    if number is None:
        return None
    found = Letter.objects.filter(
        municipality_id=publication.municipality_id,
        number=number,
        state=Letter.State.PUBLISHED,
    )
    return found.values_list("title", flat=True).first()


def _at(place: Municipality, key: str, sprak: str) -> str:
    found = Letter.objects.filter(
        municipality=place, number=int(key), state=Letter.State.PUBLISHED
    ).first()
    if found is None:
        return public_address(place, "letters", sprak)
    found.municipality = place
    return letters.letter_address(found, sprak)


dialogue_items.declare("letter", _find, _at)

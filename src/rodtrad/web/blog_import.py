"""How does an old blog come in? Read, looked at, and made letters when approved.

A file is read piece by piece whatever its size. What is the same twice, and what comes
again, is found before anybody decides; until then no letter is written. Leaves out the
file's form (sources.blogger) and the page (views.letter_import).
"""

from __future__ import annotations

import datetime as dt
from typing import IO, TYPE_CHECKING, Any, Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rodtrad.errors import SourceError
from rodtrad.publish.letter_markup import LONGEST
from rodtrad.sources.blogger import BlogEntry, BlogReader
from rodtrad.sources.blogger_text import markup_of, plain
from rodtrad.sources.repeats import find_repeats
from rodtrad.web import clean_text, events, letters
from rodtrad.web.attachments import clean_name
from rodtrad.web.models import Municipality
from rodtrad.web.models.letters import BlogImport, BlogPost, Letter

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.core.files.uploadedfile import UploadedFile
    from django.http import HttpRequest

MOST_BYTES: Final = 250_000_000
MOST_POSTS: Final = 5_000
MOST_COMMENTS: Final = 500
MOST_COMMENT_SIGNS: Final = 30_000_000
_LONGEST_COMMENT: Final = 5_000
_LONGEST_ADDRESS: Final = 1_000
_WEB: Final = ("https://", "http://")
_BATCH: Final = 50
_TITLE_WORDS: Final = 8
_FIRST_YEAR: Final = 1995

events.declare_object(
    "blogimport",
    gettext_lazy("inläst blogg"),
    {"filename": gettext_lazy("fil"), "size": gettext_lazy("storlek i byte")},
)
events.declare_action("blog.sent", gettext_lazy("läste in en gammal blogg"))
events.declare_action("blog.approved", gettext_lazy("gjorde brev av en gammal blogg"))
events.declare_action("blog.discarded", gettext_lazy("kastade en inläst blogg"))


def read(
    who: HttpRequest, place: Municipality, upload: UploadedFile[bytes]
) -> BlogImport:
    """Read a blog's export and keep it until somebody approves it.

    Raises:
        SourceError: it is no blog, is broken, too large, or has what is not taken.
    """
    if (upload.size or 0) > MOST_BYTES:
        raise SourceError(
            _("Filen är större än 250 MB."),
            _("Exportera bloggen utan bilder, eller i två delar."),
            "blog_too_much",
        )
    upload.seek(0)
    forget_old()
    actor = events.event(who, place, "blog.sent").actor
    blog = BlogImport.objects.create(
        municipality=place,
        filename=clean_name(upload.name or "")[:200],
        size=upload.size or 0,
        created_by=actor,
        created_by_name=str(actor or "")[:150],
    )
    # a large file takes a while: nobody else waits for one transaction around it all
    try:
        _take_posts(blog, upload.file)  # type: ignore[arg-type]
        _find_repeats(blog)
    except BaseException:
        # a file that turns out to be broken leaves no trace
        blog.delete()
        raise
    with transaction.atomic():
        blog.ready = True
        blog.save(update_fields=["ready"])
        facts = {"filename": blog.filename, "size": blog.size}
        events.record(who, place, "blog.sent", blog, None, facts)
    return blog


def _take_posts(blog: BlogImport, stream: IO[bytes]) -> None:
    """Store the posts as they come, a few at a time, with their comments."""
    reader = BlogReader(stream)
    known = _origins(blog.municipality)
    waiting: list[BlogPost] = []
    places: dict[str, int] = {}
    comments: dict[str, list[dict[str, str]]] = {}
    count = signs = 0
    for entry in reader:
        if entry.kind == "comment":
            signs += _take_comment(comments, entry)
            if signs > MOST_COMMENT_SIGNS:
                raise SourceError(
                    _("Bloggen har mer kommentarer än vad som kan läsas in."),
                    _("Exportera den i två delar."),
                    "blog_too_much",
                )
            continue
        if count >= MOST_POSTS:
            raise SourceError(
                _("Bloggen har fler än {n} inlägg.").format(n=MOST_POSTS),
                _("Exportera den i två delar."),
                "blog_too_much",
            )
        count += 1
        post = _post(blog, count, entry, reader.address)
        post.known = post.origin_key() in known
        if entry.ident:
            places.setdefault(entry.ident, count)
        waiting.append(post)
        if len(waiting) >= _BATCH:
            BlogPost.objects.bulk_create(waiting)
            waiting = []
    BlogPost.objects.bulk_create(waiting)
    if not count:
        raise SourceError(
            _("Filen har inga inlägg."),
            _("Välj den fil som bloggen gav när den exporterades."),
            "blog_empty",
        )
    _put_comments(blog, places, comments)
    blog.title = clean_text.clean(plain(reader.title)[:300], lines=False)
    blog.address, blog.mended = reader.address[:500], reader.mended
    blog.save()


def _origins(place: Municipality) -> set[str]:
    """Return what tells which posts are letters already."""
    found = Letter.objects.filter(municipality=place).exclude(origin="")
    return set(found.values_list("origin", flat=True))


def _take_comment(comments: dict[str, list[dict[str, str]]], entry: BlogEntry) -> int:
    """Keep a comment for its post, and return how many signs it has."""
    of_post = comments.setdefault(entry.answers, [])
    if len(of_post) >= MOST_COMMENTS:
        return 0
    text = clean_text.clean(plain(entry.html))[:_LONGEST_COMMENT]
    of_post.append(
        {
            "name": clean_text.clean(entry.author, lines=False)[:80],
            "at": entry.published.isoformat() if entry.published else "",
            "text": text,
        }
    )
    return len(text) + len(entry.answers)


def _put_comments(
    blog: BlogImport,
    places: dict[str, int],
    comments: dict[str, list[dict[str, str]]],
) -> None:
    """Give the comments to their posts, in time's order; count those that have none."""
    lost = 0
    by_place: dict[int, list[dict[str, str]]] = {}
    for ident, told in comments.items():
        if ident in places:
            by_place[places[ident]] = sorted(told, key=lambda one: one["at"])
        else:
            lost += len(told)
    for post in blog.posts.filter(position__in=by_place).only("pk", "position"):
        post.comments = by_place[post.position]
        post.save(update_fields=["comments"])
    blog.comments_without_post = lost


@events.in_swedish()
def _post(blog: BlogImport, position: int, entry: BlogEntry, base: str) -> BlogPost:
    found = markup_of(entry.html, base)
    text = letters.clean_letter(found.text)
    title = clean_text.clean(plain(entry.title), lines=False)
    if not title:
        title = " ".join(plain(entry.html).split()[:_TITLE_WORDS])
    labels = [one.replace(",", " ") for one in entry.labels]
    return BlogPost(
        blog=blog,
        position=position,
        ident=entry.ident,
        address=_whole(entry.address, base),
        title=(title or _("Utan rubrik"))[:160],
        published=_reasonable(entry.published),
        author=clean_text.clean(entry.author, lines=False)[:150],
        labels=letters.tags_of(clean_text.clean(", ".join(labels), lines=False)),
        text=text[:LONGEST],
        draft=entry.draft,
        pictures=len(found.pictures),
        cut=entry.cut or len(text) > LONGEST,
    )


def _whole(address: str, base: str) -> str:
    if address.startswith("/") and base.startswith(_WEB):
        address = base.rstrip("/") + address
    return address[:_LONGEST_ADDRESS] if address.startswith(_WEB) else ""


def _reasonable(when: dt.datetime | None) -> dt.datetime | None:
    """Return a moment at which a blog post can have been written; else None."""
    if when is None or when.year < _FIRST_YEAR or when > timezone.now():
        return None
    return when


def _find_repeats(blog: BlogImport) -> None:
    """Set which posts are the same as earlier ones, and which passages come again."""
    keys = list(blog.posts.values_list("pk", "position"))

    def text_of(i: int) -> str:
        found: str = BlogPost.objects.values_list("text", flat=True).get(pk=keys[i][0])
        return found

    repeats = find_repeats(len(keys), text_of)
    for later, earlier in repeats.same.items():
        BlogPost.objects.filter(pk=keys[later][0]).update(repeats=keys[earlier][1])
    blog.passages = [
        {
            "words": one.words,
            "beginning": one.beginning,
            "posts": [keys[i][1] for i in one.texts],
        }
        for one in repeats.passages
    ]
    blog.save(update_fields=["passages"])


@transaction.atomic
def approve(
    who: HttpRequest,
    blog: BlogImport,
    positions: Iterable[int],
    *,
    published: bool,
    comments: bool,
) -> tuple[int, int]:
    """Make letters of posts, and return how many were published and how many are drafts.

    One without a date, or that was a draft on the blog, becomes a draft whatever was
    asked. Nobody is told by mail: these letters are old.
    """
    place = Municipality.objects.select_for_update().get(pk=blog.municipality_id)
    blog = BlogImport.objects.select_for_update().get(pk=blog.pk)
    chosen = blog.posts.filter(position__in=list(positions), known=False)
    # the oldest first, so that numbers follow time
    posts = chosen.order_by("published", "position")
    # read anew: the same file may have been approved meanwhile, in another reading
    known = _origins(place)
    number = letters.next_number(place)
    taken = set(
        Letter.objects.filter(municipality=place).values_list("slug", flat=True)
    )
    made, drafts = 0, 0
    for post in posts.iterator(chunk_size=_BATCH):
        if post.origin_key() in known:
            continue
        letter = _letter(place, post, number, _free(post.title, taken))
        is_public = published and not post.draft and post.published is not None
        if is_public:
            _date(letter, post)
        if comments:
            letter.old_comments = post.comments
        # an old post cites nothing of the plan: its text is only put in order
        letters.check(letter)
        letter.save()
        number += 1
        made, drafts = made + is_public, drafts + (not is_public)
    events.record(
        who,
        place,
        "blog.approved",
        blog,
        None,
        {"published": made, "drafts": drafts, "comments": comments},
    )
    blog.delete()
    return made, drafts


def _letter(place: Municipality, post: BlogPost, number: int, slug: str) -> Letter:
    return Letter(
        municipality=place,
        number=number,
        slug=slug,
        title=post.title,
        text=post.text,
        tags=post.labels,
        author_name=post.author,
        origin=post.origin_key(),
    )


def _date(letter: Letter, post: BlogPost) -> None:
    assert post.published is not None  # noqa: S101 - asked by the caller
    day = timezone.localdate(post.published)
    letter.state = Letter.State.PUBLISHED
    letter.published_at = letter.changed_at = post.published
    letter.year, letter.month = day.year, day.month


def _free(title: str, taken: set[str]) -> str:
    slug = letters.slug_of(title)
    name, n = slug, 1
    while name in taken:
        n += 1
        name = f"{slug}-{n}"
    taken.add(name)
    return name


@transaction.atomic
def discard(who: HttpRequest, blog: BlogImport) -> None:
    """Throw away what was read; no letter has been written."""
    facts: dict[str, Any] = {"filename": blog.filename, "size": blog.size}
    events.record(who, blog.municipality, "blog.discarded", blog, facts)
    blog.delete()


def forget_old() -> int:
    """Remove blogs that nobody approved in a week."""
    old = timezone.now() - dt.timedelta(days=BlogImport.DAYS)
    return BlogImport.objects.filter(created_at__lt=old).delete()[0]

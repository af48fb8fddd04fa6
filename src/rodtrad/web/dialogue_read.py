"""Which comments are shown, in what order, and how well are they answered?

Every list is a page at a time in a bounded number of questions to the database, however
many comments there are: the first few of each thread come with it. The figures are the
same for everyone. Leaves out what is done with comments (dialogue).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.core.paginator import Paginator
from django.db.models import CharField, Count, Exists, F, OuterRef, Q
from django.db.models.functions import Cast
from django.utils import timezone

from rodtrad.web.models.dialogue import Answer, Comment, Dialogue, Kind, Theme
from rodtrad.web.models.letters import Letter
from rodtrad.web.models.publishing import HEAVY, PublicItem

if TYPE_CHECKING:
    import datetime as dt

    from django.core.paginator import Page
    from django.db.models import QuerySet

    from rodtrad.web.models import Municipality

State = Comment.State
PER_PAGE: Final = 20
# So many replies of a thread stand in a list; the rest on the thread's own page.
FIRST_REPLIES: Final = 5
ORDERS: Final[dict[str, tuple[Any, ...]]] = {
    "nya": ("-received_at", "-pk"),
    "aldst": ("received_at", "pk"),
    "besvarade": (F("answered_at").desc(nulls_last=True), "-pk"),
    "obesvarade": (F("answered_at").asc(nulls_first=True), "received_at", "pk"),
}


@dataclass(frozen=True)
class Thread:
    """A comment with its answer and the first replies to it."""

    comment: Comment
    answer: Answer | None
    replies: tuple[Comment, ...]
    more: int


@dataclass(frozen=True)
class Figures:
    """How many comments there are, how many are answered, and how fast.

    `days` is the median of those that are answered; `late` have passed their day.
    """

    count: int
    answered: int
    late: int
    days: int | None
    hidden: int
    hidden_why: tuple[tuple[str, int], ...]


def of_item(municipality: Municipality, kind: str, key: str) -> QuerySet[Comment]:
    """Return the comments about an item, in whatever dialogue, hidden ones too."""
    return Comment.objects.filter(
        municipality=municipality, item_kind=kind, item_key=key
    )


def of_dialogue(dialogue: Dialogue) -> QuerySet[Comment]:
    """Return the comments of a dialogue, hidden ones too."""
    return Comment.objects.filter(dialogue=dialogue)


def shown_roots(comments: QuerySet[Comment]) -> QuerySet[Comment]:
    """Return those that begin a thread and that everyone may read."""
    return comments.filter(state=State.SHOWN, thread=None)


def page_of(
    comments: QuerySet[Comment],
    number: Any,
    order: str = "nya",
    *,
    count: int | None = None,
    per_page: int = PER_PAGE,
) -> Page[Any]:
    """Return a page of threads; `count` where it is known already."""
    roots = shown_roots(comments).order_by(*ORDERS.get(order, ORDERS["nya"]))
    # what is sorted and passed over is numbers, not texts
    pages = Paginator(roots.values_list("pk", flat=True), per_page)
    if count is not None:
        pages.count = count
    page: Page[Any] = pages.get_page(number)
    page.object_list = threads(_numbered(list(page.object_list)))
    return page


def _numbered(keys: list[int]) -> list[Comment]:
    """Return comments by their numbers, in that order, each with theme and dialogue."""
    found = Comment.objects.select_related("theme").in_bulk(keys)
    comments = [found[key] for key in keys if key in found]
    dialogues = Dialogue.objects.in_bulk({one.dialogue_id for one in comments})
    for one in comments:
        one.dialogue = dialogues[one.dialogue_id]
    return comments


def threads(roots: list[Comment]) -> list[Thread]:
    """Return comments with their answers and first replies: two questions for all."""
    keys = [root.pk for root in roots]
    themes = {root.theme_id for root in roots if root.theme_id}
    by_comment: dict[int, Answer] = {}
    by_theme: dict[int, Answer] = {}
    if keys:
        found = Answer.objects.filter(Q(comment__in=keys) | Q(theme__in=themes))
        unread = (f"publication__{name}" for name in (*HEAVY, "facts", "note"))
        for answer in found.select_related("publication").defer(*unread):
            if answer.comment_id:
                by_comment[answer.comment_id] = answer
            elif answer.theme_id:
                by_theme[answer.theme_id] = answer
    replies: dict[int, list[Comment]] = {}
    with_replies = [root.pk for root in roots if root.reply_count]
    if with_replies:
        # a few more than are shown, for those that are hidden; never all of them
        first = Comment.objects.filter(
            thread__in=with_replies, state=State.SHOWN, place__lte=2 * FIRST_REPLIES
        ).order_by("thread", "place")
        for reply in first:
            replies.setdefault(reply.thread_id or 0, []).append(reply)
    return [
        _thread(
            root,
            by_comment.get(root.pk) or by_theme.get(root.theme_id or 0),
            replies.get(root.pk, []),
        )
        for root in roots
    ]


def _thread(root: Comment, answer: Answer | None, replies: list[Comment]) -> Thread:
    some = tuple(replies[:FIRST_REPLIES])
    return Thread(root, answer, some, max(root.reply_count - len(some), 0))


def replies_page(root: Comment, number: Any) -> Page[Comment]:
    """Return a page of all replies of a thread, in the order they came."""
    found = Comment.objects.filter(thread=root, state=State.SHOWN).order_by("place")
    pages = Paginator(found, 2 * PER_PAGE)
    pages.count = root.reply_count
    return pages.get_page(number)


def figures(comments: QuerySet[Comment], today: dt.date | None = None) -> Figures:
    """Return how well the comments that are owed an answer have been answered."""
    day = today or timezone.localdate()
    roots = shown_roots(comments).order_by()
    said = roots.aggregate(
        n=Count("pk"),
        answered=Count("answered_at"),
        late=Count("pk", filter=Q(answered_at=None, due__lt=day)),
    )
    days = None
    if said["answered"]:
        # answers without days do not exist, so the median is found by its place
        fast = roots.filter(days__isnull=False).order_by("days")
        at = (said["answered"] - 1) // 2
        days = fast.values_list("days", flat=True)[at : at + 1].first()
    hidden = (
        comments.filter(state=State.HIDDEN)
        .order_by()
        .values_list("removed_why")
        .annotate(n=Count("pk"))
        .order_by("-n")
    )
    labels = dict(Comment.Why.choices)
    why = tuple((str(labels.get(code, code)), n) for code, n in hidden)
    return Figures(
        said["n"], said["answered"], said["late"], days, sum(n for _w, n in why), why
    )


def theme_counts(comments: QuerySet[Comment]) -> list[dict[str, Any]]:
    """Return the themes of the comments that are shown, with how many each has."""
    counts = dict(
        shown_roots(comments)
        .filter(theme__isnull=False)
        .order_by()
        .values_list("theme")
        .annotate(n=Count("pk"))
    )
    themes = Theme.objects.filter(pk__in=counts)
    return [{"pk": one.pk, "name": one.name, "n": counts[one.pk]} for one in themes]


# ---------------------------------------------------------------- dialogues


def public_dialogues(municipality: Municipality) -> QuerySet[Dialogue]:
    """Return the dialogues that residents see, newest first.

    Not those about a project or a subject that no open version of the plan shows, nor
    about a letter that is not published: their names are nobody's to read.
    """
    items = PublicItem.objects.filter(
        publication__municipality=municipality, publication__withdrawn_at=None
    )
    letters = Letter.objects.filter(
        municipality=municipality, state=Letter.State.PUBLISHED
    ).annotate(code=Cast("number", CharField()))
    key = OuterRef("key")
    stands = (
        Q(kind=Kind.PLAN)
        | Q(Exists(items.filter(project_id=key)), kind=Kind.PROJECT)
        | Q(Exists(items.filter(theme=key)), kind=Kind.THEME)
        | Q(Exists(letters.filter(code=key)), kind=Kind.LETTER)
    )
    return Dialogue.objects.filter(
        stands, municipality=municipality, opens__lte=timezone.localdate()
    ).exclude(state=Dialogue.State.DRAFT)


def taking(dialogues: QuerySet[Dialogue]) -> QuerySet[Dialogue]:
    """Return those in which one may write now: see `Dialogue.takes_comments`."""
    today = timezone.localdate()
    return dialogues.filter(
        state=Dialogue.State.OPEN, opens__lte=today, closes__gte=today
    )


def unread_dialogues(municipality: Municipality) -> list[int]:
    """Return the dialogues whose comments nobody but staff may read, by number."""
    shown = public_dialogues(municipality).order_by().values("pk")
    found = Dialogue.objects.filter(municipality=municipality).exclude(pk__in=shown)
    return list(found.order_by().values_list("pk", flat=True))


def unread_projects(municipality: Municipality) -> list[str]:
    """Return the projects that are spoken about and that no open version shows."""
    spoken = Comment.objects.filter(municipality=municipality, item_kind=Kind.PROJECT)
    keys = set(spoken.order_by().values_list("item_key", flat=True).distinct())
    shown = PublicItem.objects.filter(
        publication__municipality=municipality,
        publication__withdrawn_at=None,
        project_id__in=keys,
    )
    return sorted(keys - set(shown.values_list("project_id", flat=True)))


def for_item(municipality: Municipality, kind: str, key: str) -> Dialogue | None:
    """Return the dialogue that an item's page shows: its own, else the whole plan's.

    One that takes comments goes before one that is closed.
    """
    own = Q(kind=kind, key=key)
    if kind == "project":
        own |= Q(kind="plan")
    found = list(
        public_dialogues(municipality).filter(own).select_related("municipality")[:50]
    )
    found.sort(key=lambda one: (one.takes_comments(), one.kind == kind), reverse=True)
    if not found:
        return None
    first = found[0]
    return first if first.kind == kind or first.takes_comments() else None


# ---------------------------------------------------------------- staff


def queue(municipality: Municipality, view: str) -> QuerySet[Comment]:
    """Return what staff have to do, what is due first at the top.

    `view` is `granska` (to be read, or reported), `svara` (owed an answer) or `alla`.
    """
    found = Comment.objects.filter(municipality=municipality).select_related(
        "dialogue", "theme"
    )
    if view == "granska":
        return found.filter(
            Q(state=State.WAITING) | Q(reports__gt=0, state=State.SHOWN)
        ).order_by("-reports", "received_at", "pk")
    if view == "svara":
        return found.filter(state=State.SHOWN, answered_at=None, thread=None).order_by(
            F("due").asc(nulls_last=True), "received_at", "pk"
        )
    return found.exclude(state=State.UNCONFIRMED).order_by("-received_at", "-pk")


def counts(municipality: Municipality, today: dt.date | None = None) -> dict[str, int]:
    """Return how much waits for staff."""
    day = today or timezone.localdate()
    owed = Q(state=State.SHOWN, answered_at=None, thread=None)
    found = Comment.objects.filter(municipality=municipality).aggregate(
        granska=Count(
            "pk", filter=Q(state=State.WAITING) | Q(reports__gt=0, state=State.SHOWN)
        ),
        svara=Count("pk", filter=owed),
        late=Count("pk", filter=owed & Q(due__lt=day)),
        alla=Count("pk", filter=~Q(state=State.UNCONFIRMED)),
    )
    return dict(found)

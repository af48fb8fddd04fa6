"""What is a letter made of? Its text, what it cites, its pictures, and an old blog.

`cites` holds the figures as they were on the letter's day. An old blog's posts wait in
`BlogPost` until somebody approves them. Leaves out who may write (access) and how a
letter is published (letters).
"""

from __future__ import annotations

import uuid
from typing import ClassVar, Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from rodtrad.web.models.organisation import Municipality, User

__all__ = ["BlogImport", "BlogPost", "Letter", "LetterMention", "LetterPicture"]


class LetterQuerySet(models.QuerySet["Letter"]):
    """Letters to read."""

    def public(self, municipality: Municipality) -> Self:
        """Return those that everyone may read, newest first."""
        return self.filter(
            municipality=municipality, state=Letter.State.PUBLISHED
        ).order_by("-published_at", "-number")

    def light(self) -> Self:
        """Return the letters without their texts."""
        return self.defer("text", "folded", "old_comments")


class Letter(models.Model):
    """A letter by the chief: a draft, one that waits for its time, or a published one.

    `year`, `month` and `slug` are its address and do not change once it is published.
    `cites` is, by reference as it stands in the text, the figure of the letter's day.
    `excerpt` is the first words, with references as they are written: what they show may
    be taken back.
    `tag_keys` is the tags for looking up, each between bars. `old_comments` are those of
    an old blog: `{"name", "at", "text"}`.
    """

    class State(models.TextChoices):
        """How far it has come."""

        DRAFT = "draft", _("utkast")
        SCHEDULED = "scheduled", _("väntar på sin tid")
        PUBLISHED = "published", _("publicerat")

    municipality = models.ForeignKey(
        Municipality, models.CASCADE, related_name="letters"
    )
    number = models.PositiveIntegerField()
    uid = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    slug = models.CharField(max_length=90)
    year = models.PositiveSmallIntegerField(null=True, blank=True)
    month = models.PositiveSmallIntegerField(null=True, blank=True)
    publish_at = models.DateTimeField(null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField(default=timezone.now)
    corrected_at = models.DateTimeField(null=True, blank=True)
    revision = models.PositiveIntegerField(default=1)
    title = models.CharField(max_length=160)
    excerpt = models.CharField(max_length=600, blank=True)
    author = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    author_name = models.CharField(max_length=150, blank=True)
    author_role = models.CharField(max_length=100, blank=True)
    tags = models.JSONField(default=list, blank=True)
    tag_keys = models.CharField(max_length=1000, blank=True)
    fault = models.TextField(blank=True)
    origin = models.CharField(max_length=1000, blank=True)
    cites = models.JSONField(default=dict, blank=True)
    text = models.TextField()
    folded = models.TextField(blank=True)
    old_comments = models.JSONField(default=list, blank=True)

    objects: ClassVar = LetterQuerySet.as_manager()

    class Meta:
        """Newest first."""

        ordering: ClassVar = ["-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["municipality", "number"], name="web_letter_number"
            ),
            models.UniqueConstraint(
                fields=["municipality", "slug"], name="web_letter_slug"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["municipality", "state", "-published_at", "-number"],
                name="web_letter_public",
            ),
            models.Index(
                fields=["municipality", "state", "year", "month"],
                name="web_letter_month",
            ),
            models.Index(fields=["state", "publish_at"], name="web_letter_due"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_public(self) -> bool:
        """Whether everyone may read it."""
        return self.state == self.State.PUBLISHED


class LetterMention(models.Model):
    """That a letter mentions a project: so that its page finds the letter."""

    letter = models.ForeignKey(Letter, models.CASCADE, related_name="mentions")
    municipality = models.ForeignKey(Municipality, models.CASCADE, related_name="+")
    project_id = models.CharField(max_length=200)

    class Meta:
        """Once a letter."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["letter", "project_id"], name="web_letter_mention_once"
            )
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["municipality", "project_id"], name="web_letter_mention"
            )
        ]

    def __str__(self) -> str:
        return self.project_id


class LetterPicture(models.Model):
    """A picture of a letter, made anew without what the camera wrote in it.

    `alt` says what the picture shows to those who do not see it, and is never empty.
    """

    letter = models.ForeignKey(Letter, models.CASCADE, related_name="pictures")
    number = models.PositiveSmallIntegerField()
    alt = models.CharField(_("Vad bilden visar"), max_length=300)
    kind = models.CharField(max_length=4)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    size = models.PositiveIntegerField()
    checksum = models.CharField(max_length=64)
    added_at = models.DateTimeField(default=timezone.now)

    class Meta:
        """In the order they were added."""

        ordering: ClassVar = ["number"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["letter", "number"], name="web_letter_picture_number"
            ),
            models.CheckConstraint(
                condition=~models.Q(alt=""), name="web_letter_picture_alt"
            ),
        ]

    def __str__(self) -> str:
        return self.alt


class BlogImport(models.Model):
    """An old blog that has been read and that nobody has approved yet; kept for a week.

    `ready` is set when the whole file has been read.
    `passages` are those that come again: `{"words", "beginning", "posts": [position]}`.
    """

    DAYS: ClassVar = 7

    municipality = models.ForeignKey(
        Municipality, models.CASCADE, related_name="blog_imports"
    )
    filename = models.CharField(max_length=200)
    size = models.PositiveBigIntegerField()
    title = models.CharField(max_length=300, blank=True)
    address = models.CharField(max_length=500, blank=True)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_by_name = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    ready = models.BooleanField(default=False)
    mended = models.PositiveIntegerField(default=0)
    comments_without_post = models.PositiveIntegerField(default=0)
    passages = models.JSONField(default=list)

    class Meta:
        """Newest first."""

        ordering: ClassVar = ["-pk"]

    def __str__(self) -> str:
        return self.filename


class BlogPost(models.Model):
    """A post of an old blog, as a letter's text, before it is one.

    `repeats` is the position of an earlier post that this one is the same as. `known`
    says that a letter with the same origin is there already.
    """

    blog = models.ForeignKey(BlogImport, models.CASCADE, related_name="posts")
    position = models.PositiveIntegerField()
    ident = models.CharField(max_length=300, blank=True)
    address = models.CharField(max_length=1000, blank=True)
    title = models.CharField(max_length=160)
    published = models.DateTimeField(null=True)
    author = models.CharField(max_length=150, blank=True)
    labels = models.JSONField(default=list)
    text = models.TextField(blank=True)
    draft = models.BooleanField(default=False)
    pictures = models.PositiveIntegerField(default=0)
    cut = models.BooleanField(default=False)
    known = models.BooleanField(default=False)
    repeats = models.PositiveIntegerField(null=True)
    comments = models.JSONField(default=list)

    class Meta:
        """In the file's order."""

        ordering: ClassVar = ["position"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["blog", "position"], name="web_blog_post_position"
            )
        ]

    def __str__(self) -> str:
        return self.title

    def origin_key(self) -> str:
        """Return what tells that a letter is this post: its address or its own id."""
        return self.address or self.ident

"""What does the log call what happens in the dialogue? Its actions and kinds of objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _

from rodtrad.web import events
from rodtrad.web.models.dialogue import (
    Answer,
    Comment,
    Dialogue,
    Kind,
    Level,
    Moderation,
)

if TYPE_CHECKING:
    from rodtrad.web.models import Municipality

_ANSWER: Final = {
    "outcome": _("utfall"),
    "text": _("svar"),
    "role": _("vem som svarar"),
    "due": _("besked senast"),
    "version": _("version"),
}
_OUTCOMES: Final = {str(one.value): one.label for one in Answer.Outcome}


def _dialogue_at(municipality: Municipality, key: str) -> str | None:
    return f"/{municipality.slug}/dialog/{key}/" if key.isdecimal() else None


def _comment_at(municipality: Municipality, key: str) -> str | None:
    return f"/{municipality.slug}/dialog/synpunkt/{key}/" if key.isdecimal() else None


events.declare_object(
    "dialogue",
    _("dialog"),
    {
        "title": _("rubrik"),
        "kind": _("vad den gäller"),
        "level": _("hur mycket som går att påverka"),
        "open_text": _("öppet att påverka"),
        "closed_text": _("inte öppet att påverka"),
        "decides": _("vem som beslutar"),
        "decides_at": _("när det beslutas"),
        "opens": _("öppnar"),
        "closes": _("sista dag att skriva"),
        "owner_role": _("vem som svarar"),
        "moderation": _("när synpunkter läses"),
        "confirm_email": _("e-postadress bekräftas"),
        "answer_days": _("svar inom dagar"),
        "state": _("läge"),
        "count": _("antal"),
    },
    _dialogue_at,
    {
        "kind": {str(one.value): one.label for one in Kind},
        "level": {str(one.value): one.label for one in Level},
        "moderation": {str(one.value): one.label for one in Moderation},
        "state": {str(one.value): one.label for one in Dialogue.State},
    },
)
events.declare_object(
    "comment",
    _("synpunkt"),
    {
        "state": _("läge"),
        "removed_why": _("skäl"),
        "theme": _("tema"),
        "source": _("hur den kom"),
        "item_name": _("vad den gäller"),
        "kinds": _("slag av uppgifter"),
        "count": _("antal"),
        **_ANSWER,
    },
    _comment_at,
    {
        "state": {str(one.value): one.label for one in Comment.State},
        "removed_why": {str(one.value): one.label for one in Comment.Why},
        "source": {str(one.value): one.label for one in Comment.Source},
        "outcome": _OUTCOMES,
    },
)
events.declare_object(
    "theme",
    _("tema"),
    {"name": _("namn"), "n": _("synpunkter"), **_ANSWER},
    values={"outcome": _OUTCOMES},
)
events.declare_object("mail", _("mejl"), {"count": _("antal")})
events.declare_action("dialogue.made", _("gjorde en dialog"))
events.declare_action("dialogue.changed", _("ändrade en dialog"))
events.declare_action("dialogue.removed", _("tog bort en dialog"))
events.declare_action("dialogue.thinned", _("gallrade en stängd dialog"))
events.declare_action("comment.registered", _("förde in en synpunkt"))
events.declare_action("comment.shown", _("visade en synpunkt"))
events.declare_action("comment.hidden", _("dolde en synpunkt"))
events.declare_action("comment.thinned", _("gallrade en synpunkt"))
events.declare_action("comment.themed", _("bytte tema på en synpunkt"))
events.declare_action("theme.made", _("gjorde ett tema"))
events.declare_action("theme.renamed", _("bytte namn på ett tema"))
events.declare_action("theme.removed", _("tog bort ett tema"))
events.declare_action("answer.given", _("svarade"))
events.declare_action("answer.changed", _("ändrade ett svar"))
events.declare_action("mail.again", _("skickade mejl på nytt"))

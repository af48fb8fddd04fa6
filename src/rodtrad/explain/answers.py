"""How is another plan told? What changes place in it, and what it costs, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rodtrad.domain.words import _, count_text, list_text, names_text, quoted
from rodtrad.explain.limits import points
from rodtrad.explain.questions import Question, read_question

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rodtrad.domain.arrays import Case, Lock


def is_nothing(value: float) -> bool:
    """Whether benefit points show as 0,0."""
    return points(abs(value)) == points(0.0)


def span_text(low: float, high: float | None, proven: bool) -> str:
    """Return an interval of points as text; one figure where that is all it is."""
    if high is None:
        return _("minst {np}").format(np=points(low))
    if proven or points(low) == points(high):
        return points(high)
    if low <= 0 or is_nothing(low):
        return _("högst {np}").format(np=points(high))
    return _("mellan {np1} och {np2}").format(np1=points(low), np2=points(high))


def projects_text(names: Sequence[str]) -> str:
    """Return project names for a sentence that goes on after them."""
    if len(names) <= 4:
        return names_text(names)
    more = _("{n} andra projekt").format(n=count_text(len(names) - 3))
    return list_text([*(quoted(name) for name in names[:3]), more])


def swap_text(
    case: Case, project_id: str, diff: Mapping[str, Any], known: bool
) -> list[str]:
    """Return what changes place beside a project; `known` if no other way is better."""
    names = {project.project_id: project.name for project in case.projects}
    text = []
    leaves = [names[k] for k in diff["leaves"] if k != project_id]
    enters = [names[k] for k in diff["enters"] if k != project_id]
    ps, qs = projects_text(leaves), projects_text(enters)
    if leaves and enters:
        pattern = (
            _("Då lämnar {ps} planen, och {qs} kommer in.")
            if known
            else _(
                "I den bästa sådana plan som hittats lämnar {ps} planen, och {qs} "
                "kommer in."
            )
        )
        text.append(pattern.format(ps=ps, qs=qs))
    elif leaves:
        pattern = (
            _("Då lämnar {ps} planen.")
            if known
            else _("I den bästa sådana plan som hittats lämnar {ps} planen.")
        )
        text.append(pattern.format(ps=ps))
    elif enters:
        pattern = (
            _("Då kommer {qs} in.")
            if known
            else _("I den bästa sådana plan som hittats kommer {qs} in.")
        )
        text.append(pattern.format(qs=qs))
    moves = [
        _("{p} från {a} till {b}").format(
            p=quoted(names[m["project_id"]]), a=m["from"], b=m["to"]
        )
        for m in diff["moves"]
        if m["project_id"] != project_id
    ]
    if len(moves) > 3:
        moves = [*moves[:2], _("{n} projekt till").format(n=count_text(len(moves) - 2))]
    if moves:
        pattern = _("Då flyttas {list}.")
        if text:
            pattern = _("Dessutom flyttas {list}.")
        elif not known:
            pattern = _("I den bästa sådana plan som hittats flyttas {list}.")
        text.append(pattern.format(list=list_text(moves)))
    return text + switch_sentences(case, diff["switches"])


def switch_sentences(case: Case, switches: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return which projects are built in another way, the first two."""
    text = []
    for switch in switches[:2]:
        project = case.project(switch["project_id"])
        text.append(
            _("Projektet {p} byter från alternativet {a} till {b}.").format(
                p=quoted(project.name),
                a=quoted(project.alternative(switch["from"]).name),
                b=quoted(project.alternative(switch["to"]).name),
            )
        )
    return text


def _lock_sentence(name: str, lock: Lock) -> str:
    """Return that someone has decided of a project beforehand."""
    if not lock.included:
        pattern = _("Projektet {p} ingår inte. Det låstes innan planen söktes.")
    elif lock.start_year is None:
        pattern = _("Projektet {p} ingår. Det låstes innan planen söktes.")
    else:
        pattern = _("Projektet {p} startar {y}. Det låstes innan planen söktes.")
    return pattern.format(p=name, y=lock.start_year)


def _leaves_open(lock: Lock, question: Question) -> bool:
    """Return True if a project's own lock does not decide what is asked of it."""
    if lock.included != question.included:
        return False
    return question.start_year is None or lock.start_year in (None, question.start_year)


def answer_text(case: Case, found: Mapping[str, Any]) -> list[str]:
    """Return the answer of `claims.answer_for` in words, one sentence each."""
    question = read_question(found["question"])
    name = quoted(case.project(question.project_id).name)
    year = question.start_year
    lock = case.lock(question.project_id)
    if found["impossible"] and lock is not None and not _leaves_open(lock, question):
        again = _("Lås upp projektet och räkna om planen för att pröva något annat.")
        return [_lock_sentence(name, lock), again]
    if found["impossible"]:
        if year is not None:
            pattern = _("Projektet {p} går inte att starta {y}, vad som än väljs bort.")
        elif question.included:
            pattern = _("Projektet {p} går inte att ta in, vad som än väljs bort.")
        else:
            pattern = _("Utan projektet {p} går kraven inte ihop.")
        held = _("Det gäller så länge de andra låsen står kvar.")
        return [pattern.format(p=name, y=year), *[held] * bool(case.locks)]
    low, high = found["loss_low"], found["loss_high"]
    if high is None and (low <= 0 or is_nothing(low)):
        text = _("Beräkningen har inte hunnit avgöra vad det betyder för planen.")
        return [text]
    if high is not None and (high <= 0 or is_nothing(high)):
        pattern = (
            _("Startar projektet {p} {y}, är planen i stort sett lika bra.")
            if year is not None
            else _("Tas projektet {p} in, är planen i stort sett lika bra.")
            if question.included
            else _("Tas projektet {p} bort, är planen i stort sett lika bra.")
        )
    elif year is not None:
        pattern = _(
            "Startar projektet {p} {y}, minskar planens nytta med {np} nyttopoäng."
        )
    elif question.included:
        pattern = _("Tas projektet {p} in, minskar planens nytta med {np} nyttopoäng.")
    else:
        pattern = _(
            "Tas projektet {p} bort, minskar planens nytta med {np} nyttopoäng."
        )
    known = found["status"] == "proven"
    first = pattern.format(p=name, y=year, np=span_text(low, high, known))
    if found["changes"] is None:
        return [first]
    return [first, *swap_text(case, question.project_id, found, known)]

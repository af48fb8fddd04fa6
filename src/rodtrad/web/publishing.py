"""How is a plan published, and taken back? Freezing, what has changed, and why.

`prepare` says what would become public and what not, `publish` makes it so, in one
transaction, and writes it in the log. Leaves out what may be public (publish.public) and
the pages.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.db import transaction
from django.db.models import Max
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rodtrad.domain.words import count_text, in_language, quoted
from rodtrad.errors import InputError, Issue
from rodtrad.publish import agreement
from rodtrad.publish.public import (
    PublicPlan,
    check_public,
    hidden_projects,
    make_public,
    names_of,
    shielded_projects,
)
from rodtrad.publish.public_sum import SUM_ID
from rodtrad.web import dialogue_setup, events, outgoing, store, subscriptions
from rodtrad.web.computing import packed_json
from rodtrad.web.models import Membership, Municipality, Publication
from rodtrad.web.models.publishing import NextStep, PublicItem
from rodtrad.web.public_rows import pack_rows
from rodtrad.web.public_shown import shown_part

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Mapping

    from django.db.models import QuerySet
    from django.http import HttpRequest

    from rodtrad.web.models import Study, User
    from rodtrad.web.models.underlag import Version

events.declare_object("publication", gettext_lazy("publicerad plan"))
events.declare_object(
    "nextstep",
    gettext_lazy("nästa beslut"),
    {
        "what": gettext_lazy("vad som beslutas"),
        "body": gettext_lazy("vem som beslutar"),
        "date": gettext_lazy("vilken dag"),
        "last_influence": gettext_lazy("senaste dag att påverka"),
    },
)
events.declare_action("publication.made", gettext_lazy("publicerade planen"))
events.declare_action(
    "publication.withdrawn", gettext_lazy("tog tillbaka den publicerade planen")
)
events.declare_action("nextstep.set", gettext_lazy("ändrade nästa beslut"))

# A cost that has moved less than this is the same.
COST_SHARE: Final = 0.01
# Up to so many projects a plan is computed again before it is published.
CHECKED: Final = 500
KINDS: Final = ("added", "in", "out", "moved", "cost", "gone")
# Names of projects with numbers of versions.
Shown = tuple[tuple[str, tuple[int, ...]], ...]
_STEP_FIELDS: Final = ("what", "body", "date", "last_influence")


@dataclass(frozen=True)
class Prepared:
    """A plan that is ready to be published: what becomes public, and what changes.

    `secret` finds the names of projects that are kept from the public now. `still_shown`
    has those names with the open versions that show them all the same, `still_placed`
    the names of projects of preparedness with those that tell where they lie.
    """

    plan: PublicPlan
    items: tuple[PublicItem, ...]
    facts: dict[str, Any]
    changes: dict[str, dict[str, Any]]
    earlier: Publication | None
    secret: re.Pattern[str] | None = None
    still_shown: Shown = ()
    still_placed: Shown = ()


def people_of(municipality: Municipality) -> list[str]:
    """Return the names of a municipality's own people, for taking them out of texts."""
    names = Membership.objects.filter(municipality=municipality).values_list(
        "user__name", flat=True
    )
    return sorted({name.strip() for name in names if name and name.strip()})


def prepare(study: Study) -> Prepared:
    """Return what publishing a study would make public.

    Raises:
        InputError: it may not be published; the issues say why.
    """
    # what is frozen is written in Swedish, whoever publishes
    with translation.override("sv"), in_language("sv"):
        return _prepared(study)


def _prepared(study: Study) -> Prepared:
    if study.plan is None:
        raise ValueError("a study without a plan is not published")
    tables = store.version_tables(study.version)
    people = people_of(study.municipality)
    plan = make_public(tables, study.plan, study.proofs, people)
    items = _items(plan, study.plan)
    earlier = Publication.objects.current(study.municipality)
    hidden = hidden_projects(tables)
    # what is hidden now is part of the sum, and named by nothing from here on
    before = [
        item
        for item in _as_called_in(earlier, study.version)
        if item.project_id not in hidden
    ]
    return Prepared(
        plan=plan,
        items=tuple(items),
        facts=_facts(plan, items),
        changes=changes_between(before, items) if earlier else {},
        earlier=earlier,
        secret=names_of(tables, hidden),
        still_shown=_still_shown(study.municipality, hidden),
        still_placed=_still_shown(
            study.municipality, shielded_projects(tables), placed=True
        ),
    )


def _as_called_in(earlier: Publication | None, version: Version) -> list[PublicItem]:
    """Return the projects of a publication with the ids that they have in a version."""
    if earlier is None:
        return []
    items = list(earlier.items.all())
    for _one, moves in dialogue_setup.moves_to(earlier.municipality, version):
        for item in items:
            item.project_id = moves.get(item.project_id, item.project_id)
    return items


def _still_shown(
    place: Municipality, project_ids: Iterable[str], *, placed: bool = False
) -> Shown:
    """Return the names of projects that open versions show, or place, and which."""
    found: dict[str, list[int]] = {}
    called = dialogue_setup.also_called(place, project_ids)
    rows = _open_items(place).filter(project_id__in=called)
    if placed:
        rows = rows.exclude(area="", lat=None)
    for name, number in rows.order_by("publication__number").values_list(
        "name", "publication__number"
    ):
        found.setdefault(name, []).append(number)
    return tuple((name, tuple(numbers)) for name, numbers in sorted(found.items()))


def _open_items(place: Municipality) -> QuerySet[PublicItem]:
    return PublicItem.objects.filter(
        publication__municipality=place, publication__withdrawn_at=None
    )


def told_changes(
    place: Municipality, versions: Mapping[int, Mapping[str, dict[str, Any]]]
) -> dict[int, dict[str, dict[str, Any]]]:
    """Return what some versions changed as it may be read now, by project in order.

    What only versions that are taken back have shown is not told again: neither a project
    that is gone since, nor what another was before. As many questions to the database
    for all versions as for one.
    """
    every = [pair for changes in versions.values() for pair in changes.items()]
    gone = {key for key, change in every if change["kind"] == "gone"}
    known: set[str] = set()
    if gone:
        shown = _open_items(place).filter(project_id__in=gone)
        known = set(shown.order_by().values_list("project_id", flat=True).distinct())
    told = any(change["before"] for _key, change in every)
    alone = _without_earlier(place) if told else set()
    return {
        number: {
            key: {**change, "before": None} if number in alone else change
            for key, change in sorted(changes.items())
            if change["kind"] != "gone" or key in known
        }
        for number, changes in versions.items()
    }


def lock(place: Municipality) -> None:
    """Let nobody else publish, take back or say who decides next before this is done."""
    Municipality.objects.select_for_update().get(pk=place.pk)


def _without_earlier(place: Municipality) -> set[int]:
    """Return the versions whose changes are since one that is taken back now."""
    rows = Publication.objects.filter(municipality=place).order_by("number")
    times = list(rows.values_list("number", "published_at", "withdrawn_at"))
    found = set()
    for i, (number, at, _taken_back) in enumerate(times):
        # the newest that everyone read when this one was published
        earlier = next(
            (gone for *_, gone in reversed(times[:i]) if gone is None or gone > at),
            None,
        )
        if earlier is not None:
            found.add(number)
    return found


@transaction.atomic
def publish(
    who: HttpRequest | User | None,
    study: Study,
    *,
    title: str = "",
    note: str = "",
    reasons: Mapping[str, str] | None = None,
    prepared: Prepared | None = None,
    again: bool = False,
) -> Publication:
    """Freeze a study's plan as its municipality's next publication, and return it.

    Args:
        who: the request or the person; None where the program acts by itself.
        study: a study with a plan.
        title: the heading of the front page; empty for the one that the plan gives.
        note: what is new, in a few sentences.
        reasons: why a project has changed, by its id, as staff has written it.
        prepared: what `prepare` gave, where it has been asked already.
        again: publish the plan once more though everyone reads it already.

    Raises:
        InputError: it may not be published; the issues say why.
    """
    place = study.municipality
    # of two who publish at once the second is told of the first
    lock(place)
    ready = prepared or prepare(study)
    _demand_next(study, ready, again=again)
    _demand_true(ready.plan)
    changes = {
        key: {**change, "reason": (reasons or {}).get(key, change["reason"]).strip()}
        for key, change in ready.changes.items()
    }
    result, tables = packed_json(ready.plan.result), store.pack(ready.plan.tables)
    proofs = ready.plan.certificates
    last = Publication.objects.filter(municipality=place).aggregate(n=Max("number"))
    actor = events.event(who, place, "publication.made").actor
    publication = Publication.objects.create(
        municipality=place,
        number=(last["n"] or 0) + 1,
        title=(title or _heading(ready.facts))[:160],
        note=note,
        study=study,
        version=study.version,
        published_by=actor,
        published_by_name=str(actor)[:150] if actor else "",
        published_at=timezone.now(),
        result=result,
        tables=tables,
        certificates=None if proofs is None else packed_json(proofs),
        shown=packed_json(shown_part(ready.plan.result)),
        listed=pack_rows(ready.items),
        facts=ready.facts,
        changes=changes,
        content_hash=hashlib.sha256(result + tables).hexdigest(),
    )
    for item in ready.items:
        item.pk, item.publication = None, publication
    PublicItem.objects.bulk_create(ready.items, batch_size=500)
    events.record(
        who,
        place,
        "publication.made",
        publication,
        before={"number": ready.earlier.number if ready.earlier else None},
        after={
            "number": publication.number,
            "study": study.number,
            "projects": len(ready.items),
            "hidden": ready.plan.hidden,
            "content_hash": publication.content_hash,
        },
        note=note,
    )
    dialogue_setup.follow_items(publication)
    _show_steps(place)
    subscriptions.tell_published(publication)
    return publication


@transaction.atomic
def withdraw(who: HttpRequest, publication: Publication, why: str) -> None:
    """Take a publication back: from now on nobody reaches it. It is not removed."""
    place = publication.municipality
    lock(place)
    publication.withdrawn_at, publication.withdrawn_why = timezone.now(), why
    publication.save(update_fields=["withdrawn_at", "withdrawn_why"])
    current = Publication.objects.current(place)
    if current is not None:
        # what has been said since it was the newest is said of it now
        dialogue_setup.follow_items(current)
        _show_steps(place)
    events.record(
        who,
        place,
        "publication.withdrawn",
        publication,
        before={"withdrawn_at": None},
        after={"withdrawn_at": publication.withdrawn_at},
        note=why,
    )
    # what waits to be told of it is told to nobody
    outgoing.drop(f"publication:{publication.pk}:")


def _demand_next(study: Study, ready: Prepared, *, again: bool) -> None:
    """Refuse a plan that is public already, or was looked at beside another version.

    Raises:
        InputError: why it is not published.
    """
    current = Publication.objects.current(study.municipality)
    if current is not None and current.study_id == study.pk and not again:
        text = _("Planen är redan publicerad, som version {n}.")
        remedy = _("Publicera en annan plan, eller säg att den ska publiceras igen.")
        _refuse("published_already", text.format(n=current.number), remedy)
    earlier = ready.earlier
    if (current and current.pk) != (earlier and earlier.pk):
        text = _("En annan version har publicerats eller tagits tillbaka under tiden.")
        _refuse("published_meanwhile", text, _("Läs igenom ändringarna på nytt."))


def _refuse(code: str, text: str, remedy: str) -> None:
    raise InputError([Issue(code, "error", "", None, "", text, remedy)])


def _demand_true(plan: PublicPlan) -> None:
    """Refuse a plan that a stranger who computes it again would find untrue.

    Raises:
        InputError: some figure does not follow from the public tables.
    """
    if len(plan.result["projects"]) > CHECKED:
        return
    # what is frozen is in Swedish, and so is what it is compared with
    with in_language("sv"):
        found = check_public(plan)
    if found:
        text = _("Planen går inte att räkna om ur det som blir offentligt ({what}).")
        remedy = _("Räkna planen på nytt och publicera den nya.")
        _refuse("public_untrue", text.format(what=", ".join(found[:3])), remedy)


def _heading(facts: Mapping[str, Any]) -> str:
    """Return the heading of the front page when staff has written none."""
    with translation.override("sv"), in_language("sv"):
        years = facts["last_year"] - facts["first_year"] + 1
        if years == 1:
            return _("Det här bygger och rustar vi det närmaste året")
        return _("Det här bygger och rustar vi de närmaste {n} åren").format(
            n=count_text(years)
        )


# ---------------------------------------------------------------- who decides next


def steps_of(municipality: Municipality) -> dict[str, NextStep]:
    """Return who decides next, by project as readers know it; the plan's own under "".

    One that has been emptied says nothing: what goes for the plan goes for it again.
    """
    found = NextStep.objects.filter(municipality=municipality).exclude(body="")
    coming = dialogue_setup.coming_ids(municipality)
    known = {now: key for key, now in coming.items()}
    return {known.get(step.project_id, step.project_id): step for step in found}


@transaction.atomic
def set_step(
    who: HttpRequest, municipality: Municipality, step: NextStep, before: dict[str, Any]
) -> None:
    """Store who decides next, and show it on the pages of the current publication."""
    lock(municipality)
    step.municipality, step.revision = municipality, step.revision + 1
    step.save()
    with events.in_swedish():
        label = step.project_id or _("hela planen")
    events.record(
        who,
        municipality,
        "nextstep.set",
        ("nextstep", step.project_id, label),
        before=before,
        after=step_facts(step),
    )
    _show_steps(municipality)


def step_facts(step: NextStep) -> dict[str, Any]:
    """Return what a next step says, for the log."""
    return {name: getattr(step, name) for name in _STEP_FIELDS}


def _show_steps(municipality: Municipality) -> None:
    """Let the projects that everyone reads now say who decides next about them."""
    current = Publication.objects.current(municipality)
    if current is None:
        return
    steps = steps_of(municipality)
    of_plan = steps.pop("", NextStep())
    items = current.items.all()
    items.exclude(project_id__in=steps).update(**_shown_step(of_plan))
    for key, step in steps.items():
        items.filter(project_id=key).update(**_shown_step(step))


def _shown_step(step: NextStep) -> dict[str, Any]:
    return {
        "next_what": step.what,
        "next_body": step.body,
        "next_date": step.date,
        "last_influence": step.last_influence,
    }


# ---------------------------------------------------------------- the projects


def _items(plan: PublicPlan, study_result: Mapping[str, Any]) -> list[PublicItem]:
    """Return a row a project, as lists and search need it."""
    turn = _in_turn(plan)
    labels = _labels(study_result, plan)
    spots = {
        row["area"]: (row["lat"], row["lon"])
        for row in plan.tables["areas"].records()
        if row["lat"] is not None and row["lon"] is not None
    }
    items = []
    for row in plan.result["projects"]:
        item = _item(row, plan, turn, spots)
        item.data["label"] = labels.get(row["project_id"], "")
        items.append(item)
    return items


def _labels(study_result: Mapping[str, Any], plan: PublicPlan) -> dict[str, str]:
    """Return the one label of every public project that the agreement map tells."""
    return {
        str(one.project["project_id"]): one.group
        for one in agreement.answers(study_result)
        if one.project["project_id"] in plan.labels
    }


def _in_turn(plan: PublicPlan) -> set[str]:
    """Return the projects that come in first if there is more room."""
    reserve = (plan.result.get("beside") or {}).get("reserve") or {}
    return {row["project_id"] for row in reserve.get("order_in") or ()}


def _item(
    row: Mapping[str, Any],
    plan: PublicPlan,
    turn: set[str],
    spots: Mapping[str, tuple[float, float]],
) -> PublicItem:
    key = row["project_id"]
    state = PublicItem.State.OUT
    if row["chosen"]:
        state = PublicItem.State.IN
    elif key in turn:
        state = PublicItem.State.LATER
    reason = plan.reasons.get(key, {}).get("text", [])
    place = (row["lat"], row["lon"])
    if None in place:
        place = spots.get(row["area"] or "", (None, None))
    texts = (row["name"], row["area_name"], row["description"], row["committee"])
    return PublicItem(
        project_id=key,
        name=str(row["name"])[:300],
        area=str(row["area"] or "")[:200],
        area_name=str(row["area_name"] or row["area"] or "")[:200],
        theme=str(row["driver"] or "")[:40],
        state=state,
        start_year=row["start_year"],
        in_use_year=row["in_use_year"],
        cost_tkr=row["outlay_fixed_tkr"],
        quality=row["outlay_quality"] or "",
        lat=place[0],
        lon=place[1],
        folded=" ".join(str(text) for text in texts if text).casefold(),
        data={
            **row,
            "reason": reason,
            "labels": plan.labels.get(key, []),
            "sum": key == SUM_ID,
        },
    )


def _facts(plan: PublicPlan, items: Iterable[PublicItem]) -> dict[str, Any]:
    """Return the little that heads and lists need of the whole plan."""
    result, rows = plan.result, list(items)
    meta = result["meta"]
    chosen = [item for item in rows if item.state == PublicItem.State.IN]
    years = result["years"]
    people = plan.tables["years"]
    inhabitants = dict(zip(people["year"], people["population"], strict=True))
    return {
        "municipality": meta["municipality"],
        "code": meta["municipality_code"],
        "currency": meta["currency"],
        "remark": meta["remark"],
        "scenario": meta["scenario"],
        "illustration": meta["illustration"],
        "base_year": meta["base_year"],
        "first_year": years[0],
        "last_year": years[-1],
        "inhabitants": inhabitants.get(meta["base_year"]),
        "projects": len(rows),
        "in": len(chosen),
        "later": sum(item.state == PublicItem.State.LATER for item in rows),
        "out": sum(item.state == PublicItem.State.OUT for item in rows),
        "cost_tkr": sum(item.cost_tkr for item in chosen),
        "hidden": plan.hidden,
        "status": result["status"],
    }


# ---------------------------------------------------------------- what has changed


def changes_between(
    before: Iterable[PublicItem], after: Iterable[PublicItem]
) -> dict[str, dict[str, Any]]:
    """Return what is different, by project: what, from what to what, and why.

    The reason is a suggestion from the new plan's own; staff may write another.
    """
    old = {item.project_id: item for item in before}
    new = {item.project_id: item for item in after}
    changes: dict[str, dict[str, Any]] = {}
    for key in sorted(old.keys() | new.keys()):
        kind = _kind(old.get(key), new.get(key))
        if kind:
            one = new.get(key) or old[key]
            changes[key] = {
                "kind": kind,
                "name": one.name,
                "before": _told(old.get(key)),
                "after": _told(new.get(key)),
                "reason": _suggested(kind, old.get(key), new.get(key)),
            }
    return changes


def _told(item: PublicItem | None) -> dict[str, Any] | None:
    if item is None:
        return None
    names = ("state", "start_year", "in_use_year", "cost_tkr")
    return {name: getattr(item, name) for name in names}


def _kind(old: PublicItem | None, new: PublicItem | None) -> str:
    """Return the greatest change of a project; empty where there is none."""
    if old is None or new is None:
        return "added" if old is None else "gone"
    was, is_ = old.state == PublicItem.State.IN, new.state == PublicItem.State.IN
    if was != is_:
        return "in" if is_ else "out"
    if old.start_year != new.start_year:
        return "moved"
    same = abs(new.cost_tkr - old.cost_tkr) <= COST_SHARE * max(old.cost_tkr, 1.0)
    return "" if same else "cost"


def _suggested(kind: str, old: PublicItem | None, new: PublicItem | None) -> str:
    """Return a reason in words that the two results give; empty where they give none."""
    if new is None or kind == "gone":
        return _("Projektet finns inte längre i underlaget.")
    reason = [str(text) for text in new.data.get("reason", ())]
    about_start = [
        text for text in reason if str(new.start_year) in text and "start" in text
    ]
    if kind == "moved" and about_start:
        return about_start[0]
    if kind == "cost" and old is not None:
        return _("Utgiften för {name} är räknad på nytt i underlaget.").format(
            name=quoted(new.name)
        )
    return reason[0] if reason else ""

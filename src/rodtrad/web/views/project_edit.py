"""How is a project put in and changed? All its rows in one form, saved as one change.

Two who edit at once are asked to choose, cell by cell; nothing is written over. Leaves
out what is no row of the underlag (project_acts).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from rodtrad.web import (
    changes,
    events,
    following,
    need_reports,
    project_life,
    project_rows,
)
from rodtrad.web.access import Right, demand_table, requires
from rodtrad.web.forms import project_rows as rows_form
from rodtrad.web.models import NeedReport
from rodtrad.web.models.underlag import Row, Underlag
from rodtrad.web.project_index import rows_of_project
from rodtrad.web.project_record import Life, read_life
from rodtrad.web.views.underlag_saving import say_left

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rodtrad.web.access import MunicipalRequest

_NEW_ROWS = {"outlays": 3, "effects": 1, "parts": 2, "scores": 0}
_MORE = 3


def _choices(underlag: Underlag) -> rows_form.Choices:
    rows = Row.objects.filter(underlag=underlag, table__in=("areas", "criteria"))
    by_table: dict[str, list[tuple[str, str]]] = {"areas": [], "criteria": []}
    for row in rows.order_by("table", "position"):
        by_table[row.table].append((row.key, row.label or row.key))
    return rows_form.Choices(by_table["areas"], (), by_table["criteria"])


def _underlag(request: MunicipalRequest) -> Underlag:
    found = Underlag.objects.filter(municipality=request.municipality).first()
    if found is None:
        found, _made = Underlag.objects.get_or_create(
            municipality=request.municipality,
            defaults={"name": request.municipality.name},
        )
    return found


# ---------------------------------------------------------------- the form's rows


def _show(
    life: Life | None,
    choices: rows_form.Choices,
    posted: Sequence[rows_form.Posted] = (),
    written: project_rows.Written | None = None,
    more: str = "",
    given: Mapping[str, str] | None = None,
) -> tuple[rows_form.FormRow, list[rows_form.FormRow]]:
    """Return the project's row and its alternatives, each with the rows below it."""
    sent = {one.prefix: one for one in posted}
    stored = {
        row.pk: row for rows in (life.rows.values() if life else ()) for row in rows
    }
    project = rows_form.show_row(
        "p",
        "projects",
        life.row if life else None,
        choices,
        sent.get("p"),
        written,
        given,
    )
    if posted:
        ways = [one for one in posted if one.table == "alternatives"]
        alternatives = [
            _alternative_sent(one, posted, stored, choices, written, more)
            for one in ways
        ]
        if more == "alternativ":
            alternatives.append(_alternative_new(f"a{len(ways)}", choices))
        return project, alternatives
    alternatives = []
    for i, row in enumerate(life.rows.get("alternatives", ()) if life else ()):
        alternatives.append(_alternative_stored(f"a{i}", row, life, choices))
    if life is None:
        alternatives = [_alternative_new(f"a{i}", choices) for i in range(2)]
    return project, alternatives


def _alternative_new(prefix: str, choices: rows_form.Choices) -> rows_form.FormRow:
    shown = rows_form.show_row(prefix, "alternatives", None, choices)
    for table in rows_form.BELOW:
        count = _NEW_ROWS[table]
        shown.below[table] = [
            _new_below(prefix, table, i, i, choices)
            for i in range(len(choices.criteria) if table == "scores" else count)
        ]
    return shown


def _new_below(
    prefix: str, table: str, place: int, value: int, choices: rows_form.Choices
) -> rows_form.FormRow:
    given: dict[str, str] = {}
    if table in ("outlays", "effects"):
        given["offset"] = str(value)
    elif table == "scores" and value < len(choices.criteria):
        given["criterion"] = choices.criteria[value][0]
    name = f"{prefix}.{rows_form.LETTER[table]}{place}"
    return rows_form.show_row(name, table, None, choices, given=given)


def _alternative_stored(
    prefix: str, row: Row, life: Life | None, choices: rows_form.Choices
) -> rows_form.FormRow:
    shown = rows_form.show_row(prefix, "alternatives", row, choices)
    key = row.data.get("alternative_id")
    for table in rows_form.BELOW:
        letter = rows_form.LETTER[table]
        mine = [
            one
            for one in (life.rows.get(table, ()) if life else ())
            if one.data.get("alternative_id") == key
        ]
        mine.sort(key=lambda one: (one.data.get("offset") or 0, one.position))
        below = [
            rows_form.show_row(f"{prefix}.{letter}{i}", table, one, choices)
            for i, one in enumerate(mine)
        ]
        if table == "scores":
            had = {str(one.data.get("criterion")) for one in mine}
            lacking = [
                i
                for i, (name, _label) in enumerate(choices.criteria)
                if name not in had
            ]
            below += [
                _new_below(prefix, table, len(mine) + n, i, choices)
                for n, i in enumerate(lacking)
            ]
        else:
            last = max((int(one.data.get("offset") or 0) for one in mine), default=-1)
            below.append(_new_below(prefix, table, len(mine), last + 1, choices))
        shown.below[table] = below
    return shown


def _alternative_sent(
    one: rows_form.Posted,
    posted: Sequence[rows_form.Posted],
    stored: Mapping[int, Row],
    choices: rows_form.Choices,
    written: project_rows.Written | None,
    more: str,
) -> rows_form.FormRow:
    def show(sent: rows_form.Posted) -> rows_form.FormRow:
        row = stored.get(sent.pk) if sent.pk else None
        return rows_form.show_row(sent.prefix, sent.table, row, choices, sent, written)

    shown = show(one)
    for table in rows_form.BELOW:
        mine = [
            sent
            for sent in posted
            if sent.table == table and sent.prefix.startswith(f"{one.prefix}.")
        ]
        shown.below[table] = [show(sent) for sent in mine]
        if more == f"{one.prefix}.{table}":
            shown.below[table] += [
                _new_below(one.prefix, table, len(mine) + i, len(mine) + i, choices)
                for i in range(_MORE)
            ]
    return shown


# ---------------------------------------------------------------- pages


@requires(Right.EDIT_PROJECTS)
def edit(request: MunicipalRequest, project_id: str) -> HttpResponse:
    """Show a project's rows as a form, and save what was typed."""
    demand_table(request, "projects")
    life = read_life(request.municipality, project_id)
    choices = _choices(life.underlag)
    if request.method != "POST":
        return _page(request, life, *_show(life, choices))
    posted = _known(life, rows_form.read_posted(request.POST))
    more = request.POST.get("mer", "")
    if more:
        return _page(request, life, *_show(life, choices, posted, None, more))
    typed = rows_form.to_typed(posted, life.project_id, _alternative_ids(posted, life))
    with events.in_swedish():
        note = _("Projektet {p}").format(p=life.name)
    written = project_rows.write(request, life.underlag, typed, note)
    if written.clashes:
        return _merge(request, life, written)
    if written.refused:
        page = _page(request, life, *_show(life, choices, posted, written))
        page.status_code = 422
        return page
    if written.change is None:
        messages.info(request, _("Inget var ändrat."))
    else:
        messages.success(
            request, _("Projektet är sparat. Ändringen går att ångra under Underlag.")
        )
        say_left(request, life.underlag, written.change)
    return redirect(project_life.address(request.municipality, life.project_id))


@requires(Right.EDIT_PROJECTS)
def new(request: MunicipalRequest) -> HttpResponse:
    """Show an empty project, and put in what was typed. `behov` is a reported need."""
    demand_table(request, "projects")
    underlag = _underlag(request)
    choices = _choices(underlag)
    report = _report(request)
    if request.method != "POST":
        given = {"name": report.what, "description": report.why} if report else None
        return _page(request, None, *_show(None, choices, given=given), report=report)
    posted = [one for one in rows_form.read_posted(request.POST) if one.pk is None]
    more = request.POST.get("mer", "")
    if more:
        return _page(
            request, None, *_show(None, choices, posted, None, more), report=report
        )
    written, key = _create(request, underlag, posted, report)
    if written.refused or not key:
        page = _page(
            request, None, *_show(None, choices, posted, written), report=report
        )
        page.status_code = 422
        return page
    messages.success(request, _("Projektet är inlagt."))
    return redirect(project_life.address(request.municipality, key))


def _report(request: MunicipalRequest) -> NeedReport | None:
    asked = request.POST.get("behov") or request.GET.get("behov") or ""
    if not asked:
        return None
    if not asked.isdecimal() or len(asked) > 9:
        raise Http404
    return get_object_or_404(
        NeedReport, municipality=request.municipality, number=int(asked)
    )


@transaction.atomic
def _create(
    request: MunicipalRequest,
    underlag: Underlag,
    posted: Sequence[rows_form.Posted],
    report: NeedReport | None,
) -> tuple[project_rows.Written, str]:
    underlag = changes.locked(underlag)
    project = next((one for one in posted if one.table == "projects"), None)
    name = (project.cells.get("name") if project else "") or ""
    if project is None or not name.strip():
        return (
            project_rows.Written(faults={"p-name": [_("Skriv vad projektet heter.")]}),
            "",
        )
    wanted = rows_form.make_id(name, set(), "projekt")
    key = rows_form.make_id(name, following.taken_from(underlag, wanted), "projekt")
    typed = rows_form.to_typed(posted, key, _alternative_ids(posted, None))
    # a project that nobody has looked into yet begins at the first gate
    typed = [
        project_rows.Typed(
            one.table,
            one.name,
            {**one.cells, "gate": "G0"} if one.table == "projects" else one.cells,
        )
        for one in typed
    ]
    with events.in_swedish():
        note = _("Nytt projekt {p}").format(p=name.strip())
        told = _("Behovet har blivit ett projekt: {p}.").format(p=name.strip())
    written = project_rows.write(request, underlag, typed, note)
    if not written.refused and report is not None:
        need_reports.answer(
            request,
            report,
            NeedReport.State.PROJECT,
            told,
            key,
        )
    return written, key


def _known(life: Life, posted: Sequence[rows_form.Posted]) -> list[rows_form.Posted]:
    """The rows that were sent and that belong to this project, or are new."""
    mine = {
        row.pk: row.table
        for row in (life.row, *(r for rows in life.rows.values() for r in rows))
    }
    for one in posted:
        if one.pk is not None and mine.get(one.pk, one.table) != one.table:
            raise Http404
    # a row of another project is none of this form's; one that is gone is told of
    others = {one.pk for one in posted if one.pk is not None} - set(mine)
    foreign = set(Row.objects.filter(pk__in=others).values_list("pk", flat=True))
    if foreign:
        raise Http404
    return list(posted)


def _alternative_ids(
    posted: Sequence[rows_form.Posted], life: Life | None
) -> dict[str, str]:
    """The id of each alternative by its prefix; a new one is named after its name."""
    stored = {
        row.pk: str(row.data.get("alternative_id") or "")
        for row in (life.rows.get("alternatives", ()) if life else ())
    }
    found: dict[str, str] = {}
    taken = set(stored.values()) | _left_ids(life)
    for one in posted:
        if one.table != "alternatives":
            continue
        if one.pk is not None:
            found[one.prefix] = stored.get(one.pk, "")
            continue
        key = rows_form.make_id(one.cells.get("name", ""), taken, "alternativ")
        taken.add(key)
        found[one.prefix] = key
    return found


def _left_ids(life: Life | None) -> set[str]:
    """The ids of alternatives that are gone, but that something of theirs still names."""
    if life is None:
        return set()
    rows = [row for rows in life.rows.values() for row in rows]
    rows += rows_of_project(life.underlag, ("resource_use",), life.project_id)
    named = {str(row.data.get("alternative_id") or "") for row in rows}
    return named | {*life.notes, *(one.alternative_id for one in life.estimates)}


def _page(
    request: MunicipalRequest,
    life: Life | None,
    project: rows_form.FormRow,
    alternatives: Sequence[rows_form.FormRow],
    report: NeedReport | None = None,
) -> HttpResponse:
    back = (
        project_life.address(request.municipality, life.project_id)
        if life
        else f"/{request.municipality.slug}/projekt/"
    )
    faults: list[tuple[str, str]] = []
    for row in _all(project, alternatives):
        faults += [("", text) for text in row.errors]
        faults += [
            (f"{box.id}", f"{box.label}: {e}") for box in row.boxes for e in box.errors
        ]
    context: dict[str, Any] = {
        "life": life,
        "name": life.name if life else "",
        "project": project,
        "alternatives": alternatives,
        "back": back,
        "faults": list(dict.fromkeys(faults)),
        "report": report,
    }
    return render(request, "projects/edit.html", context)


def _all(
    project: rows_form.FormRow, alternatives: Sequence[rows_form.FormRow]
) -> list[rows_form.FormRow]:
    return [
        project,
        *(
            row
            for way in alternatives
            for row in (way, *(r for rows in way.below.values() for r in rows))
        ),
    ]


def _merge(
    request: MunicipalRequest, life: Life, written: project_rows.Written
) -> HttpResponse:
    """Show both values of every cell that two have changed; choosing sends all again."""
    values = {
        name: value
        for name, value in request.POST.items()
        if name != "csrfmiddlewaretoken"
    }
    now = {
        row.pk: row.revision
        for row in (life.row, *(r for rows in life.rows.values() for r in rows))
    }
    for name, value in list(values.items()):
        if name.startswith("row."):
            table, pk, revision = str(value).split("|")
            fresh = now.get(int(pk), revision) if pk else revision
            values[name] = f"{table}|{pk}|{fresh}"
    rows = []
    for clash in written.clashes:
        name = f"{clash.name}.{clash.column}"
        values.pop(name, None)
        values[f"was.{name}"] = clash.theirs
        rows.append(
            {
                "name": name,
                "label": clash.label,
                "was": clash.was,
                "theirs": clash.theirs,
                "mine": clash.mine,
                "theirs_value": clash.theirs,
                "mine_value": clash.mine,
            }
        )
    return render(
        request,
        "projects/merge.html",
        {
            "life": life,
            "name": life.name,
            "back": project_life.address(request.municipality, life.project_id),
            "rows": rows,
            "values": values,
            "who": written.clashes[0].who,
            "when": written.clashes[0].when,
        },
        status=409,
    )

"""The workbench: move a project, take it in or out, and see the economy follow.

Every act is a form that is sent and leads back here; with script the same request is
answered with what has changed, and nothing else moves. Figures come from the core at
once (`explain.workbench`); only "fill in the rest" asks the planner, as a queued study.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.contrib import messages
from django.db import transaction
from django.db.models import Max
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache

from rodtrad.capacity.lines import OUTLAY_FIXED
from rodtrad.domain.words import SWEDISH, in_language
from rodtrad.explain.workbench import StartYears, start_years, try_choices
from rodtrad.publish import agreement
from rodtrad.publish.content import status_line
from rodtrad.study import own_study
from rodtrad.web import access, bench, events, jobs, store
from rodtrad.web.access import Right
from rodtrad.web.models import Municipality, Study
from rodtrad.web.models.studies import OWN, packed_json
from rodtrad.web.templatetags.rodtrad import number, share, year_list
from rodtrad.web.views import bench_drawing as drawing
from rodtrad.web.views.study_base import CHOOSABLE, numbered, trails_at
from rodtrad.web.views.trails import tables_of, trail_page

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rodtrad.domain.arrays import Choice, Project
    from rodtrad.explain.workbench import Bench
    from rodtrad.web.access import MunicipalRequest
    from rodtrad.web.bench import Work

events.declare_action("workbench.saved", gettext_lazy("sparade ett eget val"))
events.declare_action(
    "workbench.filled", gettext_lazy("bad planeraren fylla på ett eget val")
)

# Seconds that the planner gets to fill in the rest; one may leave the page.
FILL_SECONDS: Final = 60
ACTS: Final = frozenset({"tidigare", "senare", "vaxla", "las"})


@never_cache
@access.requires(Right.RUN_STUDY)
def workbench(request: MunicipalRequest) -> HttpResponse:
    """Show the bench, or do what was asked and show what it gave."""
    if request.method == "POST":
        return _act(request)
    if asked := request.GET.get("studie"):
        study = numbered(request.municipality, asked)
        bench.Work.begin(study).write(request, request.municipality)
        return redirect(_address(request))
    found = _work(request)
    if found is None:
        return render(request, "workbench/empty.html")
    study, work = found
    page = _page(request, study, work)
    return render(request, "workbench/workbench.html", page)


@never_cache
@access.requires(Right.RUN_STUDY, methods="GET")
def trail(request: MunicipalRequest, figure: str) -> HttpResponse:
    """What a figure hangs on with what lies on the bench; `?forut=1` before the change."""
    found = _work(request)
    if found is None:
        raise Http404
    study, work = found
    chosen = work.before() if "forut" in request.GET else work.chosen()
    note = (
        _("Som det låg på arbetsbänken före ändringen.")
        if "forut" in request.GET
        else _("Som det ligger på arbetsbänken.")
    )
    return trail_page(request, study, tables_of(study), chosen, figure, note)


def _address(request: MunicipalRequest, project: str = "") -> str:
    address = reverse("workbench", kwargs={"kommun": request.municipality.slug})
    return f"{address}?projekt={project}#rad-{project}" if project else address


def _work(request: MunicipalRequest) -> tuple[Study, Work] | None:
    """Return what lies on the bench; the newest plan if nothing does."""
    municipality = request.municipality
    work = bench.Work.read(request, municipality)
    if work is not None:
        study = Study.objects.readable(municipality).filter(pk=work.study).first()
        if study is not None:
            return study, work
    study = Study.objects.newest_plan(municipality)
    return None if study is None else (study, bench.Work.begin(study))


# ------------------------------------------------------------------------ acts


def _act(request: MunicipalRequest) -> HttpResponse:
    """Do what a button asked for."""
    found = _work(request)
    if found is None:
        raise Http404
    study, work = found
    what, _colon, key = request.POST.get("gor", "").partition(":")
    if what == "spara":
        return _save(request, study, work)
    if what == "fyll":
        return _fill(request, study, work)
    base = bench.bench_of(study)
    before = work.chosen()
    said = ""
    try:
        if what in ACTS:
            said = _change(base, work, what, key)
        elif what == "stall":
            key = request.POST.get("projekt", "")
            _place(request, base, work, key)
        elif what == "angra":
            key = work.take_back() or ""
            said = "" if key else _("Det finns inget att ångra.")
        elif what == "borja-om":
            work, key = bench.Work.begin(study), ""
        else:
            raise Http404
    except bench.CannotError as error:
        return _refused(request, str(error), key)
    work.write(request, request.municipality)
    if not _by_script(request):
        if said:
            messages.info(request, said)
        return redirect(_address(request, key))
    return _answer(request, study, work, before, said)


def _change(base: Bench, work: Work, what: str, key: str) -> str:
    """Change one project; return a sentence where the figures do not say it."""
    if what != "las":
        if what == "vaxla":
            work.toggle(base, key)
        else:
            work.step(base, key, 1 if what == "senare" else -1)
        return ""
    project = bench.known_project(base.case, key)
    if key in work.locks:
        work.locks.discard(key)
        return _("”{p}” är upplåst.").format(p=project.name)
    work.locks.add(key)
    own = work.choices.get(key)
    if own is None:
        return _("”{p}” är låst utanför planen.").format(p=project.name)
    return _("”{p}” är låst med start {y}.").format(p=project.name, y=own[1])


def _place(request: MunicipalRequest, base: Bench, work: Work, key: str) -> None:
    """Set alternative and start year from the form of the chosen project."""
    year = request.POST.get("start", "")
    alternative = request.POST.get("alternativ", "")
    project = bench.known_project(base.case, key)
    if year == "ute":
        work.put(base.case, key, None)
        return
    if not year.isdecimal() or len(year) > 4:
        raise bench.CannotError(_("Välj ett startår."))
    now = work.choices.get(key)
    if not alternative:
        alternative = now[0] if now else project.alternatives[0].alternative_id
    work.put(base.case, key, (alternative, int(year)))


def _refused(request: MunicipalRequest, text: str, key: str) -> HttpResponse:
    if _by_script(request):
        return JsonResponse({"sentence": text, "refused": True})
    messages.warning(request, text)
    return redirect(_address(request, key))


def _by_script(request: MunicipalRequest) -> bool:
    return request.headers.get("X-Bench") == "1"


def _answer(
    request: MunicipalRequest,
    study: Study,
    work: Work,
    before: tuple[Choice, ...],
    said: str,
) -> HttpResponse:
    """Return what has changed: the strips, and the rows that look different now."""
    base = bench.bench_of(study)
    found = try_choices(base, work.chosen(), before)
    rows = _rows(base, work, study)
    shown = request.session.get(_shown(request), {})
    context = _summary(request, base, study, work, found)
    about = {"trails": context["trails"]}
    changed = {
        row["key"]: render_to_string(
            "workbench/row.html", {**about, "row": row}, request
        )
        for row in rows
        if shown.get(row["key"]) != row["digest"]
    }
    request.session[_shown(request)] = {row["key"]: row["digest"] for row in rows}
    return JsonResponse(
        {
            "sentence": said or found["sentence"],
            "rows": changed,
            "effect": render_to_string("workbench/effect.html", context, request),
            "changes": render_to_string("workbench/changes.html", context, request),
            "badge": render_to_string("workbench/badge.html", context, request),
        }
    )


# ------------------------------------------------------------------- save and fill


def _save(request: MunicipalRequest, study: Study, work: Work) -> HttpResponse:
    """Keep what lies on the bench as a plan with a name, which all members can open."""
    name = request.POST.get("namn", "").strip()
    if not name:
        return _refused(request, _("Ge planen ett namn, så att andra hittar den."), "")
    base = bench.bench_of(study)
    # A plan is Swedish, whoever makes it.
    with in_language(SWEDISH):
        own = own_study(
            store.version_tables(study.version),
            work.chosen(),
            scenario=study.scenario or None,
            # Proven under locks, it holds for nobody else's choices.
            bound=None if base.locks else base.bound,
        )
    with transaction.atomic():
        kept = _keep(request, study, name[:120], own.result)
        events.record(
            request,
            request.municipality,
            "workbench.saved",
            kept,
            after={"name": kept.name, "from": str(study)},
        )
    address = reverse("workbench", kwargs={"kommun": request.municipality.slug})
    link = request.build_absolute_uri(f"{address}?studie={kept.number}")
    text = _("”{n}” är sparad. Kolleger öppnar den med adressen {a}")
    messages.success(request, text.format(n=kept.name, a=link))
    return redirect(_address(request))


def _keep(
    request: MunicipalRequest, study: Study, name: str, result: Mapping[str, Any]
) -> Study:
    municipality = request.municipality
    # two who save at once get a number each
    Municipality.objects.select_for_update().get(pk=municipality.pk)
    last = Study.objects.filter(municipality=municipality).aggregate(n=Max("number"))
    now = timezone.now()
    return Study.objects.create(
        municipality=municipality,
        number=(last["n"] or 0) + 1,
        name=name,
        kind=OWN,
        version=study.version,
        scenario=study.scenario,
        settings={"from": study.number},
        state=Study.State.DONE,
        result=packed_json(result),
        created_by=request.user,
        created_by_name=str(request.user)[:150],
        started_at=now,
        finished_at=now,
    )


def _fill(request: MunicipalRequest, study: Study, work: Work) -> HttpResponse:
    """Queue a study in which the planner fills in what is not locked."""
    locks = work.as_locks()
    settings = {
        "locked": [lock.as_dict() for lock in locks],
        "decided": [list(choice) for choice in work.chosen()],
        "time_limit": FILL_SECONDS,
    }
    count = len(locks)
    name = ngettext(
        "Påfylld: {n} projekt låst", "Påfylld: {n} projekt låsta", count
    ).format(n=count)
    with transaction.atomic():
        queued = jobs.enqueue(
            request.user,
            study.version,
            name=name,
            scenario=study.scenario,
            settings=settings,
        )
        events.record(
            request,
            request.municipality,
            "workbench.filled",
            queued,
            after={"locked": [lock.project_id for lock in locks]},
        )
    messages.success(
        request,
        _("Planeraren fyller på plan {n}. Sidan kan lämnas under tiden.").format(
            n=queued.number
        ),
    )
    return redirect(_address(request))


# ------------------------------------------------------------------------- the page


def _page(request: MunicipalRequest, study: Study, work: Work) -> dict[str, Any]:
    base = bench.bench_of(study)
    found = try_choices(base, work.chosen(), work.before())
    rows = _rows(base, work, study)
    rows.sort(key=lambda row: row["order"])
    request.session[_shown(request)] = {row["key"]: row["digest"] for row in rows}
    key = request.GET.get("projekt", "")
    years = [int(year) for year in base.case.years]
    selected = next((row for row in rows if row["key"] == key), None)
    return {
        **_summary(request, base, study, work, found),
        "rows": rows,
        "selected": _selected(base, work, key) if selected else None,
        "scale": drawing.year_scale(years),
        "years": years,
        "studies": Study.objects.readable(request.municipality)[:CHOOSABLE],
        "fills": _fills(request.municipality, study),
    }


def _fills(municipality: Municipality, study: Study) -> list[Study]:
    """Return the planner's fillings-in that wait, run or have just come."""
    found = Study.objects.light().filter(
        municipality=municipality, number__gt=study.number
    )
    return [
        one
        for one in found.exclude(kind=OWN)[:10]
        if one.settings.get("locked") is not None
    ][:3]


def _shown(request: MunicipalRequest) -> str:
    return f"arbetsbank-visat:{request.municipality.pk}"


def _summary(
    request: MunicipalRequest,
    base: Bench,
    study: Study,
    work: Work,
    found: dict[str, Any],
) -> dict[str, Any]:
    """Return what the strips, the list of changes and the badge say."""
    years = found["years"]
    goals = [_goal(row, years) for row in found["goals"]]
    trails = trails_at("workbench_trail", request.municipality)
    status = status_line({**found["value"], "stopped": "gap", "seconds": None})
    changes = found["changes"]
    return {
        "trails": trails,
        "trails_before": f"{trails}?forut=1",
        "study": study,
        "found": found,
        "work": work,
        "status": status,
        "breaks": bool(found["faults"]),
        "comparable": found["value"]["gap"] is not None,
        "changes": changes,
        "change_words": ngettext("{n} ändring", "{n} ändringar", len(changes)).format(
            n=len(changes)
        ),
        "goals": goals,
        "result_strip": _strip(base, found, "result", "res_andel"),
        "debt_strip": _strip(base, found, "debt", "lan_inv"),
        "locked": len(work.locks),
        "undo": bool(work.undo),
        "resources": _tight(found["resources"]),
    }


def _strip(
    base: Bench, found: dict[str, Any], key: str, indicator: str
) -> dict[str, Any]:
    """Return one strip as a picture with its sentence."""
    of = found[key]
    goals = [g for g in found["goals"] if g["indicator"] == indicator]
    limits = sorted({g["value"] for g in goals if g["level"] == "must"})
    missed = [
        any(g["standing"][t] == "missed" for g in goals)
        for t in range(len(found["years"]))
    ]
    show = share if key == "result" else _whole
    if of["worst"] is None:
        return {"svg": "", "worst": None}
    now, was = show(of["worst"]["value"]), show(of["worst"]["before"])
    year = of["worst"]["year"]
    text = _("{year}: {now} (var {was})").format(year=year, now=now, was=was)
    return {
        "figure": f"{indicator}:{year}",
        "svg": drawing.strip(
            found["years"], of["values"], of["before"], limits, missed, text
        ),
        "year": year,
        "now": now,
        "was": was,
        "same": now == was,
        "rows": [
            (year, f"{indicator}:{year}", show(v), show(b))
            for year, v, b in zip(
                found["years"], of["values"], of["before"], strict=True
            )
        ],
    }


def _whole(value: float | None) -> str:
    """Return kronor per inhabitant to whole hundreds; the unit stands in the heading."""
    return number(None if value is None else 100 * round(value / 100))


def _goal(row: dict[str, Any], years: list[int]) -> dict[str, Any]:
    """Return a goal with how it stands in words, and what changed."""
    now = [y for y, s in zip(years, row["standing"], strict=True) if s == "missed"]
    barely = [y for y, s in zip(years, row["standing"], strict=True) if s == "barely"]
    was = [
        y for y, s in zip(years, row["standing_before"], strict=True) if s == "missed"
    ]
    if now:
        kind = "warn"
        text = ngettext("Brister {n} år", "Brister {n} år", len(now)).format(n=len(now))
    elif barely:
        kind = "ok"
        text = _("Hålls knappt")
    elif any(row["standing"]):
        kind, text = "ok", _("Hålls")
    else:
        kind, text = "open", _("Mäts inte")
    detail = _("Brister {ys}").format(ys=year_list(now)) if now else ""
    if not now and was:
        detail = _("Bröts förut {ys}").format(ys=year_list(was))
    elif now and now != was:
        detail += ", " + (
            _("förut {ys}").format(ys=year_list(was)) if was else _("hölls förut")
        )
    return {"name": row["name"], "kind": kind, "text": text, "detail": detail}


def _tight(resources: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return each resource in the year in which least of it is left."""
    rows = []
    for one in resources:
        left = [a - u for a, u in zip(one["available"], one["used"], strict=True)]
        if not left:
            continue
        t = min(range(len(left)), key=lambda i: (left[i], i))
        rows.append(
            {
                "name": one["resource"],
                "year": one["years"][t],
                "used": one["used"][t],
                "available": one["available"][t],
                "over": left[t] < -1e-6,
            }
        )
    return rows


def _rows(base: Bench, work: Work, study: Study) -> list[dict[str, Any]]:
    """Return every project as a row of the timeline."""
    case = base.case
    years = [int(year) for year in case.years]
    can = start_years(base, work.chosen())
    was = {c.project_id: c for c in base.choices}
    nira = {row["project_id"]: row["nira"] for row in case.tables["projects"].records()}
    labels = _labels(study)
    return [
        _row(
            project,
            years,
            can[project.project_id],
            work,
            was.get(project.project_id),
            nira.get(project.project_id) or "N",
            labels.get(project.project_id, ""),
        )
        for project in case.projects
    ]


def _labels(study: Study) -> dict[str, str]:
    """Return what the agreement map says of each project, where there is one."""
    return {
        str(one.project["project_id"]): one.group
        for one in agreement.answers(study.plan or {})
    }


def _row(
    project: Project,
    years: list[int],
    can: StartYears,
    work: Work,
    was: Choice | None,
    nira: str,
    label: str,
) -> dict[str, Any]:
    key = project.project_id
    own = work.choices.get(key)
    alternative = project.alternative(own[0] if own else can.alternative_id)
    now = None if own is None else (own[1], own[1] + alternative.build_years)
    before = None
    if was is not None:
        built = project.alternative(was.alternative_id).build_years
        before = was.start_year, was.start_year + built
    locked = key in work.locks
    outlay = sum(alternative.outlay)
    colour = "c4" if project.must_do else drawing.COLOURS.get(nira[:1], "c1")
    if now is None:
        words = _("Utanför planen")
    elif now[1] > now[0] + 1:
        words = _("Byggs {a}–{b}, i bruk {c}").format(a=now[0], b=now[1] - 1, c=now[1])
    else:
        words = _("Start {a}, i bruk {c}").format(a=now[0], c=now[1])
    moved = (None if was is None else tuple(was[1:])) != own
    return {
        "key": key,
        "name": project.name,
        "outlay": outlay,
        "figure": f"{OUTLAY_FIXED}:{key}/{alternative.alternative_id}",
        "words": words,
        "start": own[1] if own else None,
        "alternative": alternative.name if len(project.alternatives) > 1 else "",
        "inside": own is not None,
        "moved": moved,
        "locked": locked,
        "must": project.must_do,
        "label": label,
        "order": (now is None, now or (0, 0), project.name, key),
        "digest": f"{own}|{can.free}|{locked}|{moved}",
        "svg": drawing.lane(
            years,
            free=can.free,
            build_years=alternative.build_years,
            now=now,
            was=before,
            colour=colour,
            locked=locked,
        ),
    }


def _selected(base: Bench, work: Work, key: str) -> dict[str, Any]:
    """Return the project that is chosen, with every way and year it can be given."""
    project = base.case.project(key)
    own = work.choices.get(key)
    can = start_years(base, work.chosen(), only=[key])[key]
    alternative = project.alternative(own[0] if own else can.alternative_id)
    first, last = bench.possible_starts(base.case, project, alternative.alternative_id)
    return {
        "key": key,
        "name": project.name,
        "locked": key in work.locks,
        "inside": own is not None,
        "start": own[1] if own else None,
        "alternative": alternative.alternative_id,
        "alternatives": [(a.alternative_id, a.name) for a in project.alternatives],
        "starts": [
            (year, year in can.free, year in can.allowed)
            for year in range(first, last + 1)
        ],
        "free": list(can.free),
    }

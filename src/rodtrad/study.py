"""What does a whole study give? Needs, capacity, plan and reasons, in that order.

`run` takes tables and settings and returns a `Study`: the result with everything that
`plan.json` holds. Command line, notebook and web call the same function. Pure: no
files, no clock in any figure (seconds aside), no printing.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rodtrad.capacity.evaluate import Evaluation, evaluate_plan
from rodtrad.capacity.provenance import quality_of, study_facts
from rodtrad.capacity.result import as_list, economy_result, planned_outlay_tkr
from rodtrad.domain import law
from rodtrad.domain.arrays import Choice, Lock, build_case
from rodtrad.domain.checks import check_tables, sort_issues
from rodtrad.domain.components import apply_scenario
from rodtrad.domain.words import (
    SWEDISH,
    _,
    in_language,
    later,
    quoted,
    share_text,
    years_text,
)
from rodtrad.errors import InputError, Issue, SolverError
from rodtrad.plan.constraints import build_problem
from rodtrad.plan.precheck import check_projects
from rodtrad.plan.sharing import Sharing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from rodtrad.domain.arrays import Array, Case
    from rodtrad.domain.components import Tables
    from rodtrad.explain.questions import ReasonLimits
    from rodtrad.plan.milp import Portfolio, Progress
    from rodtrad.plan.problem import Problem


PARTS = ("plan", "agreement", "reasons", "beside", "needs", "uncertainty")
BALANSKRAV = "balanskrav"
# With no more choices than this another process takes longer to start than it saves.
FEW_CHOICES = 40
# A certainty asked for is told beside the plan's own, so that is drawn too, so many
# times where nothing else is asked for.
CERTAIN_DRAWS = 2000
# Each of the plans tried for a certainty may take this much work, and this part of the
# time of the first.
RISK_WORK = 400
RISK_TIME_SHARE = 0.25


@dataclass(frozen=True)
class Settings:
    """How a study is run. `seed` and `draws` None mean the underlag's own.

    `work_limit` counts the solver's steps as `plan.milp.Limits` does: the same on every
    machine, where `time_limit` (seconds) is not. `only` may leave out all but the plan. The
    agreement map may take as long again as the search. `decided` is an earlier plan:
    the search begins there, and the least changes from it are shown. `earlier` is the
    underlag of that plan and what was proven that no plan of it can pass. `locked` is what
    someone has decided; the planner fills in the rest around it. With more than one
    of `draws` there are probabilities. `certainty` is a share: beside the plan there is
    then one in which `certainty_goal`, `balanskrav` or a goal's id, holds in all its
    years in that share of the draws. With more than one of `processes` the parts beside
    the plan are shared between them; the result is the same.
    """

    time_limit: float = 60.0
    work_limit: int | None = None
    gap: float = 1e-3
    seed: int | None = None
    scenario: str | None = None
    only: tuple[str, ...] = PARTS
    decided: tuple[Choice, ...] | None = None
    earlier: tuple[Tables, float] | None = None
    locked: tuple[Lock, ...] = ()
    draws: int | None = None
    certainty: float | None = None
    certainty_goal: str = BALANSKRAV
    processes: int = 1


@dataclass(frozen=True)
class Study:
    """A finished study: the tables it rests on and the content of `plan.json`.

    `certificates` prove the labels of the agreement map; None when there are none.
    """

    tables: Tables
    result: dict[str, Any]
    certificates: dict[str, Any] | None = None

    @property
    def choices(self) -> tuple[Choice, ...]:
        """The chosen projects with alternative and start year."""
        return read_choices(self.result)


def read_choices(result: Mapping[str, Any]) -> tuple[Choice, ...]:
    """Return the choices that a result holds."""
    return tuple(
        Choice(row["project_id"], row["alternative_id"], row["start_year"])
        for row in result["choices"]
    )


def read_plan(result: Mapping[str, Any]) -> Portfolio:
    """Return the finished plan that a result holds, for a question about it."""
    from rodtrad.plan.milp import Portfolio

    status = result["status"]
    return Portfolio(
        choices=tuple(sorted(read_choices(result))),
        objective=status["objective"],
        bound=status["bound"],
        gap=status["gap"],
        stopped=status["stopped"],
        seconds=status["seconds"],
        work=0,
    )


def read_case(tables: Tables, result: Mapping[str, Any]) -> Case:
    """Return the case that a result was made of: its scenario and its locks."""
    meta = result["meta"]
    scenario = meta.get("scenario")
    case = build_case(apply_scenario(tables, scenario) if scenario else tables)
    locks = tuple(Lock(**row) for row in meta.get("locked") or ())
    return replace(case, locks=locks) if locks else case


def check_all(tables: Tables) -> list[Issue]:
    """Return every fault of the tables, and the projects that no plan can hold.

    The second kind needs the statements, so it is looked for only when the tables are
    without errors.
    """
    issues = check_tables(tables)
    if any(issue.severity == "error" for issue in issues):
        return issues
    return sort_issues([*issues, *check_projects(build_case(tables))])


class _EndedError(Exception):
    """Whoever follows the study asked it to end with what there is."""


@dataclass(frozen=True)
class _Task:
    """What is to be studied: the tables with their scenario, and how."""

    stored: Tables
    tables: Tables
    problem: Problem
    issues: Sequence[Issue]
    settings: Settings
    seed: int


@in_language(SWEDISH)
def run(
    tables: Tables,
    settings: Settings | None = None,
    progress: Callable[..., object] | None = None,
    keep: Callable[[Callable[[], Study]], None] | None = None,
) -> Study:
    """Return the study of the tables: the plan, what follows from it, and why.

    A study that was asked to end before it was done has the best plan so far:
    `status.interrupted` says after how many seconds, and which parts are left open.

    Args:
        tables: the underlag.
        settings: how long to search, which scenario, what to leave out.
        progress: called with a stage in Swedish and, while searching, `gap`; where it
            returns True the study ends with what there is.
        keep: called once there is a plan, with a function that gives the study as it
            would be if it ended now; it may be called from another thread.

    Raises:
        InputError: the underlag has errors; all of them.
        NoPlanError: no plan meets the requirements; names a minimal conflict.
        SolverError: no plan was found in the time, or (`asked`) before the end was
            asked for.
    """
    began = time.perf_counter()
    settings = settings or Settings()
    stored = tables
    if settings.scenario is not None:
        tables = apply_scenario(tables, settings.scenario)
    issues = check_all(tables)
    # A must-do that no plan can afford is told with what it collides with, below.
    if any(
        issue.severity == "error" and issue.code != "must_do_unaffordable"
        for issue in issues
    ):
        raise InputError(issues)
    case = build_case(tables)
    faults = [*_certainty_faults(case, settings), *lock_faults(case, settings.locked)]
    if faults:
        raise InputError(faults)

    ended = False

    def tell(stage: str, **facts: Any) -> None:
        nonlocal ended
        if progress is not None and progress(stage, **facts) is True:
            ended = True  # once is enough, also where the search takes no notice
        if ended:
            raise _EndedError

    try:
        tell(_("Bygger planen"))
        problem = build_problem(replace(case, locks=tuple(sorted(settings.locked))))
        own_seed = int(tables.settings["seed"])
        seed = own_seed if settings.seed is None else settings.seed
        task = _Task(stored, tables, problem, issues, settings, seed)
        shared = settings.processes if len(problem.choices) > FEW_CHOICES else 1
        with Sharing(shared) as sharing:
            if "needs" in settings.only:
                sharing.add("needs", _needs, tables, seed)
            plan = _search(task, tell)
            making = _Making(task, plan, sharing, began)
            if keep is not None:
                keep(making.study)
            return making.finish(tell)
    except _EndedError:
        raise SolverError(
            _("Körningen avbröts innan någon plan var hittad."),
            status="asked",
            gap=None,
            seconds=time.perf_counter() - began,
        ) from None


def _search(task: _Task, tell: Callable[..., None]) -> Portfolio:
    """Return the plan that the search finds.

    Raises:
        NoPlanError, SolverError: as `run`.
    """
    from rodtrad.plan.milp import Limits, solve_problem

    problem, settings = task.problem, task.settings
    limits = Limits(settings.time_limit, settings.work_limit, settings.gap, task.seed)

    def watch(state: Progress) -> bool:
        try:
            tell(
                _("Söker den bästa planen"),
                gap=state.gap,
                objective=state.objective,
                bound=state.bound,
            )
        except _EndedError:
            return True
        return False

    earlier = None
    if settings.earlier is not None:
        before, bound = settings.earlier
        earlier = build_problem(build_case(before)), bound
    plan = solve_problem(
        problem, limits, start=settings.decided, progress=watch, earlier=earlier
    )
    if plan.stopped == "infeasible":
        from rodtrad.plan.conflict import explain_no_plan

        tell(_("Söker vad som inte går ihop"))
        raise explain_no_plan(problem, limits)
    if plan.choices is not None:
        return plan
    if plan.stopped == "asked":
        raise _EndedError
    raise SolverError(
        _(
            "Tiden räckte inte för att hitta en plan som håller alla krav. "
            "Ge längre tid med --time-limit."
        )
        if plan.stopped == "time"
        else _(
            "Arbetsgränsen räckte inte för att hitta en plan som håller alla krav. "
            "Höj den med --work-limit."
        ),
        status=plan.stopped,
        gap=None,
        seconds=plan.seconds,
    )


@dataclass(frozen=True)
class _SoFar:
    """The plan as it stands, with the reasons and limits that belong to it."""

    plan: Portfolio
    reasons: list[dict[str, Any]] | None = None
    limits_held: list[dict[str, Any]] = field(default_factory=list)


class _Making:
    """A study whose plan is found, while the rest of it is being made."""

    def __init__(
        self, task: _Task, plan: Portfolio, sharing: Sharing, began: float
    ) -> None:
        """Begin with the plan alone."""
        self.task, self.sharing, self.began = task, sharing, began
        # One value, replaced whole: `study` may be asked for from another thread.
        self._so_far = _SoFar(plan)

    def finish(self, tell: Callable[..., None]) -> Study:
        """Make all that was asked for, or what there is time for; return the study."""
        task, only = self.task, self.task.settings.only
        try:
            if self._so_far.plan.stopped == "asked":
                raise _EndedError
            if "agreement" in only and len(task.tables["viewpoints"]):
                self.sharing.add("agreement", _agreement, task, self._so_far.plan)
            if "reasons" in only:
                self._explain(tell)
            if "beside" in only:
                _add_beside(self.sharing, task, self._so_far.plan)
            if "uncertainty" in only:
                self.sharing.add("uncertainty", _uncertainty, task, self._so_far.plan)
            found = self.sharing.results(lambda key: tell(_stage(key)))
        except _EndedError:
            return self.study()
        return self._study(self._so_far, found, only, None)

    def _explain(self, tell: Callable[..., None]) -> None:
        from rodtrad.explain.limits import binding_limits
        from rodtrad.explain.reasons import explain_and_improve
        from rodtrad.plan.greedy import RowCheck

        problem, found = self.task.problem, self._so_far.plan
        plan, reasons = explain_and_improve(
            problem,
            found,
            self.task.seed,
            lambda i, n: tell(_("Prövar skäl {i} av {n}").format(i=i, n=n)),
            _effort(self.task, found),
        )
        check = RowCheck(problem)
        held = binding_limits(check, check.chosen(plan.choices or ()))
        self._so_far = _SoFar(plan, reasons, held)

    def study(self) -> Study:
        """Return the study as it is if it ends now, and say what is left open."""
        only = self.task.settings.only
        so_far, found = self._so_far, self.sharing.done()
        # what stands beside the plan is one part: the curves are many, so is told whole
        missing = {"beside": True, "reasons": so_far.reasons is None}
        for part in ("agreement", "needs", "uncertainty"):
            missing[part] = part not in found
        if not len(self.task.tables["viewpoints"]):
            missing["agreement"] = False
        if _draws(self.task.tables, self.task.settings) < 2:
            missing["uncertainty"] = False
        left = [part for part in PARTS if part in only and missing.get(part)]
        seconds = round(time.perf_counter() - self.began, 1)
        done = tuple(part for part in only if part not in left)
        return self._study(so_far, found, done, {"seconds": seconds, "open": left})

    def _study(
        self,
        so_far: _SoFar,
        found: Mapping[str, Any],
        parts: Sequence[str],
        interrupted: dict[str, Any] | None,
    ) -> Study:
        """Return the study of the plan and of these parts."""
        task, plan, case = self.task, so_far.plan, self.task.problem.case
        settings = replace(task.settings, only=tuple(parts))
        choices = plan.choices or ()
        _refuse_broken(case, plan)
        economy = economy_result(case, choices)
        agreement, certificates = found.get("agreement", ({}, None))
        beside: dict[str, Any] = {}
        if "beside" in parts:
            from rodtrad.explain.beside import beside_facts

            beside["curves"] = [found[key] for key in found if key.startswith("curve ")]
            beside["beside"] = beside_facts(case, plan, economy, found)
        result: dict[str, Any] = {
            "meta": {
                **study_facts(task.stored, task.tables, settings.scenario, case.locks),
                "seed": task.seed,
                "asked": _asked(task.tables, settings),
            },
            "status": _status(plan, interrupted),
            **economy,
            **agreement,
            **beside,
            **found.get("needs", {}),
            **found.get("uncertainty", {}),
            "limits": so_far.limits_held,
            "reasons": so_far.reasons or [],
            "law": law.used(int(year) for year in case.years),
            "quality": quality_of(task.tables, choices),
            "issues": [issue.as_dict() for issue in task.issues],
        }
        return Study(task.stored, result, certificates)


def _refuse_broken(case: Case, plan: Portfolio) -> None:
    """Raise `SolverError` if the plan breaks a requirement when recomputed."""
    if broken := evaluate_plan(case, plan.choices or ()).violations:
        raise SolverError(
            _(
                "Planen håller inte alla krav när den räknas om ({what}). "
                "Kör igen med ett annat slumpfrö (--seed)."
            ).format(what=", ".join(f"{one.kind} {one.key}" for one in broken)),
            status=plan.stopped,
            gap=plan.gap,
            seconds=plan.seconds,
        )


@in_language(SWEDISH)
def own_study(
    tables: Tables,
    choices: Sequence[Choice],
    *,
    scenario: str | None = None,
    bound: float | None = None,
    seed: int | None = None,
) -> Study:
    """Return the study of choices that someone has made by hand; nothing is searched.

    It has every figure of the economy but no reasons, map or probabilities. `broken`
    lists the requirements that the choices break; `stopped` is `own`.

    Args:
        tables: the underlag, without its scenario.
        choices: at most one per project, all in use within the plan.
        scenario: its name, or None.
        bound: the most that any plan of this underlag and scenario is proven to give;
            not told where the choices break a requirement.
        seed: None means the underlag's own.

    Raises:
        InputError: the underlag has errors; all of them.
        KeyError, ValueError: as `evaluate_plan`.
    """
    stored = tables
    if scenario is not None:
        tables = apply_scenario(tables, scenario)
    issues = check_tables(tables)
    if any(issue.severity == "error" for issue in issues):
        raise InputError(issues)
    case = build_case(tables)
    plan = evaluate_plan(case, choices)
    known = bound if bound is not None and not plan.violations else None
    if known is not None:
        known = max(known, plan.objective)
    gap = None
    if known is not None:
        gap = (known - plan.objective) / max(abs(plan.objective), 1e-9)
    facts = study_facts(stored, tables, scenario)
    own_seed = int(tables.settings["seed"])
    result = {
        "meta": {
            **facts,
            "seed": own_seed if seed is None else seed,
            "asked": _asked(tables, Settings(only=("plan",), draws=1)),
        },
        "status": {
            "state": "feasible",
            "stopped": "own",
            "objective": plan.objective,
            "bound": known,
            "gap": gap,
            "seconds": 0.0,
        },
        **economy_result(case, plan.choices),
        "broken": [
            {"kind": one.kind, "id": one.key, "years": list(one.years)}
            for one in plan.violations
        ],
        "limits": [],
        "reasons": [],
        "law": law.used(int(year) for year in case.years),
        "quality": quality_of(tables, plan.choices),
        "issues": [issue.as_dict() for issue in issues],
    }
    return Study(stored, result)


def read_settings(data: Mapping[str, Any]) -> Settings:
    """Return settings from JSON: the fields by name, those left out as they are.

    `decided` is a list of choices as lists, `locked` a list of locks as objects.

    Raises:
        TypeError: a field that there is not, or a lock or choice that is none.
    """
    fields = dict(data)
    if fields.get("only") is not None:
        fields["only"] = tuple(fields["only"])
    if fields.get("decided") is not None:
        fields["decided"] = tuple(Choice(*row) for row in fields["decided"])
    fields["locked"] = tuple(Lock(**row) for row in fields.get("locked") or ())
    return Settings(**fields)


def _effort(task: _Task, plan: Portfolio) -> ReasonLimits:
    """Return what the reasons may cost: the rest of the time, and a work limit."""
    from rodtrad.explain.questions import ReasonLimits

    settings = task.settings
    seconds = max(settings.time_limit - plan.seconds, settings.time_limit / 4)
    limits = ReasonLimits.for_problem(task.problem, seconds)
    limits = replace(limits, seed=task.seed)
    if settings.work_limit is None:
        return limits
    return replace(limits, seconds=math.inf, work=min(limits.work, settings.work_limit))


def _agreement(
    task: _Task, plan: Portfolio
) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Return the agreement map for `plan.json` and its certificates."""
    from rodtrad.plan.agreement import agreement_basis
    from rodtrad.plan.robust import MapLimits, map_agreement

    problem, settings = task.problem, task.settings
    limits = MapLimits(seconds=settings.time_limit, seed=task.seed)
    if settings.work_limit is not None:
        # Whoever limits the work wants the same answer on every machine.
        work = min(settings.work_limit, limits.work or settings.work_limit)
        limits = replace(limits, seconds=None, work=work)
    found = map_agreement(problem, limits, [plan.choices or ()])
    if not found.rows:
        return {}, None
    basis = agreement_basis(problem.case, found.rows, found.certificates.plans)
    return {
        "agreement": found.rows,
        "agreement_basis": {**basis, "stopped": found.stopped},
    }, found.certificates.as_dict()


def _add_beside(sharing: Sharing, task: _Task, plan: Portfolio) -> None:
    """Add the parts that choices beside the plan are made of."""
    from rodtrad.explain.beside import near_and_windows
    from rodtrad.explain.curves import curve_limits, curve_names, value_curve
    from rodtrad.plan.replan import replan
    from rodtrad.plan.reserve import LEVELS, WORK, reserve_list

    problem, seed, decided = task.problem, task.seed, task.settings.decided
    names = curve_names(problem, plan)
    for name in names:
        each = curve_limits(len(names))
        sharing.add(f"curve {name or ''}", value_curve, problem, plan, name, each)
    sharing.add("near", near_and_windows, problem, plan, seed)
    sharing.add("reserve", reserve_list, problem, plan, LEVELS, WORK, seed)
    if decided is not None:
        sharing.add("replan", replan, problem, plan, decided, seed=seed)


def _stage(key: str) -> str:
    """Return what a part does, in Swedish."""
    stages = {
        "agreement": _("Prövar vad som gäller oavsett vikter"),
        "curve": _("Söker vad mer och mindre utrymme ger"),
        "near": _("Söker andra planer som är nästan lika bra"),
        "reserve": _("Söker vad som står på tur"),
        "replan": _("Söker minsta ändring av den beslutade planen"),
        "needs": _("Räknar behoven"),
        "uncertainty": _("Räknar hur säker planen är"),
    }
    return stages[key.split()[0]]


def _needs(tables: Tables, seed: int) -> dict[str, Any]:
    """Return what must be done, for `plan.json`; nothing where no table tells."""
    from rodtrad.needs.result import needs_result

    found = needs_result(tables, seed=seed)
    return {} if found is None else {"need_forecast": found}


def _certainty_faults(case: Case, settings: Settings) -> list[Issue]:
    """Return what is wrong with the certainty asked for."""
    share, goal_id = settings.certainty, settings.certainty_goal
    if share is None:
        return []
    faults = []
    if not 0 < share < 1:
        text = _("Säkerheten {p} går inte att räkna med.").format(p=share_text(share))
        remedy = _("Ange en andel mellan 0 och 1, till exempel 0,8.")
        faults.append(Issue("certainty_share", "error", "", None, "", text, remedy))
    known = [BALANSKRAV, *(goal.goal_id for goal in case.goals if goal.window_ends)]
    if goal_id not in known:
        text = _("Målet {g} finns inte i planens år.").format(g=quoted(goal_id))
        remedy = _("Ange ett av {ids}.").format(ids=", ".join(known))
        faults.append(Issue("certainty_goal", "error", "", None, "", text, remedy))
    return faults


def lock_faults(case: Case, locks: Sequence[Lock]) -> list[Issue]:
    """Return what is wrong with the locks, in the order given."""
    faults = []
    projects = {project.project_id: project for project in case.projects}
    seen: set[str] = set()

    def fault(code: str, text: str, remedy: str) -> None:
        faults.append(Issue(code, "error", "", None, "", text, remedy))

    for lock in locks:
        project = projects.get(lock.project_id)
        if project is None:
            text = _("Projektet {p} finns inte i underlaget.")
            remedy = _("Ta bort låset.")
            fault("lock_unknown", text.format(p=quoted(lock.project_id)), remedy)
            continue
        name = quoted(project.name)
        if lock.project_id in seen:
            text = _("Projektet {p} är låst två gånger.").format(p=name)
            fault("lock_twice", text, _("Ta bort det ena låset."))
        seen.add(lock.project_id)
        ways = {a.alternative_id: case.starts(project, a) for a in project.alternatives}
        if lock.alternative_id is not None and lock.alternative_id not in ways:
            text = _("Projektet {p} har inget alternativ {a}.")
            text = text.format(p=name, a=quoted(lock.alternative_id))
            fault("lock_alternative", text, _("Lås ett alternativ som finns."))
            continue
        if not lock.included:
            continue
        if lock.alternative_id is not None:
            ways = {lock.alternative_id: ways[lock.alternative_id]}
        years = sorted({year for starts in ways.values() for year in starts})
        if not years:
            text = _("Projektet {p} hinner inte bli klart inom planen.").format(p=name)
            fault("lock_never", text, _("Ta bort låset."))
        elif lock.start_year not in (None, *years):
            text = _("Projektet {p} kan inte starta {y}.").format(
                p=name, y=lock.start_year
            )
            remedy = _("Lås ett år bland {ys}.").format(ys=years_text(years))
            fault("lock_year", text, remedy)
    return faults


def _draws(tables: Tables, settings: Settings) -> int:
    """Return how many draws there are; one is none."""
    draws = settings.draws or int(tables.settings["draws"] or 1)
    return CERTAIN_DRAWS if settings.certainty is not None and draws < 2 else draws


def _asked(tables: Tables, settings: Settings) -> dict[str, Any]:
    """Return what was asked for, so that a part taken away later is missed."""
    certain = settings.certainty is not None
    return {
        "parts": [part for part in PARTS if part in settings.only],
        "draws": _draws(tables, settings),
        "certainty": settings.certainty,
        "certainty_goal": settings.certainty_goal if certain else None,
    }


def _uncertainty(task: _Task, plan: Portfolio) -> dict[str, Any]:
    """Return probabilities and, if asked for, the plan with a certainty."""
    tables, seed = task.tables, task.seed
    draws = _draws(tables, task.settings)
    if draws < 2 or plan.choices is None:
        return {}
    from rodtrad.capacity.uncertainty_result import uncertainty_result
    from rodtrad.needs.swings import nation_swings, population_swings

    people = population_swings(tables, draws, seed)
    nation = nation_swings(tables, draws, seed)
    case = task.problem.case
    found = uncertainty_result(case, plan.choices, draws, seed, people, nation)
    if task.settings.certainty is not None:
        found["risk"] = _risk(task, plan)
    return found


def _risk(task: _Task, plan: Portfolio) -> dict[str, Any]:
    """Return the plan with the certainty asked for, and what it costs."""
    from rodtrad.needs.swings import population_swings
    from rodtrad.plan.milp import Limits
    from rodtrad.plan.risk import plan_with_certainty

    problem, settings = task.problem, task.settings
    work = RISK_WORK
    if settings.work_limit is not None:
        work = min(work, settings.work_limit)
    limits = Limits(
        settings.time_limit * RISK_TIME_SHARE, work, settings.gap, task.seed
    )

    def people(count: int, of_seed: int) -> Array | None:
        return population_swings(task.tables, count, of_seed)

    found = plan_with_certainty(
        problem,
        plan,
        settings.certainty or 0.0,
        goal_id=settings.certainty_goal,
        seed=task.seed,
        limits=limits,
        population=people,
    )
    own, safe = plan.choices or (), found.plan.choices or ()
    return {
        **found.as_dict(),
        "objective": found.plan.objective,
        "price_share": found.price_points / max(abs(plan.objective or 0.0), 1e-9),
        "outlay_change_tkr": planned_outlay_tkr(problem.case, safe)
        - planned_outlay_tkr(problem.case, own),
    }


def _status(plan: Portfolio, interrupted: dict[str, Any] | None) -> dict[str, Any]:
    status = {
        "state": plan.state,
        "stopped": plan.stopped,
        "objective": plan.objective,
        "bound": plan.bound,
        "gap": plan.gap,
        "seconds": round(plan.seconds, 1),
    }
    return status if interrupted is None else {**status, "interrupted": interrupted}


def compare_studies(
    plans: Sequence[tuple[Tables, Mapping[str, Any]]],
) -> dict[str, Any]:
    """Return plans or scenarios side by side, each difference from the first itemised.

    The difference in result and loans is split by putting the second plan's input in
    place of the first's, one kind at a time in the order of `DRIVERS`; the parts sum
    to the whole.

    Args:
        plans: two or more of tables and result, as a plan folder holds them.

    Raises:
        ValueError: fewer than two plans.
    """
    if len(plans) < 2:
        msg = "two plans are needed for a comparison"
        raise ValueError(msg)
    cases = [read_case(tables, result) for tables, result in plans]
    choices = [read_choices(result) for _tables, result in plans]
    results = [result for _tables, result in plans]
    return {
        "plans": [_plan_row(result) for result in results],
        "years": [result["years"] for result in results],
        "figures": {
            key: [_figure(result, key) for result in results]
            for key in ("ar", "bkr", "loans", "lan_inv", "res_andel", "outlay")
        },
        "itemised": [
            _itemise(cases[0], choices[0], case, chosen)
            for case, chosen in zip(cases[1:], choices[1:], strict=True)
        ],
        "projects": _project_differences(results),
    }


def _plan_row(result: Mapping[str, Any]) -> dict[str, Any]:
    chosen = [row for row in result["projects"] if row["chosen"]]
    return {
        "municipality": result["meta"]["municipality"],
        "scenario": result["meta"]["scenario"],
        "chosen": len(chosen),
        "projects": len(result["projects"]),
        "outlay_fixed_tkr": sum(row["outlay_fixed_tkr"] for row in chosen),
        **result["status"],
    }


def _figure(result: Mapping[str, Any], key: str) -> list[float | None]:
    if key == "outlay":
        chosen = [row["outlay_tkr"] for row in result["projects"] if row["chosen"]]
        count = len(result["years"])
        return [sum(row[t] for row in chosen) for t in range(count)]
    for group in ("statement", "balanskrav", "balance", "indicators"):
        if key in result[group]:
            return list(result[group][key])
    msg = f"unknown figure {key!r}"
    raise ValueError(msg)


DRIVERS = (
    ("population", later("Invånare (volym)")),
    ("tax_base_growth", later("Skatteunderlag")),
    ("cost_growth", later("Priser och löner")),
    ("construction_growth", later("Byggpriser")),
    ("interest_rate", later("Ränta")),
    ("input", later("Övrigt underlag")),
    ("projects", later("Val av projekt")),
)


def _itemise(
    one: Case, chosen_one: Sequence[Choice], two: Case, chosen_two: Sequence[Choice]
) -> dict[str, Any]:
    """Return what each kind of input makes of the difference, per year.

    Empty when the plans do not cover the same years.
    """
    if one.base_year != two.base_year or list(one.years) != list(two.years):
        return {"steps": [], "comparable": False}
    steps = []
    case, chosen = one, tuple(chosen_one)
    before = _effect_of(evaluate_plan(case, chosen))
    for key, label in DRIVERS:
        if key == "projects":
            chosen = tuple(chosen_two)
        elif key == "input":
            case = two
            chosen = tuple(c for c in chosen if _possible(case, c))
        else:
            case = replace(case, **{key: getattr(two, key)})
        after = _effect_of(evaluate_plan(case, chosen))
        steps.append(
            {
                "key": key,
                "label": _(label),
                **{name: as_list(after[name] - before[name]) for name in after},
            }
        )
        before = after
    return {"steps": steps, "comparable": True}


def _possible(case: Case, choice: Choice) -> bool:
    try:
        alternative = case.project(choice.project_id).alternative(choice.alternative_id)
    except KeyError:
        return False
    return choice.start_year <= case.plan_end - alternative.build_years


def _effect_of(plan: Evaluation) -> dict[str, Array]:
    return {
        "ar": np.array(plan.years.statement["ar"]),
        "loans": np.array(plan.years.balance["loans"]),
    }


def _project_differences(results: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the projects that the plans treat differently."""
    rows: dict[str, list[dict[str, Any] | None]] = {}
    names: dict[str, str] = {}
    for i, result in enumerate(results):
        for project in result["projects"]:
            names.setdefault(project["project_id"], project["name"])
            of = rows.setdefault(project["project_id"], [None] * len(results))
            if project["chosen"]:
                of[i] = {
                    "alternative_id": project["alternative_id"],
                    "start_year": project["start_year"],
                    "in_use_year": project["in_use_year"],
                }
    return [
        {"project_id": key, "name": names[key], "plans": of}
        for key, of in sorted(rows.items())
        if any(choice != of[0] for choice in of)
    ]

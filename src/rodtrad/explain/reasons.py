"""Why is each project in or out, and what would it take? The answers in words.

For every project: what the plan does with it, the limit that decides, the loss of value
from forcing it the other way, and what changes in benefit, outlay or room would change
the answer. Each sentence rests on a claim that holds its own question (`claims`).
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rodtrad.capacity.evaluate import evaluate_plan
from rodtrad.domain.words import (
    _,
    count_text,
    list_text,
    money_text,
    quoted,
    share_text,
    years_text,
)
from rodtrad.explain.answers import is_nothing, span_text, swap_text
from rodtrad.explain.claims import Explainer
from rodtrad.explain.limits import Obstacle, obstacle_text, obstacles, points
from rodtrad.explain.questions import (
    Question,
    ReasonLimits,
    plan_changes,
)
from rodtrad.plan.milp import relative_gap

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from rodtrad.domain.arrays import Case, Choice, Lock, Project
    from rodtrad.explain.claims import Forced
    from rodtrad.explain.outlook import Threshold
    from rodtrad.plan.greedy import Flags
    from rodtrad.plan.milp import Portfolio
    from rodtrad.plan.problem import Problem

TIE = 1e-6
IMPROVEMENTS = 3


def explain_portfolio(
    problem: Problem,
    plan: Portfolio,
    seed: int = 1,
    progress: Callable[[int, int], None] | None = None,
    limits: ReasonLimits | None = None,
) -> list[dict[str, Any]]:
    """Return the reasons of every project, sorted by project id.

    Args:
        problem: from `build_problem`.
        plan: the plan to explain.
        seed: of the searches.
        progress: called with how many of all projects are done.
        limits: how much work and time, the same for the same input unless the time
            ends it; `seed` goes before its seed.

    Source:
        METHODS 6 no. 1, 3; method page docs/method/reasons.md.
    """
    limits = replace(limits or ReasonLimits.for_problem(problem), seed=seed)
    explainer = Explainer(problem, plan, limits)
    explainer.improve_by_hand()
    explainer.press_bounds()
    explainer.search_all()
    return _reasons(explainer, progress)


def _reasons(
    explainer: Explainer, progress: Callable[[int, int], None] | None
) -> list[dict[str, Any]]:
    """Return the reasons of the explainer's plan, from what it has found."""
    projects = explainer.case.projects
    done = 0

    def tell() -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(min(done, len(projects)), len(projects))

    explainer.look_round(tell)
    reasons = [explain_project(explainer, project) for project in projects]
    if progress is not None:
        progress(len(projects), len(projects))
    return reasons


def explain_and_improve(
    problem: Problem,
    plan: Portfolio,
    seed: int = 1,
    progress: Callable[[int, int], None] | None = None,
    limits: ReasonLimits | None = None,
) -> tuple[Portfolio, list[dict[str, Any]]]:
    """Return the plan and its reasons, the plan improved if a reason shows how.

    Trying each project the other way may find a better plan, within the gap that the
    search left. Such a plan takes the first one's place and is explained instead.
    Arguments as `explain_portfolio`.
    """
    limits = replace(limits or ReasonLimits.for_problem(problem), seed=seed)
    explainer = Explainer(problem, plan, limits)
    for _round in range(IMPROVEMENTS):
        explainer.improve_by_hand()
        better = _improved(explainer, plan)
        if better is None:
            break
        plan = better
        explainer.rebase(plan)
    explainer.press_bounds()
    for _round in range(IMPROVEMENTS):
        explainer.search_all()
        better = _improved(explainer, plan)
        if better is None:
            break
        plan = better
        explainer.rebase(plan)
        explainer.improve_by_hand()
        explainer.press_bounds()
    return plan, _reasons(explainer, progress)


def _improved(explainer: Explainer, plan: Portfolio) -> Portfolio | None:
    """Return the portfolio with the best plan known if it is better, else None."""
    if plan.objective is None or plan.bound is None:
        return None
    choices = explainer.best_known().choices
    found = evaluate_plan(explainer.case, choices)
    if found.violations or found.objective <= plan.objective + TIE * max(
        1.0, abs(plan.objective)
    ):
        return None
    bound = max(plan.bound, found.objective)
    gap = relative_gap(found.objective, bound)
    return replace(
        plan, choices=choices, objective=found.objective, bound=bound, gap=gap
    )


def explain_project(explainer: Explainer, project: Project) -> dict[str, Any]:
    """Return state, sentences, deciding limit, forced plan and claims of a project."""
    inside = project.project_id in explainer.chosen
    forced = explainer.force(project.project_id)
    if inside:
        text, limit, claims = _why_in(explainer, project, forced)
    else:
        text, limit, claims = _why_out(explainer, project, forced)
    force: dict[str, Any] = {
        "loss_low": forced.low,
        "loss_high": forced.high,
        "proven": forced.proven,
        "impossible": forced.impossible,
        "choices": None,
        "leaves": [],
        "enters": [],
        "moves": [],
        "switches": [],
    }
    if forced.choices is not None:
        force |= explainer.differences(forced.choices)
        force["choices"] = [list(choice) for choice in forced.choices]
    claims.append(
        {
            "kind": "forced_in" if not inside else "forced_out",
            "impossible": forced.impossible,
            "loss_low": forced.low,
            "loss_high": forced.high,
            "question": forced.question.as_dict(),
            "answer": forced.answer.as_dict(),
            "status": forced.answer.status,
            "work": forced.answer.work,
        }
    )
    more_text, more_claims = what_it_takes(explainer, project, forced)
    text += more_text
    claims += more_claims
    return {
        "project_id": project.project_id,
        "state": "in" if inside else "out",
        "text": text,
        "limit": limit,
        "force": force,
        "claims": claims,
    }


def what_it_takes(
    explainer: Explainer, project: Project, forced: Forced
) -> tuple[list[str], list[dict[str, Any]]]:
    """Return what changes in benefit, outlay or room would change the answer."""
    if forced.impossible and project.project_id in explainer.chosen:
        return [], []
    if explainer.case.lock(project.project_id) is not None:
        return [], []
    outlook = explainer.outlooks.get(project.project_id, {})
    claims = [
        claim
        for kind, found in sorted(outlook.items())
        for claim in _threshold_claims(explainer, project.project_id, kind, found)
    ]
    if _near_tie(explainer, forced) is not None:
        return [], claims
    if project.project_id in explainer.chosen:
        return _stays(outlook.get("outlay")), claims
    return _enters(explainer, forced, outlook), claims


def _threshold_claims(
    explainer: Explainer, project_id: str, kind: str, found: Threshold
) -> list[dict[str, Any]]:
    """Return the claims of a threshold, each with the question that confirms it.

    The best plan with the project is worth at least, or at most, so much then; that
    is compared with today's plan, or with plans without the project.
    """
    claims = []
    against: float | None = explainer.objective
    inside = project_id in explainer.chosen
    for name, at, value in (
        ("enough", found.enough, found.least),
        ("short", found.short, found.most),
    ):
        if at is None:
            continue
        question = (
            Question(project_id, included=True, outlay_factor=at)
            if kind == "outlay"
            else Question(project_id, included=True, room_tkr=at)
        )
        enough = name == "enough"
        impossible = not enough and value == -math.inf
        if inside:
            without = explainer.answer(Question(project_id, included=False))
            against = without.most if enough else without.least
        claim: dict[str, Any] = {
            "kind": f"{kind}_{name}",
            "question": question.as_dict(),
            "answer": {
                "least": value if enough else None,
                "most": None if enough or impossible else value,
            },
            "against": against,
            "status": "proven" if impossible else "interval",
            "work": 0,
        }
        if enough and found.choices is not None:
            claim["changes"] = plan_changes(explainer.choices, found.choices)
        claims.append(claim)
    return claims


def _stays(outlay: Threshold | None) -> list[str]:
    """Return how much dearer a project that is in may become."""
    if outlay is None:
        return []
    enough = None if outlay.enough in (None, 1.0) else _share_more(outlay.enough)
    short = None if outlay.short is None else _share_more(outlay.short)
    if enough and short:
        pattern = _(
            "Det ingår också om utgifterna blir {pct} högre, men inte om de blir {pct2} "
            "högre."
        )
    elif enough:
        pattern = _("Det ingår också om utgifterna blir {pct} högre.")
    elif short:
        pattern = _("Det ingår inte om utgifterna blir {pct2} högre.")
    else:
        return []
    return [pattern.format(pct=enough, pct2=short)]


def _share_more(factor: float | None) -> str:
    return share_text((factor or 1.0) - 1.0, 0)


def _enters(
    explainer: Explainer, forced: Forced, outlook: Mapping[str, Threshold]
) -> list[str]:
    """Return what is enough for a project to come in, and what is not."""
    enough, short = [], []
    if forced.high is not None and forced.high > 0 and not forced.impossible:
        enough.append(_more_points(forced.high, up=True))
    if forced.low > 0 and not is_nothing(forced.low) and not forced.impossible:
        less = _more_points(forced.low, up=False)
        short += [] if less in enough else [less]
    outlay, room = outlook.get("outlay"), outlook.get("room")
    currency = explainer.case.tables.settings["currency"]
    lower, more = _("{pct} lägre utgifter"), _("{kr} mer i utrymme")
    if outlay and outlay.enough is not None and outlay.enough > 0:
        enough.append(lower.format(pct=share_text(1.0 - outlay.enough, 0)))
    if outlay and outlay.short is not None and outlay.short < 1:
        short.append(lower.format(pct=share_text(1.0 - outlay.short, 0)))
    if room and room.enough is not None:
        enough.append(more.format(kr=money_text(room.enough, currency)))
    if room and room.short is not None:
        short.append(more.format(kr=money_text(room.short, currency)))
    text = []
    if enough:
        text.append(
            _(
                "Med {list} blir en plan med projektet minst lika bra som dagens."
            ).format(list=list_text(enough, "eller"))
        )
    if short:
        text.append(
            _("Det räcker inte med {list}.").format(list=list_text(short, "eller"))
        )
    return text


def _more_points(value: float, up: bool) -> str:
    """Return benefit points as they are told, never less (`up`) or never more."""
    size = 10.0 if abs(value) < 9.95 else 1.0
    near = TIE * max(1.0, value)
    whole = (
        math.ceil((value - near) * size) if up else math.floor((value + near) * size)
    )
    return _("{np} nyttopoäng mer").format(np=points(whole / size))


def _span(forced: Forced) -> str:
    """Return the loss in points as text, as exact as it is proven."""
    return span_text(forced.low, forced.high, forced.proven)


def _near_tie(explainer: Explainer, forced: Forced) -> str | None:
    """Return what to say when forcing the project costs nothing one can tell."""
    if forced.high is None or (forced.high > 0 and not is_nothing(forced.high)):
        return None
    if forced.low >= 0 or is_nothing(forced.low):
        return _("Planerna med och utan det skiljer sig med mindre än 0,1 nyttopoäng.")
    share = -forced.low / max(abs(explainer.objective), 1e-9)
    return _(
        "Skillnaden i nyttopoäng mellan planerna med och utan det är mindre än "
        "beräkningen kan avgöra ({pct})."
    ).format(pct=share_text(share, 2 if share < 0.001 else 1))


def _why_in(
    explainer: Explainer, project: Project, forced: Forced
) -> tuple[list[str], dict[str, Any] | None, list[dict[str, Any]]]:
    name = quoted(project.name)
    claims: list[dict[str, Any]] = []
    tie = _near_tie(explainer, forced)
    if project.must_do:
        text = [
            _("Projektet {p} är tvingande och ska vara i bruk senast {y}.").format(
                p=name, y=project.deadline_year
            )
        ]
        claims.append({"kind": "must_do", "deadline_year": project.deadline_year})
    elif explainer.case.lock(project.project_id) is not None:
        text = [_("Projektet {p} ingår.").format(p=name)]
    elif forced.impossible:
        text = [_("Projektet {p} ingår. Utan det går kraven inte ihop.").format(p=name)]
    elif tie is not None:
        text = [_("Projektet {p} ingår men ligger på gränsen.").format(p=name), tie]
    elif forced.high is None and (forced.low <= 0 or is_nothing(forced.low)):
        text = [
            _("Projektet {p} ingår.").format(p=name),
            _("Beräkningen har inte hunnit avgöra vad planen förlorar utan det."),
        ]
    else:
        text = [
            _(
                "Projektet {p} ingår. Utan det blir planens nytta {np} nyttopoäng "
                "lägre, även när pengarna går till det näst bästa."
            ).format(p=name, np=_span(forced))
        ]
    if tie is None:
        text += _swap(explainer, project.project_id, forced)
    more_text, more_claims = _ties_to_others(explainer, project)
    text += more_text
    claims += more_claims
    choice = explainer.chosen[project.project_id]
    lock = explainer.case.lock(project.project_id)
    limit: dict[str, Any] | None = None
    if lock is None:
        when, limit, more_claims = _why_then(explainer, project, choice)
    else:
        when, more_claims = _why_locked(project, lock)
    text += when
    claims += more_claims
    if project.waiting_cost > 0:
        currency = explainer.case.tables.settings["currency"]
        text.append(
            _("Varje års väntan kostar {kr} i basårets priser.").format(
                kr=money_text(project.waiting_cost, currency)
            )
        )
        claims.append({"kind": "waiting", "amount_tkr": project.waiting_cost})
    if project.financing == "taxa":
        text.append(
            _("Projektet betalas med avgifter när det är i bruk, men ökar lånebehovet.")
        )
    return text, limit, claims


def _why_locked(project: Project, lock: Lock) -> tuple[list[str], list[dict[str, Any]]]:
    """Return that someone has decided of a project beforehand."""
    if not lock.included:
        pattern = _("Projektet {p} ingår inte. Det låstes innan planen söktes.")
    elif lock.start_year is None:
        pattern = _("Att det ingår låstes innan planen söktes.")
    else:
        pattern = _("Starten {y} låstes innan planen söktes.")
    text = pattern.format(p=quoted(project.name), y=lock.start_year)
    own = {key: value for key, value in lock.as_dict().items() if key != "project_id"}
    return [text], [{"kind": "locked", **own}]


def _ties_to_others(
    explainer: Explainer, project: Project
) -> tuple[list[str], list[dict[str, Any]]]:
    """Return which chosen projects need this one, or go together with it."""
    text, claims = [], []
    for relation in explainer.case.relations:
        one, other = relation.project_id, relation.other_id
        if relation.kind == "requires" and other == project.project_id:
            partner, pattern = (
                one,
                _("Projektet {q} kan inte starta utan projektet {p}."),
            )
        elif relation.kind == "together" and project.project_id in (one, other):
            partner = other if one == project.project_id else one
            pattern = _("Projekten {p} och {q} hör ihop. Planen har med båda.")
        else:
            continue
        if partner in explainer.chosen:
            slots = {"p": quoted(project.name), "q": quoted(explainer.names[partner])}
            text.append(pattern.format(**slots))
            claims.append(
                {
                    "kind": "required_by"
                    if relation.kind == "requires"
                    else "together_with",
                    "project_id": partner,
                }
            )
    return text, claims


def _why_then(
    explainer: Explainer, project: Project, choice: Choice
) -> tuple[list[str], dict[str, Any] | None, list[dict[str, Any]]]:
    """Return why the project starts when it does."""
    problem, check, case = explainer.problem, explainer.check, explainer.case
    name = quoted(project.name)
    earlier = [
        k
        for k in problem.by_project[project.project_id]
        if problem.choices[k].alternative_id == choice.alternative_id
        and problem.choices[k].start_year < choice.start_year
    ]
    if not earlier:
        text = _("Projektet {p} startar {y}, så tidigt som underlaget tillåter.")
        claim: dict[str, Any] = {"kind": "earliest", "start_year": choice.start_year}
        return [text.format(p=name, y=choice.start_year)], None, [claim]
    without = check.without(explainer.flags, project.project_id)
    ways = obstacles(check, without, earlier)
    free = [k for k, way in zip(earlier, ways, strict=True) if not way]
    if free:
        return _start_possible(explainer, choice, without, free)
    sooner, broken = problem.choices[earlier[-1]], ways[-1]
    after = _starts_after(case, choice, broken)
    if after is not None:
        text = _(
            "Projektet {p} startar {y}, när projektet {q} har tagits i bruk."
        ).format(p=name, y=choice.start_year, q=quoted(explainer.names[after]))
    else:
        text = _("Projektet {p} startar {y}. Med start {y0} bryts {what}.").format(
            p=name,
            y=choice.start_year,
            y0=sooner.start_year,
            what=_list_obstacles(case, broken),
        )
    claim = {
        "kind": "start_breaks",
        "question": _trial([sooner], [project.project_id]),
        "start_year": sooner.start_year,
        "own_start_year": choice.start_year,
        "breaks": [obstacle.as_dict() for obstacle in broken],
    }
    return [text], broken[0].as_dict(), [claim]


def _start_possible(
    explainer: Explainer, choice: Choice, without: Flags, free: Sequence[int]
) -> tuple[list[str], None, list[dict[str, Any]]]:
    """Return what the best of the earlier starts that hold would give."""

    def objective(k: int) -> float:
        trial = without.copy()
        trial[k] = True
        plan = evaluate_plan(explainer.case, explainer.check.choices(trial))
        return plan.objective

    gains = {k: objective(k) - explainer.objective for k in free}
    best = max(free, key=lambda k: (gains[k], -k))
    gain, sooner = gains[best], explainer.problem.choices[best].start_year
    if is_nothing(gain):
        pattern = _(
            "Projektet {p} startar {y}. Start {y0} ger i stort sett samma nytta."
        )
    elif gain < 0:
        pattern = _(
            "Projektet {p} startar {y}. Start {y0} håller också alla krav men gör "
            "planens nytta {np} nyttopoäng lägre."
        )
    else:
        pattern = _(
            "Projektet {p} startar {y}. Om start {y0} är bättre har beräkningen inte "
            "avgjort."
        )
    name = quoted(explainer.names[choice.project_id])
    text = pattern.format(p=name, y=choice.start_year, y0=sooner, np=points(abs(gain)))
    claim = {
        "kind": "start_possible",
        "question": _trial([choice._replace(start_year=sooner)], [choice.project_id]),
        "start_year": sooner,
        "own_start_year": choice.start_year,
        "gain": gain,
    }
    return [text], None, [claim]


def _starts_after(case: Case, choice: Choice, broken: Sequence[Obstacle]) -> str | None:
    """Return the project whose first year in use alone decides the start, if one does."""
    if len(broken) != 1 or broken[0].kind != "relation":
        return None
    kind, one, other = _relation_parts(broken[0].key)
    return other if kind == "requires" and one == choice.project_id else None


def _relation_parts(key: str) -> tuple[str, str, str]:
    kind, pair = key.rstrip(")").split("(", 1)
    one, other = pair.split(",", 1)
    return kind, one, other


def _list_obstacles(case: Case, broken: Sequence[Obstacle]) -> str:
    words = [obstacle_text(case, o) for o in broken if o.kind in ("goal", "resource")]
    words += [_relation_text(case, o.key) for o in broken if o.kind == "relation"]
    words += [
        _("låset på projektet {p}").format(p=quoted(case.project(o.key).name))
        for o in broken
        if o.kind == "lock"
    ]
    if len(words) > 3:
        more = count_text(len(words) - 3)
        words = [*words[:3], _("{n} krav till").format(n=more)]
    return list_text(words)


def _relation_text(case: Case, key: str) -> str:
    _kind, one, other = _relation_parts(key)
    return _("sambandet mellan projekten {p} och {q}").format(
        p=quoted(case.project(one).name), q=quoted(case.project(other).name)
    )


def _why_out(
    explainer: Explainer, project: Project, forced: Forced
) -> tuple[list[str], dict[str, Any] | None, list[dict[str, Any]]]:
    name, case = quoted(project.name), explainer.case
    lock = case.lock(project.project_id)
    if lock is not None:
        text, claims = _why_locked(project, lock)
        return text, None, claims
    columns = list(explainer.problem.by_project[project.project_id])
    if not columns:
        years = {
            "earliest_year": project.earliest_year,
            "build_years": project.shortest_build_years,
            "plan_end": case.plan_end,
        }
        pattern = _(
            "Projektet {p} hinner inte bli klart. Det kan starta tidigast {a} och tar "
            "{n} år, men planen slutar {b}."
        )
        sentence = pattern.format(
            p=name, a=project.earliest_year, n=years["build_years"], b=case.plan_end
        )
        return [sentence], None, [{"kind": "no_start", **years}]
    if forced.impossible:
        alone = _breaks_alone(explainer, columns)
        if alone is not None:
            k, breaks = alone
            choice = explainer.problem.choices[k]
            pattern = _(
                "Projektet {p} går inte att göra, inte ens om inget annat görs. "
                "Start {y} kommer närmast, och då bryts {what}."
            )
            sentence = pattern.format(
                p=name, y=choice.start_year, what=_list_obstacles(case, breaks)
            )
            claim = _broken_claim("alone_breaks", choice, breaks)
            return [sentence], breaks[0].as_dict(), [claim]
    ways = obstacles(explainer.check, explainer.flags, columns)
    nearest = min(
        range(len(columns)),
        key=lambda j: (sum(max(1, len(o.years)) for o in ways[j]), j),
    )
    way, choice = ways[nearest], explainer.problem.choices[columns[nearest]]
    if not way:
        fits = [k for k, broken in zip(columns, ways, strict=True) if not broken]
        return _fits_but(explainer, project, fits, forced)
    claim = _broken_claim("added_breaks", choice, way)
    if all(o.kind == "relation" for o in way):
        main = _relation_reason(explainer, project, way[0])
    elif all(o.kind == "resource" for o in way):
        short = [
            _("{r} inte räcker {ys}").format(r=quoted(o.key), ys=years_text(o.years))
            for o in way
        ]
        main = _("Projektet {p} ryms inte, eftersom {what}.").format(
            p=name, what=list_text(short)
        )
    else:
        pattern = _(
            "Projektet {p} ryms inte. Läggs det till med start {y} bryts {what}."
        )
        main = pattern.format(
            p=name, y=choice.start_year, what=_list_obstacles(case, way)
        )
    sentences = [main, _price(explainer, forced)]
    if _near_tie(explainer, forced) is None:
        sentences += _swap(explainer, project.project_id, forced)
    return sentences, way[0].as_dict(), [claim]


def _broken_claim(
    kind: str, choice: Choice, broken: Sequence[Obstacle]
) -> dict[str, Any]:
    breaks = [obstacle.as_dict() for obstacle in broken]
    question = _trial([choice], alone=kind == "alone_breaks")
    return {
        "kind": kind,
        "choice": list(choice),
        "breaks": breaks,
        "question": question,
    }


def _trial(
    put_in: Sequence[Choice], take_out: Sequence[str] = (), alone: bool = False
) -> dict[str, Any]:
    """Return the question of a change to the plan that is only evaluated.

    Projects are taken out (all of them if `alone`), then choices put in.
    """
    return {
        "try": {
            "take_out": "all" if alone else list(take_out),
            "put_in": [list(choice) for choice in put_in],
        }
    }


def _breaks_alone(
    explainer: Explainer, columns: Sequence[int]
) -> tuple[int, list[Obstacle]] | None:
    """Return the way that breaks least if nothing else is done; None if one holds.

    Goals that are broken with no project at all do not count.
    """
    nothing = np.zeros_like(explainer.flags)
    short = explainer.check.shortfall(nothing)[:, 0]
    already = {explainer.check.rows[i].requirement for i in np.flatnonzero(short)}
    alone = [
        [o for o in way if o.kind == "goal" and f"goal:{o.key}" not in already]
        for way in obstacles(explainer.check, nothing, columns)
    ]
    if not all(alone):
        return None
    lightest = min(
        range(len(columns)), key=lambda j: (sum(len(o.years) for o in alone[j]), j)
    )
    return columns[lightest], alone[lightest]


def _price(explainer: Explainer, forced: Forced) -> str:
    """Return what it costs to take a project in, or that it is impossible or unknown."""
    if forced.impossible:
        return _("Det går inte att ta in, vad som än väljs bort.")
    tie = _near_tie(explainer, forced)
    if tie is not None:
        return tie
    if forced.high is None and (forced.low <= 0 or is_nothing(forced.low)):
        return _("Beräkningen har inte hunnit avgöra vad det kostar att ta in det.")
    return _("Tas det in ändå, minskar planens nytta med {np} nyttopoäng.").format(
        np=_span(forced)
    )


def _fits_but(
    explainer: Explainer, project: Project, fits: Sequence[int], forced: Forced
) -> tuple[list[str], None, list[dict[str, Any]]]:
    """Return why a project that fits is left out: it does not raise the benefit."""

    def objective(k: int) -> float:
        trial = explainer.flags.copy()
        trial[k] = True
        plan = evaluate_plan(explainer.case, explainer.check.choices(trial))
        return plan.objective

    losses = {k: explainer.objective - objective(k) for k in fits}
    best = min(fits, key=lambda k: (losses[k], k))
    high = losses[best] if forced.high is None else min(forced.high, losses[best])
    known = replace(forced, low=min(forced.low, high), high=high)
    name = quoted(project.name)
    tie = _near_tie(explainer, known)
    if tie is not None:
        text = [
            _("Projektet {p} ryms men ligger på gränsen.").format(p=name),
            tie,
        ]
    else:
        text = [
            _("Projektet {p} ryms, men planen får mer nytta utan det.").format(p=name),
            _price(explainer, known),
            *_swap(explainer, project.project_id, forced),
        ]
    claim = {
        "kind": "added_fits",
        "question": _trial([explainer.problem.choices[best]]),
        "choice": list(explainer.problem.choices[best]),
        "loss": losses[best],
    }
    return text, None, [claim]


def _relation_reason(explainer: Explainer, project: Project, obstacle: Obstacle) -> str:
    kind, one, other = _relation_parts(obstacle.key)
    partner = other if one == project.project_id else one
    slots = {"p": quoted(project.name), "q": quoted(explainer.names[partner])}
    if kind == "excludes":
        pattern = _("Projektet {p} går inte att förena med projektet {q}, som ingår.")
    elif kind == "together":
        pattern = _(
            "Projekten {p} och {q} hör ihop. Planen har med båda eller inget av dem."
        )
    elif partner in explainer.chosen:
        pattern = _("Projektet {p} kräver projektet {q}, som inte är klart i tid.")
    else:
        pattern = _("Projektet {p} kräver projektet {q}, som inte ingår.")
    return pattern.format(**slots)


def _swap(explainer: Explainer, project_id: str, forced: Forced) -> list[str]:
    """Return what changes place in the forced plan that was found."""
    if forced.choices is None:
        return []
    diff = explainer.differences(forced.choices)
    return swap_text(explainer.case, project_id, diff, forced.proven)

"""What does the command line say about a plan, in a dozen lines of plain Swedish?

Takes `Study.result` (plan.json) and nothing else. Leaves out the report itself
(content) and the lists of faults, differences and trails (terminal).
"""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING, Any

from rodtrad.domain.retell import told_result
from rodtrad.domain.words import (
    STOPPED_LABELS,
    _,
    count_text,
    list_text,
    mkr,
    money_text,
    names_text,
    number,
    plural,
    quoted,
    share_text,
    unit_mkr,
    years_text,
)
from rodtrad.publish.agreement import sum_sentences
from rodtrad.publish.figures import (
    before_reserve,
    is_assumed,
    outlay_quality,
    rough_text,
)
from rodtrad.publish.needs import need_sentences
from rodtrad.publish.uncertainty import certainty_sentences

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

# A balance-requirement result this close to zero (tkr) is rounding, not a deficit.
_KRONA = 1e-3
_SHOWN_PROJECTS = 25
_NAME_WIDTH = 60
_WIDTH = 80


def render_summary(result: Mapping[str, Any]) -> str:
    """Return the plan in short: what it holds, how sure, what it does, what binds."""
    result = told_result(result)
    meta = result["meta"]
    heading = _("{name}: investeringsplan {years}").format(
        name=meta["municipality"], years=years_text(result["years"])
    )
    paragraphs = []
    if working := working_paper(meta):
        paragraphs += [" ".join(working), ""]
    paragraphs += [heading, "=" * len(heading), ""]
    if meta.get("remark"):
        paragraphs += [_("Läs det här först: {remark}").format(**meta), ""]
    if meta.get("scenario"):
        paragraphs += [
            _("Räknat för scenariot {name}.").format(name=quoted(meta["scenario"])),
            "",
        ]
    paragraphs += [
        *plan_sentences(result),
        gap_sentence(result["status"]),
        *balance_sentences(result),
        *certainty_sentences(result),
        *goal_sentences(result),
        *need_sentences(dict(result)),
        *sum_sentences(result),
        "",
        *_chosen_lines(result),
        *_left_out_lines(result),
        "",
        *_limit_lines(result),
    ]
    assumed = result.get("quality", {}).get("inputs", {}).get("antagande", 0)
    if assumed:
        paragraphs += [
            "",
            plural(
                "{n} uppgift i underlaget är ett antagande. Rapporten visar vilken.",
                "{n} uppgifter i underlaget är antaganden. Rapporten visar vilka.",
                assumed,
            ).format(n=number(assumed)),
        ]
    if meta.get("illustration"):
        paragraphs.append(_("Betyg och vikter är illustrationer, inte kommunens egna."))
    return "\n".join(_wrapped(line) for line in paragraphs) + "\n"


def working_paper(meta: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return what must be said first when projects in it may not be published."""
    count = meta.get("non_public") or 0
    if not count:
        return None
    return _("Arbetsmaterial."), plural(
        "{n} projekt är undantaget från publicering, så rapporten får inte spridas som den är.",
        "{n} projekt är undantagna från publicering, så rapporten får inte spridas som den är.",
        count,
    ).format(n=number(count))


def _wrapped(line: str) -> str:
    """Break a sentence for a terminal; a row of the list of projects stays whole."""
    return line if line.startswith("  2") else textwrap.fill(line, _WIDTH)


def plan_sentences(result: Mapping[str, Any]) -> list[str]:
    """Return what the plan is, what it holds and costs, and its largest project.

    An amount that rests on an assumption is given with two significant digits.
    """
    projects = result["projects"]
    chosen = by_size(project for project in projects if project["chosen"])
    proposal = _("Planen är ett förslag; fullmäktige beslutar.")
    if not chosen:
        return [
            proposal,
            _("Den rymmer inget av de {n} projekten.").format(n=number(len(projects))),
        ]
    money = result["meta"]["currency"]
    spent = math.fsum(x for p in chosen for x in p["outlay_tkr"] if x)
    years = len(result["years"])
    holds = _(
        "Den rymmer {a} av {n} projekt och kostar {kr} på {years} år, i löpande priser."
    ).format(
        a=number(len(chosen)),
        n=number(len(projects)),
        kr=rough_text(spent, money, is_assumed(dict(result), "outlay")),
        years=count_text(years, "ett"),
    )
    if len(chosen) == 1:
        return [proposal, holds]
    return [
        proposal,
        holds,
        _("Störst är projektet {p}: {kr}, i bruk {y}.").format(
            p=quoted(chosen[0]["name"]),
            kr=fixed_amount(result, chosen[0]),
            y=chosen[0]["in_use_year"],
        ),
    ]


def by_size(projects: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return projects with the largest outlay in base-year prices first."""
    return sorted(
        projects, key=lambda p: (-(p.get("outlay_fixed_tkr") or 0.0), p["project_id"])
    )


def fixed_amount(result: Mapping[str, Any], project: Mapping[str, Any]) -> str:
    """Return a project's outlay in the base year's prices, for running text."""
    return _("{kr} i {y} års priser").format(
        kr=rough_text(
            project.get("outlay_fixed_tkr"),
            result["meta"]["currency"],
            outlay_quality(project) == "antagande",
        ),
        y=result["meta"]["base_year"],
    )


def gap_share(gap: float) -> str:
    """Return the gap for running text: one decimal, upwards, as it is an upper limit."""
    return share_text(math.ceil(gap * 1000 - 1e-6) / 1000)


# A plan worth little beside its bound says nothing by a share of itself.
LARGEST_GAP_TOLD = 1.0


def gap_sentence(status: Mapping[str, Any]) -> str:
    """Return how much better another plan can be, and why the search ended."""
    gap, stopped = status["gap"], status["stopped"]
    if stopped == "own":
        if gap is None or gap > LARGEST_GAP_TOLD:
            return _(
                "Planen är gjord för hand. Hur långt det är till bästa möjliga plan är inte känt."
            )
        return _(
            "Planen är gjord för hand. En annan plan kan ge upp till {pct} mer nytta."
        ).format(pct=gap_share(gap))
    if gap is None or gap > LARGEST_GAP_TOLD:
        return _(
            "Planen håller alla krav. Hur långt det är till bästa möjliga plan är inte känt ({why})."
        ).format(why=STOPPED_LABELS.get(stopped, stopped))
    upper = gap_share(gap)
    if gap <= 1e-9:
        return _("Ingen annan plan kan ge mer nytta. Det är bevisat.")
    if stopped in ("proof", "gap"):
        return _(
            "Ingen annan plan kan ge mer än {pct} mer nytta. Det är bevisat."
        ).format(pct=upper)
    if stopped == "time":
        return _(
            "Planen håller alla krav. Tiden tog slut innan den bevisades bäst: en annan plan kan ge upp till {pct} mer nytta."
        ).format(pct=upper)
    if stopped == "asked":
        return _(
            "Planen håller alla krav. Sökningen avbröts innan den bevisades bäst: en annan plan kan ge upp till {pct} mer nytta."
        ).format(pct=upper)
    return _(
        "Planen håller alla krav. Arbetsgränsen nåddes innan den bevisades bäst: en annan plan kan ge upp till {pct} mer nytta."
    ).format(pct=upper)


def balance_sentences(result: Mapping[str, Any]) -> list[str]:
    """Return whether the balance requirement is met, with which reserve, and what not.

    The weakest year is sought before any reserve is set aside or used: a year in which
    much was saved is not a weak one.
    """
    years: list[int] = result["years"]
    currency = result["meta"]["currency"]
    figures = dict(zip(years, result["balanskrav"]["bkr"], strict=True))
    before = dict(zip(years, before_reserve(dict(result)) or [], strict=True))
    unmet = [y for y, bkr in figures.items() if bkr is not None and bkr < -_KRONA]
    met = [y for y, bkr in figures.items() if bkr is not None and bkr >= -_KRONA]
    assumed = is_assumed(dict(result), "bkr")
    sentences = []
    if met:
        when = _("alla år") if len(met) == len(years) else years_text(met)
        holds = (
            _("Räknat på antagandena klarar kommunen balanskravet {ys}.")
            if assumed
            else _("Kommunen klarar balanskravet {ys}.")
        )
        sentences.append(holds.format(ys=when))
        sentences.append(_weakest_sentence(met, figures, before, currency))
    helped = [y for y in met if figures[y] - before[y] > _KRONA]
    if helped:
        total = math.fsum(figures[y] - before[y] for y in helped)
        sentences.append(
            _("Ur reserven används {kr} {ys}.").format(
                kr=money_text(total, currency), ys=years_text(helped)
            )
        )
    due = {row["year"]: row for row in result.get("deficits", [])}
    for year in unmet:
        fails = (
            _("Räknat på antagandena klarar kommunen inte balanskravet {y}.")
            if assumed
            else _("Kommunen klarar inte balanskravet {y}.")
        )
        sentences.append(fails.format(y=year))
        # what the council has decided need not be restored is not owed
        left = -figures[year] - due.get(year, {}).get("exempted", 0.0)
        if year in due and left > _KRONA:
            sentences.append(
                _("Underskottet på {kr} ska vara återställt senast {due}.").format(
                    kr=money_text(left, currency), due=due[year]["due_year"]
                )
            )
        else:
            amount = money_text(-figures[year], currency)
            sentences.append(_("Underskottet är {kr}.").format(kr=amount))
    return sentences


def _weakest_sentence(
    met: Sequence[int],
    figures: Mapping[int, Any],
    before: Mapping[int, Any],
    currency: str,
) -> str:
    """Return the weakest of the years that meet the requirement, before any reserve."""
    low = min(met, key=lambda y: before[y])
    amount = money_text(abs(before[low]), currency)
    if before[low] < -_KRONA:
        return _("Svagast före reserven är {y}: ett underskott på {kr}.").format(
            y=low, kr=amount
        )
    if any(abs(figures[y] - before[y]) > _KRONA for y in met):
        return _("Svagast före reservering är {y}: {kr}.").format(y=low, kr=amount)
    return _("Svagast är {y}: {kr}.").format(y=low, kr=amount)


def goal_sentences(result: Mapping[str, Any]) -> list[str]:
    """Return which goals are missed and in which years, or that all are reached."""
    years: list[int] = result["years"]
    missed = []
    for goal in result["goals"]:
        failed = [
            y for y, met in zip(years, goal["met"], strict=True) if met is not None
        ]
        failed = [y for y in failed if not goal["met"][years.index(y)]]
        if failed:
            missed.append(
                _("{goal} ({ys})").format(
                    goal=quoted(goal["name"]), ys=years_text(failed)
                )
            )
    if missed:
        return [_("Mål som inte nås: {list}.").format(list=list_text(missed))]
    if result["goals"]:
        return [_("Alla mål nås alla år.")]
    return []


def _chosen_lines(result: Mapping[str, Any]) -> list[str]:
    """Return the chosen projects by start year; of very many, only the largest."""
    chosen = [project for project in result["projects"] if project["chosen"]]
    if not chosen:
        return [_("Inget projekt ingår i planen.")]
    unit = unit_mkr(result["meta"]["currency"])
    largest = by_size(chosen)[:_SHOWN_PROJECTS]
    shown = sorted(largest, key=lambda row: (row["start_year"], row["name"]))
    names = [_shortened(project["name"]) for project in shown]
    amounts = [mkr(project.get("outlay_fixed_tkr")) for project in shown]
    width, digits = max(map(len, names)), max(map(len, amounts))
    heading = (
        _("I planen: startår, projekt och utgift ({unit}, {y} års priser).")
        if len(shown) == len(chosen)
        else _(
            "De {n} största i planen: startår, projekt och utgift ({unit}, {y} års priser)."
        )
    )
    return [
        heading.format(n=len(shown), unit=unit, y=result["meta"]["base_year"]),
        *(
            f"  {project['start_year']}  {name:<{width}}  {amount:>{digits}}"
            for project, name, amount in zip(shown, names, amounts, strict=True)
        ),
    ]


def _shortened(name: str) -> str:
    return name if len(name) <= _NAME_WIDTH else f"{name[: _NAME_WIDTH - 1]}…"


def _left_out_lines(result: Mapping[str, Any]) -> list[str]:
    """Return the names of what is left out, the largest first."""
    left_out = by_size(p for p in result["projects"] if not p["chosen"])
    if not left_out:
        return [_("Alla projekt ingår.")]
    names = [str(project["name"]) for project in left_out]
    return [_("Inte i planen: {list}.").format(list=names_text(names))]


def _limit_lines(result: Mapping[str, Any]) -> list[str]:
    texts = _unique(limit["text"] for limit in result.get("limits", []))
    if not texts:
        return [
            _("Inget mål och ingen resurs begränsar planen.")
            if result.get("reasons")
            else _("Vad som begränsar planen är inte uträknat i den här körningen.")
        ]
    return [_("Det som begränsar:"), *(f"  {text}" for text in texts)]


def _unique(texts: Any) -> Sequence[str]:
    return list(dict.fromkeys(texts))

"""What does the command line say about a plan, in a dozen lines of plain Swedish?

Takes `Study.result` (plan.json) and nothing else. Leaves out the report itself
(content) and the lists of faults, differences and trails (terminal).
"""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING, Any

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

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# A balance-requirement result this close to zero (tkr) is rounding, not a deficit.
_KRONA = 1e-3
_SHOWN_PROJECTS = 25
_NAME_WIDTH = 60
_WIDTH = 88


def render_summary(result: Mapping[str, Any]) -> str:
    """Return the plan in short: what it holds, how sure, what it does, what binds."""
    meta = result["meta"]
    heading = _("{name}: investeringsplan {years}").format(
        name=meta["municipality"], years=years_text(result["years"])
    )
    paragraphs = [heading, "=" * len(heading), ""]
    if meta.get("remark"):
        paragraphs += [_("Läs det här först: {remark}").format(**meta), ""]
    if meta.get("scenario"):
        paragraphs += [
            _("Räknat för scenariot {name}.").format(name=quoted(meta["scenario"])),
            "",
        ]
    paragraphs += [
        holds_sentence(result),
        gap_sentence(result["status"]),
        *balance_sentences(result),
        *goal_sentences(result),
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


def _wrapped(line: str) -> str:
    """Break a sentence for a terminal; a row of the list of projects stays whole."""
    return line if line.startswith("  2") else textwrap.fill(line, _WIDTH)


def holds_sentence(result: Mapping[str, Any]) -> str:
    """Return how many projects the plan has room for and what they cost, nominal."""
    projects = result["projects"]
    chosen = [project for project in projects if project["chosen"]]
    spent = math.fsum(map(_spent, chosen))
    years = len(result["years"])
    return _(
        "Planen rymmer {a} av {n} projekt. De kostar {kr} på {years} år, i löpande priser."
    ).format(
        a=number(len(chosen)),
        n=number(len(projects)),
        kr=money_text(spent, result["meta"]["currency"]),
        years=count_text(years, "ett"),
    )


def gap_sentence(status: Mapping[str, Any]) -> str:
    """Return how much better another plan can be, and why the search ended.

    The share is rounded upwards: the sentence promises an upper limit.
    """
    gap, stopped = status["gap"], status["stopped"]
    if gap is None:
        return _(
            "Planen håller alla krav. Hur långt det är till bästa möjliga plan är inte känt ({why})."
        ).format(why=STOPPED_LABELS.get(stopped, stopped))
    upper = share_text(math.ceil(gap * 1000 - 1e-6) / 1000)
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
    return _(
        "Planen håller alla krav. Arbetsgränsen nåddes innan den bevisades bäst: en annan plan kan ge upp till {pct} mer nytta."
    ).format(pct=upper)


def balance_sentences(result: Mapping[str, Any]) -> list[str]:
    """Return whether the balance requirement is met, with which reserve, and what not."""
    years: list[int] = result["years"]
    currency = result["meta"]["currency"]
    rows = result["balanskrav"]
    figures = dict(zip(years, rows["bkr"], strict=True))
    unmet = [y for y, bkr in figures.items() if bkr is not None and bkr < -_KRONA]
    met = [y for y, bkr in figures.items() if bkr is not None and bkr >= -_KRONA]
    sentences = []
    if met:
        lowest = min(met, key=lambda y: figures[y])
        sentences.append(
            _(
                "Kommunen klarar balanskravet {ys}. Som lägst är balanskravsresultatet {kr} ({y})."
            ).format(
                ys=years_text(met),
                kr=money_text(max(0.0, figures[lowest]), currency),
                y=lowest,
            )
        )
    used = dict(zip(years, rows.get("anvandning", []), strict=False))
    helped = [y for y in met if (used.get(y) or 0.0) > _KRONA]
    if helped:
        total = math.fsum(used[y] or 0.0 for y in helped)
        sentences.append(
            _("Av det kommer {kr} ur reserven {ys}.").format(
                kr=money_text(total, currency), ys=years_text(helped)
            )
        )
    due = {row["year"]: row["due_year"] for row in result.get("deficits", [])}
    for year in unmet:
        amount = money_text(-figures[year], currency)
        if year in due:
            sentences.append(
                _(
                    "Kommunen klarar inte balanskravet {y}. Underskottet på {kr} ska vara återställt senast {due}."
                ).format(y=year, kr=amount, due=due[year])
            )
        else:
            sentences.append(
                _(
                    "Kommunen klarar inte balanskravet {y}. Underskottet är {kr}."
                ).format(y=year, kr=amount)
            )
    return sentences


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
    largest = sorted(chosen, key=_spent, reverse=True)[:_SHOWN_PROJECTS]
    shown = sorted(largest, key=lambda row: (row["start_year"], row["name"]))
    names = [_shortened(project["name"]) for project in shown]
    amounts = [mkr(_spent(project)) for project in shown]
    width, digits = max(map(len, names)), max(map(len, amounts))
    heading = (
        _("I planen: startår, projekt och utgift ({unit}).")
        if len(shown) == len(chosen)
        else _("De {n} största i planen: startår, projekt och utgift ({unit}).")
    )
    return [
        heading.format(n=len(shown), unit=unit),
        *(
            f"  {project['start_year']}  {name:<{width}}  {amount:>{digits}}"
            for project, name, amount in zip(shown, names, amounts, strict=True)
        ),
    ]


def _spent(project: Mapping[str, Any]) -> float:
    return math.fsum(x for x in project["outlay_tkr"] if x)


def _shortened(name: str) -> str:
    return name if len(name) <= _NAME_WIDTH else f"{name[: _NAME_WIDTH - 1]}…"


def _left_out_lines(result: Mapping[str, Any]) -> list[str]:
    names = [project["name"] for project in result["projects"] if not project["chosen"]]
    if not names:
        return [_("Alla projekt ingår.")]
    return [_("Inte i planen: {list}.").format(list=names_text(names))]


def _limit_lines(result: Mapping[str, Any]) -> list[str]:
    texts = _unique(limit["text"] for limit in result.get("limits", []))
    if not texts:
        return [_("Inget mål och ingen resurs begränsar planen.")]
    return [_("Det som begränsar:"), *(f"  {text}" for text in texts)]


def _unique(texts: Any) -> Sequence[str]:
    return list(dict.fromkeys(texts))

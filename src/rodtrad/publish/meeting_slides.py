"""What does the board see on its morning? Slides whose titles are the findings (.pptx).

Eight to twelve slides from the report's own figures: needs against room, result, debt,
timeline, goals, what cannot be done, what is agreed, how sure we are, and the proposed
decision. The notes of each slide hold the trail and how sure its figures are. Leaves
out how slides are set (meeting_powerpoint) and how charts are made (meeting_charts).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from rodtrad.domain.words import (
    _,
    amount_mkr,
    later,
    list_text,
    number,
    plural,
)
from rodtrad.publish import figures, meeting
from rodtrad.publish.agreement import (
    agreement_map,
    front_sentences,
    region_sentences,
    stance_text,
)
from rodtrad.publish.blocks import (
    Cell,
    ChartBlock,
    Column,
    Figure,
    KeyFigures,
    Report,
    Row,
    TableBlock,
)
from rodtrad.publish.content import build_report
from rodtrad.publish.meeting import amount, unique
from rodtrad.publish.meeting_charts import drawn_bars
from rodtrad.publish.summary import (
    balance_sentences,
    gap_sentence,
    goal_sentences,
    working_paper,
)
from rodtrad.publish.uncertainty import (
    all_years_chart,
    certainty_front,
    has_probabilities,
    rests_on,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Result = dict[str, Any]

# The six knots of the thread.
STAGES: Final = (
    later("Behov"),
    later("Utrymme"),
    later("Plan"),
    later("Varför"),
    later("Dialog"),
    later("Uppföljning"),
)


@dataclass(frozen=True)
class Slide:
    """One slide: the finding, and one thing that shows it.

    `stage` is the knot of the thread (1 to 6; 0 is the whole). `widths` are the shares
    of a table's columns. `texts` stand as paragraphs, `remark` small at the bottom;
    `notes` are for whoever speaks.
    """

    stage: int
    kicker: str
    title: str
    notes: tuple[str, ...]
    subtitle: str = ""
    texts: tuple[str, ...] = ()
    figure: Figure | None = None
    table: TableBlock | None = None
    widths: tuple[float, ...] = ()
    key_figures: KeyFigures | None = None
    remark: str = ""
    first: bool = False


def render_slides(result: Result) -> bytes:
    """Return the presentation as a PowerPoint file. Equal plans give equal bytes."""
    from rodtrad.publish.meeting_powerpoint import render_powerpoint

    report = build_report(result)
    return render_powerpoint(build_slides(result), f"{report.kicker}: {report.title}")


def build_slides(result: Result) -> list[Slide]:
    """Return eight to twelve slides; `result` is plan.json as a dict."""
    report = build_report(result)
    makers: list[Callable[[Result, Report], Slide | None]] = [
        _first,
        _in_short,
        _needs,
        _result_share,
        _debt,
        _timeline,
        _outlays,
        _goals,
        _cannot,
        _how_sure,
        _agreed,
        _decision,
    ]
    slides = (make(result, report) for make in makers)
    return [slide for slide in slides if slide is not None]


# ---------------------------------------------------------------- notes


def _notes(
    result: Result, report: Report, title: str, sure: Sequence[str] = ()
) -> tuple[str, ...]:
    """Return the trail of a slide and how sure it is, from the report's own captions."""
    meta = result["meta"]
    place, captions = _place(report, title)
    trail = (
        _("Spår: rapporten, avsnitt {n} {section}.").format(
            n=place[0], section=place[1]
        )
        if place
        else _("Spår: rapportens första sida.")
    )
    source = _("Räknat ur underlaget med kontrollsumma {s}, metodversion {v}.").format(
        s=str(meta.get("input_sha256") or "")[:12],
        v=meta.get("method_version") or _("okänd"),
    )
    working = working_paper(meta)
    return tuple(
        unique(
            [
                " ".join(working) if working else "",
                trail,
                source,
                *captions,
                *sure,
                gap_sentence(result["status"]),
                str(meta.get("remark") or ""),
            ]
        )
    )


def _place(report: Report, title: str) -> tuple[tuple[int, str] | None, list[str]]:
    """Return where in the report a figure stands, and its captions there."""
    for section in report.sections:
        for block in section.blocks:
            if isinstance(block, ChartBlock) and block.figure.title == title:
                texts = [t.plain for t in block.caption]
                return (section.number, section.title), texts
    return None, []


# ---------------------------------------------------------------- slides


def _first(result: Result, report: Report) -> Slide:
    figure = figures.timeline(result)
    working = working_paper(result["meta"])
    if figure is not None:
        finding = figure.title
    elif result.get("projects"):
        finding = _("Inget projekt ingår i planen")
    else:
        finding = _("Inga projekt är inlagda")
    return Slide(
        0,
        f"{report.kicker}: {report.title[:1].lower()}{report.title[1:]}",
        finding,
        _notes(result, report, finding),
        texts=tuple(
            unique(
                [
                    f"{report.status.strong} {report.status.text}.".replace("..", "."),
                    " ".join(working) if working else "",
                ]
            )
        ),
        first=True,
    )


def _in_short(result: Result, report: Report) -> Slide:
    law = figures.balanskrav_by_year(result)
    told = unique([*certainty_front(result), *goal_sentences(result)])
    # The report's sentence says when it holds on the assumptions only.
    title = balance_sentences(result)[0] if law is not None else report.status.strong
    return Slide(
        0,
        _("I korthet"),
        title.rstrip("."),
        _notes(
            result,
            report,
            law.title if law is not None else "",
            [t.plain for t in report.lede],
        ),
        key_figures=report.key_figures,
        texts=tuple(told),
    )


def _chart(
    result: Result, report: Report, stage: int, figure: Figure | None
) -> Slide | None:
    """Return a slide with one chart; None where there is nothing to show."""
    if figure is None:
        return None
    return Slide(
        stage,
        _(STAGES[stage - 1]),
        figure.title,
        _notes(result, report, figure.title, [figure.alt]),
        subtitle=figure.unit,
        figure=figure,
    )


def _needs(result: Result, report: Report) -> Slide | None:
    return _chart(result, report, 1, figures.needs_against_room(result))


def _result_share(result: Result, report: Report) -> Slide | None:
    return _chart(result, report, 2, figures.result_share(result))


def _debt(result: Result, report: Report) -> Slide | None:
    return _chart(result, report, 2, figures.debt_per_inhabitant(result))


def _timeline(result: Result, report: Report) -> Slide | None:
    figure = figures.timeline(result)
    if figure is None or not any(b.start_year is not None for b in figure.bars):
        return None
    shown = drawn_bars(figure)
    chosen = sum(bool(p["chosen"]) for p in result["projects"])
    unit = _("Byggår för projekten i planen.")
    if len(shown) < chosen:
        unit = _(
            "Byggår för de {n} största av {m} projekt; resten står i rapporten."
        ).format(n=number(len(shown)), m=number(chosen))
    rows = [
        f"{row.header}: {list_text([c.text for c in row.cells])}"
        for row in figure.table.rows[:_NOTED]
    ]
    return Slide(
        3,
        _(STAGES[2]),
        # The first slide has the count as its title; here it is what is largest.
        _largest_first(result) or figure.title,
        _notes(result, report, figure.title, [figure.unit, *rows]),
        subtitle=unit,
        figure=figure,
    )


# So many projects are told in the notes.
_NOTED: Final = 25


def _largest_first(result: Result) -> str:
    return meeting.largest_share(result).rstrip(".")


def _outlays(result: Result, report: Report) -> Slide | None:
    return _chart(result, report, 3, figures.outlays_per_year(result))


def _goals(result: Result, report: Report) -> Slide:
    table = meeting.goals_table(result)
    figure = figures.goals_by_year(result)
    if table is None or figure is None:
        return Slide(
            3,
            _(STAGES[2]),
            _("Planen prövas inte mot några mål"),
            _notes(result, report, ""),
            texts=(
                _("Underlaget har inga mål som planen prövas mot."),
                _(
                    "Lägg in kommunens mål för god ekonomisk hushållning för att se om planen når dem."
                ),
            ),
        )
    rows = tuple(
        replace(row, cells=(row.cells[1], Cell(_outcome(row), row.cells[3].value)))
        for row in table.rows
    )
    return Slide(
        3,
        _("Plan: mål"),
        figure.title,
        _notes(
            result,
            report,
            figure.title,
            [
                *goal_sentences(result),
                *(f"{r.header}: {r.cells[1].text}, {_outcome(r)}" for r in table.rows),
            ],
        ),
        subtitle=table.subtitle,
        table=replace(
            table,
            columns=(table.columns[0], table.columns[2], Column(_("Svagaste år"))),
            rows=rows,
        ),
        widths=(0.52, 0.28, 0.2),
    )


def _outcome(row: Row) -> str:
    """Return the outcome of the weakest year with the year, as a cell's text."""
    year, outcome = row.cells[2].text, row.cells[3].text
    return outcome if row.cells[2].value is None else f"{outcome} ({year})"


def _cannot(result: Result, report: Report) -> Slide:
    table = meeting.left_out_table(result)
    projects = result.get("projects", [])
    kicker = _("Varför: det vi inte kan göra, och vad som skulle krävas")
    if table is None:
        return Slide(
            4,
            kicker,
            _("Alla projekt ingår") if projects else _("Inga projekt är inlagda"),
            _notes(result, report, ""),
            texts=tuple(
                unique(str(item.get("text") or "") for item in result.get("limits", []))
            )
            or (_("Inget mål och ingen resurs begränsar planen."),),
        )
    count = len(table.rows)
    title = plural(
        "{n} av {m} projekt ryms inte i planen",
        "{n} av {m} projekt ryms inte i planen",
        count,
    ).format(n=number(count), m=number(len(projects)))
    told = [
        f"{row.header} ({amount_mkr(row.cells[0].text, figures.currency(result))}): "
        f"{row.cells[1].text}"
        for row in table.rows[:_NOTED]
    ]
    return Slide(
        4,
        kicker,
        title,
        _notes(result, report, "", told),
        subtitle=f"{table.subtitle}. {table.note}".strip(),
        table=table,
        widths=(0.34, 0.1, 0.56),
    )


def _agreed(result: Result, report: Report) -> Slide:
    kicker = _("Dialog: vad vi är överens om och inte")
    figure = agreement_map(result)
    if figure is None:
        return Slide(
            5,
            kicker,
            _("Vad vi är överens om är inte uträknat"),
            _notes(result, report, ""),
            texts=(
                _("Den här körningen har ingen jämförelse mellan synsätt."),
                _(
                    "När gruppernas synsätt finns i underlaget visar planen vilka projekt som ingår oavsett vikter och vilka debatten gäller."
                ),
            ),
        )
    groups = [f"{g.text}: {g.amount}" for g in figure.strip if g.parts]
    table = None
    if figure.stances and figure.labels:
        table = TableBlock(
            title=figure.title,
            subtitle=figure.unit,
            columns=(
                Column(_("Projekt"), "left"),
                *(Column(label, "left") for label in figure.labels),
            ),
            rows=tuple(
                Row(
                    stance.label,
                    tuple(Cell(stance_text(s), s) for s in stance.stances),
                )
                for stance in figure.stances
            ),
        )
    return Slide(
        5,
        kicker,
        figure.title,
        _notes(
            result,
            report,
            figure.title,
            [*front_sentences(result), *region_sentences(result)],
        ),
        texts=tuple(groups),
        table=table,
        widths=_stance_widths(len(figure.labels)),
    )


def _stance_widths(viewpoints: int) -> tuple[float, ...]:
    first = 0.4 if viewpoints > 1 else 0.6
    return (first, *([(1 - first) / max(viewpoints, 1)] * viewpoints))


def _how_sure(result: Result, report: Report) -> Slide:
    kicker = _("Varför: hur säkra är vi")
    figure = all_years_chart(result) if has_probabilities(result) else None
    assumed = report.assumptions.items if report.assumptions is not None else ()
    assumptions = [f"{d.term}: {d.text}" for d in assumed]
    if figure is not None:
        return Slide(
            4,
            kicker,
            figure.title,
            _notes(result, report, figure.title, [*rests_on(result), *assumptions]),
            subtitle=figure.unit,
            table=_tens(figure),
            widths=(0.44, 0.18, 0.18, 0.2),
            remark=" ".join(rests_on(result)),
        )
    title = f"{report.status.strong} {report.status.text}".strip(". ")
    return Slide(
        4,
        kicker,
        title,
        _notes(result, report, "", [t.plain for t in report.notice]),
        texts=(
            _("Sannolikheter är inte uträknade i den här körningen."),
            *(
                (_("Antaganden som betyder mest:"), *assumptions)
                if assumptions
                else tuple(t.plain for t in report.notice)
            ),
        ),
    )


def _tens(figure: Figure) -> TableBlock:
    """Return probabilities as ten circles, in cases of ten and in per cent."""
    rows = []
    for rank in figure.ranks:
        filled = min(max(math.floor(rank.share * 10 + 0.5), 0), 10)
        circles = "●" * filled + "○" * (10 - filled)
        rows.append(
            Row(
                rank.label,
                (
                    Cell(circles, rank.share),
                    Cell(rank.words, rank.words),
                    Cell(rank.text, rank.share),
                ),
            )
        )
    return TableBlock(
        title=figure.title,
        subtitle=figure.unit,
        columns=(
            Column(_("Mål"), "left"),
            Column(_("Tio ringar"), "left"),
            Column(_("Fall av tio"), "left"),
            Column(_("Sannolikhet"), "left"),
        ),
        rows=tuple(rows),
    )


def _decision(result: Result, report: Report) -> Slide:
    points = meeting.decision_points(result)
    table = meeting.budget_table(result)
    if not points:
        return Slide(
            5,
            _("Dialog: förslag till beslut"),
            _("Något förslag kan inte lämnas"),
            _notes(result, report, ""),
            texts=(_("Kraven går inte ihop, så det finns ingen plan."),),
        )
    spent = meeting.outlays(result, meeting.chosen_projects(result))[0]
    year = meeting.budget_year(result)
    title = (
        _("Förslag: anvisa {kr} budgetåret {y}").format(
            kr=amount(result, spent), y=year
        )
        if spent > figures.TRIFLE
        else _("Förslag: inga medel till planens projekt budgetåret {y}").format(y=year)
    )
    # The rows of the envelopes; the projects stand in the letter.
    rows = tuple(r for r in table.rows if r.kind == "sum") if table is not None else ()
    return Slide(
        5,
        _("Dialog: förslag till beslut"),
        title,
        _notes(
            result,
            report,
            "",
            [
                f"{r.header}: {r.cells[0].text}"
                for r in (table.rows if table is not None else ())[:_NOTED]
            ],
        ),
        texts=(
            _("Kommunstyrelsen föreslår att kommunfullmäktige beslutar"),
            *(f"{i}. {point}" for i, point in enumerate(points, start=1)),
        ),
        table=replace(
            table,
            columns=(Column(_("Ram"), "left"), table.columns[1], table.columns[2]),
            rows=tuple(replace(r, cells=r.cells[:2], kind="normal") for r in rows),
        )
        if table is not None
        else None,
        widths=(0.5, 0.25, 0.25),
    )

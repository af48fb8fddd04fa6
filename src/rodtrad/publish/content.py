"""What does the report say? One `Report` from the plan's result, for every form.

Here is the front page: heading, a few sentences, how good the plan is, four figures and
what must be read first. The numbered sections are in chapters, the pictures in figures, the
model in blocks. Takes plan.json as a dict and nothing else, so that a stranger's plan
can be set as well as our own.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from rodtrad.capacity.lines import PROJECTS_OUTLAY
from rodtrad.domain.retell import told_result
from rodtrad.domain.words import (
    _,
    count_text,
    currency_name,
    language,
    number,
    per_inhabitant_figure,
    plural,
    quoted,
    share_text,
    unit_mkr,
    unit_per_inhabitant,
    years_text,
)
from rodtrad.publish import figures
from rodtrad.publish.agreement import front_sentences
from rodtrad.publish.blocks import (
    Bar,
    Block,
    Callout,
    Cell,
    ChartBlock,
    Column,
    Command,
    Definition,
    Definitions,
    Figure,
    HeatRow,
    KeyFigure,
    KeyFigures,
    Limit,
    Paragraphs,
    ProjectCard,
    ProjectCards,
    Report,
    Row,
    Section,
    Series,
    StatusLine,
    Step,
    TableBlock,
    Text,
)
from rodtrad.publish.needs import shortage_front
from rodtrad.publish.summary import (
    LARGEST_GAP_TOLD,
    balance_sentences,
    by_size,
    fixed_amount,
    gap_share,
    plan_sentences,
    working_paper,
)
from rodtrad.publish.uncertainty import certainty_front, has_probabilities, rests_on

__all__ = [
    "Bar",
    "Block",
    "Callout",
    "Cell",
    "ChartBlock",
    "Column",
    "Command",
    "Definition",
    "Definitions",
    "Figure",
    "HeatRow",
    "KeyFigure",
    "KeyFigures",
    "Limit",
    "Paragraphs",
    "ProjectCard",
    "ProjectCards",
    "Report",
    "Row",
    "Section",
    "Series",
    "StatusLine",
    "Step",
    "TableBlock",
    "Text",
    "build_report",
]


Result = dict[str, Any]


def build_report(result: Result) -> Report:
    """Return the report of a plan; `result` is plan.json as a dict."""
    from rodtrad.publish.chapters import SECTIONS

    result = told_result(result)
    meta = result.get("meta", {})
    years: list[int] = result["years"]
    money = figures.currency(result)
    sections = [chapter(result) for chapter in SECTIONS]
    return Report(
        title=_("Investeringsplan {ys}").format(ys=years_text(years)),
        kicker=str(meta.get("municipality") or _("Kommunens namn saknas")),
        lede=tuple(Text(sentence) for sentence in _lede(result)),
        notice=tuple(_notice(result)),
        assumptions=_key_assumptions(result),
        status=status_line(result["status"]),
        key_figures=key_figures(result),
        sections=tuple(
            replace(section, number=number)
            for number, section in enumerate(filter(None, sections), start=1)
        ),
        meta=_foot(result),
        currency_note=""
        if money == "kr"
        else _("Alla belopp är i {word} ({code}).").format(
            word=currency_name(money), code=money
        ),
        lang=language(),
    )


# ---------------------------------------------------------------- the first sentences


def _lede(result: Result) -> list[str]:
    """Return the answer in a few sentences: what, the law, the goals, what waits."""
    projects = result.get("projects", [])
    sentences = plan_sentences(result)
    if figures.series_of(result, "balanskrav", "bkr") is not None:
        sentences += balance_sentences(result)
        sentences += certainty_front(result)
        sentences.append(
            _("Balanskravet är lagens krav att intäkterna ska täcka kostnaderna.")
        )
    else:
        sentences += certainty_front(result)
    sentences += _missed_goals(result)
    sentences += shortage_front(result)
    sentences += front_sentences(result)
    left_out = by_size(p for p in projects if not p["chosen"])
    if left_out and len(left_out) < len(projects):
        sentences.append(
            _("Störst av det som inte ingår är projektet {p}: {kr}.").format(
                p=quoted(left_out[0]["name"]), kr=fixed_amount(result, left_out[0])
            )
        )
    elif projects and not left_out:
        sentences.append(_("Alla projekt ingår."))
    return sentences


def _missed_goals(result: Result) -> list[str]:
    """Return which goals are missed some year: those that must be kept stand first."""
    sentences = []
    years: list[int] = result["years"]
    for level in ("must", "aim"):
        missed = [
            (str(goal["name"]), failed)
            for goal in result.get("goals", [])
            if (goal.get("level") or "must") == level
            and (
                failed := [
                    y
                    for y, met in zip(years, goal.get("met") or [], strict=False)
                    if met is False
                ]
            )
        ]
        must = level == "must"
        if len(missed) == 1:
            text = (
                _("Målet {g}, som måste hållas, missas {ys}.")
                if must
                else _("Målet {g}, som bör nås, missas {ys}.")
            )
            name, failed = missed[0]
            sentences.append(text.format(g=quoted(name), ys=years_text(failed)))
        elif missed:
            text = (
                _("{n} mål som måste hållas missas vissa år.")
                if must
                else _("{n} mål som bör nås missas vissa år.")
            )
            count = figures.first_upper(count_text(len(missed)))
            sentences.append(text.format(n=count))
    return sentences


# ---------------------------------------------------------------- how good the plan is


def status_line(status: dict[str, Any]) -> StatusLine:
    """Return the gap badge: how much better another plan can be, in words and as a share.

    The gap is rounded upwards: the sentence promises an upper limit.
    """
    gap, stopped = status.get("gap"), status.get("stopped")
    seconds = status.get("seconds")
    took = ""
    if seconds is not None:
        whole = max(1, round(seconds))
        took = " " + plural("({n} sekund)", "({n} sekunder)", whole).format(
            n=number(whole)
        )
    if status.get("state") == "infeasible":
        return StatusLine(
            _("Ingen plan finns."), _("Kraven går inte ihop."), None, False
        )
    if stopped == "own":
        own = _("Hur långt det är till bästa möjliga plan är inte känt")
        if gap is not None and gap <= LARGEST_GAP_TOLD:
            own = _("En annan plan kan ge upp till {pct} mer nytta")
            own = own.format(pct=gap_share(gap))
        return StatusLine(_("Ditt eget val."), own, None, False)
    cut = _("Avbruten, bästa plan hittills.")
    if gap is None or gap > LARGEST_GAP_TOLD:
        return StatusLine(
            cut if stopped == "asked" else _("Giltig plan."),
            _("Hur långt det är till bästa möjliga plan är inte uträknat") + took,
            None,
            False,
        )
    if gap <= 1e-9:
        return StatusLine(
            _("Bevisat bäst."), _("Ingen annan plan kan ge mer nytta") + took, 1.0, True
        )
    text = _("Ingen plan kan vara mer än {pct} bättre").format(pct=gap_share(gap))
    share = max(0.0, 1.0 / (1.0 + gap))
    if stopped in ("proof", "gap"):
        return StatusLine(_("Bevisat nära bäst."), text + took, share, True)
    strong = {"time": _("Tiden tog slut."), "asked": cut}.get(
        stopped or "", _("Arbetsgränsen nåddes.")
    )
    return StatusLine(strong, text + took, share, False)


# ---------------------------------------------------------------- four figures


def key_figures(result: Result) -> KeyFigures:
    """Return four figures of a plan: projects, outlays, lowest result, highest debt."""
    projects = result.get("projects", [])
    chosen = [p for p in projects if p["chosen"]]
    years: list[int] = result["years"]
    money = figures.currency(result)
    spent = figures.total(x for p in chosen for x in p["outlay_tkr"])
    items = [
        KeyFigure(
            _("Projekt i planen"),
            _("{a} av {n}").format(a=number(len(chosen)), n=number(len(projects))),
            "",
            _("{k} startar {y}").format(
                k=number(sum(p["start_year"] == years[0] for p in chosen)), y=years[0]
            ),
            len(chosen),
        ),
        KeyFigure(
            _("Utgifter"),
            number(spent / 1000, 0 if spent >= 100_000 else 1),
            unit_mkr(money),
            _("{ys}, löpande priser").format(ys=years_text(years)),
            spent,
            figures.worst_quality(result, "outlay"),
            f"{PROJECTS_OUTLAY}:{years[0]}-{years[-1]}",
        ),
    ]
    weakest = figures.weakest_year(result)
    if weakest is not None:
        values = figures.series_of(result, "indicators", "res_andel") or []
        share = values[years.index(weakest)] or 0.0
        items.append(
            KeyFigure(
                _("Lägsta resultat"),
                number(share * 100, 1),
                "%",
                _("av skatter och bidrag, {y}").format(y=weakest),
                share,
                figures.worst_quality(result, "res_andel", "ar"),
                f"res_andel:{weakest}",
            )
        )
    debt = figures.series_of(result, "indicators", "lan_inv") or []
    if any(debt):
        high = max(range(len(debt)), key=lambda i: debt[i] or 0.0)
        items.append(
            KeyFigure(
                _("Högsta lån i planen"),
                per_inhabitant_figure(debt[high]),
                unit_per_inhabitant(money),
                _("vid slutet av {y}").format(y=years[high]),
                debt[high],
                figures.worst_quality(result, "lan_inv", "loans"),
                f"lan_inv:{years[high]}",
            )
        )
    return KeyFigures(tuple(items))


# ---------------------------------------------------------------- read this first


def _notice(result: Result) -> list[Text]:
    """Return what the reader must know before any figure is believed."""
    meta = result.get("meta", {})
    first, texts = [], []
    if working := working_paper(meta):
        first.append(Text(working[1], working[0]))
    if meta.get("scenario"):
        texts.append(
            Text(_("Räknat för scenariot {s}.").format(s=quoted(meta["scenario"])))
        )
    if meta.get("remark"):
        texts.append(Text(str(meta["remark"])))
    if not _key_assumptions(result):
        texts += [Text(sentence) for sentence in _row_counts(result)]
    published = _published(result)
    if published:
        texts.append(Text(published))
    if has_probabilities(result) or result.get("risk"):
        texts += [Text(sentence) for sentence in rests_on(result)]
    if meta.get("illustration"):
        texts.append(
            Text(
                _(
                    "Betyg och vikter är illustrationer: de visar hur planen räknas, inte vad kommunen tycker."
                )
            )
        )
    if texts:
        texts[0] = Text(texts[0].text, _("Läs det här först."))
    return [*first, *texts]


def _key_assumptions(result: Result) -> Definitions | None:
    """Return the assumptions that decide most; the whole list stands in section 6."""
    named = (result.get("quality") or {}).get("key_assumptions") or []
    if not named:
        return None
    return Definitions(
        _(
            "Antaganden som betyder mest. Hela listan står i avsnittet Vad planen vilar på."
        ),
        tuple(Definition(str(item["label"]), str(item["text"])) for item in named),
    )


def _row_counts(result: Result) -> list[str]:
    """Return how much of the underlag is assumed, where no assumption is named."""
    counts = (result.get("quality") or {}).get("inputs") or {}
    assumed, known = counts.get("antagande", 0), counts.get("uppgift", 0)
    if not assumed and not known:
        return []
    return [
        _(
            "Av underlagets rader är {a} antaganden, {b} beräkningar och {c} publicerade uppgifter. Hela listan står i avsnittet Vad planen vilar på."
        ).format(
            a=number(assumed), b=number(counts.get("berakning", 0)), c=number(known)
        )
    ]


def _published(result: Result) -> str:
    """Return how much of the projects' amounts is published, and what is not.

    Years and price growth are added before an amount becomes a year's outlay, so even
    published amounts give outlays that are assumed.
    """
    chosen = [p for p in result.get("projects", []) if p["chosen"]]
    amounts = [
        (p.get("outlay_fixed_tkr") or 0.0, figures.outlay_quality(p)) for p in chosen
    ]
    whole = math.fsum(a for a, _q in amounts)
    if whole <= 0 or not any(q for _a, q in amounts):
        return ""
    base_year = result["meta"]["base_year"]
    share = math.fsum(a for a, q in amounts if q == "uppgift") / whole
    if share <= 0:
        return _("Inget av projektens årsbelopp är en publicerad uppgift.")
    if all(q == "uppgift" for _a, q in amounts):
        first = _("Projektens belopp i {y} års priser är publicerade").format(
            y=base_year
        )
    else:
        first = _(
            "Av projektens belopp i {y} års priser är {pct} publicerade uppgifter"
        ).format(
            y=base_year,
            pct=share_text(min(share, 0.99), 0)
            if share >= 0.005
            else _("mindre än 1\u00a0procent"),
        )
    if figures.is_assumed(result, "outlay"):
        return _("{first}; år och priser är antaganden.").format(first=first)
    return f"{first}."


def _foot(result: Result) -> dict[str, str]:
    """Return what identifies the plan, for the foot of the report."""
    meta = result.get("meta", {})
    rows = {
        _("Kommun"): meta.get("municipality"),
        _("Kommunkod"): meta.get("municipality_code"),
        _("Basår"): meta.get("base_year"),
        _("Scenario"): meta.get("scenario"),
        _("Metodversion"): meta.get("method_version"),
        _("Planens version"): meta.get("version"),
        _("Programversion"): str(meta.get("created_by") or "").removeprefix("rodtrad "),
        _("Lösare"): meta.get("solver"),
        _("Slumpfrö"): meta.get("seed"),
        _("Underlagets kontrollsumma"): meta.get("input_sha256"),
    }
    return {
        label: str(value) for label, value in rows.items() if value not in (None, "")
    }

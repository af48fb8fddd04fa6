"""What does the report say? One `Report` from the plan's result, for every form.

Here is the front page: heading, a few sentences, how good the plan is, four figures and
what must be read first. The seven sections are in chapters, the pictures in figures, the
model in blocks. Takes plan.json as a dict and nothing else, so that a stranger's plan
can be set as well as our own.
"""

from __future__ import annotations

import math
from typing import Any

from rodtrad.domain.words import (
    _,
    count_text,
    currency_word,
    list_text,
    money_text,
    names_text,
    number,
    per_inhabitant_text,
    plural,
    quoted,
    share_text,
    unit_mkr,
    unit_per_inhabitant,
    years_text,
)
from rodtrad.publish import figures
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

    meta = result.get("meta", {})
    years: list[int] = result["years"]
    money = figures.currency(result)
    return Report(
        title=_("Investeringsplan {ys}").format(ys=years_text(years)),
        kicker=str(meta.get("municipality") or _("Kommunens namn saknas")),
        lede=tuple(Text(sentence) for sentence in _lede(result)),
        notice=tuple(_notice(result)),
        status=status_line(result["status"]),
        key_figures=_key_figures(result),
        sections=tuple(section(result) for section in SECTIONS),
        meta=_foot(result),
        currency_note=""
        if money == "kr"
        else _("Alla belopp är i {word} ({code}).").format(
            word=currency_word(money), code=money
        ),
    )


# ---------------------------------------------------------------- the first sentences


def _lede(result: Result) -> list[str]:
    """Return the answer in a few sentences: what, the law, the weakest year, what waits."""
    projects = result.get("projects", [])
    chosen = [p for p in projects if p["chosen"]]
    years: list[int] = result["years"]
    money = figures.currency(result)
    spent = figures.total(x for p in chosen for x in p["outlay_tkr"])
    sentences = [
        _("Planen rymmer {a} av {n} projekt och kostar {kr} på {y} år.").format(
            a=number(len(chosen)),
            n=number(len(projects)),
            kr=money_text(spent, money),
            y=count_text(len(years)),
        )
        if chosen
        else _("Planen rymmer inget av de {n} projekten.").format(
            n=number(len(projects))
        )
    ]
    sentences += _balance(result)
    weakest = figures.weakest_year(result)
    if weakest is not None:
        share = (figures.series_of(result, "indicators", "res_andel") or [])[
            years.index(weakest)
        ]
        sentences.append(
            _("Svagast är {y}, då resultatet är {pct} av skatter och bidrag.").format(
                y=weakest, pct=share_text(share)
            )
        )
    missed = [
        (g, [y for y, met in zip(years, g["met"], strict=True) if met is False])
        for g in result.get("goals", [])
        if g.get("met")
    ]
    missed = [(g, ys) for g, ys in missed if ys]
    if len(missed) == 1:
        sentences.append(
            _("Målet {g} nås inte {ys}.").format(
                g=quoted(missed[0][0]["name"]), ys=years_text(missed[0][1])
            )
        )
    elif missed:
        sentences.append(
            _("{n} av {m} mål nås inte alla år.").format(
                n=figures.first_upper(count_text(len(missed))),
                m=count_text(len(result["goals"])),
            )
        )
    left_out = sorted(
        (p for p in projects if not p["chosen"]),
        key=lambda p: (-(p.get("outlay_fixed_tkr") or 0.0), p["project_id"]),
    )
    if left_out:
        sentences.append(
            plural(
                "Projektet {ps} ingår inte.",
                "Projekten {ps} ingår inte.",
                len(left_out),
            ).format(ps=names_text([p["name"] for p in left_out]))
        )
    elif projects and chosen:
        sentences.append(_("Alla projekt ingår."))
    return sentences


def _balance(result: Result) -> list[str]:
    years: list[int] = result["years"]
    values = figures.series_of(result, "balanskrav", "bkr")
    if values is None:
        return []
    unmet = [
        y for y, v in zip(years, values, strict=True) if (v or 0.0) < -figures.TRIFLE
    ]
    meaning = _("Balanskravet är lagens krav att intäkterna ska täcka kostnaderna.")
    if unmet:
        return [
            _("Kommunen klarar inte balanskravet {ys}.").format(ys=years_text(unmet)),
            meaning,
        ]
    return [_("Kommunen klarar balanskravet alla år."), meaning]


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
    if gap is None:
        return StatusLine(
            _("Giltig plan."),
            _("Hur långt det är till bästa möjliga plan är inte uträknat") + took,
            None,
            False,
        )
    if gap <= 1e-9:
        return StatusLine(
            _("Bevisat bäst."), _("Ingen annan plan kan ge mer nytta") + took, 1.0, True
        )
    decimals = 2 if gap < 0.01 else 1
    upper = math.ceil(gap * 10 ** (decimals + 2) - 1e-6) / 10 ** (decimals + 2)
    text = _("Ingen plan kan vara mer än {pct} bättre").format(
        pct=share_text(upper, decimals)
    )
    share = max(0.0, 1.0 / (1.0 + gap))
    if stopped in ("proof", "gap"):
        return StatusLine(_("Bevisat nära bäst."), text + took, share, True)
    strong = _("Tiden tog slut.") if stopped == "time" else _("Arbetsgränsen nåddes.")
    return StatusLine(strong, text + took, share, False)


# ---------------------------------------------------------------- four figures


def _key_figures(result: Result) -> KeyFigures:
    projects = result.get("projects", [])
    chosen = [p for p in projects if p["chosen"]]
    years: list[int] = result["years"]
    money = figures.currency(result)
    spent = figures.total(x for p in chosen for x in p["outlay_tkr"])
    qualities = {figures.outlay_quality(p) for p in chosen}
    worst = next(
        (q for q in ("antagande", "berakning", "uppgift") if q in qualities), ""
    )
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
            figures.normal_quality(worst),
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
            )
        )
    debt = figures.series_of(result, "indicators", "lan_inv") or []
    if any(debt):
        high = max(range(len(debt)), key=lambda i: debt[i] or 0.0)
        items.append(
            KeyFigure(
                _("Högsta lån"),
                per_inhabitant_text(debt[high], money)
                .split(" ", 1)[0]
                .rsplit("\u00a0", 1)[0],
                unit_per_inhabitant(money),
                _("vid slutet av {y}").format(y=years[high]),
                debt[high],
                figures.worst_quality(result, "lan_inv", "loans"),
            )
        )
    return KeyFigures(tuple(items))


# ---------------------------------------------------------------- read this first


def _notice(result: Result) -> list[Text]:
    """Return what the reader must know before any figure is believed."""
    from rodtrad.publish.tables import sheet_name

    meta = result.get("meta", {})
    texts = []
    if meta.get("scenario"):
        texts.append(
            Text(_("Räknat för scenariot {s}.").format(s=quoted(meta["scenario"])))
        )
    if meta.get("remark"):
        texts.append(Text(str(meta["remark"])))
    quality = result.get("quality") or {}
    counts = quality.get("inputs") or {}
    assumed, known = counts.get("antagande", 0), counts.get("uppgift", 0)
    if assumed or known:
        texts.append(
            Text(
                _(
                    "Av underlagets rader är {a} antaganden, {b} beräkningar och {c} publicerade uppgifter."
                ).format(
                    a=number(assumed),
                    b=number(counts.get("berakning", 0)),
                    c=number(known),
                )
            )
        )
    sheets: dict[str, int] = {}
    for item in quality.get("assumptions") or []:
        name = sheet_name(str(item.get("table") or ""))
        sheets[name] = sheets.get(name, 0) + int(item.get("rows") or 1)
    if sheets:
        listed = [
            plural("{name} ({n} rad)", "{name} ({n} rader)", count).format(
                name=name, n=number(count)
            )
            for name, count in sheets.items()
        ]
        texts.append(
            Text(
                _(
                    "Antaganden finns på bladen {list}. Hela listan står i avsnitt 6."
                ).format(list=list_text(listed))
                if len(listed) > 1
                else _(
                    "Antaganden finns på bladet {list}. Hela listan står i avsnitt 6."
                ).format(list=listed[0])
            )
        )
    share = _public_share(result)
    if share is not None:
        texts.append(
            Text(
                _("Ingen av planens utgifter vilar bara på publicerade uppgifter.")
                if share <= 0
                else _(
                    "Av planens utgifter vilar {pct} på publicerade uppgifter."
                ).format(
                    pct=share_text(share, 0)
                    if share >= 0.005
                    else _("mindre än 1\u00a0procent")
                )
            )
        )
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
    return texts


def _public_share(result: Result) -> float | None:
    chosen = [p for p in result.get("projects", []) if p["chosen"]]
    amounts = [
        (p.get("outlay_fixed_tkr") or 0.0, figures.outlay_quality(p)) for p in chosen
    ]
    whole = math.fsum(a for a, _q in amounts)
    if whole <= 0 or not any(q for _a, q in amounts):
        return None
    return math.fsum(a for a, q in amounts if q == "uppgift") / whole


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

"""What does the official's letter to the meeting say? A draft in Word (.docx).

A letter for the whole plan, or for one project. What the underlag holds is written out
in the report's own sentences and figures; what it does not hold is a marked blank for
the official to write, never invented. Leaves out how the file is set
(meeting_word) and the facts that slides share (meeting).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from rodtrad.domain.words import (
    DRIVER_LABELS,
    FINANCING_LABELS,
    GATE_LABELS,
    QUALITY_LABELS,
    _,
    mkr,
    names_text,
    nira_text,
    plural,
    quoted,
    years_text,
)
from rodtrad.publish import figures, meeting
from rodtrad.publish.blocks import (
    Cell,
    Column,
    Figure,
    Row,
    TableBlock,
)
from rodtrad.publish.chapters import needs_section, project_card
from rodtrad.publish.choices import choices_section, near_table, reserve_table
from rodtrad.publish.content import build_report
from rodtrad.publish.meeting import amount, clean, unique
from rodtrad.publish.needs import need_sentences
from rodtrad.publish.summary import (
    balance_sentences,
    fixed_amount,
    gap_sentence,
    goal_sentences,
    plan_sentences,
    working_paper,
)
from rodtrad.publish.uncertainty import (
    all_years_table,
    balance_chance,
    certainty_sentences,
    has_probabilities,
    rests_on,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rodtrad.publish.blocks import Report

Result = dict[str, Any]


# ---------------------------------------------------------------- what a letter is


@dataclass(frozen=True)
class Blank:
    """A place for the official to write: its name, and what belongs there."""

    key: str
    label: str
    prompt: str


@dataclass(frozen=True)
class Bullets:
    """A list; `numbered` for the points of a decision."""

    texts: tuple[str, ...]
    numbered: bool = False


@dataclass(frozen=True)
class Notice:
    """A remark that must be read first."""

    text: str


Part = str | Bullets | Blank | Notice | TableBlock | Figure


@dataclass(frozen=True)
class LetterSection:
    """A heading and what stands under it."""

    title: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Letter:
    """The whole letter, before it is set. `foot` identifies the plan it rests on."""

    kicker: str
    title: str
    fields: tuple[Blank, ...]
    sections: tuple[LetterSection, ...]
    foot: str


def render_letter(result: Result, project_id: str | None = None) -> bytes:
    """Return the letter as a Word file: of the plan, or of one of its projects.

    Equal plans give equal bytes.

    Raises:
        ValueError: the plan has no such project.
    """
    from rodtrad.publish.meeting_word import render_word

    letter = (
        build_letter(result)
        if project_id is None
        else build_project_letter(result, project_id)
    )
    return render_word(letter)


# ---------------------------------------------------------------- the plan's letter


def build_letter(result: Result) -> Letter:
    """Return the letter of the whole plan (DOMAIN 6.6); `result` is plan.json."""
    report = build_report(result)
    sections: list[Callable[[Result, Report], LetterSection | None]] = [
        _in_short,
        _background,
        _alternatives,
        _economy,
        _goals,
        _children,
        _climate,
        _certainty,
        _decision,
        _after,
        _projects,
    ]
    made = (section(result, report) for section in sections)
    return Letter(
        kicker=report.kicker,
        title=report.title,
        fields=_fields(),
        sections=tuple(s for s in made if s is not None),
        foot=_foot(result),
    )


def _fields() -> tuple[Blank, ...]:
    return (
        Blank("datum", _("Datum"), _("datum")),
        Blank("dnr", _("Diarienummer"), _("Dnr")),
        Blank("handlaggare", _("Handläggare"), _("namn och befattning")),
        Blank("mottagare", _("Till"), _("nämnd eller styrelse")),
    )


def _foot(result: Result) -> str:
    meta = result.get("meta", {})
    told = [
        _("Utkast ur Röd tråd"),
        _("planens version {v}").format(v=meta["version"])
        if meta.get("version")
        else "",
        _("metodversion {v}").format(v=meta.get("method_version") or ""),
        _("underlagets kontrollsumma {s}").format(
            s=str(meta.get("input_sha256") or "")[:12]
        ),
    ]
    return ", ".join(t for t in told if t)


def _in_short(result: Result, report: Report) -> LetterSection:
    working = working_paper(result["meta"])
    told = [t.plain for t in report.lede]
    plan = len(plan_sentences(result))
    return LetterSection(
        _("Ärendet i korthet"),
        (
            *([Notice(" ".join(working))] if working else []),
            " ".join([*told[:plan], gap_sentence(result["status"])]),
            *([" ".join(told[plan:])] if told[plan:] else []),
        ),
    )


def _background(result: Result, report: Report) -> LetterSection:
    lead = [t.plain for t in needs_section(result).lead]
    needs = figures.needs_against_room(result)
    found = [f"{needs.title}."] if needs is not None else []
    working = working_paper(result["meta"])
    notice = [
        t.plain
        for t in report.notice
        if working is None or t.plain != f"{working[0]} {working[1]}"
    ]
    parts: list[Part] = [" ".join(unique([*lead, *found]))]
    told = need_sentences(result)
    if told:
        parts.append(" ".join(unique(told)))
    parts += [Notice(" ".join(notice))] if notice else []
    if needs is not None:
        parts.append(needs)
    parts.append(
        Blank(
            "bakgrund",
            _("Tidigare beslut och beredning"),
            _(
                "tidigare beslut i ärendet, hur det är berett och vilka som har yttrat sig"
            ),
        )
    )
    return LetterSection(_("Bakgrund"), tuple(parts))


def _alternatives(result: Result, report: Report) -> LetterSection:
    parts: list[Part] = [
        _("Planen i det här ärendet: {status}").format(
            status=f"{report.status.strong} {report.status.text}.".replace("..", ".")
        )
    ]
    beside = meeting.without_projects_table(result)
    if beside is not None:
        parts.append(beside)
    section = choices_section(result)
    if section is not None:
        parts.append(" ".join(t.plain for t in section.lead))
    near = near_table(result)
    if near is None:
        parts.append(
            _("Planer som är nästan lika bra är inte uträknade i den här körningen.")
        )
    else:
        parts.append(_fewer_columns(near, (0, 2, 4)))
    reserve = reserve_table(result)
    if reserve is not None:
        parts.append(_fewer_columns(reserve, (0, 1, 2)))
    without = meeting.left_out_table(result)
    if without is not None:
        parts.append(without)
    elif result.get("projects"):
        parts.append(_("Alla projekt ingår."))
    parts.append(
        Blank(
            "alternativ",
            _("Andra alternativ"),
            _(
                "alternativ som har prövats utanför underlaget, och varför de valts bort"
            ),
        )
    )
    return LetterSection(_("Alternativ"), tuple(parts))


def _fewer_columns(table: TableBlock, keep: tuple[int, ...]) -> TableBlock:
    """Return the table with some of its cell columns; the row's header stays."""
    return replace(
        table,
        columns=(table.columns[0], *(table.columns[1 + i] for i in keep)),
        rows=tuple(
            replace(row, cells=tuple(row.cells[i] for i in keep)) if row.cells else row
            for row in table.rows
        ),
    )


def _economy(result: Result, report: Report) -> LetterSection:
    parts: list[Part] = (
        [" ".join(balance_sentences(result))]
        if (figures.series_of(result, "balanskrav", "bkr") is not None)
        else []
    )
    charts = [figures.result_share(result), figures.debt_per_inhabitant(result)]
    titles = [f"{c.title}." for c in charts if c is not None]
    pace = figures.own_pace(result)
    titles += [f"{pace.title}."] if pace is not None else []
    if titles:
        parts.append(" ".join(titles))
    limits = unique(str(item.get("text") or "") for item in result.get("limits", []))
    if limits:
        parts.append(" ".join(limits))
    parts.append(meeting.year_table(result))
    parts += [c for c in charts if c is not None]
    budget = meeting.budget_table(result)
    parts.append(
        budget
        if budget is not None
        else _("Inget projekt har utgifter {y}.").format(y=meeting.budget_year(result))
    )
    return LetterSection(_("Ekonomiska konsekvenser"), tuple(parts))


def _goals(result: Result, _report: Report) -> LetterSection:
    table = meeting.goals_table(result)
    if table is None:
        return LetterSection(
            _("Påverkan på mål"),
            (
                _("Underlaget har inga mål som planen prövas mot."),
                Blank("mal", _("Påverkan på mål"), _("hur planen påverkar målen")),
            ),
        )
    return LetterSection(
        _("Påverkan på mål"), (" ".join(goal_sentences(result)), table)
    )


def _children(result: Result, _report: Report) -> LetterSection:
    told = _places_for_children(result)
    parts: list[Part] = (
        [" ".join(told)] if told else [_("Underlaget säger inget om följder för barn.")]
    )
    parts.append(
        Blank(
            "barn",
            _("Barnkonsekvenser"),
            _("barnets bästa: vilka barn som berörs, hur, och hur de har hörts"),
        )
    )
    return LetterSection(_("Konsekvenser för barn"), tuple(parts))


# The names of services for children, as the schema writes them in its examples.
_FOR_CHILDREN: Final = ("förskol", "skola", "fritidshem", "barn")


def _places_for_children(result: Result) -> list[str]:
    """Return where places for children are short or enough, if that is computed."""
    places = (result.get("need_forecast") or {}).get("places") or {}
    services = {str(r.get("service") or "") for r in places.get("rows") or []}
    named = [s for s in services if any(w in s.casefold() for w in _FOR_CHILDREN)]
    return [
        sentence
        for sentence in need_sentences(result)
        if any(s.casefold() in sentence.casefold() for s in named)
    ]


def _climate(result: Result, _report: Report) -> LetterSection:
    inside, outside = meeting.climate_projects(result)
    parts: list[Part] = []
    if inside or outside:
        parts.append(
            " ".join(
                [
                    _("Projekt som drivs av klimat och energi och ingår: {ps}.").format(
                        ps=names_text(inside)
                    )
                    if inside
                    else _("Inget projekt som drivs av klimat och energi ingår."),
                    *(
                        [_("De som inte ingår: {ps}.").format(ps=names_text(outside))]
                        if outside
                        else []
                    ),
                    _("Hur mycket utsläppen ändras står inte i underlaget."),
                ]
            )
        )
    else:
        parts.append(_("Underlaget säger inget om följder för klimatet."))
    parts.append(
        Blank(
            "klimat",
            _("Klimatkonsekvenser"),
            _("utsläpp vid bygge och drift, och anpassning till ett ändrat klimat"),
        )
    )
    return LetterSection(_("Konsekvenser för klimatet"), tuple(parts))


def _certainty(result: Result, report: Report) -> LetterSection:
    parts: list[Part] = []
    told = unique(
        [
            *balance_chance(result),
            *certainty_sentences(result),
            *rests_on(result),
        ]
    )
    if told:
        parts.append(" ".join(told))
    if not has_probabilities(result):
        parts.append(_("Sannolikheter är inte uträknade i den här körningen."))
    table = all_years_table(result)
    if table is not None:
        parts.append(replace(table, note=""))
    if report.assumptions is not None:
        parts.append(_("Antaganden som betyder mest; hela listan står i rapporten:"))
        parts.append(
            Bullets(tuple(f"{d.term}: {d.text}" for d in report.assumptions.items))
        )
    illustration = result["meta"].get("illustration")
    if illustration:
        parts.append(
            _(
                "Betyg och vikter är illustrationer: de visar hur planen räknas, inte vad kommunen tycker."
            )
        )
    return LetterSection(_("Osäkerhet"), tuple(parts))


def _decision(result: Result, _report: Report) -> LetterSection:
    points = meeting.decision_points(result)
    if not points:
        return LetterSection(
            _("Förslag till beslut"),
            (
                _(
                    "Något förslag kan inte lämnas: kraven går inte ihop, så det finns ingen plan."
                ),
            ),
        )
    return LetterSection(
        _("Förslag till beslut"),
        (
            _("Kommunstyrelsen föreslår att kommunfullmäktige beslutar"),
            Bullets(tuple(points), numbered=True),
            Blank(
                "beslut",
                _("Fler beslutspunkter"),
                _("fler beslutspunkter, om de behövs"),
            ),
        ),
    )


def _after(result: Result, _report: Report) -> LetterSection:
    return LetterSection(
        _("Underlag och den som ska få beslutet"),
        (
            Bullets(
                (
                    _("Rapporten Investeringsplan {ys} (PDF)").format(
                        ys=years_text(result["years"])
                    ),
                    _("Presentationen av planen (PowerPoint)"),
                    _("Arbetsboken med alla siffror (Excel)"),
                )
            ),
            Blank(
                "skickas",
                _("Beslutet skickas till"),
                _("den som ska få del av beslutet"),
            ),
        ),
    )


def _projects(result: Result, _report: Report) -> LetterSection | None:
    timeline = figures.timeline(result)
    if timeline is None:
        return None
    return LetterSection(
        _("Bilaga: alla projekt"), (f"{timeline.title}.", timeline.table)
    )


# ---------------------------------------------------------------- one project


def build_project_letter(result: Result, project_id: str) -> Letter:
    """Return the letter of one project: what, when, economy, responsibility, level.

    Raises:
        ValueError: the plan has no such project.
    """
    project = next(
        (p for p in result.get("projects", []) if str(p["project_id"]) == project_id),
        None,
    )
    if project is None:
        msg = f"the plan has no project {project_id!r}"
        raise ValueError(msg)
    report = build_report(result)
    card = project_card(result, project, meeting.reason_of(result, project))
    reasons = unique([*card.reasons, card.force, *card.beside])
    short = (
        _("Projektet {p} ingår i planen {ys}. Det startar {a} och tas i bruk {b}.")
        if project["chosen"]
        else _("Projektet {p} ingår inte i planen {ys}.")
    ).format(
        p=quoted(clean(project["name"])),
        ys=years_text(result["years"]),
        a=project.get("start_year"),
        b=project.get("in_use_year"),
    )
    working = working_paper(result["meta"])
    illustration = (
        [_("Betyg och vikter är illustrationer.")] if card.illustration else []
    )
    return Letter(
        kicker=report.kicker,
        title=clean(project["name"], 200),
        fields=_fields(),
        sections=(
            LetterSection(
                _("Ärendet i korthet"),
                (
                    *([Notice(" ".join(working))] if working else []),
                    short
                    + " "
                    + _("Utgiften är {kr}.").format(kr=fixed_amount(result, project)),
                ),
            ),
            LetterSection(_("Vad"), _what(project, card.description)),
            LetterSection(_("När"), _when(result, project, card.beside)),
            LetterSection(_("Ekonomi"), _project_economy(result, project)),
            LetterSection(
                _("Varför"),
                (
                    *(
                        [" ".join([*reasons, *illustration])]
                        if reasons
                        else [_("Skälen är inte uträknade i den här körningen.")]
                    ),
                    gap_sentence(result["status"]),
                ),
            ),
            LetterSection(_("Ansvar"), _responsible(project)),
            LetterSection(_("Beslutsnivå"), _level(project)),
            _project_consequences(project),
            LetterSection(
                _("Förslag till beslut"),
                (
                    _("Beslutande organ enligt beslutsnivån ovan beslutar"),
                    Bullets(
                        tuple(meeting.project_decision_points(result, project)),
                        numbered=True,
                    ),
                    Blank(
                        "beslut",
                        _("Fler beslutspunkter"),
                        _("fler beslutspunkter, om de behövs"),
                    ),
                ),
            ),
        ),
        foot=_foot(result),
    )


def _what(project: Mapping[str, Any], description: str) -> tuple[Part, ...]:
    driver = str(project.get("driver") or "")
    facts = [
        (_("Alternativ"), project.get("alternative_name")),
        (_("Drivkraft"), DRIVER_LABELS.get(driver, driver)),
        (_("Slag"), nira_text(project.get("nira")) if project.get("nira") else ""),
        (_("Område"), project.get("area_name")),
        (_("Tvingande"), _("ja") if project.get("must_do") else ""),
        (_("Källa"), project.get("source")),
    ]
    first: Part = (
        description
        if description
        else Blank(
            "vad", _("Beskrivning"), _("vad projektet är och vilket behov det möter")
        )
    )
    return (first, Bullets(tuple(f"{k}: {v}" for k, v in facts if v)))


def _when(
    result: Result, project: Mapping[str, Any], beside: tuple[str, ...]
) -> tuple[Part, ...]:
    facts = []
    if project["chosen"]:
        facts += [
            _("Start: {y}").format(y=project["start_year"]),
            _("I bruk: {y}").format(y=project["in_use_year"]),
        ]
    first, last = project.get("earliest_year"), project.get("latest_year")
    if first is not None and last is not None:
        facts.append(
            _("Underlaget tillåter start {a}–{b}").format(a=first, b=last)
            if first != last
            else _("Underlaget tillåter bara start {a}").format(a=first)
        )
    if project.get("build_years"):
        n = int(project["build_years"])
        facts.append(plural("Byggtid: {n} år", "Byggtid: {n} år", n).format(n=n))
    windows = figures.start_windows(result)
    told = [b for b in beside if str(project["project_id"]) in windows]
    return (
        *([Bullets(tuple(facts))] if facts else []),
        *([told[-1]] if told else []),
        Blank(
            "tidplan", _("Tidplan"), _("program, projektering, upphandling, byggstart")
        ),
    )


def _project_economy(result: Result, project: Mapping[str, Any]) -> tuple[Part, ...]:
    quality = figures.outlay_quality(project)
    kind = str(project.get("financing") or "")
    told = [
        _("Utgiften är {kr}.").format(kr=fixed_amount(result, project)),
        _("Beloppet är {q}.").format(
            q={
                "uppgift": _("en publicerad uppgift"),
                "berakning": _("en beräkning"),
                "antagande": _("ett antagande"),
            }[quality]
        )
        if quality
        else "",
        _("Finansiering: {f}.").format(f=FINANCING_LABELS.get(kind, kind))
        if kind
        else "",
    ]
    parts: list[Part] = [" ".join(t for t in told if t)]
    if project["chosen"]:
        parts.append(project_table(result, project))
    else:
        parts.append(_("Projektet ingår inte, så utgifterna är inte lagda på år."))
    parts.append(
        Blank(
            "kalkyl",
            _("Kalkyl"),
            _("kalkylens klass och osäkerhet, och bidrag som är sökta eller beviljade"),
        )
    )
    return tuple(parts)


def project_table(result: Result, project: Mapping[str, Any]) -> TableBlock:
    """Return what a project of the plan costs each year, nominal, with sums."""
    columns = [
        (label, [x or 0.0 for x in project.get(key) or []])
        for key, label in (
            ("outlay_tkr", _("Utgift")),
            ("income_tkr", _("Inkomst")),
            ("depreciation_tkr", _("Avskrivning")),
            ("operating_tkr", _("Ändrad drift")),
        )
    ]
    shown = [
        (label, values)
        for i, (label, values) in enumerate(columns)
        if i == 0 or any(values)
    ]
    rows = [
        Row(str(year), tuple(Cell(mkr(v[i]), v[i]) for _label, v in shown))
        for i, year in enumerate(result["years"])
    ]
    sums = [figures.total(v) for _label, v in shown]
    rows.append(Row(_("Summa"), tuple(Cell(mkr(s), s) for s in sums), "sum"))
    quality = figures.outlay_quality(project)
    unit = QUALITY_LABELS.get(quality, "")
    return TableBlock(
        title=_("Projektets ekonomi år för år"),
        subtitle=_("{kr}, löpande priser. Kostnader är positiva.").format(
            kr=figures.first_upper(amount(result, 0.0).rsplit("\u00a0", 1)[1])
        ),
        columns=(
            Column(_("År"), "left"),
            *(
                Column(label, "right", unit if i == 0 else "")
                for i, (label, _values) in enumerate(shown)
            ),
        ),
        rows=tuple(rows),
    )


def _responsible(project: Mapping[str, Any]) -> tuple[Part, ...]:
    committee = project.get("committee")
    return (
        _("Ansvarig nämnd: {n}.").format(n=committee)
        if committee
        else _("Ansvarig nämnd står inte i underlaget."),
        Blank(
            "ansvar",
            _("Nästa ansvariga"),
            _("vem som ansvarar för nästa steg, och när"),
        ),
    )


def _level(project: Mapping[str, Any]) -> tuple[Part, ...]:
    gate = str(project.get("gate") or "")
    now, later = meeting.deciders(gate)
    keys = list(GATE_LABELS)
    told = []
    if now:
        told.append(
            _("Projektet står vid {g} {name}. Där beslutar vanligen {who}.").format(
                g=gate, name=GATE_LABELS[gate].lower(), who=now
            )
        )
    else:
        told.append(_("Vilket beslut projektet står vid finns inte i underlaget."))
    if later:
        step = keys[keys.index(gate) + 1]
        told.append(
            _("Nästa steg är {g} {name}, där {who} vanligen beslutar.").format(
                g=step, name=GATE_LABELS[step].lower(), who=later
            )
        )
    return (
        " ".join(told),
        Blank(
            "niva",
            _("Beslutsnivå"),
            _("rätt nivå enligt kommunens delegationsordning"),
        ),
    )


def _project_consequences(project: Mapping[str, Any]) -> LetterSection:
    driver = project.get("driver") == "klimat"
    return LetterSection(
        _("Konsekvenser för barn och klimat"),
        (
            _("Projektet drivs av klimat och energi. Utsläppen står inte i underlaget.")
            if driver
            else _("Underlaget säger inget om följder för barn eller klimat."),
            Blank(
                "barn",
                _("Barnkonsekvenser"),
                _("barnets bästa: vilka barn som berörs, och hur"),
            ),
            Blank("klimat", _("Klimatkonsekvenser"), _("utsläpp vid bygge och drift")),
        ),
    )

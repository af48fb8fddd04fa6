"""What does each numbered step of the report say? Sections on the red thread.

Each function takes the result (plan.json as a dict) and returns a `Section`. Sentences
claim no more than the result holds: what is not computed is said to be missing. Leaves
out the front page (content), the pictures (figures) and how it all looks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from rodtrad.domain.words import (
    BALANSKRAV_LABELS,
    BALANSKRAV_SUBTOTALS,
    DRIVER_LABELS,
    FINANCING_LABELS,
    GATE_LABELS,
    PER_INHABITANT_INDICATORS,
    QUALITY_LABELS,
    RESERVE_LABELS,
    SEVERITY_LABELS,
    _,
    missing,
    mkr,
    money_text,
    names_text,
    nira_text,
    number,
    per_inhabitant_text,
    percentage_points,
    plural,
    quoted,
    share_text,
    unit_mkr,
    years_text,
)
from rodtrad.publish import figures
from rodtrad.publish.agreement import agreement_section, project_sentence
from rodtrad.publish.blocks import (
    Block,
    Callout,
    Cell,
    ChartBlock,
    Column,
    Command,
    Definition,
    Definitions,
    Figure,
    Paragraphs,
    ProjectCard,
    ProjectCards,
    Quality,
    Row,
    Section,
    TableBlock,
    Text,
)
from rodtrad.publish.choices import choices_section, window_sentence
from rodtrad.publish.figures import (
    currency,
    first_upper,
    normal_quality,
    series_of,
    total,
)
from rodtrad.publish.needs import forecast_section
from rodtrad.publish.summary import balance_sentences, gap_sentence
from rodtrad.publish.tables import (
    assumptions_table,
    balance_sheet,
    cash_flow,
    companies_table,
    income_statement,
    indicators_table,
    law_table,
    line_rows,
    prices,
    room_table,
    sheet_name,
    whole_percent,
    year_columns,
)
from rodtrad.publish.trails import outlay_figure
from rodtrad.publish.uncertainty import has_probabilities, uncertainty_section

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Result = dict[str, Any]

_SHOWN_ISSUES: Final = 40


def illustration_text(result: Result) -> str:
    """Return the words that must stand beside every ranking, empty if none are needed."""
    if result.get("meta", {}).get("illustration"):
        return _("Betyg och vikter är illustrationer.")
    return ""


def _chart(figure: Figure | None, *caption: Text) -> list[Block]:
    return (
        []
        if figure is None
        else [ChartBlock(figure, tuple(c for c in caption if c.text))]
    )


def _rated(label: str, quality: Quality) -> Text:
    """Return a caption that says how sure a thing is; empty when it is not known."""
    if not quality:
        return Text("")
    return Text(f"{label}: {QUALITY_LABELS[quality]}", quality=quality)


# ---------------------------------------------------------------- 1 needs


def needs_section(result: Result) -> Section:
    """What is asked for, year by year, against what the economy bears."""
    years: list[int] = result["years"]
    needs = series_of(result, "needs", "total") or []
    wished = total(needs)
    renewal = total(series_of(result, "needs", "renewal") or [])
    money = currency(result)
    if wished <= figures.TRIFLE:
        lead = [Text(_("Inga behov är inlagda för de här åren."))]
    else:
        lead = [
            Text(
                _("Behoven är {kr} {ys}, i löpande priser.").format(
                    kr=money_text(wished, money), ys=years_text(years)
                )
            ),
            Text(
                _("Av det är {pct} förnyelse av det som redan finns.").format(
                    pct=share_text(renewal / wished, 0)
                )
            ),
            Text(
                _(
                    "Här räknas varje projekt i sitt första alternativ och så tidigt som underlaget tillåter."
                )
            ),
        ]
    found = figures.room_left(result)
    how = _room_texts(result, found[1]) if found else []
    return Section(
        0,
        _("Behov"),
        tuple(lead),
        tuple(
            _chart(
                figures.needs_against_room(result),
                _rated(_("Behov"), _nominal_quality(result)),
                _rated(
                    _("Utrymme"), figures.worst_quality(result, "res_andel", "lan_inv")
                ),
                *(Text(text) for text in how),
                Text(_late_needs(years, needs)),
            )
        ),
        "behov",
    )


def _room_texts(result: Result, measure: str) -> list[str]:
    """Say what the room line is, and what it leaves out."""
    if measure != "goals":
        return [
            _(
                "Utrymme kvar är kommunens egna medel, minus det som tidigare års behov har tagit. Mål som måste hållas för lån eller resultat saknas."
            )
        ]
    split = "must" in ((result.get("baseline") or {}).get("room") or {})
    texts = [
        _(
            "Utrymme kvar är vad mål som måste hållas för lån och resultat tillåter, minus det som tidigare års behov har tagit. Kommunen får låna, så egna medel räknas inte här."
        )
        if split
        else _(
            "Utrymme kvar är vad målen för lån och resultat tillåter, minus det som tidigare års behov har tagit."
        ),
        _(
            "Det är ett närmevärde: avskrivningen räknas med en schablon, och projektens drift är inte med."
        ),
    ]
    if figures.room_left_with_aims(result) is not None:
        texts.append(
            _(
                "Den streckade linjen räknar också med mål som bör nås. Planen får missa dem och kan därför rymma mer."
            )
        )
    elif not split and figures.has_aims(result):
        texts.append(
            _(
                "Också mål som bör nås räknas här. Planen får bryta dem och kan därför rymma mer."
            )
        )
    return texts


def _nominal_quality(result: Result) -> Quality:
    """Return how sure outlays by year are: the amounts, but also years and prices."""
    return figures.worst_quality(result, "outlay") or _project_quality(result)


def _project_quality(result: Result) -> Quality:
    found = {figures.outlay_quality(p) for p in result.get("projects", [])}
    for quality in ("antagande", "berakning", "uppgift"):
        if quality in found:
            return normal_quality(quality)
    return ""


def _late_needs(years: Sequence[int], needs: Sequence[float | None]) -> str:
    """Say when few needs are registered late: falling bars are else read as good news."""
    level = 0.2 * max((n or 0.0 for n in needs), default=0.0)
    last = max((i for i, n in enumerate(needs) if (n or 0.0) > level), default=-1)
    if level <= 0 or last < 0 or len(years) - 1 - last < 3:
        return ""
    return _(
        "Få behov är registrerade efter {y}. Det betyder inte att behoven tar slut."
    ).format(y=years[last])


# ---------------------------------------------------------------- 2 room


def room_section(result: Result) -> Section:
    """What the economy bears: three measures, the result and the debt."""
    lead = [
        Text(
            _(
                "Utrymmet mäts på tre sätt: egna medel, skuldtaket och resultatmålet. Egna medel visar vad som kan betalas utan lån. Skuldtaket och resultatmålet visar hur långt det är till de mål som måste hållas."
            )
        )
    ]
    limits = list(
        dict.fromkeys(
            item["text"] for item in result.get("limits", []) if item.get("text")
        )
    )
    blocks: list[Block] = [
        Paragraphs(
            tuple(Text(text) for text in limits)
            or (
                Text(
                    _("Inget mål och ingen resurs begränsar planen.")
                    if result.get("reasons")
                    else _(
                        "Vad som begränsar planen är inte uträknat i den här körningen."
                    )
                ),
            ),
            _("Det som begränsar planen"),
        ),
    ]
    mark = _rated(_("Resultat"), figures.worst_quality(result, "res_andel", "ar"))
    blocks += _chart(
        figures.result_share(result),
        mark,
        Text(_("Fyrkanter visar år då ett mål inte nås."))
        if _missed_goal(result, ("res_andel", "bkr_andel"))
        else Text(""),
        _waiting(result),
    )
    blocks += _chart(
        figures.debt_per_inhabitant(result),
        _rated(_("Lån"), figures.worst_quality(result, "lan_inv", "loans")),
        Text(_("Fyrkanter visar år då taket överskrids."))
        if _missed_goal(result, ("lan_inv",))
        else Text(""),
    )
    blocks += _chart(
        figures.why_weakest(result),
        mark,
        Text(
            _(
                "Väntekostnaderna utan nya projekt ingår i priser, löner och volymer. Det som planen tar bort visas för sig."
            )
        )
        if figures.ends_waiting(result)
        else Text(""),
    )
    table = room_table(result, ("room",), _("Utrymme kvar när planen är genomförd"))
    if table:
        blocks.append(table)
    table = room_table(
        result, ("baseline", "room"), _("Som jämförelse: utrymme utan nya projekt")
    )
    if table:
        blocks.append(table)
    return Section(0, _("Utrymme"), tuple(lead), tuple(blocks), "utrymme")


def _waiting(result: Result) -> Text:
    """Say that the years without new projects still pay for waiting."""
    if not figures.ends_waiting(result):
        return Text("")
    return Text(_("Utan nya projekt betalar kommunen väntekostnader för dem."))


def _missed_goal(result: Result, indicators: Sequence[str]) -> bool:
    return any(
        met is False
        for goal in result.get("goals", [])
        if goal.get("indicator") in indicators and goal.get("period", "year") == "year"
        for met in goal.get("met", [])
    )


# ---------------------------------------------------------------- 3 plan


def plan_section(result: Result) -> Section:
    """Which projects, when, and what that does to goals and statements."""
    chosen = [p for p in result.get("projects", []) if p["chosen"]]
    lead = [
        Text(
            _(
                "Planen söker den ordning som ger mest nytta inom de mål som måste hållas. Hur nära den kommer står i avsnittet Vad planen vilar på."
            )
        )
        if chosen
        else Text(_("Inget projekt ingår i planen.")),
    ]
    note = illustration_text(result)
    blocks: list[Block] = []
    blocks += _chart(
        figures.timeline(result),
        _rated(_("Belopp"), _project_quality(result)),
        Text(note),
    )
    blocks += _chart(
        figures.outlays_per_year(result), _rated(_("Belopp"), _nominal_quality(result))
    )
    blocks += _chart(
        figures.goals_by_year(result),
        Text(
            _(
                "Knappt: högst en tiondel av målvärdet är kvar, för resultatmål högst 0,25 procentenheter."
            )
        ),
        Text(figures.unmeasured_note(result)),
    )
    misses = _aim_texts(result)
    if misses:
        blocks.append(Paragraphs(tuple(Text(m) for m in misses)))
    blocks += [
        income_statement(result),
        balance_sheet(result),
        cash_flow(result),
        indicators_table(result),
    ]
    table = companies_table(result)
    if table:
        blocks.append(table)
    return Section(0, _("Plan"), tuple(lead), tuple(blocks), "plan")


def _aim_texts(result: Result) -> list[str]:
    """Say how much is missing of the goals that should be reached."""
    goals = {g["goal_id"]: g for g in result.get("goals", [])}
    texts = []
    for aim in result.get("aims", []):
        goal = goals.get(aim["goal_id"])
        miss = [m or 0.0 for m in aim.get("miss") or []]
        if goal is None or not miss or max(miss) <= 1e-9:
            continue
        if goal.get("indicator") in PER_INHABITANT_INDICATORS:
            amount = per_inhabitant_text(max(miss), currency(result))
        else:
            amount = percentage_points(max(miss) / 100)
        years = [y for y, m in zip(result["years"], miss, strict=False) if m > 1e-9]
        texts.append(
            _("Målet {g} bör nås. Som mest fattas {miss} ({ys}).").format(
                g=quoted(goal["name"]), miss=amount, ys=years_text(years)
            )
        )
    return texts


# ---------------------------------------------------------------- 4 the law's test


def balanskrav_section(result: Result) -> Section:
    """The balance requirement, row by row, with reserve, deficits and the law's values."""
    lead = [
        Text(_("Balanskravet är lagens krav att intäkterna ska täcka kostnaderna.")),
        *(Text(sentence) for sentence in balance_sentences(result)),
    ]
    blocks = _chart(
        figures.balanskrav_by_year(result),
        _rated(_("Balanskravsresultat"), figures.worst_quality(result, "bkr", "ar")),
    )
    blocks.append(
        TableBlock(
            title=_("Balanskravsutredning"),
            subtitle=prices(result),
            columns=year_columns(result, _("Rad")),
            rows=tuple(
                line_rows(result, "balanskrav", BALANSKRAV_LABELS, BALANSKRAV_SUBTOTALS)
            ),
            note=_("Avrundning gör att delsummor kan skilja."),
        )
    )
    reserve = line_rows(result, "reserve", RESERVE_LABELS)
    if reserve:
        blocks.append(
            TableBlock(
                title=_("Reserver vid årets slut"),
                subtitle=prices(result),
                columns=year_columns(result, _("Reserv")),
                rows=tuple(reserve),
            )
        )
    blocks += _deficits(result)
    law = law_table(result)
    if law:
        blocks.append(law)
    return Section(0, _("Balanskravet"), tuple(lead), tuple(blocks), "balanskravet")


def _deficits(result: Result) -> list[Block]:
    deficits = result.get("deficits") or []
    if not deficits:
        return [
            Paragraphs(
                (Text(_("Det finns inget underskott att återställa.")),),
                _("Underskott att återställa"),
            )
        ]
    rows = []
    texts = []
    money = currency(result)
    for item in deficits:
        restored = item.get("restored") or []
        before = item.get("restored_before") or 0.0
        told = [f"{r['year']}: {mkr(r['amount'])}" for r in restored]
        if before > figures.TRIFLE:
            told.insert(0, _("{kr} före planen").format(kr=mkr(before)))
        done = ", ".join(told)
        rows.append(
            Row(
                str(item["year"]),
                (
                    Cell(mkr(item["amount"]), item["amount"]),
                    Cell(str(item.get("due_year") or missing()), item.get("due_year")),
                    Cell(done or missing(), done or None),
                    Cell(mkr(item.get("exempted")), item.get("exempted")),
                    Cell(mkr(item.get("left")), item.get("left")),
                ),
            )
        )
        left = item.get("left") or 0.0
        if left <= figures.TRIFLE and restored:
            texts.append(
                _(
                    "Underskottet från {y} är återställt {y2}, genom överskott {ys}."
                ).format(
                    y=item["year"],
                    y2=max(r["year"] for r in restored),
                    ys=years_text(r["year"] for r in restored),
                )
            )
        elif left <= figures.TRIFLE and before > figures.TRIFLE:
            texts.append(
                _(
                    "Underskottet från {y} var återställt före planens första år."
                ).format(y=item["year"])
            )
        elif left > figures.TRIFLE:
            texts.append(
                _("Av underskottet från {y} är {kr} kvar att återställa {end}.").format(
                    y=item["year"], kr=money_text(left, money), end=result["years"][-1]
                )
            )
        if (item.get("exempted") or 0.0) > figures.TRIFLE:
            texts.append(_exempted_text(result, item))
    table = TableBlock(
        title=_("Underskott att återställa"),
        subtitle=prices(result),
        columns=(
            Column(_("Uppkom"), "left"),
            Column(_("Underskott")),
            Column(_("Senast")),
            Column(_("Återställt, år och belopp"), "left"),
            Column(_("Behöver inte återställas")),
            Column(_("Kvar")),
        ),
        rows=tuple(rows),
    )
    return [table, Paragraphs(tuple(Text(t) for t in texts))] if texts else [table]


def _exempted_text(result: Result, item: Mapping[str, Any]) -> str:
    """Say that a deficit counts as exempted; a decision only where one is a fact."""
    quality = normal_quality(item.get("quality")) or figures.worst_quality(
        result, "underskott_in"
    )
    text = (
        _(
            "Fullmäktige har beslutat att {kr} av underskottet {y} inte behöver återställas (synnerliga skäl)."
        )
        if quality == "uppgift"
        else _(
            "Antagande: {kr} av underskottet {y} räknas som undantaget (synnerliga skäl). Underlaget visar inget beslut."
        )
    )
    return text.format(
        kr=money_text(item["exempted"], currency(result)), y=item["year"]
    )


# ---------------------------------------------------------------- 5 why


def why_section(result: Result) -> Section:
    """Every project with its answer, its reasons and what the other answer would cost."""
    reasons = {r["project_id"]: r for r in result.get("reasons") or []}
    projects = result.get("projects", [])
    lead = [
        Text(
            _("Här står varje projekt, om det ingår och varför.")
            if projects
            else _("Inga projekt är inlagda.")
        )
    ]
    if reasons:
        lead.append(
            Text(
                _(
                    "Nyttopoäng är betygen sammanvägda, mindre ju senare projektet blir klart."
                )
            )
        )
    elif projects:
        lead.append(Text(_("Skälen är inte uträknade i den här körningen.")))
    blocks: list[Block] = []
    note = illustration_text(result)
    if note and projects:
        blocks.append(
            Callout(
                (
                    Text(
                        _(
                            "Svaren visar hur planen räknas, inte vad kommunen tycker. Med andra betyg eller vikter kan de bli andra."
                        ),
                        note,
                    ),
                ),
                "warn",
            )
        )
    chosen = sorted(
        (p for p in projects if p["chosen"]),
        key=lambda p: (p["start_year"], p["name"], p["project_id"]),
    )
    left_out = sorted(
        (p for p in projects if not p["chosen"]),
        key=lambda p: (-(p.get("outlay_fixed_tkr") or 0.0), p["name"], p["project_id"]),
    )
    unit = _("Utgift i {unit}, {y} års priser.").format(
        unit=unit_mkr(currency(result)), y=result["meta"]["base_year"]
    )
    for group, title, order in (
        (
            chosen,
            plural("{n} projekt ingår", "{n} projekt ingår", len(chosen)),
            _("Ordnade efter startår."),
        ),
        (
            left_out,
            plural("{n} projekt ingår inte", "{n} projekt ingår inte", len(left_out)),
            _("Ordnade efter utgift, den största först."),
        ),
    ):
        if group:
            blocks.append(
                ProjectCards(
                    title.format(n=number(len(group))),
                    f"{order} {unit}",
                    unit_mkr(currency(result)),
                    tuple(
                        project_card(result, p, reasons.get(p["project_id"]))
                        for p in group
                    ),
                    note,
                )
            )
    return Section(0, _("Varför"), tuple(lead), tuple(blocks), "varfor")


def project_card(
    result: Result, project: Mapping[str, Any], reason: Mapping[str, Any] | None
) -> ProjectCard:
    """Return one project with its answer and its reasons."""
    place = " · ".join(
        str(x) for x in (project.get("committee"), project.get("area_name")) if x
    )
    tags = []
    if project.get("must_do"):
        tags.append(_("Tvingande"))
    if project.get("financing") in ("taxa", "exploatering"):
        tags.append(first_upper(FINANCING_LABELS[project["financing"]]))
    if project.get("driver"):
        driver = str(project["driver"])
        tags.append(first_upper(DRIVER_LABELS.get(driver, driver)))
    if project.get("nira"):
        tags.append(first_upper(nira_text(project["nira"])))
    gate = str(project.get("gate") or "")
    if gate in GATE_LABELS:
        tags.append(f"{gate} {GATE_LABELS[gate]}")
    outlay = project.get("outlay_fixed_tkr")
    texts = tuple(reason.get("text") or ()) if reason else ()
    return ProjectCard(
        project_id=str(project["project_id"]),
        name=str(project["name"]),
        place=place,
        chosen=bool(project["chosen"]),
        answer=_("Ingår") if project["chosen"] else _("Ingår inte"),
        amount=mkr(outlay),
        amount_tkr=outlay,
        alternative=str(
            project.get("alternative_name") or project.get("alternative_id") or ""
        ),
        start_year=project.get("start_year"),
        in_use_year=project.get("in_use_year"),
        tags=tuple(tags),
        description=str(project.get("description") or ""),
        reasons=texts,
        force=_force_text(result, project, reason, texts),
        beside=tuple(
            sentence
            for sentence in (
                project_sentence(result, str(project["project_id"])),
                window_sentence(result, str(project["project_id"])),
            )
            if sentence
        ),
        source=str(project.get("source") or ""),
        quality=figures.outlay_quality(project),
        illustration=bool(result.get("meta", {}).get("illustration")),
        figure=outlay_figure(project),
    )


def _points(x: float) -> str:
    return number(x, 0 if abs(x) >= 10 else 1)


def _force_text(
    result: Result,
    project: Mapping[str, Any],
    reason: Mapping[str, Any] | None,
    texts: Sequence[str],
) -> str:
    """Say what the other answer would cost, exactly or between bounds."""
    force = (reason or {}).get("force")
    if not force or any(_("nyttopoäng") in text for text in texts):
        return ""
    if force.get("impossible"):
        return (
            ""
            if texts
            else _("Utan projektet går kraven inte ihop.")
            if project["chosen"]
            else _("Projektet går inte att ta in, vad som än väljs bort.")
        )
    low, high = force.get("loss_low"), force.get("loss_high")
    if high is None and (low is None or low <= 0):
        return ""
    value = (result.get("value") or {}).get("total")
    start = _("Tas projektet bort") if project["chosen"] else _("Tas projektet in ändå")
    if low is None:
        return _("{start}, minskar planens nytta med högst {a} nyttopoäng.").format(
            start=start, a=_points(high)
        )
    if high is None:
        return _("{start}, minskar planens nytta med minst {a} nyttopoäng.").format(
            start=start, a=_points(low)
        )
    if _points(low) == _points(high):
        share = f" ({share_text(high / value)})" if value else ""
        return _("{start}, minskar planens nytta med {a} nyttopoäng{share}.").format(
            start=start, a=_points(high), share=share
        )
    return _(
        "{start}, minskar planens nytta med mellan {a} och {b} nyttopoäng."
    ).format(start=start, a=_points(low), b=_points(high))


# ---------------------------------------------------------------- 6 what it rests on


def basis_section(result: Result) -> Section:
    """What is proven, what is assumed, and what happens at the municipality's own pace."""
    lead = [Text(gap_sentence(result["status"]))]
    note = illustration_text(result)
    if note:
        lead.append(
            Text(
                _("Det gäller för de betyg och vikter som är inlagda. {note}").format(
                    note=note
                )
            )
        )
    blocks: list[Block] = []
    if not has_probabilities(result):
        blocks.append(
            Callout(
                (
                    Text(
                        _(
                            "Planen är en enda beräkning med det underlag som är inlagt. Andra priser, räntor eller invånarantal ger andra siffror."
                        ),
                        _("Sannolikheter är inte beräknade i den här körningen."),
                    ),
                )
            )
        )
    blocks += _own_pace(result)
    blocks += _assumptions(result)
    blocks += _sources(result)
    blocks += _issues(result)
    return Section(
        0, _("Vad planen vilar på"), tuple(lead), tuple(blocks), "hur-sakert"
    )


def _own_pace(result: Result) -> list[Block]:
    run = result.get("completion")
    if not run:
        return []
    money = currency(result)
    texts = [
        _(
            "Räknat med genomförandegraden {pct} flyttas {kr} av utgifterna till senare år."
        ).format(
            pct=share_text(run.get("rate")), kr=money_text(run.get("moved_tkr"), money)
        ),
        _(
            "I den beräkningen tas projekten ändå i bruk som planerat; bara utgifterna kommer senare."
        ),
    ]
    worse, better = [], []
    plan = {g["goal_id"]: g for g in result.get("goals", [])}
    for goal in run.get("goals") or []:
        before = plan.get(goal["goal_id"])
        if before is None:
            continue
        held = not any(m is False for m in before["met"])
        holds = not any(m is False for m in goal["met"])
        if held and not holds:
            worse.append(str(before["name"]))
        if holds and not held:
            better.append(str(before["name"]))
    if worse:
        texts.append(
            _("I den takten nås inte längre: {gs}.").format(gs=names_text(worse))
        )
    if better:
        texts.append(_("I den takten nås också: {gs}.").format(gs=names_text(better)))
    if not worse and not better and plan:
        texts.append(_("Samma mål nås som i planen."))
    blocks: list[Block] = [
        Paragraphs(tuple(Text(t) for t in texts), _("I kommunens egen takt"))
    ]
    return blocks + _chart(figures.own_pace(result))


def _assumptions(result: Result) -> list[Block]:
    quality = result.get("quality") or {}
    counts = quality.get("inputs") or {}
    blocks: list[Block] = []
    if counts:
        parts = [
            (n, counts.get(key, 0))
            for key, n in (
                ("uppgift", _("Uppgift: publicerad siffra")),
                ("berakning", _("Beräkning: uträknad ur andra siffror")),
                ("antagande", _("Antagande: uppskattad av någon")),
                ("none", _("Kvalitet är inte angiven")),
            )
        ]
        whole = sum(n for _label, n in parts) or 1
        marks: tuple[Quality, ...] = ("uppgift", "berakning", "antagande", "")
        blocks.append(
            TableBlock(
                title=_("Vad underlaget består av"),
                subtitle=_("Antal rader i underlaget"),
                columns=(
                    Column(_("Kvalitet"), "left"),
                    Column(_("Antal")),
                    Column(_("Andel")),
                ),
                rows=tuple(
                    Row(
                        label,
                        (
                            Cell(number(n), n),
                            Cell(whole_percent(n / whole), n / whole),
                        ),
                        quality=mark,
                    )
                    for (label, n), mark in zip(parts, marks, strict=True)
                ),
                note=_(
                    "En uträknad siffra är aldrig säkrare än det sämsta den bygger på."
                ),
            )
        )
    table = assumptions_table(result)
    return [*blocks, table] if table else blocks


def _sources(result: Result) -> list[Block]:
    rows = [
        Row(
            str(p["name"]),
            (
                Cell(
                    QUALITY_LABELS.get(normal_quality(p.get("quality")), missing()),
                    normal_quality(p.get("quality")) or None,
                    normal_quality(p.get("quality")),
                ),
                Cell(str(p.get("source") or _("uppgift saknas")), p.get("source")),
            ),
        )
        for p in sorted(result.get("projects", []), key=lambda p: str(p["project_id"]))
        if p.get("source")
    ]
    if not rows:
        return []
    return [
        TableBlock(
            title=_("Källor till projekten"),
            subtitle=_("Som de står i underlaget"),
            columns=(
                Column(_("Projekt"), "left"),
                Column(_("Kvalitet"), "left"),
                Column(_("Källa"), "left"),
            ),
            rows=tuple(rows),
            folded=True,
        )
    ]


def _issues(result: Result) -> list[Block]:
    issues = [i for i in result.get("issues") or [] if i.get("severity") != "note"]
    if not issues:
        return []
    rows = tuple(
        Row(
            sheet_name(str(i.get("table") or "")),
            (
                Cell(str(i.get("row") or missing()), i.get("row")),
                Cell(
                    first_upper(SEVERITY_LABELS.get(str(i["severity"]), "")),
                    str(i["severity"]),
                ),
                Cell(str(i.get("message") or ""), str(i.get("message") or "")),
                Cell(str(i.get("remedy") or ""), str(i.get("remedy") or "")),
            ),
        )
        for i in issues[:_SHOWN_ISSUES]
    )
    return [
        TableBlock(
            title=plural(
                "{n} varning när underlaget kontrollerades",
                "{n} varningar när underlaget kontrollerades",
                len(issues),
            ).format(n=number(len(issues))),
            subtitle=_("Planen är räknad ändå"),
            columns=(
                Column(_("Blad"), "left"),
                Column(_("Rad")),
                Column(_("Slag"), "left"),
                Column(_("Vad"), "left"),
                Column(_("Åtgärd"), "left"),
            ),
            rows=rows,
            note=_("Här visas de {n} första.").format(n=_SHOWN_ISSUES)
            if len(issues) > _SHOWN_ISSUES
            else "",
            folded=True,
        )
    ]


# ---------------------------------------------------------------- 7 check it yourself


def check_section(result: Result) -> Section:
    """How anyone can recompute the plan, and what the words mean."""
    meta = result.get("meta", {})
    blocks: list[Block] = [
        Command(
            _(
                "Kommandot räknar om varje siffra från underlaget, utan planens lösare. Byt MAPP mot mappen där filerna ligger."
            ),
            "rodtrad verify MAPP",
        ),
        Definitions(
            _("Orden i rapporten"),
            (
                Definition(_("Uppgift"), _("publicerad siffra")),
                Definition(
                    _("Beräkning"), _("siffra som är uträknad ur andra siffror")
                ),
                Definition(_("Antagande"), _("siffra som någon har uppskattat")),
                Definition(
                    _("Utgift och kostnad"),
                    _(
                        "utgift är pengar som betalas för en investering; kostnad är det som belastar ett års resultat"
                    ),
                ),
                Definition(
                    _("Skatter och bidrag"),
                    _("skatteintäkter plus generella statsbidrag och utjämning"),
                ),
                Definition(
                    _("Löpande priser"),
                    _("belopp i det årets penningvärde, med prisökningar inräknade"),
                ),
                Definition(
                    _("Förnyelse, anpassning, nytt"),
                    _(
                        "ersätter något slitet; krävs av nya regler, klimatet eller ändrad verksamhet; ger mer än i dag"
                    ),
                ),
                Definition(
                    _("Nyttopoäng"),
                    _("betygen sammanvägda, mindre ju senare projektet blir klart"),
                ),
                Definition(
                    _("Måste hållas och bör nås"),
                    _(
                        "planen får inte bryta det första; det andra försöker den nå och visar vad som fattas"
                    ),
                ),
            ),
        ),
    ]
    lead = [
        Text(
            _(
                "Allt som behövs för att räkna om planen ligger i samma mapp som rapporten."
            )
        )
    ]
    if meta.get("input_sha256"):
        lead.append(
            Text(_("Underlagets kontrollsumma är {s}.").format(s=meta["input_sha256"]))
        )
    return Section(0, _("Kontrollera själv"), tuple(lead), tuple(blocks), "kontrollera")


# In the order of the argument; one that has nothing to say is None.
SECTIONS: Final[tuple[Callable[[Result], Section | None], ...]] = (
    needs_section,
    forecast_section,
    room_section,
    plan_section,
    balanskrav_section,
    uncertainty_section,
    agreement_section,
    why_section,
    choices_section,
    basis_section,
    check_section,
)

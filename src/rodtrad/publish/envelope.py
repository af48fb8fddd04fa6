"""What is said about the outcome of an envelope? One `Report`, and a few lines of text.

Takes envelope.json as a dict and nothing else. Leaves out the arithmetic (dialogue) and
how a page looks (document_html).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rodtrad.domain.words import (
    _,
    currency_word,
    missing,
    names_text,
    number,
    plural,
    share_text,
)
from rodtrad.publish.blocks import (
    Callout,
    Cell,
    Column,
    Command,
    KeyFigure,
    KeyFigures,
    Paragraphs,
    Report,
    Row,
    Section,
    StatusLine,
    TableBlock,
    Text,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

Result = dict[str, Any]
_AT_HOME = ("", "sverige", "sweden")


def build_envelope_report(result: Result) -> Report:
    """Return the report of an outcome; `result` is envelope.json as a dict."""
    sections = [_chosen(result), _waiting(result)]
    if result["rule"] == "equal_shares":
        sections += [_compared(result), _checked(result)]
    numbered = [
        Section(n, s.title, s.lead, s.blocks, f"del-{n}")
        for n, s in enumerate(sections, 1)
    ]
    return Report(
        title=_("Vad medborgarbudgeten räcker till"),
        kicker=_kicker(result),
        lede=tuple(Text(sentence) for sentence in front_sentences(result)),
        notice=(),
        status=_status(result),
        key_figures=_key_figures(result),
        sections=tuple(numbered),
        meta={
            _("Regel"): rule_words(result),
            _("Valsedlarnas kontrollsumma"): result["ballots_sha256"],
        },
    )


def render_envelope(result: Result) -> str:
    """Return the outcome as lines for the terminal."""
    lines = [result["name"], "", *front_sentences(result), ""]
    lines.append(
        _("Förslag som får pengar, i ordning ({unit}):").format(unit=_unit(result))
    )
    for one in _elected(result):
        cost = number(one["cost_ore"] / 100)
        votes = plural("{n} röst", "{n} röster", one["votes"])
        told = votes.format(n=number(one["votes"]))
        lines.append(f"  {one['order']:>3}. {one['name']} – {cost} ({told})")
    return "\n".join([*lines, ""])


def front_sentences(result: Result) -> list[str]:
    """Return what happened, in two to four sentences."""
    chosen = len(result["elected"])
    found = [
        plural(
            "{n} förslag får pengar: {spent} av {sum}.",
            "{n} förslag får pengar: {spent} av {sum}.",
            chosen,
        ).format(
            n=number(chosen),
            spent=number(result["spent_ore"] / 100),
            sum=_money(result, result["sum_ore"]),
        ),
        _("{n} av {all} valsedlar har minst ett förslag som kom med.").format(
            n=number(result["reached"]["elected"]), all=number(result["ballots"])
        ),
    ]
    return found + _stop_sentences(result)


def rule_words(result: Result) -> str:
    """Return the name of the rule and how the rest of the sum is used."""
    if result["rule"] == "greedy":
        return _("flest röster först")
    return {
        "none": _("lika delar"),
        "add1": _("lika delar, med påfyllnad"),
        "add1_greedy": _("lika delar, med påfyllnad och sedan flest röster först"),
    }[result["completion"]]


# ---------------------------------------------------------------- words


def _kicker(result: Result) -> str:
    name, place = str(result["name"]), str(result["place"])
    return name if place.casefold() in name.casefold() else f"{name} · {place}"


def _unit(result: Result) -> str:
    if result["currency"]:
        return str(result["currency"])
    home = result["country"].casefold() in _AT_HOME
    return "kr" if home else _("i filens valuta")


def _money(result: Result, ore: float) -> str:
    """Return an amount in whole units with the name of the currency."""
    return f"{number(ore / 100)} {currency_word(_unit(result))}"


def _kr(text: str) -> str:
    return number(float(text), 2)


def _stop_sentences(result: Result) -> list[str]:
    stopped, left = result["stopped"], result["sum_ore"] - result["spent_ore"]
    found = []
    if result["added_kr"]:
        found.append(
            _(
                "Varje valsedel fick först en lika stor del av summan, och sedan {kr} "
                "till, så att mer av summan kom till användning."
            ).format(kr=_money(result, 100 * result["added_kr"]))
        )
    if stopped == "exhausted":
        found.append(
            _("Inget fler av förslagen som fått röster ryms i det som är kvar.")
        )
    elif stopped == "overspent":
        found.append(
            _("Med ännu mer till varje valsedel hade förslagen kostat mer än summan.")
        )
    if left:
        found.append(_("Kvar är {kr}.").format(kr=_money(result, left)))
    return found


def _status(result: Result) -> StatusLine:
    if result["rule"] == "greedy":
        return StatusLine(
            _("Flest röster först."),
            _("Ingen vägning mellan grupper görs."),
            None,
            True,
        )
    return StatusLine(
        _("Räknat exakt."),
        _("Varje valsedel har ett kvitto, och vem som helst kan räkna om resultatet."),
        None,
        True,
    )


def _key_figures(result: Result) -> KeyFigures:
    unit = _unit(result)
    spent, whole = result["spent_ore"], result["sum_ore"]
    ballots = max(result["ballots"], 1)
    return KeyFigures(
        (
            KeyFigure(
                _("Delas ut"),
                number(spent / 100),
                unit,
                _("{pct} av summan").format(pct=share_text(spent / whole)),
                spent / 100,
            ),
            KeyFigure(
                _("Förslag som får pengar"),
                number(len(result["elected"])),
                "",
                _("av {n}").format(n=number(len(result["proposals"]))),
                len(result["elected"]),
            ),
            KeyFigure(
                _("Valsedlar"),
                number(result["ballots"]),
                "",
                rule_words(result),
                result["ballots"],
            ),
            KeyFigure(
                _("Har ett förslag med"),
                share_text(result["reached"]["elected"] / ballots),
                "",
                _("av valsedlarna"),
                result["reached"]["elected"] / ballots,
            ),
        )
    )


# ---------------------------------------------------------------- sections


def _elected(result: Result) -> list[dict[str, Any]]:
    chosen = [p for p in result["proposals"] if p["order"] is not None]
    return sorted(chosen, key=lambda p: p["order"])


def _chosen(result: Result) -> Section:
    shared = result["rule"] == "equal_shares"
    columns = [Column(_("Förslag"), "left"), Column(_("Kostar")), Column(_("Röster"))]
    if result["kind"] != "approval":
        columns.append(Column(_("Poäng")))
    if shared:
        columns += [Column(_("Betalar")), Column(_("Högst per valsedel"))]
    paid = {p["proposal_id"]: p for p in result["purchases"]}
    rows = []
    for one in _elected(result):
        cells = _basic_cells(result, one)
        if shared:
            purchase = paid.get(one["proposal_id"])
            cells += (
                [
                    Cell(number(purchase["payers"]), purchase["payers"]),
                    Cell(
                        _kr(purchase["largest_payment_kr"]),
                        float(purchase["largest_payment_kr"]),
                    ),
                ]
                if purchase
                else [Cell(missing()), Cell(missing())]
            )
        rows.append(Row(f"{one['order']}. {one['name']}", tuple(cells)))
    lead = _chosen_lead(result)
    note = _chosen_note(result)
    table = TableBlock(
        _("Förslag som får pengar"),
        _("I den ordning de valdes. Belopp: {unit}.").format(unit=_unit(result)),
        tuple(columns),
        tuple(rows),
        note,
    )
    blocks = (
        (table,) if rows else (Paragraphs((Text(_("Inget förslag fick pengar.")),)),)
    )
    return Section(1, _("Detta får pengar"), (Text(lead),), blocks)


def _chosen_lead(result: Result) -> str:
    if result["rule"] == "greedy":
        return _("Förslagen tas i ordning efter röster. De som inte ryms hoppas över.")
    if result["kind"] == "approval":
        return _(
            "Varje gång får det förslag pengar som ger sina väljare mest för varje "
            "krona. De delar kostnaden lika, eller ger allt de har kvar."
        )
    return _(
        "Varje gång får det förslag pengar som ger sina väljare mest för varje krona. De "
        "delar kostnaden efter sina poäng, eller ger allt de har kvar."
    )


def _chosen_note(result: Result) -> str:
    if not result["filled"]:
        return ""
    names = {p["proposal_id"]: p["name"] for p in result["proposals"]}
    return _(
        "{ps} betalas av det som var kvar av summan, i ordning efter röster, och inte "
        "av någons del."
    ).format(ps=names_text([names[key] for key in result["filled"]]))


def _basic_cells(result: Result, one: dict[str, Any]) -> list[Cell]:
    cost = one["cost_ore"] / 100
    cells = [Cell(number(cost), cost), Cell(number(one["votes"]), one["votes"])]
    if result["kind"] != "approval":
        cells.append(Cell(number(one["points"]), one["points"]))
    return cells


def _waiting(result: Result) -> Section:
    shared = result["rule"] == "equal_shares"
    rest = [p for p in result["proposals"] if p["order"] is None]
    rest.sort(key=lambda p: (-p["points"], p["proposal_id"]))
    columns = [Column(_("Förslag"), "left"), Column(_("Kostar")), Column(_("Röster"))]
    if result["kind"] != "approval":
        columns.append(Column(_("Poäng")))
    if shared:
        columns += [Column(_("Väljarna har kvar")), Column(_("Saknas"))]
    rows = []
    for one in rest:
        cells = _basic_cells(result, one)
        if shared:
            left = float(one["support_left_kr"])
            lacking = one["cost_ore"] / 100 - left
            cells += [Cell(number(left), left), Cell(number(lacking), lacking)]
        rows.append(Row(one["name"], tuple(cells)))
    lead = (
        _(
            "De som röstade på ett förslag betalar det tillsammans. Här räckte inte det "
            "de hade kvar när det andra var betalat."
        )
        if shared
        else _("Förslagen ryms inte i det som var kvar när turen kom till dem.")
        if all(one["points"] for one in rest)
        # one that nobody voted for might have fitted
        else _("Förslagen tas i ordning efter röster. De som inte ryms hoppas över.")
    )
    table = TableBlock(
        _("Förslag som inte får pengar"),
        _("Flest röster först. Belopp: {unit}.").format(unit=_unit(result)),
        tuple(columns),
        tuple(rows),
    )
    blocks = (
        (table,) if rows else (Paragraphs((Text(_("Alla förslag fick pengar.")),)),)
    )
    return Section(2, _("Detta får inte pengar"), (Text(lead),) if rows else (), blocks)


def _compared(result: Result) -> Section:
    names = {p["proposal_id"]: p["name"] for p in result["proposals"]}
    ours, theirs = set(result["elected"]), set(result["greedy"])
    lead = _(
        "Det vanliga sättet är att ta förslagen med flest röster tills pengarna är slut. "
        "Då har {m} av {all} valsedlar minst ett förslag med, mot {n} här."
    ).format(
        m=number(result["reached"]["greedy"]),
        n=number(result["reached"]["elected"]),
        all=number(result["ballots"]),
    )
    texts = []
    for keys, words in (
        (ours - theirs, _("Bara med lika delar: {ps}.")),
        (theirs - ours, _("Bara med flest röster först: {ps}.")),
    ):
        if keys:
            texts.append(words.format(ps=_all_names([names[k] for k in sorted(keys)])))
    if not texts:
        texts.append(_("Båda sätten ger samma förslag."))
    block = Paragraphs(tuple(Text(text) for text in texts))
    return Section(3, _("Med flest röster först"), (Text(lead),), (block,))


def _all_names(names: Sequence[str]) -> str:
    return "; ".join(names)


def _checked(result: Result) -> Section:
    start = result["sum_ore"] / max(result["ballots"], 1) / 100 + result["added_kr"]
    lead = _(
        "Varje valsedel hade {kr} {unit} att betala med. I receipts.csv står vad den "
        "betalade för vad och vad som blev kvar, under valsedelns nummer och utan namn."
    ).format(kr=number(start, 2), unit=currency_word(_unit(result)))
    blocks = (
        Callout(
            (
                Text(
                    _(
                        "Belopp i kvittona är avrundade till ören. Det exakta priset står "
                        "som bråk i envelope.json, och kontrollen räknar med bråken."
                    )
                ),
            )
        ),
        Command(
            _("Räkna om allt från valsedlarna, i mappen där filerna ligger:"),
            "rodtrad envelope ballots.pb --verify .",
        ),
    )
    return Section(4, _("Så kan du kontrollera"), (Text(lead),), blocks)

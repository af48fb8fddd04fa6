"""What do the viewpoints agree on? The agreement map as a chapter, a picture and words.

Reads `agreement` and `agreement_basis` of plan.json. The picture is about the viewpoints
by themselves, each at its middle weights, and about whether a project is in at all; the
other trials (every weight that a viewpoint allows, and a start within the mandate
period) stand in the table. A project that is not proven any way is called open, never
anything else. Leaves out how the picture is drawn (svg_agreement).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from rodtrad.domain.words import (
    _,
    amount_mkr,
    count_text,
    list_text,
    missing,
    mkr,
    names_text,
    number,
    plural,
    quoted,
    share_table,
    unit_mkr,
)
from rodtrad.publish.blocks import (
    Block,
    Cell,
    ChartBlock,
    Column,
    Figure,
    Paragraphs,
    Quality,
    Row,
    Section,
    StanceRow,
    StripGroup,
    TableBlock,
    Text,
)
from rodtrad.publish.trails import outlay_figure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Result = dict[str, Any]
Label = Literal["alla", "ingen", "omtvistad", "oppen"]
Trial = tuple[str, str]

# Scope and event of the trials; the first is the one the picture shows.
MAIN: Final[Trial] = ("viewpoints", "in_plan")
REGION: Final[Trial] = ("region", "in_plan")
MANDATE: Final[Trial] = ("viewpoints", "in_mandate")
MANDATE_REGION: Final[Trial] = ("region", "in_mandate")
# What is worth debating stands first.
ORDER: Final[tuple[Label, ...]] = ("omtvistad", "alla", "ingen", "oppen")
# More disputed projects than this are no picture any more; the table has them all.
SHOWN_DISPUTED: Final = 12
# So many criteria are named with their weights; a share below `_WEIGHT` is no weight.
_SHOWN_WEIGHTS: Final = 3
_WEIGHT: Final = 0.005
_SAME: Final = 1e-9
_LONG_TABLE: Final = 12


@dataclass(frozen=True)
class Answer:
    """One project in the map: its row of the result in each trial."""

    project: Mapping[str, Any]
    rows: Mapping[Trial, Mapping[str, Any]]

    @property
    def name(self) -> str:
        """The project's name."""
        return str(self.project["name"])

    @property
    def outlay_tkr(self) -> float | None:
        """The outlay in the base year's prices, tkr."""
        found = self.project.get("outlay_fixed_tkr")
        return None if found is None else float(found)

    def label(self, trial: Trial) -> Label:
        """The label in a trial; one that was not made is open."""
        found: Label = self.rows[trial]["label"] if trial in self.rows else "oppen"
        return found

    @property
    def group(self) -> Label:
        """The label of the picture.

        That of the viewpoints; but one that is proven to depend on weights that they
        allow is disputed, whatever holds at their middles.
        """
        return "omtvistad" if self.label(REGION) == "omtvistad" else self.label(MAIN)

    @property
    def disputed(self) -> Trial | None:
        """The trial that proves a project of the picture disputed; None for others."""
        if self.group != "omtvistad":
            return None
        return MAIN if self.label(MAIN) == "omtvistad" else REGION


def answers(result: Mapping[str, Any]) -> list[Answer]:
    """Return every project with its labels: the disputed first, then in, out and open.

    Within a label the largest outlay stands first. Empty when there is no map.
    """
    found: dict[str, dict[Trial, Mapping[str, Any]]] = {}
    for row in result.get("agreement") or []:
        found.setdefault(row["project_id"], {})[row["scope"], row["event"]] = row
    projects = {p["project_id"]: p for p in result.get("projects", [])}
    told = [
        Answer(projects[key], rows) for key, rows in found.items() if key in projects
    ]
    return sorted(
        told,
        key=lambda a: (
            ORDER.index(a.group),
            a.disputed == REGION,
            -(a.outlay_tkr or 0.0),
            str(a.project["project_id"]),
        ),
    )


def viewpoints(result: Mapping[str, Any]) -> list[str]:
    """Return the names of the viewpoints, in the order of the underlag."""
    basis = result.get("agreement_basis") or {}
    return [str(v["viewpoint"]) for v in basis.get("viewpoints") or []]


def stance_text(stance: str) -> str:
    """Return what is proven of a project at one viewpoint, in words."""
    return {"in": _("ingår"), "out": _("ingår inte")}.get(stance, _("inte avgjort"))


def label_text(label: Label, trial: Trial) -> str:
    """Return a label in the words that its trial bears: never more than was proven."""
    scope, event = trial
    texts = {
        "viewpoints": {
            "alla": _("ingår, oavsett synsätt"),
            "ingen": _("ingår inte, oavsett synsätt"),
            "omtvistad": _("beror på synsättet"),
        },
        "region": {
            "alla": _("ingår, oavsett vikter"),
            "ingen": _("ingår inte, oavsett vikter"),
            "omtvistad": _("beror på vikterna"),
        },
    }
    starts = {
        "alla": _("startar då"),
        "ingen": _("startar inte då"),
        "omtvistad": texts[scope]["omtvistad"],
    }
    return (texts[scope] if event == "in_plan" else starts).get(
        label, _("ännu inte avgjort")
    )


# ---------------------------------------------------------------- sentences


def sum_sentences(result: Mapping[str, Any]) -> list[str]:
    """Return what the map says in a few sentences; empty when there is no map.

    The first says how many are in and out whatever the viewpoint, then come those that
    depend on it, by name where they are few, and how many are open.
    """
    found = answers(result)
    if not found:
        return []
    names = viewpoints(result)
    counts = Counter(a.group for a in found)
    inside, outside = counts["alla"], counts["ingen"]
    if len(names) == 1:
        first = _(
            "Med synsättet {v} är det bevisat att {a} av {n} projekt ingår och att {b} inte ingår."
        ).format(v=quoted(names[0]), a=inside, b=outside, n=len(found))
    else:
        first = _(
            "{a} av {n} projekt ingår, oavsett vilket av de {v} synsätten som gäller. {b} ingår inte i något av dem."
        ).format(
            a=inside,
            n=number(len(found)),
            v=count_text(len(names)),
            b=_counted(outside, start=True),
        )
    sentences = [first]
    disputed = [a for a in found if a.disputed]
    if disputed:
        sentences.append(
            plural(
                "Debatten gäller det projekt som beror på vikterna: {ps}.",
                "Debatten gäller de {n} som beror på vikterna: {ps}.",
                len(disputed),
            ).format(
                n=count_text(len(disputed)), ps=names_text([a.name for a in disputed])
            )
        )
    if not counts["oppen"] and not disputed:
        sentences.append(_("Inget projekt beror på vikterna."))
    return [*sentences, *_open_sentence(counts["oppen"])]


def front_sentences(result: Mapping[str, Any]) -> list[str]:
    """Return what page one says of the map: one sentence and what is left to debate."""
    found = answers(result)
    names = viewpoints(result)
    if not found:
        return []
    if len(names) == 1:
        return sum_sentences(result)[:1]
    counts: Counter[str] = Counter(a.group for a in found)
    agreed = counts["alla"] + counts["ingen"]
    first = _(
        "De {v} synsätten är överens om {k} av {n} projekt: {a} ingår och {b} ingår inte."
    ).format(
        v=count_text(len(names)),
        k=number(agreed),
        n=number(len(found)),
        a=count_text(counts["alla"]),
        b=count_text(counts["ingen"]),
    )
    disputed = [a for a in found if a.disputed]
    if len(disputed) == 1:
        left = [_("Ett beror på vikterna: {p}.").format(p=quoted(disputed[0].name))]
    elif disputed:
        left = [_("{n} beror på vikterna.").format(n=_counted(len(disputed), True))]
    else:
        left = []
    return [first, *left, *_open_sentence(counts["oppen"])]


def _open_sentence(n: int) -> list[str]:
    if not n:
        return []
    text = plural("{n} är ännu inte avgjort.", "{n} är ännu inte avgjorda.", n)
    return [text.format(n=_counted(n, start=True))]


def _counted(n: int, start: bool = False) -> str:
    text = count_text(n)
    return text[:1].upper() + text[1:] if start else text


def region_sentences(result: Mapping[str, Any]) -> list[str]:
    """Return what holds when the weights vary freely within what viewpoints allow."""
    found = [a for a in answers(result) if REGION in a.rows]
    if not found:
        return []
    counts: Counter[str] = Counter(a.label(REGION) for a in found)
    settled = counts["alla"] + counts["ingen"]
    if not settled and not counts["omtvistad"]:
        return [
            _(
                "Vad som gäller för alla vikter som synsätten tillåter hann inte avgöras för något projekt."
            )
        ]
    parts = [
        pattern.format(n=counts[label])
        for label, pattern in (
            ("alla", _("{n} ingår")),
            ("ingen", _("{n} ingår inte")),
            ("omtvistad", _("{n} beror på vikterna")),
            (
                "oppen",
                plural("{n} är inte avgjort", "{n} är inte avgjorda", counts["oppen"]),
            ),
        )
        if counts[label]
    ]
    return [
        _(
            "Ett synsätt tillåter flera vikter. Prövas alla som något synsätt tillåter blir svaret: {list}."
        ).format(list=list_text(parts))
    ]


def mandate_sentences(result: Mapping[str, Any]) -> list[str]:
    """Return how many projects start within the mandate period whatever the viewpoint."""
    found = [a for a in answers(result) if MANDATE in a.rows]
    if not found:
        return []
    end = result["agreement_basis"]["mandate_end"]
    counts = Counter(a.label(MANDATE) for a in found)
    if not counts["alla"] and not counts["ingen"] and not counts["omtvistad"]:
        return []
    text = _(
        "Under mandatperioden, till och med {y}, är det bevisat att {a} projekt startar och att {b} inte gör det, oavsett synsätt."
    ).format(y=end, a=count_text(counts["alla"]), b=count_text(counts["ingen"]))
    rest = counts["omtvistad"]
    if rest:
        text += " " + plural(
            "Om {n} startar då beror på synsättet.",
            "Om {n} startar då beror på synsättet.",
            rest,
        ).format(n=count_text(rest))
    return [text]


def project_sentence(result: Mapping[str, Any], project_id: str) -> str:
    """Return what the map says of one project; empty when it says nothing."""
    found = next(
        (a for a in answers(result) if a.project["project_id"] == project_id), None
    )
    if found is None:
        return ""
    if len(viewpoints(result)) > 1:
        if found.group == "alla":
            return _("Det ingår i varje bästa plan, oavsett synsätt.")
        if found.group == "ingen":
            return _("Det ingår inte i någon bästa plan, oavsett synsätt.")
    if found.disputed is not None:
        return stances_text(result, found)
    return ""


def stances_text(result: Mapping[str, Any], answer: Answer) -> str:
    """Return for whom a disputed project is in, and for whom it is out."""
    if answer.disputed == REGION:
        return _("Det beror på hur vikterna sätts inom synsätten.")
    told: dict[str, list[str]] = {"in": [], "out": [], "oppen": []}
    for name, stance in zip(viewpoints(result), stances(result, answer), strict=True):
        told[stance].append(quoted(name))
    sentences = [
        _("Ingår för {vs}.").format(vs=list_text(told["in"])) if told["in"] else "",
        _("Ingår inte för {vs}.").format(vs=list_text(told["out"]))
        if told["out"]
        else "",
        _("Inte avgjort för {vs}.").format(vs=list_text(told["oppen"]))
        if told["oppen"]
        else "",
    ]
    return " ".join(s for s in sentences if s)


def stances(result: Mapping[str, Any], answer: Answer) -> list[str]:
    """Return what is proven of a project at each viewpoint: in, out or oppen."""
    row = answer.rows.get(MAIN) or {}
    return [
        str(s) for s in row.get("by_viewpoint") or ["oppen"] * len(viewpoints(result))
    ]


# ---------------------------------------------------------------- witnesses


def witness_texts(result: Mapping[str, Any], answer: Answer) -> tuple[str, str] | None:
    """Return the example plans of a disputed project in words: with it, without it.

    Each begins with what it weighs, a viewpoint or weights, and says what else differs.
    None when the result holds no example plans.
    """
    trial = answer.disputed
    row = answer.rows.get(trial) if trial else None
    if row is None or len(row.get("witnesses") or []) < 2:
        return None
    basis = result.get("agreement_basis") or {}
    plans = basis.get("plans") or {}
    with_it, without = (
        {key: start for key, _alternative, start in plans.get(str(w["plan"])) or []}
        for w in row["witnesses"][:2]
    )
    first, second = (_weighing(basis, w["weights"]) for w in row["witnesses"][:2])
    names = {p["project_id"]: str(p["name"]) for p in result.get("projects", [])}
    key = answer.project["project_id"]
    inside = [
        f"{first}.",
        _("Start {y}.").format(y=with_it.get(key, missing())),
        *_also(names, set(with_it) - set(without) - {key}, _("Här ingår också {ps}.")),
    ]
    outside = [
        f"{second}.",
        *_also(names, set(without) - set(with_it), _("Här ingår i stället {ps}.")),
    ]
    return " ".join(inside), " ".join(outside)


def _weighing(basis: Mapping[str, Any], weights: Mapping[str, float]) -> str:
    """Return the viewpoint whose middle weights these are, else the weights."""
    for viewpoint in basis.get("viewpoints") or []:
        own = viewpoint["weights"]
        if all(abs(own[key] - share) <= _SAME for key, share in weights.items()):
            return str(viewpoint["viewpoint"])
    names = basis.get("criteria") or {}
    heavy = sorted(
        ((share, key) for key, share in weights.items() if share >= _WEIGHT),
        key=lambda pair: (-pair[0], pair[1]),
    )
    parts = [
        f"{names.get(key) or key} {share_table(share, 0)}"
        for share, key in heavy[:_SHOWN_WEIGHTS]
    ]
    rest = sum(share for share, _key in heavy[_SHOWN_WEIGHTS:])
    if rest >= _WEIGHT:
        parts.append(_("annat {share}").format(share=share_table(rest, 0)))
    return ", ".join(parts)


def _also(names: Mapping[str, str], keys: set[str], pattern: str) -> list[str]:
    if not keys:
        return []
    return [pattern.format(ps=names_text([names.get(k, k) for k in sorted(keys)]))]


# ---------------------------------------------------------------- the picture


def agreement_map(result: Result) -> Figure | None:
    """Return the picture: the disputed with each viewpoint's answer, then all by price."""
    found = answers(result)
    if not found:
        return None
    base_year = result["meta"]["base_year"]
    money = str(result["meta"].get("currency") or "kr")
    unit = unit_mkr(money)
    title, names = map_title(result), viewpoints(result)
    disputed = [a for a in found if a.disputed]
    shown = disputed[:SHOWN_DISPUTED]
    width = _("Bredden är projektets utgift, {unit} i {y} års priser.")
    if shown:
        width = _(
            "Överst de projekt som beror på vikterna. Nederst är bredden projektets utgift, {unit} i {y} års priser."
        )
    what = [width.format(unit=unit, y=base_year)]
    if len(shown) < len(disputed):
        what.append(
            _("De {n} största visas; tabellen har alla.").format(n=number(len(shown)))
        )
    return Figure(
        kind="agreement",
        title=title,
        unit=" ".join(what),
        alt=_("Karta över vad synsätten är överens om. {title}. {sum}").format(
            title=title, sum=" ".join(sum_sentences(result))
        ),
        table=agreement_table(result),
        labels=tuple(names),
        stances=tuple(
            StanceRow(
                a.name,
                mkr(a.outlay_tkr, 0 if (a.outlay_tkr or 0.0) >= 9_950 else 1),
                tuple(stances(result, a)),
                "" if a.disputed == MAIN else _("beror på vikterna inom synsätten"),
            )
            for a in shown
        ),
        strip=tuple(_strip_group(found, label, money) for label in ORDER),
        peak=unit,
    )


def map_title(result: Result) -> str:
    """Return the finding: how many projects have the same answer for all viewpoints."""
    found = answers(result)
    agreed = sum(a.group in ("alla", "ingen") for a in found)
    if len(viewpoints(result)) == 1:
        title = _("Svaret är bevisat för {k} av {n} projekt")
    elif agreed == len(found):
        title = _("Synsätten är överens om alla {n} projekt")
    else:
        title = _("Synsätten är överens om {k} av {n} projekt")
    return title.format(k=number(agreed), n=number(len(found)))


def trial_heads(end: int) -> list[tuple[Trial, str]]:
    """Return the trials with the headings of their columns.

    Args:
        end: the last budget year of the mandate period.
    """
    return [
        (MAIN, _("Synsätten")),
        (REGION, _("Alla vikter de tillåter")),
        (MANDATE, _("Start senast {y}, synsätten").format(y=end)),
        (MANDATE_REGION, _("Start senast {y}, alla vikter").format(y=end)),
    ]


def group_text(label: Label) -> str:
    """Return a group of the picture in words."""
    return {
        "omtvistad": _("beror på vikterna"),
        "alla": _("ingår, oavsett synsätt"),
        "ingen": _("ingår inte, oavsett synsätt"),
        "oppen": _("ännu inte avgjort"),
    }[label]


def _strip_group(found: Sequence[Answer], label: Label, money: str) -> StripGroup:
    own = [a for a in found if a.group == label]
    whole = sum(a.outlay_tkr or 0.0 for a in own)
    text = group_text(label)
    if label == "oppen" and len(own) != 1:
        text = _("ännu inte avgjorda")
    return StripGroup(
        label,
        f"{number(len(own))} {text}",
        amount_mkr(mkr(whole, 0), money),
        tuple((a.name, max(a.outlay_tkr or 0.0, 0.0) / 1000) for a in own),
    )


def agreement_table(result: Result) -> TableBlock:
    """Return every project in every trial, grouped by the answer of the picture."""
    found = answers(result)
    end = int(result["agreement_basis"]["mandate_end"])
    names = viewpoints(result)
    heads = trial_heads(end)
    rows: list[Row] = []
    for label in ORDER:
        own = [a for a in found if a.group == label]
        if own:
            rows.append(Row(_strip_group(found, label, "kr").text, (), "group"))
        rows += [
            Row(
                a.name,
                (
                    Cell(
                        mkr(a.outlay_tkr), a.outlay_tkr, figure=outlay_figure(a.project)
                    ),
                    *(
                        Cell(
                            label_text(a.label(t), t),
                            a.label(t),
                            mood=_mood(a.label(t)),
                        )
                        for t, _head in heads
                    ),
                    Cell(loss_text(a), loss_text(a)),
                ),
            )
            for a in own
        ]
    note = _(
        "Synsätten prövas med sina mittvikter, mitt i det som deras villkor tillåter. Alla vikter de tillåter är strängare: då ska svaret gälla varje vikt inom något synsätts villkor, utom den yttersta tiotusendelen mot gränsen. Tvärtom kostar är förlusten i nyttopoäng där den är minst."
    )
    return TableBlock(
        title=_("Samsyn, projekt för projekt"),
        subtitle=_("Utgift i {unit}, {y} års priser. {n} synsätt: {vs}.").format(
            unit=unit_mkr(str(result["meta"].get("currency") or "kr")),
            y=result["meta"]["base_year"],
            n=count_text(len(names)).capitalize(),
            vs=list_text(names),
        ),
        columns=(
            Column(_("Projekt"), "left"),
            Column(_("Utgift")),
            *(Column(head, "left") for _t, head in heads),
            Column(_("Tvärtom kostar"), "left"),
        ),
        rows=tuple(rows),
        note=note,
        folded=True,
    )


def _mood(label: Label) -> Literal["normal", "quiet"]:
    return "quiet" if label == "oppen" else "normal"


def _points(x: float) -> str:
    return number(x, 0 if abs(x) >= 10 else 1)


def loss_text(answer: Answer) -> str:
    """Return what the other way costs at least, or at most while it is open."""
    row = answer.rows.get(MAIN) or {}
    label, interval = answer.label(MAIN), row.get("interval")
    if label == "omtvistad":
        return _("olika")
    if label == "oppen":
        high = interval[1] if interval else None
        return (
            _("inte känt") if high is None else _("högst {np}").format(np=_points(high))
        )
    if interval is None:
        return _("går inte")
    low, high = interval
    if high is not None and _points(low) == _points(high):
        return _points(low)
    if _points(low) == _points(0.0):
        return _("mer än 0")
    return _("minst {np}").format(np=_points(low))


# ---------------------------------------------------------------- the chapter


def agreement_section(result: Result) -> Section | None:
    """What holds whatever the viewpoint, what depends on it, and what is not settled."""
    figure = agreement_map(result)
    if figure is None:
        return None
    illustrated = bool(result["meta"].get("illustration"))
    quality: Quality = "antagande" if illustrated else ""
    blocks: list[Block] = [
        ChartBlock(
            figure,
            (
                *(
                    (
                        Text(
                            _("Synsätt och betyg är exempel, inget parti avses."),
                            quality=quality,
                        ),
                    )
                    if illustrated
                    else ()
                ),
                Text(
                    _(
                        "Ingår betyder: projektet finns i varje bästa plan med synsättets vikter."
                    )
                ),
            ),
        )
    ]
    witnesses = witness_table(result)
    if witnesses is not None:
        blocks.append(witnesses)
    blocks += _further_block(result)
    blocks += _open_block(result)
    blocks.append(weights_table(result))
    return Section(
        0,
        _("Samsyn"),
        (
            *(Text(s) for s in sum_sentences(result)),
            Text(_("Ett synsätt är ett sätt att väga kriterierna.")),
        ),
        tuple(blocks),
        "samsyn",
    )


def witness_table(result: Result) -> TableBlock | None:
    """Return the disputed projects with an example plan each way; None without any."""
    rows = []
    for a in answers(result):
        texts = witness_texts(result, a)
        if texts is not None:
            rows.append(Row(a.name, tuple(Cell(text, text) for text in texts)))
    if not rows:
        return None
    return TableBlock(
        title=plural(
            "Det projekt som beror på vikterna, med två exempelplaner",
            "De {n} som beror på vikterna, med två exempelplaner var",
            len(rows),
        ).format(n=count_text(len(rows))),
        subtitle=_(
            "Bästa kända plan för ett synsätt, eller för vikter som ett synsätt tillåter"
        ),
        columns=(
            Column(_("Projekt"), "left"),
            Column(_("Ingår för"), "left"),
            Column(_("Ingår inte för"), "left"),
        ),
        rows=tuple(rows),
        folded=len(rows) > _LONG_TABLE,
    )


def _further_block(result: Result) -> list[Block]:
    texts = [*mandate_sentences(result), *region_sentences(result)]
    proven = _(
        "Svaren ingår och ingår inte är bevisade, och kommandot ”rodtrad verify” prövar bevisen igen. De ändras inte av att beräkningen får längre tid."
    )
    stopped = (result.get("agreement_basis") or {}).get("stopped")
    if stopped == "time":
        proven += " " + _("Tiden tog slut innan alla svar var avgjorda.")
    elif stopped == "work":
        proven += " " + _("Arbetsgränsen nåddes innan alla svar var avgjorda.")
    return [Paragraphs(tuple(Text(t) for t in [*texts, proven]), _("Mer om svaren"))]


def _open_block(result: Result) -> list[Block]:
    """Return the open projects with what the other way can cost at most."""
    found = [a for a in answers(result) if a.group == "oppen"]
    if not found:
        return []
    names = viewpoints(result)
    rows = []
    for a in found:
        row = a.rows.get(MAIN) or {}
        interval = row.get("interval") or [0.0, None]
        leaning = str(row.get("leaning") or "")
        rows.append(
            Row(
                a.name,
                (
                    Cell(
                        mkr(a.outlay_tkr), a.outlay_tkr, figure=outlay_figure(a.project)
                    ),
                    *(Cell(stance_text(s), s) for s in stances(result, a)),
                    Cell(stance_text(leaning), leaning),
                    Cell(
                        _("inte känt")
                        if interval[1] is None
                        else f"0–{_points(interval[1])}",
                        interval[1],
                    ),
                ),
            )
        )
    return [
        TableBlock(
            title=plural(
                "{n} projekt är ännu inte avgjort",
                "{n} projekt är ännu inte avgjorda",
                len(found),
            ).format(n=_counted(len(found), start=True)),
            subtitle=_("Utgift i {unit}. Intervallet är nyttopoäng.").format(
                unit=unit_mkr(str(result["meta"].get("currency") or "kr"))
            ),
            columns=(
                Column(_("Projekt"), "left"),
                Column(_("Utgift")),
                *(Column(name, "left") for name in names),
                Column(_("Lutar åt"), "left"),
                Column(_("Tvärtom kostar")),
            ),
            rows=tuple(rows),
            note=_(
                "Lutar åt är svaret i den bästa plan som är känd för synsättet {v}. Tvärtom kostar är vad det motsatta svaret som mest kostar för det synsätt där det kostar minst."
            ).format(v=quoted(names[0]))
            if names
            else "",
            folded=len(rows) > _LONG_TABLE,
        )
    ]


def weights_table(result: Result) -> TableBlock:
    """Return the middle weights of each viewpoint, a row a criterion."""
    basis = result.get("agreement_basis") or {}
    found = basis.get("viewpoints") or []
    names = basis.get("criteria") or {}
    keys = list(found[0]["weights"]) if found else []
    return TableBlock(
        title=_("Så väger synsätten"),
        subtitle=_("Mitten av de vikter som varje synsätt tillåter"),
        columns=(
            Column(_("Kriterium"), "left"),
            *(Column(str(v["viewpoint"])) for v in found),
        ),
        rows=tuple(
            Row(
                str(names.get(key) or key),
                tuple(
                    Cell(share_table(v["weights"][key], 0), v["weights"][key])
                    for v in found
                ),
            )
            for key in keys
        ),
        folded=True,
    )

"""How do the needs look as lines of text? What `rodtrad needs` prints.

Renewal by class and year, the backlog, places that will lack, past decisions, and the
projects suggested. Returns text and prints nothing. Leaves out the report's own chapter
(needs).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from rodtrad.domain.words import (
    EN_DASH,
    _,
    mkr,
    money_text,
    number,
    plural,
    share_table,
    share_text,
    unit_mkr,
)
from rodtrad.publish.chances import chance_cell

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# With more years than this they are told in spans, so that a line fits a screen.
MOST_COLUMNS: Final = 12
SPAN_YEARS: Final = 5
MOST_CLASSES: Final = 20
MOST_ROWS: Final = 40
# Years shown of need and supply: the first, the last and some between.
SHOWN_YEARS: Final = 5


def render_needs(
    found: Mapping[str, Any] | None,
    rows: Mapping[str, Sequence[Mapping[str, Any]]],
    municipality: str,
    first_year: int,
    currency: str = "kr",
    in_use: frozenset[str] = frozenset(),
) -> str:
    """Return the needs and the suggested projects as text.

    Args:
        found: `need_forecast`; None when no table tells of needs.
        rows: suggested projects, by table.
        municipality: its name.
        first_year: of the plan; places are shown from then on.
        currency: of the underlag.
        in_use: assets that projects of the underlag already concern.
    """
    if found is None:
        return _(
            "Underlaget säger inget om behoven. Fyll i bladen Anläggningar och "
            "Komponenter, eller Befolkning och Verksamheter, och kör igen.\n"
        )
    blocks = [[_("Behoven i {m}").format(m=municipality)]]
    if found["renewal"] is not None:
        blocks.append(_renewal(found["renewal"], currency))
        if found["renewal"]["replacement_cost_tkr"]:
            blocks.append(_backlog(found["backlog"], currency))
    if found["places"] is not None:
        blocks.append(_places(found["places"], first_year))
        if found["places"]["shortages"]:
            blocks.append(_shortages(found["places"]["shortages"]))
    if found["stories"]:
        blocks.append(_stories(found["stories"]))
    if found["notes"]:
        blocks.append([_("Det här bygger siffrorna på"), *_bullets(found["notes"])])
    blocks.append(_suggested(rows, currency, in_use))
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def _bullets(texts: Sequence[str]) -> list[str]:
    return [f"  {EN_DASH} {text}" for text in texts]


def _table(rows: Sequence[Sequence[str]], left: int = 1) -> list[str]:
    """Return rows in columns: the first `left` to the left, the others to the right."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return [
        "  "
        + "  ".join(
            cell.ljust(width) if i < left else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


# ---------------------------------------------------------------- renewal


def _spans(years: Sequence[int]) -> list[tuple[str, slice]]:
    """Return the columns of a table by year: each year, or spans of years."""
    step = 1 if len(years) <= MOST_COLUMNS else SPAN_YEARS
    spans = []
    for first in range(0, len(years), step):
        of = slice(first, min(first + step, len(years)))
        one, last = years[of][0], years[of][-1]
        label = str(one) if one == last else f"{one}{EN_DASH}{last % 100:02d}"
        spans.append((label, of))
    return spans


def _renewal(found: Mapping[str, Any], currency: str) -> list[str]:
    spans = _spans(found["years"])

    def sums(values: Sequence[float]) -> list[str]:
        return [mkr(sum(values[of]), 1) for _label, of in spans]

    shown = found["classes"][:MOST_CLASSES]
    rest = found["classes"][MOST_CLASSES:]
    rows = [[_("Slag"), *(label for label, _of in spans)]]
    for row in shown:
        mark = " *" if row["assumed"] else ""
        rows.append([f"{row['label']}{mark}", *sums(row["expected_tkr"])])
    if rest:
        others = [
            sum(values)
            for values in zip(*(r["expected_tkr"] for r in rest), strict=True)
        ]
        label = plural("{n} slag till", "{n} slag till", len(rest))
        rows.append([label.format(n=len(rest)), *sums(others)])
    total = found["total"]
    rows.append([_("Summa, väntat"), *sums(total["expected"])])
    lines = [
        _("Förnyelse, {unit} i basårets priser").format(unit=unit_mkr(currency)),
        *_table(rows),
    ]
    if all(len(found["years"][of]) == 1 for _label, of in spans):
        lines += _table(
            [
                [_("I åtta fall av tio"), *(label for label, _of in spans)],
                [_("minst"), *sums(total["p10"])],
                [_("högst"), *sums(total["p90"])],
            ]
        )
    if any(row["assumed"] for row in found["classes"]):
        lines.append(
            _("  * Livslängden är ett antagande, inte prövad mot egna utbyten.")
        )
    return [*lines, *(f"  {text}" for text in found["sentences"])]


def _backlog(found: Mapping[str, Any], currency: str) -> list[str]:
    return [
        _("Underhållsskuld: tre mått som aldrig läggs ihop"),
        *_table(
            [
                [
                    one["label"],
                    one["question"],
                    money_text(one["tkr"], currency),
                    share_table(one["share"]),
                ]
                for one in found["measures"]
            ],
            left=2,
        ),
        "  "
        + _("Besiktningarna täcker {p} av återanskaffningsvärdet.").format(
            p=share_text(found["inspected_share"], 0)
        ),
        *(f"  {text}" for text in found["remarks"]),
    ]


# ---------------------------------------------------------------- places


def _some_years(years: Sequence[int], first: int) -> list[int]:
    """Return the places of a few years from `first` on, evenly spread."""
    ahead = [i for i, year in enumerate(years) if year >= first] or [len(years) - 1]
    if len(ahead) <= SHOWN_YEARS:
        return ahead
    step = (len(ahead) - 1) / (SHOWN_YEARS - 1)
    return [ahead[round(i * step)] for i in range(SHOWN_YEARS)]


def _places(found: Mapping[str, Any], first_year: int) -> list[str]:
    whole = found["areas"][-1]["area"]
    years = found["years"]
    rows = [
        [
            _("Verksamhet"),
            _("År"),
            _("Behov"),
            _("I åtta fall av tio"),
            _("Finns"),
            _("Över eller under"),
            _("Sannolikhet för brist"),
        ]
    ]
    for row in found["rows"]:
        if row["area"] != whole:
            continue
        for n, i in enumerate(_some_years(years, first_year)):
            rows.append(
                [
                    row["service"] if n == 0 else "",
                    str(years[i]),
                    number(row["need"][i]),
                    f"{number(row['low'][i])}{EN_DASH}{number(row['high'][i])}",
                    number(row["supply"][i]),
                    number(row["gap"][i]),
                    chance_cell(row["shortage_share"][i]),
                ]
            )
    return [_("Platser, hela kommunen"), *_table(rows)]


def _shortages(found: Sequence[Mapping[str, Any]]) -> list[str]:
    rows = [
        [
            _("Verksamhet"),
            _("Område"),
            _("Saknas från"),
            _("Som mest"),
            _("Senaste beslut"),
            _("Sätt"),
        ]
    ]
    for one in found[:MOST_ROWS]:
        ways = [way for way in one["decide_by"] if not way["passed"]]
        # Too late for every way: the quickest is what is left.
        first = ways[0] if ways else one["decide_by"][-1]
        rows.append(
            [
                one["service"],
                one["area_name"],
                str(one["from_year"]),
                number(one["places"]),
                str(first["year"]) if ways else _("passerat"),
                first["label"] if ways else _("snabbast: {w}").format(w=first["label"]),
            ]
        )
    left = len(found) - MOST_ROWS
    more = [_("  {n} till finns i --json.").format(n=left)] if left > 0 else []
    return [_("Här väntas platser saknas"), *_table(rows, left=2), *more]


def _stories(found: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = [_("Tidigare beslut: vad gick att se?")]
    for story in found:
        lines += [f"  {story['name']}", *(f"    {text}" for text in story["sentences"])]
    return lines


# ---------------------------------------------------------------- suggestions


def _suggested(
    rows: Mapping[str, Sequence[Mapping[str, Any]]],
    currency: str,
    in_use: frozenset[str],
) -> list[str]:
    projects = rows.get("projects", ())
    if not projects:
        return [_("Inga nya projekt föreslås.")]
    costs: dict[str, dict[str, float]] = {}
    for row in rows["outlays"]:
        ways = costs.setdefault(row["project_id"], {})
        key = row["alternative_id"]
        ways[key] = ways.get(key, 0.0) + row["outlay"]
    lines = [[_("Förslag till projekt"), _("Antal sätt"), _("Utgift")]]
    for row in projects[:MOST_ROWS]:
        own = costs.get(row["project_id"], {})
        least, most = min(own.values(), default=0.0), max(own.values(), default=0.0)
        span = mkr(most) if least == most else f"{mkr(least)}{EN_DASH}{mkr(most)}"
        lines.append([row["name"], str(len(own)), f"{span} {unit_mkr(currency)}"])
    found = _table(lines)
    left = len(projects) - MOST_ROWS
    if left > 0:
        found.append(_("  {n} till finns i filerna.").format(n=left))
    again = sum(row.get("asset_id") in in_use for row in projects)
    if again:
        text = plural(
            "{n} förslag gäller en anläggning som redan har ett projekt i underlaget. "
            "Välj ett av dem.",
            "{n} förslag gäller anläggningar som redan har projekt i underlaget. "
            "Välj ett för varje.",
            again,
        )
        found.append("  " + text.format(n=again))
    return found

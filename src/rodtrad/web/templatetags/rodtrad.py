"""How do figures, marks, charts and tables get onto a page? The tags of every template.

Every number is written by `domain.words`, in the reader's language. Charts and tables
are the report's own, drawn by `publish.svg`, with classes and presentation attributes
alone, so that a strict content policy holds.
"""

from __future__ import annotations

import math
import re
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from django import template
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from rodtrad.domain import words
from rodtrad.domain.retell import Swedish
from rodtrad.publish import svg
from rodtrad.publish.blocks import Section
from rodtrad.publish.document_html import split_years, table_kind
from rodtrad.publish.svg_uncertainty import filled_circles

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rodtrad.publish.blocks import Block, Figure, TableBlock, Text

register = template.Library()

_ADDRESS: Final = re.compile(r"(https?://[^\s<>\"')]+[^\s<>\"').,;:])")
_QUALITIES: Final = {
    "uppgift": "uppgift",
    "beräkning": "berakning",
    "berakning": "berakning",
    "antagande": "antagande",
}
_GATES: Final = 10
_PER_MILLION: Final = 1000
# Stands for the figure in the address of a trail.
FIGURE: Final = "__figur__"


def _float(value: Any) -> float | None:
    if value is None or value == "" or isinstance(value, bool):
        return None
    try:
        number_ = float(value)
    except (TypeError, ValueError):
        return None
    return number_ if math.isfinite(number_) else None


# ---------------------------------------------------------------- numbers and dates


@register.filter
def number(value: Any, decimals: int = 0) -> str:
    """Return a number: 1 250,5. Nothing, or what is no number, gives a dash."""
    return words.number(_float(value), int(decimals))


@register.filter
def tkr(value: Any) -> str:
    """Return an amount in tkr as whole tkr, without unit."""
    return words.tkr(_float(value))


@register.filter
def mkr(value: Any, decimals: int = 1) -> str:
    """Return an amount in tkr as mkr, without unit."""
    return words.mkr(_float(value), int(decimals))


@register.filter
def in_mkr(value: Any, decimals: int = 1) -> str:
    """Return an amount in tkr as mkr with its unit: 27,0 mkr."""
    return words.amount_mkr(mkr(value, decimals))


@register.simple_tag
def unit_mkr() -> str:
    """Return the unit of a column of mkr."""
    return words.unit_mkr()


@register.filter
def written(text: Any) -> str:
    """Return a text that people wrote: Swedish, on a page in another language too."""
    said_ = str(text or "")
    return said_ if words.language() == words.SWEDISH else Swedish(said_)


@register.filter
def money(value: Any) -> str:
    """Return an amount in tkr for running text: 280 miljoner kronor."""
    return words.money_text(_float(value))


@register.filter
def per_inhabitant(value: Any) -> str:
    """Return kronor per inhabitant, to the nearest hundred: 18 300 kronor per invånare."""
    return words.per_inhabitant_text(_float(value))


@register.filter
def share(value: Any, decimals: int = 1) -> str:
    """Return a share (0.02) for a table: 2,0 %."""
    return words.share_table(_float(value), int(decimals))


@register.filter
def share_text(value: Any) -> str:
    """Return a share (0.02) for running text: 2 procent."""
    return words.share_text(_float(value))


@register.filter
def year_list(years: Iterable[int] | None) -> str:
    """Return years with runs drawn together: 2027–2029 och 2032."""
    return words.years_text([int(y) for y in years or ()])


@register.filter
def names(values: Iterable[str] | None) -> str:
    """Return given names in quotation marks, as a list: ”A” och ”B”."""
    return words.names_text([str(v) for v in values or ()])


@register.filter
def day(value: date | datetime | str | None) -> str:
    """Return a date for running text: den 31 augusti 2025."""
    when = _date(value)
    return words.missing() if when is None else words.date_text(when)


@register.filter
def iso_day(value: date | datetime | str | None) -> str:
    """Return a date for a table or a log: 2025-08-31."""
    when = _date(value)
    return words.missing() if when is None else when.isoformat()


@register.filter
def clock(value: datetime | None) -> str:
    """Return the time of day: 14.32."""
    if value is None:
        return words.missing()
    local = timezone.localtime(value) if timezone.is_aware(value) else value
    return local.strftime("%H.%M" if words.language() == words.SWEDISH else "%H:%M")


@register.filter
def moment(value: datetime | None) -> str:
    """Return date and time for a log: 2025-08-31 14.32."""
    return f"{iso_day(value)} {clock(value)}" if value else words.missing()


def _date(value: date | datetime | str | None) -> date | None:
    if isinstance(value, datetime):
        return (timezone.localtime(value) if timezone.is_aware(value) else value).date()
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            return None
    return value


# ---------------------------------------------------------------- words and marks


@register.filter
def quality_key(value: Any) -> str:
    """Return `uppgift`, `berakning` or `antagande`; empty for anything else."""
    return _QUALITIES.get(str(value or "").casefold(), "")


@register.filter
def quality_word(value: Any) -> str:
    """Return the word of a quality in the reader's language."""
    return words.QUALITY_LABELS.get(quality_key(value), "")


@register.filter
def gate_label(gate: Any) -> str:
    """Return what a gate is called: G5 is Startbeslut."""
    return words.GATE_LABELS.get(str(gate or ""), "")


@register.filter
def quality_mark(value: Any) -> SafeString:
    """Return the mark of a quality with its name for those who do not see it."""
    key = quality_key(value)
    if not key:
        return SafeString("")
    return format_html(
        '<span class="mark" role="img" aria-label="{0}" title="{0}">'
        '<svg viewBox="0 0 12 12" aria-hidden="true"><use href="#q-{1}"/></svg></span>',
        quality_word(key),
        key,
    )


@register.simple_tag
def quality(value: Any, word: bool = True) -> SafeString:
    """Return the mark of a quality, and beside it the word unless `word` is False."""
    key = quality_key(value)
    if not key or not word:
        return quality_mark(key)
    return format_html(
        '<span class="q"><span class="mark" aria-hidden="true"><svg viewBox="0 0 12 12">'
        '<use href="#q-{}"/></svg></span>{}</span>',
        key,
        quality_word(key),
    )


@register.simple_tag
def rated(text: Any, value: Any = "") -> SafeString:
    """Return a text whose mark stands directly after the last word, before a full stop."""
    words_ = str(text or "")
    key = quality_key(value)
    if isinstance(text, Swedish):
        mark = format_html(" {}", quality_mark(key)) if key else ""
        return format_html("{}{}", _marked(_linked(words_)), mark)
    if not key:
        return _linked(words_)
    stop = "." if words_.endswith(".") else ""
    first, _blank, last = words_.removesuffix(".").rpartition(" ")
    return format_html(
        '{}{}<span class="nb">{}{}</span>{}',
        _linked(first),
        " " if first else "",
        last,
        quality_mark(key),
        stop,
    )


def _marked(text: SafeString) -> SafeString:
    return format_html('<span lang="sv">{}</span>', text)


@register.filter
def said(text: str | Iterable[str] | None) -> SafeString:
    """Return one or more sentences of the core; what stays Swedish says that it is."""
    several = [text] if isinstance(text, str) else text or ()
    return format_html_join(
        " ",
        "{}",
        (
            (
                _marked(conditional_escape(str(one)))
                if isinstance(one, Swedish)
                else one,
            )
            for one in several
        ),
    )


def _linked(text: str) -> SafeString:
    """Return the text escaped, its addresses as links; nothing is fetched."""
    return format_html_join(
        "",
        "{}",
        (
            (
                format_html('<a href="{0}" rel="noreferrer">{0}</a>', part)
                if part.startswith(("https://", "http://"))
                else part,
            )
            for part in _ADDRESS.split(text)
        ),
    )


@register.simple_tag
def running(text: Text) -> SafeString:
    """Return a `blocks.Text`: its bold beginning, its sentences and its mark."""
    first = (
        format_html("<b>{}</b> ", said(text.strong)) if text.strong else SafeString("")
    )
    return format_html("{}{}", first, rated(text.text, text.quality))


# ---------------------------------------------------------------- small drawings


@register.simple_tag
def gate_bars(gate: Any) -> SafeString:
    """Return ten small bars, filled up to and with the gate."""
    key = str(gate or "")
    reached = int(key[1:]) if key[:1] == "G" and key[1:].isdecimal() else -1
    bars = format_html_join(
        "",
        '<rect x="{}" y="0" width="5" height="14" rx="1" fill="var(--{})"/>',
        ((i * 7, "ink" if i <= reached else "line") for i in range(_GATES)),
    )
    return format_html('<svg viewBox="0 0 68 14" aria-hidden="true">{}</svg>', bars)


@register.filter
def cases_of_ten(probability: Any) -> str:
    """Return a probability in words: 8 av 10, färre än 1 av 10, fler än 9 av 10."""
    chance = _float(probability)
    if chance is None:
        return words.missing()
    if chance < 0.1:
        return _("Färre än 1 av 10")
    if chance > 0.9:
        return _("Fler än 9 av 10")
    return _("{n} av 10").format(n=int(filled_circles(chance)))


@register.filter
def percent_whole(probability: Any) -> str:
    """Return a probability in whole percent, never 0 or 100: under 1 %, över 99 %."""
    chance = _float(probability)
    if chance is None:
        return words.missing()
    if chance < 0.01:
        return _("under {p}").format(p=share(0.01, 0))
    if chance > 0.99:
        return _("över {p}").format(p=share(0.99, 0))
    return share(chance, 0)


@register.simple_tag
def ten_circles(probability: Any) -> SafeString:
    """Return ten circles, as many filled as there are cases of ten."""
    chance = _float(probability)
    filled = 0.0 if chance is None else filled_circles(chance)
    parts = []
    for i in range(10):
        x = 9 + i * 21.5
        whole = i + 1 <= filled
        parts.append(
            f'<circle cx="{x}" cy="10" r="8" fill="{"var(--ok)" if whole else "none"}" '
            'stroke="var(--ok)" stroke-width="2"/>'
        )
        if not whole and i < filled:
            parts.append(f'<path d="M{x} 2a8 8 0 0 0 0 16z" fill="var(--ok)"/>')
    inner = mark_safe("".join(parts))  # noqa: S308 - numbers alone
    return format_html('<svg viewBox="0 0 214 20" aria-hidden="true">{}</svg>', inner)


@register.simple_tag
def gauge(part: Any, calm: bool = True) -> SafeString:
    """Return the gap badge's gauge: how near the proven bound (the tick) a plan comes."""
    near = _float(part)
    if near is None:
        return SafeString("")
    return format_html(
        '<svg viewBox="0 0 84 20" aria-hidden="true"><path d="M3 10H81" '
        'stroke="var(--line)" stroke-width="6" stroke-linecap="round"/><path d="M3 10H{}" '
        'stroke="var(--{})" stroke-width="6" stroke-linecap="round"{}/><path d="M81 1v18" '
        'stroke="var(--ink)" stroke-width="2"/></svg>',
        f"{3 + 74 * min(max(near, 0.0), 1.0):.1f}",
        "ok" if calm else "warn",
        SafeString("") if calm else SafeString(' stroke-dasharray="1 9"'),
    )


@register.simple_tag
def sparkline(values: Sequence[float | None]) -> SafeString:
    """Return a line of 96 × 26 with its last point marked; stands beside the figure."""
    points = [
        (i, v) for i, v in enumerate(values) if v is not None and math.isfinite(v)
    ]
    if len(points) < 2:
        return SafeString("")
    low, high = min(v for _i, v in points), max(v for _i, v in points)
    span = (high - low) or 1.0
    last = max(len(values) - 1, 1)
    places = [
        (3 + 88 * i / last, 23 - 20 * (v - low) / span if high > low else 13.0)
        for i, v in points
    ]
    line = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
    return format_html(
        '<svg class="spark" viewBox="0 0 96 26" aria-hidden="true"><path d="{}" fill="none" '
        'stroke="var(--c1)" stroke-width="1.6"/><circle cx="{}" cy="{}" r="2.8" '
        'fill="var(--c1)"/></svg>',
        line,
        f"{places[-1][0]:.1f}",
        f"{places[-1][1]:.1f}",
    )


# ---------------------------------------------------------------- charts, tables, blocks


@register.simple_tag
def drawing_patterns() -> SafeString:
    """Return the hatches that charts refer to; once a page, in base.html."""
    return mark_safe(svg.patterns())  # noqa: S308 - no text from outside


@register.simple_tag
def drawings(chart: Figure) -> SafeString:
    """Return a chart in its three widths; the style sheet shows the one that fits."""
    drawn = (svg.draw(chart, width) for width in (svg.WIDE, svg.MIDDLE, svg.NARROW))
    return mark_safe("".join(drawn))  # noqa: S308 - svg escapes every text


@register.filter
def swatch(role: str) -> SafeString:
    """Return the sample of a series for a legend."""
    return format_html(
        '<svg viewBox="0 0 22 14" aria-hidden="true">{}</svg>',
        mark_safe(svg.swatch(role)),  # noqa: S308 - no text from outside
    )


@register.filter
def trail_at(figure: str, trails: str) -> str:
    """Return the address of a figure's trail, empty where it has none.

    `trails` is the address of a trail with FIGURE in the figure's place; a figure that
    is an address already is of another plan.
    """
    if not figure or figure.startswith("/"):
        return figure
    return trails.replace(FIGURE, quote(figure, safe=":")) if trails else ""


@register.inclusion_tag("components/figure.html", takes_context=True)
def figure(
    context: template.Context,
    chart: Figure,
    caption: Sequence[Text] = (),
    level: int = 3,
    bare: bool = False,
    name: str = "",
) -> dict[str, Any]:
    """Show a `blocks.Figure` with its legend, its caption and its table behind a press.

    `level` is the heading's, `name` an id to link to, `bare` leaves the frame out.
    """
    return {
        "figure": chart,
        "legend": svg.legend_items(chart),
        "caption": caption,
        "level": level,
        "below": level + 1,
        "bare": bare,
        "name": name,
        "trails": context.get("trails", ""),
    }


@register.inclusion_tag("components/table.html", takes_context=True)
def table(
    context: template.Context,
    block: TableBlock,
    title: bool = True,
    level: int = 3,
    sort: bool = False,
) -> dict[str, Any]:
    """Show a `blocks.TableBlock`, over several tables where there are too many years.

    `title` False leaves the heading out (where one stands above already); `sort` gives
    its heads buttons that sort the rows.
    """
    kind = table_kind(block)
    parts = split_years(block)
    return {
        "block": block,
        "parts": [
            {
                "rows": [
                    (row, list(zip(part.columns[1:], row.cells, strict=False)))
                    for row in part.rows
                ],
                "columns": part.columns,
                "label": block.title if len(parts) == 1 else f"{block.title} {i + 1}",
            }
            for i, part in enumerate(parts)
        ],
        "kind": kind,
        "stacks": "stack" in kind,
        "title": title,
        "level": level,
        "sort": sort and len(parts) == 1,
        "trails": context.get("trails", ""),
    }


@register.simple_tag(takes_context=True)
def blocks(
    context: template.Context,
    content: Section | Iterable[Block] | None,
    level: int = 3,
) -> SafeString:
    """Return what a chapter of the report holds, or any blocks, in the page's own form."""
    if content is None:
        return SafeString("")
    inside = content.blocks if isinstance(content, Section) else content
    shown = [
        render_to_string(
            "components/block.html",
            {
                "block": block,
                "kind": type(block).__name__,
                "level": level,
                "below": level + 1,
                "trails": context.get("trails", ""),
            },
        )
        for block in inside
    ]
    whole = mark_safe("".join(shown))  # noqa: S308 - each is rendered with escaping
    return format_html('<div class="blocks">{}</div>', whole)


# ---------------------------------------------------------------- lists and forms


@register.filter
def item(mapping: Mapping[Any, Any], key: Any) -> Any:
    """Return what a mapping holds under a key, or nothing."""
    return mapping.get(key) if mapping else None


@register.simple_tag(takes_context=True)
def query(context: template.Context, **changes: Any) -> str:
    """Return the address's query with some values changed; None or "" takes one away."""
    request = context.get("request")
    values = request.GET.copy() if request is not None else None
    if values is None:
        from django.http import QueryDict

        values = QueryDict(mutable=True)
    for key, value in changes.items():
        if value in (None, ""):
            values.pop(key, None)
        else:
            values[key] = str(value)
    text = values.urlencode()
    return f"?{text}" if text else "?"


@register.simple_tag(takes_context=True)
def turn(context: template.Context, number: int, key: str = "") -> str:
    """Return the address of another page of a list; its number stands there as `key`."""
    return query(context, **{key or "sida": number})


@register.inclusion_tag("components/sort_head.html", takes_context=True)
def sort_head(
    context: template.Context, label: str, key: str, num: bool = False, unit: str = ""
) -> dict[str, Any]:
    """Show a head that sorts the list by `?ordning=key` (`-key` the other way)."""
    request = context.get("request")
    now = request.GET.get("ordning", "") if request is not None else ""
    state = {key: "ascending", f"-{key}": "descending"}.get(now, "")
    wanted = f"-{key}" if state == "ascending" else key
    return {
        "label": label,
        "num": num,
        "unit": unit,
        "state": state,
        "href": query(context, ordning=wanted, sida=None),
    }


@register.filter
def described_by(field: Any) -> str:
    """Return the ids of a form field's hint and errors, for `aria-describedby`."""
    ids = []
    if field.help_text:
        ids.append(f"{field.auto_id}-hint")
    if field.errors:
        ids.append(f"{field.auto_id}-err")
    return " ".join(ids)


@register.simple_tag
def control(field: Any) -> SafeString:
    """Return a form field's input, tied to its hint and its errors."""
    attrs: dict[str, str] = {}
    if ids := described_by(field):
        attrs["aria-describedby"] = ids
    if field.errors:
        attrs["aria-invalid"] = "true"
    return SafeString(field.as_widget(attrs=attrs))


@register.filter
def widget_kind(field: Any) -> str:
    """Return the name of a form field's widget, in small letters."""
    return type(field.field.widget).__name__.lower()


@register.filter
def initials(person: Any) -> str:
    """Return the one or two letters that stand for a person in the top of a page."""
    parts = [p for p in re.split(r"[\s.@_-]+", str(person or "")) if p]
    return (
        (parts[0][0] + (parts[1][0] if len(parts) > 1 else "")).upper()
        if parts
        else "?"
    )

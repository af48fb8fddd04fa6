"""What may a report be made of? Plain data, ready to be set as HTML, PDF or Excel.

Every text is finished Swedish; every figure is kept both as text and as a raw value.
Leaves out what the report says (content), how charts are drawn (svg) and how pages
look (document_html, document_pdf).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Quality = Literal["uppgift", "berakning", "antagande", ""]
Align = Literal["left", "right"]
RowKind = Literal["normal", "sum", "group"]
Mood = Literal["normal", "good", "missed", "tight", "quiet"]
Scalar = float | int | str | bool | None


@dataclass(frozen=True)
class Text:
    """One piece of running text: an optional bold beginning, then the sentence(s).

    `quality` is the mark shown before the last full stop; empty when there is none.
    """

    text: str
    strong: str = ""
    quality: Quality = ""

    @property
    def plain(self) -> str:
        """The same text without weight or mark."""
        return f"{self.strong} {self.text}".strip()


# ---------------------------------------------------------------- tables


@dataclass(frozen=True)
class Column:
    """A column of a table; `unit` stands under the label when it differs by column."""

    label: str
    align: Align = "right"
    unit: str = ""


@dataclass(frozen=True)
class Cell:
    """A figure or word in a table.

    `value` is the unrounded figure in the unit of plan.json (tkr, share, kr), or the
    text itself. `mood` says what form must carry: `missed` is hatched or marked with a
    word, never told by colour alone. `figure` is what `explain.trail` calls it
    (`ar:2029`), where it has a trail.
    """

    text: str
    value: Scalar = None
    quality: Quality = ""
    mood: Mood = "normal"
    figure: str = ""


@dataclass(frozen=True)
class Row:
    """A row of a table; `header` is its first cell, `group` rows have no cells."""

    header: str
    cells: tuple[Cell, ...] = ()
    kind: RowKind = "normal"
    quality: Quality = ""


@dataclass(frozen=True)
class TableBlock:
    """A table: the finding or name, then unit and prices, then rows.

    `columns[0]` is the column of row headers. `folded` tables may stand behind "Visa
    som tabell" on a screen; print opens them.
    """

    title: str
    subtitle: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    note: str = ""
    folded: bool = False


# ---------------------------------------------------------------- figures


@dataclass(frozen=True)
class Series:
    """One series of a chart, in the unit of its axis.

    `role` decides form and colour: `plan`, `renewal`, `new`, `adaptation`, `law`,
    `other`, `baseline`, `second`, `reserved`, `used`. A missing year is None.
    """

    key: str
    label: str
    values: tuple[float | None, ...]
    role: str = "plan"


@dataclass(frozen=True)
class Limit:
    """A limit drawn as a line: `goal` dashed, `law` solid. None = not in force."""

    label: str
    values: tuple[float | None, ...]
    kind: Literal["goal", "law"] = "goal"
    operator: str = ">="


@dataclass(frozen=True)
class Bar:
    """One row of a timeline.

    `start_year` to `end_year` (the last building year) is the bar, `in_use_year` the
    ring. `window` is the first and last year of starts that are almost as good, where
    there are others than the start itself. A row outside the plan has no years and says
    why in `remark`.
    """

    label: str
    amount: str
    kind: str
    start_year: int | None = None
    end_year: int | None = None
    in_use_year: int | None = None
    remark: str = ""
    window: tuple[int, int] | None = None


@dataclass(frozen=True)
class Step:
    """One step of a waterfall: `total` stands on the axis, `change` moves the level."""

    label: str
    value: float
    text: str
    kind: Literal["total", "change"] = "change"


@dataclass(frozen=True)
class HeatRow:
    """One goal in the heat strip: a text and a mood a year."""

    label: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class StanceRow:
    """One disputed project: a stance (`in`, `out` or `oppen`) for each viewpoint.

    `remark` says what the stances do not show.
    """

    label: str
    amount: str
    stances: tuple[str, ...]
    remark: str = ""


@dataclass(frozen=True)
class StripGroup:
    """The projects with one label, as parts (name, width in millions) of a strip."""

    label: str
    text: str
    amount: str
    parts: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Band:
    """What lies between two lines of a fan: `outer` 8 cases of 10, `inner` 5 of 10."""

    label: str
    low: tuple[float | None, ...]
    high: tuple[float | None, ...]
    role: Literal["outer", "inner"] = "outer"


@dataclass(frozen=True)
class Rank:
    """One row of a ranking, or one probability: a share, and how it is written.

    `words` says a probability in cases of ten ("8 av 10"); empty in a ranking.
    """

    label: str
    share: float
    text: str
    words: str = ""


@dataclass(frozen=True)
class Figure:
    """A chart as plain data, with the table of the same figures.

    `title` is the finding, `unit` what is shown and in which unit, `alt` the finding in
    one sentence for those who do not see the chart. Only the fields that the kind needs
    are filled. `room` is what the goals that must be kept leave, `aim` what is left when
    those that should be reached count as well (None where there are none).
    """

    kind: Literal[
        "stacked",
        "lines",
        "timeline",
        "heat",
        "bars",
        "waterfall",
        "agreement",
        "chances",
        "tens",
        "ranked",
    ]
    title: str
    unit: str
    alt: str
    table: TableBlock
    labels: tuple[str, ...] = ()
    series: tuple[Series, ...] = ()
    limits: tuple[Limit, ...] = ()
    room: Series | None = None
    room_label: str = ""
    aim: Series | None = None
    bars: tuple[Bar, ...] = ()
    heat: tuple[HeatRow, ...] = ()
    steps: tuple[Step, ...] = ()
    stances: tuple[StanceRow, ...] = ()
    strip: tuple[StripGroup, ...] = ()
    bands: tuple[Band, ...] = ()
    ranks: tuple[Rank, ...] = ()
    percent: bool = False
    decimals: int = 0
    peak: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the chart as a plain dict (for notebooks and other chart libraries)."""
        return asdict(self)


# ---------------------------------------------------------------- blocks


@dataclass(frozen=True)
class Paragraphs:
    """Running text, with an optional small heading."""

    texts: tuple[Text, ...]
    title: str = ""


@dataclass(frozen=True)
class Callout:
    """A boxed remark the reader must not miss; `warn` is for what is assumed or missed."""

    texts: tuple[Text, ...]
    kind: Literal["plain", "warn"] = "plain"


@dataclass(frozen=True)
class ChartBlock:
    """A chart, and beneath it what it rests on and how it is to be read."""

    figure: Figure
    caption: tuple[Text, ...] = ()


@dataclass(frozen=True)
class KeyFigure:
    """One of at most four large figures; `figure` names its trail, as in a cell."""

    label: str
    text: str
    unit: str
    note: str
    value: Scalar = None
    quality: Quality = ""
    figure: str = ""


@dataclass(frozen=True)
class KeyFigures:
    """At most four large figures in a row."""

    items: tuple[KeyFigure, ...]


@dataclass(frozen=True)
class ProjectCard:
    """One project with its answer and the reasons for it.

    `amount` is the total outlay of the chosen (else cheapest) alternative in base-year
    prices. `beside` says what holds under other weights and other starts.
    `illustration` marks an answer that rests on scores that are assumptions.
    """

    project_id: str
    name: str
    place: str
    chosen: bool
    answer: str
    amount: str
    amount_tkr: float | None
    alternative: str
    start_year: int | None
    in_use_year: int | None
    tags: tuple[str, ...] = ()
    description: str = ""
    reasons: tuple[str, ...] = ()
    force: str = ""
    beside: tuple[str, ...] = ()
    source: str = ""
    quality: Quality = ""
    illustration: bool = False
    figure: str = ""


@dataclass(frozen=True)
class ProjectCards:
    """Projects with the same answer, in the order they are to be read."""

    title: str
    lead: str
    unit: str
    cards: tuple[ProjectCard, ...]
    remark: str = ""


@dataclass(frozen=True)
class Definition:
    """A word and what it means here."""

    term: str
    text: str


@dataclass(frozen=True)
class Definitions:
    """Words and their meanings."""

    title: str
    items: tuple[Definition, ...]


@dataclass(frozen=True)
class Command:
    """A command that the reader may run, with what it does."""

    text: str
    code: str


Block = (
    Paragraphs
    | Callout
    | ChartBlock
    | TableBlock
    | KeyFigures
    | ProjectCards
    | Definitions
    | Command
)


# ---------------------------------------------------------------- the report


@dataclass(frozen=True)
class StatusLine:
    """How good the plan is proven to be (UI 6, gap badge).

    `share` is how near the proven bound the plan comes (1 = proven best); None when
    nothing is known. `calm` is False when the clock or a limit stopped the run.
    """

    strong: str
    text: str
    share: float | None
    calm: bool


@dataclass(frozen=True)
class Section:
    """A numbered step on the red thread."""

    number: int
    title: str
    lead: tuple[Text, ...]
    blocks: tuple[Block, ...]
    anchor: str = ""


@dataclass(frozen=True)
class Report:
    """The whole report, once, for every form it is shown in.

    `assumptions` stands on page one, after `notice`; None when the result names none.
    """

    title: str
    kicker: str
    lede: tuple[Text, ...]
    notice: tuple[Text, ...]
    status: StatusLine
    key_figures: KeyFigures
    sections: tuple[Section, ...]
    meta: dict[str, str] = field(default_factory=dict)
    currency_note: str = ""
    assumptions: Definitions | None = None
    lang: str = "sv"

"""The PDF: tagged, in Swedish, safe for any name, readable at any size of plan."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pypdf
import pytest
from unit.publish.sample import sample_result

from rodtrad.publish.blocks import (
    Bar,
    Cell,
    ChartBlock,
    Column,
    Figure,
    HeatRow,
    KeyFigures,
    Paragraphs,
    Report,
    Row,
    Section,
    StatusLine,
    TableBlock,
    Text,
)
from rodtrad.publish.content import build_report
from rodtrad.publish.document_pdf import (
    PICTURE_HEIGHT,
    _plan_columns,
    _timeline,
    drawn_height,
    on_paper,
    pictures_of,
    render_pdf,
    years_across,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rodtrad.publish.blocks import Block

AWKWARD = '#let x = 1; $a_b$ *fet* _kursiv_ "citat" \\ <etikett> @ref `kod` [x] // = -'


def squeezed(text: str) -> str:
    """Return the text without blanks of any kind and invisible places to break."""
    return re.sub(r"[\s\u00a0\u00ad\u200b\u2060]", "", text)


def page_texts(pdf: bytes) -> list[str]:
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    return [squeezed(page.extract_text()) for page in reader.pages]


def root_of(pdf: bytes) -> Any:
    """Return the catalogue of the file."""
    return pypdf.PdfReader(io.BytesIO(pdf)).root_object


def structure(pdf: bytes) -> Iterator[dict[str, Any]]:
    """Give every element of the structure tree."""
    stack = [root_of(pdf)["/StructTreeRoot"]]
    while stack:
        node = stack.pop().get_object()
        if isinstance(node, list):
            stack.extend(node)
        elif isinstance(node, dict):
            if "/S" in node:
                yield node
            if "/K" in node:
                stack.append(node["/K"])


def small_report(*blocks: Block, title: str = "En plan", **meta: str) -> Report:
    return Report(
        title=title,
        kicker="Exempelby kommun",
        lede=(Text("En mening."),),
        notice=(),
        status=StatusLine("Bevisat bäst.", "Ingen plan är bättre.", 1.0, True),
        key_figures=KeyFigures(()),
        sections=(Section(1, "Behov", (), blocks),),
        meta=meta,
    )


def year_table(years: int, rows: int = 3) -> TableBlock:
    columns = (
        Column("Rad", "left"),
        *(Column(str(2025 + y)) for y in range(years)),
    )
    return TableBlock(
        "En tabell",
        "mkr",
        columns,
        tuple(
            Row(
                f"Verksamhetens rad {r}",
                tuple(Cell(f"−1\u00a0{100 + r},{y % 10}", 1.0) for y in range(years)),
            )
            for r in range(rows)
        ),
    )


@pytest.fixture(scope="module")
def report() -> Report:
    return build_report(sample_result())


@pytest.fixture(scope="module")
def pdf(report: Report) -> bytes:
    return render_pdf(report)


def test_language_title_and_tags_are_in_the_file(report: Report, pdf: bytes) -> None:
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    root = root_of(pdf)
    assert str(root["/Lang"]).startswith("sv")
    assert reader.metadata is not None
    assert reader.metadata.title == "Exempelby kommun: investeringsplan 2026–2035"
    assert reader.metadata.author == "Röd tråd"
    assert squeezed(report.title) in page_texts(pdf)[0]
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert root["/MarkInfo"]["/Marked"]
    assert b"pdfuaid" in root["/Metadata"].get_object().get_data()
    kinds = {str(node["/S"]) for node in structure(pdf)}
    assert {"/Document", "/H1", "/H2", "/P", "/Table", "/TH", "/TD"} <= kinds


def test_every_chart_has_its_alternative_text(report: Report, pdf: bytes) -> None:
    alts = {str(node["/Alt"]) for node in structure(pdf) if "/Alt" in node}
    figures = [n for n in structure(pdf) if n["/S"] == "/Figure"]
    assert all(node.get("/Alt") for node in figures)
    charts = [
        block.figure
        for section in report.sections
        for block in section.blocks
        if isinstance(block, ChartBlock)
    ]
    assert len(charts) >= 5
    for chart in charts:
        assert chart.alt in alts


def test_headings_follow_the_sections(report: Report, pdf: bytes) -> None:
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    titles = [item.title for item in reader.outline if not isinstance(item, list)]
    for section in report.sections:
        assert any(str(title).endswith(section.title) for title in titles)


def test_every_page_names_municipality_version_digest_and_page(
    report: Report, pdf: bytes
) -> None:
    pages = page_texts(pdf)
    digest = report.meta["Underlagets kontrollsumma"][:12]
    for number, text in enumerate(pages, start=1):
        assert "Exempelbykommun" in text
        assert report.meta["Programversion"] in text
        assert digest in text
        assert f"{number}({len(pages)})" in text


def test_equal_reports_give_equal_bytes(report: Report, pdf: bytes) -> None:
    assert render_pdf(report) == pdf
    other = replace(report, title="En annan rubrik")
    assert render_pdf(other) != pdf


def test_a_name_is_never_read_as_markup() -> None:
    result = sample_result()
    for project in result["projects"]:
        project["name"] = f"{AWKWARD} {project['project_id']}"
    result["meta"]["municipality"] = AWKWARD
    result["meta"]["remark"] = AWKWARD
    pdf = render_pdf(build_report(result))
    text = "".join(page_texts(pdf))
    for project in result["projects"]:
        assert squeezed(project["name"]) in text
    metadata = pypdf.PdfReader(io.BytesIO(pdf)).metadata
    assert metadata is not None
    assert metadata.title == f"{AWKWARD}: investeringsplan 2026–2035"
    assert metadata.author == "Röd tråd"


def test_markup_in_every_kind_of_text_is_shown_as_written() -> None:
    report = small_report(
        Paragraphs((Text(AWKWARD, strong=AWKWARD),), title=AWKWARD),
        TableBlock(
            AWKWARD,
            AWKWARD,
            (Column(AWKWARD, "left"), Column(AWKWARD, "left", AWKWARD)),
            (Row(AWKWARD, (Cell(AWKWARD),)),),
            note=AWKWARD,
        ),
        title=AWKWARD,
    )
    text = "".join(page_texts(render_pdf(report)))
    # Title; heading, strong and text; caption, subtitle, two heads, unit, row, cell, note.
    assert text.count(squeezed(AWKWARD)) == 12


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Skolan \U0001f600 ny", "Skolan□ny"),
        ("Norra\x07 \x1bskolan", "Norraskolan"),
        ("中文 skolan", "□□skolan"),
        ("\ufeffSka\u030ane\u2028 \ud83d\u202eny", "Skåneny"),
        ("Łódź, Sápmi ŋ, Ελλάς, Київ ≥ → €", "Łódź,Sápmiŋ,Ελλάς,Київ≥→€"),
    ],
)
def test_a_letter_that_no_font_has_does_not_stop_the_report(
    name: str, shown: str
) -> None:
    text = "".join(page_texts(render_pdf(small_report(title=name))))
    assert shown in text


def test_a_very_long_word_does_not_push_the_figures_off_the_page() -> None:
    word = "a" * 150
    table = TableBlock(
        "T",
        "",
        (Column("Rad", "left"), Column("2026")),
        (Row(word, (Cell("1\u00a0234,5"),)),),
    )
    _size, _pad, [(_columns, widths)] = _plan_columns(table)
    assert sum(widths) <= 467
    text = "".join(page_texts(render_pdf(small_report(table))))
    assert word in text
    assert "1234,5" in text


@pytest.mark.parametrize("years", [3, 11, 20, 40])
def test_tables_of_many_years_fit_the_page(years: int) -> None:
    table = year_table(years)
    size, _pad, groups = _plan_columns(table)
    assert size >= 8
    shown: list[int] = []
    for columns, widths in groups:
        assert sum(widths) <= 467.01
        assert columns[0] == 0
        shown += columns[1:]
    assert shown == list(range(1, years + 1))
    text = "".join(page_texts(render_pdf(small_report(table))))
    for column in table.columns:
        assert column.label in text
    for row in table.rows:
        for cell in row.cells:
            assert squeezed(cell.text) in text


def test_a_row_a_year_becomes_a_column_a_year_on_paper() -> None:
    rows = tuple(
        Row(str(2026 + y), (Cell(f"{y},5", y + 0.5), Cell(f"{10 + y}")))
        for y in range(6)
    )
    columns = (Column("År", "left"), Column("Lån", unit="mkr"), Column("Antal"))
    table = TableBlock("T", "", columns, rows)
    turned = years_across(table)
    assert [c.label for c in turned.columns[1:]] == [str(2026 + y) for y in range(6)]
    assert [row.header for row in turned.rows] == ["Lån, mkr", "Antal"]
    for y, row in enumerate(rows):
        assert tuple(r.cells[y] for r in turned.rows) == row.cells
    words = replace(table, columns=(*columns[:2], Column("Avgör", "left")))
    assert years_across(words) == words
    sums = replace(table, rows=(*rows[:5], Row("Summa", rows[5].cells, "sum")))
    assert years_across(sums) == sums


def test_eleven_years_stay_in_one_table() -> None:
    assert len(_plan_columns(year_table(11))[2]) == 1
    assert len(_plan_columns(year_table(20))[2]) > 1


def test_the_head_of_a_long_table_is_repeated() -> None:
    table = replace(
        year_table(3, rows=120),
        columns=(Column("Radhuvud", "left"), *year_table(3).columns[1:]),
    )
    pages = page_texts(render_pdf(small_report(table)))
    with_rows = [text for text in pages if "Verksamhetensrad" in text]
    assert len(with_rows) >= 3
    assert all("Radhuvud" in text for text in with_rows)


def a_timeline(rows: int, years: int = 10) -> ChartBlock:
    """Return a timeline of so many projects; every seventh is not in the plan."""
    bars = tuple(
        Bar(f"Projekt nummer {i}.", f"{i + 1}", "new", remark="Ingår inte i planen")
        if i % 7 == 6
        else Bar(
            f"Projekt nummer {i}." + " Ett långt namn på två rader" * (i % 5 == 0),
            f"{i + 1}",
            ("new", "renewal", "adaptation", "other")[i % 4],
            start_year=2026 + i % years,
            end_year=2026 + i % years + 1,
            in_use_year=2026 + i % years + 2,
        )
        for i in range(rows)
    )
    return ChartBlock(
        Figure(
            kind="timeline",
            title="Tidslinjen",
            unit="Byggtid per projekt",
            alt="En tidslinje över projekten.",
            table=TableBlock("Tabell", "", (Column("År", "left"),), (Row("Ett"),)),
            labels=tuple(str(2026 + y) for y in range(years)),
            bars=bars,
            peak="mkr",
        )
    )


@pytest.mark.parametrize(("rows", "years"), [(60, 12), (159, 10), (159, 30)])
def test_a_long_timeline_is_whole_over_pages_with_the_years_on_each(
    rows: int, years: int
) -> None:
    block = a_timeline(rows, years)
    # A page of text first, so that the timeline begins far down.
    text = Paragraphs(tuple(Text(f"Rad {i}.") for i in range(12)))
    pdf = render_pdf(small_report(text, block))
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    found: list[str] = []
    several = 0
    for page in reader.pages:
        heights: list[float] = []

        def visit(
            text: str, cm: Any, tm: Any, _f: Any, _s: Any, to: list[float] = heights
        ) -> None:
            if "Projekt nummer" in text:
                to.append(tm[4] * cm[1] + tm[5] * cm[3] + cm[5])

        shown = squeezed(page.extract_text(visitor_text=visit))
        names = re.findall(r"Projektnummer\d+\.", shown)
        found += names
        if not names:
            continue
        several += 1
        assert re.search("2026.*mkr.*Projektnummer", shown)
        # Inside the page body: below the top margin, above the foot.
        assert heights
        assert max(heights) < 841.9 - 18 * 72 / 25.4
        assert min(heights) > 21 * 72 / 25.4
    assert found == [f"Projektnummer{i}." for i in range(rows)]
    assert several >= rows // 40 + 1
    # The heading and its first rows stand on the page where the text ends.
    first = squeezed(reader.pages[0].extract_text())
    assert "Rad11." in first
    assert "Tidslinjen" in first
    assert "Projektnummer3." in first
    alts = [str(n["/Alt"]) for n in structure(pdf) if n["/S"] == "/Figure"]
    assert alts.count("En tidslinje över projekten.") == 1


def test_each_bar_of_the_timeline_stands_under_its_years() -> None:
    drawn = _timeline(a_timeline(8).figure)
    slot = drawn["slot"]
    assert 10 * slot + drawn["name_width"] + drawn["amount_width"] <= 467.01
    for i, row in enumerate(drawn["rows"]):
        if i == 6:
            assert row["remark"] == "Ingår inte i planen"
            assert row["svg"] == ""
            continue
        [x, width] = re.findall(r'rect x="([\d.]+)" [^>]*width="([\d.]+)"', row["svg"])[
            -1
        ]
        assert float(x) == pytest.approx(i * slot, abs=1)
        assert float(x) + float(width) == pytest.approx((i + 2) * slot, abs=1)
        [ring] = re.findall(r'circle cx="([\d.]+)" [^>]*r="3.2"', row["svg"])
        assert float(ring) == pytest.approx((i + 2) * slot, abs=0.01)


@pytest.mark.parametrize("rows", [3, 20, 60])
def test_a_tall_heat_strip_comes_in_pictures_that_fit_a_page(rows: int) -> None:
    figure = Figure(
        kind="heat",
        title="Mål",
        unit="procent",
        alt="Rutor med mål.",
        table=year_table(3),
        labels=("2026", "2027", "2028"),
        heat=tuple(
            HeatRow(f"Mål nummer {i}.", (Cell("1,0", 1.0, mood="good"),) * 3)
            for i in range(rows)
        ),
    )
    pictures = pictures_of(figure)
    assert all(drawn_height(picture) <= PICTURE_HEIGHT for picture in pictures)
    assert (len(pictures) > 1) == (rows > 20)
    for i in range(rows):
        assert sum(f"Mål nummer {i}." in picture for picture in pictures) == 1


def test_every_chart_of_the_report_fits_a_page(report: Report) -> None:
    for section in report.sections:
        for block in section.blocks:
            if isinstance(block, ChartBlock) and block.figure.kind != "timeline":
                for picture in pictures_of(block.figure):
                    assert drawn_height(picture) <= PICTURE_HEIGHT


# ------------------------------------------------------------ wordy tables


def wordy_table(rows: int = 40) -> TableBlock:
    source = "Uppskattat ur en tidningsartikel om kommunens budget. " * 8
    return TableBlock(
        "Antaganden",
        "",
        (
            Column("Blad", "left"),
            Column("Vad", "left"),
            Column("Rader"),
            Column("Källa", "left"),
        ),
        tuple(
            Row(
                "Balansräkning" if i < rows // 2 else "Driftkonsekvenser",
                (
                    Cell(f"Avskrivningar, rad {i}."),
                    Cell("1", 1),
                    Cell(source if i % 3 else "Antagande."),
                ),
            )
            for i in range(rows)
        ),
    )


def test_the_column_of_long_texts_takes_most_of_the_page() -> None:
    table = wordy_table(6)
    assert on_paper(table) == table
    _size, _pad, [(_columns, widths)] = _plan_columns(table)
    assert sum(widths) <= 467.01
    assert widths[3] >= 0.55 * 467
    _size, _pad, [(_columns, widths)] = _plan_columns(on_paper(wordy_table()))
    assert widths[-1] >= 0.7 * 467


def test_a_first_column_that_repeats_itself_becomes_headings_on_paper() -> None:
    table = wordy_table()
    turned = on_paper(table)
    assert [row.header for row in turned.rows if row.kind == "group"] == [
        "Balansräkning",
        "Driftkonsekvenser",
    ]
    rows = [row for row in turned.rows if row.kind != "group"]
    assert [row.header for row in rows] == [row.cells[0].text for row in table.rows]
    assert [row.cells for row in rows] == [row.cells[1:] for row in table.rows]
    mixed = replace(table, rows=(*table.rows[1:], table.rows[0]))
    assert on_paper(mixed) == mixed


def test_the_report_is_not_a_picture_of_another_plan(pdf: bytes) -> None:
    one = "".join(page_texts(pdf))
    two = "".join(page_texts(render_pdf(build_report(sample_result(seed=2)))))
    assert one != two


@pytest.mark.slow
def test_260_projects_over_20_years_make_a_document() -> None:
    report = build_report(sample_result(projects=260, years=20))
    pdf = render_pdf(report)
    assert len(pdf) > 100_000
    text = squeezed("".join(page_texts(pdf)))
    cards = [
        card
        for section in report.sections
        for block in section.blocks
        for card in getattr(block, "cards", ())
    ]
    assert len(cards) == 260
    assert all(squeezed(card.name) in text for card in cards)

"""The web page and the PDF say the same: every cell of every table is in both."""

from __future__ import annotations

import html
import io
import re

import pypdf
import pytest
from unit.publish.sample import sample_result

from rodtrad.publish.blocks import (
    ChartBlock,
    KeyFigures,
    ProjectCards,
    Report,
    TableBlock,
)
from rodtrad.publish.content import build_report
from rodtrad.publish.document_html import render_html
from rodtrad.publish.document_pdf import _plan_columns, on_paper, render_pdf


def squeezed(text: str) -> str:
    """Return the text without blanks of any kind and invisible places to break."""
    return re.sub(r"[\s\u00a0\u00ad\u200b\u2060]", "", text)


def html_text(page: bytes) -> str:
    """Return what the page says, without tags, style and what is only drawn."""
    text = page.decode("utf-8")
    for hidden in ("style", "svg", "head"):
        text = re.sub(rf"<{hidden}\b.*?</{hidden}>", "", text, flags=re.DOTALL)
    return squeezed(html.unescape(re.sub(r"<[^>]*>", "", text)))


def pdf_text(pdf: bytes) -> str:
    """Return what the pages say, without their feet."""
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    return "".join(squeezed(page.extract_text()) for page in reader.pages)


def tables(report: Report) -> list[TableBlock]:
    found = []
    for section in report.sections:
        for block in section.blocks:
            if isinstance(block, TableBlock):
                found.append(block)
            elif isinstance(block, ChartBlock):
                found.append(block.figure.table)
    return found


def row_texts(table: TableBlock, columns: list[int]) -> list[str]:
    """Return each row as it must stand, header and cells following on each other."""
    return [
        squeezed(
            row.header
            + "".join(row.cells[i - 1].text for i in columns[1:] if row.cells)
        )
        for row in table.rows
    ]


@pytest.mark.parametrize(
    ("projects", "years", "currency"),
    [(12, 10, "kr"), (12, 20, "kr"), (40, 6, "NOK")],
)
def test_every_row_of_every_table_is_in_both(
    projects: int, years: int, currency: str
) -> None:
    report = build_report(
        sample_result(projects=projects, years=years, currency=currency)
    )
    web, paper = html_text(render_html(report)), pdf_text(render_pdf(report))
    rows = 0
    for table in tables(report):
        turned = on_paper(table)
        for columns, _widths in _plan_columns(turned)[2]:
            for text in row_texts(turned, columns):
                assert text in paper
                rows += 1
        for column in table.columns[1:]:
            assert squeezed(column.label) in paper
        for row in table.rows:
            for text in [row.header, *(cell.text for cell in row.cells)]:
                assert squeezed(text) in paper
        for row in table.rows:
            for text in [row.header, *(cell.text for cell in row.cells)]:
                assert squeezed(text) in web
        if len(table.columns) <= 12:
            for text in row_texts(table, list(range(len(table.columns)))):
                assert text in web
    assert rows > 100


def test_running_text_and_projects_are_in_both() -> None:
    report = build_report(sample_result())
    web, paper = html_text(render_html(report)), pdf_text(render_pdf(report))
    texts = [report.title, report.status.text]
    texts += [t.text for t in [*report.lede, *report.notice]]
    for item in report.key_figures.items:
        texts += [item.label, item.text, item.unit, item.note]
    cards = 0
    for section in report.sections:
        texts += [section.title, *(t.text for t in section.lead)]
        for block in section.blocks:
            if isinstance(block, ProjectCards):
                for card in block.cards:
                    cards += 1
                    texts += [card.name, card.answer, card.amount, card.alternative]
                    texts += [card.description, card.force, card.source]
                    texts += card.reasons
            elif isinstance(block, KeyFigures):
                texts += [item.text for item in block.items]
    assert cards == 12
    for text in texts:
        # The mark stands before the last full stop, so the stop may be parted from it.
        assert squeezed(text).rstrip(".") in web
        assert squeezed(text).rstrip(".") in paper


def test_a_changed_figure_changes_both() -> None:
    result = sample_result()
    changed = sample_result()
    changed["statement"]["ar"][3] = 54_321_987.0
    before, after = build_report(result), build_report(changed)
    assert "54322,0" not in html_text(render_html(before))
    assert "54322,0" in html_text(render_html(after))
    assert "54322,0" in pdf_text(render_pdf(after))

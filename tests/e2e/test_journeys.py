"""The journeys of the application, in a real browser against a server as shipped.

Each is made twice: with the mouse, and from the keyboard alone. Each has a municipality
of its own, so that none finds what another left.
"""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

import openpyxl  # type: ignore[import-untyped]
import pytest
from docx import Document
from e2e.filling import CRITERIA, records
from e2e.site import PASSWORD, Hand, Watched, new_context, sideways, violations
from playwright.sync_api import expect
from pptx import Presentation
from pypdf import PdfReader

from rodtrad.domain.columns import SCHEMA
from rodtrad.domain.components import build_tables
from rodtrad.sources.workbook import write_workbook

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from e2e.site import Site
    from playwright.sync_api import Browser, Locator, Page

pytestmark = [pytest.mark.e2e]
# The kinds of fault that the workbook brings: sheet, row of the sheet, column, what
# stands there and what it is mended to.
FAULTS = (
    ("projects", 2, "deadline_year", "snart", "2028"),
    ("outlays", 3, "outlay", "mycket", "6000"),
    ("components", 2, "technical_life_years", "fyrtio", "40"),
)


@pytest.fixture(params=["mus", "tangent"])
def way(request: pytest.FixtureRequest) -> str:
    """With the mouse, or from the keyboard alone."""
    return str(request.param)


@pytest.fixture
def opened(
    chromium: Browser, site: Site, request: pytest.FixtureRequest
) -> Iterator[Page]:
    """A page; nobody is logged in. Fails if it complained or asked outside its host."""
    role = getattr(request, "param", "ekonom")
    context = new_context(chromium, site, role)
    page = context.new_page()
    watched = Watched(page, site.base)
    yield page
    told = watched.told()
    context.close()
    assert told == []


def _hand(page: Page, way: str) -> Hand:
    return Hand(page, keys=way == "tangent")


def _main(page: Page) -> Locator:
    return page.locator("main")


def _clean(page: Page, way: str) -> None:
    """What only somebody on their way sees: no violation, nothing sideways."""
    if way == "mus":  # the same page both ways: once is enough
        assert violations(page) + sideways(page) == []


def _button(page: Page, name: str) -> Locator:
    return _main(page).get_by_role("button", name=name, exact=True)


@pytest.mark.parametrize("opened", [""], indirect=True)
def test_log_in(opened: Page, way: str) -> None:
    """From the first page to the overview of one's municipality, and out again."""
    hand = _hand(opened, way)
    opened.goto("/sidor/")
    hand.write(opened.get_by_label("E-postadress"), "ekonom@liten.example")
    hand.write(opened.get_by_label("Lösenord"), PASSWORD)
    hand.press(_button(opened, "Logga in"))
    opened.wait_for_url("**/sidor/")
    expect(opened.locator("h1")).to_be_visible()
    hand.press(opened.locator(".top details.menu").last.locator("summary"))
    hand.press(opened.get_by_role("button", name="Logga ut"))
    if "logout" in opened.url:
        hand.press(_button(opened, "Logga ut"))
    opened.wait_for_url("**/konto/login/**")
    opened.goto("/sidor/")
    assert "/konto/login/" in opened.url


def _faulty_workbook(path: Path) -> Path:
    """Write the underlag as a workbook, with three cells that cannot be read."""
    write_workbook(build_tables(records()), path)
    book = openpyxl.load_workbook(path)
    for table, row, column, text, _mended in FAULTS:
        place = list(SCHEMA[table].columns).index(column) + 1
        book[SCHEMA[table].label_sv].cell(row, place).value = text
    book.save(path)
    return path


def test_three_faults_of_a_workbook_are_mended_in_the_grid(
    opened: Page, way: str, tmp_path: Path
) -> None:
    """Read in, see the three, approve, mend each in its cell, see them vanish."""
    hand = _hand(opened, way)
    place = f"/inlasning-{way}"
    opened.goto(f"{place}/underlag/")
    hand.press(_main(opened).get_by_role("link", name="Läs in Excel"))
    opened.wait_for_url("**/inlasning/")
    book = _faulty_workbook(tmp_path / "underlag.xlsx")
    hand.choose_file(opened.locator("input[type=file]"), book)
    hand.press(_button(opened, "Visa vad som ändras"))
    expect(opened.get_by_role("heading", name="3 fel i arbetsboken")).to_be_visible()
    for _table, _row, _column, text, _mended in FAULTS:
        assert text in _main(opened).inner_text()
    hand.press(_button(opened, "Godkänn ändringarna"))
    opened.wait_for_url(lambda url: "/inlasning/" not in url)
    for left, (table, row, column, _text, mended) in zip(
        (2, 1, 0), FAULTS, strict=True
    ):
        opened.goto(f"{place}/underlag/")
        expect(opened.locator(".faults .error")).to_have_count(left + 1)
        link = opened.locator(f".faults .error a[href*='#c-{row}-{column}']")
        hand.press(link.first)
        opened.wait_for_url(f"**#c-{row}-{column}")
        cell = opened.locator(f"#c-{row}-{column}")
        expect(cell).to_have_class(re.compile(r"\berr\b"))
        if not left:
            _clean(opened, way)
        if way == "mus":
            cell.dblclick()
        else:
            hand.press(opened.locator(f".faults a[href*='#c-{row}-{column}']").first)
            expect(cell).to_be_focused()
            opened.keyboard.press("F2")
        editor = cell.locator("input, textarea, select")
        expect(editor).to_be_focused()
        opened.keyboard.press("Control+A")
        opened.keyboard.type(mended)
        opened.keyboard.press("Enter")
        if way == "mus":
            opened.locator("[data-save]").click()
        else:
            opened.keyboard.press("Control+S")
        expect(opened.locator(f"#c-{row}-{column}.err")).to_have_count(0)
        expect(opened.locator(f"#c-{row}-{column}")).not_to_have_class(
            re.compile(r"\bchg\b")
        )
        assert SCHEMA[table].label_sv in opened.locator("h1").inner_text()
    opened.goto(f"{place}/underlag/")
    expect(opened.locator(".faults .error")).to_have_count(0)


def test_a_need_becomes_a_project_with_two_alternatives(opened: Page, way: str) -> None:
    """Report a need in five fields, make a project of it, give it two alternatives."""
    hand = _hand(opened, way)
    place = f"/behov-{way}"
    opened.goto(f"{place}/behov/anmal/")
    for name, text in (
        ("what", "Ny ventilation i matsalen"),
        ("where", "Norra skolan"),
        ("when", "Till hösten 2027"),
        ("why", "Luften räcker inte till 200 barn."),
    ):
        hand.write(_main(opened).locator(f"[name={name}]"), text)
    hand.press(_button(opened, "Skicka"))
    opened.wait_for_url(re.compile(r"/behov/anmalda/\d+/"))
    reported = opened.url
    assert "Ny ventilation i matsalen" in _main(opened).inner_text()
    hand.press(opened.get_by_role("link", name="Gör ett projekt av det"))
    opened.wait_for_url("**/projekt/nytt/**")
    hand.write(opened.locator("input[name='p.name']"), "Ventilation i matsalen")
    expect(opened.locator("fieldset.alternative")).to_have_count(2)
    for n, (title, outlay) in enumerate((("Bygg om", "1200"), ("Byt aggregat", "800"))):
        hand.write(opened.locator(f"input[name='a{n}.name']"), title)
        hand.write(opened.locator(f"input[name='a{n}.build_years']"), "1")
        hand.write(opened.locator(f"input[name='a{n}.o0.outlay']"), outlay)
    hand.press(_button(opened, "Lägg in projektet"))
    opened.wait_for_url(lambda url: "/projekt/" in url and "/nytt/" not in url)
    text = _main(opened).inner_text()
    assert "Ventilation i matsalen" in text
    assert "Bygg om" in text
    assert "Byt aggregat" in text
    opened.goto(reported)
    assert "Blev ett projekt" in _main(opened).inner_text()


def test_a_plan_is_computed_and_another_cancelled(opened: Page, way: str) -> None:
    """Start a plan and see it finish; cancel a long one, and keep the best so far."""
    hand = _hand(opened, way)
    opened.goto(f"/korning-{way}/studier/")
    hand.write(_main(opened).get_by_label("Namn"), "Min plan")
    for label in ("Skäl för varje projekt", "Enighetskarta", "Hur säkert det är",
                  "Nära lika bra planer och reservlista", "Behov ur register och befolkning"):  # fmt: skip
        hand.tick(_main(opened).get_by_label(label))
    hand.choose(_main(opened).get_by_label("Längsta tid"), "20 sekunder")
    hand.press(_button(opened, "Starta"))
    opened.wait_for_url(re.compile(r"/studier/3/"))
    expect(opened.locator("#run")).to_have_count(0, timeout=120_000)
    assert "Min plan" in _main(opened).inner_text()
    opened.goto(f"/korning-{way}/studier/")
    hand.write(_main(opened).get_by_label("Namn"), "Den avbrutna")
    hand.choose(_main(opened).get_by_label("Underlag"), "Version 2")
    hand.choose(_main(opened).get_by_label("Längsta tid"), "20 minuter")
    hand.press(_button(opened, "Starta"))
    opened.wait_for_url(re.compile(r"/studier/4/"))
    expect(_button(opened, "Avbryt körningen")).to_be_visible()
    _clean(opened, way)
    # once it tells how good its best plan is, that plan may not be lost
    expect(opened.locator("#run .proof")).to_be_visible(timeout=180_000)
    hand.press(_button(opened, "Avbryt körningen"))
    expect(opened.locator("#run")).to_have_count(0, timeout=120_000)
    expect(_main(opened)).to_contain_text("Avbruten, bästa plan hittills.")
    expect(_main(opened).locator("figure.chart").first).to_be_visible()
    opened.goto(f"/korning-{way}/studier/")
    row = opened.get_by_role("row").filter(has_text="Den avbrutna")
    expect(row).to_contain_text("avbruten, bästa plan hittills")


def test_two_plans_are_compared(opened: Page, way: str) -> None:
    """Choose two plans, and read what differs between them."""
    hand = _hand(opened, way)
    opened.goto(f"/jamfora-{way}/jamfor/")
    hand.choose(opened.locator("#plan-A"), "1")
    hand.choose(opened.locator("#plan-B"), "2")
    hand.press(_button(opened, "Jämför"))
    opened.wait_for_url("**/jamfor/?plan=1&plan=2*")
    table = opened.locator("table.compare")
    expect(table.get_by_role("columnheader")).to_have_count(3)
    assert "Mindre utrymme" in table.inner_text()
    assert "Förslaget" in table.inner_text()
    expect(table.locator("td.differs").first).to_be_visible()
    expect(opened.locator("main svg[role=img]:visible").first).to_be_visible()


def test_a_project_is_moved_on_the_workbench(opened: Page, way: str) -> None:
    """Move a project a year, see the economy follow, and take it back."""
    hand = _hand(opened, way)
    opened.goto(f"/banken-{way}/arbetsbank/")
    row = opened.locator("tr[data-start]").first
    key = row.get_attribute("data-project")
    row = opened.locator(f"tr[data-project='{key}']")
    start = int(row.get_attribute("data-start") or 0)
    chip = opened.locator("#bench-changes .chip")
    step, moved = ("senare", start + 1) if start < 2028 else ("tidigare", start - 1)
    if way == "mus":
        row.locator(f"button[value='{step}:{key}']").click()
    else:
        hand.reach(row.locator("[data-name]"))
        opened.keyboard.press("ArrowRight" if step == "senare" else "ArrowLeft")
    expect(chip).to_have_text("1 ändring")
    expect(row).to_have_attribute("data-start", str(moved))
    expect(opened.locator("#bench-effect")).to_contain_text("var ")
    _clean(opened, way)
    if way == "mus":
        opened.get_by_role("button", name="Ångra").click()
    else:
        opened.keyboard.press("Control+z")
    expect(chip).to_have_text("0 ändringar")
    expect(row).to_have_attribute("data-start", str(start))


@pytest.mark.parametrize("opened", ["fortroendevald"], indirect=True)
def test_a_viewpoint_is_given_and_the_map_read(opened: Page, way: str) -> None:
    """Answer the questions, share what they say, and read the agreement map."""
    hand = _hand(opened, way)
    opened.goto(f"/synen-{way}/vardering/")
    with opened.expect_navigation():
        hand.press(_button(opened, "Börja"))
    for number in range(1, 13):
        if not opened.get_by_text(f"Fråga {number} av högst").count():
            break
        if number == 1:
            _clean(opened, way)
        with opened.expect_navigation():
            hand.press(_button(opened, "Välj det här").first)
    expect(opened.locator("h1")).to_have_text("Så väger ni kriterierna")
    for name in CRITERIA.values():
        assert name in _main(opened).inner_text()
    _clean(opened, way)
    hand.write(opened.get_by_label("Synsättets namn"), "Vårt synsätt")
    hand.tick(_main(opened).get_by_role("checkbox"))
    hand.press(_button(opened, "Dela"))
    expect(opened.locator(".lede")).to_contain_text("är delat")
    hand.press(opened.get_by_role("link", name=re.compile("^Varför")).first)
    opened.wait_for_url("**/enighet/")
    # also what is folded: the weights of each viewpoint stand in a table
    text = _main(opened).text_content() or ""
    assert "Vårt synsätt" in text
    for viewpoint in ("Nytta", "Miljö"):
        assert viewpoint in text


def test_the_four_documents_are_taken_out_and_opened(opened: Page, way: str) -> None:
    """Download letter, presentation, workbook and report, and open each."""
    hand = _hand(opened, way)
    opened.goto(f"/motet-{way}/mote/")
    found: dict[str, bytes] = {}
    for kind in ("docx", "pptx", "xlsx", "pdf"):
        link = opened.locator(f"a[download][href$='.{kind}']").first
        with opened.expect_download(timeout=120_000) as asked:
            hand.press(link)
        found[kind] = asked.value.path().read_bytes()
    letter = Document(io.BytesIO(found["docx"]))
    assert "Norra skolan byggs om" in "\n".join(
        [*(p.text for p in letter.paragraphs)]
        + [c.text for t in letter.tables for r in t.rows for c in r.cells]
    )
    slides = Presentation(io.BytesIO(found["pptx"])).slides
    assert any(shape.has_chart for slide in slides for shape in slide.shapes)
    book = openpyxl.load_workbook(io.BytesIO(found["xlsx"]))
    assert len(book.sheetnames) > 3
    report = PdfReader(io.BytesIO(found["pdf"]))
    assert "Norra skolan" in "".join(page.extract_text() for page in report.pages)

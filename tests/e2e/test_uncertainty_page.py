"""The chapters on needs and on how sure the plan is, in a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pytest
from e2e.test_report_page import browser  # noqa: F401 - a fixture
from unit.publish.sample import sample_result
from unit.publish.sample_uncertainty import with_uncertainty

from rodtrad.publish.content import build_report
from rodtrad.publish.document_html import render_html

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

pytestmark = [pytest.mark.e2e]
_CHARTS = "#behoven figure.chart, #sannolikhet figure.chart"


@pytest.fixture(scope="module")
def uncertain_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of an invented plan with everything that draws give."""
    path = tmp_path_factory.mktemp("e2e") / "plan.html"
    report = build_report(with_uncertainty(sample_result(years=12)))
    path.write_bytes(render_html(report))
    return path


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_each_chart_is_drawn_once_and_inside_the_page(
    browser: Browser,  # noqa: F811
    uncertain_page: Path,
    width: int,
    scheme: Literal["light", "dark"],
) -> None:
    page = browser.new_page(
        viewport={"width": width, "height": 900}, color_scheme=scheme
    )
    page.goto(uncertain_page.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    charts = page.query_selector_all(_CHARTS)
    assert len(charts) == 8
    for chart in charts:
        shown = [svg for svg in chart.query_selector_all("svg.ch") if svg.is_visible()]
        assert len(shown) == 1
        box = shown[0].bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
    page.close()


def test_bands_differ_from_their_ground_in_both_schemes(
    browser: Browser,  # noqa: F811
    uncertain_page: Path,
) -> None:
    colours: dict[str, list[str]] = {}
    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    for scheme in schemes:
        page = browser.new_page(color_scheme=scheme)
        page.goto(uncertain_page.as_uri())
        colours[scheme] = [
            str(
                page.evaluate(
                    f"getComputedStyle(document.documentElement).getPropertyValue('--{name}')"
                )
            )
            for name in ("surface", "band1", "band2", "c1")
        ]
        page.close()
    for found in colours.values():
        assert all(found)
        assert len(set(found)) == 4
    assert not set(colours["light"]) & set(colours["dark"])

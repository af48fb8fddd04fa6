"""Projects, needs and goals in a real browser: seen by axe, wide and narrow, two themes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from web.workbench.browsing import another, opened, running_browser, violations

from rodtrad.web.models import Study, Underlag
from rodtrad.web.models.underlag import Row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page
    from pytest_django.live_server_helper import LiveServer
    from web.conftest import ClientFor


pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
SHOTS = os.environ.get("RODTRAD_SHOTS", "")
# A machine without a graphics card draws with its processor.
DRAWS = ("--use-angle=swiftshader", "--enable-unsafe-swiftshader")
CANNOT_DRAW = ("--disable-3d-apis",)
PAGES = {
    "projekt": "projekt/skola/",
    "lista": "projekt/",
    "tavla": "projekt/tavla/",
    "tidslinje": "projekt/tidslinje/",
    "karta": "projekt/karta/",
    "nytt": "projekt/nytt/",
    "andra": "projekt/skola/andra/",
    "skede": "projekt/skola/skede/",
    "uppgifter": "projekt/skola/uppgifter/",
    "kalkyl": "projekt/skola/kalkyl/",
    "beslut": "projekt/skola/beslut/",
    "bifoga": "projekt/skola/bifoga/",
    "anmal": "behov/anmal/",
    "anmalda": "behov/anmalda/",
    "behov": "behov/anmalda/1/",
    "mal": "mal/",
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A running browser."""
    with running_browser() as running:
        yield running


def change(table: str, key: str, **values: object) -> None:
    """Set cells of a row, and let the working copy know."""
    row = Row.objects.get(table=table, key=key)
    row.data |= values
    row.revision = row.underlag.revision + 1
    row.save()
    Underlag.objects.update(revision=row.revision)


def look(page: Page, name: str) -> None:
    """Keep a picture, if somebody asked for pictures."""
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)


@pytest.fixture
def cookie(client_for: ClientFor, study: Study) -> str:
    """The session of an ekonom where most things have been filled in."""
    client = client_for("ekonom")
    at = "/liten/projekt/skola/"
    for year, budget, actual in (("2025", "", "4500"), ("2026", "39000", "")):
        sent = {"year": year, "budget_tkr": budget, "actual_tkr": actual}
        client.post(f"{at}ar/", sent)
    client.post(
        f"{at}beslut/",
        {
            "body": "Kommunfullmäktige",
            "date": "2024-06-15",
            "paragraph": "45",
            "amount_tkr": "43000",
            "price_level": "2025 års priser",
            "gate": "G3",
            "text": "Kommunfullmäktige beslutar att anvisa 43 mkr.",
        },
    )
    for day, amount in (("2024-01-01", "40000"), ("2025-09-01", "44500")):
        client.post(
            f"{at}kalkyl/",
            {
                "date": day,
                "estimate_class": "forstudie",
                "covers": "total",
                "price_level": "2025 års priser",
                "amount_tkr": amount,
            },
        )
    client.post(f"{at}skede/", {"to": "G2", "reason": "Utreds vidare"})
    client.post(f"{at}uppgifter/", {"need": "Taket läcker", "revision": "0"})
    client.post(
        "/liten/behov/anmal/",
        {"what": "Nytt tak", "where": "Skolan", "when": "Snart", "why": "Läcker"},
    )
    client.post("/liten/mal/ny/", {"slag": "mal", "text": "Trygga skolor"})
    change("areas", "centrum", lat=57.66, lon=15.85)
    change("projects", "skola", area="centrum")
    return client.cookies["rodtrad"].value


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (390, "dark")])
def test_nothing_is_wrong_with_any_page(
    width: int, theme: str, browser: Browser, live_server: LiveServer, cookie: str
) -> None:
    with opened(browser, live_server.url, cookie, width, color_scheme=theme) as page:
        found: list[str] = []
        for name, path in PAGES.items():
            page.goto(f"/liten/{path}")
            found += [f"{name}: {fault}" for fault in violations(page)]
            look(page, f"{name}-{width}")
        assert found == []


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (390, "dark")])
def test_the_live_map_is_drawn_and_leads_to_its_projects(
    width: int, theme: str, browser: Browser, live_server: LiveServer, cookie: str
) -> None:
    at = f"{live_server.url}/liten/projekt"
    with (
        another(browser, *DRAWS) as drawing,
        opened(drawing, live_server.url, cookie, width, color_scheme=theme) as page,
    ):
        page.goto(f"{at}/karta/")
        page.locator("#map[data-drawn]").wait_for()
        assert page.locator("#map-svg").is_hidden()
        assert page.locator("#map").is_visible()
        assert page.locator("#map .mapname").all_inner_texts() == ["Centrum"]
        assert page.get_by_role("button", name="Zooma in").is_visible()
        # the only place is in the middle, and what is drawn there can be clicked
        page.locator("#map canvas").click()
        page.wait_for_url(f"{at}/skola/")

        change("projects", "park", lat=57.63, lon=15.80)
        change("projects", "bro", lat=57.70, lon=15.95)
        page.goto(f"{at}/karta/")
        page.locator("#map[data-drawn]").wait_for()
        assert page.locator("#map-svg").is_hidden()
        assert page.locator(".maplist li").count() == 3
        look(page, f"karta-tre-{width}")
        assert violations(page) == []


def test_two_projects_in_one_place_are_picked_in_the_list(
    browser: Browser, live_server: LiveServer, cookie: str
) -> None:
    change("projects", "park", area="centrum")
    at = f"{live_server.url}/liten/projekt/karta/"
    with (
        another(browser, *DRAWS) as drawing,
        opened(drawing, live_server.url, cookie, 1280) as page,
    ):
        page.goto(at)
        page.locator("#map[data-drawn]").wait_for()
        assert page.locator("#map-svg").is_hidden()
        page.locator("#map canvas").click()
        page.locator(".maplist li.here").first.wait_for()
        assert page.locator(".maplist li.here").count() == 2
        assert page.locator(".maplist a:focus").count() == 1
        assert page.url == at


def test_an_untried_project_is_drawn_in_both_themes(
    browser: Browser, live_server: LiveServer, cookie: str
) -> None:
    Study.objects.all().delete()
    with (
        another(browser, *DRAWS) as drawing,
        opened(drawing, live_server.url, cookie, 1280, color_scheme="light") as page,
    ):
        page.goto("/liten/projekt/karta/")
        page.locator("#map[data-drawn]").wait_for()
        assert page.locator("#map-svg").is_hidden()
        look(page, "karta-utan-plan")
        # the page hears of the change a moment later, and draws anew
        page.evaluate("delete document.getElementById('map').dataset.drawn")
        page.emulate_media(color_scheme="dark")
        page.locator("#map[data-drawn]").wait_for()
        look(page, "karta-utan-plan-dark")
        page.locator("#map canvas").click()
        page.wait_for_url("**/projekt/skola/")


@pytest.mark.parametrize("width", [1280, 390])
def test_without_webgl_the_drawn_map_and_the_list_stay(
    width: int, browser: Browser, live_server: LiveServer, cookie: str
) -> None:
    with (
        another(browser, *CANNOT_DRAW) as plain,
        opened(plain, live_server.url, cookie, width) as page,
    ):
        page.goto("/liten/projekt/karta/")
        page.wait_for_load_state("networkidle")
        assert not page.evaluate(
            "Boolean(document.createElement('canvas').getContext('webgl2'))"
        )
        assert page.locator("#map").is_hidden()
        assert page.locator("#map-svg circle title").all_text_contents() == [
            "Norra skolan byggs om"
        ]
        assert page.locator(".maplist").get_by_role("link").count() == 1
        look(page, f"karta-ritad-{width}")
        assert violations(page) == []

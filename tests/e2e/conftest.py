"""What the journeys share: one running server and one browser for them all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from e2e.site import running_browser, running_site
from e2e.walking import LANGUAGES, Windows
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from e2e.site import Site
    from playwright.sync_api import Browser

# A busy machine is slow, and that is no fault of a page.
expect.set_options(timeout=60_000)
JOURNEYS = (
    *("inlasning", "behov", "korning", "jamfora", "banken", "synen", "motet"),
    *("fraga", "brevet", "prova", "potten"),
)
# One municipality a journey and way of working, and one whose pages are only read.
PLACES = (
    "sidor",
    *(f"{name}-{way}" for name in JOURNEYS for way in ("mus", "tangent")),
)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server in a home of its own."""
    with running_site(tmp_path_factory.mktemp("hem"), PLACES) as running:
        yield running


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A running browser."""
    with running_browser() as running:
        yield running


@pytest.fixture(scope="module", params=sorted(LANGUAGES, reverse=True))
def windows(
    request: pytest.FixtureRequest, chromium: Browser, site: Site
) -> Iterator[Windows]:
    """The windows of one language."""
    made = Windows(chromium, site, request.param)
    yield made
    made.close()

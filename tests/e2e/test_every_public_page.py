"""Every page that everyone reads: both languages, a desktop and a phone, seen by axe.

Somebody who only reads is left no cookie and nothing else. `open_states` adds what a
page can say beside its address: an older version, a link that is too old. What is no
page is asked for too, to see that it is none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
from e2e.walking import APART, PUBLIC, READER, addresses, look, pages
from web.public.everything import STATUS

if TYPE_CHECKING:
    from e2e.site import Site
    from e2e.walking import Windows

pytestmark = [pytest.mark.e2e]
STATES: Final = tuple(
    f"{PUBLIC}{name}"
    for name in (
        *("older", "older_project", "project_gone", "filtered", "nothing_found"),
        *("filtered_map", "place_found", "nowhere_found", "not_found"),
        *("follow_project", "follows_nothing", "old_link", "forged_link"),
        *("letters_found", "no_letters_found"),
        *("answer_a_comment", "closed_dialogue", "write_too_late", "plan_dialogue"),
        *("comments_by_theme", "hidden_comment", "waiting_receipt"),
        *("envelope_to_vote", "envelope_to_propose", "vote_too_late", "one_receipt"),
        "broken_plan",
    )
)
PAGES: Final = pages(public=True)


@pytest.mark.parametrize("name", sorted({*PAGES, *STATES}))
def test_a_page(windows: Windows, name: str) -> None:
    """No violation, nothing sideways, no complaint and no trace, before and after use."""
    address = windows.in_language(windows.site.pages.get(name) or PAGES[name])
    found = look(windows, address, READER, STATUS.get(name, 200))
    assert not found, "\n".join(found)


def test_what_is_apart_is_no_page(windows: Windows) -> None:
    """That what is passed over is answered, with no page, and leaves no trace."""
    known = addresses()
    context = windows.of(READER).page.context
    for name in sorted(APART):
        if not name.startswith(PUBLIC):
            continue
        address = windows.in_language(windows.site.pages.get(name) or known[name])
        answer = context.request.get(address, max_redirects=0)
        assert answer.status == (404 if name == "public_api_nothing" else 200), name
        assert "text/html" not in answer.headers["content-type"], name
        assert "set-cookie" not in answer.headers, name
    assert context.cookies() == []


def test_every_state_is_looked_at(site: Site) -> None:
    """That nothing which was filled in is passed over."""
    made = {name for name in site.pages if name.startswith(PUBLIC)}
    assert made <= {*PAGES, *STATES, *APART}
    assert set(STATES) <= made

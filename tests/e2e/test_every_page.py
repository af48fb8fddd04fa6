"""Every page of the application: both languages, a desktop and a phone, seen by axe.

`states` adds what a page can say beside its address: a failed plan, a municipality with
nothing in it. Leaves out what everyone reads (test_every_public_page).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
from e2e import posts
from e2e.site import BEGINNINGS, TWO_STEPS
from e2e.walking import NO_PAGE, PUBLIC, look, pages

if TYPE_CHECKING:
    from e2e.site import Site
    from e2e.walking import Windows

pytestmark = [pytest.mark.e2e]
# Addresses that know themselves what to show, in the municipality that is walked.
STATES: Final = (
    *("study_failed", "study_cancelled", "study_kept", "study_running"),
    *("need_answered", "not_found", "no_right"),
    *("invitation", "invitation_spent"),
    *("letter_waiting", "letter_with_a_fault"),
    *("dialogue_queue_all", "dialogue_to_answer", "dialogue_reported"),
    *("envelope_draft", "envelope_published", "envelope_proposals"),
    *(f"empty_{name}" for name in BEGINNINGS.values()),
)
STATUS: Final = {
    "not_found": 404,
    "no_right": 403,
    "invitation_spent": 404,
    "empty_dialogue_new": 409,
    **posts.STATUS,
}
# Who looks, where it is not an administrator; "" is somebody who is not logged in.
VISITORS: Final = {
    "account_login": "",
    "account_reset_password": "",
    "account_reset_password_done": "",
    "invitation": "",
    "invitation_spent": "",
    "no_right": "lasare",
    "mfa_index": TWO_STEPS,
    "mfa_deactivate_totp": TWO_STEPS,
    "mfa_view_recovery_codes": TWO_STEPS,
    "mfa_generate_recovery_codes": TWO_STEPS,
    "mfa_list_webauthn": TWO_STEPS,
    "mfa_remove_webauthn": TWO_STEPS,
    "mfa_edit_webauthn": TWO_STEPS,
    "mfa_reauthenticate": TWO_STEPS,
}
PAGES: Final = {
    name: address for name, address in pages(public=False).items() if name not in STATES
}


@pytest.mark.parametrize("name", sorted({*PAGES, *STATES, *posts.STATUS}))
def test_a_page(windows: Windows, name: str) -> None:
    """No violation, nothing sideways, no complaint, before and after an interaction."""
    address = windows.site.pages.get(name) or PAGES.get(name, "")
    visitor = VISITORS.get(name, "administrator")
    sent = windows.site.posts.get(name)
    found = look(windows, address, visitor, STATUS.get(name, 200), sent)
    assert not found, "\n".join(found)


def test_every_state_is_looked_at(site: Site) -> None:
    """That nothing which `states` or `posts` made is passed over."""
    made = {name for name in site.pages if not name.startswith(PUBLIC)}
    assert made <= {*PAGES, *STATES, *NO_PAGE}
    assert set(site.posts) == set(posts.STATUS)

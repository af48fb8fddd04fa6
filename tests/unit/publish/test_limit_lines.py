"""What limits a plan is said only when it has been looked for."""

from __future__ import annotations

from rodtrad.publish.summary import _limit_lines


def test_no_limit_is_told_of_when_none_was_looked_for() -> None:
    assert _limit_lines({"limits": [], "reasons": []}) == [
        "Vad som begränsar planen är inte uträknat i den här körningen."
    ]
    assert _limit_lines({"limits": [], "reasons": [{}]}) == [
        "Inget mål och ingen resurs begränsar planen."
    ]

"""Parts are done by one process or by several, and give the same."""

from __future__ import annotations

import math

import pytest

from rodtrad.plan.sharing import Sharing


@pytest.mark.parametrize("processes", [1, 2])
def test_results_come_in_the_order_they_were_added(processes: int) -> None:
    told: list[str] = []
    with Sharing(processes) as sharing:
        for number in (9, 16, 25):
            sharing.add(str(number), math.sqrt, number)
        found = sharing.results(told.append)
    assert list(found.items()) == [("9", 3.0), ("16", 4.0), ("25", 5.0)]
    assert set(told) <= {"9", "16", "25"}
    assert processes > 1 or told == ["9", "16", "25"]


@pytest.mark.parametrize("processes", [1, 2])
def test_a_fault_in_a_part_is_told(processes: int) -> None:
    with Sharing(processes) as sharing:
        sharing.add("bad", math.sqrt, -1.0)
        with pytest.raises(ValueError, match="domain"):
            sharing.results(lambda _key: None)

"""Streams by name: the same numbers whatever else is drawn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rodtrad.domain.draws import autoregression, normals, stream, uniforms


def test_a_stream_depends_on_its_seed_and_name_alone() -> None:
    one = stream(1, "interest").random(5)
    stream(1, "prices").random(1000)
    assert (stream(1, "interest").random(5) == one).all()
    assert (stream(2, "interest").random(5) != one).all()
    assert (stream(1, "interests").random(5) != one).all()


@pytest.mark.parametrize("draw", [normals, uniforms])
def test_the_first_of_many_draws_are_those_of_few(draw: Any) -> None:
    few, many = draw(7, "prices", 12, 40), draw(7, "prices", 12, 1000)
    assert many.shape == (12, 1000)
    assert (many[:, :40] == few).all()


def test_streams_of_different_names_have_nothing_to_do_with_each_other() -> None:
    count = 20_000
    numbers = np.vstack([normals(3, f"project:{i}", 1, count) for i in range(8)])
    correlation = np.corrcoef(numbers) - np.eye(8)
    assert np.abs(correlation).max() < 4.5 / np.sqrt(count)
    assert abs(numbers.mean()) < 4.5 / np.sqrt(8 * count)
    assert numbers.std() == pytest.approx(1.0, abs=0.02)


def test_a_shock_dies_away() -> None:
    shocks = np.zeros((5, 1))
    shocks[1] = 2.0
    assert autoregression(shocks, 0.5)[:, 0].tolist() == [0.0, 2.0, 1.0, 0.5, 0.25]

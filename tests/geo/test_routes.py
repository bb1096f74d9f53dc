"""The order of stops, against every order there is."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.routes import length, order

metres = st.floats(-5000, 5000, allow_nan=False, width=32)
spots = st.lists(st.tuples(metres, metres), max_size=7)


def shortest(start: tuple[float, float], points: np.ndarray) -> float:
    """The length of the best of all orders."""
    every = np.array(list(permutations(range(len(points)))))
    stops = np.concatenate([np.broadcast_to(start, (len(every), 1, 2)), points[every]], axis=1)
    return float(np.hypot(*np.diff(stops, axis=1).transpose(2, 0, 1)).sum(axis=1).min())


@given(spots, st.tuples(metres, metres))
def test_every_stop_is_visited_once_and_the_way_is_not_far_from_the_shortest(
    points: list[tuple[float, float]], start: tuple[float, float]
) -> None:
    x, y = np.array(points, float).reshape(-1, 2).T
    found = order(start, x, y)
    assert sorted(found.tolist()) == list(range(len(points)))
    if points:
        best = shortest(start, np.array(points, float))
        assert best - 1e-6 <= length(start, x[found], y[found]) <= 1.35 * best + 1e-6


def test_on_average_it_is_within_a_hundredth_of_the_shortest() -> None:
    random = np.random.default_rng(11)
    ratios = []
    for _ in range(60):
        points = random.uniform(0, 4000, (7, 2))
        x, y = points.T
        found = order((2000.0, 2000.0), x, y)
        ratios.append(length((2000.0, 2000.0), x[found], y[found]) / shortest((2000.0, 2000.0), points))
    assert np.mean(ratios) < 1.01
    assert np.mean(np.isclose(ratios, 1.0)) > 0.8


def test_no_two_ways_cross_and_stops_on_a_line_are_taken_in_line() -> None:
    x = np.random.default_rng(3).permutation(40) * 100.0
    found = order((-50.0, 0.0), x, np.zeros(40))
    assert x[found].tolist() == sorted(x)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_few_stops(count: int) -> None:
    x = np.arange(count, 0, -1) * 10.0
    found = order((0.0, 0.0), x, x)
    assert found.dtype == np.int32
    assert x[found].tolist() == sorted(x)


def test_stops_on_one_spot_cost_nothing() -> None:
    found = order((0.0, 0.0), [5.0, 1.0, 5.0, 1.0], [0.0, 0.0, 0.0, 0.0])
    assert found[:2].tolist() in ([1, 3], [3, 1])

"""The nearest of many points, against brute force."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.points import PointIndex

SPOT = st.tuples(st.integers(0, 6), st.integers(0, 6))
POINTS = st.lists(SPOT, min_size=1, max_size=20)
PINS = st.lists(st.tuples(st.floats(-5, 12), st.floats(-5, 12)) | SPOT, min_size=1, max_size=10)


def all_distances(points: list[tuple[float, float]], x: np.ndarray, y: np.ndarray) -> np.ndarray:
    px, py = np.array(points, float).T
    return np.sqrt((x[:, None] - px) ** 2 + (y[:, None] - py) ** 2)


@given(points=POINTS, pins=PINS, max_m=st.sampled_from([0.0, 2.5, 100.0]))
def test_nearest_equals_brute_force_with_ties_to_the_lowest(
    points: list[tuple[float, float]], pins: list[tuple[float, float]], max_m: float
) -> None:
    x, y = np.array(pins, float).T
    distances = all_distances(points, x, y)
    nearest = distances.argmin(axis=1)
    way = distances.min(axis=1)
    index, distance = PointIndex(*np.array(points).T).nearest(x, y, max_m=max_m)
    np.testing.assert_array_equal(index, np.where(way <= max_m, nearest, -1))
    np.testing.assert_array_equal(distance, np.where(way <= max_m, way, np.nan))


@given(points=POINTS, pins=PINS, radius=st.sampled_from([0.0, 2.0, 30.0]), k=st.integers(1, 5))
def test_within_gives_the_k_nearest_in_order(
    points: list[tuple[float, float]], pins: list[tuple[float, float]], radius: float, k: int
) -> None:
    x, y = np.array(pins, float).T
    index, distance = PointIndex(*np.array(points).T).within(x, y, radius, k)
    for i, row in enumerate(all_distances(points, x, y)):
        expected = [int(j) for j in np.argsort(row, kind="stable") if row[j] <= radius][:k]
        assert index[i].tolist() == expected + [-1] * (k - len(expected))
        np.testing.assert_array_equal(distance[i], [*row[expected], *[math.nan] * (k - len(expected))])


def test_many_points_far_and_near() -> None:
    rng = np.random.default_rng(0)
    px, py = rng.normal(0, 3000, (2, 400))
    x, y = rng.uniform(-30_000, 30_000, (2, 30_000))
    index, distance = PointIndex(px, py).nearest(x, y, max_m=1e6)
    expected = all_distances(list(zip(px, py, strict=True)), x, y)
    np.testing.assert_array_equal(index, expected.argmin(axis=1))
    np.testing.assert_array_equal(distance, expected.min(axis=1))


def test_what_is_no_place_finds_nothing() -> None:
    points = PointIndex([0.0, 1.0], [0.0, 1.0])
    index, distance = points.nearest([math.nan, math.inf, 0.0], [0.0, 0.0, -math.inf], max_m=1e9)
    assert index.tolist() == [-1, -1, -1]
    assert np.isnan(distance).all()
    assert points.within(math.nan, 0.0, 5.0, k=1)[0].tolist() == [[-1]]


def test_no_points_and_points_that_are_none() -> None:
    assert PointIndex([], []).nearest(1.0, 1.0, max_m=10.0)[0].tolist() == [-1]
    with pytest.raises(ValueError, match=r"point 1 .*not a number"):
        PointIndex([0.0, math.nan], [0.0, 0.0])
    with pytest.raises(ValueError, match="equally long"):
        PointIndex([0.0], [0.0, 0.0])

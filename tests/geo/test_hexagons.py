"""Hexagons cover the plane once, and a point is in the one that says so."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.hexagons import Hexagons

metres = st.floats(-5e6, 5e6)


@given(metres, metres, st.floats(1, 5000))
def test_the_cell_of_a_point_is_the_one_with_the_nearest_middle(x: float, y: float, width: float) -> None:
    grid = Hexagons(width)
    (i,), (j,) = grid.cells([x], [y])
    assert (i + j) % 2 == 0
    near = [(i + di, j + dj) for di in range(-4, 5) for dj in range(-4, 5) if (di + dj) % 2 == 0]
    middles = np.column_stack(grid.middles(*np.array(near).T))
    mine = np.column_stack(grid.middles([i], [j]))[0]
    far = np.hypot(*(middles - [x, y]).T)
    assert np.hypot(*(mine - [x, y])) <= far.min() + 1e-6
    assert np.hypot(*(mine - [x, y])) <= width / np.sqrt(3) + 1e-6


@given(st.floats(10, 3000), st.integers(-50, 50), st.integers(-50, 50))
def test_a_cell_holds_its_middle_and_meets_six_others(width: float, a: int, b: int) -> None:
    grid = Hexagons(width)
    i, j = a + b, a - b
    x, y = grid.middles([i], [j])
    assert [int(each[0]) for each in grid.cells(x, y)] == [i, j]
    ring = np.array([(2, 0), (-2, 0), (1, 1), (1, -1), (-1, 1), (-1, -1)])
    cell, *others = grid.polygons([i, *(i + ring[:, 0])], [j, *(j + ring[:, 1])])
    assert cell.area == pytest.approx(width**2 * np.sqrt(3) / 2)
    assert all(each.distance(cell) < 1e-6 for each in others)
    assert shapely.union_all([cell, *others]).area == pytest.approx(7 * cell.area, rel=1e-6)


def test_what_covers_an_area_leaves_nothing_out_and_has_nothing_too_much() -> None:
    area = (
        shapely.Point(300_000, 4_540_000)
        .buffer(2_500)
        .difference(shapely.Point(300_300, 4_540_000).buffer(900))
    )
    grid = Hexagons(400.0)
    i, j = grid.covering(area)
    cells = grid.polygons(i, j)
    assert shapely.union_all(cells).buffer(0.01).covers(area)
    assert all(cell.intersects(area) for cell in cells)
    assert len({*zip(i.tolist(), j.tolist(), strict=True)}) == len(i)

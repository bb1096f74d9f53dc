"""Ground divided among neighbours: after whatever is drawn, each spot is in one area, with borders that are the same."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import shapely
import shapely.affinity
from hypothesis import given as examples
from hypothesis import strategies as st

from geo.partition import MENDED_M, given, mended, uncovered
from geo.polygons import SLIVER_M, gaps, mean_width, overlaps, slivers
from geo.projection import projection

CITY = shapely.box(0, 0, 900, 900)
AREAS = [shapely.box(x, y, x + 300, y + 300) for x in (0, 300, 600) for y in (0, 300, 600)]
CORNERS = st.tuples(st.integers(-50, 950), st.integers(-50, 950))


def assert_divided(areas: np.ndarray, whole: shapely.Geometry) -> None:
    """Hold areas to covering the whole once, corner by corner."""
    assert shapely.coverage_is_valid(areas)
    # One that lost all but slivers keeps them: they are told of, and somebody decides.
    wide = [area for area in areas if any(mean_width(part) >= SLIVER_M for part in shapely.get_parts(area))]
    assert slivers(wide) == []
    assert overlaps(list(areas)) == []
    assert uncovered(list(areas), whole) == []


@examples(taker=st.integers(0, 8), corners=st.lists(CORNERS, min_size=3, max_size=8, unique=True))
def test_ground_that_one_gets_the_others_lose(taker: int, corners: list[tuple[int, int]]) -> None:
    ground = shapely.MultiPoint(corners).convex_hull.intersection(CITY)
    if ground.geom_type != "Polygon" or ground.area < 100:
        return
    after = given(AREAS, taker, ground, whole=CITY)
    assert_divided(after, CITY)
    # All but what is too thin to stand in.
    missing = shapely.get_parts(shapely.difference(ground, after[taker]))
    assert [part for part in missing if mean_width(part) >= SLIVER_M] == []


@examples(
    moves=st.lists(st.tuples(st.integers(0, 8), st.floats(-2, 2), st.floats(-2, 2)), min_size=1, max_size=6)
)
def test_small_slips_are_closed(moves: list[tuple[int, float, float]]) -> None:
    slipped = list(AREAS)
    for i, x, y in moves:
        slipped[i] = shapely.affinity.translate(AREAS[i], x, y)
    after = mended(slipped, whole=CITY)
    assert overlaps(list(after)) == []
    assert gaps(list(after)) == []
    assert [part for part in uncovered(list(after), CITY) if part.area > 900 * MENDED_M] == []


def test_the_one_just_drawn_keeps_the_ground() -> None:
    wider = shapely.box(300, 300, 700, 600)
    areas = [*AREAS[:4], wider, *AREAS[5:]]
    assert shapely.area(mended(areas, first=[4])[4]) == pytest.approx(400 * 300)
    assert shapely.area(mended(areas, first=[7])[4]) == pytest.approx(300 * 300)


def test_what_is_whole_stays_as_it_is() -> None:
    for before, after in zip(AREAS, mended(AREAS, whole=CITY), strict=True):
        assert before.equals(after)


def test_a_wide_gap_stays_to_be_decided_on() -> None:
    areas = [shapely.box(0, 0, 400, 900), shapely.box(500, 0, 900, 900)]
    (gap,) = uncovered(list(mended(areas, whole=CITY)), CITY)
    assert gap.area == pytest.approx(100 * 900)


@pytest.mark.shared
@pytest.mark.parametrize("layer", ["wards", "precincts"])
def test_boston_s_zones_are_mended_where_their_files_disagree_with_themselves(
    shared_data: Path, layer: str
) -> None:
    metric = projection(32619)
    features = json.loads((shared_data / "boston" / f"{layer}.geojson").read_text())["features"]
    shapes = shapely.transform(
        shapely.make_valid([shapely.geometry.shape(each["geometry"]) for each in features]),
        lambda xy: np.column_stack(metric.to_metric(*xy.T)),
    )
    assert overlaps(list(shapes)) or gaps(list(shapes))
    after = mended(list(shapes))
    assert overlaps(list(after)) == []
    assert [gap for gap in gaps(list(after)) if gap.width_m <= MENDED_M] == []
    # Only strips at the borders change: a few thousandths of the city.
    assert (
        shapely.area(shapely.symmetric_difference(shapes, after)).sum() < 0.002 * shapely.area(shapes).sum()
    )

"""What is wrong with a layer, found and measured."""

import math

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo import lines, polygons

BLOCK = shapely.box(0, 0, 100, 100)


def test_a_clean_layer_has_no_findings() -> None:
    clean = [shapely.box(x, y, x + 50, y + 50) for x in (0, 50) for y in (0, 50)]
    assert polygons.invalid_polygons(clean) == []
    assert polygons.overlaps(clean) == []
    assert polygons.gaps(clean) == []
    assert polygons.slivers(clean) == []


def test_a_self_crossing_ring_is_named_with_its_place() -> None:
    bow_tie = shapely.Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
    (found,) = polygons.invalid_polygons([BLOCK, bow_tie])
    assert (found.polygon, found.reason, found.x, found.y) == (1, "Self-intersection", 5.0, 5.0)


def test_too_few_points_are_named_too() -> None:
    flat = shapely.Polygon([(0, 0), (5, 5), (5, 5)])
    (found,) = polygons.invalid_polygons([flat])
    assert "Too few points" in found.reason
    assert math.isfinite(found.x)


@given(shared=st.floats(0.5, 60))
def test_an_overlap_is_measured(shared: float) -> None:
    second = shapely.box(100 - shared, 20, 180, 80)
    (found,) = polygons.overlaps([shapely.box(500, 0, 510, 10), BLOCK, second])
    assert (found.first, found.second) == (1, 2)
    assert found.area_m2 == pytest.approx(shared * 60)
    assert 0 < found.width_m <= shared
    assert BLOCK.intersection(second).covers(shapely.Point(found.x, found.y))


def test_overlaps_come_largest_first_and_touching_is_none() -> None:
    found = polygons.overlaps([BLOCK, shapely.box(90, 0, 150, 100), shapely.box(0, 70, 100, 200)])
    assert [(overlap.first, overlap.second) for overlap in found] == [(0, 2), (0, 1), (1, 2)]
    assert polygons.overlaps([BLOCK, shapely.box(100, 0, 200, 100)]) == []
    assert polygons.overlaps([BLOCK, shapely.box(99.995, 0, 200, 100)]) == []


def test_overlaps_of_broken_polygons_are_still_found() -> None:
    bow_tie = shapely.Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
    (found,) = polygons.overlaps([BLOCK, bow_tie])
    assert found.area_m2 == pytest.approx(50)


def test_a_hole_between_neighbours_is_a_gap_however_wide() -> None:
    ring = [shapely.box(0, 0, 90, 30), shapely.box(0, 30, 30, 90), shapely.box(60, 30, 90, 90)]
    ring.append(shapely.box(30, 60, 60, 90))
    (gap,) = polygons.gaps(ring)
    assert gap.neighbours == (0, 1, 2, 3)
    assert gap.area_m2 == pytest.approx(900)
    assert gap.width_m == pytest.approx(15)
    assert shapely.box(30, 30, 60, 60).covers(shapely.Point(gap.x, gap.y))


@given(width=st.floats(0.05, 4.5))
def test_a_crack_that_opens_to_the_outside_is_a_gap(width: float) -> None:
    (gap,) = polygons.gaps([BLOCK, shapely.box(100 + width, 0, 200, 100)])
    assert gap.neighbours == (0, 1)
    assert gap.area_m2 == pytest.approx(100 * width, rel=1e-6)


def test_streets_between_zones_are_wider_than_gaps() -> None:
    assert polygons.gaps([BLOCK, shapely.box(112, 0, 200, 100)]) == []
    (gap,) = polygons.gaps([BLOCK, shapely.box(112, 0, 200, 100)], width_m=15.0)
    assert gap.area_m2 == pytest.approx(1200)


def test_holes_and_bays_of_one_polygon_are_no_gaps() -> None:
    courtyard = BLOCK.difference(shapely.box(40, 40, 60, 60))
    inlet = shapely.box(100, 0, 200, 100).difference(shapely.box(198, 50, 210, 52))
    assert polygons.gaps([courtyard, inlet]) == []


def test_slivers_are_thin_parts() -> None:
    crumb = shapely.MultiPolygon([BLOCK, shapely.box(300, 0, 360, 0.4)])
    (found,) = polygons.slivers([BLOCK, crumb])
    assert found.polygon == 1
    assert found.area_m2 == pytest.approx(24)
    assert found.width_m == pytest.approx(0.4, rel=0.01)
    assert found.x == pytest.approx(330, abs=30)


def test_an_empty_layer_has_no_findings() -> None:
    assert polygons.overlaps([]) == polygons.gaps([]) == polygons.slivers([]) == []
    assert lines.zero_length([]) == lines.duplicates([]) == []


def test_lines_without_length_and_lines_drawn_twice() -> None:
    street = shapely.LineString([(0, 0), (50, 1), (100, 0)])
    layer = [
        street,
        shapely.LineString([(5, 5), (5, 5.004)]),
        street.reverse(),
        shapely.LineString([(0, 0), (50, 2), (100, 0)]),
        shapely.MultiLineString([street, shapely.LineString([(7, 7), (9, 9)])]),
        shapely.transform(street, lambda coords: coords + 0.001),
    ]
    assert lines.zero_length(layer) == [1]
    assert lines.duplicates(layer) == [(0, 2), (0, 5)]

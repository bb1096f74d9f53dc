"""What the map knows of a pin."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from layers.atlas import Atlas
from layers.current import load_atlas
from layers.models import City
from layers.places import FLAGS, UNPLACED
from tests.layers.town import (
    CITY,
    METRIC,
    Sheet,
    degrees,
    lonlat,
    street_sheet,
    write_town,
)

Load = Callable[[Path], City]


def test_pin_on_a_street(atlas: Atlas) -> None:
    place = atlas.locate_one(*lonlat(130, 97))
    assert place.flags == ("near_boundary",)
    assert (place.street, place.street_class, place.segment_id) == ("Oak St", "residential", "Oak St-2")
    assert place.side == "right"
    assert place.snap_m == pytest.approx(3, abs=0.01)
    assert place.along_m == pytest.approx(30, abs=0.01)
    assert (place.snap_lon, place.snap_lat) == pytest.approx(lonlat(130, 100), abs=1e-7)
    # Numbers 201 to 239 between 6 and 94 m: (30 - 6) / 88 of the way.
    assert place.house_number == 211
    assert (place.address, place.postcode) == ("211 Oak St", "02100")
    assert (place.zones["council"].name, place.zones["council"].id) == ("District West", "1")
    assert place.zones["council"].boundary_m == pytest.approx(20, abs=0.01)
    assert place.zones["boundary"].boundary_m is None
    assert "lights" not in place.assets
    assert (place.x, place.y) == pytest.approx(METRIC.to_metric(place.lon, place.lat), abs=1e-6)
    assert place.placed


def test_left_side_has_even_numbers(atlas: Atlas) -> None:
    place = atlas.locate_one(*lonlat(60, 103))
    assert place.side == "left"
    assert place.house_number is not None
    assert place.house_number % 2 == 0


def test_nearest_asset_of_a_kind(atlas: Atlas) -> None:
    light = atlas.locate_one(*lonlat(100 + 5, 100 + 25)).assets["street_light"]
    assert (light.id, light.distance_m) == ("11-101", pytest.approx(20, abs=0.01))
    assert "street_light" not in atlas.locate_one(*lonlat(105, 131)).assets


NO_PLACES = {
    "nan": ((math.nan, 42.3), "not_a_point"),
    "infinite": ((-71.1, math.inf), "not_a_point"),
    "not a longitude": ((-431.1, 42.3), "not_a_point"),
    "a turn round the globe": ((288.9, 42.3), "not_a_point"),
    "swapped": ((42.3, -71.1), "swapped"),
    "null island": ((0.0, 0.0), "outside"),
    "at sea": ((-70.0, 42.0), "outside"),
    "beyond the limits": (lonlat(0, -151), "outside"),
    "fall-back": ((-71.1003, 42.3003), "fallback_point"),
}


@pytest.mark.parametrize(("pin", "flag"), NO_PLACES.values(), ids=NO_PLACES)
def test_what_is_no_place_is_flagged_and_not_snapped(
    atlas: Atlas, pin: tuple[float, float], flag: str
) -> None:
    place = atlas.locate_one(*pin)
    assert place.flags == (flag,)
    assert not place.placed
    assert (place.segment, place.street, place.snap_m, place.address, place.postcode) == (None,) * 5
    assert (place.zones, place.assets) == ({}, {})


def test_pin_near_the_fall_back_point_is_a_place(atlas: Atlas) -> None:
    lon, lat = -71.1003, 42.3003
    assert atlas.locate_one(lon + 3e-5, lat).placed


def test_far_from_any_street_is_flagged_but_has_zones(session: Session, load: Load, tmp_path: Path) -> None:
    city = load(write_town(tmp_path, city=CITY.replace("[city]", "[city]\nsnap_radius_m = 20")))
    place = load_atlas(session, city.id).locate_one(*lonlat(50, 50))
    assert place.flags == ("far_from_street",)
    assert place.segment is None
    assert place.zones["council"].id == "1"
    assert place.placed


def test_two_streets_about_as_near(atlas: Atlas) -> None:
    place = atlas.locate_one(*lonlat(8, 7.5))
    assert "two_streets" in place.flags
    assert {place.street, place.other_street} == {"Elm St", "Broadway"}
    assert atlas.locate_one(*lonlat(50, 8)).other_street is None


def test_next_piece_of_the_same_street_is_no_other_street(
    session: Session, load: Load, tmp_path: Path
) -> None:
    streets = street_sheet()
    streets.shapes = streets.shapes[::2]
    streets.rows = streets.rows[::2]
    atlas = load_atlas(session, load(write_town(tmp_path, streets=streets)).id)
    place = atlas.locate_one(*lonlat(100.2, 105))
    assert (place.street, place.flags) == ("Oak St", ())


def test_pond_that_the_boundary_leaves_out_is_in_its_district(atlas: Atlas) -> None:
    place = atlas.locate_one(*lonlat(240, 240))
    assert place.placed
    assert "boundary" not in place.zones
    assert place.zones["council"].name == "District East"


@pytest.mark.parametrize("turned", [False, True])
def test_corner_of_a_border_belongs_to_the_zone_whose_id_comes_first(
    session: Session, load: Load, tmp_path: Path, turned: bool
) -> None:
    corners = [(150, -150), (150, -50), (160, 50), (150, 99), (150, 350)]
    council = Sheet()
    council.add(shapely.Polygon([*corners, (350, 350), (350, -150)]), id="10", name="East")
    council.add(shapely.Polygon([*corners, (-150, 350), (-150, -150)]), id="9", name="West")
    if turned:
        council.shapes.reverse()
        council.rows.reverse()
    atlas = load_atlas(session, load(write_town(tmp_path, council=council)).id)
    for corner in corners[1:-1]:
        point = degrees(shapely.Point(corner))
        hit = atlas.locate_one(point.x, point.y).zones["council"]
        assert (hit.id, hit.boundary_m) == ("9", 0.0)


def test_overlapping_zones_are_all_told(atlas: Atlas) -> None:
    lon, lat = zip(lonlat(150, 150), lonlat(50, 50), lonlat(0, -500), strict=True)
    places = atlas.locate(lon, lat)
    offsets, zones = places.zones_all("areas")
    ids = atlas.zones["areas"].source_id
    assert [ids[zones[a:b]].tolist() for a, b in itertools.pairwise(offsets)] == [
        ["common", "everything"],
        ["everything"],
        [],
    ]
    assert places[0].zones["areas"].id == "common"


def test_no_pins_at_all(atlas: Atlas) -> None:
    places = atlas.locate([], [])
    assert len(places) == 0
    assert list(places) == []


metres = st.floats(-400, 700)
pins = st.lists(
    st.one_of(
        st.tuples(metres, metres).map(lambda xy: lonlat(*xy)),
        st.tuples(st.floats(), st.floats()),
        st.sampled_from([pin for pin, _ in NO_PLACES.values()]),
    ),
    max_size=12,
)


@given(drawn=pins)
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_many_pins_and_one_get_the_same_answer(atlas: Atlas, drawn: list[tuple[float, float]]) -> None:
    lon, lat = np.array(drawn, float).reshape(-1, 2).T
    together = list(atlas.locate(lon, lat))
    alone = [atlas.locate_one(float(x), float(y)) for x, y in drawn]
    assert repr(together) == repr(alone)


@given(drawn=pins)
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_pins_are_snapped_to_the_nearest_segment_or_say_why_not(
    atlas: Atlas, drawn: list[tuple[float, float]]
) -> None:
    sheet = street_sheet()
    corner = np.array(METRIC.to_metric(*lonlat(0, 0)))
    lines = [shapely.transform(shape, lambda xy: xy + corner) for shape in sheet.shapes]
    for place in atlas.locate(*np.array(drawn, float).reshape(-1, 2).T):
        assert set(place.flags) <= set(FLAGS)
        if not place.placed:
            assert len(set(place.flags) & UNPLACED) == 1
            assert place.segment is None
            continue
        ways = shapely.distance(lines, shapely.Point(place.x, place.y))
        if place.segment is None:
            assert ways.min() > 60 - 1e-3
            assert "far_from_street" in place.flags
        else:
            assert place.snap_m == pytest.approx(ways.min(), abs=1e-3)
            assert place.snap_m == pytest.approx(ways[sheet_row(sheet, place.segment_id)], abs=1e-3)


def sheet_row(sheet: Sheet, segment_id: str | None) -> int:
    return next(i for i, row in enumerate(sheet.rows) if row["id"] == segment_id)


def test_classes_of_zones_reach_the_atlas(atlas: Atlas) -> None:
    assert atlas.zones["areas"].class_.tolist() == ["park", ""]

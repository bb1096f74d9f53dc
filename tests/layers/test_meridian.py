"""A city on both sides of the meridian of 180°, as Taveuni in Fiji: one street, one district, one crossing."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from geo.polylines import Polylines
from geo.projection import projection
from layers.atlas import Atlas, CityFacts
from layers.metric import middle_of
from layers.tables import Segments, Zones

METRIC = projection(32760)
LAT = -16.8


def objects(*values: object) -> np.ndarray:
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


@pytest.fixture(scope="module")
def atlas() -> Atlas:
    """A street along the parallel, 200 m long, cut by nothing; a district 1 km around."""
    (west, east), (y0, y1) = METRIC.to_metric([179.999, -179.999], [LAT, LAT])
    text = objects("")
    segments = Segments(
        objects("1"), objects("Meridian Road"), text, text, text, text, np.array([[2], [200], [1], [199]], np.int32),
        Polylines([(west, y0), (east, y1)], [0, 2]),
    )  # fmt: skip
    district = shapely.box(west - 1000, y0 - 1000, east + 1000, y0 + 1000)
    facts = CityFacts(1, "taveuni", "Taveuni", 60.0, "council", "council", ())
    zones = Zones(objects("1"), objects("One"), text, objects(shapely.MultiPolygon([district])))
    return Atlas(facts, METRIC, segments, {"council": zones}, {}, (1,))


def test_pins_on_both_sides_lie_on_one_street(atlas: Atlas) -> None:
    lon = [179.9995, 180.0, -180.0, -179.9995]
    places = atlas.locate(lon, [LAT + 0.0001] * 4)
    assert places.placed.all()
    assert (places.segment == 0).all()
    np.testing.assert_allclose(places.snap_m, 11.06, atol=0.05)
    # The street begins in the west and its left side is the north.
    assert (places.side == 1).all()
    assert np.all(np.diff(places.along_m[[0, 1, 3]]) > 40)
    assert places.along_m[1] == pytest.approx(places.along_m[2], abs=1e-6)
    numbers = places.house_number[[0, 1, 3]].tolist()
    assert numbers == sorted(numbers)
    for place, own in zip(places, lon, strict=True):
        assert place.snap_lon is not None
        assert abs(abs(place.snap_lon) - abs(own)) < 1e-6 or abs(own) == 180.0
        assert -180 <= place.snap_lon <= 180
        assert place.zones["council"].name == "One"


@pytest.mark.parametrize("lon", [180.0005, -180.0005, 539.9995])
def test_a_longitude_beyond_the_meridian_is_no_longitude(atlas: Atlas, lon: float) -> None:
    assert atlas.locate_one(lon, LAT).flags == ("not_a_point",)


@pytest.mark.parametrize(
    ("boxes", "middle"),
    [
        # Cut at the meridian, as RFC 7946 wants it, or drawn beyond it.
        ([(179.9, -17.0, 180.0, -16.0), (-180.0, -17.0, -179.7, -16.0)], (-179.9, -16.5)),
        ([(179.9, -17.0, 180.3, -16.0)], (-179.9, -16.5)),
        ([(179.0, 1.0, 180.0, 3.0)], (179.5, 2.0)),
        ([(-180.0, 1.0, -179.0, 3.0)], (-179.5, 2.0)),
        ([(-0.2, 51.0, 0.1, 52.0)], (-0.05, 51.5)),
        ([(-71.2, 42.2, -71.0, 42.4), (-70.9, 42.3, -70.8, 42.4)], (-71.0, 42.3)),
    ],
)
def test_the_middle_of_a_city_on_both_sides_of_a_meridian_is_in_the_city(
    boxes: list[tuple[float, float, float, float]], middle: tuple[float, float]
) -> None:
    assert middle_of(objects(*(shapely.box(*box) for box in boxes))) == pytest.approx(middle)

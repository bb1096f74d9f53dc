"""Degrees to metres and back."""

import math

import numpy as np
import pyproj
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj.aoi import AreaOfInterest
from pyproj.database import query_utm_crs_info

from geo.projection import Projection, projection, utm_srid

EARTH = pyproj.Geod(ellps="WGS84")


@given(lon=st.floats(-180, 180), lat=st.floats(-80, 83.9))
def test_round_trip_in_a_points_own_utm_zone_is_under_a_centimetre(lon: float, lat: float) -> None:
    metric = projection(utm_srid(lon, lat))
    back_lon, back_lat = metric.to_lonlat(*metric.to_metric(lon, lat))
    assert -180 <= back_lon <= 180
    assert EARTH.inv(lon, lat, back_lon, back_lat)[2] < 0.01


@given(lon=st.floats(-73.5, -69.8), lat=st.floats(41.2, 42.9), srid=st.sampled_from([26986, 3857, 6491]))
def test_round_trip_in_state_plane_metres_is_under_a_centimetre(lon: float, lat: float, srid: int) -> None:
    metric = projection(srid)
    back = metric.to_lonlat(*metric.to_metric(lon, lat))
    assert EARTH.inv(lon, lat, *back)[2] < 0.01


@given(
    lon=st.floats(-180, 180),
    lat=st.floats(-79, 83),
    bearing=st.floats(0, 360),
    metres=st.floats(1, 1000),
)
def test_distances_are_true_to_one_part_in_a_thousand(
    lon: float, lat: float, bearing: float, metres: float
) -> None:
    metric = projection(utm_srid(lon, lat))
    x1, y1 = metric.to_metric(lon, lat)
    far_lon, far_lat, _ = EARTH.fwd(lon, lat, bearing, metres)
    x2, y2 = metric.to_metric(far_lon, far_lat)
    assert math.hypot(x2 - x1, y2 - y1) == pytest.approx(metres, rel=1.1e-3)


@given(lon=st.floats(-179, 179), lat=st.floats(-79, 79), srid=st.sampled_from([None, 3857, 6933]))
def test_stretch_is_the_scale_of_the_worst_direction(lon: float, lat: float, srid: int | None) -> None:
    metric = projection(srid or utm_srid(lon, lat))
    x, y = metric.to_metric(lon, lat)
    around = (EARTH.fwd(lon, lat, bearing, 10.0) for bearing in range(0, 180, 10))
    ends = [metric.to_metric(far_lon, far_lat) for far_lon, far_lat, _ in around]
    scales = [math.hypot(far_x - x, far_y - y) / 10.0 for far_x, far_y in ends]
    worst = max(scales, key=lambda scale: abs(scale - 1.0))
    # Web Mercator takes the Earth for a sphere.
    assert metric.stretch(lon, lat) == pytest.approx(worst, rel=1e-2 if srid == 3857 else 1e-4)


def test_neighbours_across_the_180th_meridian_are_neighbours_in_metres() -> None:
    metric = projection(32760)
    x, y = metric.to_metric([179.9999, -179.9999], [-16.8, -16.8])
    assert math.hypot(x[1] - x[0], y[1] - y[0]) == pytest.approx(21.3, abs=0.1)
    lon, _ = metric.to_lonlat(x, y)
    np.testing.assert_allclose(lon, [179.9999, -179.9999], atol=1e-9)


# Asking the register takes a tenth of a second.
@settings(max_examples=15)
@given(lon=st.floats(-180, 180).map(lambda lon: round(lon, 9)), lat=st.floats(-80, 83.999))
def test_utm_zone_is_one_that_the_epsg_register_allows(lon: float, lat: float) -> None:
    here = AreaOfInterest(lon, lat, lon, lat)
    allowed = {int(info.code) for info in query_utm_crs_info("WGS 84", here)}
    assert utm_srid(lon, lat) in allowed


@pytest.mark.parametrize(
    ("lon", "lat", "srid"),
    [
        (-71.06, 42.36, 32619),
        (180.0, 10.0, 32601),
        (-180.0, 10.0, 32601),
        (179.999, -10.0, 32760),
        (5.3, 60.4, 32632),  # Bergen, in Norway's widened zone
        (15.6, 78.2, 32633),  # Longyearbyen, in one of Svalbard's
        (0.0, 0.0, 32631),
        (0.0, -1e-9, 32731),
    ],
)
def test_utm_zone_of_known_points(lon: float, lat: float, srid: int) -> None:
    assert utm_srid(lon, lat) == srid


@pytest.mark.parametrize(("lon", "lat"), [(math.nan, 1), (1, math.nan), (181, 1), (42.36, -91), (1, 85)])
def test_utm_zone_of_no_place_is_refused(lon: float, lat: float) -> None:
    with pytest.raises(ValueError, match=r"longitude|latitude"):
        utm_srid(lon, lat)


@pytest.mark.parametrize(
    ("srid", "said"),
    [(2249, "US survey foot"), (4326, "not projected"), (999999, "not a known"), (0, "not a known")],
)
def test_only_projections_in_metres_are_taken(srid: int, said: str) -> None:
    with pytest.raises(ValueError, match=rf"EPSG:{srid}\b.*{said}"):
        Projection(srid)


def test_what_is_no_place_becomes_nan_without_a_warning() -> None:
    for srid in (32619, 26986):
        x, y = projection(srid).to_metric(
            [-71.0, math.nan, math.inf, -71.0, -71.0], [42.0, 42.0, 42.0, 95.0, -math.inf]
        )
        assert np.isfinite(x).tolist() == np.isfinite(y).tolist() == [True, False, False, False, False]
        assert all(math.isnan(value) for value in projection(srid).to_metric(math.nan, 42.0))
        assert all(math.isnan(value) for value in projection(srid).to_lonlat(math.inf, 1.0))


def test_one_point_and_many_give_the_same_numbers() -> None:
    metric = projection(32619)
    lon, lat = np.linspace(-71.2, -71.0, 50_000), np.linspace(42.2, 42.5, 50_000)
    x, y = metric.to_metric(lon, lat)
    for i in (0, 123, 25_000, 49_999):
        assert metric.to_metric(float(lon[i]), float(lat[i])) == (x[i], y[i])
    assert lon[0] == -71.2, "the caller's own arrays stay as they are"
    assert metric.to_metric([], [])[0].shape == (0,)


def test_unequal_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="equally long"):
        projection(32619).to_metric([1.0, 2.0], [1.0])

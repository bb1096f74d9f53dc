"""The whole place of a million pins: street, side, number, zones, service areas, asset; beside geopandas.

Ours goes through the public ``Atlas.locate``, from longitudes and latitudes to everything that a web process
knows of a pin, every zone of layers that overlap included. geopandas gets what a notebook would do: project,
join the nearest street, join each layer of zones, join the nearest asset. It gives no side, no place along
the street, no house number and no distance to borders: less than half the work.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

import geo
from bench import atlases
from bench.atlases import CityAtlas
from bench.measure import Run, machine, measure, one_core, ratios
from geo.arrays import Floats
from layers.places import ASSET_REACH_M, Places

PINS = 1_000_000
GOALS = {"geopandas": 10.0}
GOAL_A_SECOND = 300_000
GOAL_ONE_PIN_US = 150.0

Joined = dict[str, NDArray[Any]]
"""By what was looked for: distances in metres, or for a layer of zones the lowest zone of each pin."""


def run(size: int | None = None) -> dict[str, Any]:
    """Locate `size` pins (a million) in the generated city and in Boston."""
    count = size or PINS
    geo.warm()
    cities = [atlases.generated_city(), atlases.boston()]
    return {
        "name": "locate",
        "machine": machine("numba", "numpy", "pyproj", "geopandas", "shapely"),
        "goals": {
            "times_as_fast_as": GOALS,
            "equal": 1.0,
            "a_second": GOAL_A_SECOND,
            "one_pin_us": GOAL_ONE_PIN_US,
        },
        "datasets": [_one_city(city, count) for city in cities if city is not None],
    }


def growth(size: int) -> Run:
    """Measure the whole places of `size` pins in the generated city."""
    geo.warm()
    city = atlases.generated_city()
    return _ours(city, *city.pins(1, size))


def _one_city(city: CityAtlas, count: int) -> dict[str, Any]:
    lon, lat = city.pins(1, count)
    runs = [_ours(city, lon, lat)]
    with one_core():
        alone = _ours(city, lon, lat, repeat=2)
    places = _whole(city, lon, lat)
    runs += _geopandas(city, lon, lat, lambda joined: _same(places, joined))
    return {
        "data": city.name,
        "pins": count,
        "a_second": round(count / runs[0].seconds),
        "one_pin_us": round(_one_pin_us(city, lon, lat), 2),
        "placed": round(float(places.placed.mean()), 4),
        "times_as_fast_as": ratios(runs),
        "one_core": alone.as_json(),
        "runs": [one.as_json() for one in runs],
    }


def _whole(city: CityAtlas, lon: Floats, lat: Floats) -> Places:
    """Return places with what they would work out later worked out."""
    places = city.atlas.locate(lon, lat)
    _ = places.hits
    return places


def _ours(city: CityAtlas, lon: Floats, lat: Floats, *, repeat: int = 5) -> Run:
    return measure("pinward", "Atlas.locate", len(lon), lambda: _whole(city, lon, lat), repeat=repeat)


def _one_pin_us(city: CityAtlas, lon: Floats, lat: Floats) -> float:
    """Return the median time of a call for a single pin, once warm."""
    times = []
    for one_lon, one_lat in zip(lon[:5000].tolist(), lat[:5000].tolist(), strict=True):
        begin = time.perf_counter_ns()
        city.atlas.locate_one(one_lon, one_lat)
        times.append((time.perf_counter_ns() - begin) / 1000)
    return statistics.median(times)


def _same(places: Places, joined: Joined) -> float:
    """Return the share of the placed pins with the same nearest street, zones and nearest assets."""
    equal = np.ones(len(places), np.bool_)
    metres = {"street": places.snap_m, **places.asset_m}
    for name, found in joined.items():
        if name in metres:
            own = metres[name]
            equal &= (np.abs(own - found) <= 1e-6) | (np.isnan(own) & np.isnan(found))
        else:
            equal &= places.zone[name] == found
    return float(equal[places.placed].mean())


def _geopandas(city: CityAtlas, lon: Floats, lat: Floats, same: Callable[[Joined], float]) -> list[Run]:
    try:
        import geopandas
    except ImportError:
        return []
    atlas = city.atlas
    crs = atlas.metric.srid
    streets = geopandas.GeoDataFrame({"name": atlas.segments.name}, geometry=city.lines, crs=crs)
    layers = {
        name: geopandas.GeoDataFrame({"id": table.source_id}, geometry=table.polygons, crs=crs)
        for name, table in atlas.zones.items()
    }
    assets = {
        kind: geopandas.GeoDataFrame(
            {"id": table.source_id}, geometry=geopandas.points_from_xy(table.x, table.y), crs=crs
        )
        for kind, table in atlas.assets.items()
    }
    for frame in (streets, *layers.values(), *assets.values()):
        _ = frame.sindex

    def nearest(pins: Any, frame: Any, reach_m: float) -> Any:
        return pins.sjoin_nearest(frame, how="left", max_distance=reach_m, distance_col="metres")

    def joins() -> dict[str, Any]:
        given = geopandas.GeoDataFrame(geometry=geopandas.points_from_xy(lon, lat), crs=4326)
        pins = given.to_crs(crs)
        found = {"street": nearest(pins, streets, atlas.city.snap_radius_m)}
        found |= {kind: nearest(pins, frame, ASSET_REACH_M) for kind, frame in assets.items()}
        # The zones are the left side: that way it is three times as fast.
        return found | {
            name: frame.sjoin(pins, predicate="intersects")["index_right"] for name, frame in layers.items()
        }

    def equal(found: dict[str, Any]) -> float:
        return same({name: _answers(rows, len(lon)) for name, rows in found.items()})

    way = f"to_crs, {1 + len(assets)} sjoin_nearest, {len(layers)} sjoin"
    return [measure("geopandas", way, len(lon), joins, same=equal)]


def _answers(rows: Any, count: int) -> NDArray[Any]:
    """Return one answer a pin: of equally near streets and of zones that overlap, the first."""
    if "metres" in rows:
        metres: Floats = rows[~rows.index.duplicated()]["metres"].to_numpy()
        return metres
    zone = np.full(count, np.iinfo(np.int32).max)
    np.minimum.at(zone, rows.to_numpy(), rows.index.to_numpy())
    return np.where(zone == np.iinfo(np.int32).max, -1, zone)

"""The nearest segment of a million pins, beside what else does it.

Ours gives the nearest segment, the snapped point, the offset, the side, the place along it and the
runner-up; the others give the nearest segment and its distance, which is all that is compared and less than
half the work. Each tool gets the ways its documentation shows, and its fastest one counts. What indexes can
be built before are built before, except OSMnx's, which builds its own at every call.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import shapely

import geo
from bench import datasets
from bench.measure import Run, machine, measure, one_core, ratios
from geo.arrays import Floats
from geo.polylines import Polylines
from geo.segments import NearestSegments, SegmentIndex

PINS = 1_000_000
GOALS = {"geopandas": 8.0, "shapely": 6.0, "osmnx": 20.0}
GOAL_ONE_PIN_US = 30.0
_MAX_M = 1000.0
# The slow ones are measured on fewer pins and counted by the pin.
_FEWER = 100_000

Same = Callable[[Any], float]


def run(size: int | None = None) -> dict[str, Any]:
    """Measure `size` pins (a million) on the generated city and on Boston."""
    count = size or PINS
    geo.warm()
    cities = [datasets.generated_streets(), datasets.boston_streets()]
    return {
        "name": "snap",
        "machine": machine("numba", "shapely", "geopandas", "osmnx", "networkx", "numpy"),
        "goals": {"times_as_fast_as": GOALS, "equal": 1.0, "one_pin_us": GOAL_ONE_PIN_US},
        "datasets": [_one_city(city, count) for city in cities if city is not None],
    }


def growth(size: int) -> Run:
    """Measure the snapping of `size` pins on the generated city."""
    geo.warm()
    city = datasets.generated_streets()
    x, y = city.pins(np.random.default_rng(1), size)
    index = _index(city)
    return measure(
        "pinward", "SegmentIndex.nearest", size, lambda: index.nearest(x, y, max_m=_MAX_M), repeat=5
    )


def _one_city(city: datasets.Streets, count: int) -> dict[str, Any]:
    x, y = city.pins(np.random.default_rng(1), count)
    build = measure("pinward", "build the index", len(city.lines), lambda: _index(city), repeat=3)
    index = _index(city)
    ours = index.nearest(x, y, max_m=_MAX_M)

    def same(distance: Floats) -> float:
        known = ours.distance_m[: len(distance)]
        apart = np.abs(np.where(distance <= _MAX_M, distance, np.nan) - known)
        return float(np.mean((apart <= 1e-6) | (np.isnan(known) & ~(distance <= _MAX_M))))

    def nearest() -> NearestSegments:
        return index.nearest(x, y, max_m=_MAX_M)

    runs = [measure("pinward", "SegmentIndex.nearest", count, nearest, repeat=5)]
    with one_core():
        alone = measure("pinward", "on one core", count, nearest, repeat=3)
    for peer in (_shapely, _geopandas, _osmnx, _postgis):
        runs += peer(city, x, y, same)
    return {
        "data": city.name,
        "pins": count,
        "one_pin_us": round(_one_pin_us(index, x, y), 2),
        "times_as_fast_as": ratios(runs),
        "build": build.as_json(),
        "one_core": alone.as_json(),
        "runs": [one.as_json() for one in runs],
    }


def _index(city: datasets.Streets) -> SegmentIndex:
    return SegmentIndex(Polylines.from_shapely(city.lines))


def _one_pin_us(index: SegmentIndex, x: Floats, y: Floats) -> float:
    """Return the median time of a call for a single pin, once warm."""
    times = []
    for px, py in zip(x[:5000].tolist(), y[:5000].tolist(), strict=True):
        begin = time.perf_counter_ns()
        index.nearest(px, py, max_m=250.0)
        times.append((time.perf_counter_ns() - begin) / 1000)
    return statistics.median(times)


def _shapely(city: datasets.Streets, x: Floats, y: Floats, same: Same) -> list[Run]:
    tree, points = shapely.STRtree(city.lines), shapely.points(x, y)
    lines = np.asarray(city.lines)

    def query_nearest(**options: Any) -> Floats:
        (pin, _), distance = tree.query_nearest(points, return_distance=True, all_matches=False, **options)
        found = np.full(len(points), np.inf)
        found[pin] = distance
        return found

    ways: dict[str, Callable[[], Floats]] = {
        "STRtree.query_nearest": query_nearest,
        "STRtree.query_nearest(max_distance)": lambda: query_nearest(max_distance=_MAX_M),
        "STRtree.nearest, distance": lambda: shapely.distance(points, lines[tree.nearest(points)]),
    }
    return [measure("shapely", way, len(x), work, same=same) for way, work in ways.items()]


def _geopandas(city: datasets.Streets, x: Floats, y: Floats, same: Same) -> list[Run]:
    try:
        import geopandas
    except ImportError:
        return []
    pins = geopandas.GeoDataFrame(geometry=geopandas.points_from_xy(x, y), crs=datasets.BOSTON_SRID)
    streets = geopandas.GeoDataFrame(geometry=city.lines, crs=datasets.BOSTON_SRID)
    _ = streets.sindex

    def joined(**options: Any) -> Any:
        return pins.sjoin_nearest(streets, distance_col="distance", how="left", **options)

    def equal(rows: Any) -> float:
        # Equally near streets each give a row.
        return same(rows[~rows.index.duplicated()]["distance"].fillna(np.inf).to_numpy())

    ways: dict[str, Callable[[], Any]] = {
        "sjoin_nearest": joined,
        "sjoin_nearest(max_distance)": lambda: joined(max_distance=_MAX_M),
    }
    return [measure("geopandas", way, len(x), work, same=equal) for way, work in ways.items()]


def _osmnx(city: datasets.Streets, x: Floats, y: Floats, same: Same) -> list[Run]:
    try:
        import networkx
        import osmnx
    except ImportError:
        return []
    graph = networkx.MultiDiGraph(crs=f"EPSG:{datasets.BOSTON_SRID}")
    parts = shapely.get_parts(city.lines)
    for end in np.unique(shapely.get_coordinates(shapely.get_point(parts, [[0], [-1]])), axis=0):
        graph.add_node(tuple(end), x=end[0], y=end[1])
    for part in parts:
        graph.add_edge(part.coords[0], part.coords[-1], geometry=part, osmid=0, length=part.length)
    few = slice(None, _FEWER)
    start = measure("osmnx", "one pin", 1, lambda: osmnx.nearest_edges(graph, x[:1], y[:1]))
    many = measure(
        "osmnx",
        "nearest_edges",
        len(x[few]),
        lambda: osmnx.nearest_edges(graph, x[few], y[few], return_dist=True)[1],
        same=same,
    )
    # Its index is built once a call, whatever the number of pins.
    seconds = start.seconds + (many.seconds - start.seconds) * len(x) / many.count
    way = f"nearest_edges, scaled from {many.count:,}"
    return [Run("osmnx", way, len(x), seconds, many.peak_mb, many.equal)]


def _postgis(city: datasets.Streets, x: Floats, y: Floats, same: Same) -> list[Run]:
    url = os.environ.get("DATABASE_URL")
    if not url:
        return []
    from bench import postgis

    few = slice(None, _FEWER)
    with postgis.scratch(url) as connection:
        postgis.load(connection, "segments", city.lines)
        postgis.load(connection, "pins", shapely.points(x[few], y[few]))
        way = "KNN <-> in a lateral join"
        return [
            measure("postgis", way, len(x[few]), lambda: postgis.nearest(connection), repeat=2, same=same)
        ]

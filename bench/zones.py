"""Which districts and which service areas hold a million pins, beside what else says so.

Each tool gets the ways its documentation shows, and its fastest one counts; what can be prepared or indexed
before is prepared and indexed before. A pin on a border is in the zone for all of them.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

import geo
from bench import datasets
from bench.measure import Run, machine, measure, one_core, ratios
from geo.arrays import Floats
from geo.zones import ZoneIndex

PINS = 1_000_000
GOALS = {"shapely": 4.0, "geopandas": 10.0}
# The slow ones are measured on fewer pins and counted by the pin.
_FEWER = 100_000

Zones = NDArray[np.object_]
Pairs = tuple[NDArray[Any], NDArray[Any]]
"""Pins and the zones that hold them."""


def run(size: int | None = None) -> dict[str, Any]:
    """Measure `size` pins (a million) in 50 districts, 200 overlapping areas, and Boston's precincts."""
    count = size or PINS
    geo.warm()
    districts, areas = datasets.ragged_districts(), datasets.overlapping_areas()
    rng = np.random.default_rng(2)
    pins = _pins(rng, districts, count)
    layers = [("50 districts", districts, pins), ("200 overlapping areas", areas, pins)]
    precincts, boston = datasets.boston_zones("precincts"), datasets.boston_streets()
    if precincts is not None and boston is not None:
        layers.append(("Boston's precincts", precincts, boston.pins(rng, count)))
    return {
        "name": "zones",
        "machine": machine("numba", "shapely", "geopandas", "numpy"),
        "goals": {"times_as_fast_as": GOALS, "equal": 1.0},
        "datasets": [_one_layer(*layer) for layer in layers],
    }


def growth(size: int) -> Run:
    """Measure the search of `size` pins in overlapping areas."""
    geo.warm()
    areas = datasets.overlapping_areas()
    x, y = _pins(np.random.default_rng(2), areas, size)
    index = ZoneIndex(areas)
    return measure("pinward", "ZoneIndex.all", size, lambda: index.all(x, y), repeat=5)


def _pins(rng: np.random.Generator, zones: Zones, count: int) -> tuple[Floats, Floats]:
    """Draw pins as reports are: most in a few places, some anywhere."""
    extent = shapely.total_bounds(zones)
    anywhere = rng.uniform(extent[:2], extent[2:], (5000, 2))
    spots = np.concatenate([rng.normal(10_000, 3000, (5000, 2)), anywhere])
    return datasets.Streets("", np.empty(0, object), (spots[:, 0], spots[:, 1])).pins(rng, count)


def _one_layer(name: str, zones: Zones, pins: tuple[Floats, Floats]) -> dict[str, Any]:
    x, y = pins
    build = measure("pinward", "build the index", len(zones), lambda: ZoneIndex(zones), repeat=3)
    index = ZoneIndex(zones)
    offsets, found = index.all(x, y)
    ours = np.repeat(np.arange(len(x), dtype=np.int32), np.diff(offsets)), found

    def same(pairs: Pairs, count: int = len(x)) -> float:
        """The share of pins with the same zones."""
        differs = np.zeros(count, np.bool_)
        width = np.int64(len(zones))
        keys = [pin[pin < count].astype(np.int64) * width + zone[pin < count] for pin, zone in (ours, pairs)]
        differs[np.setxor1d(*keys) // width] = True
        return 1.0 - float(differs.mean())

    runs = [
        measure("pinward", "ZoneIndex.all", len(x), lambda: index.all(x, y), repeat=5),
        *_shapely(zones, x, y, same),
        *_geopandas(zones, x, y, same),
        *_postgis(zones, x, y, same),
    ]
    first = measure("pinward", "ZoneIndex.first", len(x), lambda: index.first(x, y), repeat=5)
    with one_core():
        alone = measure("pinward", "all, on one core", len(x), lambda: index.all(x, y), repeat=3)
    return {
        "data": f"{name}, {shapely.get_num_coordinates(zones).sum():,} vertices",
        "pins": len(x),
        "zones_a_pin": round(len(found) / len(x), 2),
        "times_as_fast_as": ratios(runs),
        "build": build.as_json(),
        "first_only": first.as_json(),
        "one_core": alone.as_json(),
        "runs": [one.as_json() for one in runs],
    }


def _shapely(zones: Zones, x: Floats, y: Floats, same: Callable[..., float]) -> list[Run]:
    shapely.prepare(zones)

    def each_zone() -> Pairs:
        pins = [np.flatnonzero(shapely.intersects_xy(zone, x, y)) for zone in zones]
        return np.concatenate(pins), np.repeat(np.arange(len(zones)), [len(pin) for pin in pins])

    def boxes_first() -> Pairs:
        pins = []
        for zone, (x0, y0, x1, y1) in zip(zones, shapely.bounds(zones), strict=True):
            near = np.flatnonzero((x >= x0) & (x <= x1) & (y >= y0) & (y <= y1))
            pins.append(near[shapely.intersects_xy(zone, x[near], y[near])])
        return np.concatenate(pins), np.repeat(np.arange(len(zones)), [len(pin) for pin in pins])

    def tree_of_pins() -> Pairs:
        zone, pin = shapely.STRtree(shapely.points(x, y)).query(zones, predicate="intersects")
        return pin, zone

    ways = {
        "prepare, intersects_xy by zone": each_zone,
        "prepare, boxes, intersects_xy by zone": boxes_first,
        "STRtree of the pins, query by zone": tree_of_pins,
    }
    return [measure("shapely", way, len(x), work, same=same) for way, work in ways.items()]


def _geopandas(zones: Zones, x: Floats, y: Floats, same: Callable[..., float]) -> list[Run]:
    try:
        import geopandas
    except ImportError:
        return []
    pins = geopandas.GeoDataFrame(geometry=geopandas.points_from_xy(x, y))
    areas = geopandas.GeoDataFrame(geometry=zones)
    _ = pins.sindex, areas.sindex

    few = pins.iloc[:_FEWER]

    def joined(predicate: str) -> Pairs:
        rows = few.sjoin(areas, predicate=predicate)
        return rows.index.to_numpy(), rows["index_right"].to_numpy()

    def turned() -> Pairs:
        rows = areas.sjoin(pins, predicate="intersects")
        return rows["index_right"].to_numpy(), rows.index.to_numpy()

    def same_few(pairs: Pairs) -> float:
        return same(pairs, len(few))

    ways: dict[str, Callable[[], Pairs]] = {
        "pins.sjoin(zones, 'intersects')": lambda: joined("intersects"),
        "pins.sjoin(zones, 'within')": lambda: joined("within"),
    }
    return [
        *(measure("geopandas", way, len(few), work, same=same_few) for way, work in ways.items()),
        measure("geopandas", "zones.sjoin(pins, 'intersects')", len(x), turned, same=same),
    ]


def _postgis(zones: Zones, x: Floats, y: Floats, same: Callable[..., float]) -> list[Run]:
    url = os.environ.get("DATABASE_URL")
    if not url:
        return []
    from bench import postgis

    count = min(_FEWER, len(x))
    with postgis.scratch(url) as connection:
        postgis.load(connection, "zones", zones)
        postgis.load(connection, "pins", shapely.points(x[:count], y[:count]))
        return [
            measure(
                "postgis",
                "ST_Intersects join",
                count,
                lambda: postgis.memberships(connection),
                repeat=2,
                same=lambda pairs: same(pairs, count),
            )
        ]

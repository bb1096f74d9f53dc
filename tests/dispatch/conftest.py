"""A made-up town in memory: streets with classes and owners, a partition, areas that overlap, lamps."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
import shapely

from geo.polylines import Polylines
from geo.projection import projection
from layers.atlas import Atlas, CityFacts
from layers.tables import Assets, Segments, Zones
from webapp.catalog.calendars import Calendar
from webapp.catalog.snapshot import Catalog, CrewEntry, DepartmentEntry, ServiceEntry

METRIC = projection(26986)
ORIGIN = (230_000.0, 900_000.0)
"""South-west corner of the town, metres of EPSG:26986; it is 1,000 m wide and high."""


def objects(*values: Any) -> np.ndarray:
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def box(west: float, south: float, east: float, north: float) -> shapely.Geometry:
    x, y = ORIGIN
    return shapely.MultiPolygon([shapely.box(x + west, y + south, x + east, y + north)])


def zones(**shapes: shapely.Geometry) -> Zones:
    names = [name.replace("_", " ").title() for name in shapes]
    return Zones(objects(*shapes), objects(*names), objects(*[""] * len(shapes)), objects(*shapes.values()))


def lonlat(x: float, y: float) -> tuple[float, float]:
    """Return the position of a point so many metres east and north of the town's corner."""
    lon, lat = METRIC.to_lonlat(np.array([ORIGIN[0] + x]), np.array([ORIGIN[1] + y]))
    return float(lon[0]), float(lat[0])


@pytest.fixture(scope="session")
def atlas() -> Atlas:
    """The town: a county highway in the south, a lane in the middle, two halves, two areas that overlap."""
    x, y = ORIGIN
    coords = np.array([[x, y + 100], [x + 1000, y + 100], [x, y + 500], [x + 1000, y + 500]])
    none = np.zeros((4, 2), np.int32)
    segments = Segments(
        objects("1", "2"), objects("Highway", "Lane"), objects("arterial", "local"), objects("County", ""),
        objects("", ""), objects("", ""), none, Polylines(coords, np.array([0, 2, 4])),
    )  # fmt: skip
    layers = {
        "boundary": zones(town=box(0, 0, 1000, 1000)),
        "half": zones(west=box(0, 0, 500, 1000), east=box(500, 0, 1000, 1000)),
        "area": zones(center=box(300, 300, 700, 700), market=box(600, 300, 900, 700)),
    }
    lamps = Assets(objects("L1", "L2"), objects("Lane", "Lane"), objects("City", "Power Co"),
                   np.array([x + 100.0, x + 900.0]), np.array([y + 500.0, y + 500.0]))  # fmt: skip
    city = CityFacts(
        id=1, slug="town", name="Town", snap_radius_m=60.0, boundary_layer="boundary", district_layer=None,
        fallback_points=(lonlat(50, 50),),
    )  # fmt: skip
    return Atlas(city, METRIC, segments, layers, {"street_light": lamps}, (1,))


def service(number: int, code: str, group: str, asset: str | None = None) -> ServiceEntry:
    return ServiceEntry(
        id=number, code=code, name=code.title(), group=group, description="", keywords=(), icon="",
        type="realtime", department_id=1 if group == "Streets" else 2, target_hours=None,
        target_clock="calendar",
        targets=(), public=True, active=True, asset_kind=asset, street_classes=frozenset(), notice="", duplicates={},
        translations={}, questions=(),
    )  # fmt: skip


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    """Two departments, three crews (the last retired), three services."""
    services = [
        service(1, "pothole", "Streets"),
        service(2, "light", "Streets", "street_light"),
        service(3, "trash", "Waste"),
    ]
    return Catalog(
        city_id=1,
        version=datetime(2026, 1, 1, tzinfo=UTC),
        calendar=Calendar(),
        departments={
            1: DepartmentEntry(1, "works", "Public Works", None, None),
            2: DepartmentEntry(2, "waste", "Sanitation", None, None),
        },
        crews={
            1: CrewEntry(1, "west", "West Crew", 1, retired=False),
            2: CrewEntry(2, "east", "East Crew", 1, retired=False),
            3: CrewEntry(3, "old", "Old Crew", 2, retired=True),
        },
        services={entry.id: entry for entry in services},
    )

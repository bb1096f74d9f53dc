"""A village of six streets and six avenues, 100 m apart, with street lights, two districts and two crews."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from layers import cityfile
from layers.check import check
from layers.findings import has_errors
from layers.models import City
from layers.publish import publish
from layers.queries import city_by_slug
from tests.fixtures.databases import Server
from webapp.catalog import cityfile as catalog
from webapp.config import CHECKOUT, settings
from webapp.db import make_engine
from webapp.dispatch import cityfile as dispatch

WEST, SOUTH = -71.1200, 42.3600
LON_M, LAT_M = 1 / 82_280.0, 1 / 111_080.0
"""Degrees a metre, here."""
BLOCKS, BLOCK_M = 6, 100.0
FALLBACK = (-71.1190, 42.3610)

CITY_FILE = """
[city]
slug = "village"
name = "Village"
time_zone = "America/New_York"
languages = ["en", "es"]
metric_srid = 26986
boundary = "boundary"
districts = "council"
fallback_points = [[-71.1190, 42.3610]]

[layers.streets]
kind = "segments"
title = "Streets"
file = "streets.geojson"
fields = { id = "id", name = "name", left_from = "lf", left_to = "lt", right_from = "rf", right_to = "rt" }
[layers.boundary]
kind = "zones"
title = "Boundary"
file = "boundary.geojson"
fields = { id = "id", name = "id" }
[layers.council]
kind = "zones"
title = "Council district"
file = "council.geojson"
fields = { id = "id", name = "id" }
name_format = "District {name}"
[layers.areas]
kind = "zones"
title = "Service areas"
file = "council.geojson"
fields = { id = "id", name = "id" }
name_format = "Area {name}"
[layers.lights]
kind = "assets"
title = "Street lights"
asset = "street_light"
file = "lights.geojson"
fields = { id = "id" }

[calendar]
business_hours = "Mon-Fri 08:00-17:00"

[[departments]]
code = "works"
name = "Public Works"
[[crews]]
code = "west"
name = "West Crew"
department = "works"
[[crews]]
code = "east"
name = "East Crew"
department = "works"

[[services]]
code = "pothole"
name = "Pothole"
group = "Streets"
department = "works"
target = "3 business days"
# Whatever the model's coefficients: a pothole within reach of another is flagged, a light joined.
duplicates = { auto = 1.0, flag = 0.000001, reach_m = 150 }
questions = [
    { code = "depth", text = "How deep is it?", datatype = "singlevaluelist", required = true, options = [ { key = "s", name = "Shallow" }, { key = "d", name = "Deep" } ] },
    { code = "wide", text = "How wide is it, in centimetres?", datatype = "number" },
    { code = "where", text = "Where in the street?", datatype = "multivaluelist", options = [ { key = "lane", name = "Lane" }, { key = "bike", name = "Bicycle lane" }, { key = "kerb", name = "Kerb" } ] },
    { code = "since", text = "Since when?", datatype = "datetime" },
]
[[services]]
code = "light"
name = "Street Light Out"
group = "Streets"
department = "works"
target = "48 hours"
asset = "street_light"
duplicates = { auto = 0.000001, flag = 0.000001, reach_m = 40 }
[[services]]
code = "trash"
name = "Missed Trash"
group = "Sanitation"
department = "works"
[[services]]
code = "bridge"
name = "Bridge"
group = "Bridges"
department = "works"

[[rules]]
layer = "areas"
zone = "1"
crew = "west"
[[rules]]
layer = "areas"
zone = "2"
crew = "east"
[[rules]]
services = ["bridge"]
owner = "State highways"
"""


def pin(east_m: float, north_m: float) -> tuple[float, float]:
    """Longitude and latitude of a point, in metres from the village's south-west corner."""
    return WEST + east_m * LON_M, SOUTH + north_m * LAT_M


def _features(rows: list[tuple[dict[str, Any], dict[str, Any]]]) -> str:
    features = [{"type": "Feature", "properties": row, "geometry": shape} for row, shape in rows]
    return json.dumps({"type": "FeatureCollection", "features": features})


def _streets() -> str:
    rows = []
    for line in range(BLOCKS):
        for block in range(BLOCKS - 1):
            along = (block * BLOCK_M, (block + 1) * BLOCK_M)
            for name, ends in (
                (f"Street {line + 1}", [pin(at, line * BLOCK_M) for at in along]),
                (f"Avenue {'ABCDEF'[line]}", [pin(line * BLOCK_M, at) for at in along]),
            ):
                first = 100 * block
                row = {"id": f"{name} {block}", "name": name, "lf": first + 1, "lt": first + 99, "rf": first + 2, "rt": first + 98}  # fmt: skip
                rows.append((row, {"type": "LineString", "coordinates": ends}))
    return _features(rows)


def _box(west: float, south: float, east: float, north: float) -> dict[str, Any]:
    corners = [(west, south), (east, south), (east, north), (west, north), (west, south)]
    return {"type": "Polygon", "coordinates": [[pin(*corner) for corner in corners]]}


def write_village(folder: Path) -> Path:
    """Write the village's files and return its city file."""
    edge = -50.0, BLOCKS * BLOCK_M - 50.0
    middle = 250.0
    files = {
        "city.toml": CITY_FILE,
        "streets.geojson": _streets(),
        "boundary.geojson": _features([({"id": "village"}, _box(edge[0], edge[0], edge[1], edge[1]))]),
        "council.geojson": _features(
            [
                ({"id": "1"}, _box(edge[0], edge[0], middle, edge[1])),
                ({"id": "2"}, _box(middle, edge[0], edge[1], edge[1])),
            ]
        ),
        "lights.geojson": _features(
            [
                ({"id": f"L{row}{column}"}, {"type": "Point", "coordinates": pin(50.0 + 100.0 * column, 100.0 * row + 5.0)})
                for row in range(BLOCKS)
                for column in range(BLOCKS - 1)
            ]
        ),
    }  # fmt: skip
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder / "city.toml"


def load_city(session: Session, file: Path) -> City:
    """Check and load a city file; the caller commits."""
    document, findings = cityfile.read(file, settings())
    assert document is not None, findings
    city_map = check(document)
    findings = [*city_map.findings, *catalog.check(document), *dispatch.check(document)]
    assert not has_errors(findings), [str(finding) for finding in findings if finding.level == "error"]
    city, _ = publish(session, city_map)
    catalog.load(session, city, document)
    dispatch.load(session, city, document)
    return city


def _city_template(server: Server, empty: str, kind: str, file: Path, digest: str) -> str:
    """Return a template database with a city loaded, made anew when the schema or the city's file changes."""

    def fill(url: str) -> None:
        from webapp.cli import schema

        schema.upgrade(url)
        engine = make_engine(url)
        with Session(engine) as session:
            load_city(session, file)
            session.commit()
        engine.dispose()

    sources = (CHECKOUT / "layers").glob("*.py")
    code = b"".join(path.read_bytes() for path in sorted(sources))
    version = hashlib.sha256(code + digest.encode() + empty.encode()).hexdigest()[:12]
    return server.template(f"pinward_{kind}_{version}", fill)


@pytest.fixture(scope="session")
def village_template(
    database_server: Server, migrated_template: str, tmp_path_factory: pytest.TempPathFactory
) -> str:
    """Name of a database that holds the village."""
    file = write_village(tmp_path_factory.mktemp("village"))
    digest = CITY_FILE + _streets()
    return _city_template(database_server, migrated_template, "village", file, digest)


@pytest.fixture(scope="session")
def boston_template(database_server: Server, migrated_template: str, shared_data: Path) -> str:
    """Name of a database that holds Boston."""
    file = CHECKOUT / "cities" / "boston" / "city.toml"
    return _city_template(database_server, migrated_template, "boston", file, file.read_text())


@pytest.fixture(scope="session")
def village_engine(database_server: Server, village_template: str) -> Iterator[Engine]:
    """Engine of a copy of the village that tests do not write to for good."""
    url = database_server.copy(village_template)
    engine = make_engine(url)
    yield engine
    engine.dispose()
    database_server.drop(url)


@pytest.fixture
def village(village_engine: Engine) -> Iterator[Session]:
    """A session on the village, undone after the test."""
    with village_engine.connect() as connection:
        transaction = connection.begin()
        with Session(connection, join_transaction_mode="create_savepoint", expire_on_commit=False) as session:
            yield session
        transaction.rollback()


@pytest.fixture
def committed(database_server: Server) -> Iterator[Callable[[str], str]]:
    """Give the URL of a copy of a template, for tests with real commits."""
    urls: list[str] = []

    def copy(template: str) -> str:
        urls.append(database_server.copy(template))
        return urls[-1]

    yield copy
    for url in urls:
        database_server.drop(url)


@pytest.fixture
def city(village: Session) -> City:
    """The village's row."""
    return city_by_slug(village, "village")

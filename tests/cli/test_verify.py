"""``pinward city verify``: what agrees is counted, what falls short is said."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from click.testing import CliRunner

from layers import check, cityfile
from layers.current import load_atlas
from layers.publish import publish
from webapp.catalog.calendars import Calendar
from webapp.cli.agreement import asset_streets, house_numbers, on_time, same_label
from webapp.cli.city import city as command
from webapp.config import CHECKOUT, settings

CITY = """
[city]
slug = "hamlet"
name = "Hamlet"
time_zone = "America/New_York"
metric_srid = 26986
boundary = "boundary"
districts = "ward"
fallback_points = [[-71.115, 42.365]]
[layers.streets]
kind = "segments"
file = "streets.geojson"
fields = { name = "name" }
[layers.boundary]
kind = "zones"
file = "boundary.geojson"
fields = { id = "id" }
[layers.ward]
kind = "zones"
file = "ward.geojson"
fields = { id = "id" }
[[departments]]
code = "works"
name = "Works"
[[crews]]
code = "west"
name = "West"
department = "works"
[[services]]
code = "pothole"
name = "Pothole"
department = "works"
[[rules]]
crew = "west"
"""
COLUMNS = """
[columns]
external_id = "id"
service = "kind"
requested_at = "at"
lon = "lon"
lat = "lat"
"""
EXPECTED = """
[reports]
file = "reports.parquet"
columns = "reports.toml"
id = "id"
without = "nowhere"
[reports.flags.fallback_point]
column = "nowhere"
at_least = 1.0
[reports.compare.zone_ward]
column = "ward"
pattern = 'Ward 0*(\\d+)'
at_least = 0.7
[reports.compare.crew]
column = "crew"
at_least = 0.9
"""


def geojson(path: Path, shapes: dict[str, shapely.Geometry]) -> None:
    features = [
        {
            "type": "Feature",
            "properties": {"id": key, "name": key},
            "geometry": shapely.geometry.mapping(shape),
        }
        for key, shape in shapes.items()
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))


@pytest.fixture
def hamlet(tmp_path: Path) -> Path:
    """A folder with a city of one street and two wards, and nine reports: one label is wrong, one is missing."""
    folder = tmp_path / "hamlet"
    folder.mkdir()
    geojson(folder / "streets.geojson", {"Main St": shapely.LineString([(-71.12, 42.36), (-71.10, 42.36)])})
    geojson(folder / "boundary.geojson", {"1": shapely.box(-71.13, 42.35, -71.09, 42.37)})
    geojson(
        folder / "ward.geojson",
        {"1": shapely.box(-71.13, 42.35, -71.11, 42.37), "2": shapely.box(-71.11, 42.35, -71.09, 42.37)},
    )
    (folder / "city.toml").write_text(CITY)
    (folder / "reports.toml").write_text(COLUMNS)
    (folder / "verify.toml").write_text(EXPECTED)
    at = [datetime(2026, 1, 1) + timedelta(days=40 * day) for day in range(8)]  # noqa: DTZ001  (local time)
    reports = {
        "id": list(range(1, 9)),
        "kind": ["Pothole"] * 7 + ["Unheard of"],
        "at": at,
        "lon": [-71.12, -71.118, -71.116, -71.102, -71.101, -71.104, -71.115, -71.12],
        "lat": [42.36] * 6 + [42.365, 42.36],
        "ward": ["Ward 1", "Ward 01", "Ward 2", "Ward 02", "Ward 2", None, "Ward 9", "Ward 1"],
        "crew": ["West"] * 5 + ["East"] * 3,
        "nowhere": [False] * 6 + [True, False],
    }
    pq.write_table(pa.table(reports), folder / "reports.parquet")
    return folder


def test_a_city_is_loaded_compared_and_judged(
    hamlet: Path, committed_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", committed_database)
    settings.cache_clear()
    found = CliRunner().invoke(command, ["verify", str(hamlet), "--json"], catch_exceptions=False)
    assert found.exit_code == 5, found.output
    said = json.loads(found.stdout)
    agreement = {name: (share["agreeing"], share["rows"]) for name, share in said["agreement"].items()}
    assert agreement == {"flagged fallback_point": (1, 1), "zone_ward": (4, 5), "crew": (5, 6)}
    assert (said["load"]["kept"], said["load"]["rejected"], said["lost"]) == (7, 1, 0)
    assert said["rejected_because"] == {"kind is 'Unheard of', no service of the city": 1}
    assert said["load"]["peak_mb"] > 0
    assert said["agreement"]["zone_ward"]["enough"]
    assert not said["agreement"]["crew"]["enough"]
    assert not said["enough"]

    (hamlet / "verify.toml").write_text("[house_numbers]\nwithin = 2\nat_least = 0.5\n")
    numbers = CliRunner().invoke(command, ["verify", str(hamlet)], catch_exceptions=False)
    assert numbers.exit_code == 5
    assert "house number" in numbers.stdout
    assert "of       0 rows, at least 50.0%: falls short" in numbers.stdout


def test_a_city_that_is_not_there_is_told() -> None:
    found = CliRunner().invoke(command, ["verify", "atlantis"])
    assert found.exit_code == 1
    assert "Name a folder" in found.output


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("at_least = 7", "less than or equal to 1"),
        ("pattern = 'Ward'", "needs a group"),
        ("colum = 'a'", "colum"),
    ],
)
def test_expectations_that_make_no_sense_are_told(hamlet: Path, wrong: str, said: str) -> None:
    (hamlet / "verify.toml").write_text(f'[reports.compare.crew]\ncolumn = "crew"\n{wrong}\n')
    found = CliRunner().invoke(command, ["verify", str(hamlet)])
    assert found.exit_code == 1
    assert said in found.output


def test_labels_are_compared_where_there_are_any() -> None:
    ours = pa.array(["1", "2", "3", None, "5"])
    theirs = pa.array(["Ward 1", "02", "Ward 4", "Ward 9", None])
    found = same_label("ward", ours, theirs, r"(?:Ward )?0*(\d+)", 0.5)
    assert (found.agreeing, found.rows, found.enough) == (2, 4, True)
    assert (
        same_label("ward", pa.array([], pa.string()), pa.array([], pa.string()), "(.*)", 0.1).enough is False
    )


def test_a_deadline_over_a_change_of_the_clock_keeps_the_time_on_the_wall() -> None:
    moments = pa.timestamp("us", "UTC")
    # New York leaves summer time on 6 November 2011: two weeks from 30 October are an hour longer.
    requested = datetime(2011, 10, 30, 16, tzinfo=UTC)
    target = datetime(2011, 11, 13, 17, tzinfo=UTC)
    closed = [target, target + timedelta(seconds=1), None, target, None]
    ours = pa.table(
        {
            "requested_at": pa.array([requested] * 5, moments),
            "due_at": pa.array([target, target, target, None, None], moments),
            "closed_at": pa.array(closed, moments),
        }
    )
    theirs = pa.array(["ONTIME", "OVERDUE", "OVERDUE", "ONTIME", "ONTIME"])
    found = on_time(ours, theirs, "ONTIME", 1.0, Calendar("America/New_York"))
    assert (found.agreeing, found.rows, found.enough) == (3, 3, True)
    wrong = on_time(ours, pa.array(["OVERDUE"] * 5), "ONTIME", 1.0, Calendar("America/New_York"))
    assert wrong.agreeing == 1


@pytest.mark.shared
def test_cambridge_agrees_with_its_own_files(session, shared_data: Path) -> None:  # type: ignore[no-untyped-def]
    document, _ = cityfile.read(CHECKOUT / "cities" / "cambridge" / "city.toml", settings())
    assert document is not None
    city, _ = publish(session, check.check(document))
    atlas = load_atlas(session, city.id)
    lights = asset_streets(atlas, "street_light", 0.92)
    assert lights.rows > 6000
    assert lights.enough, lights
    numbers = house_numbers(atlas, 2, 0.99)
    assert numbers.rows > 11_000
    assert numbers.enough, numbers
    assert np.isclose(house_numbers(atlas, 8, 0.99).share, 1.0, atol=0.001)

"""Whole collections as CSV and GeoParquet, as GDAL and pyarrow read it."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pyarrow.parquet as pq
import pyogrio
import pytest
import shapely
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.api.conftest import Pin, Send
from tests.api.test_features import BASE
from tests.pages.people import sign_in
from webapp.api import exports

PATH = "/api/exports"
CONTACT = {
    "first_name": "Quentin",
    "last_name": "Zyxw",
    "email": "quentin@example.org",
    "phone": "2175550123",
}
FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", 'said "so", or not\nat all']


@pytest.fixture
def numbers(send: Send, pins: list[Pin]) -> list[str]:
    """Public reports, the first one made first; after them one that only staff may see."""
    public = [send(at=pin, description=said, **CONTACT) for pin, said in zip(pins, FORMULAS, strict=False)]
    return [*public, send(at=pins[0], service_code="housing", **CONTACT)]


def rows(client: FlaskClient, path: str) -> list[dict[str, str]]:
    answer = client.get(f"{PATH}/{path}")
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


def parquet(client: FlaskClient, path: str) -> Any:
    answer = client.get(f"{PATH}/{path}")
    assert answer.mimetype == "application/vnd.apache.parquet"
    return pq.read_table(io.BytesIO(answer.data))


@pytest.mark.parametrize("at_once", [1, 2, 5, 10_000])
def test_every_report_is_there_once_however_large_the_pages(
    monkeypatch: pytest.MonkeyPatch, demo_client: FlaskClient, numbers: list[str], at_once: int
) -> None:
    monkeypatch.setattr(exports, "PAGE", at_once)
    newest_first = numbers[-2::-1]
    assert [row["tracking_number"] for row in rows(demo_client, "reports.csv")] == newest_first
    found = parquet(demo_client, "reports.parquet")
    assert found["id"].to_pylist() == newest_first
    by_time = rows(demo_client, "reports.csv?datetime=2020-01-01/..")
    assert [row["tracking_number"] for row in by_time] == newest_first


def test_both_say_what_features_say(demo_client: FlaskClient, numbers: list[str]) -> None:
    items = demo_client.get(f"{BASE}/collections/tickets/items").get_json()["features"]
    table = parquet(demo_client, "tickets.parquet").to_pylist()
    sheet = rows(demo_client, "tickets.csv")
    assert len(items) == len(table) == len(sheet) == len(numbers) - 1
    for item, row, line in zip(items, table, sheet, strict=True):
        lon, lat = item["geometry"]["coordinates"]
        assert row["id"] == item["id"] == int(line["id"])
        point = shapely.from_wkb(row["geometry"])
        assert (point.x, point.y) == pytest.approx((lon, lat), abs=1e-7)
        assert (float(line["lon"]), float(line["lat"])) == (lon, lat)
        assert row["status"] == item["properties"]["status"] == line["status"]
        assert (
            row["opened_at"].isoformat().replace("+00:00", "Z")
            == line["opened_at"]
            == item["properties"]["opened_at"]
        )
        assert (line["open"], row["open"]) == ("true", True)


def test_gdal_reads_the_sheets(demo_client: FlaskClient, numbers: list[str], tmp_path: Any) -> None:
    path = tmp_path / "reports.csv"
    path.write_bytes(demo_client.get(f"{PATH}/reports.csv").data)
    meta, _, shapes, _ = pyogrio.raw.read(path, X_POSSIBLE_NAMES="lon", Y_POSSIBLE_NAMES="lat")
    assert [shapely.from_wkb(shape).geom_type for shape in shapes] == ["Point"] * (len(numbers) - 1)
    assert "service_code" in meta["fields"]
    layer = tmp_path / "council.csv"
    layer.write_bytes(demo_client.get(f"{PATH}/council.csv").data)
    meta, _, shapes, _ = pyogrio.raw.read(layer)
    assert {shapely.from_wkb(shape).geom_type for shape in shapes} == {"MultiPolygon"}
    assert list(meta["fields"])[:2] == ["id", "name"]


def test_geoparquet_says_where_its_shapes_are(demo_client: FlaskClient) -> None:
    for name, kind in (("council", "MultiPolygon"), ("streets", "LineString"), ("lights", "Point")):
        table = parquet(demo_client, f"{name}.parquet")
        geo = json.loads(table.schema.metadata[b"geo"])
        assert (geo["version"], geo["primary_column"]) == ("1.1.0", "geometry")
        assert geo["columns"]["geometry"] == {"encoding": "WKB", "geometry_types": [kind]}
        assert {shape.geom_type for shape in shapely.from_wkb(table["geometry"].to_pylist())} == {kind}
        assert table["id"].null_count == 0


def test_peoples_words_are_no_formulas(demo_client: FlaskClient, numbers: list[str]) -> None:
    said = [row["description"] for row in rows(demo_client, "reports.csv")][::-1]
    assert [text.removeprefix("'").strip() for text in said] == [text.strip() for text in FORMULAS]
    assert not [text for text in said if text[0] in "=+-@\t\r"]


def test_everybody_gets_what_everybody_may_see(demo_client: FlaskClient, numbers: list[str]) -> None:
    assert numbers[-1] not in {row["tracking_number"] for row in rows(demo_client, "reports.csv")}
    sign_in(demo_client, "agent")
    answer = demo_client.get(f"{PATH}/reports.csv")
    assert numbers[-1] in answer.text
    assert answer.headers["Cache-Control"] == "private, no-store"
    table = str(parquet(demo_client, "reports.parquet").to_pylist())
    assert not [word for word in CONTACT.values() if word in answer.text or word in table]


def test_filters_are_those_of_features(demo_client: FlaskClient, numbers: list[str], pins: list[Pin]) -> None:
    lon, lat = pins[1]
    box = f"{lon - 1e-4},{lat - 1e-4},{lon + 1e-4},{lat + 1e-4}"
    assert [row["id"] for row in rows(demo_client, f"reports.csv?bbox={box}")] == [numbers[1]]
    assert rows(demo_client, "reports.csv?filter=service_code%20<>%20'graffiti'") == []
    assert parquet(demo_client, "reports.parquet?service_code=pothole").num_rows == 0
    assert len(rows(demo_client, f"reports.csv?tracking_number={numbers[2]}")) == 1


@pytest.mark.parametrize(
    ("path", "status", "named"),
    [
        ("nothing.csv", 404, "no such collection"),
        ("reports.xls", 404, ""),
        ("reports.csv?limit=5", 400, "limit"),
        ("reports.csv?bbox=1,2,3", 400, "bbox"),
        ("reports.csv?datetime=soon", 400, "datetime"),
        ("reports.csv?filter=open&filter=open", 400, "filter"),
        ("reports.parquet?filter=%FF", 400, "filter"),
        ("tickets.csv?priority=high", 400, "priority"),
    ],
)
def test_what_is_wrong_is_named(demo_client: FlaskClient, path: str, status: int, named: str) -> None:
    answer = demo_client.get(f"{PATH}/{path}")
    assert answer.status_code == status
    assert named in answer.text


def test_a_page_is_one_statement_and_memory_one_page(
    monkeypatch: pytest.MonkeyPatch,
    demo_client: FlaskClient,
    demo_session: Session,
    demo_statements: Any,
    numbers: list[str],
) -> None:
    monkeypatch.setattr(exports, "PAGE", 2)
    count = demo_session.scalar(
        text("select count(*) from report join service on service.id = report.service_id and service.public")
    )
    with demo_statements() as statements:
        answer = demo_client.get(f"{PATH}/reports.csv", buffered=False)
        before = len(statements)
        next(answer.iter_encoded())  # The header comes before any page is read.
        assert len(statements) == before
        list(answer.iter_encoded())
    assert len(statements) - before == count // 2 + 1

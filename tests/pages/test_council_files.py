"""The figures of the council's page as files say what the page says."""

from __future__ import annotations

import csv
import io
import json
import zipfile

import pyarrow.parquet as pq
import pytest
import shapely
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from layers.queries import city_by_slug
from tests.insight.tickets import add_tickets
from tests.pages.people import sign_in

DAYS = "from=2026-01-01&to=2026-04-20&areas=neighborhood"


@pytest.fixture
def office(demo_client: FlaskClient, demo_session: Session) -> FlaskClient:
    """A council office of district 1, with tickets in the city."""
    add_tickets(demo_session, city_by_slug(demo_session, "demo"), 300, seed=3)
    sign_in(demo_client, "district-1")
    return demo_client


def table(office: FlaskClient, path: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(office.get(path).text)))


def test_services(office: FlaskClient) -> None:
    rows = table(office, f"/council/services.csv?{DAYS}")
    page = office.get(f"/council?{DAYS}").text
    total = sum(int(row["tickets"]) for row in rows)
    assert total > 20
    assert f"<dt>Tickets opened</dt><dd>{total}</dd>" in page
    book = zipfile.ZipFile(io.BytesIO(office.get(f"/council/services.xlsx?{DAYS}").data))
    sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert sheet.count("<row ") == len(rows) + 1
    assert "<f>" not in sheet, "no formula"


def test_areas_have_the_same_figures_in_all_forms(office: FlaskClient) -> None:
    rows = table(office, f"/council/areas.csv?{DAYS}")
    features = json.loads(office.get(f"/council/areas.geojson?{DAYS}").data)["features"]
    found = pq.read_table(io.BytesIO(office.get(f"/council/areas.parquet?{DAYS}").data))
    assert [row["id"] for row in rows] == [each["id"] for each in features] == found["id"].to_pylist()
    counts = [int(row["tickets"]) if row["tickets"] else None for row in rows]
    assert counts == [each["properties"]["tickets"] for each in features] == found["tickets"].to_pylist()
    assert any(counts)
    shapes = shapely.from_wkb(found["geometry"].to_numpy())
    assert shapely.is_valid(shapes).all()
    assert json.loads(found.schema.metadata[b"geo"])["primary_column"] == "geometry"


def test_only_council_offices_get_them(demo_client: FlaskClient) -> None:
    assert demo_client.get("/council/areas.csv").status_code == 302
    sign_in(demo_client, "supervisor")
    assert demo_client.get("/council/areas.csv").status_code == 403

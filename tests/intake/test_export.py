"""``pinward reports export``: every report a row, with what was decided, and nothing of who made it."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime

import pyarrow.parquet
from sqlalchemy.orm import Session

from layers.queries import city_by_slug
from tests.intake.conftest import pin
from tests.intake.reports_files import Desk, desk, loading_url, row
from webapp.catalog.queries import catalog
from webapp.intake.draft import read_draft
from webapp.intake.submit import submit

__all__ = ["desk", "loading_url"]

COLUMNS = [
    "tracking_number", "external_id", "service_code", "requested_at", "closed_at", "ticket_id", "ticket_status",
    "department", "crew", "due_at", "street", "house_number", "side", "segment_id", "snap_m", "place_flags",
    "duplicate_of", "duplicate_score", "duplicate_decision", "suggestions", "service_area",
    "zone_boundary", "zone_council", "zone_areas",
]  # fmt: skip


def fill(desk: Desk) -> None:
    """Load three reports, and send one that has no external id."""
    lon, lat = pin(350, 98)
    rows = [
        row("A", lamp=6, state="closed", closed="2026-03-02 11:00"),
        row("B", "2026-03-03 10:00", lamp=6),
        row("C", "2026-03-03 11:00", kind="trash", lon=lon, lat=lat),
    ]
    desk.load(desk.file(rows))
    with Session(desk.engine) as session:
        city = city_by_slug(session, None)
        told = {
            "service_code": "light",
            "lon": rows[0]["lon"],
            "lat": rows[0]["lat"],
            "email": "ann@example.org",
        }
        submit(session, city, read_draft(catalog(session, city), told), now=datetime(2026, 3, 4, tzinfo=UTC))
        session.commit()


def test_parquet_has_the_columns_and_types(desk: Desk) -> None:
    fill(desk)
    out = desk.folder / "out.parquet"
    result = desk.run("export", out, "--json")
    assert json.loads(result.stdout)["rows"] == 4
    table = pyarrow.parquet.read_table(out)
    assert table.column_names == COLUMNS
    a, b, c, sent = table.to_pylist()
    assert (a["external_id"], a["service_code"], a["ticket_status"]) == ("A", "light", "reopened")
    assert (a["department"], a["crew"], a["service_area"]) == ("Public Works", "West Crew", "Area 1")
    assert a["requested_at"] == datetime(2026, 3, 2, 15, tzinfo=UTC)
    assert a["closed_at"] == datetime(2026, 3, 2, 16, tzinfo=UTC)
    assert a["due_at"] == datetime(2026, 3, 4, 15, tzinfo=UTC)
    assert (a["street"], a["side"], a["place_flags"], a["duplicate_of"]) == ("Street 2", "left", [], None)
    assert abs(a["snap_m"] - 5) < 0.1
    assert (a["duplicate_decision"], a["suggestions"]) == ("none", [])
    assert (b["duplicate_decision"], b["duplicate_of"], b["suggestions"]) == ("joined", "A", ["A"])
    assert 0 < b["duplicate_score"] <= 1
    assert a["ticket_id"] == b["ticket_id"] == sent["ticket_id"] != c["ticket_id"]
    assert (c["side"], c["crew"], c["due_at"], c["zone_council"], c["zone_areas"]) == (
        "right",
        "East Crew",
        None,
        "2",
        "2",
    )
    assert (sent["external_id"], sent["duplicate_of"], sent["suggestions"]) == (None, "A", ["A"])
    assert b"ann@" not in out.read_bytes()


def test_csv_says_the_same(desk: Desk) -> None:
    fill(desk)
    desk.run("export", desk.folder / "out.csv")
    with (desk.folder / "out.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == COLUMNS
    assert [each["external_id"] for each in rows] == ["A", "B", "C", ""]
    assert rows[1]["suggestions"] == "A"
    assert rows[0]["requested_at"].startswith("2026-03-02 15:00:00")


def test_a_city_without_reports_is_exported(desk: Desk) -> None:
    out = desk.folder / "out.parquet"
    assert desk.run("export", out).exit_code == 0
    assert pyarrow.parquet.read_table(out).num_rows == 0


def test_another_format_is_refused(desk: Desk) -> None:
    result = desk.run("export", desk.folder / "out.xlsx")
    assert result.exit_code == 1
    assert "neither .parquet nor .csv" in result.output

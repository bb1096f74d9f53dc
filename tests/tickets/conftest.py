"""A town with two crews and a ticket to move about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from sqlalchemy.orm import Session

from layers.models import City
from webapp.catalog.models import Crew, Department, Service
from webapp.people.models import Staff
from webapp.tickets import records

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@dataclass
class Town:
    """The rows that tests name."""

    session: Session
    city_id: int
    staff: dict[str, Staff]

    @property
    def city(self) -> City:
        """The town's row."""
        city = self.session.get(City, self.city_id)
        assert city is not None
        return city

    @property
    def connection(self) -> psycopg.Connection[Any]:
        """The session's own connection, bare."""
        bare: Any = self.session.connection().connection.driver_connection
        return bare

    def ticket(self, **columns: Any) -> dict[str, Any]:
        """Columns of a ticket of Paving at the first crew, at (-71.1, 42.3)."""
        return self._place() | {
            "service_id": 1,
            "status": "assigned",
            "opened_at": NOON,
            "latest_at": NOON,
            "due_at": None,
            "matchable": True,
            "district": "1",
            "department_id": 1,
            "crew_id": 1,
            "service_area": None,
            "assigned_why": "Pothole goes to Paving",
            "priority": 1,
            "priority_why": "",
            "hidden": False,
        } | columns  # fmt: skip

    def report(self, **columns: Any) -> dict[str, Any]:
        """Columns of a report there."""
        return self._place() | {
            "service_id": 1,
            "channel": "web",
            "language": "en",
            "description": "A hole",
            "answers": {},
            "media_urls": [],
            "contact_id": None,
            "idempotency_key": None,
            "external_id": None,
            "requested_at": NOON,
            "received_at": NOON,
            "due_at": None,
            "postcode": None,
            "snap_m": None,
            "place_flags": [],
            "edition_ids": [],
            "duplicate_of": None,
            "duplicate_score": None,
            "duplicate_decision": "none",
            "duplicate_reasons": [],
            "suggestions": [],
            "hidden": False,
        } | columns  # fmt: skip

    def entry(self, kind: str) -> dict[str, Any]:
        """A timeline entry."""
        return {"kind": kind, "actor": "resident", "at": NOON, "note": "", "data": {}}

    def open(self, **columns: Any) -> records.Written:
        """Open a ticket."""
        ticket, report = self.ticket(**columns), self.report()
        return records.open_ticket(self.connection, ticket, report, [self.entry("received")])

    def _place(self) -> dict[str, Any]:
        return {
            "city_id": self.city_id,
            "geom": "SRID=4326;POINT(-71.1 42.3)",
            "address": "1 Elm St",
            "street": "Elm St",
            "house_number": 1,
            "segment_id": "17",
            "side": "l",
            "along_m": 3.25,
            "asset_id": None,
            "zones": {"council": "1"},
        }


@pytest.fixture
def town(session: Session) -> Town:
    """The town, in the test's transaction."""
    city = City(
        slug="town", name="Town", time_zone="America/New_York", languages=["en"], metric_srid=32619,
        snap_radius_m=60, fallback_points=[], details={}, file_sha256="",
    )  # fmt: skip
    session.add(city)
    session.flush()
    session.add(Department(city_id=city.id, id=1, code="works", name="Public Works"))
    session.flush()
    for number, name in ((1, "Paving"), (2, "Trees")):
        session.add(Crew(city_id=city.id, id=number, code=name.lower(), name=name, department_id=1))
    service = Service(
        city_id=city.id, id=1, code="pothole", name="Pothole", group="Streets", description="", keywords=[],
        icon="", department_id=1, duplicates={}, translations={}, position=1,
    )  # fmt: skip
    session.add(service)
    session.flush()
    staff = {
        name: Staff(
            city_id=city.id, email=f"{name}@example.gov", name=name.title(), password_hash="", role=role,
            crew_id=crew_id,
        )
        for name, role, crew_id in (
            ("ann", "crew", 1), ("bob", "crew", 2), ("nobody", "crew", None), ("sue", "supervisor", None),
            ("ada", "agent", None), ("eve", "council", None), ("max", "auditor", None),
            ("root", "administrator", None),
        )
    }  # fmt: skip
    session.add_all(staff.values())
    session.flush()
    return Town(session, city.id, staff)

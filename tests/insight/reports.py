"""Made-up reports for the demo city, each with a ticket of its own."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

import webapp.people.models  # noqa: F401  (reports refer to contacts)
from layers.models import City
from webapp.catalog.snapshot import ServiceEntry
from webapp.tickets.models import Report, Ticket


def add_reports(
    session: Session,
    city: City,
    service: ServiceEntry,
    moments: list[datetime],
    *,
    district: str | None = None,
    due_at: datetime | None = None,
) -> list[Ticket]:
    """Add reports made at some moments, and return their tickets."""
    zones = {} if district is None else {city.district_layer or "": district}
    tickets = [
        Ticket(
            city_id=city.id, service_id=service.id, department_id=service.department_id, status="assigned",
            opened_at=moment, latest_at=moment, due_at=due_at, matchable=False, zones=zones, district=district,
            assigned_why="",
        )
        for moment in moments
    ]  # fmt: skip
    session.add_all(tickets)
    session.flush()
    session.add_all(
        Report(
            city_id=city.id, tracking_number=f"R{ticket.id}", ticket_id=ticket.id, service_id=service.id,
            channel="web", description="=SECRET()", answers={}, media_urls=[], requested_at=ticket.opened_at,
            place_flags=[], zones=zones, edition_ids=[], duplicate_decision="none", duplicate_reasons=[],
            suggestions=[],
        )
        for ticket in tickets
    )  # fmt: skip
    session.flush()
    return tickets

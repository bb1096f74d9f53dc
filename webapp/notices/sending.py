"""Sending: claims the notices that are due, one at a time, and records what became of each.

A claim moves ``next_attempt_at`` on and is committed *before* the message goes out. A worker killed at any
moment therefore leaves a notice that is due again later, and never one that is lost. It is sent twice only
where the worker died in the instant between the mail server's "accepted" and our commit of it; no protocol
closes that gap, so both copies carry the same Message-ID, by which mail programs recognise a repeat. Files in
``PINWARD_HOME/mail`` are named by it, and so exist once.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, case, func, select, update
from sqlalchemy.orm import Session

from layers.models import City
from webapp.catalog.models import Department, Service
from webapp.notices.models import Notice
from webapp.people.models import Staff
from webapp.tickets.models import Report, Ticket, TimelineEntry

MOST_ATTEMPTS = 12
LONGEST_PAUSE = 8
"""Pauses between attempts double from one minute to 2⁸ minutes: a notice is given up after some 20 hours."""


class Claimed(NamedTuple):
    """A notice to send now, with what its message tells."""

    notice_id: int
    contact_id: int | None
    """None: it is to a member of staff."""
    attempts: int
    kind: str
    note: str
    detail: str | None
    at: datetime
    tracking_number: str
    service: str
    service_notice: str
    service_translations: dict[str, Any]
    department: str
    address: str | None
    requested_at: datetime
    due_at: datetime | None
    ticket_id: int
    staff_name: str | None
    staff_email: str | None


def any_due(session: Session, city: City) -> bool:
    """Say whether there is anything to send now."""
    return session.scalar(select(_due(city).exists())) or False


def claim(session: Session, city: City) -> Claimed | None:
    """Take the oldest notice that is due, so that nobody else sends it. The caller commits before sending."""
    oldest = (
        _due(city)
        .order_by(Notice.next_attempt_at, Notice.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    minutes = func.power(2, func.least(Notice.attempts, LONGEST_PAUSE))
    notice_id = session.scalar(
        update(Notice)
        .where(Notice.city_id == city.id, Notice.id == oldest)
        .values(
            attempts=Notice.attempts + 1,
            next_attempt_at=func.now() + func.make_interval(0, 0, 0, 0, 0, 0, 60 * minutes),
        )
        .returning(Notice.id)
    )
    return None if notice_id is None else _claimed(session, city.id, notice_id)


def sent(session: Session, city: City, claimed: Claimed) -> None:
    """Record that the message was accepted. The caller commits."""
    _settle(session, city, claimed, state="sent", sent_at=func.now(), error="")


def not_sent(session: Session, city: City, claimed: Claimed, error: str, *, hopeless: bool) -> None:
    """Record why the message did not go out; when ``hopeless`` or tried often enough, for good."""
    given_up = hopeless or claimed.attempts >= MOST_ATTEMPTS
    _settle(session, city, claimed, state="failed" if given_up else "pending", error=error)


def _due(city: City) -> Select[int]:
    return select(Notice.id).where(
        Notice.city_id == city.id, Notice.state == "pending", Notice.next_attempt_at <= func.now()
    )


def _settle(session: Session, city: City, claimed: Claimed, **values: object) -> None:
    session.execute(
        update(Notice).where(Notice.city_id == city.id, Notice.id == claimed.notice_id).values(**values)
    )


def _claimed(session: Session, city_id: int, notice_id: int) -> Claimed:
    row = session.execute(
        select(
            Notice.id,
            Notice.contact_id,
            Notice.attempts,
            TimelineEntry.kind,
            TimelineEntry.note,
            TimelineEntry.data["detail"].astext,
            TimelineEntry.at,
            Report.tracking_number,
            Service.name,
            Service.notice,
            Service.translations,
            Department.name,
            Report.address,
            Report.requested_at,
            func.coalesce(case((Notice.staff_id.is_not(None), Ticket.due_at)), Report.due_at),
            Ticket.id,
            Staff.name,
            Staff.email,
        )
        .join(
            TimelineEntry,
            (TimelineEntry.city_id == Notice.city_id) & (TimelineEntry.id == Notice.timeline_id),
        )
        .join(Report, (Report.city_id == Notice.city_id) & (Report.id == Notice.report_id))
        .join(Ticket, (Ticket.city_id == Report.city_id) & (Ticket.id == Report.ticket_id))
        .join(Service, (Service.city_id == Report.city_id) & (Service.id == Report.service_id))
        .join(Department, (Department.city_id == Ticket.city_id) & (Department.id == Ticket.department_id))
        .outerjoin(Staff, (Staff.city_id == Notice.city_id) & (Staff.id == Notice.staff_id))
        .where(Notice.city_id == city_id, Notice.id == notice_id)
    ).one()
    return Claimed._make(row)

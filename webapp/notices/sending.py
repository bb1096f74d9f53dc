"""Sending: claims the notices that are due, one at a time, and records what became of each.

A claim moves ``next_attempt_at`` on and is committed *before* the message goes out. A worker killed at any
moment therefore leaves a notice that is due again later, and never one that is lost. It is sent twice only
where the worker died in the instant between the mail server's "accepted" and our commit of it; no protocol
closes that gap, so both copies carry the same Message-ID, by which mail programs recognise a repeat; an SMS
gateway gets the same ``Idempotency-Key``; of pushed messages with the same topic and tag a phone shows one.
Files in ``PINWARD_HOME/mail`` are named by it, and so exist once.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, case, func, or_, select, update
from sqlalchemy.orm import Session

from layers.models import City
from webapp.catalog.models import Department, Service
from webapp.notices.models import Notice, PushSubscription
from webapp.people.models import Staff
from webapp.tickets.models import Report, Ticket, TimelineEntry

MOST_ATTEMPTS = 12
LONGEST_PAUSE = 8
"""Pauses between attempts double from one minute to 2⁸ minutes: a notice is given up after some 20 hours."""


class DeliveryError(Exception):
    """A message that did not go out.

    Parameters
    ----------
    reason
        For staff to read: nothing of the contact.
    hopeless
        Trying again cannot help.
    is_dead
        The address itself is gone: nothing else can reach it either.
    """

    def __init__(self, reason: str, *, hopeless: bool, is_dead: bool = False) -> None:
        super().__init__(reason)
        self.hopeless = hopeless
        self.is_dead = is_dead


class Claimed(NamedTuple):
    """A notice to send now, with what its message tells."""

    notice_id: int
    contact_id: int | None
    """None: it is to a member of staff."""
    attempts: int
    message: dict[str, Any] | None
    """What it says, where it tells of no timeline entry."""
    report_id: int | None
    kind: str
    note: str
    detail: str | None
    at: datetime
    tracking_number: str | None
    service: str | None
    service_notice: str | None
    service_translations: dict[str, Any] | None
    department: str | None
    address: str | None
    requested_at: datetime | None
    due_at: datetime | None
    ticket_id: int | None
    staff_name: str | None
    staff_email: str | None
    endpoint: str | None
    """Where to push it, with the browser's two keys."""
    p256dh: str | None
    auth: str | None


def any_due(session: Session, city: City, channel: str, *, quiet: bool = False) -> bool:
    """Say whether there is anything to send now by a channel."""
    return session.scalar(select(_due(city, channel, quiet=quiet).exists())) or False


def claim(session: Session, city: City, channel: str, *, quiet: bool = False) -> Claimed | None:
    """Take the oldest notice that is due, so that nobody else sends it. The caller commits before sending.

    Parameters
    ----------
    quiet
        It is the city's quiet time: only staff, and what somebody asked for this minute, may be told.
    """
    oldest = (
        _due(city, channel, quiet=quiet)
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
    return None if notice_id is None else contents(session, city.id, notice_id)


def sent(session: Session, city: City, claimed: Claimed) -> None:
    """Record that the message was accepted. The caller commits."""
    _settle(session, city, claimed, state="sent", sent_at=func.now(), error="")


def not_sent(session: Session, city: City, claimed: Claimed, error: str, *, hopeless: bool) -> None:
    """Record why the message did not go out; when ``hopeless`` or tried often enough, for good."""
    given_up = hopeless or claimed.attempts >= MOST_ATTEMPTS
    _settle(session, city, claimed, state="failed" if given_up else "pending", error=error)


def stopped(session: Session, city: City, claimed: Claimed) -> None:
    """Record that the reader asked for no more messages meanwhile. The caller commits."""
    _settle(session, city, claimed, state="stopped", error="")


def _due(city: City, channel: str, *, quiet: bool) -> Select[int]:
    due = select(Notice.id).where(
        Notice.city_id == city.id,
        Notice.channel == channel,
        Notice.state == "pending",
        Notice.next_attempt_at <= func.now(),
    )
    if quiet:
        due = due.where(or_(Notice.staff_id.is_not(None), Notice.message["asked_for"].as_boolean()))
    return due


def _settle(session: Session, city: City, claimed: Claimed, **values: object) -> None:
    session.execute(
        update(Notice).where(Notice.city_id == city.id, Notice.id == claimed.notice_id).values(**values)
    )


def contents(session: Session, city_id: int, notice_id: int) -> Claimed:
    """Return a notice with what its message tells."""
    row = session.execute(
        select(
            Notice.id,
            Notice.contact_id,
            Notice.attempts,
            Notice.message,
            Notice.report_id,
            func.coalesce(TimelineEntry.kind, "message"),
            func.coalesce(TimelineEntry.note, ""),
            TimelineEntry.data["detail"].astext,
            func.coalesce(TimelineEntry.at, Notice.created_at),
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
            PushSubscription.endpoint,
            PushSubscription.p256dh,
            PushSubscription.auth,
        )
        .outerjoin(
            TimelineEntry,
            (TimelineEntry.city_id == Notice.city_id) & (TimelineEntry.id == Notice.timeline_id),
        )
        .outerjoin(Report, (Report.city_id == Notice.city_id) & (Report.id == Notice.report_id))
        .outerjoin(Ticket, (Ticket.city_id == Report.city_id) & (Ticket.id == Report.ticket_id))
        .outerjoin(Service, (Service.city_id == Report.city_id) & (Service.id == Report.service_id))
        .outerjoin(
            Department, (Department.city_id == Ticket.city_id) & (Department.id == Ticket.department_id)
        )
        .outerjoin(Staff, (Staff.city_id == Notice.city_id) & (Staff.id == Notice.staff_id))
        .outerjoin(
            PushSubscription,
            (PushSubscription.city_id == Notice.city_id) & (PushSubscription.contact_id == Notice.contact_id),
        )
        .where(Notice.city_id == city_id, Notice.id == notice_id)
    ).one()
    return Claimed._make(row)

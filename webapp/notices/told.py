"""Whom to tell by phone or letter: notices that no machine sends wait until somebody on the staff has told.

They are made from the timeline like all others, so nobody is forgotten. The caller commits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, null, or_, select, update
from sqlalchemy.orm import Session

from webapp.notices.models import Notice
from webapp.people import audit, contacts
from webapp.people.contacts import ContactDetails
from webapp.people.models import Staff
from webapp.tickets.models import Report, TimelineEntry

BY_HAND = ("phone", "letter")
MOST_LISTED = 100


@dataclass(frozen=True, slots=True)
class ToTell:
    """One person to tell, or told, of one thing."""

    id: int
    channel: str
    """phone or letter."""
    kind: str
    """Of the timeline entry; ``message`` where it is none."""
    subject: str | None
    """What a message says, in the language of its reader."""
    at: datetime
    state: str
    error: str
    sent_at: datetime | None
    told_by: str | None
    ticket_id: int | None
    tracking_number: str | None
    service_id: int | None
    address: str | None


def waiting(session: Session, city_id: int) -> Sequence[ToTell]:
    """Return whom to tell, those first who have waited longest."""
    query = _rows().where(_waits(city_id)).order_by(Notice.created_at, Notice.id).limit(MOST_LISTED)
    return [ToTell(*row) for row in session.execute(query)]


def count(session: Session, city_id: int) -> int:
    """Return how many wait to be told."""
    return session.scalar(select(func.count()).select_from(Notice).where(_waits(city_id))) or 0


def of_ticket(session: Session, city_id: int, ticket_id: int) -> Sequence[ToTell]:
    """Return what of a ticket's notices staff should know: to be told by hand, told so, and not arrived."""
    reports = select(Report.id).where(Report.city_id == city_id, Report.ticket_id == ticket_id)
    query = (
        _rows()
        .where(
            Notice.city_id == city_id,
            Notice.report_id.in_(reports),
            Notice.contact_id.is_not(None),
            or_(
                and_(Notice.channel.in_(BY_HAND), Notice.state.in_(("pending", "sent"))),
                Notice.state == "failed",
            ),
        )
        .order_by(Notice.id.desc())
        .limit(MOST_LISTED)
    )
    return [ToTell(*row) for row in session.execute(query)]


def one(session: Session, city_id: int, notice_id: int) -> ToTell | None:
    """Return one that is told by hand, whether it was or not."""
    query = _rows().where(Notice.city_id == city_id, Notice.id == notice_id, Notice.channel.in_(BY_HAND))
    row = session.execute(query).one_or_none()
    return None if row is None else ToTell(*row)


def reader(session: Session, city_id: int, notice_id: int, *, to: Staff) -> ContactDetails | None:
    """Return how to reach the person, and write into the audit trail who looked."""
    contact_id = session.scalar(
        select(Notice.contact_id).where(Notice.city_id == city_id, Notice.id == notice_id)
    )
    if contact_id is None:
        return None
    shown = contacts.show(session, city_id, [contact_id], to=to, of=f"notice {notice_id}")
    return next(iter(shown), None)


def tell(session: Session, city_id: int, notice_id: int, *, by: Staff) -> bool:
    """Note that somebody was told, or the letter sent; False where it was noted already, or cannot be."""
    values = {"state": "sent", "sent_at": func.now(), "told_by": by.id}
    return _move(session, city_id, notice_id, "pending", values, by)


def take_back(session: Session, city_id: int, notice_id: int, *, by: Staff) -> bool:
    """Note that somebody is still to be told after all; False where it was so."""
    values = {"state": "pending", "sent_at": null(), "told_by": null()}
    return _move(session, city_id, notice_id, "sent", values, by)


def _move(
    session: Session, city_id: int, notice_id: int, state: str, values: Mapping[str, object], by: Staff
) -> bool:
    moved = session.scalar(
        update(Notice)
        .where(
            Notice.city_id == city_id,
            Notice.id == notice_id,
            Notice.channel.in_(BY_HAND),
            Notice.state == state,
        )
        .values(dict(values))
        .returning(Notice.id)
    )
    if moved is None:
        return False
    audit.record(session, city_id, "told" if state == "pending" else "untold", f"notice {notice_id}", by=by)
    return True


def _waits(city_id: int) -> ColumnElement[bool]:
    return and_(Notice.city_id == city_id, Notice.state == "pending", Notice.channel.in_(BY_HAND))


def _rows() -> Select[Any]:
    return (
        select(
            Notice.id,
            Notice.channel,
            func.coalesce(TimelineEntry.kind, "message"),
            case((Notice.message.is_not(None), Notice.message["subject"].astext)),
            func.coalesce(TimelineEntry.at, Notice.created_at),
            Notice.state,
            Notice.error,
            Notice.sent_at,
            Staff.name,
            Report.ticket_id,
            Report.tracking_number,
            Report.service_id,
            Report.address,
        )
        .outerjoin(
            TimelineEntry,
            and_(TimelineEntry.city_id == Notice.city_id, TimelineEntry.id == Notice.timeline_id),
        )
        .outerjoin(Report, and_(Report.city_id == Notice.city_id, Report.id == Notice.report_id))
        .outerjoin(Staff, and_(Staff.city_id == Notice.city_id, Staff.id == Notice.told_by))
    )

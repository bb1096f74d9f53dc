"""The outbox: turns timeline entries into notices, each once, as they are committed.

Timeline ids are given out before their transactions commit, so reading "everything above the last id" would
miss an entry whose transaction was slower than its neighbour's. Each entry therefore carries the id of its
transaction, and the cursor stops below the oldest transaction that is still running: below that line
everything has been committed or never will be. What is committed above the line is told all the same, or one
long transaction anywhere on the server would silence the city; it is looked at again next time.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Select, Text, and_, cast, func, literal, or_, select, tuple_
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.orm import Session, aliased

from webapp.notices.models import Notice, OutboxCursor
from webapp.people.models import Contact
from webapp.tickets.models import Report, TimelineEntry

READER = "notices"

TOLD_ITS_REPORTER = ("received", "joined")
TOLD_EVERY_REPORTER = ("scheduled", "in_progress", "waiting", "referred", "done", "declined", "reopened")
TOLD_WHO_WAS_TOLD = ("undone",)
"""Of a move that was taken back only those hear who had heard of the move."""


def read(session: Session, city_id: int) -> int:
    """Make the notices of the timeline entries committed since the last time. The caller commits.

    Entries that an import wrote make none: they tell of things long past.

    Returns
    -------
    int
        How many notices were made.
    """
    cursor = _locked_cursor(session, city_id)
    unread = tuple_(TimelineEntry.transaction, TimelineEntry.id) > tuple_(
        literal(cursor.transaction), literal(cursor.timeline_id)
    )
    # In this order: what lies below the line now is visible to the statement that comes after.
    settled = session.execute(_last_settled(city_id).where(unread)).one_or_none()
    made = session.execute(
        insert(Notice)
        .from_select(["city_id", "timeline_id", "report_id", "contact_id"], _notices(city_id).where(unread))
        .on_conflict_do_nothing()
        .returning(Notice.id)
    ).all()
    if settled is not None:
        cursor.transaction, cursor.timeline_id = settled
        session.flush()
    return len(made)


def _last_settled(city_id: int) -> Select[int, int]:
    """Select the position of the last entry below the oldest transaction that is still running."""
    oldest_running = cast(cast(func.pg_snapshot_xmin(func.pg_current_snapshot()), Text), BigInteger)
    return (
        select(TimelineEntry.transaction, TimelineEntry.id)
        .where(TimelineEntry.city_id == city_id, TimelineEntry.transaction < oldest_running)
        .order_by(TimelineEntry.transaction.desc(), TimelineEntry.id.desc())
        .limit(1)
    )


def _locked_cursor(session: Session, city_id: int) -> OutboxCursor:
    """Return the cursor, locked until the transaction ends: one reader at a time."""
    session.execute(
        insert(OutboxCursor)
        .values(city_id=city_id, reader=READER, transaction=0, timeline_id=0)
        .on_conflict_do_nothing()
    )
    return session.execute(
        select(OutboxCursor)
        .where(OutboxCursor.city_id == city_id, OutboxCursor.reader == READER)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one()


def _notices(city_id: int) -> Select[int, int, int, int | None]:
    """Select what notices to make: one an entry and e-mail address, however many reports came from there."""
    undone = aliased(Notice)
    concerned = or_(
        and_(TimelineEntry.kind.in_(TOLD_ITS_REPORTER), Report.id == TimelineEntry.report_id),
        and_(TimelineEntry.kind.in_(TOLD_EVERY_REPORTER), Report.ticket_id == TimelineEntry.ticket_id),
        and_(
            TimelineEntry.kind.in_(TOLD_WHO_WAS_TOLD),
            Report.ticket_id == TimelineEntry.ticket_id,
            select(undone.id)
            .where(
                undone.city_id == TimelineEntry.city_id,
                undone.timeline_id == cast(TimelineEntry.data["undoes"].astext, BigInteger),
                undone.contact_id == Report.contact_id,
            )
            .exists(),
        ),
    )
    address = func.lower(Contact.email)
    told = select(Notice.id).where(
        Notice.city_id == TimelineEntry.city_id, Notice.timeline_id == TimelineEntry.id
    )
    return (
        select(TimelineEntry.city_id, TimelineEntry.id, Report.id, Report.contact_id)
        .join(Report, and_(Report.city_id == TimelineEntry.city_id, concerned))
        .join(Contact, and_(Contact.city_id == Report.city_id, Contact.id == Report.contact_id))
        .where(
            TimelineEntry.city_id == city_id,
            TimelineEntry.actor != "import",
            Contact.email.is_not(None),
            ~told.exists(),
        )
        .ext(distinct_on(TimelineEntry.id, address))
        .order_by(TimelineEntry.id, address, Report.id)
    )

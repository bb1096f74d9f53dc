"""The outbox: turns timeline entries into notices, each once, in the order in which they were committed.

Timeline ids are given out before their transactions commit, so reading "everything above the last id" would
miss an entry whose transaction was slower than its neighbour's. Each entry therefore carries the id of its
transaction, and the reader stops below the oldest transaction that is still running: below that line
everything has been committed or never will be.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Select, Text, and_, cast, func, literal, or_, select, tuple_
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.orm import Session

from webapp.notices.models import Notice, OutboxCursor
from webapp.people.models import Contact
from webapp.tickets.models import Report, TimelineEntry

READER = "notices"
BATCH = 5000

TOLD_ITS_REPORTER = ("received", "joined")
TOLD_EVERY_REPORTER = ("scheduled", "in_progress", "referred", "done", "declined", "reopened")


def read(session: Session, city_id: int) -> int:
    """Make the notices of the next timeline entries, and move the cursor behind them. The caller commits.

    Entries that an import wrote make none: they tell of things long past.

    Returns
    -------
    int
        How many entries were read; 0 when there are no more.
    """
    cursor = _locked_cursor(session, city_id)
    after = tuple_(literal(cursor.transaction), literal(cursor.timeline_id))
    position = tuple_(TimelineEntry.transaction, TimelineEntry.id)
    oldest_running = cast(cast(func.pg_snapshot_xmin(func.pg_current_snapshot()), Text), BigInteger)
    window = (
        select(TimelineEntry.transaction, TimelineEntry.id)
        .where(TimelineEntry.city_id == city_id, position > after, TimelineEntry.transaction < oldest_running)
        .order_by(TimelineEntry.transaction, TimelineEntry.id)
        .limit(BATCH)
        .subquery()
    )
    entries = session.execute(select(window.c.transaction, window.c.id)).all()
    if not entries:
        return 0
    last = entries[-1]
    until = tuple_(literal(last.transaction), literal(last.id))
    made = _notices(city_id).where(position > after, position <= until)
    session.execute(
        insert(Notice)
        .from_select(["city_id", "timeline_id", "report_id", "contact_id"], made)
        .on_conflict_do_nothing()
    )
    cursor.transaction, cursor.timeline_id = last.transaction, last.id
    session.flush()
    return len(entries)


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
    concerned = or_(
        and_(TimelineEntry.kind.in_(TOLD_ITS_REPORTER), Report.id == TimelineEntry.report_id),
        and_(TimelineEntry.kind.in_(TOLD_EVERY_REPORTER), Report.ticket_id == TimelineEntry.ticket_id),
    )
    address = func.lower(Contact.email)
    return (
        select(TimelineEntry.city_id, TimelineEntry.id, Report.id, Report.contact_id)
        .join(Report, and_(Report.city_id == TimelineEntry.city_id, concerned))
        .join(Contact, and_(Contact.city_id == Report.city_id, Contact.id == Report.contact_id))
        .where(TimelineEntry.city_id == city_id, TimelineEntry.actor != "import", Contact.email.is_not(None))
        .ext(distinct_on(TimelineEntry.id, address))
        .order_by(TimelineEntry.id, address, Report.id)
    )

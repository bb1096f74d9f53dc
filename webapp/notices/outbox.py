"""The outbox: turns timeline entries into notices, each once, as they are committed.

Timeline ids are given out before their transactions commit, so reading "everything above the last id" would
miss an entry whose transaction was slower than its neighbour's. Each entry therefore carries the id of its
transaction, and the cursor stops below the oldest transaction that is still running: below that line
everything has been committed or never will be. What is committed above the line is told all the same, or one
long transaction anywhere on the server would silence the city; it is looked at again next time.

A dump that is restored into a new cluster brings the entries and the cursor along, but there the ids of
transactions begin anew, below the cursor. The cursor therefore knows its cluster. In another one everything
above it, by either id, is read once more, and from then on only what has come since counts: `OutboxCursor`.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    Subquery,
    Text,
    and_,
    cast,
    func,
    literal,
    or_,
    select,
    text,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.orm import Session, aliased

from webapp.notices.models import Notice, OutboxCursor
from webapp.people import contacts
from webapp.people.models import Staff
from webapp.tickets.following_models import Follower
from webapp.tickets.models import Report, TimelineEntry

READER = "notices"

TOLD_ITS_REPORTER = ("received", "joined")
TOLD_EVERY_REPORTER = ("scheduled", "in_progress", "waiting", "referred", "done", "declined", "reopened")
TOLD_STAFF = ("escalated",)
TOLD_WHO_WAS_TOLD = ("undone",)
"""Of a move that was taken back only those hear who had heard of the move."""

_SNAPSHOT = func.pg_current_snapshot()
_OLDEST_RUNNING = cast(cast(func.pg_snapshot_xmin(_SNAPSHOT), Text), BigInteger)
_NEXT = cast(cast(func.pg_snapshot_xmax(_SNAPSHOT), Text), BigInteger)
"""The id that the next transaction will get."""


Tell = Callable[[Session, int, ColumnElement[bool]], int]
"""Makes of a city's entries, those that a condition names, what is to be told; returns how much that is."""


def read(session: Session, city_id: int, *, reader: str = READER, tell: Tell | None = None) -> int:
    """Make the notices of the timeline entries committed since the last time. The caller commits.

    Entries that an import wrote make none: they tell of things long past.

    Parameters
    ----------
    reader, tell
        Who else reads the outbox, with a cursor of its own, and what it makes of the entries instead.

    Returns
    -------
    int
        How many notices were made.
    """
    tell = tell or _tell
    cursor = _locked_cursor(session, city_id, reader)
    made = _adopt(session, cursor, tell) if _is_of_another_cluster(session, cursor) else 0
    unread = and_(
        TimelineEntry.id > cursor.floor_id,
        tuple_(TimelineEntry.transaction, TimelineEntry.id)
        > tuple_(literal(cursor.transaction), literal(cursor.timeline_id)),
    )
    # In this order: what lies below the line now is visible to the statement that comes after.
    settled = session.execute(_last_settled(city_id).where(unread)).one_or_none()
    made += tell(session, city_id, unread)
    if settled is not None:
        cursor.transaction, cursor.timeline_id = settled
        session.flush()
    return made


def _tell(session: Session, city_id: int, unread: ColumnElement[bool]) -> int:
    """Make the notices of entries that have none, and return how many."""
    columns = ["city_id", "timeline_id", "report_id"]
    made = 0
    for reader, notices in (
        (["contact_id", "channel"], _notices(city_id)),
        (["staff_id"], _staff_notices(city_id)),
    ):
        of_reader = insert(Notice).from_select([*columns, *reader], notices.where(unread))
        made += len(session.execute(of_reader.on_conflict_do_nothing().returning(Notice.id)).all())
    return made


def _is_of_another_cluster(session: Session, cursor: OutboxCursor) -> bool:
    """Whether the cursor was restored from elsewhere: it names another cluster, or lies in our future."""
    in_our_future = select(literal(cursor.transaction) >= _NEXT)
    return cursor.cluster != _cluster(session) or bool(session.scalar(in_our_future))


def _adopt(session: Session, cursor: OutboxCursor, tell: Tell) -> int:
    """Tell what was not told where the cursor comes from, and begin to count anew."""
    missed = and_(
        TimelineEntry.id > cursor.floor_id,
        or_(TimelineEntry.transaction > cursor.transaction, TimelineEntry.id > cursor.timeline_id),
    )
    made = tell(session, cursor.city_id, missed)
    # What transactions still to come have written, the dump brought along.
    restored = session.scalar(
        select(func.max(TimelineEntry.id)).where(
            TimelineEntry.city_id == cursor.city_id, TimelineEntry.transaction >= _NEXT
        )
    )
    cursor.floor_id = max(cursor.timeline_id, cursor.floor_id, restored or 0)
    cursor.cluster, cursor.transaction, cursor.timeline_id = _cluster(session), 0, 0
    session.flush()
    return made


def _cluster(session: Session) -> str | None:
    """Return what tells this cluster from others, None where our role may not know."""
    if not session.scalar(text("select has_function_privilege('pg_control_system()', 'execute')")):
        return None
    found: str = session.execute(text("select system_identifier::text from pg_control_system()")).scalar_one()
    return found


def _last_settled(city_id: int) -> Select[int, int]:
    """Select the position of the last entry below the oldest transaction that is still running."""
    return (
        select(TimelineEntry.transaction, TimelineEntry.id)
        .where(TimelineEntry.city_id == city_id, TimelineEntry.transaction < _OLDEST_RUNNING)
        .order_by(TimelineEntry.transaction.desc(), TimelineEntry.id.desc())
        .limit(1)
    )


def _locked_cursor(session: Session, city_id: int, reader: str) -> OutboxCursor:
    """Return the cursor, locked until the transaction ends: one reader at a time."""
    session.execute(
        insert(OutboxCursor)
        .values(city_id=city_id, reader=reader, cluster=_cluster(session), transaction=0, timeline_id=0)
        .on_conflict_do_nothing()
    )
    return session.execute(
        select(OutboxCursor)
        .where(OutboxCursor.city_id == city_id, OutboxCursor.reader == reader)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one()


def _notices(city_id: int) -> Select[int, int, int, int, str]:
    """Select what notices to make: one an entry and address, however many reports came from there."""
    undone = aliased(Notice)
    reader = _readers()
    concerned = or_(
        and_(TimelineEntry.kind.in_(TOLD_ITS_REPORTER), Report.id == TimelineEntry.report_id),
        and_(
            TimelineEntry.kind.in_((*TOLD_EVERY_REPORTER, *TOLD_WHO_WAS_TOLD)),
            Report.ticket_id == TimelineEntry.ticket_id,
        ),
    )
    heard_of_the_move = (
        select(undone.id)
        .where(
            undone.city_id == TimelineEntry.city_id,
            undone.timeline_id == cast(TimelineEntry.data["undoes"].astext, BigInteger),
            undone.contact_id == reader.c.contact_id,
        )
        .exists()
    )
    way = contacts.ways()
    told = select(Notice.id).where(
        Notice.city_id == TimelineEntry.city_id, Notice.timeline_id == TimelineEntry.id
    )
    return (
        select(TimelineEntry.city_id, TimelineEntry.id, Report.id, reader.c.contact_id, way.c.channel)
        .join(Report, and_(Report.city_id == TimelineEntry.city_id, concerned))
        .join(reader, and_(reader.c.city_id == Report.city_id, reader.c.report_id == Report.id))
        .join(way, and_(way.c.city_id == Report.city_id, way.c.contact_id == reader.c.contact_id))
        .where(
            TimelineEntry.city_id == city_id,
            TimelineEntry.actor != "import",
            ~told.exists(),
            reader.c.since <= TimelineEntry.at,
            or_(TimelineEntry.kind.not_in(TOLD_ITS_REPORTER), reader.c.contact_id == Report.contact_id),
            or_(TimelineEntry.kind.not_in(TOLD_WHO_WAS_TOLD), heard_of_the_move),
        )
        .ext(distinct_on(TimelineEntry.id, way.c.channel, way.c.address))
        .order_by(TimelineEntry.id, way.c.channel, way.c.address, Report.id)
    )


def _readers() -> Subquery:
    """Select who hears of which report, and since when: who made it or follows it, less those who stopped.

    An entry may be read twice, while others write: of what was before, who follows since then is not told.
    """
    stopped = select(Follower.id).where(
        Follower.city_id == Report.city_id,
        Follower.report_id == Report.id,
        Follower.contact_id == Report.contact_id,
        Follower.stopped_at.is_not(None),
    )
    always = cast(literal("-infinity"), Follower.confirmed_at.type)
    reporters = select(
        Report.city_id, Report.id.label("report_id"), Report.contact_id, always.label("since")
    ).where(Report.contact_id.is_not(None), ~stopped.exists())
    followers = select(
        Follower.city_id, Follower.report_id, Follower.contact_id, Follower.confirmed_at
    ).where(Follower.confirmed_at.is_not(None), Follower.stopped_at.is_(None))
    return union_all(reporters, followers).subquery("reader")


def _staff_notices(city_id: int) -> Select[int, int, int, int]:
    """Select what to tell staff: those whom an escalation names, by the ticket's first report."""
    first = (
        select(func.min(Report.id))
        .where(Report.city_id == TimelineEntry.city_id, Report.ticket_id == TimelineEntry.ticket_id)
        .scalar_subquery()
    )
    return (
        select(TimelineEntry.city_id, TimelineEntry.id, first, Staff.id)
        .join(
            Staff,
            and_(
                Staff.city_id == TimelineEntry.city_id,
                TimelineEntry.data["to"].contains(func.to_jsonb(Staff.id)),
            ),
        )
        .where(TimelineEntry.city_id == city_id, TimelineEntry.kind.in_(TOLD_STAFF))
    )

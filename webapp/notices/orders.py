"""Orders: tickets on their way to a back office, each once, until it says that it has them.

Orders are made in the transaction that moves the outbox's cursor on, so nothing is sent that was not
committed. An order is about the ticket's first report and goes wherever that goes, with a merge to the ticket
that has its reports now. So what the back office tells of it reaches everybody who reported the problem. A
ticket that is reopened is an order again, since requests of Open311 are closed for good.

A claim notes that the order is tried, and is committed before anything is sent. Who finds one that was tried
before, by a worker that was killed or was not answered, looks it up there by our tracking number first. The
caller commits.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from webapp.notices import outbox, waits
from webapp.notices.models import BackOffice, BackOfficeOrder, BackOfficeUpdate
from webapp.tickets.models import Report, Ticket, TimelineEntry
from webapp.tickets.updating import call_it

READER = "back_offices"
BROUGHT_BY = ("received", "assigned", "reopened", "split", "undone")
"""With these timeline entries a ticket may come to be a back office's."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """An order to hand over now."""

    id: int
    office: BackOffice
    report_id: int
    again: int
    """How often the ticket was reopened."""
    tried_at: datetime | None
    """When it was first sent without our knowing what became of it."""
    token: str | None
    wanted: bool
    """Whether its ticket is open and the back office's still."""


def read(session: Session, city_id: int) -> int:
    """Make the orders of the timeline entries committed since the last time, and return how many."""
    if session.scalar(select(func.count()).where(_active(city_id))) == 0:
        return 0
    return outbox.read(session, city_id, reader=READER, tell=_tell)


def claim(session: Session, city_id: int, *, silent: set[int]) -> Claimed | None:
    """Return the order to hand over next, if one is due. Commit before trying: then no one else does.

    Parameters
    ----------
    silent
        Back offices that do not answer just now: theirs wait.
    """
    found = waits.claim(
        session,
        BackOfficeOrder,
        BackOfficeOrder.back_office_id,
        _active(city_id),
        silent,
        to=BackOffice,
    )
    if found is None:
        return None
    row, office = found
    before = row.tried_at
    row.tried_at = before or datetime.now(UTC)
    session.flush()
    wanted = session.scalar(
        select(Ticket.id)
        .join(Report, and_(Report.city_id == Ticket.city_id, Report.ticket_id == Ticket.id))
        .join(BackOffice, and_(BackOffice.city_id == city_id, BackOffice.id == office.id, is_theirs()))
        .where(Report.city_id == city_id, Report.id == row.report_id, _goes_on())
    )
    return Claimed(row.id, office, row.report_id, row.again, before, row.token, wanted is not None)


def sent(session: Session, city_id: int, claimed: Claimed, reference: str | None) -> None:
    """Note that the back office has it, and what it calls it, where it gives numbers at all."""
    _note(session, city_id, claimed.id, sent_at=datetime.now(UTC), next_at=None, token=None, error="")
    if reference is not None:
        call_it(session, city_id, claimed.report_id, claimed.office.code, reference)


def promised(session: Session, city_id: int, claimed: Claimed, token: str) -> None:
    """Note the token by which the number can be asked for in a while."""
    _note(session, city_id, claimed.id, token=token, attempts=1, next_at=waits.next_try(1), error="")


def failed(session: Session, city_id: int, claimed: Claimed, error: str, *, taken: bool | None) -> None:
    """Note why an attempt failed; it is tried again, or is a dead letter by now.

    Parameters
    ----------
    taken
        False where nothing was made there for certain; None where nobody knows.
    """
    unknown = {} if taken is None else {"tried_at": None}
    _note(session, city_id, claimed.id, error=error[:200], **unknown)


def drop(session: Session, city_id: int, claimed: Claimed) -> None:
    """Forget an order that was not sent, since its ticket is closed or another's by now."""
    session.execute(
        delete(BackOfficeOrder).where(BackOfficeOrder.city_id == city_id, BackOfficeOrder.id == claimed.id)
    )


def is_theirs() -> ColumnElement[bool]:
    """Whether a ticket is a back office's: its crew's, or its department's where the crew has none."""
    of_crew = aliased(BackOffice)
    taken = select(of_crew.id).where(
        of_crew.city_id == Ticket.city_id, of_crew.crew_id == Ticket.crew_id, of_crew.retired_at.is_(None)
    )
    return or_(
        BackOffice.crew_id == Ticket.crew_id,
        and_(BackOffice.department_id == Ticket.department_id, ~taken.exists()),
    )


def _note(session: Session, city_id: int, order_id: int, **values: Any) -> None:
    one = and_(BackOfficeOrder.city_id == city_id, BackOfficeOrder.id == order_id)
    session.execute(update(BackOfficeOrder).where(one).values(**values))


def _active(city_id: int) -> ColumnElement[bool]:
    return and_(BackOffice.city_id == city_id, BackOffice.retired_at.is_(None))


def _goes_on() -> ColumnElement[bool]:
    """Whether there is work to do on a ticket, and nobody outside the city has it."""
    return and_(Ticket.open, Ticket.owner.is_(None))


def _tell(session: Session, city_id: int, unread: ColumnElement[bool]) -> int:
    """Make an order for each ticket that is a back office's and of which it has none yet, or is reopened."""
    entry, reopening = TimelineEntry, aliased(TimelineEntry)
    order, ordered = BackOfficeOrder, aliased(Report)
    first = (
        select(func.min(Report.id))
        .where(Report.city_id == Ticket.city_id, Report.ticket_id == Ticket.id)
        .scalar_subquery()
    )
    again = (
        select(func.count())
        .select_from(reopening)
        .where(
            reopening.city_id == city_id, reopening.ticket_id == Ticket.id, reopening.kind == "reopened",
            reopening.id <= entry.id,
        )
        .scalar_subquery()
    )  # fmt: skip
    known = (
        select(order.id)
        .join(ordered, and_(ordered.city_id == order.city_id, ordered.id == order.report_id))
        .where(
            order.city_id == city_id,
            order.back_office_id == BackOffice.id,
            ordered.ticket_id == Ticket.id,
            or_(entry.kind != "reopened", order.sent_at.is_(None), order.again >= again),
        )
    )
    by_itself = select(BackOfficeUpdate.update_id).where(
        BackOfficeUpdate.city_id == city_id,
        BackOfficeUpdate.back_office_id == BackOffice.id,
        BackOfficeUpdate.timeline_id == entry.id,
    )
    wanted = (
        select(entry.city_id, BackOffice.id, first, func.max(again), func.now())
        .join(Ticket, and_(Ticket.city_id == entry.city_id, Ticket.id == entry.ticket_id))
        .join(BackOffice, and_(_active(city_id), entry.at >= BackOffice.created_at, is_theirs()))
        .where(
            entry.city_id == city_id,
            entry.kind.in_(BROUGHT_BY),
            entry.actor != "import",
            _goes_on(),
            ~known.exists(),
            ~by_itself.exists(),
            unread,
        )
        # One a ticket, also of one that came, was done and reopened since the last time.
        .group_by(entry.city_id, BackOffice.id, Ticket.city_id, Ticket.id)
    )
    made = insert(order).from_select(["city_id", "back_office_id", "report_id", "again", "next_at"], wanted)
    return len(session.execute(made.on_conflict_do_nothing().returning(order.id)).all())

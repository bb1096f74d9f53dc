"""Asks back offices what became of the tickets they have, and does what they tell by the lifecycle's rules.

Each update is taken once, however often it is told. One that the lifecycle has no move for is kept, with the
reason, until somebody on the staff has seen to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import Row, and_, func, or_, select, update
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.orm import Session

from layers.models import City
from webapp.config import Settings
from webapp.notices.georeport import Heard, Office
from webapp.notices.handing_over import office_of
from webapp.notices.models import BackOffice, BackOfficeOrder, BackOfficeUpdate
from webapp.notices.orders import is_theirs
from webapp.notices.outside import NotSentError
from webapp.tickets import updating
from webapp.tickets.lifecycle import MoveRefused, words
from webapp.tickets.models import Report, Ticket, WorkOrder
from webapp.tickets.wanted import GIVEN_STATUSES, Wanted, read_wanted

log = structlog.get_logger()

ASK_EVERY = timedelta(minutes=1)
OVERLAP = timedelta(hours=2)
"""Asked for once more each time: clocks differ, and what happened may be told late."""
AHEAD = timedelta(minutes=1)
"""For what happens just now by a clock a little ahead of ours."""
STILL_ASKED = timedelta(days=30)
"""For so long after its closing a back office may still tell something of a ticket."""
LONGEST_NOTE = 4000

Asked = Row[str, int, datetime, bool]
"""What is asked about: reference, report_id, created_at, and whether the ticket is theirs still."""


def hear_all(session: Session, settings: Settings, city: City) -> int:
    """Ask every back office whose time has come; commits as it goes. Returns how many updates were new."""
    new = 0
    while (office := _claim(session, city.id)) is not None:
        asked = _asked(session, office)
        session.commit()
        error = ""
        try:
            new += _hear(session, settings, city, office, asked) if asked else 0
        except NotSentError as problem:
            error = str(problem)
            log.warning("back office not asked", city=city.slug, office=office.code, error=error)
        _note(session, office, error)
        session.commit()
    return new


def _claim(session: Session, city_id: int) -> BackOffice | None:
    """Return the back office to ask next, if it is time. Commit before asking: then no one else does."""
    office = session.scalars(
        select(BackOffice)
        .where(
            BackOffice.city_id == city_id,
            BackOffice.retired_at.is_(None),
            BackOffice.paused_at.is_(None),
            BackOffice.ask_at <= func.now(),
        )
        .order_by(BackOffice.ask_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).one_or_none()
    if office is not None:
        office.ask_at = datetime.now(UTC) + ASK_EVERY
        session.flush()
    return office


def _asked(session: Session, office: BackOffice) -> dict[str, Asked]:
    """Return the orders to ask about, by what the back office calls them."""
    rows = session.execute(
        select(
            WorkOrder.reference,
            WorkOrder.report_id,
            BackOfficeOrder.created_at,
            is_theirs().label("theirs"),
        )
        .join(
            BackOfficeOrder,
            and_(
                BackOfficeOrder.city_id == WorkOrder.city_id,
                BackOfficeOrder.report_id == WorkOrder.report_id,
                BackOfficeOrder.back_office_id == office.id,
            ),
        )
        .join(Report, and_(Report.city_id == WorkOrder.city_id, Report.id == WorkOrder.report_id))
        .join(Ticket, and_(Ticket.city_id == Report.city_id, Ticket.id == Report.ticket_id))
        .join(BackOffice, and_(BackOffice.city_id == Report.city_id, BackOffice.id == office.id))
        .where(
            WorkOrder.city_id == office.city_id,
            WorkOrder.system == office.code,
            or_(Ticket.open, Ticket.closed_at > func.now() - STILL_ASKED),
        )
        .order_by(WorkOrder.report_id)
    )
    return {row.reference: row for row in rows}


def _hear(
    session: Session,
    settings: Settings,
    city: City,
    office: BackOffice,
    asked: dict[str, Asked],
) -> int:
    spoken = office_of(settings, city, office)
    now = datetime.now(UTC)
    since = (office.asked_at or min(row.created_at for row in asked.values())) - OVERLAP
    heard = spoken.updates(since, now + AHEAD)
    if heard is None:
        heard = _changed(session, office, asked, spoken)
    new = 0
    for each in sorted(heard, key=lambda each: each.at):
        if each.reference in asked:
            new += _take(session, city, office, asked[each.reference], each)
            session.commit()
    office.asked_at = now
    return new


def _changed(session: Session, office: BackOffice, asked: dict[str, Asked], spoken: Office) -> list[Heard]:
    """Return what is told of requests that is not what was told last: of who has no updates to tell."""
    last = _last_told(session, office, [row.report_id for row in asked.values()])
    session.commit()
    told = [each for each in spoken.statuses(list(asked)) if each.reference in asked]
    return [each for each in told if not _said_before(each, last.get(asked[each.reference].report_id))]


def _said_before(heard: Heard, last: Row[int, str, str, str] | None) -> bool:
    """Whether it is what was told last, or of a request that is new all there is to tell."""
    if last is None or not last.update_id.startswith(f"{heard.reference}."):
        return (heard.status, heard.note) == ("open", "")
    return (heard.status, heard.note) == (last.status, last.note)


def _last_told(
    session: Session, office: BackOffice, report_ids: Sequence[int]
) -> dict[int, Row[int, str, str, str]]:
    told = BackOfficeUpdate
    rows = session.execute(
        select(told.report_id, told.update_id, told.status, told.note)
        .ext(distinct_on(told.report_id))
        .where(
            told.city_id == office.city_id,
            told.back_office_id == office.id,
            told.report_id.in_(report_ids),
        )
        .order_by(told.report_id, told.updated_at.desc(), told.heard_at.desc())
    )
    return {row.report_id: row for row in rows}


def _take(session: Session, city: City, office: BackOffice, order: Asked, heard: Heard) -> bool:
    """Take an update, if it is new: move the ticket, remark on it, or keep why neither can be done.

    What is told of a ticket that is somebody else's by now is a remark.
    """
    key = {"city_id": city.id, "back_office_id": office.id, "update_id": heard.update_id[:500]}
    note = heard.note.replace("\\x00", "")[:LONGEST_NOTE]
    new = insert(BackOfficeUpdate).values(
        **key, report_id=order.report_id, status=heard.code or heard.status, note=note, updated_at=heard.at
    )
    if session.scalar(new.on_conflict_do_nothing().returning(BackOfficeUpdate.report_id)) is None:
        return False
    wanted = meaning(office.states, heard) if order.theirs else Wanted()
    if wanted.state is None and not note:
        return True
    told = updating.Told(
        update_id=heard.update_id,
        status=heard.status,
        state=wanted.state,
        from_closed_only=wanted.from_closed_only,
        detail=wanted.detail,
        note=note or f"{words(heard.code or heard.status).capitalize()}.",
        updated_at=heard.at,
    )
    result: dict[str, object]
    try:
        result = {"timeline_id": updating.follow(session, city, order.report_id, told)}
    except MoveRefused as refusal:
        result = {"refused": str(refusal)}
    session.execute(update(BackOfficeUpdate).filter_by(**key).values(**result))
    return True


def meaning(states: dict[str, str], heard: Heard) -> Wanted:
    """Return what an update asks for: by the city file's map of its own word, of its status, else as usual.

    A move that takes more than a status tells, such as the day of the work, is a remark.
    """
    for status in (heard.code, heard.status):
        if status in states:
            return read_wanted(states[status])
    usual = GIVEN_STATUSES.get(heard.status, Wanted())
    return Wanted() if usual.state in ("scheduled", "referred") else usual


def _note(session: Session, office: BackOffice, error: str) -> None:
    office.error = error[:200]
    session.flush()

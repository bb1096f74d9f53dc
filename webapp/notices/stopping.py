"""One tap stops messages, of one report or all of them, by whatever way they come; another brings them back.

Who holds the key that stands in each message is the person it went to, as far as it matters here: no sign-in.
The caller commits.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, func, literal, select, true, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from webapp.notices.models import Notice
from webapp.people import contacts
from webapp.tickets.following_models import Follower
from webapp.tickets.models import Report


@dataclass(frozen=True)
class Reader:
    """Whose messages these are."""

    contact_id: int
    has_stopped: bool
    """They get no messages at all."""
    report_id: int | None
    """The report that the message was about, where there is one."""
    number: str
    """Its tracking number."""
    has_stopped_report: bool


def reader(session: Session, city_id: int, key: str, report_id: int | None) -> Reader | None:
    """Return whose messages carry a key, and how it stands; None where there is nobody."""
    contact_id = contacts.by_key(session, city_id, key)
    contact = None if contact_id is None else contacts.get(session, city_id, contact_id)
    if contact_id is None or contact is None:
        return None
    report = session.execute(
        select(Report.tracking_number, Follower.stopped_at)
        .outerjoin(
            Follower,
            and_(
                Follower.city_id == Report.city_id,
                Follower.report_id == Report.id,
                Follower.contact_id == contact_id,
            ),
        )
        .where(Report.city_id == city_id, Report.id == report_id)
    ).one_or_none()
    if report is None:
        return Reader(contact_id, contact.stopped, None, "", has_stopped_report=False)
    return Reader(
        contact_id,
        contact.stopped,
        report_id,
        report.tracking_number,
        has_stopped_report=report.stopped_at is not None,
    )


def stop_all(session: Session, city_id: int, contact_id: int) -> None:
    """Send a person no more messages, to none of their names, and nothing that waits."""
    ids = contacts.same_address(session, city_id, contact_id)
    contacts.stop(session, city_id, ids)
    _drop_waiting(session, city_id, Notice.contact_id.in_(ids))


def stop_report(session: Session, city_id: int, contact_id: int, report_id: int) -> None:
    """Send a person no more messages of a report and those that share its ticket."""
    ids = contacts.same_address(session, city_id, contact_id)
    same = _of_its_ticket(city_id, report_id)
    people = select(func.unnest(literal(list(ids))).label("id")).subquery()
    stops = select(Report.city_id, Report.id, people.c.id, func.now()).join(people, true()).where(same)
    made = insert(Follower).from_select(["city_id", "report_id", "contact_id", "stopped_at"], stops)
    session.execute(
        made.on_conflict_do_update(
            index_elements=["city_id", "report_id", "contact_id"], set_={"stopped_at": func.now()}
        )
    )
    reports = select(Report.id).where(same)
    _drop_waiting(session, city_id, and_(Notice.contact_id.in_(ids), Notice.report_id.in_(reports)))


def resume(session: Session, city_id: int, contact_id: int, report_id: int | None) -> None:
    """Send a person messages again: all, and those of a report where one is named."""
    ids = contacts.same_address(session, city_id, contact_id)
    contacts.stop(session, city_id, ids, stopped=False)
    if report_id is None:
        return
    reports = select(Report.id).where(_of_its_ticket(city_id, report_id))
    session.execute(
        update(Follower)
        .where(Follower.city_id == city_id, Follower.contact_id.in_(ids), Follower.report_id.in_(reports))
        .values(stopped_at=None)
    )


def _of_its_ticket(city_id: int, report_id: int) -> ColumnElement[bool]:
    one = and_(Report.city_id == city_id, Report.id == report_id)
    ticket = select(Report.ticket_id).where(one).correlate(None).scalar_subquery()
    return and_(Report.city_id == city_id, Report.ticket_id == ticket)


def _drop_waiting(session: Session, city_id: int, which: ColumnElement[bool]) -> None:
    waiting = and_(Notice.city_id == city_id, Notice.state == "pending", which)
    session.execute(update(Notice).where(waiting).values(state="stopped"))

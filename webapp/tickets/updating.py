"""Takes what other systems tell of a report: it moves the ticket by the lifecycle's rules, or is a remark.

Every reporter of the ticket sees it. The caller commits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, ScalarSelect, and_, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from layers.models import City
from webapp.people.keys import Use
from webapp.tickets.models import GivenUpdate, Report, Ticket, TimelineEntry, WorkOrder
from webapp.tickets.moving import move


class AlreadyGivenError(ValueError):
    """The same system told the same update before."""


class NoSuchReportError(LookupError):
    """No report of the city has the tracking number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What another system tells."""

    update_id: str
    status: str
    """As given."""
    state: str | None
    """The state to move the ticket to; None, or where it is that already: a remark."""
    from_closed_only: bool = False
    """A ticket that is open is not moved."""
    detail: str | None = None
    note: str
    updated_at: datetime
    media_urls: list[str] = field(default_factory=list)
    work_order: str | None = None
    """What the system calls it itself."""


def take(session: Session, city: City, caller: Use, tracking_number: str, told: Told) -> int:
    """Take an update that a program sends, and return the id of its timeline entry.

    Raises
    ------
    NoSuchReportError, AlreadyGivenError
        Nothing was written.
    webapp.tickets.lifecycle.MoveRefused
        The lifecycle has no such move; nothing was written.
    """
    ticket = _locked(session, city.id, Report.tracking_number == tracking_number)
    if session.get(GivenUpdate, (city.id, caller.key_id, told.update_id)) is not None:
        raise AlreadyGivenError(told.update_id)
    _follow(session, city, ticket, told)
    if told.work_order:
        call_it(session, city.id, ticket.report_id, caller.name, told.work_order)
    given = insert(GivenUpdate).values(
        city_id=city.id,
        api_key_id=caller.key_id,
        update_id=told.update_id,
        timeline_id=_latest(city.id, ticket.id),
        status=told.status,
        updated_at=told.updated_at,
        media_urls=told.media_urls,
    )
    return session.scalars(given.returning(GivenUpdate.timeline_id)).one()


def follow(session: Session, city: City, report_id: int, told: Told) -> int:
    """Do with a report's ticket what a system tells that was asked, and return the id of the timeline entry.

    Raises
    ------
    webapp.tickets.lifecycle.MoveRefused
        The lifecycle has no such move; nothing was written.
    """
    ticket = _locked(session, city.id, Report.id == report_id)
    _follow(session, city, ticket, told)
    return session.execute(select(_latest(city.id, ticket.id))).scalar_one()


def _locked(session: Session, city_id: int, of_report: ColumnElement[bool]) -> Row[int, int, str, bool, int]:
    ticket = session.execute(
        select(Ticket.id, Ticket.version, Ticket.status, Ticket.open, Report.id.label("report_id"))
        .join(Report, and_(Report.city_id == Ticket.city_id, Report.ticket_id == Ticket.id))
        .where(Report.city_id == city_id, of_report)
        .with_for_update(of=Ticket)
    ).one_or_none()
    if ticket is None:
        raise NoSuchReportError
    return ticket


def _follow(session: Session, city: City, ticket: Row[int, int, str, bool, int], told: Told) -> None:
    if told.state in (None, ticket.status) or (told.from_closed_only and ticket.open):
        remark(session, city.id, ticket.id, told.note, actor="program")
    else:
        move(
            session, city, ticket.id, str(told.state),
            by="program", version=ticket.version, note=told.note, detail=told.detail,
        )  # fmt: skip


def call_it(session: Session, city_id: int, report_id: int, system: str, reference: str) -> None:
    """Note what another system calls a report; its latest word counts."""
    key = {"city_id": city_id, "report_id": report_id, "system": system}
    noted = upsert(WorkOrder).values(**key, reference=reference)
    session.execute(noted.on_conflict_do_update(index_elements=list(key), set_={"reference": reference}))


def work_orders(session: Session, city_id: int, ticket_id: int) -> list[tuple[str, str]]:
    """Return which other systems have a ticket, and what each calls it."""
    of_ticket = and_(Report.city_id == WorkOrder.city_id, Report.id == WorkOrder.report_id)
    rows = session.execute(
        select(WorkOrder.system, WorkOrder.reference)
        .distinct()
        .join(Report, of_ticket)
        .where(WorkOrder.city_id == city_id, Report.ticket_id == ticket_id)
        .order_by(WorkOrder.system, WorkOrder.reference)
    )
    return [(system, reference) for system, reference in rows]


def remark(
    session: Session,
    city_id: int,
    ticket_id: int,
    note: str,
    *,
    actor: str,
    staff_id: int | None = None,
    data: Mapping[str, Any] | None = None,
    key: str | None = None,
) -> None:
    """Write a remark into a ticket's timeline, for everybody to read."""
    session.execute(
        insert(TimelineEntry).values(
            city_id=city_id, ticket_id=ticket_id, kind="noted", actor=actor, staff_id=staff_id, note=note,
            data=dict(data or {}), idempotency_key=key,
        )
    )  # fmt: skip
    of_ticket = and_(Report.city_id == city_id, Report.ticket_id == ticket_id)
    session.execute(
        update(Report).where(of_ticket).values(updated_at=func.now()),
        execution_options={"synchronize_session": False},
    )


def _latest(city_id: int, ticket_id: int) -> ScalarSelect[int]:
    """Select the entry just written: the ticket is locked."""
    entry = TimelineEntry
    return (
        select(func.max(entry.id))
        .where(entry.city_id == city_id, entry.ticket_id == ticket_id)
        .scalar_subquery()
    )

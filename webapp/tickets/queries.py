"""Reads tickets, their reports and timelines. Nothing here writes or commits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    and_,
    cast,
    func,
    literal,
    nulls_last,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, aliased

from webapp.catalog.models import Crew, Department, Service
from webapp.people.models import Staff
from webapp.tickets.models import Report, Ticket, TimelineEntry
from webapp.tickets.tracking import TrackingNumberError, normalise

Box = tuple[float, float, float, float]
"""West, south, east, north in degrees."""


@dataclass(frozen=True, slots=True)
class TicketRow:
    """A ticket with the names that its codes stand for. Coordinates are EPSG:4326 degrees."""

    id: int
    version: int
    service_id: int
    service_code: str
    service: str
    public: bool
    """Whether anyone may see the reports of its service."""
    status: str
    outcome: str | None
    waiting_on: str | None
    waiting_since: datetime | None
    owner: str | None
    scheduled_for: date | None
    open: bool
    opened_at: datetime
    latest_at: datetime
    due_at: datetime | None
    closed_at: datetime | None
    lon: float | None
    lat: float | None
    address: str | None
    street: str | None
    house_number: int | None
    asset_id: str | None
    zones: dict[str, str]
    district: str | None
    department_id: int
    department: str
    crew_id: int | None
    crew: str | None
    service_area: str | None
    assigned_why: str
    priority: int
    priority_why: str
    report_count: int
    merged_into: int | None
    hidden: bool
    """Whether only staff may see it yet."""


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A report as everybody may see it: nothing of who made it. Coordinates are EPSG:4326 degrees."""

    id: int
    tracking_number: str
    ticket_id: int
    service_id: int
    channel: str
    language: str
    description: str
    answers: dict[str, Any]
    media_urls: list[str]
    external_id: str | None
    requested_at: datetime
    updated_at: datetime
    due_at: datetime | None
    closed_at: datetime | None
    lon: float | None
    lat: float | None
    address: str | None
    postcode: str | None
    segment_id: str | None
    place_flags: list[str]
    zones: dict[str, str]
    duplicate_of: int | None
    duplicate_score: float | None
    duplicate_decision: str
    duplicate_reasons: list[Any]
    suggestions: list[int]
    hidden: bool
    """Whether only staff may see it yet."""


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """One thing that happened to a ticket. ``staff`` and ``staff_id`` are for staff to see."""

    id: int
    at: datetime
    kind: str
    actor: str
    staff: str | None
    staff_id: int | None
    report_id: int | None
    note: str
    data: dict[str, Any]
    restores: bool
    """Whether it keeps what was before it."""


@dataclass(frozen=True, slots=True)
class PairDecision:
    """What somebody on the staff said of a report and a ticket that it did or did not belong to."""

    report: int
    ticket: int
    same: bool
    """Whether they are one problem."""
    staff_id: int
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which tickets to list; what is left out is not asked for."""

    crew_ids: Sequence[int] | None = None
    department_ids: Sequence[int] | None = None
    service_ids: Sequence[int] | None = None
    statuses: Sequence[str] | None = None
    district: str | None = None
    due_before: datetime | None = None
    bbox: Box | None = None
    near: tuple[float, float, float] | None = None
    """Longitude, latitude in degrees, and within how many metres."""
    words: str | None = None
    """In the address or in what a reporter wrote; or a ticket's number, or a tracking number."""


def ticket(session: Session, city_id: int, ticket_id: int) -> TicketRow | None:
    """Return one ticket, or None where the city has none of that number."""
    row = session.execute(_tickets(city_id).where(Ticket.id == ticket_id)).one_or_none()
    return None if row is None else TicketRow(**row._mapping)


def tickets(session: Session, city_id: int, ticket_ids: Sequence[int]) -> dict[int, TicketRow]:
    """Return tickets by number; those that the city does not have are left out."""
    rows = session.execute(_tickets(city_id).where(Ticket.id.in_(ticket_ids)))
    return {row.id: TicketRow(**row._mapping) for row in rows}


def ticket_by_tracking(
    session: Session, city_id: int, tracking_number: str
) -> tuple[ReportRow, TicketRow] | None:
    """Return the report of a tracking number and its ticket, or None where there is none.

    Parameters
    ----------
    tracking_number
        As ``tracking.normalise`` returns it.
    """
    found = session.execute(_reports(city_id).where(Report.tracking_number == tracking_number)).one_or_none()
    if found is None:
        return None
    report = ReportRow(**found._mapping)
    row = session.execute(_tickets(city_id).where(Ticket.id == report.ticket_id)).one()
    return report, TicketRow(**row._mapping)


def tracking_number(session: Session, city_id: int, report_id: int) -> str | None:
    """Return the number by which a report is followed."""
    return session.scalar(
        select(Report.tracking_number).where(Report.city_id == city_id, Report.id == report_id)
    )


def open_tickets(
    session: Session, city_id: int, filters: Filters | None = None, *, limit: int = 200, offset: int = 0
) -> list[TicketRow]:
    """Return open tickets, those due first at the top and those without a promise at the end."""
    query = (
        _tickets(city_id)
        .where(Ticket.open, *conditions(city_id, filters or Filters()))
        .order_by(nulls_last(Ticket.due_at), Ticket.id)
        .limit(limit)
        .offset(offset)
    )
    return [TicketRow(**row._mapping) for row in session.execute(query)]


def count_open(session: Session, city_id: int, filters: Filters | None = None) -> int:
    """Return how many open tickets there are."""
    query = (
        select(func.count())
        .select_from(Ticket)
        .where(Ticket.city_id == city_id, Ticket.open, *conditions(city_id, filters or Filters()))
    )
    return session.scalar(query) or 0


def reports_of(session: Session, city_id: int, *ticket_ids: int) -> list[ReportRow]:
    """Return the reports of a ticket, or of some, the one made first at the top."""
    query = _reports(city_id).where(Report.ticket_id.in_(ticket_ids)).order_by(Report.id)
    return [ReportRow(**row._mapping) for row in session.execute(query)]


def contact_ids(session: Session, city_id: int, ticket_id: int) -> Sequence[int]:
    """Return the contacts of those who made a ticket's reports, by id, each once."""
    found = session.scalars(
        select(Report.contact_id)
        .where(Report.city_id == city_id, Report.ticket_id == ticket_id)
        .distinct()
        .order_by(Report.contact_id)
    )
    return [contact_id for contact_id in found if contact_id is not None]


def timeline(session: Session, city_id: int, ticket_id: int) -> list[TimelineRow]:
    """Return what happened to a ticket, oldest first."""
    entry = TimelineEntry
    query = (
        select(
            entry.id, entry.at, entry.kind, entry.actor, Staff.name.label("staff"), entry.staff_id,
            entry.report_id, entry.note, entry.data, entry.before.is_not(None).label("restores"),
        )
        .outerjoin(Staff, and_(Staff.city_id == entry.city_id, Staff.id == entry.staff_id))
        .where(entry.city_id == city_id, entry.ticket_id == ticket_id)
        .order_by(entry.at, entry.id)
    )  # fmt: skip
    return [TimelineRow(**row._mapping) for row in session.execute(query)]


def decisions_on_pairs(session: Session, city_id: int) -> list[PairDecision]:
    """Return what staff said of reports and tickets: one problem, or two. Of each pair the latest word."""
    entry = TimelineEntry
    report = cast(entry.data["report"].astext, BigInteger).label("report")
    of_ticket = cast(entry.data["ticket"].astext, BigInteger).label("ticket")
    query = (
        select(
            report, of_ticket, (entry.kind == "merged").label("same"), entry.staff_id,
            Staff.name.label("by"), entry.at,
        )
        .join(Staff, and_(Staff.city_id == entry.city_id, Staff.id == entry.staff_id))
        .where(
            entry.city_id == city_id,
            entry.kind.in_(("merged", "split", "different")),
            entry.data.has_key("report"),
        )
        .ext(distinct_on(report, of_ticket))
        .order_by(report, of_ticket, entry.at.desc(), entry.id.desc())
    )  # fmt: skip
    return [PairDecision(**row._mapping) for row in session.execute(query)]


def _tickets(city_id: int) -> Select[Any]:
    named = {
        "service_code": Service.code,
        "service": Service.name,
        "public": Service.public,
        "department": Department.name,
        "crew": Crew.name,
        "lon": func.st_x(Ticket.geom),
        "lat": func.st_y(Ticket.geom),
    }
    columns = [
        named[name].label(name) if name in named else getattr(Ticket, name) for name in TicketRow.__slots__
    ]
    return (
        select(*columns)
        .join(Service, and_(Service.city_id == Ticket.city_id, Service.id == Ticket.service_id))
        .join(Department, and_(Department.city_id == Ticket.city_id, Department.id == Ticket.department_id))
        .outerjoin(Crew, and_(Crew.city_id == Ticket.city_id, Crew.id == Ticket.crew_id))
        .where(Ticket.city_id == city_id)
    )


def _reports(city_id: int) -> Select[Any]:
    named = {"lon": func.st_x(Report.geom), "lat": func.st_y(Report.geom)}
    columns = [
        named[name].label(name) if name in named else getattr(Report, name) for name in ReportRow.__slots__
    ]
    return select(*columns).where(Report.city_id == city_id)


def conditions(city_id: int, filters: Filters) -> list[ColumnElement[bool]]:
    """Return what of a city's open tickets fits."""
    conditions: list[ColumnElement[bool]] = []
    for column, values in (
        (Ticket.crew_id, filters.crew_ids),
        (Ticket.department_id, filters.department_ids),
        (Ticket.service_id, filters.service_ids),
        (Ticket.status, filters.statuses),
    ):
        if values is not None:
            conditions.append(column.in_(values))
    if filters.district is not None:
        conditions.append(Ticket.district == filters.district)
    if filters.due_before is not None:
        conditions.append(Ticket.due_at < filters.due_before)
    if filters.bbox is not None:
        conditions.append(Ticket.geom.op("&&")(func.st_makeenvelope(*filters.bbox, 4326)))
    if filters.near is not None:
        lon, lat, metres = filters.near
        # The box, drawn a little wide, is what the table is indexed by; the distance decides.
        wide = metres / 100_000.0
        wider = wide / max(math.cos(math.radians(lat)), 0.01)
        box = func.st_makeenvelope(lon - wider, lat - wide, lon + wider, lat + wide, 4326)
        point = func.st_setsrid(func.st_makepoint(lon, lat), 4326)
        distance = func.st_distancesphere(Ticket.geom, point)
        conditions += [Ticket.geom.op("&&")(box), distance <= metres]
    if filters.words is not None:
        conditions.append(_has_words(city_id, filters.words))
    return conditions


def _has_words(city_id: int, words: str) -> ColumnElement[bool]:
    """Return the condition that an open ticket is meant by the words of a search.

    Each way to mean one finds its tickets in an index of its own: any of them in one condition would read
    every open ticket and its reports.
    """
    pattern = "%" + words.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_") + "%"
    known, of_report = aliased(Ticket), select(Report.ticket_id).where(Report.city_id == city_id)
    meant = [
        select(known.id).where(known.city_id == city_id, known.open, known.address.ilike(pattern)),
        of_report.where(Report.closed_at.is_(None), Report.description.ilike(pattern)),
    ]
    with suppress(TrackingNumberError):
        meant.append(of_report.where(Report.tracking_number == normalise(words)))
    if words.isascii() and words.isdecimal() and int(words) < 2**63:
        meant.append(select(literal(int(words), BigInteger)))
    return Ticket.id.in_(union_all(*meant))

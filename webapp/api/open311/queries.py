"""Reads service requests: one statement a page, plain rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    RowMapping,
    Select,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    select,
    true,
    tuple_,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by
from sqlalchemy.orm import Session, aliased
from sqlalchemy.types import NullType

from layers.models import City
from webapp.tickets.models import (
    CLOSED_STATUSES,
    OPEN_STATUSES,
    Report,
    Ticket,
    TimelineEntry,
    WorkOrder,
)
from webapp.tickets.photo_models import Photo

MOVES = tuple(status for status in OPEN_STATUSES + CLOSED_STATUSES if status != "assigned")
_SAID = (*MOVES, "undone", "noted")
_PUBLIC_KINDS = ("received", "joined", *_SAID)
"""Timeline entries that everybody may read; how a ticket was matched and assigned is not among them."""


@dataclass(frozen=True, kw_only=True)
class Filters:
    """Which service requests to list, newest first; what is left out is not asked for."""

    tracking_numbers: Sequence[str] | None = None
    """These and nothing else counts."""
    service_ids: Sequence[int] = ()
    hidden_too: bool = False
    """Whether reports that staff have not checked yet are listed."""
    start: datetime | None = None
    end: datetime | None = None
    updated_after: datetime | None = None
    updated_before: datetime | None = None
    open: bool | None = None
    box: tuple[float, float, float, float] | None = None
    """West, south, east, north in degrees."""
    before: tuple[datetime, int] | None = None
    """Only those made before then; of those made just then, with a lower id."""
    page: int = 1
    page_size: int = 1000


# What GeoReport calls updated_datetime: the closing time once closed.
_updated_at = case((Ticket.open, Report.updated_at), else_=func.coalesce(Report.closed_at, Ticket.closed_at))


def service_requests(
    session: Session, city: City, filters: Filters, *, extensions: bool
) -> Sequence[RowMapping]:
    """Return a page of reports with their tickets' status.

    With ``extensions`` each row has more: answers, position in the city's metric CRS, ticket, duplicate and
    timeline.
    """
    page = _page(city.id, filters).subquery()
    notes = _last_note(city.id)
    statement = (
        select(*_columns(notes))
        .select_from(page)
        .join(Report, and_(Report.city_id == city.id, Report.id == page.c.id))
        .join(Ticket, and_(Ticket.city_id == city.id, Ticket.id == Report.ticket_id))
        .outerjoin(notes, true())
        .order_by(*_newest_first(filters))
    )
    # Without the ORM, which would handle each row once more: these are plain columns.
    rows = session.connection().execute(_extended(statement, city) if extensions else statement)
    return rows.mappings().all()


def work_orders() -> ColumnElement[str]:
    """Select what other systems call a report's ticket, with commas between."""
    with_it, name = aliased(Report), WorkOrder.reference
    return (
        select(func.string_agg(name.distinct(), aggregate_order_by(literal(", "), name)))
        .join(with_it, and_(with_it.city_id == WorkOrder.city_id, with_it.id == WorkOrder.report_id))
        .where(with_it.city_id == Report.city_id, with_it.ticket_id == Report.ticket_id)
        .scalar_subquery()
    )


def _page(city_id: int, filters: Filters) -> Select[Any]:
    """Select the ids of a page: the narrow part, so that only its rows are joined with anything."""
    query = select(Report.id).where(Report.city_id == city_id)
    if filters.tracking_numbers is not None:
        return query.where(Report.tracking_number.in_(filters.tracking_numbers))
    if filters.open is not None or filters.updated_after or filters.updated_before:
        query = query.join(Ticket, and_(Ticket.city_id == Report.city_id, Ticket.id == Report.ticket_id))
    return (
        query.where(*_conditions(filters))
        .order_by(*_newest_first(filters))
        .limit(filters.page_size)
        .offset((filters.page - 1) * filters.page_size)
    )


def _conditions(filters: Filters) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [Report.service_id.in_(filters.service_ids)]
    if not filters.hidden_too:
        conditions.append(~Report.hidden)
    if filters.start:
        conditions.append(Report.requested_at >= filters.start)
    if filters.end:
        conditions.append(Report.requested_at <= filters.end)
    if filters.updated_after:
        # The first says nothing beyond the second, but is what the table is indexed by.
        conditions += [Report.updated_at >= filters.updated_after, _updated_at >= filters.updated_after]
    if filters.updated_before:
        conditions.append(_updated_at <= filters.updated_before)
    if filters.open is not None:
        conditions.append(Ticket.open == filters.open)
    if filters.before:
        conditions.append(tuple_(Report.requested_at, Report.id) < tuple_(*map(literal, filters.before)))
    if filters.box:
        conditions.append(Report.geom.op("&&")(func.st_makeenvelope(*filters.box, 4326)))
    return conditions


def _newest_first(filters: Filters) -> tuple[ColumnElement[Any], ...]:
    by_update = (filters.updated_after or filters.updated_before) and not filters.before
    when = Report.updated_at if by_update else Report.requested_at
    return when.desc(), Report.id.desc()


# What is the same in each question is made once: making it takes longer than sending it.
@lru_cache
def _last_note(city_id: int) -> FromClause:
    """Select what was said last. A move without words leaves nothing of what was said before."""
    entry = TimelineEntry
    return (
        select(entry.kind, entry.note)
        .where(entry.city_id == city_id, entry.ticket_id == Ticket.id, entry.kind.in_(_SAID))
        .order_by(entry.at.desc(), entry.id.desc())
        .limit(1)
        .lateral("last_note")
    )


def _standing_note() -> ColumnElement[str]:
    """Select what was said last, leaving out the moves that were taken back."""
    entry, undone = aliased(TimelineEntry), aliased(TimelineEntry)
    taken_back = select(undone.id).where(
        undone.city_id == Ticket.city_id,
        undone.ticket_id == Ticket.id,
        undone.kind == "undone",
        undone.data["undoes"].astext == cast(entry.id, Text),
    )
    return (
        select(entry.note)
        .where(
            entry.city_id == Ticket.city_id,
            entry.ticket_id == Ticket.id,
            entry.kind.in_(_SAID),
            entry.kind != "undone",
            ~taken_back.exists(),
        )
        .order_by(entry.at.desc(), entry.id.desc())
        .limit(1)
        .scalar_subquery()
    )


@lru_cache
def _columns(last_note: FromClause) -> list[ColumnElement[Any]]:
    photos = (
        select(func.array_agg(aggregate_order_by(Photo.name, Photo.id)))
        .where(Photo.city_id == Report.city_id, Photo.report_id == Report.id)
        .scalar_subquery()
    )
    return [
        Report.id.label("id"),
        Report.tracking_number.label("tracking_number"),
        Report.service_id.label("service_id"),
        Report.hidden.label("hidden"),
        Report.description.label("description"),
        # The driver makes lists of them; SQLAlchemy would make them anew.
        type_coerce(Report.media_urls, NullType).label("media_urls"),
        Report.requested_at.label("requested_at"),
        Report.due_at.label("due_at"),
        Report.address.label("address"),
        Report.postcode.label("postcode"),
        func.st_x(Report.geom).label("lon"),
        func.st_y(Report.geom).label("lat"),
        Ticket.open.label("open"),
        Ticket.department_id.label("department_id"),
        _updated_at.label("updated_at"),
        Ticket.status.label("status"),
        func.coalesce(
            Ticket.outcome, Ticket.waiting_on, Ticket.owner, cast(Ticket.scheduled_for, Text)
        ).label("detail"),
        # Looked for only where it is needed: hardly ever.
        case((last_note.c.kind == "undone", _standing_note()), else_=last_note.c.note).label("last_note"),
        type_coerce(func.coalesce(photos, literal([], ARRAY(Text))), NullType).label("photos"),
    ]


def _extended(statement: Select[Any], city: City) -> Select[Any]:
    original = aliased(Report)
    entry = TimelineEntry
    noted = func.json_build_array(func.extract("epoch", entry.at), entry.kind, entry.note)
    timeline = (
        select(func.json_agg(aggregate_order_by(noted, entry.at, entry.id)))
        .where(entry.city_id == city.id, entry.ticket_id == Ticket.id, entry.kind.in_(_PUBLIC_KINDS))
        .scalar_subquery()
    )
    metric = func.st_transform(Report.geom, city.metric_srid)
    return statement.outerjoin(
        original,
        and_(original.city_id == city.id, original.id == Report.duplicate_of, ~original.hidden),
    ).add_columns(
        Report.channel.label("channel"),
        Report.answers.label("answers"),
        Report.segment_id.label("segment_id"),
        func.st_x(metric).label("x"),
        func.st_y(metric).label("y"),
        Ticket.id.label("ticket_id"),
        Ticket.district.label("district"),
        Ticket.service_area.label("service_area"),
        Ticket.crew_id.label("crew_id"),
        original.tracking_number.label("duplicate_of"),
        timeline.label("timeline"),
        work_orders().label("work_orders"),
    )

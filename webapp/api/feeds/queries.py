"""Reads tickets for feeds: one statement each, plain rows. Nothing here commits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import shapely
from sqlalchemy import ColumnElement, FromClause, Row, Text, and_, cast, func, select, true
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from webapp.api.open311.queries import MOVES
from webapp.tickets.models import MERGED, Report, Ticket, TimelineEntry

SPAN = timedelta(days=30)
"""A ticket leaves its feeds so long after it changed last, or after its promised date."""
_ENTRIES_A_TICKET = 4
"""So that the statement reads back no farther than it must; few tickets change more often in a month."""
_TOLD = ("received", "joined", *MOVES, "undone")
"""Timeline entries that everybody may know of. Nothing that anybody wrote is told here."""


@dataclass(frozen=True, kw_only=True)
class Area:
    """Which tickets a feed tells of."""

    city_id: int
    service_ids: Sequence[int]
    hidden_too: bool = False
    """Whether tickets that staff have not checked yet are among them."""
    district: str | None = None
    zone: tuple[str, str] | None = None
    """Layer and zone id."""
    around: shapely.Geometry | None = None
    """EPSG:4326, lon lat."""


def changed(session: Session, area: Area, now: datetime, limit: int) -> Sequence[Row[Any]]:
    """Return the tickets that changed within `SPAN`, those that changed last first."""
    entry = TimelineEntry
    lately = (
        select(entry.ticket_id, entry.at, entry.id)
        .join(Ticket, and_(Ticket.city_id == entry.city_id, Ticket.id == entry.ticket_id))
        .where(
            entry.city_id == area.city_id,
            entry.at >= now - SPAN,
            entry.kind.in_(_TOLD),
            *_conditions(area),
        )
        .order_by(entry.at.desc(), entry.id.desc())
        .limit(limit * _ENTRIES_A_TICKET)
        .subquery()
    )
    latest = (
        select(lately)
        .ext(distinct_on(lately.c.ticket_id))
        .order_by(lately.c.ticket_id, lately.c.at.desc(), lately.c.id.desc())
        .subquery()
    )
    first = select(latest).order_by(latest.c.at.desc(), latest.c.id.desc()).limit(limit).subquery()
    number = _number()
    query = (
        select(*_columns(number, first.c.at))
        .select_from(first)
        .join(Ticket, and_(Ticket.city_id == area.city_id, Ticket.id == first.c.ticket_id))
        .join(number, true())
        .order_by(first.c.at.desc(), first.c.id.desc())
    )
    return session.execute(query).all()


def promised(session: Session, area: Area, now: datetime, limit: int) -> Sequence[Row[Any]]:
    """Return open tickets with a promised date not longer ago than `SPAN`, the earliest first."""
    entry = TimelineEntry
    updated_at = (
        select(func.max(entry.at))
        .where(entry.city_id == Ticket.city_id, entry.ticket_id == Ticket.id, entry.kind.in_(_TOLD))
        .scalar_subquery()
    )
    number = _number()
    query = (
        select(*_columns(number, func.coalesce(updated_at, Ticket.opened_at)))
        .join(number, true())
        .where(Ticket.open, Ticket.due_at >= now - SPAN, *_conditions(area))
        .order_by(Ticket.due_at, Ticket.id)
        .limit(limit)
    )
    return session.execute(query).all()


def _conditions(area: Area) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [
        Ticket.city_id == area.city_id,
        Ticket.service_id.in_(area.service_ids),
        Ticket.status != MERGED,
    ]
    if not area.hidden_too:
        conditions.append(~Ticket.hidden)
    if area.district is not None:
        conditions.append(Ticket.district == area.district)
    if area.zone is not None:
        layer, zone_id = area.zone
        conditions.append(Ticket.zones[layer].astext == zone_id)
    if area.around is not None:
        shape = func.st_geomfromwkb(shapely.to_wkb(area.around), 4326)
        conditions.append(func.st_intersects(Ticket.geom, shape))
    return conditions


def _number() -> FromClause:
    """Select the tracking number of a ticket's first report, of those that are shown where there are any."""
    return (
        select(Report.tracking_number)
        .where(Report.city_id == Ticket.city_id, Report.ticket_id == Ticket.id)
        .order_by(Report.hidden, Report.id)
        .limit(1)
        .lateral("first_report")
    )


def _columns(number: FromClause, updated_at: ColumnElement[datetime]) -> list[ColumnElement[Any]]:
    return [
        Ticket.id.label("id"),
        Ticket.version.label("version"),
        Ticket.service_id.label("service_id"),
        Ticket.status.label("status"),
        func.coalesce(
            Ticket.outcome, Ticket.waiting_on, Ticket.owner, cast(Ticket.scheduled_for, Text)
        ).label("detail"),
        Ticket.opened_at.label("opened_at"),
        Ticket.due_at.label("due_at"),
        Ticket.closed_at.label("closed_at"),
        Ticket.address.label("address"),
        func.st_x(Ticket.geom).label("lon"),
        func.st_y(Ticket.geom).label("lat"),
        updated_at.label("updated_at"),
        number.c.tracking_number.label("tracking_number"),
    ]

"""Tickets as they are shown to residents: near a spot, or some by number. Nothing here writes or commits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, true
from sqlalchemy.orm import Session

from webapp.catalog.models import Service
from webapp.tickets.models import Report, Ticket
from webapp.tickets.photo_models import Photo


@dataclass(frozen=True, slots=True)
class Seen:
    """A ticket without anything of who reported it. Coordinates are EPSG:4326 degrees."""

    id: int
    service_id: int
    status: str
    open: bool
    opened_at: datetime
    due_at: datetime | None
    waiting_since: datetime | None
    closed_at: datetime | None
    address: str | None
    report_count: int
    lon: float
    lat: float
    tracking_number: str
    """Of its first report that may be shown."""
    words: str
    """What that report says."""
    photo: str | None
    """Name of the first photo of its reports that may be shown."""


def around(
    session: Session,
    city_id: int,
    lon: float,
    lat: float,
    reach_m: float,
    *,
    done_since: datetime,
    open_too: bool = True,
    limit: int = 50,
) -> list[tuple[Seen, float]]:
    """Return the tickets near a spot that anybody may see, each with its distance in metres, nearest first.

    Parameters
    ----------
    lon, lat
        EPSG:4326 degrees.
    done_since
        Those that were done after this are among them.
    open_too
        False: only those that are done.
    """
    # The box, drawn a little wide, is what the table is indexed by; the distance decides.
    high = reach_m / 100_000.0
    wide = high / max(math.cos(math.radians(lat)), 0.01)
    box = func.st_makeenvelope(lon - wide, lat - high, lon + wide, lat + high, 4326)
    metres = func.st_distancesphere(Ticket.geom, func.st_setsrid(func.st_makepoint(lon, lat), 4326))
    done = and_(Ticket.closed_at > done_since, Ticket.status != "declined")
    query = (
        _shown(metres.label("metres"))
        .where(
            Ticket.city_id == city_id,
            Ticket.matchable,
            Ticket.geom.op("&&")(box),
            metres <= reach_m,
            or_(Ticket.open, done) if open_too else done,
            _public(),
        )
        .order_by("metres", Ticket.id)
        .limit(limit)
    )
    return [(Seen(*row[:-1]), row.metres) for row in session.execute(query)]


def seen(
    session: Session, city_id: int, ticket_ids: Sequence[int], *, public_only: bool = True
) -> dict[int, Seen]:
    """Return tickets by number: those that anybody may see, or all that staff may."""
    query = _shown().where(Ticket.city_id == city_id, Ticket.id.in_(ticket_ids), Ticket.geom.is_not(None))
    if public_only:
        query = query.where(_public())
    return {row.id: Seen(*row) for row in session.execute(query)}


def _public() -> ColumnElement[bool]:
    return and_(Service.public, ~Ticket.hidden, Ticket.status != "merged")


def _shown(*more: ColumnElement[Any]) -> Select[Any]:
    first = (
        select(Report.tracking_number, Report.description.label("words"))
        .where(Report.city_id == Ticket.city_id, Report.ticket_id == Ticket.id)
        # Of a ticket that is hidden whole, staff see the first.
        .order_by(Report.hidden, Report.id)
        .limit(1)
        .correlate(Ticket)
        .lateral("first")
    )
    photo = (
        select(Photo.name)
        .join(Report, and_(Report.city_id == Photo.city_id, Report.id == Photo.report_id))
        .where(Report.city_id == Ticket.city_id, Report.ticket_id == Ticket.id, ~Report.hidden)
        .order_by(Photo.id)
        .limit(1)
        .correlate(Ticket)
        .scalar_subquery()
    )
    own = {
        "lon": func.st_x(Ticket.geom),
        "lat": func.st_y(Ticket.geom),
        "tracking_number": first.c.tracking_number,
        "words": first.c.words,
        "photo": photo,
    }
    columns = [own[name].label(name) if name in own else getattr(Ticket, name) for name in Seen.__slots__]
    return (
        select(*columns, *more)
        .select_from(Ticket)
        .join(Service, and_(Service.city_id == Ticket.city_id, Service.id == Ticket.service_id))
        .join(first, true())
    )

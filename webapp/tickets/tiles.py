"""Open tickets as vector tiles."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from layers.tiles import point_tile
from webapp.catalog.models import Service
from webapp.tickets.models import Ticket


def ticket_tile(session: Session, city_id: int, z: int, x: int, y: int, *, public_only: bool) -> bytes:
    """Return a gzipped tile of the open tickets: all, or only those of services that everybody may see.

    Its layer ``tickets`` has ``service``, ``status`` and ``count``, and the ticket's id as the feature's id;
    below zoom 14 several tickets of one cell are one feature with a ``count`` and nothing else.

    Raises
    ------
    ValueError
        If there is no such tile.
    """
    tickets = (
        select(Ticket.id, Ticket.geom, Service.code.label("service"), Ticket.status)
        .join(Service, (Service.city_id == Ticket.city_id) & (Service.id == Ticket.service_id))
        .where(Ticket.city_id == city_id, Ticket.open)
    )
    if public_only:
        tickets = tickets.where(Service.public)
    return point_tile(session, tickets, "tickets", z, x, y)

"""Tickets as the entries of feeds: what is said of each, in all formats alike."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row

from layers.models import City
from webapp.api.open311.states import words
from webapp.catalog.snapshot import Catalog, ServiceEntry
from webapp.tickets import lifecycle

_NAMESPACE = uuid.UUID("6c1f3f0e-7f5c-4a55-9a64-0d6a3cf0b311")


@dataclass(frozen=True)
class Entry:
    """A ticket. Coordinates are EPSG:4326 degrees."""

    id: int
    uuid: uuid.UUID
    """The same in every feed and for ever, whatever address the city moves to."""
    version: int
    title: str
    summary: str
    url: str
    service: ServiceEntry
    status: str
    address: str | None
    opened_at: datetime
    updated_at: datetime
    due_at: datetime | None
    closed_at: datetime | None
    lon: float | None
    lat: float | None


@dataclass(frozen=True)
class Feed:
    """A feed with its entries."""

    title: str
    url: str
    """Its own address."""
    city: City
    updated_at: datetime
    entries: Sequence[Entry]

    @property
    def uuid(self) -> uuid.UUID:
        """The same for the same question."""
        return uuid.uuid5(_NAMESPACE, f"{self.city.slug} {self.url.partition('/api/')[2]}")

    @property
    def zone(self) -> ZoneInfo:
        """The city's time zone."""
        return ZoneInfo(self.city.time_zone)


def entries(rows: Sequence[Row[Any]], city: City, known: Catalog, root: str) -> list[Entry]:
    """Return an entry for each ticket.

    Parameters
    ----------
    root
        Such as ``https://311.example.gov``.
    """
    return [_entry(row, city, known.services[row.service_id], root) for row in rows]


def _entry(row: Row[Any], city: City, service: ServiceEntry, root: str) -> Entry:
    title = f"{service.name}, {row.address}" if row.address else service.name
    said = words(row.status, row.detail) or lifecycle.words(row.status).capitalize() + "."
    if row.due_at is not None and row.closed_at is None:
        due = row.due_at.astimezone(ZoneInfo(city.time_zone))
        said += f" Promised by {due:%Y-%m-%d %H:%M}."
    return Entry(
        id=row.id,
        uuid=uuid.uuid5(_NAMESPACE, f"{city.slug}/ticket/{row.id}"),
        version=row.version,
        title=title,
        summary=said,
        url=f"{root}/track/{row.tracking_number}",
        service=service,
        status=row.status,
        address=row.address,
        opened_at=row.opened_at,
        updated_at=row.updated_at,
        due_at=row.due_at,
        closed_at=row.closed_at,
        lon=row.lon,
        lat=row.lat,
    )

"""Counts tickets: how many, how late, how long they took, where. Nothing here writes or commits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Float, Row, Select, String, and_, case, cast, func, literal, select
from sqlalchemy.orm import Session

from webapp.catalog.models import Service
from webapp.tickets.models import MERGED, Ticket

BLOCK_DEGREES = 0.001
"""Points of a heatmap are moved onto a grid this fine, some 100 m: about a block, and no house."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which tickets are counted: those opened from ``begin`` until before ``end``, but for merged ones."""

    city_id: int
    begin: datetime
    end: datetime
    district: str | None = None
    """None: the whole city."""
    service_ids: Sequence[int] | None = None
    """None: all services."""
    department_ids: Sequence[int] | None = None
    crew_ids: Sequence[int] | None = None
    channel: str | None = None
    """Of the first report, as the language; both only where `webapp.insight.facts` are counted."""
    language: str | None = None

    @property
    def condition(self) -> ColumnElement[bool]:
        """The scope as a condition on `Ticket`."""
        conditions = [
            Ticket.city_id == self.city_id,
            Ticket.status != MERGED,
            Ticket.opened_at >= self.begin,
            Ticket.opened_at < self.end,
        ]
        if self.district is not None:
            conditions.append(Ticket.district == self.district)
        if self.service_ids is not None:
            conditions.append(Ticket.service_id.in_(self.service_ids))
        if self.department_ids is not None:
            conditions.append(Ticket.department_id.in_(self.department_ids))
        if self.crew_ids is not None:
            conditions.append(Ticket.crew_id.in_(self.crew_ids))
        return and_(*conditions)


@dataclass(frozen=True, slots=True)
class Figures:
    """What was counted of one service, of one zone, or of everything."""

    key: str
    """Service id or zone id as text; empty for tickets that have none."""
    tickets: int
    reports: int
    open: int
    late: int
    """Open past the promised date; of those that wait: past it when they began to."""
    median_days: float | None
    """Days within which half of the tickets were completed; None where fewer than half are, so far.

    The median over all tickets but the declined ones, from the first report to the closing. A ticket that is
    not completed counts as one that takes longer than all others, so that old unfinished work does not make a
    service look fast.
    """


def totals(session: Session, scope: Scope) -> Figures:
    """Return the figures of all tickets together."""
    return _counted(session.execute(_figures(literal(""), scope)).one())


def by_service(session: Session, scope: Scope) -> list[Figures]:
    """Return the figures of each service that has tickets, the most first."""
    return _grouped(session, cast(Ticket.service_id, String), scope)


def by_zone(session: Session, scope: Scope, layer: str) -> list[Figures]:
    """Return the figures of each zone of a layer that has tickets, the most first."""
    return _grouped(session, func.coalesce(Ticket.zones[layer].astext, ""), scope)


def _grouped(session: Session, key: ColumnElement[str], scope: Scope) -> list[Figures]:
    labelled = key.label("key")
    statement = _figures(labelled, scope).group_by(labelled)
    found = [_counted(row) for row in session.execute(statement)]
    return sorted(found, key=lambda figures: (-figures.tickets, figures.key))


def _figures(key: ColumnElement[str], scope: Scope) -> Select[Any]:
    completed = Ticket.status.in_(("done", "confirmed"))
    days = func.extract("epoch", Ticket.closed_at - Ticket.opened_at) / 86_400.0
    took = case((completed, cast(days, Float)), else_=literal(math.inf, Float))
    return select(
        key,
        func.count(),
        func.coalesce(func.sum(Ticket.report_count), 0),
        func.count().filter(Ticket.open),
        func.count().filter(Ticket.open, Ticket.due_at < func.coalesce(Ticket.waiting_since, func.now())),
        func.percentile_disc(0.5).within_group(took).filter(Ticket.status != "declined"),
    ).where(scope.condition)


def _counted(row: Row[Any]) -> Figures:
    key, tickets, reports, still_open, late, median = tuple(row)
    days = median if median is not None and math.isfinite(median) else None
    return Figures(key, tickets, reports, still_open, late, days)


def heat(session: Session, scope: Scope, *, only_open: bool = False) -> list[tuple[float, float, int]]:
    """Return (latitude, longitude, tickets) of each block that has tickets, EPSG:4326 degrees.

    Tickets that not everybody may see are left out.
    """
    lat = _on_grid(func.st_y(Ticket.geom)).label("lat")
    lon = _on_grid(func.st_x(Ticket.geom)).label("lon")
    statement = (
        select(lat, lon, func.count())
        .join(Service, and_(Service.city_id == Ticket.city_id, Service.id == Ticket.service_id))
        .where(scope.condition, Ticket.geom.is_not(None), Service.public, ~Ticket.hidden)
        .group_by(lat, lon)
        .order_by(lat, lon)
    )
    if only_open:
        statement = statement.where(Ticket.open)
    return [(round(row[0], 3), round(row[1], 3), row[2]) for row in session.execute(statement)]


def _on_grid(degrees: ColumnElement[float]) -> ColumnElement[float]:
    return func.round(degrees / BLOCK_DEGREES) * BLOCK_DEGREES


def newest(session: Session, city_id: int, district: str | None) -> datetime | None:
    """Return when the newest ticket was opened, None where there is none."""
    statement = select(func.max(Ticket.opened_at)).where(Ticket.city_id == city_id)
    if district is not None:
        statement = statement.where(Ticket.district == district)
    return session.scalar(statement)

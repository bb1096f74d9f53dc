"""Reads what happened to requests: one statement a page, plain rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import RowMapping, and_, literal_column, select
from sqlalchemy.orm import Session

from webapp.api.open311.queries import MOVES, work_orders
from webapp.tickets.models import GivenUpdate, Report, TimelineEntry

_TOLD = (*(kind for kind in MOVES if kind != "new"), "undone", "noted")


@dataclass(frozen=True, kw_only=True)
class UpdateFilters:
    """Which updates to list, the earliest first."""

    service_ids: Sequence[int]
    hidden_too: bool
    """Whether those of reports that staff have not checked yet are listed."""
    tracking_numbers: Sequence[str] | None
    """None: of any report."""
    start: datetime
    end: datetime | None
    page: int
    page_size: int


def updates(session: Session, city_id: int, filters: UpdateFilters) -> Sequence[RowMapping]:
    """Return a page of updates: each timeline entry, for each report that its ticket had by then."""
    entry = TimelineEntry
    query = (
        select(
            entry.id, entry.at, entry.kind, entry.note, entry.data,
            Report.tracking_number, GivenUpdate.media_urls, work_orders().label("work_orders"),
        )
        .join(Report, and_(Report.city_id == entry.city_id, Report.ticket_id == entry.ticket_id))
        .outerjoin(
            GivenUpdate, and_(GivenUpdate.city_id == entry.city_id, GivenUpdate.timeline_id == entry.id)
        )
        .where(
            entry.city_id == city_id,
            entry.kind.in_(_TOLD),
            # What an import brought along lies before its reports were received. Written out, so that the
            # planner sees that an index leaves it out too.
            entry.actor != literal_column("'import'"),
            entry.at >= filters.start,
            Report.received_at <= entry.at,
            Report.service_id.in_(filters.service_ids),
        )
        .order_by(entry.at, entry.id, Report.id)
        .limit(filters.page_size)
        .offset((filters.page - 1) * filters.page_size)
    )  # fmt: skip
    if not filters.hidden_too:
        query = query.where(~Report.hidden)
    if filters.end is not None:
        query = query.where(entry.at <= filters.end)
    if filters.tracking_numbers is not None:
        query = query.where(Report.tracking_number.in_(filters.tracking_numbers))
    return session.execute(query).mappings().all()

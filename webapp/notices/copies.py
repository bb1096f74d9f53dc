"""Sends somebody who gave their address only after reporting what others got at once. The caller commits."""

from __future__ import annotations

from sqlalchemy import and_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from webapp.notices.models import Notice
from webapp.notices.outbox import TOLD_ITS_REPORTER
from webapp.people import contacts
from webapp.tickets.models import Report, TimelineEntry


def send_copy(session: Session, city_id: int, report_id: int) -> None:
    """Have the first message about a report sent to the contact that it has now; it goes once."""
    way = contacts.ways()
    wanted = (
        select(Report.city_id, TimelineEntry.id, Report.id, Report.contact_id, way.c.channel)
        .join(way, and_(way.c.city_id == Report.city_id, way.c.contact_id == Report.contact_id))
        .join(
            TimelineEntry,
            and_(TimelineEntry.city_id == Report.city_id, TimelineEntry.report_id == Report.id),
        )
        .where(
            Report.city_id == city_id,
            Report.id == report_id,
            TimelineEntry.kind.in_(TOLD_ITS_REPORTER),
        )
        .order_by(TimelineEntry.id)
        .limit(1)
    )
    columns = ["city_id", "timeline_id", "report_id", "contact_id", "channel"]
    session.execute(insert(Notice).from_select(columns, wanted).on_conflict_do_nothing())

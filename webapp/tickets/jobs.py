"""What is done with tickets every few seconds, and every night."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from layers.models import City
from webapp import jobs
from webapp.config import settings
from webapp.db import job_sessions
from webapp.storage import uploads
from webapp.tickets import held, pyramid
from webapp.tickets.nearby import LATELY


@jobs.app.periodic(cron="* * * * * */5")
@jobs.app.task(name="fold", queueing_lock="fold")
def fold(timestamp: int) -> None:
    """Count what has come and gone into the pyramid that tiles are made of."""
    with job_sessions(settings().database)() as session:
        for city_id in session.scalars(select(City.id)).all():
            while pyramid.fold(session, city_id):
                session.commit()
            # Ends the transaction, and with it the lock.
            session.commit()


@jobs.app.periodic(cron="17 9 * * *")
@jobs.app.task(name="settle", queueing_lock="settle")
def settle(timestamp: int) -> None:
    """Take what was closed long ago out of the index of candidates."""
    with job_sessions(settings().database)() as session:
        settle_closed(session, datetime.fromtimestamp(timestamp, UTC))
        pyramid.drop_empty_cells(session)
        session.commit()


@jobs.app.periodic(cron="41 * * * *")
@jobs.app.task(name="sweep_photos", queueing_lock="sweep_photos")
def sweep_photos(timestamp: int) -> None:
    """Forget photos whose reports were never sent."""
    storage, now = uploads(settings().kept_in), datetime.fromtimestamp(timestamp, UTC)
    with job_sessions(settings().database)() as session:
        while held.sweep(session, storage, now):
            session.commit()


def settle_closed(session: Session, now: datetime) -> int:
    """Make tickets that were closed too long ago to be repeated no longer matchable; return how many."""
    settled = session.execute(
        text(
            "update ticket set matchable = false, match_keys = null"
            " where matchable and closed_at < :since returning id"
        ),
        {"since": now - LATELY},
    )
    return len(settled.all())

"""What is done with tickets every night."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from webapp import jobs
from webapp.config import settings
from webapp.db import make_engine
from webapp.tickets.nearby import LATELY


@jobs.app.periodic(cron="17 9 * * *")
@jobs.app.task(name="settle", queueing_lock="settle")
def settle(timestamp: int) -> None:
    """Take what was closed long ago out of the index of candidates."""
    engine = make_engine(settings().database, pool_size=1)
    try:
        with Session(engine) as session:
            settle_closed(session, datetime.fromtimestamp(timestamp, UTC))
            session.commit()
    finally:
        engine.dispose()


def settle_closed(session: Session, now: datetime) -> int:
    """Make tickets that were closed too long ago to be repeated no longer matchable; return how many."""
    settled = session.execute(
        text("update ticket set matchable = false where matchable and closed_at < :since returning id"),
        {"since": now - LATELY},
    )
    return len(settled.all())

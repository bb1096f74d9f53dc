"""What intake does every week."""

from __future__ import annotations

import structlog
from sqlalchemy import select

from layers.models import City
from webapp import jobs
from webapp.config import settings
from webapp.db import job_sessions

log = structlog.get_logger()


@jobs.app.periodic(cron="41 8 * * 1")
@jobs.app.task(name="refit_duplicates", queueing_lock="refit_duplicates")
def refit_duplicates(timestamp: int) -> None:
    """Fit each city's matching anew where people said more since the last time."""
    # What fits is heavy, and no other job needs it.
    from webapp.intake.learning.refitting import TooFew, is_due, refit

    with job_sessions(settings().database)() as session:
        for city in session.scalars(select(City).order_by(City.id)).all():
            try:
                if is_due(session, city):
                    done = refit(session, city)
                    log.info("duplicates_refitted", city=city.slug, model=done.row.id, in_use=done.in_use)
            except TooFew as reason:
                log.info("duplicates_not_refitted", city=city.slug, reason=str(reason))
            session.commit()

"""What is counted and kept: facts of tickets every few minutes, the rest more seldom."""

from __future__ import annotations

from datetime import UTC, datetime

import structlog
from sqlalchemy import select

from layers.models import City
from webapp import jobs
from webapp.config import settings
from webapp.db import job_sessions
from webapp.insight import event_log, forecasting, keeping, usual
from webapp.storage import events

log = structlog.get_logger()


@jobs.app.periodic(cron="41 8 * * *")
@jobs.app.task(name="event_log", queueing_lock="event_log")
def write_event_log(timestamp: int) -> None:
    """Add to the event log of every city what has happened since the last night."""
    now = settings()
    with job_sessions(now.database)() as session:
        for city in session.scalars(select(City).order_by(City.id)).all():
            written = event_log.export(session, city, events(now.kept_in))
            # Ends the transaction, and with it the lock.
            session.commit()
            log.info("event log written", city=city.slug, events=written.events, files=written.files)


@jobs.app.periodic(cron="23 * * * *")
@jobs.app.task(name="usual_times", queueing_lock="usual_times")
def work_out_usual_times(timestamp: int) -> None:
    """Work out what each service took lately, for those who report."""
    with job_sessions(settings().database)() as session:
        for city_id in session.scalars(select(City.id).order_by(City.id)).all():
            usual.compute(session, city_id, datetime.fromtimestamp(timestamp, UTC))
            session.commit()


@jobs.app.periodic(cron="31 7 * * *")
@jobs.app.task(name="forecast", queueing_lock="forecast")
def forecast(timestamp: int) -> None:
    """Forecast the reports of the weeks to come, once a week for each city."""
    with job_sessions(settings().database)() as session:
        for city in session.scalars(select(City).order_by(City.id)).all():
            made = forecasting.make(session, city)
            session.commit()
            log.info("forecast made", city=city.slug, series=made)


@jobs.app.periodic(cron="*/5 * * * *")
@jobs.app.task(name="facts", queueing_lock="facts", lock="facts")
def refresh_facts(timestamp: int) -> None:
    """Bring the facts that figures are counted from up to date."""
    _refresh(whole=False)


@jobs.app.periodic(cron="11 9 * * *")
@jobs.app.task(name="all_facts", queueing_lock="all_facts", lock="facts")
def gather_all_facts(timestamp: int) -> None:
    """Gather the facts of all tickets, once a night: what a database was mended by hand shows too."""
    _refresh(whole=True)


def _refresh(*, whole: bool) -> None:
    with job_sessions(settings().database)() as session:
        for city in session.scalars(select(City).order_by(City.id)).all():
            done = keeping.refresh(session, city.id, whole=whole)
            session.commit()
            if done.gathered:
                log.info("facts refreshed", city=city.slug, tickets=done.gathered, chunks=done.written)

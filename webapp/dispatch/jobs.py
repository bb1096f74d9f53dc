"""The jobs that watch promises, and re-assign open tickets after rules or areas changed."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import select

from layers.models import City
from webapp import jobs
from webapp.config import settings
from webapp.db import job_sessions
from webapp.dispatch import escalation, reassignment


@jobs.app.periodic(cron="* * * * *")
@jobs.app.task(name="watch", queueing_lock="watch")
def watch(timestamp: int) -> None:
    """Tell who is to know of tickets at risk and overdue."""
    with job_sessions(settings().database)() as session:
        for city in session.scalars(select(City).order_by(City.id)).all():
            escalation.run(session, city)
            session.commit()


@jobs.app.periodic(cron="* * * * * */5")
@jobs.app.task(name="reassign", queueing_lock="reassign", lock="reassign")
def reassign(timestamp: int) -> None:
    """Make the re-assignments that are due; one that was interrupted goes on where it stopped."""
    with job_sessions(settings().database)() as session:
        for city in session.scalars(select(City).order_by(City.id)).all():
            for run_id in reassignment.due(session, city.id, datetime.now(UTC)):
                reassignment.complete(session, city, run_id)
            session.commit()

"""The job that watches promises."""

from __future__ import annotations

from sqlalchemy import select

from layers.models import City
from webapp import jobs
from webapp.config import settings
from webapp.db import job_sessions
from webapp.dispatch import escalation


@jobs.app.periodic(cron="* * * * *")
@jobs.app.task(name="watch", queueing_lock="watch")
def watch(timestamp: int) -> None:
    """Tell who is to know of tickets at risk and overdue."""
    with job_sessions(settings().database)() as session:
        for city in session.scalars(select(City).order_by(City.id)).all():
            escalation.run(session, city)
            session.commit()

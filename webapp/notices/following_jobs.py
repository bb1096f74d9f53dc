"""The jobs of what comes after a report: asking whether it is fixed, and telling of what was found nearby."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from layers.models import City
from webapp import jobs
from webapp.config import Settings, settings
from webapp.db import job_sessions
from webapp.notices import alert_mail, alerts, surveys


@jobs.app.periodic(cron="*/10 * * * *")
@jobs.app.task(name="surveys", queueing_lock="surveys")
def ask_whether_fixed(timestamp: int) -> None:
    """Ask those whose problem was done lately."""
    now = settings()
    with job_sessions(now.database)() as session:
        for city in _cities(session):
            surveys.ask(session, now, city, datetime.fromtimestamp(timestamp, UTC))
            session.commit()


@jobs.app.periodic(cron="* * * * * */20")
@jobs.app.task(name="alerts", queueing_lock="alerts")
def alert(timestamp: int) -> None:
    """Tell of what was reported where somebody wants to hear of it."""
    now = settings()
    with job_sessions(now.database)() as session:
        run_alerts(session, now, datetime.fromtimestamp(timestamp, UTC))


def run_alerts(session: Session, settings: Settings, now: datetime) -> int:
    """Look for new tickets in every city and hand over what is to be told; commits as it goes.

    Returns
    -------
    int
        How many messages there are.
    """
    told = 0
    for city in _cities(session):
        alerts.find(session, city.id)
        session.commit()
        told += alert_mail.tell(session, settings, city, now)
        session.commit()
    return told


def _cities(session: Session) -> list[City]:
    return list(session.scalars(select(City).order_by(City.id)))

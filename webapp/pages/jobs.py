"""The jobs that look at alerts on figures, and send the weekly mail."""

from __future__ import annotations

from datetime import UTC, datetime

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from layers.models import City
from webapp import jobs
from webapp.config import settings
from webapp.db import job_sessions
from webapp.insight import alerts
from webapp.insight.counting import daily
from webapp.pages import figure_mail

log = structlog.get_logger()


@jobs.app.periodic(cron="7,37 * * * *")
@jobs.app.task(name="figure_alerts", queueing_lock="figure_alerts")
def look_at_alerts(timestamp: int) -> None:
    """Tell staff of figures that went beyond the limits that they set."""
    with job_sessions(settings().database)() as session:
        look(session, datetime.now(UTC))


@jobs.app.periodic(cron="51 10 * * *")
@jobs.app.task(name="weekly_mail", queueing_lock="weekly_mail")
def tell_of_the_week(timestamp: int) -> None:
    """Tell staff who asked for it what changed most in the last whole week, once."""
    with job_sessions(settings().database)() as session:
        tell_week(session)


def look(session: Session, now: datetime) -> int:
    """Look at the alerts of every city; commits as it goes. Returns of how many somebody is told."""
    told = 0
    for city in session.scalars(select(City).order_by(City.id)).all():
        if crossed := alerts.evaluate(session, city.id, now):
            figure_mail.tell(session, figure_mail.writer(session, city), crossed)
            log.info("alerts told", city=city.slug, alerts=len(crossed))
        session.commit()
        told += len(crossed)
    return told


def tell_week(session: Session) -> int:
    """Send the weekly mail of every city; commits as it goes. Returns to how many."""
    sent = 0
    for city in session.scalars(select(City).order_by(City.id)).all():
        if alerts.weekly(session, city.id) and (known := daily(session, city)).series:
            sent += figure_mail.tell_weekly(session, figure_mail.writer(session, city), known)
        session.commit()
    return sent

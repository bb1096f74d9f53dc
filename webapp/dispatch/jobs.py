"""The job that watches promises."""

from __future__ import annotations

from functools import cache

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from layers.models import City
from webapp import jobs
from webapp.config import settings
from webapp.db import make_engine, make_session
from webapp.dispatch import escalation


@jobs.app.periodic(cron="* * * * *")
@jobs.app.task(name="watch", queueing_lock="watch")
def watch(timestamp: int) -> None:
    """Tell who is to know of tickets at risk and overdue."""
    with _sessions(settings().database)() as session:
        for city in session.scalars(select(City).order_by(City.id)).all():
            escalation.run(session, city)
            session.commit()


@cache
def _sessions(database: str) -> sessionmaker[Session]:
    return make_session(make_engine(database, pool_size=1))

"""The jobs of notices: every few seconds, read the outbox, send what is due, and hear back offices."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from layers.models import City
from webapp import jobs
from webapp.config import Settings, settings
from webapp.db import job_sessions
from webapp.notices import delivering, erasing, handing_over, hearing, orders, outbox, outside, webhooks

log = structlog.get_logger()


@jobs.app.periodic(cron="23 8 * * *")
@jobs.app.task(name="erase_contacts", queueing_lock="erase_contacts")
def erase_contacts(timestamp: int) -> None:
    """Erase how to reach people whose term is over."""
    now = datetime.fromtimestamp(timestamp, UTC)
    with job_sessions(settings().database)() as session:
        for city in session.scalars(select(City)).all():
            while erasing.erase_old(session, city, now):
                session.commit()


@jobs.app.periodic(cron="* * * * * */5")
@jobs.app.task(name="notices", queueing_lock="notices")
def tell(timestamp: int) -> None:
    """Tell everybody what has happened since the last time."""
    now = settings()
    with job_sessions(now.database)() as session:
        run(session, now)


def run(session: Session, settings: Settings) -> int:
    """Read the outbox of every city and send what is due; commits as it goes.

    Returns
    -------
    int
        How many messages were accepted.
    """
    cities = session.scalars(select(City).order_by(City.id)).all()
    for city in cities:
        outbox.read(session, city.id)
        session.commit()
    return sum(delivering.send_due(session, settings, city) for city in cities)


@jobs.app.periodic(cron="* * * * * */5")
@jobs.app.task(name="webhooks", queueing_lock="webhooks")
def call_webhooks(timestamp: int) -> None:
    """Let other systems know what has happened since the last time."""
    now = settings()
    with job_sessions(now.database)() as session:
        run_webhooks(session, now)


def run_webhooks(session: Session, settings: Settings) -> int:
    """Queue what webhooks are to hear and try what is due; commits as it goes. Returns how many arrived."""
    arrived = 0
    for city in session.scalars(select(City).order_by(City.id)).all():
        webhooks.read(session, city.id)
        session.commit()
        silent: set[int] = set()
        while (claimed := webhooks.claim(session, city.id, silent=silent)) is not None:
            sent = webhooks.body(session, city, claimed)
            session.commit()
            arrived += _call(session, settings, city, claimed, sent, silent)
            session.commit()
    return arrived


@jobs.app.periodic(cron="* * * * * */5")
@jobs.app.task(name="back_offices", queueing_lock="back_offices")
def serve_back_offices(timestamp: int) -> None:
    """Give back offices their tickets, and hear what has become of them."""
    now = settings()
    with job_sessions(now.database)() as session:
        run_back_offices(session, now)


def run_back_offices(session: Session, settings: Settings) -> int:
    """Hand over tickets that are due and hear what is new; commits as it goes. Returns how many arrived."""
    arrived = 0
    for city in session.scalars(select(City).order_by(City.id)).all():
        orders.read(session, city.id)
        session.commit()
        arrived += handing_over.hand_over_due(session, settings, city)
        hearing.hear_all(session, settings, city)
    return arrived


def _call(
    session: Session,
    settings: Settings,
    city: City,
    claimed: webhooks.Claimed,
    sent: bytes,
    silent: set[int],
) -> bool:
    headers = {
        "Content-Type": "application/json",
        "Pinward-Delivery": str(claimed.id),
        "Pinward-Signature": webhooks.signature(claimed.secret, sent, int(time.time())),
    }
    try:
        outside.post(claimed.url, sent, headers, inside=settings.hooks_inside)
    except outside.NotSentError as problem:
        if isinstance(problem, outside.NoAnswerError):
            silent.add(claimed.webhook_id)
        webhooks.failed(session, city.id, claimed.id, str(problem))
        log.warning("webhook not delivered", city=city.slug, delivery=claimed.id, error=str(problem))
        return False
    webhooks.delivered(session, city.id, claimed.id)
    return True

"""The jobs of notices: every few seconds, read the outbox, send what is due, and hear back offices."""

from __future__ import annotations

import smtplib
import time

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from layers.models import City
from webapp import jobs
from webapp.config import Settings, settings
from webapp.db import job_sessions
from webapp.notices import handing_over, hearing, mail, orders, outbox, outside, sending, webhooks
from webapp.people import contacts

log = structlog.get_logger()


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
    return sum(_send_due(session, settings, city) for city in cities)


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


def _send_due(session: Session, settings: Settings, city: City) -> int:
    if not sending.any_due(session, city):
        return 0
    accepted = 0
    try:
        with mail.transport(settings) as deliver:
            while (claimed := sending.claim(session, city)) is not None:
                session.commit()
                accepted += _send(session, settings, city, claimed, deliver)
                session.commit()
    except (OSError, smtplib.SMTPException) as error:
        # Nothing more can go out now. What was claimed last comes again by itself; the rest was not touched.
        session.rollback()
        log.warning("mail server unavailable", city=city.slug, error=type(error).__name__)
    return accepted


def _send(
    session: Session, settings: Settings, city: City, claimed: sending.Claimed, deliver: mail.Deliver
) -> bool:
    contact = _reader(session, city, claimed)
    if contact is None:
        # Erased since: its notices went with it.
        return False
    session.commit()
    try:
        deliver(mail.compose(settings, city, contact, claimed))
    except mail.DeliveryError as error:
        sending.not_sent(session, city, claimed, str(error), hopeless=error.hopeless)
        log.warning("notice not sent", city=city.slug, notice=claimed.notice_id, error=str(error))
        return False
    sending.sent(session, city, claimed)
    return True


def _reader(session: Session, city: City, claimed: sending.Claimed) -> contacts.ContactDetails | None:
    if claimed.contact_id is not None:
        return contacts.get(session, city.id, claimed.contact_id)
    return contacts.ContactDetails(claimed.staff_name, claimed.staff_email)

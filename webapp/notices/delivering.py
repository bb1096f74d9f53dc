"""Sends the notices that are due, by each channel; those by phone and letter are told by staff."""

from __future__ import annotations

import smtplib
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any, NamedTuple

import structlog
from sqlalchemy.orm import Session

from layers.models import City
from webapp.config import Settings
from webapp.notices import bounces, mail, push, quiet, sending, sms
from webapp.people import contacts
from webapp.people.contacts import ContactDetails

log = structlog.get_logger()


class WayOut(NamedTuple):
    """How notices of one channel are written, and handed over to whoever takes them further."""

    compose: Callable[[Settings, City, ContactDetails, sending.Claimed], Any]
    transport: Callable[[Settings], AbstractContextManager[Callable[[Any], Any]]]


WAYS_OUT = {
    "mail": WayOut(mail.compose, mail.transport),
    "sms": WayOut(sms.compose, sms.transport),
    "push": WayOut(push.compose, push.transport),
}


def send_due(session: Session, settings: Settings, city: City) -> int:
    """Send what is due, one after the other; commits as it goes.

    Returns
    -------
    int
        How many messages were accepted.
    """
    return sum(_send_due_by(session, settings, city, channel) for channel in WAYS_OUT)


def _send_due_by(session: Session, settings: Settings, city: City, channel: str) -> int:
    is_quiet = quiet.is_quiet(city, channel, datetime.now(UTC))
    if not sending.any_due(session, city, channel, quiet=is_quiet):
        return 0
    accepted = 0
    try:
        with WAYS_OUT[channel].transport(settings) as deliver:
            while (claimed := sending.claim(session, city, channel, quiet=is_quiet)) is not None:
                session.commit()
                accepted += _send(session, settings, city, claimed, channel, deliver)
                session.commit()
    except (OSError, smtplib.SMTPException) as error:
        # Nothing more can go out now. What was claimed last comes again by itself; the rest was not touched.
        session.rollback()
        log.warning("way out closed", city=city.slug, channel=channel, error=type(error).__name__)
    return accepted


def _send(
    session: Session,
    settings: Settings,
    city: City,
    claimed: sending.Claimed,
    channel: str,
    deliver: Callable[[Any], Any],
) -> bool:
    reader = _reader(session, city, claimed)
    if reader is None:
        # Erased since: its notices went with it.
        return False
    if reader.stopped and not (claimed.message or {}).get("asked_for"):
        sending.stopped(session, city, claimed)
        return False
    session.commit()
    try:
        deliver(WAYS_OUT[channel].compose(settings, city, reader, claimed))
    except sending.DeliveryError as error:
        _note_failure(session, city, claimed, channel, error)
        return False
    sending.sent(session, city, claimed)
    return True


def _note_failure(
    session: Session, city: City, claimed: sending.Claimed, channel: str, error: sending.DeliveryError
) -> None:
    sending.not_sent(session, city, claimed, str(error), hopeless=error.hopeless)
    if error.is_dead and claimed.contact_id is not None:
        if channel == "push":
            push.forget(session, city.id, claimed.contact_id)
        else:
            bounces.give_up_address(session, city.id, claimed.contact_id, claimed.notice_id)
    log.warning("notice not sent", city=city.slug, notice=claimed.notice_id, error=str(error))


def _reader(session: Session, city: City, claimed: sending.Claimed) -> ContactDetails | None:
    if claimed.contact_id is not None:
        return contacts.get(session, city.id, claimed.contact_id)
    return ContactDetails(claimed.staff_name, claimed.staff_email)

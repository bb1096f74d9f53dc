"""Mails the links that somebody asked for: to their own reports, to follow a report, to be alerted.

Nobody can have us write to a stranger often: of each kind one mail in ten minutes goes to a contact. The
caller commits.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from layers.models import City
from webapp.config import Settings
from webapp.languages import SOURCE, nearest, sentences
from webapp.notices.messages import Message, hand_over
from webapp.people import contacts, own_reports, tokens

FOLLOW = "follow"
ALERT = "alert"
MY_REPORTS = "my"
"""Purposes of links."""
STOP_LASTS = timedelta(days=3650)
"""A link by which something is confirmed, and years later ended."""


def send_my_reports(session: Session, settings: Settings, city: City, address: str) -> bool:
    """Mail a link to all reports of an address, where any contact has it."""
    contact_id = contacts.latest_with_address(session, city.id, address)
    if contact_id is None:
        return False
    link_id = own_reports.make(session, city.id, contact_id)
    _ = _language_of(session, city, contact_id)
    message = Message(
        subject=_("Your reports"),
        text=_(
            "Somebody, we think you, asked for a link to all that was reported with this e-mail address. "
            "It works once, for %(minutes)d minutes. If it was not you, nothing needs to be done."
        )
        % {"minutes": own_reports.LASTS.total_seconds() // 60},
        path=f"/my/{tokens.sign(settings.secret_key, MY_REPORTS, city.id, link_id)}",
        path_words=_("Show my reports"),
    )
    return _hand_over(session, city, contact_id, message, "my reports")


def send_follow(
    session: Session, settings: Settings, city: City, contact_id: int, follower_id: int, number: str
) -> bool:
    """Mail the link by which somebody begins, or ceases, to follow a report."""
    _ = _language_of(session, city, contact_id)
    message = Message(
        subject=_("Follow %(number)s") % {"number": number},
        text=_(
            "Somebody, we think you, wants to hear by e-mail what becomes of report %(number)s. Open the "
            "link to say yes, or to stop. If it was not you, do nothing: we will not write again."
        )
        % {"number": number},
        path=f"/follow/{tokens.sign(settings.secret_key, FOLLOW, city.id, follower_id)}",
        path_words=_("Follow, or stop"),
    )
    return _hand_over(session, city, contact_id, message, f"follow {follower_id}")


def send_alert(
    session: Session, settings: Settings, city: City, contact_id: int, alert_id: int, name: str
) -> bool:
    """Mail the link that confirms an alert."""
    _ = _language_of(session, city, contact_id)
    message = Message(
        subject=_("Confirm your alert: %(area)s") % {"area": name},
        text=_(
            "Somebody, we think you, wants to hear by e-mail of what is reported here: %(area)s. Open the "
            "link to say yes. If it was not you, nothing needs to be done: we will not write again."
        )
        % {"area": name},
        path=alert_path(settings, city.id, alert_id),
        path_words=_("Confirm the alert"),
    )
    return _hand_over(session, city, contact_id, message, f"alert {alert_id} asked")


def alert_path(settings: Settings, city_id: int, alert_id: int) -> str:
    """Return the address of the page where an alert is looked at, confirmed and ended."""
    return f"/area-alerts/{tokens.sign(settings.secret_key, ALERT, city_id, alert_id)}"


def _language_of(session: Session, city: City, contact_id: int) -> Callable[[str], str]:
    person = contacts.get(session, city.id, contact_id)
    say: Callable[[str], str] = sentences(nearest(person.language if person else SOURCE) or SOURCE).gettext
    return say


def _hand_over(session: Session, city: City, contact_id: int, message: Message, what: str) -> bool:
    ten_minutes = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M")[:-1]
    key = f"{what} {contact_id} {ten_minutes}"
    return hand_over(session, city.id, contact_id, message, key=key, asked_for=True)

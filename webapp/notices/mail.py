"""Mail: writes the message of a notice, and hands it to the mail server or keeps it as a file."""

from __future__ import annotations

import os
import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time
from jinja2 import Environment, PackageLoader, select_autoescape

from layers.models import City
from webapp.config import Settings
from webapp.languages import SOURCE, locale_of, marked, nearest, sentences
from webapp.notices.sending import Claimed
from webapp.people.contacts import ContactDetails

Deliver = Callable[[EmailMessage], Any]

SECONDS_A_STEP = 10
"""Patience with each answer of the mail server. A message takes four: less than a claim's first minute."""

_SUBJECTS = {
    "received": marked("We have your report"),
    "joined": marked("Your report joins one we know of"),
    "scheduled": marked("The work is scheduled"),
    "in_progress": marked("The work has begun"),
    "waiting": marked("The work has to wait"),
    "referred": marked("Your report was passed on"),
    "done": marked("The work is done"),
    "declined": marked("Why we will not act on your report"),
    "reopened": marked("Your report is open again"),
    "undone": marked("Our last message was a mistake"),
    "escalated": marked("A ticket needs your attention"),
}
_STILL_PROMISED = frozenset(
    {"received", "joined", "scheduled", "in_progress", "reopened", "undone", "escalated"}
)

_templates = Environment(
    loader=PackageLoader("webapp.notices"), autoescape=select_autoescape(), trim_blocks=True
)


class DeliveryError(Exception):
    """A message that did not go out.

    Parameters
    ----------
    hopeless
        Trying again cannot help: the address does not exist, or is not one.
    """

    def __init__(self, reason: str, *, hopeless: bool) -> None:
        super().__init__(reason)
        self.hopeless = hopeless


def compose(settings: Settings, city: City, contact: ContactDetails, notice: Claimed) -> EmailMessage:
    """Return the message of a notice, in the contact's language: plain text and HTML.

    What the reporter wrote is not repeated in it, or anybody could have us send their words to any address.

    Raises
    ------
    DeliveryError
        When the contact's address is not one.
    """
    zone = ZoneInfo(city.time_zone)
    language = nearest(contact.language) or SOURCE
    locale = locale_of(language)
    gettext = sentences(language).gettext

    def say(sentence: str, **values: object) -> str:
        return str(gettext(sentence)) % values

    def local(when: datetime) -> str:
        return say("%(day)s, %(time)s", day=_day(when, zone, locale), time=_clock(when, zone, locale))

    service = {"name": notice.service, "notice": notice.service_notice}
    service |= notice.service_translations.get(language, {})
    subject = gettext(_SUBJECTS[notice.kind])
    words = {
        "_": say,
        "lang": language,
        "direction": locale.text_direction,
        "city": city.name,
        "phone": (city.details.get("contact") or {}).get("phone"),
        "notice": notice,
        "service": service,
        "requested": local(notice.requested_at),
        "promised": local(notice.due_at) if notice.due_at and notice.kind in _STILL_PROMISED else None,
        "link": f"{base_url(settings)}/{_path(notice)}",
        "subject": subject,
    }
    words["opening"] = _templates.get_template("opening.txt").render(words).strip()
    message = EmailMessage()
    message["From"] = settings.mail_from
    message["To"] = _address(contact)
    message["Subject"] = f"{subject}: {service['name']} ({notice.tracking_number})"
    message["Date"] = format_datetime(notice.at.astimezone(zone))
    message["Message-ID"] = f"<{city.slug}-notice-{notice.notice_id}@{_domain(settings)}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(_templates.get_template("notice.txt").render(words))
    message.add_alternative(_templates.get_template("notice.html").render(words), subtype="html")
    return message


def _day(when: datetime, zone: ZoneInfo, locale: Locale) -> str:
    return format_date(when.astimezone(zone), "full", locale=locale)


def _clock(when: datetime, zone: ZoneInfo, locale: Locale) -> str:
    # Few fonts have the narrow space that the locale data puts before AM and PM.
    return format_time(when, "short", tzinfo=zone, locale=locale).replace("\u202f", " ")


def _path(notice: Claimed) -> str:
    if notice.contact_id is None:
        return f"crew/{notice.ticket_id}"
    return f"track/{notice.tracking_number}"


def base_url(settings: Settings) -> str:
    """Return the address of our pages, without a slash at its end."""
    return (settings.public_url or f"http://localhost:{settings.port}").rstrip("/")


@contextmanager
def transport(settings: Settings) -> Iterator[Deliver]:
    """Open the way out: a function that sends one message and returns when it was accepted.

    Without ``PINWARD_SMTP`` messages are kept as files in ``PINWARD_HOME/mail``.

    Raises
    ------
    OSError, smtplib.SMTPException
        On opening: the mail server does not answer, or does not let us in.
    DeliveryError
        By the function: this message was refused.
    """
    if settings.smtp_url is None:
        folder = settings.home / "mail"
        folder.mkdir(parents=True, exist_ok=True)
        yield lambda message: _keep(folder, message)
        return
    with _connected(settings.smtp_url) as server:
        yield lambda message: _hand_over(server, message)


def _keep(folder: Path, message: EmailMessage) -> None:
    name = message["Message-ID"].strip("<>").partition("@")[0]
    # The same name on a repeat, and never half a file under it.
    half = folder / f".{name}.{os.getpid()}"
    half.write_bytes(message.as_bytes())
    half.replace(folder / f"{name}.eml")


def _connected(url: str) -> smtplib.SMTP:
    parts = urlsplit(url)
    host = parts.hostname or "localhost"
    context = ssl.create_default_context()
    server: smtplib.SMTP
    if parts.scheme == "smtps":
        server = smtplib.SMTP_SSL(host, parts.port or 465, timeout=SECONDS_A_STEP, context=context)
    else:
        server = smtplib.SMTP(host, parts.port or 25, timeout=SECONDS_A_STEP)
        server.ehlo()
        if server.has_extn("starttls"):
            server.starttls(context=context)
            server.ehlo()
        elif parts.password:
            server.close()
            raise smtplib.SMTPNotSupportedError("The mail server offers no STARTTLS: no password is sent.")
    if parts.username:
        server.login(unquote(parts.username), unquote(parts.password or ""))
    return server


def _hand_over(server: smtplib.SMTP, message: EmailMessage) -> None:
    try:
        server.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        code = max((code for code, _ in error.recipients.values()), default=550)
        raise DeliveryError(f"The mail server refused the address ({code}).", hopeless=code >= 500) from error
    except smtplib.SMTPResponseException as error:
        what = f"The mail server answered {error.smtp_code}."
        hopeless = error.smtp_code >= 500 and isinstance(error, smtplib.SMTPDataError)
        raise DeliveryError(what, hopeless=hopeless) from error
    except smtplib.SMTPNotSupportedError as error:
        raise DeliveryError("The mail server takes ASCII addresses only.", hopeless=True) from error


def _address(contact: ContactDetails) -> Address:
    try:
        return Address(display_name=contact.name or "", addr_spec=contact.email or "")
    except (ValueError, IndexError, MessageError) as error:
        # The reason must not repeat the address: it is shown to staff and logged.
        raise DeliveryError("The contact's e-mail address is not one.", hopeless=True) from error


def _domain(settings: Settings) -> str:
    host = urlsplit(settings.public_url).hostname if settings.public_url else None
    return host or parseaddr(settings.mail_from)[1].rpartition("@")[2] or "localhost"

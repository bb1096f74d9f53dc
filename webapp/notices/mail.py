"""Mail: writes the message of a notice, and hands it to the mail server or keeps it as a file."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import Any
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

from layers.models import City
from webapp.config import Settings
from webapp.notices import bounces, kept
from webapp.notices.sending import Claimed, DeliveryError
from webapp.notices.wording import Words, templates, words_of
from webapp.people.contacts import ContactDetails

Deliver = Callable[[EmailMessage], Any]

SECONDS_A_STEP = 10
"""Patience with each answer of the mail server. A message takes four: less than a claim's first minute."""


def compose(settings: Settings, city: City, reader: ContactDetails, notice: Claimed) -> EmailMessage:
    """Return the message of a notice, in its reader's language: plain text and HTML.

    Raises
    ------
    DeliveryError
        When the contact's address is not one.
    """
    words = words_of(settings, city, reader, notice)
    message = EmailMessage()
    message["From"] = settings.mail_from
    message["To"] = _address(reader)
    message["Subject"] = _subject(words)
    message["Date"] = format_datetime(notice.at.astimezone(ZoneInfo(city.time_zone)))
    message["Message-ID"] = f"<{city.slug}-notice-{notice.notice_id}@{_domain(settings)}>"
    message["Auto-Submitted"] = "auto-generated"
    if words.stop_link:
        # One tap in the mail program stops them (RFC 8058).
        message["List-Unsubscribe"] = f"<{words.one_tap}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    if settings.bounces is not None and reader.key:
        message["Return-Path"] = bounces.return_path(
            settings.bounces, city.slug, notice.notice_id, reader.key
        )
    said = {"_": words.say, "words": words}
    message.set_content(templates.get_template("notice.txt").render(said))
    message.add_alternative(templates.get_template("notice.html").render(said), subtype="html")
    return message


def _subject(words: Words) -> str:
    if not words.about or not words.number:
        return words.subject
    return f"{words.subject}: {words.about} ({words.number})"


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
        yield lambda message: _keep(settings, message)
        return
    with _connected(settings.smtp_url) as server:
        yield lambda message: _hand_over(server, message)


def _keep(settings: Settings, message: EmailMessage) -> None:
    name = message["Message-ID"].strip("<>").partition("@")[0]
    kept.keep(settings, f"{name}.eml", message.as_bytes())


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
    sender = message["Return-Path"]
    del message["Return-Path"]
    try:
        server.send_message(message, from_addr=sender)
    except smtplib.SMTPRecipientsRefused as error:
        code, said = max(error.recipients.values(), default=(550, b""))
        raise DeliveryError(
            f"The mail server refused the address ({code}).",
            hopeless=code >= 500,
            is_dead=bounces.is_dead(said.decode(errors="replace")),
        ) from error
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

"""Web push: who subscribed, and messages encrypted for one browser alone (RFC 8030, RFC 8291)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from layers.models import City
from webapp.config import Settings
from webapp.languages import Sentence
from webapp.notices import kept, outside, vapid
from webapp.notices.models import PushSubscription
from webapp.notices.sending import Claimed, DeliveryError
from webapp.notices.wording import words_of
from webapp.people import contacts
from webapp.people.contacts import ContactDetails

LONGEST_ENDPOINT = 1000
KEPT_S = 3 * 24 * 60 * 60
"""So long the maker of the browser keeps a message for a phone that is switched off."""
LONGEST_BODY = 600
"""Characters of a message: what phones show, and less than the 4,096 bytes that have to be taken."""
_GONE = (404, 410)
_REFUSED = (400, 413)


class SubscriptionError(ValueError):
    """What a browser sent is no subscription."""


@dataclass(frozen=True)
class Push:
    """One message to one browser."""

    name: str
    """The same on a repeat."""
    endpoint: str
    p256dh: bytes
    auth: bytes
    payload: bytes


def subscribe(
    session: Session, settings: Settings, city_id: int, endpoint: str, p256dh: str, auth: str, language: str
) -> int:
    """Return the contact that a browser is, making it where it is new. The caller commits.

    Parameters
    ----------
    endpoint, p256dh, auth
        As the browser's ``PushSubscription`` gives them; the keys as base64url.

    Raises
    ------
    SubscriptionError
        When they cannot be right.
    """
    secure = urlsplit(endpoint).scheme == "https" or settings.hooks_inside
    if not secure or len(endpoint) > LONGEST_ENDPOINT or not _is_key(p256dh) or len(_bytes(auth)) != 16:
        raise SubscriptionError(Sentence("This browser did not say where messages can be sent."))
    known = session.scalar(
        select(PushSubscription).where(
            PushSubscription.city_id == city_id, PushSubscription.endpoint == endpoint
        )
    )
    if known is not None and (known.p256dh, known.auth) == (p256dh, auth):
        contacts.stop(session, city_id, [known.contact_id], stopped=False)
        return known.contact_id
    if known is not None:
        session.delete(known)
        session.flush()
    contact_id = contacts.add_browser(session, city_id, language)
    session.add(
        PushSubscription(city_id=city_id, contact_id=contact_id, endpoint=endpoint, p256dh=p256dh, auth=auth)
    )
    session.flush()
    return contact_id


def contact_of(session: Session, city_id: int, endpoint: str) -> int | None:
    """Return the contact that a browser is, None where it is not subscribed."""
    one = (PushSubscription.city_id == city_id, PushSubscription.endpoint == endpoint)
    return session.scalar(select(PushSubscription.contact_id).where(*one))


def forget(session: Session, city_id: int, contact_id: int) -> None:
    """Forget a browser that is subscribed no more. The caller commits."""
    one = (PushSubscription.city_id == city_id, PushSubscription.contact_id == contact_id)
    session.execute(delete(PushSubscription).where(*one))
    contacts.stop(session, city_id, [contact_id])


def compose(settings: Settings, city: City, reader: ContactDetails, notice: Claimed) -> Push:
    """Return the message of a notice for its reader's browser.

    Raises
    ------
    DeliveryError
        When the browser is subscribed no more.
    """
    if notice.endpoint is None or notice.p256dh is None or notice.auth is None:
        raise DeliveryError("The browser is subscribed no more.", hopeless=True)
    words = words_of(settings, city, reader, notice)
    body = "\n".join(filter(None, (words.about, words.where, words.note or words.opening)))
    name = f"{city.slug}-notice-{notice.notice_id}"
    shown = {
        "title": f"{words.city} 311: {words.subject}",
        "body": body if len(body) <= LONGEST_BODY else f"{body[: LONGEST_BODY - 1]}…",
        "url": urlsplit(words.link).path or "/",
        "tag": name,
        "lang": words.language,
        "dir": words.direction,
    }
    payload = json.dumps(shown, ensure_ascii=False).encode()
    return Push(name, notice.endpoint, _bytes(notice.p256dh), _bytes(notice.auth), payload)


@contextmanager
def transport(settings: Settings) -> Iterator[Callable[[Push], None]]:
    """Give a function that sends one message and returns when the maker of the browser took it.

    In the demo it is kept as a file, too.

    Raises
    ------
    DeliveryError
        By the function: it was not taken.
    """
    yield lambda push: _hand_over(settings, push)


def _hand_over(settings: Settings, push: Push) -> None:
    if settings.catches_mail:
        kept.keep(settings, f"{push.name}.push", push.payload)
    try:
        status = outside.ask(
            "POST",
            push.endpoint,
            encrypted(push),
            _headers(settings, push),
            inside=settings.hooks_inside,
        ).status
    except outside.NotSentError as error:
        raise DeliveryError(str(error), hopeless=False) from error
    if not 200 <= status < 300:
        hopeless = status in _GONE or status in _REFUSED
        raise DeliveryError(
            f"The browser's maker answered {status}.", hopeless=hopeless, is_dead=status in _GONE
        )


def encrypted(push: Push) -> bytes:
    """Return the payload as only the browser can read it (RFC 8291, aes128gcm)."""
    body: bytes = http_ece.encrypt(
        push.payload,
        salt=os.urandom(16),
        private_key=ec.generate_private_key(ec.SECP256R1()),
        dh=push.p256dh,
        auth_secret=push.auth,
        version="aes128gcm",
    )
    return body


def _headers(settings: Settings, push: Push) -> dict[str, str]:
    # Of messages with one topic that wait for a phone, only the latest is kept: a repeat makes no second one.
    topic = base64.urlsafe_b64encode(hashlib.sha256(push.name.encode()).digest()[:24]).decode()
    return {
        "Content-Type": "application/octet-stream",
        "Content-Encoding": "aes128gcm",
        "TTL": str(KEPT_S),
        "Topic": topic,
        "Urgency": "normal",
        "Authorization": vapid.authorization(settings, push.endpoint),
    }


def _is_key(p256dh: str) -> bool:
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _bytes(p256dh))
    except ValueError:
        return False
    return True


def _bytes(base64url: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(base64url.encode("ascii") + b"=" * (-len(base64url) % 4))
    except (ValueError, binascii.Error):
        return b""

"""SMS: writes the short text of a notice, and hands it to a gateway or keeps it as a file."""

from __future__ import annotations

import base64
import json
import math
import re
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

import structlog

from layers.models import City
from webapp.config import Settings
from webapp.notices import kept, outside
from webapp.notices.sending import Claimed, DeliveryError
from webapp.notices.wording import Words, words_of
from webapp.people.contacts import ContactDetails

log = structlog.get_logger()

_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_TWICE = frozenset("^{}\\[~]|€")
_WRITTEN_WITHOUT_ACCENTS = ("es",)
"""Languages that lose nothing that matters by it, and half the length of a text with it."""
_LATER = (401, 403, 408, 425, 429)
"""Answers that refuse no number: nothing goes out until somebody sets the gateway right, or it has rested."""


@dataclass(frozen=True)
class Sms:
    """One text to one phone."""

    name: str
    """The same on a repeat."""
    to: str
    """E.164, such as +16175550100."""
    text: str


def compose(settings: Settings, city: City, reader: ContactDetails, notice: Claimed) -> Sms:
    """Return the text of a notice in its reader's language, as short as it can be: in one part if possible.

    Raises
    ------
    DeliveryError
        When the contact's number cannot be one.
    """
    number = _number(reader.phone or "", settings.sms_country)
    return Sms(
        f"{city.slug}-notice-{notice.notice_id}", number, text_of(words_of(settings, city, reader, notice))
    )


def text_of(words: Words) -> str:
    """Return the longest text that is one part; else the shortest. A first one says how to stop them."""
    wheres = [", ".join(filter(None, (words.about, words.where))), words.about, ""]
    stops = [words.stop_link] if words.is_first else [words.stop_link, ""]
    texts = [_written(words, where, stop) for stop in stops for where in wheres]
    return next((text for text in texts if parts(text) == 1), texts[-1])


def parts(text: str) -> int:
    """Return how many messages a text takes: of 160 GSM 03.38 characters, or 70 UTF-16 units of any others.

    Of several parts each holds 153 or 67.
    """
    if all(character in _GSM or character in _GSM_TWICE for character in text):
        length, one, each = sum(1 + (character in _GSM_TWICE) for character in text), 160, 153
    else:
        length, one, each = len(text.encode("utf-16-le")) // 2, 70, 67
    return 1 if length <= one else math.ceil(length / each)


@contextmanager
def transport(settings: Settings) -> Iterator[Callable[[Sms], None]]:
    """Give a function that sends one text and returns when the gateway took it.

    Without ``PINWARD_SMS_URL`` texts are kept as files, and the log says so without the number.

    Raises
    ------
    OSError
        By the function: the gateway takes nothing now.
    DeliveryError
        By the function: it refused this text.
    """
    if settings.sms_url is None:
        yield lambda sms: _keep(settings, sms)
    else:
        yield lambda sms: _hand_over(settings, sms)


def _written(words: Words, about: str, stop: str) -> str:
    text = words.say("%(city)s 311: %(what)s", city=words.city, what=words.subject)
    more = [about, words.link, f"{words.say('Stop')}: {stop}" if stop else ""]
    text = "\n".join([text, *filter(None, more)])
    return _without_accents(text) if words.language in _WRITTEN_WITHOUT_ACCENTS else text


def _without_accents(text: str) -> str:
    """Return a text with the plain letters of those that a GSM text cannot hold, such as a for á."""
    return "".join(
        character if character in _GSM else unicodedata.normalize("NFD", character)[0] for character in text
    )


def _number(phone: str, country: str) -> str:
    digits = "".join(character for character in phone if character.isdecimal())
    if not 7 <= len(digits) <= 15:
        raise DeliveryError("The contact's phone number is not one.", hopeless=True)
    if phone.strip().startswith("+"):
        return f"+{digits}"
    if digits.startswith("00"):
        return f"+{digits[2:]}"
    own = country.lstrip("+")
    # In North America the country code is written also without a plus sign before it.
    return f"+{digits}" if own == "1" and len(digits) == 11 and digits[0] == "1" else f"+{own}{digits}"


def _keep(settings: Settings, sms: Sms) -> None:
    kept.keep(settings, f"{sms.name}.sms", json.dumps({"to": sms.to, "text": sms.text}).encode())
    log.info("sms kept as a file", sms=sms.name, characters=len(sms.text), parts=parts(sms.text))


def _hand_over(settings: Settings, sms: Sms) -> None:
    assert settings.sms_url is not None  # noqa: S101
    kind, body = _body(settings.sms_body, {"{to}": sms.to, "{text}": sms.text, "{id}": sms.name})
    headers = {"Content-Type": kind, "User-Agent": "Pinward", "Idempotency-Key": sms.name}
    if settings.sms_token is not None:
        headers["Authorization"] = _authorization(settings.sms_token.get_secret_value())
    try:
        # Whoever runs the city chose the address: it may be inside their own network.
        answer = outside.ask("POST", settings.sms_url, body, headers, inside=True)
    except outside.NotSentError as error:
        raise ConnectionError(str(error)) from error
    if answer.status >= 500 or answer.status in _LATER:
        raise ConnectionError(f"The SMS gateway answered {answer.status}.")
    if not 200 <= answer.status < 300:
        raise DeliveryError(f"The SMS gateway refused it ({answer.status}).", hopeless=True)


def _body(template: str, values: dict[str, str]) -> tuple[str, bytes]:
    """Return the type and the bytes of a body: JSON where the template is, else the fields of a form."""

    def filled(part: Any) -> Any:
        if isinstance(part, dict):
            return {key: filled(value) for key, value in part.items()}
        if isinstance(part, list):
            return [filled(value) for value in part]
        return _filled(part, values) if isinstance(part, str) else part

    if template.lstrip().startswith("{"):
        return "application/json", json.dumps(filled(json.loads(template))).encode()
    fields = [(name, _filled(value, values)) for name, value in parse_qsl(template)]
    return "application/x-www-form-urlencoded", urlencode(fields).encode()


def _filled(text: str, values: dict[str, str]) -> str:
    return re.sub(r"\{(to|text|id)\}", lambda found: values[found[0]], text)


def _authorization(token: str) -> str:
    if ":" not in token:
        return f"Bearer {token}"
    return f"Basic {base64.b64encode(token.encode()).decode()}"

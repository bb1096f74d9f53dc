"""Signed links for messages: whoever has one may do the one thing that it is for, until it expires."""

from __future__ import annotations

from datetime import timedelta

from itsdangerous import BadData, SignatureExpired, URLSafeTimedSerializer


class LinkError(ValueError):
    """A link that was not made here, or not whole."""


class LinkExpiredError(LinkError):
    """A link that was good once."""


def sign(secret: str, purpose: str, city_id: int, number: int) -> str:
    """Return the part of an address by which `read` knows who may do something.

    Parameters
    ----------
    secret
        The signing key of this installation.
    purpose
        What it is for, such as ``follow``: a link for one thing opens no other.
    number
        The id of what it is about.
    """
    return str(_serializer(secret, purpose).dumps([city_id, number]))


def read(secret: str, purpose: str, city_id: int, token: str, lasts: timedelta) -> int:
    """Return the id that a link is about.

    Raises
    ------
    LinkExpiredError
        It was made longer ago than ``lasts``.
    LinkError
        It is not one of this purpose and city.
    """
    try:
        made_for, number = _serializer(secret, purpose).loads(token, max_age=int(lasts.total_seconds()))
    except SignatureExpired as error:
        raise LinkExpiredError from error
    except (BadData, TypeError, ValueError) as error:
        raise LinkError from error
    if made_for != city_id:
        raise LinkError
    return int(number)


def _serializer(secret: str, purpose: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(secret, salt=f"pinward {purpose}")

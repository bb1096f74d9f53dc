"""Who sends many reports in a short time has a little work to do for each: no machine can send thousands.

The work is a puzzle after Hashcash (Back 2002): a number that, with the key of the form, has a SHA-256 that
begins with `BITS` zero bits. A phone finds one in a second or two, and a new form needs a new one. Nobody has
to read a picture, and without scripts one waits a few minutes instead.
"""

from __future__ import annotations

import hashlib
import time

from flask import abort, session
from flask_limiter.util import get_remote_address
from sqlalchemy.exc import SQLAlchemyError

from webapp.pages.throttle import limiter

BITS = 17
SPAN_S = 600
FREE_OF_DEVICE = 5
"""Reports of one browser in `SPAN_S` that need no work."""
FREE_OF_ADDRESS = 20
"""The same of one address, which many may share."""
MOST_OF_ADDRESS = 60
"""In `SPAN_S`, also with work."""
_LONGEST = 20
_SENT = "sent"


def tries() -> int:
    """Count this try of the caller's address, and return how many there were in `SPAN_S`.

    Raises
    ------
    werkzeug.exceptions.TooManyRequests
        There were more than `MOST_OF_ADDRESS`.
    """
    try:
        count = limiter.storage.incr(f"reports {get_remote_address()}", SPAN_S)
    except SQLAlchemyError:
        # Without the counts, people are let in rather than shut out.
        return 1
    if count > MOST_OF_ADDRESS:
        abort(429)
    return count


def is_due(count: int = 1) -> bool:
    """Say whether the next report needs work, after so many tries of the address."""
    return count > FREE_OF_ADDRESS or len(_lately()) >= FREE_OF_DEVICE


def is_done(key: str, work: str) -> bool:
    """Say whether the work for a form's key was done."""
    if not work or len(work) > _LONGEST:
        return False
    digest = hashlib.sha256(f"{key}:{work}".encode()).digest()
    return int.from_bytes(digest) >> (8 * len(digest) - BITS) == 0


def note_sent() -> None:
    """Note that this browser sent a report just now."""
    session[_SENT] = [*_lately(), int(time.time())][-FREE_OF_DEVICE:]


def _lately() -> list[int]:
    return [at for at in session.get(_SENT, ()) if at > time.time() - SPAN_S]

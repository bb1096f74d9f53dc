"""Who asks, and what that one may see: everybody, staff who are signed in, or a program with a key."""

from __future__ import annotations

from flask import request
from flask_login import current_user

from webapp.api.errors import RequestError
from webapp.api.key_use import counted


def sees_private(city_id: int) -> bool:
    """Return whether the caller may see the reports of services that are not public.

    A key comes as ``Authorization: Bearer KEY``. Nobody sees by this who made a report.

    Raises
    ------
    RequestError
        401 where the key is not valid, 429 where it is used too often.
    """
    if "Authorization" not in request.headers:
        return bool(current_user.is_authenticated)
    scheme, _, key = request.headers["Authorization"].partition(" ")
    use = counted(city_id, key.strip()) if scheme.lower() == "bearer" else None
    if use is None:
        raise RequestError(401, "Authorization: is not Bearer with a key that is valid here.")
    if use.too_many:
        raise RequestError(429, f"The key was used too often. Try again in {use.wait_s} seconds.")
    return "read_private" in use.scopes

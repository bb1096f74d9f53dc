"""Counts the calls that programs make with their keys."""

from __future__ import annotations

from flask import Response, after_this_request, g

from webapp.people import keys


def counted(city_id: int, key: str) -> keys.Use | None:
    """Count a call with ``key`` and return it; None where the key is not valid here.

    The count is committed at once: it stands whatever becomes of the call. One that is too many gets a
    ``Retry-After``; the caller refuses it with 429.
    """
    use = keys.use(g.session, city_id, key)
    g.session.commit()
    if use is not None and use.too_many:
        seconds = str(use.wait_s)

        @after_this_request
        def tell_when(response: Response) -> Response:
            response.headers["Retry-After"] = seconds
            return response

    return use

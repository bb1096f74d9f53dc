"""Sends to addresses that others chose, and to nothing inside our own network (server-side request forgery).

The name is looked up once and the connection made to the very address that was checked, so that a name which
changes its mind between the two leads nowhere. Redirections are not followed.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
from collections.abc import Mapping
from urllib.parse import urlsplit

TIMEOUT_S = 10
_READ = 2_000


class NotSentError(Exception):
    """What was to be sent did not arrive, or nobody said so; the message says why."""


def post(url: str, body: bytes, headers: Mapping[str, str], *, inside: bool = False) -> None:
    """POST a body; an answer of 2xx says that it arrived.

    Parameters
    ----------
    inside
        Whether private addresses are allowed, and http: for tests and networks of one's own.

    Raises
    ------
    NotSentError
        With the reason, in words for whoever runs the city.
    """
    parts = urlsplit(url)
    if parts.scheme != "https" and not (inside and parts.scheme == "http"):
        raise NotSentError("The address does not begin with https://.")
    try:
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)
        connection.sock = _connected(host, port, inside=inside)
        if parts.scheme == "https":
            connection.sock = ssl.create_default_context().wrap_socket(connection.sock, server_hostname=host)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            connection.request("POST", target, body, dict(headers))
            status = connection.getresponse()
            status.read(_READ)
        finally:
            connection.close()
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise NotSentError(f"No answer: {type(error).__name__}.") from error
    if not 200 <= status.status < 300:
        raise NotSentError(f"Answered {status.status}.")


def _connected(host: str, port: int, *, inside: bool) -> socket.socket:
    """Return a socket connected to the first address of ``host`` that answers; refuse if any is private."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    if not inside and not all(ipaddress.ip_address(each[4][0]).is_global for each in found):
        raise NotSentError("The address leads into a private network.")
    problem: OSError = OSError("no address")
    for *_, address in found:
        try:
            return socket.create_connection((str(address[0]), int(address[1])), timeout=TIMEOUT_S)
        except OSError as error:
            problem = error
    raise problem

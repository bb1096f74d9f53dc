"""Speaks with addresses that others chose, never with any inside our own network (request forgery).

The name is looked up once and the connection made to the very address that was checked, so that a name which
changes its mind between the two leads nowhere. Redirections are not followed.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Timer
from urllib.parse import urlsplit

TIMEOUT_S = 10
LONGEST_S = 25
"""Of a whole exchange, with somebody who answers a byte at a time."""
MOST_BYTES = 5_000_000
"""Of an answer."""


class NotSentError(Exception):
    """What was to be sent did not arrive, or nobody said so; the message says why."""


class NoAnswerError(NotSentError):
    """Nobody answers there: others who are to be told the same way wait as well."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered."""

    status: int
    body: bytes


def post(url: str, body: bytes, headers: Mapping[str, str], *, inside: bool = False) -> None:
    """POST a body; an answer of 2xx says that it arrived.

    Raises
    ------
    NotSentError
        As `ask` does, and where the answer is another one.
    """
    status = ask("POST", url, body, headers, inside=inside).status
    if not 200 <= status < 300:
        raise NotSentError(f"Answered {status}.")


def ask(
    method: str, url: str, body: bytes | None, headers: Mapping[str, str], *, inside: bool = False
) -> Answer:
    """Send a request, and return the answer, whatever its status.

    Parameters
    ----------
    inside
        Whether private addresses are allowed, and http: for tests and networks of one's own.

    Raises
    ------
    NotSentError
        With the reason, in words for whoever runs the city.
    """
    try:
        parts = urlsplit(url)
        secure = parts.scheme == "https"
        if not secure and not (inside and parts.scheme == "http"):
            raise NotSentError("The address does not begin with https://.")
        host, port = parts.hostname or "", parts.port or (443 if secure else 80)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        with _connected(host, port, inside=inside, secure=secure) as connection:
            connection.request(method, target, body, dict(headers))
            answer = connection.getresponse()
            content = answer.read(MOST_BYTES + 1)
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise NoAnswerError(f"No answer: {type(error).__name__}.") from error
    if len(content) > MOST_BYTES:
        raise NotSentError(f"Answered more than {MOST_BYTES:,} bytes.")
    return Answer(answer.status, content)


@contextmanager
def _connected(host: str, port: int, *, inside: bool, secure: bool) -> Iterator[http.client.HTTPConnection]:
    """Give a connection that is cut when it takes too long, and closed in the end."""
    line = _reached(host, port, inside=inside)
    if secure:
        # Shaking hands later, when the time runs already.
        line = ssl.create_default_context().wrap_socket(
            line, server_hostname=host, do_handshake_on_connect=False
        )
    timer = Timer(LONGEST_S, _cut, [line])
    timer.daemon = True
    timer.start()
    connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)
    connection.sock = line
    try:
        if isinstance(line, ssl.SSLSocket):
            line.do_handshake()
        yield connection
    finally:
        timer.cancel()
        connection.close()
        line.close()


def _cut(line: socket.socket) -> None:
    with suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)


def _reached(host: str, port: int, *, inside: bool) -> socket.socket:
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

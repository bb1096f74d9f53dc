"""Real Pinwards on ports of their own, each with its own database: a city's 311 and a system that does its work."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import requests
from sqlalchemy.orm import Session

from layers.models import City
from layers.queries import city_by_slug
from tests.api.conftest import move_ticket
from webapp.db import session_on

SERVE = """
from werkzeug.serving import make_server
from webapp.app import create_app
server = make_server("127.0.0.1", 0, create_app(), threaded=True)
print(server.server_port, flush=True)
server.serve_forever()
"""


@dataclass(frozen=True)
class Pinward:
    """A running server, and the way into its database."""

    url: str
    database: str
    session: Session
    city: City

    @property
    def open311(self) -> str:
        return f"{self.url}/open311/v2/"

    def move(self, number: str, to: str, **words: str) -> None:
        """Let the desk move the ticket of a report, now."""
        # In a transaction that has long been open, the database's clock stands still.
        self.session.rollback()
        move_ticket(self.session, self.city, number, to, **words)


@contextmanager
def served(database: str, home: Path) -> Iterator[Pinward]:
    """Serve a copy of the demo city as a process of its own."""
    environment = os.environ | {"DATABASE_URL": database, "PINWARD_HOME": str(home)}
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE], env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        with session_on(database) as session:
            yield Pinward(f"http://127.0.0.1:{port}", database, session, city_by_slug(session, "demo"))
    finally:
        process.kill()
        process.communicate()


class Wire:
    """What stands between two systems: it can be cut before or after an answer, and knows what was said."""

    def __init__(self, to: str) -> None:
        self.to = to
        self.said: list[tuple[str, str]] = []
        """Method and path, without what was asked."""
        self.before: Callable[[str, str], None] = lambda _method, _path: None
        self.after: Callable[[str, str], None] = lambda _method, _path: None
        self.gone: tuple[str, ...] = ()
        """Paths that are not there."""
        self.dropped: tuple[str, ...] = ()
        """Headers that do not come through."""

    def posts(self) -> int:
        return sum(method == "POST" for method, _ in self.said)


@contextmanager
def wire(to: str) -> Iterator[tuple[str, Wire]]:
    """Give an address that leads to another."""
    between = Wire(to)

    class Handler(BaseHTTPRequestHandler):
        def pass_on(self) -> None:
            path = self.path.partition("?")[0]
            between.said.append((self.command, path))
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            between.before(self.command, path)
            if path.endswith(between.gone or ("\n",)):
                self.send_error(404)
                return
            headers = {
                name: value for name, value in self.headers.items() if name not in (*between.dropped, "Host")
            }
            answer = requests.request(
                self.command, between.to + self.path, data=body, headers=headers, timeout=30
            )
            between.after(self.command, path)
            with suppress(BrokenPipeError, ConnectionResetError):
                self.send_response(answer.status_code)
                self.send_header("Content-Type", answer.headers["Content-Type"])
                self.end_headers()
                self.wfile.write(answer.content)

        def do_GET(self) -> None:
            self.pass_on()

        def do_POST(self) -> None:
            self.pass_on()

        def log_message(self, *_arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", between
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

"""A town with one service, one ticket and as many reporters as a test wants, without intake; and who hears of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from threading import Thread
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope
from aiosmtpd.smtp import Session as Conversation
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from layers.models import City
from webapp.catalog.models import Department, Service
from webapp.config import Settings, settings
from webapp.db import make_engine
from webapp.notices.models import Notice
from webapp.people.contacts import ContactDetails, find_or_make
from webapp.tickets.models import Report, Ticket, TimelineEntry
from webapp.tickets.tracking import new_number

NOON = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)
DUE = datetime(2026, 11, 27, 23, 0, tzinfo=UTC)


class Town:
    """What a test does to the town; every method commits."""

    def __init__(self, session: Session, engine: Engine) -> None:
        self.session = session
        self.engine = engine
        self.numbers = count(1)
        city = City(
            slug="town", name="Town", time_zone="America/Chicago", languages=["en"], metric_srid=32616,
            snap_radius_m=60, fallback_points=[], file_sha256="x",
            details={"contact": {"phone": "555-0311"}},
        )  # fmt: skip
        session.add(city)
        session.flush()
        self.city = city
        session.add(Department(city_id=city.id, id=1, code="works", name="Public <Works>"))
        session.flush()
        session.add(
            Service(
                city_id=city.id, id=1, code="pothole", name="Pothole", group="Streets", description="",
                keywords=[], icon="pothole", department_id=1, duplicates={}, translations={}, position=1,
                notice="Keep clear of it.",
            )
        )  # fmt: skip
        session.flush()
        self.ticket = self.add_ticket()
        session.commit()

    def add_ticket(self) -> Ticket:
        ticket = Ticket(
            city_id=self.city.id, service_id=1, status="new", opened_at=NOON, latest_at=NOON, matchable=True,
            zones={}, department_id=1, assigned_why="x",
        )  # fmt: skip
        self.session.add(ticket)
        self.session.flush()
        return ticket

    def report(
        self,
        email: str | None,
        *,
        kind: str = "received",
        actor: str = "resident",
        name: str | None = "Ada",
        description: str = "A hole",
        language: str = "en",
        **details: str,
    ) -> Report:
        contact = None
        if email or name:
            given = ContactDetails(name, email, language=language, **details)  # type: ignore[arg-type]
            contact = find_or_make(self.session, self.city.id, given)
        report = Report(
            city_id=self.city.id, tracking_number=new_number(), ticket_id=self.ticket.id, service_id=1,
            channel="web", description=description, answers={}, media_urls=[], contact_id=contact,
            requested_at=NOON, due_at=DUE, place_flags=[], zones={}, edition_ids=[], address="12 Main St",
            duplicate_decision="none", duplicate_reasons=[], suggestions=[],
        )  # fmt: skip
        self.session.add(report)
        self.session.flush()
        self.happens(kind, report=report, actor=actor)
        return report

    def happens(
        self, kind: str, *, report: Report | None = None, actor: str = "staff", note: str = ""
    ) -> TimelineEntry:
        entry = TimelineEntry(
            city_id=self.city.id, ticket_id=self.ticket.id, report_id=report.id if report else None,
            kind=kind, actor=actor, note=note,
        )  # fmt: skip
        self.session.add(entry)
        self.session.commit()
        return entry

    def notices(self) -> list[Notice]:
        self.session.rollback()
        return list(
            self.session.scalars(select(Notice).order_by(Notice.id).execution_options(populate_existing=True))
        )

    def due_now(self) -> None:
        """As if the pauses between attempts were over."""
        self.session.execute(text("update notice set next_attempt_at = now()"))
        self.session.commit()

    def told(self) -> list[tuple[str, int]]:
        """What each notice is about, and for which report."""
        self.session.rollback()
        return [
            (kind, report_id)
            for kind, report_id in self.session.execute(
                select(TimelineEntry.kind, Notice.report_id)
                .join(Notice, Notice.timeline_id == TimelineEntry.id)
                .order_by(Notice.timeline_id, Notice.report_id)
            )
        ]


class MailServer:
    """A real SMTP server that keeps what it accepts. ``replies`` are its answers to the next recipients."""

    def __init__(self) -> None:
        self.accepted: list[EmailMessage] = []
        self.senders: list[str | None] = []
        """The envelope's sender of each."""
        self.replies: list[str] = []
        self.on_recipient: Callable[[], None] = lambda: None
        self.on_accepted: Callable[[], None] = lambda: None

    async def handle_RCPT(
        self, _server: SMTP, _session: Conversation, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        self.on_recipient()
        reply = self.replies.pop(0) if self.replies else "250 OK"
        if reply.startswith("250"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, _server: SMTP, _session: Conversation, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.accepted.append(message)
        self.senders.append(envelope.mail_from)
        self.on_accepted()
        return "250 OK"

    def to(self) -> list[str]:
        return [str(message["To"]) for message in self.accepted]


class AnyPort(Controller):
    """A controller that takes a free port, and knows which."""

    def _trigger_server(self) -> None:
        assert self.server is not None
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@pytest.fixture
def mail_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[MailServer]:
    server = MailServer()
    controller = AnyPort(server, hostname="127.0.0.1", port=0)
    controller.start()
    monkeypatch.setenv("PINWARD_SMTP", f"smtp://127.0.0.1:{controller.port}")
    settings.cache_clear()
    yield server
    controller.stop()


@pytest.fixture
def town(committed_database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    monkeypatch.setenv("DATABASE_URL", committed_database)
    settings.cache_clear()
    engine = make_engine(committed_database)
    with Session(engine, expire_on_commit=False) as session:
        yield Town(session, engine)
    engine.dispose()


@pytest.fixture
def town_settings(town: Town) -> Settings:
    return settings()


@dataclass
class Listener:
    """Another system: what it heard, and how it answers."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    on_heard: Callable[[dict[str, str], bytes], None] = lambda _headers, _body: None

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.heard]


@pytest.fixture
def listener() -> Iterator[Listener]:
    told = Listener()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            told.heard.append((dict(self.headers), body))
            told.on_heard(*told.heard[-1])
            self.send_response(told.answers.pop(0) if told.answers else 204)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, *_arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.url = f"http://127.0.0.1:{server.server_port}/hook?from=pinward"
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield told
    server.shutdown()
    thread.join()
    server.server_close()

"""The city's 311 in tests of back offices, and how they look at what is there."""

from __future__ import annotations

import email
import io
from collections.abc import Iterator
from email import policy
from pathlib import Path
from typing import Any

from PIL import Image
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from layers import cityfile
from layers.models import City
from tests.api.conftest import Pin, move_ticket
from tests.notices.servers import Pinward
from webapp.catalog.queries import catalog
from webapp.config import CHECKOUT, Settings
from webapp.intake.draft import read_draft
from webapp.intake.submit import submit
from webapp.notices import cityfile as offices_file
from webapp.notices import jobs
from webapp.notices.models import BackOfficeOrder, BackOfficeUpdate
from webapp.people.models import Staff
from webapp.tickets.merging import merge
from webapp.tickets.models import Report, Ticket, WorkOrder


class Hall:
    """The city's 311: its database, its back office, and what a test does there. Every method commits."""

    def __init__(self, session: Session, city: City, pins: Iterator[Pin], home: Path) -> None:
        self.session, self.city, self.pins, self.home = session, city, pins, home
        self.settings = Settings(PINWARD_HOME=home)

    def open_office(self, endpoint: str, key: str, *, who: str = 'department = "works"', **more: str) -> None:
        """Write the back office into the city file, and load it."""
        lines = "\n".join(f"{name} = {value}" for name, value in more.items())
        section = f'\n[[back_offices]]\ncode = "yard"\nendpoint = "{endpoint}"\n{who}\n{lines}\n'
        file = self.home / "city.toml"
        file.write_text((CHECKOUT / "cities" / "demo" / "city.toml").read_text() + section)
        self.settings = Settings(
            PINWARD_HOME=self.home, PINWARD_HOOKS_INSIDE=True, PINWARD_BACK_OFFICE_KEYS={"demo/yard": key}
        )
        document, _ = cityfile.read(file, self.settings)
        assert document is not None
        assert offices_file.check(document) == []
        offices_file.load(self.session, self.city, document)
        self.session.commit()

    def report(self, at: Pin, **fields: Any) -> str:
        """Report a sign, which the department of works owns; return the tracking number."""
        given = {"service_code": "sign", "lon": at[0], "lat": at[1]} | fields
        receipt = submit(self.session, self.city, read_draft(catalog(self.session, self.city), given))
        self.session.commit()
        return receipt.tracking_number

    def run(self) -> int:
        """Let the job run once."""
        arrived = jobs.run_back_offices(self.session, self.settings)
        self.session.commit()
        return arrived

    def hear(self) -> None:
        """Let the job run as if the pause between two questions was over."""
        self.session.execute(text("update back_office set ask_at = now()"))
        self.session.commit()
        self.run()

    def due_now(self) -> None:
        """As if the pauses between attempts were over."""
        self.session.execute(text("update back_office_order set next_at = now() where next_at is not null"))
        self.session.commit()

    def order(self) -> BackOfficeOrder:
        """The one order there is."""
        self.session.expire_all()
        return self.session.scalars(select(BackOfficeOrder)).one()

    def updates(self) -> list[BackOfficeUpdate]:
        self.session.expire_all()
        return list(self.session.scalars(select(BackOfficeUpdate).order_by(BackOfficeUpdate.updated_at)))

    def reference(self, number: str) -> str | None:
        """What the back office calls a report's ticket."""
        of_report = select(WorkOrder.reference).join(Report, Report.id == WorkOrder.report_id)
        ticket = select(Report.ticket_id).where(Report.tracking_number == number).scalar_subquery()
        return self.session.scalar(of_report.where(Report.ticket_id == ticket))

    def ticket(self, number: str) -> Ticket:
        self.session.expire_all()
        of_report = select(Ticket).join(Report, Report.ticket_id == Ticket.id)
        return self.session.scalars(of_report.where(Report.tracking_number == number)).one()

    def merge(self, number: str, *, into: str) -> None:
        """Let the desk say that two reports are one problem."""
        agent = self.session.scalars(select(Staff).where(Staff.role == "agent")).one()
        gone, kept = self.ticket(number), self.ticket(into)
        merge(
            self.session, self.city, gone.id, into=kept.id,
            by=agent, version=gone.version, into_version=kept.version,
        )  # fmt: skip
        self.session.commit()

    def move(self, number: str, to: str, **words: str) -> None:
        """Let the desk move the ticket of a report, now."""
        # In a transaction that has long been open, the database's clock stands still.
        self.session.rollback()
        move_ticket(self.session, self.city, number, to, **words)

    def mails(self) -> list[tuple[str, str]]:
        """Send what is due, and return whom each mail was to and what it is about."""
        jobs.run(self.session, self.settings)
        files = sorted((self.home / "mail").glob("*.eml"))
        found = [email.message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]
        return [(str(message["To"]), str(message["Subject"]).partition(":")[0]) for message in found]


def there(works: Pinward, reference: str | None) -> Report:
    works.session.rollback()
    return works.session.scalars(select(Report).where(Report.tracking_number == reference)).one()


def count_there(works: Pinward, number: str) -> int:
    """How many requests the back office has that name one of our numbers."""
    works.session.rollback()
    return len(works.session.scalars(select(Report).where(Report.description.contains(number))).all())


def report_id(hall: Hall, number: str) -> int:
    return hall.session.scalars(select(Report.id).where(Report.tracking_number == number)).one()


def picture() -> io.BytesIO:
    stream = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(stream, "PNG")
    stream.seek(0)
    return stream

"""What residents and crews do in tests of what comes after a report, through the services that do it."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from layers.models import City
from layers.queries import city_by_slug
from webapp.notices.models import Notice
from webapp.people.models import Staff
from webapp.storage import uploads
from webapp.tickets import queries, working
from webapp.tickets.pictures import draw
from webapp.tickets.working import Work


def city(session: Session) -> City:
    """Return the demo city."""
    return city_by_slug(session, "demo")


def found(session: Session, number: str) -> tuple[queries.ReportRow, queries.TicketRow]:
    """Return a report and its ticket as they are now."""
    session.expire_all()
    both = queries.ticket_by_tracking(session, city(session).id, number)
    assert both is not None
    return both


def finish(
    session: Session, kept_in: str, number: str, *, note: str = "Cleaned", photo: bool = False
) -> None:
    """Have the crew do the work, and say so."""
    _, ticket = found(session, number)
    somebody = session.scalars(select(Staff).where(Staff.role == "supervisor").order_by(Staff.id)).first()
    assert somebody is not None
    pictures: Any = [("after", draw(picture()))] if photo else []
    work = Work(to="done", version=ticket.version, note=note, detail="fixed", pictures=pictures)
    working.take(session, city(session), uploads(kept_in), ticket.id, work, by=somebody)
    session.commit()


def picture(colour: str = "green") -> io.BytesIO:
    """Return a photo."""
    out = io.BytesIO()
    Image.new("RGB", (80, 60), colour).save(out, "JPEG")
    out.seek(0)
    return out


def messages(session: Session, about: str) -> list[dict[str, Any]]:
    """Return the messages that wait under keys that begin so, the latest last."""
    query = select(Notice.message).where(Notice.message_key.startswith(about)).order_by(Notice.id)
    return [message for message in session.scalars(query) if message]

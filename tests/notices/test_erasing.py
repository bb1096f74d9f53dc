"""How to reach people is erased when the city's term is over; what they reported stays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from layers.models import City
from tests.pages.spots import send, spot
from webapp.notices.erasing import erase_old
from webapp.people.models import AuditEntry, Contact
from webapp.tickets.models import Report

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_contacts_are_erased_after_the_citys_term_and_reports_stay(
    demo_client: FlaskClient, demo_session: Session
) -> None:
    city = demo_session.scalars(select(City)).one()
    days = 730
    city.details = {**city.details, "contact_days": days}
    for number, email in enumerate(("old@example.org", "open@example.org", "young@example.org")):
        send(demo_client, spot(demo_session, number), key=email, email=email)
    long_ago = NOW - timedelta(days=days, minutes=1)
    demo_session.execute(update(Contact).values(created_at=long_ago))
    old, still_open, young = demo_session.scalars(select(Report).order_by(Report.id)).all()
    old.closed_at, young.closed_at = long_ago, NOW - timedelta(days=days - 1)
    demo_session.flush()
    assert erase_old(demo_session, city, NOW) == 1
    assert erase_old(demo_session, city, NOW) == 0
    demo_session.expire_all()
    left = demo_session.scalars(select(Contact.email).order_by(Contact.id)).all()
    assert left == ["open@example.org", "young@example.org"]
    assert (old.contact_id, old.description) == (None, "On the wall")
    assert still_open.contact_id is not None
    noted = demo_session.scalars(select(AuditEntry).where(AuditEntry.kind == "contacts_erased")).one()
    assert noted.data == {"count": 1, "days": days}
    assert "example.org" not in f"{noted.subject} {noted.data}"


def test_a_city_without_a_term_erases_nobody(demo_client: FlaskClient, demo_session: Session) -> None:
    city = demo_session.scalars(select(City)).one()
    send(demo_client, spot(demo_session), email="old@example.org")
    demo_session.execute(update(Contact).values(created_at=NOW - timedelta(days=9000)))
    demo_session.execute(update(Report).values(closed_at=NOW - timedelta(days=8000)))
    city.details = {**city.details, "contact_days": None}
    demo_session.flush()
    assert erase_old(demo_session, city, NOW) == 0

"""Callers are found again, and that somebody looked is written down; drafts of calls are their agent's own."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from layers.queries import city_by_slug
from tests.pages.spots import spot
from webapp.catalog.queries import catalog
from webapp.intake import unfinished
from webapp.intake.draft import read_draft
from webapp.intake.submit import submit
from webapp.notices import outbox
from webapp.people import audit, contacts
from webapp.people.models import Staff
from webapp.people.queries import staff_by_email
from webapp.tickets.earlier import earlier_reports
from webapp.tickets.tracking import normalise


@pytest.fixture
def agent(demo_session: Session) -> Staff:
    found = staff_by_email(demo_session, 1, "agent@demo.example")
    assert found
    return found


def reported(session: Session, key: str, **contact: str) -> str:
    city = city_by_slug(session, "demo")
    where = spot(session)
    fields = {
        "service_code": "graffiti",
        "lon": where.lon,
        "lat": where.lat,
        "idempotency_key": key,
        **contact,
    }
    return submit(session, city, read_draft(catalog(session, city), fields)).tracking_number


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"phone": "+1 (555) 010-0200"}, 2),
        ({"phone": "5550100200"}, 2),
        ({"email": " ANN@example.org"}, 1),
        ({"phone": "555 0100", "email": ""}, 0),
        ({"phone": "0200"}, 0),
        ({}, 0),
    ],
)
def test_a_caller_is_found_by_number_or_address_however_written(
    demo_session: Session, agent: Staff, asked: dict[str, str], found: int
) -> None:
    first = reported(demo_session, "a", name="Ann", email="ann@example.org", phone="555-010-0200")
    reported(demo_session, "b", name="Somebody", phone="(555) 010 0200", language="es", prefers="phone")
    reported(demo_session, "c", name="Nobody else", phone="555-010-0300")
    reported(demo_session, "d")
    seen = contacts.look_up(demo_session, 1, email=asked.get("email"), phone=asked.get("phone"), to=agent)
    assert len(seen) == found
    entries = audit.trail(demo_session, 1, kind="contact_seen")
    assert [set(entry.data["contacts"]) for entry in entries] == ([set(seen)] if seen else [])
    earlier = earlier_reports(demo_session, 1, list(seen))
    assert len(earlier) == found
    if "email" in asked and found:
        assert normalise(earlier[0].tracking_number) == normalise(first)


def test_who_wants_no_mail_gets_none(demo_session: Session) -> None:
    reported(demo_session, "a", name="Ann", email="ann@example.org", prefers="phone", language="vi")
    reported(demo_session, "b", name="Bob", email="bob@example.org")
    kept = demo_session.execute(text("select name, language, prefers from contact order by name")).all()
    assert [tuple(row) for row in kept] == [("Ann", "vi", "phone"), ("Bob", "en", "email")]
    demo_session.commit()
    outbox.read(demo_session, 1)
    told = demo_session.scalars(
        text("select contact.name from notice join contact on contact.id = notice.contact_id")
    )
    assert told.all() == ["Bob"]


def test_a_draft_is_kept_resumed_and_dropped_by_its_own_agent_only(
    demo_session: Session, agent: Staff
) -> None:
    other = staff_by_email(demo_session, 1, "supervisor@demo.example")
    assert other
    unfinished.keep(demo_session, agent, "key", {"about": "a ho"})
    unfinished.keep(demo_session, agent, "key", {"about": "a hole"})
    [draft] = unfinished.unfinished(demo_session, agent)
    assert draft.fields == {"about": "a hole"}
    assert unfinished.unfinished(demo_session, other) == []
    unfinished.drop(demo_session, other, "key")
    assert len(unfinished.unfinished(demo_session, agent)) == 1
    demo_session.execute(text("update desk_draft set changed_at = now() - interval '15 days'"))
    unfinished.drop(demo_session, other, "another")
    assert unfinished.unfinished(demo_session, agent) == [], "what nobody needs any more is gone"

"""Late tickets are noticed and told of, each step once for each promise, also after the worker stood still."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from layers.models import City
from layers.queries import city_by_slug
from webapp.dispatch import escalation
from webapp.notices import outbox
from webapp.people import audit
from webapp.tickets import queries

OPENED = datetime(2026, 4, 6, 12, tzinfo=UTC)
DUE = OPENED + timedelta(hours=100)


@pytest.fixture
def city(demo_session: Session) -> City:
    """The demo city with one ticket of public works, promised within a hundred hours."""
    city = city_by_slug(demo_session, "demo")
    demo_session.execute(text("update service set target_clock = 'calendar'"))
    demo_session.execute(text("update city set loaded_at = clock_timestamp()"))
    demo_session.expire_all()
    demo_session.execute(
        text(
            "insert into ticket (city_id, service_id, status, opened_at, latest_at, due_at, matchable, zones, "
            "department_id, assigned_why) select 1, service.id, 'new', :opened, :opened, :due, true, '{}', "
            "department.id, '' from service, department "
            "where service.code = 'pothole' and department.code = 'works'"
        ),
        {"opened": OPENED, "due": DUE},
    )
    demo_session.execute(
        text(
            "insert into report (city_id, tracking_number, ticket_id, service_id, channel, description, answers, "
            "media_urls, requested_at, received_at, place_flags, zones, edition_ids, duplicate_decision, "
            "duplicate_reasons, suggestions) select 1, 'K7Q-M4X-PRT', id, service_id, 'web', '', '{}', '{}', "
            "opened_at, opened_at, '{}', '{}', '{}', 'none', '[]', '{}' from ticket"
        )
    )
    return city


def told(session: Session) -> list[str]:
    ticket_id = session.scalar(text("select id from ticket"))
    return [row.kind for row in queries.timeline(session, 1, ticket_id or 0)]


def run(session: Session, city: City, hours: float) -> int:
    return escalation.run(session, city, now=OPENED + timedelta(hours=hours))


def test_each_step_is_taken_when_it_is_due_and_once(demo_session: Session, city: City) -> None:
    assert run(demo_session, city, 79.9) == 0
    assert run(demo_session, city, 80.1) == 2
    assert told(demo_session) == ["at_risk", "escalated"]
    assert run(demo_session, city, 81) == 0
    assert run(demo_session, city, 100.1) == 1
    assert run(demo_session, city, 148.1) == 1
    assert told(demo_session) == ["at_risk", "escalated", "overdue", "escalated"]
    assert run(demo_session, city, 10_000) == 0


def test_what_was_missed_while_nothing_ran_is_made_up_for(demo_session: Session, city: City) -> None:
    assert run(demo_session, city, 10_000) == 4
    assert sorted(told(demo_session)) == ["at_risk", "escalated", "escalated", "overdue"]


def test_while_a_ticket_waits_nobody_is_told_and_a_new_promise_counts_anew(
    demo_session: Session, city: City
) -> None:
    demo_session.execute(text("update ticket set status = 'waiting', waiting_since = now()"))
    assert run(demo_session, city, 10_000) == 0
    demo_session.execute(text("update ticket set status = 'in_progress', waiting_since = null"))
    assert run(demo_session, city, 101) == 3
    demo_session.execute(text("update ticket set due_at = due_at + interval '200 hours'"))
    assert run(demo_session, city, 200) == 0
    assert run(demo_session, city, 301) == 3


def test_those_named_get_one_mail_each(demo_session: Session, city: City) -> None:
    run(demo_session, city, 10_000)
    demo_session.commit()
    outbox.read(demo_session, city.id)
    outbox.read(demo_session, city.id)
    readers = demo_session.execute(
        text("select staff.email from notice join staff on staff.id = notice.staff_id order by 1")
    )
    assert readers.scalars().all() == ["administrator@demo.example", "supervisor@demo.example"]


def test_what_was_late_before_it_came_is_noted_once_in_one_line(demo_session: Session, city: City) -> None:
    demo_session.execute(text("update report set received_at = :then"), {"then": DUE + timedelta(hours=10)})
    assert run(demo_session, city, 110.1) == 0
    assert run(demo_session, city, 111) == 0
    assert told(demo_session) == []
    entries = audit.trail(demo_session, city.id, kind="late_on_arrival")
    assert [entry.subject for entry in entries] == ["1 tickets that were late when they came"]
    # What is late only now is news.
    assert run(demo_session, city, 148.1) == 1
    assert told(demo_session) == ["escalated"]


def test_however_many_are_late_at_once_all_are_told_of(
    demo_session: Session, city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied = "city_id, service_id, status, opened_at, latest_at, due_at, matchable, zones, department_id, assigned_why"
    more = text(f"insert into ticket ({copied}) select {copied} from ticket, generate_series(1, 4)")
    demo_session.execute(more)
    monkeypatch.setattr(escalation, "_AT_ONCE", 2)
    assert run(demo_session, city, 10_000) == 5 * 4
    assert run(demo_session, city, 10_000) == 0

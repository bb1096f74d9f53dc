"""Alerts on figures: told once each time, never again for the same, to nobody else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from layers.models import City
from layers.queries import city_by_slug
from tests.insight.reports import add_reports
from webapp.catalog.queries import catalog
from webapp.insight import alerts
from webapp.insight.watch_models import FigureAlert
from webapp.notices.models import Notice
from webapp.pages import jobs
from webapp.people.models import Staff
from webapp.people.queries import staff_by_email
from webapp.tickets.models import Ticket

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def city(demo_session: Session) -> City:
    return city_by_slug(demo_session, "demo")


@pytest.fixture
def aide(demo_session: Session, city: City) -> Staff:
    found = staff_by_email(demo_session, city.id, "district-1@demo.example")
    assert found
    return found


def told(session: Session, city: City, now: datetime) -> list[int]:
    """Return the values of what is told."""
    return [each.crossing.value for each in alerts.evaluate(session, city.id, now)]


def mail(session: Session) -> list[dict[str, str]]:
    return list(
        session.scalars(select(Notice.message).where(Notice.message_key.is_not(None)).order_by(Notice.id))
    )


def test_more_reports_than_the_limit_are_told_once_until_they_come_back(
    demo_session: Session, city: City, aide: Staff
) -> None:
    potholes, other = catalog(demo_session, city).active[:2]
    alert = alerts.add(
        demo_session, city.id, aide.id, measure="reports_week", most=10, service_id=potholes.id, district="1"
    )
    assert alert
    add_reports(demo_session, city, potholes, [NOW - HOUR] * 10, district="1")
    add_reports(demo_session, city, potholes, [NOW - timedelta(days=8)] * 5, district="1")
    add_reports(demo_session, city, potholes, [NOW - HOUR] * 5, district="2")
    add_reports(demo_session, city, other, [NOW - HOUR] * 5, district="1")
    assert told(demo_session, city, NOW) == []
    assert (alert.value, alert.beyond) == (10, False)
    add_reports(demo_session, city, potholes, [NOW - timedelta(hours=9)] * 2, district="1")
    assert told(demo_session, city, NOW) == [12]
    assert told(demo_session, city, NOW + HOUR) == []
    # Two less: at its limit, not nine tenths of it.
    assert told(demo_session, city, NOW + timedelta(days=7) - 8 * HOUR) == []
    assert (alert.value, alert.beyond) == (10, True)
    assert told(demo_session, city, NOW + timedelta(days=8)) == []
    assert (alert.value, alert.beyond) == (0, False)
    add_reports(demo_session, city, potholes, [NOW + timedelta(days=8)] * 11, district="1")
    assert told(demo_session, city, NOW + timedelta(days=9)) == [11]


def test_a_late_ticket_is_told_once_and_late_ones_once_a_day(
    demo_session: Session, city: City, aide: Staff
) -> None:
    service = catalog(demo_session, city).active[0]
    alerts.add(demo_session, city.id, aide.id, measure="late_days", most=3)
    first = add_reports(
        demo_session, city, service, [NOW - timedelta(days=20)] * 2, due_at=NOW - timedelta(days=4)
    )
    add_reports(
        demo_session, city, service, [NOW - timedelta(days=20)], due_at=NOW - timedelta(days=3) + 2 * HOUR
    )
    first[0].status, first[0].waiting_since = "waiting", NOW - timedelta(days=6)
    demo_session.flush()
    assert told(demo_session, city, NOW) == [1]
    assert told(demo_session, city, NOW + 3 * HOUR) == [], "not twice a day"
    assert told(demo_session, city, NOW + 21 * HOUR) == [1]
    assert told(demo_session, city, NOW + timedelta(days=3)) == []
    demo_session.execute(update(Ticket).values(status="done", closed_at=NOW, waiting_since=None))
    assert told(demo_session, city, NOW + timedelta(days=5)) == []


def test_the_mail_goes_to_who_set_the_alert_once(demo_session: Session, city: City, aide: Staff) -> None:
    service = catalog(demo_session, city).active[0]
    alerts.add(demo_session, city.id, aide.id, measure="reports_week", most=1, district="1")
    add_reports(demo_session, city, service, [NOW - HOUR] * 1200, district="1")
    assert [jobs.look(demo_session, NOW + each * HOUR) for each in range(2)] == [1, 0]
    (sent,) = mail(demo_session)
    assert sent["subject"] == "More than 1 reports a week: All services, District 1"
    assert "Reports in the last 7 days: 1,200." in sent["text"]
    assert sent["path"] == "/forecast/alerts"
    assert demo_session.scalars(select(Notice.staff_id).where(Notice.message_key.is_not(None))).all() == [
        aide.id
    ]


def test_a_deleted_alert_is_silent_until_that_is_undone(
    demo_session: Session, city: City, aide: Staff
) -> None:
    service = catalog(demo_session, city).active[0]
    alert = alerts.add(demo_session, city.id, aide.id, measure="reports_week", most=0)
    assert alert
    add_reports(demo_session, city, service, [NOW - HOUR])
    assert not alerts.delete(demo_session, city.id, aide.id + 1, alert.id)
    assert alerts.delete(demo_session, city.id, aide.id, alert.id)
    assert told(demo_session, city, NOW) == []
    assert alerts.of_person(demo_session, city.id, aide.id) == []
    assert alerts.delete(demo_session, city.id, aide.id, alert.id, undo=True)
    assert told(demo_session, city, NOW) == [1]
    (listed,) = alerts.of_person(demo_session, city.id, aide.id)
    assert [crossing.value for crossing in listed.crossings] == [1]
    again = alerts.add(demo_session, city.id, aide.id, measure="reports_week", most=0)
    assert again is alert, "the very same is not set twice"


def test_nobody_sets_alerts_without_end(demo_session: Session, city: City, aide: Staff) -> None:
    made = [
        alerts.add(demo_session, city.id, aide.id, measure="late_days", most=days)
        for days in range(alerts.MOST_ALERTS + 1)
    ]
    assert made[-1] is None
    assert None not in made[:-1]


def test_the_weekly_mail_comes_once_a_week(demo_session: Session, city: City, aide: Staff) -> None:
    service = catalog(demo_session, city).active[0]
    alert = alerts.add(demo_session, city.id, aide.id, measure="weekly", most=0, district="1")
    assert isinstance(alert, FigureAlert)
    days = [datetime(2026, 1, 5, 15, tzinfo=UTC) + timedelta(days=day) for day in range(-1, 72)]
    add_reports(demo_session, city, service, [day for day in days for _ in range(4)], district="1")
    add_reports(demo_session, city, service, [days[66]] * 40, district="1")
    assert [jobs.tell_week(demo_session) for _ in range(2)] == [1, 0]
    (sent,) = mail(demo_session)
    assert sent["subject"] == "What changed in the week to Mar 15, 2026: All services, District 1"
    assert f"{service.group}: 68 reports, usual are 28." in sent["text"]

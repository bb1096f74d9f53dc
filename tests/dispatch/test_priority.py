"""How urgent a ticket is, by its service, answers, reports and zones; and what that promises."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from layers.queries import city_by_slug
from tests.pages.spots import spot
from webapp.catalog.snapshot import Catalog
from webapp.dispatch.priority import Prioritizer, Priority, PriorityRule
from webapp.intake.draft import Draft
from webapp.intake.submit import submit
from webapp.tickets import queries

NOON = datetime(2026, 4, 7, 17, tzinfo=UTC)
RULES = [
    PriorityRule(level="low", why="It can wait", group="Streets"),
    PriorityRule(level="high", why="Three people", reports=3),
    PriorityRule(level="urgent", why="In the way", question="blocking", answers=("yes",)),
    PriorityRule(level="high", why="At a school", services=("pothole",), layer="school"),
    PriorityRule(level="urgent", why="At the hospital", layer="zone", zone=("7",)),
]


@pytest.mark.parametrize(
    ("service", "answers", "zones", "reports", "expected"),
    [
        (3, {}, {}, 1, Priority()),
        (1, {}, {}, 1, Priority(0, "It can wait")),
        (1, {}, {}, 3, Priority(2, "Three people")),
        (3, {"blocking": "no"}, {}, 2, Priority()),
        (3, {"blocking": "yes"}, {}, 1, Priority(3, "In the way")),
        (3, {"blocking": ["no", "yes"]}, {}, 5, Priority(3, "In the way")),
        (1, {}, {"school": "12"}, 1, Priority(2, "At a school")),
        (2, {}, {"school": "12"}, 1, Priority(0, "It can wait")),
        (3, {}, {"zone": "7"}, 1, Priority(3, "At the hospital")),
        (3, {}, {"zone": "8"}, 1, Priority()),
    ],
)
def test_the_most_urgent_rule_decides(
    catalog: Catalog,
    service: int,
    answers: dict[str, str],
    zones: dict[str, str],
    reports: int,
    expected: Priority,
) -> None:
    assert Prioritizer(catalog, RULES).priority(service, answers, zones, reports) == expected


def test_an_answer_makes_a_ticket_urgent_and_its_promise_earlier(
    demo_client: FlaskClient, demo_session: Session
) -> None:
    city = city_by_slug(demo_session, "demo")
    demo_session.execute(
        text('update service set targets = \'[{"priority": "urgent", "hours": 4}]\', target_hours = 48')
    )
    demo_session.execute(text("update service set target_clock = 'calendar'"))
    demo_session.execute(text("update city set loaded_at = clock_timestamp()"))
    demo_session.expire_all()
    where = spot(demo_session)

    def report(**fields: object) -> queries.TicketRow:
        draft = Draft(service_code="pothole", lon=where.lon, lat=where.lat, **fields)  # type: ignore[arg-type]
        ticket = queries.ticket(demo_session, city.id, submit(demo_session, city, draft, now=NOON).ticket_id)
        assert ticket is not None
        return ticket

    first = report(answers={"blocking": "no"})
    assert (first.priority, first.due_at) == (1, NOON + timedelta(hours=48))
    joined = report(answers={"blocking": "yes"}, same_as=first.id)
    assert joined.id == first.id
    assert (joined.priority, joined.priority_why) == (3, "It is in the way of traffic")
    assert joined.due_at == NOON + timedelta(hours=4)

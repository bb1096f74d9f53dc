"""Which tickets are counted."""

from __future__ import annotations

from sqlalchemy.orm import Session

from layers.queries import city_by_slug
from tests.insight.tickets import add_tickets
from webapp.insight import queries


def test_the_newest_ticket(demo_session: Session) -> None:
    city = city_by_slug(demo_session, "demo")
    tickets = add_tickets(demo_session, city, 40, seed=1)
    assert queries.newest(demo_session, city.id, None) == tickets.opened_at.max()
    assert queries.newest(demo_session, city.id, "1") == tickets[tickets.district == "1"].opened_at.max()
    assert queries.newest(demo_session, city.id, "no such district") is None

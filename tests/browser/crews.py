"""Tickets for a day of the crew ``clean-team``."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from layers.queries import city_by_slug
from tests.pages.spots import spot
from webapp.intake.draft import Draft
from webapp.intake.submit import submit


def open_crew_tickets(session: Session) -> None:
    """Open four, of which two may be one, and commit."""
    city = city_by_slug(session, "demo")
    for number, words in ((0, "Red letters on the wall"), (1, "Scrawl"), (5, "A tag"), (8, "")):
        where = spot(session, number)
        draft = Draft(service_code="graffiti", lon=where.lon, lat=where.lat, description=words)
        submit(session, city, draft)
        session.commit()
    # All with one crew, as on a day of one.
    session.execute(
        text(
            "update ticket set crew_id = crew.id, department_id = crew.department_id, priority = 2, "
            "priority_why = 'Five people or more reported it', version = 1 from crew "
            "where crew.code = 'clean-team'"
        )
    )
    ids = session.scalars(text("select id from report order by id")).all()
    assert len(ids) == 4
    session.execute(
        text(
            "update report set duplicate_decision = 'flagged', duplicate_of = :first, duplicate_score = 0.62, "
            """duplicate_reasons = '[{"code": "distance", "metres": 12}]' where id = :second"""
        ),
        {"first": ids[0], "second": ids[1]},
    )
    session.commit()

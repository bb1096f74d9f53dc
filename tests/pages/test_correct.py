"""Tickets about something else, or somewhere else: corrected, and given to who does that there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from layers.queries import city_by_slug
from tests.pages.people import sign_in
from tests.pages.spots import spot
from webapp.intake.draft import Draft
from webapp.intake.submit import submit
from webapp.people.models import Staff
from webapp.tickets.handing_over import hand_over


@pytest.fixture
def ticket(demo_session: Session) -> int:
    city, where = city_by_slug(demo_session, "demo"), spot(demo_session, 0)
    draft = Draft(service_code="pothole", lon=where.lon, lat=where.lat, answers={"where": "lane"})
    # Earlier than the transaction of the test, by whose beginning staff's steps are dated.
    made = submit(demo_session, city, draft, now=datetime.now(UTC) - timedelta(hours=1)).ticket_id
    demo_session.commit()
    return made


def now(session: Session, ticket: int) -> tuple[str, str | None, str, int]:
    """Return service, crew, department and version of a ticket."""
    found = text(
        "select service.code, crew.code, department.code, version from ticket "
        "join service on service.id = service_id join department on department.id = ticket.department_id "
        "left join crew on crew.id = crew_id where ticket.id = :id"
    )
    return tuple(session.execute(found, {"id": ticket}).one())  # type: ignore[return-value]


def test_another_service_means_another_crew_and_another_date(
    demo_client: FlaskClient, demo_session: Session, ticket: int
) -> None:
    sign_in(demo_client, "agent")
    url = f"/crew/{ticket}/correct"
    assert "Correct what it is about" in demo_client.get(f"/crew/{ticket}").text
    due = demo_session.execute(text("select due_at from ticket where id = :id"), {"id": ticket}).scalar_one()
    assert demo_client.post(url, data={"version": 1, "service": "tree", "note": "A limb"}).status_code == 302
    assert now(demo_session, ticket) == ("tree", "trees", "parks", 2)
    later = demo_session.execute(
        text("select due_at from ticket where id = :id"), {"id": ticket}
    ).scalar_one()
    assert later > due
    page = demo_client.get(f"/crew/{ticket}").text
    assert "Corrected: what it is about" in page
    assert "Tree trimming or fallen limb goes to Trees" in page
    # Nobody else's correction is lost, and one that changes nothing is none.
    assert demo_client.post(url, data={"version": 1, "service": "park"}).status_code == 409
    assert demo_client.post(url, data={"version": 2, "service": "tree"}).status_code == 409
    assert demo_client.post(url, data={"version": 2, "service": "nothing"}).status_code == 409
    # Setting it back is another correction.
    assert demo_client.post(url, data={"version": 2, "service": "pothole"}).status_code == 302
    assert now(demo_session, ticket)[2] == "works"


def test_another_spot_means_the_crew_of_that_area(
    demo_client: FlaskClient, demo_session: Session, ticket: int
) -> None:
    sign_in(demo_client, "supervisor")
    url, before = f"/crew/{ticket}/correct", now(demo_session, ticket)
    areas = demo_session.execute(
        text(
            "select zone.source_id, st_y(st_pointonsurface(zone.geom)) as lat, st_x(st_pointonsurface(zone.geom)) as lon "
            "from zone join edition on edition.id = edition_id and current "
            "join layer on layer.id = layer_id and layer.name = 'works'"
        )
    ).all()
    other = next(area for area in areas if f"works-{area.source_id}" != before[1])
    keys = text("select match_keys from ticket where id = :id")
    assert demo_session.scalar(keys, {"id": ticket}) is not None
    moved = demo_client.post(
        url, data={"version": 1, "service": "pothole", "where": f"{other.lat}, {other.lon}"}
    )
    assert moved.status_code == 302
    assert now(demo_session, ticket)[1] in (f"works-{other.source_id}", None)
    assert demo_session.scalar(keys, {"id": ticket}) is None, "they were of the old address"
    stored = text("select st_y(geom), zones ->> 'works' from ticket where id = :id")
    lat, area = demo_session.execute(stored, {"id": ticket}).one()
    assert (lat, area) == (pytest.approx(other.lat), other.source_id)
    # What the reporter said stays as it was said.
    of_report = text(
        "select count(*) from report where ticket_id = :id and geom = (select geom from ticket where id = :id)"
    )
    assert demo_session.execute(of_report, {"id": ticket}).scalar_one() == 0
    for nowhere in ("0, 0", "xyzzy street 9"):
        answer = demo_client.post(url, data={"version": 2, "service": "pothole", "where": nowhere})
        assert answer.status_code == 409


def test_what_a_person_gave_to_a_crew_stays_there(
    demo_client: FlaskClient, demo_session: Session, ticket: int
) -> None:
    city = city_by_slug(demo_session, "demo")
    admin = demo_session.query(Staff).filter(Staff.role == "administrator").one()
    signals = demo_session.execute(text("select id from crew where code = 'signals'")).scalar_one()
    hand_over(demo_session, city, ticket, signals, by=admin, version=1)
    demo_session.commit()
    sign_in(demo_client, "administrator")
    assert (
        demo_client.post(f"/crew/{ticket}/correct", data={"version": 2, "service": "tree"}).status_code == 302
    )
    assert now(demo_session, ticket)[:2] == ("tree", "signals")


def test_crews_ask_a_supervisor(demo_client: FlaskClient, ticket: int) -> None:
    sign_in(demo_client, "works-north")
    assert demo_client.get(f"/crew/{ticket}/correct").status_code == 403

"""Following a report by its number."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.pages.spots import send, spot


def test_a_report_shows_state_promise_crew_map_and_timeline(
    demo_client: FlaskClient, demo_session: Session
) -> None:
    page = demo_client.get(f"/track/{send(demo_client, spot(demo_session))}").text
    for part in (
        "Graffiti",
        "Promised by",
        "Looked after by",
        "Received",
        "Why this crew?",
        'class="thumbnail"',
    ):
        assert part in page


def test_a_number_may_be_typed_carelessly(demo_client: FlaskClient, demo_session: Session) -> None:
    number = send(demo_client, spot(demo_session))
    typed = number.lower().replace("-", " ").replace("0", "o")
    assert demo_client.get("/track", query_string={"number": typed}).location == f"/track/{number}"
    assert demo_client.get(f"/track/{number.lower()}").location == f"/track/{number}"


@pytest.mark.parametrize("typed", ["abc", "K7Q-M4X-PRU", "'; drop table report", "\u202e", "<i>", "🙂" * 30])
def test_a_wrong_number_says_why_and_stays_in_the_field(demo_client: FlaskClient, typed: str) -> None:
    answer = demo_client.get("/track", query_string={"number": typed})
    assert answer.status_code == 404
    assert 'role="alert"' in answer.text
    assert "<i>" not in answer.text


def test_a_number_nobody_was_given_says_so(demo_client: FlaskClient, demo_session: Session) -> None:
    from webapp.tickets.tracking import new_number

    answer = demo_client.get(f"/track/{new_number()}")
    assert answer.status_code == 404
    assert "No report here has this number" in answer.text


def test_what_others_wrote_is_not_shown(demo_client: FlaskClient, demo_session: Session) -> None:
    where = spot(demo_session)
    first = send(demo_client, where, description="My own words")
    page = demo_client.get(f"/track/{first}").text
    assert "My own words" in page
    ticket = demo_session.connection().exec_driver_sql("SELECT id FROM ticket").scalar_one()
    second = send(demo_client, where, key="k2", description="Other words", same_as=str(ticket))
    page = demo_client.get(f"/track/{second}").text
    assert "Other words" in page
    assert "My own words" not in page
    assert "1 other person" in page

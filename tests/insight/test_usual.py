"""How long a service took lately, with what is still open."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta

from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.pages import residents
from tests.pages.spots import send, spot
from webapp.insight import usual
from webapp.pages.promise import time_words

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def done_after(session: Session, days: list[float | None]) -> tuple[int, int, str]:
    """Open a ticket for each, done after so many days or not at all; return city, service and district."""
    city_id = residents.city(session).id
    service = session.scalar(text("select id from service where code = 'graffiti'"))
    for took in days:
        opened = NOW - timedelta(days=60)
        session.execute(
            text(
                "insert into ticket (city_id, service_id, status, opened_at, latest_at, closed_at, matchable, "
                "zones, district, department_id, assigned_why) "
                "select city_id, id, cast(:status as text), cast(:opened as timestamptz), :opened, "
                "cast(:closed as timestamptz), false, '{}', '1', department_id, 'x' "
                "from service where id = :service"
            ),
            {
                "status": "new" if took is None else "done",
                "opened": opened,
                "closed": None if took is None else opened + timedelta(days=took),
                "service": service,
            },
        )
    return city_id, int(service or 0), "1"


def test_four_fifths_count_those_still_open(demo_session: Session) -> None:
    city_id, service_id, district = done_after(demo_session, [*range(1, 9), None, None])
    usual.compute(demo_session, city_id, NOW)
    found = usual.usual_time(demo_session, city_id, service_id, district)
    assert found is not None
    assert (found.tickets, found.still_open) == (10, 2)
    assert found.soon_s == 2 * 86400
    assert found.late_s == 8 * 86400


def test_where_too_many_are_open_four_fifths_are_not_known(demo_session: Session) -> None:
    city_id, service_id, district = done_after(demo_session, [1.0] * 5 + [None] * 5)
    usual.compute(demo_session, city_id, NOW)
    found = usual.usual_time(demo_session, city_id, service_id, district)
    assert found is not None
    assert found.soon_s == 86400
    assert found.late_s is None


def test_too_few_say_nothing_and_a_district_without_its_own_has_the_citys(demo_session: Session) -> None:
    city_id, service_id, district = done_after(demo_session, [1.0] * 9)
    usual.compute(demo_session, city_id, NOW)
    assert usual.usual_time(demo_session, city_id, service_id, district) is None
    done_after(demo_session, [1.0])
    usual.compute(demo_session, city_id, NOW)
    other = usual.usual_time(demo_session, city_id, service_id, "another")
    assert other is not None
    assert other.district == usual.WHOLE_CITY


def test_the_page_says_it_with_one_statement(
    demo_client: FlaskClient,
    demo_session: Session,
    demo_statements: Callable[[], AbstractContextManager[list[str]]],
) -> None:
    city_id, *_ = done_after(demo_session, [1.0, 1.5, *range(2, 12)])
    usual.compute(demo_session, city_id, NOW)
    demo_session.commit()
    number = send(demo_client, spot(demo_session))
    with demo_statements() as statements:
        page = demo_client.get(f"/track/{number}").text
    assert "such reports in" in page
    assert sum("usual_time" in statement for statement in statements) == 1


def test_times_are_rounded_up() -> None:
    for seconds, said in ((1, "1 hour"), (3601, "2 hours"), (48 * 3600, "48 hours"), (49 * 3600, "3 days")):
        assert time_words_in_english(seconds) == said


def time_words_in_english(seconds: float) -> str:
    from flask import Flask

    from webapp.pages import language

    app = Flask(__name__)
    app.register_blueprint(language.blueprint)
    with app.test_request_context():
        return time_words(seconds)

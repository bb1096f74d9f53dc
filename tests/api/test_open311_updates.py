"""What other systems are told of requests, and tell: the updates extension that FixMyStreet speaks."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from defusedxml import ElementTree
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from layers.models import City
from tests.api.conftest import Pin, Send, move_ticket
from webapp.people.keys import add_key
from webapp.people.models import Staff
from webapp.tickets.moving import undo

# Tests share one transaction, in which the database's clock stands still while ours goes on.
BEFORE_ANY_MOVE = "update report set received_at = received_at - interval '1 day'"
URL = "/open311/v2/servicerequestupdates.json"
FIELDS = [
    "update_id", "service_request_id", "status", "updated_datetime", "description", "media_url",
    "external_status_code", "customer_reference",
]  # fmt: skip
Tell = Callable[..., Any]


def told(client: FlaskClient, **parameters: Any) -> list[dict[str, Any]]:
    answer = client.get(URL, query_string=parameters)
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.get_json()
    return rows


@pytest.fixture
def report(send: Send, demo_session: Session) -> Send:
    """Send a report well before whatever happens to it."""

    def post(**fields: Any) -> str:
        number = send(**fields)
        demo_session.execute(text(BEFORE_ANY_MOVE))
        demo_session.commit()
        return number

    return post


@pytest.fixture
def works_key(demo_session: Session, city: City) -> str:
    _, key = add_key(demo_session, city.id, "Work orders", scopes=["update"])
    demo_session.commit()
    return key


@pytest.fixture
def tell(demo_client: FlaskClient, works_key: str) -> Tell:
    """Send an update; its id is new unless one is given."""
    count = iter(range(1000))

    def post(number: str, status: str, **fields: Any) -> Any:
        form = {
            "api_key": works_key, "service_request_id": number, "update_id": f"u{next(count)}", "status": status,
            "updated_datetime": "2026-11-22T14:05:00-05:00", "description": "As the crew wrote it.",
        }  # fmt: skip
        return demo_client.post(URL, data=form | fields)

    return post


def put_together(session: Session, first: str, second: str) -> None:
    """Let two reports be of one ticket."""
    session.execute(
        text(
            "update report set ticket_id = (select ticket_id from report where tracking_number = :first)"
            " where tracking_number = :second"
        ),
        {"first": first, "second": second},
    )
    session.commit()


def status_of(session: Session, number: str) -> tuple[str, str | None]:
    row = session.execute(
        text(
            "select status, outcome from ticket join report on report.ticket_id = ticket.id"
            " where tracking_number = :n"
        ),
        {"n": number},
    ).one()
    return row.status, row.outcome


def test_every_move_and_its_undoing_is_told_in_the_words_of_the_extension(
    demo_client: FlaskClient, demo_session: Session, city: City, report: Send
) -> None:
    number = report()
    move_ticket(demo_session, city, number, "scheduled", detail="2026-12-01")
    move_ticket(demo_session, city, number, "waiting", detail="weather", note="It snows.")
    move_ticket(demo_session, city, number, "referred", detail="State roads")
    move_ticket(demo_session, city, number, "in_progress")
    move_ticket(demo_session, city, number, "done", detail="not_ours")
    move_ticket(demo_session, city, number, "reopened", note="It is ours.")
    move_ticket(demo_session, city, number, "done", detail="fixed", note="Cleaned.")
    rows = told(demo_client)
    assert [(row["status"], row["description"], row["external_status_code"]) for row in rows] == [
        ("action_scheduled", "Scheduled for 2026-12-01.", "scheduled"),
        ("open", "It snows.", "waiting"),
        ("internal_referral", "Passed on to State roads.", "referred"),
        ("in_progress", "Work has begun.", "in_progress"),
        ("not_councils_responsibility", "It is not the city's.", "done"),
        ("open", "It is ours.", "reopened"),
        ("fixed", "Cleaned.", "done"),
    ]
    assert {row["service_request_id"] for row in rows} == {number}
    assert len({row["update_id"] for row in rows}) == len(rows)
    assert list(rows[0]) == FIELDS
    root = ElementTree.fromstring(demo_client.get(URL.replace("json", "xml")).data)
    assert root.tag == "service_request_updates"
    assert [each.tag for each in root.findall("request_update")[0]] == FIELDS


def test_each_reporter_of_a_ticket_is_told_of_what_came_after_their_report(
    demo_client: FlaskClient, demo_session: Session, city: City, report: Send, pins: list[Pin]
) -> None:
    first, second = report(), report(at=pins[1])
    put_together(demo_session, first, second)
    move_ticket(demo_session, city, first, "in_progress")
    rows = told(demo_client)
    assert [row["service_request_id"] for row in rows] == [first, second]
    assert len({row["update_id"] for row in rows}) == 2
    assert [row["service_request_id"] for row in told(demo_client, service_request_id=second)] == [second]


def test_a_poll_of_the_last_hours_is_answered_inside_its_window(
    demo_client: FlaskClient, demo_session: Session, city: City, report: Send
) -> None:
    number = report()
    for kind, hours in (("in_progress", 20), ("scheduled", 1)):
        demo_session.execute(
            text(
                "insert into timeline (city_id, ticket_id, kind, actor, at)"
                " select city_id, ticket_id, :kind, 'staff', now() - make_interval(hours => :hours) from report"
                " where tracking_number = :number"
            ),
            {"kind": kind, "hours": hours, "number": number},
        )
    demo_session.commit()
    now = datetime.now(UTC)
    start = (now - timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    (row,) = told(demo_client, start_date=start, end_date=now.strftime("%Y-%m-%dT%H:%M:%SZ"))
    assert row["status"] == "action_scheduled"
    assert now - timedelta(hours=2) <= datetime.fromisoformat(row["updated_datetime"]) <= now
    assert len(told(demo_client)) == 2
    assert [row["status"] for row in told(demo_client, page=2, page_size=1)] == ["action_scheduled"]


def test_of_a_service_that_is_not_public_only_a_key_for_it_hears(
    demo_client: FlaskClient, demo_session: Session, city: City, report: Send
) -> None:
    number = report(service_code="housing", description="No heat in 4B")
    move_ticket(demo_session, city, number, "in_progress", note="Inspector comes.")
    assert told(demo_client) == []
    _, reads = add_key(demo_session, city.id, "Reads", scopes=["read_private"])
    demo_session.commit()
    assert [row["description"] for row in told(demo_client, api_key=reads)] == ["Inspector comes."]
    answer = demo_client.get(f"/open311/v2/requests.json?api_key={reads}")
    assert [row["description"] for row in answer.get_json()] == ["No heat in 4B"]


@pytest.mark.parametrize(
    ("status", "fields", "becomes"),
    [
        ("IN_PROGRESS", {}, ("in_progress", None)),
        ("INVESTIGATING", {}, ("in_progress", None)),
        ("FIXED", {}, ("done", "fixed")),
        ("closed", {}, ("done", "answered")),
        ("CLOSED", {"attribute[outcome]": "made_safe"}, ("done", "made_safe")),
        ("NO_FURTHER_ACTION", {}, ("done", "nothing_found")),
        ("NOT_COUNCILS_RESPONSIBILITY", {}, ("declined", "not_ours")),
        ("CANCELLED", {}, ("declined", "nothing_wrong")),
        ("ACTION_SCHEDULED", {"attribute[scheduled_for]": "2026-12-01"}, ("scheduled", None)),
        ("PLANNED", {}, ("assigned", None)),
        ("INTERNAL_REFERRAL", {"attribute[owner]": "State roads"}, ("referred", None)),
        ("INTERNAL_REFERRAL", {}, ("assigned", None)),
        ("OPEN", {}, ("assigned", None)),
        ("REOPEN", {}, ("assigned", None)),
        ("DUPLICATE", {}, ("assigned", None)),
        ("FOR_TRIAGE", {}, ("assigned", None)),
        ("UNCHANGED", {}, ("assigned", None)),
    ],
)
def test_a_status_moves_the_ticket_or_is_a_remark(
    demo_client: FlaskClient, demo_session: Session, report: Send, tell: Tell,
    status: str, fields: dict[str, str], becomes: tuple[str, str | None],
) -> None:  # fmt: skip
    number = report()
    answer = tell(number, status, **fields)
    assert answer.status_code == 201, answer.text
    (made,) = answer.get_json()
    assert status_of(demo_session, number) == becomes
    (row,) = told(demo_client)
    assert row["update_id"] == made["update_id"], "a client knows its own update by the id it was answered"
    assert row["description"] == "As the crew wrote it."
    (request,) = demo_client.get(f"/open311/v2/requests/{number}.json").get_json()
    assert request["status_notes"] == "As the crew wrote it."


def test_a_closed_ticket_is_opened_again_and_a_repeat_of_its_state_is_a_remark(
    demo_session: Session, report: Send, tell: Tell
) -> None:
    number = report()
    assert tell(number, "FIXED").status_code == 201
    assert tell(number, "FIXED", description="Truly").status_code == 201
    assert status_of(demo_session, number) == ("done", "fixed")
    assert tell(number, "OPEN").status_code == 201
    assert status_of(demo_session, number) == ("reopened", None)


def test_an_update_comes_once(demo_client: FlaskClient, report: Send, tell: Tell) -> None:
    number = report()
    assert tell(number, "IN_PROGRESS", update_id="77").status_code == 201
    answer = tell(number, "FIXED", update_id="77")
    assert answer.status_code == 400
    assert "already exists" in answer.get_json()[0]["description"]
    assert [row["status"] for row in told(demo_client)] == ["in_progress"]


def test_what_the_other_system_calls_it_is_known_of_each_report_of_the_ticket(
    demo_client: FlaskClient, demo_session: Session, report: Send, tell: Tell, pins: list[Pin]
) -> None:
    first, second, other = report(), report(at=pins[1]), report(at=pins[2])
    put_together(demo_session, first, second)
    assert tell(second, "IN_PROGRESS", customer_reference="WO-4710").status_code == 201
    assert tell(second, "UNCHANGED", customer_reference="WO-4711").status_code == 201
    rows = told(demo_client)
    assert {(row["service_request_id"], row["customer_reference"]) for row in rows} == {
        (first, "WO-4711"), (second, "WO-4711"),
    }  # fmt: skip
    for number, reference in ((first, "WO-4711"), (second, "WO-4711"), (other, None)):
        (row,) = demo_client.get(f"/open311/v2/requests/{number}.json?extensions=true").get_json()
        assert row["work_order"] == reference
    answer = tell(first, "UNCHANGED", customer_reference="a\u200bb")
    assert answer.status_code == 400
    assert answer.get_json()[0]["description"].startswith("customer_reference")


def test_after_a_slip_was_taken_back_the_note_before_it_stands(
    demo_client: FlaskClient, demo_session: Session, city: City, report: Send
) -> None:
    number = report()
    move_ticket(
        demo_session, city, number, "scheduled", detail="2026-12-01", note="The crew comes on Tuesday."
    )
    move_ticket(demo_session, city, number, "declined", detail="misuse", note="Nonsense.")
    agent = demo_session.scalars(select(Staff).where(Staff.role == "agent")).one()
    seen = demo_session.execute(text("select id, version from ticket where status = 'declined'")).one()
    undo(demo_session, city, seen.id, by=agent, version=seen.version)
    demo_session.commit()
    (row,) = demo_client.get(f"/open311/v2/requests/{number}.json").get_json()
    assert (row["status"], row["status_notes"]) == ("open", "The crew comes on Tuesday.")


def test_pictures_of_an_update_are_shown_if_anybody_could_reach_them(
    demo_client: FlaskClient, report: Send, tell: Tell
) -> None:
    number = report()
    urls = ["http://169.254.169.254/latest", "https://10.0.0.1/x.jpg", "https://pictures.example/1.jpg"]
    assert tell(number, "UNCHANGED", media_url=urls).status_code == 201
    assert told(demo_client)[0]["media_url"] == "https://pictures.example/1.jpg"


def test_who_told_the_other_system_is_not_kept(
    demo_client: FlaskClient, demo_session: Session, report: Send, tell: Tell
) -> None:
    number = report()
    assert tell(number, "UNCHANGED", email="bob@example.org", first_name="Bob").status_code == 201
    assert "bob@" not in demo_client.get(URL).text
    assert demo_session.scalar(text("select count(*) from contact where email like 'bob@%'")) == 0


@pytest.mark.parametrize(
    ("change", "status", "named"),
    [
        ({"api_key": ""}, 403, "api_key"),
        ({"api_key": "nonsense"}, 403, "api_key"),
        ({"service_request_id": ""}, 400, "service_request_id"),
        ({"service_request_id": "000-000-001"}, 404, "service_request_id"),
        ({"update_id": ""}, 400, "update_id"),
        ({"update_id": "x" * 201}, 400, "update_id"),
        ({"status": ""}, 400, "status"),
        ({"status": "BROKEN"}, 400, "status"),
        ({"description": ""}, 400, "description"),
        ({"description": "x" * 4001}, 400, "description"),
        ({"updated_datetime": ""}, 400, "updated_datetime"),
        ({"updated_datetime": "soon"}, 400, "updated_datetime"),
        ({"media_url": "javascript:alert(1)"}, 400, "media_url"),
        ({"status": "CLOSED", "attribute[outcome]": "eaten"}, 400, "attribute[outcome]"),
        ({"status": "PLANNED", "attribute[scheduled_for]": "soon"}, 400, "attribute[scheduled_for]"),
        ({"jurisdiction_id": "atlantis"}, 404, "jurisdiction_id"),
    ],
)
@pytest.mark.parametrize("form", ["json", "xml"])
def test_what_is_wrong_is_named_and_nothing_kept(
    demo_client: FlaskClient, demo_session: Session, report: Send, works_key: str, form: str,
    change: dict[str, str], status: int, named: str,
) -> None:  # fmt: skip
    fields = {
        "api_key": works_key, "service_request_id": report(), "update_id": "1", "status": "FIXED",
        "updated_datetime": "2026-11-22T14:05:00Z", "description": "Done",
    }  # fmt: skip
    answer = demo_client.post(URL.replace("json", form), data=fields | change)
    assert answer.status_code == status, answer.text
    words = (
        answer.get_json()[0]["description"]
        if form == "json"
        else ElementTree.fromstring(answer.data).findtext("error/description")
    )
    assert words.startswith(named)
    assert told(demo_client) == []
    assert demo_session.scalar(text("select count(*) from given_update")) == 0


def test_a_key_to_send_reports_with_may_not_move_tickets(key: str, report: Send, tell: Tell) -> None:
    answer = tell(report(), "FIXED", api_key=key)
    assert answer.status_code == 403
    assert "update" in answer.get_json()[0]["description"]


def test_a_move_that_the_lifecycle_does_not_have_is_refused(
    demo_session: Session, report: Send, tell: Tell
) -> None:
    number = report()
    assert tell(number, "CANCELLED").status_code == 201
    answer = tell(number, "IN_PROGRESS")
    assert answer.status_code == 400
    assert answer.get_json()[0]["description"].startswith("status: A ticket that is declined")
    assert status_of(demo_session, number) == ("declined", "nothing_wrong")


def test_the_test_endpoint_keeps_no_update(
    demo_client: FlaskClient, demo_session: Session, report: Send, works_key: str
) -> None:
    number = report()
    answer = demo_client.post(
        URL.replace("/v2/", "/test/v2/"),
        data={
            "api_key": works_key, "service_request_id": number, "update_id": "1", "status": "FIXED",
            "updated_datetime": "2026-11-22T14:05:00Z", "description": "Done",
        },
    )  # fmt: skip
    assert answer.status_code == 201
    assert status_of(demo_session, number) == ("assigned", None)


def test_a_poll_takes_two_statements(
    demo_client: FlaskClient, demo_session: Session, city: City, report: Send,
    demo_statements: Callable[[], AbstractContextManager[list[str]]],
) -> None:  # fmt: skip
    number = report()
    move_ticket(demo_session, city, number, "in_progress")
    with demo_statements() as statements:
        assert len(told(demo_client)) == 1
    assert len([each for each in statements if not each.startswith(("SAVEPOINT", "RELEASE"))]) == 2


def test_sending_an_update_takes_seven_statements(
    report: Send, tell: Tell, demo_statements: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    number = report()
    with demo_statements() as statements:
        assert tell(number, "FIXED").status_code == 201
    asked = [each for each in statements if not each.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK"))]
    # City, key, ticket, earlier update; what the move saw, the move; the update.
    assert len(asked) == 7, asked

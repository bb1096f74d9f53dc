"""What Open311 says of requests: each rule of GeoReport v2 that clients rely on."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from defusedxml import ElementTree
from flask.testing import FlaskClient
from sqlalchemy import Engine, event, text
from sqlalchemy.orm import Session

from layers.models import City
from tests.api.conftest import REQUESTS, Pin, Send, move_ticket

V2 = "/open311/v2"
W3C = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d([+-]\d\d:\d\d|Z)")
FIELDS = [
    "service_request_id", "status", "status_notes", "service_name", "service_code", "description",
    "agency_responsible", "service_notice", "requested_datetime", "updated_datetime", "expected_datetime",
    "address", "address_id", "zipcode", "lat", "long", "media_url",
]  # fmt: skip


def listed(client: FlaskClient, **parameters: Any) -> list[dict[str, Any]]:
    answer = client.get(REQUESTS, query_string=parameters)
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.get_json()
    return rows


def numbers(client: FlaskClient, **parameters: Any) -> list[str]:
    return [row["service_request_id"] for row in listed(client, **parameters)]


def one(client: FlaskClient, number: str, **parameters: Any) -> dict[str, Any]:
    answer = client.get(f"{V2}/requests/{number}.json", query_string=parameters)
    assert answer.status_code == 200, answer.text
    (row,) = answer.get_json()
    assert isinstance(row, dict)
    return row


def ago(**span: float) -> str:
    return (datetime.now(UTC) - timedelta(**span)).isoformat()


def test_a_request_has_every_field_in_both_formats(
    demo_client: FlaskClient, send: Send, pins: list[Pin]
) -> None:
    number = send(description="Paint & <b>glue</b>\non the wall", media_url="https://pictures.example/1.jpg")
    row = one(demo_client, number)
    assert list(row) == FIELDS
    assert row["service_request_id"] == number
    assert row["status"] == "open"
    assert row["service_code"] == "graffiti"
    assert row["description"] == "Paint & <b>glue</b>\non the wall"
    assert row["media_url"] == "https://pictures.example/1.jpg"
    assert (row["long"], row["lat"]) == pytest.approx(pins[0])
    assert row["agency_responsible"] == "Sanitation"
    for name in ("requested_datetime", "updated_datetime", "expected_datetime"):
        assert W3C.fullmatch(row[name]), row[name]
    assert row["requested_datetime"][-6:] in ("-05:00", "-06:00"), "the city's own offset"
    assert row["expected_datetime"] > row["requested_datetime"]

    answer = demo_client.get(f"{V2}/requests/{number}.xml")
    assert answer.headers["Content-Type"] == "text/xml; charset=utf-8"
    root = ElementTree.fromstring(answer.data)
    assert root.tag == "service_requests"
    assert [element.tag for element in root.find("request")] == FIELDS
    for name in FIELDS:
        assert (root.findtext(f"request/{name}") or None) == (None if row[name] is None else str(row[name]))


def test_numbers_are_found_as_people_type_them(demo_client: FlaskClient, send: Send) -> None:
    number = send()
    assert one(demo_client, number.replace("-", "").lower())["service_request_id"] == number
    assert one(demo_client, number, jurisdiction_id="demo")["service_request_id"] == number


def test_a_closed_request_tells_when_and_why(
    demo_client: FlaskClient, send: Send, demo_session: Session, city: City
) -> None:
    number = send()
    move_ticket(demo_session, city, number, "in_progress", note="A crew is there.")
    assert one(demo_client, number)["status"] == "open"
    assert one(demo_client, number)["status_notes"] == "A crew is there."
    move_ticket(demo_session, city, number, "done", detail="fixed", note="Cleaned.")
    row = one(demo_client, number)
    assert (row["status"], row["status_notes"]) == ("closed", "Cleaned.")
    closed_at = demo_session.scalar(
        text(
            "select t.closed_at from ticket t join report r on r.ticket_id = t.id where tracking_number = :n"
        ),
        {"n": number},
    )
    assert closed_at is not None
    assert datetime.fromisoformat(row["updated_datetime"]) == closed_at.replace(microsecond=0)
    move_ticket(demo_session, city, number, "reopened", note="It is back.")
    assert one(demo_client, number)["status"] == "open"


def test_a_duplicate_carries_its_tickets_status(
    demo_client: FlaskClient, send: Send, demo_session: Session, city: City, pins: list[Pin]
) -> None:
    first = send()
    second = send(at=pins[1])
    ticket_id = demo_session.scalar(
        text("select ticket_id from report where tracking_number = :n"), {"n": first}
    )
    demo_session.execute(
        text(
            "update report set ticket_id = :ticket, duplicate_decision = 'joined',"
            " duplicate_of = (select id from report where tracking_number = :first) where tracking_number = :n"
        ),
        {"ticket": ticket_id, "n": second, "first": first},
    )
    demo_session.commit()
    move_ticket(demo_session, city, first, "declined", detail="not_ours", note="Not ours.")
    row = one(demo_client, second, extensions="true")
    assert (row["status"], row["status_notes"]) == ("closed", "Not ours.")
    assert row["duplicate_of"] == first
    assert row["ticket_id"] == ticket_id


def test_ids_override_every_other_argument(
    demo_client: FlaskClient, send: Send, pins: list[Pin], made_at: Callable[[str, str], None]
) -> None:
    first, second, third = (send(at=pin) for pin in pins[:3])
    made_at(first, "2011-07-01T12:00:00Z")
    found = numbers(
        demo_client, service_request_id=f"{first},{second.lower()},nonsense,,{first}", status="closed",
        service_code="no-such", start_date="rubbish", page_size=1, bbox="x",
    )  # fmt: skip
    assert found == [second, first]
    assert numbers(demo_client, service_request_id="nonsense") == []
    repeated = demo_client.get(f"{REQUESTS}?service_request_id={first}&service_request_id={third}").get_json()
    assert {row["service_request_id"] for row in repeated} == {first, third}


def test_without_arguments_the_last_90_days_newest_first(
    demo_client: FlaskClient, send: Send, pins: list[Pin], made_at: Callable[[str, str], None]
) -> None:
    sent = [send(at=pin) for pin in pins[:4]]
    made_at(sent[0], ago(days=89))
    made_at(sent[1], ago(days=91))
    made_at(sent[2], ago(days=1))
    assert numbers(demo_client) == [sent[3], sent[2], sent[0]]
    assert numbers(demo_client, start_date="", end_date="", status="", service_code="") == [
        sent[3],
        sent[2],
        sent[0],
    ]


def test_dates_bound_the_request_time_and_span_90_days_at_most(
    demo_client: FlaskClient, send: Send, pins: list[Pin], made_at: Callable[[str, str], None]
) -> None:
    sent = dict(zip(["jan", "mar", "june"], (send(at=pin) for pin in pins[:3]), strict=True))
    for name, day in (("jan", "2026-01-10"), ("mar", "2026-03-10"), ("june", "2026-06-10")):
        made_at(sent[name], f"{day}T12:00:00Z")
    both = {"start_date": "2026-01-01T00:00:00Z", "end_date": "2026-03-20T00:00:00Z"}
    assert numbers(demo_client, **both) == [sent["mar"], sent["jan"]]
    too_long = {"start_date": "2025-01-01T00:00:00Z", "end_date": "2026-06-20T00:00:00Z"}
    assert numbers(demo_client, **too_long) == [sent["june"]], "cut to the 90 days before the end"
    assert numbers(demo_client, end_date="2026-04-01T00:00:00Z") == [sent["mar"], sent["jan"]]
    exact = "2026-06-10T12:00:00Z"
    assert numbers(demo_client, start_date=exact, end_date=exact) == [sent["june"]]
    # In the city's own time where no offset is given; a plus sign that nobody escaped.
    assert numbers(demo_client, end_date="2026-06-10T07:00:00", start_date="2026-06-10T07:00") == [
        sent["june"]
    ]
    answer = demo_client.get(f"{REQUESTS}?start_date=2026-06-10T14:00:00+02:00&end_date=2026-06-11")
    assert [row["service_request_id"] for row in answer.get_json()] == [sent["june"]]


def test_status_and_service_filter(
    demo_client: FlaskClient, send: Send, pins: list[Pin], demo_session: Session, city: City
) -> None:
    paint = send(at=pins[0])
    waste = send(at=pins[1], service_code="illegal-dumping")
    sign = send(at=pins[2], service_code="sign")
    move_ticket(demo_session, city, waste, "done", detail="fixed")
    assert numbers(demo_client, status="open") == [sign, paint]
    assert numbers(demo_client, status="closed") == [waste]
    assert numbers(demo_client, status="open,Closed") == [sign, waste, paint]
    assert numbers(demo_client, service_code="graffiti,illegal-dumping") == [waste, paint]
    assert numbers(demo_client, service_code="graffiti,sign", status="closed") == []


def test_pages_follow_one_another(demo_client: FlaskClient, send: Send, pins: list[Pin]) -> None:
    sent = [send(at=pin) for pin in pins[:5]][::-1]
    pages = [numbers(demo_client, page=page, page_size=2) for page in (1, 2, 3, 4)]
    assert pages == [sent[:2], sent[2:4], sent[4:], []]


def test_a_box_holds_what_is_in_it(demo_client: FlaskClient, send: Send, pins: list[Pin]) -> None:
    here, _ = send(at=pins[0]), send(at=pins[1])
    lon, lat = pins[0]
    box = f"{lon - 0.001},{lat - 0.001},{lon + 0.001},{lat + 0.001}"
    assert numbers(demo_client, bbox=box) == [here]


def test_changes_since_a_time_however_old_the_request(
    demo_client: FlaskClient, send: Send, pins: list[Pin], demo_session: Session, city: City,
    made_at: Callable[[str, str], None],
) -> None:  # fmt: skip
    old, other = send(at=pins[0]), send(at=pins[1])
    for number in (old, other):
        made_at(number, "2025-01-01T00:00:00Z")
    demo_session.execute(text("update report set updated_at = now() - interval '3 days'"))
    demo_session.commit()
    since = ago(hours=1)
    assert numbers(demo_client, updated_after=since) == []
    move_ticket(demo_session, city, old, "done", detail="fixed")
    (row,) = listed(demo_client, updated_after=since)
    assert row["service_request_id"] == old
    assert datetime.fromisoformat(row["updated_datetime"]) >= datetime.fromisoformat(since).replace(
        microsecond=0
    )
    assert numbers(demo_client, updated_before=since) == [other]


def test_extensions_add_answers_history_and_place_and_only_when_asked(
    demo_client: FlaskClient, send: Send, demo_session: Session, city: City
) -> None:
    number = send(
        service_code="pothole", **{"attribute[where]": "bike", "media_url": "https://pictures.example/1"}
    )
    move_ticket(demo_session, city, number, "scheduled", note="On Tuesday.", detail="2026-03-03")
    assert list(one(demo_client, number)) == FIELDS
    row = one(demo_client, number, extensions="true")
    assert row["attributes"] == [
        {"label": "Where in the road is it?", "name": "where", "value": "Bike lane", "code": "bike"}
    ]
    assert row["extended_attributes"]["channel"] == "open311"
    assert row["extended_attributes"]["photos"] == [{"media_url": "https://pictures.example/1"}]
    assert 160_000 < row["extended_attributes"]["x"] < 840_000, "metres in the city's UTM zone"
    # Not in order: the test's one transaction has one time for all moves.
    notes = {note["type"]: note["description"] for note in row["notes"]}
    assert notes == {"received": "Received", "scheduled": "On Tuesday."}
    assert W3C.fullmatch(row["notes"][0]["datetime"])
    assert row["crew"]
    assert row["district"]
    assert row["segment_id"]
    assert row["duplicate_of"] is None
    root = ElementTree.fromstring(demo_client.get(f"{V2}/requests/{number}.xml?extensions=true").data)
    assert root.findtext("request/attributes/attribute/value") == "Bike lane"
    assert root.findtext("request/extended_attributes/photos/photo/media_url") == "https://pictures.example/1"
    assert root.findtext("request/notes/note[type='scheduled']/description") == "On Tuesday."


def test_nothing_private_is_shown(demo_client: FlaskClient, send: Send, pins: list[Pin]) -> None:
    person = {
        "email": "ada@example.org", "first_name": "Ada", "last_name": "Lovelace", "phone": "555 019 2834",
        "device_id": "dev-73", "account_id": "acc-9",
    }  # fmt: skip
    secret = send(
        at=pins[0],
        service_code="housing",
        description="No heat in 4B",
        media_url="https://x.example/p",
        **person,
    )
    shown = send(at=pins[1], **person)
    assert numbers(demo_client) == [shown], "reports of a service that is not public are not listed"
    assert numbers(demo_client, service_code="housing") == []
    row = one(demo_client, secret, extensions="true")
    assert (row["description"], row["media_url"], row["attributes"]) == (None, None, [])
    for path in (f"requests/{secret}", f"requests/{shown}", "requests"):
        for form in ("xml", "json"):
            words = demo_client.get(f"{V2}/{path}.{form}?extensions=true").text
            for private in ("ada@", "Ada", "Lovelace", "2834", "dev-73", "acc-9", "4B"):
                assert private not in words


def test_a_token_is_its_requests_number(demo_client: FlaskClient, send: Send) -> None:
    number = send()
    answer = demo_client.get(f"{V2}/tokens/{number}.json")
    assert answer.get_json() == [{"service_request_id": number, "token": number}]
    root = ElementTree.fromstring(demo_client.get(f"{V2}/tokens/{number}.xml").data)
    assert root.findtext("request/token") == number
    assert demo_client.get(f"{V2}/tokens/000-000-001.json").status_code == 404


@pytest.fixture
def statements(demo_engine: Engine) -> Callable[[], AbstractContextManager[list[str]]]:
    @contextmanager
    def count() -> Any:
        seen: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            if not statement.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK")):
                seen.append(statement)

        event.listen(demo_engine, "before_cursor_execute", note)
        try:
            yield seen
        finally:
            event.remove(demo_engine, "before_cursor_execute", note)

    return count


@pytest.mark.parametrize(
    "query",
    ["", "?extensions=true", "?service_code=graffiti&status=open&page_size=5", "?updated_after=2020-01-01"],
)
def test_a_listing_takes_two_statements(
    demo_client: FlaskClient, send: Send, pins: list[Pin], query: str,
    statements: Callable[[], AbstractContextManager[list[str]]],
) -> None:  # fmt: skip
    for pin in pins[:5]:
        send(at=pin)
    with statements() as seen:
        assert len(demo_client.get(f"{REQUESTS}{query}").get_json()) == 5
    assert len(seen) == 2, seen


@pytest.mark.parametrize("path", ["services", "services/pothole", "discovery"])
def test_what_seldom_changes_takes_one_statement(
    demo_client: FlaskClient, path: str, statements: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    demo_client.get(f"{V2}/{path}.json")
    with statements() as seen:
        demo_client.get(f"{V2}/{path}.json")
    assert len(seen) == 1, seen

"""Feeds by area and service, as a feed reader, a calendar and a map read them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import feedparser
import pytest
from flask.testing import FlaskClient
from icalendar import Calendar
from sqlalchemy import select
from sqlalchemy.orm import Session

from layers.current import current_atlas
from layers.models import City
from tests.api.conftest import Pin, Send, move_ticket
from tests.pages.people import sign_in
from webapp.api.feeds import queries
from webapp.tickets.models import Report, Ticket

PATH = "/api/feeds/tickets"
CONTACT = {
    "first_name": "Quentin",
    "last_name": "Zyxw",
    "email": "quentin@example.org",
    "phone": "2175550123",
}


def entries(client: FlaskClient, query: str = "") -> list[Any]:
    answer = client.get(f"{PATH}.atom{query}")
    assert answer.status_code == 200, answer.text
    found = feedparser.parse(answer.data)
    assert not found.bozo, found.get("bozo_exception")
    return list(found.entries)


def numbers(client: FlaskClient, query: str = "") -> list[str]:
    """The tracking numbers of a feed's entries; in all formats the same."""
    found = [each.link.rpartition("/")[2] for each in entries(client, query)]
    shown = client.get(f"{PATH}.geojson{query}").get_json()["features"]
    assert [each["properties"]["url"].rpartition("/")[2] for each in shown] == found
    return found


@pytest.fixture
def three(send: Send, pins: list[Pin]) -> list[str]:
    """Two reports of one service and one of another, far from one another."""
    sent = [send(at=pin, description="Rosebud", **CONTACT) for pin in pins[:2]]
    return [*sent, send(at=pins[2], service_code="snow")]


def test_a_reader_finds_what_changed_last_first(
    demo_client: FlaskClient, demo_session: Session, city: City, three: list[str]
) -> None:
    assert numbers(demo_client) == three[::-1]
    before = {each.link: each for each in entries(demo_client)}
    move_ticket(demo_session, city, three[0], "in_progress")
    assert sorted(numbers(demo_client)) == sorted(three)
    first = next(each for each in entries(demo_client) if each.link.endswith(three[0]))
    assert first.summary.startswith("Work has begun. Promised by 2")
    assert first.tags[0].term == "graffiti"
    old = before[first.link]
    assert (first.id, first.published) == (old.id, old.published)
    assert first.id.startswith("urn:uuid:")
    assert first.updated_parsed >= old.updated_parsed
    assert (first.updated, first.summary) != (old.updated, old.summary)


def test_points_are_where_the_pins_are(demo_client: FlaskClient, three: list[str], pins: list[Pin]) -> None:
    for each, (lon, lat) in zip(entries(demo_client)[::-1], pins, strict=False):
        assert each.where["coordinates"] == pytest.approx((lon, lat), abs=1e-6)
    shown = demo_client.get(f"{PATH}.geojson").get_json()["features"]
    assert shown[-1]["geometry"]["coordinates"] == pytest.approx(pins[0], abs=1e-6)


def test_areas_and_services_narrow_it_down(
    demo_client: FlaskClient, demo_session: Session, city: City, three: list[str], pins: list[Pin]
) -> None:
    lon, lat = pins[1]
    assert numbers(demo_client, f"?near={lon},{lat},100") == [three[1]]
    assert numbers(demo_client, f"?near={lon},{lat},5000&service=snow") == [three[2]]
    assert numbers(demo_client, "?service=graffiti,rodents") == [three[1], three[0]]
    assert numbers(demo_client, "?limit=1") == [three[2]]
    districts = dict(
        demo_session.execute(
            select(Report.tracking_number, Ticket.district).join(Ticket, Ticket.id == Report.ticket_id)
        ).all()
    )
    for layer in (city.district_layer, "neighborhood"):
        zones = current_atlas(demo_session, city).zones[layer]
        found = [
            number for zone in zones.source_id for number in numbers(demo_client, f"?zone={layer}:{zone}")
        ]
        assert sorted(found) == sorted(three)
        if layer == city.district_layer:
            assert numbers(demo_client, f"?zone={layer}:{districts[three[0]]}")[-1] == three[0]


def test_a_calendar_has_the_promised_days(
    demo_client: FlaskClient, demo_session: Session, city: City, three: list[str]
) -> None:
    answer = demo_client.get(f"{PATH}.ics")
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert all(len(line) <= 75 for line in answer.data.split(b"\r\n"))
    due = {
        f"http://localhost/track/{number}": when.astimezone(ZoneInfo(city.time_zone)).date()
        for number, when in demo_session.execute(select(Report.tracking_number, Report.due_at)).all()
        if when
    }
    calendar = Calendar.from_ical(answer.data)
    events = {str(event["URL"]): event for event in calendar.walk("VEVENT")}
    assert {url: event.decoded("DTSTART") for url, event in events.items()} == due
    uids = {url: str(event["UID"]) for url, event in events.items()}
    assert len(set(uids.values())) == len(due)
    move_ticket(demo_session, city, three[1], "in_progress")
    move_ticket(demo_session, city, three[0], "done", detail="fixed")
    again = {
        str(event["URL"]): event
        for event in Calendar.from_ical(demo_client.get(f"{PATH}.ics").data).walk("VEVENT")
    }
    moved, gone = (f"http://localhost/track/{number}" for number in (three[1], three[0]))
    assert gone not in again
    assert str(again[moved]["UID"]) == uids[moved]
    assert int(again[moved]["SEQUENCE"]) > int(events[moved]["SEQUENCE"])
    assert isinstance(again[moved].decoded("DTEND"), date)


def test_nothing_private_is_told(
    demo_client: FlaskClient, three: list[str], send: Send, pins: list[Pin]
) -> None:
    private = send(at=pins[3], service_code="housing", description="Rosebud", **CONTACT)
    for form in ("atom", "geojson", "ics"):
        said = demo_client.get(f"{PATH}.{form}").text
        assert private not in said
        assert not [word for word in (*CONTACT.values(), "Rosebud") if word in said]
    assert demo_client.get(f"{PATH}.atom?service=housing").status_code == 400
    sign_in(demo_client, "agent")
    assert numbers(demo_client)[0] == private
    answer = demo_client.get(f"{PATH}.atom")
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert not [word for word in (*CONTACT.values(), "Rosebud") if word in answer.text]


@pytest.mark.parametrize("form", ["atom", "geojson", "ics"])
def test_what_a_reader_has_already_is_not_sent_again(
    demo_client: FlaskClient, demo_session: Session, city: City, three: list[str], form: str
) -> None:
    first = demo_client.get(f"{PATH}.{form}")
    assert first.headers["Access-Control-Allow-Origin"] == "*"
    again = demo_client.get(f"{PATH}.{form}", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    move_ticket(demo_session, city, three[0], "in_progress")
    changed = demo_client.get(f"{PATH}.{form}", headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200


def test_old_changes_leave_it(
    monkeypatch: pytest.MonkeyPatch, demo_client: FlaskClient, three: list[str]
) -> None:
    monkeypatch.setattr(queries, "SPAN", timedelta(0))
    assert numbers(demo_client) == []
    empty = demo_client.get(f"{PATH}.atom")
    assert empty.headers["ETag"] == demo_client.get(f"{PATH}.atom").headers["ETag"]


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("zone=3", "zone"), ("zone=council:x", "zone"), ("zone=streets:1", "zone"), ("zone=", "zone"),
        ("near=1,2", "near"), ("near=a,b,c", "near"), ("near=181,0,5", "near"), ("near=0,0,0", "near"),
        ("near=0,0,5001", "near"), ("near=3,0,100", "near"), ("near=0,0,nan", "near"), ("near=1,1,1&near=1,1,1", "near"),
        ("service=nothing", "service"), ("service=", "service"), ("service=%FF", "service"), ("service=%00", "service"),
        ("limit=0", "limit"), ("limit=501", "limit"), ("limit=ten", "limit"), ("status=open", "status"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(demo_client: FlaskClient, query: str, named: str) -> None:
    answer = demo_client.get(f"{PATH}.atom?{query}")
    assert (answer.status_code, answer.mimetype) == (400, "application/problem+json"), answer.text
    assert answer.get_json()["detail"].startswith(f"{named}: ")


def test_pages_that_show_an_area_name_its_feed(
    demo_client: FlaskClient, three: list[str], pins: list[Pin]
) -> None:
    page = demo_client.get(f"/track/{three[1]}").text
    lon, lat = pins[1]
    assert f'href="/api/feeds/tickets.atom?near={lon:.5f},{lat:.5f},250"' in page
    assert numbers(demo_client, f"?near={lon:.5f},{lat:.5f},250") == [three[1]]
    assert 'href="/api/feeds/tickets.atom"' in demo_client.get("/").text
    sign_in(demo_client, "district-1")
    council = demo_client.get("/council").text
    assert 'href="/api/feeds/tickets.atom?zone=council:1"' in council
    assert 'href="/api/feeds/tickets.ics?zone=council:1"' in council


def test_a_feed_takes_few_statements(
    demo_client: FlaskClient, demo_statements: Any, three: list[str]
) -> None:
    demo_client.get(f"{PATH}.atom")
    for form in ("atom", "geojson", "ics"):
        with demo_statements() as statements:
            demo_client.get(f"{PATH}.{form}")
        assert len([each for each in statements if "timeline" in each]) == 1
        assert len(statements) <= 3, statements

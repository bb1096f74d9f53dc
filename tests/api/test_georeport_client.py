"""The journey of a report, seen by a public Open311 client that speaks with a real server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from georeport import GeoReport
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from layers.current import current_atlas
from layers.models import City
from layers.queries import city_by_slug
from tests.api.conftest import street_pins
from webapp.db import make_engine
from webapp.people.keys import add_key
from webapp.people.models import Staff
from webapp.tickets.moving import move


@pytest.fixture
def town_hall(demo_database: str) -> Iterator[tuple[Session, City]]:
    """The city's own way into its database."""
    engine = make_engine(demo_database)
    with Session(engine, expire_on_commit=False) as session:
        yield session, city_by_slug(session, "demo")
    engine.dispose()


@pytest.mark.parametrize("form", ["json", "xml"])
def test_from_the_list_of_services_to_the_crews_last_word(
    live_server: str, town_hall: tuple[Session, City], form: str
) -> None:
    session, city = town_hall
    _, key = add_key(session, city.id, "App")
    lon, lat = street_pins(current_atlas(session, city))[0]
    session.commit()

    found = requests.get(f"{live_server}/discovery.json", timeout=30).json()
    client = GeoReport(found["endpoints"][0]["url"], output_format=form)
    light = next(each for each in client.get_service_list() if each["service_code"] == "street-light")
    assert str(light["metadata"]).lower() == "true"
    definition: dict[str, Any] = client.get_service_definition("street-light")
    attributes = definition["attributes"]
    question = attributes[0] if form == "json" else attributes["attribute"]
    answers = question["values"] if form == "json" else question["values"]["value"]

    sent = requests.post(
        f"{client.root_address}/requests.json",
        data={
            "api_key": key, "service_code": "street-light", "lat": lat, "long": lon,
            "description": "Dark since Monday", f"attribute[{question['code']}]": answers[0]["key"],
        },
        timeout=30,
    )  # fmt: skip
    assert sent.status_code == 201, sent.text
    number = sent.json()[0]["service_request_id"]

    seen = client.get_service_request(number)
    assert (seen["status"], seen["description"]) == ("open", "Dark since Monday")
    listed = client.get_service_requests(service_code="street-light", status="open")
    assert (listed[0] if form == "json" else listed)["service_request_id"] == number

    ticket = session.execute(
        text(
            "select ticket.id, ticket.crew_id, ticket.version from ticket"
            " join report on report.ticket_id = ticket.id where tracking_number = :n"
        ),
        {"n": number},
    ).one()
    member = session.scalars(select(Staff).where(Staff.crew_id == ticket.crew_id)).first()
    assert member is not None
    begun = move(session, city, ticket.id, "in_progress", by=member, version=ticket.version)
    session.commit()
    assert client.get_service_request(number)["status"] == "open"
    move(
        session, city, ticket.id, "done", by=member, version=begun.version, detail="fixed", note="New bulb."
    )  # fmt: skip
    session.commit()

    closed = client.get_service_request(number)
    assert (closed["status"], closed["status_notes"]) == ("closed", "New bulb.")
    assert closed["updated_datetime"] >= closed["requested_datetime"]
    listed = client.get_service_requests(service_request_id=number)
    assert (listed[0] if form == "json" else listed)["status"] == "closed"
    assert requests.get(f"{client.root_address}/requests.json?status=open", timeout=30).json() == []

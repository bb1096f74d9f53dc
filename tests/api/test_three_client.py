"""The journey of a report, seen by `three`, an Open311 client that many civic apps were made with."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from sqlalchemy.orm import Session

from layers.current import current_atlas
from layers.queries import city_by_slug
from tests.api.conftest import street_pins
from webapp.db import make_engine
from webapp.people.keys import add_key


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::SyntaxWarning")
def test_a_report_is_sent_and_followed(
    live_server: str, demo_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Written for Python 2, as its last release still is.
    monkeypatch.setattr(itertools, "ifilter", filter, raising=False)
    from three import Three

    engine = make_engine(demo_database)
    with Session(engine) as session:
        city = city_by_slug(session, "demo")
        _, key = add_key(session, city.id, "App")
        lon, lat = street_pins(current_atlas(session, city))[0]
        session.commit()
    engine.dispose()

    client: Any = Three(f"{live_server}/open311/v2", api_key=key, jurisdiction="demo")
    assert {each["type"] for each in client.discovery()["endpoints"]} == {"production", "test"}
    assert "graffiti" in [each["service_code"] for each in client.services()]
    assert client.services("pothole")["attributes"][0]["code"] == "where"
    (made,) = client.post(
        "graffiti", lat=lat, long=lon, name="Ada Lovelace", email="ada@example.org", description="Paint"
    )
    number = made["service_request_id"]
    (seen,) = client.request(number)
    assert (seen["status"], seen["description"]) == ("open", "Paint")
    assert [row["service_request_id"] for row in client.requests("graffiti", count=5)] == [number]
    assert client.requests(between=["1-1-2020", "2-1-2020"]) == []
    assert client.token(number) == [{"service_request_id": number, "token": number}]
    (error,) = client.post("no-such", lat=lat, long=lon)
    assert error["code"] == 404

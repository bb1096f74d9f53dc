"""Where: what is told and asked of a pin."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.pages.spots import spot


def here(client: FlaskClient, lon: float, lat: float, service: str = "") -> Any:
    return client.get("/here", query_string={"lon": lon, "lat": lat, "service": service}).json


def point(session: Session, sql: str) -> tuple[float, float]:
    """Return the point that a query selects; EPSG:4326 degrees."""
    lon, lat = session.execute(text(f"SELECT st_x(p), st_y(p) FROM ({sql}) AS found (p)")).one()
    return lon, lat


def beside(condition: str) -> str:
    """Return the query for a spot some metres north of the middle of the longest segment of a kind."""
    return (
        "SELECT st_translate(st_lineinterpolatepoint(geom, 0.4), 0, 0.00004) FROM segment "
        f"WHERE {condition} ORDER BY st_length(geom) DESC, source_id LIMIT 1"
    )


def test_the_side_of_the_street_is_told(demo_client: FlaskClient, demo_session: Session) -> None:
    said = here(demo_client, *point(demo_session, beside("class = 'local' AND left_to > 0")))
    assert said["side"] in {"north side", "east side", "west side"}


def test_at_a_crossing_the_page_asks_which_street_and_the_answer_decides(
    demo_client: FlaskClient, demo_session: Session
) -> None:
    corner = point(
        demo_session,
        "SELECT st_startpoint(a.geom) FROM segment a JOIN segment b ON st_dwithin(st_startpoint(a.geom), b.geom, 0) "
        "WHERE a.name < b.name AND a.class = 'local' AND b.class = 'local' ORDER BY a.source_id LIMIT 1",
    )
    asked = here(demo_client, *corner)["spots"]
    assert asked["asked"] == "Which street is it on?"
    assert len(asked["choices"]) > 1
    for choice in asked["choices"]:
        street = choice["label"].split(" · ")[0].lstrip("0123456789 ").removeprefix("On ")
        answer = here(demo_client, choice["lon"], choice["lat"])
        assert street in answer["address"]
        assert (answer["spots"] or {"asked": "side"})["asked"] != asked["asked"]


def test_near_a_border_of_districts_the_page_asks_which_side(
    demo_client: FlaskClient, demo_session: Session
) -> None:
    border = (
        "SELECT st_lineinterpolatepoint(st_linemerge(st_intersection(a.geom, b.geom)), {}) FROM zone a "
        "JOIN zone b ON a.edition_id = b.edition_id AND a.id < b.id AND st_dimension(st_intersection(a.geom, b.geom)) = 1 "
        "JOIN edition e ON e.id = a.edition_id JOIN layer l ON l.id = e.layer_id AND l.name = 'council' "
        "ORDER BY st_length(st_intersection(a.geom, b.geom)) DESC LIMIT 1"
    )
    asked = [here(demo_client, *point(demo_session, border.format(share / 10))) for share in range(2, 9)]
    sides = [
        said["spots"] for said in asked if said["spots"] and said["spots"]["asked"].startswith("Which side")
    ]
    assert sides
    for side in sides:
        districts = {choice["label"].split(" · ")[-1] for choice in side["choices"]}
        assert len(districts) > 1


@pytest.mark.parametrize(
    ("owner", "who"),
    [("County", "Alder County Highways"), ("State", "State Department of Transportation")],
)
def test_on_a_road_of_others_the_page_says_who_is_responsible(
    demo_client: FlaskClient, demo_session: Session, owner: str, who: str
) -> None:
    road = point(demo_session, beside(f"owner = '{owner}'"))
    some, pothole = here(demo_client, *road), here(demo_client, *road, "pothole")
    assert some["owner"]["words"].startswith(f"{who} looks after much")
    assert pothole["owner"]["words"].startswith(f"{who} is responsible here")
    assert pothole["owner"]["phone"]
    assert here(demo_client, *road, "graffiti")["owner"] is None


def test_on_private_ground_too(demo_client: FlaskClient, demo_session: Session) -> None:
    ground = point(demo_session, "SELECT st_pointonsurface(geom) FROM zone WHERE source_id = 'mills'")
    said = here(demo_client, *ground, "graffiti")
    assert said["owner"]["words"].startswith("Alder Mills Management is responsible here")


def test_outside_the_city_there_is_somebody_to_ask(demo_client: FlaskClient, demo_session: Session) -> None:
    where = spot(demo_session)
    away, swapped = here(demo_client, where.lon + 1, where.lat), here(demo_client, where.lat, where.lon)
    assert away["owner"] == {
        "words": "Alder County Highways may be responsible there.",
        "phone": "555-0142",
        "url": "https://highways.aldercounty.example",
    }
    assert "changed places" in swapped["warning"]
    assert not away["placed"]

"""Vector tiles over HTTP: what is in them, what a browser need not ask for again, and what does not exist."""

from __future__ import annotations

import gzip
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient

from tests.api.conftest import Pin, Send
from tests.pages.people import sign_in
from webapp.tickets import tile_cache


@pytest.fixture(autouse=True)
def _look_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask what has changed at every tile: what tests write, they look for at once."""
    monkeypatch.setattr(tile_cache, "CHECK_EVERY_S", 0.0)


EVERYBODY = {"Accept-Encoding": "gzip"}


def tile_of(pin: Pin, z: int) -> str:
    """The path of the tile of zoom ``z`` that holds a pin (Web Mercator, tiles counted from the north-west)."""
    import math

    lon, lat = pin
    x = (lon + 180) / 360 * 2**z
    y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * 2**z
    return f"{z}/{int(x)}/{int(y)}"


def test_tilejson_describes_both_sets_and_holds_the_city(demo_client: FlaskClient, pins: list[Pin]) -> None:
    for name, layers in (
        ("base", ["zones", "streets"]),
        ("tickets", ["tickets"]),
        ("all-tickets", ["tickets"]),
    ):
        found = demo_client.get(f"/tiles/{name}.json").get_json()
        assert found["tilejson"] == "3.0.0"
        assert [layer["id"] for layer in found["vector_layers"]] == layers
        west, south, east, north = found["bounds"]
        assert all(west <= lon <= east and south <= lat <= north for lon, lat in pins)
        if name == "all-tickets":
            sign_in(demo_client, "agent")
        url = found["tiles"][0].replace("{z}/{x}/{y}", tile_of(pins[0], 15))
        assert demo_client.get(url).status_code == 200


def test_a_base_tile_is_sent_once_and_packed_for_those_who_can_unpack(
    demo_client: FlaskClient, pins: list[Pin]
) -> None:
    path = f"/tiles/base/{tile_of(pins[0], 15)}.mvt"
    packed = demo_client.get(path, headers=EVERYBODY)
    assert packed.status_code == 200
    assert packed.headers["Content-Type"] == "application/vnd.mapbox-vector-tile"
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["Vary"]
    plain = demo_client.get(path)
    assert "Content-Encoding" not in plain.headers
    assert plain.data == gzip.decompress(packed.data)
    assert b"streets" in plain.data
    again = demo_client.get(path, headers={"If-None-Match": packed.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert "max-age=600" in packed.headers["Cache-Control"]


def test_a_tile_asked_for_by_the_maps_tag_is_kept_for_ever(demo_client: FlaskClient, pins: list[Pin]) -> None:
    url = (
        demo_client.get("/tiles/base.json")
        .get_json()["tiles"][0]
        .replace("{z}/{x}/{y}", tile_of(pins[0], 14))
    )
    assert "max-age=31536000" in demo_client.get(url).headers["Cache-Control"]
    assert "max-age=600" in demo_client.get(f"{url}x").headers["Cache-Control"]


def test_everybody_sees_public_tickets_and_staff_see_all(
    demo_client: FlaskClient, send: Send, pins: list[Pin]
) -> None:
    send(at=pins[0])
    send(at=pins[1], service_code="housing")
    shown = demo_client.get(f"/tiles/tickets/{tile_of(pins[0], 15)}.mvt")
    assert b"graffiti" in shown.data
    assert shown.headers["Cache-Control"] == "public, max-age=1"
    # The same for everybody: what is between us and the reader may keep one for all.
    assert "Cookie" not in shown.headers["Vary"]
    again = demo_client.get(
        f"/tiles/tickets/{tile_of(pins[0], 15)}.mvt", headers={"If-None-Match": shown.headers["ETag"]}
    )
    assert again.status_code == 304
    secret = f"{tile_of(pins[1], 15)}.mvt"
    assert demo_client.get(f"/tiles/all-tickets/{secret}").status_code != 200
    sign_in(demo_client, "agent")
    assert b"housing" not in demo_client.get(f"/tiles/tickets/{secret}").data
    seen = demo_client.get(f"/tiles/all-tickets/{secret}")
    assert b"housing" in seen.data
    assert seen.headers["Cache-Control"] == "private, no-cache"
    again = demo_client.get(f"/tiles/all-tickets/{secret}", headers={"If-None-Match": seen.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize("zoom", [8, 13, 14, 16, 18])
def test_a_tile_of_tickets_takes_one_statement_and_kept_none(
    demo_client: FlaskClient,
    monkeypatch: pytest.MonkeyPatch,
    pins: list[Pin],
    zoom: int,
) -> None:
    with tile_cache._kept_lock:
        tile_cache._kept.clear()
    # The first one asks which city is served and what has changed: once a second for all tiles together.
    demo_client.get(f"/tiles/tickets/{tile_of(pins[0], 3)}.mvt")
    monkeypatch.setattr(tile_cache, "CHECK_EVERY_S", 1000.0)
    statements: list[bytes] = []
    execute = psycopg.Cursor.execute

    def noted(cursor: psycopg.Cursor[Any], query: Any, *args: Any, **options: Any) -> psycopg.Cursor[Any]:
        """The driver's own: what tiles ask goes past SQLAlchemy."""
        statements.append(query if isinstance(query, bytes) else query.encode())
        return execute(cursor, query, *args, **options)

    monkeypatch.setattr(psycopg.Cursor, "execute", noted)
    for _ in range(2):
        assert demo_client.get(f"/tiles/tickets/{tile_of(pins[0], zoom)}.mvt").status_code == 200
    asked = [statement for statement in statements if b"SAVEPOINT" not in statement]
    assert [b"ticket_pyramid" in statement for statement in asked] == [True]


@pytest.mark.parametrize("name", ["base", "tickets"])
@pytest.mark.parametrize(
    "where",
    ["19/0/0", "99999999999/0/0", "3/8/0", "3/0/8", "-1/0/0", "3/-1/0", "a/0/0", "1.5/0/0", "9" * 5000 + "/0/0",
     "3/" + "9" * 5000 + "/0"],
)  # fmt: skip
def test_a_tile_that_does_not_exist_is_404(demo_client: FlaskClient, name: str, where: str) -> None:
    answer: Any = demo_client.get(f"/tiles/{name}/{where}.mvt")
    assert answer.status_code == 404
    assert answer.mimetype == "application/problem+json"
    assert answer.get_json()["detail"]


def test_the_edge_of_the_world_is_there(demo_client: FlaskClient) -> None:
    for path in ("0/0/0", "18/0/0", f"18/{2**18 - 1}/{2**18 - 1}"):
        assert demo_client.get(f"/tiles/base/{path}.mvt").status_code == 200

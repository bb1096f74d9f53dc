"""Pages of features: a walk repeats nothing and misses nothing, whatever is written meanwhile."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from layers.models import City, Edition, Layer
from tests.api.conftest import Pin, Send, move_ticket
from tests.api.test_features import BASE, ids, links


def walk(client: FlaskClient, path: str, between: Any = lambda: None) -> list[Any]:
    """The ids of all pages; ``between`` happens after each."""
    seen: list[Any] = []
    while path:
        found = client.get(path).get_json()
        seen += ids(found)
        path = links(found).get("next", "")
        between()
    return seen


@pytest.mark.parametrize("limit", [1, 2, 5, 6])
def test_a_walk_sees_each_report_once_while_others_come_and_move(
    demo_client: FlaskClient, demo_session: Session, city: City, send: Send, pins: list[Pin], limit: int
) -> None:
    before = [send(at=pin) for pin in pins[:5]]
    spare = iter(pins[5:])

    def happen() -> None:
        if pin := next(spare, None):
            send(at=pin)

    move_ticket(demo_session, city, before[2], "in_progress")
    seen = walk(demo_client, f"{BASE}/collections/reports/items?limit={limit}", happen)
    assert seen == before[::-1]


@pytest.mark.parametrize("limit", [1, 2, 3, 6])
def test_a_walk_by_time_sees_each_report_once_though_some_were_made_at_the_same_time(
    demo_client: FlaskClient, made_at: Any, send: Send, pins: list[Pin], limit: int
) -> None:
    numbers = [send(at=pin) for pin in pins[:5]]
    days = ["2026-03-01", "2026-01-01", "2026-02-01", "2026-02-01", "1969-07-20"]
    for number, day in zip(numbers, days, strict=True):
        made_at(number, f"{day}T12:00:00.000001Z")
    path = f"{BASE}/collections/reports/items?datetime=../2026-02-28&limit={limit}"
    seen = walk(demo_client, path, lambda: made_at(send(at=pins[6]), "2026-02-20T00:00:00Z"))
    assert seen == [numbers[3], numbers[2], numbers[1], numbers[4]]
    cursor = links(demo_client.get(path.replace(f"limit={limit}", "limit=1")).get_json())["next"].partition(
        "cursor="
    )[2]
    other = demo_client.get(f"{BASE}/collections/reports/items?cursor={cursor}")
    assert (other.status_code, other.get_json()["detail"][:8]) == (400, "cursor: ")


def test_a_walk_keeps_what_was_asked_for(demo_client: FlaskClient, send: Send, pins: list[Pin]) -> None:
    for pin in pins[:3]:
        send(at=pin)
    path = f"{BASE}/collections/reports/items?limit=1&service_code=graffiti&crs=http://www.opengis.net/def/crs/EPSG/0/3857"
    answer = demo_client.get(path)
    following = links(answer.get_json())["next"]
    assert "service_code=graffiti" in following
    assert "3857" in demo_client.get(following).headers["Content-Crs"]


def test_a_walk_over_a_layer_goes_on_in_the_edition_it_began_in(
    demo_client: FlaskClient, demo_session: Session, city: City
) -> None:
    path = f"{BASE}/collections/lights/items?limit=40"
    whole = walk(demo_client, f"{BASE}/collections/lights/items?limit=10000")
    published = False

    def publish() -> None:
        nonlocal published
        if not published:
            publish_without_most(demo_session, city, "lights", keep=3)
            published = True

    assert walk(demo_client, path, publish) == whole
    assert len(whole) > 100
    assert walk(demo_client, path) == whole[:3]


def test_a_cursor_of_another_layer_finds_nothing(demo_client: FlaskClient) -> None:
    cursor = links(demo_client.get(f"{BASE}/collections/lights/items?limit=1").get_json())["next"].partition(
        "cursor="
    )[2]
    assert ids(demo_client.get(f"{BASE}/collections/hydrants/items?cursor={cursor}").get_json()) == []


def test_service_areas_say_when_their_rules_are_others(
    demo_client: FlaskClient, demo_session: Session
) -> None:
    path = f"{BASE}/collections/service-areas/items?limit=1"
    following = links(demo_client.get(path).get_json())["next"]
    demo_session.execute(text("update city set file_sha256 = repeat('0', 64)"))
    demo_session.commit()
    answer = demo_client.get(following)
    assert answer.status_code == 400
    assert answer.get_json()["detail"].startswith("cursor: ")


def publish_without_most(session: Session, city: City, layer: str, *, keep: int) -> None:
    """Make an edition of the first features of a layer and let it be the current one."""
    layer_id = session.query(Layer.id).filter_by(city_id=city.id, name=layer).scalar()
    old = session.query(Edition).filter_by(city_id=city.id, layer_id=layer_id, current=True).one()
    old.current = False
    session.flush()
    new = Edition(
        city_id=city.id, layer_id=layer_id, current=True, source_sha256="", feature_count=keep, findings=[]
    )
    session.add(new)
    session.flush()
    session.execute(
        text(
            "insert into asset (city_id, edition_id, id, source_id, kind, street, owner, geom)"
            " select city_id, :new, id, source_id, kind, street, owner, geom from asset"
            " where city_id = :city and edition_id = :old and id < :keep"
        ),
        {"new": new.id, "old": old.id, "city": city.id, "keep": keep},
    )
    session.commit()

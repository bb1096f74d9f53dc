"""Alerts of what is reported: chosen, confirmed by mail, told, ended; and what new borders do to them."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import shapely
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from layers.areas import Area, areas_of, current_edition, publish_areas
from layers.current import current_atlas
from layers.models import Layer
from tests.fixtures.areas import forget_map
from tests.pages import residents
from tests.pages.spots import Spot, send, spot
from webapp.config import settings
from webapp.notices import alert_areas, alerts, following_jobs
from webapp.notices.alert_areas import AreaRefusedError
from webapp.notices.confirming import alert_path
from webapp.people.models import Staff
from webapp.tickets import hiding

EMAIL = "ada@example.org"
POTHOLE = {"service": "pothole", "q-where": "lane"}


def ask(client: FlaskClient, session: Session, **fields: str) -> str:
    """Ask for an alert, and return the address of the page that confirms it."""
    answer = client.post("/area-alerts", data={"email": EMAIL, "often": "at_once", **fields})
    assert answer.status_code == 200, answer.text
    ids = session.scalars(text("select id from alert order by id")).all()
    return alert_path(settings(), residents.city(session).id, ids[-1])


def told(session: Session, after: timedelta = timedelta(hours=1)) -> list[dict[str, str]]:
    """Look for new tickets, and return all messages about what was found."""
    following_jobs.run_alerts(session, settings(), datetime.now(UTC) + after)
    found = residents.messages(session, "alert ")
    return [message for message in found if message["stop_path"]]


def square(where: Spot, half: float = 0.002) -> str:
    """Return the corners of a square around a spot, as the map sends them."""
    lon, lat = where
    steps = ((-half, -half), (half, -half), (half, half), (-half, half))
    return json.dumps([[lon + x, lat + y] for x, y in steps])


def district_of(session: Session, where: Spot) -> str:
    """Return the id of the district at a spot."""
    atlas = current_atlas(session, residents.city(session))
    return atlas.locate_one(*where).zones[atlas.city.district_layer or ""].id


@pytest.mark.parametrize("kind", ["street", "around", "drawn", "district"])
def test_an_alert_tells_what_is_reported_inside_and_not_outside(
    demo_client: FlaskClient, demo_session: Session, kind: str
) -> None:
    where, outside = spot(demo_session), spot(demo_session, 9)
    fields = {
        "street": {"lon": str(where.lon), "lat": str(where.lat)},
        "around": {"lon": str(where.lon), "lat": str(where.lat), "reach": "250"},
        "drawn": {"shape": square(where)},
        "district": {"district": district_of(demo_session, where)},
    }[kind]
    path = ask(demo_client, demo_session, kind=kind, **fields)
    alert = alerts.get(
        demo_session, residents.city(demo_session).id, int(demo_session.scalar(text("select id from alert")))
    )
    assert alert is not None
    assert alert.shape.contains(shapely.Point(where))
    before = send(demo_client, where, key="k0")
    assert told(demo_session) == [], "not before it is confirmed"
    demo_client.get(path)
    assert told(demo_session) == [], "to open the link confirms nothing"
    demo_client.post(path, data={"do": "confirm"})
    inside = send(demo_client, where, key="k1", **POTHOLE)
    elsewhere = "" if alert.shape.contains(shapely.Point(outside)) else send(demo_client, outside, key="k2")
    [message] = told(demo_session)
    assert inside in message["text"]
    assert before not in message["text"]
    assert not elsewhere or elsewhere not in message["text"]
    assert len(told(demo_session)) == 1, "told once"


def test_only_the_groups_chosen_are_told(demo_client: FlaskClient, demo_session: Session) -> None:
    where = spot(demo_session)
    group = demo_session.scalar(text("""select "group" from service where code = 'pothole'"""))
    path = ask(demo_client, demo_session, kind="drawn", shape=square(where), groups=str(group))
    demo_client.post(path, data={"do": "confirm"})
    send(demo_client, where, key="k1", service="graffiti")
    assert told(demo_session) == []
    send(demo_client, where, key="k2", **POTHOLE)
    assert len(told(demo_session)) == 1


def test_what_is_hidden_is_told_of_when_staff_show_it(
    demo_client: FlaskClient, demo_session: Session
) -> None:
    where, city = spot(demo_session), residents.city(demo_session)
    path = ask(demo_client, demo_session, kind="drawn", shape=square(where))
    demo_client.post(path, data={"do": "confirm"})
    number = send(demo_client, where, key="k1")
    agent = demo_session.scalars(select(Staff).where(Staff.role == "agent")).first()
    assert agent is not None
    report = residents.found(demo_session, number)[0]
    hiding.hide(demo_session, city, report.id, by=agent)
    assert told(demo_session) == []
    hiding.show(demo_session, city, report.id, by=agent)
    [message] = told(demo_session)
    assert number in message["text"]


def test_daily_comes_together_at_seven(demo_client: FlaskClient, demo_session: Session) -> None:
    where, city = spot(demo_session), residents.city(demo_session)
    path = ask(demo_client, demo_session, kind="drawn", shape=square(where), often="daily")
    demo_client.post(path, data={"do": "confirm"})
    sent = [send(demo_client, where, key="k1"), send(demo_client, where, key="k2", **POTHOLE)]
    morning = alerts.next_at(city, "daily", datetime.now(UTC))
    assert told(demo_session, morning - datetime.now(UTC) - timedelta(minutes=1)) == []
    [message] = told(demo_session, morning - datetime.now(UTC) + timedelta(minutes=1))
    assert all(number in message["text"] for number in sent)
    assert message["subject"].startswith("2 new reports")


@pytest.mark.parametrize(
    ("now", "then"),
    [
        ("2026-03-07T12:00", "2026-03-07T13:00"),
        ("2026-03-07T13:00", "2026-03-08T12:00"),
        ("2026-10-31T13:00", "2026-11-01T13:00"),
    ],
)
def test_seven_is_seven_by_the_clock_of_the_city(demo_session: Session, now: str, then: str) -> None:
    city = residents.city(demo_session)
    city.time_zone = "America/Chicago"
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert alerts.next_at(city, "daily", moment) == datetime.fromisoformat(then).replace(tzinfo=UTC)


def test_a_phone_that_shows_messages_takes_the_alert_over(
    demo_client: FlaskClient, demo_session: Session
) -> None:
    where = spot(demo_session)
    path = ask(demo_client, demo_session, kind="drawn", shape=square(where))
    point = ec.derive_private_key(1, ec.SECP256R1()).public_key()
    key = point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    secret = {"p256dh": urlsafe_b64encode(key).decode(), "auth": urlsafe_b64encode(bytes(16)).decode()}
    phone = {"endpoint": "https://push.example.org/abc", **secret}
    assert demo_client.post(f"{path}/push", json={"do": "ask", **phone}).json == {"follows": False}
    assert demo_client.post(f"{path}/push", json={"do": "start", **phone}).json == {"follows": True}
    assert demo_client.post(f"{path}/push", json={"do": "ask", **phone}).json == {"follows": True}
    send(demo_client, where, key="k1")
    told(demo_session)
    assert demo_session.scalar(text("select channel from notice order by id desc limit 1")) == "push"
    assert demo_client.post(f"{path}/push", json={"do": "stop", **phone}).json == {"follows": False}
    wrong = demo_client.post(f"{path}/push", json={"do": "start", "endpoint": "x"})
    assert wrong.status_code == 422


def test_one_tap_ends_it(demo_client: FlaskClient, demo_session: Session) -> None:
    where = spot(demo_session)
    path = ask(demo_client, demo_session, kind="drawn", shape=square(where))
    demo_client.post(path, data={"do": "confirm"})
    send(demo_client, where, key="k1")
    [message] = told(demo_session)
    assert demo_client.get(message["stop_path"]).location == path
    demo_client.application.config["WTF_CSRF_ENABLED"] = True
    assert demo_client.post(message["stop_path"]).status_code == 204
    assert demo_session.scalar(text("select stopped_at is not null from alert"))
    assert "Off" in demo_client.get(path).text


@pytest.mark.usefixtures("drawn_city")
def test_new_borders_change_no_alert_until_its_owner_takes_them(
    demo_client: FlaskClient, demo_session: Session
) -> None:
    where, city = spot(demo_session), residents.city(demo_session)
    path = ask(demo_client, demo_session, kind="district", district=district_of(demo_session, where))
    demo_client.post(path, data={"do": "confirm"})
    assert "borders" not in demo_client.get(path).text
    layer = demo_session.scalars(select(Layer).where(Layer.name == city.district_layer)).one()
    now = areas_of(demo_session, city.id, current_edition(demo_session, layer).id)
    mine = next(area for area in now if area.shape.contains(shapely.Point(where)))
    less = mine.shape.difference(shapely.Point(where).buffer(0.0005))
    smaller = Area(mine.id, mine.name, mine.class_, shapely.multipolygons(shapely.get_parts(less)))
    moved = [smaller if each is mine else each for each in now]
    publish_areas(demo_session, layer, moved)
    demo_session.commit()
    forget_map()
    number = send(demo_client, where, key="k1")
    [message] = told(demo_session)
    assert number in message["text"], "what was chosen is still heard of"
    assert "borders of this district have changed" in message["text"]
    assert "Take the new borders" in demo_client.get(path).text
    demo_client.post(path, data={"do": "borders"})
    assert "Take the new borders" not in demo_client.get(path).text
    send(demo_client, where, key="k2", **POTHOLE)
    assert len(told(demo_session)) == 1, "now the spot is another district's"
    publish_areas(demo_session, layer, [each for each in moved if each.id != mine.id])
    demo_session.commit()
    forget_map()
    assert "no longer exists" in demo_client.get(path).text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"kind": "drawn", "shape": ""}, "at least three corners"),
        ({"kind": "drawn", "shape": "[[0,0],[1,1]]"}, "at least three corners"),
        ({"kind": "drawn", "shape": '[["a","b"],[1,2],[3,4]]'}, "at least three corners"),
        ({"kind": "drawn", "shape": "[[0,0],[0.01,0],[0.01,0.01]]"}, "outside the city"),
        ({"kind": "drawn", "shape": "[[1e400,0],[0.01,0],[0.01,0.01]]"}, "outside the city"),
        ({"kind": "around", "lon": "0", "lat": "0", "reach": "250"}, "outside the city"),
        ({"kind": "around", "lon": "x", "lat": "0", "reach": "250"}, "Type an address"),
        ({"kind": "street", "address": "Nowhere at all 99999 zz"}, "No such address"),
        ({"kind": "street"}, "type an address"),
        ({"kind": "district", "district": "999"}, "Choose one of the districts"),
        ({"kind": "district", "district": "1", "email": "nobody"}, "e-mail address such as"),
    ],
)
def test_what_cannot_be_says_what_to_do(demo_client: FlaskClient, fields: dict[str, str], said: str) -> None:
    answer = demo_client.post("/area-alerts", data={"email": EMAIL, **fields})
    assert answer.status_code == 422
    assert said in answer.text


def test_lines_that_cross_and_areas_too_large_are_refused(demo_session: Session) -> None:
    atlas = current_atlas(demo_session, residents.city(demo_session))
    corners = np.array(json.loads(square(spot(demo_session))))
    with pytest.raises(AreaRefusedError, match="cross each other"):
        alert_areas.drawn(atlas, json.dumps(corners[[0, 2, 1, 3]].tolist()))
    with pytest.raises(AreaRefusedError, match="larger than"):
        alert_areas.drawn(atlas, square(spot(demo_session), 0.5))


def test_the_feed_that_a_page_names_answers(demo_client: FlaskClient, demo_session: Session) -> None:
    where = spot(demo_session)
    for fields in ({"kind": "drawn", "shape": square(where)}, {"kind": "district", "district": "1"}):
        page = demo_client.get(ask(demo_client, demo_session, **fields)).text
        feed = page.split('application/atom+xml"')[1].split('href="')[1].split('"')[0].replace("&amp;", "&")
        assert demo_client.get(feed).status_code == 200


def test_the_pages_ask_the_database_little(
    demo_client: FlaskClient,
    demo_session: Session,
    demo_statements: Callable[[], AbstractContextManager[list[str]]],
) -> None:
    path = ask(demo_client, demo_session, kind="district", district="1")
    for page, most in (("/area-alerts", 0), (path, 1), ("/my", 0)):
        demo_client.get(page)
        with demo_statements() as statements:
            demo_client.get(page)
        asked = [each for each in statements if "edition" not in each and "FROM city" not in each]
        assert len(asked) <= most, asked

"""Programs that speak with the small demo city."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from layers.atlas import Atlas
from layers.current import current_atlas
from layers.models import City
from layers.queries import city_by_slug
from webapp.people.keys import add_key
from webapp.people.models import Staff
from webapp.tickets.models import Report, Ticket
from webapp.tickets.moving import move

REQUESTS = "/open311/v2/requests.json"

Pin = tuple[float, float]
Send = Callable[..., str]


def street_pins(atlas: Atlas, *, apart_m: float = 500.0) -> list[Pin]:
    """Longitudes and latitudes on streets, too far from one another to be taken for one place."""
    lines = atlas.segments.lines
    middles = (lines.coords[lines.offsets[:-1]] + lines.coords[lines.offsets[:-1] + 1]) / 2
    chosen: list[Any] = []
    for point in middles:
        if all(np.abs(point - other).max() > apart_m for other in chosen):
            chosen.append(point)
    lon, lat = atlas.metric.to_lonlat([p[0] for p in chosen], [p[1] for p in chosen])
    pins = [(float(x), float(y)) for x, y in zip(lon, lat, strict=True)]
    return [pin for pin in pins if atlas.locate_one(*pin).placed]


def move_ticket(session: Session, city: City, number: str, to: str, **words: str) -> None:
    """Let the desk move the ticket of a report, and commit."""
    ticket = session.execute(
        select(Ticket.id, Ticket.version)
        .join(Report, (Report.city_id == Ticket.city_id) & (Report.ticket_id == Ticket.id))
        .where(Report.tracking_number == number)
    ).one()
    agent = session.scalars(select(Staff).where(Staff.city_id == city.id, Staff.role == "agent")).one()
    move(session, city, ticket.id, to, by=agent, version=ticket.version, **words)
    session.commit()


@pytest.fixture
def committed_database(demo_database: str) -> str:
    """What ``live_server`` serves here: the demo city."""
    return demo_database


@pytest.fixture
def city(demo_session: Session) -> City:
    return city_by_slug(demo_session, "demo")


@pytest.fixture
def key(demo_session: Session, city: City) -> str:
    """An API key of the demo city."""
    _, key = add_key(demo_session, city.id, "A test")
    demo_session.commit()
    return key


@pytest.fixture
def pins(demo_session: Session, city: City) -> list[Pin]:
    """Places far from one another."""
    return street_pins(current_atlas(demo_session, city))


@pytest.fixture
def send(demo_client: FlaskClient, key: str, pins: list[Pin]) -> Send:
    """Post a graffiti report, or what else is asked for, and return its number."""

    def post(**fields: Any) -> str:
        lon, lat = fields.pop("at", pins[0])
        form = {"api_key": key, "service_code": "graffiti", "lat": lat, "long": lon} | fields
        answer = demo_client.post(REQUESTS, data=form)
        assert answer.status_code == 201, answer.text
        assert answer.json is not None
        number: str = answer.json[0]["service_request_id"]
        return number

    return post


@pytest.fixture
def made_at(demo_session: Session) -> Callable[[str, str], None]:
    """Set when a report was made."""

    def change(number: str, requested_at: str) -> None:
        demo_session.execute(
            text("update report set requested_at = :at where tracking_number = :number"),
            {"at": requested_at, "number": number},
        )
        demo_session.commit()

    return change

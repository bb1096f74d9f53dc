"""Spots of the small demo city, found through its own pages."""

from __future__ import annotations

from typing import NamedTuple

from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session


class Spot(NamedTuple):
    """A point beside a street that has house numbers; EPSG:4326 degrees."""

    lon: float
    lat: float


def spot(session: Session, number: int = 0) -> Spot:
    """Return a spot on the ``number``-th named local street segment."""
    row = session.execute(
        text(
            "SELECT st_x(p), st_y(p) FROM (SELECT st_lineinterpolatepoint(geom, 0.5) AS p FROM segment "
            "WHERE left_to > 0 AND class = 'local' ORDER BY source_id LIMIT 1 OFFSET :number) AS middles"
        ),
        {"number": number * 7},
    ).one()
    return Spot(*row)


def form(where: Spot | None, **fields: str) -> dict[str, str]:
    """Return what the form of the first page sends."""
    place = {"lon": str(where.lon), "lat": str(where.lat)} if where else {}
    return {"key": "a-key-of-its-own", "service": "graffiti", "description": "On the wall", **place, **fields}


def send(client: FlaskClient, where: Spot | None, **fields: str) -> str:
    """Send a report, and return its tracking number."""
    answer = client.post("/", data=form(where, **fields))
    assert answer.status_code == 303, answer.text
    return answer.location.split("/track/")[1].split("?")[0]

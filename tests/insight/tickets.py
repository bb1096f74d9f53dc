"""Made-up tickets for the demo city, and what a person would count of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from layers.current import current_atlas
from layers.models import City
from webapp.catalog.queries import catalog
from webapp.tickets.models import Ticket

FIRST = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = 100


def add_tickets(session: Session, city: City, count: int, seed: int) -> pd.DataFrame:
    """Add tickets of all services and states, anywhere in the city, and return them as a table."""
    random = np.random.default_rng(seed)
    places = current_atlas(session, city).locate(*_pins(session, city, random, count))
    services = catalog(session, city).active
    rows = []
    for place in places:
        service = services[int(random.integers(len(services)))]
        status = str(random.choice(["assigned", "waiting", "done", "done", "done", "confirmed", "declined"]))
        opened = FIRST + timedelta(seconds=int(random.integers(DAYS * 86_400)))
        closed = (
            None
            if status in ("assigned", "waiting")
            else opened + timedelta(days=float(random.exponential(9)))
        )
        district = place.zones.get("council")
        row = {
            "service_id": service.id,
            "status": status,
            "opened_at": opened,
            "closed_at": closed,
            "due_at": None
            if random.random() < 0.2
            else opened + timedelta(days=int(random.integers(1, 2000))),
            "zones": {layer: hit.id for layer, hit in place.zones.items()},
            "district": district.id if district else None,
            "report_count": int(random.integers(1, 4)),
        }
        session.add(
            Ticket(
                city_id=city.id, latest_at=opened, matchable=False, geom=f"SRID=4326;POINT({place.lon} {place.lat})",
                department_id=service.department_id, assigned_why="", **row,
            )
        )  # fmt: skip
        rows.append(
            {**row, "lon": place.lon, "lat": place.lat, "public": service.public and not service.check_first}
        )
    session.flush()
    return pd.DataFrame(rows)


def _pins(
    session: Session, city: City, random: np.random.Generator, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return pins along streets of the city."""
    atlas = current_atlas(session, city)
    coords = atlas.segments.lines.coords
    chosen = coords[random.integers(len(coords), size=count)] + random.normal(0, 20, (count, 2))
    return atlas.metric.to_lonlat(chosen[:, 0], chosen[:, 1])


def median_days(tickets: pd.DataFrame) -> float | None:
    """Return the days within which half of the tickets were completed, counted by pandas."""
    taken = tickets[tickets.status != "declined"]
    days = (taken.closed_at - taken.opened_at).dt.total_seconds() / 86_400
    days = days.where(taken.status.isin(["done", "confirmed"]), np.inf)
    middle = days.quantile(0.5, interpolation="lower") if len(days) else np.inf
    return None if np.isinf(middle) else float(middle)

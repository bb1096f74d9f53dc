"""How long a service took lately in a district, as a page tells who just reported. The caller commits.

Of the tickets opened in the last `SPAN` a fifth was done within ``soon_s`` and four fifths within ``late_s``,
by the Kaplan–Meier estimate: those still open count with their age (`webapp.insight.durations`). What was
declined or passed on was no work, and does not count.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from webapp.insight.durations import quantiles
from webapp.tickets.following_models import UsualTime
from webapp.tickets.models import Ticket

SPAN = timedelta(days=90)
FEWEST = 10
"""On fewer tickets nothing is said of a district, nor of the city."""
WHOLE_CITY = ""


def compute(session: Session, city_id: int, now: datetime) -> int:
    """Work out anew what each service took lately in each district and in the city; return how many rows."""
    columns = (Ticket.service_id, Ticket.district, Ticket.open, Ticket.opened_at, Ticket.closed_at)
    rows = session.execute(
        select(*columns).where(
            Ticket.city_id == city_id,
            Ticket.opened_at.between(now - SPAN, now),
            Ticket.status.not_in(("declined", "referred", "merged")),
        )
    )
    took: defaultdict[tuple[int, str], list[tuple[float, bool]]] = defaultdict(list)
    for service_id, district, is_open, opened_at, closed_at in rows:
        seconds = max(0.0, ((closed_at or now) - opened_at).total_seconds())
        for area in {district or WHOLE_CITY, WHOLE_CITY}:
            took[service_id, area].append((seconds, not is_open))
    session.execute(delete(UsualTime).where(UsualTime.city_id == city_id))
    made = list(_rows(city_id, took, now))
    if made:
        session.execute(insert(UsualTime), made)
    return len(made)


def usual_time(session: Session, city_id: int, service_id: int, district: str | None) -> UsualTime | None:
    """Return how long a service took lately in a district; of the city where there are too few, else None."""
    return session.scalar(
        select(UsualTime)
        .where(
            UsualTime.city_id == city_id,
            UsualTime.service_id == service_id,
            UsualTime.district.in_((district or WHOLE_CITY, WHOLE_CITY)),
        )
        # The district's own first.
        .order_by(func.length(UsualTime.district).desc())
        .limit(1)
    )


def _rows(
    city_id: int, took: dict[tuple[int, str], list[tuple[float, bool]]], now: datetime
) -> Iterator[dict[str, Any]]:
    for (service_id, district), each in sorted(took.items()):
        if len(each) < FEWEST:
            continue
        soon, late = _soon_and_late(each)
        yield {
            "city_id": city_id,
            "service_id": service_id,
            "district": district,
            "tickets": len(each),
            "still_open": sum(not over for _, over in each),
            "soon_s": soon,
            "late_s": late,
            "computed_at": now,
        }


def _soon_and_late(each: Sequence[tuple[float, bool]]) -> tuple[float | None, float | None]:
    seconds, over = zip(*each, strict=True)
    soon, late = quantiles(np.array(seconds), np.array(over), 0.2, 0.8)
    return soon, late

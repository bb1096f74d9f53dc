"""Reads what was forecast, and which days were unusual. Nothing here writes or commits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.insight.watch_models import Forecast, UnusualDay

MOST_DAYS = 20


@dataclass(frozen=True)
class Week:
    """What is expected of a week, in reports."""

    monday: date
    expected: float
    low: float
    high: float
    before: int | None
    """What there was a year before, None where that is not known."""


def forecasts(session: Session, city_id: int, district: str) -> Sequence[Forecast]:
    """Return the forecasts of a district, or of the city where it is empty: of all first, then the most."""
    found = session.scalars(
        select(Forecast).where(Forecast.city_id == city_id, Forecast.district == district)
    ).all()
    return sorted(found, key=lambda each: (each.group != "", -sum(each.past), each.group))


def unusual_days(session: Session, city_id: int) -> Sequence[UnusualDay]:
    """Return the latest days that broke the pattern, the newest first."""
    newest = UnusualDay.day.desc(), UnusualDay.group
    return session.scalars(
        select(UnusualDay).where(UnusualDay.city_id == city_id).order_by(*newest).limit(MOST_DAYS)
    ).all()


def weeks(row: Forecast) -> list[Week]:
    """Return the weeks of a forecast."""
    before: Sequence[int | None] = row.last_year or [None] * len(row.expected)
    told = zip(row.expected, row.low, row.high, before, strict=True)
    return [Week(row.first_week + timedelta(weeks=place), *each) for place, each in enumerate(told)]

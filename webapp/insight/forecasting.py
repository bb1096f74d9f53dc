"""Makes the forecasts of a city and keeps them, with their date, their method and how well they did."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import numpy as np
from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from layers.models import City
from webapp.insight import forecast
from webapp.insight.counting import ALL, Daily, daily
from webapp.insight.unusual import unusual
from webapp.insight.watch_models import Forecast, UnusualDay

UNUSUAL_DAYS = 91
"""Of which the unusual ones are kept."""


def make(session: Session, city: City) -> int:
    """Forecast the weeks after the last whole one, unless that is done; return how many series.

    The caller commits.
    """
    known = daily(session, city)
    made_for = session.scalar(select(Forecast.first_week).where(Forecast.city_id == city.id).limit(1))
    if not known.series or made_for == known.end:
        return 0
    for table in (Forecast, UnusualDay):
        session.execute(delete(table).where(table.city_id == city.id))
    rows = [_row(city.id, known, key) for key in sorted(known.series)]
    session.execute(insert(Forecast), rows)
    if days := list(_unusual_days(city.id, known)):
        session.execute(insert(UnusualDay), days)
    return len(rows)


def _row(city_id: int, known: Daily, key: tuple[str, str]) -> dict[str, object]:
    counts = known.weeks(key)
    floats = counts.astype(np.float64)
    weeks, tests = forecast.expect(floats), forecast.tested(floats)
    year = counts[-forecast.YEAR :]
    year_before = year[: forecast.WEEKS_AHEAD] if len(year) == forecast.YEAR else year[:0]
    return {
        "city_id": city_id,
        "group": key[0],
        "district": key[1],
        "method": weeks.method,
        "first_week": known.end,
        "weeks_known": len(counts),
        "expected": weeks.expected.tolist(),
        "low": weeks.low.tolist(),
        "high": weeks.high.tolist(),
        "past": year.tolist(),
        "last_year": year_before.tolist(),
        "tests": tests.tests,
        "error": tests.error,
        "naive_error": tests.naive_error,
        "inside": tests.inside,
    }


def _unusual_days(city_id: int, known: Daily) -> Iterator[dict[str, object]]:
    for (group, district), counts in known.series.items():
        if district != ALL:
            continue
        for place, usual in unusual(counts, UNUSUAL_DAYS):
            yield {
                "city_id": city_id,
                "group": group,
                "day": known.first + timedelta(days=place),
                "reports": int(counts[place]),
                "usual": usual,
            }

"""Counts the reports of each day, by group of services and district, as arrays that forecasts are made of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Date, cast, func, select
from sqlalchemy.orm import Session

from layers.models import City
from webapp.catalog.models import Service
from webapp.tickets.models import Report

MOST_WEEKS = 208
"""Four years: what lies longer ago tells little of the weeks to come."""
ALL = ""
"""In place of a group of services or a district: all of them."""


@dataclass(frozen=True)
class Daily:
    """Reports of each day of whole weeks, from a Monday to a Sunday of the city's own days."""

    first: date
    series: dict[tuple[str, str], NDArray[np.int64]]
    """By (group, district), each of which may be `ALL`: shape (days,)."""

    @property
    def days(self) -> int:
        """How many days, seven times the weeks."""
        return len(next(iter(self.series.values()), ()))

    @property
    def end(self) -> date:
        """The Monday after the last week."""
        return self.first + timedelta(days=self.days)

    def weeks(self, key: tuple[str, str]) -> NDArray[np.int64]:
        """Return the reports of each week of a series, shape (weeks,)."""
        found: NDArray[np.int64] = self.series[key].reshape(-1, 7).sum(axis=1)
        return found


def monday(day: date) -> date:
    """Return the Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def daily(session: Session, city: City) -> Daily:
    """Count the reports of each day of the last `MOST_WEEKS` whole weeks.

    Repeats of one problem count each: it is the reports that have to be taken and looked at. The week of the
    very first report and that of the newest are not whole, and are left out.
    """
    local = func.timezone(city.time_zone, Report.requested_at)
    ends = session.execute(select(func.min(local), func.max(local)).where(Report.city_id == city.id)).one()
    if ends[0] is None:
        return Daily(date.min, {})
    end = monday(ends[1].date())
    first = max(monday(ends[0].date()) + timedelta(days=7), end - timedelta(weeks=MOST_WEEKS))
    if first >= end:
        return Daily(end, {})
    day = cast(local, Date)
    district = func.coalesce(Report.zones[city.district_layer or ""].astext, "")
    rows = session.execute(
        select(Service.group, district, day, func.count())
        .join(Service, (Service.city_id == Report.city_id) & (Service.id == Report.service_id))
        .where(
            Report.city_id == city.id,
            Report.requested_at >= func.timezone(city.time_zone, _midnight(first)),
            Report.requested_at < func.timezone(city.time_zone, _midnight(end)),
        )
        .group_by(Service.group, district, day)
    )
    series: dict[tuple[str, str], NDArray[np.int64]] = {}
    for group, zone, when, reports in rows:
        for key in {(group, ALL), (group, zone), (ALL, ALL), (ALL, zone)}:
            counts = series.setdefault(key, np.zeros((end - first).days, dtype=np.int64))
            counts[(when - first).days] += reports
    return Daily(first, series)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)  # noqa: DTZ001  (SQL puts it into the city's time zone)

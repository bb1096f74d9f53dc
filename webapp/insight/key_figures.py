"""Key figures of a year for everybody: how much came, how fast it was done, how often in time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from webapp.insight.durations import median_and_80th
from webapp.insight.facts import Facts, between
from webapp.insight.periods import Period
from webapp.insight.small_counts import FEWEST

DAYS = 365


@dataclass(frozen=True)
class KeyFigures:
    """Of the tickets of one group of services, or of all."""

    group: str
    """Empty: all of them."""
    received: int
    """Opened in the year."""
    closed: int
    """In the year, whenever they were opened."""
    open: int
    """At its end."""
    median_days: float | None
    most_days: float | None
    """Four in five are done within so many days."""
    on_time: float | None
    """Share of those closed in the year that had a promised date and kept it, from 0 to 1."""


def key_figures(
    facts: Facts, groups: Mapping[int, str], last: date, now: datetime, zone: str
) -> dict[str, Any]:
    """Return the figures of the year that ends with a day, as JSON has them: all, then group by group.

    Groups with fewer tickets than `small_counts.FEWEST` are left out.

    Parameters
    ----------
    groups
        The group of each service, by the service's number.
    """
    period = Period.ending(last, DAYS)
    begin, end = period.instants(zone)
    end = min(end, now)
    names = np.array([groups.get(service, "") for service in facts.service.tolist()], dtype=object)
    rows = [_figures("", facts, begin, end)]
    rows += [_figures(str(name), some, begin, end) for name, some in facts.groups(names) if name]
    shown = [row for row in rows if not row.group or row.received >= FEWEST]
    return {
        "from": period.first.isoformat(),
        "to": period.last.isoformat(),
        "rows": [asdict(row) for row in sorted(shown, key=lambda row: (row.group != "", -row.received))],
    }


def last_day(facts: Facts, now: datetime, zone: str) -> date:
    """Return the day before the newest ticket's: the last that is whole."""
    if not len(facts):
        return now.astimezone(ZoneInfo(zone)).date()
    newest = datetime.fromisoformat(f"{facts.opened.max()}+00:00")
    return newest.astimezone(ZoneInfo(zone)).date() - timedelta(days=1)


def _figures(group: str, facts: Facts, begin: datetime, end: datetime) -> KeyFigures:
    opened = facts.where(between(facts.opened, begin, end))
    closed = facts.where(between(facts.closed, begin, end))
    taken = opened.where(~opened.declined)
    median, most = median_and_80th(taken.days(end), taken.completed)
    promised = ~np.isnat(closed.due)
    return KeyFigures(
        group=group,
        received=len(opened),
        closed=len(closed),
        open=int(facts.open_at(end).sum()),
        median_days=median,
        most_days=most,
        on_time=float(closed.on_time()[promised].mean()) if promised.any() else None,
    )

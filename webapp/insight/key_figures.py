"""Key figures of a year for everybody: how much came, how fast it was done, how often in time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from webapp.insight.facts import Facts
from webapp.insight.measures import Window, by_key, measured
from webapp.insight.periods import Period
from webapp.insight.small_counts import FEWEST

DAYS = 365


def key_figures(
    facts: Facts, groups: Mapping[int, str], last: date, now: datetime, zone: str
) -> dict[str, Any]:
    """Return the figures of the year that ends with a day, as JSON has them.

    ``rows`` has those of all tickets, with an empty ``group``, then of each group of services, the most
    first: each what `webapp.insight.measures.Measures` has. Groups with fewer tickets than
    `small_counts.FEWEST` are left out.

    Parameters
    ----------
    groups
        The group of each service, by the service's number.
    """
    period = Period.ending(last, DAYS)
    window = Window(*period.instants(zone), now)
    names = np.array([groups.get(service, "") for service in facts.service.tolist()], dtype=object)
    by_group = sorted(by_key(facts, names, window).items(), key=lambda each: -each[1].received)
    rows = [("", measured(facts, window)), *((name, each) for name, each in by_group if name)]
    return {
        "from": period.first.isoformat(),
        "to": period.last.isoformat(),
        "rows": [
            {"group": name, **asdict(each)} for name, each in rows if not name or each.received >= FEWEST
        ],
    }


def last_day(facts: Facts, now: datetime, zone: str) -> date:
    """Return the day before the newest ticket's: the last that is whole."""
    if not len(facts):
        return now.astimezone(ZoneInfo(zone)).date()
    newest = datetime.fromisoformat(f"{facts.opened.max()}+00:00")
    return newest.astimezone(ZoneInfo(zone)).date() - timedelta(days=1)

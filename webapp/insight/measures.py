"""The figures of tickets in a period: how many, how late, how long they took, whether it lasted.

Each figure is told how it is computed here; pages put it into the reader's words.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from webapp.insight.durations import median_and_80th
from webapp.insight.facts import Facts, between, instant
from webapp.insight.periods import Period

OLD_DAYS = 30


@dataclass(frozen=True, slots=True)
class Window:
    """A period as instants, and the moment that figures are as of."""

    begin: datetime
    end: datetime
    """The first moment after it."""
    now: datetime
    """What is open is as old as this. Not before ``begin``."""

    @property
    def last(self) -> datetime:
        """The moment at which the backlog of the period is counted: its end, or now."""
        return min(self.end, self.now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """What was counted of some tickets. Shares are from 0 to 1; None where there is nothing to count."""

    received: int
    """Tickets opened in the period: several reports of one problem count once."""
    reports: int
    """The reports of those."""
    closed: int
    """Tickets closed in the period, whenever they were opened."""
    open: int
    """Tickets open at the end of the period, or now, whenever they were opened."""
    old: int
    """Of those, how many were opened more than 30 days before."""
    open_days: float | None
    """The median age of those, in days."""
    overdue: int
    """Of the tickets received in the period, those open past the promised date by now."""
    promised: int
    """Of the tickets received, those with a promised date that were closed, or are open past it."""
    on_time: float | None
    """Share of ``promised`` closed by the promised date; what a ticket waited for has moved it."""
    median_days: float | None
    """Within how many days half of the tickets received were completed: see `webapp.insight.durations`.

    The time that a ticket waited is no part; an open one counts as taking longer than it has so far; declined
    ones are left out.
    """
    most_days: float | None
    """The same for 80 of 100."""
    response_days: float | None
    """The same for half of them, to the first thing that staff did or said for the reporter to see."""
    finished: int
    """Of the tickets received, those whose work was ever said to be done."""
    reopened: float | None
    """Share of ``finished`` that was opened again."""
    repeats: int
    """Of the tickets received, those that `webapp.insight.repeats` finds."""


def measured(facts: Facts, window: Window) -> Measures:
    """Return the figures of tickets in a period; ``facts`` has those opened before it too."""
    mine = replace(facts, zones={}).where(between(facts.opened, window.begin, window.end))
    backlog = np.flatnonzero(facts.open_at(window.last))
    ages = (instant(window.last) - facts.opened[backlog]) / np.timedelta64(1, "D")
    late, closed = mine.late(window.now), ~np.isnat(mine.closed)
    on_time = mine.on_time()
    decided = ~np.isnat(mine.due) & (closed | late)
    work = ~mine.declined
    half, most = median_and_80th(mine.days(window.now)[work], mine.completed[work])
    response, _ = median_and_80th(mine.days_to_response(window.now), ~np.isnat(mine.responded))
    finished = mine.completed | (mine.visits > 0)
    return Measures(
        received=len(mine),
        reports=int(mine.reports.sum()),
        closed=int(between(facts.closed, window.begin, window.end).sum()),
        open=len(ages),
        old=int((ages > OLD_DAYS).sum()),
        open_days=float(np.median(ages)) if len(ages) else None,
        overdue=int((late & ~closed).sum()),
        promised=int(decided.sum()),
        on_time=_share(on_time & decided, decided),
        median_days=half,
        most_days=most,
        response_days=response,
        finished=int(finished.sum()),
        reopened=_share(finished & (mine.reopened > 0), finished),
        repeats=int(mine.repeat.sum()),
    )


def by_key(facts: Facts, keys: NDArray[Any], window: Window) -> dict[Any, Measures]:
    """Return the figures of the tickets of each key; see `Facts.groups`. Keys of no ticket are not there."""
    # What was closed before the period stands in no figure.
    matter = np.flatnonzero(~(facts.closed < instant(window.begin)))
    return {
        key: measured(group, window)
        for key, group in replace(facts, zones={}).where(matter).groups(keys[matter])
    }


def before(period: Period) -> Period:
    """Return the period of as many days that ends the day before."""
    days = (period.last - period.first).days + 1
    return Period.ending(period.first - timedelta(days=1), days)


def year_before(period: Period) -> Period:
    """Return the same days of the year before; 29 February is 28 then."""
    return Period(_year_before(period.first), _year_before(period.last))


def _year_before(day: date) -> date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)


def _share(part: NDArray[np.bool_], of: NDArray[np.bool_]) -> float | None:
    whole = int(of.sum())
    return int(part.sum()) / whole if whole else None

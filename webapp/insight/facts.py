"""What figures are made of: the facts of each ticket, as columns. Reads the tables of work; never writes.

A ticket that was merged into another is none: the work of several reports is counted once. Times stand still
while a ticket waits, as its promise does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from webapp.insight.queries import Scope

Times = NDArray[np.datetime64]
"""UTC, to the microsecond; NaT where there is none."""
_DAY = np.timedelta64(1, "D") / np.timedelta64(1, "us")


@dataclass(frozen=True, slots=True)
class Labels:
    """A text for each ticket."""

    codes: NDArray[np.int32]
    """Shape (n,): index in ``names``; -1 where a ticket has none."""
    names: NDArray[np.object_]
    """Each once."""

    def code(self, name: str | None) -> int:
        """Return the index of a name, -1 of None, and -2 of a name that no ticket has."""
        if name is None:
            return -1
        found = np.flatnonzero(self.names == name)
        return int(found[0]) if len(found) else -2


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Tickets as columns of shape (n,), by rising id."""

    id: NDArray[np.int64]
    service: NDArray[np.int16]
    department: NDArray[np.int16]
    crew: NDArray[np.int16]
    """0: none."""
    opened: Times
    """When its first report was made: it was received then."""
    closed: Times
    due: Times
    """The promised date, moved on by what it waited for in between."""
    waiting: Times
    """Since when it waits."""
    responded: Times
    """When staff or a program first did or said something that its reporters can see."""
    paused: NDArray[np.timedelta64]
    """How long it waited, but for the time since ``waiting``; microseconds."""
    completed: NDArray[np.bool_]
    """Done or confirmed; a declined ticket is closed, and not this."""
    fixed: NDArray[np.bool_]
    """Completed, and the thing was mended or made safe, as far as is known."""
    declined: NDArray[np.bool_]
    repeat: NDArray[np.bool_]
    """See `webapp.insight.repeats`."""
    reports: NDArray[np.int32]
    reopened: NDArray[np.int16]
    """How often."""
    visits: NDArray[np.int16]
    """How often the work was said to be done."""
    lon: NDArray[np.float32]
    """EPSG:4326; NaN where it has no place. Good to a metre: for maps, not for finding the spot."""
    lat: NDArray[np.float32]
    district: Labels
    """Zone id of the council district."""
    segment: Labels
    asset: Labels
    channel: Labels
    """By which its first report came."""
    language: Labels
    """Of its first report."""
    zones: dict[str, Labels]
    """Zone ids in each layer that tickets were located in."""

    def __len__(self) -> int:
        return len(self.id)

    def where(self, chosen: NDArray[np.bool_] | NDArray[np.intp] | slice) -> Facts:
        """Return some of the tickets.

        Parameters
        ----------
        chosen
            Shape (n,) of bool, or the indices of those to take, or a slice of them.
        """
        if not isinstance(chosen, slice) and chosen.dtype == bool:
            # Once for all columns, and faster where few of many are chosen.
            chosen = np.flatnonzero(chosen)

        def part(column: Any) -> Any:
            if isinstance(column, Labels):
                return Labels(column.codes[chosen], column.names)
            if isinstance(column, dict):
                return {name: part(labels) for name, labels in column.items()}
            return column[chosen]

        return replace(self, **{each.name: part(getattr(self, each.name)) for each in fields(self)})

    def within(self, scope: Scope, *, opened: bool = True) -> Facts:
        """Return the tickets of a scope; without ``opened``, whenever they were."""
        chosen = np.ones(len(self), dtype=bool)
        if opened:
            chosen &= between(self.opened, scope.begin, scope.end)
        for column, ids in (
            (self.service, scope.service_ids),
            (self.department, scope.department_ids),
            (self.crew, scope.crew_ids),
        ):
            if ids is not None:
                chosen &= np.isin(column, np.asarray(ids, dtype=np.int16))
        for labels, name in (
            (self.district, scope.district),
            (self.channel, scope.channel),
            (self.language, scope.language),
        ):
            if name is not None:
                chosen &= labels.codes == labels.code(name)
        return self if chosen.all() else self.where(chosen)

    def groups(self, keys: NDArray[Any]) -> Iterator[tuple[Any, Facts]]:
        """Yield the tickets of each different key, in the order of the keys; their columns share memory.

        Parameters
        ----------
        keys
            Shape (n,), such as ``facts.crew`` or ``facts.district.codes``.
        """
        order = np.argsort(keys, kind="stable")
        different, starts = np.unique(keys[order], return_index=True)
        ordered, ends = self.where(order), [*starts[1:].tolist(), len(keys)]
        for key, begin, end in zip(different.tolist(), starts.tolist(), ends[: len(starts)], strict=True):
            yield key, ordered.where(slice(begin, end))

    def days(self, now: datetime) -> NDArray[np.float64]:
        """Return how many days each took, or has taken by ``now``; the time that it waited left out."""
        return self._days_until(np.where(np.isnat(self.closed), self._stopped(now), self.closed))

    def days_to_response(self, now: datetime) -> NDArray[np.float64]:
        """Return how many days each waited for a first response, or has waited for one by ``now``.

        All of them count: who waits for a word does so while the city waits for something, too.
        """
        until = np.where(np.isnat(self.responded), instant(now), self.responded)
        return np.maximum((until - self.opened) / np.timedelta64(1, "us") / _DAY, 0.0)

    def late(self, now: datetime) -> NDArray[np.bool_]:
        """Return which missed the promised date: closed after it, or open past it.

        Of those that wait it is the time when they began to which counts: their promise stands still.
        """
        late: NDArray[np.bool_] = np.where(np.isnat(self.closed), self._stopped(now), self.closed) > self.due
        return late

    def on_time(self) -> NDArray[np.bool_]:
        """Return which were closed by the promised date."""
        on_time: NDArray[np.bool_] = self.closed <= self.due
        return on_time

    def open_at(self, moment: datetime) -> NDArray[np.bool_]:
        """Return which were open at a moment. One that was reopened counts as open all along."""
        at = instant(moment)
        is_open: NDArray[np.bool_] = (self.opened < at) & ~(self.closed < at)
        return is_open

    def _stopped(self, now: datetime) -> Times:
        stopped: Times = np.where(np.isnat(self.waiting), instant(now), self.waiting)
        return stopped

    def _days_until(self, until: Times) -> NDArray[np.float64]:
        took = (until - self.opened - self.paused) / np.timedelta64(1, "us") / _DAY
        days: NDArray[np.float64] = np.maximum(took, 0.0)
        return days


def instant(moment: datetime) -> np.datetime64:
    """Return a moment with a time zone as the columns have them."""
    return np.datetime64(round(moment.timestamp() * 1_000_000), "us")


def between(times: Times, begin: datetime, end: datetime) -> NDArray[np.bool_]:
    """Return which times are in a period, ``end`` not among them."""
    inside: NDArray[np.bool_] = (times >= instant(begin)) & (times < instant(end))
    return inside

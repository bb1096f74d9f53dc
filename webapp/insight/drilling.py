"""From a figure to its tickets: for each count of `webapp.insight.measures`, the tickets that make it up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from webapp.insight.facts import Facts, between, instant
from webapp.insight.measures import OLD_DAYS, Window

Which = NDArray[np.bool_]


def _received(facts: Facts, window: Window) -> Which:
    return between(facts.opened, window.begin, window.end)


def _closed(facts: Facts, window: Window) -> Which:
    return between(facts.closed, window.begin, window.end)


def _open(facts: Facts, window: Window) -> Which:
    return facts.open_at(window.last)


def _old(facts: Facts, window: Window) -> Which:
    return _open(facts, window) & (facts.opened < instant(window.last - timedelta(days=OLD_DAYS)))


def _overdue(facts: Facts, window: Window) -> Which:
    return _received(facts, window) & facts.late(window.now) & np.isnat(facts.closed)


def _late(facts: Facts, window: Window) -> Which:
    return _received(facts, window) & facts.late(window.now)


def _finished(facts: Facts, window: Window) -> Which:
    return _received(facts, window) & (facts.completed | (facts.visits > 0))


def _reopened(facts: Facts, window: Window) -> Which:
    return _finished(facts, window) & (facts.reopened > 0)


def _repeats(facts: Facts, window: Window) -> Which:
    return _received(facts, window) & facts.repeat


def _unanswered(facts: Facts, window: Window) -> Which:
    return _received(facts, window) & np.isnat(facts.responded)


WHICH: dict[str, Callable[[Facts, Window], Which]] = {
    "received": _received,
    "closed": _closed,
    "open": _open,
    "old": _old,
    "overdue": _overdue,
    "late": _late,
    "reopened": _reopened,
    "repeats": _repeats,
    "unanswered": _unanswered,
}
"""By name: of tickets, those of a figure; shape (n,)."""


def tickets_of(facts: Facts, figure: str, window: Window) -> Facts:
    """Return the tickets of a figure, which `WHICH` names."""
    return facts.where(WHICH[figure](facts, window))

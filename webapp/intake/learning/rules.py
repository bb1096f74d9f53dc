"""Two rules in use today, to compare a model with: what is near and of the same service is repeated."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo import matching
from geo.arrays import Floats
from geo.pair_features import FEATURES, Services
from webapp.intake.learning.history import History


class Rule(NamedTuple):
    """Same service, within reach, made at most so many days before; still open, if asked for."""

    name: str
    reach_m: float
    days: float
    open_only: bool


RULES = (
    Rule("same service, open, nearest of 5 within 250 m", 250.0, np.inf, open_only=True),
    Rule("same service, 50 m, 12 weeks", 50.0, 84.0, open_only=False),
)


def apply(rule: Rule, history: History, k: int = 5) -> tuple[Floats, NDArray[np.int64]]:
    """Return each report's score, minus the metres to the nearest, and its k nearest, the later first.

    Returns
    -------
    score : (n,) floats
        Minus infinity where the rule finds none.
    suggestions : (n, k) int64
        Filled up with -1.
    """
    n = len(history.services)
    level = np.zeros(n)
    lookback = np.full(n, 0.0 if rule.open_only else 86400.0 * rule.days)
    same = Services(
        related=np.eye(n, dtype=bool),
        affinity=np.zeros((n, n)),
        repeat_rate=level,
        usual_h=level + 1.0,
        newest=level,
        afar=level,
        one_address=level,
        auto=level,
        flag=level,
        reach_m=level + rule.reach_m,
        lookback_s=lookback,
    )
    found = matching.pairs(history.reports, same)
    age = history.opened[found.report] - history.opened[found.ticket]
    report, ticket, features = (column[age <= 86400.0 * rule.days] for column in found)
    distance = features[:, FEATURES.index("distance_m")]
    order = np.lexsort((-ticket, distance, report))
    report, ticket, distance = report[order], ticket[order], distance[order]
    rank = np.arange(len(report)) - np.searchsorted(report, report)
    score = np.full(len(history), -np.inf)
    score[report[rank == 0]] = -distance[rank == 0]
    suggestions = np.full((len(history), k), -1)
    near = rank < k
    suggestions[report[near], rank[near]] = ticket[near]
    return score, suggestions

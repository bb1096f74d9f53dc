"""Chooses thresholds on time held back: what a model says of reports that came after all it was fitted on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo.arrays import Floats
from geo.calibration import NEVER, outlook, threshold
from geo.duplicates import Model
from geo.matching import Decisions, Matcher
from webapp.intake.learning.fitting import doubtful, fit
from webapp.intake.learning.history import History

PRECISION = 0.95
"""So many of the reports that join by themselves shall join the right ticket."""
FLAG_PRECISION = 0.5
"""So many of those that staff are asked about, or that join, shall be right."""
_CUTS = (0.4, 0.6, 0.8, 1.0)
"""Fit on what came before each, judge what comes until the next."""
_METHOD = (
    "Nested logit by penalised maximum likelihood; thresholds from reports made after those fitted on, "
    "at 40, 60 and 80 % of the time, so that the target holds with 90 % confidence"
)


class Judged(NamedTuple):
    """What became of n reports under a model."""

    score: Floats
    """Probability that each repeats any ticket."""
    best: Floats
    """Probability that it belongs to its best suggestion."""
    right: NDArray[np.bool_]
    """Whether the best suggestion is of the same problem."""
    known: NDArray[np.bool_]
    """False where nobody can tell."""

    def since(self, start: int) -> Judged:
        """Return what became of the reports from a row on."""
        return Judged(self.score[start:], self.best[start:], self.right[start:], self.known[start:])


def learn(history: History, source: str, precision: float = PRECISION) -> Model:
    """Fit a model to a history, with thresholds.

    Parameters
    ----------
    source
        What the history is, for people to read.
    precision
        Share of the joins that shall be right.
    """
    judged = held_back(history)
    auto = threshold(judged.best, judged.right, judged.known, precision)
    flag = threshold(judged.score, judged.right, judged.known, FLAG_PRECISION)
    model = fit(history)
    return replace(
        model,
        limits=replace(model.limits, auto=auto, flag=flag),
        outlook=outlook(*judged),
        about=_about(history, source, precision),
    )


def held_back(history: History) -> Judged:
    """Return what models fitted on earlier parts of a history say of later ones."""
    cuts = [int(share * len(history)) for share in _CUTS]
    parts = []
    for start, stop in pairwise(cuts):
        seen = history.first(stop)
        parts.append(judge(seen, replay(fit(history.first(start)), seen)).since(start))
    return Judged(
        score=np.concatenate([part.score for part in parts]),
        best=np.concatenate([part.best for part in parts]),
        right=np.concatenate([part.right for part in parts]),
        known=np.concatenate([part.known for part in parts]),
    )


def replay(model: Model, history: History) -> Decisions:
    """Let all reports of a history arrive in turn, each opening a ticket of its own as the city had it."""
    services = model.bind(history.services, history.groups)
    alone = services._replace(auto=np.full_like(services.auto, NEVER))
    return Matcher(alone, model).match(history.reports)


def judge(history: History, decisions: Decisions) -> Judged:
    """Tell which best suggestions are right.

    One is right if the city linked both reports, directly or through others, or closed the report as a
    duplicate without saying of what. Nobody can tell of those that are `doubtful` and that it did not link.
    """
    best = decisions.suggestions[:, 0]
    some = best >= 0
    one_problem = some & (history.problem[best] == history.problem)
    right = one_problem | (some & history.repeats & ~history.linked & ~history.came_first)
    return Judged(decisions.score, decisions.scores[:, 0], right, right | ~doubtful(decisions.features))


def _about(history: History, source: str, precision: float) -> dict[str, Any]:
    first, last = (
        np.datetime64(int(second), "s").astype("datetime64[D]") for second in history.opened[[0, -1]]
    )
    return {
        "data": source,
        "from": str(first),
        "to": str(last),
        "reports": len(history),
        "repeats": int(history.repeats.sum()),
        "linked_pairs": len(history.links),
        "fitted_on": datetime.now(UTC).date().isoformat(),
        "method": _METHOD,
        "precision_of_joins": precision,
    }

"""How good a model is, on reports it was not fitted on, beside the rules in use today.

**Is it a repeat?** All judged reports whose pin may be matched by place; the truth is whether the city
closed the report as a duplicate. Those that it closed as duplicates of a later one count too, though when
they came there was nothing to repeat. The average precision is of the score; the calibration error is that
of the score as a probability, in ten equally wide bins.

**Which ticket?** Of each judged report that the city linked with an earlier one, where both pins may be
matched and the earlier was still open when the later came: is the earlier among the first 1, 3 or 5
suggestions? Where the city called the later of two the original, the later is still the one that arrives.
Every report is a ticket of its own, as the city had it, so of several reports of one problem only the one
that the city named counts; ``same_problem_at`` also counts those linked with it.

All reports arrive in the order of their times, the earlier part too; only those of the judged part are
counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.arrays import Floats
from geo.calibration import calibration_error
from geo.duplicates import Model
from webapp.intake.learning.held_back import Judged, judge, replay
from webapp.intake.learning.history import History
from webapp.intake.learning.rules import RULES, apply

FITTED_SHARE = 0.6
"""Split by time: fit on so many of the reports, the earliest; judge the rest."""
_RANKS = (1, 3, 5)


@dataclass(frozen=True)
class Truth:
    """What is counted of a history from a row on."""

    history: History
    start: int

    @property
    def counted(self) -> NDArray[np.bool_]:
        """(n,) the reports of "is it a repeat?"."""
        return self.history.matchable & (np.arange(len(self.history)) >= self.start)

    @property
    def links(self) -> NDArray[np.int64]:
        """(m, 2) the pairs of "which ticket?"."""
        later, earlier = self.history.links.T
        matchable = self.history.matchable
        open_then = self.history.closed[earlier] > self.history.opened[later]
        counted = (later >= self.start) & matchable[later] & matchable[earlier] & open_then
        return np.asarray(self.history.links[counted])

    def figures(self, score: Floats, suggestions: NDArray[np.int64]) -> dict[str, float]:
        """Return how well scores and suggestions, best first, agree with what the city found."""
        from sklearn.metrics import average_precision_score

        # Below every distance there is: average precision takes no infinity.
        finite = np.maximum(score[self.counted], -1e9)
        found = {
            "average_precision": float(average_precision_score(self.history.repeats[self.counted], finite))
        }
        later, earlier = self.links.T
        exact = suggestions[later] == earlier[:, None]
        problem = self.history.problem
        kin = (suggestions[later] >= 0) & (problem[suggestions[later]] == problem[later][:, None])
        for rank in _RANKS:
            found[f"hit_at_{rank}"] = float(exact[:, :rank].any(axis=1).mean())
        for rank in _RANKS:
            found[f"same_problem_at_{rank}"] = float(kin[:, :rank].any(axis=1).mean())
        return found


def evaluate(history: History, start: int, model: Model) -> dict[str, Any]:
    """Return the figures of a model, and of the rules, on the reports from row ``start`` on."""
    truth = Truth(history, start)
    decisions = replay(model, history)
    figures = truth.figures(decisions.score, decisions.suggestions)
    figures["calibration_error"] = calibration_error(
        decisions.score[truth.counted], history.repeats[truth.counted]
    )
    return {
        "fitted": dict(model.about),
        "judged": {
            "from": str(np.datetime64(int(history.opened[start]), "s")),
            "reports": int(truth.counted.sum()),
            "repeats": int(history.repeats[truth.counted].sum()),
            "linked_pairs": len(truth.links),
        },
        "model": figures,
        "rules": {rule.name: truth.figures(*apply(rule, history)) for rule in RULES},
        "of_1000_reports": _consequences(history, start, model, judge(history, decisions)),
    }


def _consequences(history: History, start: int, model: Model, judged: Judged) -> dict[str, Any]:
    """Return what the model's thresholds do, as it expected and as it turned out."""
    limits = model.limits
    score, best, right, known = judged.since(start)
    per_1000 = 1000.0 / len(score)
    joined = best >= limits.auto
    flagged = (score >= limits.flag) & ~joined
    seen = {
        "joined": joined.sum() * per_1000,
        "flagged": flagged.sum() * per_1000,
        "wrong": (joined & known & ~right).sum() * per_1000,
        "unknown": (joined & ~known).sum() * per_1000,
    }
    expected = model.outlook.expect(limits.auto, limits.flag) if model.outlook else None
    return {
        "auto": limits.auto,
        "flag": limits.flag,
        "expected": None
        if expected is None
        else {name: getattr(expected, name) for name in expected.__slots__},
        "seen": {name: float(value) for name, value in seen.items()},
    }

"""How far probabilities can be trusted, and which thresholds to set by them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from geo.arrays import Floats, floats

NEVER = 1.01
"""A threshold that no probability reaches."""
_STEPS = np.linspace(0.0, 1.0, 51)


@dataclass(frozen=True, slots=True)
class Expectation:
    """What thresholds do with 1,000 reports."""

    joined: float
    flagged: float
    wrong: float
    """How many of those joined join a ticket that is not theirs."""


@dataclass(frozen=True, slots=True, eq=False)
class Outlook:
    """What became of reports that the model had not been fitted on, at k scores ascending from 0 to 1."""

    score: Floats
    reports: Floats
    """Of 1,000 reports, how many score at least as much."""
    wrong: Floats
    """Of 1,000 reports, how many score at least as much and are not of their best suggestion's problem."""

    def expect(self, auto: float, flag: float) -> Expectation:
        """Return what the thresholds for joining and for flagging lead to."""
        joined, noticed = np.interp([auto, min(auto, flag)], self.score, self.reports).tolist()
        return Expectation(joined, noticed - joined, float(np.interp(auto, self.score, self.wrong)))


def outlook(score: ArrayLike, right: ArrayLike, judged: ArrayLike) -> Outlook:
    """Count what scores led to.

    Parameters
    ----------
    score : (n,) floats
        Probability that each report repeats a ticket.
    right : (n,) bools
        Whether its best suggestion is of the same problem.
    judged : (n,) bools
        False for reports of which nobody knows; of them as many are taken to be wrong as of the others.
    """
    score, right, judged = floats(score), np.asarray(right, bool), np.asarray(judged, bool)
    reached = score >= _STEPS[:, None]
    known = (reached & judged).sum(axis=1)
    wrong = (reached & judged & ~right).sum(axis=1) / np.maximum(known, 1)
    reports = 1000.0 * reached.sum(axis=1) / max(len(score), 1)
    return Outlook(_STEPS, reports, reports * wrong)


def threshold(score: ArrayLike, right: ArrayLike, judged: ArrayLike, precision: float) -> float:
    """Return the lowest score from which on the share that is right holds a target.

    Counting from the highest score down, the share is Jeffreys' estimate, (right + 1/2) / (judged + 1), so a
    handful of lucky cases does not set a threshold; the first step that misses the target ends the search.

    Parameters
    ----------
    score, right, judged
        As for `outlook`.
    precision
        The target, between 0 and 1.

    Returns
    -------
    float
        A multiple of 0.02, or `NEVER` where no step holds the target.
    """
    score, right, judged = floats(score), np.asarray(right, bool), np.asarray(judged, bool)
    best = NEVER
    for step in _STEPS[::-1]:
        reached = judged & (score >= step)
        if (right[reached].sum() + 0.5) / (reached.sum() + 1.0) >= precision:
            best = float(step)
        elif best < NEVER:
            break
    return best


def calibration_error(score: ArrayLike, happened: ArrayLike, bins: int = 10) -> float:
    """Return the expected calibration error of probabilities (Naeini et al. 2015).

    The mean, weighted by how many fall in each of equally wide bins, of the distance between the mean
    probability and the share that happened.
    """
    score, outcome = floats(score), floats(np.asarray(happened, float))
    bin_of = np.minimum((score * bins).astype(int), bins - 1)
    gap = np.bincount(bin_of, score, bins) - np.bincount(bin_of, outcome, bins)
    return float(np.abs(gap).sum() / max(len(score), 1))

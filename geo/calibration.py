"""How far probabilities can be trusted, and which thresholds to set by them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from geo.arrays import Floats, Ints, floats

NEVER = 1.01
"""A threshold that no probability reaches."""
_LEVELS = np.linspace(0.0, 1.0, 51)
_CONFIDENCE = 1.2816
"""Standard deviations that 90 % of a normal distribution stay below."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """What thresholds do with 1,000 reports."""

    joined: float
    flagged: float
    wrong: float
    """How many of those joined join a ticket that is not theirs."""


@dataclass(frozen=True, slots=True, eq=False)
class Outlook:
    """What became of 1,000 reports that the model had not been fitted on, at k levels from 0 to 1."""

    level: Floats
    noticed: Floats
    """How many are at least so probable to repeat any ticket."""
    sure: Floats
    """How many are at least so probable to belong to their best suggestion."""
    wrong: Floats
    """How many of those do not."""

    def expect(self, auto: float, flag: float) -> Expectation:
        """Return what the thresholds for joining and for flagging lead to."""
        joined, wrong = (float(np.interp(auto, self.level, column)) for column in (self.sure, self.wrong))
        return Expectation(joined, max(float(np.interp(flag, self.level, self.noticed)) - joined, 0.0), wrong)


def outlook(score: ArrayLike, best: ArrayLike, right: ArrayLike, known: ArrayLike) -> Outlook:
    """Count what probabilities led to.

    Parameters
    ----------
    score : (n,) floats
        Probability that each report repeats any ticket.
    best : (n,) floats
        Probability that it belongs to its best suggestion.
    right : (n,) bools
        Whether it does.
    known : (n,) bools
        False where nobody can tell; of these as many are taken to be wrong as of the others.
    """
    best, right, known = floats(best), np.asarray(right, bool), np.asarray(known, bool)
    sure = best >= _LEVELS[:, None]
    wrong = (sure & known & ~right).sum(axis=1) / np.maximum((sure & known).sum(axis=1), 1)
    per_1000 = 1000.0 / max(len(best), 1)
    noticed = (floats(score) >= _LEVELS[:, None]).sum(axis=1)
    return Outlook(
        _LEVELS, noticed * per_1000, sure.sum(axis=1) * per_1000, wrong * sure.sum(axis=1) * per_1000
    )


def threshold(probability: ArrayLike, right: ArrayLike, known: ArrayLike, precision: float) -> float:
    """Return the lowest probability from which on the share that is right holds a target, with confidence.

    Of all at or above a level, the share is taken at the lower end of its 90 % one-sided interval (Wilson
    1927): where it runs level near the target, or few cases are left, chance does not set the threshold.

    Parameters
    ----------
    probability, right, known
        As for `outlook`.
    precision
        The target, between 0 and 1.

    Returns
    -------
    float
        A multiple of 0.02, or `NEVER` where no level holds the target.
    """
    probability, right, known = floats(probability), np.asarray(right, bool), np.asarray(known, bool)
    reached = known & (probability >= _LEVELS[:, None])
    holds = _at_least((reached & right).sum(axis=1), reached.sum(axis=1)) >= precision
    return float(_LEVELS[holds][0]) if holds.any() else NEVER


def _at_least(right: Ints, n: Ints) -> Floats:
    """Return the lower end of Wilson's interval for the share of n that is right; 0 for none."""
    share, odds = right / np.maximum(n, 1), _CONFIDENCE**2 / np.maximum(n, 1)
    spread = np.sqrt(odds * (share * (1.0 - share) + odds / 4.0))
    return np.where(n > 0, (share + odds / 2.0 - spread) / (1.0 + odds), 0.0)


def calibration_error(score: ArrayLike, happened: ArrayLike, bins: int = 10) -> float:
    """Return the expected calibration error of probabilities (Naeini et al. 2015).

    The mean, weighted by how many fall in each of equally wide bins, of the distance between the mean
    probability and the share that happened.
    """
    score, outcome = floats(score), floats(np.asarray(happened, float))
    bin_of = np.minimum((score * bins).astype(int), bins - 1)
    gap = np.bincount(bin_of, score, bins) - np.bincount(bin_of, outcome, bins)
    return float(np.abs(gap).sum() / max(len(score), 1))

"""How long things take, when some of them are not over yet: the Kaplan–Meier estimate of quantiles.

E. L. Kaplan and P. Meier, *Nonparametric estimation from incomplete observations*, J. Am. Stat. Assoc. 53
(1958), 457–481. A ticket that is still open tells that it takes longer than its age. Without it a city
would look fast that does the easy half and forgets the rest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Z_95 = 1.959963984540054
"""Of the normal distribution, for intervals of 95 %."""
_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class Survival:
    """The share that is not over yet, as steps.

    All arrays have shape (n,), n the number of different days at which something was over.
    """

    days: NDArray[np.float64]
    """Rising."""
    share: NDArray[np.float64]
    """Not over after so many days, from 1 to 0."""
    spread: NDArray[np.float64]
    """The relative variance of ``share`` (Greenwood's sum); infinite where the share is 0."""

    def quantile(self, part: float) -> float | None:
        """Return within how many days that part (from 0 to 1) is over; None while less than it is."""
        return _first(self.days, self.share <= 1.0 - part + _ROUNDING)

    def interval(self, part: float) -> tuple[float, float | None]:
        """Return between which days `quantile` lies with 95 % confidence.

        By R. Brookmeyer and J. Crowley, *A confidence interval for the median survival time*, Biometrics 38
        (1982), on the scale of log(−log), which keeps bounds of the share between 0 and 1. Zero is the lower
        end where nothing is over, None the upper where too little is.
        """
        if not len(self.days):
            return 0.0, None
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = np.log(self.share)
            widths = Z_95 * np.sqrt(self.spread) / np.abs(logs)
            lower = np.where(self.share > 0, self.share ** np.exp(widths), 0.0)
            upper = np.where(self.share > 0, self.share ** np.exp(-widths), 0.0)
        left = 1.0 - part + _ROUNDING
        earliest = _first(self.days, lower <= left)
        return (earliest if earliest is not None else float(self.days[-1])), _first(self.days, upper <= left)


def survival(days: NDArray[np.float64], over: NDArray[np.bool_]) -> Survival:
    """Return which share is not over after how many days.

    Parameters
    ----------
    days
        Shape (n,), not negative: how long each took; of what is not over, how long it has been so far.
    over
        Shape (n,), whether each is over. At equal days what is over counts before what is not.
    """
    ends, waiting = np.sort(days[over]), np.sort(days[~over])
    # Sorting is faster than numpy's unique.
    first = np.flatnonzero(np.diff(ends, prepend=-1.0))
    different, ended = ends[first], np.diff(first, append=len(ends)).astype(np.float64)
    still_there = len(waiting) - np.searchsorted(waiting, different)
    at_risk = np.cumsum(ended[::-1])[::-1] + still_there
    with np.errstate(divide="ignore"):
        spread = np.cumsum(ended / (at_risk * (at_risk - ended)), dtype=np.float64)
    return Survival(different, np.cumprod(1.0 - ended / at_risk, dtype=np.float64), spread)


def quantiles(days: NDArray[np.float64], over: NDArray[np.bool_], *parts: float) -> tuple[float | None, ...]:
    """Return within how many days each of the parts is over; see `survival` and `Survival.quantile`."""
    curve = survival(days, over)
    return tuple(curve.quantile(part) for part in parts)


def median_and_80th(days: NDArray[np.float64], over: NDArray[np.bool_]) -> tuple[float | None, float | None]:
    """Return within how many days half, and 80 of 100, are over; None where less than that is, so far."""
    half, most = quantiles(days, over, 0.5, 0.8)
    return half, most


def _first(days: NDArray[np.float64], reached: NDArray[np.bool_]) -> float | None:
    return float(days[np.argmax(reached)]) if reached.any() else None

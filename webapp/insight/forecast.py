"""Forecasts the reports of the weeks to come from those of the weeks before.

The method is fixed, not fitted to each series, so that a short history cannot mislead it:

1. Square roots of the counts, which make the scatter of counts about as wide for few as for many.
2. Weeks that stand out by more than `WILD` robust deviations (a storm) are drawn in to that limit: they do
   not carry on into the weeks to come.
3. With two years or more, the seasons of the year are taken out as three waves (harmonic regression).
4. Simple exponential smoothing with the level's share of the newest week fixed at `SHARE`.
5. The band is as wide as four in five of the method's own errors, one week ahead, on the weeks it knows,
   widening with the weeks ahead as that model's variance does (Hyndman et al. 2008, 1 + (h - 1) SHARE²).

`SHARE` and `WILD` were chosen on the first 17 whole weeks of Boston's half-year; the last 8 are no part of
them. 0.3 erred least, on average over the groups, of 0.2, 0.3 and 0.5, of means and medians of the last 4, 6
and 8 weeks, of the theta method, and of fitted smoothing with and without a damped trend.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

WEEKS_AHEAD = 8
TESTS = 12
"""Forecasts of one week whose errors are shown beside a forecast."""
YEAR = 52
"""Weeks, as far as weeks can be those of the year before."""
WEEKS_A_YEAR = 365.2425 / 7
WAVES = 3
"""Of the seasons, in a year."""
FEWEST_WEEKS = 8
"""Of which a forecast is made; with less it would be a guess."""
FEWEST_A_WEEK = 1.0
"""Reports, on average: of rarer things a forecast by the week says nothing."""
SHARE = 0.3
WILD = 2.5
BAND = 0.8
"""Of all weeks, how many are to fall into the band."""

Counts = NDArray[np.float64]


@dataclass(frozen=True)
class Weeks:
    """Reports expected in each of the weeks to come, float64, shape (weeks,)."""

    method: str
    """``level``, ``seasons``, or ``none`` with no weeks."""
    expected: Counts
    low: Counts
    high: Counts


@dataclass(frozen=True)
class Tested:
    """How forecasts of weeks that are known by now turned out, mean absolute errors in reports a week."""

    tests: int
    error: float | None
    naive_error: float | None
    inside: int
    """How many weeks fell into the band."""


NONE = Weeks("none", *(np.empty(0) for _ in range(3)))


def expect(counts: Counts, ahead: int = WEEKS_AHEAD) -> Weeks:
    """Return what is expected after some weeks.

    Parameters
    ----------
    counts
        Reports of each whole week in order, float64, shape (weeks,).
    ahead
        How many weeks to expect.
    """
    if len(counts) < FEWEST_WEEKS or counts[-YEAR:].mean() < FEWEST_A_WEEK:
        return NONE
    roots = np.sqrt(counts)
    seasons = _seasons(roots, ahead)
    plain = roots - seasons[: len(roots)]
    levels = _levels(_tame(plain))
    level = levels[-1] + seasons[len(roots) :]
    half = _band(plain[1:] - levels[:-1]) * np.sqrt(1 + np.arange(ahead) * SHARE**2)
    low, middle, high = (np.maximum(each, 0) ** 2 for each in (level - half, level, level + half))
    return Weeks("seasons" if seasons.any() else "level", middle, low, high)


def naive(counts: Counts, ahead: int = WEEKS_AHEAD) -> Counts:
    """Return the forecast to beat: the same weeks of the year before, or the last week with less than a year.

    With less than a year no season can be known, so the seasonal naive forecast has a season of one week.
    """
    season = YEAR if len(counts) >= YEAR else 1
    return np.resize(counts[-season:], ahead)


def tested(counts: Counts) -> Tested:
    """Return how the last `TESTS` weeks would have been forecast, each from the weeks before it."""
    first = max(len(counts) - TESTS, FEWEST_WEEKS)
    errors, naive_errors, inside = [], [], 0
    for known in range(first, len(counts)):
        weeks, actual = expect(counts[:known], 1), counts[known]
        if weeks.method == "none":
            continue
        errors.append(abs(weeks.expected[0] - actual))
        naive_errors.append(abs(naive(counts[:known], 1)[0] - actual))
        inside += bool(weeks.low[0] <= actual <= weeks.high[0])
    if not errors:
        return Tested(0, None, None, 0)
    return Tested(len(errors), float(np.mean(errors)), float(np.mean(naive_errors)), inside)


@dataclass(frozen=True)
class Checked:
    """A forecast judged on the last weeks of a series that is known, errors in reports a week."""

    forecasts: int
    error: float
    naive_error: float
    scale: float
    """Mean absolute error of the naive forecast one week ahead on the weeks before those judged."""
    inside: int

    @property
    def relative(self) -> float:
        """The error over the naive forecast's own on the same weeks; below 1 the forecast is better."""
        return self.error / self.naive_error if self.naive_error else math.inf

    @property
    def mase(self) -> float:
        """The mean absolute scaled error (Hyndman and Koehler 2006)."""
        return self.error / self.scale if self.scale else math.inf


def check(counts: Counts, last: int = WEEKS_AHEAD) -> Checked | None:
    """Judge forecasts of the last weeks, made before each of them for all of them that were still to come.

    Of eight weeks that makes 36 forecasts: eight from the week before the first, seven from the first, and so
    on. None is told of a week that it is judged on. Returns None where no forecast would be made.
    """
    pairs = [(known, len(counts) - known) for known in range(len(counts) - last, len(counts))]
    if pairs[0][0] < FEWEST_WEEKS:
        return None
    made = [expect(counts[:known], ahead) for known, ahead in pairs]
    if any(each.method == "none" for each in made):
        return None
    actual = [counts[known:] for known, _ahead in pairs]
    return Checked(
        forecasts=sum(ahead for _known, ahead in pairs),
        error=_mean_error((each.expected for each in made), actual),
        naive_error=_mean_error((naive(counts[:known], ahead) for known, ahead in pairs), actual),
        scale=_scale(counts[: pairs[0][0]]),
        inside=sum(
            int(((each.low <= truth) & (truth <= each.high)).sum())
            for each, truth in zip(made, actual, strict=True)
        ),
    )


def _mean_error(made: Iterator[Counts], actual: list[Counts]) -> float:
    return float(np.abs(np.concatenate(list(made)) - np.concatenate(actual)).mean())


def _scale(counts: Counts) -> float:
    season = YEAR if len(counts) > YEAR else 1
    return float(np.abs(counts[season:] - counts[:-season]).mean())


def _levels(values: Counts) -> Counts:
    """Return the level after each value: so much of the value, the rest of the level before it."""
    levels = np.empty_like(values)
    level = values[:3].mean()
    for place, value in enumerate(values):
        level += SHARE * (value - level)
        levels[place] = level
    return levels


def _seasons(roots: Counts, ahead: int) -> Counts:
    """Return what the time of the year adds to each week and to those ahead, none with less than two years.

    Three waves a year, fitted beside a straight line: few enough that they follow the seasons and not chance.
    """
    weeks = np.arange(len(roots) + ahead)
    if len(roots) < 2 * YEAR:
        return np.zeros(len(weeks))
    angles = 2 * np.pi * np.outer(weeks, np.arange(1, WAVES + 1)) / WEEKS_A_YEAR
    waves = np.hstack([np.cos(angles), np.sin(angles)])
    line = np.column_stack([np.ones(len(weeks)), weeks])
    known = np.hstack([line, waves])[: len(roots)]
    found = np.linalg.lstsq(known, _tame(roots), rcond=None)[0]
    seasons: Counts = waves @ found[2:]
    return seasons


def _tame(values: Counts) -> Counts:
    """Return values with those that stand out drawn in."""
    middle = np.median(values)
    # Of counts of one kind the root scatters by a half: no series is calmer.
    spread = max(1.4826 * np.median(np.abs(values - middle)), 0.5)
    return np.clip(values, middle - WILD * spread, middle + WILD * spread)


def _band(errors: Counts) -> float:
    """Return the error that four in five do not exceed, with the correction for few errors."""
    place = min(math.ceil((len(errors) + 1) * BAND), len(errors)) - 1
    return float(np.sort(np.abs(errors))[place])

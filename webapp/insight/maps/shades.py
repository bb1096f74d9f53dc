"""Which colour an area has: a few steps from light to dark that everybody can tell apart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

COLOURS = ("#ffffcc", "#a1dab4", "#41b6c4", "#2c7fb8", "#253494")
"""ColorBrewer's YlGnBu in five steps (C. Brewer, colorbrewer2.org), from few to many.

Lightness falls throughout, and the hues stay apart for people who see no red, no green or no blue; they stay
apart in grey print too.
"""
_DIGITS = 2
"""Of the numbers between steps: nobody compares 13.72 with 41.08."""


@dataclass(frozen=True, slots=True)
class Steps:
    """Values in steps: those of step ``k`` are at least ``bounds[k - 1]`` and less than ``bounds[k]``."""

    bounds: list[float]
    """Rising; empty where one step has them all."""
    step: list[int | None]
    """Of each value; None where there is no value."""
    colours: list[str]
    """Of each step."""


def steps(values: Sequence[float | None]) -> Steps:
    """Divide values into at most five steps with about as many in each, at round numbers.

    Parameters
    ----------
    values
        Finite; None for areas without a figure.
    """
    known = np.array([value for value in values if value is not None], dtype=np.float64)
    bounds: list[float] = []
    if len(known):
        wanted = np.quantile(known, np.linspace(0, 1, len(COLOURS) + 1)[1:-1]).tolist()
        lower = 0
        for bound in sorted({_round(value) for value in wanted}):
            below = int((known < bound).sum())
            # A step without a value would be a colour that nobody finds on the map.
            if lower < below < len(known):
                bounds.append(bound)
                lower = below
    step = [None if value is None else int(np.searchsorted(bounds, value, side="right")) for value in values]
    return Steps(bounds, step, colours(len(bounds) + 1))


def colours(count: int) -> list[str]:
    """Return so many colours, as far apart as they can be; of one, the middle one."""
    if count == 1:
        return [COLOURS[len(COLOURS) // 2]]
    return [COLOURS[round(number * (len(COLOURS) - 1) / (count - 1))] for number in range(count)]


def _round(value: float) -> float:
    if value == 0:
        return 0.0
    return round(value, _DIGITS - 1 - math.floor(math.log10(abs(value))))

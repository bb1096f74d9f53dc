"""What is believed of each feature before a city's past is looked at, and how firmly."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from geo.arrays import Floats
from geo.pair_features import FEATURES


class Curve(NamedTuple):
    """The weight of one feature, linear between knots."""

    knots: tuple[float, ...]
    weights: tuple[float, ...]
    """Log-odds expected at the knots."""
    precision: float
    """One over the variance of that expectation: large where it should hardly move, infinite where never."""
    missing: float = 0.0
    """Log-odds expected where the feature is NaN."""

    @property
    def fixed(self) -> bool:
        """Whether it is taken as believed, whatever the past says."""
        return math.isinf(self.precision)


_LOOSE = 2.0
_FIRM = 3.0
_FIXED = math.inf

CURVES: dict[str, Curve] = {
    "distance_m": Curve((0, 15, 40, 80, 140, 250), (2, 1.5, 1, 0, -1, -2), _LOOSE),
    "rank": Curve((0, 1, 2, 5), (0, 0, 0, 0), _LOOSE),
    # Boston's pins are rounded to 10 m and its reports have no assets: it cannot teach these four.
    "along_m": Curve((0, 50, 150), (0.3, 0, -0.3), _FIXED),
    "same_side": Curve((0, 1), (-0.2, 0.2), _FIXED),
    "same_asset": Curve((0, 1), (-1.5, 2), _FIRM),
    "reports": Curve((1, 2, 4, 16), (0, 0.3, 0.6, 1.2), _FIRM),
    "same_address": Curve((0, 1), (-0.2, 0.4), _LOOSE),
    "same_service": Curve((0, 1), (-5, -4), 0.01),
    "affinity": Curve((-8, 8), (-8, 8), _FIXED),
    "repeat_rate": Curve((-6, -3, -1), (-3, 0, 2), _LOOSE),
    "by_staff": Curve((0, 1), (0, 0), _LOOSE),
    "here": Curve((0, 1, 2, 4, 10), (0, 0, 0, 0, 0), _LOOSE),
    "lately": Curve((0, 1, 2, 4, 10), (0, 0, 0, 0, 0), _LOOSE),
    "gap_h": Curve((0, 0.25, 2, 24, 168, 1000), (0, 0, 0, 0, 0, 0), _LOOSE),
    "gap_same_place_h": Curve((0, 0.5, 24, 336), (0.5, 0.5, 0, 0), _LOOSE),
    "gap_other_service_h": Curve((0, 1, 24, 336), (0, 0, 0, 0), _LOOSE),
    "gap_to_usual": Curve((-12, -4, 0, 3), (0, 0, 0, 0), _LOOSE),
    "closed_d": Curve((0, 1, 14), (-2, -2, -2), _LOOSE),
    "words": Curve((0, 0.2, 0.6, 1), (-0.4, 0, 0.6, 1), _FIRM),
    "newest": Curve((-8, 8), (-8, 8), _FIXED),
    "afar": Curve((-8, 8), (-8, 8), _FIXED),
    "one_address": Curve((-8, 8), (-8, 8), _FIXED),
}


def in_order() -> list[Curve]:
    """Return the curves in the order of `FEATURES`."""
    return [CURVES[name] for name in FEATURES]


def hats(values: Floats, knots: tuple[float, ...]) -> Floats:
    """Return how much each knot counts at each value: (n, k), each row adding up to 1; 0 where NaN."""
    shares = np.zeros((len(values), len(knots)))
    for k in range(len(knots)):
        peak = np.zeros(len(knots))
        peak[k] = 1.0
        shares[:, k] = np.interp(values, knots, peak)
    return np.nan_to_num(shares)

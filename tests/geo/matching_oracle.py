"""A model with effects of every kind, and its probabilities worked out the slow way."""

import math
from typing import Any

import numpy as np

from geo.duplicates import Limits, Model, Reports, ServiceHistory, Tickets, service_key
from geo.pair_features import FEATURES
from geo.scoring import Weights

CURVES: dict[str, tuple[list[float], list[float], float]] = {
    "distance_m": ([0, 20, 60], [2.0, 0.5, -3.0], 0.0),
    "rank": ([0, 1, 3], [0.4, 0.0, -0.2], 0.0),
    "along_m": ([0, 50], [0.5, -0.5], 0.1),
    "same_side": ([0, 1], [-0.3, 0.3], 0.0),
    "same_asset": ([0, 1], [-1.0, 2.0], 0.2),
    "same_address": ([0, 1], [-0.5, 0.7], -0.1),
    "same_service": ([0, 1], [-2.0, -1.0], 0.0),
    "affinity": ([-8, 8], [-8.0, 8.0], 0.0),
    "repeat_rate": ([-6, -1], [-2.0, 1.0], 0.0),
    "by_staff": ([0, 1], [0.2, -0.4], 0.05),
    "here": ([0, 1, 4], [0.0, 0.2, -0.6], 0.0),
    "lately": ([0, 2], [0.0, 0.3], 0.0),
    "gap_h": ([0, 1, 24], [1.0, 0.5, -1.0], 0.0),
    "gap_same_place_h": ([0, 2], [1.0, 0.0], 0.0),
    "gap_other_service_h": ([0, 24], [-0.5, 0.2], 0.0),
    "gap_to_usual": ([-12, 0, 3], [-0.5, 0.3, -0.6], 0.0),
    "closed_d": ([0, 5], [-1.0, -1.5], 0.0),
    "reports": ([1, 2, 8], [0.0, 0.3, 1.0], 0.0),
    "words": ([0, 0.5, 1], [-0.4, 0.3, 1.0], 0.0),
    "newest": ([-8, 8], [-8.0, 8.0], 0.0),
    "afar": ([-8, 8], [-8.0, 8.0], 0.0),
    "one_address": ([-8, 8], [-8.0, 8.0], 0.0),
}


def model(auto: float = 0.6, flag: float = 0.3, reach_m: float = 60.0) -> Model:
    """Return a model for the services `SERVICES`, of which it knows two."""
    width = max(len(knots) for knots, _, _ in CURVES.values())
    knots, weights = np.full((len(FEATURES), width), math.inf), np.zeros((len(FEATURES), width))
    for row, name in enumerate(FEATURES):
        at, says, _ = CURVES[name]
        knots[row, : len(at)], weights[row, : len(at)] = at, says
    missing = np.array([CURVES[name][2] for name in FEATURES])
    return Model(
        weights=Weights(knots, weights, missing, 0.5),
        services={
            "light": ServiceHistory(-1.5, 48.0, -0.05, -0.3, 0.4),
            "pothole": ServiceHistory(-4.0, 200.0, 0.1, 0.2, 0.6),
        },
        unknown_service=ServiceHistory(-3.0, 72.0),
        related_groups=frozenset(),
        affinities={("light", "pothole"): -0.5, ("light", "light"): 0.4},
        limits=Limits(auto, flag, reach_m, lookback_days=2.0),
    )


SERVICES = ["Light", "Pothole", "Graffiti", "Paint"]
GROUPS = ["street", "street", "walls", "walls"]


def utility(row: np.ndarray) -> float:
    """Return the utility of one row of features."""
    total = 0.0
    for name, value in zip(FEATURES, row, strict=True):
        knots, weights, missing = CURVES[name]
        total += missing if math.isnan(value) else float(np.interp(value, knots, weights))
    return total


def shares(rows: np.ndarray, nesting: float = 0.5) -> tuple[float, list[float]]:
    """Return the probability of a repeat, and that of each of some candidates."""
    each = [math.exp(utility(row) / nesting) for row in rows]
    together = sum(each) ** nesting
    score = together / (1.0 + together)
    return score, [score * one / sum(each) for one in each]


def one(**columns: Any) -> Reports:
    """Return one report, a light at the origin at time 0 unless told otherwise."""
    told = {"x": 0.0, "y": 0.0, "opened": 0.0, "service": 0} | columns
    return Reports(**{name: value if name == "words" else [value] for name, value in told.items()})


def some(n: int, **columns: Any) -> Tickets:
    """Return n open tickets of one report each, lights at the origin an hour before time 0."""
    told: dict[str, Any] = {"x": 0.0, "y": 0.0, "opened": -3600.0, "service": 0, "reports": 1} | columns
    told.setdefault("latest", told["opened"])
    return Tickets(
        **{
            name: value if name == "words" else np.broadcast_to(np.asarray(value), n).copy()
            for name, value in told.items()
        }
    )


assert service_key(SERVICES[0]) == "light"

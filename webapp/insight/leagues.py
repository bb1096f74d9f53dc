"""Puts districts or crews in order by their share on time, as far as the numbers bear it out.

A share of few tickets says little: one quick fix is 100 %. So a share is drawn towards that of all together,
the more the fewer tickets it is of (empirical Bayes, beta-binomial by the method of moments: Kleinman,
*Proportions with extraneous variance*, J. Am. Stat. Assoc. 68, 1973); each has an interval of 95 % (Wilson,
*Probable inference*, J. Am. Stat. Assoc. 22, 1927); and its place is a range, which begins after those that
are surely better and ends before those that are surely worse.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from webapp.insight.durations import Z_95

FEWEST = 20
"""Of fewer tickets no share is put in order."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where one stands. Shares are from 0 to 1."""

    key: Any
    on_time: int
    of: int
    drawn: float
    """The share, drawn towards that of all: by it they are ordered."""
    low: float
    high: float
    """Its interval."""
    best: int | None
    worst: int | None
    """The places that it may have, from 1; None where it is of too few tickets."""

    @property
    def share(self) -> float:
        """As counted."""
        return self.on_time / self.of


def wilson(part: int, of: int) -> tuple[float, float]:
    """Return between which shares the true one is, with 95 % confidence."""
    squared = Z_95 * Z_95
    middle = (part + squared / 2) / (of + squared)
    half = Z_95 / (of + squared) * np.sqrt(part * (of - part) / of + squared / 4)
    # At the ends the formula is exact, and its rounding is not.
    return float(middle - half) if part else 0.0, float(middle + half) if part < of else 1.0


def drawn_together(parts: np.ndarray, of: np.ndarray) -> np.ndarray:
    """Return shares drawn towards that of all together.

    Parameters
    ----------
    parts, of
        Shape (n,), counts; ``of`` is above 0.

    Returns
    -------
    numpy.ndarray
        Shape (n,): between ``parts / of`` and the share of all.
    """
    shares: np.ndarray = parts / of
    whole = of.sum()
    mean = parts.sum() / whole
    chance = mean * (1 - mean)
    if len(of) < 2 or chance == 0:
        return shares
    # How much the shares differ beyond what chance alone makes of counts like these.
    weighted = float((of * (shares - mean) ** 2).sum())
    room = whole - (of**2).sum() / whole - (len(of) - 1)
    spread = (weighted - (len(of) - 1) * chance) / room if room > 0 else 0.0
    alike = min(max(spread / chance, 0.0), 1.0)
    if alike == 0:
        return np.full(len(of), mean)
    strength = 1 / alike - 1
    drawn: np.ndarray = (parts + strength * mean) / (of + strength)
    return drawn


def league(counts: Mapping[Any, tuple[int, int]]) -> list[Place]:
    """Return who stands where: those put in order first, then those with too few tickets, by key as given.

    Parameters
    ----------
    counts
        For each, how many were on time, and of how many; those of none are left out.
    """
    entries = [(key, part, of) for key, (part, of) in counts.items() if of > 0]
    if not entries:
        return []
    parts, of = (np.array([entry[k] for entry in entries], dtype=float) for k in (1, 2))
    intervals = np.array([wilson(part, whole) for _key, part, whole in entries])
    ranked = of >= FEWEST
    places = []
    for (key, part, whole), drawn, (low, high), counted in zip(
        entries, drawn_together(parts, of).tolist(), intervals.tolist(), ranked.tolist(), strict=True
    ):
        better = int((intervals[ranked, 0] > high).sum())
        worse = int((intervals[ranked, 1] < low).sum())
        place = (1 + better, int(ranked.sum()) - worse) if counted else (None, None)
        places.append(Place(key, part, whole, drawn, low, high, *place))
    return sorted(places, key=lambda place: (place.best is None, -place.drawn))

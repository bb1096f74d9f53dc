"""What changed most in a week: groups of services with more, or fewer, reports than chance would explain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from webapp.insight.counting import ALL, Daily

MOST = 3
WEEKS_BEFORE = 8
FEWEST = 10
"""Reports in the week, or usual in one: of less a change tells nothing."""
FAR = 2.5
"""Deviations of a count; smaller changes are chance in all but one week of eighty."""


@dataclass(frozen=True)
class Change:
    """One group of services in one week."""

    group: str
    reports: int
    usual: float
    """Median of the eight weeks before."""


def changes(known: Daily, district: str = ALL) -> list[Change]:
    """Return what changed most in the last whole week, at most `MOST`, that furthest from the usual first.

    How far is told on square roots, on which counts scatter by a half however many they are, or by more where
    the weeks before did.
    """
    found = []
    for group, zone in known.series:
        weeks = known.weeks((group, zone))
        if zone != district or group == ALL or len(weeks) <= WEEKS_BEFORE:
            continue
        before = np.sqrt(weeks[-1 - WEEKS_BEFORE : -1].astype(np.float64))
        usual = float(np.median(before))
        spread = max(1.4826 * float(np.median(np.abs(before - usual))), 0.5)
        far = abs(np.sqrt(weeks[-1]) - usual) / spread
        if far >= FAR and max(weeks[-1], usual**2) >= FEWEST:
            found.append((far, Change(group, int(weeks[-1]), usual**2)))
    return [change for _far, change in sorted(found, key=lambda each: -each[0])[:MOST]]

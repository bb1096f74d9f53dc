"""Judges forecasts on the last weeks of each group of services, and says so where they fail."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from sqlalchemy.orm import Session

from layers.models import City
from webapp.insight import forecast
from webapp.insight.counting import ALL, daily


def checked(session: Session, city: City) -> Iterator[str]:
    """Yield a line for each group of services, those with the most reports first, and one that sums up."""
    known = daily(session, city)
    groups = {group: known.weeks((group, district)) for group, district in known.series if district == ALL}
    groups = dict(sorted(groups.items(), key=lambda each: -each[1].sum()))
    yield f"{'group':<36}{'a week':>8}{'error':>8}{'naive':>8}{'of naive':>10}{'MASE':>7}{'inside':>9}"
    judged = beaten = scaled = 0
    for group, counts in groups.items():
        found = forecast.check(counts.astype(np.float64))
        if found is None:
            yield f"{group:<36}{counts.mean():8.1f}   too few reports or weeks for a forecast"
            continue
        if group == ALL:
            group = "All of them"
        else:
            judged, beaten, scaled = judged + 1, beaten + (found.relative < 1), scaled + (found.mase < 1)
        yield (
            f"{group:<36}{counts.mean():8.1f}{found.error:8.1f}{found.naive_error:8.1f}{found.relative:10.2f}"
            f"{found.mase:7.2f}{found.inside:6d}/{found.forecasts}"
            f"{'' if found.relative < 1 else '  no better than naive'}"
        )
    yield f"{beaten} of {judged} groups beat the naive forecast; {scaled} have a MASE below 1."

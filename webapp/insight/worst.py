"""Streets and assets that work does not mend: where the same is done again, and what it costs in visits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from webapp.insight.facts import Facts, Labels

What = Literal["segment", "asset"]


@dataclass(frozen=True, slots=True)
class Worst:
    """One segment or asset."""

    id: str
    tickets: int
    visits: int
    """How often work there was said to be done."""
    repeats: int
    """Tickets within 90 days after the same was fixed there."""
    reopened: int
    open: int
    services: list[int]
    """Ids, the most frequent first."""
    lon: float
    lat: float
    """The middle of its tickets, EPSG:4326."""
    ticket_ids: list[int]


def worst(facts: Facts, what: What, *, most: int) -> list[Worst]:
    """Return segments or assets by how often the same had to be done again, then by visits.

    A segment's tickets are those that are about no asset: one that is, is about that. Places with neither
    a repeat nor a second visit are not among them.
    """
    labels: Labels = getattr(facts, what)
    mine = labels.codes >= 0 if what == "asset" else (labels.codes >= 0) & (facts.asset.codes < 0)
    facts = facts.where(mine)
    labels = getattr(facts, what)
    size = len(labels.names)
    again = np.bincount(labels.codes, facts.repeat.astype(float) + facts.reopened, size)
    visits = np.bincount(labels.codes, facts.visits, size)
    again_and_again = np.flatnonzero(again)
    names = labels.names[again_and_again].astype(str)
    order = np.lexsort((names, -visits[again_and_again], -again[again_and_again]))
    chosen = again_and_again[order[:most]]
    some = facts.where(np.isin(labels.codes, chosen))
    groups = dict(some.groups(getattr(some, what).codes))
    return [_counted(str(labels.names[code]), groups[code]) for code in chosen.tolist()]


def _counted(name: str, facts: Facts) -> Worst:
    services, counts = np.unique(facts.service, return_counts=True)
    return Worst(
        id=name,
        tickets=len(facts),
        visits=int(facts.visits.sum()),
        repeats=int(facts.repeat.sum()),
        reopened=int(facts.reopened.sum()),
        open=int(np.isnat(facts.closed).sum()),
        services=services[np.argsort(-counts, kind="stable")].tolist(),
        lon=round(float(np.mean(facts.lon, dtype=np.float64)), 6),
        lat=round(float(np.mean(facts.lat, dtype=np.float64)), 6),
        ticket_ids=facts.id.tolist(),
    )

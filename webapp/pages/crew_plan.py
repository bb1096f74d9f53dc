"""The day plan: tickets as stops in a good driving order, changed by hand, on the phone or on paper."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from flask import Blueprint, render_template, request
from flask_babel import gettext as _

from geo import clusters, routes
from webapp.pages.context import served
from webapp.pages.crew import RULE
from webapp.pages.crew_choice import Choice, filters_of, read_choice
from webapp.pages.places import atlas
from webapp.people.access import access
from webapp.tickets import queries
from webapp.tickets.queries import TicketRow

blueprint = Blueprint("crew_plan", __name__)

ONE_STOP_M = 25.0
"""Tickets so near to each other are done without moving the truck."""
MOST_TICKETS = 60


@dataclass(frozen=True)
class Stop:
    """One place to go to, with what is to be done there."""

    tickets: list[TicketRow]
    earlier: str
    """The order of all stops with this one a place earlier; empty for the first."""
    later: str

    @property
    def at(self) -> TicketRow:
        """The ticket that gives the stop its address and its pin."""
        return self.tickets[0]


@blueprint.get("/crew/plan")
@access(RULE)
def plan() -> str:
    """Show the stops of the day."""
    here, chosen = served(), read_choice()
    rows = queries.open_tickets(here.session, here.city.id, filters_of(chosen), limit=MOST_TICKETS)
    groups = _one_spot([row for row in rows if row.lon is not None])
    ordered = _by_hand(groups) or _well_ordered(groups, chosen)
    return render_template(
        "crew/plan.html",
        stops=_stops(ordered),
        nowhere=[row for row in rows if row.lon is None],
        services=here.catalog.services,
        chosen=chosen,
        by_hand="order" in request.args,
        km=_km(ordered, chosen),
        title=_("Day plan"),
    )


def _one_spot(rows: list[TicketRow]) -> list[list[TicketRow]]:
    """Group tickets that are at one spot, those due first first."""
    if not rows:
        return []
    x, y = _metric(rows)
    groups: dict[int, list[TicketRow]] = {}
    for row, cluster in zip(rows, clusters.plain_radius(x, y, ONE_STOP_M).tolist(), strict=True):
        groups.setdefault(cluster, []).append(row)
    return list(groups.values())


def _well_ordered(groups: list[list[TicketRow]], chosen: Choice) -> list[list[TicketRow]]:
    """Return the stops in a good driving order from where the reader is, else from the one due first."""
    if not groups:
        return []
    x, y = _metric([group[0] for group in groups])
    found = routes.order(_start(chosen) or (float(x[0]), float(y[0])), x, y)
    return [groups[position] for position in found.tolist()]


def _by_hand(groups: list[list[TicketRow]]) -> list[list[TicketRow]] | None:
    """Return the stops in the order of the address, None where it has none; others come last."""
    named = [
        int(part) for part in request.args.get("order", "").split(",") if part.isascii() and part.isdecimal()
    ]
    if not named:
        return None
    place = {ticket_id: position for position, ticket_id in enumerate(named)}
    last = len(named)
    return sorted(groups, key=lambda group: min(place.get(row.id, last) for row in group))


def _stops(ordered: list[list[TicketRow]]) -> list[Stop]:
    ids = [group[0].id for group in ordered]

    def exchanged(first: int) -> str:
        if not 0 <= first < len(ids) - 1:
            return ""
        other = [*ids[:first], ids[first + 1], ids[first], *ids[first + 2 :]]
        return ",".join(map(str, other))

    return [Stop(group, exchanged(i - 1), exchanged(i)) for i, group in enumerate(ordered)]


def _km(ordered: list[list[TicketRow]], chosen: Choice) -> float:
    """Return how far it is along the stops, in straight lines."""
    if not ordered:
        return 0.0
    x, y = _metric([group[0] for group in ordered])
    return routes.length(_start(chosen) or (float(x[0]), float(y[0])), x, y) / 1000


def _start(chosen: Choice) -> tuple[float, float] | None:
    if chosen.lon is None or chosen.lat is None:
        return None
    x, y = atlas().metric.to_metric(chosen.lon, chosen.lat)
    return (float(x), float(y)) if np.isfinite([x, y]).all() else None


def _metric(rows: list[TicketRow]) -> tuple[np.ndarray, np.ndarray]:
    return atlas().metric.to_metric([row.lon for row in rows], [row.lat for row in rows])  # type: ignore[arg-type]

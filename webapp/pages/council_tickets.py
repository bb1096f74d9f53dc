"""The tickets behind a figure of the council's page."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from flask import Blueprint, abort, render_template, request

from webapp.insight.areas import area_of_tickets
from webapp.insight.facts import Facts
from webapp.insight.small_counts import FEWEST
from webapp.pages.context import served
from webapp.pages.council_choice import is_public, read_choice
from webapp.pages.council_figures import Shown, about, shown, title_of
from webapp.pages.council_words import AreaRow
from webapp.pages.places import atlas
from webapp.people.access import access, roles
from webapp.tickets import queries

blueprint = Blueprint("council_tickets", __name__, url_prefix="/council")
RULE = roles("council")

MOST = 50
"""Tickets on a page."""


@dataclass(frozen=True)
class Listed:
    """A ticket, and the number by which its first report is tracked."""

    ticket: queries.TicketRow
    number: str


@blueprint.get("/tickets")
@access(RULE)
def tickets() -> str:
    """List the tickets of a choice, or of one of its areas; those of private services are only counted."""
    chosen = read_choice()
    what = shown(atlas(), chosen)
    area = _area(what)
    counted = what.facts if area is None else what.facts.where(_within(what, area))
    public = is_public(counted)
    listed = counted.where(np.flatnonzero(public)[np.argsort(counted.opened[public])[::-1]])
    page = max(request.args.get("page", 1, type=int), 1)
    return render_template(
        "council/tickets.html",
        chosen=chosen,
        title=title_of(what.atlas, chosen.district),
        area=area,
        about=about(chosen),
        tickets=_rows(listed, page),
        total=len(listed),
        private=int((~public).sum()),
        fewest=FEWEST,
        page=page,
        pages=-(-len(listed) // MOST),
    )


def _area(what: Shown) -> AreaRow | None:
    """Return the area asked for; None for all. Of one with too few tickets there is no list."""
    key = request.args.get("area")
    if key is None:
        return None
    found = next((row for row in what.rows if row.key == key), None)
    if found is None or found.figures.hidden:
        abort(404)
    return found


def _within(what: Shown, area: AreaRow) -> np.ndarray:
    assert what.areas is not None  # noqa: S101  (it has the area)
    of_ticket = area_of_tickets(what.facts, what.areas, what.atlas)
    inside: np.ndarray = of_ticket == what.areas.key.index(area.key)
    return inside


def _rows(listed: Facts, page: int) -> list[Listed]:
    """Return the tickets of a page, the newest first."""
    here = served()
    ids = listed.id[(page - 1) * MOST : page * MOST].tolist()
    found = queries.tickets(here.session, here.city.id, ids)
    numbers = {
        each.ticket_id: each.tracking_number
        for each in reversed(queries.reports_of(here.session, here.city.id, *ids))
    }
    return [Listed(found[ticket_id], numbers[ticket_id]) for ticket_id in ids if ticket_id in numbers]

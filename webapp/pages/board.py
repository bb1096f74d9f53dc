"""For supervisors: how much each crew has, what is late, where crews are; tickets are given to crews here."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, render_template, request

from webapp.catalog.snapshot import CrewEntry
from webapp.dispatch import board, fallback
from webapp.dispatch.board import Load, Whereabouts
from webapp.pages.context import served
from webapp.pages.crew_choice import departments, district
from webapp.pages.many import Line, do_chosen, undo_chosen
from webapp.people.access import access, roles
from webapp.tickets import queries
from webapp.tickets.queries import Filters

blueprint = Blueprint("board", __name__)
RULE = roles("supervisor", "agent")

MOST = 100
"""Tickets on the board: of one crew, or of nobody."""


@dataclass(frozen=True)
class CrewCard:
    """One crew on the board."""

    crew: CrewEntry
    load: Load
    where: Whereabouts | None


@blueprint.get("/board")
@access(RULE)
def show() -> str:
    """Show the crews, and the tickets of one of them or of nobody."""
    return _page([])


@blueprint.post("/board")
@access(RULE)
def give() -> str:
    """Give the tickets that are ticked to a crew."""
    lines = do_chosen()
    served().session.commit()
    return _page(lines)


@blueprint.post("/board/undo")
@access(RULE)
def undo() -> str:
    """Take it back."""
    lines = undo_chosen()
    served().session.commit()
    return _page(lines, undoable=False)


def _page(lines: Sequence[Line], *, undoable: bool = True) -> str:
    here, mine = served(), departments()
    cards = _cards(mine)
    chosen = next((card for card in cards if card.crew.id == request.args.get("crew", 0, int)), None)
    if chosen is None:
        rows = fallback.waiting(here.session, here.city.id, mine, district=district(), limit=MOST)
    else:
        filters = Filters(crew_ids=[chosen.crew.id], department_ids=mine, district=district())
        rows = queries.open_tickets(here.session, here.city.id, filters, limit=MOST)
    return render_template(
        "board/board.html",
        cards=cards,
        most=max((card.load.open for card in cards), default=1) or 1,
        nobodys=fallback.count(here.session, here.city.id, mine, district=district()),
        chosen=chosen,
        tickets=rows,
        services=here.catalog.services,
        lines=lines,
        undoable=undoable,
        key=secrets.token_urlsafe(12),
        whose=here.catalog.departments[mine[0]].name if mine else here.city.name,
    )


def _cards(mine: Sequence[int] | None) -> list[CrewCard]:
    """Return the crews of the reader's departments, those with most that is late first."""
    here = served()
    counted = board.loads(here.session, here.city.id, departments=mine, district=district())
    last = board.whereabouts(here.session, here.city.id)
    crews = [
        crew
        for crew in here.catalog.crews.values()
        if crew.id in counted or (not crew.retired and (mine is None or crew.department_id in mine))
    ]
    cards = [
        CrewCard(crew, counted.get(crew.id, Load(crew.id, 0, 0, 0, 0)), last.get(crew.id)) for crew in crews
    ]
    cards.sort(key=lambda card: (-card.load.overdue, -card.load.at_risk, -card.load.open, card.crew.name))
    return cards

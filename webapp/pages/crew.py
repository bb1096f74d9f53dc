"""For crews: the open tickets of my areas as list and map; start one, finish it with a note."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from flask import (
    Blueprint,
    Response,
    abort,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from webapp.pages.context import served
from webapp.pages.thumbnail import thumbnail
from webapp.pages.words import is_late, move_words, status_words
from webapp.people.access import access, roles
from webapp.tickets import lifecycle, queries
from webapp.tickets.queries import Filters, TicketRow

blueprint = Blueprint("crew", __name__)
RULE = roles("crew", "supervisor")

A_PAGE = 100
CONFLICT = 409
INVALID = 422
FIRST_MOVES = ("in_progress", "done", "waiting", "assigned")
"""What the crew page offers, in this order, of all moves that the table of moves allows."""


@dataclass(frozen=True)
class Typed:
    """What somebody typed into the form of a move that was not made, and why it was not."""

    to: str = ""
    note: str = ""
    outcome: str = ""
    errors: dict[str, str] = field(default_factory=dict)
    problem: str = ""


@blueprint.get("/crew")
@access(RULE)
def tickets() -> str:
    """List the open tickets of the person's crew, the first due first."""
    here = served()
    start = request.args.get("from", 0, int)
    mine = _mine()
    total = queries.count_open(here.session, here.city.id, mine)
    rows = queries.open_tickets(
        here.session, here.city.id, mine, limit=A_PAGE, offset=max(0, min(start, 100_000))
    )
    return render_template(
        "crew/tickets.html",
        tickets=rows,
        total=total,
        start=start,
        a_page=A_PAGE,
        title=_whose(),
        late=sum(is_late(row) for row in rows),
        markers=[_marker(row) for row in rows if row.lon is not None],
        services=here.catalog.services,
    )


@blueprint.get("/crew/<int:ticket_id>")
@access(RULE)
def ticket(ticket_id: int) -> Response:
    """Show one ticket, with what may be done with it."""
    return _page(_found(ticket_id), Typed())


@blueprint.post("/crew/<int:ticket_id>")
@access(RULE)
def move(ticket_id: int) -> AnyResponse:
    """Move a ticket: start it, finish it, put it aside."""
    here = served()
    row = _found(ticket_id)
    form = request.form
    typed = Typed(form.get("to", ""), form.get("note", "")[:5000], form.get("outcome", ""))
    try:
        lifecycle.move(
            here.session,
            here.city.id,
            row.id,
            typed.to,
            by=current_user._get_current_object(),
            version=form.get("version", 0, int),
            note=typed.note,
            outcome=typed.outcome or None if typed.to in lifecycle.OUTCOMES else None,
        )
    except lifecycle.Overtaken as conflict:
        here.session.rollback()
        return _page(_found(ticket_id), replace(typed, problem=str(conflict)), CONFLICT)
    except lifecycle.Incomplete as missing:
        here.session.rollback()
        return _page(row, replace(typed, errors={missing.field: str(missing)}), INVALID)
    except lifecycle.MoveRefused as refused:
        here.session.rollback()
        return _page(row, replace(typed, problem=str(refused)), INVALID)
    here.session.commit()
    flash(_("Ticket %(number)d: %(state)s.", number=row.id, state=status_words(typed.to)))
    stays = typed.to in ("in_progress", "assigned")
    return redirect(url_for("crew.ticket", ticket_id=row.id) if stays else url_for("crew.tickets"))


def _mine() -> Filters:
    """Return whose tickets the person sees: a crew its own, a supervisor the department's, others all."""
    if current_user.role == "crew":
        return Filters(crew_ids=[current_user.crew_id])
    if current_user.role == "supervisor" and current_user.department_id is not None:
        return Filters(department_ids=[current_user.department_id])
    return Filters()


def _may_see(row: TicketRow) -> bool:
    mine = _mine()
    return (mine.crew_ids is None or row.crew_id in mine.crew_ids) and (
        mine.department_ids is None or row.department_id in mine.department_ids
    )


def _found(ticket_id: int) -> TicketRow:
    here = served()
    row = queries.ticket(here.session, here.city.id, ticket_id) if ticket_id < 2**63 else None
    if row is None or not _may_see(row):
        abort(404)
    return row


def _whose() -> str:
    here = served()
    if current_user.role == "crew":
        return here.catalog.crews[current_user.crew_id].name
    if current_user.role == "supervisor" and current_user.department_id is not None:
        return here.catalog.departments[current_user.department_id].name
    return here.city.name


def _marker(row: TicketRow) -> dict[str, Any]:
    """Return what the map needs of a ticket."""
    return {
        "id": row.id,
        "lon": row.lon,
        "lat": row.lat,
        "name": row.service,
        "place": row.address or "",
        "icon": served().catalog.services[row.service_id].icon,
        "late": is_late(row),
        "url": url_for("crew.ticket", ticket_id=row.id),
    }


def _page(row: TicketRow, typed: Typed, status: int = 200) -> Response:
    here = served()
    possible = {move.to: move for move in lifecycle.moves_from(row.status, current_user.role)}
    moves = [(to, move_words(to), possible[to].note) for to in FIRST_MOVES if to in possible]
    page = render_template(
        "crew/ticket.html",
        ticket=row,
        service=here.catalog.services[row.service_id],
        reports=queries.reports_of(here.session, here.city.id, row.id),
        timeline=list(reversed(queries.timeline(here.session, here.city.id, row.id))),
        moves=moves,
        outcomes=lifecycle.OUTCOMES["done"],
        picture=thumbnail(row.lon, row.lat),
        typed=typed,
    )
    return make_response(page, status)

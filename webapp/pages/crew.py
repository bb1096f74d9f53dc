"""For crews: the open tickets of my areas as list and map."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request, session, url_for
from flask_login import current_user

from webapp.pages.context import served
from webapp.pages.words import is_late
from webapp.people.access import access, roles
from webapp.tickets import queries
from webapp.tickets.queries import Filters, TicketRow

blueprint = Blueprint("crew", __name__)
RULE = roles("crew", "supervisor", "agent")

A_PAGE = 100


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
        moved=session.pop("moved", None),
    )


def _mine() -> Filters:
    """Return whose tickets the person sees: a crew its own, a supervisor the department's, others all."""
    if current_user.role == "crew":
        return Filters(crew_ids=[current_user.crew_id])
    if current_user.role == "supervisor" and current_user.department_id is not None:
        return Filters(department_ids=[current_user.department_id])
    return Filters()


def may_see(row: TicketRow) -> bool:
    """Say whether a ticket is among those that the person signed in works with."""
    mine = _mine()
    return (mine.crew_ids is None or row.crew_id in mine.crew_ids) and (
        mine.department_ids is None or row.department_id in mine.department_ids
    )


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
        "url": url_for("crew_ticket.show", ticket_id=row.id),
    }

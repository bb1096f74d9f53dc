"""For crews: the open tickets of my areas as list and map, narrowed down by the address, in views to keep."""

from __future__ import annotations

import secrets
from typing import Any

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from webapp.pages.context import served
from webapp.pages.council_choice import districts_of
from webapp.pages.crew_choice import DISTANCES_M, filters_of, read_choice
from webapp.pages.places import atlas
from webapp.pages.words import is_late, service_words
from webapp.people import views
from webapp.people.access import access, roles
from webapp.tickets import queries
from webapp.tickets.lifecycle import STATES
from webapp.tickets.models import OPEN_STATUSES
from webapp.tickets.queries import TicketRow

blueprint = Blueprint("crew", __name__)
RULE = roles("crew", "supervisor", "agent")

A_PAGE = 100


@blueprint.get("/crew")
@access(RULE)
def tickets() -> str:
    """List the open tickets of the person's crew, the first due first."""
    here, chosen = served(), read_choice()
    start = max(0, min(request.args.get("from", 0, int), 100_000))
    wanted = filters_of(chosen)
    total = queries.count_open(here.session, here.city.id, wanted)
    rows = queries.open_tickets(here.session, here.city.id, wanted, limit=A_PAGE, offset=start)
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
        states=OPEN_STATUSES,
        districts=districts_of(atlas()),
        distances=DISTANCES_M,
        chosen=chosen,
        views=views.views_of(here.session, current_user),
        moved=session.pop("moved", None),
        outcomes=STATES["done"].choices,
        crews=sorted(
            (crew for crew in here.catalog.crews.values() if not crew.retired), key=lambda crew: crew.name
        ),
        key=secrets.token_urlsafe(12),
    )


@blueprint.post("/crew/views")
@access(RULE)
def keep_view() -> AnyResponse:
    """Keep the filters of the address under a name; or forget a view."""
    here, chosen = served(), read_choice()
    if "forget" in request.form:
        views.forget(here.session, current_user, request.form.get("forget", 0, int))
    elif name := request.form.get("name", "").replace("\x00", "").strip()[: views.LONGEST_NAME]:
        views.keep(here.session, current_user, name, chosen.query)
    here.session.commit()
    return redirect(url_for("crew.tickets", **chosen.query))


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
        "name": service_words(row.service_id),
        "place": row.address or "",
        "icon": served().catalog.services[row.service_id].icon,
        "late": is_late(row),
        "url": url_for("crew_ticket.show", ticket_id=row.id),
    }

"""Puts right what a ticket is about, or where: place, priority, promise and crew follow. The caller commits.

Reports keep what their reporters said, where, and what each was promised; the ticket, which is the city's,
changes. One that a person gave to somebody, or whose work has begun, stays with who has it. Setting it back
is another correction.
"""

from __future__ import annotations

import json
from datetime import UTC
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from layers.current import current_atlas
from layers.models import City
from layers.places import Place
from webapp.catalog.queries import catalog
from webapp.dispatch.priority import Priority
from webapp.dispatch.queries import assigner, prioritizer
from webapp.dispatch.reassignment import BY_HAND, PLANNED, status_after
from webapp.languages import Sentence
from webapp.people.models import Staff
from webapp.tickets.lifecycle import COMPARERS, Incomplete, NotAllowed, words
from webapp.tickets.models import OPEN_STATUSES
from webapp.tickets.moving import Moved, locked, plain


def correct(
    session: Session,
    city: City,
    ticket_id: int,
    *,
    by: Staff,
    version: int,
    service_code: str | None = None,
    spot: tuple[float, float] | None = None,
    note: str = "",
) -> Moved:
    """Give a ticket another service, another place, or both, and run assignment again.

    Parameters
    ----------
    service_code
        What it is about; None: as it is.
    spot
        Longitude and latitude (EPSG:4326) of where it is; None: as it is.
    note
        Words for everybody to read.

    Raises
    ------
    Incomplete, NotAllowed, NoSuchTicket, Overtaken
        Nothing was written.
    """
    known = catalog(session, city)
    if by.role not in COMPARERS:
        raise NotAllowed(f"Somebody signed in as {by.role} does not correct tickets: ask a supervisor.")
    service = known.service_by_code.get(service_code or "")
    if service_code is not None and (service is None or not service.active):
        raise Incomplete("service", Sentence("Choose what it is about from the list."))
    seen = locked(session, city.id, ticket_id, by, version)
    if seen.status not in OPEN_STATUSES:
        raise NotAllowed(f"A ticket that is {words(seen.status)} is not corrected: open it again first.")
    ticket = session.execute(_TICKET, {"city_id": city.id, "ticket_id": ticket_id}).one()
    service_id = service.id if service else ticket.service_id
    lon, lat = spot or (ticket.lon, ticket.lat)
    # The address was said of the old spot: it decides nothing at the new one.
    places = current_atlas(session, city).locate([lon], [lat], None if spot else [ticket.address])
    place = places[0]
    if spot is not None and not place.placed:
        raise Incomplete("spot", Sentence("That spot is not in the city. Choose one inside."))
    if service_id == ticket.service_id and spot is None:
        raise Incomplete("service", Sentence("Nothing was changed: choose another service or another spot."))
    zones = {layer: hit.id for layer, hit in place.zones.items()}
    priority = Priority(ticket.priority, ticket.priority_why)
    if not ticket.priority_by_hand:
        priority = prioritizer(session, city).priority(
            service_id, ticket.answers, zones, reports=ticket.report_count
        )
    assignment = assigner(session, city).assign(service_id, places, ticket.opened_at)
    district = zones.get(city.district_layer or "")
    due_at = known.due_at(service_id, ticket.opened_at.astimezone(UTC), priority.name, district)
    keeps = ticket.by_hand or (ticket.status in PLANNED and not ticket.retired)
    asset = place.assets.get(known.services[service_id].asset_kind or "")
    values = {
        "city_id": city.id,
        "ticket_id": ticket_id,
        "staff_id": by.id,
        "note": plain(note),
        "service_id": service_id,
        "due_at": due_at if service_id != ticket.service_id else ticket.due_at,
        "priority": priority.level,
        "priority_why": priority.why,
        "asset_id": asset.id if asset else None,
        "zones": json.dumps(zones),
        "district": district,
        **_located(place, ticket, moved=spot is not None),
        "keeps": keeps,
        "status": seen.status if keeps else status_after(seen.status, assignment),
        "crew_id": assignment.crew_id,
        "department_id": assignment.department_id,
        "owner": assignment.owner,
        "service_area": assignment.service_area,
        "why": assignment.why,
        "told": json.dumps(assignment.told(known)),
        "data": json.dumps(_told(known.services[ticket.service_id].code, ticket, service_code, spot)),
    }
    done = session.execute(_CORRECT, values).one()
    return Moved(done.status, done.version, done.at)


def _located(place: Place, ticket: Row[Any], *, moved: bool) -> dict[str, Any]:
    """Return the columns that say where a ticket is."""
    return {
        "geom": f"SRID=4326;POINT({place.lon!r} {place.lat!r})" if place.placed else None,
        "address": place.address if moved else ticket.address,
        "street": place.street,
        "house_number": place.house_number,
        "segment_id": place.segment_id,
        "side": place.side[0] if place.side else None,
        "along_m": place.along_m,
    }


def _told(
    was_service: str, ticket: Row[Any], service_code: str | None, spot: tuple[float, float] | None
) -> dict[str, Any]:
    """Return what was corrected, as the timeline keeps it."""
    told: dict[str, Any] = {}
    if service_code is not None and service_code != was_service:
        told |= {"was_service": was_service, "service": service_code}
    if spot is not None:
        told |= {"was_at": [ticket.lon, ticket.lat], "at": list(spot), "was_address": ticket.address}
    return told


_TICKET = text(
    f"""
    select ticket.*, coalesce(st_x(ticket.geom), 'NaN') as lon, coalesce(st_y(ticket.geom), 'NaN') as lat,
           crew.retired_at is not null as retired,
           coalesce((select answers from report
                      where report.city_id = ticket.city_id and report.ticket_id = ticket.id
                      order by id limit 1), '{{}}') as answers,
           {BY_HAND} as by_hand
      from ticket left join crew on crew.city_id = ticket.city_id and crew.id = ticket.crew_id
     where ticket.city_id = :city_id and ticket.id = :ticket_id
    """  # noqa: S608  (only names of columns)
)

_CORRECT = text(
    """
    with corrected as (
        update ticket
           set service_id = :service_id, geom = cast(:geom as geometry), address = :address, street = :street,
               house_number = cast(:house_number as integer), segment_id = :segment_id, side = :side,
               along_m = cast(:along_m as real), asset_id = :asset_id, zones = cast(:zones as jsonb),
               district = :district, match_keys = null, due_at = cast(:due_at as timestamptz),
               priority = cast(:priority as smallint), priority_why = :priority_why,
               status = :status,
               crew_id = case when :keeps then ticket.crew_id else cast(:crew_id as smallint) end,
               department_id = case when :keeps then ticket.department_id
                                    else cast(:department_id as smallint) end,
               owner = case when :keeps then ticket.owner else cast(:owner as text) end,
               service_area = case when :keeps then ticket.service_area else cast(:service_area as text) end,
               assigned_why = case when :keeps then ticket.assigned_why else :why end,
               version = ticket.version + 1
         where ticket.city_id = :city_id and ticket.id = :ticket_id
     returning ticket.id, ticket.status, ticket.version
    ), told as (
        insert into timeline (city_id, ticket_id, kind, actor, staff_id, note, data)
        select :city_id, id, 'corrected', 'staff', :staff_id, :note, cast(:data as jsonb) from corrected
    ), assigned as (
        insert into timeline (city_id, ticket_id, kind, actor, note, data)
        select :city_id, id, 'assigned', 'system', :why, cast(:told as jsonb) from corrected where not :keeps
    )
    select status, version, now() as at from corrected
    """
)

"""A submission as rows of report, ticket and timeline, for `webapp.tickets.records` to write."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from geo.duplicates import DECISIONS, FLAGGED, JOINED
from layers.places import Place
from webapp.dispatch.assignment import Assignment
from webapp.dispatch.priority import Priority
from webapp.intake.desk import Desk
from webapp.intake.draft import IMPORT, Draft
from webapp.intake.judging import Judgement

Row = dict[str, Any]


def report_row(
    desk: Desk,
    draft: Draft,
    place: Place,
    judgement: Judgement,
    priority: Priority,
    *,
    requested_at: datetime,
    received_at: datetime,
    contact_id: int | None,
) -> Row:
    """Return the columns of a report."""
    service = desk.catalog.service_by_code[draft.service_code]
    repeats = judgement.repeats
    asset = place.assets.get(service.asset_kind or "")
    zones = {layer: hit.id for layer, hit in place.zones.items()}
    district = zones.get(desk.city.district_layer or "")
    return {
        "city_id": desk.city.id,
        "service_id": service.id,
        "channel": draft.channel,
        "language": draft.language,
        "description": draft.description,
        "answers": draft.answers,
        "media_urls": draft.media_urls,
        "contact_id": contact_id,
        "idempotency_key": draft.idempotency_key,
        "external_id": draft.external_id,
        "requested_at": requested_at,
        "received_at": received_at,
        "due_at": desk.catalog.due_at(service.id, requested_at, priority.name, district),
        "geom": None if "not_a_point" in place.flags else f"SRID=4326;POINT({place.lon!r} {place.lat!r})",
        "address": draft.address or place.address,
        "street": place.street,
        "house_number": place.house_number,
        "postcode": place.postcode,
        "segment_id": place.segment_id,
        "side": place.side[0] if place.side else None,
        "along_m": place.along_m,
        "snap_m": place.snap_m,
        "asset_id": asset.id if asset else None,
        "place_flags": place.flags,
        "zones": zones,
        "edition_ids": place.edition_ids,
        "duplicate_score": judgement.score,
        "duplicate_decision": judgement.decision,
        "duplicate_reasons": repeats.reasons if repeats else [],
        "suggestions": [likely.ticket.id for likely in judgement.likely],
        "hidden": service.check_first and not draft.imported,
    }


_SHARED = (
    "city_id", "service_id", "due_at", "address", "street", "house_number", "segment_id", "side", "along_m",
    "asset_id", "zones", "hidden",
)  # fmt: skip
"""What a ticket takes from the report that opens it."""


def ticket_row(
    desk: Desk,
    report: Row,
    place: Place,
    judgement: Judgement,
    assignment: Assignment,
    priority: Priority,
) -> Row:
    """Return the columns of the ticket that a report opens."""
    return {name: report[name] for name in _SHARED} | {
        "status": assignment.first_status,
        "opened_at": report["requested_at"],
        "latest_at": report["requested_at"],
        "matchable": place.placed,
        # On a map, a ticket without a place would stand where nobody meant it.
        "geom": report["geom"] if place.placed else None,
        "district": report["zones"].get(desk.city.district_layer),
        "department_id": assignment.department_id,
        "crew_id": assignment.crew_id,
        "owner": assignment.owner,
        "service_area": assignment.service_area,
        "assigned_why": assignment.why,
        "priority": priority.level,
        "priority_why": priority.why,
        "match_keys": judgement.match_keys,
    }


def timeline_rows(
    desk: Desk, draft: Draft, report: Row, judgement: Judgement, assignment: Assignment
) -> list[Row]:
    """Return what happened: received and assigned, or joined; and flagged, where staff will compare.

    That an imported ticket was assigned is not told: it was not Pinward that gave it to anybody then.
    """
    at = report["requested_at"] if draft.imported else report["received_at"]
    told = {"actor": IMPORT if draft.imported else "resident", "at": at, "note": "", "data": {}}
    decided = told | {"actor": "system"}
    repeats = judgement.repeats
    likeness: Row = {}
    if repeats is not None:
        likeness = {"ticket": repeats.ticket.id, "score": judgement.score, "reasons": repeats.reasons}
    if judgement.decision == DECISIONS[JOINED]:
        return [told | {"kind": "joined", "data": likeness}]
    # What the matching learns from, besides what staff say.
    apart = {"different_from": draft.different_from} if draft.different_from else {}
    rows = [told | {"kind": "received", "data": apart}]
    if not draft.imported:
        whose = assignment.told(desk.catalog)
        rows.append(decided | {"kind": "assigned", "note": assignment.why, "data": whose})
    if judgement.decision == DECISIONS[FLAGGED]:
        rows.append(decided | {"kind": "flagged", "data": likeness})
    return rows

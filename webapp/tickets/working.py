"""Takes what a crew tells of a ticket: a move, a hand-over or a remark, with photos and materials; once.

A phone that lost the connection sends again what it sent before. By its key that is known, and gets the first
answer. The caller commits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Integer, cast, func, select
from sqlalchemy.orm import Session

from layers.models import City
from webapp.languages import Sentence
from webapp.people.models import Staff
from webapp.storage import Storage
from webapp.tickets import moving, photos
from webapp.tickets.handing_over import hand_over
from webapp.tickets.lifecycle import HANDERS, Incomplete, NotAllowed
from webapp.tickets.models import Ticket, TimelineEntry
from webapp.tickets.moving import Moved
from webapp.tickets.pictures import Picture
from webapp.tickets.updating import remark

HAND_OVER = "hand_over"
REMARK = "remark"
"""What may be done with a ticket besides moving it to a state."""
MOST_MATERIALS = 20
_LATEST = timedelta(minutes=2)
"""By so much less than now was it done only now."""
_LONGEST_AGO = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Material:
    """What was used, and how many of it."""

    what: str
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What somebody tells of a ticket."""

    to: str
    """The state to move it to, `HAND_OVER` or `REMARK`."""
    version: int
    """The ticket's that they saw."""
    note: str = ""
    detail: str | None = None
    """What the state takes."""
    crew_id: int = 0
    """To whom it is handed over."""
    materials: Sequence[Material] = ()
    pictures: Sequence[tuple[photos.Shows, Picture]] = ()
    made_at: datetime | None = None
    """When, by the clock of a phone that could not send it then."""
    key: str | None = None
    """The same of two that are one, sent twice."""


def take(session: Session, city: City, storage: Storage, ticket_id: int, work: Work, *, by: Staff) -> Moved:
    """Do to a ticket what somebody tells of it.

    Raises
    ------
    webapp.tickets.lifecycle.MoveRefused
        Nothing was written.
    webapp.tickets.pictures.PhotoRefusedError
        There are too many photos; the caller rolls back.
    """
    # Of two people with one key, neither gets the other's answer.
    key = f"{by.id}.{work.key}" if work.key else None
    _wait_for(session, city.id, ticket_id)
    if key is not None and (before := _made_before(session, city.id, key)) is not None:
        return before
    moved = _made(session, city, ticket_id, work, by, _data(work), key)
    for shows, picture in work.pictures:
        photos.keep_work_picture(session, storage, city.id, ticket_id, shows, picture)
    return moved


def link_follow_up(session: Session, city_id: int, ticket_id: int, follow_up: int, *, by: Staff) -> None:
    """Write into the timelines of two tickets that the one follows the other, where it is not itself."""
    if ticket_id == follow_up:
        return
    told = {"city_id": city_id, "actor": "staff", "staff_id": by.id}
    session.add_all(
        [
            TimelineEntry(**told, ticket_id=ticket_id, kind="follow_up", data={"ticket": follow_up}),
            TimelineEntry(**told, ticket_id=follow_up, kind="follows", data={"ticket": ticket_id}),
        ]
    )
    session.flush()


def _made(
    session: Session, city: City, ticket_id: int, work: Work, by: Staff, data: dict[str, Any], key: str | None
) -> Moved:
    if work.to == HAND_OVER:
        return hand_over(
            session, city, ticket_id, work.crew_id,
            by=by, version=work.version, note=work.note, data=data, key=key,
        )  # fmt: skip
    if work.to == REMARK:
        return _remarked(session, city, ticket_id, work, by, data, key)
    return moving.move(
        session, city, ticket_id, work.to,
        by=by, version=work.version, note=work.note, detail=work.detail, data=data, key=key,
    )  # fmt: skip


def _remarked(
    session: Session, city: City, ticket_id: int, work: Work, by: Staff, data: dict[str, Any], key: str | None
) -> Moved:
    """Write a remark, whatever happened to the ticket meanwhile: it overrules nobody."""
    note = moving.plain(work.note)
    if by.role not in HANDERS:
        raise NotAllowed(f"Somebody signed in as {by.role} may not write into a ticket: ask a supervisor.")
    if not (note or work.materials or work.pictures):
        raise Incomplete("note", Sentence("Write a note, add a photo, or say what was used."))
    version = session.execute(
        select(Ticket.version).where(Ticket.city_id == city.id, Ticket.id == ticket_id)
    ).scalar_one()
    moving.locked(session, city.id, ticket_id, by, version)
    data = data | {"version": version} if key else data
    remark(session, city.id, ticket_id, note, actor="staff", staff_id=by.id, data=data, key=key)
    return Moved(REMARK, version, datetime.now(UTC))


def _made_before(session: Session, city_id: int, key: str) -> Moved | None:
    """Return what was answered to what was sent with a key, None where nothing was."""
    entry = TimelineEntry
    version = func.coalesce(cast(entry.data["version"].astext, Integer), 0).label("version")
    row = session.execute(
        select(entry.kind, version, entry.at).where(entry.city_id == city_id, entry.idempotency_key == key)
    ).one_or_none()
    return None if row is None else Moved(row.kind, row.version, row.at, repeated=True)


def _data(work: Work) -> dict[str, Any]:
    """Return what the timeline entry keeps of it besides the move."""
    data: dict[str, Any] = {}
    if work.materials:
        data["materials"] = [{"what": each.what, "amount": str(each.amount)} for each in work.materials]
    if work.pictures:
        data["photos"] = len(work.pictures)
    now = datetime.now(UTC)
    # A phone's clock may lie; what cannot be is not kept.
    if work.made_at is not None and now - _LONGEST_AGO < work.made_at < now - _LATEST:
        data["made_at"] = work.made_at.isoformat(timespec="seconds")
    return data


def _wait_for(session: Session, city_id: int, ticket_id: int) -> None:
    """Wait until nobody else changes the ticket: then what the same phone sent before is there to be seen."""
    session.execute(
        select(Ticket.id).where(Ticket.city_id == city_id, Ticket.id == ticket_id).with_for_update()
    )

"""Photos of reports and of the work, kept in the storage under names nobody guesses. The caller commits."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from typing import BinaryIO, Literal

from sqlalchemy import ColumnElement, and_, func, select, union_all
from sqlalchemy.orm import Session

from webapp.languages import Sentence
from webapp.storage import Storage
from webapp.tickets import pictures
from webapp.tickets.models import Report, Ticket
from webapp.tickets.photo_models import Photo

MOST_PHOTOS = 10
"""Of one report."""
MOST_OF_WORK = 5
"""Of one ticket, before the work, and as many after it."""
Shows = Literal["before", "after"]
SIZES = ("large", "small")
_RANDOM_BYTES = 18
_NAME = re.compile(r"[A-Za-z0-9_-]{24}")


def keep_photo(session: Session, storage: Storage, city_id: int, report_id: int, stream: BinaryIO) -> Photo:
    """Keep a photo of a report, drawn anew.

    If the caller's transaction is rolled back, a file stays behind that no row names and nobody can ask for.

    Raises
    ------
    webapp.tickets.pictures.PhotoRefusedError
        Nothing was kept; the message says what to do.
    """
    return keep_picture(session, storage, city_id, report_id, pictures.draw(stream))


def keep_picture(
    session: Session, storage: Storage, city_id: int, report_id: int, picture: pictures.Picture
) -> Photo:
    """Keep a picture that was drawn anew already, as by who refuses a whole form if one photo is no good.

    Raises
    ------
    webapp.tickets.pictures.PhotoRefusedError
        The report has `MOST_PHOTOS` already.
    """
    of_report = and_(Photo.city_id == city_id, Photo.report_id == report_id)
    if _count(session, of_report) >= MOST_PHOTOS:
        raise pictures.PhotoRefusedError(
            Sentence("is one too many: a report has at most %(most)d photos.", most=MOST_PHOTOS)
        )
    return _keep(session, storage, Photo(city_id=city_id, report_id=report_id), picture)


def keep_work_picture(
    session: Session, storage: Storage, city_id: int, ticket_id: int, shows: Shows, picture: pictures.Picture
) -> Photo:
    """Keep a picture, drawn anew already, of how it looks where the work is, before it or after.

    Raises
    ------
    webapp.tickets.pictures.PhotoRefusedError
        The ticket has `MOST_OF_WORK` of these already.
    """
    of_work = and_(Photo.city_id == city_id, Photo.ticket_id == ticket_id, Photo.shows == shows)
    if _count(session, of_work) >= MOST_OF_WORK:
        raise pictures.PhotoRefusedError(
            f"is one too many: a ticket has at most {MOST_OF_WORK} photos from {shows} the work."
        )
    return _keep(session, storage, Photo(city_id=city_id, ticket_id=ticket_id, shows=shows), picture)


def _count(session: Session, condition: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).select_from(Photo).where(condition)) or 0


def _keep(session: Session, storage: Storage, photo: Photo, picture: pictures.Picture) -> Photo:
    photo.name = new_name()
    keep_files(storage, photo.city_id, photo.name, picture)
    photo.width, photo.height, photo.bytes = picture.width, picture.height, len(picture.large)
    session.add(photo)
    session.flush()
    return photo


def new_name() -> str:
    """Return a name that nobody guesses."""
    return secrets.token_urlsafe(_RANDOM_BYTES)


def is_name(text: str) -> bool:
    """Say whether it can be the name of a photo."""
    return _NAME.fullmatch(text) is not None


def keep_files(storage: Storage, city_id: int, name: str, picture: pictures.Picture) -> None:
    """Keep a picture's files under a name."""
    storage.keep(_file(city_id, name, "large"), picture.large)
    storage.keep(_file(city_id, name, "small"), picture.small)


def forget_files(storage: Storage, city_id: int, name: str) -> None:
    """Remove a picture's files."""
    for size in SIZES:
        storage.forget(_file(city_id, name, size))


def photos_of(session: Session, city_id: int, report_ids: Sequence[int]) -> dict[int, list[Photo]]:
    """Return the photos of reports, in the order in which they came."""
    found: dict[int, list[Photo]] = {}
    query = select(Photo).where(Photo.city_id == city_id, Photo.report_id.in_(report_ids)).order_by(Photo.id)
    for photo in session.scalars(query):
        found.setdefault(photo.report_id or 0, []).append(photo)
    return found


def photos_of_tickets(session: Session, city_id: int, ticket_ids: Sequence[int]) -> list[Photo]:
    """Return the photos of tickets' reports and of the work, also on tickets that were merged into them."""
    of_reports = select(Photo.id).join(
        Report, and_(Report.city_id == Photo.city_id, Report.id == Photo.report_id)
    )
    of_merged = select(Photo.id).join(
        Ticket, and_(Ticket.city_id == Photo.city_id, Ticket.id == Photo.ticket_id)
    )
    # One after the other, each is found by an index.
    ids = union_all(
        of_reports.where(Report.city_id == city_id, Report.ticket_id.in_(ticket_ids)),
        select(Photo.id).where(Photo.city_id == city_id, Photo.ticket_id.in_(ticket_ids)),
        of_merged.where(Ticket.city_id == city_id, Ticket.merged_into.in_(ticket_ids)),
    )
    query = select(Photo).where(Photo.city_id == city_id, Photo.id.in_(ids)).order_by(Photo.id)
    return list(session.scalars(query))


def whose(session: Session, city_id: int, name: str) -> tuple[int, bool] | None:
    """Return the service of the report or ticket that a photo is of, and whether that is hidden.

    None where there is no such photo.
    """
    if not is_name(name):
        return None
    query = (
        select(
            func.coalesce(Report.service_id, Ticket.service_id), func.coalesce(Report.hidden, Ticket.hidden)
        )
        .select_from(Photo)
        .outerjoin(Report, and_(Report.city_id == Photo.city_id, Report.id == Photo.report_id))
        .outerjoin(Ticket, and_(Ticket.city_id == Photo.city_id, Ticket.id == Photo.ticket_id))
    )
    found = session.execute(query.where(Photo.city_id == city_id, Photo.name == name)).one_or_none()
    return None if found is None else (found[0], found[1])


def read_photo(storage: Storage, city_id: int, name: str, size: str) -> bytes | None:
    """Return a photo as JPEG, large or small; None where its file is gone."""
    return storage.read(_file(city_id, name, size))


def _file(city_id: int, name: str, size: str) -> str:
    return f"photos/{city_id}/{name[:2]}/{name}.{size}.jpg"

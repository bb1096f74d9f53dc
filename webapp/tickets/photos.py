"""Photos of reports: kept in the storage under a name that nobody guesses. The caller commits."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from typing import BinaryIO

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.storage import Storage
from webapp.tickets import pictures
from webapp.tickets.models import Photo, Report

MOST_PHOTOS = 10
"""Of one report."""
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
    here = (Photo.city_id == city_id, Photo.report_id == report_id)
    if (session.scalar(select(func.count()).select_from(Photo).where(*here)) or 0) >= MOST_PHOTOS:
        raise pictures.PhotoRefusedError(f"is one too many: a report has at most {MOST_PHOTOS} photos.")
    name = secrets.token_urlsafe(_RANDOM_BYTES)
    storage.keep(_file(city_id, name, "large"), picture.large)
    storage.keep(_file(city_id, name, "small"), picture.small)
    photo = Photo(
        city_id=city_id,
        report_id=report_id,
        name=name,
        width=picture.width,
        height=picture.height,
        bytes=len(picture.large),
    )
    session.add(photo)
    session.flush()
    return photo


def photos_of(session: Session, city_id: int, report_ids: Sequence[int]) -> dict[int, list[Photo]]:
    """Return the photos of reports, in the order in which they came."""
    found: dict[int, list[Photo]] = {}
    query = select(Photo).where(Photo.city_id == city_id, Photo.report_id.in_(report_ids)).order_by(Photo.id)
    for photo in session.scalars(query):
        found.setdefault(photo.report_id, []).append(photo)
    return found


def service_of(session: Session, city_id: int, name: str) -> int | None:
    """Return the service of the report that a photo belongs to, None where there is no such photo."""
    if not _NAME.fullmatch(name):
        return None
    query = select(Report.service_id).join(
        Photo, (Photo.city_id == Report.city_id) & (Photo.report_id == Report.id)
    )
    return session.scalar(query.where(Photo.city_id == city_id, Photo.name == name))


def read_photo(storage: Storage, city_id: int, name: str, size: str) -> bytes | None:
    """Return a photo as JPEG, large or small; None where its file is gone."""
    return storage.read(_file(city_id, name, size))


def _file(city_id: int, name: str, size: str) -> str:
    return f"photos/{city_id}/{name[:2]}/{name}.{size}.jpg"

"""Photos of a report that is not sent yet. The caller commits.

They are kept as soon as they are chosen, bound to the key of the form they were chosen in: a mistake in the
form or a lost connection does not lose them, and who does not know the key cannot use them. What never became
part of a report is swept away.
"""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from webapp.storage import Storage
from webapp.tickets import photos, pictures
from webapp.tickets.photo_models import HeldPhoto, Photo

MOST = 5
"""Photos of one form."""
KEPT = timedelta(days=2)
LONGEST_ALT = 200
_AT_ONCE = 500


def hold(session: Session, storage: Storage, city_id: int, key: str, content: bytes) -> str:
    """Keep a photo, drawn anew, for the report of a form; return its name.

    The name follows from key and content: the same photo sent again is the same one, drawn and kept once.

    Raises
    ------
    webapp.tickets.pictures.PhotoRefusedError
        Nothing was kept; the message says what to do.
    """
    name = _name(key, content)
    if session.get(HeldPhoto, (city_id, name)) is None:
        picture = pictures.draw(io.BytesIO(content))
        photos.keep_files(storage, city_id, name, picture)
        values = {"width": picture.width, "height": picture.height, "bytes": len(picture.large)}
        row = {"city_id": city_id, "name": name, "key_sha256": _digest(key), **values}
        session.execute(insert(HeldPhoto).values(row).on_conflict_do_nothing())
    return name


def held(session: Session, city_id: int, key: str, names: Sequence[str]) -> list[str]:
    """Return those of some names that are held for the report of a form, in their order, each once."""
    if not names:
        return []
    mine = HeldPhoto.city_id == city_id, HeldPhoto.key_sha256 == _digest(key), HeldPhoto.name.in_(names)
    known = set(session.scalars(select(HeldPhoto.name).where(*mine)))
    return [name for name in dict.fromkeys(names) if name in known]


def give(
    session: Session, city_id: int, key: str, report_id: int, names: Sequence[str], alts: Mapping[str, str]
) -> None:
    """Make photos that are held part of the report that was sent.

    Parameters
    ----------
    alts
        What is to be seen on them, by name.
    """
    if not names:
        return
    mine = HeldPhoto.city_id == city_id, HeldPhoto.key_sha256 == _digest(key), HeldPhoto.name.in_(names)
    gone = session.scalars(delete(HeldPhoto).where(*mine).returning(HeldPhoto)).all()
    session.add_all(
        Photo(
            city_id=city_id, report_id=report_id, name=row.name, width=row.width, height=row.height,
            bytes=row.bytes, alt=alts.get(row.name, "")[:LONGEST_ALT],
        )
        for row in sorted(gone, key=lambda row: names.index(row.name))
    )  # fmt: skip
    session.flush()


def is_held(session: Session, city_id: int, name: str) -> bool:
    """Say whether a photo of this name is held: to show it to whoever chose it."""
    return session.get(HeldPhoto, (city_id, name)) is not None


def sweep(session: Session, storage: Storage, now: datetime) -> int:
    """Forget the photos whose reports were never sent; return how many. Files go before their rows."""
    old = session.scalars(select(HeldPhoto).where(HeldPhoto.held_at < now - KEPT).limit(_AT_ONCE)).all()
    for row in old:
        photos.forget_files(storage, row.city_id, row.name)
        session.delete(row)
    session.flush()
    return len(old)


def _name(key: str, content: bytes) -> str:
    digest = hashlib.sha256(f"{_digest(key)} ".encode() + content).digest()
    return base64.urlsafe_b64encode(digest[:18]).decode()


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()

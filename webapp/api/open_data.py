"""Writes the files of open data: the city's reports and tickets for everybody, anew every day.

They are the public collections of OGC API – Features: nothing of services that are not public, nothing that
is hidden, no contact. What people wrote in their own words is left out too: a file that was published cannot
be called back, and somebody may have put a name into it.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session, sessionmaker

from layers.models import City
from webapp.api.exports import FORMS, PAGE, pages
from webapp.api.features.collections import Features, Property, collections_of
from webapp.api.features.queries import Wanted
from webapp.catalog.queries import catalog
from webapp.insight.open_data import Collection, Column, File, Index, index, place
from webapp.storage import Storage

COLLECTIONS = ("reports", "tickets")
PUBLISHED = ("csv", "geojson", "parquet")
"""The forms: an XLSX file ends at a million rows."""
LEFT_OUT = frozenset({"description"})
"""What people wrote."""
STABLE_ID = Column("id", "string", "Never changes, and is never given to another")


def publish(
    sessions: sessionmaker[Session],
    city: City,
    storage: Storage,
    figures: dict[str, Any],
    now: datetime | None = None,
) -> Index:
    """Write all files, put them in force, and forget those of the time before the last.

    The three files of a collection are read one after the other: what changes in between is in the later
    ones only.
    """
    now = now or datetime.now(UTC)
    last = index(storage, city)
    folder = f"{now:%Y-%m-%dT%H%M%SZ}"
    with sessions() as session:
        public = _public(session, city)
    written = [_write(sessions, city, storage, folder, features) for features in public]
    made = Index(
        written_at=f"{now:%Y-%m-%dT%H:%M:%SZ}",
        folder=folder,
        before=last.folder if last else None,
        collections=written,
        figures=figures,
    )
    storage.keep(place(city), json.dumps(asdict(made), indent=1).encode())
    if last and last.before:
        for name in last.files:
            storage.forget(place(city, last.before, name))
    return made


def _public(session: Session, city: City) -> list[Features]:
    """Return what is published, as everybody may see it."""
    found = collections_of(city, catalog(session, city), [], private=False)
    return [_without_words(found[name]) for name in COLLECTIONS]


def _without_words(features: Features) -> Features:
    kept = tuple(each for each in features.properties if each.name not in LEFT_OUT)
    return replace(features, properties=kept)


def _write(
    sessions: sessionmaker[Session], city: City, storage: Storage, folder: str, features: Features
) -> Collection:
    """Write one collection in all forms."""
    files = []
    with tempfile.TemporaryDirectory(prefix="open-data-") as scratch:
        for form in PUBLISHED:
            path = Path(scratch) / f"{features.id}.{form}"
            media_type, write = FORMS[form]
            count = _Counted(pages(sessions, features, Wanted(version=features.version, limit=PAGE)))
            digest = _copy(write(features, iter(count)), path)
            storage.keep_file(place(city, folder, path.name), path)
            files.append(File(path.name, media_type, path.stat().st_size, digest))
            path.unlink()
    columns = [STABLE_ID, *map(_column, features.properties)]
    return Collection(features.id, features.title, count.rows, files, columns)


class _Counted:
    """Pages, and how many rows were on them."""

    def __init__(self, given: Iterable[list[Sequence[Any]]]) -> None:
        self._given = given
        self.rows = 0

    def __iter__(self) -> Iterator[list[Sequence[Any]]]:
        for page in self._given:
            self.rows += len(page)
            yield page


def _copy(pieces: Iterable[str | bytes], path: Path) -> str:
    """Write pieces to a file, and return the SHA-256 of it."""
    digest = hashlib.sha256()
    with path.open("wb") as out:
        for piece in pieces:
            content = piece.encode() if isinstance(piece, str) else piece
            digest.update(content)
            out.write(content)
    return digest.hexdigest()


def _column(given: Property) -> Column:
    """Return what is said of a property: the comment of its column in our tables, else its title."""
    comment = getattr(getattr(given.column, "expression", None), "comment", None)
    return Column(given.name, given.kind, comment or given.title)

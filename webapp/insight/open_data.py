"""What there is of open data: read from ``index.json``, which `webapp.api.open_data` writes last.

A day's files are in a folder of their own, which the index names. So readers see all files of one day or all
of the other.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from layers.models import City
from webapp.storage import Storage


@dataclass(frozen=True)
class File:
    """One file to download."""

    name: str
    media_type: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Column:
    """What the data dictionary says of one column."""

    name: str
    kind: str
    meaning: str


@dataclass(frozen=True)
class Collection:
    """One table, which there is in several forms."""

    name: str
    title: str
    rows: int
    files: Sequence[File]
    columns: Sequence[Column]


@dataclass(frozen=True)
class Index:
    """What there is to download."""

    written_at: str
    """RFC 3339, in UTC."""
    folder: str
    before: str | None
    """The folder of the time before: somebody may still be reading it."""
    collections: Sequence[Collection]
    figures: dict[str, Any]
    """See `webapp.insight.key_figures`."""

    @property
    def files(self) -> dict[str, File]:
        """All files by name."""
        return {file.name: file for collection in self.collections for file in collection.files}


def index(storage: Storage, city: City) -> Index | None:
    """Return what was published last, None where nothing was yet."""
    kept = storage.read(place(city))
    if kept is None:
        return None
    told = json.loads(kept)
    collections = [
        Collection(
            **{
                **each,
                "files": [File(**file) for file in each["files"]],
                "columns": [Column(**column) for column in each["columns"]],
            }
        )
        for each in told["collections"]
    ]
    return Index(**{**told, "collections": collections})


def place(city: City, folder: str = "", name: str = "index.json") -> str:
    """Return the name in the storage of a file of a folder, or of the index."""
    return "/".join(filter(None, (city.slug, folder, name)))

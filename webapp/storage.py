"""Where files are kept: in a folder that web nodes share, or in an S3-compatible store."""

from __future__ import annotations

import io
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

import obstore
from obstore.exceptions import BaseError as StorageError
from obstore.store import S3Store

__all__ = ["Bucket", "Folder", "Storage", "StorageError", "events", "open_data", "opened", "uploads"]

PIECE_BYTES = 1 << 20

_NAME = re.compile(r"[A-Za-z0-9_=-]+(/[A-Za-z0-9_=-][A-Za-z0-9_.=-]*)+")


class Storage(Protocol):
    """Files by name, such as ``photos/1/Zk/ZkX….jpg``: kept whole or not at all."""

    def keep(self, name: str, content: bytes) -> None:
        """Keep a file in place of one of that name. Who reads at the same time sees all of one of them."""

    def keep_file(self, name: str, path: Path) -> None:
        """Keep a copy of a file that may be larger than memory."""

    def read(self, name: str) -> bytes | None:
        """Return a file, None where there is none of that name."""

    def pieces(self, name: str) -> Iterator[bytes] | None:
        """Return a file piece by piece, None where there is none of that name."""

    def forget(self, name: str) -> None:
        """Remove a file, if it is there."""


class Folder:
    """A storage in a folder.

    Parameters
    ----------
    folder
        Where the files are; made when the first one is kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, name: str, content: bytes) -> None:
        """Keep a file in place of one of that name."""
        self._copy(name, io.BytesIO(content))

    def keep_file(self, name: str, path: Path) -> None:
        """Keep a copy of a file that may be larger than memory."""
        with path.open("rb") as file:
            self._copy(name, file)

    def read(self, name: str) -> bytes | None:
        """Return a file, None where there is none of that name."""
        try:
            return self._path(name).read_bytes()
        except FileNotFoundError:
            return None

    def pieces(self, name: str) -> Iterator[bytes] | None:
        """Return a file piece by piece, None where there is none of that name."""
        try:
            file = self._path(name).open("rb")
        except FileNotFoundError:
            return None
        return _read(file)

    def forget(self, name: str) -> None:
        """Remove a file, if it is there."""
        self._path(name).unlink(missing_ok=True)

    def _copy(self, name: str, content: BinaryIO) -> None:
        path = self._path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, unfinished = tempfile.mkstemp(dir=path.parent, prefix=".")
        try:
            with os.fdopen(handle, "wb") as file:
                shutil.copyfileobj(content, file)
                file.flush()
                os.fsync(file.fileno())
            Path(unfinished).replace(path)
        except BaseException:
            Path(unfinished).unlink(missing_ok=True)
            raise

    def _path(self, name: str) -> Path:
        return self._folder / _checked(name)


class Bucket:
    """A storage in an S3-compatible store.

    Parameters
    ----------
    url
        Such as ``s3://bucket/folder``. Keys, region and endpoint come from the environment's ``AWS_…``.
    """

    def __init__(self, url: str) -> None:
        self._store = S3Store.from_url(url)

    def keep(self, name: str, content: bytes) -> None:
        """Keep a file in place of one of that name."""
        obstore.put(self._store, _checked(name), content)

    def keep_file(self, name: str, path: Path) -> None:
        """Keep a copy of a file that may be larger than memory."""
        obstore.put(self._store, _checked(name), path)

    def read(self, name: str) -> bytes | None:
        """Return a file, None where there is none of that name."""
        try:
            return bytes(obstore.get(self._store, _checked(name)).bytes())
        except FileNotFoundError:
            return None

    def pieces(self, name: str) -> Iterator[bytes] | None:
        """Return a file piece by piece, None where there is none of that name."""
        try:
            found = obstore.get(self._store, _checked(name))
        except FileNotFoundError:
            return None
        return (bytes(piece) for piece in found.stream(PIECE_BYTES))

    def forget(self, name: str) -> None:
        """Remove a file, if it is there."""
        obstore.delete(self._store, _checked(name))


def opened(place: str) -> Storage:
    """Return the storage in a folder, or in ``s3://bucket/folder``."""
    return Bucket(place) if place.startswith("s3://") else Folder(Path(place))


def uploads(kept_in: str) -> Storage:
    """Return the storage of what people send.

    Parameters
    ----------
    kept_in
        ``Settings.kept_in``.
    """
    return opened(f"{kept_in}/uploads")


def events(kept_in: str) -> Storage:
    """Return the storage of the event log."""
    return opened(f"{kept_in}/events")


def open_data(kept_in: str) -> Storage:
    """Return the storage of the files that everybody may have."""
    return opened(f"{kept_in}/open-data")


def _read(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while piece := file.read(PIECE_BYTES):
            yield piece


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name) or ".." in name:
        raise ValueError(f"not the name of a file here: {name!r}")
    return name

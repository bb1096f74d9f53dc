"""Where files are kept: in a folder that web nodes share, or in an S3-compatible store."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path
from typing import Protocol

import obstore
from obstore.exceptions import BaseError as StorageError
from obstore.store import S3Store

__all__ = ["Bucket", "Folder", "Storage", "StorageError", "events", "opened", "uploads"]

_NAME = re.compile(r"[A-Za-z0-9_=-]+(/[A-Za-z0-9_=-][A-Za-z0-9_.=-]*)+")


class Storage(Protocol):
    """Files by name, such as ``photos/1/Zk/ZkX….jpg``: kept whole or not at all."""

    def keep(self, name: str, content: bytes) -> None:
        """Keep a file in place of one of that name. Who reads at the same time sees all of one of them."""

    def read(self, name: str) -> bytes | None:
        """Return a file, None where there is none of that name."""

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
        path = self._path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, unfinished = tempfile.mkstemp(dir=path.parent, prefix=".")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(unfinished).replace(path)
        except BaseException:
            Path(unfinished).unlink(missing_ok=True)
            raise

    def read(self, name: str) -> bytes | None:
        """Return a file, None where there is none of that name."""
        try:
            return self._path(name).read_bytes()
        except FileNotFoundError:
            return None

    def forget(self, name: str) -> None:
        """Remove a file, if it is there."""
        self._path(name).unlink(missing_ok=True)

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

    def read(self, name: str) -> bytes | None:
        """Return a file, None where there is none of that name."""
        try:
            return bytes(obstore.get(self._store, _checked(name)).bytes())
        except FileNotFoundError:
            return None

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


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name) or ".." in name:
        raise ValueError(f"not the name of a file here: {name!r}")
    return name

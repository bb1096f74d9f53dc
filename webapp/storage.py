"""Where uploads are kept: a folder under PINWARD_HOME. Web nodes that share the work share the folder."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

_NAME = re.compile(r"[a-z]+/[0-9]+/[A-Za-z0-9_-]{2}/[A-Za-z0-9_.-]+")


class Storage:
    """Files by name, such as ``photos/1/Zk/ZkX….jpg``: kept whole or not at all.

    Parameters
    ----------
    folder
        Where the files are; made when the first one is kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, name: str, content: bytes) -> None:
        """Keep a file. Who reads at the same time sees all of it or nothing."""
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
        if not _NAME.fullmatch(name) or ".." in name:
            raise ValueError(f"not the name of an upload: {name!r}")
        return self._folder / name


def uploads(home: Path) -> Storage:
    """Return the storage of what people send."""
    return Storage(home / "uploads")

"""The public tiles that nginx, which stands in front, keeps for a while and hands out without asking.

Open-source nginx has no command to drop an answer. But it keeps each in a file of a known name, and one whose
file is gone it has not got: so who made a tile deletes the file when the tile is no longer right.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

Key = tuple[int, int, int]
"""Zoom, x and y of a tile."""

SCHEMES = ("http", "https")
"""A tile comes with other headers by https: nginx's key is the scheme and the path."""


class FrontCache:
    """Where nginx keeps tiles (levels=1:2), and which ones it may have from this process.

    Parameters
    ----------
    folder
        That of nginx's ``proxy_cache_path``.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lent: dict[Key, float] = {}
        """Until which moment (`time.monotonic`) each tile may be there."""

    def forget(self, now: float) -> None:
        """Forget tiles whose time is over, there too."""
        self.lent = {key: until for key, until in self.lent.items() if until > now}

    def delete(self, keys: list[Key]) -> None:
        """Delete tiles, so that nginx asks for them again."""
        for key in keys:
            for scheme in SCHEMES:
                self.file(scheme, key).unlink(missing_ok=True)

    def file(self, scheme: str, key: Key) -> Path:
        """Return the file of a tile."""
        name = hashlib.md5(f"{scheme}{path(key)}".encode(), usedforsecurity=False).hexdigest()
        return self.folder / name[-1] / name[-3:-1] / name


def path(key: Key) -> str:
    """Return the one address under which nginx may keep a tile."""
    z, x, y = key
    return f"/tiles/tickets/{z}/{x}/{y}.mvt"

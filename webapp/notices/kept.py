"""Keeps messages as files in ``PINWARD_HOME/mail``, where nothing is set up that would send them."""

from __future__ import annotations

import os

from webapp.config import Settings


def keep(settings: Settings, name: str, content: bytes) -> None:
    """Write a message to a file of its own: the same on a repeat, and never half a file under its name."""
    folder = settings.home / "mail"
    folder.mkdir(parents=True, exist_ok=True)
    half = folder / f".{name}.{os.getpid()}"
    half.write_bytes(content)
    half.replace(folder / name)

"""Dates as GeoReport v2 writes them: W3C date-times to the second with the city's offset."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo


def local(when: datetime | None, zone: ZoneInfo) -> datetime | None:
    """Return a moment by the city's clock."""
    return None if when is None else when.astimezone(zone)


def w3c(when: datetime) -> str:
    """Return a moment as it is written, such as ``2026-11-22T14:05:00-05:00``."""
    return when.isoformat(timespec="seconds")

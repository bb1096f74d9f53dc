"""Dates as GeoReport v2 writes them."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo


def w3c(when: datetime | None, zone: ZoneInfo) -> str | None:
    """Return a W3C date-time to the second with the city's offset, such as ``2026-11-22T14:05:00-05:00``."""
    return None if when is None else when.astimezone(zone).isoformat(timespec="seconds")

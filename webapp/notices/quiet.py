"""Quiet hours: when a city wakes nobody. What is due then waits for the morning, urgent or not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from layers.models import City


def is_quiet(city: City, channel: str, now: datetime) -> bool:
    """Say whether nothing is sent to people by a channel now.

    The city's own clock decides, so that the quiet hours begin and end with it also on the two days in a year
    when it is set.

    Parameters
    ----------
    now
        Any moment with a time zone.
    """
    hours: Mapping[str, Any] | None = city.details.get("quiet_hours")
    if not hours or channel not in hours["channels"]:
        return False
    begin, end = time.fromisoformat(hours["begin"]), time.fromisoformat(hours["end"])
    clock = now.astimezone(ZoneInfo(city.time_zone)).time()
    return begin <= clock < end if begin <= end else clock >= begin or clock < end

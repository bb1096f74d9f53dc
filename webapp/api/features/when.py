"""``datetime``: an instant or an interval, closed on both sides (OGC 17-069r4, 7.15.4; RFC 3339)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

_OPEN = ("", "..")
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
# In a URL a plus sign that is not escaped means a space.
_SPACE_FOR_PLUS = re.compile(r" (\d\d:\d\d)$")


@dataclass(frozen=True)
class Interval:
    """From ``begin`` to ``end``, both in it and in UTC; None: without end on that side."""

    begin: datetime | None
    end: datetime | None


def interval(text: str, zone: ZoneInfo) -> Interval:
    """Return what a text such as ``2026-05-01T00:00:00Z/..`` means. A day is one of the city's ``zone``.

    Raises
    ------
    ValueError
        If it is no instant, no day and no interval of them, or ends before it begins.
    """
    parts = text.split("/")
    if len(parts) > 2 or (len(parts) == 1 and parts[0] in _OPEN):
        raise ValueError("It is neither an instant nor an interval")
    begin = _bounds(parts[0], zone)[0]
    end = _bounds(parts[-1], zone)[1]
    if begin is not None and end is not None and begin > end:
        raise ValueError("It ends before it begins")
    return Interval(begin, end)


def instant(text: str) -> datetime:
    """Return a date-time of RFC 3339 in UTC.

    Raises
    ------
    ValueError
        If it is none.
    """
    text = _SPACE_FOR_PLUS.sub(r"+\1", text).upper()
    if not _INSTANT.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is not a date-time with a zone, such as 2026-05-04T12:00:00Z")
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"{text[:40]!r} is no time that there is") from None


def _bounds(text: str, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
    if text in _OPEN:
        return None, None
    if not _DAY.fullmatch(text):
        when = instant(text)
        return when, when
    try:
        day = datetime.fromisoformat(text).date()
        begin = datetime.combine(day, time(), zone).astimezone(UTC)
        end = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is no day that there is") from None
    return begin, end - timedelta(microseconds=1)

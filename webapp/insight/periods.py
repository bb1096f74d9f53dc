"""From one day to another, in the city's own days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days of the city's clock, both ends included."""

    first: date
    last: date

    def instants(self, time_zone: str) -> tuple[datetime, datetime]:
        """Return when it begins, and when the day after it begins, in UTC."""
        zone = ZoneInfo(time_zone)
        begin = datetime.combine(self.first, time(), zone)
        end = datetime.combine(self.last + timedelta(days=1), time(), zone)
        return begin.astimezone(UTC), end.astimezone(UTC)

    @classmethod
    def ending(cls, last: date, days: int) -> Period:
        """Return the period of so many days that ends with ``last``."""
        return cls(last - timedelta(days=days - 1), last)

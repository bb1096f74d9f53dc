"""A service request as its caller may see it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import RowMapping

from layers.models import City
from webapp.api.open311.dates import local
from webapp.api.open311.extensions import extension_fields
from webapp.api.open311.states import words
from webapp.catalog.snapshot import Catalog, ServiceEntry
from webapp.tickets import media


@dataclass(frozen=True)
class Reader:
    """Who reads what: the city with its catalog, and whether its other services may be read too.

    Of a report that is hidden, or of a service that is not public, anybody who knows its number may follow
    its status; what was written, answered and photographed, and the very spot, stay between the reporter and
    the city.
    """

    city: City
    known: Catalog
    private: bool
    base: str

    def fields(self, row: RowMapping, *, extensions: bool) -> dict[str, Any]:
        """Return the fields of a request, in GeoReport's order."""
        service = self.known.services[row["service_id"]]
        sees_all = self.sees_all(row)
        pictures = self.pictures(row) if sees_all else []
        fields = self._standard(row, service, sees_all)
        fields["media_url"] = pictures[0] if pictures else None
        if extensions:
            fields |= extension_fields(row, self.known, self.zone, pictures, sees_all=sees_all)
        return fields

    def sees_all(self, row: RowMapping) -> bool:
        """Say whether all of a report may be read, or no more than how far it is."""
        return self.private or (self.known.services[row["service_id"]].public and not row["hidden"])

    @cached_property
    def zone(self) -> ZoneInfo:
        """The city's time zone."""
        return ZoneInfo(self.city.time_zone)

    def pictures(self, row: RowMapping) -> list[str]:
        """Return the addresses of a report's photos, and of pictures elsewhere."""
        if not row["photos"] and not row["media_urls"]:
            return []
        kept = [f"{self.base}/photos/{name}.jpg" for name in row["photos"]]
        return kept + media.shown(row["media_urls"])

    def _standard(self, row: RowMapping, service: ServiceEntry, sees_all: bool) -> dict[str, Any]:
        zone = self.zone
        return {
            "service_request_id": row["tracking_number"],
            "status": "open" if row["open"] else "closed",
            "status_notes": row["last_note"] or words(row["status"], row["detail"]),
            "service_name": service.name,
            "service_code": service.code,
            "description": row["description"] if sees_all else None,
            "agency_responsible": self.known.departments[row["department_id"]].name,
            "service_notice": service.notice or None,
            "requested_datetime": local(row["requested_at"], zone),
            "updated_datetime": local(row["updated_at"], zone),
            "expected_datetime": local(row["due_at"], zone),
            "address": row["address"] if sees_all else None,
            "address_id": None,
            "zipcode": row["postcode"],
            "lat": row["lat"] if sees_all else _block(row["lat"]),
            "long": row["lon"] if sees_all else _block(row["lon"]),
        }


def _block(degrees: float | None) -> float | None:
    """Return degrees on a grid of some 100 m: about a block, and no house."""
    return None if degrees is None else round(degrees, 3)

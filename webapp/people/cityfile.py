"""The parts of a city file that are about its staff, and about what it knows of those who report."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import Field

from layers.cityfile import CityDocument
from layers.findings import Finding
from layers.models import City
from layers.sections import Section
from webapp.people.access import Role


class StaffSection(Section):
    """``[staff]``."""

    second_factor: list[Role] = Field(
        default=[], description='the roles that sign in with a second factor, such as ["administrator"]'
    )


class PrivacySection(Section):
    """``[privacy]``."""

    contact_days: int | None = Field(
        default=None,
        ge=1,
        le=36_500,
        description="days after their last report was closed when contacts are erased, such as 730",
    )


def check(document: CityDocument) -> list[Finding]:
    """Return what is wrong with these sections of a city file."""
    return [*document.parse(StaffSection, "staff")[1], *document.parse(PrivacySection, "privacy")[1]]


def load(city: City, document: CityDocument) -> None:
    """Keep these sections of a city file without errors with the city. The caller commits.

    A file without the staff's section leaves what administrators have said on their page.
    """
    privacy = document.parse(PrivacySection, "privacy")[0]
    days = privacy.contact_days if privacy is not None else None
    city.details = {**city.details, "contact_days": days}
    section = document.parse(StaffSection, "staff")[0]
    if section is not None and document.get("staff") is not None:
        require_second_factor(city, section.second_factor)


def require_second_factor(city: City, roles: Iterable[str]) -> None:
    """Say which roles sign in with a second factor: all others may. The caller commits."""
    city.details = {**city.details, "second_factor": sorted(roles)}

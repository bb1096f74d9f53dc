"""One assignment rule: what must hold, who gets the ticket then, and how specific it is."""

from __future__ import annotations

from dataclasses import dataclass

from webapp.catalog.snapshot import ServiceEntry


@dataclass(frozen=True, slots=True)
class RuleEntry:
    """A rule; a condition that is None holds for every ticket. Exactly one of the last three is given."""

    id: int
    service_id: int | None = None
    service_group: str | None = None
    layer: str | None = None
    zone: str | None = None
    street_class: str | None = None
    street_owner: str | None = None
    asset_owner: str | None = None
    hours: str | None = None
    crew_id: int | None = None
    department_id: int | None = None
    owner: str | None = None

    @property
    def specificity(self) -> tuple[int, bool, bool, bool, bool, bool]:
        """How narrow the rule is; the greater wins.

        A service is narrower than its group, which is narrower than everything. Among rules of one width the
        owner of the thing or of the street comes first, then the time of day, then the class of street, then
        the area: who owns a road matters wherever it runs and at night too, and who works at night does so
        in all areas.
        """
        service = 2 if self.service_id is not None else 1 if self.service_group is not None else 0
        return (
            service,
            self.asset_owner is not None,
            self.street_owner is not None,
            self.hours is not None,
            self.street_class is not None,
            self.zone is not None,
        )

    def is_for(self, service: ServiceEntry) -> bool:
        """Say whether tickets of ``service`` can meet the rule."""
        if self.service_id is not None:
            return self.service_id == service.id
        return self.service_group is None or self.service_group == service.group

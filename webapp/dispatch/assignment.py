"""Who does it: the most specific rule that holds, with the reason in words. One pin or a million by one table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from layers.places import UNPLACED, Place
from webapp.catalog.snapshot import Catalog, ServiceEntry
from webapp.dispatch.rules import Facts, RuleEntry

_KEPT_DECISIONS = 100_000

WHY_UNPLACED = {
    "not_a_point": "The report has no position",
    "swapped": "The pin's longitude and latitude are exchanged",
    "fallback_point": "The pin is a fall-back coordinate, written where an address was not found",
    "outside": "The pin is outside the city",
}


@dataclass(frozen=True, slots=True)
class Assignment:
    """Who gets a ticket."""

    crew_id: int | None
    """None: the department decides, or an owner outside the city does it."""
    department_id: int
    owner: str | None
    """Who outside the city looks after it."""
    service_area: str | None
    """Name of the zone that decided."""
    rule_id: int | None
    """None where no rule holds and the ticket falls back to the service's department."""
    why: str


class Assigner:
    """The rules of a city, ready to use.

    Parameters
    ----------
    catalog
        The catalog that the rules were written for.
    rules
        In the order of the city file, which decides between rules that are equally specific.
    """

    def __init__(self, catalog: Catalog, rules: Iterable[RuleEntry]) -> None:
        self._catalog = catalog
        in_force = [rule for rule in rules if rule.crew_id is None or not catalog.crews[rule.crew_id].retired]
        in_force.sort(key=lambda rule: rule.id)
        in_force.sort(key=lambda rule: rule.specificity, reverse=True)
        self._rules_of = {
            service.id: tuple(rule for rule in in_force if rule.is_for(service))
            for service in catalog.services.values()
        }
        self._layers = tuple(sorted({rule.layer for rule in in_force if rule.layer is not None}))
        self._decide = lru_cache(maxsize=_KEPT_DECISIONS)(self._decision)

    def assign(self, service_id: int, place: Place | None) -> Assignment:
        """Return who gets a ticket of a service at a place; ``place`` is None for a report without one."""
        return self._decide(self._facts(service_id, place), _trouble(place))

    def _facts(self, service_id: int, place: Place | None) -> Facts:
        if place is None or not place.placed:
            return Facts(service_id)
        service = self._catalog.services[service_id]
        asset = place.assets.get(service.asset_kind) if service.asset_kind else None
        hits = [place.zones[layer] for layer in self._layers if layer in place.zones]
        return Facts(
            service_id=service_id,
            zones=tuple((hit.layer, hit.id, hit.name) for hit in hits),
            street_class=place.street_class,
            street_owner=place.street_owner,
            asset_owner=asset.owner if asset else None,
        )

    def _decision(self, facts: Facts, trouble: str | None) -> Assignment:
        """Return the decision on these facts; ``trouble`` is the flag for which the position is not used."""
        service = self._catalog.services[facts.service_id]
        for rule in self._rules_of[service.id]:
            if rule.holds(facts):
                return self._by_rule(rule, service, facts)
        return self._by_department(service, trouble)

    def _by_rule(self, rule: RuleEntry, service: ServiceEntry, facts: Facts) -> Assignment:
        area = rule.zone_name(facts)
        what = f"{service.name}{_circumstances(rule, area)}"
        if rule.owner is not None:
            why = f"{what} is the job of {rule.owner} (rule {rule.id})"
            return Assignment(None, service.department_id, rule.owner, area, rule.id, why)
        if rule.crew_id is not None:
            crew = self._catalog.crews[rule.crew_id]
            why = f"{what} goes to {crew.name} (rule {rule.id})"
            return Assignment(crew.id, crew.department_id, None, area, rule.id, why)
        department_id = rule.department_id or service.department_id
        why = f"{what} goes to {self._catalog.departments[department_id].name} (rule {rule.id})"
        return Assignment(None, department_id, None, area, rule.id, why)

    def _by_department(self, service: ServiceEntry, trouble: str | None) -> Assignment:
        department = self._catalog.departments[service.department_id]
        reason = WHY_UNPLACED[trouble] if trouble else f"No rule for {service.name} holds at this place"
        why = f"{reason}: {department.name} decides"
        return Assignment(None, department.id, None, None, None, why)


def _trouble(place: Place | None) -> str | None:
    if place is None:
        return "not_a_point"
    return next((flag for flag in place.flags if flag in UNPLACED), None)


def _circumstances(rule: RuleEntry, area: str | None) -> str:
    """Return the conditions of a rule on the place in words, such as `` in District 1A``."""
    parts = (
        f" at an asset of {rule.asset_owner}" if rule.asset_owner else "",
        f" on a street of {rule.street_owner}" if rule.street_owner else "",
        f" on a street of class {rule.street_class}" if rule.street_class else "",
        f" in {area}" if area else "",
    )
    return "".join(parts)

"""Who does it: the most specific rule that holds, with the reason in words, for one pin or a million."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from geo.arrays import Ints
from layers.places import Places
from webapp.catalog.deadlines import Instants
from webapp.catalog.snapshot import Catalog, ServiceEntry
from webapp.dispatch.facts import Facts, PinFacts, Questions
from webapp.dispatch.hours import INSIDE
from webapp.dispatch.rules import RuleEntry

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

    @property
    def first_status(self) -> str:
        """The status in which a ticket so assigned begins its life."""
        if self.owner is not None:
            return "referred"
        return "assigned" if self.crew_id is not None else "new"

    def told(self, catalog: Catalog) -> dict[str, str | None]:
        """Return whose it is, by code, as timelines have it."""
        crew = catalog.crews.get(self.crew_id or 0)
        return {
            "department": catalog.departments[self.department_id].code,
            "crew": crew.code if crew else None,
            "owner": self.owner,
        }


@dataclass(frozen=True, slots=True)
class Assignments:
    """Who gets n tickets; ``assignments[i]`` is that of ticket i."""

    distinct: tuple[Assignment, ...]
    """The different assignments."""
    which: Ints
    """Shape (n,): the place of each ticket's assignment in ``distinct``."""

    def __len__(self) -> int:
        return len(self.which)

    def __getitem__(self, i: int) -> Assignment:
        return self.distinct[int(self.which[i])]


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
        self._questions = Questions(in_force)
        self._decide = lru_cache(maxsize=_KEPT_DECISIONS)(self._decision)

    @property
    def layers(self) -> frozenset[str]:
        """The zones layers that rules ask about: their borders decide who does something."""
        return frozenset(self._questions.layers)

    def assign(self, service_id: int, places: Places, at: datetime) -> Assignment:
        """Return who gets a ticket of a service that was reported at the one pin of ``places`` at a time."""
        return self.assign_many([service_id], places, np.array([int(at.timestamp())], "datetime64[s]"))[0]

    def assign_many(self, service_ids: ArrayLike, places: Places, at: Instants) -> Assignments:
        """Return who gets tickets of services at pins.

        Each combination of what rules ask about is decided once, so that a million pins cost little more than
        telling them apart.

        Parameters
        ----------
        service_ids
            Shape (n,).
        places
            The n pins; one that is not a point stands for a report without a position.
        at
            Shape (n,), UTC: when each was reported, which decides where rules know the time of day.
        """
        seconds = at.astype("datetime64[s]").view(np.int64)
        pins = PinFacts(self._questions, self._catalog, np.asarray(service_ids, np.int32), places, seconds)
        examples, group = pins.distinct()
        return Assignments(tuple(self._decide(pins.facts(i)) for i in examples), group)

    def _decision(self, facts: Facts) -> Assignment:
        service = self._catalog.services[facts.service_id]
        for rule in self._rules_of[service.id]:
            if _holds(rule, facts):
                return self._by_rule(rule, service, facts)
        return self._by_department(service, facts.trouble)

    def _by_rule(self, rule: RuleEntry, service: ServiceEntry, facts: Facts) -> Assignment:
        area = _area(rule, facts)
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


def _holds(rule: RuleEntry, facts: Facts) -> bool:
    """Say whether the rule's conditions on place and time hold."""
    return (
        (rule.layer is None or _area(rule, facts) is not None)
        and rule.street_class in (None, facts.street_class)
        and rule.street_owner in (None, facts.street_owner)
        and rule.asset_owner in (None, facts.asset_owner)
        and (rule.hours is None or rule.hours in facts.hours)
    )


def _area(rule: RuleEntry, facts: Facts) -> str | None:
    """Return the name of the rule's zone, where that holds the pin."""
    for layer, zone, name in facts.zones:
        if layer == rule.layer and zone == rule.zone:
            return name
    return None


def _circumstances(rule: RuleEntry, area: str | None) -> str:
    """Return the conditions of a rule on place and time in words, such as `` in District 1A``."""
    parts = (
        f" at an asset of {rule.asset_owner}" if rule.asset_owner else "",
        f" on a street of {rule.street_owner}" if rule.street_owner else "",
        f" on a street of class {rule.street_class}" if rule.street_class else "",
        f" in {area}" if area else "",
        f" reported {'in ' if rule.hours == INSIDE else ''}{rule.hours}" if rule.hours else "",
    )
    return "".join(parts)

"""How urgent a ticket is, by its service, answers, reports and zones; with the reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from webapp.catalog.deadlines import LEVELS
from webapp.catalog.snapshot import Catalog, ServiceEntry

NORMAL = LEVELS.index("normal")


@dataclass(frozen=True, slots=True)
class Priority:
    """How urgent, as the place of the level in ``LEVELS``, and why; what is normal needs no reason."""

    level: int = NORMAL
    why: str = ""

    @property
    def name(self) -> str:
        """The level: low, normal, high or urgent."""
        return LEVELS[self.level]


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorityRule:
    """What makes a ticket more or less urgent; a condition that is left out holds for every ticket."""

    level: str
    why: str
    services: tuple[str, ...] = ()
    group: str | None = None
    question: str | None = None
    answers: tuple[str, ...] = ()
    """Of the question: one of these."""
    reports: int = 1
    """So many, or more."""
    layer: str | None = None
    zone: tuple[str, ...] = ()
    """Ids of zones of the layer; empty: any of it."""

    def holds(
        self, service: ServiceEntry, answers: Mapping[str, Any], zones: Mapping[str, str], reports: int
    ) -> bool:
        """Say whether all conditions hold."""
        return (
            (not self.services or service.code in self.services)
            and self.group in (None, service.group)
            and reports >= self.reports
            and (self.question is None or self._answered(answers.get(self.question)))
            and (self.layer is None or self._inside(zones.get(self.layer)))
        )

    def _answered(self, answer: Any) -> bool:
        given = answer if isinstance(answer, list) else [answer]
        return any(str(each) in self.answers for each in given if each is not None)

    def _inside(self, zone: str | None) -> bool:
        return zone is not None and (not self.zone or zone in self.zone)


class Prioritizer:
    """The rules of a city, ready to use.

    Parameters
    ----------
    catalog
        The catalog that the rules were written for.
    rules
        In any order: the most urgent that holds decides, and of those without one the least urgent.
    """

    def __init__(self, catalog: Catalog, rules: Iterable[PriorityRule]) -> None:
        self._catalog = catalog
        self._rules = tuple(rules)

    def priority(
        self, service_id: int, answers: Mapping[str, Any], zones: Mapping[str, str], reports: int = 1
    ) -> Priority:
        """Return how urgent a ticket is.

        Parameters
        ----------
        answers
            Of its report, by question code.
        zones
            The zone of each layer that holds the pin: layer to zone id.
        reports
            How many it has.
        """
        service = self._catalog.services[service_id]
        found = [
            Priority(LEVELS.index(rule.level), rule.why)
            for rule in self._rules
            if rule.holds(service, answers, zones, reports)
        ]
        raising = [each for each in found if each.level > NORMAL]
        if raising:
            return max(raising, key=lambda each: each.level)
        return min(found, key=lambda each: each.level, default=Priority())

"""The assignment rules' part of a city file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from sqlalchemy.orm import Session

from layers.cityfile import CityDocument
from layers.features import Features, features
from layers.findings import Finding, did_you_mean, some
from layers.models import City
from layers.sections import ZoneLayer
from webapp.catalog.reading import CatalogFile, parse_rows, stands_at
from webapp.catalog.reading import read as read_catalog
from webapp.dispatch import reassignment, rulebook, watching
from webapp.dispatch.conflicts import Numbered, ZoneShapes, conflicts
from webapp.dispatch.sections import RuleRow


def check(document: CityDocument) -> list[Finding]:
    """Return what is wrong with rules, priorities and escalations, and what only the order decides."""
    catalog = read_catalog(document)
    return [*_Check(document, catalog).findings(), *watching.check(document, catalog)]


def load(session: Session, city: City, document: CityDocument) -> None:
    """Store rules, priorities and escalations of a city file without errors, after its catalog.

    Open tickets of crews that are gone from the file go to others at once. The caller commits.
    """
    catalog = read_catalog(document)
    full = catalog.document
    watching.store(city, document, catalog)
    rows, _ = parse_rows(full, document, RuleRow, "rules")
    rulebook.load(session, city.id, rows)
    reassignment.clear_retired(session, city)


@dataclass
class _Check:
    """One check of the rules against the catalog and the map."""

    document: CityDocument
    catalog: CatalogFile
    row_of: dict[int, int] = field(default_factory=dict)
    """By the number of a rule: its place among ``[[rules]]``."""

    def findings(self) -> list[Finding]:
        rows, findings = parse_rows(self.catalog.document, self.document, RuleRow, "rules")
        if findings:
            return findings
        numbered = rulebook.numbered(rows)
        self.row_of = {number: place for place, (number, _) in enumerate(numbered)}
        zones = self._zones(rows)
        findings += self._unknown(numbered)
        findings += self._unknown_zones(numbered, zones)
        findings += self._idle_crews(rows)
        findings += self._conflicts(numbered, zones)
        return findings

    def _conflicts(self, numbered: list[Numbered], zones: dict[str, Features]) -> Iterator[Finding]:
        """Yield a warning for each pair of rules of which only the order of the file decides."""
        shapes = {
            name: ZoneShapes(
                np.array(found.columns["source_id"], dtype=object),
                found.geometry,
                isinstance(found.layer, ZoneLayer) and found.layer.partition,
            )
            for name, found in zones.items()
        }
        time_zone = self.document.city.time_zone if self.document.city else "UTC"
        for each in conflicts(numbered, shapes, self.catalog.calendar.calendar(time_zone)):
            yield self.document.warning(each.message, each.fix, *self._place(each.number))

    def _place(self, number: int) -> tuple[str | int, ...]:
        """Return where in the file a rule stands."""
        return stands_at(self.document, "rules", self.row_of[number])

    def _zones(self, rows: list[RuleRow]) -> dict[str, Features]:
        """Read the zones layers that rules name; what is wrong with them is told where the map is checked."""
        named = sorted({row.layer for row in rows if row.layer is not None})
        layers = [name for name in named if isinstance(self.document.layers.get(name), ZoneLayer)]
        read = {name: features(self.document, name)[0] for name in layers}
        return {name: found for name, found in read.items() if found is not None}

    def _unknown(self, rules: list[Numbered]) -> Iterator[Finding]:
        """Yield errors on services, groups, layers, crews and departments that are not in the file."""
        services = {row.code for row in self.catalog.services}
        groups = {row.group for row in self.catalog.services}
        layers = {name for name, layer in self.document.layers.items() if isinstance(layer, ZoneLayer)}
        crews = {row.code for row in self.catalog.crews}
        departments = {row.code for row in self.catalog.departments}
        for number, rule in rules:
            named: list[tuple[str, str | None, set[str]]] = [
                *(("services", service, services) for service in rule.services),
                ("group", rule.group, groups),
                ("layer", rule.layer, layers),
                ("crew", rule.crew, crews),
                ("department", rule.department, departments),
            ]
            for key, value, known in named:
                if value is not None and value not in known:
                    message = f'"{key}" of rule {number} names "{value}", which is not in the file.'
                    yield self.document.error(message, did_you_mean(value, known), *self._place(number), key)

    def _unknown_zones(self, rules: list[Numbered], zones: dict[str, Features]) -> Iterator[Finding]:
        """Yield zones that their layer does not have: errors in the file itself, warnings in its data."""
        missing: dict[tuple[str, str], list[int]] = {}
        for number, rule in rules:
            if rule.layer in zones:
                known = set(zones[rule.layer].columns["source_id"])
                for zone in set(rule.zone) - known:
                    missing.setdefault((rule.layer, zone), []).append(number)
        for (layer, zone), numbers in missing.items():
            place = self._place(numbers[0])
            rule_numbers = some(numbers)
            message = (
                f'Layer "{layer}" has no zone "{zone}", which rules name ({rule_numbers}): they never hold.'
            )
            fix = did_you_mean(zone, zones[layer].columns["source_id"])
            level = self.document.error if place[0] == "rules" else self.document.warning
            yield level(message, fix, *place, "zone")

    def _idle_crews(self, rows: list[RuleRow]) -> Iterator[Finding]:
        """Warn of crews that no rule names."""
        named = {row.crew for row in rows}
        idle = [row.code for row in self.catalog.crews if row.code not in named]
        if idle:
            message = f"No rule names {len(idle)} crews, which get only what people give them: {some(idle)}."
            place = self.catalog.places_of("crews", idle[0])[0]
            yield self.document.warning(message, "Add [[rules]] for them, or remove them.", *place)

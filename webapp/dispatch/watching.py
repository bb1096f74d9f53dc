"""The priorities' and escalations' part of a city file, and what is kept of it with the city."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from layers.cityfile import CityDocument
from layers.findings import Finding, did_you_mean
from layers.models import City
from layers.sections import ZoneLayer
from webapp.catalog.calendars import Calendar
from webapp.catalog.deadlines import Clock, due_at, parse_target
from webapp.catalog.reading import CatalogFile, parse_rows
from webapp.dispatch.priority import PriorityRule
from webapp.dispatch.sections import EscalationRow, PriorityRow


@dataclass(frozen=True, slots=True)
class Escalation:
    """Who is told of tickets that are about to be late, or are."""

    when: str
    """``at risk`` or ``overdue``."""
    after_hours: float
    """So many hours of the clock after that."""
    clock: Clock
    department: str | None
    """Code of the department; None: all."""
    to: tuple[str, ...]
    """E-mail addresses of staff."""

    def due(self, moment: datetime, calendar: Calendar) -> datetime:
        """Return when it is due for a ticket that was at risk or overdue at ``moment``."""
        return due_at(moment, self.after_hours, self.clock, calendar) if self.after_hours else moment

    @property
    def name(self) -> str:
        """What tells it from the others: a step is taken once for each promise of a ticket."""
        return f"{self.when} + {self.after_hours:g} h to {', '.join(self.to)}"


def check(document: CityDocument, catalog: CatalogFile) -> list[Finding]:
    """Return what is wrong with the priorities and escalations of a city file."""
    priorities, findings = parse_rows(catalog.document, document, PriorityRow, "priorities")
    escalations, mistakes = parse_rows(catalog.document, document, EscalationRow, "escalations")
    if findings or mistakes:
        return findings + mistakes
    return [
        *_unknown(document, catalog, "priorities", priorities),
        *_unknown(document, catalog, "escalations", escalations),
    ]


def store(city: City, document: CityDocument, catalog: CatalogFile) -> None:
    """Keep the priorities and escalations of a city file without errors with the city. The caller commits."""
    priorities, _ = parse_rows(catalog.document, document, PriorityRow, "priorities")
    escalations, _ = parse_rows(catalog.document, document, EscalationRow, "escalations")
    city.details = {
        **city.details,
        "priorities": [row.model_dump() for row in priorities],
        "escalations": [row.model_dump() for row in escalations],
    }


def priority_rules(city: City) -> list[PriorityRule]:
    """Return what makes tickets of a city more or less urgent."""
    return [
        PriorityRule(**row | {name: tuple(row[name]) for name in ("services", "answers", "zone")})
        for row in city.details.get("priorities", [])
    ]


def escalations(city: City, calendar: Calendar) -> list[Escalation]:
    """Return who is told of tickets of a city that are late, or about to be."""
    found = []
    for row in city.details.get("escalations", []):
        after = parse_target(row["after"], calendar) if row["after"] else None
        found.append(
            Escalation(
                row["when"],
                after.hours if after else 0.0,
                after.clock if after else "calendar",
                row["department"],
                tuple(row["to"]),
            )
        )
    return found


def _unknown(
    document: CityDocument, catalog: CatalogFile, section: str, rows: list[Any]
) -> Iterator[Finding]:
    """Yield an error for each service, group, question, layer and department that is not in the file."""
    known = {
        "services": {row.code for row in catalog.services},
        "group": {row.group for row in catalog.services},
        "question": {question.code for row in catalog.services for question in row.questions},
        "layer": {name for name, layer in document.layers.items() if isinstance(layer, ZoneLayer)},
        "department": {row.code for row in catalog.departments},
    }
    for number, row in enumerate(rows):
        for key, names in known.items():
            given = getattr(row, key, None)
            for value in given if isinstance(given, list) else [given]:
                if value is not None and value not in names:
                    message = f'"{key}" names "{value}", which is not in the file.'
                    yield document.error(message, did_you_mean(value, names), section, number, key)

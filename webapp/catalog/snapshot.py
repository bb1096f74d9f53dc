"""The catalog of one city, read whole: what people can ask for, who owns it, who does it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from layers.places import Place
from webapp.catalog.calendars import Calendar
from webapp.catalog.deadlines import Clock, due_at
from webapp.catalog.targets import TargetEntry


@dataclass(frozen=True, slots=True)
class DepartmentEntry:
    """Who owns services."""

    id: int
    code: str
    name: str
    email: str | None
    phone: str | None


@dataclass(frozen=True, slots=True)
class CrewEntry:
    """The team that does the work."""

    id: int
    code: str
    name: str
    department_id: int
    retired: bool


@dataclass(frozen=True, slots=True)
class Condition:
    """On which answers to another question of the service a question depends."""

    question: str
    """Its code."""
    answers: frozenset[str]
    """Keys of its options, of which one must have been chosen."""


@dataclass(frozen=True, slots=True)
class QuestionEntry:
    """A question of a service."""

    position: int
    code: str
    datatype: str
    required: bool
    variable: bool
    """False: a text to show, not a question to answer."""
    text: str
    hint: str
    options: tuple[Mapping[str, str], ...]
    """``{"key": …, "name": …}`` of each choice of a list."""
    translations: Mapping[str, Any]
    only_if: Condition | None = None
    """None: it is asked always."""


@dataclass(frozen=True, slots=True)
class ServiceEntry:
    """A type of request."""

    id: int
    code: str
    name: str
    group: str
    description: str
    keywords: tuple[str, ...]
    icon: str
    type: str
    department_id: int
    target_hours: float | None
    target_clock: Clock
    targets: tuple[TargetEntry, ...]
    """Other targets on the same clock, the most specific first."""
    public: bool
    active: bool
    asset_kind: str | None
    street_classes: frozenset[str]
    """Of streets about as near to a pin, one of these is meant; empty: any."""
    notice: str
    duplicates: Mapping[str, Any]
    """Overrides of the matching's auto, flag, reach_m and lookback_days."""
    translations: Mapping[str, Any]
    questions: tuple[QuestionEntry, ...]
    check_first: bool = False
    """Whether others see its reports only when staff have looked at them."""

    def translated(self, field: str, language: str) -> str:
        """Return the name, description or notice in ``language`` where it is translated, else as it is."""
        words: str = self.translations.get(language, {}).get(field) or getattr(self, field)
        return words


@dataclass(frozen=True, slots=True)
class ArticleEntry:
    """A help article."""

    id: int
    code: str
    title: str
    body: str
    keywords: tuple[str, ...]
    translations: Mapping[str, Any]

    def translated(self, field: str, language: str) -> str:
        """Return the title or body in ``language`` where it is translated, else as it is."""
        words: str = self.translations.get(language, {}).get(field) or getattr(self, field)
        return words


@dataclass(frozen=True)
class Catalog:
    """A snapshot of one city's catalog; replaced whole when the city file is loaded again."""

    city_id: int
    version: datetime
    calendar: Calendar
    departments: Mapping[int, DepartmentEntry]
    crews: Mapping[int, CrewEntry]
    """By id, the retired too: old tickets name them."""
    services: Mapping[int, ServiceEntry]
    """By id in the order of lists, the inactive too."""
    articles: Mapping[int, ArticleEntry] = field(default_factory=dict)
    """By id in the order of lists."""

    @cached_property
    def article_by_code(self) -> Mapping[str, ArticleEntry]:
        """All articles by code."""
        return MappingProxyType({article.code: article for article in self.articles.values()})

    @cached_property
    def service_by_code(self) -> Mapping[str, ServiceEntry]:
        """All services by code."""
        return MappingProxyType({service.code: service for service in self.services.values()})

    @cached_property
    def crew_by_code(self) -> Mapping[str, CrewEntry]:
        """All crews by code."""
        return MappingProxyType({crew.code: crew for crew in self.crews.values()})

    @cached_property
    def active(self) -> tuple[ServiceEntry, ...]:
        """The services that can be asked for, in the order of lists."""
        return tuple(service for service in self.services.values() if service.active)

    def offered(self, place: Place | None = None) -> tuple[ServiceEntry, ...]:
        """Return the services that can be asked for; at ``place`` none where that is not in the city."""
        return self.active if place is None or place.placed else ()

    def street_classes(self, service_ids: Iterable[int]) -> list[frozenset[str]]:
        """Return the classes of streets that each of some services can be about; empty: any."""
        return [self.services[service_id].street_classes for service_id in service_ids]

    def due_at(
        self, service_id: int, requested_at: datetime, level: str = "normal", district: str | None = None
    ) -> datetime | None:
        """Return the date promised for a report made at ``requested_at``, None where nothing is.

        Parameters
        ----------
        level
            How urgent it is: one of ``webapp.catalog.deadlines.LEVELS``.
        district
            Zone id of the council district that it lies in.
        """
        service = self.services[service_id]
        hours = service.target_hours
        if service.targets:
            day = requested_at.astimezone(ZoneInfo(self.calendar.time_zone)).date()
            holding = (each.hours for each in service.targets if each.holds(level, district, day))
            hours = next(holding, hours)
        if hours is None:
            return None
        return due_at(requested_at, hours, service.target_clock, self.calendar)

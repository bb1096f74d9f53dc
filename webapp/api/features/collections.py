"""What can be asked for: tickets, reports, service areas, and each layer of the city's map."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import FromClause, SQLColumnExpression, and_, exists, func, select

from layers.models import Asset, City, Edition, Layer, Segment, Zone
from layers.queries import TABLES, CurrentEdition
from webapp.api.features.when import instant
from webapp.catalog.models import Crew, Department, Service
from webapp.catalog.snapshot import Catalog
from webapp.dispatch.models import Rule
from webapp.tickets.models import MERGED, Report, Ticket

Kind = Literal["string", "integer", "number", "boolean", "date-time"]
Conditions = list[SQLColumnExpression[bool]]

_INTEGERS = range(-(2**31), 2**31)


@dataclass(frozen=True)
class Property:
    """One property of features, by which they can be filtered too."""

    name: str
    title: str
    column: SQLColumnExpression[Any]
    kind: Kind = "string"

    def parse(self, text: str) -> str | int | float | bool | datetime:
        """Return the value that a filter's text means.

        Raises
        ------
        ValueError
            If it is none of the property's kind; the text says what is.
        """
        if self.kind == "date-time":
            return instant(text)
        if self.kind == "boolean":
            if text not in ("true", "false"):
                raise ValueError("is neither true nor false")
            return text == "true"
        if self.kind == "integer":
            if not (text.isascii() and text.removeprefix("-").isdecimal() and len(text) < 20):
                raise ValueError("is not a whole number")
            if int(text) not in _INTEGERS:
                raise ValueError(f"is not between {_INTEGERS.start} and {_INTEGERS.stop - 1}")
            return int(text)
        return text


@dataclass(frozen=True, kw_only=True)
class Features:
    """A collection of features: where its rows come from, and what is told of them."""

    id: str
    title: str
    description: str
    source: FromClause
    key: SQLColumnExpression[int]
    """Orders the features, and never changes: pages go on from the last one seen."""
    newest_first: bool = False
    feature_id: SQLColumnExpression[Any]
    geometry: SQLColumnExpression[Any]
    shape: str
    """Such as ``point``: what a viewer may expect."""
    time: SQLColumnExpression[datetime] | None = None
    properties: tuple[Property, ...]
    version: str = "0"
    """Changes when what the keys stand for does."""
    conditions: Callable[[str], Conditions]
    """Which rows those of a version are."""


def collections_of(
    city: City, known: Catalog, editions: Sequence[CurrentEdition], *, private: bool
) -> dict[str, Features]:
    """Return the collections of a city by id, as the caller may see them.

    Parameters
    ----------
    private
        Whether to show the tickets and reports that are hidden, and those of services that are not public.
    """
    services = [service.id for service in known.services.values() if private or service.public]
    work = _tickets(city, services, private), _reports(city, services, private)
    found = {each.id: each for each in (*work, _areas(city))}
    for edition, layer in editions:
        found.setdefault(layer.name, _layer(edition, layer))
    return found


def _tickets(city: City, services: list[int], private: bool) -> Features:
    source = (
        Ticket.__table__.join(Service.__table__, _same(Service, Ticket.service_id, Ticket))
        .join(Department.__table__, _same(Department, Ticket.department_id, Ticket))
        .outerjoin(Crew.__table__, _same(Crew, Ticket.crew_id, Ticket))
    )
    conditions: Conditions = [
        Ticket.city_id == city.id,
        Ticket.service_id.in_(services),
        Ticket.status != MERGED,
        *([] if private else [~Ticket.hidden]),
    ]
    return Features(
        id="tickets",
        title="Tickets",
        description="The city's pieces of work. datetime asks for when they were opened.",
        source=source,
        key=Ticket.id,
        newest_first=True,
        feature_id=Ticket.id,
        geometry=Ticket.geom,
        shape="point",
        time=Ticket.opened_at,
        properties=(
            Property("service_code", "Service, its code", Service.code),
            Property("service", "Service", Service.name),
            Property("status", "Status", Ticket.status),
            Property("open", "Whether it is open", Ticket.open, "boolean"),
            Property("outcome", "How it was done, or why it was declined", Ticket.outcome),
            Property("opened_at", "When the first report was made", Ticket.opened_at, "date-time"),
            Property("latest_at", "When the latest report was made", Ticket.latest_at, "date-time"),
            Property("due_at", "Promised date", Ticket.due_at, "date-time"),
            Property("closed_at", "When it was closed", Ticket.closed_at, "date-time"),
            Property("report_count", "Reports of it", Ticket.report_count, "integer"),
            Property("priority", "From 0, low, to 3, urgent", Ticket.priority, "integer"),
            Property("address", "Address", Ticket.address),
            Property("street", "Street", Ticket.street),
            Property("house_number", "House number", Ticket.house_number, "integer"),
            Property("segment_id", "Segment, its id", Ticket.segment_id),
            Property("asset_id", "Asset, its id", Ticket.asset_id),
            Property("district", "District, its id", Ticket.district),
            Property("service_area", "Service area", Ticket.service_area),
            Property("department", "Department", Department.name),
            Property("crew", "Crew", Crew.name),
        ),
        conditions=lambda version: conditions,
    )


def _reports(city: City, services: list[int], private: bool) -> Features:
    source = Report.__table__.join(
        Ticket.__table__, and_(Ticket.city_id == Report.city_id, Ticket.id == Report.ticket_id)
    ).join(Service.__table__, _same(Service, Report.service_id, Report))
    conditions: Conditions = [
        Report.city_id == city.id,
        Report.service_id.in_(services),
        *([] if private else [~Report.hidden]),
    ]
    return Features(
        id="reports",
        title="Reports",
        description="What people told the city. datetime asks for when they were made.",
        source=source,
        key=Report.id,
        newest_first=True,
        feature_id=Report.tracking_number,
        geometry=Report.geom,
        shape="point",
        time=Report.requested_at,
        properties=(
            Property("tracking_number", "Tracking number", Report.tracking_number),
            Property("ticket_id", "Ticket, its id", Report.ticket_id, "integer"),
            Property("service_code", "Service, its code", Service.code),
            Property("service", "Service", Service.name),
            Property("status", "Status of its ticket", Ticket.status),
            Property("open", "Whether its ticket is open", Ticket.open, "boolean"),
            Property("description", "What was said", Report.description),
            Property("channel", "How it came", Report.channel),
            Property("requested_at", "When it was made", Report.requested_at, "date-time"),
            Property("updated_at", "When it changed last", Report.updated_at, "date-time"),
            Property("due_at", "Promised date", Report.due_at, "date-time"),
            Property(
                "closed_at",
                "When it was closed",
                func.coalesce(Report.closed_at, Ticket.closed_at),
                "date-time",
            ),
            Property("address", "Address", Report.address),
            Property("postcode", "Postcode", Report.postcode),
            Property("segment_id", "Segment, its id", Report.segment_id),
            Property("asset_id", "Asset, its id", Report.asset_id),
            Property("district", "District, its id", Ticket.district),
        ),
        conditions=lambda version: conditions,
    )


def _areas(city: City) -> Features:
    source = (
        Rule.__table__.join(Layer.__table__, and_(Layer.city_id == Rule.city_id, Layer.name == Rule.layer))
        .join(
            Edition.__table__,
            and_(Edition.city_id == Layer.city_id, Edition.layer_id == Layer.id, Edition.current),
        )
        .join(
            Zone.__table__,
            and_(
                Zone.city_id == Edition.city_id,
                Zone.edition_id == Edition.id,
                Zone.source_id == Rule.zone,
            ),
        )
        .outerjoin(Service.__table__, _same(Service, Rule.service_id, Rule))
        .outerjoin(Crew.__table__, _same(Crew, Rule.crew_id, Rule))
        .outerjoin(Department.__table__, _same(Department, Rule.department_id, Rule))
    )
    version = city.file_sha256[:12]

    def conditions(asked: str) -> Conditions:
        # The rules are numbered anew each time the city file is loaded.
        if asked != version:
            raise LookupError
        return [Rule.city_id == city.id]

    return Features(
        id="service-areas",
        title="Service areas",
        description="The polygons in which one crew, department or outside owner does certain services.",
        source=source,
        key=Rule.id,
        feature_id=Rule.id,
        geometry=Zone.geom,
        shape="multipolygon",
        properties=(
            Property("name", "Name", Zone.name),
            Property("layer", "Layer of its polygon", Rule.layer),
            Property("zone_id", "Its polygon's id in that layer", Rule.zone),
            Property("service_code", "Service, its code; none: all that group", Service.code),
            Property("service_group", "Group of services; none: all services", Rule.service_group),
            Property("crew", "Crew", Crew.name),
            Property("department", "Department", Department.name),
            Property("owner", "Who outside the city does it", Rule.owner),
        ),
        version=version,
        conditions=conditions,
    )


_SHAPES = {"segments": "linestring", "zones": "multipolygon", "assets": "point"}
_COLUMNS: dict[str, tuple[Property, ...]] = {
    "segments": (
        Property("name", "Street", Segment.name),
        Property("class", "Class", Segment.class_),
        Property("owner", "Owner", Segment.owner),
        Property("left_from", "House numbers on the left, from; 0: none", Segment.left_from, "integer"),
        Property("left_to", "to", Segment.left_to, "integer"),
        Property("right_from", "House numbers on the right, from; 0: none", Segment.right_from, "integer"),
        Property("right_to", "to", Segment.right_to, "integer"),
        Property("left_zip", "Postcode on the left", Segment.left_zip),
        Property("right_zip", "Postcode on the right", Segment.right_zip),
    ),
    "zones": (Property("name", "Name", Zone.name), Property("class", "Class", Zone.class_)),
    "assets": (
        Property("kind", "Kind", Asset.kind),
        Property("street", "Street", Asset.street),
        Property("owner", "Owner", Asset.owner),
    ),
}


def _layer(edition: Edition, layer: Layer) -> Features:
    table = TABLES[layer.kind]

    def conditions(asked: str) -> Conditions:
        if not asked.isdecimal() or int(asked) not in _INTEGERS:
            raise LookupError
        # A walk goes on in the edition that it began in: editions never change, and are kept.
        of_layer = exists(
            select(Edition.id).where(
                Edition.city_id == layer.city_id, Edition.id == int(asked), Edition.layer_id == layer.id
            )
        )
        return [table.city_id == layer.city_id, table.edition_id == int(asked), of_layer]

    return Features(
        id=layer.name,
        title=layer.title,
        description=f"A layer of the city's map, as published on {edition.published_at:%Y-%m-%d}.",
        source=table.__table__,
        key=table.id,
        feature_id=table.source_id,
        geometry=table.geom,
        shape=_SHAPES[layer.kind],
        properties=(Property("id", "The city's own id", table.source_id), *_COLUMNS[layer.kind]),
        version=str(edition.id),
        conditions=conditions,
    )


def _same(
    named: type[Service] | type[Department] | type[Crew],
    reference: SQLColumnExpression[Any],
    by: type[Ticket] | type[Report] | type[Rule],
) -> SQLColumnExpression[bool]:
    return and_(named.city_id == by.city_id, named.id == reference)

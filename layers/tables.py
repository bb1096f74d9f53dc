"""The rows of an edition as columns in memory, as an atlas needs them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy import LargeBinary, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from geo.arrays import Floats, Ints
from geo.garbage import uncollected
from geo.houses import Ranges
from geo.points import PointIndex
from geo.polylines import Polylines
from geo.projection import Projection
from geo.segments import SegmentIndex
from layers.models import Asset, Segment, Zone
from layers.sources import Objects
from layers.zonelayers import LayeredZones


@dataclass(frozen=True)
class Segments:
    """The segments of all segment layers, one after the other; texts are (n,) object arrays of str."""

    source_id: Objects
    name: Objects
    class_: Objects
    owner: Objects
    left_zip: Objects
    right_zip: Objects
    ranges: Ranges
    """(4, n) house numbers: left from, left to, right from, right to; 0 where there is none."""
    lines: Polylines
    """In the city's metric CRS."""

    def __len__(self) -> int:
        return len(self.source_id)

    @cached_property
    def index(self) -> SegmentIndex:
        """The lines, indexed."""
        return SegmentIndex(self.lines)

    @cached_property
    def street(self) -> Ints:
        """A number for each name, -1 for none: comparing two is comparing two integers."""
        number = np.unique(self.name.astype(str), return_inverse=True)[1].astype(np.int32)
        return np.where(self.name == "", np.int32(-1), number)


@dataclass(frozen=True, slots=True)
class Zones:
    """The zones of one layer."""

    source_id: Objects
    name: Objects
    class_: Objects
    polygons: Objects
    """MultiPolygons in the city's metric CRS."""

    def __len__(self) -> int:
        return len(self.source_id)


@dataclass(frozen=True)
class Assets:
    """The assets of one kind."""

    source_id: Objects
    street: Objects
    owner: Objects
    x: Floats
    y: Floats
    """Metres in the city's metric CRS."""

    def __len__(self) -> int:
        return len(self.source_id)

    @cached_property
    def index(self) -> PointIndex:
        """The points, indexed."""
        return PointIndex(self.x, self.y)


@dataclass(frozen=True)
class Layers:
    """All layers of a city in their current editions."""

    metric: Projection
    """The city's metric CRS, in which all are."""
    segments: Segments
    zones: dict[str, Zones]
    """By layer name."""
    assets: dict[str, Assets]
    """By asset kind."""
    edition_ids: tuple[int, ...]

    @cached_property
    def zone_index(self) -> LayeredZones:
        """The zones of all layers, indexed together."""
        return LayeredZones({layer: table.polygons for layer, table in self.zones.items()})


def segments(session: Session, city_id: int, edition_ids: Sequence[int], metric: Projection) -> Segments:
    """Return the segments of editions."""
    numbers = (Segment.left_from, Segment.left_to, Segment.right_from, Segment.right_to)
    labels = (
        Segment.source_id,
        Segment.name,
        Segment.class_,
        Segment.owner,
        Segment.left_zip,
        Segment.right_zip,
    )
    columns, geometry = _columns(session, Segment, city_id, edition_ids, (*labels, *numbers))
    coords = _metric(shapely.get_coordinates(geometry), metric)
    offsets = np.concatenate([[0], np.cumsum(shapely.get_num_coordinates(geometry))])
    source_id, name, class_, owner, left_zip, right_zip, *ranges = columns
    return Segments(
        source_id=source_id,
        name=name,
        class_=class_,
        owner=owner,
        left_zip=left_zip,
        right_zip=right_zip,
        ranges=np.array([column.astype(np.int32) for column in ranges]),
        lines=Polylines(coords, offsets),
    )


def zones(session: Session, city_id: int, edition_ids: Sequence[int], metric: Projection) -> Zones:
    """Return the zones of editions."""
    labels = (Zone.source_id, Zone.name, Zone.class_)
    columns, geometry = _columns(session, Zone, city_id, edition_ids, labels)
    return Zones(*columns, shapely.transform(geometry, lambda coords: _metric(coords, metric)))  # type: ignore[call-arg]


def assets(
    session: Session, city_id: int, edition_ids: Sequence[int], metric: Projection
) -> dict[str, Assets]:
    """Return the assets of editions, by kind."""
    labels = (Asset.kind, Asset.source_id, Asset.street, Asset.owner)
    (kinds, *columns), geometry = _columns(session, Asset, city_id, edition_ids, labels)
    x, y = _metric(shapely.get_coordinates(geometry), metric).T
    rows = {kind: np.flatnonzero(kinds == kind) for kind in sorted(set(kinds.tolist()))}
    return {kind: Assets(*(column[row] for column in (*columns, x, y))) for kind, row in rows.items()}


@uncollected()
def _columns(
    session: Session,
    table: type[Segment] | type[Zone] | type[Asset],
    city_id: int,
    edition_ids: Sequence[int],
    wanted: Sequence[InstrumentedAttribute[Any]],
) -> tuple[list[NDArray[Any]], Objects]:
    """Return columns of a table and its geometry, in the order of the editions."""
    wkb = func.ST_AsBinary(table.geom, type_=LargeBinary)
    statement = (
        select(*wanted, wkb)
        .where(table.city_id == city_id, table.edition_id.in_(edition_ids))
        .order_by(table.edition_id, table.id)
    )
    # By the connection, as the ORM's bookkeeping takes longer than the query.
    rows = session.connection().execute(statement).all()
    columns = [np.array(column, dtype=object) for column in zip(*rows, strict=True)]
    *found, shapes = columns or [np.zeros(0, dtype=object)] * (len(wanted) + 1)
    return found, shapely.from_wkb(shapes)


def _metric(coords: NDArray[np.float64], metric: Projection) -> NDArray[np.float64]:
    return np.column_stack(metric.to_metric(coords[:, 0], coords[:, 1]))

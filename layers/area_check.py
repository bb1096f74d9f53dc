"""What is still wrong with areas that people drew, and where; and what was so before they began."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geo import partition, polygons
from layers.areas import Area, to_lonlat, to_metric
from layers.drawing import Ground

# Bare ground of the city is told of from this size on; less is a matter of how a shore was drawn.
_BARE_M2 = 1000.0

Kind = Literal["overlap", "gap", "sliver", "bare"]


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong. A shape that crosses itself is none: it is refused as soon as it is drawn."""

    kind: Kind
    areas: tuple[Area, ...]
    """Those it is about."""
    lon: float
    lat: float
    area_m2: float
    known: bool
    """It is in the edition in use too: told, but nothing to keep anybody from publishing."""
    ground: shapely.MultiPolygon | None
    """What may be given to one of the areas, EPSG:4326: a gap or bare ground."""


class _Found(NamedTuple):
    """A fault in metres."""

    kind: Kind
    about: tuple[int, ...]
    x: float
    y: float
    area_m2: float
    shape: Any = None


def faults(areas: Sequence[Area], before: Sequence[Area], ground: Ground) -> list[Fault]:
    """Return what is wrong with areas, the new and the large first.

    Parameters
    ----------
    before
        Those of the edition in use.
    """
    shapes = _metric(areas, ground)
    old = _Before(_metric(before, ground))
    found = []
    for each in (*_slivers(shapes), *(_of_partition(shapes, ground) if ground.partition else ())):
        lon, lat = ground.metric.to_lonlat(each.x, each.y)
        about = tuple(areas[i] for i in each.about)
        bare = to_lonlat([each.shape], ground.metric)[0] if each.shape is not None else None
        found.append(Fault(each.kind, about, lon, lat, each.area_m2, old.has(each), bare))
    return sorted(found, key=lambda fault: (fault.known, -fault.area_m2))


def _metric(areas: Sequence[Area], ground: Ground) -> list[BaseGeometry]:
    shapes = to_metric([area.shape for area in areas], ground.metric)
    return [shape if shape.is_valid else shape.buffer(0) for shape in shapes]


def _slivers(shapes: Sequence[BaseGeometry]) -> Iterator[_Found]:
    for sliver in polygons.slivers(shapes):
        yield _Found("sliver", (sliver.polygon,), sliver.x, sliver.y, sliver.area_m2)


def _of_partition(shapes: Sequence[BaseGeometry], ground: Ground) -> Iterator[_Found]:
    """Yield ground that two areas have, and ground of the city that none has."""
    for overlap in polygons.overlaps(shapes):
        yield _Found("overlap", (overlap.first, overlap.second), overlap.x, overlap.y, overlap.area_m2)
    gaps = polygons.gaps(shapes)
    for gap in gaps:
        yield _Found("gap", gap.neighbours, gap.x, gap.y, gap.area_m2, gap.shape)
    tree = shapely.STRtree(np.array(shapes, dtype=object))
    for part in partition.uncovered(shapes, ground.city):
        wide = part.area >= _BARE_M2 and polygons.mean_width(part) > partition.MENDED_M
        if wide and not any(part.contains(shapely.Point(gap.x, gap.y)) for gap in gaps):
            beside = tree.query(part, predicate="dwithin", distance=partition.SAME_M)
            x, y = shapely.get_coordinates(shapely.point_on_surface(part))[0].tolist()
            yield _Found("bare", tuple(sorted(beside.tolist())), x, y, part.area, part)


class _Before:
    """The edition in use, asked whether it has the same fault at the same spot."""

    def __init__(self, shapes: Sequence[BaseGeometry]) -> None:
        self._shapes = np.array(shapes, dtype=object)
        self._slivers = {(round(sliver.x), round(sliver.y)) for sliver in polygons.slivers(shapes)}

    def has(self, found: _Found) -> bool:
        if found.kind == "sliver":
            return (round(found.x), round(found.y)) in self._slivers
        covering = int(shapely.contains_xy(self._shapes, found.x, found.y).sum())
        return covering > 1 if found.kind == "overlap" else covering == 0

"""What may be done to the areas of a layer while they are drawn: each step gives the areas after it.

In a partition, ground that one area gets is lost by the others and small cracks are closed, so
that no step leaves an overlap or a sliver. A shape that crosses itself is refused, with where.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geo import partition, polygons
from geo.projection import Projection
from layers.areas import Area, rounded, to_lonlat, to_metric

MOST_AREAS = 2000
MOST_CORNERS = 500_000
LONGEST_NAME = 80
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
# Corners, not ground: what somebody draws by hand is larger than a room.
LEAST_M2 = 10.0

Refusal = Literal[
    "crosses_itself", "too_small", "no_ground", "overlap", "not_geojson", "no_areas", "too_many",
    "not_polygon", "not_lonlat", "far_away", "id", "same_id", "name", "unknown", "last",
]  # fmt: skip


class DrawingRefused(ValueError):  # noqa: N818  (a refusal is an answer)
    """A step was not taken. ``kind`` says why, ``areas`` names those it is about, lon and lat say where."""

    def __init__(
        self, kind: Refusal, *areas: str, lon: float | None = None, lat: float | None = None, **more: Any
    ) -> None:
        super().__init__(f"{kind}: {', '.join(areas)}")
        self.kind = kind
        self.areas = areas
        self.lon = lon
        self.lat = lat
        self.more = more


@dataclass(frozen=True)
class Ground:
    """Where a layer's areas lie."""

    metric: Projection
    partition: bool
    """Whether they are to cover the city, each spot once."""
    city: BaseGeometry
    """The city's boundary, metres."""


def redrawn(areas: Sequence[Area], shapes: Mapping[str, BaseGeometry], ground: Ground) -> list[Area]:
    """Return the areas after some got new shapes (EPSG:4326), by id."""
    for key, shape in shapes.items():
        _check_shape(_by_id(areas, key).name, shape, ground)
    changed = [dataclasses.replace(a, shape=rounded(shapes[a.id])) if a.id in shapes else a for a in areas]
    return mended(changed, ground, first=list(shapes))


def added(areas: Sequence[Area], key: str, name: str, shape: BaseGeometry, ground: Ground) -> list[Area]:
    """Return the areas with a new one, which takes its ground from the others in a partition."""
    _check_id(areas, key)
    _check_shape(_named(name), shape, ground)
    return mended([*areas, Area(key, _named(name), "", rounded(shape))], ground, first=[key])


def given(areas: Sequence[Area], key: str, shape: BaseGeometry, ground: Ground) -> list[Area]:
    """Return the areas after one of them got more ground, which in a partition the others lose."""
    area = _by_id(areas, key)
    _check_shape(area.name, shape, ground)
    (more,) = to_metric([rounded(shape)], ground.metric)
    if not ground.partition:
        (mine,) = to_metric([area.shape], ground.metric)
        return _with_shapes(areas, {key: shapely.union(mine, more)}, ground)
    shapes = to_metric([each.shape for each in areas], ground.metric)
    taker = [each.id for each in areas].index(key)
    result = partition.given(shapes, taker, more, whole=ground.city)
    return _with_shapes(areas, dict(zip((a.id for a in areas), result, strict=True)), ground)


def taken(areas: Sequence[Area], key: str, shape: BaseGeometry, ground: Ground) -> list[Area]:
    """Return the areas after one of them lost some ground, in a layer that is no partition."""
    area = _by_id(areas, key)
    _check_shape(area.name, shape, ground)
    mine, less = to_metric([area.shape, rounded(shape)], ground.metric)
    return _with_shapes(areas, {key: shapely.difference(mine, less)}, ground)


def renamed(areas: Sequence[Area], key: str, name: str) -> list[Area]:
    """Return the areas with one of them called otherwise."""
    _by_id(areas, key)
    return [dataclasses.replace(area, name=_named(name)) if area.id == key else area for area in areas]


def removed(areas: Sequence[Area], key: str, heir: str | None, ground: Ground) -> list[Area]:
    """Return the areas without one of them, whose ground goes to another in a partition."""
    area = _by_id(areas, key)
    others = [each for each in areas if each.id != key]
    if not others:
        raise DrawingRefused("last", area.name)
    return given(others, heir or "", area.shape, ground) if ground.partition else others


def replaced(collection: Any, ground: Ground) -> list[Area]:
    """Return the areas of a GeoJSON FeatureCollection: ``id`` and ``name`` among the properties of each."""
    features = collection.get("features") if isinstance(collection, dict) else None
    if not isinstance(features, list):
        raise DrawingRefused("not_geojson")
    if not features:
        raise DrawingRefused("no_areas")
    if len(features) > MOST_AREAS:
        raise DrawingRefused("too_many", count=len(features))
    areas: list[Area] = []
    for number, feature in enumerate(features, start=1):
        areas.append(_read(feature, number, areas, ground))
    if sum(shapely.get_num_coordinates(area.shape) for area in areas) > MOST_CORNERS:
        raise DrawingRefused("too_many", count=MOST_CORNERS)
    if ground.partition:
        _refuse_overlap(areas, ground)
    return mended(areas, ground)


def mended(areas: Sequence[Area], ground: Ground, first: Sequence[str] = ()) -> list[Area]:
    """Return the areas with shared borders the same on both sides; as they are where it is no partition."""
    if not ground.partition:
        return list(areas)
    keys = [area.id for area in areas]
    shapes = to_metric([area.shape for area in areas], ground.metric)
    # What came out of a file may cross itself; what people draw was refused.
    shapes = [shape if shape.is_valid else shape.buffer(0) for shape in shapes]
    result = partition.mended(shapes, first=[keys.index(key) for key in first], whole=ground.city)
    return _with_shapes(areas, dict(zip(keys, result, strict=True)), ground)


def _with_shapes(areas: Sequence[Area], shapes: Mapping[str, BaseGeometry], ground: Ground) -> list[Area]:
    """Return areas with new shapes (metres); one that has not changed keeps its coordinates."""
    found = []
    turned = dict(zip(shapes, to_lonlat(list(shapes.values()), ground.metric), strict=True))
    for area in areas:
        shape = turned.get(area.id, area.shape)
        if shape.is_empty:
            raise DrawingRefused("no_ground", area.name)
        found.append(dataclasses.replace(area, shape=shape))
    return found


def _by_id(areas: Sequence[Area], key: str) -> Area:
    for area in areas:
        if area.id == key:
            return area
    raise DrawingRefused("unknown", key)


def _named(name: str) -> str:
    name = " ".join(name.replace("\x00", "").split())
    if not name or len(name) > LONGEST_NAME:
        raise DrawingRefused("name", name[:LONGEST_NAME])
    return name


def _check_id(areas: Sequence[Area], key: str) -> None:
    if not ID.fullmatch(key):
        raise DrawingRefused("id", key)
    if any(area.id == key for area in areas):
        raise DrawingRefused("same_id", key)


def _check_shape(name: str, shape: BaseGeometry, ground: Ground) -> None:
    """Refuse a shape (EPSG:4326) that is no ground of this city, or crosses itself."""
    if shape.geom_type not in ("Polygon", "MultiPolygon") or shape.is_empty:
        raise DrawingRefused("not_polygon", name)
    xy = shapely.get_coordinates(shape)
    if not np.isfinite(xy).all() or (np.abs(xy) > (180.0, 90.0)).any():
        raise DrawingRefused("not_lonlat", name)
    for wrong in polygons.invalid_polygons([shape]):
        raise DrawingRefused("crosses_itself", name, lon=wrong.x, lat=wrong.y)
    (turned,) = to_metric([shape], ground.metric)
    if turned.area < LEAST_M2:
        raise DrawingRefused("too_small", name, lon=float(xy[0, 0]), lat=float(xy[0, 1]))
    if not turned.intersects(ground.city):
        raise DrawingRefused("far_away", name, lon=float(xy[0, 0]), lat=float(xy[0, 1]))


def _read(feature: Any, number: int, before: Sequence[Area], ground: Ground) -> Area:
    if not isinstance(feature, dict):
        raise DrawingRefused("not_geojson")
    properties = feature.get("properties") or {}
    key = str(properties.get("id", feature.get("id", ""))).strip()
    called = str(properties.get("name") or key)
    try:
        shape = shapely.geometry.shape(feature.get("geometry") or {})
    except (ValueError, TypeError, KeyError, AttributeError, shapely.errors.ShapelyError):
        raise DrawingRefused("not_polygon", called or f"{number}") from None
    _check_id(before, key)
    _check_shape(called, shape, ground)
    return Area(key, _named(called), str(properties.get("class") or ""), rounded(shape))


def _refuse_overlap(areas: Sequence[Area], ground: Ground) -> None:
    """Refuse areas that overlap by more than mending closes: which of the two was meant?"""
    shapes = to_metric([area.shape for area in areas], ground.metric)
    for overlap in polygons.overlaps(shapes):
        if overlap.width_m > partition.MENDED_M:
            lon, lat = ground.metric.to_lonlat(overlap.x, overlap.y)
            names = areas[overlap.first].name, areas[overlap.second].name
            raise DrawingRefused("overlap", *names, lon=lon, lat=lat, area_m2=overlap.area_m2)

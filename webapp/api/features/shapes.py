"""Shapes in CQL2: read, checked, and how one lies to another (OGC 21-065r2, 7.6)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import shapely
from sqlalchemy import SQLColumnExpression, func

from webapp.api.features.cql import FilterError, words
from webapp.api.features.crs import BoxError, Crs

_KINDS = ("Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon")
_WHY = re.compile(r"\[.*")

Shape = SQLColumnExpression[Any]

RELATIONS: dict[str, Callable[[Shape, Shape], SQLColumnExpression[bool]]] = {
    "s_contains": func.st_contains,
    "s_crosses": func.st_crosses,
    "s_disjoint": func.st_disjoint,
    "s_equals": func.st_equals,
    "s_intersects": func.st_intersects,
    "s_overlaps": func.st_overlaps,
    "s_touches": func.st_touches,
    "s_within": func.st_within,
}


def shape(node: dict[str, Any], crs: Crs) -> Shape:
    """Return a shape or a box of CQL2-JSON, EPSG:4326, lon lat.

    Parameters
    ----------
    crs
        What its coordinates are in.

    Raises
    ------
    FilterError
        If it is none, not a valid one, or not on the Earth.
    """
    found = _box(node, crs) if "bbox" in node else _drawn(node, crs)
    return func.st_geomfromwkb(shapely.to_wkb(found), 4326)


def _box(node: dict[str, Any], crs: Crs) -> shapely.Geometry:
    box = node["bbox"]
    if not isinstance(box, list) or len(box) not in (4, 6) or not all(map(_is_number, box)):
        raise FilterError(f"{words(node)} is not a box of four or six numbers")
    try:
        return crs.region(tuple(map(float, box)))
    except BoxError as error:
        raise FilterError(f"{words(node)}: {error}") from None


def _drawn(node: dict[str, Any], crs: Crs) -> shapely.Geometry:
    if node.get("type") not in _KINDS:
        raise FilterError(f"{words(node)} is none of {', '.join(_KINDS)}")
    try:
        found = shapely.force_2d(shapely.from_geojson(json.dumps(node, allow_nan=False)))
    except (shapely.GEOSException, ValueError):
        raise FilterError(f"{words(node)} has no such coordinates") from None
    if shapely.is_empty(found) or not shapely.is_valid(found):
        why = _WHY.sub("", shapely.is_valid_reason(found))
        raise FilterError(f"{words(node)} is not a valid shape: {why}")
    placed = crs.to_lonlat(found)
    if not (np.abs(shapely.get_coordinates(placed)) <= (180, 90)).all():
        raise FilterError(f"{words(node)} is not on the Earth in {crs.uri}")
    return placed


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)

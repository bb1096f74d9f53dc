"""Vector tiles: the base map out of the city's own layers, and points such as tickets on top of it.

Mapbox Vector Tile 2.1, made by PostGIS. Rows are found by boxes in their own CRS, so that indexes are used.
"""

from __future__ import annotations

import gzip
import hashlib
from collections import OrderedDict
from threading import Lock
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from sqlalchemy import Select, Subquery, case, func, literal, select, text
from sqlalchemy.orm import Session

from layers.atlas import Atlas
from layers.current import current_atlas
from layers.models import City

MAX_ZOOM = 18
MAIN_CLASSES = ("motorway", "trunk", "primary", "secondary", "tertiary", "highway", "arterial", "collector")
"""The classes of streets that are drawn when the whole city is in sight."""
_ALL_STREETS_FROM = 12
# A street in many pieces is labelled many times over: up close only, people need the pieces.
_PIECES_FROM = 16
_POINTS_FROM = 14
_EXTENT = 4096
# A tile has so many clusters in a row.
_CELLS = 8
_KEPT = 1024

_BASE = text("""
    with bounds as (
        select st_tileenvelope(:z, :x, :y) as tile,
               st_transform(st_tileenvelope(:z, :x, :y, margin => 0.02), 4326) as box
    ), drawn_streets as (
        select segment.id, segment.name, segment.class, segment.geom
        from segment, bounds
        where segment.city_id = :city and segment.edition_id = any(:editions) and segment.geom && bounds.box
          and (:z >= :all_from or segment.class = any(:main))
    ), streets as (
        select id, name, class,
               st_asmvtgeom(st_transform(geom, 3857), bounds.tile, :extent, 64, true) as shape
        from (
            select id, name, class, geom from drawn_streets where :z >= :pieces_from
            union all
            select min(id), name, class, st_linemerge(st_collect(geom))
            from drawn_streets where :z < :pieces_from group by name, class
        ) as generalised, bounds
    ), drawn_zones as (
        select zone.id, zone.source_id, zone.name, zone.geom,
               case layer.name when :boundary then 'boundary' when :districts then 'district'
                               else zone.class end as class
        from zone
        join edition on edition.city_id = zone.city_id and edition.id = zone.edition_id
        join layer on layer.city_id = edition.city_id and layer.id = edition.layer_id,
        bounds
        where zone.city_id = :city and zone.edition_id = any(:editions) and zone.geom && bounds.box
    ), zones as (
        select id, source_id, name, class,
               st_asmvtgeom(st_transform(geom, 3857), bounds.tile, :extent, 64, true) as shape
        from drawn_zones, bounds where class <> ''
    )
    select coalesce((select st_asmvt(zones, 'zones', :extent, 'shape', 'id') from zones), '')
        || coalesce((select st_asmvt(streets, 'streets', :extent, 'shape', 'id') from streets), '')
""")


class Tile(NamedTuple):
    """A gzipped tile, and what changes when it does."""

    body: bytes
    etag: str


_tiles: WeakKeyDictionary[Atlas, OrderedDict[tuple[int, int, int], bytes]] = WeakKeyDictionary()
_tiles_lock = Lock()


def base_etag(session: Session, city: City) -> str:
    """Return the tag that all base tiles of a city have until its map changes."""
    return _etag(current_atlas(session, city))


def base_tile(session: Session, city: City, z: int, x: int, y: int) -> Tile:
    """Return a tile of the base map, gzipped; asked again, from memory.

    It holds ``streets`` (``name``, ``class``; the feature's id is the segment's) and ``zones`` (``name``,
    ``source_id``, ``class``: the zone's own, ``boundary`` or ``district``). Below zoom 16 all pieces of a
    street are one feature, below 12 there are `MAIN_CLASSES` only.

    Raises
    ------
    ValueError
        If there is no such tile.
    """
    _must_exist(z, x, y)
    atlas = current_atlas(session, city)
    with _tiles_lock:
        kept = _tiles.setdefault(atlas, OrderedDict())
        body = kept.get((z, x, y))
    if body is None:
        values = {
            "city": city.id,
            "editions": list(atlas.edition_ids),
            "boundary": atlas.city.boundary_layer or "",
            "districts": atlas.city.district_layer or "",
            "main": [*MAIN_CLASSES, *(f"{name}_link" for name in MAIN_CLASSES)],
            "all_from": _ALL_STREETS_FROM,
            "pieces_from": _PIECES_FROM,
            "extent": _EXTENT if z >= _PIECES_FROM else _EXTENT // 2,
        }
        body = _gzipped(session.execute(_BASE, {"z": z, "x": x, "y": y} | values).scalar_one())
        with _tiles_lock:
            kept[z, x, y] = body
            while len(kept) > _KEPT:
                kept.popitem(last=False)
    return Tile(body, _etag(atlas))


def point_tile(
    session: Session, points: Select[*tuple[Any, ...]], layer: str, z: int, x: int, y: int
) -> bytes:
    """Return a tile of points, gzipped: from zoom 14 on each by itself, below it one for those of each cell.

    Parameters
    ----------
    points : Select
        With the columns ``id`` and ``geom`` (POINT, EPSG:4326) and those a point is to have in the tile.
    layer : str
        Name of the layer in the tile. Its features have a ``count``; where that is 1, also the point's own
        columns, and its id as the feature's id.

    Raises
    ------
    ValueError
        If there is no such tile.
    """
    _must_exist(z, x, y)
    tile = func.ST_TileEnvelope(z, x, y)
    margin = text("margin => 0.02")
    box = func.ST_Transform(func.ST_TileEnvelope(z, x, y, margin), 4326)
    given = points.subquery("given")
    attributes = [column for column in given.c if column.name not in ("id", "geom")]
    alone = z >= _POINTS_FROM
    shape = func.ST_AsMVTGeom(func.ST_Transform(given.c.geom, 3857), tile, _EXTENT, 64 if alone else 0, True)
    rows = select(given.c.id, *attributes, shape.label("shape")).where(given.c.geom.op("&&")(box))
    if alone:
        features = rows.add_columns(literal(1).label("count")).subquery("features")
    else:
        features = _clusters(rows.subquery("placed")).subquery("features")
    encode = func.ST_AsMVT(features.table_valued(), layer, _EXTENT, "shape", "id")
    return _gzipped(session.execute(select(encode).select_from(features)).scalar_one())


def _clusters(placed: Subquery) -> Select[Any]:
    """Return one row for the points of each cell, with the columns of the point where it is the only one."""
    size = _EXTENT // _CELLS
    shape = placed.c.shape
    number = func.count()
    own = [
        case((number == 1, func.min(column))).label(column.name)
        for column in placed.c
        if column.name != "shape"
    ]
    return (
        select(*own, func.ST_Centroid(func.ST_Collect(shape)).label("shape"), number.label("count"))
        .where(shape.is_not(None))
        .group_by(func.floor(func.ST_X(shape) / size), func.floor(func.ST_Y(shape) / size))
    )


def _etag(atlas: Atlas) -> str:
    return hashlib.sha256(repr((atlas.city, atlas.edition_ids)).encode()).hexdigest()[:16]


def _must_exist(z: int, x: int, y: int) -> None:
    if not (0 <= z <= MAX_ZOOM and 0 <= x < 2**z and 0 <= y < 2**z):
        raise ValueError(
            f"there is no tile {z}/{x}/{y}: zoom is 0 to {MAX_ZOOM}, x and y are 0 to 2^zoom - 1"
        )


def _gzipped(tile: bytes | memoryview) -> bytes:
    # Level 6 and no time stamp: the same tile is the same bytes.
    return gzip.compress(bytes(tile), 6, mtime=0)

"""The base map as vector tiles, out of the city's own layers.

Mapbox Vector Tile 2.1, made by PostGIS. Rows are found by boxes in their own CRS, so that indexes are used.
"""

from __future__ import annotations

import gzip
import hashlib
import math
from collections import OrderedDict
from threading import Lock
from weakref import WeakKeyDictionary

from sqlalchemy import text
from sqlalchemy.orm import Session

from layers.atlas import Atlas
from layers.drawn import drawn

MAX_ZOOM = 18
# A street in many pieces is labelled many times over: up close only, people need the pieces.
_PIECES_FROM = 16
_EXTENT = 4096
_KEPT = 1024

_BASE = text("""
    with bounds as (
        select st_tileenvelope(:z, :x, :y) as tile,
               st_transform(st_tileenvelope(:z, :x, :y, margin => 0.02), 4326) as box
    ), drawn_streets as (
        select segment.id, segment.name, segment.geom,
               case when drawn.key = any(:main) then 'arterial' else segment.class end as class
        from unnest(cast(:drawn as bigint[])) as drawn (key)
        join segment on segment.city_id = :city and segment.edition_id = drawn.key >> 32
                    and segment.id = drawn.key & 4294967295
    ), streets as (
        select id, name, class,
               st_asmvtgeom(st_transform(geom, 3857), bounds.tile, :extent, :extent / 64, true) as shape
        from (
            select id, name, class, geom from drawn_streets where :z >= :pieces_from
            union all
            select min(id), name, class, st_linemerge(st_collect(geom))
            from drawn_streets where :z < :pieces_from group by name, class
        ) as generalised, bounds
    ), drawn_zones as (
        select zone.id, zone.source_id, zone.name, st_clipbybox2d(zone.geom, bounds.box) as geom,
               case layer.name when :boundary then 'boundary' when :districts then 'district'
                               else zone.class end as class
        from zone
        join edition on edition.city_id = zone.city_id and edition.id = zone.edition_id
        join layer on layer.city_id = edition.city_id and layer.id = edition.layer_id,
        bounds
        where zone.city_id = :city and zone.edition_id = any(:editions) and zone.geom && bounds.box
    ), zones as (
        select id, source_id, name, class,
               st_asmvtgeom(st_transform(geom, 3857), bounds.tile, :extent, :extent / 64, true) as shape
        from drawn_zones, bounds where class <> ''
    )
    select coalesce((select st_asmvt(zones, 'zones', :extent, 'shape', 'id') from zones), '')
        || coalesce((select st_asmvt(streets, 'streets', :extent, 'shape', 'id') from streets), '')
""")


_tiles: WeakKeyDictionary[Atlas, OrderedDict[tuple[int, int, int], bytes]] = WeakKeyDictionary()
_tiles_lock = Lock()


def base_etag(atlas: Atlas) -> str:
    """Return the tag that all base tiles of a city have until its map changes."""
    return hashlib.sha256(repr((atlas.city, atlas.edition_ids)).encode()).hexdigest()[:16]


def base_tile(session: Session, atlas: Atlas, z: int, x: int, y: int) -> bytes:
    """Return a tile of the base map, gzipped; asked again, from memory.

    It holds ``streets`` (``name``, ``class``; the feature's id is the segment's) and ``zones`` (``name``,
    ``source_id``, ``class``: the zone's own, ``boundary`` or ``district``). Below zoom 16 all pieces of a
    street are one feature; `layers.drawn` says which streets there are.

    Raises
    ------
    ValueError
        If there is no such tile.
    """
    must_exist(z, x, y)
    with _tiles_lock:
        kept = _tiles.setdefault(atlas, OrderedDict())
        body = kept.get((z, x, y))
    if body is None:
        drawn_keys, main_keys = drawn(session, atlas).within(z, *_box(z, x, y))
        values = {
            "drawn": drawn_keys,
            "main": main_keys,
            "city": atlas.city.id,
            "editions": list(atlas.edition_ids),
            "boundary": atlas.city.boundary_layer or "",
            "districts": atlas.city.district_layer or "",
            "pieces_from": _PIECES_FROM,
            "extent": _EXTENT if z >= _PIECES_FROM else _EXTENT // 2,
        }
        body = _gzipped(session.execute(_BASE, {"z": z, "x": x, "y": y} | values).scalar_one())
        with _tiles_lock:
            kept[z, x, y] = body
            while len(kept) > _KEPT:
                kept.popitem(last=False)
    return body


def _box(z: int, x: int, y: int) -> tuple[float, float, float, float]:
    """Return west, south, east and north of a tile with some margin, in degrees."""
    size, margin = 1 << z, 0.02

    def latitude(row: float) -> float:
        return math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * row / size))))

    west, east = ((edge / size) * 360 - 180 for edge in (x - margin, x + 1 + margin))
    return west, latitude(y + 1 + margin), east, latitude(y - margin)


def must_exist(z: int, x: int, y: int) -> None:
    """Raise `ValueError` unless there is such a tile."""
    if not (0 <= z <= MAX_ZOOM and 0 <= x < 2**z and 0 <= y < 2**z):
        raise ValueError(
            f"there is no tile {z}/{x}/{y}: zoom is 0 to {MAX_ZOOM}, x and y are 0 to 2^zoom - 1"
        )


def _gzipped(tile: bytes | memoryview) -> bytes:
    # Level 6 and no time stamp: the same tile is the same bytes.
    return gzip.compress(bytes(tile), 6, mtime=0)

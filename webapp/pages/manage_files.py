"""The list of what is done again and again, as files for a capital plan."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from layers.atlas import Atlas
from webapp.insight.worst import Worst
from webapp.pages.context import served
from webapp.spreadsheets import lines


def names_of(atlas: Atlas, what: str) -> Callable[[str], str]:
    """Return what tells the street and house numbers of a segment by its id; an asset is called by its id."""
    if what != "segment":
        return lambda source_id: source_id
    number = {source_id: n for n, source_id in enumerate(atlas.segments.source_id.tolist())}

    def name(source_id: str) -> str:
        if source_id not in number:
            return source_id
        ends = atlas.segments.ranges[:, number[source_id]]
        street, houses = atlas.segments.name[number[source_id]], ends[ends > 0]
        if not len(houses):
            return street or source_id
        return f"{houses.min()}–{houses.max()} {street}"

    return name


def as_csv(found: Sequence[Worst], atlas: Atlas, what: str) -> str:
    """Return a table with a heading."""
    rows = zip(_rows(found, atlas, what), found, strict=True)
    cells = [[*(row[name] for name in _COLUMNS), each.lon, each.lat] for row, each in rows]
    return lines([[*_COLUMNS, "lon", "lat"], *cells])


def as_geojson(found: Sequence[Worst], atlas: Atlas, what: str) -> str:
    """Return features (RFC 7946): the line of a segment, the middle of the tickets of an asset.

    A segment that is no more on the map is where its tickets are.
    """
    drawn = _lines(found, atlas) if what == "segment" else {}
    features = [
        {
            "type": "Feature",
            "id": each.id,
            "geometry": drawn.get(each.id, {"type": "Point", "coordinates": [each.lon, each.lat]}),
            "properties": row,
        }
        for row, each in zip(_rows(found, atlas, what), found, strict=True)
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)


_COLUMNS = (
    "rank",
    "id",
    "name",
    "visits",
    "tickets",
    "repeats",
    "reopened",
    "open",
    "services",
    "ticket_ids",
)


def _rows(found: Sequence[Worst], atlas: Atlas, what: str) -> list[dict[str, Any]]:
    name, services = names_of(atlas, what), served().catalog.services
    return [
        {
            "rank": rank,
            "id": each.id,
            "name": name(each.id),
            "visits": each.visits,
            "tickets": each.tickets,
            "repeats": each.repeats,
            "reopened": each.reopened,
            "open": each.open,
            "services": "; ".join(services[number].name for number in each.services if number in services),
            "ticket_ids": " ".join(map(str, each.ticket_ids)),
        }
        for rank, each in enumerate(found, start=1)
    ]


def _lines(found: Sequence[Worst], atlas: Atlas) -> dict[str, dict[str, Any]]:
    """Return the lines of segments as GeoJSON has them, EPSG:4326; of one in parts, each part."""
    pieces = atlas.segments.lines
    wanted = {each.id for each in found}
    shapes = {}
    for number, source_id in enumerate(atlas.segments.source_id.tolist()):
        if source_id not in wanted:
            continue
        piece = slice(pieces.offsets[number], pieces.offsets[number + 1])
        lon, lat = atlas.metric.to_lonlat(pieces.coords[piece, 0], pieces.coords[piece, 1])
        points = np.round(np.column_stack([lon, lat]), 6)
        parts = np.split(points, np.flatnonzero(pieces.gaps[piece])[1:])
        shapes[source_id] = {"type": "MultiLineString", "coordinates": [part.tolist() for part in parts]}
    return shapes

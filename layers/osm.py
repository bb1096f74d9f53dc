"""What is particular to OpenStreetMap extracts: where streets and districts are, and ways cut at nodes."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from layers.sections import AnyLayer
from layers.sources import Objects

# Highways that cars drive on or that have addresses; no footpaths beside them, nothing yet to be built.
STREETS = (
    *(
        "motorway",
        "trunk",
        "primary",
        "secondary",
        "tertiary",
        "unclassified",
        "residential",
        "service",
        "road",
    ),
    *("motorway_link", "trunk_link", "primary_link", "secondary_link", "tertiary_link"),
    *("living_street", "pedestrian"),
)


class Reading(NamedTuple):
    """How to read a layer: the table, the condition, and {our column: field}."""

    table: str | None
    where: str | None
    mapped: dict[str, str]


def is_osm(path: Path) -> bool:
    """Return whether a file is an OpenStreetMap extract."""
    return path.name.lower().endswith((".osm.pbf", ".pbf", ".osm"))


def reading(layer: AnyLayer) -> Reading:
    """Return how to read a layer of an extract: what the city file leaves out is filled in.

    Segments are highways, named by ``name`` and classed by ``highway``; zones are the multipolygons that meet
    ``where`` (``boundary = 'administrative' and admin_level = '8'``); assets are points.
    """
    if layer.kind == "segments":
        table, where = "lines", f"highway IN ({', '.join(repr(kind) for kind in STREETS)})"
        mapped = {"id": "osm_id", "name": "name", "class": "highway"}
    elif layer.kind == "zones":
        table, where, mapped = "multipolygons", None, {"name": "name"}
    else:
        table, where, mapped = "points", None, {"id": "osm_id"}
    return Reading(layer.table or table, layer.where or where, mapped | layer.mapped())


def cut_at_nodes(lines: Objects) -> tuple[Objects, NDArray[np.intp]]:
    """Cut ways at the nodes they share, so that each piece runs from crossing to crossing.

    Ways that share a node have exactly equal coordinates there; a bridge over a street shares none with it.

    Parameters
    ----------
    lines : (n,) array of LineString

    Returns
    -------
    pieces : (m,) array of LineString
        In the order of the lines, each line's from its start.
    line_of_piece : (m,) int array
    """
    coords, line = shapely.get_coordinates(lines, return_index=True)
    _, node, uses = np.unique(coords, axis=0, return_inverse=True, return_counts=True)
    first = np.diff(line, prepend=-1) != 0
    last = np.diff(line, append=-1) != 0
    inner = (uses[node.ravel()] > 1) & ~first & ~last
    # A vertex at which a line is cut ends one piece and begins the next.
    copies = 1 + inner
    begins = np.repeat(first, copies)
    begins[np.cumsum(copies)[inner] - 1] = True
    source = np.repeat(np.arange(len(coords)), copies)
    piece = np.cumsum(begins) - 1
    # A piece that comes out as one point is a way whose node is repeated.
    whole = np.bincount(piece)[piece] > 1
    kept, piece = np.unique(piece[whole], return_inverse=True)
    pieces = shapely.linestrings(coords[source[whole]], indices=piece)
    line_of_piece = np.zeros(len(kept), np.intp)
    line_of_piece[piece] = line[source[whole]]
    return pieces, line_of_piece

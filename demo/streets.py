"""The street network of a made-up city: rotated grids between arterials, with names and address ranges."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from numpy.random import Generator

from demo.ground import CENTER, Ground, Quarter
from demo.names import street_names

SHORTEST_M = 12.0
"""Stubs that end nowhere are left out below this length."""
METRES_A_HOUSE = 12.0


@dataclass(frozen=True)
class Street:
    """A whole street before it is cut at its crossings."""

    name: str
    class_: str
    owner: str
    line: shapely.LineString
    clip: shapely.Geometry | None = None
    """Where it runs; everywhere where not given."""


@dataclass(frozen=True)
class Segments:
    """Street segments as columns of equal length; ``lines`` in metric coordinates."""

    lines: np.ndarray
    id: np.ndarray
    name: np.ndarray
    class_: np.ndarray
    owner: np.ndarray
    left_from: np.ndarray
    left_to: np.ndarray
    right_from: np.ndarray
    right_to: np.ndarray
    zip: np.ndarray


def make_segments(rng: Generator, ground: Ground) -> Segments:
    """Draw the streets and cut them into segments at every crossing."""
    streets = [*_arterials(ground), *_local_streets(rng, ground)]
    runs = [s.line if s.clip is None else shapely.intersection(s.line, s.clip) for s in streets]
    runs_of = np.array([run for run in runs if not run.is_empty], dtype=object)
    owners_of_runs = np.flatnonzero([not run.is_empty for run in runs])
    pieces = shapely.get_parts(shapely.unary_union(runs_of))
    street_of = owners_of_runs[
        _nearest(runs_of, shapely.line_interpolate_point(pieces, 0.5, normalized=True))
    ]
    keep = ~_stubs(pieces)
    return _addressed(pieces[keep], street_of[keep], streets, ground)


def _arterials(ground: Ground) -> Iterator[Street]:
    """Streets between the quarters, which bridge the river, and the county's highway through the middle.

    The longest of them is a road of the state.
    """
    names = street_names(("Ave", "Blvd"))
    rim = ground.outline.exterior.buffer(5)
    borders = shapely.unary_union([quarter.area.exterior for quarter in ground.quarters])
    edges = shapely.get_parts(shapely.line_merge(shapely.difference(borders, rim)))
    longest = int(np.argmax(shapely.length(edges)))
    for number, edge in enumerate(edges):
        yield Street(next(names), "arterial", "State" if number == longest else "City", edge)
    reach = np.linspace(-1.2, 1.2, 40) * ground.radius
    bend = 0.08 * ground.radius * np.sin(reach / ground.radius * 2)
    highway = shapely.LineString(
        np.column_stack([CENTER[0] + bend + 0.11 * ground.radius, CENTER[1] + reach])
    )
    yield Street("County Hwy 9", "highway", "County", highway, ground.outline)


def _local_streets(rng: Generator, ground: Ground) -> Iterator[Street]:
    streets = street_names(("St", "Pl", "Ct"))
    avenues = street_names(("Rd", "Ln", "Way", "Dr"))
    closed = shapely.unary_union([shapely.buffer(ground.river, 30), *ground.parks])
    for quarter in ground.quarters:
        # One metre over the border, so that crossings with the arterial are found.
        open_land = shapely.difference(quarter.area.buffer(1.0), closed)
        length, depth = quarter.block
        for line in _parallels(quarter, depth, along=True):
            if rng.random() > 0.04:
                yield Street(next(streets), "local", "City", line, open_land)
        for line in _parallels(quarter, length, along=False):
            if rng.random() > 0.06:
                yield Street(next(avenues), "local", "City", line, open_land)


def _parallels(quarter: Quarter, spacing: float, *, along: bool) -> Iterator[shapely.LineString]:
    """Yield parallel lines over the whole quarter, ``spacing`` metres apart."""
    angle = quarter.angle if along else quarter.angle + np.pi / 2
    forward = np.array([np.cos(angle), np.sin(angle)])
    sideways = np.array([-forward[1], forward[0]])
    middle = np.array(quarter.area.centroid.coords[0])
    corners = shapely.get_coordinates(quarter.area) - middle
    reach = np.abs(corners @ forward).max() + 10
    offsets = corners @ sideways
    for offset in np.arange(offsets.min() + spacing / 2, offsets.max(), spacing):
        at = middle + offset * sideways
        yield shapely.LineString([at - reach * forward, at + reach * forward])


def _nearest(runs: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return for each point the one run it lies on."""
    of_point, of_run = shapely.STRtree(runs).query_nearest(points, all_matches=False)
    nearest = np.empty(len(points), dtype=np.int64)
    nearest[of_point] = of_run
    return nearest


def _stubs(pieces: np.ndarray) -> np.ndarray:
    """Mark short pieces that touch nothing at one end."""
    ends = np.round(np.stack([shapely.get_coordinates(shapely.get_point(pieces, k)) for k in (0, -1)]), 3)
    _, which, counts = np.unique(ends.reshape(-1, 2), axis=0, return_inverse=True, return_counts=True)
    loose = (counts[which.ravel()] == 1).reshape(2, -1).any(axis=0)
    marks: np.ndarray = (loose & (shapely.length(pieces) < SHORTEST_M)) | (shapely.length(pieces) < 0.5)
    return marks


def _addressed(pieces: np.ndarray, street_of: np.ndarray, streets: list[Street], ground: Ground) -> Segments:
    """Turn each piece along its street and number the blocks: even on the left, odd on the right."""
    lines = np.array([street.line for street in streets], dtype=object)[street_of]
    begin = shapely.line_locate_point(lines, shapely.get_point(pieces, 0))
    end = shapely.line_locate_point(lines, shapely.get_point(pieces, -1))
    pieces = np.where(begin > end, shapely.reverse(pieces), pieces)
    order = np.lexsort((np.minimum(begin, end), street_of))
    pieces, street_of = pieces[order], street_of[order]

    block = np.concatenate([np.arange(len(run)) for run in _runs_of_equal(street_of)]) + 1
    houses = np.minimum((shapely.length(pieces) // METRES_A_HOUSE).astype(int), 49)
    numbered = houses > 0
    hundred = 100 * block
    middle = shapely.line_interpolate_point(pieces, 0.5, normalized=True)
    tree = shapely.STRtree([quarter.area for quarter in ground.quarters])
    quarter_of = tree.query_nearest(middle, all_matches=False)[1]
    column = {
        key: np.array([getattr(street, key) for street in streets], dtype=object)[street_of]
        for key in ("name", "class_", "owner")
    }
    return Segments(
        lines=pieces,
        id=np.array([f"S{number:06d}" for number in range(1, len(pieces) + 1)], dtype=object),
        left_from=np.where(numbered, hundred, 0),
        left_to=np.where(numbered, hundred + 2 * (houses - 1), 0),
        right_from=np.where(numbered, hundred + 1, 0),
        right_to=np.where(numbered, hundred + 1 + 2 * (houses - 1), 0),
        zip=np.array([f"{61000 + number // 3:05d}" for number in quarter_of], dtype=object),
        **column,
    )


def _runs_of_equal(values: np.ndarray) -> Iterator[np.ndarray]:
    cuts = [0, *(np.flatnonzero(np.diff(values)) + 1), len(values)]
    for start, stop in pairwise(cuts):
        yield values[start:stop]

"""Which spots a pin may mean where a few metres decide: on one of two streets, on either side of a border."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from geo.arrays import Floats
from layers.atlas import Atlas
from layers.places import TWO_STREETS_M, Place

BORDER_M = 8.0
"""A thumb, or a phone's own position, is hardly surer: nearer to a border, either side may be meant."""
_BEYOND_M = (4.0, 7.0, 10.0, 13.0)
"""How far around a pin the other side of a border is looked for; the farthest is well behind the border."""
_DIRECTIONS = 16
_STREETS = 8
"""Segments looked at around a pin between streets."""
_BESIDE_M = 4.0
"""A spot beside the middle of a street: far enough to have a side and a house number."""
_ALONG_M = tuple(sign * metres for metres in range(0, 61, 4) for sign in (1, -1))
"""How far along its street a spot is moved away from another street, the nearest first."""


def spots_meant(atlas: Atlas, place: Place, layers: Collection[str] = ()) -> list[Place]:
    """Return the spots that a pin may mean, its own first; none where nothing needs to be asked.

    Between two streets that are about as near, one spot on each, where no other is as near. Within
    `BORDER_M` of a border, the pin itself and a spot in each zone on the other side.

    Parameters
    ----------
    place : Place
        Of the pin, located in this atlas.
    layers : collection of str
        The zones layers whose borders decide something: districts and service areas.
    """
    if not place.placed:
        return []
    if "two_streets" in place.flags:
        return _on_each_street(atlas, place)
    near = [place.zones[layer].boundary_m for layer in layers if layer in place.zones]
    if any(metres is not None and metres <= BORDER_M for metres in near):
        return _on_each_side(atlas, place, sorted(layers))
    return []


def _on_each_street(atlas: Atlas, place: Place) -> list[Place]:
    reach = (place.snap_m or 0.0) + TWO_STREETS_M
    near = atlas.segment_index.within([place.x], [place.y], reach, _STREETS).segment[0]
    found: dict[str, Place] = {}
    own = [place.segment, *near[near >= 0].tolist()]
    for segment in own:
        street = str(atlas.segments.name[segment])
        if street and street not in found and (spot := _clearly_on(atlas, place, segment)):
            found[street] = spot
    return list(found.values()) if len(found) > 1 else []


def _clearly_on(atlas: Atlas, place: Place, segment: int) -> Place | None:
    """Return the spot beside a segment, nearest to the pin, at which no other street is about as near."""
    lines = atlas.segments.lines
    snap = atlas.segment_index.project([place.x], [place.y], [segment])
    length = float(lines.lengths[segment])
    begin = float(snap.fraction[0]) * length
    along = np.array([begin + step for step in _ALONG_M if 0.0 <= begin + step <= length])
    if not len(along):
        return None
    x, y = lines.interpolate(np.full(len(along), segment), along / length)
    sideways = _sideways(atlas, segment, float(np.mean(along)), length)
    # On the pin's own side of it; a pin in the middle is put to the right, where people stand.
    beside = _BESIDE_M if snap.side[0] > 0 else -_BESIDE_M
    wanted = str(atlas.segments.name[segment])
    for spot in atlas.locate(*atlas.metric.to_lonlat(x + beside * sideways[0], y + beside * sideways[1])):
        if spot.street == wanted and "two_streets" not in spot.flags and spot.placed:
            return spot
    return None


def _sideways(atlas: Atlas, segment: int, along: float, length: float) -> Floats:
    """Return the unit vector to the left of a segment, at some metres along it."""
    ends = np.clip(np.array([along - 1.0, along + 1.0]) / length, 0.0, 1.0)
    x, y = atlas.segments.lines.interpolate(np.full(2, segment), ends)
    forward: Floats = np.array([x[1] - x[0], y[1] - y[0]])
    forward /= max(float(np.hypot(*forward)), 1e-9)
    return np.array([-forward[1], forward[0]])


def _on_each_side(atlas: Atlas, place: Place, layers: list[str]) -> list[Place]:
    angle = np.arange(_DIRECTIONS) * 2.0 * np.pi / _DIRECTIONS
    radius = np.repeat(_BEYOND_M, _DIRECTIONS)
    x = place.x + radius * np.tile(np.cos(angle), len(_BEYOND_M))
    y = place.y + radius * np.tile(np.sin(angle), len(_BEYOND_M))
    found: dict[tuple[str, ...], Place] = {}
    for spot in atlas.locate(*atlas.metric.to_lonlat(x, y)):
        zones = _zones(spot, layers)
        if not spot.placed or zones == _zones(place, layers):
            continue
        # The spot deepest behind the border.
        if zones not in found or _depth(spot, layers) > _depth(found[zones], layers):
            found[zones] = spot
    return [place, *found.values()] if found else []


def _zones(place: Place, layers: list[str]) -> tuple[str, ...]:
    return tuple(place.zones[layer].id if layer in place.zones else "" for layer in layers)


def _depth(place: Place, layers: list[str]) -> float:
    """Return how far a place is from the nearest border, in metres."""
    edges = [place.zones[layer].boundary_m for layer in layers if layer in place.zones]
    return min((edge for edge in edges if edge is not None), default=np.inf)

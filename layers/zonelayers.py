"""The zones of all layers of a city in one index: one search answers for every layer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.arrays import Floats, Ints, Offsets
from geo.locator import ZoneLayers
from geo.zones import ZoneIndex
from layers.sources import Objects


@dataclass(frozen=True, slots=True)
class Hits:
    """Which zones of which layers hold n pins: one row a hit, by pin, then layer, then zone."""

    layers: tuple[str, ...]
    pins: int
    pin: NDArray[np.intp]
    layer: Ints
    """Position in `layers`."""
    zone: Ints
    """Ordinal within the layer."""

    def of(self, layer: str) -> tuple[Offsets, Ints]:
        """Return the zones of one layer: those of pin i are ``zones[offsets[i]:offsets[i + 1]]``."""
        mine = self.layer == self.layers.index(layer)
        counts = np.bincount(self.pin[mine], minlength=self.pins)
        return np.concatenate([[0], np.cumsum(counts)]), self.zone[mine]


class LayeredZones:
    """The zones of several layers, indexed together.

    Parameters
    ----------
    polygons : dict
        {layer name: (n,) MultiPolygons in metres}.
    """

    def __init__(self, polygons: dict[str, Objects]) -> None:
        self.layers = tuple(polygons)
        counts = [len(shapes) for shapes in polygons.values()]
        self._starts: Ints = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
        self._layer: Ints = np.repeat(np.arange(len(counts)), counts).astype(np.int32)
        self.index = ZoneIndex(np.concatenate([*polygons.values(), np.zeros(0, dtype=object)]))

    def parted(self, boundary: str | None, districts: str | None) -> ZoneLayers:
        """Return how the index is parted, given the layers that bound the city and make its districts.

        A pin is in the city if it is in the boundary or, as that may leave out ponds, in a district.
        """
        place = {name: position for position, name in enumerate(self.layers)}
        city = [place[name] for name in (boundary, districts) if name in place]
        district = place.get(districts or "", -1)
        return ZoneLayers(self._layer, self._starts[:-1].copy(), np.array(city, np.int32), district)

    def hits(self, x: Floats, y: Floats) -> Hits:
        """Return every zone that holds each point (metres), borders included."""
        offsets, found = self.index.all(x, y)
        pin = np.repeat(np.arange(len(x)), np.diff(offsets))
        layer = self._layer[found]
        return Hits(self.layers, len(x), pin, layer, found - self._starts[layer])

"""The zones of all layers of a city in one index: one search answers for every layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from geo.arrays import Floats, Ints, Offsets
from geo.zones import ZoneIndex
from layers.sources import Objects

Number = TypeVar("Number", np.int32, np.float64)


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

    def without(self, pins: NDArray[np.bool_]) -> Hits:
        """Return the hits of all but some pins."""
        keep = ~pins[self.pin]
        return Hits(self.layers, self.pins, self.pin[keep], self.layer[keep], self.zone[keep])

    def lowest(self) -> Hits:
        """Return the hit with the lowest zone of each layer for each pin."""
        first = np.ones(len(self.pin), np.bool_)
        first[1:] = (self.pin[1:] != self.pin[:-1]) | (self.layer[1:] != self.layer[:-1])
        return Hits(self.layers, self.pins, self.pin[first], self.layer[first], self.zone[first])

    def by_layer(self, values: NDArray[Number], nothing: float) -> dict[str, NDArray[Number]]:
        """Return, by layer name, a value of each pin's `lowest` hit; `nothing` where it has none."""
        matrix = np.full((len(self.layers), self.pins), nothing, values.dtype)
        matrix[self.layer, self.pin] = values
        return dict(zip(self.layers, matrix, strict=True))

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
        self._index = ZoneIndex(np.concatenate([*polygons.values(), np.zeros(0, dtype=object)]))

    def hits(self, x: Floats, y: Floats) -> Hits:
        """Return every zone that holds each point (metres), borders included."""
        offsets, found = self._index.all(x, y)
        pin = np.repeat(np.arange(len(x)), np.diff(offsets))
        layer = self._layer[found]
        return Hits(self.layers, len(x), pin, layer, found - self._starts[layer])

    def edge_distance(self, x: Floats, y: Floats, hits: Hits, within_m: float) -> Floats:
        """Return how far each hit's pin is from the edge of its zone; NaN where farther than `within_m`."""
        zone = hits.zone + self._starts[hits.layer]
        return self._index.boundary_distance(x[hits.pin], y[hits.pin], zone, within_m)

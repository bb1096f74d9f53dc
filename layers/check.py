"""Reading and checking the map part of a city file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from layers.cityfile import CityDocument
from layers.features import Features, features
from layers.findings import Finding


@dataclass
class CityMap:
    """The layers of a city file, read and checked."""

    document: CityDocument
    features: dict[str, Features] = field(default_factory=dict)
    """By layer name, in the order of the file; without the layers that cannot be read."""
    by_layer: dict[str, list[Finding]] = field(default_factory=dict)

    @property
    def findings(self) -> list[Finding]:
        """What is wrong with the map part of the file and with the files it names."""
        found = [finding for findings in self.by_layer.values() for finding in findings]
        return [*self.document.findings, *found]


def check(document: CityDocument, *, progress: Callable[[str], None] = lambda name: None) -> CityMap:
    """Read all layers of a city file and check them, each by itself and against the city's boundary.

    Parameters
    ----------
    progress
        Called with the name of each layer before it is read.
    """
    city_map = CityMap(document)
    for name in document.layers:
        progress(name)
        read, findings = features(document, name)
        city_map.by_layer[name] = findings
        if read is not None:
            city_map.features[name] = read
    return city_map

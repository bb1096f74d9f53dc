"""From what people type to a point: addresses, crossings, streets, zones and assets of the city."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from threading import Lock
from typing import Literal
from weakref import WeakKeyDictionary

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.arrays import Floats, Ints
from geo.houses import house_points
from geo.text import fold
from layers.atlas import Atlas
from layers.names import Found, NameIndex
from layers.sources import Objects

_CROSSING_M = 15.0
_ONE_CROSSING_M = 60.0
_STREETS_TRIED = 6
_LONGEST = 200
_NEAR_NUMBER, _OTHER_SIDE = 20, 10
# What a match is worth of its spelling's score, so that the more exact kind comes first.
_NEIGHBOUR, _STREET_ALONE, _ZONE, _ASSET_ALONE = 0.85, 0.95, 0.93, 0.8
_JOINT = re.compile(r"\s*[&+/@]\s*|\s+(?:and|at|und)\s+", re.IGNORECASE)
_LEAD = re.compile(r"^\s*(?:the\s+)?(?:corner|intersection|crossing)\s+(?:of\s+)?", re.IGNORECASE)
_NUMBER_FIRST = re.compile(r"\s*(\d{1,6})(?:\s*-\s*\d+)?[a-z]?\s+(\S.*)", re.IGNORECASE)
_NUMBER_LAST = re.compile(r"\s*(\S.*?)\s+(\d{1,6})[a-z]?\s*", re.IGNORECASE)
# Where the address ends and city, state and postcode begin.
_TAIL = re.compile(r",|\s{2,}|\n")
_STATE = r"(?:\s+[a-z]{2})"
_POSTCODE = r"(?:\s+\d{5}(?:-\d+)?)"
_KIND_WORDS = {
    "street_light": {"pole", "lamp", "lamppost", "streetlight"},
    "signal": {"traffic", "light", "lights"},
}


@dataclass(frozen=True, slots=True)
class Match:
    """A point that a text may mean."""

    address: str
    """As the city writes it: ``12 Main St``, ``Elm St & Main St``, ``North End``, ``street_light 4417``."""
    kind: Literal["address", "street", "intersection", "zone", "asset"]
    lon: float
    lat: float
    score: float
    """1 where everything fits; less for other spellings and for numbers that only a neighbour has."""
    context: str = ""
    """The district the point is in, to tell two Main Streets apart."""


_books: WeakKeyDictionary[Atlas, _Book] = WeakKeyDictionary()
_books_lock = Lock()


def find(atlas: Atlas, text: str, *, limit: int = 8) -> list[Match]:
    """Return the points that a text may mean, best first. Nothing is asked of the database.

    Parameters
    ----------
    text : str
        Such as ``12 main``, ``Elm St & Main St``, ``Landstrasse 12``, ``ward 5`` or ``pole 4417``. Typing
        mistakes, abbreviations, and a city, state and postcode behind it do not matter.
    """
    with _books_lock:
        book = _books.get(atlas)
        if book is None:
            book = _books[atlas] = _Book(atlas)
    return book.find(_without_tail(text[:_LONGEST], atlas.city.name), limit)


def _without_tail(text: str, city: str) -> str:
    """Return an address without the city, state and postcode behind it."""
    head = _TAIL.split(text.strip(), maxsplit=1)[0]
    # The gap in "12   Main St" is no such place.
    head = head if any(letter.isalpha() for letter in head) else " ".join(text.split())
    # A city's name alone may be part of another, as in "North Cambridge", unless a house number leads.
    behind = rf"(?:{_STATE}|{_STATE}?{_POSTCODE})" + ("?" if head[:1].isdigit() else "")
    tail = re.compile(rf"(?:\s+{re.escape(city)}{behind}|{_POSTCODE})$", re.IGNORECASE)
    short = tail.sub("", head)
    return short if any(letter.isalpha() for letter in short) else head


class _Book:
    """The names and numbers of an atlas, indexed once."""

    def __init__(self, atlas: Atlas) -> None:
        self.atlas = atlas
        names, street = np.unique(atlas.segments.name.astype(str), return_inverse=True)
        self._order = np.argsort(street, kind="stable").astype(np.int32)
        self._starts = np.searchsorted(street[self._order], np.arange(len(names) + 1))
        self._names: list[str] = names.tolist()
        self._streets = NameIndex(self._names)
        self._zones = [
            (layer, ordinal, name)
            for layer, table in atlas.zones.items()
            if layer != atlas.city.boundary_layer
            for ordinal, name in enumerate(table.name)
        ]
        self._zone_names = NameIndex([name for _, _, name in self._zones])
        self._assets: dict[str, list[tuple[str, int]]] = {}
        for kind, table in atlas.assets.items():
            for ordinal, source_id in enumerate(table.source_id):
                self._assets.setdefault(fold(source_id), []).append((kind, ordinal))

    def find(self, text: str, limit: int) -> list[Match]:
        """Return the matches of all kinds, best first."""
        found = [
            *self._addresses(text),
            *self._crossings(text),
            *self._street_matches(text),
            *self._zone_matches(text),
            *self._asset_matches(text),
        ]
        best: dict[tuple[str, int, int], Match] = {}
        for match in sorted(found, key=lambda match: -match.score):
            # What has one name and lies within a block is one place.
            best.setdefault((match.address, round(match.lon * 1000), round(match.lat * 1000)), match)
        return self._with_context(list(best.values())[:limit])

    def _segments(self, street: int) -> Ints:
        return self._order[self._starts[street] : self._starts[street + 1]]

    def _addresses(self, text: str) -> Iterator[Match]:
        first, last = _NUMBER_FIRST.fullmatch(text), _NUMBER_LAST.fullmatch(text)
        asked = [(int(first[1]), first[2])] if first else []
        asked += [(int(last[2]), last[1])] if last else []
        for number, street in asked:
            for found in self._streets.search(street, limit=_STREETS_TRIED):
                yield from self._numbered(number, found)

    def _numbered(self, number: int, found: Found) -> Iterator[Match]:
        """Yield where a house number stands on a street or, if nobody has it, its next neighbour."""
        segments, score = self._segments(found.ordinal), found.score
        lon, lat = self._houses(number, segments)
        if not len(lon):
            neighbour = _nearest_number(number, self.atlas.segments.ranges[:, segments])
            if neighbour is None:
                return
            lon, lat = self._houses(neighbour, segments)
            score *= _NEIGHBOUR
        for k in range(len(lon)):
            label = f"{number} {self._names[found.ordinal]}"
            yield Match(label, "address", float(lon[k]), float(lat[k]), score)

    def _crossings(self, text: str) -> Iterator[Match]:
        parts = [part for part in _JOINT.split(_LEAD.sub("", text)) if part.strip()]
        if len(parts) != 2:
            return
        one, other = (self._streets.search(part, limit=_STREETS_TRIED) for part in parts)
        for a, b in product(one, other):
            if a.ordinal != b.ordinal:
                x, y = self._meetings(a.ordinal, b.ordinal)
                lon, lat = self.atlas.metric.to_lonlat(x, y)
                label = f"{self._names[a.ordinal]} & {self._names[b.ordinal]}"
                for k in range(len(lon)):
                    yield Match(label, "intersection", float(lon[k]), float(lat[k]), min(a.score, b.score))

    def _meetings(self, one: int, other: int) -> tuple[Floats, Floats]:
        """Return the points, in metres, where two streets meet; a crossing of dual carriageways is one."""
        a, b = self._lines(one), self._lines(other)
        near_b, near_a = shapely.STRtree(a).query(b, predicate="dwithin", distance=_CROSSING_M)
        ways = shapely.shortest_line(a[near_a], b[near_b])
        ways = ways[np.argsort(shapely.length(ways), kind="stable")]
        points: list[NDArray[np.float64]] = []
        for middle in shapely.get_coordinates(ways).reshape(-1, 2, 2).mean(axis=1):
            if all(np.hypot(*(middle - point)) > _ONE_CROSSING_M for point in points):
                points.append(middle)
        x, y = np.array(points).reshape(-1, 2).T
        return x, y

    def _lines(self, street: int) -> Objects:
        """Return the segments of a street as lines in metres."""
        lines = self.atlas.segments.lines
        pieces = [lines.coords[lines.offsets[i] : lines.offsets[i + 1]] for i in self._segments(street)]
        return np.array([shapely.LineString(piece) for piece in pieces], dtype=object)

    def _street_matches(self, text: str) -> Iterator[Match]:
        for found in self._streets.search(text, limit=_STREETS_TRIED):
            segments = self._segments(found.ordinal)
            x, y = self.atlas.segments.lines.interpolate(segments, np.full(len(segments), 0.5))
            middle = int(np.argmin(np.hypot(x - x.mean(), y - y.mean())))
            lon, lat = self.atlas.metric.to_lonlat(float(x[middle]), float(y[middle]))
            yield Match(self._names[found.ordinal], "street", lon, lat, found.score * _STREET_ALONE)

    def _zone_matches(self, text: str) -> Iterator[Match]:
        for found in self._zone_names.search(text, limit=_STREETS_TRIED):
            layer, ordinal, name = self._zones[found.ordinal]
            inside = shapely.point_on_surface(self.atlas.zones[layer].polygons[ordinal])
            lon, lat = self.atlas.metric.to_lonlat(inside.x, inside.y)
            yield Match(name, "zone", lon, lat, found.score * _ZONE)

    def _asset_matches(self, text: str) -> Iterator[Match]:
        """Yield the assets whose id the text ends with, best where the words before it tell its kind."""
        parts = fold(text).split()
        for place in range(len(parts)):
            for kind, ordinal in self._assets.get(" ".join(parts[place:]), ()):
                said = set(parts[:place])
                known = {*kind.split("_"), *_KIND_WORDS.get(kind, ())}
                table = self.atlas.assets[kind]
                lon, lat = self.atlas.metric.to_lonlat(float(table.x[ordinal]), float(table.y[ordinal]))
                label = f"{kind.replace('_', ' ')} {table.source_id[ordinal]}"
                yield Match(label, "asset", lon, lat, 1.0 if said & known else _ASSET_ALONE)

    def _houses(self, number: int, segments: Ints) -> tuple[Floats, Floats]:
        """Return the points at which segments have a house number."""
        own = self.atlas.segments
        x, y = house_points(np.full(len(segments), number), segments, own.lines, own.ranges)
        has = np.isfinite(x)
        return self.atlas.metric.to_lonlat(x[has], y[has])

    def _with_context(self, matches: list[Match]) -> list[Match]:
        """Return the matches with the names of their districts."""
        districts = self.atlas.city.district_layer
        if districts not in self.atlas.zones or not matches:
            return matches
        places = self.atlas.locate([match.lon for match in matches], [match.lat for match in matches])
        hits = (place.zones.get(districts) for place in places)
        return [
            replace(match, context=hit.name if hit else "") for match, hit in zip(matches, hits, strict=True)
        ]


def _nearest_number(number: int, ranges: NDArray[np.int32]) -> int | None:
    """Return the number nearest to one that a street has, if any is near; rather one of the same side."""
    ends = ranges[ranges > 0]
    if not len(ends):
        return None
    distance = np.abs(ends - number) + _OTHER_SIDE * ((ends - number) % 2)
    nearest = int(np.argmin(distance))
    return int(ends[nearest]) if distance[nearest] <= _NEAR_NUMBER else None

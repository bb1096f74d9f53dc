"""Reading and checking the map part of a city file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import shapely

from geo import polygons
from geo.projection import Projection, utm_srid
from layers.cityfile import CityDocument
from layers.crsguess import Box, guess, possible, to_lonlat
from layers.features import Features, Notes, features
from layers.findings import Finding, counted, has_errors, some
from layers.metric import metric_of, middle_of
from layers.sections import ZoneLayer

# A layer may reach beyond the city by this share of the city's size before somebody is told.
_GENEROUS = 0.5
_FEW = 0.2
# Ground without a zone is told of from this size on; less is a matter of how a shore was drawn.
_BARE_M2 = 1000.0
_BARE_WIDTH_M = 5.0
# UTM is off by up to a thousandth, far beside its zone by a hundredth; Web Mercator by a third in Boston.
_TRUE_TO_SCALE = 0.01


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


def check(
    document: CityDocument,
    *,
    previous: Mapping[str, set[str]] | None = None,
    progress: Callable[[str], None] = lambda name: None,
) -> CityMap:
    """Read all layers of a city file and check them, each by itself and against the city's boundary.

    Parameters
    ----------
    previous
        {layer name: the source ids of its current edition}, to tell of ids that vanish.
    progress
        Called with the name of each layer before it is read.
    """
    city_map = CityMap(document)
    for name in document.layers:
        progress(name)
        read, findings = features(document, name)
        notes = Notes(document, name, list(findings))
        city_map.by_layer[name] = notes.findings
        if read is not None:
            city_map.features[name] = read
    boundary = _boundary(city_map)
    if boundary is not None:
        _check_metric(boundary, document)
        notes = Notes(document, boundary.name, city_map.by_layer[boundary.name])
        boundary = boundary if _reaches(boundary, boundary.features, notes) else None
    for name, read in city_map.features.items():
        notes = Notes(document, name, city_map.by_layer[name])
        if not possible(read.raw, read.crs):
            _refuse_crs(read, boundary, city_map, notes)
        elif boundary is not None and read is not boundary.features:
            _check_position(read, boundary, city_map, notes)
            if _reaches(boundary, read, notes) and not has_errors(notes.findings):
                _check_partition(read, boundary, notes)
    for name, known in (previous or {}).items():
        if name in city_map.features:
            _check_vanished(city_map.features[name], known, Notes(document, name, city_map.by_layer[name]))
    return city_map


@dataclass(frozen=True)
class _Boundary:
    """What bounds the city."""

    name: str
    features: Features
    lonlat: shapely.MultiPolygon
    metric: Projection

    @property
    def box(self) -> Box:
        """The boundary's box, grown to what a layer may reach without anybody being told."""
        west, south, east, north = self.lonlat.bounds
        wide, high = _GENEROUS * (east - west), _GENEROUS * (north - south)
        return west - wide, south - high, east + wide, north + high


def _boundary(city_map: CityMap) -> _Boundary | None:
    """Return the boundary, or None where there is none to compare with."""
    section = city_map.document.city
    read = city_map.features.get(section.boundary) if section else None
    if section is None or read is None or not possible(read.raw, read.crs):
        return None
    lonlat = shapely.MultiPolygon(shapely.get_parts(shapely.union_all(read.geometry)).tolist())
    return _Boundary(section.boundary, read, lonlat, metric_of(section, read.geometry))


def _check_metric(boundary: _Boundary, document: CityDocument) -> None:
    """Refuse a metric CRS in which metres of the city are no metres."""
    lon, lat = middle_of(boundary.features.geometry)
    metric = boundary.metric
    stretch = metric.stretch(lon, lat)
    if not abs(stretch - 1.0) <= _TRUE_TO_SCALE:
        said = f"EPSG:{metric.srid} ({metric.name}) makes {1000.0 * stretch:,.0f} m of 1,000 m in the city."
        fix = f"Leave metric_srid out, or set it to {utm_srid(lon, lat)}, the UTM zone of the city."
        document.findings.append(document.error(said, fix, "city", "metric_srid"))


def _refuse_crs(read: Features, boundary: _Boundary | None, city_map: CityMap, notes: Notes) -> None:
    """Refuse coordinates that cannot be in the CRS they are said to be in."""
    x, y = read.raw[0]
    notes.error(
        f"coordinates such as {x:g} {y:g} do not lie where {read.crs.name}, the file's CRS, is used.",
        _advice(read, boundary, city_map)
        or 'Set crs, such as crs = "EPSG:2249", to the one the numbers are in; its publisher knows.',
        "crs",
    )


def _advice(read: Features, boundary: _Boundary | None, city_map: CityMap) -> str | None:
    """Return how coordinates are to be read so that they lie in the city."""
    if boundary is None:
        return None
    likely = {other.crs.to_wkt(): other.crs for other in city_map.features.values()}
    return guess(read.raw, read.crs, boundary.box, likely.values())


def _check_position(read: Features, boundary: _Boundary, city_map: CityMap, notes: Notes) -> None:
    """Refuse a layer with nothing in the city, and tell of one with much far outside."""
    shapely.prepare(boundary.lonlat)
    inside = int(shapely.intersects(boundary.lonlat, read.geometry).sum())
    lonlat = to_lonlat(read.raw, read.crs)
    if not inside:
        lon, lat = np.median(lonlat, axis=0)
        west, south, east, north = boundary.lonlat.bounds
        said = (
            f"nothing lies inside the city's boundary: the layer is around {lon:.4f} {lat:.4f}, "
            f"the city between {west:.4f} {south:.4f} and {east:.4f} {north:.4f}."
        )
        advice = _advice(read, boundary, city_map)
        notes.error(said, advice or "Name the right file, or set crs to what the numbers are in.", "file")
        return
    west, south, east, north = boundary.box
    far = np.count_nonzero(
        (lonlat[:, 0] < west) | (lonlat[:, 0] > east) | (lonlat[:, 1] < south) | (lonlat[:, 1] > north)
    )
    if far > _FEW * len(lonlat):
        said = f"{far:,} of {len(lonlat):,} features lie far outside the city's boundary."
        notes.warn(said, "See whether the file is the right one, or limit it by where.", "file")


def _reaches(boundary: _Boundary, read: Features, notes: Notes) -> bool:
    """Tell whether the city's metric CRS has coordinates for all of a layer; refuse it otherwise."""
    lonlat, row = shapely.get_coordinates(read.geometry, return_index=True)
    x, _ = boundary.metric.to_metric(lonlat[:, 0], lonlat[:, 1])
    beyond = np.unique(row[np.isnan(x)])
    if len(beyond):
        notes.error(
            f"{counted(len(beyond), 'feature reaches', 'features reach')} around half of the globe: "
            f"{some(read.columns['source_id'][i] for i in beyond.tolist())}.",
            "Correct or remove what lies so far from the city.",
            "file",
        )
    return not len(beyond)


def _check_partition(read: Features, boundary: _Boundary, notes: Notes) -> None:
    """Tell of overlaps and gaps between zones that are meant to cover the city once."""
    if not (isinstance(read.layer, ZoneLayer) and read.layer.partition):
        return
    shapes = shapely.transform(read.geometry, lambda xy: np.column_stack(boundary.metric.to_metric(*xy.T)))
    names = read.columns["name"]

    def place(x: float, y: float) -> str:
        lon, lat = boundary.metric.to_lonlat(x, y)
        return f"at {lon:.5f} {lat:.5f}"

    shared = polygons.overlaps(shapes.tolist())
    if shared:
        listed = some(
            f"{names[o.first]} and {names[o.second]} ({o.area_m2:,.0f} m² {place(o.x, o.y)})" for o in shared
        )
        total = sum(o.area_m2 for o in shared)
        said = (
            f"{counted(len(shared), 'pair of zones overlaps', 'pairs of zones overlap')}, by {total:,.0f} m²"
        )
        notes.warn(
            f"{said}: {listed}.",
            "Draw each border once; until then such ground counts to the zone whose id comes first.",
        )
    left_out = polygons.gaps(shapes.tolist())
    if left_out:
        listed = some(
            f"{' and '.join(names[i] for i in g.neighbours)} ({g.area_m2:,.0f} m² {place(g.x, g.y)})"
            for g in left_out
        )
        total = sum(g.area_m2 for g in left_out)
        notes.warn(
            f"{counted(len(left_out), 'gap', 'gaps')} between zones, of {total:,.0f} m² in all: {listed}.",
            "Draw each border once; until then such ground is in no zone.",
        )
    _check_cover(shapes, boundary, notes)


def _check_cover(shapes: np.ndarray, boundary: _Boundary, notes: Notes) -> None:
    """Tell of ground in the city that no zone covers."""
    city = shapely.transform(boundary.lonlat, lambda xy: np.column_stack(boundary.metric.to_metric(*xy.T)))
    bare = shapely.get_parts(shapely.difference(city, shapely.union_all(shapes)))
    bare = bare[shapely.area(bare) >= _BARE_M2]
    bare = bare[2.0 * shapely.area(bare) / shapely.length(bare) >= _BARE_WIDTH_M]
    if len(bare):
        largest = bare[int(np.argmax(shapely.area(bare)))]
        lon, lat = boundary.metric.to_lonlat(*shapely.get_coordinates(shapely.point_on_surface(largest))[0])
        whole = shapely.area(bare).sum()
        notes.warn(
            f"{whole / 1e6:,.3f} km² of the city are in none of its zones, "
            f"the largest piece ({largest.area / 1e6:,.3f} km²) at {lon:.5f} {lat:.5f}.",
            "Extend the zones, or the boundary reaches too far.",
        )


def _check_vanished(read: Features, known: set[str], notes: Notes) -> None:
    vanished = sorted(known - set(read.columns["source_id"]))
    if vanished:
        notes.warn(
            f"{len(vanished):,} of {len(known):,} ids of the current edition are gone: {some(vanished)}.",
            "Nothing to do if they were meant to go; old tickets keep the edition they were located in.",
            "fields",
            "id",
        )

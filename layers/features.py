"""From what a file holds to what an edition stores: EPSG:4326, clean geometry, ids, names, house numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from pyproj.exceptions import CRSError

from layers import osm
from layers.cityfile import CityDocument
from layers.crsguess import to_lonlat
from layers.findings import Finding, counted, some
from layers.lines import whole_lines
from layers.sections import AnyLayer, AssetLayer, SegmentLayer, ZoneLayer
from layers.sources import Objects, Source, SourceError, read
from layers.values import distinct, house_number, natural, position_ids, texts, whole_number

NUMBERS = ("left_from", "left_to", "right_from", "right_to")
_TYPES = {"segments": (1, 5), "zones": (3, 6), "assets": (0, 4)}
# In no CRS of the Earth is anything farther from the origin than this, in whatever unit.
_FARTHEST = 1e9
_CALLED = {"segments": "lines", "zones": "polygons", "assets": "points"}


@dataclass
class Features:
    """The features of a layer, ready to be stored."""

    layer: AnyLayer
    columns: dict[str, list[Any]]
    """{column of the table: n values}: texts, and house numbers of segments."""
    geometry: Objects
    """(n,) LineString, MultiPolygon or Point, EPSG:4326."""
    crs: CRS
    """What the file's coordinates were taken for."""
    raw: NDArray[np.float64]
    """The first coordinates of the features as they stand in the file, (k, 2)."""

    def __len__(self) -> int:
        return len(self.geometry)


class Notes:
    """Collects what is wrong with one layer."""

    def __init__(self, document: CityDocument, name: str, findings: list[Finding] | None = None) -> None:
        self.document = document
        self.name = name
        self.findings = [] if findings is None else findings

    def error(self, message: str, fix: str, *keys: str) -> None:
        """Note what refuses publication."""
        self.findings.append(self.document.error(self._named(message), fix, "layers", self.name, *keys))

    def warn(self, message: str, fix: str, *keys: str) -> None:
        """Note what is worth knowing."""
        self.findings.append(self.document.warning(self._named(message), fix, "layers", self.name, *keys))

    def _named(self, message: str) -> str:
        return f"{self.name}: {message}"


def features(document: CityDocument, name: str) -> tuple[Features | None, list[Finding]]:
    """Read a layer of a city file; a second call for the same document gives the first one's answer.

    Returns
    -------
    features : Features or None
        None where it cannot be read; then there is an error among the findings.
    findings : list of Finding
    """
    if name not in document.features:
        document.features[name] = _features(document, name)
    found: tuple[Features | None, list[Finding]] = document.features[name]
    return found


def _features(document: CityDocument, name: str) -> tuple[Features | None, list[Finding]]:
    notes = Notes(document, name)
    layer = document.layers[name]
    path = document.resolve(layer.file)
    extract = osm.is_osm(path)
    reading = osm.reading(layer) if extract else osm.Reading(layer.table, layer.where, layer.mapped())
    try:
        source = read(path, table=reading.table, where=reading.where, fields=reading.mapped.values())
        crs = _crs(layer, source, notes)
    except SourceError as error:
        notes.error(error.message, error.fix, error.key)
        return None, notes.findings
    for remark in source.remarks:
        notes.warn(
            f"the reader of {path.name} says: {remark}", "See whether the file is as its maker meant it."
        )
    rows = _usable(layer, source, notes)
    if not len(rows):
        return None, notes.findings
    geometry: Objects = shapely.transform(source.geometry[rows], lambda pairs: to_lonlat(pairs, crs))
    columns = {column: source.columns[field][rows] for column, field in reading.mapped.items()}
    vertices, row = shapely.get_coordinates(source.geometry[rows], return_index=True)
    raw = vertices[np.diff(row, prepend=-1) > 0]
    if isinstance(layer, SegmentLayer):
        stored, geometry = _segments(geometry, columns, notes, cut=extract)
    elif isinstance(layer, ZoneLayer):
        stored, geometry = _zones(layer, geometry, columns, notes)
    else:
        stored, geometry = _assets(layer, geometry, columns, notes)
    return Features(layer, stored, geometry, crs, raw), notes.findings


def _crs(layer: AnyLayer, source: Source, notes: Notes) -> CRS:
    if layer.crs is None:
        if source.crs is None:
            fix = 'Set crs, such as crs = "EPSG:2249"; its publisher knows.'
            raise SourceError("the file does not say in which CRS it is.", fix)
        return source.crs
    try:
        crs = CRS.from_user_input(layer.crs)
    except CRSError as error:
        fix = 'Write it as "EPSG:2249".'
        raise SourceError(f'"{layer.crs}" is not a known CRS.', fix, "crs") from error
    if source.crs is not None and not crs.equals(source.crs, ignore_axis_order=True):
        said = f"the file says {source.crs.name}, the city file {crs.name}, which is used."
        notes.warn(said, "Remove crs, if the file is right.", "crs")
    return crs


def _usable(layer: AnyLayer, source: Source, notes: Notes) -> NDArray[np.intp]:
    """Return the features that have a geometry of the layer's kind, and note the others."""
    geometry = source.geometry
    called = _CALLED[layer.kind]
    real = (np.abs(shapely.bounds(geometry)) < _FARTHEST).all(axis=1)
    right = np.isin(shapely.get_type_id(geometry), _TYPES[layer.kind])
    usable = np.flatnonzero(real & right)
    if not len(geometry):
        notes.error(
            "the file holds no features that meet the condition.", "Correct file, table or where.", "file"
        )
    elif not len(usable):
        found = some(sorted({shape.geom_type for shape in geometry if shape is not None}))
        fix = f"A layer of {layer.kind} needs {called}: name another file or table, or correct kind."
        notes.error(f"none of the {len(geometry):,} features is usable; found: {found}.", fix, "file")
    elif len(usable) < len(geometry):
        lost = len(geometry) - len(usable)
        said = f"{lost:,} of {len(geometry):,} features left out: no {called}, or unfinished."
        notes.warn(said, "Give each feature a geometry, or remove it.", "file")
    return usable


def _ids(columns: dict[str, NDArray[Any]], geometry: Objects, notes: Notes) -> list[str]:
    """Return the ids of the file's features; made from the position where the file has none."""
    if "id" not in columns:
        return position_ids(geometry)
    ids = texts(columns["id"])
    missing = ids.count("")
    if missing:
        fix = "Give each feature an id; until then one made from its position is used."
        notes.warn(f"{missing:,} of {len(ids):,} features without an id.", fix, "fields", "id")
        made = position_ids(geometry)
        ids = [given or other for given, other in zip(ids, made, strict=True)]
    return ids


def _note_repeats(ids: list[str], what: str, notes: Notes) -> None:
    repeated = sorted(
        {given for given, own in zip(ids, distinct(ids), strict=True) if given != own}, key=natural
    )
    if repeated:
        fix = "Name a field that differs from feature to feature."
        said = f"{counted(len(repeated), 'id occurs', 'ids occur')} more than once; {what}: {some(repeated)}."
        notes.warn(said, fix, "fields", "id")


def _segments(
    geometry: Objects, columns: dict[str, NDArray[Any]], notes: Notes, *, cut: bool
) -> tuple[dict[str, list[Any]], Objects]:
    ids = _ids(columns, geometry, notes)
    if not cut:
        _note_repeats(ids, "numbered apart", notes)
    count = len(geometry)
    numbers = np.array([_house_numbers(columns.get(side), side, count, notes) for side in NUMBERS], np.int64)
    pieces = whole_lines(geometry, numbers, cut=cut)
    if pieces.pointlike:
        said = f"{counted(pieces.pointlike, 'segment', 'segments')} of no length left out."
        notes.warn(said, "Remove them.", "file")
    if pieces.shared:
        said = f"{counted(pieces.shared, 'segment', 'segments')} with house numbers share them among pieces."
        notes.warn(said, "Give each piece its own numbers.", "file")
    row = pieces.row.tolist()
    stored: dict[str, list[Any]] = {"source_id": distinct(ids[i] for i in row)}
    for column in ("name", "class", "owner", "left_zip", "right_zip"):
        values = texts(columns[column]) if column in columns else [""] * count
        stored[column] = [values[i] for i in row]
    stored |= dict(zip(NUMBERS, pieces.numbers.tolist(), strict=True))
    unnamed = stored["name"].count("")
    if unnamed:
        said = f"{unnamed:,} of {len(row):,} segments without a name."
        notes.warn(said, "Name the field with the street's name, if there is one.", "fields", "name")
    return stored, pieces.lines


def _house_numbers(values: NDArray[Any] | None, column: str, count: int, notes: Notes) -> list[int]:
    if values is None:
        return [0] * count
    numbers = [house_number(value) for value in values.tolist()]
    wrong = [text for text, number in zip(values.tolist(), numbers, strict=True) if number is None]
    if wrong:
        said = f"{counted(len(wrong), 'house number', 'house numbers')} left out, no numbers: {some(wrong)}."
        notes.warn(said, "Name a field of whole numbers.", "fields", column)
    return [number or 0 for number in numbers]


def _zones(
    layer: ZoneLayer, geometry: Objects, columns: dict[str, NDArray[Any]], notes: Notes
) -> tuple[dict[str, list[Any]], Objects]:
    ids = _ids(columns, geometry, notes)
    geometry = _repaired(geometry, ids, notes)
    names = texts(columns["name"]) if "name" in columns else ids
    classes = texts(columns["class"]) if "class" in columns else [""] * len(ids)
    _note_repeats(ids, "their polygons are joined", notes)
    parts: dict[str, list[int]] = {}
    for i in np.flatnonzero(~shapely.is_empty(geometry)).tolist():
        parts.setdefault(ids[i], []).append(i)
    # In the order of their ids, so that a point on a border goes to the same zone whatever the file's order.
    order = sorted(parts, key=natural)
    joined = [shapely.union_all(geometry[parts[key]]) for key in order]
    first = [parts[key][0] for key in order]
    stored: dict[str, list[Any]] = {
        "source_id": order,
        "name": [layer.name_format.format(name=names[i] or ids[i], id=ids[i]) for i in first],
        "class": [classes[i] for i in first],
    }
    if "residents" in columns:
        known = _residents(columns["residents"], notes)
        stored["residents"] = [known[i] for i in first]
    polygons, zone = shapely.get_parts(np.array(joined, dtype=object), return_index=True)
    multi: Objects = np.array(shapely.multipolygons(polygons, indices=zone), dtype=object)
    return stored, multi


def _residents(values: NDArray[Any], notes: Notes) -> list[int | None]:
    """Return how many live in each zone; None, and a note, where the file says nothing of use."""
    numbers = [whole_number(value) for value in values.tolist()]
    wrong = texts(values[[number is None for number in numbers]])
    if wrong:
        said = f"it is not known how many live in {counted(len(wrong), 'zone', 'zones')}: {some(wrong)}."
        notes.warn(said, "Name a field of whole numbers.", "fields", "residents")
    return numbers


def _repaired(geometry: Objects, ids: list[str], notes: Notes) -> Objects:
    """Return valid polygons; what crosses itself is cut into parts, and noted with the place."""
    broken = np.flatnonzero(~shapely.is_valid(geometry))
    if not len(broken):
        return geometry
    reasons = [f"{ids[i]}: {shapely.is_valid_reason(geometry[i])}" for i in broken.tolist()]
    said = (
        f"{counted(len(broken), 'polygon is', 'polygons are')} invalid and repaired for now: {some(reasons)}."
    )
    notes.warn(said, "Have the file corrected at those points (longitude latitude).", "file")
    fixed = geometry.copy()
    fixed[broken] = [_polygons_of(shapely.make_valid(shape)) for shape in geometry[broken]]
    lost = int(shapely.is_empty(fixed).sum())
    if lost:
        said = f"{counted(lost, 'polygon', 'polygons')} without an area left out."
        notes.warn(said, "Remove them.", "file")
    return fixed


def _polygons_of(shape: shapely.Geometry) -> shapely.Geometry:
    """Return the part of a repaired shape that has an area."""
    parts = shapely.get_parts(shapely.get_parts(shape))
    return shapely.union_all(parts[shapely.get_type_id(parts) == 3])


def _assets(
    layer: AssetLayer, geometry: Objects, columns: dict[str, NDArray[Any]], notes: Notes
) -> tuple[dict[str, list[Any]], Objects]:
    ids = _ids(columns, geometry, notes)
    _note_repeats(ids, "numbered apart", notes)
    points, row = shapely.get_parts(geometry, return_index=True)
    rows = row.tolist()
    stored: dict[str, list[Any]] = {
        "source_id": distinct(ids[i] for i in rows),
        "kind": [layer.asset] * len(rows),
    }
    for column in ("street", "owner"):
        values = texts(columns[column]) if column in columns else [""] * len(ids)
        stored[column] = [values[i] for i in rows]
    return stored, points

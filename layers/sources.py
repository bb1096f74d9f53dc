"""Reading map files: every format GDAL knows, GeoParquet besides, each mistake told in words."""

from __future__ import annotations

import hashlib
import json
import struct
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from pyproj.exceptions import CRSError

from layers.findings import did_you_mean

Objects = NDArray[np.object_]

TRUNCATED = "Fetch the file again, and compare its size with the original's."


class SourceError(Exception):
    """A file that cannot be read as asked: what is wrong, how to put it right, and which key says so."""

    def __init__(self, message: str, fix: str, key: str = "file") -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix
        self.key = key


@dataclass(frozen=True, slots=True)
class Source:
    """What was read of a file."""

    geometry: Objects
    """(n,) shapely geometries without heights, in the file's CRS; None where a feature has none."""
    columns: dict[str, NDArray[Any]]
    """{field: (n,) values}."""
    crs: CRS | None
    """None where the file does not say."""
    remarks: list[str]
    """What the reader warned of."""


def read(
    path: Path, *, table: str | None = None, where: str | None = None, fields: Iterable[str] = ()
) -> Source:
    """Read some fields and the geometry of all features of a file.

    Raises
    ------
    SourceError
        If the file or table is missing, cut short or of no known format, a field does not exist, or `where`
        is no condition.
    """
    if not path.exists():
        raise SourceError(f"There is no file {path}.", "Put the file there, or correct the path.")
    wanted = sorted(set(fields))
    with warnings.catch_warnings(record=True) as remarks:
        warnings.simplefilter("always")
        if path.suffix.lower() in (".parquet", ".geoparquet"):
            source = _read_parquet(path, where, wanted)
        else:
            source = _read_gdal(path, table, where, wanted)
    source.remarks.extend(dict.fromkeys(str(remark.message) for remark in remarks))
    return source


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, or of a folder's or a Shapefile's files, as hexadecimal digits."""
    sha = hashlib.sha256()
    for part in _parts(path):
        sha.update(part.name.encode())
        with part.open("rb") as file:
            sha.update(hashlib.file_digest(file, "sha256").digest())
    return sha.hexdigest()


def _parts(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(part for part in path.rglob("*") if part.is_file())
    if path.suffix.lower() == ".shp":
        kinds = (".shp", ".shx", ".dbf", ".prj", ".cpg")
        return sorted(part for part in path.parent.glob(f"{path.stem}.*") if part.suffix.lower() in kinds)
    return [path]


def _read_gdal(path: Path, table: str | None, where: str | None, wanted: list[str]) -> Source:
    # Only who reads a file needs it, and it brings pandas with it, a second for each command that starts.
    import pyogrio
    from pyogrio.errors import DataLayerError, DataSourceError, FeatureError

    if path.suffix.lower() == ".shp":
        _whole_shapefile(path)
    try:
        listed = pyogrio.list_layers(path)
        table = _table(path, table, [str(name) for name, kind in listed if kind is not None])
        known = pyogrio.read_info(path, layer=table)["fields"].tolist()
        _known_fields(path, wanted, known)
        meta, _, wkb, data = pyogrio.raw.read(
            path, layer=table, columns=wanted, where=where, force_2d=True, datetime_as_string=True
        )
    except (DataSourceError, DataLayerError, FeatureError, ValueError) as error:
        raise _explained(path, where, str(error)) from error
    if wkb is None:
        raise SourceError(
            f"{path.name} has no geometry.", "Name a table of the file that has, or another file."
        )
    columns = dict(zip(meta["fields"].tolist(), data, strict=True))
    return Source(_geometry(path, wkb), columns, _crs(path, meta["crs"]), [])


def _table(path: Path, table: str | None, tables: list[str]) -> str:
    if table is None and len(tables) == 1:
        return tables[0]
    if table in tables and table is not None:
        return table
    if not tables:
        raise SourceError(f"{path.name} holds no table with geometry.", "Name another file.")
    if table is None:
        fix = f"Set table to one of {', '.join(tables)}."
        raise SourceError(f"{path.name} holds several tables.", fix, "table")
    raise SourceError(f'{path.name} has no table "{table}".', did_you_mean(table, tables), "table")


def _known_fields(path: Path, wanted: list[str], known: list[str]) -> None:
    for name in wanted:
        if name not in known:
            raise SourceError(f'{path.name} has no field "{name}".', did_you_mean(name, known), "fields")


def _explained(path: Path, where: str | None, said: str) -> SourceError:
    """Say what a reader's error means for the person who has the file."""
    if where and ("where" in said.lower() or "sql" in said.lower()):
        fix = "Write a condition in OGR SQL, such as \"kind = 'road'\"; texts stand in single quotes."
        return SourceError(f"where = {where!r} is not understood: {said}.", fix, "where")
    if "not recognized as being in a supported file format" in said:
        fix = "Use GeoPackage, GeoJSON, Shapefile, FlatGeobuf, GeoParquet or OSM PBF."
        return SourceError(f"{path.name} is of no format that can be read.", fix)
    return SourceError(f"{path.name} is damaged or cut short: {said.rstrip('.')}.", TRUNCATED)


def _whole_shapefile(path: Path) -> None:
    """Raise where a part is missing or shorter than its header says; GDAL would read on without a word."""
    parts = {part.suffix.lower(): part for part in _parts(path)}
    missing = [kind for kind in (".shx", ".dbf") if kind not in parts]
    if missing:
        raise SourceError(
            f"{path.name} lacks its {' and '.join(missing)}.",
            "A Shapefile is several files of one name: .shp, .shx, .dbf and .prj. Put them side by side.",
        )
    for kind, part in parts.items():
        with part.open("rb") as file:
            head = file.read(32)
        if kind in (".shp", ".shx"):
            promised = 2 * struct.unpack(">i", head[24:28])[0] if len(head) == 32 else 100
        elif kind == ".dbf":
            records, start, width = struct.unpack("<IHH", head[4:12]) if len(head) == 32 else (0, 32, 0)
            promised = records * width + start
        else:
            continue
        if part.stat().st_size < promised:
            message = f"{part.name} is cut short: {part.stat().st_size:,} of {promised:,} bytes are there."
            raise SourceError(message, TRUNCATED)


def _read_parquet(path: Path, where: str | None, wanted: list[str]) -> Source:
    if where is not None:
        fix = "Remove it, and filter the file itself."
        raise SourceError("where cannot be used with GeoParquet.", fix, "where")
    try:
        file = pq.ParquetFile(path)
        meta = json.loads((file.schema_arrow.metadata or {}).get(b"geo", b"null"))
        known = file.schema_arrow.names
        primary = meta["primary_column"] if meta else None
        _known_fields(path, wanted, [name for name in known if name != primary])
        data = file.read([*wanted, primary]) if meta else None
    except (pa.ArrowException, OSError, KeyError, ValueError) as error:
        raise SourceError(f"{path.name} is damaged or cut short: {error}.", TRUNCATED) from error
    if data is None:
        raise SourceError(f"{path.name} is Parquet, but not GeoParquet.", "Write it with geometry metadata.")
    column = meta["columns"][primary]
    if column.get("encoding") != "WKB":
        encoding = column.get("encoding")
        raise SourceError(f"The geometry of {path.name} is encoded as {encoding}.", "Write it as WKB.")
    # A file that says nothing is in longitude and latitude (GeoParquet 1.1); null means that nobody knows.
    crs = column.get("crs", "OGC:CRS84")
    columns = {name: data[name].to_numpy(zero_copy_only=False) for name in wanted}
    return Source(_geometry(path, data[primary].to_numpy(zero_copy_only=False)), columns, _crs(path, crs), [])


def _crs(path: Path, said: Any) -> CRS | None:
    try:
        return None if said is None else CRS.from_user_input(said)
    except CRSError as error:
        message = f"{path.name} names a CRS that is not understood: {error}."
        raise SourceError(message, 'Set crs, such as crs = "EPSG:2249".', "crs") from error


def _geometry(path: Path, wkb: NDArray[Any]) -> Objects:
    """Decode WKB; rings left open are closed, and what cannot be decoded is None."""
    try:
        geometry: Objects = shapely.force_2d(shapely.from_wkb(wkb, on_invalid="fix"))
    except (shapely.GEOSException, NotImplementedError) as error:
        raise SourceError(
            f"{path.name} has shapes that are damaged or curved: {error}.", TRUNCATED
        ) from error
    return geometry

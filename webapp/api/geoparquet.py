"""GeoParquet 1.1 (OGC 24-013): Parquet with one column of shapes, written piece by piece."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from webapp.api.features.collections import Features

MEDIA_TYPE = "application/vnd.apache.parquet"

_KINDS = {
    "string": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "date-time": pa.timestamp("us", "UTC"),
}
_SHAPES = {"point": "Point", "linestring": "LineString", "multipolygon": "MultiPolygon"}


def pieces(features: Features, pages: Iterable[list[Sequence[Any]]]) -> Iterator[bytes]:
    """Yield a file of features, a group of rows for each page, as its bytes become known."""
    written = _schema(features)
    sink = _Sink()
    with pq.ParquetWriter(sink, written, compression="zstd") as writer:
        for rows in pages:
            if rows:
                writer.write_batch(_batch(written, rows))
            yield sink.taken()
    yield sink.taken()


def _schema(features: Features) -> pa.Schema:
    id_kind = pa.int64() if features.feature_id is features.key else pa.string()
    fields = {"id": id_kind} | {each.name: _KINDS[each.kind] for each in features.properties}
    # No CRS said: longitude and latitude, OGC:CRS84.
    shape = {"encoding": "WKB", "geometry_types": [_SHAPES[features.shape]]}
    geo = {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": shape}}
    return pa.schema(fields | {"geometry": pa.binary()}, metadata={"geo": json.dumps(geo)})


def _batch(schema: pa.Schema, rows: list[Sequence[Any]]) -> pa.RecordBatch:
    _, ids, shapes, *properties = zip(*rows, strict=True)
    # Where a property is called id, it is the feature's.
    columns = [
        *([ids] if len(properties) + 2 == len(schema) else []),
        *properties,
        [shape and bytes(shape) for shape in shapes],
    ]
    arrays = [pa.array(column, kind) for column, kind in zip(columns, schema.types, strict=True)]
    return pa.record_batch(arrays, schema=schema)


class _Sink(io.RawIOBase):
    """A file that is only written, from its beginning to its end, and read while it is."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._length = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._length

    def write(self, piece: Any) -> int:
        self._pieces.append(bytes(piece))
        self._length += len(self._pieces[-1])
        return len(self._pieces[-1])

    def taken(self) -> bytes:
        """Return what was written since the last time."""
        taken = b"".join(self._pieces)
        self._pieces.clear()
        return taken

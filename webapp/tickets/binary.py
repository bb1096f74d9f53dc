"""Columns of arrow as the rows of a table, in the binary format that PostgreSQL's COPY takes.

Half of the time of a copy goes into writing numbers and times as text and reading them again; here neither
side does. The encoding itself is pgpq's; this module says which of its types each column of a table has.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pgpq
import pyarrow as pa
from geoalchemy2 import Geometry
from pgpq.encoders import StringEncoderBuilder
from pgpq.schema import Jsonb
from sqlalchemy import BigInteger, Boolean, DateTime, Integer, SmallInteger
from sqlalchemy.dialects.postgresql import ARRAY, CHAR, JSONB, REAL, TEXT
from sqlalchemy.types import TypeEngine

from webapp.db import Base

_ARROW: dict[type[Any], pa.DataType] = {
    BigInteger: pa.int64(),
    Boolean: pa.bool_(),
    CHAR: pa.string(),
    DateTime: pa.timestamp("us", "UTC"),
    Geometry: pa.binary(),
    Integer: pa.int32(),
    JSONB: pa.string(),
    REAL: pa.float32(),
    SmallInteger: pa.int16(),
    TEXT: pa.string(),
}

_ROWS = 1_000


def encode(model: type[Base], rows: pa.Table) -> Iterator[bytes]:
    """Yield rows of a model's table in the binary format, its columns in the order of ``rows``.

    It comes in pieces, so that the server takes in one while the next is written.

    Parameters
    ----------
    rows
        Named like its columns. JSON is text, a geometry its EWKB, an array a list.

    Raises
    ------
    pyarrow.ArrowInvalid
        If a value is not of its column's type.
    """
    columns = model.__table__.c
    fields = [pa.field(name, _arrow_type(columns[name].type)) for name in rows.column_names]
    typed = rows.cast(pa.schema(fields)).combine_chunks()
    encoder = pgpq.ArrowToPostgresBinaryEncoder.new_with_encoders(
        typed.schema, {field.name: _encoder(columns[field.name].type, field) for field in fields}
    )
    yield encoder.write_header()
    for batch in typed.to_batches(max_chunksize=_ROWS):
        yield encoder.write_batch(batch)
    yield encoder.finish()


def _arrow_type(kind: TypeEngine[Any]) -> pa.DataType:
    return pa.list_(_ARROW[type(kind.item_type)]) if isinstance(kind, ARRAY) else _ARROW[type(kind)]


def _encoder(kind: TypeEngine[Any], field: pa.Field) -> Any:
    if isinstance(kind, JSONB):
        return StringEncoderBuilder.new_with_output(field, Jsonb())
    return pgpq.ArrowToPostgresBinaryEncoder.infer_encoder(field)

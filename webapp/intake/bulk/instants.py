"""Times of a file as instants of UTC, whatever its columns are made of."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from webapp.catalog.calendars import clock_changes

Instants = NDArray[np.datetime64]
"""UTC, to the microsecond; NaT where there is none."""

NOT_A_TIME = np.datetime64("NaT", "us")
_SECOND = np.timedelta64(1_000_000, "us")
_MICROSECONDS, _OF_UTC = pa.timestamp("us"), pa.timestamp("us", "UTC")


def read_instants(column: pa.Array, time_zone: str, time_format: str | None = None) -> Instants:
    """Return a column of times as instants; NaT where it is empty or cannot be read.

    Parameters
    ----------
    column
        Timestamps, dates or text.
    time_zone
        Of times that name none.
    time_format
        Of text, as for ``strptime``; ISO 8601 where not given.
    """
    if pa.types.is_timestamp(column.type) and column.type.tz is not None:
        return _numpy(pc.cast(column, _OF_UTC, safe=False))
    if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
        return _from_wall(_numpy(pc.cast(column, _MICROSECONDS, safe=False)), time_zone)
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return np.full(len(column), NOT_A_TIME)
    texts = pc.utf8_trim_whitespace(column)
    if time_format is not None:
        parsed = pc.strptime(texts, format=time_format, unit="us", error_is_null=True)
        return _from_wall(_numpy(parsed), time_zone)
    texts = pc.if_else(pc.equal(texts, ""), pa.scalar(None, texts.type), texts)
    try:
        return _from_wall(_numpy(pc.cast(texts, _MICROSECONDS)), time_zone)
    except pa.ArrowInvalid:
        return _one_by_one(texts, time_zone)


def _one_by_one(texts: pa.Array, time_zone: str) -> Instants:
    """Read ISO times of which some have an offset, or are wrong."""
    walls = np.full(len(texts), NOT_A_TIME)
    instants = walls.copy()
    for i, text in enumerate(texts.to_pylist()):
        try:
            moment = datetime.fromisoformat(text or "")
        except ValueError:
            continue
        if moment.tzinfo is None:
            walls[i] = moment
        elif moment.year > 1:
            instants[i] = moment.astimezone(UTC).replace(tzinfo=None)
    return np.where(np.isnat(walls), instants, _from_wall(walls, time_zone))


def _from_wall(walls: Instants, time_zone: str) -> Instants:
    """Return when the wall clock of a time zone shows ``walls``."""
    known = ~np.isnat(walls) & (np.abs(walls.astype(np.int64)) < _FAR)
    instants = np.full(len(walls), NOT_A_TIME)
    if known.any():
        local = walls[known]
        years = local[[local.argmin(), local.argmax()]].astype("datetime64[Y]").astype(int) + 1970
        seconds = np.floor_divide(local.astype(np.int64), 1_000_000)
        changes = clock_changes(time_zone, int(years[0]) - 1, int(years[1]) + 1)
        shift = changes.instants(seconds) - seconds
        instants[known] = local + shift * _SECOND
    return instants


_FAR = 100 * 366 * 86_400 * 1_000_000
"""A century from 1970, in microseconds: a time farther off is none that a report could have."""


def _numpy(column: pa.Array) -> Instants:
    instants: Instants = column.to_numpy(zero_copy_only=False).astype("datetime64[us]")
    return instants

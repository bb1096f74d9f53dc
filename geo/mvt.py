"""Points as a layer of a vector tile, by the Mapbox Vector Tile Specification 2.1.

https://github.com/mapbox/vector-tile-spec/tree/master/2.1. A tile is its layers one after the other, so that
what is returned here is a tile of one layer too.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.arrays import Ints, Offsets, compiled

MOST_KEYS = 9
"""With more, the length of a feature would not be one byte."""

# The first byte of a field is its number times 8 and its wire type: 0 a varint, 2 bytes after their length.
_LAYER, _FEATURE, _KEY, _VALUE = 0x1A, 0x12, 0x1A, 0x22
_VERSION_2, _NAME, _EXTENT = b"\x78\x02", 0x0A, 0x28
_ID, _TAGS, _TYPE, _GEOMETRY = 0x08, 0x12, 0x18, 0x22
_STRING, _UNSIGNED = 0x0A, 0x28
_POINT = 1
_MOVE_TO_ONE = 1 | 1 << 3
# id, type, geometry and all lengths at their longest; of a tag, a key of one byte and a value of five.
_FEATURE_BYTES, _TAG_BYTES = 32, 6
# Two fields and a length; ten for the number.
_NUMBER_BYTES = 13


def point_layer(
    name: str,
    extent: int,
    points: ArrayLike,
    ids: ArrayLike,
    *,
    keys: Sequence[str],
    values: Sequence[str],
    numbers: ArrayLike = (),
    tags: ArrayLike,
) -> bytes:
    """Return a layer with one feature a point; nothing at all where there is no point.

    Parameters
    ----------
    extent
        Width and height of the tile, in its own units.
    points : (n, 2) array of int32
        x to the right and y down from the tile's upper left corner.
    ids : (n,) array of int64
        The id of each feature; 0: it has none.
    keys
        Names of the attributes, up to nine.
    values, numbers
        What attributes may be: text, and numbers from 0 on.
    tags : (n, len(keys)) array of int32
        Which of `values` and, behind them, `numbers` each attribute of each point is; -1: the point lacks it.
    """
    places = np.ascontiguousarray(points, np.int32).reshape(-1, 2)
    if not len(places):
        return b""
    if len(keys) > MOST_KEYS:
        raise ValueError(f"{len(keys)} keys are more than {MOST_KEYS}")
    numbered = np.ascontiguousarray(ids, np.int64)
    chosen = np.ascontiguousarray(tags, np.int32).reshape(len(places), len(keys))
    room = np.empty(len(places) * (_FEATURE_BYTES + _TAG_BYTES * len(keys)), np.uint8)
    amounts = np.ascontiguousarray(numbers, np.int64)
    more_room = np.empty(len(amounts) * _NUMBER_BYTES, np.uint8)
    body = b"".join(
        [
            _VERSION_2,
            _delimited(_NAME, name.encode()),
            room[: _write_features(places, numbered, chosen, room)].tobytes(),
            *(_delimited(_KEY, key.encode()) for key in keys),
            *(_delimited(_VALUE, _delimited(_STRING, value.encode())) for value in values),
            more_room[: _write_numbers(amounts, more_room)].tobytes(),
            bytes([_EXTENT]) + _varint(extent),
        ]
    )
    return _delimited(_LAYER, body)


def _delimited(field: int, body: bytes) -> bytes:
    return bytes([field]) + _varint(len(body)) + body


def _varint(number: int) -> bytes:
    """Return a number from 0 on, seven bits a byte, the lowest first."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


@compiled
def _write_features(points: Ints, ids: Offsets, tags: Ints, out: NDArray[np.uint8]) -> int:
    """Write all features behind each other; return how many bytes they are."""
    end = 0
    for i in range(len(points)):
        out[end] = _FEATURE
        start = end = end + 2
        if ids[i]:
            out[end] = _ID
            end = _write(out, end + 1, ids[i])
        out[end] = _TAGS
        first = end = end + 2
        for key in range(tags.shape[1]):
            if tags[i, key] >= 0:
                out[end] = key
                end = _write(out, end + 1, tags[i, key])
        out[first - 1] = end - first
        out[end], out[end + 1] = _TYPE, _POINT
        out[end + 2] = _GEOMETRY
        first = end = end + 4
        out[end] = _MOVE_TO_ONE
        end = _write(out, end + 1, _zigzag(points[i, 0]))
        end = _write(out, end, _zigzag(points[i, 1]))
        out[first - 1] = end - first
        out[start - 1] = end - start
    return end


@compiled
def _write_numbers(numbers: Offsets, out: NDArray[np.uint8]) -> int:
    """Write all numbers as values behind each other; return how many bytes they are."""
    end = 0
    for number in numbers:
        start = end
        out[start], out[start + 2] = _VALUE, _UNSIGNED
        end = _write(out, start + 3, number)
        out[start + 1] = end - start - 2
    return end


@compiled
def _zigzag(number: int) -> int:
    """Return where a number is in 0, -1, 1, -2, 2 …"""
    return (number << 1) ^ (number >> 63)


@compiled
def _write(out: NDArray[np.uint8], end: int, number: int) -> int:
    """Write a varint; return where it ends."""
    while number > 0x7F:
        out[end] = number & 0x7F | 0x80
        number >>= 7
        end += 1
    out[end] = number
    return end + 1

"""What stands in a file's fields as the texts and house numbers that an edition stores."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from hashlib import blake2b
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from layers.sources import Objects

_LONGEST = 9
"""Digits of a number: PostgreSQL's integers have no more."""
_DIGITS = re.compile(r"\s*(\d{1,9})")


def text(value: Any) -> str:
    """Return a value as one line of text: 122.0 as ``122``, nothing as the empty text."""
    # NaN and NaT are not equal to themselves.
    if value is None or value != value:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    # PostgreSQL refuses the character 0.
    return " ".join(str(value).replace("\x00", "").split())


def texts(values: NDArray[Any]) -> list[str]:
    """Return `text` of each value."""
    return [text(value) for value in values.tolist()]


def house_number(value: Any) -> int | None:
    """Return the number that a value begins with, 0 for nothing or less, None where it is no number."""
    if isinstance(value, str):
        digits = _DIGITS.match(value)
        return int(digits[1]) if digits else None if value.strip() else 0
    if value is None or value != value:
        return 0
    return max(int(value), 0)


def whole_number(value: Any) -> int | None:
    """Return a count such as 18,400, however it is written; None where it is none."""
    digits = re.sub(r"(?<=\d)[ ,](?=\d{3})", "", text(value))
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= _LONGEST else None


def distinct(ids: Iterable[str]) -> list[str]:
    """Return ids of which no two are equal: the second ``7`` becomes ``7#2``."""
    seen: Counter[str] = Counter()
    result = []
    for base in ids:
        seen[base] += 1
        result.append(base if seen[base] == 1 else f"{base}#{seen[base]}")
    return result


def position_ids(geometry: Objects) -> list[str]:
    """Return an id for each geometry (EPSG:4326) that depends on its coordinates to about 0.1 m alone."""
    rounded = shapely.transform(geometry, lambda coords: np.round(coords, 6) + 0.0)
    return [blake2b(wkb, digest_size=6).hexdigest() for wkb in shapely.to_wkb(rounded)]


def natural(label: str) -> list[tuple[int, str]]:
    """Return a sort key that puts ``Ward 9`` before ``Ward 10``."""
    parts = re.split(r"(\d+)", label.casefold())
    return [(int(part), "") if part.isdigit() else (-1, part) for part in parts]

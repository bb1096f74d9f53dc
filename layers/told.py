"""What people told beside a pin decides between streets that are about as near as one another."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from geo.arrays import Floats, Ints
from geo.houses import house_number
from geo.locator import TWO_STREETS, Located
from layers.places import TWO_STREETS_M
from layers.streetwords import base_and_type, words
from layers.tables import Segments

_NEAREST = 8
# Behind these come city, state and postcode.
_TAIL = re.compile(r",|\s{2,}|\n")
_WORD = re.compile(r"[^\s&+/@;]+")


def follow(
    addresses: Sequence[str | None] | None,
    classes: Sequence[Collection[str]] | None,
    x: Floats,
    y: Floats,
    found: Located,
    segments: Segments,
) -> None:
    """Move pins that lie about as near to two streets to the one that was meant.

    That is the street that the address names; where it names none, the nearest one of the classes. Only pins
    flagged so are looked at; they stay flagged, and the street they leave is the other one.

    Parameters
    ----------
    addresses : sequence of n str, optional
    classes : sequence of n collections of str, optional
        The classes of the streets that each report can be about; empty: any.
    x, y : (n,) float64 arrays
        The pins, in metres.
    found : Located
        Of the same pins; changed in place.
    """
    close = np.flatnonzero(found.flags & TWO_STREETS)
    hints = [
        (addresses[i] or "" if addresses is not None else "", classes[i] if classes is not None else ())
        for i in close.tolist()
    ]
    told = [k for k, hint in enumerate(hints) if any(hint)]
    if not told:
        return
    close, hints = close[told], [hints[k] for k in told]
    near = segments.index.within(x[close], y[close], found.snap_m[close] + TWO_STREETS_M, _NEAREST).segment
    chosen = [
        _meant(address, wanted, near_pin[near_pin >= 0].tolist(), segments)
        for (address, wanted), near_pin in zip(hints, near, strict=True)
    ]
    pick = np.array(chosen, np.int32)
    own = found.segment[close]
    moves = (pick >= 0) & (segments.street[pick] != segments.street[own])
    if moves.any():
        _move(close[moves], pick[moves], x, y, found, segments)


def _meant(address: str, wanted: Collection[str], near: list[int], segments: Segments) -> int:
    """Return which of a few segments, nearest first, an address names, or is of a class; -1: none."""
    scores = [how_named(address, segments.name[segment]) for segment in near]
    best = max(scores, default=0)
    if best:
        return near[scores.index(best)]
    return next((segment for segment in near if segments.class_[segment] in wanted), -1)


def how_named(address: str, street: str) -> int:
    """Return how an address names a street: 2 in full, 1 without its type or with another, 0 not at all."""
    told, name = _WORD.findall(_TAIL.split(address.strip(), maxsplit=1)[0]), words(street)
    if not name:
        return 0
    return 2 if _among(name, told) else int(_among(words(base_and_type(name)[0]), told))


def _among(name: tuple[str, ...], told: list[str]) -> bool:
    """Say whether some words told, one after the other, are a name."""
    # Each by itself, as "St" before another word would be read as a saint.
    return any(words(" ".join(told[k : k + len(name)])) == name for k in range(len(told) - len(name) + 1))


def _move(pins: NDArray[np.intp], to: Ints, x: Floats, y: Floats, found: Located, segments: Segments) -> None:
    snap = segments.index.project(x[pins], y[pins], to)
    length = segments.lines.lengths[to]
    found.other[pins] = found.segment[pins]
    found.segment[pins], found.side[pins] = to, snap.side
    found.snap_x[pins], found.snap_y[pins], found.snap_m[pins] = snap.x, snap.y, snap.distance_m
    found.along_m[pins] = snap.fraction * length
    found.house_number[pins] = house_number(snap.fraction, snap.side, length, segments.ranges[:, to])

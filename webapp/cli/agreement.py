"""How well what Pinward says of a city agrees with what the city's own files say."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import shapely

from geo.arrays import Floats, Ints
from geo.text import fold
from layers.atlas import Atlas
from webapp.catalog.calendars import Calendar, clock_changes
from webapp.catalog.deadlines import due_at_many

BESIDE_M = 3.0
"""A point is made this far from the centerline, on the side of its number."""
PARTS = (0.2, 0.5, 0.8)
"""Where along its segment: not at the corners, where the nearest street may be the other one."""


@dataclass(frozen=True, slots=True)
class Share:
    """How many rows agree, and how many must."""

    name: str
    agreeing: int
    rows: int
    at_least: float

    @property
    def share(self) -> float:
        """From 0 to 1; 0 where there are no rows."""
        return self.agreeing / self.rows if self.rows else 0.0

    @property
    def enough(self) -> bool:
        """Whether it is as much as it must be."""
        return self.share >= self.at_least


def same_label(name: str, ours: pa.Array, theirs: pa.Array, pattern: str, at_least: float) -> Share:
    """Count rows where our label is theirs.

    Parameters
    ----------
    ours, theirs
        Shape (n,), text; rows where ``theirs`` is null or empty are not counted.
    pattern
        Regular expression for a whole label of theirs; its first group is compared.
    """
    form = re.compile(pattern)
    wanted = [_plain(label, form) for label in theirs.to_pylist()]
    pairs = [(our, their) for our, their in zip(ours.to_pylist(), wanted, strict=True) if their]
    return Share(name, sum(our == their for our, their in pairs), len(pairs), at_least)


def on_time(ours: pa.Table, theirs: pa.Array, yes: str, at_least: float, calendar: Calendar) -> Share:
    """Count closed rows that are on time by our own deadline where the file says so, and only there.

    The file's target is taken as the time that it promises on the wall clock, and our arithmetic counts that
    from the report; what has no target is never late.

    Parameters
    ----------
    ours
        ``requested_at``, ``due_at`` and ``closed_at`` of n reports, UTC.
    theirs
        Shape (n,), text: ``yes`` means on time.
    """
    requested, target, closed = (
        ours[name].to_numpy().astype("datetime64[us]") for name in ("requested_at", "due_at", "closed_at")
    )
    years = requested.astype("datetime64[Y]").astype(int) + 1970
    clock = clock_changes(calendar.time_zone, int(years.min()) - 1, int(years.max()) + 12)
    promised = np.full(len(requested), np.nan)
    has = ~np.isnat(target)
    begin, end = (
        clock.wall(each[has].astype("datetime64[s]").view(np.int64)) for each in (requested, target)
    )
    promised[has] = (end - begin) / 3600
    # What was due before it was reported was late from the first second on.
    hopeless = promised <= 0
    due = due_at_many(
        requested, np.where(hopeless, np.nan, promised), np.zeros(len(requested), bool), calendar
    )
    is_on_time = np.isnat(due) & ~hopeless | (closed <= due)
    said = np.array(theirs.to_pylist(), dtype=object) == yes
    over = ~np.isnat(closed)
    return Share("on time", int((is_on_time == said)[over].sum()), int(over.sum()), at_least)


def _plain(label: str | None, form: re.Pattern[str]) -> str | None:
    match = form.fullmatch(label or "")
    return match[1] if match else label


def asset_streets(atlas: Atlas, kind: str, at_least: float) -> Share:
    """Count assets whose nearest segment has the name of the street they are listed under.

    Names are compared without case and punctuation; ``MAIN`` is also the name of ``Main St``.
    """
    assets = atlas.assets[kind]
    listed = [fold(name) for name in assets.street.tolist()]
    places = atlas.locate(*atlas.metric.to_lonlat(assets.x, assets.y))
    names = [fold(name) for name in atlas.segments.name.tolist()]
    agreeing = rows = 0
    for street, segment in zip(listed, places.segment.tolist(), strict=True):
        if street:
            rows += 1
            nearest = names[segment] if segment >= 0 else ""
            agreeing += street in (nearest, nearest.rpartition(" ")[0])
    return Share(f"street of {kind}", agreeing, rows, at_least)


def house_numbers(atlas: Atlas, within: int, at_least: float) -> Share:
    """Count points made at a known house number that give it back, at most ``within`` off.

    For each side of a segment that has a range, points are made beside the centerline at `PARTS` of its
    length; the number there is known by the range's straight division. One that is nearer to a segment of
    another name is not counted: it is not at a number of that street.
    """
    x, y, segment, number = _numbered_points(atlas)
    places = atlas.locate(*atlas.metric.to_lonlat(x, y))
    names = atlas.segments.name
    same_street = (places.segment >= 0) & (names[places.segment] == names[segment])
    off = np.abs(places.house_number - number)[same_street]
    return Share("house number", int((off <= within).sum()), len(off), at_least)


def _numbered_points(atlas: Atlas) -> tuple[Floats, Floats, Ints, Ints]:
    """Return points beside segments (metres), the segment of each and the house number there."""
    lines = atlas.segments.lines
    found: list[tuple[float, float, int, int]] = []
    left_from, left_to, right_from, right_to = (numbers.tolist() for numbers in atlas.segments.ranges)
    for i in range(len(atlas.segments)):
        line = shapely.LineString(lines.coords[lines.offsets[i] : lines.offsets[i + 1]])
        for side, begin, end in ((1, left_from[i], left_to[i]), (-1, right_from[i], right_to[i])):
            if begin > 0 and end > 0:
                found += [(*_beside(line, part, side), i, _number(begin, end, part)) for part in PARTS]
    x, y, segment, number = np.array(found, dtype=np.float64).reshape(-1, 4).T
    return x, y, segment.astype(np.int32), number.astype(np.int32)


def _beside(line: shapely.LineString, part: float, side: int) -> tuple[float, float]:
    """Return the point `BESIDE_M` left (1) or right (-1) of a part of a line."""
    here = line.interpolate(part, normalized=True)
    ahead = line.interpolate(part + 0.01, normalized=True)
    length = here.distance(ahead)
    east, north = (ahead.x - here.x) / length, (ahead.y - here.y) / length
    return here.x - side * BESIDE_M * north, here.y + side * BESIDE_M * east


def _number(begin: int, end: int, part: float) -> int:
    """Return the number of the right parity at a part of a range."""
    if begin % 2 == end % 2:
        return begin + 2 * round((end - begin) / 2 * part)
    return begin + round((end - begin) * part)

"""A small map drawn on the server: the streets around one spot, as SVG. It needs no script, and prints."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

from layers.atlas import Atlas
from layers.current import current_atlas
from webapp.pages.context import served

WIDTH, HEIGHT = 640, 280
REACH_M = 190.0
"""How far to the left and right of the pin the picture reaches, in metres."""
MOST_STREETS = 160
LONGEST_LABELS = 5
LABEL_SPACE_PX = 60
BROAD = frozenset({"motorway", "trunk", "primary", "secondary", "arterial", "highway"})


@dataclass(frozen=True)
class Line:
    """One segment: SVG path data, and how broad it is drawn."""

    path: str
    width: float
    here: bool
    """Whether it is the segment that the pin is on."""


@dataclass(frozen=True)
class Label:
    """The name of a street, set along it."""

    text: str
    x: float
    y: float
    degrees: float


@dataclass(frozen=True)
class Pin:
    """A pin, its point at x, y; with a letter where there are several."""

    x: float
    y: float
    letter: str = ""


@dataclass(frozen=True)
class Thumbnail:
    """What the template draws. The first pin is in the middle."""

    width: int
    height: int
    lines: list[Line]
    labels: list[Label]
    pins: list[Pin]


def thumbnail(
    lon: float | None, lat: float | None, other: tuple[float | None, float | None] | None = None
) -> Thumbnail | None:
    """Return the picture around a pin (EPSG:4326 degrees), or None without a pin or a street near it.

    With ``other`` there is a second pin, and they are called A and B; one beyond the picture is left out.
    """
    if lon is None or lat is None:
        return None
    here = served()
    atlas = current_atlas(here.session, here.city)
    x, y = atlas.metric.to_metric(lon, lat)
    if not (math.isfinite(x) and math.isfinite(y)):
        return None
    found = atlas.segment_index.within([x], [y], REACH_M * 1.1, k=MOST_STREETS)
    segments = [int(segment) for segment in found.segment[0] if segment >= 0]
    if not segments:
        return None
    lines = [_line(atlas, segment, x, y, here=segment == segments[0]) for segment in reversed(segments)]
    return Thumbnail(WIDTH, HEIGHT, lines, _labels(atlas, segments, x, y), _pins(atlas, x, y, other))


def _pins(atlas: Atlas, x: float, y: float, other: tuple[float | None, float | None] | None) -> list[Pin]:
    if other is None:
        return [Pin(WIDTH / 2, HEIGHT / 2)]
    pins = [Pin(WIDTH / 2, HEIGHT / 2, "A")]
    lon, lat = other
    if lon is not None and lat is not None:
        scale = WIDTH / (2 * REACH_M)
        ox, oy = atlas.metric.to_metric(lon, lat)
        px, py = WIDTH / 2 + (float(ox) - x) * scale, HEIGHT / 2 - (float(oy) - y) * scale
        # Two pins on one spot stand beside each other.
        px += 16 if math.hypot(px - WIDTH / 2, py - HEIGHT / 2) < 16 else 0
        if 0 <= px <= WIDTH and 0 <= py <= HEIGHT:
            pins.append(Pin(round(px, 1), round(py, 1), "B"))
    return pins


def _pixels(atlas: Atlas, segment: int, x: float, y: float) -> list[tuple[float, float, bool]]:
    """Return the vertices of a segment in pixels, and for each whether a new part begins with it."""
    lines = atlas.segments.lines
    begin, end = lines.offsets[segment], lines.offsets[segment + 1]
    scale = WIDTH / (2 * REACH_M)
    return [
        (WIDTH / 2 + (vx - x) * scale, HEIGHT / 2 - (vy - y) * scale, bool(gap))
        for (vx, vy), gap in zip(lines.coords[begin:end], lines.gaps[begin:end], strict=True)
    ]


def _line(atlas: Atlas, segment: int, x: float, y: float, *, here: bool) -> Line:
    points = _pixels(atlas, segment, x, y)
    path = "".join(f"{'M' if gap else 'L'}{px:.1f} {py:.1f}" for px, py, gap in points)
    return Line(path, 13 if str(atlas.segments.class_[segment]) in BROAD else 8, here)


def _labels(atlas: Atlas, segments: list[int], x: float, y: float) -> list[Label]:
    """Name each street once, along its longest straight stretch, away from the pin and each other."""
    best: dict[str, tuple[float, Label]] = {}
    for segment in segments:
        name = str(atlas.segments.name[segment])
        if not name:
            continue
        points = _pixels(atlas, segment, x, y)
        for (ax, ay, _), (bx, by, gap) in itertools.pairwise(points):
            length = math.hypot(bx - ax, by - ay)
            mx, my = (ax + bx) / 2, (ay + by) / 2
            if gap or not _has_room(mx, my) or length <= best.get(name, (0.0,))[0]:
                continue
            degrees = math.degrees(math.atan2(by - ay, bx - ax))
            degrees -= 180 * round(degrees / 180)  # never upside down
            best[name] = (length, Label(name, round(mx, 1), round(my, 1), round(degrees, 1)))
    chosen: list[Label] = []
    for length, label in sorted(best.values(), key=lambda item: -item[0]):
        fits = length > 8 * len(label.text)
        apart = all(math.hypot(label.x - other.x, label.y - other.y) > LABEL_SPACE_PX for other in chosen)
        if fits and apart and len(chosen) < LONGEST_LABELS:
            chosen.append(label)
    return chosen


def _has_room(px: float, py: float) -> bool:
    inside = 40 < px < WIDTH - 40 and 20 < py < HEIGHT - 20
    return inside and math.hypot(px - WIDTH / 2, py - HEIGHT / 2) > LABEL_SPACE_PX

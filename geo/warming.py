"""Compile the hot loops ahead of time."""

import math
import re
from pathlib import Path

import numpy as np
import shapely

from geo.clusters import plain_radius
from geo.points import PointIndex
from geo.polylines import Polylines
from geo.segments import SegmentIndex
from geo.zones import ZoneIndex

_HERE = Path(__file__).parent


def warm() -> None:
    """Call every compiled loop once, on next to nothing."""
    _drop_stale_kernels()
    x, y = np.array([1.0, 2.0]), np.array([1.0, 3.0])
    streets = Polylines.from_shapely([shapely.LineString([(0, 0), (4, 0), (4, 4)])])
    streets.interpolate(np.zeros(2, np.int32), x)
    segments = SegmentIndex(streets)
    segments.nearest(x, y, max_m=10.0)
    segments.within(x, y, 10.0)
    segments.project(x, y, np.zeros(2, np.int32))
    zones = ZoneIndex([shapely.box(0, 0, 2, 2)])
    zones.boundary_distance(x, y, zones.first(x, y))
    zones.all(x, y)
    points = PointIndex(x, y)
    points.nearest(x, y, max_m=10.0)
    points.within(x, y, 10.0)
    plain_radius(x, y, 1.0)


def _drop_stale_kernels() -> None:
    """Remove kernels older than any module here that theirs imports.

    numba looks at a kernel's own file only, and would go on using old copies of what other files put into it.
    """
    for kernel in (_HERE / "__pycache__").glob("*.nb[ic]"):
        if kernel.stat().st_mtime < _last_change(kernel.name.partition(".")[0]):
            kernel.unlink(missing_ok=True)


def _last_change(module: str) -> float:
    """Return when a module here, or one that it imports from here, last changed."""
    source = _HERE / f"{module}.py"
    if not source.exists():
        return math.inf
    imported = re.findall(r"^from geo\.(\w+) import", source.read_text("utf-8"), re.MULTILINE)
    return max([source.stat().st_mtime, *map(_last_change, imported)])

"""Compile the hot loops ahead of time."""

import math
import re
from pathlib import Path

import numpy as np
import shapely

from geo.arrays import Floats
from geo.clusters import plain_radius
from geo.duplicates import Limits, Model, Reports, ServiceHistory, Tickets, judge
from geo.houses import house_number
from geo.locator import Locator, Reach, Streets, ZoneLayers
from geo.matching import Matcher
from geo.mvt import point_layer
from geo.pair_features import N_FEATURES
from geo.points import PointIndex
from geo.polylines import Polylines
from geo.scoring import Weights
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
    zones.first(x, y)
    zones.all(x, y)
    none = np.zeros(1, np.int32)
    known, parted = Streets(none, np.zeros((4, 1), np.int32)), ZoneLayers(none, none, none, 0)
    locator = Locator(segments, known, zones, parted, np.zeros((0, 2)), Reach(1.0, 1.0, 1.0, 1.0))
    locator.locate(locator.visit(x, y))
    house_number(x, np.zeros(2, np.int8), x, np.zeros((4, 2), np.int32))
    points = PointIndex(x, y)
    points.nearest(x, y, max_m=10.0)
    points.within(x, y, 10.0)
    plain_radius(x, y, 1.0)
    point_layer("any", 4096, [(1, 1)], [1], keys=["any"], values=[], numbers=[1], tags=[[0]])
    _warm_matching(x, y)


def _warm_matching(x: Floats, y: Floats) -> None:
    """Match two reports by a model that knows nothing."""
    flat = np.zeros((N_FEATURES, 1))
    model = Model(
        weights=Weights(knots=flat, weights=flat.copy(), missing=flat[:, 0].copy(), nesting=1.0),
        services={},
        unknown_service=ServiceHistory(repeat_rate=0.0, usual_h=24.0),
        affinities={},
        limits=Limits(auto=1.0, flag=1.0, reach_m=10.0, lookback_days=1.0),
    )
    services = model.bind(["any"])
    one = Reports(x=x[:1], y=y[:1], opened=x[:1], service=[0])
    ticket = Tickets(x=x[:1], y=y[:1], opened=x[:1], service=[0], latest=x[:1], reports=[1])
    judge(one, ticket, services, model)
    matcher = Matcher(services, model)
    matcher.add_tickets(ticket)
    matcher.match(Reports(x=x, y=y, opened=x, service=[0, 0]))


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

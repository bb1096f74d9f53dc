"""Which of a million reports are one ticket: by a plain radius beside other tools, and by scored matching.

The plain rule is one service, at most 10 m apart, whatever lies between: what PostGIS calls ST_ClusterDBSCAN
with one point a cluster, and scikit-learn DBSCAN with min_samples=1. All must find the same partition. The
scored matching has no peer; its reports a second are told.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

import geo
from bench import atlases
from bench.atlases import CityAtlas
from bench.measure import Run, machine, measure, ratios
from geo.arrays import Floats, Ints
from geo.clusters import plain_radius
from geo.duplicates import NONE, Reports
from geo.matching import Decisions, Matcher
from webapp.intake import duplicates

REPORTS = 1_000_000
GOALS = {"postgis": 4.0, "scikit-learn": 4.0}
RADIUS_M = 10.0
SERVICES = 20
_YEAR_S = 365 * 86_400.0
_DONE_AFTER_H = 72.0
# PostGIS is measured on fewer reports and counted by the report.
_FEWER = 200_000

Same = Callable[[Ints], float]


@dataclass(frozen=True)
class Drawn:
    """Reports of a year, in the order of their times; metres and seconds."""

    city: CityAtlas
    lon: Floats
    lat: Floats
    x: Floats
    y: Floats
    service: Ints
    opened: Floats
    closed: Floats


def run(size: int | None = None) -> dict[str, Any]:
    """Put `size` reports (a million) of the generated city together."""
    count = size or REPORTS
    geo.warm()
    drawn = _draw(count)
    ours = plain_radius(drawn.x, drawn.y, RADIUS_M, drawn.service)

    def same(clusters: Ints) -> float:
        """The share of reports in the same cluster, clusters being called by their first report."""
        return float(np.mean(_by_first(clusters) == _by_first(ours[: len(clusters)])))

    runs = [
        _ours(drawn, repeat=5),
        *_sklearn(drawn, same),
        *_postgis(drawn),
    ]
    matching, decisions = _matching(drawn)
    return {
        "name": "cluster",
        "machine": machine("numba", "numpy", "scikit-learn", "scipy"),
        "goals": {"times_as_fast_as": GOALS, "equal": 1.0},
        "datasets": [
            {
                "data": f"a year of {count:,} reports of {SERVICES} services in the {drawn.city.name}",
                "reports": count,
                "tickets_by_radius": int(ours.max(initial=-1)) + 1,
                "matching": matching.as_json(),
                "matching_reports_per_second": round(count / matching.seconds),
                "matching_joined_or_flagged": round(float((decisions.decision != NONE).mean()), 4),
                "times_as_fast_as": ratios(runs),
                "runs": [one.as_json() for one in runs],
            }
        ],
    }


def growth(size: int) -> Run:
    """Measure the plain radius on `size` reports.

    The city stays the same, so that the reports get denser: 0.03, 0.28 and 2.8 others of the service are
    within the radius of each of 10 k, 100 k and 1 M.
    """
    geo.warm()
    return _ours(_draw(size), repeat=3)


def _draw(count: int) -> Drawn:
    city = atlases.generated_city()
    rng = np.random.default_rng(3)
    lon, lat = city.pins(3, count)
    x, y = city.atlas.metric.to_metric(lon, lat)
    opened = np.sort(rng.uniform(0, _YEAR_S, count))
    closed = opened + rng.exponential(_DONE_AFTER_H * 3600.0, count)
    service = rng.integers(0, SERVICES, count).astype(np.int32)
    return Drawn(city, lon, lat, x, y, service, opened, np.where(closed > _YEAR_S, np.nan, closed))


def _ours(drawn: Drawn, *, repeat: int) -> Run:
    return measure(
        "pinward",
        "plain_radius",
        len(drawn.x),
        lambda: plain_radius(drawn.x, drawn.y, RADIUS_M, drawn.service),
        repeat=repeat,
    )


def _matching(drawn: Drawn) -> tuple[Run, Decisions]:
    """Match the reports by the model that is shipped, from places to decisions; they have no words."""
    model = duplicates.shipped()
    services = model.bind(sorted(model.services)[:SERVICES])
    answers: list[Decisions] = []

    def match() -> None:
        places = drawn.city.atlas.locate(drawn.lon, drawn.lat)
        reports = Reports(
            x=drawn.x,
            y=drawn.y,
            opened=drawn.opened,
            closed=drawn.closed,
            service=drawn.service,
            matchable=places.placed,
            segment=places.segment,
            side=places.side,
            along_m=places.along_m,
        )
        answers[:] = [Matcher(services, model).match(reports)]

    return measure("pinward", "Atlas.locate, Matcher.match", len(drawn.x), match, repeat=2), answers[0]


def _sklearn(drawn: Drawn, same: Same) -> list[Run]:
    try:
        from sklearn.cluster import DBSCAN
    except ImportError:
        return []
    points = np.column_stack([drawn.x, drawn.y])

    def by_service(**options: Any) -> Ints:
        clusters = np.empty(len(points), np.int64)
        used = 0
        for service in range(SERVICES):
            mine = np.flatnonzero(drawn.service == service)
            found = DBSCAN(eps=RADIUS_M, min_samples=1, **options).fit_predict(points[mine])
            clusters[mine] = found + used
            used += int(found.max(initial=-1)) + 1
        return clusters

    ways: dict[str, dict[str, Any]] = {
        "DBSCAN by service, kd_tree, all cores": {"algorithm": "kd_tree", "n_jobs": -1},
        "DBSCAN by service, kd_tree": {"algorithm": "kd_tree"},
        "DBSCAN by service, ball_tree": {"algorithm": "ball_tree"},
    }
    return [
        measure("scikit-learn", way, len(points), lambda options=options: by_service(**options), same=same)
        for way, options in ways.items()
    ]


def _postgis(drawn: Drawn) -> list[Run]:
    url = os.environ.get("DATABASE_URL")
    if not url:
        return []
    from bench import postgis

    count = min(_FEWER, len(drawn.x))
    x, y, service = drawn.x[:count], drawn.y[:count], drawn.service[:count]
    ours = _by_first(plain_radius(x, y, RADIUS_M, service))

    def same(clusters: Ints) -> float:
        return float(np.mean(_by_first(clusters) == ours))

    with postgis.scratch(url) as connection:
        postgis.load(connection, "reports", shapely.points(x, y))
        postgis.number(connection, "reports", "service", service)
        way = "ST_ClusterDBSCAN over (partition by service)"
        clusters = lambda: postgis.clusters(connection, RADIUS_M)  # noqa: E731
        return [measure("postgis", way, count, clusters, repeat=2, same=same)]


def _by_first(clusters: Ints) -> Ints:
    """Return, for each report, the first report of its cluster."""
    _, first, inverse = np.unique(clusters, return_index=True, return_inverse=True)
    found: Ints = first[inverse]
    return found

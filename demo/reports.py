"""Two years of reports from a made-up city, as a table like those that cities publish."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pyarrow as pa
import shapely
from numpy.random import Generator

from demo.assets import Assets
from demo.ground import CENTER, SRID, Ground
from demo.habits import CHANNELS, HABITS, HOURS
from demo.streets import Segments
from geo.projection import projection

DAYS = 730
REPORTS_A_SEGMENT = 2.0


def make_reports(
    rng: Generator,
    ground: Ground,
    segments: Segments,
    assets: dict[str, Assets],
    until: datetime,
    count: int | None = None,
) -> pa.Table:
    """Make about ``count`` reports that end at ``until``, in the order of time.

    Problems arise more often downtown and on a few bad blocks; several people report some of them, each with
    a pin of their own; crews close most and are late with some.

    Returns
    -------
    table
        ``id, service, requested_at, closed_at, lon, lat, description, channel``; times are local, without a
        zone; ``closed_at`` is empty while the problem is open.
    """
    per_problem = 1 + sum(h.share * h.repeats for h in HABITS.values()) / sum(
        h.share for h in HABITS.values()
    )
    problems = max(1, round((count or REPORTS_A_SEGMENT * len(segments.id)) / per_problem))
    codes = list(HABITS)
    habits = list(HABITS.values())
    shares = np.array([habit.share for habit in habits])
    service = rng.choice(len(codes), problems, p=shares / shares.sum())
    x, y = _where(rng, ground, segments, assets, service)
    day = _days(rng, service, until)
    hour = rng.choice(24, problems, p=np.array(HOURS) / sum(HOURS)) + rng.random(problems)
    began = day * 24 + hour
    pace = np.array([habit.hours for habit in habits])[service]
    # One in seven waits for parts, weather or another owner.
    held_up = np.where(rng.random(problems) < 1 / 7, 20, 1)
    closed = began + 1 + pace * held_up * rng.lognormal(0, 0.9, problems)

    problem = _several(rng, service)
    first = np.flatnonzero(np.diff(problem, prepend=-1))
    lag = rng.exponential(0.35 * np.minimum(pace, 96)[problem])
    lag[first] = 0
    asked = began[problem] + np.minimum(lag, 0.95 * (closed - began)[problem])
    spread = np.where(np.isin(np.arange(len(problem)), first), 2.0, 9.0)
    x, y = x[problem] + rng.normal(0, spread), y[problem] + rng.normal(0, spread)
    known = asked < DAYS * 24
    order = np.flatnonzero(known)[np.argsort(asked[known], kind="stable")]
    return _table(rng, until, order, service[problem], asked, closed[problem], x, y)


def _where(
    rng: Generator, ground: Ground, segments: Segments, assets: dict[str, Assets], service: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Choose where each problem is: at an asset of its kind, or beside a segment."""
    middle = shapely.get_coordinates(shapely.line_interpolate_point(segments.lines, 0.5, normalized=True))
    away = np.hypot(*(middle - CENTER).T) / ground.radius
    worn = rng.lognormal(0, 0.8, len(middle))
    weight = worn * np.exp(-1.5 * away) * shapely.length(segments.lines)
    segment = rng.choice(len(weight), len(service), p=weight / weight.sum())
    point = shapely.line_interpolate_point(
        segments.lines[segment], rng.uniform(0.05, 0.95, len(service)), normalized=True
    )
    x, y = shapely.get_coordinates(point).T + rng.normal(0, 4, (2, len(service)))
    for number, habit in enumerate(HABITS.values()):
        if habit.asset in assets:
            mine = np.flatnonzero(service == number)
            things = assets[habit.asset]
            odds = weight[things.segment]
            chosen = rng.choice(len(things.id), len(mine), p=odds / odds.sum())
            x[mine], y[mine] = things.x[chosen], things.y[chosen]
    return x, y


def _days(rng: Generator, service: np.ndarray, until: datetime) -> np.ndarray:
    """Choose the day of each problem, 0 to 729, by the season of its service; weekends are quieter."""
    dates = np.datetime64(until.date()) - DAYS + np.arange(DAYS)
    month = dates.astype("datetime64[M]").astype(int) % 12
    weekend = np.isin((dates.astype("datetime64[D]").astype(int) + 3) % 7, (5, 6))
    day = np.empty(len(service), dtype=np.int64)
    for number, habit in enumerate(HABITS.values()):
        mine = service == number
        odds = np.array(habit.months)[month] * np.where(weekend, 0.55, 1.0)
        day[mine] = rng.choice(DAYS, mine.sum(), p=odds / odds.sum())
    return day


def _several(rng: Generator, service: np.ndarray) -> np.ndarray:
    """Return the problem of each report: once for its first, again for each repeat."""
    repeats = np.array([habit.repeats for habit in HABITS.values()])[service]
    # Geometric, so that a few problems are reported by many.
    extra = rng.geometric(1 / (1 + repeats)) - 1
    return np.repeat(np.arange(len(service)), 1 + extra)


def _table(
    rng: Generator,
    until: datetime,
    order: np.ndarray,
    service: np.ndarray,
    asked: np.ndarray,
    closed: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
) -> pa.Table:
    begin = np.datetime64(until.replace(tzinfo=None), "s") - np.timedelta64(DAYS * 24 * 3600, "s")
    lon, lat = projection(SRID).to_lonlat(x[order], y[order])
    codes = list(HABITS)
    words = [habit.words for habit in HABITS.values()]
    pick = rng.random(len(order))
    channels, odds = list(CHANNELS), list(CHANNELS.values())
    still_open = closed[order] >= DAYS * 24
    return pa.table(
        {
            "id": [f"D{number:07d}" for number in range(1, len(order) + 1)],
            "service": [codes[s] for s in service[order]],
            "requested_at": begin + (asked[order] * 3600).astype("timedelta64[s]"),
            "closed_at": pa.array(begin + (closed[order] * 3600).astype("timedelta64[s]"), mask=still_open),
            "lon": np.round(lon, 6),
            "lat": np.round(lat, 6),
            "description": [
                words[s][int(p * len(words[s]))] for s, p in zip(service[order], pick, strict=True)
            ],
            "channel": rng.choice(channels, len(order), p=odds),
        }
    )

"""Parts of a city to be compared: the zones of a layer, or hexagons; and the figures of each."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from weakref import WeakKeyDictionary

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.arrays import Floats
from geo.hexagons import Hexagons
from geo.zones import ZoneIndex
from layers.atlas import Atlas
from webapp.insight.durations import quantiles
from webapp.insight.facts import Facts
from webapp.insight.small_counts import FEWEST, hidden

HEXAGONS = "hexagons"
"""Stands in the place of a layer's name."""
HEXAGON_WIDTHS_M = (250.0, 400.0, 600.0, 1000.0, 1500.0, 2500.0, 4000.0)
MOST_HEXAGONS = 300
"""More than these cannot be told apart on a screen; of the widths the first that needs no more is taken."""
SMALLEST_PART = 0.005
"""Of a zone that has less than this part of it in a district only the border was drawn twice."""
SMALLEST_GAP = 0.001
"""Of a district, or of the city: the part of it below which a gap is filled."""
STREET_PIECE_M = 20.0
"""Streets are shared among areas in pieces of at most this length, each where its middle is."""

Ordinals = NDArray[np.int64]


@dataclass(frozen=True)
class Areas:
    """Parts of a city as columns of length n. They need not cover it, and zones may overlap."""

    layer: str
    """Of zones; `HEXAGONS` otherwise."""
    key: list[str]
    """Zone id; ``i:j`` of a hexagon."""
    name: list[str]
    """Of a hexagon the street in its middle; empty where there is none."""
    polygons: NDArray[np.object_]
    """In the city's metric CRS."""
    street_km: Floats
    whole: NDArray[np.bool_]
    """Whether all of it is here: of a zone that reaches beyond the district only a part is."""
    width_m: float | None = None
    """Of the hexagons."""

    def __len__(self) -> int:
        return len(self.key)


@dataclass(frozen=True, slots=True)
class AreaFigures:
    """What was counted in one area. None is a figure that is not shown, or that there is none of."""

    hidden: bool
    """Fewer than 5 tickets, or so few that the total would tell another's: see `small_counts`."""
    tickets: int | None = None
    per_km: float | None = None
    """Tickets a kilometre of street."""
    per_1000: float | None = None
    """Tickets for each 1,000 residents."""
    median_days: float | None = None
    """Kaplan–Meier median of the days from the first report to completion; declined tickets left out."""
    late: float | None = None
    """Of those with a promised date that are closed or past it: the share, from 0 to 1, that missed it."""
    reopened: float | None = None
    """Of those that were ever completed: the share, from 0 to 1, that was opened again."""


MEASURES = ("tickets", "per_km", "per_1000", "median_days", "late", "reopened")
"""What areas can be coloured by."""


_kept: WeakKeyDictionary[Atlas, dict[tuple[str, str | None], Areas]] = WeakKeyDictionary()


def ground(atlas: Atlas, district: str | None) -> shapely.Geometry | None:
    """Return a district, or the whole city, in its metric CRS; None of a city without a boundary.

    Raises
    ------
    KeyError
        If there is no such district.
    """
    layer = atlas.city.boundary_layer if district is None else atlas.city.district_layer
    table = atlas.zones.get(layer or "")
    if district is None:
        return _without_gaps(shapely.union_all(table.polygons)) if table else None
    if table is None or district not in table.source_id:
        raise KeyError(district)
    return _without_gaps(table.polygons[table.source_id.tolist().index(district)])


def _without_gaps(shape: shapely.Geometry) -> shapely.MultiPolygon:
    """Return a (multi)polygon without its smallest gaps: these are mostly borders drawn twice."""
    least = SMALLEST_GAP * shapely.area(shape)
    return shapely.MultiPolygon(
        [
            (part.exterior, [ring for ring in part.interiors if shapely.Polygon(ring).area >= least])
            for part in shapely.get_parts(shape).tolist()
        ]
    )


def areas(atlas: Atlas, layer: str, district: str | None) -> Areas | None:
    """Return the zones of a layer, or `HEXAGONS`, within a district or the whole city; kept with the atlas.

    None where it is the whole city and it has no boundary.
    """
    kept = _kept.setdefault(atlas, {})
    if (layer, district) not in kept:
        within = ground(atlas, district)
        if within is None:
            return None
        kept[layer, district] = (
            _hexagons(atlas, within) if layer == HEXAGONS else _zones(atlas, layer, within)
        )
    return kept[layer, district]


def _zones(atlas: Atlas, layer: str, within: shapely.Geometry | None) -> Areas:
    """Return all zones of a layer, or the parts of them that lie within an area."""
    table = atlas.zones[layer]
    ids, names, polygons = table.source_id, table.name, table.polygons
    whole = np.ones(len(ids), np.bool_)
    if within is not None:
        parts = _clipped(polygons, within)
        share: Floats = np.asarray(shapely.area(parts) / shapely.area(polygons))
        chosen = np.flatnonzero(share > SMALLEST_PART)
        ids, names, polygons = ids[chosen], names[chosen], parts[chosen]
        whole = share[chosen] > 1.0 - SMALLEST_PART
    return Areas(layer, ids.tolist(), names.tolist(), polygons, _street_km(atlas, polygons), whole)


def _hexagons(atlas: Atlas, within: shapely.Geometry) -> Areas:
    grid = Hexagons(hexagon_width(float(shapely.area(within))))
    i, j = grid.covering(within)
    polygons = _clipped(grid.polygons(i, j), within)
    key = [f"{a}:{b}" for a, b in zip(i.tolist(), j.tolist(), strict=True)]
    # Nobody counts residents by hexagons.
    whole, km = np.zeros(len(key), np.bool_), _street_km(atlas, polygons)
    return Areas(HEXAGONS, key, _streets_at(atlas, polygons), polygons, km, whole, grid.width)


def _streets_at(atlas: Atlas, polygons: NDArray[np.object_]) -> list[str]:
    """Return the name of the street in the middle of each polygon; empty where none is near."""
    middles = shapely.get_coordinates(shapely.point_on_surface(polygons))
    places = atlas.locate(*atlas.metric.to_lonlat(middles[:, 0], middles[:, 1]))
    return [place.street or "" for place in places]


def hexagon_width(area_m2: float) -> float:
    """Return the width in metres of the hexagons that an area of so many square metres is shown in."""
    of_one = math.sqrt(3.0) / 2.0
    fitting = (w for w in HEXAGON_WIDTHS_M if area_m2 / (of_one * w * w) <= MOST_HEXAGONS)
    return next(fitting, HEXAGON_WIDTHS_M[-1])


def area_of_tickets(facts: Facts, areas: Areas, atlas: Atlas) -> Ordinals:
    """Return which of the areas each ticket is in, (n,); -1 for none.

    A ticket belongs to the zones that it was located in, which may be those of an earlier edition.
    """
    if areas.layer == HEXAGONS:
        return _hexagon_of_tickets(facts, areas, atlas)
    labels = facts.zones.get(areas.layer)
    if labels is None:
        return np.full(len(facts), -1, np.int64)
    ordinal = {key: number for number, key in enumerate(areas.key)}
    # The last is that of tickets without a zone, whose code is -1.
    of_name = np.array([ordinal.get(name, -1) for name in labels.names.tolist()] + [-1], np.int64)
    found: Ordinals = of_name[labels.codes]
    return found


def figures(
    facts: Facts, area: Ordinals, areas: Areas, residents: Floats, now: datetime
) -> list[AreaFigures]:
    """Return what is to be told of each area.

    Parameters
    ----------
    facts
        The tickets.
    area
        Of each ticket; see `area_of_tickets`.
    residents
        Shape (n,), of each area; NaN where it is not known.
    now
        Until when open tickets have taken.
    """
    counts = np.bincount(area[area >= 0], minlength=len(areas))
    not_shown = hidden(counts)
    days, late = facts.days(now), facts.late(now)
    promised = ~np.isnat(facts.due) & (late | ~np.isnat(facts.closed))
    finished = facts.completed | (facts.visits > 0)
    order = np.argsort(area, kind="stable")
    rows = np.split(order, np.searchsorted(area[order], np.arange(len(areas) + 1)))[1:-1]
    found = []
    for number, mine in enumerate(rows):
        tickets = len(mine)
        if not_shown[number]:
            found.append(AreaFigures(hidden=True))
            continue
        taken = mine[~facts.declined[mine]]
        found.append(
            AreaFigures(
                hidden=False,
                tickets=tickets,
                per_km=_per(tickets, areas.street_km[number]),
                per_1000=_per(tickets, residents[number] / 1000.0),
                median_days=quantiles(days[taken], facts.completed[taken], 0.5)[0]
                if len(taken) >= FEWEST
                else None,
                late=_share(late[mine], promised[mine]),
                reopened=_share(facts.reopened[mine] > 0, finished[mine]),
            )
        )
    return found


def _per(tickets: int, amount: float) -> float | None:
    return float(tickets / amount) if amount > 0 else None


def _share(some: NDArray[np.bool_], of: NDArray[np.bool_]) -> float | None:
    """Return the share of ``some`` among ``of``; None where these are too few to tell a share."""
    total = int(of.sum())
    return float((some & of).sum() / total) if total >= FEWEST else None


def _clipped(polygons: NDArray[np.object_], within: shapely.Geometry) -> NDArray[np.object_]:
    """Return what polygons and an area share, without the lines that they share besides."""
    parts, owner = shapely.get_parts(shapely.intersection(polygons, within), return_index=True)
    have_ground = shapely.get_dimensions(parts) == 2
    clipped = np.full(len(polygons), shapely.MultiPolygon(), dtype=object)
    flat, of_part = shapely.get_parts(parts[have_ground], return_index=True)
    shapely.multipolygons(flat, indices=owner[have_ground][of_part], out=clipped)
    return clipped


def _hexagon_of_tickets(facts: Facts, areas: Areas, atlas: Atlas) -> Ordinals:
    assert areas.width_m is not None  # noqa: S101  (hexagons have one)
    found = np.full(len(facts), -1, np.int64)
    placed = np.flatnonzero(np.isfinite(facts.lon))
    if not len(placed):
        return found
    x, y = atlas.metric.to_metric(facts.lon[placed].astype(np.float64), facts.lat[placed].astype(np.float64))
    on_map = np.isfinite(x)
    i, j = Hexagons(areas.width_m).cells(x[on_map], y[on_map])
    ordinal = {key: number for number, key in enumerate(areas.key)}
    cells, which = np.unique(np.stack([i, j]), axis=1, return_inverse=True)
    of_cell = np.array([ordinal.get(f"{a}:{b}", -1) for a, b in cells.T.tolist()], np.int64)
    found[placed[on_map]] = of_cell[which.ravel()]
    return found


def _street_km(atlas: Atlas, polygons: NDArray[np.object_]) -> Floats:
    """Return the kilometres of street in each polygon."""
    lines = atlas.segments.lines
    begin, end = lines.coords[:-1], lines.coords[1:]
    length = np.hypot(*(end - begin).T) * ~lines.gaps[1:]
    pieces = np.ceil(length / STREET_PIECE_M).astype(np.int64)
    edge = np.repeat(np.arange(len(length)), pieces)
    nth = np.arange(len(edge)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    middle = begin[edge] + (end - begin)[edge] * ((nth + 0.5) / pieces[edge])[:, None]
    usable = np.flatnonzero(~shapely.is_empty(polygons))
    offsets, found = ZoneIndex(polygons[usable]).all(middle[:, 0], middle[:, 1])
    metres = np.repeat((length / np.maximum(pieces, 1))[edge], np.diff(offsets))
    km = np.zeros(len(polygons))
    km[usable] = np.bincount(found, weights=metres, minlength=len(usable)) / 1000.0
    return km

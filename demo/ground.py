"""The ground a made-up city stands on: its outline, river, parks and quarters. Metric coordinates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.random import Generator

from demo.names import QUARTERS, in_turn

SRID = 32616
"""UTM zone 16 North, in metres."""
CENTER = (300_000.0, 4_540_000.0)
SEGMENTS_PER_KM2 = 128.0


@dataclass(frozen=True)
class Quarter:
    """A part of the city with one street grid."""

    name: str
    area: shapely.Polygon
    angle: float
    """Direction of the grid, radians."""
    block: tuple[float, float]
    """Length and depth of its blocks, metres."""


@dataclass(frozen=True)
class Ground:
    """Everything that is there before the streets."""

    radius: float
    outline: shapely.Polygon
    river: shapely.Geometry
    parks: list[shapely.Polygon]
    quarters: list[Quarter]


def make_ground(rng: Generator, size: int) -> Ground:
    """Draw the ground for a city of about ``size`` street segments."""
    radius = float(np.sqrt(size / SEGMENTS_PER_KM2 / np.pi) * 1000)
    outline = _outline(rng, radius)
    river = _river(rng, radius)
    count = max(5, round(outline.area / 3.2e6))
    cells = cells_of(rng, outline, count)
    names = in_turn(QUARTERS)
    quarters = [
        Quarter(
            name=next(names),
            area=cell,
            angle=float(rng.choice([0.0, 0.0, 0.35, -0.3, 0.78]) + rng.normal(0, 0.04)),
            block=(float(rng.uniform(150, 210)), float(rng.uniform(80, 105))),
        )
        for cell in cells
    ]
    return Ground(radius, outline, shapely.intersection(river, outline), _parks(rng, quarters), quarters)


def cells_of(
    rng: Generator, outline: shapely.Polygon, count: int, seeds: np.ndarray | None = None
) -> list[shapely.Polygon]:
    """Divide ``outline`` into ``count`` cells without gap or overlap, in the order of their seeds.

    Parameters
    ----------
    seeds : (count, 2) array, optional
        Points the cells grow around; drawn at random, then evened out by Lloyd's relaxation, where not given.
    """
    if seeds is None:
        west, south, east, north = outline.bounds
        seeds = rng.uniform((west, south), (east, north), (count, 2))
        for _ in range(4):
            seeds = shapely.get_coordinates(shapely.centroid(_voronoi(seeds, outline)))
    return [max(shapely.get_parts(cell), key=shapely.area) for cell in _voronoi(seeds, outline)]


def _voronoi(seeds: np.ndarray, outline: shapely.Polygon) -> np.ndarray:
    cells = shapely.get_parts(
        shapely.voronoi_polygons(shapely.multipoints(seeds), extend_to=outline.envelope, ordered=True)
    )
    clipped: np.ndarray = shapely.intersection(cells, outline)
    return clipped[~shapely.is_empty(clipped)]


def _outline(rng: Generator, radius: float) -> shapely.Polygon:
    angle = np.linspace(0, 2 * np.pi, 96, endpoint=False)
    wave = sum(rng.uniform(0.01, 0.05) * np.sin(k * angle + rng.uniform(0, 2 * np.pi)) for k in (2, 3, 5, 7))
    reach = radius * (1 + wave)
    return shapely.Polygon(
        np.column_stack([CENTER[0] + reach * np.cos(angle), CENTER[1] + reach * np.sin(angle)])
    )


def _river(rng: Generator, radius: float) -> shapely.Polygon:
    along = np.linspace(-1.3, 1.3, 60) * radius
    across = 0.12 * radius * np.sin(along / radius * 3.1 + rng.uniform(0, 6)) - 0.22 * radius
    turn = rng.uniform(0.2, 0.5)
    x = CENTER[0] + along * np.cos(turn) - across * np.sin(turn)
    y = CENTER[1] + along * np.sin(turn) + across * np.cos(turn)
    return shapely.buffer(shapely.LineString(np.column_stack([x, y])), 70)


def _parks(rng: Generator, quarters: list[Quarter]) -> list[shapely.Polygon]:
    """A round-cornered park in two of three quarters."""
    parks = []
    for quarter in quarters:
        if rng.random() < 0.66:
            half = rng.uniform(90, 190)
            box = shapely.box(-half, -half * 0.7, half, half * 0.7)
            at = quarter.area.representative_point()
            shifted = shapely.affinity.translate(
                shapely.affinity.rotate(box, quarter.angle, use_radians=True), at.x, at.y
            )
            parks.append(shapely.buffer(shifted, 25))
    return parks

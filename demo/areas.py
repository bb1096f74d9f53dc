"""The polygons of a made-up city: council districts, public works areas, neighborhoods, water and parks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.random import Generator

from demo.ground import CENTER, Ground, cells_of

COUNCIL_DISTRICTS = 7
WORKS_AREAS = {"center": (0.0, 0.05), "north": (-0.1, 0.65), "south": (-0.2, -0.6), "east": (0.65, 0.0)}
"""Each area's middle, in radii of the city from its center."""
RESIDENTS_PER_KM2 = 6200.0
"""In the middle of the city; at its edge they are a third."""
SAMPLE_M = 100.0


@dataclass(frozen=True)
class Areas:
    """Named polygons as columns of equal length; ``shapes`` in metric coordinates."""

    shapes: Sequence[shapely.Geometry]
    id: list[str]
    name: list[str]
    class_: list[str] | None = None
    residents: list[int] | None = None


def make_areas(rng: Generator, ground: Ground) -> dict[str, Areas]:
    """Draw every polygon layer, by the name of its file."""
    # A seed far out in a corner may be left without ground, and its district with it.
    council = cells_of(rng, ground.outline, COUNCIL_DISTRICTS)
    districts = [str(number) for number in range(1, len(council) + 1)]
    seeds = np.array(CENTER) + ground.radius * np.array(list(WORKS_AREAS.values()))
    quarters = ground.quarters
    downtown = shapely.intersection(shapely.Point(CENTER).buffer(0.28 * ground.radius), ground.outline)
    waters = list(shapely.get_parts(ground.river))
    return {
        "boundary": Areas([ground.outline], ["city"], ["Alder Falls"]),
        "council": Areas(
            council, districts, [f"District {n}" for n in districts], residents=residents(council, ground)
        ),
        "works": Areas(
            cells_of(rng, ground.outline, len(seeds), seeds),
            list(WORKS_AREAS),
            [n.title() for n in WORKS_AREAS],
        ),
        "neighborhoods": Areas(
            [q.area for q in quarters],
            [q.name.lower().replace(" ", "-") for q in quarters],
            [q.name for q in quarters],
            residents=residents([q.area for q in quarters], ground),
        ),
        "downtown": Areas([downtown], ["downtown"], ["Downtown"]),
        "private": Areas([_mills(ground)], ["mills"], ["Alder Mills"]),
        "land": Areas(
            [*waters, *ground.parks],
            [*(f"W{n}" for n in range(len(waters))), *(f"P{n}" for n in range(len(ground.parks)))],
            [*("Alder River" for _ in waters), *(f"{q.name} Park" for q in quarters[: len(ground.parks)])],
            [*("water" for _ in waters), *("park" for _ in ground.parks)],
        ),
    }


def _mills(ground: Ground) -> shapely.Geometry:
    """Draw the grounds of the old mills: private land in the east of the city."""
    middle = np.array(CENTER) + ground.radius * np.array([0.5, 0.2])
    return shapely.intersection(shapely.Point(middle).buffer(0.08 * ground.radius), ground.outline)


def residents(shapes: Sequence[shapely.Geometry], ground: Ground) -> list[int]:
    """Return how many people live in each shape; nobody lives in the river or in a park."""
    west, south, east, north = ground.outline.bounds
    x, y = np.meshgrid(np.arange(west, east, SAMPLE_M), np.arange(south, north, SAMPLE_M))
    points = shapely.points(x.ravel(), y.ravel())
    empty = shapely.union_all([ground.river, *ground.parks])
    away = np.hypot(x.ravel() - CENTER[0], y.ravel() - CENTER[1]) / ground.radius
    people = RESIDENTS_PER_KM2 * np.exp(-away * np.log(3.0)) * (SAMPLE_M / 1000.0) ** 2
    people[shapely.contains(empty, points)] = 0.0
    shapely.prepare(list(shapes))
    return [round(float(people[shapely.contains(shape, points)].sum())) for shape in shapes]

"""What the benchmarks run on: the generated city, Boston where its files are, pins clustered like reports."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet
import pyogrio.raw
import shapely
from numpy.random import Generator
from numpy.typing import NDArray

from demo import ground, streets
from geo.arrays import Floats
from geo.projection import projection

CHECKOUT = Path(__file__).parents[1]
BOSTON_SRID = 32619
GENERATED_SEGMENTS = 75_000


@dataclass(frozen=True)
class Streets:
    """The segments of a city, in metres."""

    name: str
    lines: NDArray[np.object_]
    spots: tuple[Floats, Floats]
    """Where people report things: pins are drawn from these."""

    def pins(self, rng: Generator, count: int) -> tuple[Floats, Floats]:
        """Draw pins around the spots, most of them around few, with the error of a phone's position."""
        weight = rng.zipf(1.6, len(self.spots[0])).clip(max=500).astype(float)
        spot = rng.choice(len(weight), count, p=weight / weight.sum())
        return self.spots[0][spot] + rng.normal(0, 8, count), self.spots[1][spot] + rng.normal(0, 8, count)


def shared_data() -> Path | None:
    """Return the folder of real source data, or None where this machine has none."""
    folder = Path(os.environ.get("PINWARD_SHARED") or CHECKOUT.parent / "shared") / "data"
    return folder if folder.is_dir() else None


def generated_streets(size: int = GENERATED_SEGMENTS) -> Streets:
    """Draw the made-up city with about `size` segments."""
    rng = np.random.default_rng(311)
    lines = streets.make_segments(rng, ground.make_ground(rng, size)).lines
    # One spot for each segment: a house somewhere along it, on either side.
    fraction = rng.uniform(0, 1, len(lines))
    at = shapely.get_coordinates(shapely.line_interpolate_point(lines, fraction, normalized=True))
    spots = at + rng.normal(0, 10, at.shape)
    return Streets(f"generated city of {len(lines):,} segments", lines, (spots[:, 0], spots[:, 1]))


def boston_streets() -> Streets | None:
    """Return Boston's streets, its reports of half a year as the spots; None where the files are not here."""
    folder = shared_data()
    if folder is None:
        return None
    lines = _in_metres(_read(folder / "boston/streets_unnamed.gpkg"))
    table = pyarrow.parquet.read_table(
        folder / "boston/reports_2011h2.parquet", columns=["longitude", "latitude", "default_xy"]
    )
    real = ~table["default_xy"].to_numpy()
    lon, lat = (table[name].to_numpy()[real] for name in ("longitude", "latitude"))
    return Streets(f"Boston's {len(lines):,} segments", lines, projection(BOSTON_SRID).to_metric(lon, lat))


def boston_zones(layer: str) -> NDArray[np.object_] | None:
    """Return one of Boston's polygon layers, crossing rings mended; None where the files are not here."""
    folder = shared_data()
    if folder is None:
        return None
    return shapely.make_valid(_in_metres(_read(folder / f"boston/{layer}.geojson")), method="structure")


def ragged_districts(
    count: int = 50, vertices: int = 71_000, extent: float = 20_000.0
) -> NDArray[np.object_]:
    """Cut a square into districts that share their winding borders, with about `vertices` vertices in all."""
    rng = np.random.default_rng(count)
    seeds = shapely.MultiPoint(rng.uniform(0, extent, (count, 2)))
    box = shapely.box(0, 0, extent, extent)
    cells = shapely.intersection(shapely.get_parts(shapely.voronoi_polygons(seeds, extend_to=box)), box)
    fine = shapely.segmentize(cells, shapely.length(cells).sum() / vertices)
    return shapely.transform(fine, lambda coords: _bent(coords, extent))


def overlapping_areas(count: int = 200, extent: float = 20_000.0) -> NDArray[np.object_]:
    """Draw service areas of all sizes that overlap one another, some with holes."""
    rng = np.random.default_rng(count)
    middle = shapely.points(rng.uniform(0, extent, (count, 2)))
    radius = rng.uniform(500, 2500, count)
    disks = shapely.buffer(middle, radius, quad_segs=40)
    rings = shapely.difference(disks, shapely.buffer(middle, radius / 3))
    areas = np.where(rng.random(count) < 0.3, rings, disks)
    return shapely.transform(areas, lambda coords: _bent(coords, extent))


def _bent(coords: Floats, extent: float) -> Floats:
    """Move every place a little, the same place by the same way, so that shared borders stay shared."""
    x, y = coords.T * (math.tau / extent)
    moved = coords.copy()
    for waves, metres in ((5, 200.0), (23, 40.0), (101, 8.0)):
        moved[:, 0] += metres * np.sin(waves * y + waves)
        moved[:, 1] += metres * np.sin(waves * x - waves)
    return np.round(moved, 3)


def _read(path: Path) -> NDArray[np.object_]:
    return shapely.force_2d(shapely.from_wkb(pyogrio.raw.read(path)[2]))


def _in_metres(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    metric = projection(BOSTON_SRID)
    return shapely.transform(shapes, lambda c: np.column_stack(metric.to_metric(c[:, 0], c[:, 1])))

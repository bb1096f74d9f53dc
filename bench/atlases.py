"""Whole cities in memory, as a web process holds them, for the benchmarks of places."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from bench import datasets
from demo import assets as demo_assets
from demo import ground, streets
from geo.arrays import Floats
from geo.polylines import Polylines
from geo.projection import projection
from layers.atlas import Atlas, CityFacts
from layers.tables import Assets, Segments, Zones

_BOSTON_LAYERS = ("boundary", "council_districts", "neighborhoods", "police_districts", "precincts", "wards")


@dataclass(frozen=True)
class CityAtlas:
    """An atlas and what it was made of, in metres."""

    name: str
    atlas: Atlas
    lines: NDArray[np.object_]
    spots: tuple[Floats, Floats]
    """Where people report things."""

    def pins(self, seed: int, count: int) -> tuple[Floats, Floats]:
        """Draw pins clustered as reports are; longitudes and latitudes, EPSG:4326."""
        drawn = datasets.Streets(self.name, self.lines, self.spots).pins(np.random.default_rng(seed), count)
        return self.atlas.metric.to_lonlat(*drawn)


def generated_city(size: int = datasets.GENERATED_SEGMENTS) -> CityAtlas:
    """Return the made-up city: its streets and lamps, 50 districts of 71,000 vertices, 200 service areas."""
    rng = np.random.default_rng(311)
    drawn = streets.make_segments(rng, ground.make_ground(rng, size))
    lamps = demo_assets.make_assets(drawn, letter="L", spacing_m=48, offset_m=6)
    bounds = shapely.total_bounds(drawn.lines)
    corner, extent = bounds[:2], float((bounds[2:] - bounds[:2]).max())

    def over_the_city(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
        return shapely.transform(shapes, lambda coords: coords + corner)

    layers = {
        "council": over_the_city(datasets.ragged_districts(extent=extent)),
        "areas": over_the_city(datasets.overlapping_areas(extent=extent)),
    }
    ends = (drawn.left_from, drawn.left_to, drawn.right_from, drawn.right_to)
    segments = Segments(
        source_id=drawn.id,
        name=drawn.name,
        class_=drawn.class_,
        owner=drawn.owner,
        left_zip=drawn.zip,
        right_zip=drawn.zip,
        ranges=np.array(ends, np.int32),
        lines=Polylines.from_shapely(drawn.lines),
    )
    lights = Assets(lamps.id, lamps.street, lamps.owner, lamps.x, lamps.y)
    atlas = _atlas(ground.SRID, segments, layers, {"street_light": lights}, district_layer="council")
    fraction = rng.uniform(0, 1, len(drawn.lines))
    at = shapely.get_coordinates(shapely.line_interpolate_point(drawn.lines, fraction, normalized=True))
    spots = at + rng.normal(0, 10, at.shape)
    name = f"generated city of {len(segments):,} segments, {len(lights):,} street lights and 250 zones"
    return CityAtlas(name, atlas, drawn.lines, (spots[:, 0], spots[:, 1]))


def boston() -> CityAtlas | None:
    """Return Boston's streets, which have no names, and its zones; None where the files are not here."""
    city = datasets.boston_streets()
    if city is None:
        return None
    layers = {name: shapes for name in _BOSTON_LAYERS if (shapes := datasets.boston_zones(name)) is not None}
    nothing = np.full(len(city.lines), "", dtype=object)
    segments = Segments(
        source_id=np.array([str(i) for i in range(len(city.lines))], dtype=object),
        name=nothing,
        class_=nothing,
        owner=nothing,
        left_zip=nothing,
        right_zip=nothing,
        ranges=np.zeros((4, len(city.lines)), np.int32),
        lines=Polylines.from_shapely(city.lines),
    )
    atlas = _atlas(datasets.BOSTON_SRID, segments, layers, {}, district_layer="council_districts")
    zones = sum(len(shapes) for shapes in layers.values())
    name = f"Boston's {len(segments):,} segments and {zones:,} zones in {len(layers)} layers"
    return CityAtlas(name, atlas, city.lines, city.spots)


def _atlas(
    srid: int,
    segments: Segments,
    layers: dict[str, NDArray[np.object_]],
    assets: dict[str, Assets],
    district_layer: str,
) -> Atlas:
    facts = CityFacts(
        id=1,
        slug="bench",
        name="Bench",
        snap_radius_m=60.0,
        boundary_layer="boundary" if "boundary" in layers else None,
        district_layer=district_layer,
        fallback_points=(),
    )
    return Atlas(
        facts,
        projection(srid),
        segments,
        {name: _zones(shapes) for name, shapes in layers.items()},
        assets,
        edition_ids=(1,),
    )


def _zones(shapes: NDArray[np.object_]) -> Zones:
    names = np.array([str(number) for number in range(len(shapes))], dtype=object)
    return Zones(names, names, np.full(len(shapes), "", dtype=object), shapes)

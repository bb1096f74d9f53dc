"""Write the made-up city as files that GIS programs read."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow.parquet
import shapely
from numpy.typing import ArrayLike

from demo.areas import Areas, make_areas
from demo.assets import Assets, make_assets
from demo.ground import SRID, make_ground
from demo.reports import make_reports
from demo.streets import Segments, make_segments
from geo.projection import projection


def write(
    folder: Path, *, size: int = 6000, seed: int = 311, until: datetime, reports: int | None = None
) -> None:
    """Draw a city and write it to ``folder``.

    Parameters
    ----------
    size : int
        Street segments, about.
    seed : int
        The same seed, size and ``until`` give the same city.
    until : datetime
        Local time of the last report; the first is two years older.
    reports : int, optional
        Reports, about; two a segment where not given.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    ground = make_ground(rng, size)
    segments = make_segments(rng, ground)
    lights = make_assets(segments, letter="L", spacing_m=48, offset_m=6)
    hydrants = make_assets(segments, letter="H", spacing_m=160, offset_m=5)
    _write_segments(folder / "streets.gpkg", segments)
    for name, areas in make_areas(rng, ground).items():
        _write_areas(folder / f"{name}.gpkg", areas)
    _write_assets(folder / "lights.gpkg", lights)
    _write_assets(folder / "hydrants.gpkg", hydrants)
    table = make_reports(rng, ground, segments, {"street_light": lights, "hydrant": hydrants}, until, reports)
    pyarrow.parquet.write_table(table, folder / "reports.parquet")


def _write(path: Path, kind: str, shapes: ArrayLike, columns: dict[str, ArrayLike]) -> None:
    from pyogrio.raw import write as write_layer

    geometry = shapely.transform(np.asarray(shapes, dtype=object), _to_lonlat)
    path.unlink(missing_ok=True)
    write_layer(
        path,
        geometry=shapely.to_wkb(geometry),
        field_data=[np.asarray(values) for values in columns.values()],
        fields=list(columns),
        geometry_type=kind,
        crs="EPSG:4326",
        driver="GPKG",
    )


def _to_lonlat(xy: np.ndarray) -> np.ndarray:
    return np.column_stack(projection(SRID).to_lonlat(xy[:, 0], xy[:, 1]))


def _write_segments(path: Path, segments: Segments) -> None:
    names = ("id", "name", "owner", "left_from", "left_to", "right_from", "right_to", "zip")
    columns = {name: getattr(segments, name) for name in names}
    _write(path, "LineString", segments.lines, {**columns, "class": segments.class_})


def _write_areas(path: Path, areas: Areas) -> None:
    columns: dict[str, ArrayLike] = {
        "id": np.array(areas.id, dtype=object),
        "name": np.array(areas.name, dtype=object),
    }
    if areas.class_ is not None:
        columns["class"] = np.array(areas.class_, dtype=object)
    if areas.residents is not None:
        columns["residents"] = np.array(areas.residents, dtype=np.int32)
    _write(path, "Polygon", np.array(areas.shapes, dtype=object), columns)


def _write_assets(path: Path, assets: Assets) -> None:
    points = np.asarray(shapely.points(assets.x, assets.y))
    _write(path, "Point", points, {"id": assets.id, "street": assets.street, "owner": assets.owner})

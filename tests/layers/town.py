"""A town of three streets and three roads, 100 m apart, drawn in metres around one corner and written as files."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import shapely
from pyproj import CRS, Transformer

from geo.projection import projection

METRIC = projection(26986)
CORNER = METRIC.to_metric(-71.1, 42.3)
STREETS = ("Elm St", "Oak St", "Main St")
ROADS = ("Broadway", "Park Ave", "St Mary Rd")
BLOCKS = (-100.0, 0.0, 100.0, 200.0, 300.0)

CITY = """
[city]
slug = "town"
name = "Springfield"
time_zone = "America/New_York"
metric_srid = 26986
boundary = "boundary"
districts = "council"
fallback_points = [[-71.1003, 42.3003]]

[layers.streets]
kind = "segments"
file = "streets.geojson"
fields = { id = "id", name = "name", class = "class", left_from = "lf", left_to = "lt", right_from = "rf", right_to = "rt", left_zip = "zip", right_zip = "zip" }

[layers.boundary]
kind = "zones"
file = "boundary.geojson"
fields = { id = "id" }

[layers.council]
kind = "zones"
file = "council.geojson"
fields = { id = "id", name = "name" }
name_format = "District {name}"
partition = true

[layers.areas]
kind = "zones"
file = "areas.geojson"
fields = { id = "id", class = "class" }

[layers.lights]
kind = "assets"
asset = "street_light"
file = "lights.geojson"
fields = { id = "id", street = "street" }
"""


def lonlat(x: float, y: float) -> tuple[float, float]:
    """Return the longitude and latitude of a point given in metres from the town's corner."""
    return METRIC.to_lonlat(CORNER[0] + x, CORNER[1] + y)


def degrees(shape: shapely.Geometry) -> shapely.Geometry:
    """Return a shape drawn in metres from the corner as longitudes and latitudes."""
    return shapely.transform(shape, lambda xy: np.column_stack(METRIC.to_lonlat(*(xy + CORNER).T)))


@dataclass
class Sheet:
    """Features to be written: shapes in metres from the corner, and their fields."""

    shapes: list[shapely.Geometry] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)

    def add(self, shape: shapely.Geometry, **row: Any) -> None:
        self.shapes.append(shape)
        self.rows.append(row)

    def geojson(self, path: Path) -> None:
        """Write the features as GeoJSON."""
        features = [
            {
                "type": "Feature",
                "properties": row,
                "geometry": shape and shapely.geometry.mapping(degrees(shape)),
            }
            for shape, row in zip(self.shapes, self.rows, strict=True)
        ]
        path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))

    def columns(self) -> dict[str, np.ndarray]:
        """Return the fields as arrays."""
        names = list(self.rows[0])
        values = {name: [row[name] for row in self.rows] for name in names}
        return {n: np.array(v, object) if isinstance(v[0], str) else np.array(v) for n, v in values.items()}

    def write(self, path: Path, *, crs: str | None = "EPSG:4326", said: str | None = None) -> None:
        """Write the features in a CRS to a file of the format that its name ends with, which may say another CRS."""
        shapes = np.array([degrees(shape) for shape in self.shapes], dtype=object)
        if crs not in (None, "EPSG:4326"):
            turn = Transformer.from_crs("EPSG:4326", crs, always_xy=True)
            shapes = shapely.transform(shapes, lambda xy: np.column_stack(turn.transform(*xy.T)))
        columns, label = self.columns(), said or crs
        if path.suffix == ".parquet":
            write_parquet(path, shapes, columns, label)
            return
        pyogrio.raw.write(
            path,
            shapely.to_wkb(shapes),
            list(columns.values()),
            list(columns),
            geometry_type=shapes[0].geom_type,
            crs=label,
        )


def write_parquet(path: Path, shapes: np.ndarray, columns: dict[str, np.ndarray], crs: str | None) -> None:
    """Write GeoParquet 1.1."""
    said = {} if crs == "EPSG:4326" else {"crs": crs and CRS.from_user_input(crs).to_json_dict()}
    meta = {
        "version": "1.1.0",
        "primary_column": "geometry",
        "columns": {"geometry": {"encoding": "WKB", "geometry_types": [], **said}},
    }
    table = pa.table(
        {**{name: pa.array(values) for name, values in columns.items()}, "geometry": shapely.to_wkb(shapes)}
    )
    pq.write_table(table.replace_schema_metadata({"geo": json.dumps(meta)}), path)


def street_sheet() -> Sheet:
    """Return streets that run east and roads that run north; odd numbers are on the right."""
    sheet = Sheet()
    for number, (street, road) in enumerate(zip(STREETS, ROADS, strict=True)):
        for block, (start, stop) in enumerate(itertools.pairwise(BLOCKS)):
            low = 100 * block
            row = {"lf": low + 2, "lt": low + 40, "rf": low + 1, "rt": low + 39, "zip": "02100"}
            across = shapely.LineString([(start, 100.0 * number), (stop, 100.0 * number)])
            sheet.add(across, id=f"{street}-{block}", name=street, **{"class": "residential"}, **row)
            along = shapely.LineString([(100.0 * number, start), (100.0 * number, stop)])
            sheet.add(along, id=f"{road}-{block}", name=road, **{"class": "primary"}, **row)
    return sheet


def boundary_sheet() -> Sheet:
    """Return the town's limits, with a pond that does not belong to it."""
    sheet = Sheet()
    pond = shapely.box(230, 230, 250, 250)
    sheet.add(shapely.difference(shapely.box(-150, -150, 350, 350), pond), id="town")
    return sheet


def council_sheet(names: Sequence[str] = ("2", "1")) -> Sheet:
    """Return two districts that meet at x = 150, the eastern one first in the file."""
    sheet = Sheet()
    sheet.add(shapely.box(150, -150, 350, 350), id=names[0], name="East")
    sheet.add(shapely.box(-150, -150, 150, 350), id=names[1], name="West")
    return sheet


def area_sheet() -> Sheet:
    """Return zones that overlap, one of them a park."""
    sheet = Sheet()
    sheet.add(shapely.box(-150, -150, 350, 350), id="everything", **{"class": ""})
    sheet.add(shapely.box(110, 110, 190, 190), id="common", **{"class": "park"})
    return sheet


def light_sheet() -> Sheet:
    """Return a street light at each crossing, 5 m north-east of it."""
    sheet = Sheet()
    for i, road in enumerate(ROADS):
        for j in range(len(STREETS)):
            sheet.add(shapely.Point(100 * i + 5, 100 * j + 5), id=f"{i}{j}-{100 + j}", street=road)
    return sheet


SHEETS = {
    "streets": street_sheet,
    "boundary": boundary_sheet,
    "council": council_sheet,
    "areas": area_sheet,
    "lights": light_sheet,
}


def write_town(folder: Path, *, city: str = CITY, **sheets: Sheet) -> Path:
    """Write a city file and its layers, some of them replaced, and return the city file's path."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in SHEETS.items():
        (sheets.get(name) or make()).geojson(folder / f"{name}.geojson")
    path = folder / "city.toml"
    path.write_text(city)
    return path

"""GDAL, and with it QGIS, reads OGC API – Features of a real server: through pyogrio, and by its own programs."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
from sqlalchemy.orm import Session

from layers.queries import city_by_slug
from webapp.db import make_engine
from webapp.people.keys import add_key

LAYERS = {
    "tickets": "status", "reports": "description", "service-areas": "crew", "streets": "left_from",
    "council": "name", "lights": "kind",
}  # fmt: skip
"""Each with a field of it."""


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def source(live_server: str, demo_database: str) -> str:
    """The data source as GDAL names it, with two reports in it."""
    engine = make_engine(demo_database)
    with Session(engine) as session:
        _, key = add_key(session, city_by_slug(session, "demo").id, "App")
        session.commit()
    engine.dispose()
    for lon, lat in ((-89.38559211763827, 40.98256078670398), (-89.37439170, 40.99310411)):
        form = {"api_key": key, "service_code": "graffiti", "lat": lat, "long": lon}
        with urlopen(f"{live_server}/open311/v2/requests.json", urlencode(form).encode()) as answer:
            assert answer.status == 201
    return f"OAPIF:{live_server}/api/features"


# In a process of its own: GDAL waits for the server without letting other threads of Python run.
READ = """
import ast, json, sys, pyogrio
source, *layers = sys.argv[1:]
options = ast.literal_eval(layers.pop())
found = {"": [name for name, _ in pyogrio.list_layers(source)]}
for layer in layers:
    meta, _, shapes, _ = pyogrio.raw.read(source, layer=layer, **options)
    found[layer] = {
        "fields": list(meta["fields"]), "crs": str(meta["crs"]), "count": len(shapes),
        "shapes": sum(shape is not None for shape in shapes),
    }
print(json.dumps(found))
"""


def gdal_reads(source: str, *layers: str, **options: Any) -> Any:
    """What GDAL's driver inside pyogrio finds in some layers."""
    command = [sys.executable, "-c", READ, source, *layers, repr(options)]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout)


def test_pyogrio_reads_every_kind_of_collection(source: str) -> None:
    found = gdal_reads(source, *LAYERS)
    assert set(LAYERS) <= set(found[""])
    for layer, field in LAYERS.items():
        assert field in found[layer]["fields"]
        assert found[layer]["count"] == found[layer]["shapes"] > 1
    assert (found["tickets"]["count"], found["reports"]["count"]) == (2, 2)


def test_pyogrio_walks_pages_and_asks_for_a_box(source: str) -> None:
    in_pages = gdal_reads(source, "streets", PAGE_SIZE=90)["streets"]["count"]
    assert in_pages == gdal_reads(source, "streets")["streets"]["count"] > 400
    assert gdal_reads(source, "reports", bbox=(-89.386, 40.982, -89.385, 40.983))["reports"]["count"] == 1


@pytest.mark.skipif(
    shutil.which("ogr2ogr") is None, reason="no ogr2ogr here: script/bootstrap --test installs gdal-bin"
)
def test_gdals_own_programs_read_it(source: str, tmp_path: Path) -> None:
    told = subprocess.run(
        ["ogrinfo", "-ro", "-so", source, "council"], capture_output=True, text=True, check=True
    )
    assert "Multi Polygon" in told.stdout or "Polygon" in told.stdout
    out = tmp_path / "streets.geojson"
    subprocess.run(["ogr2ogr", "-f", "GeoJSON", str(out), source, "streets"], check=True)
    found = json.loads(out.read_text())["features"]
    assert len(found) > 400
    assert found[0]["properties"]["name"]

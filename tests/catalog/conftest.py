"""City files written by tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest
from sqlalchemy import func
from sqlalchemy.orm import Session

from layers import cityfile
from layers.cityfile import CityDocument
from layers.models import City
from webapp.config import settings

HEAD = """\
[city]
slug = "town"
name = "Town"
time_zone = "America/New_York"
languages = ["en", "es"]
boundary = "boundary"

[layers.boundary]
kind = "zones"
file = "boundary.geojson"

[layers.lights]
kind = "assets"
asset = "street_light"
file = "lights.geojson"
"""

Write = Callable[[str], CityDocument]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Read a city file that has this text after its map part."""

    def read(text: str) -> CityDocument:
        path = tmp_path / "city.toml"
        path.write_text(HEAD + dedent(text))
        document, _ = cityfile.read(path, settings())
        assert document is not None
        return document

    return read


@pytest.fixture
def city(session: Session) -> City:
    """A city without a map."""
    row = City(
        slug="town", name="Town", time_zone="America/New_York", languages=["en", "es"], metric_srid=32619,
        snap_radius_m=60, fallback_points=[], details={}, file_sha256="", loaded_at=func.clock_timestamp(),
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row

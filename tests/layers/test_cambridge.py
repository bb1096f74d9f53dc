"""A real city's files, as they are published."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyogrio
import pytest
from sqlalchemy.orm import Session

from geo.houses import house_points
from layers.addresses import find
from layers.atlas import Atlas
from layers.current import load_atlas
from layers.models import City
from webapp.config import CHECKOUT

pytestmark = pytest.mark.shared


@pytest.fixture
def cambridge(session: Session, shared_data: Path, load: Callable[[Path], City]) -> Atlas:
    return load_atlas(session, load(CHECKOUT / "cities" / "cambridge" / "city.toml").id)


def test_every_house_number_of_the_city(cambridge: Atlas) -> None:
    own = cambridge.segments
    left_from, left_to, right_from, right_to = own.ranges.astype(np.int64)
    numbers, segments = [], []
    for first, last in ((left_from, left_to), (right_from, right_to)):
        has = np.flatnonzero((first > 0) & (last > 0))
        # The number in the middle of each range, of its parity, and the one it begins with.
        middle = first[has] + 2 * np.trunc((last[has] - first[has]) / 4).astype(np.int64)
        numbers += [middle, first[has]]
        segments += [has, has]
    number, segment = np.concatenate(numbers), np.concatenate(segments).astype(np.int32)
    x, y = house_points(number, segment, own.lines, own.ranges)
    assert np.isfinite(x).all()
    places = cambridge.locate(*cambridge.metric.to_lonlat(x, y))
    same_street = (places.segment >= 0) & (own.name[places.segment] == own.name[segment])
    assert same_street[places.placed].mean() > 0.97
    assert (np.abs(places.house_number - number)[same_street] <= 2).mean() > 0.99


def test_zones_of_a_shapefile_in_feet(cambridge: Atlas, shared_data: Path) -> None:
    # The City Hall of Cambridge, 795 Massachusetts Avenue.
    hall = cambridge.locate_one(-71.1056, 42.3670)
    assert hall.placed
    assert "police" in hall.zones
    meta, _, _, data = pyogrio.raw.read(
        shared_data / "cambridge" / "police_sectors" / "police_sectors.shp",
        columns=["Shape_STAr"],
        read_geometry=False,
    )
    square_feet = data[list(meta["fields"]).index("Shape_STAr")].sum()
    ours = sum(shape.area for shape in cambridge.zones["police"].polygons)
    assert ours == pytest.approx(square_feet * (1200 / 3937) ** 2, rel=1e-4)


def test_finding(cambridge: Atlas) -> None:
    asked = {
        "795 mass ave": "795 Massachusetts Ave",
        "795 Masachusets Avenue, Cambridge, MA 02139": "795 Massachusetts Ave",
        "Mass Ave & Prospect St": "Massachusetts Ave & Prospect St",
        "north cambridge": "North Cambridge",
        "5 st marys rd": "5 St Mary Rd",
        "pole 791-2": "street light 791-2",
    }
    assert {text: find(cambridge, text)[0].address for text in asked} == asked

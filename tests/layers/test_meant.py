"""Between two streets and near a border, the spots that a pin may mean can be told apart."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from layers.atlas import Atlas
from layers.meant import BORDER_M, spots_meant
from layers.places import Place
from tests.layers.town import lonlat

LAYERS = ("council",)


def meant(atlas: Atlas, x: float, y: float) -> list[Place]:
    return spots_meant(atlas, atlas.locate_one(*lonlat(x, y)), LAYERS)


def test_at_a_corner_there_is_a_spot_on_each_street(atlas: Atlas) -> None:
    spots = meant(atlas, 8, 7.5)
    assert {spot.street for spot in spots} == {"Elm St", "Broadway"}
    assert all(spot.house_number and "two_streets" not in spot.flags for spot in spots)


@pytest.mark.parametrize(("x", "inside", "across"), [(147, "West", "East"), (153, "East", "West")])
def test_near_a_border_there_is_a_spot_on_each_side(atlas: Atlas, x: float, inside: str, across: str) -> None:
    here, there = meant(atlas, x, 20)
    assert (here.x, here.zones["council"].name) == (atlas.locate_one(*lonlat(x, 20)).x, f"District {inside}")
    assert there.zones["council"].name == f"District {across}"


@pytest.mark.parametrize("spot", [(50, 8), (150 - BORDER_M - 1, 20), (0, -9999)])
def test_elsewhere_nothing_is_asked(atlas: Atlas, spot: tuple[float, float]) -> None:
    assert meant(atlas, *spot) == []


# Anywhere, and as often within a few metres of a crossing.
METRES = st.one_of(st.floats(-100, 300), st.tuples(st.sampled_from([0, 100, 200]), st.floats(-9, 9)).map(sum))


@given(x=METRES, y=METRES)
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_asked_the_answers_differ_and_lie_near(atlas: Atlas, x: float, y: float) -> None:
    place = atlas.locate_one(*lonlat(x, y))
    spots = spots_meant(atlas, place, LAYERS)
    told = [(spot.street, spot.zones["council"].id) for spot in spots]
    assert len(set(told)) == len(told) != 1
    assert all(abs(spot.x - place.x) < 75 and abs(spot.y - place.y) < 75 and spot.placed for spot in spots)
    if "two_streets" in place.flags:
        assert not any("two_streets" in spot.flags for spot in spots)


@pytest.mark.parametrize(
    ("x", "y", "facing"),
    [(50, 8, "north"), (50, -8, "south"), (8, 50, "east"), (-8, 50, "west"), (50, 0, None)],
)
def test_the_side_of_the_street_is_told_by_the_compass(
    atlas: Atlas, x: float, y: float, facing: str | None
) -> None:
    assert atlas.locate_one(*lonlat(x, y)).facing == facing

"""Where two streets are about as near, the one that somebody wrote down is the pin's street."""

from __future__ import annotations

from collections.abc import Collection

import pytest
import shapely
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from layers.atlas import Atlas
from layers.current import load_atlas
from layers.places import Place
from layers.told import how_named
from tests.layers.test_atlas import Load
from tests.layers.town import lonlat, street_sheet, write_town


def located(atlas: Atlas, x: float, y: float, address: str | None) -> Place:
    lon, lat = lonlat(x, y)
    return atlas.locate([lon], [lat], [address])[0]


@pytest.mark.parametrize(
    ("address", "street"),
    [
        ("12 Elm St", "Elm St"),
        ("12 Broadway", "Broadway"),
        ("broadway 12, Elm Street, Springfield", "Broadway"),
        ("12 ELM STREET  Springfield", "Elm St"),
        ("Elm St & Broadway", "Elm St"),
        ("4 Oak St", "Elm St"),
        ("", "Elm St"),
        (None, "Elm St"),
    ],
)
def test_the_street_that_the_address_names_is_chosen_at_a_corner(
    atlas: Atlas, address: str | None, street: str
) -> None:
    place = located(atlas, 7.5, 7.0, address)
    assert place.street == street
    assert {place.street, place.other_street} == {"Elm St", "Broadway"}
    assert "two_streets" in place.flags


def test_the_whole_place_is_that_of_the_chosen_street(atlas: Atlas) -> None:
    place = located(atlas, 7.5, 7.0, "2 Broadway")
    assert (place.segment_id, place.side, place.street_class) == ("Broadway-1", "right", "primary")
    assert place.snap_m == pytest.approx(7.5, abs=1e-3)
    assert place.along_m == pytest.approx(7.0, abs=1e-3)
    assert (place.snap_lon, place.snap_lat) == pytest.approx(lonlat(0, 7.0), abs=1e-7)
    assert place.address == "101 Broadway"


def test_an_address_does_not_outweigh_a_pin(atlas: Atlas) -> None:
    place = located(atlas, 20.0, 7.0, "12 Broadway")
    assert (place.street, place.flags) == ("Elm St", ())


def test_a_ramp_over_a_street_is_told_apart_by_its_name(
    session: Session, load: Load, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Two roads of one course: the lower one in the file unless the ramp was named, and both are told."""
    streets = street_sheet()
    row = dict.fromkeys(("lf", "lt", "rf", "rt"), 0) | {"zip": "", "class": "ramp"}
    streets.add(shapely.LineString([(100, 0), (0, 0)]), id="ramp", name="Expressway Ramp", **row)
    atlas = load_atlas(session, load(write_town(tmp_path_factory.mktemp("ramp"), streets=streets)).id)
    for address, street, side in (
        ("", "Elm St", "left"),
        ("on the expressway ramp", "Expressway Ramp", "right"),
    ):
        place = located(atlas, 50, 6, address)
        assert (place.street, place.side, place.flags) == (street, side, ("two_streets",))


@pytest.mark.parametrize(
    ("address", "classes", "street"),
    [
        ("", {"primary"}, "Broadway"),
        ("", {"residential"}, "Elm St"),
        ("", {"motorway"}, "Elm St"),
        ("", (), "Elm St"),
        ("12 Elm St", {"primary"}, "Elm St"),
        ("somewhere", {"primary"}, "Broadway"),
        (None, {"primary"}, "Broadway"),
    ],
)
def test_where_no_street_is_named_the_class_of_street_decides(
    atlas: Atlas, address: str | None, classes: Collection[str], street: str
) -> None:
    lon, lat = lonlat(7.5, 7.0)
    place = atlas.locate([lon], [lat], [address], [classes])[0]
    assert {place.street, place.other_street} == {"Elm St", "Broadway"}
    assert place.street == street
    # A class no more outweighs a pin than an address does.
    lon, lat = lonlat(20.0, 7.0)
    assert atlas.locate([lon], [lat], [address], [classes])[0].street == "Elm St"


@pytest.mark.parametrize(
    ("address", "street", "how"),
    [
        ("12 Main St", "Main St", 2),
        ("12 main street", "Main St", 2),
        ("12 Main", "Main St", 1),
        ("12 Main Ave", "Main St", 1),
        ("12 Mainland St", "Main St", 0),
        ("12 N Main St", "Main St", 2),
        ("5 Elm St, Main Village", "Main St", 0),
        ("Landstr. 12", "Landstrasse", 2),
        ("12 Main St", "", 0),
        ("", "Main St", 0),
    ],
)
def test_how_an_address_names_a_street(address: str, street: str, how: int) -> None:
    assert how_named(address, street) == how


corners = st.tuples(st.integers(0, 2), st.integers(0, 2), st.floats(-12, 12), st.floats(-12, 12))
written = st.sampled_from(["12 Elm St", "Oak", "main st", "9 Park Ave", "St Mary Road", "nowhere", "", None])


@given(drawn=st.lists(st.tuples(corners, written), min_size=1, max_size=8))
@hypothesis_settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_many_pins_with_addresses_and_one_get_the_same_answer(
    atlas: Atlas, drawn: list[tuple[tuple[int, int, float, float], str | None]]
) -> None:
    pins = [lonlat(100 * i + dx, 100 * j + dy) for (i, j, dx, dy), _ in drawn]
    addresses = [address for _, address in drawn]
    together = atlas.locate(*zip(*pins, strict=True), addresses)
    without = atlas.locate(*zip(*pins, strict=True))
    for k, (pin, address) in enumerate(zip(pins, addresses, strict=True)):
        place = together[k]
        assert repr(place) == repr(atlas.locate([pin[0]], [pin[1]], [address])[0])
        assert place.flags == without[k].flags
        streets = {without[k].street, without[k].other_street}
        if "two_streets" in place.flags and any(how_named(address or "", each or "") for each in streets):
            assert how_named(address or "", place.street or "") == max(
                how_named(address or "", each or "") for each in streets
            )
        else:
            assert place.street == without[k].street

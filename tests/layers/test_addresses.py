"""From what people type to a point."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from layers.addresses import find
from layers.atlas import Atlas
from layers.streetwords import base_and_type, words
from tests.layers.town import METRIC, lonlat


def metres_off(match: object, x: float, y: float) -> float:
    """Return how far a match is from a point given in metres from the town's corner."""
    there = METRIC.to_metric(match.lon, match.lat)  # type: ignore[attr-defined]
    return float(np.hypot(*np.subtract(there, METRIC.to_metric(*lonlat(x, y)))))


ASKED = [
    ("211 Oak St", "211 Oak St", "address"),
    ("211 oak street", "211 Oak St", "address"),
    ("211 oka st", "211 Oak St", "address"),
    ("211 Oak", "211 Oak St", "address"),
    ("oak st 211", "211 Oak St", "address"),
    ("211-213 Oak St, Springfield, MA 02100", "211 Oak St", "address"),
    ("211 oak st springfield ma", "211 Oak St", "address"),
    ("211  Oak St", "211 Oak St", "address"),
    ("12 St. Mary's Road", "12 St Mary Rd", "address"),
    ("12 saint mary rd", "12 St Mary Rd", "address"),
    ("brodway", "Broadway", "street"),
    ("park av", "Park Ave", "street"),
    ("Elm St & Park Ave", "Elm St & Park Ave", "intersection"),
    ("park avenue and elm street", "Park Ave & Elm St", "intersection"),
    ("corner of Elm and Park", "Elm St & Park Ave", "intersection"),
    ("INTERSECTION of Elm St & Park Ave  Springfield  MA", "Elm St & Park Ave", "intersection"),
    ("district west", "District West", "zone"),
    ("distrct west", "District West", "zone"),
    ("pole 11-101", "street light 11-101", "asset"),
    ("Street light 11-101", "street light 11-101", "asset"),
    ("11-101", "street light 11-101", "asset"),
]


@pytest.mark.parametrize(("text", "address", "kind"), ASKED)
def test_what_is_typed_is_found_first(atlas: Atlas, text: str, address: str, kind: str) -> None:
    matches = find(atlas, text)
    assert [(match.address, match.kind) for match in matches[:1]] == [(address, kind)], matches


def test_points_are_where_they_should_be(atlas: Atlas) -> None:
    # 211 is the sixth of twenty odd numbers on the right, which spread from 6 to 94 m.
    assert metres_off(find(atlas, "211 Oak St")[0], 100 + 6 + 88 * 5 / 19, 96) < 0.1
    assert metres_off(find(atlas, "Elm St & Park Ave")[0], 100, 0) < 0.1
    assert metres_off(find(atlas, "pole 11-101")[0], 105, 105) < 0.1
    assert find(atlas, "211 Oak St")[0].context == "District West"


def test_number_that_nobody_has_is_put_by_its_neighbour(atlas: Atlas) -> None:
    match = find(atlas, "43 Oak St")[0]
    assert (match.address, match.kind) == ("43 Oak St", "address")
    assert match.score < find(atlas, "39 Oak St")[0].score
    assert metres_off(match, -100 + 94, 96) < 0.1
    # There is nothing near 5000, so the street it is.
    assert find(atlas, "5000 Oak St")[0].kind == "street"


@pytest.mark.parametrize(
    "text", ["", " ", "&", "12", "?!", "<script>alert(1)</script>", "'; drop table segment; --"]
)
def test_nonsense_finds_nothing(atlas: Atlas, text: str) -> None:
    assert find(atlas, text) == []


def test_streets_that_do_not_meet_have_no_crossing(atlas: Atlas) -> None:
    assert not [match for match in find(atlas, "Elm St & Oak St") if match.kind == "intersection"]


def test_limit(atlas: Atlas) -> None:
    assert len(find(atlas, "st", limit=2)) <= 2
    assert len(find(atlas, "12 Park Ave", limit=1)) == 1


@given(text=st.text(max_size=300))
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_answered(atlas: Atlas, text: str) -> None:
    matches = find(atlas, text)
    assert [match.score for match in matches] == sorted((match.score for match in matches), reverse=True)
    assert all(0 < match.score <= 1 + 1e-9 for match in matches)


@given(segment=st.integers(0, 23), step=st.integers(0, 19), even=st.booleans())
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_number_comes_back(atlas: Atlas, segment: int, step: int, even: bool) -> None:
    left_from, _, right_from, _ = atlas.segments.ranges[:, segment].tolist()
    number = (left_from if even else right_from) + 2 * step
    asked = f"{number} {atlas.segments.name[segment]}"
    match = find(atlas, asked)[0]
    assert match.address == asked
    place = atlas.locate_one(match.lon, match.lat)
    assert (place.street, place.house_number) == (atlas.segments.name[segment], number)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("N. Main St", "north main street"),
        ("St. James Ave", "Saint James Avenue"),
        ("E St", "e street"),
        ("1st Ave", "First Avenue"),
        ("Mt Auburn St", "Mount Auburn Street"),
        ("O'Brien Hwy", "OBrien Highway"),
        ("Höfle", "hofle"),
        ("Landstr.", "Landstrasse"),
        ("Landstraße", "Landstrasse"),
    ],
)
def test_spellings_of_one_name(one: str, other: str) -> None:
    assert words(one) == words(other)
    assert base_and_type(words(one)) == base_and_type(words(other))


def test_different_streets_stay_different() -> None:
    assert words("E St") != words("East St")
    assert base_and_type(words("Elm Street")) == ("elm", "street")
    assert base_and_type(words("Broadway")) == ("broadway", "")

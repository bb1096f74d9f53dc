"""Addresses and words as keys."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.text import UNKNOWN, address_key, address_keys, key, keys, words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("12 Main St", " 12 MAIN st, Springfield"),
        ("764-766 E Fifth St  South Boston  MA  02127", "764 E Fifth St"),
        ("175-0 Cambridge St", "175 Cambridge St, Boston"),
        ("12A Main St", "12 Main St"),
        ("007 Main St", "7 Main St"),
        ("7 Rue de l'Église", "7 rue de l'eglise"),
        ("INTERSECTION of Corey St & Lagrange St  West Roxbury  MA", "Lagrange St & Corey St"),
        ("Corey St and Lagrange St", "Lagrange St / Corey St"),
    ],
)
def test_two_spellings_of_an_address_share_a_key(one: str, other: str) -> None:
    assert address_key(one) == address_key(other) != UNKNOWN


@pytest.mark.parametrize(
    ("one", "other"),
    [("12 Main St", "14 Main St"), ("12 Main St", "12 Maine St"), ("A St & B St", "A St & C St")],
)
def test_two_addresses_have_two_keys(one: str, other: str) -> None:
    assert address_key(one) != address_key(other)


@pytest.mark.parametrize("nowhere", [None, "", "   ", "Main St", ", Boston", "&", "A St & B St & C St"])
def test_what_is_no_address_has_no_key(nowhere: str | None) -> None:
    assert address_key(nowhere) == UNKNOWN


def test_keys_stay_the_same_in_every_process() -> None:
    # Written down once: a key that changed would part tickets in the database from new reports.
    assert key("street_light 4417") == 2818579725826904824
    assert keys(["a", None, ""]).tolist() == [key("a"), UNKNOWN, UNKNOWN]
    assert address_keys(["1 A St", None]).tolist() == [address_key("1 A St"), UNKNOWN]


@given(st.lists(st.one_of(st.none(), st.text(max_size=40)), max_size=20))
def test_words_are_distinct_and_ascending(texts: list[str | None]) -> None:
    found = words(texts)
    assert len(found.starts) == len(texts) + 1
    for i, text in enumerate(texts):
        mine = found.keys[found.starts[i] : found.starts[i + 1]]
        assert (np.diff(mine) > 0).all()
        assert not (len(mine) and not text)


def test_words_of_a_services_name_tell_nothing() -> None:
    told = words(
        ["Street light out, DARK corner", "street light"], apart_from=["Street Light Outages", "Street Light"]
    )
    expected = sorted(key(word) for word in ("out", "dark", "corner"))
    assert told.keys.tolist() == expected
    assert told.starts.tolist() == [0, 3, 3]

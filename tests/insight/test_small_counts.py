"""Small counts of areas are not told, and cannot be told from what is."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from webapp.insight.small_counts import FEWEST, hidden

counts = st.lists(st.one_of(st.integers(0, 8), st.integers(0, 500)), max_size=30)


def shown(numbers: list[int]) -> list[int | None]:
    return [None if not_told else number for number, not_told in zip(numbers, hidden(numbers), strict=True)]


@given(counts)
def test_no_small_count_is_shown_and_none_follows_from_the_total(numbers: list[int]) -> None:
    told = shown(numbers)
    assert not [number for number in told if number is not None and 0 < number < FEWEST]
    missing = [number for number, said in zip(numbers, told, strict=True) if said is None]
    others = [number for number in numbers if number >= FEWEST]
    if missing and others:
        assert len(missing) > 1
        assert sum(missing) >= FEWEST
        assert sum(missing) > len(missing), "all could be told to be 1"


@given(counts)
def test_what_needs_no_hiding_is_shown(numbers: list[int]) -> None:
    told = shown(numbers)
    assert all(said == 0 for number, said in zip(numbers, told, strict=True) if number == 0)
    if not [number for number in numbers if 0 < number < FEWEST]:
        assert told == numbers


def test_the_smallest_of_the_others_goes_with_one_that_is_alone() -> None:
    assert shown([3, 70, 12, 0, 40]) == [None, 70, None, 0, 40]
    assert shown([1, 1, 70, 12]) == [None, None, 70, None]
    assert shown([4, 4, 70, 12]) == [None, None, 70, 12]
    assert shown([3]) == [None]
    assert hidden(np.zeros(0)).tolist() == []

"""Tracking numbers: read over a phone, typed by somebody else."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.tickets.tracking import ALPHABET, TrackingNumberError, new_numbers, normalise

numbers = st.sampled_from(new_numbers(1000).tolist())
positions = st.sampled_from([0, 1, 2, 4, 5, 6, 8, 9, 10])


def test_many_numbers_are_valid_different_and_look_alike() -> None:
    made = new_numbers(2000)
    assert len(set(made.tolist())) == 2000
    for number in made.tolist():
        assert normalise(number) == number
        assert [len(part) for part in number.split("-")] == [3, 3, 3]


def test_every_character_turns_up_in_every_random_place() -> None:
    made = np.array([list(number.replace("-", "")) for number in new_numbers(5000)])
    assert all(set(made[:, place]) == set(ALPHABET) for place in range(9))


def test_there_are_no_numbers_for_no_reports() -> None:
    assert new_numbers(0).shape == (0,)


@given(numbers, positions, st.sampled_from(ALPHABET))
def test_one_wrong_character_is_noticed(number: str, at: int, wrong: str) -> None:
    typed = number[:at] + wrong + number[at + 1 :]
    if typed == number:
        assert normalise(typed) == number
    else:
        with pytest.raises(TrackingNumberError, match="is not a tracking number"):
            normalise(typed)


@given(numbers, positions, positions)
def test_two_characters_that_changed_places_are_noticed(number: str, a: int, b: int) -> None:
    letters = list(number)
    letters[a], letters[b] = letters[b], letters[a]
    typed = "".join(letters)
    if typed == number:
        assert normalise(typed) == number
    else:
        with pytest.raises(TrackingNumberError, match="changed places"):
            normalise(typed)


@given(numbers, st.randoms())
def test_it_is_understood_however_it_is_typed(number: str, random: Random) -> None:
    spellings = {"0": "0oO", "1": "1iIlL"}
    typed = "".join(
        random.choice(spellings.get(character, character + character.lower()))
        + random.choice(["", " ", "-", "–", ". "])
        for character in number.replace("-", "")
    )
    assert normalise(f"  {typed}\n") == number


@pytest.mark.parametrize(
    ("typed", "complaint"),
    [
        ("", "this one has 0"),
        ("K7Q-M4X-PR", "this one has 8"),
        ("K7Q-M4X-PRTT", "this one has 10"),
        ("K7Q-M4U-PRT", "has no 'U' in it"),
        ("K7Q-M4X-PR'; drop table report; --", 'has no "\'" in it'),
        ("Ⅷ", "in it"),
        ("\x00", "in it"),
    ],
)
def test_what_is_wrong_is_said(typed: str, complaint: str) -> None:
    with pytest.raises(TrackingNumberError, match=complaint):
        normalise(typed)

"""Tracking numbers: eight random characters and a check character, shown as ``K7Q-M4X-PRT``.

The alphabet is Crockford's base 32, which leaves out I, L, O and U. The check character is a weighted sum
of the others over GF(32), with nine different weights that are not zero: one wrong character changes the sum,
and so do two characters that changed places, wherever they stand. Forty random bits make a number useless
for guessing another.
"""

from __future__ import annotations

import os
import re

import numpy as np
import numpy.typing as npt

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 9
_PRIMITIVE = 0b100101
"""x⁵ + x² + 1, a primitive polynomial over GF(2), so that the powers of x reach all of GF(32) but 0."""
_VALUES = {character: value for value, character in enumerate(ALPHABET)}
_MISREAD = str.maketrans({"O": "0", "I": "1", "L": "1"})
_FILLING = re.compile(r"[\s\-‐‑‒–—_.]+")


_WORDS = (
    "Alfa", "Bravo", "Charlie", "Delta", "Echo", "Foxtrot", "Golf", "Hotel", "Juliett", "Kilo", "Mike",
    "November", "Papa", "Quebec", "Romeo", "Sierra", "Tango", "Victor", "Whiskey", "X-ray", "Yankee", "Zulu",
)  # fmt: skip
_SAID = {word[0]: word for word in _WORDS}


class TrackingNumberError(ValueError):
    """What was typed cannot be a tracking number; the message says why, for the one who typed it."""


def _products() -> npt.NDArray[np.uint8]:
    """Return, for each position but the last and each value, the weight of the position times the value."""

    def times_x(value: int) -> int:
        value <<= 1
        return value ^ _PRIMITIVE if value & 32 else value

    table = np.zeros((LENGTH, 32), np.uint8)
    table[-1] = np.arange(32)
    for position in range(LENGTH - 2, -1, -1):
        table[position] = [times_x(int(value)) for value in table[position + 1]]
    return table[:-1]


_PRODUCTS = _products()
_LETTERS = np.frombuffer(ALPHABET.encode("ascii"), np.uint8)


def new_numbers(count: int) -> npt.NDArray[np.str_]:
    """Return ``count`` random tracking numbers as they are shown and stored, shape ``(count,)``.

    They come from the system's source of randomness. Two may be equal by chance (one in 10¹² a pair): the
    database's unique key decides.
    """
    digits = np.frombuffer(os.urandom(count * (LENGTH - 1)), np.uint8).reshape(count, LENGTH - 1) & 31
    check = np.bitwise_xor.reduce(_PRODUCTS[np.arange(LENGTH - 1), digits], axis=1)
    letters = _LETTERS[np.column_stack([digits, check])]
    shown = np.full((count, LENGTH + 2), ord("-"), np.uint32)
    shown[:, [0, 1, 2, 4, 5, 6, 8, 9, 10]] = letters
    return shown.view(f"<U{LENGTH + 2}").reshape(count)


def new_number() -> str:
    """Return one random tracking number."""
    return str(new_numbers(1)[0])


def normalise(text: str) -> str:
    """Return the tracking number that somebody typed, as it is shown and stored.

    Lower case, spaces and dashes anywhere, the letter O for zero and I or L for one are all understood.

    Raises
    ------
    TrackingNumberError
        It has the wrong length, a character that no number has, or the check character does not fit.
    """
    characters = _FILLING.sub("", text).upper().translate(_MISREAD)
    strange = next((character for character in characters if character not in _VALUES), None)
    if strange is not None:
        raise TrackingNumberError(f"A tracking number has no {strange!r} in it: it looks like K7Q-M4X-PRT.")
    if len(characters) != LENGTH:
        raise TrackingNumberError(
            f"A tracking number has {LENGTH} letters and digits, such as K7Q-M4X-PRT; "
            f"this one has {len(characters)}."
        )
    digits = np.array([_VALUES[character] for character in characters[:-1]])
    check = np.bitwise_xor.reduce(_PRODUCTS[np.arange(LENGTH - 1), digits])
    if check != _VALUES[characters[-1]]:
        raise TrackingNumberError(
            f"{_dashed(characters)} is not a tracking number: a character is wrong or two have changed "
            "places. Please compare it with the one you were given."
        )
    return _dashed(characters)


def spelled(number: str) -> list[str]:
    """Return the characters of a number as they are said on the phone: ``K Kilo``, ``7``, ``Q Quebec``.

    The words are those of the International Civil Aviation Organization's alphabet, alike in all languages.
    """
    return [f"{each} {_SAID[each]}" if each in _SAID else each for each in number if each in _VALUES]


def _dashed(characters: str) -> str:
    return "-".join((characters[:3], characters[3:6], characters[6:]))

"""Words of a report and addresses as numbers that compiled code can compare."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from itertools import chain
from typing import Self

import numpy as np
from numpy.typing import NDArray

from geo.arrays import Offsets

UNKNOWN = -1
"""The key of what is not known; it equals nothing, not even itself."""

_WORD = re.compile(r"\w+")
_HOUSE = re.compile(r"(\d+)[\w/]*(?:\s*-\s*\d+\w*)?\s+(.+)")
# Where the street ends and city, state and postcode begin.
_TAIL = re.compile(r",|\s{2,}|\n")
_JOINT = re.compile(r"\s+(?:&|and|at)\s+|\s*[/&]\s*")


@dataclass(frozen=True, slots=True)
class Words:
    """The words of n texts, one after the other: those of text i are ``keys[starts[i]:starts[i + 1]]``."""

    starts: Offsets
    """(n + 1,) int64."""
    keys: NDArray[np.int64]
    """Keys of the distinct words of each text, ascending within it."""

    @classmethod
    def of(cls, texts: Sequence[Sequence[int]]) -> Self:
        """Return the words of texts whose keys are known, ascending in each."""
        starts = np.zeros(len(texts) + 1, np.int64)
        np.cumsum([len(each) for each in texts], out=starts[1:])
        return cls(starts, np.fromiter(chain.from_iterable(texts), np.int64, starts[-1]))


@lru_cache(maxsize=1 << 16)
def key(text: str) -> int:
    """Return a number that stands for a text: never negative, the same in every process (BLAKE2b)."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little") >> 1


def keys(texts: Iterable[str | None]) -> NDArray[np.int64]:
    """Return the keys of texts, `UNKNOWN` for those empty or absent."""
    return np.fromiter((key(text) if text else UNKNOWN for text in texts), np.int64)


def fold(text: str) -> str:
    """Return a text in lower case, without accents and with single spaces."""
    if text.isascii():
        return " ".join(text.lower().split())
    bare = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c for c in bare if not unicodedata.combining(c)).split())


@lru_cache(maxsize=1 << 16)
def address_key(address: str | None) -> int:
    """Return a key that two spellings of one street address share.

    City, state and postcode are left away, a range of numbers counts as its first one, and the streets of an
    intersection are put in order.

    Parameters
    ----------
    address
        Such as ``12-14 Main St, Springfield`` or ``INTERSECTION of Main St & 2nd Ave``.

    Returns
    -------
    int
        `UNKNOWN` for an address with neither a house number nor two streets: a street alone is no address.
    """
    head = fold(_TAIL.split(address.strip(), maxsplit=1)[0]) if address else ""
    house = _HOUSE.fullmatch(head)
    if house:
        return key(f"{int(house[1])} {house[2]}")
    streets = _JOINT.split(head.removeprefix("intersection of ").removeprefix("intersection "))
    return key(" & ".join(sorted(streets))) if len(streets) == 2 and all(streets) else UNKNOWN


def address_keys(addresses: Iterable[str | None]) -> NDArray[np.int64]:
    """Return `address_key` of each address."""
    return np.fromiter((address_key(address) for address in addresses), np.int64)


def words(texts: Sequence[str | None], apart_from: Sequence[str | None] | None = None) -> Words:
    """Return the distinct words of each text, three letters or more, as keys.

    Parameters
    ----------
    texts
        What was written.
    apart_from
        For each text another, such as the name of the service, whose words tell nothing new.
    """
    known = apart_from if apart_from is not None else [None] * len(texts)
    starts = np.zeros(len(texts) + 1, np.int64)
    found: list[int] = []
    for i, (text, other) in enumerate(zip(texts, known, strict=True)):
        if text:
            found.extend(sorted(_keys_of_words(text) - _keys_of_words(other or "")))
        starts[i + 1] = len(found)
    return Words(starts, np.array(found, np.int64))


@lru_cache(maxsize=1 << 12)
def _keys_of_words(text: str) -> frozenset[int]:
    return frozenset(key(word) for word in _WORD.findall(fold(text)) if len(word) > 2)

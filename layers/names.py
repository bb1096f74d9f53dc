"""Names found in spite of typing mistakes."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from layers.streetwords import base_and_type, words

_SHORTLIST = 24
_TYPE_WEIGHT = 0.15
# What a name without its type, or with another one, is worth of _TYPE_WEIGHT.
_TYPE_LEFT_OUT = 0.7


class Found(NamedTuple):
    """A name and how well it fits: 1 is equal."""

    ordinal: int
    score: float


class NameIndex:
    """Names, found by their trigrams (as PostgreSQL's pg_trgm does it) and ranked by their letters.

    Parameters
    ----------
    names : sequence of str
        As the city writes them.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._parts = [base_and_type(words(name)) for name in names]
        postings: dict[str, list[int]] = {}
        sizes = np.ones(len(names))
        for ordinal, (base, _) in enumerate(self._parts):
            grams = _trigrams(base)
            sizes[ordinal] = len(grams)
            for gram in grams:
                postings.setdefault(gram, []).append(ordinal)
        self._sizes = sizes
        self._postings: dict[str, NDArray[np.int32]] = {
            gram: np.array(ordinals, np.int32) for gram, ordinals in postings.items()
        }

    def search(self, text: str, *, limit: int, least: float = 0.6) -> list[Found]:
        """Return up to `limit` names like a text, best first, none that scores less than `least`."""
        base, kind = base_and_type(words(text))
        grams = _trigrams(base)
        hits = [self._postings[gram] for gram in grams if gram in self._postings]
        if not hits:
            return []
        shared = np.bincount(np.concatenate(hits), minlength=len(self._parts))
        likeness = 2.0 * shared / (self._sizes + len(grams))
        # Somebody who is still typing has few of the trigrams of a long name, but all of their own.
        begun = shared / len(grams)
        best = np.argsort(-np.maximum(likeness, 0.9 * begun), kind="stable")[:_SHORTLIST]
        letters = SequenceMatcher(None, "", base, autojunk=False)
        scored = [
            Found(ordinal, self._score(ordinal, base, kind, float(likeness[ordinal]), letters))
            for ordinal in best[shared[best] > 0].tolist()
        ]
        return sorted((found for found in scored if found.score >= least), key=lambda f: -f.score)[:limit]

    def _score(
        self, ordinal: int, base: str, kind: str, likeness: float, letters: SequenceMatcher[str]
    ) -> float:
        own_base, own_kind = self._parts[ordinal]
        letters.set_seq1(own_base)
        alike = max(likeness, letters.ratio())
        if base != own_base and _begins(base, own_base):
            alike = max(alike, 0.8 + 0.15 * len(base) / len(own_base))
        same_kind = (
            1.0 if kind == own_kind else _TYPE_LEFT_OUT if not kind or own_kind.startswith(kind) else 0.0
        )
        return (1.0 - _TYPE_WEIGHT) * alike + _TYPE_WEIGHT * same_kind


def _begins(typed: str, name: str) -> bool:
    """Return whether each word typed begins a word of the name, in order."""
    remaining = iter(name.split())
    return all(any(word.startswith(part) for word in remaining) for part in typed.split())


def _trigrams(text: str) -> set[str]:
    """Return the trigrams of the words of a text, each with two blanks before it and one behind."""
    return {f"  {word} "[i : i + 3] for word in text.split() for i in range(len(word) + 1)}

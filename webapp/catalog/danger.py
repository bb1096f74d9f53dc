"""Is there danger to life in what somebody types? Then they are told to call before anything else."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_GAPS = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Danger:
    """The words of danger of a city, in one language and in the city file's own, without capitals.

    Accents matter: in Vietnamese ``cháy`` is a fire and ``chảy`` is what water does.

    The page looks for them in the same way, without asking: `static/scripts/report/danger.mjs`.
    """

    number: str
    """Of the emergency services."""
    words: tuple[str, ...]
    unless: tuple[str, ...]
    """Harmless phrases that are not looked at."""

    def is_in(self, text: str) -> bool:
        """Say whether a text tells of danger to life: one of its words begins with one of ours.

        A script without gaps between words, such as Chinese, is looked through letter by letter.
        """
        said = f" {plain(text)} "
        for phrase in self.unless:
            said = said.replace(phrase, " ")
        return any((word if _gapless(word) else f" {word}") in said for word in self.words)


def danger_of(details: Mapping[str, Any], language: str) -> Danger:
    """Return the words of danger of a city.

    Parameters
    ----------
    details
        ``city.details``, which has what ``[city.emergency]`` of the city file says.
    """
    said: Mapping[str, Any] = details.get("emergency") or {}
    more = said.get("translations", {}).get(language, {})
    words, unless = (
        tuple(dict.fromkeys(plain(word) for word in (*said.get(key, ()), *more.get(key, ()))))
        for key in ("words", "unless")
    )
    return Danger(said.get("number", "911"), words, unless)


def plain(text: str) -> str:
    """Return the words of a text in lower case, with single spaces between them."""
    return _GAPS.sub(" ", unicodedata.normalize("NFC", text).lower()).strip()


def _gapless(word: str) -> bool:
    return any("\u3040" <= letter <= "\u9fff" for letter in word)

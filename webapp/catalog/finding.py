"""From the words of a caller to the service or help article that is meant, without asking the database."""

from __future__ import annotations

import re
from collections.abc import Iterable

from geo.text import fold
from webapp.catalog.snapshot import ArticleEntry, Catalog, ServiceEntry

Meant = ServiceEntry | ArticleEntry
_WORD = re.compile(r"\w+")
SHORTEST = 3
"""Shorter words say little, unless there is no other."""
NAME, KEYWORD, TEXT = 4, 3, 1
"""What a word is worth that is found in the name, among the keywords, or in the description."""


def find(catalog: Catalog, words: str, language: str = "en", *, limit: int = 8) -> list[Meant]:
    """Return the services and articles that words may mean, best first.

    A word counts where one of theirs begins with it; what has more of the words comes first, then what has
    them in the name. What has none of them is left out.

    Parameters
    ----------
    words
        As somebody says it, such as ``big hole in the road``; accents and capitals do not matter.
    language
        The language in which names are looked at, besides those of the city file.
    """
    said = set(_words(words))
    asked = {word for word in said if len(word) >= SHORTEST} or said
    everything: list[Meant] = [*catalog.active, *catalog.articles.values()]
    found = []
    for place, each in enumerate(everything):
        worth = _worths(each, language)
        gained = [max((worth[word] for word in worth if word.startswith(part)), default=0) for part in asked]
        if any(gained):
            found.append((-sum(map(bool, gained)), -sum(gained), place, each))
    return [each for *_order, each in sorted(found, key=lambda row: row[:3])[:limit]]


def _worths(each: Meant, language: str) -> dict[str, int]:
    """Return the words of a service or an article with what each is worth."""
    title, text = ("name", "description") if isinstance(each, ServiceEntry) else ("title", "body")
    more = each.translations.get(language, {})
    told = (
        (TEXT, (getattr(each, text), more.get(text, ""))),
        (KEYWORD, (*each.keywords, *more.get("keywords", ()))),
        (NAME, (getattr(each, title), more.get(title, ""))),
    )
    return {word: worth for worth, texts in told for word in _words(*texts)}


def _words(*texts: str) -> Iterable[str]:
    return _WORD.findall(fold(" ".join(texts)))

"""From the words of a caller to the service or help article that is meant, without asking the database."""

from __future__ import annotations

import re
from collections.abc import Iterable

from geo.text import fold
from webapp.catalog.snapshot import ArticleEntry, Catalog, ServiceEntry

Meant = ServiceEntry | ArticleEntry
_WORD = re.compile(r"\w+")
_GAPLESS = re.compile(r"[\u3040-\u9fff]+")
_LONGEST_ENDING = 2
"""A word said may be this much longer than one of ours, as ``potholes`` and ``baches`` are."""
_SHORTEST_STEM = 4
_PAIR = 2
SHORTEST = 3
"""Shorter words say little, unless there is no other."""
NAME, KEYWORD, TEXT = 4, 3, 1
"""What a word is worth that is found in the name, among the keywords, or in the description."""


def find(catalog: Catalog, words: str, language: str = "en", *, limit: int = 8) -> list[Meant]:
    """Return the services and articles that words may mean, best first.

    A word counts where one of theirs begins with it, or is it but for a short ending; what has more of the
    words comes first, then what has them in the name. What has none of them is left out. Of a script without
    gaps between words, such as Chinese, each pair of letters counts as a word.

    Parameters
    ----------
    words
        As somebody says it, such as ``big hole in the road``; accents and capitals do not matter.
    language
        The language in which names are looked at, besides those of the city file.
    """
    said, whole = set(_words(words)), f" {fold(words)} "
    asked = {word for word in said if len(word) >= SHORTEST or _GAPLESS.match(word)} or said
    everything: list[Meant] = [*catalog.active, *catalog.articles.values()]
    found = []
    for place, each in enumerate(everything):
        worth = _worths(each, language)
        gained = [max((worth[word] for word in worth if _is(part, word)), default=0) for part in asked]
        gained += [NAME for phrase in _phrases(each, language) if phrase in whole for _ in phrase.split()]
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


def _phrases(each: Meant, language: str) -> Iterable[str]:
    """Return the name and the keywords that have several words: in these, short words mean something too."""
    title = "name" if isinstance(each, ServiceEntry) else "title"
    more = each.translations.get(language, {})
    texts = (getattr(each, title), more.get(title, ""), *each.keywords, *more.get("keywords", ()))
    return {f" {fold(text)} " for text in texts if " " in text}


def _is(said: str, word: str) -> bool:
    """Say whether a word that somebody said, perhaps not to its end, is one of ours."""
    return word.startswith(said) or (
        len(word) >= _SHORTEST_STEM and said.startswith(word) and len(said) - len(word) <= _LONGEST_ENDING
    )


def _words(*texts: str) -> Iterable[str]:
    for word in _WORD.findall(fold(" ".join(texts))):
        if _GAPLESS.fullmatch(word) and len(word) > _PAIR:
            yield from (word[i : i + _PAIR] for i in range(len(word) - 1))
        else:
            # In Arabic "the" is written together with its noun.
            yield word.removeprefix("ال") if len(word) > _SHORTEST_STEM else word

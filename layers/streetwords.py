"""Street names as people write them: abbreviations, accents, numbers and words, brought to one form."""

from __future__ import annotations

import re
from functools import lru_cache

from geo.text import fold

# Abbreviations of USPS Publication 28, appendix C1, that occur in cities, and others that people use.
_TYPES = {
    "alley": "aly ally",
    "avenue": "av ave aven avenu",
    "boulevard": "blvd boul bd",
    "bridge": "brg",
    "circle": "cir circ",
    "court": "ct crt",
    "crescent": "cres",
    "crossing": "xing",
    "drive": "dr drv",
    "expressway": "expy expwy",
    "extension": "ext",
    "freeway": "fwy",
    "gardens": "gdns",
    "heights": "hts",
    "highway": "hwy",
    "lane": "ln",
    "parkway": "pkwy pky pkw",
    "place": "pl",
    "plaza": "plz",
    "road": "rd",
    "route": "rte rt",
    "square": "sq",
    "street": "st str strt",
    "terrace": "ter terr",
    "trail": "trl",
    "turnpike": "tpke",
    "way": "wy",
}
_OTHERS = {
    "north": "n no",
    "south": "s so",
    "east": "e",
    "west": "w",
    "northeast": "ne",
    "northwest": "nw",
    "southeast": "se",
    "southwest": "sw",
    "mount": "mt",
    "fort": "ft",
    "first": "1st",
    "second": "2nd",
    "third": "3rd",
    "fourth": "4th",
    "fifth": "5th",
    "sixth": "6th",
    "seventh": "7th",
    "eighth": "8th",
    "ninth": "9th",
    "tenth": "10th",
}
TYPES = frozenset(_TYPES)
_LONG = {
    short: word for table in (_TYPES, _OTHERS) for word, shorts in table.items() for short in shorts.split()
}
_STREET = ("street", *_TYPES["street"].split())
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")


@lru_cache(maxsize=1 << 15)
def words(name: str) -> tuple[str, ...]:
    """Return the words of a name in their long form: ``N. St Mary's Ave`` as north, saint, marys, avenue."""
    found = [word.replace("'", "") for word in _WORD.findall(fold(name).replace("’", "'"))]
    return tuple(_long(word, place, found) for place, word in enumerate(found))


def _long(word: str, place: int, all_words: list[str]) -> str:
    following = all_words[place + 1] if place + 1 < len(all_words) else ""
    # "St" before a name is a saint, after it a street; so in "E St" and "St James St".
    if word == "st" and following and following not in _LONG:
        return "saint"
    if word in ("e", "n", "s", "w") and following in _STREET:
        return word
    # As in "Landstr.", where German joins the word to the name.
    if word.endswith("str") and len(word) > 4:
        return f"{word}asse"
    return _LONG.get(word, word)


def base_and_type(name: tuple[str, ...]) -> tuple[str, str]:
    """Part the words of a street into its name and its type: ``main street`` as main, street."""
    if len(name) > 1 and name[-1] in TYPES:
        return " ".join(name[:-1]), name[-1]
    return " ".join(name), ""

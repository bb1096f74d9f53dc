"""Names for streets and quarters, each used once."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, product

QUARTERS = (
    "Old Town", "Riverside", "Mill Yard", "Northgate", "Cedar Heights", "Foundry", "Southport", "Eastlake", "Market",
    "Orchard Park", "Union Hill", "Fairview", "Harbor Point", "Westfield", "Lockview", "Granary", "Prospect",
    "Millbrook", "Sunnyside", "Stonebridge", "Glenwood", "Depot", "Kilnside", "Ferry Landing",
)  # fmt: skip
_FIRST = (
    "Alder", "Ash", "Aspen", "Beech", "Birch", "Cedar", "Cherry", "Chestnut", "Cypress", "Elm", "Fir", "Hawthorn",
    "Hazel", "Hickory", "Holly", "Juniper", "Larch", "Laurel", "Linden", "Locust", "Maple", "Mulberry", "Oak", "Olive",
    "Pear", "Pine", "Plum", "Poplar", "Rowan", "Spruce", "Sycamore", "Walnut", "Willow", "Adams", "Baker", "Carver",
    "Chavez", "Curie", "Douglass", "Earhart", "Franklin", "Garner", "Hughes", "Jackson", "Keller", "Lincoln", "Madison",
    "Monroe", "Nguyen", "Parks", "Revere", "Sanchez", "Tubman", "Wells", "Young", "Bridge", "Canal", "Castle", "Church",
    "College", "Cooper", "Court", "Dock", "Factory", "Forge", "Garden", "Grove", "Hill", "Lake", "Market", "Meadow",
    "Mill", "Mason", "Ocean", "Pearl", "Pond", "Potter", "Prairie", "Quarry", "Ridge", "River", "School", "Shore",
    "Spring", "Station", "Summit", "Tanner", "Temple", "Tower", "Valley", "Vine", "Weaver", "Winter", "Wood",
)  # fmt: skip
_SECOND = (
    "",
    "brook",
    "dale",
    "field",
    "ford",
    "gate",
    "land",
    "stead",
    "ton",
    "view",
    "ville",
    "wood",
    "worth",
)


def street_names(suffixes: tuple[str, ...]) -> Iterator[str]:
    """Yield names such as ``Elm St``, each once; numbered ones when the words are used up."""
    for second, suffix, first in product(_SECOND, suffixes, _FIRST):
        yield f"{first}{second} {suffix}"
    for number in count(1):
        yield f"{number}{_ordinal(number)} {suffixes[0]}"


def in_turn(names: tuple[str, ...]) -> Iterator[str]:
    """Yield the names, then the same with 2, 3 … behind."""
    yield from names
    for round_ in count(2):
        for name in names:
            yield f"{name} {round_}"


def _ordinal(number: int) -> str:
    if number % 100 in (11, 12, 13):
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")

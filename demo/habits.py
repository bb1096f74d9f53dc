"""How people of the made-up city report: how often, when, about what, and in which words."""

from __future__ import annotations

from dataclasses import dataclass

_EVEN = (1.0,) * 12
_WINTER = (3.0, 3.0, 1.5, 0.2, 0, 0, 0, 0, 0, 0, 0.4, 2.2)
_THAW = (1.2, 1.9, 2.4, 1.8, 1.1, 0.8, 0.6, 0.6, 0.6, 0.7, 0.7, 0.8)
_SUMMER = (0.4, 0.4, 0.7, 1.0, 1.4, 1.7, 1.8, 1.6, 1.2, 0.9, 0.6, 0.4)
_DARK = (1.5, 1.3, 1.0, 0.8, 0.7, 0.6, 0.6, 0.8, 1.0, 1.3, 1.5, 1.6)


@dataclass(frozen=True)
class Habit:
    """What is usual for one service."""

    share: float
    """Of all problems, relative to the other services."""
    hours: float
    """Median hours until it is closed."""
    words: tuple[str, ...]
    repeats: float = 0.1
    """Further reports of the same problem, on average."""
    months: tuple[float, ...] = _EVEN
    """How much more often than usual, January to December."""
    asset: str | None = None
    """The kind of asset it is about."""
    asked_for: bool = False
    """A wish of one household, so that a second one near by is no repeat."""


HABITS: dict[str, Habit] = {
    "pothole": Habit(13, 40, (
        "Deep pothole in the right lane", "Big hole, my tire went flat", "Pothole getting bigger after the rain",
        "Hole at the edge of the crosswalk", "Several potholes in a row",
    ), 0.35, _THAW),
    "street-light": Habit(11, 70, (
        "Street light is out", "Light flickers all night", "Lamp burns during the day", "Dark corner, light is not working",
        "Pole is leaning",
    ), 0.3, _DARK, "street_light"),
    "traffic-signal": Habit(3, 7, (
        "Signal is dark", "Walk button does nothing", "Light stays red for minutes", "Signal head is turned the wrong way",
    ), 0.6),
    "sign": Habit(4, 80, ("Stop sign is down", "Street name sign missing", "Sign hidden by branches", "Post is bent"), 0.15),
    "sidewalk": Habit(5, 420, (
        "Sidewalk slab lifted by a root", "Cracked, hard to pass with a wheelchair", "Missing bricks", "I tripped here",
    ), 0.12),
    "snow": Habit(5, 11, (
        "Street has not been plowed", "Sheet of ice on the hill", "Plow missed our block", "Crosswalk blocked by a snow bank",
    ), 0.8, _WINTER),
    "missed-trash": Habit(14, 22, (
        "Trash was not picked up", "Recycling still at the curb", "Whole street was missed", "Yard waste not collected",
    ), 0.15, asked_for=True),
    "bulk-item": Habit(10, 90, ("One sofa", "Mattress and box spring", "Old refrigerator", "Table and two chairs"), 0.02,
                       asked_for=True),
    "illegal-dumping": Habit(5, 60, ("Tires left by the fence", "Pile of rubble", "Bags dumped overnight", "Paint cans"), 0.3),
    "graffiti": Habit(6, 120, ("Tag on the wall", "Spray paint on the sign", "Stickers on the pole", "Bridge painted"), 0.2),
    "street-cleaning": Habit(4, 60, ("Broken glass", "Leaves block the gutter", "Sand left from winter", "Very dirty"), 0.1),
    "dead-animal": Habit(2, 6, ("Dead raccoon in the road", "Dead cat", "Deer on the shoulder"), 0.35, _SUMMER),
    "rodents": Habit(3, 110, ("Rats in the alley", "Burrows by the trash room", "Mice behind the store"), 0.2, _SUMMER),
    "tree": Habit(6, 150, (
        "Branch hangs over the road", "Limb fell on the sidewalk", "Tree covers the stop sign", "Stump to be removed",
    ), 0.2, _SUMMER),
    "park": Habit(2, 100, ("Swing is broken", "Bench has no seat", "Fountain does not run", "Path is washed out"), 0.2, _SUMMER),
    "water-leak": Habit(3, 5, ("Water comes out of the road", "Hydrant is open", "Hydrant drips"), 0.7, _EVEN, "hydrant"),
    "catch-basin": Habit(3, 55, ("Drain is clogged", "Street floods at this drain", "Grate is missing"), 0.25),
    "abandoned-vehicle": Habit(3, 160, ("Car without plates for weeks", "Flat tires, never moved", "Burnt trailer"), 0.2),
    "blocked-driveway": Habit(4, 3, ("Car in front of the hydrant", "Driveway is blocked", "Parked on the crosswalk"), 0.1),
    "housing": Habit(2, 60, ("No heat since yesterday", "Mold in the bathroom", "Stairs are unsafe"), 0.02, asked_for=True),
    "question": Habit(2, 20, ("When is leaf pickup?", "Where can I recycle batteries?", "Do I need a permit?"), 0,
                      asked_for=True),
    "suggestion": Habit(1, 90, ("A bench at the stop would help", "Thanks to the crew", "Please add a bike rack"), 0,
                        asked_for=True),
}  # fmt: skip

CHANNELS = {"web": 0.46, "phone": 0.31, "open311": 0.15, "counter": 0.05, "mail": 0.03}
HOURS = (1, 1, 1, 1, 1, 2, 5, 10, 14, 14, 13, 12, 12, 12, 11, 11, 12, 13, 11, 8, 6, 4, 3, 2)
"""How much is reported in each hour of the day."""

"""Rules that come into each other's way: told when they are checked, decided by their order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Literal

import numpy as np
import shapely

from layers.findings import some
from layers.sources import Objects
from webapp.catalog.calendars import Calendar
from webapp.dispatch.hours import meet
from webapp.dispatch.sections import RuleRow

LEAST_OVERLAP = 0.01
"""Zones that share less than this part of the smaller one merely touch."""

Numbered = tuple[int, RuleRow]
"""A rule and its number: the id of the first of the rules it is stored as."""
Conditions = tuple[str | None, ...]
Kind = Literal["repeated", "hours", "layers", "zones"]


@dataclass(frozen=True, slots=True)
class ZoneShapes:
    """The zones of a layer, as far as conflicts are about them."""

    ids: Objects
    geometry: Objects
    partition: bool
    """They do not overlap, or that is told elsewhere."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two rules that can both hold and are equally specific."""

    kind: Kind
    number: int
    """Of the later one, which does not decide."""
    message: str
    fix: str
    about: Mapping[str, Any]
    """What the message names, for those who say it in other words."""


def conflicts(
    rules: Sequence[Numbered], zones: Mapping[str, ZoneShapes], calendar: Calendar
) -> list[Conflict]:
    """Return the conflicts of rules, of which only their order decides.

    Parameters
    ----------
    rules
        Those without mistakes.
    zones
        By layer: the zones that rules name.
    calendar
        Says when business hours are.
    """
    return [*_never(rules), *_hours(rules, calendar), *_across_layers(rules), *_overlaps(rules, zones)]


def _targets(rule: RuleRow) -> list[str]:
    """Return what a rule is for, in words: services, a group, or all."""
    return list(rule.services) or ([f"group {rule.group}"] if rule.group else ["all services"])


def _assignee(rule: RuleRow) -> tuple[str | None, ...]:
    return rule.crew, rule.department, rule.owner


def _other_conditions(rule: RuleRow) -> Conditions:
    return rule.street_class, rule.street_owner, rule.asset_owner


def _keys(rule: RuleRow) -> Iterator[tuple[str | None, ...]]:
    """Yield each combination of conditions of a rule but for its hours."""
    for target in _targets(rule):
        for zone in rule.zone or [""]:
            yield target, rule.layer, zone, *_other_conditions(rule)


def _never(rules: Sequence[Numbered]) -> Iterator[Conflict]:
    """Yield rules whose conditions an earlier rule has too."""
    first: dict[Conditions, int] = {}
    shadowed: dict[int, int] = {}
    for number, rule in rules:
        for key in _keys(rule):
            key = (*key, rule.hours)
            if first.setdefault(key, number) != number:
                shadowed.setdefault(number, first[key])
    for number, earlier in shadowed.items():
        message = f"Rule {number} has a condition that rule {earlier} has already; the earlier one decides."
        fix = "Remove one of the two, or correct it."
        yield Conflict("repeated", number, message, fix, {"earlier": earlier})


def _hours(rules: Sequence[Numbered], calendar: Calendar) -> Iterator[Conflict]:
    """Yield rules that differ in nothing but their hours, which meet."""
    seen: defaultdict[Conditions, list[Numbered]] = defaultdict(list)
    told: set[tuple[int, int]] = set()
    for number, rule in rules:
        if rule.hours is None:
            continue
        for key in _keys(rule):
            for earlier, other in seen[key]:
                pair = (earlier, number)
                if pair in told or other.hours == rule.hours or _assignee(other) == _assignee(rule):
                    continue
                if meet(other.hours, rule.hours, calendar):
                    told.add(pair)
                    message = (
                        f"Rules {earlier} and {number} can both hold: their hours meet "
                        f"({other.hours}; {rule.hours}). Rule {earlier} comes first and decides."
                    )
                    fix = "Nothing to do, if that is meant; otherwise change the hours or the order."
                    about = {"earlier": earlier, "hours": [other.hours, rule.hours]}
                    yield Conflict("hours", number, message, fix, about)
            seen[key].append((number, rule))


def _across_layers(rules: Sequence[Numbered]) -> Iterator[Conflict]:
    """Yield rules equally specific over zones of different layers: a pin can lie in both."""
    layers: defaultdict[tuple[str, Conditions], dict[str, int]] = defaultdict(dict)
    for number, rule in rules:
        if rule.layer is not None:
            for target in _targets(rule):
                layers[target, (*_other_conditions(rule), rule.hours)].setdefault(rule.layer, number)
    meeting: defaultdict[tuple[str, str], list[tuple[str, int]]] = defaultdict(list)
    for (target, _), first in layers.items():
        for pair in combinations(sorted(first, key=lambda layer: first[layer]), 2):
            meeting[pair].append((target, first[pair[1]]))
    for (earlier, later), cases in meeting.items():
        targets = some([target for target, _ in cases])
        message = (
            f'Rules over "{earlier}" and over "{later}" can both hold for a pin ({targets}); '
            f'those of "{earlier}" come first in the file and decide.'
        )
        about = {"layers": [earlier, later], "targets": targets}
        yield Conflict("layers", cases[0][1], message, _AS_MEANT, about)


def _overlaps(rules: Sequence[Numbered], zones: Mapping[str, ZoneShapes]) -> Iterator[Conflict]:
    """Yield rules over zones of one layer that overlap and go to different crews."""
    by_number = dict(rules)
    for layer, shapes in zones.items():
        if shapes.partition:
            continue
        named: defaultdict[str, dict[str, int]] = defaultdict(dict)
        for number, rule in rules:
            if rule.layer == layer:
                for zone in rule.zone:
                    for target in _targets(rule):
                        named[zone].setdefault(target, number)
        ids = shapes.ids
        for one, other in _overlapping(shapes.geometry, np.flatnonzero(np.isin(ids, list(named)))):
            for target, number in named[ids[one]].items():
                rival = named[ids[other]].get(target)
                if rival is not None and _assignee(by_number[rival]) != _assignee(by_number[number]):
                    first, second = sorted((number, rival))
                    message = (
                        f'Zones "{ids[one]}" and "{ids[other]}" of "{layer}" overlap; where they do, rule '
                        f"{first} comes first in the file and decides, not rule {second}."
                    )
                    about = {"layer": layer, "zones": [ids[one], ids[other]], "earlier": first}
                    yield Conflict("zones", second, message, _AS_MEANT, about)
                    break


_AS_MEANT = "Nothing to do, if that is meant; otherwise change their order."


def _overlapping(geometry: Objects, chosen: np.ndarray) -> Iterator[tuple[int, int]]:
    """Yield pairs of the chosen polygons that share more than a border."""
    shapes = geometry[chosen]
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    once = one < other
    one, other = one[once], other[once]
    shared = shapely.area(shapely.intersection(shapes[one], shapes[other]))
    # A share of an area is the same in degrees as in metres.
    much = shared > LEAST_OVERLAP * np.minimum(shapely.area(shapes[one]), shapely.area(shapes[other]))
    yield from zip(chosen[one[much]].tolist(), chosen[other[much]].tolist(), strict=True)

"""Rules that come into each other's way: told when the city file is checked, decided by its order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations

import numpy as np
import shapely

from layers.cityfile import CityDocument
from layers.features import Features
from layers.findings import Finding, some
from layers.sections import ZoneLayer
from webapp.dispatch.sections import RuleRow

LEAST_OVERLAP = 0.01
"""Zones that share less than this part of the smaller one merely touch."""

Numbered = tuple[int, RuleRow]
"""A rule and its number: the id of the first of the rules it is stored as."""
Conditions = tuple[str | None, ...]
PlaceOf = Callable[[int], tuple[str | int, ...]]


def conflicts(
    document: CityDocument, rules: Sequence[Numbered], zones: dict[str, Features], place_of: PlaceOf
) -> list[Finding]:
    """Return warnings on rules of which only the order of the file decides.

    Parameters
    ----------
    rules
        Those without mistakes.
    zones
        By layer: the zones that rules name.
    place_of
        Says where in the file a rule stands.
    """
    return [
        *_never(document, rules, place_of),
        *_across_layers(document, rules, place_of),
        *_overlaps(document, rules, zones, place_of),
    ]


def _targets(rule: RuleRow) -> list[str]:
    """Return what a rule is for, in words: services, a group, or all."""
    return list(rule.services) or ([f"group {rule.group}"] if rule.group else ["all services"])


def _assignee(rule: RuleRow) -> tuple[str | None, ...]:
    return rule.crew, rule.department, rule.owner


def _other_conditions(rule: RuleRow) -> Conditions:
    return rule.street_class, rule.street_owner, rule.asset_owner


def _never(document: CityDocument, rules: Sequence[Numbered], place_of: PlaceOf) -> Iterator[Finding]:
    """Warn of rules whose conditions an earlier rule has too."""
    first: dict[Conditions, int] = {}
    shadowed: dict[int, int] = {}
    for number, rule in rules:
        for target in _targets(rule):
            for zone in rule.zone or [""]:
                key = (target, rule.layer, zone, *_other_conditions(rule))
                if first.setdefault(key, number) != number:
                    shadowed.setdefault(number, first[key])
    for number, earlier in shadowed.items():
        message = f"Rule {number} has a condition that rule {earlier} has already; the earlier one decides."
        yield document.warning(message, "Remove one of the two, or correct it.", *place_of(number))


def _across_layers(document: CityDocument, rules: Sequence[Numbered], place_of: PlaceOf) -> Iterator[Finding]:
    """Warn of rules equally specific over zones of different layers: a pin can lie in both."""
    layers: defaultdict[tuple[str, Conditions], dict[str, int]] = defaultdict(dict)
    for number, rule in rules:
        if rule.layer is not None:
            for target in _targets(rule):
                layers[target, _other_conditions(rule)].setdefault(rule.layer, number)
    meeting: defaultdict[tuple[str, str], list[tuple[str, int]]] = defaultdict(list)
    for (target, _), first in layers.items():
        for pair in combinations(sorted(first, key=lambda layer: first[layer]), 2):
            meeting[pair].append((target, first[pair[1]]))
    for (earlier, later), cases in meeting.items():
        targets = some([target for target, _ in cases])
        yield document.warning(
            f'Rules over "{earlier}" and over "{later}" can both hold for a pin ({targets}); '
            f'those of "{earlier}" come first in the file and decide.',
            "Nothing to do, if that is meant; otherwise change their order.",
            *place_of(cases[0][1]),
        )


def _overlaps(
    document: CityDocument, rules: Sequence[Numbered], zones: dict[str, Features], place_of: PlaceOf
) -> Iterator[Finding]:
    """Warn of zones of one layer that overlap and go to different crews."""
    for layer, features in zones.items():
        section = document.layers.get(layer)
        if isinstance(section, ZoneLayer) and section.partition:
            continue
        ids = np.array(features.columns["source_id"], dtype=object)
        named: defaultdict[str, dict[str, int]] = defaultdict(dict)
        for number, rule in rules:
            if rule.layer == layer:
                for zone in rule.zone:
                    for target in _targets(rule):
                        named[zone].setdefault(target, number)
        by_number = dict(rules)
        for one, other in _overlapping(features.geometry, np.flatnonzero(np.isin(ids, list(named)))):
            for target, number in named[ids[one]].items():
                rival = named[ids[other]].get(target)
                if rival is not None and _assignee(by_number[rival]) != _assignee(by_number[number]):
                    first, second = sorted((number, rival))
                    yield document.warning(
                        f'Zones "{ids[one]}" and "{ids[other]}" of "{layer}" overlap; where they do, rule '
                        f"{first} comes first in the file and decides, not rule {second}.",
                        "Nothing to do, if that is meant; otherwise change their order.",
                        *place_of(second),
                    )
                    break


def _overlapping(geometry: np.ndarray, chosen: np.ndarray) -> Iterator[tuple[int, int]]:
    """Yield pairs of the chosen polygons that share more than a border."""
    shapes = geometry[chosen]
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    once = one < other
    one, other = one[once], other[once]
    shared = shapely.area(shapely.intersection(shapes[one], shapes[other]))
    # A share of an area is the same in degrees as in metres.
    much = shared > LEAST_OVERLAP * np.minimum(shapely.area(shapes[one]), shapely.area(shapes[other]))
    yield from zip(chosen[one[much]].tolist(), chosen[other[much]].tolist(), strict=True)

"""What rules ask about pins, and which pins are alike in all of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.arrays import Ints
from layers.places import BIT, FLAGS, UNPLACED, UNPLACED_BITS, Places
from webapp.catalog.calendars import Seconds
from webapp.catalog.snapshot import Catalog
from webapp.dispatch.hours import holding
from webapp.dispatch.rules import RuleEntry

_TROUBLES = [flag for flag in FLAGS if flag in UNPLACED]


@dataclass(frozen=True, slots=True)
class Facts:
    """What the map knows of one pin, as far as rules ask. Empty where it knows nothing."""

    service_id: int
    zones: tuple[tuple[str, str, str], ...] = ()
    """Layer, id and name of each zone that holds the pin."""
    street_class: str | None = None
    street_owner: str | None = None
    asset_owner: str | None = None
    hours: tuple[str, ...] = ()
    """Those of the rules that hold at its time."""
    trouble: str | None = None
    """The flag for which the pin's position is not used."""


class Questions:
    """What a set of rules asks: which layers, which classes of street, which owners, which hours."""

    def __init__(self, rules: Sequence[RuleEntry]) -> None:
        self.layers = _named(rule.layer for rule in rules)
        self.street_classes = _named(rule.street_class for rule in rules)
        self.street_owners = _named(rule.street_owner for rule in rules)
        self.asset_owners = _named(rule.asset_owner for rule in rules)
        self.hours = _named(rule.hours for rule in rules)


class PinFacts:
    """The facts of n pins, one by one or told apart all together.

    Parameters
    ----------
    questions
        What the rules ask; nothing else is looked at.
    catalog
        Says which asset a service is about, and when the city is open.
    service_ids
        Shape (n,).
    places
        The n pins.
    at
        Shape (n,), seconds of UTC: when each was reported.
    """

    def __init__(
        self, questions: Questions, catalog: Catalog, service_ids: Ints, places: Places, at: Seconds
    ) -> None:
        self._questions = questions
        self._catalog = catalog
        self._service_ids = service_ids
        self._places = places
        self._hours = {text: holding(text, at, catalog.calendar) for text in questions.hours}

    def facts(self, i: int) -> Facts:
        """Return the facts of pin ``i``."""
        places, asked = self._places, self._questions
        service_id, segment = int(self._service_ids[i]), int(places.segment[i])
        trouble = int(places.flags[i]) & UNPLACED_BITS
        segments = places.layers.segments
        return Facts(
            service_id=service_id,
            zones=self._zones(i) if asked.layers else (),
            street_class=_asked(segments.class_, segment, asked.street_classes),
            street_owner=_asked(segments.owner, segment, asked.street_owners),
            asset_owner=self._asset_owner(service_id, i) if asked.asset_owners else None,
            hours=tuple(text for text, holds in self._hours.items() if holds[i]),
            trouble=next((flag for flag in _TROUBLES if trouble & BIT[flag]), None),
        )

    def distinct(self) -> tuple[list[int], Ints]:
        """Group pins that differ in nothing that rules ask.

        Returns
        -------
        examples : list of int
            One pin of each group.
        group : (n,) int array
            The group of each pin.
        """
        count = len(self._service_ids)
        group, examples = np.zeros(count, np.int64), np.zeros(min(count, 1), np.int64)
        if count > 1:
            for column in self._columns():
                values = column.astype(np.int64) - int(column.min())
                key = group * (int(values.max()) + 1) + values
                _, examples, group = np.unique(key, return_index=True, return_inverse=True)
        return examples.tolist(), group.astype(np.int32)

    def _columns(self) -> list[NDArray[Any]]:
        """Return columns of numbers: where two pins are equal in all of them, their facts are."""
        places, asked = self._places, self._questions
        segments = places.layers.segments
        columns: list[NDArray[Any]] = [self._service_ids, places.flags & UNPLACED_BITS, *self._hours.values()]
        for layer in asked.layers:
            if layer in places.layers.zones:
                columns += list(_all_zones(places, layer).T)
        if asked.street_classes:
            columns.append(_positions(segments.class_, places.segment, asked.street_classes))
        if asked.street_owners:
            columns.append(_positions(segments.owner, places.segment, asked.street_owners))
        if asked.asset_owners:
            assets = places.layers.assets
            columns += [
                _positions(assets[kind].owner, nearest, asked.asset_owners)
                for kind, nearest in places.asset.items()
            ]
        return columns

    def _zones(self, i: int) -> tuple[tuple[str, str, str], ...]:
        hits, tables = self._places.hits, self._places.layers.zones
        first, last = np.searchsorted(hits.pin, (i, i + 1)).tolist()
        found = []
        for row in range(first, last):
            layer, zone = hits.layers[hits.layer[row]], hits.zone[row]
            if layer in self._questions.layers:
                found.append((layer, tables[layer].source_id[zone], tables[layer].name[zone]))
        return tuple(found)

    def _asset_owner(self, service_id: int, i: int) -> str | None:
        kind = self._catalog.services[service_id].asset_kind
        if kind is None or kind not in self._places.asset:
            return None
        owners = self._places.layers.assets[kind].owner
        return _asked(owners, int(self._places.asset[kind][i]), self._questions.asset_owners)


def _asked(labels: NDArray[Any], ordinal: int, asked: tuple[str, ...]) -> str | None:
    """Return the label of an ordinal, None where it is not asked about."""
    if not asked or ordinal < 0:
        return None
    label: str = labels[ordinal]
    return label if label in asked else None


def _named(values: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(sorted({value for value in values if value is not None}))


def _all_zones(places: Places, layer: str) -> Ints:
    """Return the ordinals of all zones of a layer that hold each pin, as rows padded with -1."""
    offsets, zones = places.zones_all(layer)
    counts = np.diff(offsets)
    matrix = np.full((len(places), int(counts.max(initial=0))), -1, np.int32)
    row = np.repeat(np.arange(len(places)), counts)
    matrix[row, np.arange(len(zones)) - offsets[row]] = zones
    return matrix


def _positions(labels: NDArray[Any], ordinals: Ints, asked: tuple[str, ...]) -> Ints:
    """Return the position in ``asked`` of each pin's label, -1 where it is not asked about."""
    found = np.full(len(ordinals), -1, np.int32)
    known = np.flatnonzero(ordinals >= 0)
    of_pins = labels[ordinals[known]]
    for position, label in enumerate(asked):
        found[known[of_pins == label]] = position
    return found

"""What rules ask about pins, as columns of numbers: equal numbers in a row, equal decision."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.arrays import Ints
from layers.places import BIT, FLAGS, UNPLACED, UNPLACED_BITS, Places
from webapp.catalog.snapshot import Catalog
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
    trouble: str | None = None
    """The flag for which the pin's position is not used."""


class Questions:
    """What a set of rules asks: which layers, which classes of street, which owners."""

    def __init__(self, rules: Sequence[RuleEntry]) -> None:
        self.layers = _named(rule.layer for rule in rules)
        self.street_classes = _named(rule.street_class for rule in rules)
        self.street_owners = _named(rule.street_owner for rule in rules)
        self.asset_owners = _named(rule.asset_owner for rule in rules)


class FactColumns:
    """The facts of n pins.

    Parameters
    ----------
    questions
        What the rules ask; nothing else is looked at.
    catalog
        Says which asset a service is about.
    service_ids
        Shape (n,).
    places
        The n pins.
    """

    def __init__(self, questions: Questions, catalog: Catalog, service_ids: Ints, places: Places) -> None:
        self._questions = questions
        self._atlas = places.atlas
        self._service_ids = service_ids
        self._trouble = places.flags & UNPLACED_BITS
        self._zones = [
            (layer, _zones(places, layer)) for layer in questions.layers if layer in places.atlas.zones
        ]
        segments = places.atlas.segments
        self._street_class = _labels(segments.class_, places.segment, questions.street_classes)
        self._street_owner = _labels(segments.owner, places.segment, questions.street_owners)
        self._asset_owner = _asset_owners(questions.asset_owners, catalog, service_ids, places)

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
        if count == 1:
            return [0], np.zeros(1, np.int32)
        columns = [
            self._service_ids,
            self._trouble,
            self._street_class,
            self._street_owner,
            self._asset_owner,
        ]
        columns += [column for _, matrix in self._zones for column in matrix.T]
        group, examples = np.zeros(count, np.int64), np.zeros(0, np.int64)
        for column in columns:
            values = column.astype(np.int64) - int(column.min(initial=0))
            key = group * (int(values.max(initial=0)) + 1) + values
            _, examples, group = np.unique(key, return_index=True, return_inverse=True)
        return examples.tolist(), group.astype(np.int32)

    def facts(self, i: int) -> Facts:
        """Return the facts of pin ``i``."""
        zones = []
        for layer, matrix in self._zones:
            table = self._atlas.zones[layer]
            zones += [(layer, table.source_id[zone], table.name[zone]) for zone in matrix[i] if zone >= 0]
        asked = self._questions
        trouble = int(self._trouble[i])
        return Facts(
            service_id=int(self._service_ids[i]),
            zones=tuple(zones),
            street_class=_label(asked.street_classes, self._street_class[i]),
            street_owner=_label(asked.street_owners, self._street_owner[i]),
            asset_owner=_label(asked.asset_owners, self._asset_owner[i]),
            trouble=next((flag for flag in _TROUBLES if trouble & BIT[flag]), None),
        )


def _named(values: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(sorted({value for value in values if value is not None}))


def _zones(places: Places, layer: str) -> Ints:
    """Return the ordinals of all zones of a layer that hold each pin, as rows padded with -1."""
    offsets, zones = places.zones_all(layer)
    counts = np.diff(offsets)
    matrix = np.full((len(places), int(counts.max(initial=0))), -1, np.int32)
    row = np.repeat(np.arange(len(places)), counts)
    matrix[row, np.arange(len(zones)) - offsets[row]] = zones
    return matrix


def _labels(labels: NDArray[Any], ordinals: Ints, asked: tuple[str, ...]) -> Ints:
    """Return the position in ``asked`` of each pin's label, -1 where it is not asked about."""
    found = np.full(len(ordinals), -1, np.int32)
    if asked:
        known = np.flatnonzero(ordinals >= 0)
        of_pins = labels[ordinals[known]]
        for position, label in enumerate(asked):
            found[known[of_pins == label]] = position
    return found


def _asset_owners(asked: tuple[str, ...], catalog: Catalog, service_ids: Ints, places: Places) -> Ints:
    found = np.full(len(service_ids), -1, np.int32)
    if asked:
        for service_id in np.unique(service_ids).tolist():
            kind = catalog.services[service_id].asset_kind
            if kind is not None and kind in places.atlas.assets:
                pins = service_ids == service_id
                owners = places.atlas.assets[kind].owner
                found[pins] = _labels(owners, places.asset[kind][pins], asked)
    return found


def _label(asked: tuple[str, ...], position: int) -> str | None:
    return asked[position] if position >= 0 else None

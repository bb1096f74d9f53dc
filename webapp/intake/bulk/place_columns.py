"""Places as columns of the tables of reports and tickets, made for many pins at once."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from geo.arrays import Ints
from layers.atlas import Atlas
from layers.places import BIT, FLAGS, Places
from webapp.catalog.snapshot import Catalog

WGS84 = 4326
_EWKB_POINT = np.dtype(
    [("byte_order", "u1"), ("kind", "<u4"), ("srid", "<u4"), ("lon", "<f8"), ("lat", "<f8")]
)
"""A point with its SRID, as PostGIS takes it in."""


class PlaceColumns:
    """Makes columns out of places of one atlas; what comes from the atlas alone is made once."""

    def __init__(self, atlas: Atlas, catalog: Catalog) -> None:
        self._atlas = atlas
        self._catalog = catalog
        segments = atlas.segments
        self._street = _named(segments.name)
        self._segment_id = pa.array(segments.source_id, pa.string())
        left, right = _named(segments.left_zip), _named(segments.right_zip)
        self._postcodes = pc.coalesce(left, right), pc.coalesce(right, left)
        self._zone_ids = {name: pa.array(zones.source_id, pa.string()) for name, zones in atlas.zones.items()}
        self._flags = pa.array([_flag_names(bits) for bits in range(1 << len(FLAGS))], pa.list_(pa.string()))

    def addresses(self, places: Places, given: pa.Array) -> pa.Array:
        """Return the addresses as given; where there is none, as located."""
        street = _taken(self._street, places.segment)
        numbered = pc.binary_join_element_wise(pc.cast(_numbers(places), pa.string()), street, " ")
        return pc.coalesce(given, numbered, street)

    def shared(self, places: Places, service_ids: Ints) -> dict[str, pa.Array]:
        """Return the columns that reports and tickets have in common, but for the address."""
        return {
            "geom": _points(places),
            "street": _taken(self._street, places.segment),
            "house_number": _numbers(places),
            "segment_id": _taken(self._segment_id, places.segment),
            "side": _taken(pa.array(["r", None, "l"]), places.side + 1),
            "along_m": pa.array(places.along_m.astype(np.float32), mask=places.segment < 0),
            "asset_id": self._assets(places, service_ids),
            "zones": self._zones(places),
        }

    def of_report(self, places: Places) -> dict[str, pa.Array]:
        """Return the columns that reports alone have."""
        left, right = (_taken(postcode, places.segment) for postcode in self._postcodes)
        return {
            "postcode": pc.if_else(pa.array(places.side >= 0), left, right),
            "snap_m": pa.array(places.snap_m.astype(np.float32), mask=places.segment < 0),
            "place_flags": self._flags.take(pa.array(places.flags)),
            "edition_ids": _repeated(self._atlas.edition_ids, len(places)),
        }

    def districts(self, places: Places) -> pa.Array:
        """Return the council district of each pin."""
        layer = self._atlas.city.district_layer
        if layer not in self._zone_ids:
            return pa.nulls(len(places), pa.string())
        return _taken(self._zone_ids[layer], places.zone[layer])

    def _assets(self, places: Places, service_ids: Ints) -> pa.Array:
        found = np.full(len(places), None, dtype=object)
        for service_id in np.unique(service_ids).tolist():
            kind = self._catalog.services[service_id].asset_kind
            if kind in places.asset:
                pins = np.flatnonzero((service_ids == service_id) & (places.asset[kind] >= 0))
                found[pins] = self._atlas.assets[kind].source_id[places.asset[kind][pins]]
        return pa.array(found, pa.string())

    def _zones(self, places: Places) -> pa.Array:
        """Return ``{layer: zone id}`` of each pin as JSON, each different one written once."""
        layers = list(self._zone_ids)
        group = np.zeros(len(places), np.int64)
        for layer in layers:
            zone = places.zone[layer].astype(np.int64) + 1
            group = np.unique(group * (int(zone.max(initial=0)) + 1) + zone, return_inverse=True)[1]
        _, examples, group = np.unique(group, return_index=True, return_inverse=True)
        texts = [
            json.dumps(
                {
                    layer: self._atlas.zones[layer].source_id[places.zone[layer][i]]
                    for layer in layers
                    if places.zone[layer][i] >= 0
                }
            )
            for i in examples.tolist()
        ]
        return pa.array(texts, pa.string()).take(pa.array(group))


def _named(names: NDArray[np.object_]) -> pa.Array:
    """Return texts with null for the empty ones."""
    return pa.array(names, pa.string(), mask=names == "")


def _taken(values: pa.Array, ordinals: NDArray[np.integer]) -> pa.Array:
    """Return ``values`` by ordinal, null where that is negative."""
    return values.take(pa.array(ordinals, mask=ordinals < 0))


def _numbers(places: Places) -> pa.Array:
    return pa.array(places.house_number, mask=places.house_number <= 0)


def _points(places: Places) -> pa.Array:
    """Return the pins as EWKB; null for what is no point."""
    points = np.empty(len(places), _EWKB_POINT)
    points["byte_order"], points["kind"], points["srid"] = 1, 0x20000001, WGS84
    points["lon"], points["lat"] = places.lon, places.lat
    kind = pa.binary(_EWKB_POINT.itemsize)
    whole = pa.Array.from_buffers(kind, len(points), [None, pa.py_buffer(points)])
    return pc.if_else(pa.array(~places.flagged("not_a_point")), whole, pa.scalar(None, kind))


def _flag_names(bits: int) -> list[str]:
    return [flag for flag in FLAGS if bits & BIT[flag]]


def _repeated(values: Sequence[int], count: int) -> pa.Array:
    return pa.array([list(values)], pa.list_(pa.int32())).take(pa.array(np.zeros(count, np.int8)))

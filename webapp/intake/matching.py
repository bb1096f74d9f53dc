"""Reports and tickets as `geo.duplicates` compares them: a city's services bound to the model, and arrays."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.arrays import Floats, Ints
from geo.duplicates import Model, Reports, Tickets
from geo.pair_features import ON_ITS_WAY_S
from geo.text import UNKNOWN, Words, address_key, address_keys, keys, words
from layers.atlas import Atlas
from layers.places import Places
from layers.sources import Objects
from webapp.catalog.snapshot import Catalog
from webapp.intake.draft import IMPORT
from webapp.tickets.nearby import Candidate
from webapp.tickets.queries import Box

ON_ITS_WAY = timedelta(seconds=ON_ITS_WAY_S)
"""A report may be so long on its way; one that says it was longer has a wrong clock."""
STAFF = "staff"
"""The channel of what the city's own staff noticed."""
_SIDES = {"l": 1, "r": -1, None: 0}
"""Side of a segment as places have it, by what tickets call it."""

_kept: dict[int, CityMatching] = {}


class CityMatching:
    """A city's services, bound to the model; each service may have thresholds and a reach of its own."""

    def __init__(self, catalog: Catalog, model: Model) -> None:
        services = list(catalog.services.values())
        self._names = {service.id: service.name for service in services}
        self.catalog = catalog
        self.model = model
        self._rows = np.zeros(max((service.id for service in services), default=0) + 1, np.int32)
        self._rows[[service.id for service in services]] = np.arange(len(services))
        self.services = self.model.bind(
            [service.code for service in services],
            [service.group for service in services],
            [service.duplicates for service in services],
        )
        ids = np.array([service.id for service in services])
        self._related: dict[int, list[int]] = {
            service.id: ids[self.services.related[row]].tolist() for row, service in enumerate(services)
        }

    def rows(self, service_ids: ArrayLike) -> Ints:
        """Return the positions of services in ``services``."""
        return np.asarray(self._rows[np.asarray(service_ids)])

    def reach_m(self, service_id: int) -> float:
        """Return how far from a report of a service the tickets lie that it may repeat, in metres."""
        return float(self.services.reach_m[self._rows[service_id]])

    def related(self, service_id: int) -> list[int]:
        """Return the services whose tickets a report of ``service_id`` may repeat."""
        return self._related[service_id]

    def span(self, service_id: int, requested_at: datetime) -> tuple[datetime, datetime]:
        """Return since when open and until when opened the tickets are that a report may repeat."""
        lookback = timedelta(seconds=float(self.services.lookback_s[self._rows[service_id]]))
        return requested_at - lookback, requested_at + ON_ITS_WAY

    def reports(
        self,
        places: Places,
        service_ids: ArrayLike,
        opened: ArrayLike,
        addresses: Sequence[str | None],
        descriptions: Sequence[str | None],
        channels: Sequence[str],
        closed: ArrayLike | None = None,
    ) -> Reports:
        """Return reports as arrays; those whose pins are not placed are never matched.

        Parameters
        ----------
        opened, closed
            Seconds since 1970 UTC; ``closed`` is NaN for those that are open.
        """
        service_ids, names = np.asarray(service_ids), self._names
        placed = places.placed
        snapped = np.flatnonzero(places.segment >= 0)
        segment = np.full(len(places), UNKNOWN, np.int64)
        segment[snapped] = _keys_of(places.layers.segments.source_id, places.segment[snapped])
        return Reports(
            x=np.where(placed, places.x, np.nan),
            y=np.where(placed, places.y, np.nan),
            opened=opened,
            service=self._rows[service_ids],
            matchable=placed,
            segment=segment,
            side=places.side,
            along_m=places.along_m,
            address=address_keys(addresses),
            asset=self._assets(places, service_ids),
            words=words(descriptions, apart_from=[names[service_id] for service_id in service_ids.tolist()]),
            by_staff=[noticed_by_staff(channel) for channel in channels],
            closed=closed,
        )

    def tickets(self, candidates: Sequence[Candidate], atlas: Atlas) -> Tickets:
        """Return tickets as arrays, in their order."""
        lon = np.array([ticket.lon for ticket in candidates], float)
        lat = np.array([ticket.lat for ticket in candidates], float)
        x, y = atlas.metric.to_metric(lon, lat)
        match_keys = [ticket.match_keys or self._match_keys(ticket) for ticket in candidates]
        return Tickets(
            x=x,
            y=y,
            opened=_numbers([ticket.opened for ticket in candidates]),
            latest=_numbers([ticket.latest for ticket in candidates]),
            closed=_numbers([ticket.closed for ticket in candidates]),
            service=self._rows[[ticket.service_id for ticket in candidates]],
            segment=keys([ticket.segment_id for ticket in candidates]),
            side=np.array([_SIDES[ticket.side] for ticket in candidates], np.int8),
            along_m=_numbers([ticket.along_m for ticket in candidates]),
            address=np.array([address for address, *_ in match_keys], np.int64),
            asset=keys([self._asset_name(ticket.service_id, ticket.asset_id) for ticket in candidates]),
            words=Words.of([found for _, *found in match_keys]),
            reports=np.array([ticket.report_count for ticket in candidates], np.int32),
        )

    def _match_keys(self, ticket: Candidate) -> list[int]:
        said = words([ticket.description], apart_from=[self._names[ticket.service_id]])
        return [address_key(ticket.address), *said.keys.tolist()]

    def _assets(self, places: Places, service_ids: Ints) -> NDArray[np.int64]:
        """Return the key of the asset that each report is about."""
        found = np.full(len(places), UNKNOWN, np.int64)
        for service_id in np.unique(service_ids).tolist():
            kind = self.catalog.services[service_id].asset_kind
            if kind in places.asset:
                pins = np.flatnonzero((service_ids == service_id) & (places.asset[kind] >= 0))
                ids = places.layers.assets[kind].source_id
                found[pins] = _keys_of(ids, places.asset[kind][pins], f"{kind} ")
        return found

    def _asset_name(self, service_id: int, asset: str | None) -> str | None:
        return f"{self.catalog.services[service_id].asset_kind} {asset}" if asset else None


def city_matching(catalog: Catalog, model: Model) -> CityMatching:
    """Return the matching of a city: the one kept unless its catalog or its model is another."""
    kept = _kept.get(catalog.city_id)
    if kept is None or kept.catalog is not catalog or kept.model is not model:
        kept = _kept[catalog.city_id] = CityMatching(catalog, model)
    return kept


def match_keys(reports: Reports) -> Words:
    """Return for each report the key of its address, then those of its words, as tickets keep them."""
    assert reports.words is not None  # noqa: S101
    starts, found = reports.words.starts, reports.words.keys
    return Words(starts + np.arange(len(starts)), np.insert(found, starts[:-1], np.asarray(reports.address)))


def box_around(atlas: Atlas, x: float, y: float, reach_m: float) -> Box:
    """Return the box in degrees that holds everything within reach of a point in the metric CRS."""
    # A square of the metric CRS is a little turned and bent in degrees: the corners, and a hundredth more.
    reach = 1.01 * reach_m
    corners = itertools.product((x - reach, x + reach), (y - reach, y + reach))
    lon, lat = zip(*(atlas.metric.to_lonlat(*corner) for corner in corners), strict=True)
    return min(lon), min(lat), max(lon), max(lat)


def noticed_by_staff(channel: str) -> int:
    """Return 1 where the city's own staff noticed it, 0 where somebody else did, -1 where nobody knows."""
    return -1 if channel == IMPORT else int(channel == STAFF)


def _keys_of(names: Objects, ordinals: Ints, prefix: str = "") -> NDArray[np.int64]:
    """Return the key of each pin's name, working out that of each name once."""
    used, which = np.unique(ordinals, return_inverse=True)
    return keys([prefix + name for name in names[used].tolist()])[which]


def _numbers(values: Sequence[float | None]) -> Floats:
    return np.array([np.nan if value is None else value for value in values], float)

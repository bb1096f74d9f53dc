"""GeoJSON (RFC 7946) of whole collections, piece by piece."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from webapp.api.features.collections import Features
from webapp.api.features.crs import CRS84, offered
from webapp.api.features.items import feature_texts

MEDIA_TYPE = "application/geo+json"


def pieces(features: Features, pages: Iterable[list[Sequence[Any]]]) -> Iterator[str]:
    """Yield a FeatureCollection, a piece for each page."""
    degrees = offered(4326)[CRS84]
    yield '{"type":"FeatureCollection","features":['
    between = ""
    for rows in pages:
        if rows:
            yield between + ",\n".join(feature_texts(features, rows, degrees))
            between = ",\n"
    yield "]}\n"

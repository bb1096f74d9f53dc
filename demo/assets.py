"""The assets of a made-up city: street lights and hydrants along its segments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from demo.streets import Segments


@dataclass(frozen=True)
class Assets:
    """Things with an id as columns of equal length; ``x`` and ``y`` in metric coordinates."""

    x: np.ndarray
    y: np.ndarray
    id: np.ndarray
    street: np.ndarray
    owner: np.ndarray
    segment: np.ndarray


def make_assets(segments: Segments, *, letter: str, spacing_m: float, offset_m: float) -> Assets:
    """Set one asset every ``spacing_m`` along each segment, left and right in turn."""
    lengths = shapely.length(segments.lines)
    counts = (lengths // spacing_m).astype(int)
    segment = np.repeat(np.arange(len(lengths)), counts)
    rank = np.arange(len(segment)) - np.repeat(np.cumsum(counts) - counts, counts)
    at = (rank + 0.5) * spacing_m
    lines = segments.lines[segment]
    here = shapely.get_coordinates(shapely.line_interpolate_point(lines, at))
    ahead = shapely.get_coordinates(shapely.line_interpolate_point(lines, at + 0.5))
    forward = (ahead - here) / np.linalg.norm(ahead - here, axis=1, keepdims=True)
    side = np.where(rank % 2 == 0, offset_m, -offset_m)
    return Assets(
        x=here[:, 0] - forward[:, 1] * side,
        y=here[:, 1] + forward[:, 0] * side,
        id=np.array([f"{letter}{number:05d}" for number in range(1, len(segment) + 1)], dtype=object),
        street=segments.name[segment],
        owner=segments.owner[segment],
        segment=segment,
    )

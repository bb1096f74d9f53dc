"""A map as a picture for slides and paper: drawn by matplotlib out of our own data, without a browser."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.path import Path
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from webapp.insight.maps.layers import COLOURS

WIDTH_PX, HEIGHT_PX, PX_PER_INCH = 1600, 900, 100
PAPER, INK, QUIET, STREET, EDGE = "#ffffff", "#1b1b1b", "#565c65", "#d2d4d6", "#2378c3"
GLOW_M = 120.0
"""The spread of a ticket's glow: that of its block."""
_HEAT = LinearSegmentedColormap.from_list("heat", [(0.0, "#5e3c99"), *COLOURS.items()])


@dataclass(frozen=True)
class Ground:
    """What lies under the figures; in the city's metric CRS."""

    outline: shapely.Geometry
    streets: NDArray[np.object_]


@dataclass(frozen=True)
class Words:
    """What stands beside a map."""

    title: str
    lines: Sequence[str]
    """What is shown, of which days."""
    legend: str
    source: Sequence[str]
    """Where the figures are from, and when they were computed."""


@dataclass(frozen=True)
class HeatSpots:
    """Points with their numbers of tickets, in metres."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    tickets: NDArray[np.int64]
    few: str
    many: str


@dataclass(frozen=True)
class ShadedAreas:
    """Areas (metric CRS) with the colour of each, None where nothing is said of it; and what colours mean."""

    polygons: NDArray[np.object_]
    colours: Sequence[str | None]
    legend: Sequence[tuple[str, str]]
    """Colour and words."""
    not_shown: str


def picture(ground: Ground, shown: HeatSpots | ShadedAreas, words: Words) -> bytes:
    """Return a map as a PNG of 1600 × 900 pixels."""
    figure = Figure(
        figsize=(WIDTH_PX / PX_PER_INCH, HEIGHT_PX / PX_PER_INCH), dpi=PX_PER_INCH, facecolor=PAPER
    )
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_axes((0.02, 0.03, 0.62, 0.94))
    axes.set_axis_off()
    axes.set_aspect("equal")
    west, south, east, north = shapely.bounds(ground.outline).tolist()
    margin = 0.03 * max(east - west, north - south)
    axes.set_xlim(west - margin, east + margin)
    axes.set_ylim(south - margin, north + margin)
    lines = [shapely.get_coordinates(street) for street in ground.streets]
    axes.add_collection(LineCollection(lines, colors=STREET, linewidths=0.6, zorder=1))
    axes.add_collection(
        _filled([ground.outline], facecolors="none", edgecolors=EDGE, linewidths=1.6, zorder=4)
    )
    _write(figure, words)
    if isinstance(shown, HeatSpots):
        _glow(figure, axes, shown, words.legend)
    else:
        _shade(figure, axes, shown, words.legend)
    content = io.BytesIO()
    canvas.print_png(content)  # type: ignore[no-untyped-call]
    return content.getvalue()


def _write(figure: Figure, words: Words) -> None:
    wrapped: dict[str, Any] = {"wrap": True, "va": "top", "color": INK}
    figure.text(0.67, 0.93, words.title, fontsize=26, fontweight="bold", **wrapped)
    for number, line in enumerate(words.lines):
        figure.text(0.67, 0.83 - 0.045 * number, line, fontsize=15, **wrapped)
    figure.text(0.67, 0.05, "\n".join(words.source), fontsize=11, va="bottom", color=QUIET, wrap=True)


def _glow(figure: Figure, axes: Axes, heat: HeatSpots, title: str) -> None:
    """Draw the spots as one glow, as strong as the tickets around are many."""
    (west, east), (south, north) = axes.get_xlim(), axes.get_ylim()
    cell = max(east - west, north - south) / 500
    columns, rows = int(np.ceil((east - west) / cell)), int(np.ceil((north - south) / cell))
    counts, _x, _y = np.histogram2d(
        heat.x,
        heat.y,
        bins=(columns, rows),
        range=((west, west + columns * cell), (south, south + rows * cell)),
        weights=heat.tickets,
    )
    glow = gaussian_filter(counts.T, max(GLOW_M / cell, 4.0))
    strength = np.clip(glow / (np.quantile(glow[glow > 0], 0.995) if glow.any() else 1.0), 0, 1)
    pixels = _HEAT(strength)
    pixels[..., 3] = np.clip(strength * 3.0, 0, 0.9)
    axes.imshow(
        pixels,
        extent=(west, west + columns * cell, south, south + rows * cell),
        origin="lower",
        interpolation="bilinear",
        zorder=3,
    )
    bar = figure.add_axes((0.67, 0.42, 0.22, 0.03))
    bar.imshow(np.linspace(0, 1, 256)[None, :], cmap=_HEAT, aspect="auto")
    bar.set_xticks([0, 255], [heat.few, heat.many], fontsize=13, color=INK)
    bar.set_yticks([])
    bar.set_title(title, fontsize=14, loc="left", color=INK)


def _shade(figure: Figure, axes: Axes, areas: ShadedAreas, title: str) -> None:
    said = [number for number, colour in enumerate(areas.colours) if colour is not None]
    faces = [areas.colours[number] for number in said]
    axes.add_collection(
        _filled(
            areas.polygons[said], facecolors=faces, edgecolors=QUIET, linewidths=0.6, alpha=0.85, zorder=2
        )
    )
    patches = [Patch(facecolor=colour, edgecolor=QUIET, label=text) for colour, text in areas.legend]
    if len(said) < len(areas.colours):
        patches.append(Patch(facecolor="none", edgecolor=QUIET, linestyle=":", label=areas.not_shown))
    legend = figure.legend(
        handles=patches,
        title=title,
        loc="upper left",
        bbox_to_anchor=(0.66, 0.62),
        fontsize=13,
        title_fontsize=14,
        frameon=False,
        alignment="left",
    )
    legend.get_title().set_color(INK)


def _filled(shapes: Sequence[shapely.Geometry] | NDArray[np.object_], **look: Any) -> PathCollection:
    """Return polygons as matplotlib draws them, holes left open."""
    paths = [
        Path.make_compound_path(
            *(
                Path(shapely.get_coordinates(ring), closed=True)
                for part in shapely.get_parts(shape).tolist()
                for ring in (part.exterior, *part.interiors)
            )
        )
        for shape in shapes
    ]
    return PathCollection(paths, **look)

"""Maps for pages, made with folium: our own files, our own tiles, no citizen's text.

A map is either part of one of our pages, which loads scripts by their addresses, or of a file that is opened
without a network: then scripts, figures and the streets behind it are in the file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import folium
import shapely
from branca.element import Figure
from folium.template import Template
from markupsafe import Markup

from webapp.insight.maps.packing import Line

OUTLINE_TOLERANCE_DEGREES = 0.0002
"""An outline is simplified by about 20 m: less than its line is wide when the whole is seen."""
OUTLINE_COLOUR = "#2378c3"
"""Seen on the light base map and on the dark one."""
WIDEST_ZOOM, CLOSEST_ZOOM = 9, 16
"""Closer than a block there is nothing to see: points are on a grid of blocks."""
SMALLEST_PART = 0.001
"""Islands and gaps smaller than this part of the whole are not drawn: gaps are mostly borders drawn twice."""

Extent = list[list[float]]
"""South-west and north-east corner, each (latitude, longitude)."""


@dataclass(frozen=True)
class Files:
    """Addresses of what a map loads, all of them ours."""

    leaflet: str
    heat: str
    ground: str
    """Our own script: the base map, and what is drawn on it."""


@dataclass(frozen=True)
class Tiles:
    """The base map: our vector tiles, with {z}, {x} and {y} in their address."""

    tiles: str
    max_zoom: int

    @property
    def ground(self) -> dict[str, Any]:
        """What the script draws it from."""
        return {"tiles": self.tiles, "maxDataZoom": self.max_zoom}


@dataclass(frozen=True)
class Streets:
    """The base map of a map without a network."""

    lines: list[Line]
    """Packed; see `packing`."""

    @property
    def ground(self) -> dict[str, Any]:
        """What the script draws it from."""
        return {"lines": self.lines}


class PageFigure(Figure):
    """The figure of a map that is part of one of our pages, which has its own head, styles and language."""

    _template = Template(
        "{{ this.header.render() }}{{ this.html.render() }}"
        '<script nonce="{{ this.nonce }}">{{ this.script.render() }}'
        "pinward.start({{ this.first|tojson }});</script>"
    )

    def __init__(self, nonce: str, first: str) -> None:
        super().__init__()
        self.nonce = nonce
        self.first = first
        self.header._children.clear()


class FileFigure(Figure):
    """The figure of a map in a file: what a page would load is in it."""

    _template = Template(
        "{% for link in this.header._children.values() %}"
        "<script>{{ this.text_of(link.url) }}</script>{% endfor %}"
        "{{ this.html.render() }}"
        "<script>{{ this.script.render() }}pinward.start({{ this.first|tojson }});</script>"
    )

    def __init__(self, text_of: Callable[[str], str], first: str) -> None:
        super().__init__()
        self.text_of = text_of
        self.first = first
        self.header._children.clear()


class PageMap(folium.Map):
    """A map sized by the page's style sheet, that loads only our own files and sets no rules for the page."""

    _template = Template(
        """
        {% macro html(this, kwargs) %}
            <div class="map__canvas" id="{{ this.get_name() }}" role="region" aria-label="{{ this.label|e }}">
            </div>
        {% endmacro %}
        {% macro script(this, kwargs) %}
            var {{ this.get_name() }} = L.map("{{ this.get_name() }}", {{ this.options|tojavascript }});
            {{ this.get_name() }}.fitBounds({{ this.extent|tojson }});
            pinward.drawGround({{ this.get_name() }}, {{ this.ground|tojson }});
        {% endmacro %}
        """
    )

    def __init__(self, files: Files, ground: Tiles | Streets, label: str, extent: Extent) -> None:
        super().__init__(tiles=None)
        self.default_js = [("leaflet", files.leaflet), ("ground", files.ground)]
        self.default_css = []  # The page's own style sheet has Leaflet's rules.
        self.label = label
        self.ground = ground.ground
        self.extent = extent
        self.options = {"minZoom": WIDEST_ZOOM, "maxZoom": CLOSEST_ZOOM, "attributionControl": False}


def map_of(
    figure: Figure,
    files: Files,
    ground: Tiles | Streets,
    *,
    label: str,
    outline: shapely.Geometry,
    layers: list[folium.map.Layer],
) -> Markup:
    """Return the HTML of a map over an outline.

    Parameters
    ----------
    figure
        A `PageFigure` or a `FileFigure`.
    label
        What screen readers call the map.
    outline
        (Multi)polygon in EPSG:4326; the map opens on it.
    layers
        What can be shown, one at a time; see `webapp.insight.maps.layers`.
    """
    west, south, east, north = shapely.bounds(outline).tolist()
    page_map = PageMap(files, ground, label, [[south, west], [north, east]])
    figure.add_child(page_map)
    for layer in layers:
        layer.add_to(page_map)
    for rings in _parts(outline):
        part = folium.Polygon(rings, color=OUTLINE_COLOUR, weight=2, fill=False)
        part.options["interactive"] = False
        part.add_to(page_map)
    return Markup(figure.render())  # noqa: S704  (folium's own markup around our label, which it escapes)


def _parts(outline: shapely.Geometry) -> list[list[list[tuple[float, float]]]]:
    """Return an outline as Leaflet takes it: parts, each of rings, each of (latitude, longitude)."""
    least = SMALLEST_PART * shapely.area(outline)
    simple = shapely.get_parts(shapely.simplify(outline, OUTLINE_TOLERANCE_DEGREES)).tolist()
    return [
        [_latlon(ring) for ring in (part.exterior, *part.interiors) if shapely.Polygon(ring).area >= least]
        for part in simple
        if part.area >= least
    ]


def _latlon(ring: shapely.LinearRing) -> list[tuple[float, float]]:
    return [(round(lat, 5), round(lon, 5)) for lon, lat in shapely.get_coordinates(ring).tolist()]

"""Maps for pages, made with folium: our own files, our own tiles, points by address, no citizen's text."""

from __future__ import annotations

from dataclasses import dataclass

import folium
import shapely
from branca.element import Figure
from folium.plugins import HeatMap
from folium.template import Template
from markupsafe import Markup

OUTLINE_TOLERANCE_DEGREES = 0.0002
"""An outline is simplified by about 20 m: less than its line is wide when the whole is seen."""
OUTLINE_COLOUR = "#2378c3"
"""Seen on the light base map and on the dark one."""
WIDEST_ZOOM, CLOSEST_ZOOM = 9, 16
"""Closer than a block there is nothing to see: points are on a grid of blocks."""
EVERY_ZOOM = 0
"""A ticket weighs the same at each zoom; the page's script sets what the brightest colour means there."""
SMALLEST_PART = 0.001
"""Islands and gaps smaller than this part of the whole are not drawn: gaps are mostly borders drawn twice."""
COLOURS = {0.2: "#5e3c99", 0.45: "#b2479b", 0.7: "#f0715c", 1.0: "#fdc33c"}
"""From few to many: lightness rises throughout, so the order shows without telling the hues apart."""


Extent = list[list[float]]
"""South-west and north-east corner, each (latitude, longitude)."""


@dataclass(frozen=True)
class Files:
    """Addresses of what a map loads, all of them ours."""

    leaflet: str
    heat: str
    ground: str
    """The script that draws the base map."""
    tiles: str
    """The vector tiles, with {z}, {x} and {y}."""
    tiles_max_zoom: int


class PageFigure(Figure):
    """The figure of a map that is part of one of our pages, which has its own head, styles and language."""

    _template = Template(
        "{{ this.header.render() }}{{ this.html.render() }}"
        '<script nonce="{{ this.nonce }}">{{ this.script.render() }}</script>'
    )

    def __init__(self, nonce: str) -> None:
        super().__init__()
        self.nonce = nonce
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
            pinward.drawGround({{ this.get_name() }}, {{ this.ground|tojavascript }});
        {% endmacro %}
        """
    )

    def __init__(self, files: Files, label: str, extent: Extent) -> None:
        super().__init__(tiles=None)
        self.default_js = [("leaflet", files.leaflet), ("ground", files.ground)]
        self.default_css = []  # The page's own style sheet has Leaflet's rules.
        self.label = label
        self.ground = {"tiles": files.tiles, "maxDataZoom": files.tiles_max_zoom}
        self.extent = extent
        self.options = {"minZoom": WIDEST_ZOOM, "maxZoom": CLOSEST_ZOOM, "attributionControl": False}


class HeatFrom(HeatMap):
    """A heat layer that fetches its points."""

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            var {{ this.get_name() }} = L.heatLayer([], {{ this.options|tojavascript }});
            pinward.heat({{ this._parent.get_name() }}, {{ this.get_name() }}, {{ this.address|tojson }});
        {% endmacro %}
        """
    )

    def __init__(self, files: Files, address: str) -> None:
        super().__init__(  # type: ignore[no-untyped-call]
            [], min_opacity=0.03, max_zoom=EVERY_ZOOM, radius=14, blur=12, gradient=COLOURS, control=False
        )
        self.default_js = [("heat", files.heat)]
        self.address = address


def heat_map(files: Files, *, label: str, outline: shapely.Geometry, points: str, nonce: str) -> Markup:
    """Return the HTML of a heatmap over an outline.

    Parameters
    ----------
    label
        What screen readers call the map.
    outline
        (Multi)polygon in EPSG:4326; the map opens on it.
    points
        Address that answers ``{points: [[lat, lon, weight], …]}``.
    nonce
        Of this answer's content security policy.
    """
    west, south, east, north = shapely.bounds(outline).tolist()
    figure = PageFigure(nonce)
    page_map = PageMap(files, label, [[south, west], [north, east]])
    figure.add_child(page_map)
    HeatFrom(files, points).add_to(page_map)
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

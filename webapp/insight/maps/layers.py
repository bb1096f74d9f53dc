"""What a map can show, one at a time. Each takes its figures from an address, or has them in itself.

Folium puts none of them on the map (``show=False``): the page's script does, when it is chosen.
"""

from __future__ import annotations

from typing import Any

from folium.elements import JSCSSMixin
from folium.map import Layer
from folium.plugins import HeatMap, HeatMapWithTime
from folium.template import Template

from webapp.insight.maps.base import Files

EVERY_ZOOM = 0
"""A ticket weighs the same at each zoom; the page's script sets what the brightest colour means there."""
COLOURS = {0.2: "#5e3c99", 0.45: "#b2479b", 0.7: "#f0715c", 1.0: "#fdc33c"}
"""From few to many: lightness rises throughout, so the order shows without telling the hues apart."""
HEAT = {"minOpacity": 0.03, "maxZoom": EVERY_ZOOM, "radius": 14, "blur": 12, "gradient": COLOURS}

Source = str | dict[str, Any]
"""An address that answers JSON, or what it would answer."""


class Heat(HeatMap):
    """A heat layer, by the name ``heat``. Its source has ``step`` and ``blocks``: see `heat.Blocks`."""

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            pinward.heat({{ this._parent.get_name() }}, {{ this.heat|tojson }}, {{ this.source|tojson }});
        {% endmacro %}
        """
    )

    def __init__(self, files: Files, source: Source) -> None:
        super().__init__([], control=False, show=False)  # type: ignore[no-untyped-call]
        self.default_js = [("heat", files.heat)]
        self.heat = HEAT
        self.source = source


class HeatThroughTime(HeatMapWithTime):
    """Heat layers of months, by the name ``months``.

    Its source has ``step`` and ``months``, each with ``label`` and ``blocks``. The page has the buttons:
    those of folium's own control cannot be worked by keyboard, and come with four scripts more.
    """

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            pinward.months({{ this._parent.get_name() }}, {{ this.heat|tojson }}, {{ this.source|tojson }});
        {% endmacro %}
        """
    )

    def __init__(self, files: Files, source: Source) -> None:
        super().__init__([], control=False, show=False)  # type: ignore[no-untyped-call]
        self.default_js, self.default_css = [("heat", files.heat)], []
        self.heat = HEAT
        self.source = source


class Shades(JSCSSMixin, Layer):
    """Areas coloured by a measure, by the names of the measures.

    Its source has ``areas``, each with ``name``, ``shape`` (packed polygons) and, where there are tickets to
    look at, ``tickets`` (their address); and ``measures``, each with ``title``, ``legend`` ([colour, words])
    and for each area ``steps`` (place in the legend) and ``words``.
    """

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            pinward.shades(
                {{ this._parent.get_name() }}, {{ this.measures|tojson }}, {{ this.source|tojson }});
        {% endmacro %}
        """
    )

    def __init__(self, measures: list[str], source: Source) -> None:
        super().__init__(control=False, show=False)
        self.default_js, self.default_css = [], []
        self.measures = measures
        self.source = source

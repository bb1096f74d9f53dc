"""What the council's page, its map, its files and its pictures all show of a choice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np
import shapely
from flask_babel import format_date, ngettext
from flask_babel import gettext as _

from layers.atlas import Atlas
from layers.queries import residents
from webapp.insight import heat
from webapp.insight.areas import (
    HEXAGONS,
    MEASURES,
    AreaFigures,
    Areas,
    area_of_tickets,
    areas,
    figures,
    ground,
)
from webapp.insight.facts import Facts
from webapp.insight.maps import packing
from webapp.insight.maps.shades import Steps, steps
from webapp.pages.context import served
from webapp.pages.council_choice import Choice, districts_of, facts_of, is_public
from webapp.pages.council_words import AreaRow, amount, area_rows, legend, measure_name, measured
from webapp.pages.places import zone_name

OUTLINE_TOLERANCE_M = 15.0
"""Borders of areas are simplified by so much, together, so that neighbors stay neighbors."""


@dataclass(frozen=True)
class Shown:
    """A choice with the tickets it counts."""

    atlas: Atlas
    chosen: Choice
    counted: Facts
    """All tickets of the period."""
    now: datetime
    """As of when they are."""

    @cached_property
    def facts(self) -> Facts:
        """Those on the map and by areas."""
        return self.counted.where(np.isnat(self.counted.closed)) if self.chosen.only_open else self.counted

    @cached_property
    def areas(self) -> Areas | None:
        """The areas; None where the city has no boundary."""
        return areas(self.atlas, self.chosen.areas, self.chosen.district)

    @cached_property
    def figures(self) -> list[AreaFigures]:
        """Of each area."""
        if self.areas is None:
            return []
        here = served()
        known = (
            {} if self.areas.layer == HEXAGONS else residents(here.session, here.city.id, self.areas.layer)
        )
        people = np.array([known.get(key, np.nan) for key in self.areas.key], np.float64)
        people[~self.areas.whole] = np.nan
        of_ticket = area_of_tickets(self.facts, self.areas, self.atlas)
        return figures(self.facts, of_ticket, self.areas, people, self.now)

    @cached_property
    def rows(self) -> list[AreaRow]:
        """The areas by name."""
        return area_rows(self.areas, self.figures) if self.areas else []

    @cached_property
    def ground(self) -> shapely.Geometry | None:
        """The district, or the city, in its metric CRS; None where the city has no boundary."""
        return ground(self.atlas, self.chosen.district)

    @cached_property
    def outline(self) -> shapely.Geometry | None:
        """The same in EPSG:4326."""
        if self.ground is None:
            return None
        outline: shapely.Geometry = packing.to_lonlat(
            np.array([self.ground], dtype=object), self.atlas.metric
        )[0]
        return outline

    @cached_property
    def spots(self) -> tuple[Facts, np.ndarray, np.ndarray]:
        """The tickets that may be shown on a map, with latitudes and longitudes."""
        return heat.spots(self.facts, is_public(self.facts), self.atlas.metric)

    def steps(self, measure: str) -> Steps:
        """Return the colours of the areas by a measure."""
        return steps([None if each.hidden else getattr(each, measure) for each in self.figures])


def shown(atlas: Atlas, chosen: Choice) -> Shown:
    """Return a choice with the tickets it counts."""
    return Shown(atlas, chosen, *facts_of(chosen))


def heat_source(what: Shown) -> dict[str, Any]:
    """Return the heat of all tickets, as the map takes it."""
    _facts, lat, lon = what.spots
    found = heat.blocks(lat, lon)
    return {"step": found.step, "blocks": found.packed()}


def months_source(what: Shown) -> dict[str, Any]:
    """Return the heat of each month, as the map takes it."""
    facts, lat, lon = what.spots
    found = heat.months(facts.opened, lat, lon, served().city.time_zone)
    return {
        "step": found[0].blocks.step if found else heat.BLOCK_DEGREES,
        "months": [
            {"label": format_date(each.first, "MMMM yyyy"), "blocks": each.blocks.packed()} for each in found
        ],
    }


def shades_source(what: Shown, *, linked: bool) -> dict[str, Any]:
    """Return the areas with their colours by each measure, as the map takes them.

    Parameters
    ----------
    linked
        Whether an area leads to its tickets.
    """
    if what.areas is None:
        return {"areas": [], "measures": {}}
    simple = shapely.coverage_simplify(what.areas.polygons, OUTLINE_TOLERANCE_M)
    listed = []
    for row, shape in zip(what.rows, simple, strict=True):
        area: dict[str, Any] = {"name": row.name, "shape": packing.polygons(shape, what.atlas.metric)}
        if linked and row.figures.tickets:
            area["tickets"] = what.chosen.address("council_tickets.tickets", area=row.key)
            area["tickets_words"] = tickets_words(row.figures.tickets)
        listed.append(area)
    return {"areas": listed, "measures": {measure: _shades(what, measure) for measure in MEASURES}}


def _shades(what: Shown, measure: str) -> dict[str, Any]:
    found = what.steps(measure)
    return {
        "title": measure_name(measure),
        "legend": legend(measure, found),
        "steps": found.step,
        "words": [measured(measure, each) for each in what.figures],
    }


def tickets_words(count: int) -> str:
    """Return the words of the way to the tickets behind a figure."""
    return ngettext("See the ticket", "See the %(count)s tickets", count, count=amount("tickets", count))


def title_of(map_now: Atlas, zone: str | None) -> str:
    """Return the name of a district, or of the whole city."""
    if zone is None:
        return _("All of %(city)s", city=served().city.name)
    return zone_name(dict(districts_of(map_now))[zone])


def period_words(chosen: Choice) -> str:
    """Return the days that are counted."""
    first, last = format_date(chosen.period.first, "medium"), format_date(chosen.period.last, "medium")
    return _("Opened from %(first)s to %(last)s", first=first, last=last)


def about(chosen: Choice) -> list[str]:
    """Return what is counted: of which days, which services, which tickets."""
    return [
        period_words(chosen),
        chosen.group or _("All services"),
        _("Tickets still open") if chosen.only_open else _("All tickets"),
    ]

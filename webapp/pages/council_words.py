"""Measures of areas, their figures and the steps of their colours, in the reader's language."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from flask import Blueprint
from flask_babel import format_decimal, format_number, format_percent
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp.insight.areas import HEXAGONS, AreaFigures, Areas
from webapp.insight.maps.layers import COLOURS
from webapp.insight.maps.shades import Steps
from webapp.pages.places import zone_name

blueprint = Blueprint("council_words", __name__)

MEASURE_NAMES = {
    "tickets": _l("Tickets"),
    "per_km": _l("Tickets per km of street"),
    "per_1000": _l("Tickets per 1,000 residents"),
    "median_days": _l("Median days to complete"),
    "late": _l("Share late"),
    "reopened": _l("Share reopened"),
}


@dataclass(frozen=True)
class AreaRow:
    """An area with its figures."""

    key: str
    name: str
    figures: AreaFigures


@blueprint.app_template_filter()
def number(count: int) -> str:
    """Return such as ``12,345``."""
    return format_number(count)


@blueprint.app_template_filter()
def one_decimal(amount: float) -> str:
    """Return such as ``3.5``."""
    return format_decimal(amount, format="#,##0.0")


@blueprint.app_template_global()
def heat_colours() -> list[tuple[float, str]]:
    """Return the colours of heat from few to many, each with where it is reached."""
    return list(COLOURS.items())


@blueprint.app_template_global()
def measure_name(measure: str) -> str:
    """Return what a measure is called."""
    return str(MEASURE_NAMES[measure])


@blueprint.app_template_global()
def measured(measure: str, figures: AreaFigures) -> str:
    """Return a figure of an area, or why there is none."""
    if figures.hidden:
        return _("not shown")
    value: float | None = getattr(figures, measure)
    return _("not known") if value is None else amount(measure, value)


def amount(measure: str, value: float) -> str:
    """Return a figure as people write it."""
    if measure == "tickets":
        return number(int(value))
    return format_percent(value) if measure in ("late", "reopened") else one_decimal(value)


def legend(measure: str, steps: Steps) -> list[tuple[str, str]]:
    """Return the colour of each step, and between which figures it is."""
    bounds = [amount(measure, bound) for bound in steps.bounds]
    if not bounds:
        return [(steps.colours[0], _("all the same"))]
    words = [_("less than %(high)s", high=bounds[0])]
    words += [_("%(low)s to less than %(high)s", low=low, high=high) for low, high in pairwise(bounds)]
    words.append(_("%(low)s and more", low=bounds[-1]))
    return list(zip(steps.colours, words, strict=True))


def area_rows(areas: Areas, figures: list[AreaFigures]) -> list[AreaRow]:
    """Return the areas by their names."""
    if areas.layer == HEXAGONS:
        names = [_hexagon_name(number, street) for number, street in enumerate(areas.name, start=1)]
    else:
        names = [zone_name(name) for name in areas.name]
    return [AreaRow(*row) for row in zip(areas.key, names, figures, strict=True)]


def _hexagon_name(number: int, street: str) -> str:
    if street:
        return _("Hexagon %(number)s, %(street)s", number=number, street=street)
    return _("Hexagon %(number)s", number=number)

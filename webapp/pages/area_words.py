"""What is said of service areas and rules: steps, refusals, faults, conditions, in the reader's language."""

from __future__ import annotations

from flask import Blueprint
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from layers.area_check import Fault
from layers.drawing import DrawingRefused
from webapp.catalog.snapshot import Catalog
from webapp.dispatch.sections import RuleRow
from webapp.dispatch.trial import Who

blueprint = Blueprint("area_words", __name__)

STEPS = {
    "redrawn": _l("Border moved"),
    "added": _l("Area added"),
    "given": _l("Ground given to another area"),
    "taken": _l("Ground taken away"),
    "renamed": _l("Area renamed"),
    "removed": _l("Area removed"),
    "replaced": _l("Areas replaced by GeoJSON"),
    "mended": _l("Small cracks closed"),
    "rule_added": _l("Rule added"),
    "rule_changed": _l("Rule changed"),
    "rule_removed": _l("Rule removed"),
    "rule_moved": _l("Rule moved"),
    "rebased": _l("Taken on, on top of what was published since"),
}


REFUSALS = {
    "crosses_itself": _l("The border of %(areas)s crosses itself at %(where)s. Move that corner back."),
    "too_small": _l("What was drawn for %(areas)s at %(where)s is smaller than a room. Draw it larger."),
    "no_ground": _l("That would leave %(areas)s without ground. Remove it first, if it is meant to go."),
    "overlap": _l("%(areas)s overlap by %(size)s m² at %(where)s. Say in the file whose ground that is."),
    "not_geojson": _l("This is not a GeoJSON FeatureCollection. Download the areas to see one."),
    "no_areas": _l("There are no areas in it. Put at least one feature into it."),
    "too_many": _l("This is too much at once: up to 2,000 areas with 500,000 corners are taken."),
    "not_polygon": _l("%(areas)s has no polygon. Give each feature a Polygon or MultiPolygon."),
    "not_lonlat": _l("The coordinates of %(areas)s are no longitudes and latitudes. Export it in EPSG:4326."),
    "far_away": _l("%(areas)s lies outside the city, at %(where)s. Longitude comes first in GeoJSON."),
    "id": _l("“%(areas)s” is no id. Use up to 40 plain letters, digits, dots, hyphens and underscores."),
    "same_id": _l("There is an area with the id %(areas)s already. Choose another one."),
    "name": _l("Give the area a name of up to 80 characters."),
    "unknown": _l("There is no area %(areas)s. Choose one of those listed."),
    "last": _l("%(areas)s is the only area. Add another one before you remove it."),
}


def refusal(problem: DrawingRefused) -> str:
    """Return why a step was not taken, where, and what to do."""
    return str(REFUSALS[problem.kind]) % {
        "areas": ", ".join(problem.areas) or "?",
        "where": spot(problem.lon, problem.lat),
        "size": f"{problem.more.get('area_m2', 0):,.0f}",
    }


def fault_words(fault: Fault) -> str:
    """Return what is wrong with areas, and what to do."""
    names = ", ".join(area.name for area in fault.areas)
    size = f"{fault.area_m2:,.0f}"
    match fault.kind:
        case "overlap":
            return _("%(areas)s overlap by %(size)s m².", areas=names, size=size)
        case "gap":
            return _("Between %(areas)s there are %(size)s m² in no area.", areas=names, size=size)
        case "sliver":
            return _(
                "A part of %(areas)s is a sliver of %(size)s m². Draw that corner again.",
                areas=names,
                size=size,
            )
        case "bare":
            return _(
                "%(size)s m² of the city are in no area, beside %(areas)s.", areas=names or "–", size=size
            )


def spot(lon: float | None, lat: float | None) -> str:
    """Return a position as people paste it into maps: latitude first."""
    return "" if lon is None or lat is None else f"{lat:.5f}, {lon:.5f}"


def who(catalog: Catalog, whose: Who) -> str:
    """Return the name of a crew, a department or an owner outside the city."""
    crew_id, department_id, owner = whose
    if owner is not None:
        return owner
    if crew_id is not None:
        return catalog.crews[crew_id].name
    return _("nobody (%(department)s decides)", department=catalog.departments[department_id].name)


def rule_what(rule: RuleRow, catalog: Catalog) -> str:
    """Return what a rule is for."""
    if rule.services:
        known = catalog.service_by_code
        return ", ".join(known[code].name if code in known else code for code in rule.services)
    return rule.group or _("Everything")


def rule_where(rule: RuleRow, names: dict[tuple[str, str], str], titles: dict[str, str]) -> str:
    """Return the conditions of a rule on place and time.

    Parameters
    ----------
    names
        {(layer, zone id): name}.
    titles
        {layer: title}.
    """
    parts = []
    if rule.layer:
        zones = ", ".join(names.get((rule.layer, zone), zone) for zone in rule.zone)
        parts.append(_("in %(zones)s (%(layer)s)", zones=zones, layer=titles.get(rule.layer, rule.layer)))
    if rule.street_class:
        parts.append(_("on streets of class %(name)s", name=rule.street_class))
    if rule.street_owner:
        parts.append(_("on streets of %(name)s", name=rule.street_owner))
    if rule.asset_owner:
        parts.append(_("at assets of %(name)s", name=rule.asset_owner))
    if rule.hours:
        parts.append(_("reported %(hours)s", hours=hours_words(rule.hours)))
    return ", ".join(parts)


def hours_words(hours: str) -> str:
    """Return a rule's hours."""
    named = {
        "business hours": _("in business hours"),
        "outside business hours": _("outside business hours"),
    }
    return named.get(hours, hours)


def rule_who(rule: RuleRow, catalog: Catalog) -> str:
    """Return who gets the tickets of a rule."""
    if rule.crew is not None:
        crew = catalog.crew_by_code.get(rule.crew)
        return crew.name if crew else rule.crew
    names = {each.code: each.name for each in catalog.departments.values()}
    return rule.owner or names.get(rule.department or "", rule.department or "")


@blueprint.app_template_global()
def step_words(did: str) -> str:
    """Return what a step of a draft was."""
    return str(STEPS.get(did, did))

"""For administrators: the rules that give tickets to crews, edited in the draft of a layer's areas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import (
    Blueprint,
    Response,
    abort,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from pydantic import ValidationError
from werkzeug.wrappers import Response as AnyResponse

from layers.areas import zones_of
from layers.sources import Objects
from webapp.dispatch import drafts, rulebook
from webapp.dispatch.conflicts import Conflict, ZoneShapes, conflicts
from webapp.dispatch.drafts import DraftOvertaken
from webapp.dispatch.hours import INSIDE, OUTSIDE
from webapp.dispatch.sections import RuleRow
from webapp.pages.area_words import rule_what, rule_where, rule_who
from webapp.pages.areas import CONFLICT, EDIT, LOOK, REFUSED, Work, may_edit, overtaken, person, work_on
from webapp.pages.context import served
from webapp.pages.places import atlas
from webapp.people.access import access

blueprint = Blueprint("area_rules", __name__, url_prefix="/admin/areas/<name>/rules")

A_PAGE = 200


@blueprint.get("")
@access(LOOK)
def show(name: str) -> Response:
    """List the rules; those about one area, service or crew, where asked."""
    return _page(work_on(name))


@blueprint.get("/<int:place>")
@access(EDIT)
def edit(name: str, place: int) -> str:
    """Show the form of one rule, or of a new one at the end."""
    work = work_on(name)
    if place > len(work.draft.rules):
        abort(404)
    known = work.draft.rules[place] if place < len(work.draft.rules) else RuleRow.model_construct()
    return _form(work, place, known.model_dump(), {})


@blueprint.post("/<int:place>")
@access(EDIT)
def keep(name: str, place: int) -> AnyResponse:
    """Keep a rule as the form has it, remove it, or move it up or down; in the draft."""
    work, form = work_on(name), request.form
    rows, do = list(work.draft.rules), form.get("do", "keep")
    if form.get("step", -1, int) != work.draft.step:
        return _page(work, problem=overtaken(work), status=CONFLICT)
    if place > len(rows) or (do != "keep" and place == len(rows)):
        abort(404)
    if do == "keep":
        row, errors = _read()
        if row is None:
            return make_response(_form(work, place, _typed(), errors), REFUSED)
        did = "rule_added" if place == len(rows) else "rule_changed"
        rows[place : place + 1] = [row]
    elif do == "remove":
        did = "rule_removed"
        del rows[place]
    else:
        did, other = "rule_moved", place + (-1 if do == "up" else 1)
        if not 0 <= other < len(rows):
            abort(400)
        rows[place], rows[other] = rows[other], rows[place]
    try:
        drafts.write(served().session, work.draft, did, by=person(), rules=rows)
    except DraftOvertaken:
        served().session.rollback()
        return _page(work_on(name), problem=overtaken(work), status=CONFLICT)
    served().session.commit()
    flash(_("Kept in the draft."))
    return redirect(url_for("area_rules.show", name=name))


def _typed() -> dict[str, Any]:
    """Return what the form says, in the fields of a rule."""
    form = request.form
    layer, zone = form.get("zones_of", ""), form.getlist("zone")
    hours = form.get("hours", "")
    kind, _sep, code = form.get("who", "").partition(":")
    given = {
        "services": form.getlist("services"),
        "group": form.get("group"),
        "layer": layer,
        "zone": [each.partition(":")[2] for each in zone if each.partition(":")[0] == layer],
        "street_class": form.get("street_class"),
        "street_owner": form.get("street_owner"),
        "asset_owner": form.get("asset_owner"),
        "hours": form.get("own_hours", "").strip() if hours == "own" else hours,
        "crew": code if kind == "crew" else None,
        "department": code if kind == "department" else None,
        "owner": form.get("owner") if kind == "owner" else None,
    }
    return {key: _clean(value) for key, value in given.items()}


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\x00", "").strip() or None
    return value


def _read() -> tuple[RuleRow | None, dict[str, str]]:
    """Return the rule of the form, or what is wrong with it by field."""
    typed, known, errors = _typed(), served().catalog, {}
    if typed["services"] and typed["group"]:
        errors["group"] = _("Choose services or a group, not both.")
    if set(typed["services"]) - known.service_by_code.keys():
        errors["services"] = _("Choose services of the list.")
    if bool(typed["layer"]) != bool(typed["zone"]):
        errors["zone"] = _("Choose at least one area of that map, or no map.")
    if not (typed["crew"] or typed["department"] or typed["owner"]):
        errors["who"] = _("Say who gets the tickets.")
    if typed["crew"] and (
        typed["crew"] not in known.crew_by_code or known.crew_by_code[typed["crew"]].retired
    ):
        errors["who"] = _("Choose a crew of the list.")
    if errors:
        return None, errors
    try:
        return RuleRow(**{**typed, "services": typed["services"] or []}), {}
    except ValidationError:
        return None, {"hours": _("Write the hours like Mon-Fri 17:00-24:00, Sat-Sun 00:00-24:00.")}


def _form(work: Work, place: int, rule: dict[str, Any], errors: dict[str, str]) -> str:
    known, here = served().catalog, atlas()
    zones, titles = _zones(work), _titles(work)
    return render_template(
        "admin/areas_rule.html",
        work=work, draft=work.draft, layer=work.layer, place=place, rule=rule, errors=errors,
        is_new=place == len(work.draft.rules),
        services=known.active,
        groups=sorted({service.group for service in known.active}),
        zones=zones,
        titles=titles,
        zone_titles=[titles.get(layer, layer) for layer in zones],
        classes=_distinct(here.segments.class_),
        owners=_distinct(here.segments.owner),
        asset_owners=_distinct(*(table.owner for table in here.assets.values())),
        hours=(INSIDE, OUTSIDE),
        crews=[crew for crew in known.crews.values() if not crew.retired],
        departments=known.departments.values(),
        may_edit=True,
    )  # fmt: skip


def _page(work: Work, *, problem: str = "", status: int = 200) -> Response:
    known, rows = served().catalog, work.draft.rules
    about = request.args.get("about", "")
    names, titles = _names(work), _titles(work)
    lines = [
        (place, rule_what(rule, known), rule_where(rule, names, titles), rule_who(rule, known))
        for place, rule in enumerate(rows)
    ]
    numbers = [number for number, _rule in rulebook.numbered(rows)]
    fitting = [line for line in lines if about.casefold() in " ".join(line[1:]).casefold()]
    start = max(0, request.args.get("from", 0, int))
    told = _conflicts(work, rows)
    page = render_template(
        "admin/areas_rules.html",
        work=work, draft=work.draft, layer=work.layer, may_edit=may_edit(), problem=problem,
        lines=fitting[start : start + A_PAGE], count=len(rows), fitting=len(fitting), numbers=numbers,
        about=about, start=start, a_page=A_PAGE,
        ties=[_tie_words(each, names, titles) for each in told],
    )  # fmt: skip
    return make_response(page, status)


def _conflicts(work: Work, rows: Sequence[RuleRow]) -> list[Conflict]:
    """Return the rules of which only the order decides."""
    here = atlas()
    shapes = {}
    for layer in {row.layer for row in rows if row.layer in here.zones}:
        mine = layer == work.layer.name
        zones = zones_of(work.draft.areas, here.metric) if mine else here.zones[layer]
        shapes[layer] = ZoneShapes(zones.source_id, zones.polygons, mine and work.ground.partition)
    return conflicts(rulebook.numbered(rows), shapes, served().catalog.calendar)


TIES = {
    "repeated": _l("Rule %(later)d has a condition that rule %(earlier)d has already, which decides."),
    "hours": _l("Rules %(earlier)d and %(later)d differ only in hours, which meet: the earlier decides."),
    "layers": _l("Rules over %(first)s and %(second)s can both hold (%(what)s): those of the first decide."),
    "zones": _l("%(areas)s overlap: there rule %(earlier)d decides, not rule %(later)d."),
}


def _tie_words(tie: Conflict, names: dict[tuple[str, str], str], titles: dict[str, str]) -> str:
    about = tie.about
    layers = [titles.get(each, each) for each in about.get("layers", ("", ""))]
    return str(TIES[tie.kind]) % {
        "later": tie.number,
        "earlier": about.get("earlier", 0),
        "first": layers[0],
        "second": layers[1],
        "what": about.get("targets", ""),
        "areas": ", ".join(names.get((about["layer"], each), each) for each in about.get("zones", ())),
    }


def _zones(work: Work) -> dict[str, list[tuple[str, str]]]:
    """Return the zones that rules may name, by layer: id and name."""
    here = atlas()
    found = {
        layer: list(zip(zones.source_id.tolist(), zones.name.tolist(), strict=True))
        for layer, zones in here.zones.items()
        if layer != here.city.boundary_layer
    }
    found[work.layer.name] = [(area.id, area.name) for area in work.draft.areas]
    return {work.layer.name: found.pop(work.layer.name), **found}


def _names(work: Work) -> dict[tuple[str, str], str]:
    return {(layer, key): name for layer, zones in _zones(work).items() for key, name in zones}


def _titles(work: Work) -> dict[str, str]:
    here = served()
    return drafts.titles(here.session, here.city.id) | {work.layer.name: work.layer.title}


def _distinct(*columns: Objects) -> list[str]:
    return sorted({label for labels in columns for label in labels.tolist() if label})

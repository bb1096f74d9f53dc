"""For administrators: the service areas of a layer, drawn and edited in a draft that is kept here."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import shapely
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
from flask_login import current_user
from sqlalchemy import select
from werkzeug.wrappers import Response as AnyResponse

from layers import drawing
from layers.area_check import Fault, faults
from layers.areas import Area, areas_of, as_geojson
from layers.drawing import DrawingRefused, Ground
from layers.models import Layer
from layers.queries import current_editions
from webapp.dispatch import drafts, fallback
from webapp.dispatch.drafts import Draft, DraftOvertaken
from webapp.pages.area_words import fault_words, refusal, rule_what, rule_who, spot, step_words
from webapp.pages.context import served
from webapp.pages.places import atlas, city_view
from webapp.people.access import access, roles
from webapp.people.models import Staff

blueprint = Blueprint("areas", __name__, url_prefix="/admin/areas")
LOOK = roles("supervisor")
EDIT = roles("administrator")

CONFLICT, REFUSED = 409, 422
MOST_FAULTS = 20


@dataclass(frozen=True)
class Work:
    """A layer's draft, and where its areas lie."""

    draft: Draft
    ground: Ground

    @property
    def layer(self) -> Layer:
        """The layer."""
        return self.draft.layer

    def faults(self) -> list[Fault]:
        """Return what is wrong with the draft; nothing, where nobody has drawn."""
        if not self.draft.begun:
            return []
        return faults(self.draft.areas, self.before, self.ground)

    @cached_property
    def before(self) -> list[Area]:
        """The areas in use."""
        here = served()
        return areas_of(here.session, here.city.id, self.draft.current_edition_id)


def work_on(name: str) -> Work:
    """Return the work on a layer of the city served; what is no layer with areas is not found."""
    here = served()
    layer = here.session.scalars(
        select(Layer).where(Layer.city_id == here.city.id, Layer.name == name, Layer.kind == "zones")
    ).one_or_none()
    if layer is None or layer.name == here.city.boundary_layer or layer.name not in atlas().zones:
        abort(404)
    return Work(drafts.read(here.session, layer), drafts.ground_of(atlas(), layer))


def person() -> Staff:
    """Return who is signed in."""
    staff: Staff = current_user._get_current_object()
    return staff


def may_edit() -> bool:
    """Say whether who is signed in changes areas, or only looks."""
    return bool(EDIT.allows(current_user.role))


@blueprint.get("")
@access(LOOK)
def show() -> str:
    """List the layers of service areas, and how many tickets nobody has."""
    here = served()
    steps = drafts.at_work(here.session, here.city.id)
    editions = {layer.id: edition for edition, layer in current_editions(here.session, here.city.id)}
    rows = [
        (layer, steps.get(layer.id), editions[layer.id])
        for layer in drafts.layers_of(here.session, here.city.id)
        if layer.id in editions
    ]
    return render_template(
        "admin/areas.html", rows=rows, waiting=fallback.count(here.session, here.city.id), may_edit=may_edit()
    )


@blueprint.get("/<name>")
@access(LOOK)
def edit(name: str) -> Response:
    """Show the areas of a layer on the map and as a list."""
    return _page(work_on(name))


@blueprint.get("/<name>/areas.geojson")
@access(LOOK)
def download(name: str) -> Response:
    """Give the areas of the draft as a file."""
    answer = make_response(as_geojson(work_on(name).draft.areas))
    answer.headers["Content-Type"] = "application/geo+json"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.geojson"'
    return answer


@blueprint.post("/<name>")
@access(EDIT)
def take_step(name: str) -> AnyResponse:
    """Take a step: what it is, is in the field ``do``. The page after it is the answer."""
    work, form = work_on(name), request.form
    if form.get("step", -1, int) != work.draft.step:
        return _page(work, problem=overtaken(work), status=CONFLICT)
    try:
        said = _step(work, form.get("do", ""))
    except DrawingRefused as problem:
        served().session.rollback()
        return _page(work, problem=refusal(problem), at=(problem.lon, problem.lat), status=REFUSED)
    except DraftOvertaken:
        served().session.rollback()
        return _page(work_on(name), problem=overtaken(work), status=CONFLICT)
    served().session.commit()
    flash(said)
    return redirect(url_for("areas.edit", name=name))


def overtaken(work: Work) -> str:
    """Return what to say to somebody whose step came too late."""
    by = work.draft.by
    if by and by != current_user.name:
        return _(
            "%(name)s has changed the draft meanwhile. Your step was not taken: look, then take it again.",
            name=by,
        )
    return _("The draft has changed meanwhile. Your step was not taken: look, then take it again.")


def _step(work: Work, do: str) -> str:
    """Take a step, and return what to say of it."""
    if do == "undo":
        drafts.undo(served().session, work.draft)
        return _("Undone.")
    if do == "discard":
        drafts.discard(served().session, work.layer)
        return _("The draft is gone. What is in force stays as it is.")
    if do == "rebase":
        drafts.write(served().session, work.draft, "rebased", by=person(), rebase=True)
        return _("Your draft goes on, on top of what was published since.")
    steps = {
        "redraw": _redraw, "ground": _ground, "rename": _rename, "remove": _remove, "replace": _replace,
        "mend": _mend,
    }  # fmt: skip
    if do not in steps:
        abort(400)
    did, areas = steps[do](work)
    drafts.write(served().session, work.draft, did, by=person(), areas=areas)
    return _("Kept in the draft: %(step)s.", step=step_words(did))


def _redraw(work: Work) -> tuple[str, list[Area]]:
    shapes = {str(key): _shape(rings) for key, rings in _json("shapes", dict).items()}
    return "redrawn", drawing.redrawn(work.draft.areas, shapes, work.ground)


def _ground(work: Work) -> tuple[str, list[Area]]:
    """Give a drawn or bare piece of ground to an area, to a new one, or take it away."""
    form, areas = request.form, work.draft.areas
    shape, to = _shape(_json("shape", list)), form.get("to", "")
    if to == "":
        key, name = form.get("new_id", "").strip(), form.get("new_name", "")
        return "added", drawing.added(areas, key, name, shape, work.ground)
    if to.startswith("-"):
        return "taken", drawing.taken(areas, to[1:], shape, work.ground)
    return "given", drawing.given(areas, to, shape, work.ground)


def _rename(work: Work) -> tuple[str, list[Area]]:
    return "renamed", drawing.renamed(
        work.draft.areas, request.form.get("area", ""), request.form.get("name", "")
    )


def _remove(work: Work) -> tuple[str, list[Area]]:
    form = request.form
    return "removed", drawing.removed(work.draft.areas, form.get("area", ""), form.get("heir"), work.ground)


def _replace(work: Work) -> tuple[str, list[Area]]:
    """Take areas that somebody pasted, or uploaded as a file."""
    file = request.files.get("file")
    given = file.read() if file is not None and file.filename else request.form.get("geojson", "").encode()
    try:
        return "replaced", drawing.replaced(json.loads(given), work.ground)
    except (ValueError, RecursionError) as error:
        if isinstance(error, DrawingRefused):
            raise
        raise DrawingRefused("not_geojson") from None


def _mend(work: Work) -> tuple[str, list[Area]]:
    return "mended", drawing.mended(work.draft.areas, work.ground)


def _json(field: str, kind: type) -> Any:
    try:
        found = json.loads(request.form.get(field, ""))
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, kind):
        abort(400)
    return found


def _shape(rings: Any) -> shapely.geometry.base.BaseGeometry:
    """Return a polygon of the coordinates of a MultiPolygon."""
    try:
        return shapely.geometry.shape({"type": "MultiPolygon", "coordinates": rings})
    except (ValueError, TypeError, IndexError, AttributeError, shapely.errors.ShapelyError):
        abort(400)


def _page(
    work: Work,
    *,
    problem: str = "",
    at: tuple[float | None, float | None] = (None, None),
    status: int = 200,
) -> Response:
    catalog = served().catalog
    found = work.faults()
    page = render_template(
        "admin/areas_draw.html",
        work=work,
        draft=work.draft,
        layer=work.layer,
        may_edit=may_edit(),
        problem=problem,
        faults=[(fault, fault_words(fault), spot(fault.lon, fault.lat)) for fault in found[:MOST_FAULTS]],
        more_faults=max(len(found) - MOST_FAULTS, 0),
        stops=sum(not fault.known for fault in found),
        rules={
            area.id: [
                (rule_what(rule, catalog), rule_who(rule, catalog))
                for rule in work.draft.rules
                if rule.layer == work.layer.name and area.id in rule.zone
            ]
            for area in work.draft.areas
        },
        state=_state(work, found, at),
        bounds=city_view().bounds,
    )
    return make_response(page, status)


def _state(work: Work, found: list[Fault], at: tuple[float | None, float | None]) -> dict[str, Any]:
    """Return what the map draws."""
    border = shapely.geometry.mapping(drafts.border_of(atlas(), work.ground))["coordinates"]
    return {
        "step": work.draft.step,
        "partition": work.ground.partition,
        "areas": [area.as_dict() for area in work.draft.areas],
        "border": border,
        "faults": [[fault.lat, fault.lon] for fault in found],
        "problem": None if at[0] is None else [at[1], at[0]],
    }


@blueprint.app_template_global()
def rings_of(fault: Fault) -> str:
    """Return the ground of a fault, as the field ``shape`` has it."""
    return (
        json.dumps(shapely.geometry.mapping(fault.ground)["coordinates"]) if fault.ground is not None else ""
    )

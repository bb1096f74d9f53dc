"""For administrators: drafts come into force, open tickets are re-assigned, and all of it is taken back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

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
from werkzeug.wrappers import Response as AnyResponse

from webapp.dispatch import publishing, reassignment, runs
from webapp.dispatch.drafts import DraftOvertaken
from webapp.pages.area_words import who
from webapp.pages.areas import CONFLICT, EDIT, LOOK, REFUSED, Work, may_edit, overtaken, person, work_on
from webapp.pages.context import served
from webapp.people.access import access

blueprint = Blueprint("area_publish", __name__, url_prefix="/admin/areas")


@blueprint.get("/<name>/publish")
@access(LOOK)
def show(name: str) -> Response:
    """Show what publishing would change, and what was published before."""
    return _page(work_on(name))


@blueprint.post("/<name>/publish")
@access(EDIT)
def publish(name: str) -> AnyResponse:
    """Bring the draft into force."""
    here, work = served(), work_on(name)
    if request.form.get("step", -1, int) != work.draft.step:
        return _page(work, problem=overtaken(work), status=CONFLICT)
    if any(not fault.known for fault in work.faults()):
        return _page(work, problem=_("Put right first what is wrong with the areas."), status=REFUSED)
    at, problem = _reassign_at()
    if problem:
        return _page(work, problem=problem, status=REFUSED)
    try:
        publishing.publish(here.session, here.city, work.draft, by=person(), reassign_at=at)
    except DraftOvertaken:
        here.session.rollback()
        return _page(work_on(name), problem=overtaken(work), status=CONFLICT)
    here.session.commit()
    flash(_("Published. The map and the rules are in force within seconds."))
    return redirect(url_for("area_publish.show", name=name))


@blueprint.post("/<name>/restore")
@access(EDIT)
def restore(name: str) -> AnyResponse:
    """Bring an earlier publication into force again."""
    here, work = served(), work_on(name)
    at, problem = _reassign_at()
    if problem:
        return _page(work, problem=problem, status=REFUSED)
    try:
        publishing.restore(
            here.session, here.city, work.layer, request.form.get("publication", 0, int),
            by=person(), reassign_at=at,
        )  # fmt: skip
    except LookupError:
        abort(404)
    here.session.commit()
    flash(_("In force again, as it was then."))
    return redirect(url_for("area_publish.show", name=name))


@blueprint.get("/runs/<int:run_id>")
@access(LOOK)
def show_run(run_id: int) -> str:
    """Show how far a re-assignment is, and who got what."""
    here = served()
    run = runs.run(here.session, here.city.id, run_id)
    if run is None:
        abort(404)
    known = here.catalog
    moves = [
        (who(known, now), who(known, then), count)
        for now, then, count in runs.moves(here.session, here.city.id, run_id)
    ]
    return render_template("admin/areas_run.html", run=run, moves=moves, may_edit=may_edit())


@blueprint.post("/runs/<int:run_id>/undo")
@access(EDIT)
def undo_run(run_id: int) -> AnyResponse:
    """Give the tickets of a re-assignment back."""
    here = served()
    run = reassignment.undo(here.session, here.city.id, run_id, by=person())
    if run is None:
        flash(_("It was undone before, or there is none."))
    else:
        here.session.commit()
        flash(_("Undone: %(count)d tickets are with those who had them before.", count=run.restored))
    return redirect(url_for("area_publish.show_run", run_id=run_id))


@blueprint.post("/runs")
@access(EDIT)
def start_run() -> AnyResponse:
    """Re-assign open tickets by what is in force."""
    here = served()
    at, problem = _reassign_at()
    if problem or at is None:
        flash(problem or _("Nothing was ordered."))
        return redirect(url_for("areas.show"))
    run = reassignment.ask(here.session, here.city.id, by=person(), starts_at=at)
    here.session.commit()
    return redirect(url_for("area_publish.show_run", run_id=run.id))


def _reassign_at() -> tuple[datetime | None, str]:
    """Return when open tickets are to be re-assigned (None: not at all), or what is wrong with that."""
    chosen = request.form.get("reassign", "no")
    if chosen == "now":
        return datetime.now(UTC), ""
    if chosen != "later":
        return None, ""
    try:
        wall = datetime.fromisoformat(request.form.get("at", ""))
    except ValueError:
        return None, _("Say when open tickets are to be re-assigned.")
    if wall.tzinfo is None:
        wall = wall.replace(tzinfo=ZoneInfo(served().city.time_zone))
    return wall, ""


def _page(work: Work, *, problem: str = "", status: int = 200) -> Response:
    here, draft = served(), work.draft
    found = work.faults()
    page = render_template(
        "admin/areas_publish.html",
        work=work, draft=draft, layer=work.layer, may_edit=may_edit(), problem=problem,
        stops=sum(not fault.known for fault in found),
        changes=_changes(work) if draft.begun else {},
        history=publishing.history(here.session, work.layer),
        runs=runs.latest(here.session, here.city.id),
    )  # fmt: skip
    return make_response(page, status)


def _changes(work: Work) -> dict[str, Any]:
    """Return what the draft changes: areas by name, and rules by number."""
    draft = work.draft
    before = {area.id: area for area in work.before}
    after = draft.by_id
    both = [(before[key], area) for key, area in after.items() if key in before]
    now, then = draft.rules_in_force, draft.rules
    return {
        "added": [area.name for key, area in after.items() if key not in before],
        "removed": [area.name for key, area in before.items() if key not in after],
        "redrawn": [area.name for old, area in both if not old.shape.equals(area.shape)],
        "renamed": [(old.name, area.name) for old, area in both if old.name != area.name],
        "rules_added": sum(row not in now for row in then),
        "rules_removed": sum(row not in then for row in now),
        "rules_moved": now != then and all(row in now for row in then) and all(row in then for row in now),
        "orphans": [
            area.name
            for key, area in after.items()
            if not any(row.layer == work.layer.name and key in row.zone for row in then)
        ],
    }

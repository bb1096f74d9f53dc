"""For administrators: who works here and sees what, where each is signed in, who needs a second factor."""

from __future__ import annotations

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
from werkzeug.wrappers import Response as AnyResponse

from webapp.pages.context import served
from webapp.pages.council_choice import districts_of
from webapp.pages.places import atlas
from webapp.people import accounts, audit, queries, sessions
from webapp.people.access import ROLES, access, roles
from webapp.people.cityfile import require_second_factor
from webapp.people.models import Staff

blueprint = Blueprint("staff", __name__, url_prefix="/admin/staff")
RULE = roles("administrator")


@blueprint.get("")
@access(RULE)
def show() -> Response:
    """List everybody, with role, scope and in how many places they are signed in."""
    here = served()
    page = render_template(
        "admin/staff.html",
        people=queries.all_staff(here.session, here.city.id),
        signed_in=queries.open_session_counts(here.session, here.city.id),
        scope=_scope,
        roles=ROLES,
        needing=here.city.details.get("second_factor", []),
    )
    return make_response(page)


@blueprint.get("/<int:staff_id>")
@access(RULE)
def one(staff_id: int) -> Response:
    """Show where somebody is signed in, and what may be done about it."""
    person = _found(staff_id)
    open_here = sessions.open_sessions(served().session, person)
    page = render_template("admin/person.html", person=person, sessions=open_here, scope=_scope(person))
    return make_response(page)


@blueprint.post("/second-factor")
@access(RULE)
def second_factor() -> AnyResponse:
    """Say which roles need a second factor; who has none yet sets it up before anything else opens."""
    here = served()
    needing = [role for role in ROLES if role in request.form.getlist("roles")]
    # As it is now: another administrator may have loaded the city file meanwhile.
    here.session.refresh(here.city, with_for_update=True)
    require_second_factor(here.city, needing)
    what = ", ".join(needing) or "no role"
    audit.record(
        here.session, here.city.id, "second_factor_roles", what, by=current_user._get_current_object()
    )
    here.session.commit()
    flash(_("From now on these roles sign in with a second factor."))
    return redirect(url_for("staff.show"))


@blueprint.post("/<int:staff_id>/sessions/<int:session_id>")
@access(RULE)
def end(staff_id: int, session_id: int) -> AnyResponse:
    """Sign somebody out in one place."""
    here, person = served(), _found(staff_id)
    me = current_user._get_current_object()
    if session_id < 2**63 and sessions.revoke(here.session, person, session_id, by=me):
        here.session.commit()
        flash(_("That device is signed out."))
    return redirect(url_for("staff.one", staff_id=person.id))


@blueprint.post("/<int:staff_id>")
@access(RULE)
def change(staff_id: int) -> AnyResponse:
    """Sign somebody out everywhere, close the account, or open it again."""
    here, person = served(), _found(staff_id)
    me, do = current_user._get_current_object(), request.form.get("do")
    if do == "end":
        sessions.end_all(here.session, person)
        audit.record(here.session, here.city.id, "sessions_ended", person.email, by=me)
    elif do == "disable" and person.id != me.id:
        accounts.disable(person)
        sessions.end_all(here.session, person)
        audit.record(here.session, here.city.id, "staff_disabled", person.email, by=me)
    elif do == "enable":
        accounts.enable(person)
        audit.record(here.session, here.city.id, "staff_enabled", person.email, by=me)
    else:
        flash(_("Nothing was changed: your own account another administrator has to close."))
    here.session.commit()
    return redirect(url_for("staff.one", staff_id=person.id))


def _found(staff_id: int) -> Staff:
    here = served()
    person = queries.staff_of_id(here.session, here.city.id, staff_id)
    if person is None:
        abort(404)
    return person


def _scope(person: Staff) -> str:
    """Return whose tickets somebody sees, in words; empty: everybody's."""
    catalog = served().catalog
    crew, department = (
        catalog.crews.get(person.crew_id or 0),
        catalog.departments.get(person.department_id or 0),
    )
    district = dict(districts_of(atlas())).get(person.district, person.district) if person.district else None
    return ", ".join(part for part in (crew and crew.name, department and department.name, district) if part)

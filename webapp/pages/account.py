"""Sign in and out."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import NamedTuple

from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.blueprints import BlueprintSetupState
from flask_babel import gettext as _
from flask_limiter.util import get_remote_address
from flask_login import current_user, login_user, logout_user

from webapp.config import Settings
from webapp.pages.context import served
from webapp.pages.throttle import limiter
from webapp.people import accounts, audit, demo, queries, second_factor, sessions
from webapp.people.access import PUBLIC, SIGNED_IN, access
from webapp.people.models import Staff

blueprint = Blueprint("account", __name__)

REFUSED = 422
HALF_IN_S = 300
"""Within so many seconds of the right password the code has to come."""


@blueprint.record_once
def start(state: BlueprintSetupState) -> None:
    """Keep somebody signed in, who asked for it, as carefully as the session itself."""
    config = state.app.config
    config["REMEMBER_COOKIE_DURATION"] = timedelta(days=30)
    config["REMEMBER_COOKIE_SAMESITE"] = config["SESSION_COOKIE_SAMESITE"]
    config["REMEMBER_COOKIE_SECURE"] = config["SESSION_COOKIE_SECURE"]


class StaffPlace(NamedTuple):
    """A page of staff, as the bar at the top links to it."""

    url: str
    name: str
    page: str
    seldom: bool = False
    """Whether it is behind "More"."""


_IN_THE_BAR = 3
"""More would take a phone's screen: of many pages so many are in the bar itself."""


@blueprint.app_template_global()
def staff_places() -> list[StaffPlace]:
    """Return the pages that the person signed in works with."""
    places = []
    if current_user.role in ("crew", "supervisor", "agent", "administrator"):
        places.append(StaffPlace("/crew", _("Tickets"), "crew"))
    if current_user.role in ("agent", "supervisor", "administrator"):
        places.append(StaffPlace("/board", _("Board"), "board"))
        # An agent's day begins at the desk, everybody else's with the tickets.
        first = 0 if current_user.role == "agent" else len(places)
        places.insert(first, StaffPlace("/desk", _("Desk"), "desk"))
        places.append(StaffPlace("/desk/repeats", _("Repeats"), "repeats"))
        places.append(StaffPlace("/desk/told", _("To be told"), "told"))
        places.append(StaffPlace("/unassigned", _("Unassigned"), "unassigned"))
        places.append(StaffPlace("/checking", _("To check"), "checking"))
    if current_user.role in ("auditor", "administrator"):
        places.append(StaffPlace("/audit", _("Audit"), "audit"))
    if current_user.role in ("supervisor", "auditor", "administrator"):
        places.append(StaffPlace("/manage", _("Figures"), "manage"))
    if current_user.role in ("council", "administrator"):
        places.append(StaffPlace("/council", _("District"), "council"))
    if current_user.role in ("council", "supervisor", "administrator"):
        places.append(StaffPlace("/forecast", _("Forecast"), "forecast"))
        places.append(StaffPlace("/forecast/alerts", _("Alerts"), "alerts"))
        places.append(StaffPlace("/printed", _("Reports to print"), "printed"))
    if current_user.role in ("supervisor", "administrator"):
        places.append(StaffPlace("/admin/areas", _("Areas"), "areas"))
    if current_user.role == "administrator":
        places.append(StaffPlace("/admin/duplicates", _("Matching"), "duplicates"))
        places.append(StaffPlace("/admin/keys", _("Keys"), "keys"))
        places.append(StaffPlace("/admin/outside", _("Systems"), "outside"))
        places.append(StaffPlace("/admin/staff", _("Staff"), "staff"))
    return places[:_IN_THE_BAR] + [place._replace(seldom=True) for place in places[_IN_THE_BAR:]]


@blueprint.get("/sign-in")
@access(PUBLIC)
def sign_in() -> Response:
    """Show the form."""
    if current_user.is_authenticated and "next" not in request.args:
        return make_response(redirect(_after_sign_in("")))
    return form()


def _who_and_where() -> str:
    return f"{get_remote_address()} {request.form.get('email', '').strip().lower()[:254]}"


@blueprint.post("/sign-in")
@access(PUBLIC)
@limiter.limit(
    "10 per 10 minutes", key_func=_who_and_where, deduct_when=lambda response: response.status_code == REFUSED
)
@limiter.limit("60 per 10 minutes", deduct_when=lambda response: response.status_code == REFUSED)
def try_sign_in() -> Response:
    """Sign in whose e-mail address and password fit."""
    here = served()
    email, password = request.form.get("email", ""), request.form.get("password", "")
    if _demo() and request.form.get("demo"):
        email, password = request.form["demo"], demo.PASSWORD
    staff = accounts.sign_in(here.session, here.city.id, email, password)
    if staff is None:
        _note_failure(queries.staff_by_email(here.session, here.city.id, email))
        return form(
            email, _("The e-mail address or the password is wrong. Check both, or ask your administrator.")
        )
    return enter(staff, remember=bool(request.form.get("remember")), wanted=request.form.get("next", ""))


def enter(staff: Staff, *, remember: bool, wanted: str) -> Response:
    """Let in somebody who is known to be who they say; ask for the code first where there is a second factor.

    Parameters
    ----------
    wanted
        The page that asked to sign in.
    """
    if staff.totp_secret is None:
        return _let_in(staff, remember=remember, wanted=wanted)
    served().session.commit()
    session["half_in"] = {
        "staff_id": staff.id,
        "epoch": staff.session_epoch,
        "until": time.time() + HALF_IN_S,
        "remember": remember,
    }
    return make_response(redirect(url_for("account.code", next=wanted or None)))


@blueprint.get("/sign-in/code")
@access(PUBLIC)
def code() -> Response:
    """Ask for the code of the app, where the password was right."""
    if _half_in() is None:
        return make_response(redirect("/sign-in"))
    return make_response(render_template("account/code.html", errors={}))


def _who_is_half_in() -> str:
    return f"code {session.get('half_in', {}).get('staff_id', get_remote_address())}"


@blueprint.post("/sign-in/code")
@access(PUBLIC)
@limiter.limit(
    "10 per 10 minutes",
    key_func=_who_is_half_in,
    deduct_when=lambda response: response.status_code == REFUSED,
)
def try_code() -> Response:
    """Sign in whose code fits, too."""
    here, staff = served(), _half_in()
    if staff is None:
        return make_response(redirect("/sign-in"))
    if not second_factor.check(here.session, staff, request.form.get("code", "")):
        _note_failure(staff)
        wrong = _("That is not the code that the app shows now, or it was used already. Wait for the next.")
        return make_response(render_template("account/code.html", errors={"code": wrong}), REFUSED)
    return _let_in(staff, remember=session["half_in"]["remember"], wanted=request.values.get("next", ""))


def _half_in() -> Staff | None:
    """Return whose password was right a moment ago."""
    half_in, here = session.get("half_in"), served()
    if half_in is None or half_in["until"] < time.time():
        return None
    staff = here.session.get(Staff, (here.city.id, half_in["staff_id"]))
    usable = staff is not None and staff.is_active and staff.session_epoch == half_in["epoch"]
    return staff if usable else None


def _let_in(staff: Staff, *, remember: bool, wanted: str) -> Response:
    here = served()
    sessions.begin(here.session, staff, request.user_agent.string)
    here.session.commit()
    session.clear()
    login_user(staff, remember=remember)
    return make_response(redirect(_after_sign_in(wanted)))


def _note_failure(staff: Staff | None) -> None:
    """Write into the audit trail that somebody tried to sign in as a member of staff."""
    if staff is not None:
        here = served()
        audit.record(here.session, here.city.id, "sign_in_failed", staff.name, by=None)
        here.session.commit()


@blueprint.post("/sign-out")
@access(SIGNED_IN)
def sign_out() -> Response:
    """Sign out here. Other devices stay signed in."""
    here = served()
    sessions.revoke(here.session, current_user, current_user.session_id, by=current_user)
    here.session.commit()
    logout_user()
    session.clear()
    flash(_("You are signed out."))
    return make_response(redirect("/sign-in"))


def form(email: str = "", error: str = "") -> Response:
    """Show the form to sign in, with what went wrong."""
    here = served()
    people = queries.all_staff(here.session, here.city.id) if _demo() else []
    shown = [person for person in people if person.email.endswith(f"@{demo.DOMAIN}") and person.is_active]
    page = render_template(
        "account/sign_in.html",
        email=email,
        error=error,
        demo_people=shown,
        demo_password=demo.PASSWORD,
        provider="oidc" in current_app.extensions,
    )
    return make_response(page, REFUSED if error else 200)


def _after_sign_in(wanted: str) -> str:
    """Return where to go next: the page that asked for it, if ours; else the first of the person's own."""
    if wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and wanted.isprintable():
        return wanted
    places = staff_places()
    return places[0].url if places else "/"


def _demo() -> bool:
    settings: Settings = current_app.config["PINWARD"]
    return settings.demo

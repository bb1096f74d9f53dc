"""Sign in and out."""

from __future__ import annotations

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
)
from flask.blueprints import BlueprintSetupState
from flask_babel import gettext as _
from flask_limiter.util import get_remote_address
from flask_login import current_user, login_user, logout_user

from webapp.config import Settings
from webapp.pages.context import served
from webapp.pages.throttle import limiter
from webapp.people import accounts, demo, queries
from webapp.people.access import PUBLIC, SIGNED_IN, access

blueprint = Blueprint("account", __name__)

REFUSED = 422


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


@blueprint.app_template_global()
def staff_places() -> list[StaffPlace]:
    """Return the pages that the person signed in works with."""
    places = []
    if current_user.role in ("crew", "supervisor", "agent", "administrator"):
        places.append(StaffPlace("/crew", _("Tickets"), "crew"))
    if current_user.role in ("agent", "supervisor", "administrator"):
        places.append(StaffPlace("/desk/repeats", _("Repeats"), "repeats"))
    if current_user.role in ("council", "administrator"):
        places.append(StaffPlace("/council", _("District"), "council"))
    return places


@blueprint.get("/sign-in")
@access(PUBLIC)
def sign_in() -> Response:
    """Show the form."""
    if current_user.is_authenticated and "next" not in request.args:
        return make_response(redirect(_after_sign_in()))
    return _form()


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
        return _form(
            email, _("The e-mail address or the password is wrong. Check both, or ask your administrator.")
        )
    here.session.commit()
    session.clear()
    login_user(staff, remember=bool(request.form.get("remember")))
    return make_response(redirect(_after_sign_in()))


@blueprint.post("/sign-out")
@access(SIGNED_IN)
def sign_out() -> Response:
    """Sign out here. Other devices stay signed in."""
    logout_user()
    session.clear()
    flash(_("You are signed out."))
    return make_response(redirect("/sign-in"))


def _form(email: str = "", error: str = "") -> Response:
    here = served()
    people = queries.all_staff(here.session, here.city.id) if _demo() else []
    shown = [person for person in people if person.email.endswith(f"@{demo.DOMAIN}") and person.is_active]
    page = render_template(
        "account/sign_in.html", email=email, error=error, demo_people=shown, demo_password=demo.PASSWORD
    )
    return make_response(page, REFUSED if error else 200)


def _after_sign_in() -> str:
    """Return where to go next: the page that asked for it, if ours; else the first of the person's own."""
    wanted = request.values.get("next", "")
    if wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and wanted.isprintable():
        return wanted
    places = staff_places()
    return places[0].url if places else "/"


def _demo() -> bool:
    settings: Settings = current_app.config["PINWARD"]
    return settings.demo

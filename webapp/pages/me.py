"""My account: where I am signed in, my second factor, my password."""

from __future__ import annotations

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, session
from flask_babel import gettext as _
from flask_login import current_user, login_user
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from webapp.pages.context import served
from webapp.pages.language import said
from webapp.pages.qr import qr
from webapp.people import accounts, audit, second_factor, sessions
from webapp.people.access import SIGNED_IN, access
from webapp.people.passwords import is_password

blueprint = Blueprint("me", __name__, url_prefix="/account")

REFUSED = 422


@blueprint.get("")
@access(SIGNED_IN)
def account() -> Response:
    """Show the sessions, the second factor and the password."""
    return _page({})


@blueprint.post("/sessions/<int:session_id>")
@access(SIGNED_IN)
def revoke(session_id: int) -> AnyResponse:
    """Sign out somewhere else."""
    here = served()
    if session_id < 2**63 and sessions.revoke(here.session, current_user, session_id, by=current_user):
        here.session.commit()
        flash(_("That device is signed out."))
    return redirect("/account")


@blueprint.post("/second-factor")
@access(SIGNED_IN)
def add_factor() -> AnyResponse:
    """Set up the second factor with the code that the app shows."""
    here, secret = served(), session.get("new_factor", "")
    if not secret or not second_factor.add(here.session, current_user, secret, request.form.get("code", "")):
        return _page(
            {"code": _("That is not the code that the app shows now. Wait for the next and try it.")}
        )
    here.session.commit()
    session.pop("new_factor")
    flash(_("From now on you sign in with a code of your app, too."))
    return redirect("/account")


@blueprint.post("/second-factor/remove")
@access(SIGNED_IN)
def remove_factor() -> AnyResponse:
    """Take the second factor away, for the right password."""
    here = served()
    if not is_password(request.form.get("password", ""), current_user.password_hash):
        return _page({"password": _("That is not your password.")})
    second_factor.remove(here.session, current_user, by=current_user)
    here.session.commit()
    flash(_("You sign in with your password alone now."))
    return redirect("/account")


@blueprint.post("/password")
@access(SIGNED_IN)
def change_password() -> AnyResponse:
    """Give a new password for the old one. Everywhere else the person is signed out."""
    here, form, me = served(), request.form, current_user._get_current_object()
    if not is_password(form.get("old", ""), me.password_hash):
        return _page({"old": _("That is not your password.")})
    try:
        accounts.set_password(me, form.get("new", ""))
    except ValueError as error:
        return _page({"new": said(error)})
    sessions.end_all(here.session, me)
    audit.record(here.session, here.city.id, "password_changed", me.name, by=me)
    sessions.begin(here.session, me, request.user_agent.string)
    here.session.commit()
    login_user(me)
    flash(_("Your password is changed. Other devices are signed out."))
    return redirect("/account")


def _page(errors: dict[str, str]) -> Response:
    here = served()
    if errors:
        here.session.rollback()
    page = render_template(
        "account/account.html",
        sessions=sessions.open_sessions(here.session, current_user),
        errors=errors,
        qr=None if current_user.totp_secret else _qr(),
        secret=session.get("new_factor"),
    )
    return make_response(page, REFUSED if errors else 200)


def _qr() -> Markup:
    """Return the picture that an app reads the new secret from; the same until it is set up."""
    secret = session.setdefault("new_factor", second_factor.new_secret())
    address = second_factor.address(secret, current_user, f"{served().city.name} 311")
    return qr(address, _("QR code for the app"))

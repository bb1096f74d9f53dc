"""For auditors: who saw which contact, and who changed what."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask_babel import lazy_gettext as _l

from webapp.pages.context import served
from webapp.people import audit, queries
from webapp.people.access import access, roles

blueprint = Blueprint("audit", __name__)

A_PAGE = 100
KINDS = {
    "contact_seen": _l("Saw how to reach a reporter"),
    "contacts_erased": _l("Erased how to reach reporters"),
    "original_seen": _l("Saw what was taken out of public view"),
    "ticket": _l("Changed a ticket"),
    "signed_in": _l("Signed in"),
    "sign_in_failed": _l("Could not sign in"),
    "session_revoked": _l("Signed a device out"),
    "second_factor_added": _l("Set up a second factor"),
    "second_factor_removed": _l("Removed a second factor"),
    "password_changed": _l("Changed the password"),
    "staff_added": _l("Added an account"),
    "staff_disabled": _l("Closed an account"),
    "staff_reset": _l("Gave a new password"),
    "key_added": _l("Made a key for another system"),
    "key_revoked": _l("Revoked a key"),
    "webhook_added": _l("Added a webhook"),
    "webhook_stopped": _l("Stopped a webhook"),
    "told": _l("Told somebody by phone or letter"),
    "untold": _l("Took back that somebody was told"),
    "outside_paused": _l("Paused another system"),
    "outside_resumed": _l("Let another system go on"),
    "outside_again": _l("Sent something again to another system"),
    "role_changed": _l("Has another role, as the identity provider says"),
    "staff_enabled": _l("Opened an account again"),
    "sessions_ended": _l("Signed somebody out everywhere"),
    "second_factor_roles": _l("Said which roles need a second factor"),
    "late_on_arrival": _l("Noted without telling anybody"),
}


@blueprint.get("/audit")
@access(roles("auditor"))
def trail() -> str:
    """Show the audit trail, the newest first."""
    here = served()
    staff_id, kind = request.args.get("staff", None, int), request.args.get("kind") or None
    rows = audit.trail(
        here.session,
        here.city.id,
        staff_id=staff_id,
        kind=kind,
        before=request.args.get("before", None, int),
        limit=A_PAGE + 1,
    )
    return render_template(
        "audit/trail.html",
        rows=rows[:A_PAGE],
        more=rows[A_PAGE - 1].id if len(rows) > A_PAGE else None,
        people=queries.all_staff(here.session, here.city.id),
        kinds=KINDS,
        chosen={"staff": staff_id, "kind": kind},
    )

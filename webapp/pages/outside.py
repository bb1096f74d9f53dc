"""For administrators: what is on its way to other systems, why it does not arrive, and sending it again."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from werkzeug.wrappers import Response

from webapp.notices import queues
from webapp.pages.context import audited, served
from webapp.people.access import access, roles

blueprint = Blueprint("outside", __name__, url_prefix="/admin/outside")
RULE = roles("administrator")

STATES = {
    "failing": _l("Failing"),
    "dead": _l("Given up"),
    "waiting": _l("Waiting"),
    "sent": _l("Arrived"),
}
LARGEST_SYSTEM = {"office": 2**15 - 1, "hook": 2**63 - 1}
LARGEST_ENTRY = {"office": 2**63 - 1, "hook": 2**63 - 1}


@blueprint.get("")
@access(RULE)
def show() -> str:
    """Show the systems, and what of one of them, or of all, is in a state."""
    here = served()
    state = request.args.get("state", "failing")
    if state not in STATES:
        abort(404)
    return render_template(
        "admin/outside.html",
        endpoints=queues.endpoints(here.session, here.city.id),
        entries=queues.entries(here.session, here.city.id, cast("queues.State", state), _system()),
        refused=queues.refused(here.session, here.city.id),
        state=state,
        states=STATES,
        system=request.args.get("system", ""),
        most=queues.MOST_LISTED,
    )


@blueprint.post("/pause")
@access(RULE)
def pause() -> Response:
    """Let what goes to a system wait, or go on."""
    here = served()
    kind, number = _kind_and_number(request.form.get("system"), LARGEST_SYSTEM)
    paused = request.form.get("paused") == "1"
    name = queues.pause(here.session, here.city.id, kind, number, paused=paused)
    if name is None:
        abort(404)
    audited("outside_paused" if paused else "outside_resumed", name)
    here.session.commit()
    flash(
        _("%(name)s is paused: what goes there waits.", name=name)
        if paused
        else _("%(name)s goes on.", name=name)
    )
    return _back()


@blueprint.post("/again")
@access(RULE)
def again() -> Response:
    """Send one thing once more."""
    here = served()
    kind, number = _kind_and_number(request.form.get("entry"), LARGEST_ENTRY)
    if not queues.send_again(here.session, here.city.id, kind, number):
        abort(404)
    audited("outside_again", f"{kind} {number}")
    here.session.commit()
    flash(_("It is next in the queue."))
    return _back()


@blueprint.post("/again/all")
@access(RULE)
def again_all() -> Response:
    """Send everything once more that was given up of what goes to a system."""
    here = served()
    kind, number = _kind_and_number(request.form.get("system"), LARGEST_SYSTEM)
    count = queues.send_dead_again(here.session, here.city.id, kind, number)
    audited("outside_again", f"{kind} {number}: {count}")
    here.session.commit()
    flash(
        ngettext("%(num)d is tried again within seconds.", "%(num)d are tried again within seconds.", count)
    )
    return _back()


@blueprint.post("/seen")
@access(RULE)
def seen() -> Response:
    """Put away what a back office told and could not be followed."""
    here = served()
    office_id = request.form.get("office", 0, int)
    update_id = request.form.get("update", "").replace("\x00", "")
    if not 0 < office_id < 2**15 or queues.see_to(here.session, here.city.id, office_id, update_id) is None:
        abort(404)
    here.session.commit()
    return _back()


def _back() -> Response:
    """Return to what was looked at."""
    state = request.form.get("state")
    system = request.form.get("system") or None
    return redirect(url_for("outside.show", state=state if state in STATES else None, system=system))


def _system() -> tuple[queues.Kind, int] | None:
    """Return the system that is looked at, None for all."""
    asked = request.args.get("system", "")
    return _kind_and_number(asked, LARGEST_SYSTEM) if asked else None


def _kind_and_number(given: str | None, largest: dict[str, int]) -> tuple[queues.Kind, int]:
    """Return what such as ``hook-12`` means."""
    kind, _dash, digits = (given or "").partition("-")
    number = int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 20 else 0
    if kind not in largest or not 0 < number <= largest[kind]:
        abort(404)
    return cast("queues.Kind", kind), number

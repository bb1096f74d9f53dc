"""Alerts that somebody on the staff sets on figures, and the weekly mail of what changed most."""

from __future__ import annotations

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as AnyResponse

from webapp.insight import alerts
from webapp.pages.context import served
from webapp.pages.council_choice import districts_of, own_district
from webapp.pages.places import atlas
from webapp.people.access import access, roles

blueprint = Blueprint("figure_alerts", __name__, url_prefix="/forecast/alerts")
RULE = roles("council", "supervisor")
REFUSED = 422

MEASURES = {
    "reports_week": _l("More reports in 7 days than"),
    "late_days": _l("A ticket is late by more days than"),
    "weekly": _l("Every week: the three things that changed most"),
}


@blueprint.get("")
@access(RULE)
def show() -> Response:
    """Show the person's alerts, and the form for a new one."""
    return _page({})


@blueprint.post("")
@access(RULE)
def add() -> AnyResponse:
    """Set an alert."""
    here, form = served(), request.form
    measure, service_id = form.get("measure", ""), form.get("service", None, int)
    district = own_district() or form.get("district") or None
    if measure not in alerts.MEASURES:
        return _page({"measure": _("Choose what to hear of.")})
    most = 0 if measure == "weekly" else form.get("most", -1, int)
    errors = {}
    if not 0 <= most <= alerts.HIGHEST[measure]:
        errors["most"] = _("Give a whole number from 0 to %(most)s.", most=f"{alerts.HIGHEST[measure]:,}")
    if service_id is not None and service_id not in here.catalog.services:
        errors["service"] = _("Choose a service of the list.")
    if district is not None and district not in dict(districts_of(atlas())):
        errors["district"] = _("Choose a district of the list.")
    if errors:
        return _page(errors)
    # The weekly mail is of all services.
    about = None if measure == "weekly" else service_id
    made = alerts.add(
        here.session, here.city.id, current_user.id,
        measure=measure, most=most, service_id=about, district=district,
    )  # fmt: skip
    if made is None:
        return _page({"measure": _("You have %(most)s alerts: delete one first.", most=alerts.MOST_ALERTS)})
    here.session.commit()
    flash(_("The alert is set. Alerts are looked at every half hour, the weekly mail comes once a week."))
    return redirect(url_for("figure_alerts.show"))


@blueprint.post("/<int:alert_id>/delete")
@access(RULE)
def delete(alert_id: int) -> AnyResponse:
    """Delete an alert; the page offers to undo it."""
    _change(alert_id, undo=False)
    return redirect(url_for("figure_alerts.show", deleted=alert_id))


@blueprint.post("/<int:alert_id>/undo")
@access(RULE)
def undo(alert_id: int) -> AnyResponse:
    """Take a deletion back."""
    _change(alert_id, undo=True)
    flash(_("The alert is there again."))
    return redirect(url_for("figure_alerts.show"))


def _change(alert_id: int, *, undo: bool) -> None:
    here, mine = served(), current_user.id
    if alert_id >= 2**63 or not alerts.delete(here.session, here.city.id, mine, alert_id, undo=undo):
        raise NotFound
    here.session.commit()


def _page(errors: dict[str, str]) -> Response:
    here, districts = served(), dict(districts_of(atlas()))
    page = render_template(
        "figures/alerts.html",
        mine=alerts.of_person(here.session, here.city.id, current_user.id),
        measures=MEASURES,
        districts=districts,
        choose_district=own_district() is None,
        services=here.catalog.active,
        errors=errors,
        typed=request.form if errors else {"measure": "reports_week"},
        deleted=request.args.get("deleted", None, int),
    )
    return make_response(page, REFUSED if errors else 200)

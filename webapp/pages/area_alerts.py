"""``/area-alerts``: hear of what is reported on one's street, in an area or a district. Confirmed by mail."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from webapp.notices import alert_areas, alerts, confirming
from webapp.notices.alert_areas import AlertArea, AreaRefusedError
from webapp.notices.push import SubscriptionError
from webapp.pages import push
from webapp.pages.context import served
from webapp.pages.language import chosen_language, said
from webapp.pages.places import atlas, city_view, zone_name
from webapp.pages.reporter import expired
from webapp.pages.throttle import limiter
from webapp.pages.typed import point_of
from webapp.people import contacts, tokens
from webapp.people.access import PUBLIC, access

blueprint = Blueprint("area_alerts", __name__, url_prefix="/area-alerts")

INVALID = 422
USUAL_REACH_M = 500
FARTHEST_FEED_M = 5000


@dataclass
class Typed:
    """What somebody has typed, and what is wrong with it."""

    kind: str = "street"
    address: str = ""
    choice: str = ""
    lon: str = ""
    lat: str = ""
    reach: str = str(USUAL_REACH_M)
    shape: str = ""
    district: str = ""
    groups: list[str] = field(default_factory=list)
    often: str = "daily"
    email: str = ""
    choices: list[str] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)


@blueprint.get("")
@access(PUBLIC)
def choose() -> Response:
    """Show the form."""
    asked = request.args
    return _page(Typed(lon=asked.get("lon", ""), lat=asked.get("lat", "")))


@blueprint.post("")
@access(PUBLIC)
@limiter.limit("20 per hour")
def ask() -> AnyResponse:
    """Keep an alert, and mail the link that confirms it."""
    here, typed = served(), _typed()
    details, wrong = contacts.clean(email=typed.email, language=chosen_language())
    if wrong or not details.email:
        typed.errors["email"] = said(wrong.get("email") or _("Write your e-mail address."))
    area = _area(typed)
    if area is None or typed.errors:
        return _page(typed)
    contact_id = contacts.find_or_make(here.session, here.city.id, details)
    alert_id = alerts.make(
        here.session, here.city.id, contact_id, area, groups=typed.groups, often=typed.often
    )
    if alert_id is None:
        here.session.rollback()
        typed.errors["email"] = _("This address has too many alerts already. End one first.")
        return _page(typed)
    settings = current_app.config["PINWARD"]
    confirming.send_alert(here.session, settings, here.city, contact_id, alert_id, _name(area.name))
    here.session.commit()
    return make_response(render_template("area_alerts/sent.html"))


@blueprint.get("/<token>")
@access(PUBLIC)
def show(token: str) -> AnyResponse:
    """Show an alert, with the buttons that confirm or end it: to open a link changes nothing."""
    alert, problem = _read(token)
    if alert is None:
        return problem
    page = render_template(
        "area_alerts/alert.html",
        alert=alert,
        name=_name(alert.name),
        groups=[_group_words(group) for group in alert.groups],
        standing=alert_areas.district_now(atlas(), alert.zone_id, alert.shape) if alert.zone_id else "same",
        feed=_feed(alert),
        token=token,
    )
    return make_response(page)


@blueprint.post("/<token>")
@access(PUBLIC)
def decide(token: str) -> AnyResponse:
    """Confirm an alert, end it, or give it its district's new borders."""
    alert, problem = _read(token)
    if alert is None:
        return problem
    here, do = served(), request.form.get("do")
    if do == "confirm":
        alerts.confirm(here.session, here.city, alert.id, datetime.now(UTC))
        flash(_("The alert is on: you hear of what is reported from now on."))
    elif do == "borders" and alert.zone_id:
        try:
            area = alert_areas.district(here.session, atlas(), alert.zone_id)
        except AreaRefusedError:
            return redirect(url_for("area_alerts.show", token=token), 303)
        alerts.take_area(here.session, here.city.id, alert.id, area)
        flash(_("The alert has the borders of today."))
    elif do == "stop":
        alerts.stop(here.session, here.city.id, alert.id)
        flash(_("The alert is off: you will hear no more of it."))
    here.session.commit()
    return redirect(url_for("area_alerts.show", token=token), 303)


@blueprint.post("/<token>/push")
@access(PUBLIC)
@limiter.limit("60 per hour")
def push_here(token: str) -> AnyResponse:
    """Tell of an alert by messages on this phone from now on, end it, or just answer whether it is so."""
    alert, problem = _read(token)
    if alert is None:
        return problem
    here, (do, contact_id) = served(), push.asked()
    if do == "start":
        try:
            contact_id = push.subscribed()
        except SubscriptionError as wrong:
            return make_response(jsonify(message=said(wrong)), INVALID)
        alerts.give_to(here.session, here.city.id, alert.id, contact_id)
        alerts.confirm(here.session, here.city, alert.id, datetime.now(UTC))
    elif do == "stop" and contact_id == alert.contact_id:
        alerts.stop(here.session, here.city.id, alert.id)
    here.session.commit()
    return jsonify(
        follows=contact_id is not None and contact_id in alerts.told_to(here.session, here.city.id, alert.id)
    )


def _typed() -> Typed:
    form = request.form
    groups = [each for each in form.getlist("groups") if each in _groups()]
    kind, often = form.get("kind", ""), form.get("often", "")
    return Typed(
        kind=kind if kind in ("street", "around", "drawn", "district") else "street",
        address=form.get("address", ""),
        choice=form.get("choice", ""),
        lon=form.get("lon", ""),
        lat=form.get("lat", ""),
        reach=form.get("reach", ""),
        shape=form.get("shape", ""),
        district=form.get("district", ""),
        # All of them is the same as none.
        groups=groups if len(groups) < len(_groups()) else [],
        often=often if often in alerts.OFTEN else "daily",
        email=form.get("email", ""),
    )


def _area(typed: Typed) -> AlertArea | None:
    """Return the area that was chosen; what is wrong with it goes to the errors of the form."""
    try:
        if typed.kind == "district":
            return alert_areas.district(served().session, atlas(), typed.district)
        if typed.kind == "drawn":
            return alert_areas.drawn(atlas(), typed.shape)
        # An address that is typed is meant, though the page was opened for a spot.
        at = ("", "") if typed.address.strip() else (typed.lon, typed.lat)
        point, typed.choices, problem = point_of(*at, typed.address, typed.choice)
        if point is None:
            typed.errors["address"] = problem
            return None
        lon, lat = float(point[0]), float(point[1])
        if typed.kind == "street":
            return alert_areas.street(atlas(), lon, lat)
        reach = int(typed.reach) if typed.reach.isdecimal() else 0
        return alert_areas.circle(atlas(), lon, lat, reach, typed.choice or typed.address)
    except AreaRefusedError as refusal:
        fields = {"district": "district", "drawn": "shape"}
        typed.errors[fields.get(typed.kind, "address")] = said(refusal)
    except ValueError:
        typed.errors["address"] = _("Type an address.")
    return None


def _groups() -> dict[str, str]:
    """Return the groups of services that anybody may see, as they are called here and by the reader."""
    language = chosen_language()
    public = (service for service in served().catalog.active if service.public)
    return {service.group: service.translated("group", language) for service in public}


def _group_words(group: str) -> str:
    return _groups().get(group, group)


def _name(name: str) -> str:
    return zone_name(name) or _("An area that you drew")


def _feed(alert: alerts.Chosen) -> str:
    """Return the feed that tells of about the same: of the district, or of a circle around the area."""
    if alert.zone_id:
        return url_for("feeds.feed", form="atom", zone=f"{served().city.district_layer}:{alert.zone_id}")
    metric = atlas().metric
    west, south, east, north = alert.shape.bounds
    (x0, y0), (x1, y1) = metric.to_metric(west, south), metric.to_metric(east, north)
    reach = min(FARTHEST_FEED_M, int(((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5 / 2) + 1)
    middle = f"{(west + east) / 2:.5f},{(south + north) / 2:.5f},{reach}"
    return url_for("feeds.feed", form="atom", near=middle)


def _read(token: str) -> tuple[alerts.Chosen | None, AnyResponse]:
    """Return the alert of a link, or None and what to answer instead."""
    here = served()
    secret = current_app.config["PINWARD"].secret_key
    try:
        lasts = confirming.STOP_LASTS
        alert_id = tokens.read(secret, confirming.ALERT, here.city.id, token, lasts)
    except tokens.LinkError as problem:
        return None, expired(isinstance(problem, tokens.LinkExpiredError))
    return alerts.get(here.session, here.city.id, alert_id), expired(False)


def _page(typed: Typed) -> Response:
    if typed.errors:
        served().session.rollback()
    districts = [(zone_id, zone_name(name)) for zone_id, name in alert_areas.districts(atlas())]
    page = render_template(
        "area_alerts/choose.html",
        typed=typed,
        errors=typed.errors,
        districts=districts,
        reaches=alert_areas.REACHES_M,
        groups=_groups(),
        view=city_view(),
        words={
            "drawing": _("Tap the corners of the area on the map, one after the other."),
            "corners": _("Corners set: {n}."),
            "ready": _("The area is drawn. Go on below, or clear it."),
        },
    )
    return make_response(page, INVALID if typed.errors else 200)

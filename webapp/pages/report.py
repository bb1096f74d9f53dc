"""``/``: drop a pin, say what it is about, send. One form, which a script leads through step by step."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace

from flask import Blueprint, Response, jsonify, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response as AnyResponse

from layers import addresses
from webapp.catalog.snapshot import ServiceEntry
from webapp.intake import heeding
from webapp.intake.draft import LONGEST_DESCRIPTION, DraftError, read_draft
from webapp.intake.look import look
from webapp.intake.submit import submit
from webapp.pages import effort, report_form, reporter, stepping, what
from webapp.pages.context import served
from webapp.pages.likely import likely_tickets
from webapp.pages.places import atlas, city_view, described
from webapp.pages.report_form import Typed, typed
from webapp.pages.stepping import Step
from webapp.pages.typed import label, point_of, wrong_fields
from webapp.people.access import PUBLIC, access
from webapp.tickets import held

blueprint = Blueprint("report", __name__)

_TOO_MANY = _l(
    "You have sent several reports in a short time. To keep the service open for everybody, please wait a "
    "few minutes, then send this one. Everything you typed is still here."
)
STEPS = {"address": "where", "service": "what"}
"""The step that holds a field; all others are in the last one."""


@blueprint.get("/")
@access(PUBLIC)
def report() -> Response:
    """Show the map and the form, with what the address says already."""
    asked = request.args.get
    begun = Typed(
        key=secrets.token_urlsafe(16),
        service=asked("service", ""),
        lon=asked("lon", ""),
        lat=asked("lat", ""),
        same_as=asked("same_as", ""),
    )
    return _stepped(stepping.begun(begun))


@blueprint.get("/here")
@access(PUBLIC)
def here() -> Response:
    """Say what is under the pin."""
    return jsonify(described(_degrees("lon"), _degrees("lat"), request.args.get("service", "")))


@blueprint.get("/questions")
@access(PUBLIC)
def questions() -> str:
    """Return the questions of one service, for the form."""
    return questions_of(served().catalog.service_by_code.get(request.args.get("service", "")))


def questions_of(service: ServiceEntry | None) -> str:
    """Return the questions of a service as the form asks them, none answered yet."""
    return render_template("report/ask.html", chosen=service, typed=Typed(key=""), errors={})


@blueprint.get("/find")
@access(PUBLIC)
def find() -> Response:
    """Find addresses, crossings and places, for the search box."""
    matches = addresses.find(atlas(), request.args.get("q", ""))
    return jsonify(found=[{"label": label(match), "lon": match.lon, "lat": match.lat} for match in matches])


@blueprint.get("/likely")
@access(PUBLIC)
def likely() -> str:
    """Return the open tickets that a report of this service at this spot may repeat."""
    here = served()
    service = here.catalog.service_by_code.get(request.args.get("service", ""))
    if service is None or not service.public:
        return ""
    lon, lat = _degrees("lon"), _degrees("lat")
    found = look(here.session, here.city, lon, lat, service.code)
    return render_template("report/likely.html", tickets=likely_tickets(found))


@blueprint.post("/")
@access(PUBLIC)
def send() -> AnyResponse:
    """Take the report in, and show its tracking number; without scripts, first go a step on."""
    if request.form.get("step") in stepping.BEFORE_SENDING or request.form.get("do") == "back":
        return _stepped(stepping.next_step(typed(), request.form.get("do", "")))
    here, count = served(), effort.tries()
    form = typed()
    if "hold" in request.form:
        return _page(form, report_form.mistakes(form), step="tell")
    if effort.is_due(count) and not effort.is_done(form.key, form.work):
        return _page(form, {"form": _TOO_MANY}, status=429, works=True)
    service = here.catalog.service_by_code.get(form.service)
    point, choices, problem = point_of(form.lon, form.lat, form.address, form.choice)
    if point is None:
        return _page(form, {"address": problem} | report_form.mistakes(form), choices)
    try:
        draft = read_draft(here.catalog, report_form.draft_fields(form, point))
    except DraftError as refused:
        return _page(form, wrong_fields(refused.problems, service) | report_form.mistakes(form))
    if wrong := report_form.mistakes(form):
        return _page(form, wrong)
    if heed := report_form.to_heed(form, service):
        return _page(replace(form, heeded="1"), {}, heed=heed, status=422, step="tell")
    try:
        receipt = submit(here.session, here.city, draft)
    except DraftError as refused:
        here.session.rollback()
        return _page(form, wrong_fields(refused.problems, service))
    if not receipt.repeated:
        photos = form.photos
        held.give(here.session, here.city.id, form.key, receipt.report_id, photos.names, photos.alts)
    here.session.commit()
    effort.note_sent()
    reporter.remember(receipt.report_id)
    return redirect(url_for("track.report", number=receipt.tracking_number, sent=""), 303)


def show_again(problem: str) -> Response:
    """Show the form with everything that was typed, and why it was not sent."""
    effort.tries()
    return _page(typed(), {"form": problem})


def _stepped(step: Step) -> Response:
    return _page(step.typed, step.errors, step.choices, step=step.name, told=step)


def _degrees(name: str) -> float:
    return request.args.get(name, float("nan"), float)


def _page(
    typed: Typed,
    errors: dict[str, str],
    choices: list[str] | None = None,
    *,
    heed: Sequence[str] = (),
    step: str = "",
    told: Step | None = None,
    status: int = 0,
    works: bool = False,
) -> Response:
    """Answer with the form.

    Parameters
    ----------
    heed
        What in the text the writer may not want others to read.
    step
        The one to show first; else the first with an error.
    told
        What that step has to say, where no script asks for it.
    works
        Whether the browser has work to do before the form is sent.
    """
    catalog = served().catalog
    page = render_template(
        "report/report.html",
        typed=typed,
        errors=errors,
        choices=choices or [],
        step=step or _step(errors),
        heed=heed,
        personal=[(kind, heeding.PATTERNS[kind], words) for kind, words in report_form.PERSONAL.items()],
        effort=effort.BITS if works or effort.is_due() else 0,
        ways=report_form.WAYS,
        most_photos=held.MOST,
        longest_alt=held.LONGEST_ALT,
        photo_words=report_form.photo_words(),
        told=told or Step(typed, ""),
        danger=what.danger(),
        groups=what.groups(told.found if told else None),
        chosen=catalog.service_by_code.get(typed.service),
        view=city_view(),
        longest_description=LONGEST_DESCRIPTION,
        map_words=_map_words(),
    )
    return make_response(page, status or (422 if errors else 200))


def _step(errors: dict[str, str]) -> str:
    """Return the first step that something is wrong in."""
    wrong = {STEPS.get(name, "tell") for name in errors}
    return next((step for step in ("where", "what", "tell") if step in wrong), "where")


def _map_words() -> dict[str, str]:
    """Return the sentences that the map's script says."""
    return {
        "noAddress": _("No address here"),
        "notHere": _("Outside the city"),
        "locating": _("Looking for where you are …"),
        "noLocation": _("Your device does not tell where it is. Type the address, or move the map."),
        "refused": _("You have not let this page see where you are. Type the address, or move the map."),
        "slow": _("Your device took too long to find where it is. Try again, or move the map."),
        "coarse": _("Your device knows this only to about {metres} m. Move the map until the pin is right."),
        "problems": _("{count} problems reported here. Zoom in."),
        "offline": _("The map cannot be asked just now"),
        "offlineMore": _("You can go on: we find the address when you send."),
    }

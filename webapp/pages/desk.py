"""``/desk``: a call taken by the keyboard, from who is calling to the number to read out.

Every step is the same form, sent to the same address: the server keeps it as a draft, settles what the words
and the address mean, and shows what is known. A script sends it by itself while the agent types; without one
there are buttons.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from babel import Locale
from flask import (
    Blueprint,
    Response,
    abort,
    flash,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from webapp.catalog import articles
from webapp.intake import unfinished
from webapp.intake.draft import LONGEST_DESCRIPTION, DraftError, read_draft
from webapp.intake.models import DeskDraft
from webapp.intake.submit import submit
from webapp.pages.context import served
from webapp.pages.desk_call import CHANNELS, NEW, Call, Known, choices_of, kept_call, settled, typed_call
from webapp.pages.language import chosen_language
from webapp.pages.thumbnail import thumbnail
from webapp.pages.typed import wrong_fields
from webapp.people import contacts
from webapp.people.access import access, roles
from webapp.tickets import queries
from webapp.tickets.earlier import earlier_reports
from webapp.tickets.tracking import TrackingNumberError, normalise

blueprint = Blueprint("desk", __name__, url_prefix="/desk")
RULE = roles("agent", "supervisor")

REFUSED = 422


@blueprint.get("")
@access(RULE)
def call() -> Response:
    """Begin a call, or go on with one that was dropped."""
    drafts, number = _drafts(), request.args.get("draft", 0, int)
    draft = next((each for each in drafts if each.id == number), None)
    if number and draft is None:
        abort(404)
    begun = kept_call(draft.fields) if draft else Call(key=secrets.token_urlsafe(16))
    return _page(*settled(begun), {}, drafts)


@blueprint.get("/find")
@access(RULE)
def find() -> Response:
    """Find services and articles, for the search box."""
    found = choices_of(request.args.get("q", ""))
    return jsonify(found=[{"label": name, "pick": pick} for pick, name in found])


@blueprint.post("")
@access(RULE)
def step() -> AnyResponse:
    """Go a step on: find who is calling, settle what is meant, send, answer or discard."""
    here, me = served(), current_user._get_current_object()
    drafts, do = _drafts(), request.form.get("do", "")
    typed = _typed(drafts)
    if do == "discard":
        return _finished(typed.key, _("The draft is gone."))
    if do == "answered" and typed.article is not None:
        today = datetime.now(UTC).astimezone(ZoneInfo(here.city.time_zone)).date()
        articles.count_answer(here.session, here.city.id, typed.article.id, typed.channel, today)
        return _finished(typed.key, _("Counted: answered from an article."))
    if do == "caller":
        typed = _with_callers(typed)
    if do == "send":
        return _send(typed, drafts)
    typed, known = settled(typed)
    unfinished.keep(here.session, me, typed.key, typed.as_fields())
    page = _page(typed, known, {}, drafts)
    here.session.commit()
    return page


@blueprint.get("/taken/<number>")
@access(RULE)
def taken(number: str) -> Response:
    """Show the number to read out, and what to say with it."""
    here = served()
    try:
        found = queries.ticket_by_tracking(here.session, here.city.id, normalise(number))
    except TrackingNumberError:
        found = None
    if found is None:
        abort(404)
    report, ticket = found
    page = render_template(
        "desk/taken.html", report=report, ticket=ticket, service=here.catalog.services[report.service_id]
    )
    return make_response(page)


def _drafts() -> Sequence[DeskDraft]:
    return unfinished.unfinished(served().session, current_user._get_current_object())


def _typed(drafts: Sequence[DeskDraft]) -> Call:
    """Return the call of the form, with the contacts that were found for it before."""
    key = request.form.get("key", "")
    before = next((each for each in drafts if each.key == key), None)
    typed = typed_call(tuple(before.fields.get("callers", ())) if before else ())
    return typed if key else kept_call(typed.as_fields() | {"key": secrets.token_urlsafe(16)})


def _with_callers(typed: Call) -> Call:
    """Look the caller up, and fill in what is empty with what the latest contact says."""
    here, me = served(), current_user._get_current_object()
    found = contacts.look_up(here.session, here.city.id, email=typed.email, phone=typed.phone, to=me)
    fields = typed.as_fields() | {"callers": tuple(found)}
    if found:
        latest = next(iter(found.values()))
        for name in ("name", "email", "phone", "language", "postal_address"):
            fields[name] = fields[name] or getattr(latest, name) or ""
        fields["prefers"] = latest.prefers
    return Call(**fields)


def _send(typed: Call, drafts: Sequence[DeskDraft]) -> AnyResponse:
    """Make a report of the call by the one way in."""
    here, me = served(), current_user._get_current_object()
    typed, known = settled(typed)
    service, shown = typed.service, [int(number) for number in typed.shown.split()]
    same = int(typed.same_as) if typed.same_as.isdecimal() else None
    fields = {
        "service_code": service.code if service else "",
        "lon": typed.lon,
        "lat": typed.lat,
        "address": typed.address,
        "description": typed.description,
        "answers": typed.answers,
        "name": typed.name,
        "email": typed.email,
        "phone": typed.phone,
        "language": typed.language or chosen_language(),
        "prefers": typed.prefers,
        "postal_address": typed.postal_address,
        "channel": typed.channel,
        "idempotency_key": typed.key,
        "same_as": same,
        "different_from": shown if typed.same_as == NEW else [],
    }
    try:
        if known.problems:
            raise DraftError([])
        receipt = submit(here.session, here.city, read_draft(here.catalog, fields))
    except DraftError as refused:
        here.session.rollback()
        unfinished.keep(here.session, me, typed.key, typed.as_fields())
        here.session.commit()
        wrong = wrong_fields(refused.problems, service)
        if "service" in wrong:
            wrong["about"] = wrong.pop("service")
        return _page(typed, known, wrong | known.problems, drafts)
    unfinished.drop(here.session, me, typed.key)
    here.session.commit()
    return redirect(url_for("desk.taken", number=receipt.tracking_number), 303)


def _finished(key: str, words: str) -> AnyResponse:
    here = served()
    unfinished.drop(here.session, current_user._get_current_object(), key)
    here.session.commit()
    flash(words)
    return redirect(url_for("desk.call"), 303)


def _page(typed: Call, known: Known, errors: dict[str, str], drafts: Sequence[DeskDraft]) -> Response:
    here = served()
    place = (float(typed.lon), float(typed.lat)) if typed.lon and typed.lat else (None, None)
    page = render_template(
        "desk/call.html",
        call=typed,
        known=known,
        meant_places=[(each, each) for each in known.places],
        errors=known.problems | errors,
        earlier=earlier_reports(here.session, here.city.id, typed.callers),
        drafts=[draft for draft in drafts if draft.key != typed.key],
        channels=CHANNELS,
        contact_ways=[way for way in contacts.WAYS if way != "push"],
        languages=_languages(),
        services=here.catalog.services,
        picture=thumbnail(*place) if known.place and known.place["placed"] else None,
        longest_description=LONGEST_DESCRIPTION,
    )
    return make_response(page, REFUSED if errors else 200)


def _languages() -> list[tuple[str, str]]:
    """Return the city's languages by code, with their names in the agent's language."""
    mine = get_locale() or Locale("en")
    return [
        (code, (Locale.parse(code, sep="-").get_display_name(mine) or code).capitalize())
        for code in served().city.languages
    ]

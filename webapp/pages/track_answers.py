"""What people do on the page of a report: say whether it is fixed, add to it, follow it. By POST alone."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, abort, current_app, flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from webapp.notices import confirming
from webapp.notices.copies import send_copy
from webapp.pages.context import served
from webapp.pages.language import chosen_language, said
from webapp.pages.reporter import is_reporter
from webapp.pages.throttle import limiter
from webapp.pages.track import Typed, page
from webapp.people import contacts
from webapp.people.access import PUBLIC, access
from webapp.storage import Storage, uploads
from webapp.tickets import asking, following, pictures, queries
from webapp.tickets.lifecycle import Incomplete, MoveRefused

blueprint = Blueprint("track_answers", __name__, url_prefix="/track/<number>")

INVALID = 422
FORBIDDEN = 403
CHOICES = ("1", "2", "3", "4", "5")
Found = tuple[queries.ReportRow, queries.TicketRow]


@blueprint.post("/fixed")
@access(PUBLIC)
@limiter.limit("30 per hour")
def fixed(number: str) -> AnyResponse:
    """Take the answer to whether it is fixed: yes confirms it, no opens it again."""
    found, typed = _found(number), _typed("fixed", "fixed", "words")
    if not is_reporter(found[0].id):
        return _not_yours(found, typed)
    if typed.values["fixed"] not in ("yes", "no"):
        typed.errors["fixed"] = _("Choose yes or no.")
        return page(*found, typed, INVALID)
    here, told = served(), _told(typed)
    if typed.errors:
        return page(*found, typed, INVALID)
    try:
        asking.answer(
            here.session, here.city, _storage(), found[0].id,
            fixed=typed.values["fixed"] == "yes", told=told, now=datetime.now(UTC),
        )  # fmt: skip
    except (MoveRefused, pictures.PhotoRefusedError) as problem:
        return _refused(number, typed, problem)
    here.session.commit()
    if typed.values["fixed"] == "no":
        flash(_("Thank you. Your report is open again, and the crew reads what you wrote."))
        return _back(number)
    flash(_("Thank you. It is noted as fixed."))
    return _back(number, "fixed")


@blueprint.post("/rate")
@access(PUBLIC)
@limiter.limit("30 per hour")
def rate(number: str) -> AnyResponse:
    """Take the answers to the two questions of the survey."""
    report, ticket = _found(number)
    here, form = served(), request.form
    if not is_reporter(report.id):
        return _not_yours((report, ticket), Typed("fixed"))
    question = asking.asked(here.session, here.city.id, report.id, datetime.now(UTC))
    said_ = {
        name: int(form[name]) if form.get(name) in CHOICES else None for name in ("satisfaction", "easy")
    }
    if question is not None and question.survey_id is not None and any(said_.values()):
        asking.rate(
            here.session, here.city.id, report.id, question.survey_id, **said_, words=form.get("words", "")
        )
        here.session.commit()
        flash(_("Thank you. Your answers help us to do better."))
    return _back(number)


@blueprint.post("/add")
@access(PUBLIC)
@limiter.limit("30 per hour")
def add(number: str) -> AnyResponse:
    """Add words or photos to a report."""
    found, typed = _found(number), _typed("add", "words")
    if not is_reporter(found[0].id):
        return _not_yours(found, typed)
    here, told = served(), _told(typed)
    if typed.errors:
        return page(*found, typed, INVALID)
    try:
        asking.add(here.session, here.city.id, _storage(), found[0].id, told)
    except (MoveRefused, pictures.PhotoRefusedError) as problem:
        return _refused(number, typed, problem)
    here.session.commit()
    flash(_("Thank you. It is added, and the crew sees it."))
    return _back(number, "timeline")


@blueprint.post("/follow")
@access(PUBLIC)
@limiter.limit("10 per hour")
def follow(number: str) -> AnyResponse:
    """Tell somebody by mail what happens: who reported it at once, anybody else when they confirm it."""
    found, typed = _found(number), _typed("follow", "email")
    here, report_id = served(), found[0].id
    details, wrong = contacts.clean(email=typed.values["email"], language=chosen_language())
    if wrong or not details.email:
        typed.errors["email"] = said(wrong.get("email") or _("Write your e-mail address."))
        return page(*found, typed, INVALID)
    contact_id = contacts.find_or_make(here.session, here.city.id, details)
    own = is_reporter(report_id)
    if own and following.give_contact(here.session, here.city.id, report_id, contact_id):
        send_copy(here.session, here.city.id, report_id)
        flash(_("A copy is on its way to you, and you will hear what happens."))
    else:
        follower_id = following.ask_to_follow(here.session, here.city.id, report_id, contact_id)
        settings = current_app.config["PINWARD"]
        confirming.send_follow(here.session, settings, here.city, contact_id, follower_id, number)
        flash(_("We have sent a mail to that address. Open the link in it to follow, or to stop."))
    here.session.commit()
    return _back(number)


@blueprint.post("/hear")
@access(PUBLIC)
def hear(number: str) -> AnyResponse:
    """Tell who reported it what happens, or no more."""
    report, ticket = _found(number)
    if not is_reporter(report.id):
        return _not_yours((report, ticket), Typed("follow"))
    here, hears = served(), request.form.get("hears") == "yes"
    following.let_reporter_hear(here.session, here.city.id, report.id, hears=hears)
    here.session.commit()
    flash(_("You will hear what happens.") if hears else _("You will hear no more of this report."))
    return _back(number)


def _found(number: str) -> Found:
    here = served()
    found = queries.ticket_by_tracking(here.session, here.city.id, number)
    if found is None:
        abort(404)
    return found


def _typed(form: str, *names: str) -> Typed:
    return Typed(form, {name: request.form.get(name, "") for name in names})


def _told(typed: Typed) -> asking.Told:
    """Return words and photos, drawn anew; what is wrong with one goes to the errors of the form."""
    words = typed.values["words"]
    if len(words) > asking.LONGEST_WORDS:
        typed.errors["words"] = _("Shorten it to %(most)d characters.", most=asking.LONGEST_WORDS)
    sent = [file for file in request.files.getlist("photos") if file.filename]
    if len(sent) > asking.MOST_AT_ONCE:
        typed.errors["photos"] = _("Choose at most %(most)d photos.", most=asking.MOST_AT_ONCE)
        sent = []
    drawn = []
    for file in sent:
        try:
            drawn.append(pictures.draw(file.stream))  # type: ignore[arg-type]
        except pictures.PhotoRefusedError as problem:
            name = (file.filename or "")[-60:]
            typed.errors["photos"] = _("%(name)s %(problem)s", name=name, problem=said(problem))
    return asking.Told(words, drawn)


def _refused(number: str, typed: Typed, problem: Exception) -> AnyResponse:
    """Answer with the page as it is now, with what was typed and why it was not taken."""
    served().session.rollback()
    if isinstance(problem, Incomplete):
        typed.errors[problem.field] = said(problem)
    elif isinstance(problem, pictures.PhotoRefusedError):
        typed.errors["photos"] = _("A photo %(problem)s", problem=said(problem))
    else:
        typed.errors["form"] = said(problem)
    return page(*_found(number), typed, INVALID)


def _not_yours(found: Found, typed: Typed) -> AnyResponse:
    typed.errors["form"] = _(
        "Only who reported this can do that, on the device it was sent from or by the link in our messages."
    )
    return page(*found, typed, FORBIDDEN)


def _storage() -> Storage:
    return uploads(current_app.config["PINWARD"].kept_in)


def _back(number: str, part: str = "") -> AnyResponse:
    return redirect(url_for("track.report", number=number, _anchor=part or None), 303)

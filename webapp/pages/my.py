"""``/my``: all reports of one e-mail address, for who reads its mail. No account: a link that works once."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, flash, make_response, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from webapp.notices import alerts, confirming
from webapp.pages.context import served
from webapp.pages.language import said
from webapp.pages.reporter import close_mailbox, expired, mailbox, open_mailbox
from webapp.pages.throttle import limiter
from webapp.people import contacts, own_reports, tokens
from webapp.people.access import PUBLIC, access
from webapp.tickets import following

blueprint = Blueprint("my", __name__, url_prefix="/my")

INVALID = 422


@blueprint.get("")
@access(PUBLIC)
def reports() -> Response:
    """Show one's own reports, or ask for the address to mail a link to."""
    return _page()


@blueprint.post("")
@access(PUBLIC)
@limiter.limit("6 per hour")
def send_link() -> AnyResponse:
    """Mail a link, where the address is one that we know; the answer is the same either way."""
    here, email = served(), request.form.get("email", "")
    details, wrong = contacts.clean(email=email)
    if wrong or not details.email:
        return _page(email, {"email": said(wrong.get("email") or _("Write your e-mail address."))})
    confirming.send_my_reports(here.session, current_app.config["PINWARD"], here.city, details.email)
    here.session.commit()
    return make_response(render_template("my/sent.html"))


@blueprint.get("/<token>")
@access(PUBLIC)
def ask(token: str) -> AnyResponse:
    """Show the button that opens the reports: a link that is only looked at is not used up."""
    link_id, problem = _read(token)
    return problem or make_response(render_template("my/open.html", link_id=link_id))


@blueprint.post("/<token>")
@access(PUBLIC)
def open_(token: str) -> AnyResponse:
    """Use the link up, and show the reports."""
    here = served()
    link_id, problem = _read(token)
    contact_id = None if problem else own_reports.use(here.session, here.city.id, link_id)
    if contact_id is None:
        return problem or expired(True)
    here.session.commit()
    open_mailbox(contact_id)
    return redirect("/my", 303)


@blueprint.post("/leave")
@access(PUBLIC)
def leave() -> AnyResponse:
    """Show them no longer in this browser."""
    close_mailbox()
    return redirect("/my", 303)


@blueprint.post("/erase")
@access(PUBLIC)
def erase() -> AnyResponse:
    """Forget how to reach the person; the reports stay, without anybody's name."""
    here, mine = served(), mailbox()
    if not mine:
        return redirect("/my", 303)
    if request.form.get("sure") != "yes":
        return _page(errors={"sure": _("Set the mark, so that nothing is erased by mistake.")})
    following.forget_contacts(here.session, here.city.id, mine)
    contacts.erase(here.session, here.city.id, mine)
    here.session.commit()
    close_mailbox()
    flash(_("Your contact data is erased. Your reports go on without it."))
    return redirect("/my", 303)


def _read(token: str) -> tuple[int, AnyResponse | None]:
    """Return the id of a link, or 0 and what to answer instead."""
    here = served()
    secret = current_app.config["PINWARD"].secret_key
    try:
        lasts = own_reports.LASTS
        return tokens.read(secret, confirming.MY_REPORTS, here.city.id, token, lasts), None
    except tokens.LinkError as problem:
        return 0, expired(isinstance(problem, tokens.LinkExpiredError))


def _page(email: str = "", errors: dict[str, str] | None = None) -> Response:
    here, mine = served(), mailbox()
    if not mine:
        page = render_template("my/ask.html", email=email, errors=errors or {})
    else:
        settings = current_app.config["PINWARD"]
        found = [
            (
                alerts.get(here.session, here.city.id, each),
                confirming.alert_path(settings, here.city.id, each),
            )
            for each in alerts.of_contacts(here.session, here.city.id, mine)
        ]
        page = render_template(
            "my/reports.html",
            reports=following.reports_of(here.session, here.city.id, mine),
            alerts=found,
            errors=errors or {},
        )
    return make_response(page, INVALID if errors else 200)

"""``/demo/mail``: what the demo would have sent. It is there only where the demo keeps messages as files."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import cast

from flask import Blueprint, Flask, Response, abort, current_app, make_response, render_template
from flask.blueprints import BlueprintSetupState

from webapp.people.access import PUBLIC, access

blueprint = Blueprint("demo_mail", __name__)

MOST_LISTED = 50
_NAME = re.compile(r"[a-z0-9-]+\.(eml|sms|push)")


@dataclass(frozen=True)
class Kept:
    """One message. Of whom it went to only a letter or two are shown: anybody may look at a demo."""

    name: str
    channel: str
    """mail, sms or push."""
    at: datetime
    to: str
    subject: str
    text: str
    has_html: bool = False


@blueprint.record_once
def start(state: BlueprintSetupState) -> None:
    """Add the routes where there is anything to show."""
    app = cast("Flask", state.app)
    if app.config["PINWARD"].catches_mail:
        app.add_url_rule("/demo/mail", "demo_mail.messages", messages)
        app.add_url_rule("/demo/mail/<name>", "demo_mail.message", message)
        app.add_url_rule("/demo/mail/<name>/html", "demo_mail.html", html)


@access(PUBLIC)
def messages() -> str:
    """List the newest messages."""
    paths = sorted(_folder().glob("[!.]*"), key=lambda path: path.stat().st_mtime, reverse=True)
    known = [path for path in paths if _NAME.fullmatch(path.name)][:MOST_LISTED]
    return render_template("demo/messages.html", messages=[_read(path) for path in known])


@access(PUBLIC)
def message(name: str) -> str:
    """Show one message."""
    return render_template("demo/message.html", message=_read(_path(name)))


@access(PUBLIC)
def html(name: str) -> Response:
    """Answer the HTML of a mail, for a frame: it may neither run nor load anything."""
    path = _path(name)
    part = _mail(path).get_body(("html",)) if path.suffix == ".eml" else None
    if part is None:
        abort(404)
    response = make_response(part.get_content())
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; "
        "sandbox allow-popups allow-top-navigation-by-user-activation"
    )
    return response


def _folder() -> Path:
    folder: Path = current_app.config["PINWARD"].home / "mail"
    return folder


def _path(name: str) -> Path:
    path = _folder() / name
    if not _NAME.fullmatch(name) or not path.is_file():
        abort(404)
    return path


def _read(path: Path) -> Kept:
    at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    if path.suffix == ".eml":
        mail = _mail(path)
        plain = mail.get_body(("plain",))
        text = plain.get_content() if plain is not None else ""
        to = _masked(mail["To"].addresses[0].addr_spec)
        return Kept(path.name, "mail", at, to, str(mail["Subject"]), text, has_html=True)
    kept = json.loads(path.read_bytes())
    if path.suffix == ".push":
        return Kept(path.name, "push", at, "", kept["title"], kept["body"])
    first_line = kept["text"].partition("\n")[0]
    return Kept(path.name, "sms", at, f"…{kept['to'][-2:]}", first_line, kept["text"])


def _mail(path: Path) -> EmailMessage:
    return message_from_bytes(path.read_bytes(), policy=policy.default)


def _masked(address: str) -> str:
    name, _at, domain = address.rpartition("@")
    return f"{name[:1]}…@{domain[:1]}…"

"""Codes as words, in the reader's language."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol

from flask import Blueprint
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

blueprint = Blueprint("words", __name__)

STATUSES = {
    "new": _l("New"),
    "assigned": _l("With the crew"),
    "scheduled": _l("Scheduled"),
    "in_progress": _l("Being worked on"),
    "waiting": _l("Waiting"),
    "referred": _l("Passed on"),
    "reopened": _l("Open again"),
    "done": _l("Done"),
    "confirmed": _l("Done and confirmed"),
    "declined": _l("Not taken on"),
}
EVENTS = {
    **STATUSES,
    "received": _l("Received"),
    "joined": _l("Somebody else reported it too"),
    "flagged": _l("Looks like a known problem: staff will compare"),
    "assigned": _l("Given to the crew"),
    "in_progress": _l("Work started"),
    "noted": _l("Remark"),
}
MOVES = {
    "assigned": _l("Put back in the queue"),
    "scheduled": _l("Schedule"),
    "in_progress": _l("Start work"),
    "waiting": _l("Wait"),
    "referred": _l("Pass on"),
    "done": _l("Done"),
    "declined": _l("Do not take on"),
    "confirmed": _l("Confirm"),
    "reopened": _l("Open again"),
}
OUTCOMES = {
    "fixed": _l("Fixed"),
    "made_safe": _l("Made safe, repair to follow"),
    "answered": _l("Answered"),
    "nothing_found": _l("Nothing found"),
    "nothing_wrong": _l("Nothing wrong"),
    "not_ours": _l("Not the city's"),
    "private_property": _l("Private property"),
    "too_little_known": _l("Too little known"),
    "misuse": _l("Misuse"),
}


class Dated(Protocol):
    """What can be late: a ticket."""

    @property
    def open(self) -> bool: ...
    @property
    def due_at(self) -> datetime | None: ...


def _plain(code: str) -> str:
    return code.replace("_", " ").capitalize()


@blueprint.app_template_global()
def status_words(status: str) -> str:
    """Return a ticket's status for the reader."""
    return str(STATUSES.get(status, _plain(status)))


@blueprint.app_template_global()
def event_words(kind: str) -> str:
    """Return the heading of a timeline entry."""
    return str(EVENTS.get(kind, _plain(kind)))


@blueprint.app_template_global()
def move_words(status: str) -> str:
    """Return the words on the button that moves a ticket to ``status``."""
    return str(MOVES.get(status, _plain(status)))


@blueprint.app_template_global()
def outcome_words(outcome: str) -> str:
    """Return how a ticket ended."""
    return str(OUTCOMES.get(outcome, _plain(outcome)))


@blueprint.app_template_global()
def is_late(ticket: Dated) -> bool:
    """Say whether an open ticket's promised date has passed."""
    return bool(ticket.open and ticket.due_at and ticket.due_at < datetime.now(UTC))


@blueprint.app_template_filter()
def ago(moment: datetime) -> str:
    """Return such as ``3 days ago``."""
    minutes = max(0, int((datetime.now(UTC) - moment).total_seconds() // 60))
    if minutes < 1:
        return _("just now")
    if minutes < 60:
        return ngettext("%(num)d minute ago", "%(num)d minutes ago", minutes)
    if minutes < 24 * 60:
        return ngettext("%(num)d hour ago", "%(num)d hours ago", minutes // 60)
    return ngettext("%(num)d day ago", "%(num)d days ago", minutes // (24 * 60))

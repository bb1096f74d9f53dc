"""Codes as words, in the reader's language."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Protocol

from flask import Blueprint
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from webapp.pages.context import served
from webapp.pages.language import chosen_language, day
from webapp.tickets import lifecycle

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
    "merged": _l("Joined with another ticket"),
}
EVENTS = {
    "shown": _l("Shown to everybody"),
    "hidden": _l("Kept to staff"),
    "redacted": _l("Taken out of what others see"),
    "restored": _l("Put back into what others see"),
    **STATUSES,
    "received": _l("Received"),
    "joined": _l("Somebody else reported it too"),
    "flagged": _l("Looks like a known problem: staff will compare"),
    "assigned": _l("Given to the crew"),
    "in_progress": _l("Work started"),
    "noted": _l("Remark"),
    "prioritized": _l("How urgent it is was changed"),
    "undone": _l("Taken back: it was a slip"),
    "merged": _l("Another ticket is the same problem and joins this one"),
    "split": _l("Taken apart again: another problem after all"),
    "different": _l("Compared: not the same problem"),
    "corrected": _l("Corrected: what it is about, or where"),
    "at_risk": _l("At risk of being late"),
    "overdue": _l("The promised date has passed"),
    "escalated": _l("Those in charge were told"),
    "follow_up": _l("Further work is reported"),
    "follows": _l("Reported by the crew of an earlier ticket"),
}
MOVES = {
    "hand_over": _l("Hand over"),
    "remark": _l("Only add note and photos"),
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
DETAILS = {
    "fixed": _l("Fixed"),
    "made_safe": _l("Made safe, repair to follow"),
    "answered": _l("Answered"),
    "nothing_found": _l("Nothing found"),
    "nothing_wrong": _l("Nothing wrong"),
    "not_ours": _l("Not the city's"),
    "private_property": _l("Private property"),
    "too_little_known": _l("Too little known"),
    "misuse": _l("Misuse"),
    "resident": _l("Answer of a resident"),
    "other_party": _l("Somebody else's work"),
    "weather": _l("Weather"),
}


PRIORITIES = (_l("Low"), _l("Normal"), _l("High"), _l("Urgent"))
ROLES = {
    "agent": _l("Agent"),
    "crew": _l("Crew"),
    "supervisor": _l("Supervisor"),
    "council": _l("Council"),
    "administrator": _l("Administrator"),
    "auditor": _l("Auditor"),
}


class Dated(Protocol):
    """What can be late: a ticket."""

    @property
    def open(self) -> bool: ...
    @property
    def due_at(self) -> datetime | None: ...
    @property
    def waiting_since(self) -> datetime | None: ...


def _plain(code: str) -> str:
    return lifecycle.words(code).capitalize()


@blueprint.app_template_global()
def role_words(role: str) -> str:
    """Return what somebody on the staff is."""
    return str(ROLES.get(role, _plain(role)))


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
def detail_words(state: str, detail: str | None) -> str:
    """Return what a state took: how a ticket ended, what it waits for, who has it, for which day it is."""
    if not detail:
        return ""
    takes = lifecycle.STATES[state].takes if state in lifecycle.STATES else None
    if takes == "scheduled_for":
        return day(datetime.combine(date.fromisoformat(detail), time(12)))
    return detail if takes == "owner" else str(DETAILS.get(detail, _plain(detail)))


@blueprint.app_template_global()
def priority_words(level: int) -> str:
    """Return how urgent a ticket is."""
    return str(PRIORITIES[level])


@blueprint.app_template_global()
def is_late(ticket: Dated) -> bool:
    """Say whether an open ticket's promised date has passed; of one that waits: before it began to."""
    return bool(ticket.open and ticket.due_at and ticket.due_at < (ticket.waiting_since or datetime.now(UTC)))


@blueprint.app_template_filter()
def moment(text: str) -> datetime:
    """Return the time that a timeline entry keeps as text."""
    return datetime.fromisoformat(text)


@blueprint.app_template_global()
def service_words(service_id: int) -> str:
    """Return what a service is called in the reader's language."""
    return served().catalog.services[service_id].translated("name", chosen_language())


@blueprint.app_template_global()
def crew_name(code: str) -> str:
    """Return what a crew is called."""
    return next((crew.name for crew in served().catalog.crews.values() if crew.code == code), code)


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

"""Does one thing to many tickets, and says of each whether it went, and why not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import current_app, request
from flask_babel import gettext as _
from flask_login import current_user

from webapp.pages import language
from webapp.pages.context import served
from webapp.pages.crew_choice import may_see
from webapp.pages.words import status_words
from webapp.storage import uploads
from webapp.tickets import moving, queries, working
from webapp.tickets.lifecycle import MoveRefused
from webapp.tickets.moving import Moved
from webapp.tickets.queries import TicketRow
from webapp.tickets.working import Work

MOST_AT_ONCE = 100
DOABLE = ("in_progress", "done", "scheduled", working.HAND_OVER)
"""What may be done to many tickets at once."""


@dataclass(frozen=True)
class Line:
    """What became of one ticket."""

    id: int
    ticket: TicketRow | None
    """None: not one of theirs."""
    version: int
    said: str
    went: bool


def do_chosen() -> list[Line]:
    """Do to each ticket ticked in the form what the form says. The caller commits."""
    here, form, me = served(), request.form, current_user._get_current_object()
    to, key = form.get("to", ""), form.get("key", "")[:40]
    storage = uploads(current_app.config["PINWARD"].kept_in)

    def act(ticket_id: int, version: int) -> Moved:
        work = Work(
            to=to if to in DOABLE else "",
            version=version,
            note=form.get("note", "")[:5000],
            detail=form.get(f"detail-{to}"),
            crew_id=form.get("crew", 0, int),
            key=f"{key}.{ticket_id}" if key else None,
        )
        return working.take(here.session, here.city, storage, ticket_id, work, by=me)

    return _each(act, _("handed over") if to == working.HAND_OVER else "")


def undo_chosen() -> list[Line]:
    """Take back the latest move of each ticket that the form names. The caller commits."""
    here, me = served(), current_user._get_current_object()

    def act(ticket_id: int, version: int) -> Moved:
        return moving.undo(here.session, here.city, ticket_id, by=me, version=version)

    return _each(act, _("taken back"), also_others=True)


def _each(act: Callable[[int, int], Moved], said: str, *, also_others: bool = False) -> list[Line]:
    """Act on one ticket after the other: what is refused for one holds up no other."""
    here = served()
    # In the order of their numbers, so that of two who do this at once neither waits for the other for ever.
    chosen = sorted(_chosen().items())[:MOST_AT_ONCE]
    rows = queries.tickets(here.session, here.city.id, [ticket_id for ticket_id, _version in chosen])
    lines = []
    for ticket_id, version in chosen:
        row = rows.get(ticket_id)
        if row is None or not (also_others or may_see(row)):
            lines.append(Line(ticket_id, None, version, _("There is no such ticket among yours."), False))
            continue
        try:
            with here.session.begin_nested():
                moved = act(ticket_id, version)
        except MoveRefused as refusal:
            lines.append(Line(ticket_id, row, version, language.said(refusal), False))
        else:
            lines.append(Line(ticket_id, row, moved.version, said or status_words(moved.status), True))
    return lines


def _chosen() -> dict[int, int]:
    """Return the version of each ticket that the form names, as it was seen."""
    chosen = {}
    for value in request.form.getlist("ticket"):
        number, _dot, version = value.partition(".")
        if number.isascii() and number.isdecimal() and version.isascii() and version.isdecimal():
            chosen[int(number)] = int(version)
    return {number: version for number, version in chosen.items() if max(number, version) < 2**31}

"""A ticket's life as data: its states, what each takes, the moves between them, and who may make each.

`webapp.tickets.moving` makes the moves.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, get_args

from webapp.languages import Sentence
from webapp.people.access import Role
from webapp.tickets.models import OPEN_STATUSES

Party = Literal["resident", "system", "program"]
"""Movers who do not sign in: the one who reported, Pinward itself, and another system with its key."""

Detail = Literal["outcome", "waiting_on", "owner", "scheduled_for"]
"""The one further thing that some states take: the column of the ticket that holds it."""

UNDO_WITHIN = timedelta(minutes=10)
"""For so long may a move be undone."""


@dataclass(frozen=True, slots=True)
class State:
    """What a state takes from the one who moves a ticket into it."""

    takes: Detail | None = None
    choices: tuple[str, ...] = ()
    """What ``takes`` may be; empty: words, or a day such as 2026-06-17."""
    note: bool = False
    """Whether it takes words that everybody may read, such as why the ticket is declined."""


STATES: dict[str, State] = {
    "new": State(),
    "assigned": State(),
    "scheduled": State("scheduled_for"),
    "in_progress": State(),
    "waiting": State("waiting_on", ("resident", "other_party", "weather"), note=True),
    "referred": State("owner"),
    "reopened": State(note=True),
    "done": State("outcome", ("fixed", "made_safe", "answered", "nothing_found", "not_ours")),
    "confirmed": State(),
    "declined": State(
        "outcome", ("not_ours", "private_property", "nothing_wrong", "too_little_known", "misuse"), note=True
    ),
}
"""The states of a ticket. While one waits, the clock of its promise stands still."""

_OPEN = frozenset(OPEN_STATUSES)
_CREW: frozenset[str] = frozenset({"crew", "supervisor", "agent", "administrator"})
_DESK: frozenset[str] = frozenset({"supervisor", "agent", "administrator"})
_WORK = _CREW | {"program"}

HANDERS = _CREW
"""Who gives an open ticket to another crew."""
COMPARERS = _DESK
"""Who says whether two tickets are one problem."""


@dataclass(frozen=True, slots=True)
class Move:
    """One row of the table of moves."""

    sources: frozenset[str]
    to: str
    who: frozenset[Role | Party] | frozenset[str]


MOVES: tuple[Move, ...] = (
    Move(_OPEN - {"assigned"}, "assigned", _DESK | {"system"}),
    Move(frozenset({"scheduled", "in_progress", "waiting", "referred"}), "assigned", _CREW),
    Move(_OPEN, "scheduled", _WORK),
    Move(_OPEN - {"in_progress"}, "in_progress", _WORK),
    Move(_OPEN, "waiting", _CREW),
    Move(_OPEN, "referred", _WORK | {"system"}),
    Move(_OPEN, "done", _WORK),
    Move(_OPEN, "declined", _DESK | {"program"}),
    Move(frozenset({"done"}), "confirmed", _DESK | {"resident", "system"}),
    Move(frozenset({"done"}), "reopened", _WORK | {"resident"}),
    Move(frozenset({"confirmed", "declined"}), "reopened", _DESK | {"program"}),
    # Of two who reported it, one may say that it is fixed, and the other that it is not.
    Move(frozenset({"confirmed"}), "reopened", frozenset({"resident"})),
)
"""Every move there is. What is scheduled, waits or is referred may be so again: for another day or party."""


class MoveRefused(ValueError):  # noqa: N818  (a refusal is an answer)
    """A move was not made; the message says why and what to do, in words for the mover."""


class NoSuchTicket(MoveRefused):
    """The city has no ticket of that number."""


class NotAllowed(MoveRefused):
    """The table has no such move, or not for this mover."""


class Incomplete(MoveRefused):
    """Something the move takes is missing; ``field`` is ``note`` or the state's ``takes``."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def words(code: str) -> str:
    """Return a status or another code as words: ``in progress``."""
    return code.replace("_", " ")


def moves_from(status: str, who: Role | Party | str) -> list[Move]:
    """Return the moves that ``who`` may make with a ticket in ``status``, in the table's order."""
    return [move for move in MOVES if status in move.sources and who in move.who]


def check_request(to: str, who: str, note: str, detail: str | None) -> None:
    """Say no to what the table refuses whatever the ticket is like.

    Raises
    ------
    NotAllowed
        Nobody like ``who`` ever moves a ticket to ``to``.
    Incomplete
        The note or the detail that the state takes is missing or is none of its choices.
    """
    if all(move.to != to or who not in move.who for move in MOVES):
        raise NotAllowed(_never(to, who))
    state = STATES[to]
    if state.note and not note:
        raise Incomplete(
            "note", f"Say why in the note before moving a ticket to {words(to)}: people will read it."
        )
    if state.takes is None:
        if detail is not None:
            raise Incomplete("detail", f"A ticket moved to {words(to)} takes nothing more: leave it out.")
    elif state.choices:
        if detail not in state.choices:
            raise Incomplete(state.takes, _ONE_OF[state.takes].format(", ".join(map(words, state.choices))))
    elif state.takes == "scheduled_for":
        _check_day(detail)
    elif not (detail or "").strip():
        raise Incomplete(state.takes, Sentence("Say who has it now, such as the name of the agency."))


def check_source(status: str, to: str, who: str) -> None:
    """Raise `NotAllowed` where the table has no move from ``status`` to ``to`` for ``who``."""
    if all(move.to != to for move in moves_from(status, who)):
        raise NotAllowed(f"A ticket that is {words(status)} cannot be moved to {words(to)} by this {who}.")


_ONE_OF = {
    "outcome": "Say how it ended; the outcome is one of {}.",
    "waiting_on": "Say whom or what it waits for: one of {}.",
}


def _check_day(day: str | None) -> None:
    try:
        date.fromisoformat(day or "")
    except ValueError:
        raise Incomplete("scheduled_for", Sentence("Say for which day, such as 2026-06-17.")) from None


def _never(to: str, who: str) -> str:
    if to not in STATES:
        return f"There is no state {to!r}; the states are {', '.join(STATES)}."
    if who in get_args(Party):
        return f"Only staff may move a ticket to {words(to)}."
    article = "an" if who[0] in "ao" else "a"
    return f"Somebody signed in as {article} {who} may not move a ticket to {words(to)}: ask a supervisor."

"""What the statuses of other systems ask for here: a move of the ticket, or nothing but a remark."""

from __future__ import annotations

from dataclasses import dataclass

from webapp.tickets.lifecycle import MOVES, STATES, check_request

REMARK = "remark"
"""Instead of a state: what is told moves nothing."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The state to which another system's status moves a ticket. None: what it says is a remark."""

    state: str | None = None
    detail: str | None = None
    from_closed_only: bool = False
    """Of an open ticket it is a remark."""


GIVEN_STATUSES: dict[str, Wanted] = {
    "open": Wanted("reopened", from_closed_only=True),
    "reopen": Wanted("reopened", from_closed_only=True),
    "in_progress": Wanted("in_progress"),
    "investigating": Wanted("in_progress"),
    "planned": Wanted("scheduled"),
    "action_scheduled": Wanted("scheduled"),
    "internal_referral": Wanted("referred"),
    "fixed": Wanted("done", "fixed"),
    "closed": Wanted("done", "answered"),
    "no_further_action": Wanted("done", "nothing_found"),
    "not_councils_responsibility": Wanted("declined", "not_ours"),
    "cancelled": Wanted("declined", "nothing_wrong"),
    # Whether two tickets are one problem, staff decide with both before them.
    "duplicate": Wanted(),
    "for_triage": Wanted(),
    "unchanged": Wanted(),
}
"""What the statuses of Open311's updates extension ask for here."""


def read_wanted(words: str) -> Wanted:
    """Return what ``in_progress``, ``done/fixed``, ``referred/The county`` or ``remark`` ask for.

    Raises
    ------
    ValueError
        There is no such state, no program moves tickets there, or the detail is missing or wrong.
    """
    state, _, detail = words.partition("/")
    if words == REMARK:
        return Wanted()
    reachable = [name for name in STATES if any(move.to == name and "program" in move.who for move in MOVES)]
    if state not in reachable:
        raise ValueError(f'"{state}" is none of {", ".join(reachable)}, {REMARK}')
    if state == "scheduled":
        raise ValueError("a ticket is scheduled for a day, which a status does not tell: write remark")
    # The words that some states take come with each update.
    check_request(state, "program", "words", detail or None)
    return Wanted(state, detail or None, from_closed_only=state == "reopened")

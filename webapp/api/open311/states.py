"""A ticket's states as GeoReport and its updates extension say them, both ways."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_WORDS: dict[str, str | dict[str, str]] = {
    "scheduled": "Scheduled for {}.",
    "in_progress": "Work has begun.",
    "waiting": {
        "resident": "Waiting for an answer of the reporter.",
        "other_party": "Waiting for somebody else's work.",
        "weather": "Waiting for the weather.",
    },
    "referred": "Passed on to {}.",
    "reopened": "Open again.",
    "done": {
        "fixed": "Fixed.",
        "made_safe": "Made safe; the repair will follow.",
        "answered": "Answered.",
        "nothing_found": "Nothing was found.",
        "not_ours": "It is not the city's.",
    },
    "confirmed": "Done and confirmed.",
    "declined": {
        "not_ours": "Not taken on: it is not the city's.",
        "private_property": "Not taken on: it is on private property.",
        "nothing_wrong": "Not taken on: nothing is wrong.",
        "too_little_known": "Not taken on: too little is known.",
        "misuse": "Not taken on.",
    },
}
"""What is said of a state where nobody wrote a note. New and assigned tickets say nothing."""

_UPDATE_STATUSES: dict[str, str | dict[str, str]] = {
    "assigned": "open",
    "scheduled": "action_scheduled",
    "in_progress": "in_progress",
    "waiting": "open",
    "referred": "internal_referral",
    "reopened": "open",
    "done": {
        "fixed": "fixed",
        "made_safe": "fixed",
        "nothing_found": "no_further_action",
        "not_ours": "not_councils_responsibility",
    },
    "confirmed": "closed",
    "declined": {
        "not_ours": "not_councils_responsibility",
        "private_property": "not_councils_responsibility",
        "nothing_wrong": "no_further_action",
        "too_little_known": "no_further_action",
    },
    "new": "open",
}
"""Our states in the words of the updates extension; what is done or declined in another way is closed."""


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
"""What the statuses of the updates extension ask for here."""


def words(state: str, detail: str | None) -> str | None:
    """Return a sentence about a state, None where there is nothing to say."""
    found = _WORDS.get(state)
    if isinstance(found, dict):
        return found.get(detail or "", state.capitalize() + ".")
    return found.format(detail) if found else None


def update_status(kind: str, data: Mapping[str, Any]) -> str:
    """Return the status that a timeline entry tells of."""
    state = str(data.get("to", "")) if kind == "undone" else kind
    found = _UPDATE_STATUSES.get(state, "unchanged")
    return found.get(str(data.get("detail", "")), "closed") if isinstance(found, dict) else found


def update_words(kind: str, data: Mapping[str, Any]) -> str:
    """Return what is said of a timeline entry without a note."""
    if kind == "undone":
        return f"Taken back: it was a slip. {words(str(data.get('to', '')), None) or ''}".strip()
    return words(kind, data.get("detail")) or kind.replace("_", " ").capitalize() + "."

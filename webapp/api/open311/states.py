"""A ticket's states as GeoReport and its updates extension say them; for the way back see tickets.wanted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from webapp.tickets import lifecycle

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
    return words(kind, data.get("detail")) or lifecycle.words(kind).capitalize() + "."

"""Who looks after a spot that the city does not look after, and how to reach them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypedDict

from flask_babel import gettext as _

from layers.places import Place
from webapp.dispatch.assignment import Assignment
from webapp.pages.context import served


class Owner(TypedDict):
    """What the page says of them."""

    words: str
    phone: str | None
    url: str | None


def owner_of(place: Place, decided: Iterable[Assignment]) -> Owner | None:
    """Return who outside the city is responsible at a place, None where it is the city itself.

    Parameters
    ----------
    decided
        Who would do each service there.
    """
    if not place.placed:
        outside = next((each["name"] for each in _owners() if each.get("outside")), None)
        return _told(outside, _("%(owner)s may be responsible there.", owner=outside)) if outside else None
    all_of_them = list(decided)
    owners = {found.owner for found in all_of_them if found.owner}
    if not owners:
        return None
    owner = min(owners)
    if all(found.owner for found in all_of_them):
        return _told(owner, _("%(owner)s is responsible here. We pass your report on.", owner=owner))
    return _told(
        owner, _("%(owner)s looks after much of this spot. What is theirs, we pass on.", owner=owner)
    )


def _told(name: str, words: str) -> Owner:
    known = next((each for each in _owners() if each["name"] == name), {})
    return Owner(words=words, phone=known.get("phone"), url=known.get("url"))


def _owners() -> list[dict[str, str]]:
    owners: list[dict[str, str]] = served().city.details.get("owners") or []
    return owners

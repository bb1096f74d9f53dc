"""What somebody has typed into the form of a report, and what is to be said of it before it is sent."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp.catalog.snapshot import ServiceEntry
from webapp.intake import heeding
from webapp.pages import report_photos
from webapp.pages.context import served
from webapp.pages.language import chosen_language
from webapp.pages.report_photos import Chosen
from webapp.pages.typed import Where, answers_typed

WAYS = {
    "email": _l("By e-mail"),
    "sms": _l("By text message"),
    "phone": _l("By a call"),
    "none": _l("Not at all"),
}
"""How somebody who reports here may want to hear from the city."""
PERSONAL = {
    "email": _l("This looks like an e-mail address."),
    "phone": _l("This looks like a phone number."),
    "plate": _l("This looks like a licence plate."),
}
"""What is said of each kind of `heeding.PATTERNS`."""
_READ = ("answers", "photos")


@dataclass(frozen=True)
class Typed:
    """What somebody has typed so far, as it was typed."""

    key: str
    lon: str = ""
    lat: str = ""
    address: str = ""
    choice: str = ""
    placed: str = ""
    """The address for which longitude and latitude hold, where no map says so."""
    spot: str = ""
    """The answer where a few metres decide: longitude and latitude."""
    words: str = ""
    """What it is about, as they would say it."""
    step: str = ""
    """The step that was shown, where no script leads through the form."""
    service: str = ""
    same_as: str = ""
    different_from: str = ""
    description: str = ""
    heeded: str = ""
    """Whether the writer was told what others might better not read."""
    name: str = ""
    email: str = ""
    phone: str = ""
    prefers: str = ""
    language: str = ""
    """In which the writer wants to be told."""
    website: str = ""
    """A field that people do not see: what fills it in is a machine."""
    work: str = ""
    answers: dict[str, list[str]] = field(default_factory=dict)
    photos: Chosen = field(default_factory=Chosen)

    @property
    def tells_of_themselves(self) -> bool:
        """Whether the writer said how to be reached."""
        return bool(self.name or self.email or self.phone)


def photo_words() -> dict[str, str]:
    """Return the sentences that the photos' script says."""
    return {
        "photo": _("Photo {n}"),
        "sending": _("Sending: {percent} %"),
        "kept": _("Photo {n} is ready"),
        "later": _("Goes with the report"),
        "remove": _("Take it out"),
        "alt": _("What is to be seen?"),
        "altHint": _("(for those who cannot see it)"),
        "most": _("Choose at most {most} photos."),
        "far": _("This photo was taken about {metres} m from the pin."),
    }


def typed() -> Typed:
    """Return what the form that was sent holds; its photos are kept."""
    form = request.form
    texts = {name: form.get(name, "") for name in Typed.__dataclass_fields__ if name not in _READ}
    texts["key"] = texts["key"] or secrets.token_urlsafe(16)
    service = served().catalog.service_by_code.get(texts["service"])
    return Typed(**texts, answers=answers_typed(service), photos=report_photos.chosen(texts["key"]))


def draft_fields(typed: Typed, point: Where) -> dict[str, Any]:
    """Return the fields of the draft that a form describes."""
    return {
        "service_code": typed.service,
        "lon": point[0],
        "lat": point[1],
        "description": typed.description,
        "answers": typed.answers,
        "name": typed.name,
        "email": typed.email,
        "phone": typed.phone,
        "prefers": typed.prefers if typed.prefers in WAYS else "email",
        "language": typed.language if typed.language in served().city.languages else chosen_language(),
        "idempotency_key": typed.key,
        "same_as": typed.same_as or None,
        "different_from": typed.different_from.split(),
    }


def mistakes(typed: Typed) -> dict[str, str]:
    """Return what is wrong with the parts of the form that a draft does not have, by field."""
    found = {}
    if typed.photos.problem:
        found["photos"] = typed.photos.problem
    if typed.website:
        found["website"] = _("Leave this field empty. It is there to catch machines.")
    if typed.prefers == "email" and typed.phone and not typed.email:
        found["email"] = _("Write an e-mail address, or choose another way to be told.")
    if typed.prefers in ("sms", "phone") and not typed.phone:
        found["phone"] = _("Write a phone number, or choose another way to be told.")
    return found


def to_heed(typed: Typed, service: ServiceEntry | None) -> list[str]:
    """Return what others might better not read in the text, of which the writer was not told yet."""
    if typed.heeded or service is None or not service.public:
        return []
    return heeding.personal(typed.description)

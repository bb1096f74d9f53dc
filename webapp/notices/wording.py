"""What a message says, in the language of its reader: the same by mail, SMS, push, phone and letter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time
from jinja2 import Environment, PackageLoader, select_autoescape

from layers.models import City
from webapp.config import Settings
from webapp.languages import SOURCE, locale_of, marked, nearest, sentences
from webapp.notices.links import base_url, stop_path
from webapp.notices.sending import Claimed
from webapp.people.contacts import ContactDetails

_SUBJECTS = {
    "received": marked("We have your report"),
    "joined": marked("Your report joins one we know of"),
    "scheduled": marked("The work is scheduled"),
    "in_progress": marked("The work has begun"),
    "waiting": marked("The work has to wait"),
    "referred": marked("Your report was passed on"),
    "done": marked("The work is done"),
    "declined": marked("Why we will not act on your report"),
    "reopened": marked("Your report is open again"),
    "undone": marked("Our last message was a mistake"),
    "escalated": marked("A ticket needs your attention"),
}
_STILL_PROMISED = frozenset(
    {"received", "joined", "scheduled", "in_progress", "reopened", "undone", "escalated"}
)

templates = Environment(
    loader=PackageLoader("webapp.notices"), autoescape=select_autoescape(), trim_blocks=True
)

Say = Callable[..., str]


@dataclass(frozen=True)
class Words:
    """What one message says. Nothing of what the reporter wrote: or anybody could mail by us to anybody."""

    say: Say
    """Says a sentence of ours in the language of the message."""
    language: str
    direction: str
    """ltr or rtl."""
    subject: str
    about: str
    """The service, or empty."""
    where: str
    number: str
    """The tracking number, or empty."""
    opening: str
    note: str
    """What the city wrote."""
    facts: list[tuple[str, str]]
    """Labels and values."""
    link: str
    link_words: str
    stop_link: str
    """Where the reader stops such messages; empty for staff."""
    one_tap: str
    """Where a POST of the mail program stops them at once."""
    city: str
    phone: str | None
    is_first: bool
    """Whether it answers a report that was just made."""
    date: str
    """Of what it tells."""


def words_of(settings: Settings, city: City, reader: ContactDetails, notice: Claimed) -> Words:
    """Return what a notice says to its reader."""
    zone = ZoneInfo(city.time_zone)
    language = nearest(reader.language) or SOURCE
    locale = locale_of(language)
    gettext = sentences(language).gettext

    def say(sentence: str, **values: object) -> str:
        return str(gettext(sentence)) % values

    service = _service(notice, language)
    message = notice.message or {}
    path = message.get("path") or _path(notice)
    own_stop = message.get("stop_path")
    stop = f"{base_url(settings)}{own_stop or stop_path(reader.key, notice.report_id)}" if reader.key else ""
    return Words(
        say=say,
        language=language,
        direction=locale.text_direction,
        subject=message.get("subject") or say(_SUBJECTS[notice.kind]),
        about=service.get("name", ""),
        where=notice.address or "",
        number=notice.tracking_number or "",
        opening=message.get("text") or _opening(say, notice, service),
        note=notice.note,
        facts=[] if notice.message else _facts(say, zone, locale, notice, service),
        link=f"{base_url(settings)}{path}" if path else "",
        link_words=message.get("path_words") or say("Follow your report"),
        stop_link=stop,
        one_tap=stop if own_stop else f"{stop}/now",
        city=city.name,
        phone=(city.details.get("contact") or {}).get("phone"),
        is_first=notice.kind in ("received", "joined"),
        date=_day(notice.at, zone, locale),
    )


def _service(notice: Claimed, language: str) -> dict[str, Any]:
    if notice.service is None:
        return {}
    own = {"name": notice.service, "notice": notice.service_notice}
    translated: dict[str, Any] = (notice.service_translations or {}).get(language, {})
    return own | translated


def _opening(say: Say, notice: Claimed, service: dict[str, Any]) -> str:
    return templates.get_template("opening.txt").render(_=say, notice=notice, service=service).strip()


def _facts(
    say: Say, zone: ZoneInfo, locale: Locale, notice: Claimed, service: dict[str, Any]
) -> list[tuple[str, str]]:
    def local(when: datetime | None) -> str:
        if when is None:
            return ""
        return say("%(day)s, %(time)s", day=_day(when, zone, locale), time=_clock(when, zone, locale))

    promised = notice.due_at if notice.kind in _STILL_PROMISED else None
    facts = [
        (say("What it is about"), service.get("name", "")),
        (say("Where"), notice.address or ""),
        (say("Reported"), local(notice.requested_at)),
        (say("Promised by"), local(promised)),
        (say("Tracking number"), notice.tracking_number or ""),
    ]
    return [(label, value) for label, value in facts if value]


def _path(notice: Claimed) -> str:
    if notice.contact_id is None:
        return f"/crew/{notice.ticket_id}" if notice.ticket_id else ""
    return f"/track/{notice.tracking_number}" if notice.tracking_number else ""


def _day(when: datetime, zone: ZoneInfo, locale: Locale) -> str:
    return format_date(when.astimezone(zone), "full", locale=locale)


def _clock(when: datetime, zone: ZoneInfo, locale: Locale) -> str:
    # Few fonts have the narrow space that the locale data puts before AM and PM.
    return format_time(when, "short", tzinfo=zone, locale=locale).replace("\u202f", " ")

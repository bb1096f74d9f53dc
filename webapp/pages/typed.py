"""What people type into the form of a report, read alike on the first page and at the desk."""

from __future__ import annotations

from collections.abc import Iterable

from flask import request
from flask_babel import gettext as _

from layers import addresses
from webapp.catalog.snapshot import ServiceEntry
from webapp.intake.draft import Problem
from webapp.pages.context import served
from webapp.pages.language import chosen_language, said
from webapp.pages.places import atlas

CERTAIN = 0.95
"""An address found with at least this score is taken without asking back."""

Where = tuple[str | float, str | float]
"""Longitude and latitude, EPSG:4326 degrees, as typed or as found."""


def point_of(lon: str, lat: str, address: str, choice: str = "") -> tuple[Where | None, list[str], str]:
    """Return where a report is: the pin, or else what the typed address means.

    An address that means several places is not guessed at: they are returned to choose from, with what to do.

    Parameters
    ----------
    choice
        The label of the place that was chosen of those.
    """
    if lon and lat:
        return (lon, lat), [], ""
    wanted = choice or address
    if not wanted.strip():
        return None, [], _("Say where it is: put the pin on the map, or type an address.")
    matches = addresses.find(atlas(), wanted)
    exact = [match for match in matches if label(match) == choice]
    if exact or (matches and matches[0].score >= CERTAIN and not _rivals(matches)):
        best = exact[0] if exact else matches[0]
        return (best.lon, best.lat), [], ""
    if matches:
        return None, [label(match) for match in matches], _("Choose the place that you mean.")
    return (
        None,
        [],
        _("No such address was found in %(city)s. Try the street alone.", city=served().city.name),
    )


def label(match: addresses.Match) -> str:
    """Return a place that was found, as it is listed to choose from."""
    return f"{match.address}, {match.context}" if match.context else match.address


def answers_typed(service: ServiceEntry | None) -> dict[str, list[str]]:
    """Return the answers of the form by the codes of the service's questions."""
    asked = [question.code for question in service.questions] if service else []
    return {code: [text.replace("\x00", "") for text in request.form.getlist(f"q-{code}")] for code in asked}


def field_of(name: str) -> str:
    """Return the field of the form that a field of a draft is typed into."""
    if name.startswith("answers."):
        return f"q-{name.removeprefix('answers.')}"
    return {"service_code": "service", "lon": "address", "lat": "address"}.get(name, name)


def wrong_fields(problems: Iterable[Problem], service: ServiceEntry | None) -> dict[str, str]:
    """Return what to do about each field of the form, in the reader's language."""
    language = chosen_language()
    questions = {
        f"answers.{question.code}": question.translations.get(language, {}).get("text") or question.text
        for question in (service.questions if service else ())
    }
    return {field_of(each.field): said(each.message, question=questions.get(each.field)) for each in problems}


def _rivals(matches: list[addresses.Match]) -> bool:
    return len(matches) > 1 and matches[1].score >= CERTAIN

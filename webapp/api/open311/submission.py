"""``POST requests``: somebody's report, by way of another program."""

from __future__ import annotations

from typing import Any

from flask import Response, g, request

from layers.models import City
from webapp.api.open311.errors import Open311Error, bad
from webapp.api.open311.formats import Format, respond
from webapp.api.open311.jurisdiction import city_of
from webapp.api.open311.parameters import Parameters
from webapp.catalog.queries import catalog
from webapp.catalog.snapshot import ServiceEntry
from webapp.intake.draft import MOST_MEDIA, DraftError, read_draft
from webapp.intake.submit import submit
from webapp.people import keys
from webapp.people.models import ApiKey

TEST_BLUEPRINT = "open311_test"
CHANNEL = "open311"

_LONGEST = 100_000
"""Of what the draft measures by rules of its own, such as a description."""
_PARAMETERS = {
    "lon": "long",
    "address": "address_string",
    "media_urls": "media_url",
    "name": "first_name",
    "idempotency_key": "Idempotency-Key",
}
_PHOTO_NOT_KEPT = "The uploaded file was not kept: send the address of a picture as media_url."


def post(form: Format) -> Response:
    """Take a report in and answer its number; on the test endpoint, throw it away again."""
    parameters = Parameters(request)
    city = city_of(parameters)
    fields = _fields(parameters, _key(parameters, city))
    known = catalog(g.session, city)
    try:
        receipt = submit(g.session, city, read_draft(known, fields))
    except DraftError as error:
        raise _refused(error, given=fields["service_code"]) from error
    if request.blueprint == TEST_BLUEPRINT:
        g.session.rollback()
    else:
        g.session.commit()
    service = known.service_by_code[receipt.service_code]
    answer = {
        **_number(service, receipt.tracking_number),
        "service_notice": " ".join([service.notice, _PHOTO_NOT_KEPT if request.files else ""]).strip()
        or None,
        "account_id": parameters.text("account_id"),
    }
    return respond(form, "service_requests", [answer], status=201)


def _key(parameters: Parameters, city: City) -> ApiKey:
    key = parameters.text("api_key")
    if key is None:
        raise Open311Error(403, "api_key: is missing. GET discovery says whom to ask for one.")
    known = keys.check(g.session, city.id, key)
    if known is None:
        raise Open311Error(403, "api_key: is not valid here, or was revoked.")
    return known


def _fields(parameters: Parameters, key: ApiKey) -> dict[str, Any]:
    """Return the draft's fields. ``media_url`` is kept as an address, and never fetched."""
    point = parameters.point()
    address = parameters.text("address_string", longest=_LONGEST)
    if point is None and address is None:
        if parameters.text("address_id"):
            raise bad("address_id", "is not known here: send lat and long, or address_string.")
        raise bad("lat", "is missing: send lat and long, or address_string.")
    names = [parameters.text(name, longest=_LONGEST) for name in ("first_name", "last_name")]
    repeat = request.headers.get("Idempotency-Key")
    return {
        "service_code": parameters.text("service_code"),
        "lon": point[0] if point else None,
        "lat": point[1] if point else None,
        "address": address or "",
        "description": parameters.text("description", longest=_LONGEST) or "",
        "answers": parameters.attributes(),
        "media_urls": parameters.texts("media_url", most=MOST_MEDIA, longest=2000),
        "name": " ".join(name for name in names if name) or None,
        "email": parameters.text("email", longest=_LONGEST),
        "phone": parameters.text("phone", longest=_LONGEST),
        "channel": CHANNEL,
        # Of two programs that count from 1, neither gets the other's answer.
        "idempotency_key": f"{CHANNEL}.{key.id}.{repeat}" if repeat else None,
    }


def _refused(error: DraftError, *, given: str | None) -> Open311Error:
    problems = [f"{_parameter(problem.field)}: {problem.message}" for problem in error.problems]
    unknown = given is not None and any(problem.field == "service_code" for problem in error.problems)
    return Open311Error(404 if unknown else 400, *problems)


def _parameter(field: str) -> str:
    if field.startswith("answers."):
        return f"attribute[{field.removeprefix('answers.')}]"
    return _PARAMETERS.get(field, field)


def _number(service: ServiceEntry, tracking_number: str) -> dict[str, str]:
    """Return the number under the name that the service's type promises: now, by a token, or not at all."""
    names = {"realtime": "service_request_id", "batch": "token"}
    return {names[service.type]: tracking_number} if service.type in names else {}

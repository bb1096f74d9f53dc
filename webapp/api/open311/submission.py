"""``POST requests``: somebody's report, by way of another program."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, g, request

from layers.models import City
from webapp.api.open311 import callers
from webapp.api.open311.errors import Open311Error, bad
from webapp.api.open311.formats import Format, respond
from webapp.api.open311.jurisdiction import city_of
from webapp.api.open311.parameters import Parameters, printable
from webapp.catalog.queries import catalog
from webapp.catalog.snapshot import ServiceEntry
from webapp.intake.draft import MOST_MEDIA, DraftError, read_draft
from webapp.intake.submit import submit
from webapp.people.keys import Use
from webapp.storage import uploads
from webapp.tickets import photos, pictures

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


def post(form: Format) -> Response:
    """Take a report in and answer its number; on the test endpoint, throw it away again."""
    parameters = Parameters(request)
    city = city_of(parameters)
    fields = _fields(parameters, callers.system(parameters, city, "write"))
    known = catalog(g.session, city)
    drawn = _drawn()
    try:
        receipt = submit(g.session, city, read_draft(known, fields))
    except DraftError as error:
        raise _refused(error, given=fields["service_code"]) from error
    if request.blueprint == TEST_BLUEPRINT:
        g.session.rollback()
    else:
        if not receipt.repeated:
            _keep(city, receipt.report_id, drawn)
        g.session.commit()
    service = known.service_by_code[receipt.service_code]
    answer = {
        **_number(service, receipt.tracking_number),
        "service_notice": service.notice or None,
        "account_id": parameters.text("account_id"),
    }
    return respond(form, "service_requests", [answer], status=201)


def _drawn() -> list[pictures.Picture]:
    """Return the photos sent along, under whatever names. With one that is no good, the report is refused."""
    if request.mimetype != "multipart/form-data":
        return []
    sent = [(name, file) for name, file in request.files.items(multi=True) if file.filename]
    if len(sent) > photos.MOST_PHOTOS:
        raise bad(sent[photos.MOST_PHOTOS][0], f"is one too many: send at most {photos.MOST_PHOTOS} photos.")
    drawn = []
    for name, file in sent:
        try:
            drawn.append(pictures.draw(file.stream))  # type: ignore[arg-type]
        except pictures.PhotoRefusedError as error:
            too_large = isinstance(error, pictures.PhotoTooLargeError)
            raise Open311Error(413 if too_large else 400, f"{printable(name)}: {error}") from error
    return drawn


def _keep(city: City, report_id: int, drawn: list[pictures.Picture]) -> None:
    storage = uploads(current_app.config["PINWARD"].kept_in)
    for picture in drawn:
        photos.keep_picture(g.session, storage, city.id, report_id, picture)


def _fields(parameters: Parameters, key: Use) -> dict[str, Any]:
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
        "idempotency_key": f"{CHANNEL}.{key.key_id}.{repeat}" if repeat else None,
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

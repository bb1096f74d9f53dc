"""Open311 GeoReport v2 in the definition. Its views read parameters by hand, and pass over others."""

from __future__ import annotations

from typing import Any

from webapp.api.open311.discovery import ENDPOINTS
from webapp.api.open311.filters import LAST_PAGE, MOST_REQUESTS
from webapp.api.openapi.operations import JSON, Document, in_path, in_query

_XML = "text/xml; charset=utf-8"
_TEXT: Document = {"type": "string"}
_TIME: Document = {"type": "string", "description": "W3C date-time, such as 2026-11-22T14:05:00-05:00"}
_FORMAT = in_path("format", {"type": "string", "enum": ["json", "xml"]})

SCHEMAS: Document = {
    "Open311Errors": {
        "type": "array",
        "description": "What is wrong, named by its parameter, as GeoReport says it.",
        "items": {
            "type": "object",
            "properties": {"code": {"type": "integer"}, "description": {"type": "string"}},
            "required": ["code", "description"],
        },
    }
}

_EVERYWHERE = [in_query("jurisdiction_id", "a city, where several are served", _TEXT)]
_READER = [*_EVERYWHERE, in_query("api_key", "a key with the scope read_private, to read all", _TEXT)]
_PAGES = [
    in_query("page", "of the list, from 1", {"type": "integer", "minimum": 1, "maximum": LAST_PAGE}),
    in_query("page_size", "rows a page", {"type": "integer", "minimum": 1, "maximum": MOST_REQUESTS}),
]
_SPAN = [
    in_query("start_date", "not before then; 90 days at most", _TIME),
    in_query("end_date", "not after then", _TIME),
]
_FILTERS = [
    in_query("service_request_id", "numbers, with commas between; nothing else counts then", _TEXT),
    in_query("service_code", "codes of services, with commas between", _TEXT),
    *_SPAN,
    in_query("status", "open, closed, or both with a comma between", _TEXT),
    in_query("updated_after", "changed after then", _TIME),
    in_query("updated_before", "changed before then", _TIME),
    in_query(
        "bbox",
        "west,south,east,north in degrees",
        {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 4},
    ),
]
_EXTENSIONS = [in_query("extensions", "whether to tell more: true or false", {"type": "boolean"})]
_REPORT = {
    "service_code": "what it is about: see services",
    "lat": "latitude of the pin",
    "long": "longitude of the pin",
    "address_string": "where, in words",
    "description": "what is to be said",
    "media_url": "address of a picture, beginning with https://; may be repeated",
    "first_name": "who tells; kept from everybody",
    "last_name": "who tells",
    "email": "where answers go",
    "phone": "where answers go",
    "account_id": "comes back in the answer",
}
_UPDATE = {
    "service_request_id": "the report's number",
    "update_id": "as the other system names it; a repeat is known by it",
    "status": "what has become of it",
    "updated_datetime": "when it happened",
    "description": "what to tell the reporter",
    "media_url": "address of a picture; may be repeated",
}


def paths() -> Document:
    """Return the paths below the endpoint; those of the test endpoint are the same."""
    base = ENDPOINTS["production"].rstrip("/")
    return {
        "/discovery.{format}": {"get": _read("Where the endpoints are", _EVERYWHERE, kind="object")},
        f"{base}/discovery.{{format}}": {"get": _read("Where the endpoints are", _EVERYWHERE, kind="object")},
        f"{base}/services.{{format}}": {"get": _read("Services", _EVERYWHERE)},
        f"{base}/services/{{service_code}}.{{format}}": {
            "get": _read("Questions of a service", _EVERYWHERE, "service_code", kind="object")
        },
        f"{base}/requests.{{format}}": {
            "get": _read("Service requests, newest first", [*_READER, *_FILTERS, *_PAGES, *_EXTENSIONS]),
            "post": _write("Report something", _REPORT, ["service_code"]),
        },
        f"{base}/requests/{{service_request_id}}.{{format}}": {
            "get": _read("One service request", [*_READER, *_EXTENSIONS], "service_request_id")
        },
        f"{base}/requests.csv": {"get": _sheet()},
        f"{base}/servicerequestupdates.{{format}}": {
            "get": _read("What happened, the earliest first", [*_READER, _FILTERS[0], *_SPAN, *_PAGES]),
            "post": _write("Tell what happened", _UPDATE, list(_UPDATE)[:5]),
        },
        f"{base}/tokens/{{token}}.{{format}}": {"get": _read("The number of a token", _EVERYWHERE, "token")},
    }


def _read(summary: str, parameters: list[Document], *in_address: str, kind: str = "array") -> Document:
    answers = _answers(summary, {"type": kind}, "200")
    named = [in_path(name, _TEXT) for name in in_address]
    return {"summary": summary, "parameters": [_FORMAT, *named, *parameters], "responses": answers}


def _write(summary: str, fields: dict[str, str], needed: list[str]) -> Document:
    known = {"api_key": "a key with the scope write or update"} | fields
    properties: dict[str, Any] = {name: {"type": "string", "description": known[name]} for name in known}
    form = {"type": "object", "properties": properties, "required": ["api_key", *needed]}
    return {
        "summary": summary,
        "parameters": [_FORMAT, *_EVERYWHERE],
        "requestBody": {
            "required": True,
            "content": {"application/x-www-form-urlencoded": {"schema": form}},
        },
        "responses": _answers(summary, {"type": "array"}, "201"),
    }


def _sheet() -> Document:
    answers = _answers("All service requests, streamed", _TEXT, "200")
    answers["200"]["content"] = {"text/csv; charset=utf-8": {"schema": _TEXT}}
    return {
        "summary": "All service requests, streamed",
        "parameters": [*_READER, *_FILTERS],
        "responses": answers,
    }


def _answers(summary: str, kind: Document, status: str) -> Document:
    errors = {
        JSON + "; charset=utf-8": {"schema": {"$ref": "#/components/schemas/Open311Errors"}},
        _XML: {"schema": _TEXT},
    }
    texts = {
        400: "A parameter is wrong",
        403: "The key is missing or may not do this",
        404: "There is none",
        413: "It is too large",
        429: "The key was used too often",
    }
    found = {
        "description": summary,
        "content": {JSON + "; charset=utf-8": {"schema": kind}, _XML: {"schema": _TEXT}},
    }
    return {status: found} | {
        str(code): {"description": text, "content": errors} for code, text in texts.items()
    }

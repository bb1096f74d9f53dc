"""XML and JSON from one shape.

A document is a root name and plain data: dicts, lists, text, numbers, booleans, moments, None. In XML a list
is an element that holds one child an item, named by ``ITEM_NAMES``; in JSON it is an array, and the root has
no name.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Literal

import orjson
from flask import Response

from webapp.api.open311.dates import w3c

Format = Literal["xml", "json"]

MEDIA_TYPES: dict[Format, str] = {"xml": "text/xml", "json": "application/json"}

ITEM_NAMES = {
    "services": "service",
    "attributes": "attribute",
    "values": "value",
    "service_requests": "request",
    "service_request_updates": "request_update",
    "endpoints": "endpoint",
    "formats": "format",
    "photos": "photo",
    "notes": "note",
    "errors": "error",
}

_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}
# Characters that XML 1.0 has no way to write (its production 2, Char), beside the three that must be escaped.
_SPECIAL = re.compile("[&<>\r\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def respond(form: Format, root: str, value: Any, *, status: int = 200, bare: bool = False) -> Response:
    """Return ``value`` as a response in ``form``.

    Parameters
    ----------
    form
        The suffix of the URL.
    root
        Name of the XML document's root element.
    value
        What the root holds.
    bare
        Leave the character set out of the content type. The public validator of discovery documents insists.
    """
    body = to_xml(root, value) if form == "xml" else to_json(value)
    content_type = MEDIA_TYPES[form] if bare else f"{MEDIA_TYPES[form]}; charset=utf-8"
    # Set as a header: Flask's own `mimetype` would add the character set to text/xml.
    return Response(body, status=status, headers={"Content-Type": content_type})


def to_json(value: Any) -> bytes:
    """Return ``value`` as JSON, moments as ``w3c`` writes them."""
    return orjson.dumps(value, option=orjson.OPT_OMIT_MICROSECONDS)


def to_xml(root: str, value: Any) -> bytes:
    """Return ``value`` as an XML document with the root element ``root``."""
    parts = ['<?xml version="1.0" encoding="utf-8"?>\n']
    _write(parts, root, value)
    return "".join(parts).encode()


def _write(parts: list[str], name: str, value: Any) -> None:
    if value is None or value == "":
        parts.append(f"<{name}/>")
        return
    parts.append(f"<{name}>")
    if isinstance(value, dict):
        for key, child in value.items():
            _write(parts, key, child)
    elif isinstance(value, list):
        for item in value:
            _write(parts, ITEM_NAMES[name], item)
    elif isinstance(value, bool):
        parts.append("true" if value else "false")
    elif isinstance(value, str):
        parts.append(_SPECIAL.sub(_replace, value))
    elif isinstance(value, datetime):
        parts.append(w3c(value))
    else:
        parts.append(str(value))
    parts.append(f"</{name}>")


def _replace(match: re.Match[str]) -> str:
    return _ESCAPES.get(match[0], "\ufffd")

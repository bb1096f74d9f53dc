"""Files for the browser: what ``npm run build`` made, served under names that change with the content."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, abort, request, send_from_directory, url_for
from markupsafe import Markup

from webapp.config import CHECKOUT
from webapp.people.access import PUBLIC, access

blueprint = Blueprint("assets", __name__)

STATIC = CHECKOUT / "static"
MANIFEST = STATIC / "dist" / "manifest.json"
SERVED = ("dist/", "vendor/")
FOR_EVER = "public, max-age=31536000, immutable"
ENCODINGS = (("br", ".br"), ("gzip", ".gz"))


def manifest() -> dict[str, Any]:
    """Return what the latest build made: ``files`` (path by name) and the names of ``icons``.

    Raises
    ------
    RuntimeError
        When nothing was built yet.
    """
    try:
        return _manifest(MANIFEST.stat().st_mtime_ns)
    except FileNotFoundError:
        raise RuntimeError(f"{MANIFEST} is missing: run 'npm ci && npm run build' in {CHECKOUT}.") from None


TURNING = ("ui-back", "ui-forward")
"""Pictures that point the way of reading, and turn with it."""


@lru_cache(maxsize=1)
def _manifest(_built_at: int) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(MANIFEST.read_text())
    return made


@blueprint.app_template_global()
def asset(name: str) -> str:
    """Return the address of a built file, such as ``app.css`` or ``vendor/leaflet.js``."""
    return url_for("assets.static_file", path=manifest()["files"][name])


@blueprint.app_template_global()
def icon(name: str, label: str = "", *, size: int | None = None) -> Markup:
    """Return one picture of the icon file, in the colour of the text around it.

    Without ``label`` it is decoration, hidden from screen readers. A name without a picture gets the general
    one.
    """
    known = name if name in manifest()["icons"] else "other"
    role = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
    shape = Markup(' width="{0}" height="{0}"').format(size) if size else ""
    turns = " icon--turns" if known in TURNING else ""
    return Markup('<svg class="icon{}" {}{} focusable="false"><use href="{}#{}"></use></svg>').format(
        turns, role, shape, asset("icons.svg"), known
    )


@blueprint.app_template_global()
def known_icons() -> list[str]:
    """Return the names of all pictures."""
    names: list[str] = manifest()["icons"]
    return names


@blueprint.get("/static/<path:path>")
@access(PUBLIC)
def static_file(path: str) -> Response:
    """Serve one built file, in the smallest form that the browser takes."""
    if not path.startswith(SERVED):
        abort(404)
    for encoding, suffix in ENCODINGS:
        if request.accept_encodings[encoding] and (STATIC / f"{path}{suffix}").is_file():
            response = send_from_directory(STATIC, f"{path}{suffix}", mimetype=_mimetype(path))
            response.headers["Content-Encoding"] = encoding
            break
    else:
        response = send_from_directory(STATIC, path, mimetype=_mimetype(path))
    response.headers["Cache-Control"] = FOR_EVER
    response.vary.add("Accept-Encoding")
    return response


@blueprint.get("/favicon.ico")
@access(PUBLIC)
def favicon() -> Response:
    """Serve the mark that browsers show beside the page's title."""
    return static_file(manifest()["files"]["mark.svg"])


def _mimetype(path: str) -> str | None:
    types = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
    return types.get(Path(path).suffix)

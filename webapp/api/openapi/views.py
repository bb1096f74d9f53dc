"""The definition, for programs and as a page."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template, request

from webapp.api.features.documents import OPENAPI
from webapp.api.features.here import Here, here
from webapp.api.features.items import plain
from webapp.api.openapi import features, open311, operations, others
from webapp.api.openapi.operations import Document
from webapp.api.query import Query, read
from webapp.people.access import PUBLIC, access

blueprint = Blueprint("openapi", __name__, url_prefix="/api", template_folder="../templates")

_SECURITY = {
    "key": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key with the scope read_private, for what not everybody may see.",
    }
}


@blueprint.get("/openapi.json")
@access(PUBLIC)
def definition() -> Response:
    """Answer the definition."""
    read(Query, request.query_string)
    answer = Response(plain(_definition(here())), content_type=OPENAPI)
    answer.headers["Cache-Control"] = "public, no-cache"
    return answer


@blueprint.get("")
@access(PUBLIC)
def readable() -> Response:
    """Answer the definition as a page."""
    return make_response(render_template("api.html", api=_definition(here())))


def _definition(at: Here) -> Document:
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"{at.city.name} 311",
            "version": "1",
            "description": "Open311 GeoReport v2; tickets, reports, service areas and the city's map as OGC "
            "API – Features, CSV and GeoParquet; feeds, calendars and vector tiles.",
        },
        "servers": [{"url": at.root}],
        "security": [{}, {"key": []}],
        "paths": open311.paths() | features.paths(at) | others.paths(),
        "components": {
            "securitySchemes": _SECURITY,
            "schemas": operations.SCHEMAS | open311.SCHEMAS,
        },
    }

"""The definition of the API: OpenAPI 3.1, made from the models that the routes read their parameters with."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, make_response, render_template, request

from webapp.api.answers import for_programs
from webapp.api.features.collections import Features
from webapp.api.features.documents import GEOJSON, OPENAPI, SCHEMA, property_schema
from webapp.api.features.here import PATH, Here, here
from webapp.api.features.items import FormQuery, ItemsQuery, OneQuery, plain
from webapp.api.query import Query, read
from webapp.people.access import PUBLIC, access

blueprint = Blueprint("openapi", __name__, url_prefix="/api", template_folder="templates")
for_programs(blueprint)

Document = dict[str, Any]

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
    form = _parameters(FormQuery)
    paths: Document = {
        PATH: _get("Landing page", form, "application/json"),
        f"{PATH}/conformance": _get("Standards that it conforms to", form, "application/json"),
        f"{PATH}/collections": _get("Collections", form, "application/json"),
    }
    for features in at.collections.values():
        path = f"{PATH}/collections/{quote(features.id)}"
        paths[path] = _get(f"{features.title}: the collection", form, "application/json")
        paths[f"{path}/queryables"] = _get(f"{features.title}: properties to filter by", form, SCHEMA)
        paths[f"{path}/items"] = _get(f"{features.title}: features", _of_items(features, at), GEOJSON)
        one = [_feature_id(features), *_with_systems(_parameters(OneQuery), at)]
        paths[f"{path}/items/{{featureId}}"] = _get(f"{features.title}: one feature", one, GEOJSON, 404)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"{at.city.name} 311",
            "version": "1",
            "description": "Tickets, reports, service areas and the city's map: OGC API – Features.",
        },
        "servers": [{"url": at.root}],
        "security": [{}, {"key": []}],
        "paths": paths,
        "components": {"securitySchemes": _SECURITY, "schemas": {"Problem": _PROBLEM}},
    }


_PROBLEM = {
    "type": "object",
    "description": "What is wrong, and how to put it right (RFC 9457).",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
    "required": ["title", "status", "detail"],
}


def _get(summary: str, parameters: list[Document], media_type: str, *missing: int) -> Document:
    """Return an operation that reads."""
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    texts = {400: "A parameter is wrong", 401: "The key is not valid", 404: "There is none", 429: "Too often"}
    refused = {
        str(status): {"description": text, "content": problem}
        for status, text in texts.items()
        if status != 404 or missing
    }
    found = {
        "description": summary,
        "content": {media_type: {"schema": {"type": "object"}}, "text/html": {"schema": {"type": "string"}}},
    }
    return {"get": {"summary": summary, "parameters": parameters, "responses": {"200": found, **refused}}}


def _parameters(model: type[Query]) -> list[Document]:
    """Return the parameters that a model reads."""
    listed = []
    for name, schema in model.model_json_schema()["properties"].items():
        # None stands for a parameter that is left out; in a query there is no null.
        allowed = next((each for each in schema.get("anyOf", []) if each.get("type") != "null"), schema)
        shown = {key: value for key, value in allowed.items() if key not in ("title", "description")}
        if schema.get("default") is not None:
            shown["default"] = schema["default"]
        listed.append(_query_parameter(name, schema["description"], shown))
    return listed


def _query_parameter(name: str, description: str, schema: Document) -> Document:
    return {
        "name": name,
        "in": "query",
        "description": description,
        "schema": schema,
        # A list is one value with commas in it.
        "explode": False,
    }


def _with_systems(parameters: list[Document], at: Here) -> list[Document]:
    for each in parameters:
        if each["name"] in ("crs", "bbox-crs", "filter-crs"):
            each["schema"]["enum"] = list(at.systems)
    return parameters


def _of_items(features: Features, at: Here) -> list[Document]:
    own = [_query_parameter(each.name, each.title, property_schema(each)) for each in features.properties]
    return [*_with_systems(_parameters(ItemsQuery), at), *own]


def _feature_id(features: Features) -> Document:
    kind = "integer" if features.feature_id is features.key else "string"
    return {"name": "featureId", "in": "path", "required": True, "schema": {"type": kind}}

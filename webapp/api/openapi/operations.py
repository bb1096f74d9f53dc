"""Operations, parameters and answers as OpenAPI 3.1 says them."""

from __future__ import annotations

from typing import Any

from webapp.api.query import Query

Document = dict[str, Any]

JSON = "application/json"
SCHEMAS: Document = {
    "Problem": {
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
}
_PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
_REFUSALS = {
    400: "A parameter is wrong",
    401: "The key is not valid",
    404: "There is none",
    429: "Too often",
}


def get(summary: str, parameters: list[Document], *media_types: str, missing: bool = False) -> Document:
    """Return an operation that reads.

    Parameters
    ----------
    media_types
        Of its answer.
    missing
        Whether there may be nothing at its address.
    """
    refused = {
        str(status): {"description": text, "content": _PROBLEM}
        for status, text in _REFUSALS.items()
        if status != 404 or missing
    }
    content = {each: {"schema": schema(each)} for each in media_types}
    found = {"description": summary, "content": content}
    return {"get": {"summary": summary, "parameters": parameters, "responses": {"200": found, **refused}}}


def schema(media_type: str) -> Document:
    """Return what a body of a type is for a program that looks no farther: an object, or bytes."""
    bare = media_type.partition(";")[0]
    return {"type": "object" if bare.endswith("json") else "string"}


def parameters(model: type[Query]) -> list[Document]:
    """Return the parameters that a model reads."""
    listed = []
    for name, field in model.model_json_schema()["properties"].items():
        # None stands for a parameter that is left out; in a query there is no null.
        allowed = next((each for each in field.get("anyOf", []) if each.get("type") != "null"), field)
        shown = {key: value for key, value in allowed.items() if key not in ("title", "description")}
        if field.get("default") is not None:
            shown["default"] = field["default"]
        listed.append(in_query(name, field["description"], shown))
    return listed


def in_query(name: str, description: str, kind: Document) -> Document:
    """Return a parameter of a query."""
    return {
        "name": name,
        "in": "query",
        "description": description,
        "schema": kind,
        # A list is one value with commas in it.
        "explode": False,
    }


def in_path(name: str, kind: Document, description: str = "") -> Document:
    """Return a parameter of a path."""
    return {"name": name, "in": "path", "required": True, "description": description, "schema": kind}

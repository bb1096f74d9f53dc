"""The same documents as pages, for people who look around."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from flask import Response, make_response, render_template

from webapp.api.features.documents import Document
from webapp.api.features.items import moment

Table = tuple[list[str], list[list[Any]]]
"""Headings and rows; a cell is a text or a link as (text, address)."""


def page(document: Document, *, title: str, lead: str = "", table: Table | None = None) -> Response:
    """Return a page with a title, a table and the document's links."""
    text = render_template(
        "features.html", title=title, lead=lead, table=table, links=document.get("links", [])
    )
    return make_response(text)


def collections_table(document: Document, base: str) -> Table:
    """Return the collections with links to them."""
    rows: list[list[Any]] = [
        [(each["title"], f"{base}/collections/{quote(each['id'])}?f=html"), each["description"]]
        for each in document["collections"]
    ]
    return ["Collection", "What it is"], rows


def facts_table(facts: dict[str, Any]) -> Table:
    """Return names and values."""
    return ["Name", "Value"], [[name, shown(value)] for name, value in facts.items()]


def shown(value: Any) -> str:
    """Return a value as a cell shows it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (str, int, float)):
        return str(value)
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return moment(value)

"""The routes of OGC API – Features, Parts 1 and 2: thin, since what they say is made elsewhere."""

from __future__ import annotations

from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, g, request

from webapp.api.errors import RequestError
from webapp.api.features import documents, html
from webapp.api.features.crs import Crs
from webapp.api.features.documents import GEOJSON, SCHEMA, Document, link
from webapp.api.features.here import PATH, Here, here
from webapp.api.features.items import (
    FormQuery,
    ItemsQuery,
    OneQuery,
    feature_texts,
    items,
    plain,
    system,
)
from webapp.api.features.queries import one
from webapp.api.query import pairs, read
from webapp.people.access import PUBLIC, access

blueprint = Blueprint("features", __name__, url_prefix=PATH, template_folder="../templates")

JSON = "application/json"


@blueprint.get("")
@access(PUBLIC)
def landing() -> Response:
    """Answer where everything is."""
    form, at = _form(read(FormQuery, request.query_string)[0]), here()
    document = _linked(documents.landing(at.city, at.base), at)
    if form == "html":
        return html.page(document, title=document["title"], lead=document["description"])
    return _json(document, at)


@blueprint.get("/conformance")
@access(PUBLIC)
def conformance() -> Response:
    """Answer which classes of which standards are kept."""
    form, at = _form(read(FormQuery, request.query_string)[0]), here()
    document = _linked({"conformsTo": documents.CONFORMS_TO, "links": []}, at)
    if form == "html":
        table = (["Conforms to"], [[uri] for uri in documents.CONFORMS_TO])
        return html.page(document, title="Conformance", table=table)
    return _json(document, at)


@blueprint.get("/collections")
@access(PUBLIC)
def collections() -> Response:
    """Answer what can be asked for."""
    form, at = _form(read(FormQuery, request.query_string)[0]), here()
    document = _linked(documents.collections(at.collections, at.base, at.bounds, at.systems), at)
    if form == "html":
        return html.page(document, title="Collections", table=html.collections_table(document, at.base))
    return _json(document, at)


@blueprint.get("/collections/<collection_id>")
@access(PUBLIC)
def collection(collection_id: str) -> Response:
    """Answer what is told of a collection."""
    form, at = _form(read(FormQuery, request.query_string)[0]), here()
    document = _linked(documents.collection(at.collection(collection_id), at.base, at.bounds, at.systems), at)
    if form == "html":
        return html.page(
            document,
            title=document["title"],
            lead=document["description"],
            table=html.facts_table({"Box": document["extent"]["spatial"]["bbox"][0], "CRS": document["crs"]}),
        )
    return _json(document, at)


@blueprint.get("/collections/<collection_id>/queryables")
@access(PUBLIC)
def queryables(collection_id: str) -> Response:
    """Answer by which properties a collection can be filtered."""
    form, at = _form(read(FormQuery, request.query_string)[0]), here()
    features = at.collection(collection_id)
    if form == "html":
        table = (["Property", "What it is", "Kind"], [[p.name, p.title, p.kind] for p in features.properties])
        return html.page({}, title=f"{features.title}: properties to filter by", table=table)
    return _json(documents.queryables(features, at.base), at, media_type=SCHEMA)


@blueprint.get("/collections/<collection_id>/items")
@access(PUBLIC)
def features_of(collection_id: str) -> Response:
    """Answer a page of features."""
    at = here()
    features = at.collection(collection_id)
    query, filters = read(ItemsQuery, request.query_string, also=[each.name for each in features.properties])
    crs = system("crs", query.crs, at.systems)
    rows, cursor = items(g.session, features, query, filters, at.systems, ZoneInfo(at.city.time_zone))
    links = _links(at, GEOJSON)
    if cursor is not None:
        links.append(link("next", _address(at, cursor=cursor), GEOJSON, "Next page"))
    if _form(query) == "html":
        one_of = f"{at.base}/collections/{quote(features.id)}/items"
        shown = [
            [(str(row[1]), f"{one_of}/{quote(str(row[1]))}?f=html"), *map(html.shown, row[3:])]
            for row in rows
        ]
        table = (["Id", *(each.title for each in features.properties)], shown)
        return html.page({"links": links}, title=features.title, lead=features.description, table=table)
    texts = ",".join(feature_texts(features, rows, crs))
    body = (
        f'{{"type":"FeatureCollection","numberReturned":{len(rows)},'
        f'"links":{plain(links)},"features":[{texts}]}}'
    )
    return _geojson(body, crs, at)


@blueprint.get("/collections/<collection_id>/items/<path:feature_id>")
@access(PUBLIC)
def feature(collection_id: str, feature_id: str) -> Response:
    """Answer one feature."""
    at = here()
    features = at.collection(collection_id)
    query, _ = read(OneQuery, request.query_string)
    crs = system("crs", query.crs, at.systems)
    row = one(g.session, features, feature_id)
    if row is None:
        raise RequestError(404, "There is no such feature in this collection.")
    whole = link("collection", f"{at.base}/collections/{features.id}", JSON, features.title)
    links = [*_links(at, GEOJSON), whole]
    if _form(query) == "html":
        facts = {each.title: value for each, value in zip(features.properties, row[3:], strict=True)}
        return html.page({"links": links}, title=f"{features.title}: {row[1]}", table=html.facts_table(facts))
    (text,) = feature_texts(features, [row], crs, f',"links":{plain(links)}')
    return _geojson(text, crs, at)


def _form(query: FormQuery) -> str:
    """Return json or html: what the query says, else what the caller likes better."""
    best = request.accept_mimetypes.best_match([JSON, GEOJSON, SCHEMA, "text/html"])
    return query.f or ("html" if best == "text/html" else "json")


def _address(at: Here, **changed: str | None) -> str:
    """Return the address of this request with some parameters changed."""
    query = {
        name: value for name, value in (pairs(request.query_string) | changed).items() if value is not None
    }
    here = at.root + quote(request.path)
    return f"{here}?{urlencode(query)}" if query else here


def _links(at: Here, media_type: str) -> list[Document]:
    """Return the links of an answer to itself and to its other form."""
    return [
        link("self", _address(at, f="json"), media_type, "This document"),
        link("alternate", _address(at, f="html"), "text/html", "This document to read"),
    ]


def _linked(document: Document, at: Here) -> Document:
    others = [each for each in document["links"] if each["rel"] != "self"]
    return document | {"links": _links(at, JSON) + others}


def _json(document: Document, at: Here, *, media_type: str = JSON) -> Response:
    return _kept(Response(plain(document), content_type=media_type), at)


def _geojson(body: str, crs: Crs, at: Here) -> Response:
    answer = Response(body, content_type=GEOJSON)
    answer.headers["Content-Crs"] = f"<{crs.uri}>"
    return _kept(answer, at)


def _kept(answer: Response, at: Here) -> Response:
    # A cache may keep it, and asks each time whether it is still right.
    answer.headers["Cache-Control"] = "private, no-cache" if at.private else "public, no-cache"
    return answer

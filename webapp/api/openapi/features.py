"""OGC API – Features and the exports of its collections in the definition."""

from __future__ import annotations

from urllib.parse import quote

from webapp.api import exports
from webapp.api.features.collections import Features
from webapp.api.features.documents import GEOJSON, SCHEMA, property_schema
from webapp.api.features.here import PATH, Here
from webapp.api.features.items import FormQuery, ItemsQuery, OneQuery, WholeQuery
from webapp.api.openapi.operations import JSON, Document, get, in_path, in_query, parameters

_HTML = "text/html"


def paths(at: Here) -> Document:
    """Return the paths of every collection that the caller may ask for."""
    form = parameters(FormQuery)
    found: Document = {
        PATH: get("Landing page", form, JSON, _HTML),
        f"{PATH}/conformance": get("Standards that it conforms to", form, JSON, _HTML),
        f"{PATH}/collections": get("Collections", form, JSON, _HTML),
    }
    for features in at.collections.values():
        path, title = f"{PATH}/collections/{quote(features.id)}", features.title
        own = [in_query(each.name, each.title, property_schema(each)) for each in features.properties]
        items = [*_with_systems(parameters(ItemsQuery), at), *own]
        whole = [*_with_systems(parameters(WholeQuery), at), *own]
        one = [_feature_id(features), *_with_systems(parameters(OneQuery), at)]
        found[path] = get(f"{title}: the collection", form, JSON, _HTML)
        found[f"{path}/queryables"] = get(f"{title}: properties to filter by", form, SCHEMA, _HTML)
        found[f"{path}/items"] = get(f"{title}: features", items, GEOJSON, _HTML)
        found[f"{path}/items/{{featureId}}"] = get(f"{title}: one feature", one, GEOJSON, _HTML, missing=True)
        for form_of_export, media_type in exports.MEDIA_TYPES.items():
            file = f"{exports.PATH}/{quote(features.id)}.{form_of_export}"
            found[file] = get(f"{title}: all of them, streamed", whole, media_type)
    return found


def _with_systems(listed: list[Document], at: Here) -> list[Document]:
    for each in listed:
        if each["name"] in ("crs", "bbox-crs", "filter-crs"):
            each["schema"]["enum"] = list(at.systems)
    return listed


def _feature_id(features: Features) -> Document:
    kind = "integer" if features.feature_id is features.key else "string"
    return in_path("featureId", {"type": kind})

"""Everything but items: landing page, conformance, collections and queryables, as plain data."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from layers.models import City
from webapp.api.features.collections import Features, Property
from webapp.api.features.crs import CRS84, Crs

OPENAPI = "application/vnd.oai.openapi+json;version=3.1"
GEOJSON = "application/geo+json"
SCHEMA = "application/schema+json"
CONFORMS_TO = [
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-common-2/1.0/conf/collections",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/html",
    "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs",
    "http://www.opengis.net/spec/cql2/1.0/conf/advanced-comparison-operators",
    "http://www.opengis.net/spec/cql2/1.0/conf/basic-cql2",
    "http://www.opengis.net/spec/cql2/1.0/conf/basic-spatial-functions",
    "http://www.opengis.net/spec/cql2/1.0/conf/case-insensitive-comparison",
    "http://www.opengis.net/spec/cql2/1.0/conf/cql2-json",
    "http://www.opengis.net/spec/cql2/1.0/conf/cql2-text",
    "http://www.opengis.net/spec/cql2/1.0/conf/property-property",
    "http://www.opengis.net/spec/cql2/1.0/conf/spatial-functions",
    "http://www.opengis.net/spec/cql2/1.0/conf/temporal-functions",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/features-filter",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/filter",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables-query-parameters",
]
"""Part 1's class for OpenAPI 3.0 is not among them: the definition is OpenAPI 3.1."""

Document = dict[str, Any]


def link(rel: str, href: str, media_type: str, title: str) -> Document:
    """Return a link (RFC 8288) as JSON has it."""
    return {"rel": rel, "href": href, "type": media_type, "title": title}


def landing(city: City, base: str) -> Document:
    """Return the landing page. ``base`` is the address of it."""
    root = base.removesuffix("/features")
    return {
        "title": f"{city.name} 311: features",
        "description": "Tickets, reports, service areas and the layers of the city's map, "
        "for geographic information systems (OGC API – Features).",
        "links": [
            link("service-desc", f"{root}/openapi.json", OPENAPI, "Definition of the API"),
            link("service-doc", root, "text/html", "The API to read"),
            link("conformance", f"{base}/conformance", "application/json", "Standards that it conforms to"),
            link("data", f"{base}/collections", "application/json", "Collections"),
        ],
    }


def collections(
    found: dict[str, Features], base: str, bounds: tuple[float, ...] | None, systems: dict[str, Crs]
) -> Document:
    """Return the list of collections."""
    return {
        "links": [],
        "collections": [collection(features, base, bounds, systems) for features in found.values()],
    }


def collection(
    features: Features, base: str, bounds: tuple[float, ...] | None, systems: dict[str, Crs]
) -> Document:
    """Return what is told of one collection.

    Parameters
    ----------
    bounds
        West, south, east, north of the city in degrees.
    """
    here = f"{base}/collections/{quote(features.id)}"
    files = f"{base.removesuffix('/features')}/exports/{quote(features.id)}"
    extent: Document = {}
    if bounds is not None:
        extent["spatial"] = {"bbox": [list(bounds)], "crs": CRS84}
    if features.time is not None:
        extent["temporal"] = {"interval": [[None, None]]}
    return {
        "id": features.id,
        "title": features.title,
        "description": features.description,
        "itemType": "feature",
        "extent": extent,
        "crs": list(systems),
        "storageCrs": CRS84,
        "links": [
            link("self", here, "application/json", features.title),
            link("items", f"{here}/items", GEOJSON, "Features"),
            link("items", f"{here}/items?f=html", "text/html", "Features to read"),
            link(
                "http://www.opengis.net/def/rel/ogc/1.0/queryables",
                f"{here}/queryables",
                SCHEMA,
                "Properties to filter by",
            ),
            link("enclosure", f"{files}.csv", "text/csv", "All of it as CSV"),
            link("enclosure", f"{files}.parquet", "application/vnd.apache.parquet", "All as GeoParquet"),
        ],
    }


def queryables(features: Features, base: str) -> Document:
    """Return the properties by which a collection's features can be filtered, as JSON Schema."""
    properties: Document = {each.name: property_schema(each) for each in features.properties}
    properties["geometry"] = {"x-ogc-role": "primary-geometry", "format": f"geometry-{features.shape}"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{base}/collections/{features.id}/queryables",
        "type": "object",
        "title": features.title,
        "properties": properties,
        "additionalProperties": False,
    }


def property_schema(each: Property) -> Document:
    """Return the JSON Schema of a property."""
    if each.kind == "date-time":
        return {"type": "string", "format": "date-time", "title": each.title}
    schema: Document = {"type": each.kind, "title": each.title}
    if each.kind == "boolean":
        # As a parameter it is a text.
        schema["enum"] = [True, False]
    return schema

"""TileJSON as its specification 3.0.0 has it, and true to the tiles."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyogrio
import pytest
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator

from tests.api.conftest import Pin, Send
from tests.api.test_tiles import tile_of

_ZOOM = {"type": "integer", "minimum": 0, "maximum": 30}
# What chapter 3 of the specification says of each key: https://github.com/mapbox/tilejson-spec/tree/master/3.0.0
TILEJSON = {
    "type": "object",
    "required": ["tilejson", "tiles", "vector_layers"],
    "properties": {
        "tilejson": {"const": "3.0.0"},
        "tiles": {
            "type": "array",
            "minItems": 1,
            "items": {"type": "string", "pattern": r"^https?://[^{}]*\{z\}/\{x\}/\{y\}[^{}]*$"},
        },
        "vector_layers": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["id", "fields"],
                "properties": {
                    "id": {"type": "string", "minLength": 1},
                    "fields": {"type": "object", "additionalProperties": {"type": "string"}},
                    "description": {"type": "string"},
                    "minzoom": _ZOOM,
                    "maxzoom": _ZOOM,
                },
            },
        },
        "bounds": {
            "type": "array",
            "prefixItems": [
                {"type": "number", "minimum": -low, "maximum": low} for low in (180, 90, 180, 90)
            ],
            "minItems": 4,
            "maxItems": 4,
        },
        "minzoom": _ZOOM,
        "maxzoom": _ZOOM,
        "name": {"type": "string"},
        "scheme": {"enum": ["xyz", "tms"]},
    },
}


@pytest.mark.parametrize("name", ["base", "tickets", "all-tickets"])
def test_it_keeps_the_specification(demo_client: FlaskClient, name: str) -> None:
    answer = demo_client.get(f"/tiles/{name}.json")
    Draft202012Validator.check_schema(TILEJSON)
    found: Any = answer.get_json()
    assert [error.message for error in Draft202012Validator(TILEJSON).iter_errors(found)] == []
    assert found["minzoom"] <= found["maxzoom"]
    west, south, east, north = found["bounds"]
    assert west < east
    assert south < north
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    again = demo_client.get(f"/tiles/{name}.json", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("name", ["base", "tickets"])
def test_layers_and_fields_are_those_of_the_tiles(
    demo_client: FlaskClient, send: Send, pins: list[Pin], name: str, tmp_path: Path
) -> None:
    send(at=pins[0])
    told = demo_client.get(f"/tiles/{name}.json").get_json()
    layers = {each["id"]: set(each["fields"]) for each in told["vector_layers"]}
    for zoom in (10, 15):
        tile = tmp_path / f"{zoom}.mvt"
        tile.write_bytes(demo_client.get(f"/tiles/{name}/{tile_of(pins[0], zoom)}.mvt").data)
        shown = [layer for layer, _ in pyogrio.list_layers(f"MVT:{tile}")]
        assert shown
        for layer in shown:
            # GDAL adds the feature's own id.
            fields = set(pyogrio.read_info(f"MVT:{tile}", layer=layer)["fields"]) - {"mvt_id"}
            assert fields <= layers[layer]

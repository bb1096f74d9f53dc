"""A tile that is kept is answered as Flask answered it, for as long as it is right."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.api.conftest import Pin, Send
from tests.api.test_tiles import EVERYBODY, tile_of
from webapp.tickets import tile_cache


def test_a_kept_tile_is_answered_without_flask_until_it_changes(
    demo_client: FlaskClient, send: Send, pins: list[Pin], monkeypatch: pytest.MonkeyPatch
) -> None:
    with tile_cache._kept_lock:
        tile_cache._kept.clear()
    monkeypatch.setattr(tile_cache, "CHECK_EVERY_S", 1000.0)
    path = f"/tiles/tickets/{tile_of(pins[0], 16)}.mvt"
    first = demo_client.get(path, headers=EVERYBODY)
    plain = demo_client.get(path)
    seen: list[str] = []
    demo_client.application.before_request_funcs[None].insert(0, lambda: seen.append("asked"))
    try:
        again = demo_client.get(path, headers=EVERYBODY)
        assert (again.status_code, again.data) == (200, first.data)
        assert sorted(again.headers) == sorted(first.headers)
        known = demo_client.get(path, headers={**EVERYBODY, "If-None-Match": first.headers["ETag"]})
        assert (known.status_code, known.data, known.headers["ETag"]) == (304, b"", first.headers["ETag"])
        assert "Content-Encoding" not in known.headers
        assert seen == []
        # Who cannot unpack it gets it from Flask, as always.
        assert demo_client.get(path, headers={"Accept-Encoding": "gzip;q=0"}).data == plain.data
        assert seen == ["asked"]
        send(at=pins[0])
        monkeypatch.setattr(tile_cache, "CHECK_EVERY_S", 0.0)
        assert demo_client.get(path, headers=EVERYBODY).headers["ETag"] != first.headers["ETag"]
    finally:
        demo_client.application.before_request_funcs[None].pop(0)

"""Walks of a real server while others write: nothing that was there is missed, nothing comes twice."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from threading import Event, Thread
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

from layers.current import current_atlas
from layers.queries import city_by_slug
from tests.api.conftest import street_pins
from webapp.api import exports
from webapp.db import session_on
from webapp.people.keys import add_key

ITEMS = "/api/features/collections/reports/items"


@pytest.fixture
def post(live_server: str, demo_database: str) -> Callable[[int], str]:
    """Post a report at one of many places, and return its number."""
    with session_on(demo_database) as session:
        city = city_by_slug(session, "demo")
        _, key = add_key(session, city.id, "App", per_minute=100_000)
        pins = street_pins(current_atlas(session, city), apart_m=200)
        session.commit()

    def send(i: int) -> str:
        lon, lat = pins[i % len(pins)]
        form = {"api_key": key, "service_code": "graffiti", "lat": lat, "long": lon}
        with urlopen(f"{live_server}/open311/v2/requests.json", urlencode(form).encode()) as answer:
            return str(json.load(answer)[0]["service_request_id"])

    return send


def walked(server: str, query: str) -> list[str]:
    """The reports of all pages of a walk."""
    seen: list[str] = []
    address = f"{server}{ITEMS}?{query}"
    while address:
        with urlopen(address) as answer:
            page = json.load(answer)
        seen += [each["id"] for each in page["features"]]
        address = next((each["href"] for each in page["links"] if each["rel"] == "next"), "")
    return seen


def exported(server: str) -> list[str]:
    with urlopen(f"{server}/api/exports/reports.csv") as answer:
        return [row["id"] for row in csv.DictReader(io.TextIOWrapper(answer, "utf-8", newline=""))]


def test_walks_and_exports_are_whole(
    monkeypatch: pytest.MonkeyPatch, live_server: str, post: Callable[[int], str]
) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(exports, "PAGE", 3)
    there = [post(i) for i in range(12)]
    stop, written = Event(), []

    def write(first: int) -> None:
        while not stop.is_set():
            written.append(post(first + len(written)))

    writers = [Thread(target=write, args=(start,)) for start in (100, 200)]
    for writer in writers:
        writer.start()
    try:
        walks = [
            walked(live_server, query) for query in ("limit=1", "limit=5", "limit=2&datetime=2020-01-01/..")
        ]
        walks.append(exported(live_server))
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    assert written
    for walk in walks:
        assert len(walk) == len(set(walk))
        assert [number for number in walk if number in there] == there[::-1]

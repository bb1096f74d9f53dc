"""What programs ask of a million reports: one page of each kind, near the top, deep down, and in a box.

We answer in this process, so that a figure is what the server takes, without the way there; the fastest of
`REPEATS` requests counts, and beside it stands how much of it the database took. Then both are asked over
HTTP for the same pages of 1,000 features: Pinward as a city runs it, by ``pinward serve``, and tipg by
uvicorn with a worker a core, on a view of the same tables with the same columns. tipg goes there by an
offset and counts all features for each page, as it always does.
"""

from __future__ import annotations

import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from flask import Flask

from bench import asked, big_city, cities, server, tiles
from bench.measure import Run, machine, ratios
from webapp.app import create_app
from webapp.config import Settings
from webapp.db import SEARCH_PATH, make_engine

REPORTS = 1_000_000
REPEATS = 7
ROWS = 1000
GOALS = {"requests_ms": 40.0, "requests_statements": 2, "times_as_slow_at_the_end": 1.5}
_OPEN311, _ITEMS = "/open311/v2", "/api/features/collections/reports/items"
_BOX = "-89.39,40.98,-89.37,41.0"
PATHS = {
    "requests.json, 1,000 rows": f"{_OPEN311}/requests.json",
    "requests.json, open ones": f"{_OPEN311}/requests.json?status=open",
    "requests.json, a box": f"{_OPEN311}/requests.json?bbox={_BOX}",
    "requests.json, with extensions": f"{_OPEN311}/requests.json?extensions=true",
    "requests.xml, 1,000 rows": f"{_OPEN311}/requests.xml",
    "updates of the last day": f"{_OPEN311}/servicerequestupdates.json?start_date={{yesterday}}",
    "items, the first 1,000": f"{_ITEMS}?limit={ROWS}",
    "items, the last 1,000": f"{_ITEMS}?limit={ROWS}&cursor=0.1001",
    "items, a box": f"{_ITEMS}?limit={ROWS}&bbox={_BOX}",
    "items, a day of last year": f"{_ITEMS}?limit={ROWS}&datetime={{last_year}}",
    "items, a CQL2 filter": f"{_ITEMS}?limit={ROWS}&filter=open%20AND%20service_code%20LIKE%20%27p%25%27",
    "a feed of a district": "/api/feeds/tickets.atom?zone=council:1",
    "a calendar": "/api/feeds/tickets.ics",
}
_VIEW = """
    create view all_reports as
    select report.id, report.tracking_number, report.ticket_id, service.code as service_code,
           service.name as service, ticket.status, ticket.open, report.description, report.channel,
           report.requested_at, report.updated_at, report.due_at,
           coalesce(report.closed_at, ticket.closed_at) as closed_at, report.address, report.postcode,
           report.segment_id, report.asset_id, ticket.district, report.geom
      from report
      join ticket on ticket.city_id = report.city_id and ticket.id = report.ticket_id
      join service on service.city_id = report.city_id and service.id = report.service_id
     where service.public"""


def run(size: int | None = None) -> dict[str, Any]:
    """Fill the made-up city with `size` reports (a million), and ask for pages of them."""
    count = size or REPORTS
    with cities.made_up_city() as city, city.copy() as url:
        big_city.fill(url, count)
        pages = _pages(url, city.folder)
        peers = _dataset("over HTTP, a page of 1,000 features", _over_http(url))
    first, last = pages["items, the first 1,000"], pages["items, the last 1,000"]
    requests = pages["requests.json, 1,000 rows"]
    return {
        "name": "api",
        "machine": machine("flask", "sqlalchemy", "psycopg", "shapely", "tipg", "uvicorn"),
        "goals": GOALS,
        "reports": count,
        "requests_ms": requests["ms"],
        "requests_statements": requests["statements"],
        "times_as_slow_at_the_end": round(last["ms"] / first["ms"], 2),
        "datasets": [
            *({"data": name, "times_as_fast_as": {}, "runs": [], **page} for name, page in pages.items()),
            peers,
        ],
    }


def _pages(url: str, home: Path) -> dict[str, dict[str, Any]]:
    with _application(url, home) as app:
        client = app.test_client()
        return {name: _page(client, path.format(**_days())) for name, path in PATHS.items()}


def _page(client: Any, path: str) -> dict[str, Any]:
    """Return what a page takes: milliseconds in all and in the database, statements, bytes."""
    best = database = float("inf")
    for _ in range(REPEATS):
        with asked.noted() as notes:
            begin = time.perf_counter()
            answer = client.get(path)
            body = answer.data
            best = min(best, 1000 * (time.perf_counter() - begin))
        if answer.status_code != 200:
            raise RuntimeError(f"{path} is answered with {answer.status}: {body[:200]!r}")
        database = min(database, notes.ms)
    return {
        "ms": round(best, 1),
        "database_ms": round(database, 1),
        "statements": len(notes.statements),
        "bytes": len(body),
    }


def _days() -> dict[str, str]:
    day = 24 * 3600
    now = time.time()
    return {
        "yesterday": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now - day)),
        "last_year": time.strftime("%Y-%m-%d", time.gmtime(now - 365 * day)),
    }


@contextmanager
def _application(url: str, home: Path) -> Iterator[Flask]:
    engine = make_engine(url)
    asked.listen(engine)
    yield create_app(Settings(PINWARD_HOME=home, DATABASE_URL=url, PINWARD_CITY="demo"), engine=engine)
    engine.dispose()


def _over_http(url: str) -> list[Run]:
    """Ask for the first and for a deep page over HTTP, of Pinward and of tipg."""
    with (
        tempfile.TemporaryDirectory(prefix="pinward-bench-") as home,
        server.serving(url, Path(home)) as port,
    ):
        base = f"http://127.0.0.1:{port}{_ITEMS}?limit={ROWS}"
        runs = [_asked("pinward", "deep down", f"{base}&cursor=0.{_middle(url)}")]
    try:
        import tipg  # noqa: F401
    except ImportError:
        return runs
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_VIEW)
        depth = connection.execute("select count(*) / 2 from all_reports").fetchone()
        path = f"alter database {connection.info.dbname} set search_path to {SEARCH_PATH}"
        connection.execute(path.encode())
    assert depth is not None
    with tiles.tipg_on(url, "all_reports", TIPG_MAX_FEATURES_PER_QUERY=str(ROWS)) as (port, collection):
        deep = (
            f"http://127.0.0.1:{port}{collection}/items?limit={ROWS}&offset={depth[0]}&sortby=-id&f=geojson"
        )
        return [*runs, _asked("tipg", "deep down", deep)]


def _middle(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("select max(id) / 2 from report").fetchone()
    assert row is not None
    return int(row[0])


def _asked(tool: str, way: str, address: str) -> Run:
    best = float("inf")
    for _ in range(REPEATS):
        begin = time.perf_counter()
        with urllib.request.urlopen(address, timeout=120) as answer:
            said = answer.read()
        best = min(best, time.perf_counter() - begin)
    found = said.count(b'"Feature"')
    if found != ROWS:
        raise RuntimeError(f"{tool} gave {found} features, not {ROWS}: {said[:200]!r}")
    return Run(tool, way, 1, best, None)


def _dataset(name: str, runs: list[Run]) -> dict[str, Any]:
    return {"data": name, "times_as_fast_as": ratios(runs), "runs": [run.as_json() for run in runs]}

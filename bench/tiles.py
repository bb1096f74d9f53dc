"""Tiles a second of a million open tickets over HTTP, beside tipg on the same tickets.

A walk over the city asks, zoom by zoom, for every tile that holds tickets, again and again, as its people
do. We answer as a city does, by ``pinward serve``: nginx, gunicorn, the job worker. tipg runs as its
documentation says, by uvicorn with a worker a core, on a view of the same table with the same columns. By
default it leaves out what is above 10,000 tickets a tile: that is not the same answer, and is told beside.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import numpy as np
import psycopg
import shapely
from sqlalchemy import text

import geo
from bench import cities, datasets
from bench.measure import Run, cpu_of, machine, measure, ratios
from geo.projection import projection
from webapp.db import driver, session_on
from webapp.intake.draft import read_draft
from webapp.tickets import loading, pyramid
from webapp.tickets.tiles import ticket_tile

TICKETS = 1_000_000
SIZES = (10_000, 100_000, 1_000_000)
ZOOMS = range(8, 17)
GOALS = {
    "times_as_fast_as_tipg": {"10": 100, "12": 25, "13": 25, "14": 10, "15": 10, "16": 10},
    "uncached_ms": 5,
    "bytes": 100_000,
    "cost_to_submit": 0.2,
}
_SECONDS = 5.0
_PATIENCE_S = 30.0
"""For a tile that takes longer than the walk."""
_CLIENTS = 8
_TIMED = 200
"""So many tiles of a zoom are made one after the other, without HTTP: the fullest, and some of the others."""
_BLOCK = 100
_BLOCKS = 12
_VIEW = """
    create view open_tickets as
    select ticket.id, service.code as service, ticket.status, ticket.geom from ticket
      join service on service.city_id = ticket.city_id and service.id = ticket.service_id
     where ticket.open and service.public"""
_WALK = """
local paths, at = {}, 0
for path in io.lines(os.getenv("WALK")) do paths[#paths + 1] = path end
wrk.headers["Accept-Encoding"] = "gzip"
request = function()
    at = at % #paths + 1
    return wrk.format("GET", paths[at])
end
done = function(summary, latency)
    io.write(string.format("FIGURES %d %d %d %d %d\\n", summary.requests, summary.duration, summary.bytes,
        summary.errors.status, latency:percentile(99)))
end
"""

Tile = tuple[int, int, int]


def run(size: int | None = None) -> dict[str, Any]:
    """Walk over `size` open tickets (a million) of a generated city."""
    geo.warm()
    with cities.made_up_city() as city, city.copy() as url:
        _fill(url, size or TICKETS)
        walked = _tiles(url)
        ours, theirs = _ours(url, walked), _theirs(url, walked)
        found = [_zoom(url, z, tiles, ours[z], theirs.get(z, [])) for z, tiles in walked.items()]
        cost = {"copy": _cost_to_copy(url), "submit": _cost_to_submit(url)}
    return {
        "name": "tiles",
        "machine": machine("tipg", "uvicorn", "psycopg", "sqlalchemy", "flask", "gunicorn"),
        "goals": GOALS,
        "tickets": size or TICKETS,
        "datasets": found,
        "cost_to_submit": cost["submit"]["cost"],
        "cost_of_the_pyramid": cost,
    }


def growth(size: int) -> Run:
    """Make tiles of zooms 8 to 16, the fullest of each zoom at least, of so many open tickets.

    The time is that of a tile.
    """
    with cities.made_up_city() as city, city.copy() as url:
        _fill(url, size)
        chosen = [tile for tiles in _tiles(url).values() for tile in _some(tiles)]
        with session_on(url) as session:

            def work() -> None:
                for tile in chosen:
                    ticket_tile(session, 1, *tile, public_only=True)

            taken = measure("pinward", f"a tile of {size:,} tickets", len(chosen), work, repeat=3)
            # What grows is the number of tickets, not that of tiles.
            return replace(taken, count=size, seconds=taken.seconds / len(chosen), cpu_seconds=None)


def _fill(url: str, count: int) -> None:
    """Put open tickets into a city by COPY, and fold them."""
    rng = np.random.default_rng(5)
    x, y = datasets.generated_streets().pins(rng, count)
    lon, lat = projection(32616).to_lonlat(x - x.mean() + 450_000, y - y.mean() + 4_600_000)
    with session_on(url) as session:
        services = np.array(session.execute(text("select id, department_id from service order by id")).all())
        chosen = services[rng.integers(0, len(services), count)]
        status = rng.choice(["new", "assigned", "scheduled"], count)
        bare = driver(session)
        _copy(bare, lon, lat, chosen, status)
        session.commit()
        while pyramid.fold(session, 1):
            session.commit()
        session.commit()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_VIEW)
        connection.execute("vacuum analyze")


def _copy(connection: psycopg.Connection[Any], lon: Any, lat: Any, services: Any, status: Any) -> None:
    points = shapely.set_srid(shapely.points(lon, lat), 4326)
    loading.trust_keys(connection)
    columns = "city_id, service_id, department_id, status, opened_at, latest_at, matchable, zones, geom"
    day = "2026-05-04"
    with connection.cursor().copy(f"copy ticket ({columns}, assigned_why) from stdin") as stream:
        shapes = shapely.to_wkb(points, hex=True, include_srid=True)
        for (service, department), state, shape in zip(
            services.tolist(), status.tolist(), shapes, strict=True
        ):
            stream.write_row((1, service, department, state, day, day, True, "{}", shape, ""))


def _tiles(url: str) -> dict[int, list[Tile]]:
    """Return the tiles of each zoom that hold tickets, the fullest first."""
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "select zoom, x, y from ticket_pyramid where public and zoom = any(%s)"
            " group by zoom, x, y order by zoom, sum(tickets) desc",
            [list(ZOOMS)],
        ).fetchall()
    return {z: [row for row in rows if row[0] == z] for z in ZOOMS}


def _some(tiles: list[Tile]) -> list[Tile]:
    half = _TIMED // 2
    return tiles[:half] + tiles[half :: max(1, len(tiles) // half)]


def _zoom(
    url: str, z: int, tiles: list[Tile], ours: dict[str, Any], theirs: list[dict[str, Any]]
) -> dict[str, Any]:
    """Return the figures of one zoom, with the time of each tile made anew, without HTTP."""
    runs = [each["run"] for each in (ours, *theirs) if each["whole"]]
    milliseconds, sizes = [], []
    with session_on(url) as session:
        for tile in _some(tiles):
            best = float("inf")
            for _ in range(3):
                begin = time.perf_counter()
                body = ticket_tile(session, 1, *tile, public_only=True)
                best = min(best, (time.perf_counter() - begin) * 1000)
            milliseconds.append(best)
            sizes.append(len(body))
    return {
        "data": f"zoom {z}",
        "tiles": len(tiles),
        "tiles_per_second": {
            each["run"].way: round(each["run"].count / each["run"].seconds, 1) for each in (ours, *theirs)
        },
        "p99_ms": {each["run"].way: each["p99_ms"] for each in (ours, *theirs)},
        "bytes_a_tile": {each["run"].way: each["bytes"] for each in (ours, *theirs)},
        "bytes": max(sizes),
        "median_bytes": statistics.median(sizes),
        "uncached_ms": round(max(milliseconds), 2),
        "median_uncached_ms": round(statistics.median(milliseconds), 2),
        "times_as_fast_as": ratios(runs),
        "runs": [each.as_json() for each in runs],
    }


def _ours(url: str, walked: dict[int, list[Tile]]) -> dict[int, dict[str, Any]]:
    port = _free_port()
    program = str(Path(sys.executable).with_name("pinward"))
    with tempfile.TemporaryDirectory(prefix="pinward-bench-") as home:
        environment = {"DATABASE_URL": url, "PINWARD_HOME": home, "PORT": str(port), "PINWARD_CITY": "demo"}
        with _served([program, "serve"], environment, f"http://127.0.0.1:{port}/healthz"):
            return {
                z: _walk(
                    port, "pinward", "pinward serve", [f"/tiles/tickets/{z}/{x}/{y}.mvt" for _, x, y in tiles]
                )
                for z, tiles in walked.items()
            }


def _theirs(url: str, walked: dict[int, list[Tile]]) -> dict[int, list[dict[str, Any]]]:
    """Walk over tipg: with all tickets, and, where it would leave some out by default, as by default."""
    try:
        import tipg  # noqa: F401
    except ImportError:
        return {}
    with tipg_on(url, "open_tickets", TIPG_MAX_FEATURES_PER_TILE=str(10**7)) as (port, collection):
        base = f"{collection}/tiles/WebMercatorQuad"
        found = {}
        for z, tiles in walked.items():
            paths = [f"{base}/{z}/{x}/{y}" for _, x, y in tiles]
            found[z] = [_walk(port, "tipg", "tipg", paths)]
            if z < 14:
                fewer = [f"{path}?limit=10000" for path in paths]
                found[z].append(
                    _walk(port, "tipg", "tipg, 10,000 tickets a tile at most", fewer, whole=False)
                )
        return found


@contextmanager
def tipg_on(url: str, table: str, **settings: str) -> Iterator[tuple[int, str]]:
    """Run tipg on a table whose key is ``id``; give its port and the path of the collection."""
    port = _free_port()
    program = [sys.executable, "-m", "uvicorn", "tipg.main:app", "--port", str(port), "--no-access-log"]
    environment = {
        "DATABASE_URL": _for_asyncpg(url),
        "TIPG_DB_TABLES": f'["public.{table}"]',
        "TIPG_TABLE_CONFIG": f'{{"public_{table}": {{"pk": "id"}}}}',
        "TIPG_DB_FUNCTIONS": "[]",
        # What it would do besides, which nobody asks for here.
        "TIPG_CATALOG_TTL": "0",
        "TIPG_DB_SPATIAL_EXTENT": "false",
        "TIPG_DB_DATETIME_EXTENT": "false",
    }
    workers = ["--workers", str(len(os.sched_getaffinity(0)))]
    with _served([*program, *workers], environment | settings, f"http://127.0.0.1:{port}/healthz"):
        yield port, f"/collections/public.{table}"


def _walk(port: int, tool: str, way: str, paths: list[str], *, whole: bool = True) -> dict[str, Any]:
    """Ask for the paths again and again, with wrk; longer where no answer comes in time."""
    program = shutil.which("wrk")
    if program is None:
        raise RuntimeError("wrk is not installed: apt-get install wrk")
    rng = np.random.default_rng(9)
    with tempfile.TemporaryDirectory(prefix="pinward-bench-") as folder:
        script, walk = Path(folder, "walk.lua"), Path(folder, "paths")
        script.write_text(_WALK)
        walk.write_text("\n".join(rng.permutation(paths)))
        for seconds in (_SECONDS, _PATIENCE_S):
            command = [program, "-t1", f"-c{_CLIENTS}", f"-d{seconds:.0f}", "--timeout", "120", "-s", script]
            answer = subprocess.run(
                [*command, f"http://127.0.0.1:{port}/"],
                env=os.environ | {"WALK": str(walk)}, capture_output=True, text=True, check=True,
            ).stdout  # fmt: skip
            line = next(line for line in answer.splitlines() if line.startswith("FIGURES"))
            requests, microseconds, size, failed, p99 = map(int, line.split()[1:])
            if failed:
                raise RuntimeError(f"{tool} answered {failed} of {requests} requests with an error")
            if requests >= _CLIENTS:
                break
    taken = Run(tool, way, max(requests, 1), microseconds / 1e6, None)
    return {"run": taken, "whole": whole, "bytes": size // max(requests, 1), "p99_ms": round(p99 / 1000, 1)}


@contextmanager
def _served(command: list[str], environment: dict[str, str], health: str) -> Iterator[None]:
    """Run a server until the end of the block."""
    process = subprocess.Popen(
        command, env=os.environ | environment, stdout=sys.stderr, stderr=sys.stderr, start_new_session=True
    )
    try:
        _wait(health, process)
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)


def _wait(health: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        if process.poll() is not None:
            raise RuntimeError(f"{process.args} ended by itself")
        try:
            with urllib.request.urlopen(health, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise RuntimeError(f"{health} does not answer")


def _cost_to_copy(url: str) -> dict[str, float]:
    """Copy tickets with and without the triggers, in turns."""
    rng = np.random.default_rng(7)
    count = 5000
    lon, lat = rng.normal(-87.6, 0.05, count), rng.normal(41.5, 0.05, count)
    with session_on(url) as session:
        bare = driver(session)
        services = session.execute(text("select id, department_id from service order by id limit 1")).all()
        several, status = np.repeat(np.array(services), count, axis=0), np.repeat("new", count)
        return _compared(bare, count, lambda: _copy(bare, lon, lat, several, status))


def _cost_to_submit(url: str) -> dict[str, float]:
    """Submit reports with and without the triggers, in turns; what the server does, all together."""
    from layers.current import current_atlas
    from layers.queries import city_by_slug
    from webapp.catalog.queries import catalog
    from webapp.intake.submit import submit

    rng = np.random.default_rng(8)
    with session_on(url) as session:
        city = city_by_slug(session, "demo")
        known = catalog(session, city)
        service = next(each for each in known.services.values() if each.code == "graffiti").code
        atlas = current_atlas(session, city)
        ends = atlas.segments.lines.coords[rng.permutation(len(atlas.segments.lines.coords))[:2000]]
        lon, lat = atlas.metric.to_lonlat(ends[:, 0], ends[:, 1])
        spots = [
            spot for spot in zip(lon.tolist(), lat.tolist(), strict=True) if atlas.locate_one(*spot).placed
        ]
        bare = driver(session)

        def work() -> None:
            for spot in rng.integers(0, len(spots), _BLOCK).tolist():
                place = {"lon": spots[spot][0], "lat": spots[spot][1]}
                submit(session, city, read_draft(known, {"service_code": service, **place}))
                session.commit()

        return _compared(bare, _BLOCK, work)


def _compared(connection: psycopg.Connection[Any], count: int, work: Callable[[], None]) -> dict[str, float]:
    """Return microseconds an item, of wall time and of the server process's CPU, and what triggers add.

    The median over many turns of each, the one right after the other.
    """
    triggers = "alter table ticket {} trigger user"
    taken: dict[str, list[tuple[float, float]]] = {"enable always": [], "disable": []}
    server = connection.info.backend_pid
    for turn in range(2 * _BLOCKS + 2):
        how = ("enable always", "disable")[turn % 2]
        for name in ("tickets_opened", "tickets_removed", "ticket_changed"):
            connection.execute(triggers.format(how).replace("user", name))
        connection.commit()
        begin, cpu = time.perf_counter(), cpu_of(server)
        work()
        connection.commit()
        # The first turns warm up.
        if turn > 1:
            taken[how].append((time.perf_counter() - begin, cpu_of(server) - cpu))
    wall = {how: statistics.median(each[0] for each in times) / count * 1e6 for how, times in taken.items()}
    cpu_us = {how: sum(each[1] for each in times) / len(times) / count * 1e6 for how, times in taken.items()}
    return {
        "with_us": round(wall["enable always"], 1),
        "without_us": round(wall["disable"], 1),
        "cost": round(wall["enable always"] / wall["disable"] - 1, 3),
        "server_cpu_with_us": round(cpu_us["enable always"], 1),
        "server_cpu_without_us": round(cpu_us["disable"], 1),
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _for_asyncpg(url: str) -> str:
    """Return a URL with the folder of the socket as its host, which is what tipg's settings take."""
    parts = urlsplit(url)
    folder = parse_qs(parts.query).get("host")
    if not folder:
        return url
    return f"postgresql://{parts.username}@{quote(folder[0], safe='')}{parts.path}"

"""Posts a second to Open311 on the real server, beside pgbench running the bare statement there.

Everything is decided (place, duplicate, assignment, date) and ticket, report, timeline and outbox committed,
with synchronous_commit on. The bare statement asks of the database what a post does: claim the ground, look
for candidates, write everything; its writing alone is measured too. The clients share the machine with the
server; their share is stated. Besides: the lookup of candidates among all the open tickets, and whether two
who report one thing at once find each other.
"""

from __future__ import annotations

import http.client
import json
import math
import re
import statistics
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier
from typing import Any
from urllib.parse import urlencode

import numpy as np
import psycopg
from psycopg import Connection, sql
from sqlalchemy import text
from sqlalchemy.orm import Session

import geo
from bench import cities, server
from bench.cities import City
from bench.load import fields_of, load
from bench.measure import Run, machine, ratios
from layers.models import City as CityRow
from layers.queries import city_by_slug
from webapp.catalog.queries import catalog
from webapp.db import driver, session_on
from webapp.dispatch import escalation
from webapp.intake.claims import CELL_M
from webapp.intake.desk import Desk, desk_of
from webapp.intake.draft import read_draft
from webapp.intake.matching import box_around
from webapp.intake.submit import submit
from webapp.people.keys import add_key
from webapp.tickets import pyramid
from webapp.tickets.nearby import nearby_open

OPEN_TICKETS = 1_000_000
GOALS = {"of_the_bare_statement": 0.45, "lookup_us": 100.0, "pairs_missed": 0}
PAIRS = 1_000
_SECONDS = 15.0
_ON_A_SEGMENT = 13
"""Open tickets: a million of them in the city of 75,000 segments that places are measured in."""
_LOOKUPS = 1_000
_FIRST = 100
_SERVICE = "graffiti"

Asked = tuple[str, Any]
"""A statement and its parameters."""


def run(size: int | None = None) -> dict[str, Any]:
    """Measure with about `size` open tickets (a million) of the made-up city."""
    geo.warm()
    tickets = size or OPEN_TICKETS
    with cities.made_up_city(max(tickets // _ON_A_SEGMENT, 2_000)) as city:
        reports = cities.made_up_reports(city, tickets)
        with _all_open(city) as still_open, still_open.copy() as url:
            load(still_open, reports, url)
            found = _one_city(city, reports, url)
        missed = _missed_pairs(city)
    return {
        "name": "submit",
        "machine": machine("gunicorn", "psycopg", "flask", "sqlalchemy"),
        "goals": GOALS,
        "datasets": [found],
        "pairs": PAIRS,
        "pairs_missed": missed,
    }


@contextmanager
def _all_open(city: City) -> Iterator[City]:
    """Give the city with a columns map by which no report was ever closed."""
    columns = city.folder / "all_open.toml"
    columns.write_text(re.sub(r"(?m)^closed_at.*\n", "", city.columns.read_text("utf-8")), "utf-8")
    yield replace(city, columns=columns)


def _one_city(city: City, reports: Path, url: str) -> dict[str, Any]:
    with session_on(url) as session:
        session.connection().exec_driver_sql("analyze ticket, report")
        row = city_by_slug(session, None)
        key = add_key(session, row.id, "bench")[1]
        session.commit()
        lookups = _lookups(session, desk_of(session, row), reports, city)
        trips, functions = _one_submission(session, reports, city)
        tickets = session.scalar(text("select count(*) from ticket where open"))
        bodies = _bodies(session, reports, city, key)
        _settle(session, row)
    with psycopg.connect(url, autocommit=True) as connection:
        for function in functions:
            connection.execute(function)
        connection.execute("vacuum analyze")
    with server.serving(url, city.folder) as port:
        server.warm_up(port, bodies[:_FIRST])
        ours = server.press(port, bodies[_FIRST:], _SECONDS, city.folder)
    theirs, write = (
        server.pgbench(url, f"select {name}();", _SECONDS, city.folder)
        for name in ("bench_bare", "bench_write")
    )
    runs = [
        Run("pinward", "POST requests.json", ours["posts"], ours["seconds"], None),
        Run("pgbench", "the bare statement", round(theirs * _SECONDS), _SECONDS, None),
        Run("pgbench", "its writing alone", round(write * _SECONDS), _SECONDS, None),
    ]
    return {
        "data": f"{tickets:,} open tickets of {city.slug}, {server.CLIENTS} clients",
        **{name: round(value, 3) for name, value in ours.items()},
        "of_the_bare_statement": round(ours["posts_per_second"] / theirs, 3),
        "of_its_writing_alone": round(ours["posts_per_second"] / write, 3),
        "round_trips": trips,
        **lookups,
        "times_as_fast_as": ratios(runs),
        "runs": [each.as_json() for each in runs],
    }


def _settle(session: Session, row: CityRow) -> None:
    """Do what the import of a million late tickets leaves to the job worker, which would go on meanwhile."""
    while pyramid.fold(session, row.id):
        session.commit()
    escalation.run(session, row)
    session.commit()


def _lookups(session: Session, desk: Desk, reports: Path, city: City) -> dict[str, float]:
    """Explain the real query at pins of the file; return microseconds of execution, and how many it finds."""
    connection = driver(session)

    class Explaining:
        """Stands in for a connection, and has each statement explained instead."""

        def cursor(self, **_: Any) -> Explaining:
            return self

        def execute(self, statement: str, parameters: dict[str, Any]) -> Any:
            return connection.execute(f"explain (analyze, timing off, format json) {statement}", parameters)

    times, candidates = [], []
    now = datetime.now(UTC)
    for fields, _ in zip(fields_of(city, reports, session), range(_LOOKUPS), strict=False):
        place = desk.atlas.locate_one(fields["lon"], fields["lat"])
        if place.placed:
            service = desk.catalog.service_by_code[fields["service_code"]].id
            box = box_around(desk.atlas, place.x, place.y, desk.matching.reach_m(service))
            related, span = desk.matching.related(service), desk.matching.span(service, now)
            plan = nearby_open(Explaining(), desk.city.id, box, related, *span).fetchone()  # type: ignore[arg-type]
            times.append(plan[0][0]["Execution Time"] * 1000)  # type: ignore[index]
            candidates.append(plan[0][0]["Plan"]["Actual Rows"])  # type: ignore[index]
    session.rollback()
    return {
        "lookup_us": round(statistics.median(times), 1),
        "lookup_p99_us": round(statistics.quantiles(times, n=100)[-1], 1),
        "lookup_candidates": statistics.median(candidates),
    }


def _one_submission(session: Session, reports: Path, city: City) -> tuple[int, list[str]]:
    """Submit once; return its round trips, and the functions ``bench_bare`` and ``bench_write``.

    These run its statements. Their place and tracking number are new each time; all else is as it was.
    """
    row = city_by_slug(session, None)
    fields = next(fields_of(city, reports, session)) | {"external_id": None, "answers": {}}
    fields |= {"service_code": _SERVICE, "requested_at": None, "different_from": []}
    draft = read_draft(catalog(session, row), fields)
    submit(session, row, draft)
    session.rollback()
    connection = driver(session)
    written: list[Asked] = []
    trips = 0
    wait = type(connection).wait

    class Noting(psycopg.Cursor[Any]):
        def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
            written.append((query, params))
            return super().execute(query, params, **options)

    def counted(self: Any, *arguments: Any, **options: Any) -> Any:
        nonlocal trips
        trips += 1
        return wait(self, *arguments, **options)

    connection.cursor_factory = Noting
    type(connection).wait = counted  # type: ignore[method-assign]
    try:
        submit(session, row, draft)
        session.commit()
    finally:
        type(connection).wait = wait  # type: ignore[method-assign]
        connection.cursor_factory = psycopg.Cursor
    claims, lookup, write = written[-3:]
    if "insert into ticket" not in write[0]:
        raise RuntimeError("the first report of the file joined a ticket: take another one")
    bodies = {
        "bench_bare": [_claiming(claims), _looking(connection, lookup), _writing(connection, write)],
        "bench_write": [_writing(connection, write)],
    }
    return trips, [_function(name, statements) for name, statements in bodies.items()]


def _function(name: str, statements: list[str]) -> str:
    """Return a function that runs statements around a place ``dx``, ``dy`` degrees from the submission's."""
    loops = " ".join(f"for found in {statement} loop end loop;" for statement in statements)
    return (
        f"create function {name}() returns void language plpgsql set plan_cache_mode = force_generic_plan"
        " as $bare$ declare found record; dx float8 := random() / 50; dy float8 := random() / 50;"
        f" begin {loops} end $bare$"
    )


def _claiming(asked: Asked) -> str:
    """Return the statement with as many claims, on ground that nobody else wants."""
    count = len(asked[1][0])
    return (
        "select pg_advisory_xact_lock(claim) from"
        f" (select (random() * 1e15)::bigint as claim from generate_series(1, {count}) order by 1) as claims"
    )


def _looking(connection: Connection[Any], asked: Asked) -> str:
    box = {"west": "dx", "east": "dx", "south": "dy", "north": "dy"}
    values = _literals(connection, asked[1])
    return asked[0] % (values | {name: f"({values[name]} + {way})" for name, way in box.items()})


def _writing(connection: Connection[Any], asked: Asked) -> str:
    values = _literals(connection, asked[1])
    lon, lat = map(float, re.findall(r"POINT\((\S+) (\S+)\)", asked[1]["ticket"])[0])
    moved = f"'POINT(' || {lon} + dx || ' ' || {lat} + dy || ')'"
    for name in ("ticket", "report"):
        values[name] = f"regexp_replace({values[name]}, 'POINT[^)]*[)]', {moved})"
    values["numbers"] = "array[substr(gen_random_uuid()::text, 1, 18)]"
    return asked[0] % values


def _literals(connection: Connection[Any], parameters: dict[str, Any]) -> dict[str, str]:
    return {name: sql.Literal(value).as_string(connection) for name, value in parameters.items()}


def _bodies(session: Session, reports: Path, city: City, key: str) -> list[str]:
    """Return forms to post: the file's pins, a few metres moved, for services that ask nothing."""
    rng = np.random.default_rng(7)
    desk = desk_of(session, city_by_slug(session, None))
    known = desk.catalog
    bodies = []
    for fields, _ in zip(fields_of(city, reports, session), range(50_000), strict=False):
        if any(question.required for question in known.service_by_code[fields["service_code"]].questions):
            continue
        lon, lat = rng.normal((fields["lon"], fields["lat"]), 5e-4)
        if not desk.atlas.locate_one(lon, lat).placed:
            continue
        form = {"api_key": key, "service_code": fields["service_code"], "long": lon, "lat": lat}
        bodies.append(urlencode(form | {"description": fields["description"]}))
    return bodies


def _missed_pairs(city: City) -> int:
    """Post pairs of pins 4 m apart at the same instant; return how many did not come to one ticket.

    They lie on corners and edges of the cells that submissions claim, each pair out of the others' reach, and
    the service joins whatever is within its reach.
    """
    with city.copy() as url:
        with session_on(url) as session:
            settled = {"auto": 1e-9, "flag": 1e-9, "reach_m": 40}
            change = text("update service set duplicates = cast(:settled as jsonb)")
            session.execute(change, {"settled": json.dumps(settled)})
            session.execute(text("update city set loaded_at = clock_timestamp()"))
            row = city_by_slug(session, None)
            key = add_key(session, row.id, "bench")[1]
            session.commit()
            spots = _edges(desk_of(session, row))[:PAIRS]
        with server.serving(url, city.folder) as port, ThreadPoolExecutor(2) as threads:
            start = Barrier(2)

            def side(which: int) -> list[str]:
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
                return [_post(connection, start, spot[which], key) for spot in spots]

            answers = list(zip(*threads.map(side, (0, 1)), strict=True))
        with session_on(url) as session:
            rows = session.execute(text("select tracking_number, ticket_id from report")).all()
    tickets = {number: ticket for number, ticket in rows}  # noqa: C416  (rows are not pairs)
    return sum(tickets[one] != tickets[other] for one, other in answers) + PAIRS - len(answers)


def _edges(desk: Desk) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """Return pairs of pins (lon, lat) on both sides of corners and edges of cells, all in streets' reach."""
    x, y = desk.atlas.segments.lines.coords.T
    columns = np.arange(math.floor(x.min() / CELL_M), math.ceil(x.max() / CELL_M))
    rows = np.arange(math.floor(y.min() / CELL_M), math.ceil(y.max() / CELL_M))
    corners = CELL_M * np.stack(np.meshgrid(columns, rows), axis=-1).reshape(-1, 2)
    middles = np.concatenate([corners + offset for offset in ((0, 0), (CELL_M / 2, 0), (0, CELL_M / 2))])
    ends = [desk.atlas.metric.to_lonlat(*(middles + away).T) for away in (-1.4, 1.4)]
    placed = np.logical_and(*(desk.atlas.locate(*end).placed for end in ends))
    one, other = (np.column_stack(end)[placed].tolist() for end in ends)
    order = np.random.default_rng(3).permutation(len(one)).tolist()
    return [(tuple(one[i]), tuple(other[i])) for i in order]


def _post(connection: http.client.HTTPConnection, start: Barrier, pin: tuple[float, float], key: str) -> str:
    form = {"api_key": key, "service_code": _SERVICE, "long": pin[0], "lat": pin[1]}
    start.wait()
    return server.post(connection, urlencode(form))

"""Figures of a city with a million tickets: the page of managers, and its figures beside SQL and pandas.

The peers read the tables of work as anybody would who has no facts kept: one statement a figure group for
PostgreSQL, the tickets as a table in memory for pandas (reading them is part of it). Both count the plain
figures of the page, for its three periods and by department; neither counts what the page has besides.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import psycopg
from sqlalchemy import text
from sqlalchemy.orm import Session

from bench import asked, big_city, cities
from bench.measure import best_of, machine, measure
from webapp.app import STATEMENT_TIMEOUT_S, create_app
from webapp.config import Settings
from webapp.db import make_engine
from webapp.insight import keeping
from webapp.insight.facts import Facts
from webapp.insight.kept import kept
from webapp.insight.measures import Measures, Window, before, by_key, measured, year_before
from webapp.insight.periods import Period
from webapp.people.accounts import add_staff

TICKETS = 1_000_000
DAYS = 90
GOALS = {"most_statements": 8, "slowest_page_ms": 300.0}
REPEATS = 5
PASSWORD = "of the benchmark alone"
CHANGED = 500
"""Tickets that change between two refreshes."""
FILTERS = {
    "plain": "",
    "one department": "&department={department}",
    "by crew": "&by=crew",
    "one year": "&from={year_ago}",
}


def run(size: int | None = None) -> dict[str, Any]:
    """Fill the made-up city with `size` tickets (a million), count its figures and ask for the page."""
    count = size or TICKETS
    with cities.made_up_city() as city, city.copy() as url:
        big_city.fill(url, count)
        data = _measured(url, count)
    return {
        "name": "insight",
        "machine": machine("numpy", "pyarrow", "pandas", "psycopg"),
        "goals": GOALS,
        "datasets": [data],
    }


def _measured(url: str, count: int) -> dict[str, Any]:
    engine = make_engine(url, statement_timeout_s=STATEMENT_TIMEOUT_S)
    try:
        asked.listen(engine)
        refresh_s = _refreshed(url)
        changed_s = _changed(url)
        pages, first_ms = _pages(url, engine)
        with Session(engine) as session:
            found = kept(session, 1)
            assert found is not None
            zone = str(session.scalar(text("select time_zone from city where id = 1")))
            windows = _windows(zone)
            ours: list[dict[Any, Measures]] = []
            runs = [
                measure(
                    "pinward",
                    "facts kept in memory",
                    count,
                    lambda: ours.append(_ours(found.facts, windows)),
                    repeat=REPEATS,
                ),
                measure(
                    "postgresql",
                    "SQL over the tables of work",
                    count,
                    lambda: _sql(url, windows),
                    same=lambda theirs: _same(ours[-1], theirs),
                ),
                measure(
                    "pandas",
                    "tickets read into a table",
                    count,
                    lambda: _pandas(url, windows),
                    same=lambda theirs: _same(ours[-1], theirs),
                ),
            ]
    finally:
        engine.dispose()
    best = best_of(runs, "pinward")
    assert best is not None
    times = {each.tool: round(each.seconds / best.seconds, 1) for each in runs if each.tool != "pinward"}
    slowest = max(page["ms"] for page in pages)
    return {
        "data": f"{count:,} tickets",
        "runs": [each.as_json() for each in runs],
        "times_as_fast_as": times,
        "pages": pages,
        "lines": [
            f"  {each['name']:<40}{each['statements']:>3} statements {each['ms']:>8.1f} ms" for each in pages
        ],
        "first_page_of_a_process_ms": first_ms,
        "slowest_page_ms": slowest,
        "most_statements": max(page["statements"] for page in pages),
        "within_goals": int(slowest <= GOALS["slowest_page_ms"]),
        "all_gathered_s": refresh_s,
        f"refresh_after_{CHANGED}_changes_s": changed_s,
    }


def _refreshed(url: str) -> float:
    """Gather all facts, as after the city was loaded; return how long it took."""
    engine = make_engine(url)
    begin = time.perf_counter()
    with Session(engine) as session:
        keeping.refresh(session, 1)
        session.commit()
    engine.dispose()
    return round(time.perf_counter() - begin, 2)


def _changed(url: str) -> float:
    """Let something happen to some tickets, and return how long the next refresh takes."""
    with psycopg.connect(url) as connection:
        connection.execute(
            "insert into timeline (city_id, ticket_id, kind, actor)"
            " select 1, id, 'noted', 'staff' from ticket where open order by id limit %s",
            [CHANGED],
        )
    return _refreshed(url)


def _pages(url: str, engine: Any) -> tuple[list[dict[str, Any]], float]:
    """Ask for the page as an auditor: return what each way to see it takes, and the first of all."""
    app = create_app(Settings(DATABASE_URL=url), engine=engine)
    app.config.update(WTF_CSRF_ENABLED=False)
    with Session(engine) as session:
        add_staff(
            session, 1, email="auditor@bench.example", name="Auditor", role="auditor", password=PASSWORD
        )
        session.commit()
        department = session.scalar(
            text("select code from department join ticket on department_id = department.id limit 1")
        )
    client = app.test_client()
    if (
        client.post("/sign-in", data={"email": "auditor@bench.example", "password": PASSWORD}).status_code
        != 302
    ):
        raise RuntimeError("the auditor cannot sign in")
    year_ago = (datetime.now(UTC) - timedelta(days=365)).date().isoformat()

    def ask(path: str) -> tuple[float, int]:
        with asked.noted() as notes:
            begin = time.perf_counter()
            answer = client.get(path)
            took = time.perf_counter() - begin
        if answer.status_code != 200:
            raise RuntimeError(f"{path}: {answer.status}")
        return round(took * 1000, 1), len(notes.statements)

    first, _ = ask("/manage")
    pages = []
    for name, query in FILTERS.items():
        path = f"/manage?{query.format(department=department, year_ago=year_ago)}".replace("?&", "?")
        ms, statements = min(ask(path) for _ in range(REPEATS))
        pages.append({"name": name, "ms": ms, "statements": statements})
    return pages, first


def _windows(zone: str) -> list[Window]:
    period = Period.ending(datetime.now(ZoneInfo(zone)).date(), DAYS)
    now = datetime.now(UTC)
    return [Window(*each.instants(zone), now) for each in (period, before(period), year_before(period))]


def _ours(facts: Facts, windows: list[Window]) -> dict[Any, Measures]:
    """Return the figures of each department in the first period, and of all in each."""
    found: dict[Any, Measures] = dict(by_key(facts, facts.department, windows[0]))
    return found | {("all", number): measured(facts, window) for number, window in enumerate(windows)}


def _sql(url: str, windows: list[Window]) -> dict[Any, dict[str, Any]]:
    options = "-c search_path=public,ext"
    with psycopg.connect(url, options=options, row_factory=psycopg.rows.dict_row) as connection:

        def ask(window: Window, key: str, group: str) -> list[dict[str, Any]]:
            values = {"begin": window.begin, "end": window.end, "last": window.last, "now": window.now}
            return connection.execute(_SQL.format(key=key, group=group), values).fetchall()

        found = {row.pop("key"): row for row in ask(windows[0], "department_id", "group by 1")}
        for number, window in enumerate(windows):
            (row,) = ask(window, "null", "")
            found["all", number] = {name: value for name, value in row.items() if name != "key"}
    return found


def _pandas(url: str, windows: list[Window]) -> dict[Any, dict[str, Any]]:
    columns = "department_id, status, opened_at, closed_at, due_at, waiting_since, report_count"
    with psycopg.connect(url, options="-c search_path=public,ext") as connection:
        cursor = connection.execute(f"select {columns} from ticket where status <> 'merged'")
        tickets = pd.DataFrame(cursor.fetchall(), columns=columns.split(", "))
    for name in ("opened_at", "closed_at", "due_at", "waiting_since"):
        tickets[name] = pd.to_datetime(tickets[name], utc=True)
    found = {key: _counted(rows, windows[0]) for key, rows in tickets.groupby("department_id")}
    return found | {("all", number): _counted(tickets, window) for number, window in enumerate(windows)}


def _counted(tickets: pd.DataFrame, window: Window) -> dict[str, Any]:
    mine = tickets[(tickets.opened_at >= window.begin) & (tickets.opened_at < window.end)]
    backlog = tickets[(tickets.opened_at < window.last) & ~(tickets.closed_at < window.last)]
    decided = mine[
        mine.due_at.notna() & (mine.closed_at.notna() | (mine.due_at < mine.waiting_since.fillna(window.now)))
    ]
    return {
        "received": len(mine),
        "reports": int(mine.report_count.sum()),
        "closed": int(((tickets.closed_at >= window.begin) & (tickets.closed_at < window.end)).sum()),
        "open": len(backlog),
        "open_days": (window.last - backlog.opened_at).dt.total_seconds().median() / 86_400,
        "promised": len(decided),
        "on_time": (decided.closed_at <= decided.due_at).mean(),
    }


def _same(ours: dict[Any, Measures], theirs: dict[Any, dict[str, Any]]) -> float:
    """Return the share of their figures that equal ours."""
    pairs = [
        (getattr(ours[key], name), value)
        for key, figures in theirs.items()
        if key in ours
        for name, value in figures.items()
    ]
    equal = [
        mine == value or (mine is not None and value is not None and abs(mine - float(value)) < 1e-6)
        for mine, value in pairs
    ]
    return sum(equal) / len(equal)


_SQL = """
    select {key} as key,
           count(*) filter (where received) as received,
           coalesce(sum(report_count) filter (where received), 0) as reports,
           count(*) filter (where closed_at >= %(begin)s and closed_at < %(end)s) as closed,
           count(*) filter (where backlog) as open,
           percentile_cont(0.5) within group (order by extract(epoch from %(last)s - opened_at) / 86400.0)
               filter (where backlog) as open_days,
           count(*) filter (where received and decided) as promised,
           avg((closed_at is not null and closed_at <= due_at)::int)
               filter (where received and decided) as on_time
      from (select *, opened_at >= %(begin)s and opened_at < %(end)s as received,
                   opened_at < %(last)s and not coalesce(closed_at < %(last)s, false) as backlog,
                   due_at is not null and (closed_at is not null or due_at < coalesce(waiting_since, %(now)s))
                       as decided
              from ticket where city_id = 1 and status <> 'merged') as facts
     {group}"""

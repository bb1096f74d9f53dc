"""What each page of crews, desk and supervisors asks of the database of a city with a million tickets.

Pages are found by their access rules, so that a new one is measured without being named here. For each role
that may open a page: the number of SQL statements, how long the database took for them (the fastest of
`REPEATS` requests), and whether a plan reads tickets or reports from end to end.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import psycopg
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from bench import asked, big_city, cities
from bench.measure import machine
from webapp.app import STATEMENT_TIMEOUT_S, create_app
from webapp.config import Settings
from webapp.db import make_engine
from webapp.insight import keeping
from webapp.people.access import Rule
from webapp.people.accounts import add_staff

TICKETS = 1_000_000
GOALS = {"most_statements": 8, "slowest_ms": 60.0, "pages_that_read_whole": 0}
ROLES = ("crew", "supervisor", "agent")
REPEATS = 3
PASSWORD = "of the benchmark alone"
QUERIES: dict[str, list[dict[str, Any]]] = {
    "/crew": [{"q": "Main St"}, {"state": "waiting", "due": "week"}, {"district": "1"}, {"from": "2000"}],
    "/desk/find": [{"q": "hole in the road"}],
    "/manage/tickets": [{"figure": "open"}, {"figure": "late"}],
}
"""Queries with which a page is asked besides plainly."""
ONLY_WITH_QUERY = ("/manage/tickets",)


@dataclass(frozen=True)
class View:
    """One page, as one role sees it."""

    role: str
    name: str
    statements: int
    database_ms: float
    read_whole: list[str]

    @property
    def meets_goals(self) -> bool:
        """Whether it asks for no more than it may."""
        few, fast = self.statements <= GOALS["most_statements"], self.database_ms <= GOALS["slowest_ms"]
        return few and fast and not self.read_whole


def run(size: int | None = None) -> dict[str, Any]:
    """Fill the made-up city with `size` tickets (a million), and ask every page of staff who work."""
    count = size or TICKETS
    open_now = round(count * big_city.OPEN_SHARE)
    with cities.made_up_city() as city, city.copy() as url:
        big_city.fill(url, count)
        views = measured(url)
    return {
        "name": "views",
        "machine": machine("flask", "psycopg", "sqlalchemy"),
        "goals": GOALS,
        "datasets": [
            {
                "data": f"{count:,} tickets, {open_now:,} open, {big_city.CREWS} crews",
                "times_as_fast_as": {},
                "runs": [],
                "views": [vars(view) for view in views],
                "lines": [_in_words(view) for view in views],
                "most_statements": max(view.statements for view in views),
                "slowest_ms": max(view.database_ms for view in views),
                "pages_that_read_whole": sum(bool(view.read_whole) for view in views),
                "within_goals": sum(view.meets_goals for view in views),
                "of": len(views),
            }
        ],
    }


def measured(url: str) -> list[View]:
    """Return what every page asks of a filled database, the slowest first."""
    engine = make_engine(url, statement_timeout_s=STATEMENT_TIMEOUT_S)
    try:
        asked.listen(engine)
        app = create_app(Settings(DATABASE_URL=url), engine=engine)
        app.config.update(WTF_CSRF_ENABLED=False)
        with Session(engine) as session:
            _hire(session)
            known = _examples(session)
            # What the job keeps every five minutes.
            keeping.refresh(session, 1)
            session.commit()
        views: list[View] = []
        options = "-c search_path=public,ext -c jit=off -c max_parallel_workers_per_gather=0"
        with psycopg.connect(url, options=options) as connection:
            for role in ROLES:
                client = app.test_client()
                data = {"email": f"{role}@bench.example", "password": PASSWORD}
                if client.post("/sign-in", data=data).status_code != 302:
                    raise RuntimeError(f"{role} cannot sign in")
                paths = list(_paths(app, role, known[role]))
                views += [_view(client, connection, role, path) for path in paths]
                if role == "agent":
                    views.append(_view(client, connection, role, "/desk", _a_call(known[role])))
    finally:
        engine.dispose()
    return sorted(views, key=lambda view: -view.database_ms)


def _view(
    client: FlaskClient, connection: Any, role: str, path: str, form: dict[str, str] | None = None
) -> View:
    def ask() -> asked.Asked:
        with asked.noted() as notes:
            answer = client.post(path, data=form) if form else client.get(path)
            if answer.status_code != 200:
                raise RuntimeError(f"{path} as {role}: {answer.status} {answer.location or ''}")
        return notes

    ask()  # the first request of a process reads catalog and map
    best = min((ask() for _ in range(REPEATS)), key=lambda notes: notes.ms)
    scanned = asked.read_whole(connection, best)
    name = f"POST {path}" if form else path
    return View(role, name, len(best.statements), round(best.ms, 2), scanned)


def _paths(app: Flask, role: str, known: dict[str, Any]) -> Iterator[str]:
    """Yield the address of each page for staff who work that a role may open."""
    with app.test_request_context():
        for route in app.url_map.iter_rules():
            rule: Rule = app.view_functions[route.endpoint].access  # type: ignore[attr-defined]
            at_work = rule.name == "staff" and rule.roles & set(ROLES)
            if not at_work or role not in rule.roles or "GET" not in (route.methods or ()):
                continue
            if not route.arguments <= known.keys():
                continue
            path = app.url_for(route.endpoint, **{name: known[name] for name in route.arguments})
            if path not in ONLY_WITH_QUERY:
                yield path
            for query in QUERIES.get(path, []):
                yield f"{path}?{urlencode(query)}"
            if path in ("/crew", "/crew/plan"):
                yield f"{path}?{urlencode({'lon': known['lon'], 'lat': known['lat'], 'distance': 1000})}"
            if path == "/board":
                yield f"{path}?{urlencode({'crew': known['crew']})}"


def _hire(session: Session) -> None:
    """Add one person of each role, the crew's with the crew that has most to do."""
    crew = session.scalar(
        text(
            "select crew_id from ticket where open and crew_id > 0 group by 1 order by count(*) desc limit 1"
        )
    )
    for role in ROLES:
        add_staff(
            session, 1, email=f"{role}@bench.example", name=role.title(), role=role, password=PASSWORD,
            crew_id=crew if role == "crew" else None,
        )  # fmt: skip
    session.commit()


def _examples(session: Session) -> dict[str, dict[str, Any]]:
    """Return, by role, something for each parameter of a route."""
    found = {}
    for role in ROLES:
        row = session.execute(
            text(
                "select ticket.id as ticket_id, tracking_number as number, ticket.crew_id as crew, "
                "st_x(ticket.geom) as lon, st_y(ticket.geom) as lat, ticket.address, 'works' as name "
                "from ticket join report on report.ticket_id = ticket.id, staff "
                "where ticket.open and staff.email = :email "
                "and ticket.crew_id = coalesce(staff.crew_id, ticket.crew_id) order by ticket.id limit 1"
            ),
            {"email": f"{role}@bench.example"},
        ).one()
        found[role] = dict(row._mapping)
    return found


def _a_call(known: dict[str, Any]) -> dict[str, str]:
    return {
        "key": "a-call", "do": "caller", "phone": "555-0000007", "about": "pothole",
        "pick": "service:pothole", "address": known["address"], "placed": known["address"],
        "lon": str(known["lon"]), "lat": str(known["lat"]),
    }  # fmt: skip


def _in_words(view: View) -> str:
    flag = "" if view.meets_goals else "  over the goal"
    scan = f", reads every {' and '.join(view.read_whole)}" if view.read_whole else ""
    what = f"{view.statements:>3} statements {view.database_ms:>8.2f} ms{scan}{flag}"
    return f"  {view.role:<11}{view.name:<50}{what}"

"""The benchmark of pages finds every page of those who work, and sees what a page asks of the database."""

from __future__ import annotations

import psycopg

from bench import asked, big_city, views


def test_every_page_is_asked_and_none_reads_all_tickets(demo_database: str) -> None:
    big_city.fill(demo_database, 3000, crews=20)
    with psycopg.connect(demo_database) as connection:
        counts = connection.execute(
            "select (select count(*) from ticket), (select count(*) from ticket where open), "
            "(select count(*) from report), (select count(*) from crew)"
        ).fetchone()
    assert counts == (3000, 180, 3000, 20)
    found = {(view.role, view.name): view for view in views.measured(demo_database)}
    for page in (("crew", "/crew"), ("supervisor", "/board"), ("agent", "/desk"), ("agent", "POST /desk")):
        assert page in found
        assert 2 <= found[page].statements <= views.GOALS["most_statements"], found[page]
    assert ("crew", "/desk") not in found, "a crew takes no calls"


def test_a_scan_of_all_tickets_is_seen(demo_database: str) -> None:
    with psycopg.connect(demo_database) as connection:
        whole = asked.Asked([asked.Statement("select count(*) from ticket", None, 0.0)])
        assert asked.read_whole(connection, whole) == ["ticket"]
        none = asked.Asked([asked.Statement("select 1 from service where id = %s", (1,), 0.0)])
        assert asked.read_whole(connection, none) == []

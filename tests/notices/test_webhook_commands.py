"""``pinward webhook``."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text
from sqlalchemy.orm import Session

from webapp.cli import main
from webapp.config import settings
from webapp.db import make_engine


@pytest.fixture(autouse=True)
def _database(monkeypatch: pytest.MonkeyPatch, demo_database: str) -> None:
    monkeypatch.setenv("DATABASE_URL", demo_database)
    settings.cache_clear()


def run(*arguments: Any) -> Result:
    return CliRunner().invoke(main, ["webhook", *map(str, arguments)])


def test_an_address_is_added_its_dead_letter_sent_again_and_it_is_stopped(demo_database: str) -> None:
    assert run("add", "http://works.example/").exit_code != 0
    secret = run("add", "https://works.example/hook", "--kind", "done").stdout.strip()
    assert secret.startswith("whs_")
    listed = run("list").stdout
    assert "https://works.example/hook  done" in listed
    assert secret not in listed
    engine = make_engine(demo_database)
    with Session(engine) as session:
        session.execute(
            text(
                "with t as (insert into ticket (city_id, service_id, status, opened_at, latest_at, matchable, zones,"
                " department_id, assigned_why) select 1, id, 'new', now(), now(), false, '{}', department_id, ''"
                " from service limit 1 returning id), e as (insert into timeline (city_id, ticket_id, kind, actor)"
                " select 1, id, 'done', 'staff' from t returning id)"
                " insert into webhook_delivery (city_id, webhook_id, timeline_id, attempts, error)"
                " select 1, (select id from webhook), id, 10, 'Answered 500.' from e"
            )
        )
        session.commit()
    engine.dispose()
    assert run("queue").stdout == ""
    dead = json.loads(run("queue", "--dead").stdout)
    assert (dead["attempts"], dead["error"]) == (10, "Answered 500.")
    assert run("again", dead["id"]).exit_code == 0
    waiting = json.loads(run("queue").stdout)
    assert (waiting["id"], waiting["attempts"]) == (dead["id"], 0)
    assert run("again", 999).exit_code != 0
    assert "is stopped" in run("stop", 1).stdout
    assert "(stopped)" in run("list").stdout
    assert run("stop", 999).exit_code != 0

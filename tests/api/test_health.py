"""What ``/healthz`` says while all is well, and when something is missing."""

from __future__ import annotations

import psycopg
import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session, sessionmaker

from webapp.app import create_app
from webapp.config import Settings, settings
from webapp.db import make_engine


def test_all_is_well(demo_client: FlaskClient, demo_session: Session) -> None:
    answer = demo_client.get("/healthz")
    assert answer.status_code == 200
    state = answer.get_json()
    assert state["status"] == "ok"
    assert state["database"]["revision"] == demo_session.scalar(
        text("select version_num from alembic_version")
    )
    assert state["database"]["answered_ms"] >= 0
    assert state["city"]["slug"] == "demo"
    assert state["city"]["editions"]["streets"]["published_at"]
    assert sorted(each["id"] for each in state["city"]["editions"].values()) == state["city"]["atlas"]
    assert state["worker"] == {"alive": False, "last_seen_s_ago": None, "jobs_waiting": 0, "jobs_failed": 0}


def test_the_worker_is_seen_by_its_heartbeat(demo_client: FlaskClient, demo_session: Session) -> None:
    beat = "insert into jobs.procrastinate_workers (last_heartbeat) values (now() - interval '{} seconds')"
    demo_session.execute(text(beat.format(300)))
    demo_session.commit()
    assert demo_client.get("/healthz").get_json()["worker"]["alive"] is False
    demo_session.execute(text(beat.format(5)))
    demo_session.commit()
    worker = demo_client.get("/healthz").get_json()["worker"]
    assert worker["alive"] is True
    assert 5 <= worker["last_seen_s_ago"] < 300


def test_a_database_without_a_city_is_healthy(client: FlaskClient) -> None:
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.get_json()["city"] is None


def test_without_a_city_programs_are_told_to_wait(client: FlaskClient) -> None:
    for path in ("/open311/v2/services.json", "/tiles/base/0/0/0.mvt", "/tiles/base.json"):
        assert client.get(path).status_code == 503, path


def test_without_the_database_it_is_unavailable_and_says_no_secrets(app_settings: Settings) -> None:
    engine = make_engine("postgresql://someone:secret@/nowhere?host=/no/such/folder")
    client = create_app(app_settings, engine=engine).test_client()
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.get_json() == {"status": "unavailable", "reason": "The database does not answer."}
    for form in ("json", "xml"):
        answer = client.get(f"/open311/v2/services.{form}")
        assert answer.status_code == 503
        assert "database" in answer.text
        assert "secret" not in answer.text


def test_without_the_schema_it_says_what_to_do(app_settings: Settings, engine: Engine) -> None:
    app = create_app(app_settings, engine=engine)
    with engine.connect() as connection:
        connection.execute(text("alter table alembic_version rename to hidden"))
        factory = sessionmaker(connection, class_=Session, join_transaction_mode="create_savepoint")
        app.extensions["session"] = factory
        answer = app.test_client().get("/healthz")
        connection.rollback()
    assert answer.status_code == 503
    assert "migrate" in answer.get_json()["reason"]


def test_a_question_that_takes_too_long_is_ended_and_answered_kindly(
    demo_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", demo_database)
    settings.cache_clear()
    engine = make_engine(demo_database, statement_timeout_s=1)
    client = create_app(settings(), engine=engine).test_client()
    with psycopg.connect(demo_database) as other:
        other.execute("lock table report")
        answer = client.get("/open311/v2/requests.json")
    engine.dispose()
    assert answer.status_code == 400
    assert "too long" in answer.get_json()[0]["description"]

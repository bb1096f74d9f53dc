"""A dump restored into a new cluster, where the ids of transactions begin anew: nothing is lost or told twice."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from layers.models import City
from tests.fixtures.databases import TEST_HOME, settle
from tests.notices.conftest import Town
from webapp.cli.private_cluster import PrivateCluster
from webapp.config import Settings
from webapp.db import make_engine
from webapp.notices import outbox
from webapp.notices.models import OutboxCursor
from webapp.tickets.models import Report, Ticket


@pytest.fixture
def new_cluster() -> Iterator[PrivateCluster]:
    home = TEST_HOME / f"restored-{os.getpid()}"
    cluster = PrivateCluster(Settings(PINWARD_HOME=home, DATABASE_URL=None), durable=False)
    cluster.start()
    yield cluster
    cluster.stop()
    shutil.rmtree(home)


def restored(town: Town, cluster: PrivateCluster) -> Iterator[Town]:
    """Dump the town's database and restore it into the new cluster."""
    source = town.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    dump = subprocess.run(["pg_dump", "-Fc", source], check=True, capture_output=True)
    subprocess.run(["pg_restore", "--exit-on-error", "-d", cluster.url()], input=dump.stdout, check=True)
    engine = make_engine(cluster.url())
    with Session(engine, expire_on_commit=False) as session:
        there = Town.__new__(Town)
        there.session, there.engine, there.numbers = session, engine, town.numbers
        there.city = session.scalars(select(City)).one()
        there.ticket = session.scalars(select(Ticket)).one()
        yield there
    engine.dispose()


def read(town: Town) -> int:
    made = outbox.read(town.session, town.city.id)
    town.session.commit()
    return made


def test_a_restored_outbox_loses_nothing_and_repeats_nothing(town: Town, new_cluster: PrivateCluster) -> None:
    with town.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for _ in range(5000):
            connection.execute(text("select pg_current_xact_id()"))
    first = town.report("ada@example.org")
    town.happens("in_progress")
    settle(town.session)
    read(town)
    assert town.session.scalars(select(OutboxCursor)).one().transaction
    unread = town.happens("waiting")
    told = [("received", first.id), ("in_progress", first.id)]
    assert town.told() == told

    for there in restored(town, new_cluster):
        cursor = there.session.scalars(select(OutboxCursor)).one()
        now = there.session.scalar(text("select pg_current_xact_id()::text::bigint"))
        assert now < cursor.transaction, "the new cluster is ahead of the old one, so nothing is tested"
        there.happens("done")
        assert read(there) == 2
        told += [(unread.kind, first.id), ("done", first.id)]
        assert there.told() == told
        assert read(there) == 0
        # Who comes now is not told of what was before, and whatever happens now is told.
        second = there.report("bob@example.org", kind="joined", name="Bob")
        assert read(there) == 1
        there.happens("reopened")
        assert read(there) == 2
        told += [("joined", second.id), ("reopened", first.id), ("reopened", second.id)]
        assert there.told() == told
        assert there.session.scalar(select(Report.id).order_by(Report.id.desc())) == second.id

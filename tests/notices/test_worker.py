"""The worker: it tells of its own accord, and being killed at any moment loses nothing."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import psycopg
import pytest

from tests.notices.conftest import MailServer, Town
from webapp import jobs
from webapp.config import Settings, settings
from webapp.notices.jobs import run

ONE_ROUND = """
from webapp.config import settings
from webapp.db import make_engine, make_session
from webapp.notices.jobs import run
with make_session(make_engine(settings().database))() as session:
    run(session, settings())
"""
WORKER = """
from webapp import jobs
from webapp.config import settings
with jobs.connected(settings().database) as app:
    app.run_worker()
"""

Start = Callable[[str], "subprocess.Popen[bytes]"]


@pytest.fixture
def start(town: Town) -> Iterator[Start]:
    """Start a process that works for the town; it ends with the test."""
    started: list[subprocess.Popen[bytes]] = []

    def process(program: str) -> subprocess.Popen[bytes]:
        started.append(subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.DEVNULL))
        return started[-1]

    yield process
    for worker in started:
        worker.kill()
        worker.wait()


def test_killed_while_it_speaks_with_the_mail_server_it_sends_each_message_once(
    town: Town, mail_server: MailServer, start: Start
) -> None:
    town.report("ada@example.org")
    town.report("bob@example.org", kind="joined", name="Bob")
    town.happens("done")

    def kill() -> None:
        if len(mail_server.accepted) == 1:
            mail_server.on_recipient = lambda: None
            worker.send_signal(signal.SIGKILL)
            worker.wait()

    mail_server.on_recipient = kill
    worker = start(ONE_ROUND)
    assert worker.wait(120) == -signal.SIGKILL
    town.due_now()
    run(town.session, settings())
    assert {notice.state for notice in town.notices()} == {"sent"}
    ids = [message["Message-ID"] for message in mail_server.accepted]
    assert len(ids) == len(set(ids)) == 4
    assert sorted(mail_server.to()) == ["Ada <ada@example.org>"] * 2 + ["Bob <bob@example.org>"] * 2


def test_killed_between_the_servers_yes_and_our_note_of_it_the_copy_has_the_same_id(
    town: Town, mail_server: MailServer, start: Start
) -> None:
    town.report("ada@example.org")

    def kill() -> None:
        mail_server.on_accepted = lambda: None
        worker.send_signal(signal.SIGKILL)
        worker.wait()

    mail_server.on_accepted = kill
    worker = start(ONE_ROUND)
    assert worker.wait(120) == -signal.SIGKILL
    town.due_now()
    run(town.session, settings())
    first, second = mail_server.accepted
    assert first["Message-ID"] == second["Message-ID"]
    assert first["Date"] == second["Date"]


def test_a_running_worker_tells_of_its_own_accord_and_leaves_no_jobs_behind(
    town: Town, mail_server: MailServer, start: Start
) -> None:
    start(WORKER)
    town.report("ada@example.org")
    deadline = time.monotonic() + 120
    while not mail_server.accepted:
        assert time.monotonic() < deadline, "nothing was sent"
        time.sleep(0.1)
    with psycopg.connect(settings().database) as connection:
        heartbeat = "select count(*) from jobs.procrastinate_workers where last_heartbeat > now() - interval '1 minute'"
        assert connection.execute(heartbeat).fetchone() == (1,)
        finished = "select count(*) from jobs.procrastinate_jobs where status not in ('todo', 'doing')"
        assert connection.execute(finished).fetchone() == (0,)


@pytest.mark.parametrize("queued_already", [False, True])
def test_what_a_killed_worker_was_doing_is_done_again_once(
    town: Town, town_settings: Settings, queued_already: bool
) -> None:
    stalled = (
        "insert into jobs.procrastinate_jobs (queue_name, task_name, queueing_lock, args, status)"
        " values ('default', 'notices', 'notices', '{\"timestamp\": 0}', %s::jobs.procrastinate_job_status)"
    )
    with psycopg.connect(town_settings.database, options="-c search_path=jobs,public,ext") as connection:
        connection.execute(stalled, ["doing"])
        if queued_already:
            connection.execute(stalled, ["todo"])
    with jobs.connected(town_settings.database) as app:
        with app.open():
            app.configure_task("tidy").defer(timestamp=0)
        app.run_worker(wait=False, install_signal_handlers=False)
        with psycopg.connect(town_settings.database) as connection:
            rows = connection.execute("select task_name, status from jobs.procrastinate_jobs").fetchall()
    assert [row for row in rows if row[1] == "doing"] == []
    assert len([row for row in rows if row[0] == "notices"]) <= 1

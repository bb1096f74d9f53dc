"""A worker that is killed (kill -9) at any step loses nothing; what it repeats is known as a repeat."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.notices.conftest import MailServer, Town
from webapp.config import settings
from webapp.notices.jobs import run

KILLED = """
import os, signal, sys
from webapp.config import settings
from webapp.db import make_engine, make_session
from webapp.notices import delivering, jobs, mail, outbox, sending

def dies(work, *, first):
    def worked(*arguments, **named):
        if not first:
            os.kill(os.getpid(), signal.SIGKILL)
        done = work(*arguments, **named)
        os.kill(os.getpid(), signal.SIGKILL)
        return done
    return worked

step = sys.argv[1]
if step == "notices made, not committed":
    outbox.read = dies(outbox.read, first=True)
elif step == "notices made and committed":
    delivering.send_due = dies(delivering.send_due, first=False)
elif step == "claimed, not committed":
    sending.claim = dies(sending.claim, first=True)
elif step == "claimed and committed":
    delivering._send = dies(delivering._send, first=False)
elif step == "written, not sent":
    mail._hand_over = dies(mail._hand_over, first=False)
elif step == "sent, not noted":
    sending.sent = dies(sending.sent, first=False)
elif step == "noted, not committed":
    sending.sent = dies(sending.sent, first=True)
with make_session(make_engine(settings().database))() as session:
    jobs.run(session, settings())
"""
ONCE = (
    *("notices made, not committed", "notices made and committed", "claimed, not committed"),
    *("claimed and committed", "written, not sent"),
)
TWICE_ALIKE = ("sent, not noted", "noted, not committed")
"""The mail server has it, we do not know: SMTP has no way to ask. The copy has the same Message-ID."""


@pytest.mark.parametrize("step", [*ONCE, *TWICE_ALIKE])
def test_killed_at_any_step_it_tells_everything_once(town: Town, mail_server: MailServer, step: str) -> None:
    town.report("ada@example.org")
    killed = subprocess.run([sys.executable, "-c", KILLED, step], check=False, capture_output=True)
    assert killed.returncode == -9, killed.stderr.decode()[-500:]
    town.due_now()
    run(town.session, settings())
    assert [notice.state for notice in town.notices()] == ["sent"]
    ids = [message["Message-ID"] for message in mail_server.accepted]
    assert len(ids) == (1 if step in ONCE else 2)
    assert len(set(ids)) == 1
    assert len({message["Date"] for message in mail_server.accepted}) == 1
    assert run(town.session, settings()) == 0

"""The log tells what went wrong, and nothing of who reported it."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import logging, structlog, sys
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from webapp import logs
from webapp.db import make_engine

logs.configure()
log = structlog.get_logger("webapp")
secret = "rosa@example.org"
log.info("mail refused", city="demo", error="550 <rosa@example.org> unknown")
with make_engine(sys.argv[1]).begin() as connection:
    connection.execute(text("CREATE TEMPORARY TABLE person (mail text UNIQUE, CHECK (mail <> 'x'), note text)"))
    row = text("INSERT INTO person VALUES (:mail, :note)")
    values = {"mail": secret, "note": "Rosa Luz\\n\\nlives at 12 Elm St"}
    try:
        with connection.begin_nested():
            connection.execute(row, values)
            connection.execute(row, values)
    except SQLAlchemyError:
        log.exception("could not be stored", path="/report")
    try:
        with connection.begin_nested():
            connection.execute(text("ALTER TABLE person ADD CHECK (note = '')"))
            connection.execute(row, values)
    except SQLAlchemyError:
        logging.getLogger("some.library").exception("it failed for %s", secret)
print("figures")
"""


def test_no_contact_reaches_the_log_and_nothing_of_it_the_output(database_url: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, database_url], capture_output=True, text=True, check=True
    )
    assert done.stdout == "figures\n"
    assert "rosa@" not in done.stderr
    assert "Rosa Luz" not in done.stderr
    assert "Elm St" not in done.stderr
    for told in ("mail refused", "could not be stored", "path=/report", "UniqueViolation", "CheckViolation"):
        assert told in done.stderr
    assert "it failed for (address left out)" in done.stderr
    assert "Traceback" in done.stderr

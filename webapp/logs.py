"""The log: one line an event, with no value of a statement, no row of a table and no reporter's contact."""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any

import structlog

# PostgreSQL quotes rows and keys there. Texts in them may have lines of their own, so only what Python or
# SQLAlchemy write next ends it.
_ROW = re.compile(
    r"\n(DETAIL|CONTEXT|HINT):.*?(?=\n\[SQL:|\n\(Background|\n\n(?:The above|During)|\Z)", re.DOTALL
)
_ADDRESS = re.compile(r"[^\s<>'\"(]+@[^\s<>'\")]+\.[^\s<>'\").,;]+")


def configure() -> None:
    """Write the log to the standard error, a line an event, for ours and for every library's.

    Standard output stays free for what a command prints, ``--json`` above all. Only what starts a program
    calls this: tests and libraries leave logging as it is.
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _exception_without_values,
        _without_addresses,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(allow=()), *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.LogfmtRenderer(
                    key_order=["timestamp", "level", "event"], bool_as_flag=False
                ),
            ],
            keep_exc_info=False,
        )
    )
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    # A line for each job taken and done says nothing that the job itself does not.
    logging.getLogger("procrastinate").setLevel(logging.WARNING)


def without_rows(text: str) -> str:
    """Return a message of PostgreSQL without its DETAIL and CONTEXT, which quote rows and keys."""
    return _ROW.sub("\n(detail left out)", text)


def _exception_without_values(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()
    if isinstance(error, BaseException):
        error = (type(error), error, error.__traceback__)
    if error and error[0] is not None:
        event["exception"] = without_rows("".join(traceback.format_exception(*error)))
    return event


def _without_addresses(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    for key, value in event.items():
        if isinstance(value, str) and "@" in value:
            event[key] = _ADDRESS.sub("(address left out)", value)
    return event

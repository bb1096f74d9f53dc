"""``/healthz``: whether the parts that a city depends on are there. Public, so it holds no secret."""

from __future__ import annotations

import time
from typing import Any

import structlog
from flask import Blueprint, Response, current_app, g, jsonify
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from layers.current import current_atlas
from layers.models import City
from layers.queries import current_editions, served_city
from webapp.people.access import PUBLIC, access

blueprint = Blueprint("health", __name__)
log = structlog.get_logger()

SILENT_AFTER_S = 45
"""A worker says every 10 s that it lives; after this long without a word it is taken for dead."""


@blueprint.get("/healthz")
@access(PUBLIC)
def healthz() -> Response | tuple[Response, int]:
    """Answer ``{"status": "ok", …}``, or 503 and the reason when the database cannot be used."""
    begin = time.perf_counter()
    try:
        revision = g.session.scalar(text("select version_num from public.alembic_version"))
        answered_ms = round(1000 * (time.perf_counter() - begin), 1)
        state = {
            "status": "ok",
            "database": {"answered_ms": answered_ms, "revision": revision},
            "city": _city(g.session),
            "worker": _worker(g.session),
        }
    except SQLAlchemyError as error:
        log.error("unhealthy", error=str(error))
        return jsonify(status="unavailable", reason=_reason(error)), 503
    return jsonify(state)


def _city(session: Session) -> dict[str, Any] | None:
    """Return the city served, the editions published, and those in this process's atlas; or None."""
    try:
        city = served_city(session, current_app.config["PINWARD"])
        atlas = current_atlas(session, city)
    except LookupError:
        return None
    return {"slug": city.slug, "editions": _editions(session, city), "atlas": list(atlas.edition_ids)}


def _editions(session: Session, city: City) -> dict[str, Any]:
    return {
        layer.name: {"id": edition.id, "published_at": edition.published_at.isoformat(timespec="seconds")}
        for edition, layer in current_editions(session, city.id)
    }


def _worker(session: Session) -> dict[str, Any]:
    row = session.execute(_WORKER).one()
    seconds = None if row.silent_s is None else round(row.silent_s, 1)
    alive = seconds is not None and seconds < SILENT_AFTER_S
    return {
        "alive": alive,
        "last_seen_s_ago": seconds,
        "jobs_waiting": row.waiting,
        "jobs_failed": row.failed,
    }


_WORKER = text(
    """
    select (select extract(epoch from now() - max(last_heartbeat))::float
              from jobs.procrastinate_workers) as silent_s,
           (select count(*) from jobs.procrastinate_jobs where status = 'todo') as waiting,
           (select count(*) from jobs.procrastinate_jobs where status = 'failed') as failed
    """
)


def _reason(error: SQLAlchemyError) -> str:
    # The driver's own words name hosts, users and folders: they are for the log.
    sqlstate = getattr(getattr(error, "orig", None), "sqlstate", None) or ""
    if sqlstate.startswith(("42", "3F")):
        return "The database's schema is missing or old. Run: pinward database migrate"
    return "The database does not answer."

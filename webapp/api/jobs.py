"""The job that writes the files of open data."""

from __future__ import annotations

from datetime import UTC, datetime

import structlog
from sqlalchemy import select

from layers.models import City
from webapp import jobs
from webapp.api import open_data
from webapp.catalog.queries import catalog
from webapp.config import settings
from webapp.db import job_sessions
from webapp.insight import keeping
from webapp.insight.kept import kept
from webapp.insight.key_figures import key_figures, last_day
from webapp.storage import open_data as storage_of

log = structlog.get_logger()


@jobs.app.periodic(cron="17 9 * * *")
@jobs.app.task(name="open_data", queueing_lock="open_data")
def write_open_data(timestamp: int) -> None:
    """Write the files that everybody may have, of every city."""
    now, sessions = settings(), job_sessions(settings().database)
    with sessions() as session:
        cities = session.scalars(select(City).order_by(City.id)).all()
    for city in cities:
        moment = datetime.now(UTC)
        with sessions() as session:
            keeping.refresh(session, city.id)
            session.commit()
            found = kept(session, city.id)
            groups = {service.id: service.group for service in catalog(session, city).services.values()}
        if found is None:
            continue
        last = last_day(found.facts, moment, city.time_zone)
        figures = key_figures(found.facts, groups, last, moment, city.time_zone)
        made = open_data.publish(sessions, city, storage_of(now.kept_in), figures, moment)
        log.info("open data written", city=city.slug, bytes=sum(file.bytes for file in made.files.values()))

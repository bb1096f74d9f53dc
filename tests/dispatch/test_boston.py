"""Boston's own queues, from its own files: the place decides as the city did."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sqlalchemy.orm import Session

from layers import check, cityfile
from layers.current import load_atlas
from layers.findings import has_errors
from layers.places import Places
from layers.publish import publish
from webapp.catalog import cityfile as catalog_file
from webapp.catalog.queries import catalog
from webapp.config import CHECKOUT, settings
from webapp.dispatch import cityfile as rules_file
from webapp.dispatch.queries import assigner

pytestmark = pytest.mark.shared


def zone_ids(places: Places, layer: str) -> np.ndarray:
    """Return the id of each pin's zone; empty where it has none."""
    ordinals = places.zone[layer]
    return np.where(ordinals >= 0, places.layers.zones[layer].source_id[ordinals], "")


def test_districts_and_queues_are_the_city_s(session: Session, shared_data: Path) -> None:
    document, _ = cityfile.read(CHECKOUT / "cities" / "boston" / "city.toml", settings())
    assert document is not None
    assert not has_errors([*catalog_file.check(document), *rules_file.check(document)])
    city, _ = publish(session, check.check(document))
    catalog_file.load(session, city, document)
    rules_file.load(session, city, document)
    session.refresh(city)
    services = catalog(session, city)
    assert len(services.active) == 141
    assert services.service_by_code["sign-repair"].target_hours == 14 * 24

    reports = pd.read_parquet(shared_data / "boston" / "reports_2011h2.parquet")
    ids = {service.name: service.id for service in services.active}
    places = load_atlas(session, city.id).locate(reports.longitude.to_numpy(), reports.latitude.to_numpy())
    assert (places.flagged("fallback_point") == reports.default_xy).all()
    found = assigner(session, city).assign_many(
        reports.type.map(ids).to_numpy(), places, np.full(len(reports), np.datetime64("2011-07-06T12:00"))
    )

    placed = ~reports.default_xy.to_numpy()
    queues = np.array(
        [services.crews[each.crew_id].name if each.crew_id else "" for each in found.distinct], dtype=object
    )[found.which]
    assert (queues == reports.queue)[placed].mean() >= 0.89
    assert (queues[~placed] == "").all()
    columns = {
        "ward": (reports.ward.str.replace(r"^(Ward )?0*", "", regex=True), 0.992),
        "precinct": (reports.precinct, 0.953),
        "police": (reports.police_district, 0.996),
        "council": (reports.city_council_district, 0.991),
        "pwd": (reports.pwd_district, 0.959),
    }
    for layer, (theirs, at_least) in columns.items():
        given = placed & theirs.notna().to_numpy(bool)
        assert (zone_ids(places, layer)[given] == theirs[given]).mean() >= at_least, layer

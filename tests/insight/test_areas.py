"""Figures by areas: those that anybody would count, on the map as it is."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
import shapely
from sqlalchemy.orm import Session

from layers.atlas import Atlas
from layers.current import current_atlas
from layers.models import City
from layers.queries import city_by_slug, residents
from tests.insight.made_facts import NOW, labels, made
from webapp.insight.areas import (
    HEXAGONS,
    MOST_HEXAGONS,
    Areas,
    area_of_tickets,
    areas,
    figures,
    ground,
    hexagon_width,
)
from webapp.insight.facts import Facts
from webapp.insight.measures import Window, measured
from webapp.insight.small_counts import hidden

ALL_OF_IT = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC), NOW)


@pytest.fixture
def city(demo_session: Session) -> City:
    return city_by_slug(demo_session, "demo")


@pytest.fixture
def atlas(demo_session: Session, city: City) -> Atlas:
    return current_atlas(demo_session, city)


def on_streets(atlas: Atlas, count: int) -> Facts:
    """Tickets along streets, located in all layers."""
    random = np.random.default_rng(4)
    coords = atlas.segments.lines.coords
    spots = coords[random.integers(len(coords), size=count)] + random.normal(0, 15, (count, 2))
    lon, lat = (each.astype(np.float32) for each in atlas.metric.to_lonlat(spots[:, 0], spots[:, 1]))
    places = atlas.locate(lon.astype(float), lat.astype(float))
    zones = {
        layer: labels([place.zones[layer].id if layer in place.zones else None for place in places])
        for layer in atlas.zones
    }
    return made(count, lon=lon, lat=lat, zones=zones, district=zones["council"])


def known(areas_now: Areas, people: dict[str, int]) -> np.ndarray:
    return np.array([people.get(key, np.nan) for key in areas_now.key], float)


@pytest.mark.parametrize("layer", ["council", "neighborhood"])
def test_each_zone_has_the_figures_of_its_tickets(
    demo_session: Session, city: City, atlas: Atlas, layer: str
) -> None:
    facts, found = on_streets(atlas, 400), areas(atlas, layer, None)
    assert found is not None
    people = residents(demo_session, city.id, layer)
    assert len(people) == len(found)
    of_ticket = area_of_tickets(facts, found, atlas)
    told = figures(facts, of_ticket, found, known(found, people), NOW)
    counts = np.bincount(of_ticket[of_ticket >= 0], minlength=len(found))
    for number, (key, figure) in enumerate(zip(found.key, told, strict=True)):
        mine = facts.where(facts.zones[layer].codes == facts.zones[layer].code(key))
        counted = measured(mine, ALL_OF_IT)
        assert counts[number] == len(mine)
        assert figure.hidden == hidden(counts)[number]
        if figure.hidden:
            assert {getattr(figure, name) for name in ("tickets", "per_km", "median_days", "late")} == {None}
            continue
        assert figure.tickets == counted.received
        assert figure.median_days == counted.median_days
        assert figure.late == pytest.approx(1 - counted.on_time)
        assert figure.reopened == pytest.approx(counted.reopened)
        assert figure.per_1000 == pytest.approx(len(mine) * 1000 / people[key])
        assert figure.per_km == pytest.approx(len(mine) / found.street_km[number])
    assert sum(not figure.hidden for figure in told) > 2


def test_a_ticket_is_in_the_hexagon_that_holds_it(atlas: Atlas) -> None:
    facts, found = on_streets(atlas, 200), areas(atlas, HEXAGONS, None)
    assert found is not None
    x, y = atlas.metric.to_metric(facts.lon.astype(float), facts.lat.astype(float))
    of_ticket = area_of_tickets(facts, found, atlas)
    inside = shapely.contains_xy(shapely.make_valid(ground(atlas, None)), x, y)
    assert (of_ticket[inside] >= 0).all()
    apart = shapely.distance(found.polygons[of_ticket[inside]], shapely.points(x[inside], y[inside]))
    assert apart.max() < 0.01


def test_a_district_has_the_parts_of_areas_that_lie_in_it(
    demo_session: Session, city: City, atlas: Atlas
) -> None:
    mine, shape = areas(atlas, "neighborhood", "1"), ground(atlas, "1")
    assert mine is not None
    assert shapely.union_all(mine.polygons).difference(shape).area < 1
    assert shapely.area(mine.polygons).sum() == pytest.approx(shape.area, rel=0.02)
    assert not mine.whole.all()
    whole = areas(atlas, "neighborhood", None)
    assert whole is not None
    assert len(mine) < len(whole)
    with pytest.raises(KeyError):
        ground(atlas, "nowhere")


def test_streets_are_shared_among_areas_and_none_is_lost(atlas: Atlas) -> None:
    length = atlas.segments.lines.lengths.sum() / 1000
    for layer in ("council", HEXAGONS):
        found = areas(atlas, layer, None)
        assert found is not None
        assert found.street_km.sum() == pytest.approx(length, rel=0.03)
    council = areas(atlas, "council", None)
    assert council is not None
    lines = shapely.linestrings(atlas.segments.lines.coords, indices=atlas.segments.lines.piece_of_vertex)
    exact = [shapely.length(shapely.intersection(lines, shape)).sum() / 1000 for shape in council.polygons]
    assert council.street_km == pytest.approx(exact, rel=0.05, abs=0.1)


@pytest.mark.parametrize(("km2", "metres"), [(0.1, 250), (14, 250), (18, 400), (125, 1000), (1e6, 4000)])
def test_hexagons_are_as_wide_as_the_area_needs(km2: float, metres: float) -> None:
    assert hexagon_width(km2 * 1e6) == metres
    if km2 < 1e5:
        assert km2 * 1e6 / (0.866 * metres**2) <= MOST_HEXAGONS


def test_what_is_not_known_is_not_zero(atlas: Atlas) -> None:
    found = areas(atlas, "council", None)
    assert found is not None
    facts = made(0)
    told = figures(facts, area_of_tickets(facts, found, atlas), found, np.full(len(found), np.nan), NOW)
    assert {(each.hidden, each.tickets, each.per_1000, each.median_days, each.late) for each in told} == {
        (False, 0, None, None, None)
    }

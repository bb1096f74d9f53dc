"""Service areas from draft to publication, what they change, and the way back, in the small demo city."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import shapely
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from layers import drawing
from layers.area_check import faults
from layers.areas import Area, to_lonlat, to_metric
from layers.current import load_atlas
from layers.drawing import DrawingRefused, Ground
from layers.models import City, Layer
from tests.fixtures.areas import forget_map
from webapp.catalog.queries import catalog
from webapp.dispatch import drafts, publishing, reassignment, rulebook, trial
from webapp.dispatch.drafts import Draft, DraftOvertaken
from webapp.intake.draft import Draft as Report
from webapp.intake.submit import submit
from webapp.people import audit
from webapp.people.models import Staff
from webapp.tickets.handing_over import hand_over
from webapp.tickets.models import Ticket, TimelineEntry

NOON = datetime(2026, 4, 22, 17, tzinfo=UTC)


@pytest.fixture
def city(drawn_city: City) -> City:
    return drawn_city


@pytest.fixture
def layer(works_layer: Layer) -> Layer:
    return works_layer


@pytest.fixture
def admin(demo_session: Session) -> Staff:
    return demo_session.scalars(select(Staff).where(Staff.role == "administrator")).one()


@pytest.fixture
def ground(demo_session: Session, city: City, layer: Layer) -> Ground:
    return drafts.ground_of(load_atlas(demo_session, city.id), layer)


def inside(area: Area, ground: Ground, share: float = 0.25) -> tuple[shapely.Geometry, tuple[float, float]]:
    """Return a square in an area, EPSG:4326, as wide as a share of it, and its middle."""
    (shape,) = to_metric([area.shape], ground.metric)
    middle = shapely.point_on_surface(shape)
    square = middle.buffer(share * np.sqrt(shape.area), cap_style="square").intersection(shape)
    (drawn,) = to_lonlat([square], ground.metric)
    return drawn, ground.metric.to_lonlat(middle.x, middle.y)


def with_more(session: Session, layer: Layer, ground: Ground, by: Staff) -> tuple[Draft, tuple[float, float]]:
    """Draft that the east gets a part of the center; return the draft and a spot in that part."""
    draft = drafts.read(session, layer)
    piece, spot = inside(draft.by_id["center"], ground)
    areas = drawing.given(draft.areas, "east", piece, ground)
    drafts.write(session, draft, "given", by=by, areas=areas)
    return drafts.read(session, layer), spot


def report(session: Session, city: City, lon: float, lat: float) -> int:
    draft = Report(service_code="pothole", lon=lon, lat=lat, description="Deep", answers={"where": "lane"})
    return submit(session, city, draft, now=NOON).ticket_id


def crew_of(session: Session, city: City, ticket_id: int) -> str | None:
    ticket = session.scalars(
        select(Ticket).where(Ticket.id == ticket_id).execution_options(populate_existing=True)
    ).one()
    return catalog(session, city).crews[ticket.crew_id].code if ticket.crew_id else None


def test_a_draft_is_kept_step_by_step_and_undone(
    demo_session: Session, layer: Layer, ground: Ground, admin: Staff
) -> None:
    before = drafts.read(demo_session, layer)
    assert not before.begun
    draft, _ = with_more(demo_session, layer, ground, admin)
    assert (draft.step, draft.did, draft.by, draft.overtaken) == (1, "given", admin.name, False)
    assert faults(draft.areas, before.areas, ground) == []
    drafts.write(
        demo_session, draft, "renamed", by=admin, areas=drawing.renamed(draft.areas, "east", "Far east")
    )
    # Who still looks at the first step cannot take the second again.
    with pytest.raises(DraftOvertaken):
        drafts.write(demo_session, draft, "renamed", by=admin, areas=draft.areas)
    renamed = drafts.read(demo_session, layer)
    assert renamed.by_id["east"].name == "Far east"
    drafts.undo(demo_session, renamed)
    assert drafts.read(demo_session, layer).by_id["east"].name == "East"
    drafts.discard(demo_session, layer)
    assert not drafts.read(demo_session, layer).begun


def test_ground_changes_hands_without_overlap_or_gap(
    demo_session: Session, layer: Layer, ground: Ground, admin: Staff
) -> None:
    areas = drafts.read(demo_session, layer).areas
    center = next(area for area in areas if area.id == "center")
    piece, _ = inside(center, ground)
    for after in (
        drawing.given(areas, "north", piece, ground),
        drawing.added(areas, "island", "Island", piece, ground),
        drawing.removed(areas, "south", "north", ground),
    ):
        shapes = to_metric([area.shape for area in after], ground.metric)
        whole = shapely.area(shapely.union_all(shapes))
        assert shapely.area(shapes).sum() == pytest.approx(whole, abs=1.0)
        assert whole == pytest.approx(ground.city.area, rel=1e-6)
        assert shapely.coverage_is_valid(shapes, gap_width=1.0)
        assert faults(after, areas, ground) == []


def test_a_corner_dragged_into_a_neighbour_takes_its_ground(
    demo_session: Session, layer: Layer, ground: Ground
) -> None:
    areas = drafts.read(demo_session, layer).areas
    east = next(area for area in areas if area.id == "east")
    (shape,) = to_metric([east.shape], ground.metric)
    (wider,) = to_lonlat([shape.buffer(80, join_style="mitre").intersection(ground.city)], ground.metric)
    after = drawing.redrawn(areas, {"east": wider}, ground)
    grown = to_metric([area.shape for area in after if area.id == "east"], ground.metric)[0]
    assert grown.area > shape.area + 1000
    assert faults(after, areas, ground) == []


def test_a_gap_too_wide_to_be_closed_is_told_with_its_neighbours(
    demo_session: Session, layer: Layer, ground: Ground
) -> None:
    areas = drafts.read(demo_session, layer).areas
    center = next(area for area in areas if area.id == "center")
    piece, _ = inside(center, ground, 0.1)
    (whole,), (hole,) = to_metric([center.shape], ground.metric), to_metric([piece], ground.metric)
    (shape,) = to_lonlat([whole.difference(hole)], ground.metric)
    after = [dataclasses.replace(a, shape=shape) if a.id == "center" else a for a in areas]
    (fault,) = faults(after, areas, ground)
    assert (fault.kind, fault.known, [area.id for area in fault.areas]) == ("bare", False, ["center"])
    assert fault.area_m2 == pytest.approx(hole.area, rel=1e-3)
    assert fault.ground is not None
    closed = drawing.given(after, "center", fault.ground, ground)
    assert faults(closed, areas, ground) == []
    # What is so in the edition in use keeps nobody from publishing.
    assert faults(after, after, ground)[0].known


def bow_tie(lon: float, lat: float) -> shapely.Polygon:
    corners = [(0, 0), (0.001, 0.001), (0.001, 0), (0, 0.001)]
    return shapely.Polygon([(lon + x, lat + y) for x, y in corners])


def test_what_cannot_be_ground_is_refused_with_where(
    demo_session: Session, layer: Layer, ground: Ground
) -> None:
    areas = drafts.read(demo_session, layer).areas
    lon, lat = inside(areas[0], ground)[1]
    square = shapely.box(lon, lat, lon + 0.001, lat + 0.001)
    with pytest.raises(DrawingRefused) as refused:
        drawing.redrawn(areas, {"east": bow_tie(lon, lat)}, ground)
    assert (refused.value.kind, refused.value.areas) == ("crosses_itself", ("East",))
    assert (refused.value.lon, refused.value.lat) == pytest.approx((lon + 0.0005, lat + 0.0005), abs=1e-9)
    tiny = shapely.box(lon, lat, lon + 1e-6, lat + 1e-6)
    for kind, step in {
        "too_small": lambda: drawing.added(areas, "a", "A", tiny, ground),
        "far_away": lambda: drawing.added(areas, "a", "A", shapely.box(10, 10, 11, 11), ground),
        "not_lonlat": lambda: drawing.added(areas, "a", "A", shapely.box(1000, 10, 1100, 11), ground),
        "not_polygon": lambda: drawing.added(areas, "a", "A", shapely.Point(lon, lat), ground),
        "same_id": lambda: drawing.added(areas, "east", "A", square, ground),
        "id": lambda: drawing.added(areas, "../a", "A", square, ground),
        "name": lambda: drawing.added(areas, "a", " ", square, ground),
        "unknown": lambda: drawing.removed(areas, "gone", "east", ground),
        "no_ground": lambda: drawing.given(areas, "east", ground_whole(ground), ground),
        "not_geojson": lambda: drawing.replaced([], ground),
        "no_areas": lambda: drawing.replaced({"features": []}, ground),
    }.items():
        with pytest.raises(DrawingRefused) as refused:
            step()
        assert refused.value.kind == kind


def ground_whole(ground: Ground) -> shapely.Geometry:
    return to_lonlat([ground.city.buffer(50)], ground.metric)[0]


def test_published_areas_decide_and_the_earlier_ones_come_back(
    demo_session: Session, city: City, layer: Layer, ground: Ground, admin: Staff
) -> None:
    draft, (lon, lat) = with_more(demo_session, layer, ground, admin)
    service_id = catalog(demo_session, city).service_by_code["pothole"].id
    now, then = trial.pin(demo_session, city, draft, service_id, lon, lat, NOON)
    assert (now.service_area, then.service_area) == ("Center", "East")
    edition = draft.edition_id
    publication = publishing.publish(demo_session, city, draft, by=admin)
    assert publication.edition_id != edition
    assert not drafts.read(demo_session, layer).begun
    demo_session.refresh(city)
    places = load_atlas(demo_session, city.id).locate([lon], [lat])
    assert places[0].zones["works"].id == "east"
    (newest, baseline) = publishing.history(demo_session, layer)
    assert (newest.in_force, newest.by, baseline.in_force, baseline.by) == (True, admin.name, False, None)
    entry = audit.trail(demo_session, city.id, limit=1)[0]
    assert (entry.kind, entry.subject, entry.data["edition"]) == (
        "areas_published",
        "works",
        newest.edition_id,
    )
    # Who had the draft open cannot publish it again.
    with pytest.raises(DraftOvertaken):
        publishing.publish(demo_session, city, draft, by=admin)
    publishing.restore(demo_session, city, layer, baseline.id, by=admin)
    places = load_atlas(demo_session, city.id).locate([lon], [lat])
    assert places[0].zones["works"].id == "center"
    assert publishing.history(demo_session, layer)[0].edition_id == edition


def test_rules_are_drafted_tried_and_published_with_the_areas(
    demo_session: Session, city: City, layer: Layer, ground: Ground, admin: Staff
) -> None:
    draft = drafts.read(demo_session, layer)
    piece, (lon, lat) = inside(draft.by_id["center"], ground)
    areas = drawing.added(draft.areas, "island", "Island", piece, ground)
    island = {"group": "Streets", "layer": "works", "zone": ["island"], "crew": "works-east"}
    night = {"group": "Streets", "hours": "outside business hours", "crew": "signals"}
    rows = [*draft.rules, *(type(draft.rules[0])(**row) for row in (island, night))]
    drafts.write(demo_session, draft, "added", by=admin, areas=areas, rules=rows)
    draft = drafts.read(demo_session, layer)
    service_id = catalog(demo_session, city).service_by_code["pothole"].id
    crews = catalog(demo_session, city).crews
    decided = trial.pin(demo_session, city, draft, service_id, lon, lat, NOON)
    assert [crews[each.crew_id or 0].code for each in decided] == ["works-center", "works-east"]
    at_night = trial.pin(demo_session, city, draft, service_id, lon, lat, NOON + timedelta(hours=12))
    assert at_night[1].why.startswith(
        "Pothole reported outside business hours goes to Signals and Signs (rule "
    )
    publishing.publish(demo_session, city, draft, by=admin)
    demo_session.refresh(city)
    assert rulebook.in_force(demo_session, city.id) == rows
    forget_map()
    assert crew_of(demo_session, city, report(demo_session, city, lon, lat)) == "works-east"
    publishing.restore(demo_session, city, layer, publishing.history(demo_session, layer)[1].id, by=admin)
    assert rulebook.in_force(demo_session, city.id) == rows[:-2]


def test_open_tickets_go_to_others_and_come_back_but_for_those_that_people_moved(
    demo_session: Session, city: City, layer: Layer, ground: Ground, admin: Staff
) -> None:
    draft, (lon, lat) = with_more(demo_session, layer, ground, admin)
    spots = [(lon + k * 2e-3 - 4e-3, lat) for k in range(5)]
    moving, elsewhere, given_away, begun, moved_later = (report(demo_session, city, *spot) for spot in spots)
    every = (moving, elsewhere, given_away, begun, moved_later)
    # All at the one spot that changes hands; what is told apart is what happened to them.
    demo_session.execute(
        text("update ticket set geom = st_setsrid(st_makepoint(:lon, :lat), 4326) where id = any(:ids)"),
        {"lon": lon, "lat": lat, "ids": list(every)},
    )
    crews = catalog(demo_session, city).crew_by_code
    demo_session.execute(
        text("update ticket set crew_id = :crew, version = 1"), {"crew": crews["works-center"].id}
    )
    hand_over(demo_session, city, given_away, crews["works-south"].id, by=admin, version=1)
    demo_session.execute(text("update ticket set status = 'in_progress' where id = :id"), {"id": begun})
    looked = trial.open_tickets(demo_session, city, draft)
    assert looked.changed == 5
    assert [(crews["works-center"].id, crews["works-east"].id)] == [(a[0], b[0]) for a, b, _ in looked.moves]
    publication = publishing.publish(demo_session, city, draft, by=admin, reassign_at=datetime.now(UTC))
    (run_id,) = reassignment.due(demo_session, city.id, datetime.now(UTC))
    run = reassignment.complete(demo_session, city, run_id)
    assert (run.publication_id, run.tickets, run.changed, run.by_hand, run.begun) == (
        publication.id,
        5,
        3,
        1,
        1,
    )
    assert [crew_of(demo_session, city, each) for each in every] == [
        "works-east", "works-east", "works-south", "works-center", "works-east",
    ]  # fmt: skip
    entry = demo_session.scalars(
        select(TimelineEntry)
        .where(TimelineEntry.ticket_id == moving)
        .order_by(TimelineEntry.id.desc())
        .limit(1)
    ).one()
    assert (entry.kind, entry.actor, entry.data["crew"]) == ("assigned", "system", "works-east")
    assert entry.note.startswith("Pothole in East goes to Works East")
    # A second look finds nothing more to do.
    again = reassignment.ask(demo_session, city.id, by=admin)
    assert reassignment.complete(demo_session, city, again.id).changed == 0

    hand_over(demo_session, city, moved_later, crews["works-north"].id, by=admin, version=2)
    undone = reassignment.undo(demo_session, city.id, run.id, by=admin)
    assert undone is not None
    assert (undone.restored, undone.moved_since) == (2, 1)
    assert [crew_of(demo_session, city, each) for each in every] == [
        "works-center", "works-center", "works-south", "works-center", "works-north",
    ]  # fmt: skip
    assert reassignment.undo(demo_session, city.id, run.id, by=admin) is None


def test_a_retired_crew_leaves_no_ticket_behind(
    demo_session: Session, city: City, layer: Layer, ground: Ground
) -> None:
    center = drafts.read(demo_session, layer).by_id["center"]
    lon, lat = inside(center, ground)[1]
    tickets = [report(demo_session, city, lon + k * 2e-3, lat) for k in range(3)]
    crew = crew_of(demo_session, city, tickets[0])
    assert crew == "works-center"
    demo_session.execute(
        text("update ticket set status = 'in_progress', crew_id = (select id from crew where code = :code)"),
        {"code": crew},
    )
    demo_session.execute(text("update crew set retired_at = now() where code = :code"), {"code": crew})
    demo_session.execute(text("update city set loaded_at = clock_timestamp()"))
    run = reassignment.clear_retired(demo_session, city)
    assert run is not None
    assert (run.changed, run.finished_at is not None) == (3, True)
    left = text(
        "select count(*) from ticket join crew on crew.id = crew_id where open and retired_at is not null"
    )
    assert demo_session.scalar(left) == 0
    # Nobody else does it there: it waits where people look, and is no longer under way.
    assert crew_of(demo_session, city, tickets[0]) is None
    assert set(demo_session.scalars(select(Ticket.status))) == {"new"}
    assert reassignment.clear_retired(demo_session, city) is None

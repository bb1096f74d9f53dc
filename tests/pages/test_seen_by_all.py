"""What others see: nothing of reports that staff have not checked, and nothing that staff took out."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import AbstractContextManager

from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from layers.models import City
from tests.pages.people import sign_in
from tests.pages.spots import form, send, spot
from webapp.people.models import AuditEntry, Staff
from webapp.tickets import merging, redaction
from webapp.tickets.models import Report, Ticket, TimelineEntry
from webapp.tickets.photo_models import Photo
from webapp.tickets.tiles import shown

CHECKED = "abandoned-vehicle"
WORDS = "Rusty van, ABC 1234"
HALVES = 300, 200


def halves() -> bytes:
    """Return a photo whose left half is a fine red and white pattern, the right half plain blue."""
    image, out = Image.new("RGB", HALVES, "blue"), io.BytesIO()
    for x in range(0, HALVES[0] // 2, 6):
        image.paste("red", (x, 0, x + 3, HALVES[1]))
        image.paste("white", (x + 3, 0, x + 6, HALVES[1]))
    image.save(out, "JPEG", quality=95)
    return out.getvalue()


def public_places(client: FlaskClient, where: tuple[float, float], number: str) -> list[str]:
    """Return everything that a stranger can read in which a report may stand."""
    lon, lat = where
    paths = (
        "/open311/v2/requests.json", "/open311/v2/requests.json?extensions=true", "/open311/v2/requests.csv",
        f"/open311/v2/requests/{number}.json?extensions=true", "/open311/v2/servicerequestupdates.json",
        "/api/features/collections/reports/items", "/api/features/collections/tickets/items",
        "/api/exports/reports.csv", "/api/exports/tickets.csv", "/feeds/tickets.atom", "/feeds/tickets.geojson",
        f"/likely?service={CHECKED}&lon={lon}&lat={lat}",
    )  # fmt: skip
    return [f"{path} {client.get(path).text}" for path in paths]


def on_tiles(session: Session, public_only: bool) -> int:
    city_id = session.scalars(select(City.id)).one()
    return int(shown(session, city_id, 0, 0, 0, public_only=public_only).tickets.sum())


def test_a_report_is_in_nothing_public_until_staff_have_checked_it(
    demo_app: Flask, demo_session: Session
) -> None:
    stranger, agent = demo_app.test_client(), demo_app.test_client()
    where = spot(demo_session)
    photo = io.BytesIO(halves()), "van.jpg"
    answer = stranger.post(
        "/", data=form(where, service=CHECKED, description=WORDS, heeded="1") | {"photos": photo}
    )
    number = answer.location.split("/track/")[1].split("?")[0]
    ticket = demo_session.scalars(select(Ticket)).one()
    report = demo_session.scalars(select(Report)).one()
    name = demo_session.scalars(select(Photo.name)).one()
    street = str(ticket.street)
    assert (ticket.hidden, report.hidden) == (True, True)
    for told in public_places(stranger, where, number):
        assert "Rusty" not in told
        assert street not in told
        assert name not in told
    assert (on_tiles(demo_session, True), on_tiles(demo_session, False)) == (0, 1)
    assert stranger.get(f"/photos/{name}.jpg").status_code == 404

    sign_in(agent, "agent")
    page = agent.get("/checking").text
    assert WORDS in page
    assert "The text may hold what others should not read." in page
    assert agent.get(f"/photos/{name}.jpg").status_code == 200
    assert agent.post(f"/checking/{report.id}", data={"do": "show"}).status_code == 302
    demo_session.expire_all()
    assert WORDS not in agent.get("/checking").text
    listed = "".join(public_places(stranger, where, number))
    for public in ("/open311/v2/requests.json", "reports/items", "exports/reports.csv"):
        assert WORDS in listed.split(public, 1)[1].split("\n/", 1)[0]
    assert (on_tiles(demo_session, True), on_tiles(demo_session, False)) == (1, 1)
    assert stranger.get(f"/photos/{name}.jpg").status_code == 200


def test_what_staff_keep_to_themselves_stays_hidden_and_leaves_the_queue(
    demo_client: FlaskClient, demo_session: Session
) -> None:
    send(demo_client, spot(demo_session), service=CHECKED)
    report = demo_session.scalars(select(Report)).one()
    sign_in(demo_client, "agent")
    demo_client.post(f"/checking/{report.id}", data={"do": "hide"})
    demo_session.expire_all()
    assert demo_session.scalars(select(Report.hidden)).one()
    assert "Everything is checked" in demo_client.get("/checking").text
    done = demo_session.scalars(select(AuditEntry).where(AuditEntry.kind == "ticket")).all()
    assert done[-1].data["did"] == "hidden"


def test_a_ticket_is_seen_as_soon_as_one_of_its_reports_is_and_a_split_hides_again(
    demo_client: FlaskClient, demo_session: Session
) -> None:
    where = spot(demo_session)
    send(demo_client, where, service=CHECKED, key="one")
    first = demo_session.scalars(select(Ticket)).one()
    send(demo_client, where, service=CHECKED, key="two", same_as=str(first.id))
    sign_in(demo_client, "agent")
    one, two = demo_session.scalars(select(Report).order_by(Report.id)).all()
    demo_client.post(f"/checking/{one.id}", data={"do": "show"})
    demo_session.expire_all()
    assert not first.hidden
    agent = demo_session.scalars(select(Staff).where(Staff.role == "agent")).first()
    city = demo_session.scalars(select(City)).one()
    assert agent is not None
    made = merging.split_report(demo_session, city, two.id, by=agent, version=first.version)
    demo_session.expire_all()
    split = demo_session.get(Ticket, (city.id, made))
    assert split is not None
    assert (first.hidden, split.hidden) == (False, True)


def test_words_are_taken_out_for_all_kept_for_auditors_and_put_back(
    demo_app: Flask, demo_session: Session
) -> None:
    stranger, agent, auditor = (demo_app.test_client() for _ in range(3))
    number = send(stranger, spot(demo_session), description="Ann Smith of 12 Elm did it. ANN SMITH!")
    report = demo_session.scalars(select(Report)).one()
    ticket_id = report.ticket_id
    sign_in(agent, "agent")
    sign_in(auditor, "auditor")
    page = f"/crew/{ticket_id}"
    typed = {"what": f"description:{report.id}", "words": "ann smith\n", "why": ""}
    refused = agent.post(f"{page}/redact", data=typed)
    assert refused.status_code == 422
    assert "Say why" in refused.text
    assert agent.post(f"{page}/redact", data=typed | {"words": "nobody", "why": "x"}).status_code == 422
    assert agent.post(f"{page}/redact", data=typed | {"why": "A name"}).status_code == 302
    told = stranger.get(f"/open311/v2/requests/{number}.json").text + stranger.get(f"/track/{number}").text
    assert "mith" not in told.lower()
    assert stranger.get("/open311/v2/requests.json").get_json()[0]["description"].count(redaction.MASK) == 2
    assert "Ann Smith" not in agent.get(f"{page}/seen").text
    assert "Ann Smith" in auditor.get(f"{page}/seen").text
    assert auditor.post(f"{page}/redact", data=typed | {"why": "x"}).status_code == 403
    assert stranger.get(f"{page}/seen").status_code == 302
    seen = demo_session.scalars(select(AuditEntry.kind).order_by(AuditEntry.id)).all()
    assert "original_seen" in seen
    made = demo_session.scalars(select(redaction.Redaction)).one()
    assert agent.post(f"{page}/redact/{made.id}/undo").status_code == 302
    demo_session.expire_all()
    assert report.description == "Ann Smith of 12 Elm did it. ANN SMITH!"
    kinds = demo_session.scalars(select(TimelineEntry.kind).order_by(TimelineEntry.id)).all()
    assert kinds[-2:] == ["redacted", "restored"]


def test_a_note_is_redacted_though_the_timeline_is_append_only(
    demo_client: FlaskClient, demo_session: Session
) -> None:
    send(demo_client, spot(demo_session))
    ticket = demo_session.scalars(select(Ticket)).one()
    sign_in(demo_client, "agent")
    moved = {"to": "in_progress", "version": ticket.version, "note": "Met Ann Smith there", "key": "k"}
    demo_client.post(f"/crew/{ticket.id}", data=moved)
    entry = demo_session.scalars(select(TimelineEntry).where(TimelineEntry.kind == "in_progress")).one()
    taken = {"what": f"note:{entry.id}", "words": "Ann Smith", "why": "A name"}
    assert demo_client.post(f"/crew/{ticket.id}/redact", data=taken).status_code == 302
    demo_session.expire_all()
    assert entry.note == f"Met {redaction.MASK} there"
    made = demo_session.scalars(select(redaction.Redaction)).one()
    assert demo_client.post(f"/crew/{ticket.id}/redact/{made.id}/undo").status_code == 302
    demo_session.expire_all()
    assert entry.note == "Met Ann Smith there"


def test_a_part_of_a_photo_is_made_unrecognisable_or_all_of_it_taken_out(
    demo_app: Flask, demo_session: Session
) -> None:
    stranger, agent, auditor = (demo_app.test_client() for _ in range(3))
    stranger.post("/", data=form(spot(demo_session)) | {"photos": (io.BytesIO(halves()), "a.jpg")})
    photo = demo_session.scalars(select(Photo)).one()
    first, ticket_id = photo.name, demo_session.scalars(select(Ticket.id)).one()
    sign_in(agent, "agent")
    sign_in(auditor, "auditor")
    page, what = f"/crew/{ticket_id}", {"what": f"photo:{first}", "why": "A face"}
    assert agent.post(f"{page}/redact", data=what | {"do": "blur"}).status_code == 422
    part = {"do": "blur", "x": "0", "y": "0", "w": "50", "h": "100"}
    assert agent.post(f"{page}/redact", data=what | part).status_code == 302
    demo_session.expire_all()
    assert photo.name != first
    assert stranger.get(f"/photos/{first}.jpg").status_code == 404
    blurred = Image.open(io.BytesIO(stranger.get(f"/photos/{photo.name}.jpg").data))
    left, right = (blurred.crop((x, 10, x + 18, 28)).getextrema() for x in (40, 200))
    assert left[1][1] - left[1][0] < 40  # Of red and white in turns, green went from 0 to 255.
    assert right[2][1] > 240
    first_made = demo_session.scalars(select(redaction.Redaction)).one()
    assert stranger.get(f"/redactions/{first_made.id}.jpg").status_code == 302
    assert agent.get(f"/redactions/{first_made.id}.jpg").status_code == 403
    assert auditor.get(f"/redactions/{first_made.id}.jpg").mimetype == "image/jpeg"
    gone = what | {"what": f"photo:{photo.name}", "do": "remove"}
    assert agent.post(f"{page}/redact", data=gone).status_code == 302
    assert demo_session.scalars(select(Photo)).all() == []
    refused = agent.post(f"{page}/redact/{first_made.id}/undo")
    assert "undo that first" in refused.text
    for made in demo_session.scalars(
        select(redaction.Redaction).order_by(redaction.Redaction.id.desc())
    ).all():
        assert agent.post(f"{page}/redact/{made.id}/undo").status_code == 302
    assert demo_session.scalars(select(Photo.name)).all() == [first]
    assert stranger.get(f"/photos/{first}.jpg").status_code == 200


def test_the_pages_ask_the_database_as_often_however_much_there_is(
    demo_client: FlaskClient,
    demo_session: Session,
    demo_statements: Callable[[], AbstractContextManager[list[str]]],
) -> None:
    where = spot(demo_session)
    send(demo_client, where, service=CHECKED, key="one")
    ticket_id = demo_session.scalars(select(Ticket.id)).one()
    sign_in(demo_client, "agent")
    for path in ("/checking", f"/crew/{ticket_id}/seen"):
        demo_client.get(path)
        with demo_statements() as few:
            demo_client.get(path)
        for number in range(2):
            send(demo_client, where, service=CHECKED, key=f"{path}{number}", same_as=str(ticket_id))
        with demo_statements() as many:
            demo_client.get(path)
        assert len(many) == len(few) <= 9, many

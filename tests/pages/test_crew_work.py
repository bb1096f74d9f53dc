"""Photos, materials, remarks, hand-overs and follow-ups of a crew; each is done once, however often it is sent."""

from __future__ import annotations

import io
import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from pillow_heif import from_pillow
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from layers.queries import city_by_slug
from tests.pages.people import sign_in
from tests.pages.spots import spot
from webapp.catalog.models import Crew
from webapp.intake.draft import Draft
from webapp.intake.submit import submit
from webapp.tickets.models import Ticket, TimelineEntry
from webapp.tickets.photo_models import Photo

JSON = {"Accept": "application/json"}


@pytest.fixture
def ticket(demo_client: FlaskClient, demo_session: Session) -> Ticket:
    """An open ticket of crew ``clean-team``, who is signed in."""
    where = spot(demo_session)
    draft = Draft(service_code="graffiti", lon=where.lon, lat=where.lat, description="Red letters")
    # Before what the tests do, though all is one transaction.
    an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
    submit(demo_session, city_by_slug(demo_session, "demo"), draft, now=an_hour_ago)
    demo_session.execute(
        text(
            "update ticket set crew_id = crew.id, department_id = crew.department_id "
            "from crew where crew.code = 'clean-team'"
        )
    )
    sign_in(demo_client, "clean-team")
    return demo_session.scalars(select(Ticket)).one()


def post(client: FlaskClient, ticket: Ticket, to: str, **fields: object) -> tuple[int, str]:
    answer = client.post(
        f"/crew/{ticket.id}",
        data={"to": to, "version": ticket.version, **fields},
        content_type="multipart/form-data",
    )
    return answer.status_code, answer.text


def jpeg(side: int = 40) -> tuple[io.BytesIO, str]:
    return _picture(side, "JPEG"), "site.jpg"


def _picture(side: int, kind: str) -> io.BytesIO:
    out = io.BytesIO()
    image = Image.new("RGB", (side, side), "teal")
    if kind == "HEIF":
        from_pillow(image).save(out)
    else:
        image.save(out, kind)
    return io.BytesIO(out.getvalue())


def entries(session: Session, ticket: Ticket) -> list[TimelineEntry]:
    rows = session.scalars(select(TimelineEntry).where(TimelineEntry.ticket_id == ticket.id))
    return sorted(rows, key=lambda row: row.id)


def crew_id(session: Session, code: str) -> int:
    return session.scalars(select(Crew.id).where(Crew.code == code)).one()


def test_photos_before_and_after_and_materials_stay_with_the_ticket(
    demo_client: FlaskClient, demo_session: Session, ticket: Ticket
) -> None:
    assert (
        post(demo_client, ticket, "in_progress", before=[jpeg(), (_picture(64, "HEIF"), "a.heic")])[0] == 302
    )
    demo_session.expire_all()
    done = {
        "detail-done": "fixed",
        "after": [jpeg()],
        "material": ["Paint", "", "Brush <b>"],
        "amount": ["0,5", "", ""],
    }
    assert post(demo_client, ticket, "done", **done)[0] == 302
    demo_session.expire_all()
    kept = demo_session.scalars(select(Photo).order_by(Photo.id)).all()
    assert [photo.shows for photo in kept] == ["before", "before", "after"]
    assert {photo.ticket_id for photo in kept} == {ticket.id}
    last = entries(demo_session, ticket)[-1]
    assert last.data["materials"] == [
        {"what": "Paint", "amount": "0.5"},
        {"what": "Brush <b>", "amount": "1"},
    ]
    assert last.data["photos"] == 1
    page = demo_client.get(f"/crew/{ticket.id}").text
    assert "0.5 × Paint" in page
    assert "1 × Brush &lt;b&gt;" in page
    shown = re.findall(r'<img src="(/photos/[^"]+)"', page)
    assert len(shown) == 3
    picture = demo_client.get(shown[0])
    assert picture.mimetype == "image/jpeg"
    assert Image.open(io.BytesIO(picture.data)).size == (40, 40)


@pytest.mark.parametrize(
    ("content", "name", "told"),
    [
        (b"GIF89a is what I am not", "note.jpg", "note.jpg is "),
        (b"plain words", "words.jpg", "words.jpg is not a picture"),
        (b"\xff" * 300_000, "big.jpg", "big.jpg is larger than"),
        ("bomb", "bomb.png", "bomb.png has more than 50 megapixels"),
    ],
)
def test_what_is_no_photo_is_named_and_nothing_is_moved(
    monkeypatch: pytest.MonkeyPatch,
    demo_client: FlaskClient,
    demo_session: Session,
    ticket: Ticket,
    content: bytes | str,
    name: str,
    told: str,
) -> None:
    monkeypatch.setattr("webapp.tickets.pictures.MOST_BYTES", 200_000)
    if isinstance(content, str):
        out = io.BytesIO()
        Image.new("1", (12_000, 12_000)).save(out, "PNG")
        content = out.getvalue()
    status, page = post(
        demo_client, ticket, "in_progress", note="My words", before=[jpeg(), (io.BytesIO(content), name)]
    )
    assert status == 422
    assert told in page
    assert "My words" in page
    demo_session.expire_all()
    assert ticket.status == "assigned"
    assert demo_session.scalars(select(Photo)).all() == []


def test_a_ticket_takes_five_photos_of_each_side(
    demo_client: FlaskClient, demo_session: Session, ticket: Ticket
) -> None:
    status, page = post(demo_client, ticket, "remark", after=[jpeg() for _ in range(6)])
    assert (status, "at most 5 photos" in page) == (422, True)
    assert post(demo_client, ticket, "remark", after=[jpeg() for _ in range(5)])[0] == 302
    status, page = post(demo_client, ticket, "remark", after=[jpeg()])
    assert (status, "one too many" in page) == (422, True)
    assert post(demo_client, ticket, "remark", before=[jpeg()])[0] == 302
    demo_session.expire_all()
    assert len(demo_session.scalars(select(Photo)).all()) == 6


def test_what_is_sent_again_with_its_key_is_done_once(
    demo_client: FlaskClient, demo_session: Session, ticket: Ticket
) -> None:
    def again(to: str, key: str, version: int, **fields: object) -> tuple[int, dict[str, object]]:
        data = {"to": to, "key": key, "version": version, **fields}
        answer = demo_client.post(f"/crew/{ticket.id}", data=data, headers=JSON)
        return answer.status_code, json.loads(answer.text)

    started = again("in_progress", "k1", ticket.version, before=[jpeg()])
    assert started == (200, {"version": 2, "status": "in_progress", "repeated": False})
    assert again("in_progress", "k1", 1, before=[jpeg()]) == (200, started[1] | {"repeated": True})
    assert again("remark", "k2", 1, note="Once")[0] == 200
    assert again("remark", "k2", 1, note="Once")[1]["repeated"]
    assert again("done", "k3", 2, **{"detail-done": "fixed"})[1]["version"] == 3
    assert again("done", "k3", 2, **{"detail-done": "fixed"})[1] == {
        "version": 3,
        "status": "done",
        "repeated": True,
    }
    demo_session.expire_all()
    kinds = [row.kind for row in entries(demo_session, ticket)]
    assert [kinds.count(kind) for kind in ("in_progress", "noted", "done")] == [1, 1, 1]
    assert len(demo_session.scalars(select(Photo)).all()) == 1


def test_a_queue_is_told_what_somebody_else_did_meanwhile(
    demo_app: Flask, demo_client: FlaskClient, demo_session: Session, ticket: Ticket
) -> None:
    agent = demo_app.test_client()
    sign_in(agent, "agent")
    assert post(agent, ticket, "waiting", note="Wall is wet", **{"detail-waiting": "weather"})[0] == 302
    data = {"to": "done", "version": 1, "key": "k", "detail-done": "fixed", "note": "Mine"}
    answer = demo_client.post(f"/crew/{ticket.id}", data=data, headers=JSON)
    assert answer.status_code == 409
    assert answer.json is not None
    assert (answer.json["by"], answer.json["state"], answer.json["note"]) == (
        "Desk Agent",
        "Waiting",
        "Wall is wet",
    )
    refused = demo_client.post(
        f"/crew/{ticket.id}", data=data | {"version": 2, "detail-done": "gone"}, headers=JSON
    )
    assert refused.status_code == 422
    assert "outcome is one of" in str(refused.json)
    demo_session.expire_all()
    assert ticket.status == "waiting"


def test_a_phones_clock_is_kept_where_it_can_be_true(
    demo_client: FlaskClient, demo_session: Session, ticket: Ticket
) -> None:
    for moment in ("2031-01-01T00:00:00Z", "1999-01-01T00:00:00Z", "2026-05-05T12:00:00", "soon"):
        assert post(demo_client, ticket, "remark", note=moment, made_at=moment)[0] == 302
    an_hour_ago = demo_session.scalar(
        text("select to_char(now() - interval '1 hour', 'YYYY-MM-DD\"T\"HH24:MI:SSTZH')")
    )
    assert post(demo_client, ticket, "remark", note="true", made_at=an_hour_ago)[0] == 302
    demo_session.expire_all()
    assert [row.note for row in entries(demo_session, ticket) if "made_at" in row.data] == ["true"]
    assert "without a connection" in demo_client.get(f"/crew/{ticket.id}").text


def test_a_ticket_is_handed_over_seen_by_the_other_crew_and_taken_back(
    demo_app: Flask, demo_client: FlaskClient, demo_session: Session, ticket: Ticket
) -> None:
    other = demo_app.test_client()
    sign_in(other, "trees")
    trees = crew_id(demo_session, "trees")
    before = (ticket.crew_id, ticket.department_id, ticket.assigned_why)
    assert post(demo_client, ticket, "hand_over")[0] == 422
    assert post(demo_client, ticket, "hand_over", crew=trees, note="It is on a tree")[0] == 302
    demo_session.expire_all()
    assert (ticket.crew_id, ticket.status) == (trees, "assigned")
    assert ticket.assigned_why == "Another crew gave it to Trees: It is on a tree"
    assert demo_client.get(f"/crew/{ticket.id}").status_code == 404
    assert "It is on a tree" in other.get(f"/crew/{ticket.id}").text
    undo = re.search(r'action="(/crew/\d+/undo)".*?value="(\d+)"', demo_client.get("/crew").text, re.DOTALL)
    assert undo
    stranger = demo_app.test_client()
    sign_in(stranger, "lights")
    assert stranger.post(undo[1], data={"version": undo[2]}).status_code == 404
    assert demo_client.post(undo[1], data={"version": undo[2]}).status_code == 302
    demo_session.expire_all()
    assert (ticket.crew_id, ticket.department_id, ticket.assigned_why) == before
    assert other.get(f"/crew/{ticket.id}").status_code == 404


def test_a_follow_up_is_a_ticket_of_its_own_and_both_name_each_other(
    demo_client: FlaskClient, demo_session: Session, ticket: Ticket
) -> None:
    sign_in(demo_client, "agent")
    path, form = f"/crew/{ticket.id}/follow-up", {"service": "graffiti", "words": "The back, too", "key": "f"}
    assert demo_client.post(path, data=form | {"service": "none"}).status_code == 422
    assert demo_client.post(path, data=form).status_code == 302
    assert demo_client.post(path, data=form).status_code == 302
    first, second = demo_session.scalars(select(Ticket).order_by(Ticket.id)).all()
    assert f'href="/crew/{second.id}"' in demo_client.get(f"/crew/{first.id}").text
    assert f'href="/crew/{first.id}"' in demo_client.get(f"/crew/{second.id}").text
    linked = [row.kind for row in entries(demo_session, first) + entries(demo_session, second)]
    assert (linked.count("follow_up"), linked.count("follows")) == (1, 1)

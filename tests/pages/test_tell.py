"""The last step of a report: photos, what others should not read, how to be told, and who sends too much."""

from __future__ import annotations

import hashlib
import io
import re
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.pages.spots import form, send, spot
from webapp.config import settings
from webapp.intake import heeding
from webapp.pages import effort
from webapp.people.models import Contact
from webapp.storage import uploads
from webapp.tickets import held, pictures
from webapp.tickets.models import Report
from webapp.tickets.photo_models import HeldPhoto, Photo

GPS = 0x8825


def picture(
    colour: str = "red", kind: str = "JPEG", size: tuple[int, int] = (64, 48), exif: bool = False
) -> bytes:
    out, tags = io.BytesIO(), Image.Exif()
    if exif:
        tags.get_ifd(GPS).update({1: "N", 2: (41.0, 1.0, 2.0), 3: "W", 4: (89.0, 3.0, 4.0)})
    Image.new("RGB", size, colour).save(out, kind, exif=tags)
    return out.getvalue()


def file(content: bytes, name: str = "lamp.jpg") -> tuple[io.BytesIO, str]:
    return io.BytesIO(content), name


def with_photos(session: Session, *photos: tuple[io.BytesIO, str], **fields: Any) -> dict[str, Any]:
    return {**form(spot(session)), "photos": list(photos), **fields}


def tokens(page: str) -> list[str]:
    return re.findall(r'name="photo_token" value="([^"]+)"', page)


def test_photos_are_sent_with_the_form_and_without_what_the_camera_wrote(
    demo_client: FlaskClient, demo_session: Session
) -> None:
    sent = file(picture("red", exif=True)), file(picture("blue", "HEIF", exif=True), "IMG_1.HEIC")
    answer = demo_client.post("/", data=with_photos(demo_session, *sent))
    assert answer.status_code == 303, answer.text
    report = demo_session.scalars(select(Report)).one()
    kept = demo_session.scalars(select(Photo).order_by(Photo.id)).all()
    assert [photo.report_id for photo in kept] == [report.id, report.id]
    for photo in kept:
        shown = Image.open(io.BytesIO(demo_client.get(f"/photos/{photo.name}.jpg").data))
        assert shown.format == "JPEG"
        assert not shown.getexif()
    assert demo_session.scalar(select(func.count()).select_from(HeldPhoto)) == 0


def test_a_mistake_keeps_the_good_photos_and_names_the_bad_one(
    demo_client: FlaskClient, demo_session: Session
) -> None:
    bad = file(b"only text", "notes.jpg")
    page = demo_client.post("/", data=with_photos(demo_session, file(picture()), bad, email="nonsense"))
    assert page.status_code == 422
    assert re.search(r'id="photos-error"[^>]*>notes\.jpg is not a picture', page.text)
    assert "Write an e-mail address" in page.text
    assert "On the wall" in page.text
    (name,) = tokens(page.text)
    assert demo_client.get(f"/report-photos/{name}.jpg").mimetype == "image/jpeg"
    fields = {"photo_token": name, f"alt-{name}": "A broken lamp"}
    assert demo_client.post("/", data=form(spot(demo_session), **fields)).status_code == 303
    photo = demo_session.scalars(select(Photo)).one()
    assert (photo.name, photo.alt) == (name, "A broken lamp")
    assert demo_client.get(f"/report-photos/{name}.jpg").status_code == 404


def test_photos_that_cannot_be_kept_are_told_beside_their_field(
    demo_client: FlaskClient, demo_session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "MOST_BYTES", 4000)
    large = b"\xff" * 4001
    for content, said in (
        (large, "is larger than"),
        (picture()[:200], "is a damaged picture"),
        (b"", "is empty"),
    ):
        page = demo_client.post("/", data=with_photos(demo_session, file(content, "a.jpg")))
        assert page.status_code == 422
        assert re.search(rf'id="photos-error"[^>]*>a\.jpg {said}', page.text), said


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded(
    demo_client: FlaskClient, demo_session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "MOST_PIXELS", 1000)
    page = demo_client.post("/", data=with_photos(demo_session, file(picture(), "bomb.png")))
    assert "bomb.png has more than" in page.text
    assert demo_session.scalar(select(func.count()).select_from(Report)) == 0


def test_there_are_at_most_five_photos_and_one_can_be_taken_out_without_scripts(
    demo_client: FlaskClient, demo_session: Session
) -> None:
    colours = ("red", "blue", "green", "white", "black", "gray")
    six = [file(picture(colour), f"{colour}.jpg") for colour in colours]
    page = demo_client.post("/", data=with_photos(demo_session, *six)).text
    assert "Choose at most 5 photos." in page
    names = tokens(page)
    assert len(names) == 5
    fields = form(spot(demo_session)) | {"photo_token": names, "photo_remove": names[0], "hold": "1"}
    page = demo_client.post("/", data=fields).text
    assert tokens(page) == names[1:]


def test_a_script_holds_photos_and_nobody_else_can_use_them(
    demo_client: FlaskClient, demo_session: Session
) -> None:
    def hold(content: bytes) -> Any:
        return demo_client.post("/report-photos", data={"key": "a-key-of-its-own", "photo": file(content)})

    first, again = hold(picture()), hold(picture())
    assert first.json["name"] == again.json["name"]
    assert hold(b"text").status_code == 422
    assert "is not a picture" in hold(b"text").json["message"]
    name = first.json["name"]
    stranger = form(spot(demo_session)) | {"key": "another-key", "photo_token": name}
    assert demo_client.post("/", data=stranger).status_code == 303
    assert demo_session.scalar(select(func.count()).select_from(Photo)) == 0
    mine = form(spot(demo_session)) | {"photo_token": name}
    assert demo_client.post("/", data=mine).location == demo_client.post("/", data=mine).location
    assert demo_session.scalars(select(Photo.name)).all() == [name]


def test_photos_never_sent_are_swept_away(demo_client: FlaskClient, demo_session: Session) -> None:
    demo_client.post("/report-photos", data={"key": "a-key", "photo": file(picture())})
    storage, now = uploads(settings().kept_in), datetime.now(UTC)
    files = settings().home / "uploads"
    assert held.sweep(demo_session, storage, now) == 0
    assert any(path.is_file() for path in files.rglob("*"))
    assert held.sweep(demo_session, storage, now + held.KEPT + timedelta(minutes=1)) == 1
    assert not any(path.is_file() for path in files.rglob("*"))


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("Call me: (555) 010-4477.", ["phone"]),
        ("+49 30 1234567", ["phone"]),
        ("write to ann@example.org", ["email"]),
        ("a van, ABC 1234, blocks it", ["plate"]),
        ("licence plate 7TRE123", ["plate"]),
        ("Pole 31554 on US 101 near 1200 Main St, since 2026-11-20", []),
        ("\u202e🕳️ حفرة كبيرة", []),
    ],
)
def test_what_others_should_not_read_is_recognised(text: str, kinds: list[str]) -> None:
    assert heeding.personal(text) == kinds


def test_a_phone_number_in_the_text_is_pointed_out_once_and_can_be_sent_all_the_same(
    demo_client: FlaskClient, demo_session: Session
) -> None:
    typed = form(spot(demo_session), description="Call 555-010-4477")
    page = demo_client.post("/", data=typed)
    assert page.status_code == 422
    assert re.search(r"<p data-heed=[^>]*[^n]>.{0,400}This looks like a phone number", page.text, re.DOTALL)
    assert 'name="heeded" value="1"' in page.text
    assert demo_session.scalar(select(func.count()).select_from(Report)) == 0
    send(demo_client, spot(demo_session), description="Call 555-010-4477", heeded="1")


def test_a_private_service_says_so_and_does_not_warn(demo_client: FlaskClient, demo_session: Session) -> None:
    assert "Only the city reads reports of this kind." in demo_client.get("/questions?service=housing").text
    assert (
        "Somebody at the city looks at it first"
        in demo_client.get("/questions?service=abandoned-vehicle").text
    )
    send(demo_client, spot(demo_session), service="housing", description="Call 555-010-4477")


def test_a_question_is_asked_only_after_the_answers_it_depends_on(
    demo_client: FlaskClient, demo_session: Session
) -> None:
    page = demo_client.get("/questions?service=pothole").text
    assert 'data-only-if="q-where"' in page
    assert "Only if you answered: Driving lane, Crosswalk" in page
    where = spot(demo_session)
    send(demo_client, where, service="pothole", **{"q-where": "curb", "q-blocking": "yes"})
    send(demo_client, where, service="pothole", key="b", **{"q-where": "lane", "q-blocking": "yes"})
    answers = demo_session.scalars(select(Report.answers).order_by(Report.id)).all()
    assert answers == [{"where": "curb"}, {"where": "lane", "blocking": "yes"}]


def test_how_and_in_which_language_to_be_told_is_kept(
    demo_client: FlaskClient, demo_session: Session
) -> None:
    where = spot(demo_session)
    page = demo_client.post("/", data=form(where, phone="555 010 4477", prefers="email"))
    assert "Write an e-mail address, or choose another way" in page.text
    send(demo_client, where, phone="555 010 4477", prefers="phone", language="ar")
    contact = demo_session.scalars(select(Contact)).one()
    assert (contact.prefers, contact.language) == ("phone", "ar")


def test_a_machine_that_fills_in_every_field_is_stopped_and_a_person_is_told_why(
    demo_client: FlaskClient, demo_session: Session
) -> None:
    page = demo_client.post("/", data=form(spot(demo_session), website="https://spam.example"))
    assert page.status_code == 422
    assert "It is there to catch machines" in page.text
    assert demo_session.scalar(select(func.count()).select_from(Report)) == 0


def worked(key: str) -> str:
    """Return what a browser finds: see static/scripts/effort.mjs."""
    for number in count():
        digest = hashlib.sha256(f"{key}:{number}".encode()).digest()
        if int.from_bytes(digest[:4]) >> (32 - effort.BITS) == 0:
            return str(number)
    raise AssertionError


def test_who_sends_many_reports_is_asked_for_work_or_to_wait(
    demo_client: FlaskClient, demo_session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(effort, "FREE_OF_DEVICE", 2)
    monkeypatch.setattr(effort, "BITS", 9)
    where = spot(demo_session)
    for key in ("one", "two"):
        send(demo_client, where, key=key)
    assert 'data-effort="9"' in demo_client.get("/").text
    refused = demo_client.post("/", data=form(where, key="three"))
    assert refused.status_code == 429
    assert "You have sent several reports in a short time." in refused.text
    assert "On the wall" in refused.text
    assert demo_client.post("/", data=form(where, key="three", work="x")).status_code == 429
    send(demo_client, where, key="three", work=worked("three"))


def test_an_address_can_send_only_so_much(
    demo_app: Flask, demo_session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(effort, "FREE_OF_ADDRESS", 1)
    monkeypatch.setattr(effort, "MOST_OF_ADDRESS", 2)
    where = spot(demo_session)
    answers = [demo_app.test_client().post("/", data=form(where, key=f"k{n}")) for n in range(3)]
    assert [answer.status_code for answer in answers] == [303, 429, 429]
    assert "Everything you typed is still here." in answers[1].text
    assert "Go back: your words are still in the form." in answers[2].text

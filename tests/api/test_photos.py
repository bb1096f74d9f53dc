"""Photos that come with a report: drawn anew, kept, and shown to whom they concern."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.api.conftest import REQUESTS, Pin, Send
from webapp.storage import uploads
from webapp.tickets import photos, pictures

GPS = 0x8825


def jpeg(size: tuple[int, int] = (640, 480), *, exif: Image.Exif | None = None) -> bytes:
    out = io.BytesIO()
    Image.effect_noise(size, 40).convert("RGB").save(out, "JPEG", exif=exif or Image.Exif())
    return out.getvalue()


def saved_as(form: str, mode: str = "RGB", size: tuple[int, int] = (64, 48)) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size).save(out, form)
    return out.getvalue()


def form(key: str, pins: list[Pin], **more: Any) -> dict[str, Any]:
    lon, lat = pins[0]
    return {"api_key": key, "service_code": "graffiti", "lat": lat, "long": lon} | more


def file(content: bytes, name: str = "hole.jpg") -> tuple[io.BytesIO, str]:
    return io.BytesIO(content), name


def seen(client: FlaskClient, number: str) -> dict[str, Any]:
    (row,) = client.get(f"/open311/v2/requests/{number}.json?extensions=true").get_json()
    assert isinstance(row, dict)
    return row


def uploaded() -> list[Path]:
    from webapp.config import settings

    return [path for path in (settings().home / "uploads").rglob("*") if path.is_file()]


def test_several_photos_are_kept_without_what_the_camera_wrote(
    demo_client: FlaskClient, key: str, pins: list[Pin]
) -> None:
    exif = Image.Exif()
    exif[0x0110] = "SecretCam 9"
    exif.get_ifd(GPS)[2] = (41.0, 59.0, 1.0)
    exif[0x0112] = 6  # turned: 640 by 480 is shown 480 by 640
    camera = jpeg(exif=exif)
    assert b"SecretCam" in camera
    sent = form(key, pins, media=[file(camera), file(saved_as("PNG", "RGBA"))])
    answer = demo_client.post(REQUESTS, data=sent | {"media_url": "https://pictures.example/1.jpg"})
    assert answer.status_code == 201, answer.text
    row = seen(demo_client, answer.get_json()[0]["service_request_id"])
    urls = [photo["media_url"] for photo in row["extended_attributes"]["photos"]]
    assert len(urls) == 3
    assert row["media_url"] == urls[0]
    assert urls[2] == "https://pictures.example/1.jpg"
    shown = demo_client.get(urls[0])
    assert shown.status_code == 200
    assert b"SecretCam" not in shown.data
    with Image.open(io.BytesIO(shown.data)) as image:
        assert (image.format, image.size) == ("JPEG", (480, 640))
        assert not image.getexif()
    assert shown.headers["Content-Type"] == "image/jpeg"
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert "immutable" in shown.headers["Cache-Control"]
    with Image.open(io.BytesIO(demo_client.get(urls[0].replace(".jpg", "-small.jpg")).data)) as image:
        assert max(image.size) == pictures.SMALL_SIDE


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "HEIF"])
def test_what_phones_and_screens_make_is_taken(kind: str) -> None:
    picture = pictures.draw(io.BytesIO(saved_as(kind)))
    assert (picture.width, picture.height) == (64, 48)
    assert picture.large.startswith(b"\xff\xd8")


def test_a_large_photo_becomes_one_of_moderate_size() -> None:
    picture = pictures.draw(io.BytesIO(saved_as("JPEG", size=(6000, 3000))))
    assert (picture.width, picture.height) == (pictures.LONGEST_SIDE, pictures.LONGEST_SIDE // 2)


@pytest.mark.parametrize(
    ("content", "status", "words"),
    [
        (b"Dear city, this is no picture", 400, "is not a picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", 400, "is not a picture"),
        (b"", 400, "is empty"),
        (jpeg()[:2000], 400, "is a damaged picture"),
        (b"\xff\xd8\xff" + b"\0" * 300_000, 413, "is larger than"),
    ],
    ids=["text", "svg", "empty", "cut off", "many bytes"],
)
def test_what_is_no_photo_is_refused_with_its_field_and_nothing_is_kept(
    demo_client: FlaskClient, demo_session: Session, key: str, pins: list[Pin],
    content: bytes, status: int, words: str, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(pictures, "MOST_BYTES", 300_000)
    answer = demo_client.post(REQUESTS, data=form(key, pins, media=[file(jpeg()), file(content)]))
    assert answer.status_code == status
    assert answer.get_json()[0]["description"].startswith(f"media: {words}")
    assert demo_session.scalar(text("select count(*) from report")) == 0
    assert uploaded() == []


def test_a_small_file_of_many_pixels_is_never_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = saved_as("PNG", "1", (12_000, 12_000))
    assert len(bomb) < 100_000

    def decode(_self: Any) -> None:
        pytest.fail("its pixels were decoded")

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", decode)
    with pytest.raises(pictures.PhotoRefusedError, match="megapixels"):
        pictures.draw(io.BytesIO(bomb))


def test_more_than_a_form_may_hold_is_told_of(demo_client: FlaskClient, key: str, pins: list[Pin]) -> None:
    demo_client.application.config["MAX_CONTENT_LENGTH"] = 10_000
    answer = demo_client.post(REQUESTS, data=form(key, pins, media=file(jpeg())))
    assert answer.status_code == 413
    assert answer.get_json()[0]["description"].startswith("media")


def test_at_most_ten_photos(demo_client: FlaskClient, key: str, pins: list[Pin]) -> None:
    many = [file(saved_as("GIF")) for _ in range(photos.MOST_PHOTOS + 1)]
    answer = demo_client.post(REQUESTS, data=form(key, pins, media=many))
    assert answer.status_code == 400
    assert "at most 10" in answer.get_json()[0]["description"]


def test_a_photo_of_a_service_that_is_not_public_is_not_there_for_others(
    demo_client: FlaskClient, demo_session: Session, key: str, pins: list[Pin]
) -> None:
    sent = form(key, pins, media=file(jpeg()), service_code="housing")
    answer = demo_client.post(REQUESTS, data=sent)
    assert answer.status_code == 201, answer.text
    assert seen(demo_client, answer.get_json()[0]["service_request_id"])["media_url"] is None
    name = demo_session.scalar(text("select name from photo"))
    assert demo_client.get(f"/photos/{name}.jpg").status_code == 404
    # Whoever may not see it learns nothing: not even that it is there.
    assert demo_client.get("/photos/none.jpg").status_code == 404


@pytest.mark.parametrize("name", ["..%2f..%2fsecret", "%2e%2e", "x" * 500, "a b", "%00"])
def test_other_names_lead_nowhere(demo_client: FlaskClient, name: str) -> None:
    assert demo_client.get(f"/photos/{name}.jpg").status_code in (400, 404)


def test_the_test_endpoint_and_a_repeat_keep_no_photo(
    demo_client: FlaskClient, demo_session: Session, key: str, pins: list[Pin], send: Send
) -> None:
    url = REQUESTS.replace("/v2/", "/test/v2/")
    assert demo_client.post(url, data=form(key, pins, media=file(jpeg()))).status_code == 201
    assert uploaded() == []
    for _ in range(2):
        headers = {"Idempotency-Key": "p1"}
        assert (
            demo_client.post(REQUESTS, data=form(key, pins, media=file(jpeg())), headers=headers).status_code
            == 201
        )
    assert demo_session.scalar(text("select count(*) from photo")) == 1
    assert len(uploaded()) == len(photos.SIZES)


def test_a_photo_is_answered_with_two_statements(
    demo_client: FlaskClient, demo_session: Session, key: str, pins: list[Pin],
    demo_statements: Callable[[], AbstractContextManager[list[str]]],
) -> None:  # fmt: skip
    assert demo_client.post(REQUESTS, data=form(key, pins, media=file(jpeg()))).status_code == 201
    name = demo_session.scalar(text("select name from photo"))
    with demo_statements() as statements:
        assert demo_client.get(f"/photos/{name}.jpg").status_code == 200
    asked = [each for each in statements if not each.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK"))]
    assert len(asked) == 2, asked


def test_a_form_keeps_photos_with_its_report(demo_session: Session, send: Send, tmp_path: Path) -> None:
    number = send()
    report_id = demo_session.scalar(text("select id from report where tracking_number = :n"), {"n": number})
    storage = uploads(str(tmp_path))
    kept = [
        photos.keep_photo(demo_session, storage, 1, report_id, io.BytesIO(saved_as("PNG"))) for _ in range(2)
    ]
    assert [each.name for each in photos.photos_of(demo_session, 1, [report_id])[report_id]] == [
        each.name for each in kept
    ]
    content = photos.read_photo(storage, 1, kept[0].name, "large")
    assert content is not None
    assert len(content) == kept[0].bytes
    with pytest.raises(pictures.PhotoRefusedError, match="not a picture"):
        photos.keep_photo(demo_session, storage, 1, report_id, io.BytesIO(b"text named .jpg"))


@pytest.mark.parametrize(
    "name", ["../secret", "photos/1/../../x", "/etc/passwd", "photos/1/ab/..", "photos//x"]
)
def test_storage_keeps_inside_its_folder(tmp_path: Path, name: str) -> None:
    storage = uploads(str(tmp_path))
    for attempt in (
        lambda: storage.read(name),
        lambda: storage.keep(name, b"x"),
        lambda: storage.forget(name),
    ):
        with pytest.raises(ValueError, match="not the name"):
            attempt()

"""Telling it: photos of a phone, what others should not read, and what staff take out of view."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from flask import Flask
from PIL import Image
from playwright.sync_api import Page, expect
from sqlalchemy import text

from tests.browser.steps import choose, drag_map, look, sign_in
from webapp.pages import effort
from webapp.storage import uploads
from webapp.tickets import photos

pytestmark = pytest.mark.browser
GPS = 0x8825
PHONE_CAMERA = 4000, 3000


def taken(path: Path, kind: str, lon: float, lat: float) -> Path:
    """Save a photo as a phone's camera does, with where it was taken."""
    exif = Image.Exif()
    where = exif.get_ifd(GPS)
    for tag, degrees, letters in ((1, lat, "NS"), (3, lon, "EW")):
        minutes = abs(degrees) % 1 * 60
        where[tag] = letters[degrees < 0]
        where[tag + 1] = (float(int(abs(degrees))), float(int(minutes)), round(minutes % 1 * 60, 3))
    noise = Image.effect_noise((PHONE_CAMERA[0] // 10, PHONE_CAMERA[1] // 10), 60).convert("RGB")
    noise.resize(PHONE_CAMERA).save(path, kind, exif=exif, quality=90)
    return path


def test_a_report_with_photos_of_a_phone(
    browser_page: Page, screenshot: Callable[[str], Path], live_app: Flask, tmp_path: Path
) -> None:
    page, seen = browser_page, partial(look, browser_page, screenshot)
    page.goto("/")
    drag_map(page, 40, 30)
    lon, lat = (float(page.locator(f"input[name={name}]").input_value()) for name in ("lon", "lat"))
    choose(page, "Pothole")
    expect(page.get_by_role("heading", name="Tell us more")).to_be_visible()

    swerve = page.get_by_text("Do cars have to swerve around it?")
    expect(swerve).to_be_hidden()
    page.get_by_role("radio", name="Driving lane").click()
    expect(swerve).to_be_visible()
    page.get_by_role("radio", name="By the curb").click()
    expect(swerve).to_be_hidden()

    page.get_by_label("What should the crew know?").fill("Deep. Call 555-010-4477")
    expect(page.get_by_text("This looks like a phone number.")).to_be_visible()

    jpeg = taken(tmp_path / "hole.jpg", "JPEG", lon + 0.004, lat)
    heic = taken(tmp_path / "IMG_7.HEIC", "HEIF", lon, lat)
    page.locator("input[name=photos]").set_input_files([jpeg, heic])
    expect(page.locator("input[name=photo_token]")).to_have_count(2)
    expect(page.get_by_text(re.compile(r"This photo was taken about 3\d0 m from the pin"))).to_be_visible()
    page.get_by_label("What is to be seen?").first.fill("A hole as long as a shoe")
    page.get_by_text("Tell me when something happens").click()
    seen("tell")
    page.get_by_role("button", name="Move the pin there").click()
    # To the pixel of the map.
    near = "|".join(f"{lon + 0.004 + step * 1e-5:.5f}" for step in range(-3, 4))
    expect(page.locator("input[name=lon]")).to_have_value(re.compile(f"^({near})"))
    page.get_by_role("button", name="Send report").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()

    with live_app.extensions["engine"].connect() as connection:
        kept = connection.execute(
            text("SELECT city_id, name, width, height, alt FROM photo ORDER BY id")
        ).all()
        answers = connection.scalar(text("SELECT answers FROM report"))
    assert [(each.width, each.height) for each in kept] == [(2048, 1536)] * 2
    assert [each.alt for each in kept] == ["A hole as long as a shoe", ""]
    assert answers == {"where": "curb"}
    storage = uploads(live_app.config["PINWARD"].kept_in)
    for each in kept:
        content = photos.read_photo(storage, each.city_id, each.name, "large") or b""
        assert not Image.open(io.BytesIO(content)).getexif()


@pytest.mark.parametrize("browser_page", ["desk"], indirect=True)
def test_who_sends_many_reports_works_for_it_and_staff_check_what_others_see(
    browser_page: Page,
    screenshot: Callable[[str], Path],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    page, seen = browser_page, partial(look, browser_page, screenshot)
    page.emulate_media(color_scheme="dark")
    monkeypatch.setattr(effort, "FREE_OF_DEVICE", 0)
    monkeypatch.setattr(effort, "BITS", 12)
    page.goto("/")
    drag_map(page, 40, 30)
    choose(page, "Abandoned vehicle")
    expect(page.get_by_text("Somebody at the city looks at it first.")).to_be_visible()
    expect(page.get_by_text("Done. You can send it now.")).to_be_visible()
    page.get_by_label("What should the crew know?").fill("Rusty van of Ann Smith")
    page.locator("input[name=photos]").set_input_files(taken(tmp_path / "van.jpg", "JPEG", -89.0, 41.0))
    expect(page.locator("input[name=photo_token]")).to_have_count(1)
    page.get_by_role("button", name="Send report").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()

    sign_in(page, "agent", "/checking")
    expect(page.get_by_text("Rusty van of Ann Smith")).to_be_visible()
    seen("checking")
    page.get_by_role("link", name="Take something out first").click()
    page.get_by_text("Take words out", exact=True).click()
    page.get_by_label("Words to take out").fill("Ann Smith")
    page.get_by_label("Why?").first.fill("A name")
    page.get_by_role("button", name="Take them out").click()
    expect(page.get_by_text("Rusty van of █████")).to_be_visible()
    photo = page.locator("[data-redact]")
    photo.scroll_into_view_if_needed()
    box = photo.bounding_box()
    assert box
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 220, box["y"] + 120, steps=4)
    page.mouse.up()
    expect(page.get_by_label("Width")).not_to_have_value("")
    page.get_by_label("Why?").last.fill("A plate")
    seen("taking-out")
    page.get_by_role("button", name="Blur this part").click()
    expect(page.locator(".timeline__entry")).to_have_count(2)
    page.get_by_role("button", name="Undo").last.click()
    expect(page.get_by_text("Rusty van of Ann Smith")).to_be_visible()
    page.get_by_role("button", name="Show it to everybody").click()
    expect(page.get_by_text("Everybody may see it.")).to_be_visible()
    seen("seen")

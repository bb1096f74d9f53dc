"""What residents' phones ask for: how to install the site, what to keep, and a token to send a report with later."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.pages.spots import form, spot
from webapp.languages import OFFERED, locale_of

Counting = Callable[[], AbstractContextManager[list[str]]]


@pytest.mark.parametrize("language", OFFERED)
def test_the_site_is_installed_in_the_readers_language(demo_client: FlaskClient, language: str) -> None:
    page = demo_client.get(f"/?lang={language}").text
    assert f'<link rel="manifest" href="/app.webmanifest?lang={language}">' in page
    answer = demo_client.get(f"/app.webmanifest?lang={language}")
    told = answer.get_json()
    assert (answer.mimetype, told["lang"]) == ("application/manifest+json", language)
    assert told["dir"] == locale_of(language).text_direction
    assert "Alder Falls" in told["name"]
    assert "Set-Cookie" not in answer.headers


def test_its_pictures_are_what_the_manifest_says(demo_client: FlaskClient) -> None:
    icons = demo_client.get("/app.webmanifest").get_json()["icons"]
    assert {icon["purpose"] for icon in icons} == {"any", "maskable"}
    for icon in icons:
        with demo_client.get(icon["src"]) as answer:
            assert "immutable" in answer.headers["Cache-Control"]
            picture = Image.open(BytesIO(answer.data)).convert("RGBA")
        assert f"{picture.width}x{picture.height}" == icon["sizes"]
        # What is cut to a shape has a ground up to its corners.
        assert (picture.getpixel((0, 0))[3] == 255) == (icon["purpose"] == "maskable")


def test_what_a_phone_keeps_is_there_and_of_nobody(
    demo_client: FlaskClient, demo_statements: Counting
) -> None:
    demo_client.get("/kept?lang=es")
    with demo_statements() as statements:
        answer = demo_client.get("/kept?lang=es")
    told = answer.get_json()
    assert len(statements) <= 1
    assert set(told["pages"]) == {"/", "/on-this-phone", "/questions/all"}
    for address in [*told["assets"], *told["pages"].values()]:
        with demo_client.get(address) as kept:
            assert kept.status_code == 200, address
    again = demo_client.get("/kept?lang=es", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    assert demo_client.get("/kept?lang=ar").get_json()["tag"] != told["tag"]


def test_all_questions_are_those_of_each_service(demo_client: FlaskClient, demo_statements: Counting) -> None:
    with demo_statements() as statements:
        found = demo_client.get("/questions/all?lang=en").get_json()
    assert len(statements) <= 1
    assert "Where in the road is it?" in found["pothole"]
    for service, questions in found.items():
        assert questions == demo_client.get(f"/questions?service={service}&lang=en").text


def test_a_report_goes_out_later_with_a_token_of_now(demo_app: Flask, demo_session: Session) -> None:
    demo_app.config["WTF_CSRF_ENABLED"] = True
    client = demo_app.test_client()
    token = client.get("/report-token")
    assert "no-store" in token.headers["Cache-Control"]
    fields = form(spot(demo_session), csrf_token=token.get_json()["token"])
    first = client.post("/", data=fields)
    again = client.post("/", data=fields)
    assert first.status_code == again.status_code == 303
    assert first.location == again.location
    assert demo_session.scalar(text("select count(*) from report")) == 1
    assert client.post("/", data=fields | {"csrf_token": "of-long-ago"}).status_code == 422


def test_the_list_on_this_phone_takes_one_statement(
    demo_client: FlaskClient, demo_statements: Counting
) -> None:
    demo_client.get("/on-this-phone")
    with demo_statements() as statements:
        page = demo_client.get("/on-this-phone?lang=en").text
    assert len(statements) <= 1
    assert "My reports on this phone" in page

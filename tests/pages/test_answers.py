"""What every answer carries: files found by content, strict headers, and errors that help."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask, abort
from flask.testing import FlaskClient

from webapp.people.access import PUBLIC

ALL_PAGES = ("/", "/track", "/sign-in", "/nowhere")


@pytest.mark.parametrize("path", ALL_PAGES)
def test_scripts_run_only_from_our_own_files_or_with_the_answers_nonce(
    demo_client: FlaskClient, path: str
) -> None:
    answer = demo_client.get(path)
    policy = dict(part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; "))
    nonces = re.findall(r"'nonce-([^']+)'", policy["script-src"])
    assert policy["default-src"] == "'self'"
    assert "unsafe" not in str(policy)
    for attributes, body in re.findall(
        r"<(?:script|style)([^>]*)>(.*?)</(?:script|style)>", answer.text, re.DOTALL
    ):
        if body.strip():
            assert f'nonce="{nonces[0]}"' in attributes
    assert not re.search(r'\son[a-z]+="|\sstyle="|href="javascript:', answer.text)
    assert nonces[0] not in demo_client.get(path).text


@pytest.mark.parametrize("path", ALL_PAGES)
def test_no_page_names_another_site(demo_client: FlaskClient, path: str) -> None:
    page = demo_client.get(path).text
    assert re.findall(r'(?:src|href|action|data-[a-z-]+)="(?:https?:)?//', page) == []


def test_headers_protect_and_say_https_only_over_https(demo_client: FlaskClient) -> None:
    plain, secure = demo_client.get("/track"), demo_client.get("/track", base_url="https://311.example.gov")
    assert plain.headers["X-Content-Type-Options"] == "nosniff"
    assert plain.headers["Referrer-Policy"] == "same-origin"
    assert "Strict-Transport-Security" not in plain.headers
    assert "max-age=31536000" in secure.headers["Strict-Transport-Security"]


def test_built_files_are_kept_for_ever_and_come_compressed(demo_client: FlaskClient) -> None:
    path = re.search(r'href="(/static/dist/app-[^"]+\.css)"', demo_client.get("/track").text)
    assert path
    with demo_client.get(path[1]) as plain:
        assert "immutable" in plain.headers["Cache-Control"]
        size = len(plain.data)
    with demo_client.get(path[1], headers={"Accept-Encoding": "gzip, br"}) as packed:
        assert packed.headers["Content-Encoding"] == "br"
        assert packed.mimetype == "text/css"
        assert len(packed.data) < size / 4


@pytest.mark.parametrize(
    "path",
    [
        "/static/dist/../../pyproject.toml",
        "/static/styles/app.scss",
        "/static/dist/none.css",
        "/static/build/build.mjs",
    ],
)
def test_nothing_but_built_files_is_served(demo_client: FlaskClient, path: str) -> None:
    assert demo_client.get(path).status_code == 404


def test_pages_are_compressed(demo_client: FlaskClient) -> None:
    answer = demo_client.get("/", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert len(answer.data) < 20_000


@pytest.mark.parametrize("status", [400, 403, 404, 405, 413, 429, 500, 503])
def test_each_error_says_what_happened_and_what_to_do(
    demo_app: Flask, demo_client: FlaskClient, status: int
) -> None:
    view: Callable[[], str] = lambda: abort(status)  # noqa: E731
    view.access = PUBLIC  # type: ignore[attr-defined]
    demo_app.add_url_rule("/broken", view_func=view)
    answer = demo_client.get("/broken")
    assert answer.status_code == status
    assert re.search(r"<h1>[^<]{10,}</h1>\s*<p>[^<]{10,}</p>", answer.text)
    assert re.search(r'<a class="usa-button[^"]*" href="/[^"]*">', answer.text)
    assert "Traceback" not in answer.text


def test_an_unforeseen_error_is_a_page_without_its_inside(demo_app: Flask, demo_client: FlaskClient) -> None:
    def broken() -> str:
        raise RuntimeError("secret inside")

    broken.access = PUBLIC  # type: ignore[attr-defined]
    demo_app.add_url_rule("/broken", view_func=broken)
    demo_app.config.update(TESTING=False, PROPAGATE_EXCEPTIONS=False)
    answer = demo_client.get("/broken")
    assert answer.status_code == 500
    assert "secret inside" not in answer.text
    assert "Try again" in answer.text


def test_without_a_city_a_page_says_that_the_service_is_starting(client: FlaskClient) -> None:
    answer = client.get("/")
    assert answer.status_code == 503
    assert "not ready" in answer.text


@pytest.mark.parametrize(("cookie", "shown"), [("dark", True), ("light", True), ("<script>", False)])
def test_the_readers_choice_of_light_or_dark_is_in_the_page(
    demo_client: FlaskClient, cookie: str, shown: bool
) -> None:
    demo_client.set_cookie("theme", cookie)
    assert (f'data-theme="{cookie}"' in demo_client.get("/track").text) == shown

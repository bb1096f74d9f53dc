"""Whatever another system answers, it is understood or an error in words: never a hang, a bomb or a crash."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

import pytest

from webapp.notices import outside
from webapp.notices.georeport import Office, RefusedError
from webapp.notices.outside import NoAnswerError, NotSentError

NOON = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)
BOMB = (
    b'<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(b'<!ENTITY %c "%s">' % (new, b"&%c;" % (new - 1) * 10) for new in range(ord("b"), ord("j")))
    + b"]><service_requests><request><service_request_id>&i;</service_request_id></request></service_requests>"
)
Answers = Callable[[int, bytes], Office]


@pytest.fixture
def answers() -> Iterator[Callable[..., Office]]:
    """``answers(200, b"[]")``: an office that always answers so."""
    said: dict[str, Any] = {"status": 200, "body": b"", "forever": False}
    over = Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(said["status"])
            self.end_headers()
            with suppress(OSError):
                self.wfile.write(said["body"])
                while said["forever"] and not over.is_set():
                    self.wfile.write(b" ")
                    time.sleep(0.05)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        def log_message(self, *_arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()

    def office(status: int, body: bytes, form: str = "json", *, forever: bool = False) -> Office:
        said.update(status=status, body=body, forever=forever)
        return Office(f"http://127.0.0.1:{server.server_port}/", "key", form, None, inside=True)

    yield office
    over.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("form", "body"),
    [
        ("json", b'[{"service_request_id": 293944}]'),
        ("json", b'{"service_request_id": " 293944 "}'),
        ("xml", b"<service_requests><request><service_request_id>293944</service_request_id></request></service_requests>"),
    ],
)  # fmt: skip
def test_a_number_is_understood_in_every_way_it_is_written(
    answers: Callable[..., Office], form: str, body: bytes
) -> None:
    assert answers(201, body, form).send([], "x").reference == "293944"


@pytest.mark.parametrize(
    ("status", "form", "body", "error", "words"),
    [
        (400, "json", b'[{"code": 400, "description": "lat: is missing"}]', RefusedError, "Answered 400. lat: is missing"),
        (200, "json", b'[{"code": 400, "description": "No such service"}]', RefusedError, "No such service"),
        (403, "xml", b"<errors><error><code>403</code><description>Bad key</description></error></errors>", RefusedError, "Bad key"),
        (404, "json", b"<html>", RefusedError, "Answered 404."),
        (408, "json", b"", NotSentError, "Answered 408."),
        (302, "json", b"", NotSentError, "Answered 302."),
        (500, "json", b"\xff", NotSentError, "Answered 500."),
        (200, "json", b"<html>", NotSentError, "with what is no JSON"),
        (200, "json", b"[" * 100_000, NotSentError, "with what is no JSON"),
        (200, "json", b"[]", NotSentError, "without saying what it made"),
        (200, "json", b"[1, null]", NotSentError, "without saying what it made"),
        (200, "xml", BOMB, NotSentError, "with what is no XML"),
        (200, "xml", b"<!DOCTYPE r SYSTEM 'file:///etc/passwd'><r/>", NotSentError, "without saying"),
        (200, "xml", b"nothing", NotSentError, "with what is no XML"),
    ],
)  # fmt: skip
def test_what_is_no_number_is_an_error_that_says_whether_it_may_have_been_taken(
    answers: Callable[..., Office], status: int, form: str, body: bytes, error: type[Exception], words: str
) -> None:
    with pytest.raises(NotSentError, match=words) as caught:
        answers(status, body, form).send([], "x")
    assert type(caught.value) is error


def test_who_answers_for_ever_or_too_much_is_cut_off(
    answers: Callable[..., Office], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outside, "MOST_BYTES", 1000)
    with pytest.raises(NotSentError, match="more than 1,000 bytes"):
        answers(200, b"x" * 2000).statuses(["1"])
    monkeypatch.setattr(outside, "MOST_BYTES", 10**9)
    monkeypatch.setattr(outside, "LONGEST_S", 0.3)
    # Cut, it is half an answer: what came by then is no JSON.
    with pytest.raises(NotSentError):
        answers(200, b"[", forever=True).statuses(["1"])


def test_one_that_knows_no_pages_is_read_once(answers: Callable[..., Office]) -> None:
    told = b'[{"update_id": 1, "service_request_id": 2, "status": "OPEN", "updated_datetime": "2026-11-20T18:00:00"}]'
    (heard,) = answers(200, told).updates(NOON, NOON) or []
    assert (heard.update_id, heard.reference, heard.status, heard.at) == ("1", "2", "open", NOON)
    assert answers(404, b"").updates(NOON, NOON) is None
    with pytest.raises(NotSentError, match=r"Answered 503\."):
        answers(503, b"").updates(NOON, NOON)


def test_a_number_that_somebody_else_mentioned_is_not_taken_for_ours(answers: Callable[..., Office]) -> None:
    rows = (
        b'[{"service_request_id": 1, "description": "Like Pinward demo: K7Q-M4X-PRT\\n\\nPinward demo: 000-000-001"},'
        b' {"service_request_id": 2, "description": "Paint\\n\\nPinward demo: K7Q-M4X-PRT (received)"}]'
    )
    office = answers(200, rows)
    assert office.find("x", "Pinward demo: ", "K7Q-M4X-PRT", NOON) == "2"
    assert office.find("x", "Pinward demo: ", "K7Q-M4X-PRV", NOON) is None


def test_a_private_address_is_never_asked() -> None:
    office = Office("https://127.0.0.1:9/", "key", "json", None, inside=False)
    with pytest.raises(NotSentError, match="private network"):
        office.send([], "x")
    with pytest.raises(NoAnswerError):
        Office("http://127.0.0.1:9/", "key", "json", None, inside=True).statuses(["1"])

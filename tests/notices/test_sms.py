"""SMS: short, in the reader's language, by a real HTTP gateway, and with no number in the log."""

from __future__ import annotations

import json
from dataclasses import replace
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from tests.notices.conftest import Listener, Town
from webapp.config import settings
from webapp.languages import sentences
from webapp.notices.jobs import run
from webapp.notices.sms import _number, parts, text_of
from webapp.notices.wording import Words


def words(language: str = "en", **values: object) -> Words:
    gettext = sentences(language).gettext
    made = Words(
        say=lambda sentence, **given: str(gettext(sentence)) % given,
        language=language,
        direction="ltr",
        subject=str(gettext("We have your report")),
        about="Street light out or damaged",
        where="1234 North Meadowbrook Avenue",
        number="K7Q-M4X-PRT",
        opening="",
        note="",
        facts=[],
        link="https://311.example.gov/track/K7Q-M4X-PRT",
        link_words="",
        stop_link="https://311.example.gov/stop/0123456789abcdef0123/1234567",
        one_tap="",
        city="Alder Falls",
        phone=None,
        is_first=True,
        date="",
    )
    return replace(made, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("é" * 160, 1),
        ("ê" * 70, 1),
        ("ê" * 71, 2),
        ("🙂" * 35, 1),
        ("🙂" * 36, 2),
        ("", 1),
    ],
)
def test_parts_are_counted_as_phones_count_them(text: str, count: int) -> None:
    assert parts(text) == count


@given(st.text(max_size=60), st.text(max_size=60))
def test_what_can_be_one_part_is_and_the_first_says_how_to_stop(about: str, where: str) -> None:
    for first in (True, False):
        told = words(about=about, where=where, is_first=first)
        text = text_of(told)
        assert told.link in text
        assert told.subject in text
        assert parts(text) == 1
        assert told.stop_link in text or not first


@pytest.mark.parametrize(("language", "most"), [("en", 1), ("es", 1), ("vi", 3), ("zh-Hans", 3), ("ar", 3)])
def test_languages_beyond_gsm_take_few_parts_and_spanish_one(language: str, most: int) -> None:
    assert parts(text_of(words(language, about="Alumbrado público"))) <= most


@pytest.mark.parametrize(
    ("phone", "country", "number"),
    [
        ("(617) 555-0100", "1", "+16175550100"),
        ("1 617 555 0100", "+1", "+16175550100"),
        ("+44 20 7946 0000", "1", "+442079460000"),
        ("0044 20 7946 0000", "1", "+442079460000"),
    ],
)
def test_numbers_are_sent_with_their_country(phone: str, country: str, number: str) -> None:
    assert _number(phone, country) == number


@pytest.mark.parametrize(
    "form", ['{"messages": [{"to": "{to}", "body": "{text}"}]}', "To={to}&Body={text}&Id={id}"]
)
def test_the_gateway_gets_number_text_token_and_a_key_that_stays(
    town: Town, listener: Listener, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    monkeypatch.setenv("PINWARD_SMS_URL", listener.url)
    monkeypatch.setenv("PINWARD_SMS_BODY", form)
    monkeypatch.setenv("PINWARD_SMS_TOKEN", "hush")
    settings.cache_clear()
    report = town.report(None, name="Ada", prefers="sms", phone="(617) 555-0100", language="es")
    listener.answers = [503, 202]
    with capture_logs() as logs:
        assert run(town.session, settings()) == 0
        town.due_now()
        assert run(town.session, settings()) == 1
    assert "555" not in json.dumps(logs, default=str)
    (first, body), (second, again) = listener.heard
    assert first["Idempotency-Key"] == second["Idempotency-Key"]
    assert body == again
    assert first["Authorization"] == "Bearer hush"
    if form.startswith("{"):
        (sent,) = json.loads(body)["messages"]
        to, text = sent["to"], sent["body"]
    else:
        sent = parse_qs(body.decode())
        to, text = sent["To"][0], sent["Body"][0]
    assert to == "+16175550100"
    assert report.tracking_number in text
    assert "Tenemos su reporte" in text


def test_a_refused_number_fails_for_good_and_holds_nobody_up(
    town: Town, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PINWARD_SMS_URL", listener.url)
    settings.cache_clear()
    town.report(None, name="A", prefers="sms", phone="617 555 0100")
    town.report(None, name="B", prefers="sms", phone="617 555 0101")
    listener.answers = [422, 200]
    assert run(town.session, settings()) == 1
    refused, sent = town.notices()
    assert (refused.state, sent.state) == ("failed", "sent")
    assert "555" not in refused.error


def test_without_a_gateway_texts_are_files_and_the_log_has_no_number(town: Town) -> None:
    town.report(None, name="A", prefers="sms", phone="617 555 0100")
    with capture_logs() as logs:
        assert run(town.session, settings()) == 1
    (path,) = (settings().home / "mail").iterdir()
    assert json.loads(path.read_text())["to"] == "+16175550100"
    assert [entry["event"] for entry in logs] == ["sms kept as a file"]
    assert "555" not in json.dumps(logs)

"""Messages: what they say, where they go, and what becomes of those that are refused."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text, update

from tests.notices.conftest import MailServer, Town
from webapp.catalog.models import Service
from webapp.config import Settings, settings
from webapp.notices.jobs import run
from webapp.people.models import Contact


def test_without_a_mail_server_each_message_is_one_file(town: Town, town_settings: Settings) -> None:
    town.report("ada@example.org")
    assert run(town.session, town_settings) == 1
    (path,) = (town_settings.home / "mail").iterdir()
    assert path.suffix == ".eml"
    # As if the worker had been killed before it could note that the file was written.
    town.session.execute(text("update notice set state = 'pending', sent_at = null"))
    town.due_now()
    assert run(town.session, town_settings) == 1
    assert list((town_settings.home / "mail").iterdir()) == [path]
    assert run(town.session, town_settings) == 0


def test_the_message_says_what_happened_and_what_is_promised_in_the_citys_time(
    town: Town, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PINWARD_URL", "https://311.town.example/")
    settings.cache_clear()
    report = town.report("ada@example.org", description="Buy pills at http://spam.example")
    run(town.session, settings())
    (message,) = mail_server.accepted
    assert message["To"] == "Ada <ada@example.org>"
    assert message["Subject"] == f"We have your report: Pothole ({report.tracking_number})"
    assert message["From"] == settings().mail_from
    assert message["Message-ID"].endswith("@311.town.example>")
    assert message["Auto-Submitted"] == "auto-generated"
    plain = message.get_body(("plain",))
    rich = message.get_body(("html",))
    assert plain is not None
    assert rich is not None
    for body in (plain.get_content(), rich.get_content()):
        assert f"https://311.town.example/track/{report.tracking_number}" in body
        assert "Friday, November 27, 2026, 5:00" in body  # 23:00 UTC in Chicago
        assert "12 Main St" in body
        assert "555-0311" in body
        assert "pills" not in body, "nobody can have us mail their own words to any address"
    assert "Public <Works>" in plain.get_content()
    assert "Public &lt;Works&gt;" in rich.get_content()
    assert "Keep clear of it." in plain.get_content()


@pytest.mark.parametrize(
    ("language", "direction", "subject", "promised"),
    [
        ("es-MX", "ltr", "Tenemos su reporte: Bache", "viernes, 27 de noviembre de 2026, 17:00"),
        ("zh-Hans", "ltr", "我们已收到您的报告: Pothole", "2026年11月27日星期五 17:00"),
        ("ar", "rtl", "وصلنا بلاغك: Pothole", "الجمعة، 27 نوفمبر 2026، 5:00 م"),
        ("fr", "ltr", "We have your report: Pothole", "Friday, November 27, 2026, 5:00 PM"),
    ],
)
def test_a_mail_speaks_its_readers_language(
    town: Town, mail_server: MailServer, language: str, direction: str, subject: str, promised: str
) -> None:
    town.session.execute(update(Service).values(translations={"es": {"name": "Bache"}}))
    town.report("ada@example.org", language=language)
    run(town.session, settings())
    (message,) = mail_server.accepted
    assert str(message["Subject"]).startswith(f"{subject} (")
    rich = message.get_body(("html",))
    assert rich is not None
    assert f'dir="{direction}"' in rich.get_content()
    assert promised in rich.get_content()


def test_each_kind_of_entry_has_its_words_and_the_crews_note_is_quoted(
    town: Town, mail_server: MailServer, town_settings: Settings
) -> None:
    town.report("ada@example.org", kind="joined")
    for kind in ("scheduled", "in_progress", "referred", "done", "declined", "reopened"):
        town.happens(kind, note=f"note on <{kind}>")
    run(town.session, settings())
    subjects = [str(message["Subject"]).partition(":")[0] for message in mail_server.accepted]
    assert len(set(subjects)) == 7
    done = mail_server.accepted[4]
    assert subjects[4] == "The work is done"
    assert "note on <done>" in done.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "note on &lt;done&gt;" in done.get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert "Promised" not in done.get_body(("plain",)).get_content()  # type: ignore[union-attr]


def test_a_passing_failure_is_tried_again_later_and_later(
    town: Town, mail_server: MailServer, town_settings: Settings
) -> None:
    town.report("ada@example.org")
    mail_server.replies = ["451 later", "450 later"]
    pauses = []
    for attempt in (1, 2):
        assert run(town.session, settings()) == 0
        (notice,) = town.notices()
        assert (notice.state, notice.attempts) == ("pending", attempt)
        assert "45" in notice.error
        pauses.append(notice.next_attempt_at - datetime.now(UTC))
        assert run(town.session, settings()) == 0, "it is not due yet"
        assert town.notices()[0].attempts == attempt
        town.due_now()
    assert timedelta(seconds=30) < pauses[0] < timedelta(seconds=61) < pauses[1] < timedelta(seconds=121)
    assert run(town.session, settings()) == 1
    (notice,) = town.notices()
    assert (notice.state, notice.error) == ("sent", "")
    assert mail_server.to() == ["Ada <ada@example.org>"]


def test_a_refused_address_fails_for_good_and_holds_nobody_up(
    town: Town, mail_server: MailServer, town_settings: Settings
) -> None:
    town.report("gone@example.org")
    town.report("bob@example.org", name="Bob")
    mail_server.replies = ["550 no such user gone@example.org"]
    assert run(town.session, settings()) == 1
    refused, accepted = town.notices()
    assert (refused.state, accepted.state) == ("failed", "sent")
    assert "550" in refused.error
    assert "gone@" not in refused.error, "errors are shown and logged: they hold no address"


def test_a_contact_that_is_no_address_fails_and_holds_nobody_up(
    town: Town, mail_server: MailServer, town_settings: Settings
) -> None:
    for email in ("a b@example.org", "x@y@z", "no-at-sign", 'say"@example.org'):
        town.report(email)
    town.report("bob@example.org", name="Bob")
    assert run(town.session, settings()) == 1
    assert [notice.state for notice in town.notices()] == ["failed"] * 4 + ["sent"]
    assert mail_server.to() == ["Bob <bob@example.org>"]


def test_names_cannot_add_headers(town: Town, mail_server: MailServer, town_settings: Settings) -> None:
    town.report("ada@example.org", name="Ada\r\nBcc: victim@example.org")
    run(town.session, settings())
    assert all(message["Bcc"] is None for message in mail_server.accepted)


def test_attempts_end(town: Town, mail_server: MailServer, town_settings: Settings) -> None:
    town.report("ada@example.org")
    run_attempts = 0
    while run_attempts < 30:
        mail_server.replies = ["451 later"]
        run(town.session, settings())
        run_attempts += 1
        if town.notices()[0].state == "failed":
            break
        town.due_now()
    assert run_attempts == 12
    assert mail_server.accepted == []


def test_while_the_mail_server_is_away_nothing_is_lost_or_used_up(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PINWARD_SMTP", "smtp://127.0.0.1:1")
    settings.cache_clear()
    town.report("ada@example.org")
    assert run(town.session, settings()) == 0
    (notice,) = town.notices()
    assert (notice.state, notice.attempts) == ("pending", 0)


def test_a_contact_erased_meanwhile_gets_nothing(
    town: Town, mail_server: MailServer, town_settings: Settings
) -> None:
    report = town.report("ada@example.org")
    mail_server.replies = ["451 later"]
    run(town.session, settings())
    contact = town.session.get(Contact, (town.city.id, report.contact_id))
    report.contact_id = None
    town.session.flush()
    town.session.delete(contact)
    town.due_now()
    assert run(town.session, settings()) == 0
    assert town.notices() == []


def test_no_password_goes_out_unencrypted(
    town: Town, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = os.environ["PINWARD_SMTP"].replace("smtp://", "smtp://user:secret@")
    monkeypatch.setenv("PINWARD_SMTP", url)
    settings.cache_clear()
    town.report("ada@example.org")
    assert run(town.session, settings()) == 0
    assert town.notices()[0].attempts == 0

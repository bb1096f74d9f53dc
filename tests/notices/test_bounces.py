"""Mail that comes back: known by its envelope address, believed only with the contact's key."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from tests.notices.conftest import MailServer, Town
from webapp.cli.mail import mail
from webapp.config import settings
from webapp.notices import bounces
from webapp.notices.jobs import run

KEY = "0123456789abcdef0123"
BACK = f"bounces+alder-falls.17.{KEY}@311.example.gov"


def report(
    to: str = BACK,
    action: str = "failed",
    status: str = "5.1.1",
    diagnostic: str = "smtp; 550 5.1.1 <ada@example.org> unknown",
) -> bytes:
    """A delivery status notification, as Postfix writes it."""
    return (
        f"From: MAILER-DAEMON@mx.example.net\r\nTo: {to}\r\nSubject: Undelivered Mail Returned to Sender\r\n"
        'MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nI'm sorry.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        "Reporting-MTA: dns; mx.example.net\r\nArrival-Date: Sun, 22 Nov 2026 10:00:00 -0600\r\n\r\n"
        f"Final-Recipient: rfc822; ada@example.org\r\nAction: {action}\r\nStatus: {status}\r\n"
        f"Diagnostic-Code: {diagnostic}\r\n\r\n"
        "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: We have your report\r\n\r\nHello\r\n--b--\r\n"
    ).encode()


@pytest.mark.parametrize(
    ("raw", "failed", "is_dead"),
    [
        (report(), True, True),
        (report(status="5.1.1 (no such user)"), True, True),
        (report(status="5.2.1"), True, True),
        (report(status="5.1.10", diagnostic="smtp; 556 5.1.10 null MX"), True, True),
        # Exim and qmail report nothing of their own: the other server's words count.
        (report(status="5.0.0"), True, True),
        (report(status="5.0.0", diagnostic="smtp; 550 No such user"), True, True),
        (report(status="", diagnostic="smtp; 550 5.7.1 looks like spam"), True, False),
        (report(status="5.0.0", diagnostic="x-local; something"), True, False),
        # A full mailbox, a text that is refused, a mail that is late: the address lives.
        (report(status="5.2.2", diagnostic="smtp; 552 5.2.2 mailbox full"), True, False),
        (report(status="5.7.1"), True, False),
        (report(action="delayed", status="4.4.1"), False, False),
        (report(action="delivered", status="2.0.0"), False, False),
    ],
)
def test_only_an_address_that_does_not_exist_is_dead(raw: bytes, failed: bool, is_dead: bool) -> None:
    found = bounces.read(raw)
    assert found is not None
    assert (found.slug, found.notice_id, found.key) == ("alder-falls", 17, KEY)
    assert (found.failed, found.is_dead) == (failed, is_dead)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xfe\x00",
        b"To: somebody@example.org\r\n\r\nHello",
        f"To: {BACK}\r\nSubject: I am on holiday\r\nAuto-Submitted: auto-replied\r\n\r\nBack soon".encode(),
        report(to="bounces@311.example.gov"),
        report(to=f"bounces+alder-falls.17.{KEY[:-1]}@311.example.gov"),
    ],
)
def test_what_reports_on_no_mail_of_ours_is_nothing(raw: bytes) -> None:
    assert bounces.read(raw) is None


def test_the_mail_server_may_tell_the_address_itself() -> None:
    assert bounces.read(report(to="undisclosed-recipients:;"), BACK) is not None


def pipe(raw: bytes, *arguments: str) -> tuple[int, str]:
    """What a mail server does: ``pinward mail bounce < message``."""
    done = CliRunner().invoke(mail, ["bounce", *arguments], input=raw)
    return done.exit_code, done.output


def test_a_dead_address_is_written_to_no_more_and_whoever_has_a_number_is_called(
    town: Town, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PINWARD_BOUNCES", "bounces@311.example.gov")
    settings.cache_clear()
    town.report("ada@example.org", phone="617 555 0100")
    assert run(town.session, settings()) == 1
    (sender,) = mail_server.senders
    assert sender is not None
    assert sender.startswith("bounces+town.")
    assert mail_server.accepted[0]["From"] == settings().mail_from
    assert mail_server.accepted[0]["Return-Path"] is None

    wrong = report(to=f"{sender[: sender.index('@') - 20]}{'0' * 20}@311.example.gov")
    assert pipe(wrong)[1].startswith("Nothing failed")
    assert [notice.state for notice in town.notices()] == ["sent"]

    code, said = pipe(report(to="x@example.net"), "--to", sender)
    assert code == 0
    assert "no more mail goes there" in said
    assert "ada@" not in said
    came_back, by_phone = town.notices()
    assert (came_back.state, came_back.error) == ("failed", "The mail came back (5.1.1).")
    assert (by_phone.channel, by_phone.state) == ("phone", "pending")
    town.happens("done")
    assert run(town.session, settings()) == 0
    assert [notice.channel for notice in town.notices()] == ["mail", "phone", "phone"]
    assert pipe(report(to=sender))[0] == 0, "the same report again changes nothing"
    assert len(town.notices()) == 3


def test_the_pipe_is_told_to_come_again_while_the_database_is_away(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    settings.cache_clear()
    assert pipe(report())[0] == 75
    assert pipe(b"Subject: hello\r\n\r\nhello")[0] == 0


def test_an_address_that_is_refused_at_once_is_dead_only_where_the_server_says_so(
    town: Town, mail_server: MailServer
) -> None:
    town.report("gone@example.org", name="Gone", phone="617 555 0100")
    town.report("spam@example.org", name="Spam", phone="617 555 0101")
    mail_server.replies = ["550 5.1.1 no such user", "550 5.7.1 we do not like you"]
    assert run(town.session, settings()) == 0
    assert [(notice.channel, notice.state) for notice in town.notices()] == [
        ("mail", "failed"),
        ("mail", "failed"),
        ("phone", "pending"),
    ]

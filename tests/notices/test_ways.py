"""Each hears by the way they want, where that is possible; who asked for no more hears nothing."""

from __future__ import annotations

from sqlalchemy import select

from tests.fixtures.databases import settle
from tests.notices.conftest import MailServer, Town
from webapp.config import settings
from webapp.notices import messages, outbox, stopping
from webapp.notices.jobs import run
from webapp.people import contacts
from webapp.people.models import Contact
from webapp.tickets import following


def channels(town: Town) -> list[str]:
    outbox.read(town.session, town.city.id)
    town.session.commit()
    return [notice.channel for notice in town.notices()]


def test_the_way_that_somebody_wants_decides_the_channel(town: Town) -> None:
    town.report("a@example.org", name="A", prefers="email", phone="555 010 0001")
    town.report("b@example.org", name="B", prefers="sms", phone="555 010 0002")
    town.report(None, name="C", prefers="phone", phone="555 010 0003")
    town.report(None, name="D", prefers="letter", postal_address="1 Main St")
    assert channels(town) == ["mail", "sms", "phone", "letter"]


def test_where_the_way_is_impossible_or_unwanted_nothing_is_made(town: Town) -> None:
    town.report("a@example.org", name="A", prefers="none", phone="555 010 0001")
    town.report("b@example.org", name="B", prefers="sms")
    town.report(None, name="C", prefers="email", phone="555 010 0003")
    town.report("d@example.org", name="D", prefers="letter")
    assert channels(town) == []


def test_one_phone_gets_one_message_however_its_number_is_written(town: Town) -> None:
    town.report(None, name="A", prefers="sms", phone="(555) 010-0001")
    town.report(None, name="A.", prefers="sms", phone="+1 555 010 0001", kind="joined")
    outbox.read(town.session, town.city.id)
    town.happens("done")
    outbox.read(town.session, town.city.id)
    town.session.commit()
    assert [kind for kind, _ in town.told()] == ["received", "joined", "done"]


def test_a_follower_hears_what_becomes_of_it_and_not_that_it_was_reported(town: Town) -> None:
    report = town.report(None, name=None)
    follower = contacts.find_or_make(
        town.session, town.city.id, contacts.ContactDetails("F", "follower@example.org")
    )
    asked = following.ask_to_follow(town.session, town.city.id, report.id, follower)
    town.happens("scheduled")
    assert channels(town) == [], "who did not confirm hears nothing"
    following.confirm(town.session, town.city.id, asked)
    town.happens("done")
    assert channels(town) == ["mail"]
    following.stop(town.session, town.city.id, asked)
    town.happens("reopened")
    assert channels(town) == ["mail"]


def test_stopped_for_one_report_or_altogether_under_every_name_and_back(
    town: Town, mail_server: MailServer
) -> None:
    first = town.report("ada@example.org", name="Ada")
    second = town.report("ADA@example.org", name="Ada L.", kind="joined")
    outbox.read(town.session, town.city.id)
    assert first.contact_id is not None
    stopping.stop_report(town.session, town.city.id, first.contact_id, first.id)
    town.session.commit()
    assert {notice.state for notice in town.notices()} == {"stopped"}, "nor what waited"
    town.happens("done")
    settle(town.session)
    town.ticket = town.add_ticket()
    other = town.report("ada@example.org", name="Ada")
    assert run(town.session, settings()) == 1
    assert str(other.tracking_number) in mail_server.accepted[0]["Subject"]

    stopping.stop_all(town.session, town.city.id, first.contact_id)
    town.happens("done")
    settle(town.session)
    assert run(town.session, settings()) == 0
    asked = messages.Message("Your link", "Here it is.", "/my/x", "Open")
    assert not messages.hand_over(town.session, town.city.id, first.contact_id, asked, key="a")
    assert messages.hand_over(town.session, town.city.id, first.contact_id, asked, key="b", asked_for=True), (
        "what they ask for themselves comes all the same"
    )
    assert run(town.session, settings()) == 1

    stopping.resume(town.session, town.city.id, first.contact_id, second.id)
    town.happens("reopened")
    assert run(town.session, settings()) == 1


def test_who_stops_between_making_and_sending_gets_nothing(town: Town, mail_server: MailServer) -> None:
    report = town.report("ada@example.org")
    outbox.read(town.session, town.city.id)
    assert report.contact_id is not None
    contacts.stop(town.session, town.city.id, [report.contact_id])
    town.session.commit()
    assert run(town.session, settings()) == 0
    assert [notice.state for notice in town.notices()] == ["stopped"]


def test_a_message_handed_over_comes_once_in_its_own_words_with_its_own_way_to_stop(
    town: Town, mail_server: MailServer
) -> None:
    report = town.report("ada@example.org", actor="import")
    assert report.contact_id is not None
    told = messages.Message(
        "Is it fixed?", "Tell us.\n\nIt takes a minute.", "/track/X/fixed", "Answer", "/s/1"
    )
    for _ in range(2):
        messages.hand_over(town.session, town.city.id, report.contact_id, told, key="survey 1")
        town.session.commit()
    assert run(town.session, settings()) == 1
    (mail,) = mail_server.accepted
    assert mail["Subject"] == "Is it fixed?"
    assert mail["List-Unsubscribe"] == "<http://localhost:8311/s/1>"
    body = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "It takes a minute." in body
    assert "Answer: http://localhost:8311/track/X/fixed" in body


def test_keys_of_contacts_are_their_own(town: Town) -> None:
    for name in "ABC":
        town.report(f"{name}@example.org", name=name)
    keys = town.session.scalars(select(Contact.key)).all()
    assert len(set(keys)) == 3
    assert all(len(key) == 20 for key in keys)
    assert stopping.reader(town.session, town.city.id, "0" * 20, None) is None

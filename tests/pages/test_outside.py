"""The administrators' page of other systems: what is on its way, why it does not arrive, and sending it again."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TypeVar

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from layers.queries import city_by_slug
from tests.pages.people import sign_in
from tests.pages.spots import spot
from webapp.catalog.models import Department
from webapp.intake.draft import Draft
from webapp.intake.submit import submit
from webapp.notices import webhooks
from webapp.notices.models import BackOffice, BackOfficeOrder, BackOfficeUpdate, WebhookDelivery
from webapp.people import audit
from webapp.tickets.models import TimelineEntry
from webapp.tickets.updating import call_it

URL = "/admin/outside"
Row = TypeVar("Row")


class Systems:
    """A back office and a webhook, each with something on its way."""

    def __init__(self, session: Session) -> None:
        self.session = session
        city = city_by_slug(session, "demo")
        where = spot(session)
        receipt = submit(session, city, Draft(service_code="graffiti", lon=where.lon, lat=where.lat))
        self.number, self.report_id = receipt.tracking_number, receipt.report_id
        self.ticket_id = receipt.ticket_id
        department = session.scalars(select(Department.id).where(Department.city_id == city.id)).first()
        self.office = BackOffice(
            city_id=city.id, id=1, code="yard", endpoint="https://yard.example/open311/v2/", form="json",
            department_id=department, services={}, states={}, error="Answered 500.",
        )  # fmt: skip
        session.add(self.office)
        self.hook = webhooks.add(session, city.id, "https://works.example/hook")
        session.flush()
        entries = session.scalars(
            select(TimelineEntry.id).where(TimelineEntry.ticket_id == receipt.ticket_id)
        )
        first, second = list(entries)[:2]
        self.order = self.add(
            BackOfficeOrder(
                city_id=city.id,
                back_office_id=1,
                report_id=self.report_id,
                attempts=10,
                error="Answered 403. api_key: is not valid.",
            )
        )
        self.failing = self.add(
            WebhookDelivery(
                city_id=city.id,
                webhook_id=self.hook.id,
                timeline_id=first,
                attempts=2,
                error="Answered 502.",
                next_at=func.now(),
            )
        )
        self.delivered = self.add(
            WebhookDelivery(
                city_id=city.id,
                webhook_id=self.hook.id,
                timeline_id=second,
                attempts=1,
                delivered_at=func.now(),
            )
        )
        self.add(
            BackOfficeUpdate(
                city_id=city.id,
                back_office_id=1,
                update_id="u/1",
                report_id=self.report_id,
                status="in_progress",
                note="<b>On</b> our way",
                updated_at=func.now(),
                refused="A ticket that is declined cannot be moved.",
            )
        )
        session.commit()

    def add(self, row: Row) -> Row:
        self.session.add(row)
        self.session.flush()
        return row


@pytest.fixture
def systems(demo_session: Session) -> Systems:
    return Systems(demo_session)


@pytest.fixture
def admin(demo_client: FlaskClient) -> FlaskClient:
    sign_in(demo_client, "administrator")
    return demo_client


def test_it_shows_each_system_and_what_stands_how(admin: FlaskClient, systems: Systems) -> None:
    page = admin.get(URL).text
    assert "Back office yard" in page
    assert "0 waiting" in page
    assert "1 given up" in page
    assert "Answered 500." in page
    assert "Answered 502." in page
    assert "Answered 403" not in page
    assert "&lt;b&gt;On&lt;/b&gt; our way" in page
    dead = admin.get(f"{URL}?state=dead&system=office-1").text
    assert systems.number in dead
    assert "Answered 403. api_key: is not valid." in dead
    assert "Answered 502." not in dead
    sent = admin.get(f"{URL}?state=sent").text
    assert f"delivery {systems.delivered.id}" in sent
    assert systems.hook.secret not in page + dead + sent


def test_one_thing_or_all_are_sent_again_but_nothing_twice_to_a_back_office(
    admin: FlaskClient, systems: Systems, demo_session: Session
) -> None:
    def again(entry: str) -> int:
        return admin.post(f"{URL}/again", data={"entry": entry, "state": "dead"}).status_code

    assert again(f"hook-{systems.delivered.id}") == 302
    demo_session.refresh(systems.delivered)
    assert (systems.delivered.attempts, systems.delivered.delivered_at) == (0, None)
    assert systems.delivered.next_at is not None
    assert admin.post(f"{URL}/again/all", data={"system": "office-1"}).status_code == 302
    demo_session.refresh(systems.order)
    assert (systems.order.attempts, systems.order.next_at is None) == (0, False)
    systems.order.sent_at, systems.order.next_at = systems.order.next_at, None
    demo_session.commit()
    assert again(f"office-{systems.order.id}") == 404
    kinds = [row.kind for row in audit.trail(demo_session, 1, limit=2)]
    assert kinds == ["outside_again", "outside_again"]


@pytest.mark.parametrize("system", ["office-1", "hook"])
def test_a_system_is_paused_and_goes_on(
    admin: FlaskClient, systems: Systems, demo_session: Session, system: str
) -> None:
    named = system if "-" in system else f"hook-{systems.hook.id}"
    found = systems.office if "-" in system else systems.hook
    assert admin.post(f"{URL}/pause", data={"system": named, "paused": "1"}).status_code == 302
    demo_session.refresh(found)
    assert found.paused_at is not None
    assert webhooks.claim(demo_session, 1, silent=set()) is None or system == "office-1"
    assert "paused" in admin.get(URL).text
    assert admin.post(f"{URL}/pause", data={"system": named, "paused": "0"}).status_code == 302
    demo_session.refresh(found)
    assert found.paused_at is None


def test_a_crew_reads_what_another_system_calls_its_ticket(
    admin: FlaskClient, systems: Systems, demo_session: Session
) -> None:
    call_it(demo_session, 1, systems.report_id, "yard", "WO<4711>")
    demo_session.commit()
    assert 'WO&lt;4711&gt; <span class="quiet">· yard' in admin.get(f"/crew/{systems.ticket_id}").text


def test_what_was_refused_is_put_away(admin: FlaskClient, systems: Systems) -> None:
    assert admin.post(f"{URL}/seen", data={"office": "1", "update": "u/1"}).status_code == 302
    assert "Told, and not done" not in admin.get(URL).text


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("again", {}),
        ("again", {"entry": "hook-x"}),
        ("again", {"entry": "hook-99999999999999999999"}),
        ("again", {"entry": "office-9223372036854775807"}),
        ("again/all", {"system": "mail-1"}),
        ("pause", {"system": "office-9"}),
        ("pause", {"system": "office-9223372036854775807"}),
        ("pause", {"system": "hook-²"}),
        ("seen", {"office": "99999", "update": "u"}),
        ("seen", {"office": "1", "update": "\x00"}),
    ],
)
def test_what_is_not_there_is_not_found(admin: FlaskClient, path: str, form: dict[str, str]) -> None:
    assert admin.post(f"{URL}/{path}", data=form).status_code == 404
    assert admin.get(f"{URL}?state=eaten").status_code == 404
    assert admin.get(f"{URL}?system=hook-").status_code == 404


def test_the_page_takes_so_many_statements(
    admin: FlaskClient, systems: Systems, demo_statements: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    admin.get(URL)
    with demo_statements() as statements:
        assert admin.get(URL).status_code == 200
    # City, staff; systems, what is on its way to either kind, what was refused.
    assert len(statements) == 6, statements

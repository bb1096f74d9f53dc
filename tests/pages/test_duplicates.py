"""The administrator's page on the matching: what is in use, what to expect, another model and back."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from layers.models import City
from layers.queries import city_by_slug
from tests.pages.people import sign_in
from webapp.intake import duplicates
from webapp.intake.choosing import choices
from webapp.intake.models import DuplicateModel

ANSWERS = {"staff": 50, "reporter": 12, "left": 0, "same": 41, "different": 21}


def add_models(session: Session, city: City) -> None:
    for number, refused in ((1001, None), (1002, "It does worse.")):
        session.add(
            DuplicateModel(
                city_id=city.id,
                id=number,
                model=duplicates.dumps(duplicates.shipped()),
                answers=ANSWERS,
                held_back={"answers": 18, "new": 0.3, "in_use": 0.4},
                refused=refused,
            )
        )
    session.flush()


@pytest.fixture
def city(demo_session: Session) -> City:
    city = city_by_slug(demo_session, "demo")
    add_models(demo_session, city)
    return city


def shown(client: FlaskClient) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", client.get("/admin/duplicates").text).split())


def test_what_to_expect_is_shown(demo_client: FlaskClient, city: City) -> None:
    sign_in(demo_client, "administrator")
    page = shown(demo_client)
    model = duplicates.shipped()
    assert model.outlook is not None
    expected = model.outlook.expect(model.limits.auto, model.limits.flag)
    assert f"Expected {expected.joined:.1f} {expected.flagged:.1f} {expected.wrong:.1f}" in page
    assert "is chosen so that 95% of those joined are in the right ticket" in page
    assert "In use: The model that comes with Pinward" in page
    assert "from 41 answers that it is the same problem and 21 that it is another" in page
    assert "it did worse on the latest 18 answers" in page


def test_another_model_is_taken_and_the_choice_undone(
    demo_client: FlaskClient, demo_session: Session, city: City
) -> None:
    sign_in(demo_client, "administrator")
    assert demo_client.post("/admin/duplicates", data={"in_use": "", "model": "1001"}).status_code == 302
    demo_session.refresh(city)
    assert city.duplicate_model_id == 1001
    page = demo_client.get("/admin/duplicates").text
    assert "In use now: Model 1001" in page
    (form,) = [form for form in page.split("</form>") if 'name="undo"' in form]
    undo = dict(re.findall(r'name="(in_use|model|undo)" value="(\d*)"', form.rsplit("<form", 1)[1]))
    assert undo == {"in_use": "1001", "model": "", "undo": "1"}
    demo_client.post("/admin/duplicates", data=undo)
    demo_session.refresh(city)
    assert city.duplicate_model_id is None
    assert "Undone" in demo_client.get("/admin/duplicates").text
    assert [each.model_id for each in choices(demo_session, city.id)] == [None, 1001]


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"in_use": "1001", "model": "1002"}, "Somebody else chose another model"),
        ({"in_use": "", "model": "99"}, "There is no such model"),
        ({"in_use": "", "model": "x"}, "There is no such model"),
    ],
)
def test_what_cannot_be_chosen_is_refused(
    demo_client: FlaskClient, demo_session: Session, city: City, sent: dict[str, str], words: str
) -> None:
    sign_in(demo_client, "administrator")
    answer = demo_client.post("/admin/duplicates", data=sent)
    assert answer.status_code == 409
    assert words in answer.text
    demo_session.refresh(city)
    assert city.duplicate_model_id is None

"""A city teaches its matching: what people said, how much it counts, and which model is in use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from layers.models import City
from layers.queries import city_by_slug
from tests.intake.conftest import pin
from tests.intake.test_submit import send
from webapp.cli import main
from webapp.config import settings
from webapp.db import make_engine
from webapp.intake import duplicates
from webapp.intake.choosing import choices, choose, current_model, fitted_models
from webapp.intake.desk import desk_of
from webapp.intake.learning.refitting import TooFew, is_due, learn_from, read_lesson, refit
from webapp.intake.look import look
from webapp.intake.models import DuplicateModel
from webapp.intake.overview import overview
from webapp.intake.submit import Receipt
from webapp.people.models import Staff
from webapp.tickets import merging, moving
from webapp.tickets.queries import ticket
from webapp.tickets.said import answers, arrivals

START = datetime.now(UTC) - timedelta(days=200)
FAR_AGO = START - timedelta(days=1)


@pytest.fixture
def boss(village: Session, city: City) -> Staff:
    boss = Staff(
        city_id=city.id, email="boss@example.org", name="Boss", password_hash="-", role="administrator"
    )
    village.add(boss)
    village.flush()
    return boss


def two(
    village: Session, city: City, n: int, *, east: float = 30.0, **said: object
) -> tuple[Receipt, Receipt]:
    """Two reports of missed trash, the n-th pair: the second an hour later and some metres on."""
    at = 20.0 + 95.0 * (n % 5), 20.0 + 95.0 * (n // 5 % 5)
    now = START + timedelta(days=n)
    first = send(village, city, pin(*at), service_code="trash", now=now)
    about = {name: [first.ticket_id] if name == "different_from" else first.ticket_id for name in said}
    later = now + timedelta(hours=1)
    second = send(village, city, pin(at[0] + east, at[1]), service_code="trash", now=later, **about)
    village.execute(
        text(
            "update ticket set status = 'done', closed_at = latest_at + interval '2 hours', outcome = 'fixed' where open"
        )
    )
    village.execute(text("update report set closed_at = requested_at + interval '2 hours'"))
    return first, second


def merge(village: Session, city: City, second: Receipt, first: Receipt, boss: Staff) -> None:
    versions = [found.version for r in (second, first) if (found := ticket(village, city.id, r.ticket_id))]
    merging.merge(
        village,
        city,
        second.ticket_id,
        version=versions[0],
        into=first.ticket_id,
        into_version=versions[1],
        by=boss,
    )


def chance(village: Session, city: City) -> float:
    """The probability that a report repeats one that was made 30 m from it an hour ago."""
    now = START + timedelta(days=190)
    undone = village.begin_nested()
    send(village, city, pin(300, 300), service_code="trash", now=now)
    seen = look(village, city, *pin(330, 300), "trash", now=now + timedelta(hours=1))
    undone.rollback()
    return seen.judgement.likely[0].score


def test_what_people_said_is_read(village: Session, city: City, boss: Staff) -> None:
    chosen = two(village, city, 0, same_as=True)
    apart = two(village, city, 1, different_from=True)
    merged = two(village, city, 2)
    merge(village, city, merged[1], merged[0], boss)
    kept_apart = two(village, city, 3)
    merging.keep_apart(village, city, kept_apart[1].report_id, kept_apart[0].ticket_id, by=boss)
    two(village, city, 4)
    found = {
        (each.report, each.ticket): (each.same, each.kind)
        for each in answers(village, city.id, arrivals(village, city.id, FAR_AGO))
    }
    assert found == {
        (chosen[1].report_id, chosen[0].ticket_id): (True, "reporter"),
        (apart[1].report_id, apart[0].ticket_id): (False, "reporter"),
        (merged[1].report_id, merged[0].ticket_id): (True, "staff"),
        (kept_apart[1].report_id, kept_apart[0].ticket_id): (False, "staff"),
    }


def test_a_join_that_staff_worked_on_and_left_counts_and_a_split_one_counts_against(
    village: Session, city: City, boss: Staff
) -> None:
    first = send(village, city, pin(149, 104), now=START)
    joined = [send(village, city, pin(152, 103), now=START + timedelta(minutes=n)) for n in (10, 20)]
    assert {each.decision for each in joined} == {"joined"}

    def said() -> dict[int, tuple[bool, str]]:
        heard = answers(village, city.id, arrivals(village, city.id, FAR_AGO))
        return {each.report: (each.same, each.kind) for each in heard}

    assert said() == {}
    village.execute(text("update report set received_at = received_at - interval '1 day'"))
    moving.move(village, city, first.ticket_id, "in_progress", by=boss, version=1)
    assert said() == {each.report_id: (True, "left") for each in joined}
    merging.split_report(village, city, joined[1].report_id, by=boss, version=2)
    assert said() == {joined[0].report_id: (True, "left"), joined[1].report_id: (False, "staff")}


def test_few_answers_teach_nothing_yet(village: Session, city: City) -> None:
    for n in range(10):
        two(village, city, n, different_from=True)
    with pytest.raises(TooFew, match=r"^People said something of 10 reports; 40 are needed"):
        refit(village, city)
    assert fitted_models(village, city.id) == []


def test_ten_answers_upset_nothing_and_many_teach(
    village: Session, city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.intake.learning.refitting.FEWEST_ANSWERS", 10)
    before = chance(village, city)
    for n in range(10):
        two(village, city, n, same_as=True)
    first = refit(village, city)
    assert first.in_use, first.row.held_back
    few = chance(village, city)
    assert before < few < before + 0.05
    for n in range(10, 90):
        two(village, city, n, same_as=True)
    assert is_due(village, city)
    done = refit(village, city)
    assert done.in_use
    assert not is_due(village, city)
    assert chance(village, city) > few + 0.1
    # By choosing an older one the matching is as it was, in this process at once.
    choose(village, city, None, by=None)
    assert chance(village, city) == pytest.approx(before, abs=0.01)
    assert [each.model_id for each in choices(village, city.id)][:2] == [None, done.row.id]
    assert overview(village, city).model_id is None


def test_a_model_that_does_worse_on_the_latest_answers_is_kept_but_not_used(
    village: Session, city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(30):
        two(village, city, n, same_as=True)
    for n in range(30, 45):
        two(village, city, n, different_from=True)
    done = refit(village, city)
    assert not done.in_use
    assert done.row.refused is not None
    assert "less likely" in done.row.refused
    assert current_model(village, city) is duplicates.shipped()
    (kept,) = fitted_models(village, city.id)
    assert (kept.answers["same"], kept.answers["different"], kept.held_back["answers"]) == (30, 15, 14)
    about = duplicates.loads(village.scalars(select(DuplicateModel.model)).one()).about
    assert (about["reports"], about["precision_of_joins"]) == (45, 0.95)


def test_what_was_learned_is_learned_from_what_was_said_only(village: Session, city: City) -> None:
    for n in range(45):
        two(village, city, n, same_as=True)
    lesson = read_lesson(village, desk_of(village, city))
    learned = learn_from(lesson, duplicates.shipped(), duplicates.shipped())
    for n in range(45, 60):
        two(village, city, n)
    more = read_lesson(village, desk_of(village, city))
    again = learn_from(more, duplicates.shipped(), duplicates.shipped())
    assert (learned.model.weights.weights == again.model.weights.weights).all()


def test_a_stored_model_of_another_version_is_passed_over(village: Session, city: City) -> None:
    text_of = duplicates.dumps(duplicates.shipped()).replace("[features.words]", "[features.smell]")
    village.add(DuplicateModel(city_id=city.id, id=7007, model=text_of, answers={}, held_back={}))
    village.flush()
    choose(village, city, 7007, by=None)
    assert current_model(village, city) is duplicates.shipped()
    with pytest.raises(LookupError, match="no model 8"):
        choose(village, city, 8, by=None)


def test_the_commands(
    committed: Callable[[str], str], village_template: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = committed(village_template)
    monkeypatch.setenv("DATABASE_URL", url)
    settings.cache_clear()
    engine = make_engine(url)
    with Session(engine) as session:
        city = city_by_slug(session, None)
        other = replace(duplicates.shipped(), about=dict(duplicates.shipped().about) | {"data": "elsewhere"})
        session.add(
            DuplicateModel(
                city_id=city.id,
                id=3003,
                model=duplicates.dumps(other),
                answers={"same": 2, "different": 1},
                held_back={},
            )
        )
        session.commit()

        def run(*arguments: str, exit_code: int = 0) -> str:
            result = CliRunner().invoke(main, ["duplicates", *arguments])
            assert result.exit_code == exit_code, result.output
            return result.output

        assert "the model that comes with Pinward" in (shown := run("show"))
        assert "95% of those that join are right to" in shown
        run("use", "3003", "--city", "village")
        # Another process, as it were: its city comes anew with each request.
        session.expire_all()
        assert current_model(session, city).about["data"] == "elsewhere"
        shown = run("show")
        assert "In use: model 3003" in shown
        assert "Of 1,000 reports, expected:" in shown
        assert "Pothole: auto 1.0" in shown
        assert "There is no model 4" in run("use", "4", exit_code=1)
        run("use", "shipped")
        assert "40 are needed" in run("refit", exit_code=1)
    engine.dispose()

"""Words of a caller find the service or the article that is meant; an answered question is counted, and no ticket."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from layers.queries import city_by_slug
from webapp.catalog.articles import answers_since, count_answer
from webapp.catalog.finding import find
from webapp.catalog.queries import read_catalog
from webapp.catalog.snapshot import Catalog


@pytest.fixture
def catalog(demo_session: Session) -> Catalog:
    return read_catalog(demo_session, city_by_slug(demo_session, "demo"))


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("poth", "pothole"),
        ("big HOLE in the road", "pothole"),
        ("lamp flickers", "street-light"),
        ("pay parking ticket", "parking-ticket"),
        ("get rid of my old couch", "bulky-items"),
        ("which day is garbage", "collection-day"),
    ],
)
def test_words_find_what_is_meant(catalog: Catalog, said: str, meant: str) -> None:
    assert find(catalog, said)[0].code == meant


def test_another_language_and_accents_are_understood(catalog: Catalog) -> None:
    assert find(catalog, "colchon", "es")[0].code == "bulky-items"
    assert find(catalog, "colchon", "en") == []
    assert catalog.article_by_code["bulky-items"].translated("title", "es").startswith("¿Cómo")
    assert find(catalog, "  ") == []


def test_answers_are_counted_by_day_and_channel(demo_session: Session, catalog: Catalog) -> None:
    article = catalog.article_by_code["bulky-items"]
    for channel, day in (("phone", 2), ("phone", 2), ("counter", 2), ("phone", 3)):
        count_answer(demo_session, catalog.city_id, article.id, channel, date(2026, 3, day))
    rows = demo_session.execute(text("select day, channel, times from article_use order by 1, 2 desc")).all()
    assert [tuple(row) for row in rows] == [
        (date(2026, 3, 2), "phone", 2),
        (date(2026, 3, 2), "counter", 1),
        (date(2026, 3, 3), "phone", 1),
    ]
    assert answers_since(demo_session, catalog.city_id, date(2026, 3, 3)) == 1
    assert answers_since(demo_session, catalog.city_id, date(2026, 3, 2)) == 4
    assert demo_session.scalar(text("select count(*) from ticket")) == 0

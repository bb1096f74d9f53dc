"""Words of a caller find the service or the article that is meant; an answered question is counted, and no ticket."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from layers import cityfile
from layers.queries import city_by_slug
from webapp.catalog import cityfile as cityfile_of_catalog
from webapp.catalog.articles import answers_since, count_answer
from webapp.catalog.finding import find
from webapp.catalog.queries import read_catalog
from webapp.catalog.snapshot import Catalog
from webapp.config import CHECKOUT, Settings


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


@pytest.mark.parametrize(
    ("language", "said", "meant"),
    [
        ("en", "the garbage was not picked up", "missed-trash"),
        ("en", "there are potholes", "pothole"),
        ("en", "street lights", "street-light"),
        ("es", "hay baches en la calle", "pothole"),
        ("es", "las farolas no encienden", "street-light"),
        ("es", "no recogieron la basura", "missed-trash"),
        ("zh-Hans", "这里的路灯坏了", "street-light"),
        ("zh-Hans", "路上有个坑洞", "pothole"),
        ("zh-Hans", "垃圾没有人收", "missed-trash"),
        ("vi", "có ổ gà trên đường", "pothole"),
        ("vi", "đèn đường không sáng", "street-light"),
        ("vi", "rác chưa lấy", "missed-trash"),
        ("ar", "المصباح لا يعمل", "street-light"),
        ("ar", "حفرة كبيرة في الطريق", "pothole"),
        ("ar", "القمامة لم تجمع", "missed-trash"),
    ],
)
def test_words_of_every_language_find_what_is_meant(
    catalog: Catalog, language: str, said: str, meant: str
) -> None:
    assert meant in [found.code for found in find(catalog, said, language)][:2]


def test_the_demo_city_file_with_its_articles_has_no_mistakes(tmp_path: Path) -> None:
    document, findings = cityfile.read(
        CHECKOUT / "cities" / "demo" / "city.toml", Settings(PINWARD_HOME=tmp_path)
    )
    assert [finding for finding in findings if "articles" in finding.message] == []
    assert cityfile_of_catalog.check(document) == []


def test_another_language_and_accents_are_understood(catalog: Catalog) -> None:
    assert {found.code for found in find(catalog, "colchon", "es")} == {"bulk-item", "bulky-items"}
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

"""Help articles: the answers to what people ask often. A question so answered is counted, but no ticket."""

from __future__ import annotations

from datetime import date

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from webapp.catalog.models import Article, ArticleUse
from webapp.catalog.sections import ArticleRow
from webapp.catalog.snapshot import ArticleEntry


def read_articles(session: Session, city_id: int) -> dict[int, ArticleEntry]:
    """Return the articles of a city by id in the order of lists, without those that left the file."""
    rows = session.scalars(
        select(Article).where(Article.city_id == city_id, Article.active).order_by(Article.position)
    )
    return {
        row.id: ArticleEntry(row.id, row.code, row.title, row.body, tuple(row.keywords), row.translations)
        for row in rows
    }


def describe(article: Article, row: ArticleRow, position: int) -> None:
    """Write what a city file says of an article into its row."""
    article.title, article.body, article.keywords = row.title, row.body, list(row.keywords)
    article.translations = {
        language: words.model_dump(exclude_defaults=True) for language, words in row.translations.items()
    }
    article.position, article.active = position, True


def count_answer(session: Session, city_id: int, article_id: int, channel: str, day: date) -> None:
    """Count a question that an article answered. The caller commits.

    Parameters
    ----------
    channel
        How it came: phone, counter, mail, letter or web.
    day
        In the city's time.
    """
    row = insert(ArticleUse).values(city_id=city_id, article_id=article_id, day=day, channel=channel, times=1)
    session.execute(
        row.on_conflict_do_update(
            index_elements=["city_id", "article_id", "day", "channel"],
            set_={"times": ArticleUse.times + 1},
        )
    )


def answers_since(session: Session, city_id: int, day: date) -> int:
    """Return how many questions articles have answered since a day."""
    counted = select(func.coalesce(func.sum(ArticleUse.times), 0))
    return session.execute(counted.where(ArticleUse.city_id == city_id, ArticleUse.day >= day)).scalar_one()

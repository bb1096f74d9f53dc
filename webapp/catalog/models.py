"""Tables of the catalog: departments, crews, services, their questions, articles, holidays."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Date, ForeignKeyConstraint, SmallInteger, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db import Base, CityId


class Department(Base):
    """Who owns services."""

    __tablename__ = "department"
    __table_args__ = (ForeignKeyConstraint(["city_id"], ["city.id"]), UniqueConstraint("city_id", "code"))

    city_id: Mapped[CityId]
    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    code: Mapped[str]
    name: Mapped[str]
    email: Mapped[str | None]
    phone: Mapped[str | None]


class Crew(Base):
    """The team that does the work."""

    __tablename__ = "crew"
    __table_args__ = (
        ForeignKeyConstraint(["city_id", "department_id"], ["department.city_id", "department.id"]),
        UniqueConstraint("city_id", "code"),
    )

    city_id: Mapped[CityId]
    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    code: Mapped[str]
    name: Mapped[str]
    department_id: Mapped[int] = mapped_column(SmallInteger)
    retired_at: Mapped[datetime | None]


class Service(Base):
    """A type of request in the catalog; Open311's *service*."""

    __tablename__ = "service"
    __table_args__ = (
        ForeignKeyConstraint(["city_id", "department_id"], ["department.city_id", "department.id"]),
        UniqueConstraint("city_id", "code"),
        CheckConstraint("type in ('realtime', 'batch', 'blackbox')", name="type"),
        CheckConstraint("target_clock in ('calendar', 'business')", name="target_clock"),
        CheckConstraint("target_hours > 0", name="target_hours"),
    )

    city_id: Mapped[CityId]
    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    code: Mapped[str]
    name: Mapped[str]
    group: Mapped[str]
    description: Mapped[str]
    keywords: Mapped[list[str]] = mapped_column(ARRAY(TEXT), comment="Words people use for it")
    icon: Mapped[str] = mapped_column(comment="Name of a picture in static/icons, without .svg")
    type: Mapped[str] = mapped_column(
        server_default="realtime", comment="Open311: realtime, batch or blackbox"
    )
    department_id: Mapped[int] = mapped_column(SmallInteger)
    target_hours: Mapped[float | None] = mapped_column(
        comment="Promise: hours of the target clock from the report; none where nothing is promised"
    )
    target_clock: Mapped[str] = mapped_column(server_default="calendar", comment="calendar or business")
    targets: Mapped[list[dict[str, Any]]] = mapped_column(
        JSONB,
        server_default=text("'[]'"),
        comment="[{hours of the same clock, priority, districts, season}, …] for which another target holds",
    )
    public: Mapped[bool] = mapped_column(server_default=text("true"), comment="May anyone see its reports?")
    check_first: Mapped[bool] = mapped_column(
        server_default=text("false"), comment="Are its reports hidden until staff have looked at them?"
    )
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    asset_kind: Mapped[str | None] = mapped_column(
        comment="The kind of asset it is about, such as street_light"
    )
    street_classes: Mapped[list[str]] = mapped_column(
        ARRAY(TEXT), server_default="{}", comment="Of streets about as near to a pin, one of these is meant"
    )
    notice: Mapped[str] = mapped_column(server_default="", comment="What the reporter is told on sending")
    duplicates: Mapped[dict[str, Any]] = mapped_column(
        JSONB, comment="Overrides of the matching's auto, flag, reach_m and lookback_days"
    )
    translations: Mapped[dict[str, Any]] = mapped_column(JSONB, comment="{language: {name, description, …}}")
    position: Mapped[int] = mapped_column(SmallInteger, comment="Order in lists")


class Question(Base):
    """A question of a service; Open311's *attribute*."""

    __tablename__ = "question"
    __table_args__ = (
        ForeignKeyConstraint(
            ["city_id", "service_id"], ["service.city_id", "service.id"], ondelete="CASCADE"
        ),
        CheckConstraint(
            "datatype in ('string', 'number', 'datetime', 'text', 'singlevaluelist', 'multivaluelist')",
            name="datatype",
        ),
    )

    city_id: Mapped[CityId]
    service_id: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True, comment="From 1")
    code: Mapped[str]
    datatype: Mapped[str]
    required: Mapped[bool]
    variable: Mapped[bool] = mapped_column(
        server_default=text("true"), comment="False: a text to show, not a question to answer"
    )
    text: Mapped[str]
    hint: Mapped[str]
    options: Mapped[list[Any]] = mapped_column(JSONB, comment="[{key, name}, …] of a list")
    only_if: Mapped[dict[str, Any] | None] = mapped_column(
        JSONB(none_as_null=True),
        comment="{question, answers}: asked only where the other question has one of these answers",
    )
    translations: Mapped[dict[str, Any]] = mapped_column(JSONB)


class Article(Base):
    """A help article: the answer to what people ask often."""

    __tablename__ = "article"
    __table_args__ = (ForeignKeyConstraint(["city_id"], ["city.id"]), UniqueConstraint("city_id", "code"))

    city_id: Mapped[CityId]
    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    code: Mapped[str]
    title: Mapped[str]
    body: Mapped[str] = mapped_column(comment="Paragraphs, to be read out")
    keywords: Mapped[list[str]] = mapped_column(ARRAY(TEXT), comment="Words people use for it")
    translations: Mapped[dict[str, Any]] = mapped_column(JSONB, comment="{language: {title, body, keywords}}")
    position: Mapped[int] = mapped_column(SmallInteger, comment="Order in lists")
    active: Mapped[bool] = mapped_column(server_default=text("true"))


class ArticleUse(Base):
    """How many questions an article answered in a day, by the channel they came by. None is a ticket."""

    __tablename__ = "article_use"
    __table_args__ = (ForeignKeyConstraint(["city_id", "article_id"], ["article.city_id", "article.id"]),)

    city_id: Mapped[CityId]
    article_id: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True, comment="In the city's time")
    channel: Mapped[str] = mapped_column(primary_key=True)
    times: Mapped[int]


class Holiday(Base):
    """A day off of the city's own, beyond the public holidays of its country."""

    __tablename__ = "holiday"
    __table_args__ = (ForeignKeyConstraint(["city_id"], ["city.id"]),)

    city_id: Mapped[CityId]
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    name: Mapped[str]

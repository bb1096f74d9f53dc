"""Tables of what is expected and what is watched: forecasts, unusual days, alerts that staff set."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKeyConstraint,
    Identity,
    Index,
    SmallInteger,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, DOUBLE_PRECISION
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db import Base, CityId


class Forecast(Base):
    """What a job expected of the reports of one group of services, in one district or in all of the city."""

    __tablename__ = "forecast"
    __table_args__ = (ForeignKeyConstraint(["city_id"], ["city.id"]),)

    city_id: Mapped[CityId]
    group: Mapped[str] = mapped_column(primary_key=True, comment="Of services; empty: all of them")
    district: Mapped[str] = mapped_column(primary_key=True, comment="Zone id; empty: all of the city")
    made_at: Mapped[datetime] = mapped_column(server_default=func.now())
    method: Mapped[str] = mapped_column(
        comment="level; seasons: with the seasons of the year; none: no forecast"
    )
    first_week: Mapped[date] = mapped_column(Date, comment="The Monday of the first week expected")
    weeks_known: Mapped[int] = mapped_column(SmallInteger, comment="Whole weeks before it that were counted")
    expected: Mapped[list[float]] = mapped_column(
        ARRAY(DOUBLE_PRECISION), comment="Reports in each week, from the first week on"
    )
    low: Mapped[list[float]] = mapped_column(
        ARRAY(DOUBLE_PRECISION), comment="One week in ten is expected to have fewer"
    )
    high: Mapped[list[float]] = mapped_column(
        ARRAY(DOUBLE_PRECISION), comment="One week in ten is expected to have more"
    )
    past: Mapped[list[int]] = mapped_column(
        ARRAY(BigInteger), comment="Reports in each of the last weeks counted, up to a year"
    )
    last_year: Mapped[list[int]] = mapped_column(
        ARRAY(BigInteger), comment="Reports in the same weeks of the year before; empty where not known"
    )
    tests: Mapped[int] = mapped_column(
        SmallInteger, comment="How many of the last 12 weeks were forecast from the weeks before, as a test"
    )
    error: Mapped[float | None] = mapped_column(comment="Of these tests: mean absolute, reports a week")
    naive_error: Mapped[float | None] = mapped_column(comment="The same of the naive forecast")
    inside: Mapped[int] = mapped_column(SmallInteger, comment="Of these tests, how many fell into the band")


class UnusualDay(Base):
    """A day with many more, or many fewer, reports of a group than days of its kind usually have."""

    __tablename__ = "unusual_day"
    __table_args__ = (ForeignKeyConstraint(["city_id"], ["city.id"]),)

    city_id: Mapped[CityId]
    group: Mapped[str] = mapped_column(primary_key=True, comment="Of services; empty: all of them")
    day: Mapped[date] = mapped_column(Date, primary_key=True, comment="In the city's time")
    reports: Mapped[int]
    usual: Mapped[float] = mapped_column(comment="Median of the same day of the eight weeks before")


class FigureAlert(Base):
    """A figure that somebody on the staff wants to hear of when it goes beyond a limit."""

    __tablename__ = "figure_alert"
    __table_args__ = (
        ForeignKeyConstraint(["city_id", "staff_id"], ["staff.city_id", "staff.id"]),
        ForeignKeyConstraint(["city_id", "service_id"], ["service.city_id", "service.id"]),
        CheckConstraint("measure in ('reports_week', 'late_days', 'weekly')", name="measure"),
        CheckConstraint("most >= 0", name="most"),
        Index("ix_figure_alert_staff", "city_id", "staff_id", postgresql_where=text("deleted_at is null")),
    )

    city_id: Mapped[CityId]
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    staff_id: Mapped[int] = mapped_column(BigInteger)
    measure: Mapped[str] = mapped_column(
        comment="reports_week: reports of the last 7 days; late_days: days past a promise; "
        "weekly: the mail of what changed most"
    )
    most: Mapped[int] = mapped_column(comment="Beyond this it is told; 0 of the weekly mail")
    service_id: Mapped[int | None] = mapped_column(SmallInteger, comment="None: all services")
    district: Mapped[str | None] = mapped_column(comment="Zone id; none: all of the city")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    deleted_at: Mapped[datetime | None] = mapped_column(comment="From then on it is silent; can be undone")
    checked_at: Mapped[datetime | None] = mapped_column(comment="When it was last looked at")
    value: Mapped[int | None] = mapped_column(comment="What was found then")
    beyond: Mapped[bool] = mapped_column(
        server_default=text("false"), comment="It was told, and the figure has not come back since"
    )
    told_until: Mapped[datetime | None] = mapped_column(
        comment="Of late_days: tickets promised until then were told"
    )


class AlertCrossing(Base):
    """Once that the figure of an alert went beyond its limit."""

    __tablename__ = "alert_crossing"
    __table_args__ = (
        ForeignKeyConstraint(["city_id", "alert_id"], ["figure_alert.city_id", "figure_alert.id"]),
        Index("ix_alert_crossing_alert", "city_id", "alert_id", "at"),
    )

    city_id: Mapped[CityId]
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    alert_id: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    value: Mapped[int]

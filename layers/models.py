"""Tables of the map: cities, layers, their editions, and what an edition holds."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    SmallInteger,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db import Base, CityId


class City(Base):
    """One city. Its file (``city.toml``) is the source of all of it; loading it again updates the row."""

    __tablename__ = "city"

    id: Mapped[int] = mapped_column(SmallInteger, Identity(), primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    time_zone: Mapped[str]
    languages: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    metric_srid: Mapped[int] = mapped_column(comment="CRS in which distances are computed, in metres")
    snap_radius_m: Mapped[float] = mapped_column(
        comment="A pin farther than this from any street is not snapped"
    )
    district_layer: Mapped[str | None] = mapped_column(comment="Name of the layer of council districts")
    boundary_layer: Mapped[str | None] = mapped_column(comment="Name of the layer that bounds the city")
    fallback_points: Mapped[list[Any]] = mapped_column(
        JSONB, comment="[[lon, lat], …] written by other systems when they could not find an address"
    )
    details: Mapped[dict[str, Any]] = mapped_column(
        JSONB, comment="What pages show of the city: contact, calendar, view"
    )
    duplicate_model_id: Mapped[int | None] = mapped_column(
        BigInteger, comment="The model that matches its reports; none: the one that comes with Pinward"
    )
    file_sha256: Mapped[str]
    loaded_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Layer(Base):
    """A named set of segments, zones or assets; what it holds is in its current edition."""

    __tablename__ = "layer"
    __table_args__ = (
        ForeignKeyConstraint(["city_id"], ["city.id"]),
        UniqueConstraint("city_id", "name"),
        CheckConstraint("kind in ('segments', 'zones', 'assets')", name="kind"),
    )

    city_id: Mapped[CityId]
    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    name: Mapped[str]
    kind: Mapped[str]
    title: Mapped[str]
    options: Mapped[dict[str, Any]] = mapped_column(
        JSONB, comment="The rest of [layers.NAME] in the city file"
    )


class Edition(Base):
    """One published, immutable, dated version of a layer. At most one of a layer is current."""

    __tablename__ = "edition"
    __table_args__ = (
        ForeignKeyConstraint(["city_id", "layer_id"], ["layer.city_id", "layer.id"]),
        Index("uq_edition_current", "city_id", "layer_id", unique=True, postgresql_where=text("current")),
    )

    city_id: Mapped[CityId]
    id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)
    layer_id: Mapped[int] = mapped_column(SmallInteger)
    published_at: Mapped[datetime] = mapped_column(server_default=func.now())
    current: Mapped[bool]
    source_sha256: Mapped[str] = mapped_column(
        comment="Of the source file and of the options it was read with"
    )
    feature_count: Mapped[int]
    findings: Mapped[list[Any]] = mapped_column(JSONB, comment="What the check said when it was published")


class Segment(Base):
    """A street centerline piece between two nodes. House numbers are 0 where there is no range."""

    __tablename__ = "segment"
    __table_args__ = (
        ForeignKeyConstraint(["city_id", "edition_id"], ["edition.city_id", "edition.id"]),
        Index("ix_segment_geom", "geom", postgresql_using="gist"),
    )

    city_id: Mapped[CityId]
    edition_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    id: Mapped[int] = mapped_column(Integer, primary_key=True, comment="Place in the edition, from 0")
    source_id: Mapped[str] = mapped_column(comment="The city's own id, stable between editions")
    name: Mapped[str]
    class_: Mapped[str] = mapped_column("class")
    owner: Mapped[str]
    left_from: Mapped[int]
    left_to: Mapped[int]
    right_from: Mapped[int]
    right_to: Mapped[int]
    left_zip: Mapped[str]
    right_zip: Mapped[str]
    geom: Mapped[WKBElement] = mapped_column(Geometry("LINESTRING", 4326, spatial_index=False))


class Zone(Base):
    """A named polygon: a district, a service area, a neighborhood."""

    __tablename__ = "zone"
    __table_args__ = (
        ForeignKeyConstraint(["city_id", "edition_id"], ["edition.city_id", "edition.id"]),
        Index("ix_zone_geom", "geom", postgresql_using="gist"),
    )

    city_id: Mapped[CityId]
    edition_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    id: Mapped[int] = mapped_column(Integer, primary_key=True, comment="Place in the edition, from 0")
    source_id: Mapped[str] = mapped_column(comment="The city's own id, stable between editions")
    name: Mapped[str]
    class_: Mapped[str] = mapped_column("class", comment="Such as water or park; empty for districts")
    residents: Mapped[int | None] = mapped_column(Integer, comment="How many live there; none: not known")
    geom: Mapped[WKBElement] = mapped_column(Geometry("MULTIPOLYGON", 4326, spatial_index=False))


class Asset(Base):
    """A thing with an id that can break."""

    __tablename__ = "asset"
    __table_args__ = (
        ForeignKeyConstraint(["city_id", "edition_id"], ["edition.city_id", "edition.id"]),
        Index("ix_asset_geom", "geom", postgresql_using="gist"),
    )

    city_id: Mapped[CityId]
    edition_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    id: Mapped[int] = mapped_column(Integer, primary_key=True, comment="Place in the edition, from 0")
    source_id: Mapped[str] = mapped_column(comment="The city's own id, stable between editions")
    kind: Mapped[str]
    street: Mapped[str]
    owner: Mapped[str]
    geom: Mapped[WKBElement] = mapped_column(Geometry("POINT", 4326, spatial_index=False))

"""Tables of the map: cities, layers, editions, segments, zones, assets.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "city",
        sa.Column("id", sa.SmallInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("slug", sa.TEXT(), nullable=False),
        sa.Column("name", sa.TEXT(), nullable=False),
        sa.Column("time_zone", sa.TEXT(), nullable=False),
        sa.Column("languages", postgresql.ARRAY(sa.TEXT()), nullable=False),
        sa.Column(
            "metric_srid",
            sa.Integer(),
            nullable=False,
            comment="CRS in which distances are computed, in metres",
        ),
        sa.Column(
            "snap_radius_m",
            sa.Double(),
            nullable=False,
            comment="A pin farther than this from any street is not snapped",
        ),
        sa.Column(
            "district_layer", sa.TEXT(), nullable=True, comment="Name of the layer of council districts"
        ),
        sa.Column(
            "boundary_layer", sa.TEXT(), nullable=True, comment="Name of the layer that bounds the city"
        ),
        sa.Column(
            "fallback_points",
            postgresql.JSONB(),
            nullable=False,
            comment="[[lon, lat], …] written by other systems when they could not find an address",
        ),
        sa.Column(
            "details",
            postgresql.JSONB(),
            nullable=False,
            comment="What pages show of the city: contact, calendar, view",
        ),
        sa.Column("file_sha256", sa.TEXT(), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_city")),
        sa.UniqueConstraint("slug", name=op.f("uq_city_slug")),
    )

    op.create_table(
        "layer",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.SmallInteger(), nullable=False),
        sa.Column("name", sa.TEXT(), nullable=False),
        sa.Column("kind", sa.TEXT(), nullable=False),
        sa.Column("title", sa.TEXT(), nullable=False),
        sa.Column(
            "options",
            postgresql.JSONB(),
            nullable=False,
            comment="The rest of [layers.NAME] in the city file",
        ),
        sa.CheckConstraint("kind in ('segments', 'zones', 'assets')", name=op.f("ck_layer_kind")),
        sa.ForeignKeyConstraint(["city_id"], ["city.id"], name=op.f("fk_layer_city_id")),
        sa.PrimaryKeyConstraint("city_id", "id", name=op.f("pk_layer")),
        sa.UniqueConstraint("city_id", "name", name=op.f("uq_layer_city_id_name")),
    )

    op.create_table(
        "edition",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("layer_id", sa.SmallInteger(), nullable=False),
        sa.Column(
            "published_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.Column(
            "source_sha256",
            sa.TEXT(),
            nullable=False,
            comment="Of the source file and of the options it was read with",
        ),
        sa.Column("feature_count", sa.Integer(), nullable=False),
        sa.Column(
            "findings",
            postgresql.JSONB(),
            nullable=False,
            comment="What the check said when it was published",
        ),
        sa.ForeignKeyConstraint(
            ["city_id", "layer_id"], ["layer.city_id", "layer.id"], name=op.f("fk_edition_city_id_layer_id")
        ),
        sa.PrimaryKeyConstraint("city_id", "id", name=op.f("pk_edition")),
    )
    op.create_index(
        "uq_edition_current",
        "edition",
        ["city_id", "layer_id"],
        unique=True,
        postgresql_where=sa.text("current"),
    )

    op.create_table(
        "segment",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False, comment="Place in the edition, from 0"),
        sa.Column(
            "source_id", sa.TEXT(), nullable=False, comment="The city's own id, stable between editions"
        ),
        sa.Column("name", sa.TEXT(), nullable=False),
        sa.Column("class", sa.TEXT(), nullable=False),
        sa.Column("owner", sa.TEXT(), nullable=False),
        sa.Column("left_from", sa.Integer(), nullable=False),
        sa.Column("left_to", sa.Integer(), nullable=False),
        sa.Column("right_from", sa.Integer(), nullable=False),
        sa.Column("right_to", sa.Integer(), nullable=False),
        sa.Column("left_zip", sa.TEXT(), nullable=False),
        sa.Column("right_zip", sa.TEXT(), nullable=False),
        sa.Column(
            "geom",
            Geometry(geometry_type="LINESTRING", srid=4326, dimension=2, spatial_index=False),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["city_id", "edition_id"],
            ["edition.city_id", "edition.id"],
            name=op.f("fk_segment_city_id_edition_id"),
        ),
        sa.PrimaryKeyConstraint("city_id", "edition_id", "id", name=op.f("pk_segment")),
    )
    op.create_index("ix_segment_geom", "segment", ["geom"], unique=False, postgresql_using="gist")

    op.create_table(
        "zone",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False, comment="Place in the edition, from 0"),
        sa.Column(
            "source_id", sa.TEXT(), nullable=False, comment="The city's own id, stable between editions"
        ),
        sa.Column("name", sa.TEXT(), nullable=False),
        sa.Column("class", sa.TEXT(), nullable=False, comment="Such as water or park; empty for districts"),
        sa.Column(
            "geom",
            Geometry(geometry_type="MULTIPOLYGON", srid=4326, dimension=2, spatial_index=False),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["city_id", "edition_id"],
            ["edition.city_id", "edition.id"],
            name=op.f("fk_zone_city_id_edition_id"),
        ),
        sa.PrimaryKeyConstraint("city_id", "edition_id", "id", name=op.f("pk_zone")),
    )
    op.create_index("ix_zone_geom", "zone", ["geom"], unique=False, postgresql_using="gist")

    op.create_table(
        "asset",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False, comment="Place in the edition, from 0"),
        sa.Column(
            "source_id", sa.TEXT(), nullable=False, comment="The city's own id, stable between editions"
        ),
        sa.Column("kind", sa.TEXT(), nullable=False),
        sa.Column("street", sa.TEXT(), nullable=False),
        sa.Column("owner", sa.TEXT(), nullable=False),
        sa.Column(
            "geom",
            Geometry(geometry_type="POINT", srid=4326, dimension=2, spatial_index=False),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["city_id", "edition_id"],
            ["edition.city_id", "edition.id"],
            name=op.f("fk_asset_city_id_edition_id"),
        ),
        sa.PrimaryKeyConstraint("city_id", "edition_id", "id", name=op.f("pk_asset")),
    )
    op.create_index("ix_asset_geom", "asset", ["geom"], unique=False, postgresql_using="gist")

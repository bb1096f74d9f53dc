"""Tables of the catalog, of assignment rules and of people.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "department",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.SmallInteger(), nullable=False),
        sa.Column("code", sa.TEXT(), nullable=False),
        sa.Column("name", sa.TEXT(), nullable=False),
        sa.Column("email", sa.TEXT(), nullable=True),
        sa.Column("phone", sa.TEXT(), nullable=True),
        sa.ForeignKeyConstraint(["city_id"], ["city.id"], name=op.f("fk_department_city_id")),
        sa.PrimaryKeyConstraint("city_id", "id", name=op.f("pk_department")),
        sa.UniqueConstraint("city_id", "code", name=op.f("uq_department_city_id_code")),
    )

    op.create_table(
        "crew",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.SmallInteger(), nullable=False),
        sa.Column("code", sa.TEXT(), nullable=False),
        sa.Column("name", sa.TEXT(), nullable=False),
        sa.Column("department_id", sa.SmallInteger(), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["city_id", "department_id"],
            ["department.city_id", "department.id"],
            name=op.f("fk_crew_city_id_department_id"),
        ),
        sa.PrimaryKeyConstraint("city_id", "id", name=op.f("pk_crew")),
        sa.UniqueConstraint("city_id", "code", name=op.f("uq_crew_city_id_code")),
    )

    op.create_table(
        "service",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.SmallInteger(), nullable=False),
        sa.Column("code", sa.TEXT(), nullable=False),
        sa.Column("name", sa.TEXT(), nullable=False),
        sa.Column("group", sa.TEXT(), nullable=False),
        sa.Column("description", sa.TEXT(), nullable=False),
        sa.Column("keywords", postgresql.ARRAY(sa.TEXT()), nullable=False, comment="Words people use for it"),
        sa.Column(
            "icon", sa.TEXT(), nullable=False, comment="Name of a picture in static/icons, without .svg"
        ),
        sa.Column(
            "type",
            sa.TEXT(),
            server_default="realtime",
            nullable=False,
            comment="Open311: realtime, batch or blackbox",
        ),
        sa.Column("department_id", sa.SmallInteger(), nullable=False),
        sa.Column(
            "target_hours",
            sa.Double(),
            nullable=True,
            comment="Promise: hours of the target clock from the report; none where nothing is promised",
        ),
        sa.Column(
            "target_clock",
            sa.TEXT(),
            server_default="calendar",
            nullable=False,
            comment="calendar or business",
        ),
        sa.Column(
            "public",
            sa.Boolean(),
            server_default=sa.text("true"),
            nullable=False,
            comment="May anyone see its reports?",
        ),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column(
            "asset_kind",
            sa.TEXT(),
            nullable=True,
            comment="The kind of asset it is about, such as street_light",
        ),
        sa.Column(
            "notice",
            sa.TEXT(),
            server_default="",
            nullable=False,
            comment="What the reporter is told on sending",
        ),
        sa.Column(
            "duplicates",
            postgresql.JSONB(),
            nullable=False,
            comment="Overrides of the matching's auto, flag, reach_m and lookback_days",
        ),
        sa.Column(
            "translations", postgresql.JSONB(), nullable=False, comment="{language: {name, description, …}}"
        ),
        sa.Column("position", sa.SmallInteger(), nullable=False, comment="Order in lists"),
        sa.CheckConstraint("target_clock in ('calendar', 'business')", name=op.f("ck_service_target_clock")),
        sa.CheckConstraint("type in ('realtime', 'batch', 'blackbox')", name=op.f("ck_service_type")),
        sa.CheckConstraint("target_hours > 0", name=op.f("ck_service_target_hours")),
        sa.ForeignKeyConstraint(
            ["city_id", "department_id"],
            ["department.city_id", "department.id"],
            name=op.f("fk_service_city_id_department_id"),
        ),
        sa.PrimaryKeyConstraint("city_id", "id", name=op.f("pk_service")),
        sa.UniqueConstraint("city_id", "code", name=op.f("uq_service_city_id_code")),
    )

    op.create_table(
        "question",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("service_id", sa.SmallInteger(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False, comment="From 1"),
        sa.Column("code", sa.TEXT(), nullable=False),
        sa.Column("datatype", sa.TEXT(), nullable=False),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.Column(
            "variable",
            sa.Boolean(),
            server_default=sa.text("true"),
            nullable=False,
            comment="False: a text to show, not a question to answer",
        ),
        sa.Column("text", sa.TEXT(), nullable=False),
        sa.Column("hint", sa.TEXT(), nullable=False),
        sa.Column("options", postgresql.JSONB(), nullable=False, comment="[{key, name}, …] of a list"),
        sa.Column("translations", postgresql.JSONB(), nullable=False),
        sa.CheckConstraint(
            "datatype in ('string', 'number', 'datetime', 'text', 'singlevaluelist', 'multivaluelist')",
            name=op.f("ck_question_datatype"),
        ),
        sa.ForeignKeyConstraint(
            ["city_id", "service_id"],
            ["service.city_id", "service.id"],
            name=op.f("fk_question_city_id_service_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("city_id", "service_id", "position", name=op.f("pk_question")),
    )

    op.create_table(
        "holiday",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("name", sa.TEXT(), nullable=False),
        sa.ForeignKeyConstraint(["city_id"], ["city.id"], name=op.f("fk_holiday_city_id")),
        sa.PrimaryKeyConstraint("city_id", "day", name=op.f("pk_holiday")),
    )

    op.create_table(
        "rule",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False, comment="Order in the city file, from 1"),
        sa.Column("service_id", sa.SmallInteger(), nullable=True),
        sa.Column("service_group", sa.TEXT(), nullable=True),
        sa.Column("layer", sa.TEXT(), nullable=True, comment="Name of the zone layer"),
        sa.Column("zone", sa.TEXT(), nullable=True, comment="Zone id in that layer: the service area"),
        sa.Column("street_class", sa.TEXT(), nullable=True),
        sa.Column("street_owner", sa.TEXT(), nullable=True),
        sa.Column("asset_owner", sa.TEXT(), nullable=True),
        sa.Column("crew_id", sa.SmallInteger(), nullable=True),
        sa.Column("department_id", sa.SmallInteger(), nullable=True),
        sa.Column("owner", sa.TEXT(), nullable=True, comment="Who outside the city looks after it"),
        sa.CheckConstraint("(layer is null) = (zone is null)", name=op.f("ck_rule_zone_of_layer")),
        sa.CheckConstraint(
            "num_nonnulls(crew_id, department_id, owner) = 1", name=op.f("ck_rule_one_assignee")
        ),
        sa.ForeignKeyConstraint(
            ["city_id", "crew_id"], ["crew.city_id", "crew.id"], name=op.f("fk_rule_city_id_crew_id")
        ),
        sa.ForeignKeyConstraint(
            ["city_id", "department_id"],
            ["department.city_id", "department.id"],
            name=op.f("fk_rule_city_id_department_id"),
        ),
        sa.ForeignKeyConstraint(
            ["city_id", "service_id"],
            ["service.city_id", "service.id"],
            name=op.f("fk_rule_city_id_service_id"),
        ),
        sa.PrimaryKeyConstraint("city_id", "id", name=op.f("pk_rule")),
    )

    op.create_table(
        "staff",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("email", sa.TEXT(), nullable=False),
        sa.Column("name", sa.TEXT(), nullable=False),
        sa.Column("password_hash", sa.TEXT(), nullable=False, comment="Argon2id"),
        sa.Column("role", sa.TEXT(), nullable=False),
        sa.Column("department_id", sa.SmallInteger(), nullable=True),
        sa.Column("crew_id", sa.SmallInteger(), nullable=True),
        sa.Column("district", sa.TEXT(), nullable=True, comment="Zone id of the council member's district"),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "session_epoch",
            sa.SmallInteger(),
            server_default=sa.text("0"),
            nullable=False,
            comment="Raised to sign the person out everywhere",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "role in ('agent', 'crew', 'supervisor', 'council', 'administrator', 'auditor')",
            name=op.f("ck_staff_role"),
        ),
        sa.ForeignKeyConstraint(
            ["city_id", "crew_id"], ["crew.city_id", "crew.id"], name=op.f("fk_staff_city_id_crew_id")
        ),
        sa.ForeignKeyConstraint(
            ["city_id", "department_id"],
            ["department.city_id", "department.id"],
            name=op.f("fk_staff_city_id_department_id"),
        ),
        sa.ForeignKeyConstraint(["city_id"], ["city.id"], name=op.f("fk_staff_city_id")),
        sa.PrimaryKeyConstraint("city_id", "id", name=op.f("pk_staff")),
    )
    op.create_index("uq_staff_email", "staff", ["city_id", sa.literal_column("lower(email)")], unique=True)

    op.create_table(
        "contact",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.TEXT(), nullable=True),
        sa.Column("email", sa.TEXT(), nullable=True),
        sa.Column("phone", sa.TEXT(), nullable=True),
        sa.Column("language", sa.TEXT(), server_default="en", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["city_id"], ["city.id"], name=op.f("fk_contact_city_id")),
        sa.PrimaryKeyConstraint("city_id", "id", name=op.f("pk_contact")),
    )
    op.create_index(
        "ix_contact_email", "contact", ["city_id", sa.literal_column("lower(email)")], unique=False
    )
    op.create_index("ix_contact_phone", "contact", ["city_id", "phone"], unique=False)

    op.create_table(
        "api_key",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.TEXT(), nullable=False),
        sa.Column("key_sha256", sa.TEXT(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["city_id"], ["city.id"], name=op.f("fk_api_key_city_id")),
        sa.PrimaryKeyConstraint("city_id", "id", name=op.f("pk_api_key")),
    )
    op.create_index("uq_api_key_hash", "api_key", ["city_id", "key_sha256"], unique=True)

    op.create_table(
        "throttle",
        sa.Column("key_sha256", sa.TEXT(), nullable=False, comment="Of who and what, salted"),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key_sha256", name=op.f("pk_throttle")),
        prefixes=["UNLOGGED"],
    )
    op.create_index("ix_throttle_expires_at", "throttle", ["expires_at"], unique=False)

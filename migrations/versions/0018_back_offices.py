"""Other systems as back office: where tickets go, what is on its way, what they tell; webhooks can be paused.

Revision ID: 0018
Revises: 0017
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"

_WHEN = sa.DateTime(timezone=True)


def upgrade() -> None:
    _work_orders()
    _back_offices()
    _orders()
    _updates()
    op.add_column(
        "webhook",
        sa.Column("paused_at", _WHEN, nullable=True, comment="Since then nothing is sent; it waits"),
    )
    op.create_index("ix_webhook_delivery_webhook", "webhook_delivery", ["city_id", "webhook_id", "id"])


def _work_orders() -> None:
    op.create_table(
        "work_order",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("report_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "system", sa.TEXT(), nullable=False, comment="Code of a back office, or name of a program's key"
        ),
        sa.Column("reference", sa.TEXT(), nullable=False, comment="What the system calls it"),
        sa.ForeignKeyConstraint(
            ["city_id", "report_id"], ["report.city_id", "report.id"], name="fk_work_order_city_id_report_id"
        ),
        sa.PrimaryKeyConstraint("city_id", "report_id", "system", name="pk_work_order"),
    )
    op.create_index("ix_work_order_reference", "work_order", ["city_id", "system", "reference"])


def _back_offices() -> None:
    op.create_table(
        "back_office",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.SmallInteger(), nullable=False),
        sa.Column("code", sa.TEXT(), nullable=False),
        sa.Column("endpoint", sa.TEXT(), nullable=False),
        sa.Column("form", sa.TEXT(), nullable=False, comment="json or xml"),
        sa.Column("jurisdiction_id", sa.TEXT(), nullable=True),
        sa.Column("department_id", sa.SmallInteger(), nullable=True),
        sa.Column("crew_id", sa.SmallInteger(), nullable=True),
        sa.Column(
            "services", postgresql.JSONB(), nullable=False, comment="{our code: theirs} where they differ"
        ),
        sa.Column(
            "states", postgresql.JSONB(), nullable=False, comment="{their status: our state, or state/detail}"
        ),
        sa.Column("created_at", _WHEN, server_default=sa.func.now(), nullable=False),
        sa.Column("retired_at", _WHEN, nullable=True, comment="It is no longer in the city file"),
        sa.Column("paused_at", _WHEN, nullable=True, comment="Since then nothing is sent or asked"),
        sa.Column("ask_at", _WHEN, server_default=sa.func.now(), nullable=False, comment="For updates, next"),
        sa.Column("asked_at", _WHEN, nullable=True, comment="When updates were last told"),
        sa.Column("error", sa.TEXT(), server_default="", nullable=False, comment="Of the latest question"),
        sa.CheckConstraint("num_nonnulls(department_id, crew_id) = 1", name="ck_back_office_one_assignee"),
        sa.CheckConstraint("form in ('json', 'xml')", name="ck_back_office_form"),
        sa.ForeignKeyConstraint(["city_id"], ["city.id"], name="fk_back_office_city_id"),
        sa.ForeignKeyConstraint(
            ["city_id", "department_id"],
            ["department.city_id", "department.id"],
            name="fk_back_office_city_id_department_id",
        ),
        sa.ForeignKeyConstraint(
            ["city_id", "crew_id"], ["crew.city_id", "crew.id"], name="fk_back_office_city_id_crew_id"
        ),
        sa.PrimaryKeyConstraint("city_id", "id", name="pk_back_office"),
        sa.UniqueConstraint("city_id", "code", name="uq_back_office_city_id_code"),
    )


def _orders() -> None:
    op.create_table(
        "back_office_order",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("back_office_id", sa.SmallInteger(), nullable=False),
        sa.Column("report_id", sa.BigInteger(), nullable=False, comment="What is sent: its ticket's first"),
        sa.Column("attempts", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("next_at", _WHEN, nullable=True, comment="When it is tried next; null: no more"),
        sa.Column("tried_at", _WHEN, nullable=True, comment="Sent then first, and what became of it unknown"),
        sa.Column("token", sa.TEXT(), nullable=True, comment="Given instead of a number, to ask for it"),
        sa.Column("sent_at", _WHEN, nullable=True),
        sa.Column("error", sa.TEXT(), server_default="", nullable=False, comment="Of the latest attempt"),
        sa.Column("created_at", _WHEN, server_default=sa.func.now(), nullable=False),
        sa.ForeignKeyConstraint(
            ["city_id", "back_office_id"],
            ["back_office.city_id", "back_office.id"],
            name="fk_back_office_order_city_id_back_office_id",
        ),
        sa.ForeignKeyConstraint(
            ["city_id", "report_id"],
            ["report.city_id", "report.id"],
            name="fk_back_office_order_city_id_report_id",
        ),
        sa.PrimaryKeyConstraint("city_id", "id", name="pk_back_office_order"),
        sa.UniqueConstraint(
            "city_id",
            "back_office_id",
            "report_id",
            name="uq_back_office_order_city_id_back_office_id_report_id",
        ),
    )
    op.create_index(
        "ix_back_office_order_next",
        "back_office_order",
        ["city_id", "next_at"],
        postgresql_where=sa.text("next_at is not null"),
    )


def _updates() -> None:
    op.create_table(
        "back_office_update",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("back_office_id", sa.SmallInteger(), nullable=False),
        sa.Column("update_id", sa.TEXT(), nullable=False, comment="As the other system names it"),
        sa.Column("report_id", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.TEXT(), nullable=False, comment="As it was told"),
        sa.Column("note", sa.TEXT(), nullable=False),
        sa.Column("updated_at", _WHEN, nullable=False, comment="By the other system's clock"),
        sa.Column("heard_at", _WHEN, server_default=sa.func.now(), nullable=False),
        sa.Column("timeline_id", sa.BigInteger(), nullable=True, comment="The entry that it became"),
        sa.Column("refused", sa.TEXT(), server_default="", nullable=False, comment="Why it moved nothing"),
        sa.Column("seen_at", _WHEN, nullable=True, comment="When somebody saw to a refused one"),
        sa.ForeignKeyConstraint(
            ["city_id", "back_office_id"],
            ["back_office.city_id", "back_office.id"],
            name="fk_back_office_update_city_id_back_office_id",
        ),
        sa.ForeignKeyConstraint(
            ["city_id", "report_id"],
            ["report.city_id", "report.id"],
            name="fk_back_office_update_city_id_report_id",
        ),
        sa.ForeignKeyConstraint(
            ["city_id", "timeline_id"],
            ["timeline.city_id", "timeline.id"],
            name="fk_back_office_update_city_id_timeline_id",
        ),
        sa.PrimaryKeyConstraint("city_id", "back_office_id", "update_id", name="pk_back_office_update"),
    )
    op.create_index(
        "ix_back_office_update_refused",
        "back_office_update",
        ["city_id", "heard_at"],
        postgresql_where=sa.text("refused <> '' and seen_at is null"),
    )
    op.create_index(
        "ix_back_office_update_report", "back_office_update", ["city_id", "report_id", "updated_at"]
    )

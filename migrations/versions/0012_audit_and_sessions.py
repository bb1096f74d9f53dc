"""The audit trail, sessions of staff, and the second factor.

Revision ID: 0012
Revises: 0011
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "staff_id", sa.BigInteger(), nullable=True, comment="Nobody: it was done on a command line"
        ),
        sa.Column(
            "kind",
            sa.TEXT(),
            nullable=False,
            comment="What was done: contact_seen, ticket, signed_in, staff_added, …",
        ),
        sa.Column("subject", sa.TEXT(), nullable=False, comment="To what, such as ticket 12"),
        sa.Column("data", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.ForeignKeyConstraint(["city_id"], ["city.id"], name=op.f("fk_audit_city_id")),
        sa.PrimaryKeyConstraint("city_id", "id", name=op.f("pk_audit")),
    )
    op.create_index("ix_audit_staff", "audit", ["city_id", "staff_id", "id"])
    op.execute(
        """
        create trigger audit_is_append_only before update or delete on audit
        for each row execute function refuse_change()
        """
    )
    op.execute(
        """
        create trigger audit_is_never_emptied before truncate on audit
        for each statement execute function refuse_change()
        """
    )
    # By trigger: no change of a ticket by staff can be forgotten. It names all it uses, for a restore.
    op.execute(
        """
        create function audit_staff_entry() returns trigger language plpgsql
        set search_path = public, pg_temp as $$
        begin
            insert into audit (city_id, at, staff_id, kind, subject, data)
            values (new.city_id, new.at, new.staff_id, 'ticket', 'ticket ' || new.ticket_id,
                    jsonb_build_object('ticket', new.ticket_id, 'entry', new.id, 'did', new.kind));
            return null;
        end $$
        """
    )
    op.execute(
        """
        create trigger timeline_is_audited after insert on timeline
        for each row when (new.staff_id is not null) execute function audit_staff_entry()
        """
    )

    op.create_table(
        "staff_session",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("key_sha256", sa.TEXT(), nullable=False),
        sa.Column("device", sa.TEXT(), nullable=False, comment="What the browser says of itself"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "seen_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="Used last, to some minutes",
        ),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["city_id", "staff_id"],
            ["staff.city_id", "staff.id"],
            name=op.f("fk_staff_session_city_id_staff_id"),
        ),
        sa.PrimaryKeyConstraint("city_id", "id", name=op.f("pk_staff_session")),
    )
    op.create_index("uq_staff_session_key", "staff_session", ["city_id", "key_sha256"], unique=True)
    op.create_index("ix_staff_session_staff", "staff_session", ["city_id", "staff_id", "id"])

    op.add_column(
        "staff",
        sa.Column(
            "totp_secret",
            sa.TEXT(),
            nullable=True,
            comment="Of the second factor (RFC 6238); none: not set up",
        ),
    )
    op.add_column(
        "staff",
        sa.Column(
            "totp_step", sa.BigInteger(), nullable=True, comment="Of the code used last: none is used twice"
        ),
    )

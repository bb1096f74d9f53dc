"""Questions that depend on answers, reports hidden until checked, photos held, redactions, contacts erased.

A ticket or a report that is hidden is shown to staff only: it is counted in the pyramid as those of services
that are not public are. Of the timeline nothing may change but words, and those only once what they were is
kept in ``redaction``.

Revision ID: 0029
Revises: 0028
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, TEXT

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    _columns()
    _tables()
    _hidden_tickets()
    _words_of_the_timeline()


def _columns() -> None:
    op.add_column(
        "question",
        sa.Column(
            "only_if",
            JSONB(none_as_null=True),
            nullable=True,
            comment="{question, answers}: asked only where the other question has one of these answers",
        ),
    )
    op.add_column(
        "service",
        sa.Column(
            "check_first",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="Are its reports hidden until staff have looked at them?",
        ),
    )
    for table, said in (("ticket", "None of its reports is shown"), ("report", "Until staff show it")):
        op.add_column(
            table,
            sa.Column("hidden", sa.Boolean(), server_default=sa.text("false"), nullable=False, comment=said),
        )
    op.create_index("ix_report_hidden", "report", ["city_id", "id"], postgresql_where=sa.text("hidden"))
    op.add_column(
        "photo",
        sa.Column(
            "alt",
            TEXT(),
            server_default="",
            nullable=False,
            comment="What is to be seen, for who cannot see it",
        ),
    )
    op.add_column(
        "contact",
        sa.Column(
            "erased_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="Since then nothing of it is kept but the row",
        ),
    )


def _tables() -> None:
    op.create_table(
        "held_photo",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("name", TEXT(), nullable=False, comment="144 random bits, kept as the photo's own"),
        sa.Column("key_sha256", TEXT(), nullable=False, comment="Of the key of the form it was chosen in"),
        sa.Column("width", sa.Integer(), nullable=False, comment="Pixels, as kept"),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.Column("held_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["city_id"], ["city.id"], name=op.f("fk_held_photo_city_id")),
        sa.PrimaryKeyConstraint("city_id", "name", name=op.f("pk_held_photo")),
    )
    op.create_index("ix_held_photo_key", "held_photo", ["city_id", "key_sha256"])
    op.create_index("ix_held_photo_held_at", "held_photo", ["held_at"])
    op.create_table(
        "redaction",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("report_id", sa.BigInteger(), nullable=True, comment="Whose description or photo it was"),
        sa.Column("timeline_id", sa.BigInteger(), nullable=True, comment="Whose note it was"),
        sa.Column("what", TEXT(), nullable=False, comment="description, note or photo"),
        sa.Column("original", JSONB(), nullable=False, comment="For administrators and auditors only"),
        sa.Column("redacted", JSONB(none_as_null=True), nullable=True, comment="Null: the photo was removed"),
        sa.Column("why", TEXT(), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("what in ('description', 'note', 'photo')", name=op.f("ck_redaction_what")),
        sa.CheckConstraint("(undone_at is null) = (undone_by is null)", name=op.f("ck_redaction_undone")),
        sa.ForeignKeyConstraint(
            ["city_id", "ticket_id"],
            ["ticket.city_id", "ticket.id"],
            name=op.f("fk_redaction_city_id_ticket_id"),
        ),
        sa.ForeignKeyConstraint(
            ["city_id", "report_id"],
            ["report.city_id", "report.id"],
            name=op.f("fk_redaction_city_id_report_id"),
        ),
        sa.ForeignKeyConstraint(
            ["city_id", "timeline_id"],
            ["timeline.city_id", "timeline.id"],
            name=op.f("fk_redaction_city_id_timeline_id"),
        ),
        sa.ForeignKeyConstraint(
            ["city_id", "staff_id"], ["staff.city_id", "staff.id"], name=op.f("fk_redaction_city_id_staff_id")
        ),
        sa.ForeignKeyConstraint(
            ["city_id", "undone_by"],
            ["staff.city_id", "staff.id"],
            name=op.f("fk_redaction_city_id_undone_by"),
        ),
        sa.PrimaryKeyConstraint("city_id", "id", name=op.f("pk_redaction")),
    )
    op.create_index("ix_redaction_ticket", "redaction", ["city_id", "ticket_id"])
    op.create_index(
        "ix_redaction_timeline",
        "redaction",
        ["city_id", "timeline_id"],
        postgresql_where=sa.text("timeline_id is not null"),
    )


def _hidden_tickets() -> None:
    for name, change in (("opened", "1"), ("removed", "-1")):
        op.execute(
            f"""
            create or replace function note_tickets_{name}() returns trigger language plpgsql as $$
            begin
                insert into ticket_delta (city_id, x, y, public, change, ticket_id)
                select given.city_id, mercator_x(st_x(geom)), mercator_y(st_y(geom)),
                       service.public and not given.hidden, {change}, given.id
                  from given
                  join service on service.city_id = given.city_id and service.id = given.service_id
                 where open and geom is not null;
                return null;
            end $$
            """  # noqa: S608
        )
    op.execute(
        """
        create or replace function note_ticket_changed() returns trigger language plpgsql as $$
        begin
            insert into ticket_delta (city_id, x, y, public, change, ticket_id)
            select new.city_id, mercator_x(st_x(state.geom)), mercator_y(st_y(state.geom)),
                   service.public and not state.hidden, change, new.id
              from (values (old.service_id, old.open, old.hidden, old.geom, -1),
                           (new.service_id, new.open, new.hidden, new.geom, 1))
                   as state (service_id, open, hidden, geom, change)
              join service on service.city_id = new.city_id and service.id = state.service_id
             where state.open and state.geom is not null;
            return null;
        end $$
        """
    )
    op.execute("drop trigger ticket_changed on ticket")
    op.execute(
        """
        create trigger ticket_changed after update on ticket for each row
        when ((old.open, old.service_id, old.hidden) is distinct from (new.open, new.service_id, new.hidden)
              or (new.open and old.geom::bytea is distinct from new.geom::bytea))
        execute function note_ticket_changed()
        """
    )
    op.execute("alter table ticket enable always trigger ticket_changed")
    op.execute(
        """
        create or replace function note_service_changed() returns trigger language plpgsql as $$
        begin
            lock table ticket in share row exclusive mode;
            insert into ticket_delta (city_id, x, y, public, change, ticket_id)
            select ticket.city_id, mercator_x(st_x(geom)), mercator_y(st_y(geom)), state.public, state.change,
                   ticket.id
              from ticket, (values (old.public, -1), (new.public, 1)) as state (public, change)
             where ticket.city_id = new.city_id and ticket.service_id = new.id and open and geom is not null
               and not hidden;
            return null;
        end $$
        """
    )
    # Without it in the index, a tile would read the rows of all its tickets.
    op.execute("drop index ix_ticket_square")
    op.execute(
        """
        create index ix_ticket_square on ticket
               (city_id, (mercator_x(st_x(geom)) >> 14), (mercator_y(st_y(geom)) >> 14))
               include (id, geom, service_id, status, hidden) where open
        """
    )


def _words_of_the_timeline() -> None:
    op.execute(
        """
        create function refuse_change_but_of_words() returns trigger language plpgsql
        set search_path = public, pg_temp as $$
        begin
            if tg_op = 'UPDATE' and to_jsonb(old) - 'note' = to_jsonb(new) - 'note'
               and exists (select from redaction
                            where city_id = old.city_id and timeline_id = old.id and what = 'note'
                              and undone_at is null
                              and (original ->> 'text', redacted ->> 'text') in ((old.note, new.note), (new.note, old.note)))
            then
                return new;
            end if;
            raise exception 'The % is append-only: write a new entry instead.', tg_table_name;
        end $$
        """
    )
    op.execute("drop trigger timeline_is_append_only on timeline")
    op.execute(
        """
        create trigger timeline_is_append_only before update or delete on timeline
        for each row execute function refuse_change_but_of_words()
        """
    )

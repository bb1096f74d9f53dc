"""Tables of figures: the facts of tickets as pages of figures read them. A job keeps them; see `kept`."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKeyConstraint, Integer, LargeBinary, func
from sqlalchemy.dialects.postgresql import ARRAY, TEXT, UUID
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db import Base, CityId


class FactState(Base):
    """How far a city's facts are."""

    __tablename__ = "fact_state"
    __table_args__ = (ForeignKeyConstraint(["city_id"], ["city.id"]),)

    city_id: Mapped[CityId]
    refreshed_at: Mapped[datetime] = mapped_column(
        server_default=func.now(), comment="All that was committed before is in them"
    )
    transaction: Mapped[int] = mapped_column(
        BigInteger, comment="Below it every entry of the timeline was counted"
    )
    layers: Mapped[list[str]] = mapped_column(ARRAY(TEXT), comment="Of the zones in them")


class FactChunk(Base):
    """The facts of 65,536 tickets by their ids, as one Arrow file."""

    __tablename__ = "fact_chunk"
    __table_args__ = (ForeignKeyConstraint(["city_id"], ["city.id"]),)

    city_id: Mapped[CityId]
    chunk: Mapped[int] = mapped_column(Integer, primary_key=True, comment="Ticket id / 65536")
    version: Mapped[uuid.UUID] = mapped_column(
        UUID, server_default=func.gen_random_uuid(), comment="Another one whenever the content changes"
    )
    content: Mapped[bytes] = mapped_column(LargeBinary)

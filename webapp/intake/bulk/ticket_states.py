"""What becomes of the tickets that a batch opens, while later reports of the same batch join them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from webapp.intake.bulk.columns import OPEN
from webapp.intake.bulk.instants import Instants
from webapp.tickets.models import OPEN_STATUSES

_OF_OPEN = np.array([OPEN, *OPEN_STATUSES], dtype=object)


@dataclass(frozen=True, slots=True)
class TicketStates:
    """m tickets, each at first as the report that opened it."""

    latest_at: Instants
    due_at: Instants
    closed_at: Instants
    """NaT while open."""
    count: NDArray[np.int32]
    reopened: NDArray[np.bool_]
    """Whether a report joined it when it was closed."""

    @classmethod
    def of(cls, opened_at: Instants, due_at: Instants, closed_at: Instants) -> TicketStates:
        """Return the tickets as they were opened."""
        return cls(
            opened_at.copy(),
            due_at.copy(),
            closed_at.copy(),
            np.ones(len(opened_at), np.int32),
            np.zeros(len(opened_at), bool),
        )

    def join(
        self, tickets: NDArray[np.int64], requested_at: Instants, due_at: Instants, closed_at: Instants
    ) -> None:
        """Let reports join, in the order of time: as `webapp.tickets.records.join_ticket` does one by one.

        A ticket is closed once all of its reports are; its promise is the earliest, but a promise that was
        over with its closing is not taken up again.
        """
        for k, at, due, closed in zip(tickets.tolist(), requested_at, due_at, closed_at, strict=True):
            was_closed = self.closed_at[k] <= at
            self.latest_at[k] = max(self.latest_at[k], at)
            self.due_at[k] = due if was_closed else np.fmin(self.due_at[k], due)
            # The later of two; NaT, still open, where either is.
            self.closed_at[k] = np.maximum(self.closed_at[k], closed)
            self.count[k] += 1
            self.reopened[k] |= was_closed

    def statuses(self, told: NDArray[np.object_], first: NDArray[np.object_]) -> NDArray[np.object_]:
        """Return the status of each ticket.

        Parameters
        ----------
        told
            What the file tells of the report that opened it.
        first
            In which status its assignment puts it.
        """
        told_open = np.isin(told, _OF_OPEN)
        as_opened = np.where(told_open & (told != OPEN), told, first)
        while_open = np.where(self.reopened, "reopened", as_opened)
        return np.where(np.isnat(self.closed_at), while_open, told)

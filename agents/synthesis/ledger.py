"""What a synthesis has used, over all its starts, and whether it may go on."""

from __future__ import annotations

from collections.abc import Iterable

from ..evaluation.spending import Budget, Prices, Spending
from .reply import Reply


class WorkStoppedError(RuntimeError):
    """No further request may start; says why."""


class Ledger:
    """Counts tokens; once they are spent, or somebody halts it, no further request may start.

    Args:
        prices: What tokens cost.
        budget: The most that may be used.
    """

    def __init__(self, prices: Prices, budget: Budget) -> None:
        self.spending = Spending(prices)
        self.requests = 0
        """Answered in this start."""
        self.halted = ""
        """Why nothing at all is begun any more; empty while there is no reason."""
        self._budget = budget

    def restore(self, earlier: Iterable[Reply]) -> None:
        """Counts replies of earlier starts."""
        for reply in earlier:
            self._count(reply)

    @property
    def stopped(self) -> str:
        """Why no request may start; empty while one may."""
        return self.halted or self._budget.spent_by(self.spending)

    def halt(self, reason: str) -> None:
        """Lets nothing further begin; the first reason counts."""
        self.halted = self.halted or reason

    def check(self) -> None:
        """Called before every request.

        Raises:
            WorkStoppedError: If it may not start.
        """
        if stopped := self.stopped:
            raise WorkStoppedError(stopped)

    def add(self, reply: Reply) -> None:
        """Counts a reply."""
        self.requests += 1
        self._count(reply)

    def _count(self, reply: Reply) -> None:
        self.spending.prompt_tokens += reply.prompt_tokens
        self.spending.completion_tokens += reply.completion_tokens
        self.spending.estimated = self.spending.estimated or reply.estimated

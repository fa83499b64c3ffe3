"""Stops a run whose machine is broken: a high share of failures among its last attempts.

Every attempt counts, so that a fault which retries would hide is seen as soon. Fewer failures than one shock
can bring, which fails all episodes in play at once, never stop a run.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Self

from .episode import Episode, Failure

_LEAST = 8


class EvaluationError(RuntimeError):
    """So many episodes failed that going on makes no sense; names the last cause."""


class EndpointFailedError(EvaluationError):
    """It was the policy's endpoint that failed them."""


class FailureBreaker:
    """Watches the attempts of one run.

    Args:
        least: Failures that must be among the last attempts.
        share: Their share of the last attempts, in (0, 1].
    """

    def __init__(self, least: int = _LEAST, share: float = 0.5) -> None:
        if least < 1 or not 0 < share <= 1:
            raise ValueError(f"least is {least} and share {share}; need least >= 1 and 0 < share <= 1")
        self._least = least
        self._share = share
        self._last: deque[bool] = deque(maxlen=math.ceil(least / share))
        self._failed = 0

    @classmethod
    def for_concurrency(cls, concurrency: int) -> Self:
        """One that survives a single shock to all episodes in play."""
        return cls(max(_LEAST, math.ceil(1.5 * concurrency)))

    def add(self, episode: Episode) -> None:
        """Counts an attempt.

        Raises:
            EvaluationError: If too many of the last ones failed.
        """
        if len(self._last) == self._last.maxlen:
            self._failed -= self._last[0]
        self._last.append(episode.failure is not None)
        self._failed += self._last[-1]
        if self._failed >= self._least and self._failed >= self._share * len(self._last):
            kind = EndpointFailedError if episode.failure is Failure.POLICY else EvaluationError
            raise kind(
                f"{self._failed} of the last {len(self._last)} attempts failed; the last one: "
                f"{episode.failure or 'scored'} {episode.failure_message}".rstrip()
            )

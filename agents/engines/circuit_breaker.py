"""A server that fails again and again is left alone for a while, then asked once whether it is back."""

from __future__ import annotations

import time
from collections.abc import Callable
from enum import StrEnum


class BreakerState(StrEnum):
    """Whether requests go to the server."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"
    """One probe is on its way; requests still wait."""


class CircuitBreaker:
    """Counts failures in a row. After a good probe one more failure opens it again, for twice as long."""

    def __init__(
        self,
        *,
        failures: int,
        seconds: float,
        most: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Starts closed.

        Args:
            failures: Failures in a row that open it.
            seconds: How long it stays open the first time.
            most: The longest that it stays open.
            clock: Where the time comes from.
        """
        self._threshold = failures
        self._seconds = seconds
        self._most = most
        self._clock = clock
        self._failures = 0
        self._period = seconds
        self._until = 0.0
        self._state = BreakerState.CLOSED

    @property
    def state(self) -> BreakerState:
        """What holds now."""
        return self._state

    @property
    def seconds_to_probe(self) -> float:
        """How long the server is still left alone."""
        return max(0.0, self._until - self._clock()) if self._state is BreakerState.OPEN else 0.0

    def succeeded(self) -> None:
        """A request was answered; what was asked before it opened counts no more."""
        if self._state is BreakerState.CLOSED:
            self._failures = 0
            self._period = self._seconds

    def failed(self) -> None:
        """A request failed by the server's fault."""
        if self._state is not BreakerState.CLOSED:
            return
        self._failures += 1
        if self._failures >= self._threshold:
            self._open()

    def probe(self) -> bool:
        """Whether the caller may probe now; only one may."""
        if self._state is not BreakerState.OPEN or self.seconds_to_probe > 0:
            return False
        self._state = BreakerState.HALF_OPEN
        return True

    def probed(self, healthy: bool) -> None:
        """What the probe found."""
        if self._state is not BreakerState.HALF_OPEN:
            return
        if healthy:
            self._state = BreakerState.CLOSED
            self._failures = self._threshold - 1
        else:
            self._open()

    def _open(self) -> None:
        self._state = BreakerState.OPEN
        self._until = self._clock() + self._period
        self._period = min(self._most, 2 * self._period)

"""A bounded line before a number of places: the oldest is served first, none waits beyond its patience."""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

_MOST_RETRY_SECONDS = 60
_WEIGHT = 0.1


class QueueFullError(RuntimeError):
    """The line is full.

    Attributes:
        retry_seconds: After how many seconds the line should have moved on.
    """

    def __init__(self, message: str, retry_seconds: int) -> None:
        super().__init__(message)
        self.retry_seconds = retry_seconds


class QueueTimeoutError(RuntimeError):
    """No place came free in time.

    Attributes:
        retry_seconds: After how many seconds the line should have moved on.
    """

    def __init__(self, message: str, retry_seconds: int) -> None:
        super().__init__(message)
        self.retry_seconds = retry_seconds


class WorkQueue:
    """Lends places.

    Args:
        workers: How many places there are.
        capacity: How many may wait.
    """

    def __init__(self, workers: int, capacity: int) -> None:
        self.workers = workers
        self._capacity = capacity
        self._line: deque[asyncio.Future[None]] = deque()
        self._running = 0
        self._mean_seconds = 1.0

    @property
    def waiting(self) -> int:
        """How many stand in line."""
        return len(self._line)

    @property
    def running(self) -> int:
        """How many have a place."""
        return self._running

    @asynccontextmanager
    async def place(self, patience: float) -> AsyncIterator[float]:
        """Lends a place for the length of the block, and says how many seconds it was waited for.

        Args:
            patience: The most seconds to wait.

        Raises:
            QueueFullError: If too many wait already.
            QueueTimeoutError: If no place came free in time.
        """
        begin = time.monotonic()
        await self._take(patience)
        served = time.monotonic()
        try:
            yield served - begin
        finally:
            self._mean_seconds += _WEIGHT * (time.monotonic() - served - self._mean_seconds)
            self._pass_on()

    def retry_seconds(self) -> int:
        """In how many seconds about as many will have been served as wait now."""
        needed = (len(self._line) + 1) * self._mean_seconds / self.workers
        return max(1, min(_MOST_RETRY_SECONDS, math.ceil(needed)))

    async def _take(self, patience: float) -> None:
        if self._running < self.workers:
            self._running += 1
            return
        if len(self._line) >= self._capacity:
            message = f"the queue is full: {len(self._line)} wait already"
            raise QueueFullError(message, self.retry_seconds())
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._line.append(waiter)
        try:
            await asyncio.wait([waiter], timeout=patience)
        except asyncio.CancelledError:
            if waiter.done():
                self._pass_on()
            raise
        finally:
            if not waiter.done():
                self._line.remove(waiter)
        if not waiter.done():
            message = f"waited {patience:g} s in the queue without being served"
            raise QueueTimeoutError(message, self.retry_seconds())

    def _pass_on(self) -> None:
        """Gives a place that came free to the first in line."""
        if self._line:
            self._line.popleft().set_result(None)
        else:
            self._running -= 1

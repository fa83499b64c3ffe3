"""A bound on requests at once. The oldest episode waits least, so that few are half played at any time."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager


class SlotGate:
    """Hands out slots in the order of the numbers that callers bring."""

    def __init__(self, slots: int) -> None:
        """Starts with all slots free."""
        self._free = slots
        self._slots = slots
        self._queue: list[tuple[int, int, asyncio.Future[None]]] = []
        self._arrivals = itertools.count()
        self._waiting = 0

    @property
    def in_flight(self) -> int:
        """Slots in use."""
        return self._slots - self._free

    @property
    def waiting(self) -> int:
        """Callers that wait for a slot."""
        return self._waiting

    @asynccontextmanager
    async def slot(self, order: int) -> AsyncIterator[None]:
        """Holds a slot; of all that wait the lowest number comes next, the first to come among equals."""
        if self._free:
            self._free -= 1
        else:
            await self._wait(order)
        try:
            yield
        finally:
            self._hand_on()

    def turn_away(self, error: Callable[[], Exception]) -> None:
        """Ends the waiting of everyone who waits with an error."""
        queue, self._queue = self._queue, []
        for _, _, future in queue:
            if not future.done():
                future.set_exception(error())

    async def _wait(self, order: int) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._queue, (order, next(self._arrivals), future))
        self._waiting += 1
        try:
            await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled() and future.exception() is None:
                self._hand_on()
            raise
        finally:
            self._waiting -= 1

    def _hand_on(self) -> None:
        while self._queue:
            _, _, future = heapq.heappop(self._queue)
            if not future.done():
                future.set_result(None)
                return
        self._free += 1

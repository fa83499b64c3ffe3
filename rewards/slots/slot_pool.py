"""The slots of a judge, shared by callers in any thread and event loop; first come, first served."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from .slot import Slot, SlotError
from .slot_factory import SlotFactory


class SlotPool:
    """At most `size` slots, made when they are needed and used again as long as they are clean."""

    def __init__(self, factory: SlotFactory, size: int, start_seconds: float) -> None:
        self._factory = factory
        self._start_seconds = start_seconds
        self._lock = threading.Lock()
        self._idle: list[Slot] = []
        self._permits = size
        self._waiting: deque[tuple[asyncio.AbstractEventLoop, asyncio.Future[None]]] = deque()
        self._closed = False

    @asynccontextmanager
    async def lease(self) -> AsyncIterator[Slot]:
        """A slot that is ready, for one examination; one that is not clean afterwards is thrown away.

        Raises:
            SlotError: If there is none to be had.
        """
        await self._enter()
        slot: Slot | None = None
        try:
            slot = self._take_idle() or await self._make()
            try:
                yield slot
            except asyncio.CancelledError:
                await asyncio.shield(slot.abandon())
                raise
        finally:
            self._leave(slot)

    async def close(self) -> None:
        """Ends every slot, also those that are in use; idempotent."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for slot in idle:
            slot.close()
        await asyncio.to_thread(self._factory.close)

    async def _make(self) -> Slot:
        slot = await asyncio.to_thread(self._factory.make)
        try:
            await slot.ready(self._start_seconds)
        except BaseException:
            slot.close()
            raise
        return slot

    def _take_idle(self) -> Slot | None:
        with self._lock:
            if self._closed:
                raise SlotError("the judge is closed")
            return self._idle.pop() if self._idle else None

    async def _enter(self) -> None:
        with self._lock:
            if self._permits > 0:
                self._permits -= 1
                return
            loop = asyncio.get_running_loop()
            turn = (loop, loop.create_future())
            self._waiting.append(turn)
        try:
            await turn[1]
        except asyncio.CancelledError:
            with self._lock:
                waits = turn in self._waiting
                if waits:
                    self._waiting.remove(turn)
            if not waits:
                self._pass_on()  # the turn had come already
            raise

    def _leave(self, slot: Slot | None) -> None:
        if slot is not None:
            with self._lock:
                keep = slot.reusable and not self._closed
                if keep:
                    self._idle.append(slot)
            if not keep:
                slot.close()
        self._pass_on()

    def _pass_on(self) -> None:
        """Gives the permit to who waits longest."""
        with self._lock:
            while self._waiting:
                loop, turn = self._waiting.popleft()
                try:
                    loop.call_soon_threadsafe(_grant, turn)
                except RuntimeError:
                    continue  # its event loop is closed
                return
            self._permits += 1


def _grant(turn: asyncio.Future[None]) -> None:
    if not turn.done():
        turn.set_result(None)

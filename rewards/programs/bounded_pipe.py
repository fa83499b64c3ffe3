"""A pipe that is read as it fills, up to a limit: a flood costs no more memory than that."""

from __future__ import annotations

import asyncio
import os
from typing import Self


class BoundedPipe(asyncio.Protocol):
    """One pipe that a child writes to and the event loop reads. Make it with `open`."""

    def __init__(self, limit: int, overflow: asyncio.Event) -> None:
        self.child_fd = -1
        """For the child; `close_child_end` when it has it."""
        self._limit = limit
        self._overflow = overflow
        self._data = bytearray()
        self._ended = asyncio.get_running_loop().create_future()
        self._transport: asyncio.ReadTransport | None = None

    @classmethod
    async def open(cls, limit: int, overflow: asyncio.Event) -> Self:
        """Makes a pipe.

        Args:
            limit: Bytes to keep.
            overflow: Set when more arrived.
        """
        pipe = cls(limit, overflow)
        read_end, pipe.child_fd = os.pipe2(os.O_CLOEXEC)
        stream = os.fdopen(read_end, "rb", buffering=0)
        try:
            pipe._transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: pipe, stream)
        except BaseException:
            stream.close()
            pipe.close()
            raise
        return pipe

    @property
    def text(self) -> bytes:
        """What was kept so far."""
        return bytes(self._data)

    async def ended(self, timeout: float) -> None:
        """Waits until nobody can write any more, or the time is over."""
        await asyncio.wait([self._ended], timeout=timeout)

    def close_child_end(self) -> None:
        """Lets go of the child's end; idempotent."""
        if self.child_fd >= 0:
            os.close(self.child_fd)
            self.child_fd = -1

    def close(self) -> None:
        """Lets go of both ends; idempotent."""
        self.close_child_end()
        if self._transport is not None:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        """Called by the event loop."""
        self._data += data[: self._limit - len(self._data)]
        if len(self._data) == self._limit:
            self._overflow.set()
            self.connection_lost(None)
            if self._transport is not None:
                self._transport.pause_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the event loop."""
        if not self._ended.done():
            self._ended.set_result(None)

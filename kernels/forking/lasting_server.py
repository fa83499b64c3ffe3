"""A fork server that is there whenever it is needed: started on first use, and again after its death."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from ..kernel_error import KernelClosedError
from .fork_server import ForkServer


class LastingServer:
    """Owns one fork server after the other.

    Args:
        start: Starts one.
    """

    def __init__(self, start: Callable[[], Awaitable[ForkServer]]) -> None:
        self._start = start
        self._server: ForkServer | None = None
        self._lock = asyncio.Lock()
        self._closed = False

    async def running(self) -> ForkServer:
        """The running server.

        Raises:
            KernelClosedError: After `close`.
            ForkServerError: If none comes up.
        """
        async with self._lock:
            if self._closed:
                raise KernelClosedError("the fork server was closed")
            if self._server is None or not self._server.is_alive():
                if self._server is not None:
                    await self._server.close()
                self._server = await self._start()
            return self._server

    async def close(self) -> None:
        """Ends the server and everything it forked; idempotent."""
        async with self._lock:
            self._closed = True
            if self._server is not None:
                await self._server.close()

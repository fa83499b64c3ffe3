"""Interpreters for `/run_jupyter`: a fresh one for a request alone, one that lives on for a session.

Requests of a session take turns. A session ends when it is closed, when nobody asks for long enough, or with
the server; there is no room for another one until it has.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

from ...kernels.kernel import Kernel
from ...kernels.kernel_pool import KernelPool
from .service_settings import ServiceSettings
from .work_queue import QueueFullError

_RETRY_SECONDS = 5


@dataclass(slots=True)
class Session:
    """One session, for the length of a request."""

    kernel: Kernel
    created: bool
    """Whether it began with this request."""
    closing: bool = False
    """Set to end it after the request."""


@dataclass(slots=True)
class _Kept:
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    lease: AbstractAsyncContextManager[Kernel] | None = None
    kernel: Kernel | None = None
    users: int = 0
    expiry: asyncio.TimerHandle | None = None


class JupyterSessions:
    """The sessions of one server.

    Args:
        pool: Where interpreters come from.
        settings: How many there may be, and how long they live unused.
    """

    def __init__(self, pool: KernelPool, settings: ServiceSettings) -> None:
        self._pool = pool
        self._settings = settings
        self._kept: dict[str, _Kept] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._closed = False

    @property
    def count(self) -> int:
        """How many sessions are alive."""
        return len(self._kept)

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[Kernel]:
        """Lends a fresh interpreter for one request.

        Raises:
            PoolSaturatedError: If none came free in time.
            KernelError: If none can be started.
        """
        async with self._pool.acquire(self._settings.sandbox_queue_seconds) as kernel:
            yield kernel

    @asynccontextmanager
    async def session(self, name: str, patience: float) -> AsyncIterator[Session]:
        """Lends the interpreter of a session, which begins now if there is none of that name.

        Args:
            name: Whoever knows it has the session.
            patience: Seconds to wait for requests of the same session that came before.

        Raises:
            QueueFullError: If there is no room for another session.
            TimeoutError: If earlier requests took too long.
            KernelError: If no interpreter can be started.
        """
        kept = self._enter(name)
        try:
            async with asyncio.timeout(patience):
                await kept.turn.acquire()
            try:
                created = kept.kernel is None
                kernel = kept.kernel or await self._start(kept)
                session = Session(kernel, created)
                yield session
                if session.closing:
                    await self._end(kept)
            finally:
                kept.turn.release()
        finally:
            self._leave(name, kept)

    async def close(self) -> None:
        """Ends all sessions; idempotent."""
        self._closed = True
        kept, self._kept = list(self._kept.values()), {}
        for each in kept:
            if each.expiry is not None:
                each.expiry.cancel()
        await asyncio.gather(*(self._end(each) for each in kept), *self._ending)

    def _enter(self, name: str) -> _Kept:
        kept = self._kept.get(name)
        if kept is None:
            if self._closed or len(self._kept) >= self._settings.sessions:
                message = f"there are {len(self._kept)} sessions already; close one, or wait until one ends"
                raise QueueFullError(message, _RETRY_SECONDS)
            kept = self._kept[name] = _Kept()
        if kept.expiry is not None:
            kept.expiry.cancel()
            kept.expiry = None
        kept.users += 1
        return kept

    def _leave(self, name: str, kept: _Kept) -> None:
        kept.users -= 1
        if kept.users or self._kept.get(name) is not kept:
            return
        if kept.kernel is None:
            del self._kept[name]
            return
        loop = asyncio.get_running_loop()
        kept.expiry = loop.call_later(self._settings.session_seconds, self._expire, name, kept)

    def _expire(self, name: str, kept: _Kept) -> None:
        if self._kept.get(name) is kept and not kept.users:
            del self._kept[name]
            task = asyncio.get_running_loop().create_task(self._end(kept))
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)

    async def _start(self, kept: _Kept) -> Kernel:
        lease = self._pool.acquire(self._settings.sandbox_queue_seconds)
        kernel = await lease.__aenter__()
        kept.lease, kept.kernel = lease, kernel
        return kernel

    async def _end(self, kept: _Kept) -> None:
        lease, kept.lease, kept.kernel = kept.lease, None, None
        if lease is not None:
            await lease.__aexit__(None, None, None)

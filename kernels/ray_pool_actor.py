"""The pool of one node of a Ray cluster: owns a `KernelPool` and runs sessions near their kernels.

A session belongs to a client, which gives a sign of life now and then. When a client falls silent, its
sessions end; when the actor's process dies, so do its kernels.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from .backends import make_kernel_pool
from .capabilities import Capabilities
from .cell_result import CellResult
from .kernel import Kernel
from .kernel_error import KernelError
from .pool_metrics import PoolMetrics
from .pool_stats import PoolStats

_CHECKS_PER_LEASE = 4


class SessionLostError(KernelError):
    """The session is not there any more."""


@dataclass(frozen=True, slots=True)
class _Session:
    client: str
    kernel: Kernel
    block: AsyncExitStack


class RayPoolActor:
    """What `RayKernelPool` runs on every node; its methods are called remotely.

    Args:
        backend: A name in `BACKENDS`.
        size: The most kernels alive at once on this node.
        warm: Kernels started ahead of demand.
        options: Fields of `BackendOptions`.
        lease: Seconds of silence after which the sessions of a client end.
    """

    def __init__(self, backend: str, size: int, warm: int, options: Mapping[str, Any], lease: float) -> None:
        self._pool = make_kernel_pool(backend, size=size, warm=warm, **options)
        self._lease = lease
        self._sessions: dict[str, _Session] = {}
        self._heard: dict[str, float] = {}
        self._watch: asyncio.Task[None] | None = None

    async def open(self, client: str, session: str, timeout: float) -> Capabilities:
        """Starts a session on a fresh kernel, and tells what the kernel promises.

        Raises:
            PoolSaturatedError: If no kernel came free in time.
            KernelStartError: If kernels cannot be started.
        """
        self._touch(client)
        async with AsyncExitStack() as block:
            kernel = await block.enter_async_context(self._pool.acquire(timeout))
            self._touch(client)
            self._sessions[session] = _Session(client, kernel, block.pop_all())
        return kernel.capabilities

    async def execute(self, session: str, code: str, timeout: float) -> CellResult:
        """Runs a cell."""
        async with self._using(session) as kernel:
            return await kernel.execute(code, timeout=timeout)

    async def reply(self, session: str, text: str, timeout: float) -> CellResult:
        """Answers a waiting cell."""
        async with self._using(session) as kernel:
            return await kernel.reply(text, timeout=timeout)

    async def interrupt(self, session: str) -> None:
        """Interrupts the running cell."""
        async with self._using(session) as kernel:
            await kernel.interrupt()

    async def restart(self, session: str) -> None:
        """Replaces the interpreter."""
        async with self._using(session) as kernel:
            await kernel.restart()

    async def fork(self, session: str, twin: str) -> None:
        """Clones the kernel of a session into a new session of the same client."""
        async with self._using(session) as kernel, AsyncExitStack() as block:
            fork = await block.enter_async_context(self._pool.adopt(await kernel.fork()))
            client = self._sessions[session].client
            self._sessions[twin] = _Session(client, fork, block.pop_all())

    async def write_file(self, session: str, path: str, data: bytes) -> None:
        """Puts a file into the workspace."""
        async with self._using(session) as kernel:
            await kernel.write_file(path, data)

    async def read_file(self, session: str, path: str, limit: int) -> bytes:
        """Gets a file from the workspace."""
        async with self._using(session) as kernel:
            return await kernel.read_file(path, limit=limit)

    async def close_session(self, session: str) -> None:
        """Ends a session; one that is not there is no error."""
        found = self._sessions.pop(session, None)
        if found is not None:
            await found.block.aclose()

    async def touch(self, client: str) -> None:
        """Takes a sign of life of a client."""
        self._touch(client)

    async def capabilities(self) -> Capabilities:
        """What the kernels of this node promise."""
        return await self._pool.capabilities()

    async def stats(self) -> PoolStats:
        """A snapshot of this node's pool."""
        return self._pool.stats()

    async def metrics(self, name: str) -> str:
        """This node's metrics in the text format of Prometheus, under this name of the pool."""
        return PoolMetrics({name: self._pool}).text()

    async def close(self) -> None:
        """Ends all sessions and the pool."""
        if self._watch is not None:
            self._watch.cancel()
        await asyncio.gather(*map(self.close_session, list(self._sessions)), return_exceptions=True)
        await self._pool.close()

    def _touch(self, client: str) -> None:
        """Notes that a client lives, and looks after the silent ones from now on."""
        self._heard[client] = time.monotonic()
        if self._watch is None:
            self._watch = asyncio.create_task(self._end_silent())

    @asynccontextmanager
    async def _using(self, session: str) -> AsyncIterator[Kernel]:
        found = self._sessions.get(session)
        if found is None:
            raise SessionLostError("the session's node was restarted, or its client silent for too long")
        self._touch(found.client)
        yield found.kernel

    async def _end_silent(self) -> None:
        """Ends the sessions of clients that were not heard for the length of a lease."""
        while True:
            await asyncio.sleep(self._lease / _CHECKS_PER_LEASE)
            oldest = time.monotonic() - self._lease
            self._heard = {client: heard for client, heard in self._heard.items() if heard > oldest}
            ended = [name for name, session in self._sessions.items() if session.client not in self._heard]
            await asyncio.gather(*map(self.close_session, ended), return_exceptions=True)

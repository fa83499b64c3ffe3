"""The interpreter of one episode: taken from a pool for its first cell, given back with the episode.

An episode that waits for its first message holds no interpreter. Where a pool has fewer interpreters than
there are episodes, those that have none yet wait, and those that have one go on.
"""

from __future__ import annotations

import time
from contextlib import AsyncExitStack

from ..kernels.kernel import Kernel
from ..kernels.kernel_error import KernelClosedError
from ..kernels.kernel_source import KernelSource


class InterpreterLease:
    """At most one interpreter, from the first `take` to `end`.

    Args:
        pool: Where it comes from.
        deadline: When waiting for it ends, on the monotonic clock.
        patience: The most seconds to wait for it; None for all that the deadline leaves.
    """

    def __init__(self, pool: KernelSource, *, deadline: float, patience: float | None = None) -> None:
        self._pool = pool
        self._deadline = deadline
        self._patience = patience
        self._held = AsyncExitStack()
        self._kernel: Kernel | None = None
        self._ended = False

    @property
    def kernel(self) -> Kernel | None:
        """The interpreter, if it was taken."""
        return self._kernel

    async def take(self) -> Kernel:
        """The interpreter; the first call waits until the pool has one.

        Raises:
            PoolSaturatedError: If none came free in time.
            KernelStartError: If interpreters cannot be started.
            KernelClosedError: If the pool was closed, or the lease has ended.
        """
        if self._kernel is None:
            self._require_running()
            left = max(self._deadline - time.monotonic(), 0.0)
            patience = left if self._patience is None else min(self._patience, left)
            async with AsyncExitStack() as stack:
                kernel = await stack.enter_async_context(self._pool.acquire(timeout=patience))
                self._keep(kernel, stack)
        assert self._kernel is not None
        return self._kernel

    async def fork(self) -> InterpreterLease:
        """A lease of a live copy, or one that has taken nothing yet if this one has not.

        Raises:
            KernelError: If the interpreter cannot be copied, or is dead.
        """
        twin = InterpreterLease(self._pool, deadline=self._deadline, patience=self._patience)
        if self._kernel is not None:
            async with AsyncExitStack() as stack:
                copied = self._pool.adopt(await self._kernel.fork())
                twin._keep(await stack.enter_async_context(copied), stack)
        return twin

    async def end(self) -> None:
        """Gives the interpreter back; idempotent."""
        self._ended = True
        await self._held.aclose()

    def _keep(self, kernel: Kernel, stack: AsyncExitStack) -> None:
        self._require_running()
        self._kernel, self._held = kernel, stack.pop_all()

    def _require_running(self) -> None:
        if self._ended:
            raise KernelClosedError("the episode has ended")

"""An interpreter of one episode: taken from a pool when it is needed, given back with the episode or before.

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
    """At most one interpreter at a time, until `end`.

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
        self.waited = 0.0
        """Seconds from asking for the interpreter to having it, or to giving up."""

    @property
    def kernel(self) -> Kernel | None:
        """The interpreter, if it was taken."""
        return self._kernel

    async def take(self) -> Kernel:
        """The interpreter; the first call, and the first after `put_back`, waits until the pool has one.

        Raises:
            PoolSaturatedError: If none came free in time.
            KernelStartError: If interpreters cannot be started.
            KernelClosedError: If the pool was closed, or the lease has ended.
        """
        if self._kernel is None:
            self._require_running()
            left = max(self._deadline - time.monotonic(), 0.0)
            patience = left if self._patience is None else min(self._patience, left)
            asked = time.monotonic()
            async with AsyncExitStack() as stack:
                try:
                    kernel = await stack.enter_async_context(self._pool.acquire(timeout=patience))
                finally:
                    self.waited += time.monotonic() - asked
                self._keep(kernel, stack)
        assert self._kernel is not None
        return self._kernel

    def anew(self) -> InterpreterLease:
        """Another lease on the same terms, which has taken nothing."""
        return InterpreterLease(self._pool, deadline=self._deadline, patience=self._patience)

    async def fork(self) -> InterpreterLease:
        """A lease of a live copy, or one that has taken nothing yet if this one has not.

        Raises:
            KernelError: If the interpreter cannot be copied, or is dead.
        """
        twin = self.anew()
        if self._kernel is not None:
            async with AsyncExitStack() as stack:
                copied = self._pool.adopt(await self._kernel.fork())
                twin._keep(await stack.enter_async_context(copied), stack)
        return twin

    async def put_back(self) -> None:
        """Gives the interpreter back; the next `take` takes another. Idempotent."""
        held, self._held, self._kernel = self._held, AsyncExitStack(), None
        await held.aclose()

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

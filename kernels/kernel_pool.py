"""A bounded pool of fresh interpreters: each is used once, and warm ones stand by.

Every kernel is started by the pool, handed to one caller and closed after; nothing goes back. A caller that
waits too long gets `PoolSaturatedError`; when starts keep failing, the cause, instead of an endless wait.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager

from .kernel import Kernel
from .kernel_error import KernelClosedError, KernelStartError, PoolSaturatedError
from .pool_stats import PoolStats

MAX_FAILURES = 3


class KernelPool:
    """Hands out fresh kernels.

    Args:
        factory: Starts one kernel.
        size: The most kernels that may be alive at once; waiting callers stand in line.
        warm: How many kernels are started ahead of demand.
        max_starting: How many may be starting at once; twice the cores by default.
        on_close: Called once after the last kernel is closed, for what the factory shares.
    """

    def __init__(
        self,
        factory: Callable[[], Awaitable[Kernel]],
        *,
        size: int,
        warm: int = 1,
        max_starting: int | None = None,
        on_close: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        if size < 1:
            raise ValueError(f"size is {size}; a pool needs room for at least 1 kernel")
        if warm < 0:
            raise ValueError(f"warm is {warm}; give 0 or more")
        self._factory = factory
        self._size = size
        self._warm = min(warm, size)
        self._max_starting = max_starting or 2 * (os.cpu_count() or 1)
        self._on_close = on_close
        self._ready: deque[Kernel] = deque()
        self._waiters: deque[asyncio.Future[Kernel]] = deque()
        self._starts: set[asyncio.Task[None]] = set()
        self._retirements: set[asyncio.Task[None]] = set()
        self._leased: set[Kernel] = set()
        self._alive = self._starting = self._streak = 0
        self._acquires = self._started = self._failures = self._saturated = 0
        self._waited_total = self._waited_max = 0.0
        self._closing: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def acquire(self, timeout: float = 60.0) -> AsyncIterator[Kernel]:
        """Lends a fresh kernel and closes it at the end of the block.

        Args:
            timeout: Seconds to wait for one.

        Raises:
            PoolSaturatedError: If no kernel came free in time.
            KernelStartError: If kernels cannot be started.
            KernelClosedError: If the pool is closed.
        """
        kernel = await self._take(timeout)
        self._leased.add(kernel)
        try:
            yield kernel
        finally:
            self._leased.discard(kernel)
            await asyncio.shield(_spawn(self._retire(kernel), self._retirements))

    def stats(self) -> PoolStats:
        """A snapshot of the pool."""
        return PoolStats(
            size=self._size,
            alive=self._alive,
            warm=len(self._ready),
            starting=self._starting,
            acquired=len(self._leased),
            waiting=len(self._waiters),
            acquires=self._acquires,
            started=self._started,
            failures=self._failures,
            saturated=self._saturated,
            waited_total=self._waited_total,
            waited_max=self._waited_max,
        )

    async def close(self) -> None:
        """Closes every kernel, also those that are lent out; idempotent."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._close())
        await asyncio.shield(self._closing)

    async def __aenter__(self) -> KernelPool:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _close(self) -> None:
        while self._waiters:
            self._waiters.popleft().set_exception(KernelClosedError("the pool was closed"))
        for task in self._starts:
            task.cancel()
        await asyncio.gather(*self._starts, *self._retirements, return_exceptions=True)
        await asyncio.gather(*map(self._retire, self._ready), return_exceptions=True)
        self._ready.clear()
        await asyncio.gather(*(kernel.close() for kernel in self._leased), return_exceptions=True)
        if self._on_close is not None:
            await self._on_close()

    async def _take(self, timeout: float) -> Kernel:
        if self._closing is not None:
            raise KernelClosedError("the pool was closed")
        # After failures one caller at a time may try again.
        self._streak = min(self._streak, MAX_FAILURES - 1)
        waiter: asyncio.Future[Kernel] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        begin = time.monotonic()
        try:
            self._balance()
            await asyncio.wait([waiter], timeout=timeout)
        except asyncio.CancelledError:
            self._give_back(waiter)
            raise
        finally:
            waited = time.monotonic() - begin
            self._waited_total += waited
            self._waited_max = max(self._waited_max, waited)
            if waiter in self._waiters:
                self._waiters.remove(waiter)
        if not waiter.done():
            self._saturated += 1
            raise PoolSaturatedError(
                f"no kernel came free within {timeout:g} s: {len(self._leased)} of {self._size} are in use"
            )
        kernel = waiter.result()
        self._acquires += 1
        return kernel

    def _give_back(self, waiter: asyncio.Future[Kernel]) -> None:
        """A kernel that a cancelled caller was given, and has not seen, goes to the next in line."""
        if waiter.done() and waiter.exception() is None:
            self._ready.appendleft(waiter.result())
            self._balance()

    def _balance(self) -> None:
        """Hands warm kernels to callers and starts as many as are missing."""
        if self._closing is not None:
            return
        while self._ready and self._waiters:
            kernel = self._ready.popleft()
            if not kernel.is_alive():
                self._failures += 1
                _spawn(self._retire(kernel), self._retirements)
                continue
            self._waiters.popleft().set_result(kernel)
        wanted = self._warm + len(self._waiters)
        while (
            len(self._ready) + self._starting < wanted
            and self._alive < self._size
            and self._starting < self._max_starting
            and self._streak < MAX_FAILURES
        ):
            self._alive += 1
            self._starting += 1
            _spawn(self._start(), self._starts)

    async def _start(self) -> None:
        try:
            kernel = await self._factory()
        except asyncio.CancelledError:
            self._alive -= 1
            raise
        except Exception as error:  # noqa: BLE001 - whatever the factory raises goes to the callers in line
            self._alive -= 1
            self._failed(error)
        else:
            self._started += 1
            self._streak = 0
            self._ready.append(kernel)
        finally:
            self._starting -= 1
        self._balance()

    def _failed(self, error: Exception) -> None:
        self._failures += 1
        self._streak += 1
        if self._streak < MAX_FAILURES:
            return
        while self._waiters:
            failure = KernelStartError(f"kernels cannot be started: {error}")
            failure.__cause__ = error
            self._waiters.popleft().set_exception(failure)

    async def _retire(self, kernel: Kernel) -> None:
        try:
            await kernel.close()
        finally:
            self._alive -= 1
            self._balance()


def _spawn(work: Coroutine[None, None, None], tasks: set[asyncio.Task[None]]) -> asyncio.Task[None]:
    """Runs `work` as a task that `tasks` holds until it is done."""
    task = asyncio.create_task(work)
    tasks.add(task)
    task.add_done_callback(tasks.discard)
    return task

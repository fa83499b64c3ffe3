"""A bounded pool of fresh interpreters: each is used once, and warm ones stand by.

Every kernel is started by the pool, handed to one caller and closed after; nothing goes back. Callers are
served in the order in which they came. One that waits too long gets `PoolSaturatedError`; when starts keep
failing, the cause, instead of an endless wait.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Protocol, runtime_checkable

from .capabilities import Capabilities
from .duration_record import DurationRecord
from .kernel import Kernel
from .kernel_error import KernelClosedError, KernelStartError, PoolSaturatedError
from .pool_stats import PoolStats

MAX_FAILURES = 3


@runtime_checkable
class CountsReplacements(Protocol):
    """A kernel that knows how often its interpreter was replaced."""

    @property
    def replacements(self) -> int:
        """How often."""
        ...


class KernelPool:
    """Hands out fresh kernels.

    Args:
        factory: Starts one kernel.
        size: The most kernels that may be alive at once; waiting callers stand in line.
        warm: How many kernels are started ahead of demand.
        max_starting: How many may be starting at once; twice the cores by default.
        capabilities: Tells what the kernels promise; by default one of them is asked.
        on_close: Called once after the last kernel is closed, for what the factory shares.
    """

    def __init__(
        self,
        factory: Callable[[], Awaitable[Kernel]],
        *,
        size: int,
        warm: int = 1,
        max_starting: int | None = None,
        capabilities: Callable[[], Awaitable[Capabilities]] | None = None,
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
        self._capabilities = capabilities
        self._on_close = on_close
        self._ready: deque[Kernel] = deque()
        self._waiters: deque[asyncio.Future[Kernel]] = deque()
        self._starts: set[asyncio.Task[None]] = set()
        self._retirements: set[asyncio.Task[None]] = set()
        # Handed to a caller who has not woken up yet.
        self._granted: set[Kernel] = set()
        self._leased: set[Kernel] = set()
        self._alive = self._starting = self._streak = 0
        self._acquires = self._adopted = self._started = self._failures = self._saturated = 0
        self._died_warm = self._replaced = self._close_failures = 0
        self._waits, self._start_times = DurationRecord(), DurationRecord()
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
        async with self._lent(kernel):
            yield kernel

    @asynccontextmanager
    async def adopt(self, kernel: Kernel) -> AsyncIterator[Kernel]:
        """Counts a kernel that `Kernel.fork` made, and closes it at the end of the block.

        A fork exists before anyone could wait for room, so adopted kernels may exceed the pool's size; no
        other kernel is started until they fit again.

        Raises:
            KernelClosedError: If the pool is closed; the fork is closed too.
        """
        if self._closing is not None:
            await kernel.close()
            raise KernelClosedError("the pool was closed")
        self._alive += 1
        self._adopted += 1
        async with self._lent(kernel):
            yield kernel

    async def capabilities(self, timeout: float = 60.0) -> Capabilities:
        """What the pool's kernels promise on this machine.

        Args:
            timeout: Seconds to wait for a kernel, if one must be asked.

        Raises:
            KernelStartError: If the back end cannot work here; the message says what to do.
        """
        if self._capabilities is not None:
            return await self._capabilities()
        async with self.acquire(timeout) as kernel:
            return kernel.capabilities

    def stats(self) -> PoolStats:
        """A snapshot of the pool."""
        return PoolStats(
            size=self._size,
            alive=self._alive,
            warm=len(self._ready),
            starting=self._starting,
            acquired=len(self._leased) + len(self._granted),
            waiting=len(self._waiters),
            acquires=self._acquires,
            adopted=self._adopted,
            started=self._started,
            failures=self._failures,
            died_warm=self._died_warm,
            replaced=self._replaced + sum(map(_replacements, self._leased)),
            close_failures=self._close_failures,
            saturated=self._saturated,
            waits=self._waits.snapshot(),
            starts=self._start_times.snapshot(),
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
        for kernel in (*self._ready, *self._granted):
            self._retire_soon(kernel)
        self._ready.clear()
        self._granted.clear()
        await asyncio.gather(*(kernel.close() for kernel in self._leased), return_exceptions=True)
        while self._retirements:
            await asyncio.gather(*self._retirements)
        if self._on_close is not None:
            await self._on_close()

    @asynccontextmanager
    async def _lent(self, kernel: Kernel) -> AsyncIterator[None]:
        self._leased.add(kernel)
        try:
            yield
        finally:
            self._leased.discard(kernel)
            self._replaced += _replacements(kernel)
            await asyncio.shield(self._retire_soon(kernel))

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
            self._waits.add(time.monotonic() - begin)
            if not waiter.done():
                self._waiters.remove(waiter)
        if not waiter.done():
            self._saturated += 1
            raise PoolSaturatedError(
                f"no kernel came free within {timeout:g} s: {len(self._leased)} of {self._size} are in use"
            )
        kernel = waiter.result()
        if kernel not in self._granted:
            raise KernelClosedError("the pool was closed")
        self._granted.discard(kernel)
        self._acquires += 1
        return kernel

    def _give_back(self, waiter: asyncio.Future[Kernel]) -> None:
        """A kernel that a cancelled caller was given, and has not seen, goes to the next in line."""
        if not waiter.done() or waiter.exception() is not None:
            return
        kernel = waiter.result()
        if kernel in self._granted:
            self._granted.discard(kernel)
            self._ready.appendleft(kernel)
            self._balance()

    def _balance(self) -> None:
        """Hands warm kernels to callers and starts as many as are missing."""
        if self._closing is not None:
            return
        while self._ready and self._waiters:
            kernel = self._ready.popleft()
            if not kernel.is_alive():
                self._died_warm += 1
                self._retire_soon(kernel)
                continue
            self._granted.add(kernel)
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
        begin = time.monotonic()
        kernel: Kernel | None = None
        try:
            kernel = await self._factory()
        except Exception as error:  # noqa: BLE001 - whatever the factory raises goes to the callers in line
            self._failed(error)
        else:
            self._started += 1
            self._streak = 0
            self._start_times.add(time.monotonic() - begin)
            self._ready.append(kernel)
        finally:
            self._starting -= 1
            if kernel is None:
                self._alive -= 1
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

    def _retire_soon(self, kernel: Kernel) -> asyncio.Task[None]:
        return _spawn(self._retire(kernel), self._retirements)

    async def _retire(self, kernel: Kernel) -> None:
        try:
            await kernel.close()
        except Exception:  # noqa: BLE001 - a kernel that cannot be closed must not cost its caller the episode
            self._close_failures += 1
        finally:
            self._alive -= 1
            self._balance()


def _replacements(kernel: Kernel) -> int:
    return kernel.replacements if isinstance(kernel, CountsReplacements) else 0


def _spawn(work: Coroutine[None, None, None], tasks: set[asyncio.Task[None]]) -> asyncio.Task[None]:
    """Runs `work` as a task that `tasks` holds until it is done."""
    task = asyncio.create_task(work)
    tasks.add(task)
    task.add_done_callback(tasks.discard)
    return task

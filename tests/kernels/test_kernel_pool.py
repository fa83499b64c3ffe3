"""The pool: fresh kernels, bounded, warm, and honest about trouble."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from replgym.kernels import (
    CellStatus,
    Kernel,
    KernelClosedError,
    KernelPool,
    KernelStartError,
    PoolSaturatedError,
    UnknownBackendError,
    make_kernel_pool,
)

from .conformance.host_processes import running_with, unique_seconds, until_running

PATIENCE = 120.0


@pytest.fixture
async def pool() -> AsyncIterator[KernelPool]:
    async with make_kernel_pool("jupyter", size=2, warm=1) as pool:
        yield pool


async def _marked(kernel: Kernel) -> str:
    """Has the kernel start a process, by whose argument the host knows it."""
    mark = unique_seconds()
    code = f"import subprocess; p = subprocess.Popen(['sleep', '{mark}'])"
    assert (await kernel.execute(code, timeout=PATIENCE)).status is CellStatus.OK
    await until_running(mark, 1)
    return mark


def _ancestor(mark: str) -> int:
    """The child of this process from which the marked process descends."""
    pid = running_with(mark)[0]
    while (parent := int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])) != os.getpid():
        pid = parent
    return pid


async def test_every_kernel_is_fresh_and_gone_after(pool: KernelPool) -> None:
    for _ in range(3):
        async with pool.acquire() as kernel:
            mark = await _marked(kernel)
            assert (await kernel.execute("x", timeout=PATIENCE)).status is CellStatus.ERROR
            await kernel.execute("x = 1", timeout=PATIENCE)
        assert running_with(mark) == []
    assert pool.stats().acquires == 3


async def test_the_number_alive_is_bounded_and_waiting_too(pool: KernelPool) -> None:
    async with pool.acquire(), pool.acquire():
        assert pool.stats().acquired == pool.stats().alive == 2
        with pytest.raises(PoolSaturatedError, match="2 of 2 are in use"):
            async with pool.acquire(timeout=0.1):
                pass
        assert (pool.stats().saturated, pool.stats().waiting) == (1, 0)


async def test_callers_in_line_are_served_in_order(pool: KernelPool) -> None:
    order: list[int] = []

    async def episode(number: int) -> None:
        async with pool.acquire() as kernel:
            order.append(number)
            assert (await kernel.execute("1", timeout=PATIENCE)).text() == "1"
            assert pool.stats().alive <= 2

    await asyncio.gather(*(episode(number) for number in range(8)))
    assert order == list(range(8))


async def test_a_cancelled_caller_takes_nothing_with_it(pool: KernelPool) -> None:
    async with pool.acquire(), pool.acquire():
        callers = [asyncio.create_task(pool.acquire().__aenter__()) for _ in range(3)]
        await asyncio.sleep(0)
        for caller in callers:
            caller.cancel()
        await asyncio.gather(*callers, return_exceptions=True)
    async with pool.acquire(), pool.acquire():
        assert pool.stats().alive == 2


async def test_the_death_of_the_fork_server_is_survived(pool: KernelPool) -> None:
    async with pool.acquire() as kernel:
        os.kill(_ancestor(await _marked(kernel)), signal.SIGKILL)
        result = await kernel.execute("import time; time.sleep(60)", timeout=PATIENCE * 2)
        assert (result.status, result.state_lost) == (CellStatus.DIED, True)
        assert (await kernel.execute("1", timeout=PATIENCE)).text() == "1"
    async with pool.acquire() as kernel:
        assert (await kernel.execute("1", timeout=PATIENCE)).text() == "1"


async def test_repeated_start_failures_surface_their_cause_and_can_heal() -> None:
    attempts = 0
    async with make_kernel_pool("jupyter", size=1, warm=0) as good:

        async def factory() -> Kernel:
            nonlocal attempts
            attempts += 1
            if attempts <= 4:
                raise KernelStartError("the disk is full")
            async with good.acquire() as kernel:
                return kernel

        async with KernelPool(factory, size=4, warm=2, max_starting=1) as pool:
            with pytest.raises(KernelStartError, match="the disk is full"):
                async with pool.acquire():
                    pass
            assert attempts == 3
            with pytest.raises(KernelStartError, match="the disk is full"):
                async with pool.acquire():
                    pass
            assert attempts == 4
            assert pool.stats().failures == 4


async def test_failing_set_up_code_is_a_start_error() -> None:
    async with make_kernel_pool("jupyter", size=1, warm=1, setup="import no_such_module") as pool:
        with pytest.raises(KernelStartError, match="no_such_module"):
            async with pool.acquire():
                pass


async def test_close_is_idempotent_and_final(pool: KernelPool) -> None:
    async with pool.acquire() as kernel:
        mark = await _marked(kernel)
        await asyncio.gather(pool.close(), pool.close())
        assert running_with(mark) == []
        with pytest.raises(KernelClosedError):
            await kernel.execute("1", timeout=PATIENCE)
    with pytest.raises(KernelClosedError):
        async with pool.acquire():
            pass
    assert pool.stats().alive == 0


@pytest.mark.parametrize(("size", "warm"), [(0, 0), (1, -1)])
async def test_senseless_sizes_are_refused(size: int, warm: int) -> None:
    with pytest.raises(ValueError, match=r"size is 0|warm is -1"):
        make_kernel_pool("jupyter", size=size, warm=warm)


def test_an_unknown_back_end_is_named_with_the_known_ones() -> None:
    with pytest.raises(UnknownBackendError, match=r"'jupiter'; choose one of .*jupyter, jupyter-spawn$"):
        make_kernel_pool("jupiter")

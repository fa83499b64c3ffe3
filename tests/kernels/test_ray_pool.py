"""Pools on a real Ray cluster of two nodes: who gets which kernel, and what happens when something dies."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio

from replgym.kernels import (
    BackendOptionsError,
    CellStatus,
    Kernel,
    KernelClosedError,
    PoolSaturatedError,
    UnsupportedError,
    WorkspaceError,
)
from replgym.kernels.ray_pool import RayKernelPool
from replgym.kernels.remote_kernel import RemoteKernel

from ..ray_cluster import two_nodes
from .conformance.host_processes import unique_seconds, until_gone, until_running

PATIENCE = 60.0
LEASE = 2.0
pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    with two_nodes(resources={"second": 1.0}) as cluster:
        yield cluster


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pool(cluster: Any) -> AsyncIterator[RayKernelPool]:
    async with await RayKernelPool.start(size=2, warm=0, lease=LEASE) as pool:
        yield pool


async def _marked(kernel: Kernel) -> str:
    mark = unique_seconds()
    await kernel.execute(f"import subprocess; p = subprocess.Popen(['sleep', '{mark}'])", timeout=PATIENCE)
    await until_running(mark, 1)
    return mark


def _here() -> str:
    import ray

    return str(ray.get_runtime_context().get_node_id())


async def test_a_kernel_far_away_is_used_like_one_here(pool: RayKernelPool) -> None:
    async with pool.acquire() as kernel:
        assert isinstance(kernel, Kernel)
        assert kernel.is_alive()
        assert kernel.capabilities == await pool.capabilities()
        asked = await kernel.execute("print('a')\nx = int(input('n? '))\nx + 1", timeout=PATIENCE)
        assert (asked.status, asked.prompt) == (CellStatus.AWAITING_INPUT, "n? ")
        assert (await kernel.reply("41", timeout=PATIENCE)).text() == "42"
        assert (await kernel.execute("while True: pass", timeout=0.3)).status is CellStatus.TIMEOUT
        await kernel.write_file("a/b", b"data")
        assert await kernel.read_file("a/b") == b"data"
        with pytest.raises(WorkspaceError):
            await kernel.read_file("missing")
        with pytest.raises(UnsupportedError):
            await kernel.fork()
        await kernel.restart()
        assert (await kernel.execute("x", timeout=PATIENCE)).status is CellStatus.ERROR
    assert not kernel.is_alive()
    with pytest.raises(KernelClosedError):
        await kernel.execute("1", timeout=PATIENCE)


async def test_kernels_are_near_their_callers(pool: RayKernelPool) -> None:
    import ray

    @ray.remote(num_cpus=0, resources={"second": 0.1})
    class Caller:
        async def hold(self, pool: RayKernelPool) -> tuple[str, dict[str, int]]:
            async with pool.acquire():
                stats = await pool.stats()
                return _here(), {node: found.acquired for node, found in stats.items()}

    there, acquired = await Caller.remote().hold.remote(pool)
    assert there != _here()
    assert acquired == {there: 1, _here(): 0}
    async with pool.acquire():
        assert (await pool.stats())[_here()].acquired == 1


async def test_the_bound_holds_on_each_node(pool: RayKernelPool) -> None:
    async with pool.acquire(), pool.acquire():
        with pytest.raises(PoolSaturatedError, match="2 of 2 are in use"):
            async with pool.acquire(timeout=0.2):
                pass
        callers = [asyncio.create_task(pool.acquire().__aenter__()) for _ in range(3)]
        await asyncio.sleep(0.2)
        for caller in callers:
            caller.cancel()
        await asyncio.gather(*callers, return_exceptions=True)
    async with pool.acquire(), pool.acquire():
        assert (await pool.stats())[_here()].acquired == 2


async def test_a_cancelled_caller_leaves_a_usable_kernel(pool: RayKernelPool) -> None:
    async with pool.acquire() as kernel:
        await kernel.execute("x = 3", timeout=PATIENCE)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await kernel.execute("while True: pass", timeout=PATIENCE)
        assert (await kernel.execute("x", timeout=PATIENCE)).text() == "3"


async def test_the_death_of_an_actor_is_told_and_repaired(pool: RayKernelPool) -> None:
    async with pool.acquire() as kernel:
        assert isinstance(kernel, RemoteKernel)
        mark = await _marked(kernel)
        running = asyncio.create_task(kernel.execute("import time; time.sleep(600)", timeout=600))
        pid = await pool._actors[_here()].__ray_call__.remote(lambda _: os.getpid())
        os.kill(pid, signal.SIGKILL)
        result = await running
        assert (result.status, result.state_lost) == (CellStatus.DIED, True)
        assert (await kernel.execute("6 * 7", timeout=PATIENCE)).text() == "42"
        assert kernel.replacements == 1
        await until_gone(mark)


async def test_the_kernels_of_a_dead_client_end(pool: RayKernelPool) -> None:
    import ray

    @ray.remote(num_cpus=0)
    class Client:
        async def take(self, pool: RayKernelPool) -> str:
            self.block = pool.acquire()
            return await _marked(await self.block.__aenter__())

    client = Client.remote()
    mark = await client.take.remote(pool)
    await asyncio.sleep(2 * LEASE)
    await until_running(mark, 1)
    ray.kill(client)
    await until_gone(mark, 10 * LEASE)
    assert all(found.acquired == 0 for found in (await pool.stats()).values())


async def test_bad_options_are_told_before_anything_starts(cluster: Any) -> None:
    with pytest.raises(BackendOptionsError, match="output_limit=1"):
        await RayKernelPool.start(output_limit=1)


async def test_the_loss_of_a_node_is_survived(cluster: Any, pool: RayKernelPool) -> None:
    others = [node for node in pool._actors if node != _here()]
    away = RayKernelPool({node: pool._actors[node] for node in others}, LEASE)
    async with away.acquire() as kernel:
        away._actors = pool._actors
        mark = await _marked(kernel)
        cluster.remove_node(next(node for node in cluster.worker_nodes if node.node_id in others))
        result = await kernel.execute("1", timeout=PATIENCE)
        assert (result.status, result.state_lost) == (CellStatus.DIED, True)
        assert (await kernel.execute("6 * 7", timeout=PATIENCE)).text() == "42"
        await until_gone(mark)
        assert list(await pool.stats()) == [_here()]

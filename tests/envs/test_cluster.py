"""Environments whose interpreters live on the nodes of a Ray cluster."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio

from replgym.envs import AsyncInterpreterEnv, EndReason, EnvConfig
from replgym.envs.black_box import make_task
from replgym.envs.hidden_world import Family
from replgym.kernels.ray_pool import RayKernelPool
from replgym.rewards import Judge

from ..ray_cluster import two_nodes

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    with two_nodes() as cluster:
        yield cluster


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pool(cluster: Any) -> AsyncIterator[RayKernelPool]:
    async with await RayKernelPool.start(size=2, warm=1) as pool:
        yield pool


async def test_episodes_are_played_on_every_node_at_once(pool: RayKernelPool) -> None:
    async def play(env: AsyncInterpreterEnv, slope: int) -> None:
        await env.reset(task=make_task(Family.LINEAR, (slope, -3)))
        await env.step("b = f(0)")
        step = await env.step("a = f(1) - b\nprint(a, b)")
        assert step.observation == f"{slope} -3"
        assert step.info["turn"].host_calls == 1
        assert "ZeroDivisionError" in (await env.step("1 / 0")).observation
        step = await env.step("submit(f'def solution(x): return {a} * x + {b}')")
        assert (step.reward, step.terminated, step.info["failure"]) == (1.0, True, None)
        assert step.info["stop"] is EndReason.SUBMITTED

    async with Judge(concurrency=1) as judge:
        envs = [AsyncInterpreterEnv(EnvConfig(), pool=pool, judge=judge) for _ in range(4)]
        try:
            await asyncio.gather(*(play(env, slope) for slope, env in enumerate(envs, 2)))
            # The next episode of an environment knows nothing of the one before.
            await envs[0].reset(task=make_task(Family.LINEAR, (7, -3)))
            assert "NameError" in (await envs[0].step("a")).observation
        finally:
            for env in envs:
                await env.close()


async def test_an_interpreter_that_hangs_is_interrupted_from_afar(pool: RayKernelPool) -> None:
    async with Judge(concurrency=1) as judge:
        env = AsyncInterpreterEnv(EnvConfig(cell_timeout=0.5), pool=pool, judge=judge)
        try:
            await env.reset(task=make_task(Family.LINEAR, (7, -3)))
            await env.step("x = 1")
            assert "timed out" in (await env.step("while True: pass")).observation
            assert (await env.step("x")).observation == "1"
        finally:
            await env.close()

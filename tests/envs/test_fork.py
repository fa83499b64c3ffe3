"""An episode can be branched at any turn; the branches share the past and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from replgym.envs import AsyncInterpreterEnv, EnvConfig, EpisodeOverError
from replgym.envs.black_box import make_task
from replgym.envs.hidden_world import Family
from replgym.kernels import ForkRefusedError, KernelPool, UnsupportedError, make_kernel_pool
from replgym.rewards import Judge

pytestmark = pytest.mark.asyncio(loop_scope="module")
TASK = make_task(Family.LINEAR, (7, -3))
CONFIG = EnvConfig(backend="fork", max_turns=4, parse_error_budget=2, action_format="code")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shells() -> AsyncIterator[KernelPool]:
    async with make_kernel_pool("fork", size=2, warm=1) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def env(shells: KernelPool, judge: Judge) -> AsyncIterator[AsyncInterpreterEnv]:
    async with AsyncInterpreterEnv(CONFIG, pool=shells, judge=judge) as made:
        yield made


async def test_branches_share_the_past_and_differ_after(env: AsyncInterpreterEnv) -> None:
    await env.reset(task=TASK, seed=3)
    await env.step("b = f(0)")
    async with await env.fork() as one, await env.fork() as two:
        assert one.turns == two.turns == env.turns
        await one.step("a = f(1) - b")
        await two.step("a = 1")
        assert (len(env.turns), len(one.turns), len(two.turns)) == (1, 2, 2)
        submit = "submit(f'def solution(x): return {a} * x + {b}')"
        right, wrong = await asyncio.gather(one.step(submit), two.step(submit))
        assert (right.reward, wrong.reward) == (1.0, 0.0)
        assert right.info["submission"] == "def solution(x): return 7 * x + -3"
        assert (await env.step("print(b, 'a' in globals())")).observation == "-3 False"
        assert env.transcript().endswith("-3 False")


async def test_a_branch_has_the_budgets_of_the_original(env: AsyncInterpreterEnv) -> None:
    await env.reset(task=TASK)
    for _ in range(3):
        await env.step("1")
    async with await env.fork() as branch:
        assert (await branch.step("1")).truncated
        with pytest.raises(EpisodeOverError):
            await branch.fork()
    assert (await env.step("1")).truncated


async def test_a_branch_draws_the_same_tasks_later(env: AsyncInterpreterEnv) -> None:
    await env.reset(seed=11)
    async with await env.fork() as branch:
        assert [(await branch.reset()).info["task_id"] for _ in range(3)] == [
            (await env.reset()).info["task_id"] for _ in range(3)
        ]


async def test_branches_count_in_the_pool_and_leave_it(env: AsyncInterpreterEnv, shells: KernelPool) -> None:
    await env.reset(task=TASK)
    await env.step("1")
    branches = [await env.fork() for _ in range(4)]
    assert shells.stats().acquired == 5
    for branch in branches:
        await branch.close()
        await branch.close()
    assert (shells.stats().acquired, shells.stats().alive >= 1) == (1, True)


async def test_the_original_may_end_first(env: AsyncInterpreterEnv) -> None:
    await env.reset(task=TASK)
    await env.step("x = 41")
    branch = await env.fork()
    await env.reset(task=TASK)
    assert (await branch.step("print(x + 1)")).observation == "42"
    assert "NameError" in (await env.step("x")).observation
    await branch.close()


async def test_a_branch_before_the_first_cell_takes_an_interpreter_of_its_own(
    env: AsyncInterpreterEnv, shells: KernelPool
) -> None:
    await env.reset(task=TASK)
    async with await env.fork() as branch:
        assert shells.stats().acquired == 0
        await env.step("x = 1")
        assert (await branch.step("print('x' in globals(), f(0))")).observation == "False -3"
        assert shells.stats().acquired == 2
    assert shells.stats().acquired == 1


async def test_without_an_episode_there_is_nothing_to_branch(env: AsyncInterpreterEnv) -> None:
    with pytest.raises(EpisodeOverError):
        await env.fork()


async def test_a_refused_fork_leaves_the_episode_as_it_was(env: AsyncInterpreterEnv) -> None:
    await env.reset(task=TASK)
    await env.step("import threading; e = threading.Event(); threading.Thread(target=e.wait).start()")
    with pytest.raises(ForkRefusedError, match="threads run"):
        await env.fork()
    await env.step("e.set()")
    async with await env.fork() as branch:
        assert (await branch.step("print(e.is_set())")).observation == "True"


async def test_other_back_ends_say_that_they_cannot(pool: KernelPool, judge: Judge) -> None:
    async with AsyncInterpreterEnv(pool=pool, judge=judge) as env:
        await env.reset(task=TASK)
        await env.step("1")
        with pytest.raises(UnsupportedError, match="backend='fork'"):
            await env.fork()

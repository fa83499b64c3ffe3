"""Episodes from the first message to the verdict, on real kernels with the real judge."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest

from replgym.envs import (
    AsyncInterpreterEnv,
    EndReason,
    EnvConfig,
    EpisodeOverError,
    FailureKind,
    StepResult,
    UnknownTaskError,
)
from replgym.envs.black_box import LEVELS, make_task
from replgym.envs.hidden_world import Family
from replgym.kernels import KernelPool, make_kernel_pool
from replgym.rewards import Judge
from replgym.tools import ToolCall

pytestmark = pytest.mark.asyncio(loop_scope="module")
SUBMIT = '{"name": "submit", "arguments": {"source": "def solution(x): return 7*x-3"}}'
LINEAR = make_task(Family.LINEAR, (7, -3))
RIGHT = "def solution(x):\n    return 7 * x - 3\n"


@asynccontextmanager
async def env_of(pool: KernelPool, judge: Judge, **settings: Any) -> AsyncIterator[AsyncInterpreterEnv]:
    async with AsyncInterpreterEnv(EnvConfig(**settings), pool=pool, judge=judge) as env:
        yield env


async def test_a_linear_task_is_found_out_and_solved(pool: KernelPool, judge: Judge) -> None:
    async with env_of(pool, judge) as env:
        start = await env.reset(task=LINEAR)
        assert [message["role"] for message in start.messages] == ["system", "user"]
        assert start.info == {"task_id": LINEAR.id, "source": "blackbox", "difficulty": "level-1"}
        assert (await env.step("b = f(0)")).observation == ""
        step = await env.step("a = f(1) - b; print(a, b)")
        assert (step.observation, step.reward, step.terminated, step.truncated) == ("7 -3", 0.0, False, False)
        assert step.info["turn"].host_calls == 1
        step = await env.step("submit(f'def solution(x): return {a} * x + {b}')")
        assert (step.reward, step.terminated, step.truncated) == (1.0, True, False)
        assert step.info["stop"] is EndReason.SUBMITTED
        assert step.info["verdict"].passed
        assert step.info["submission"] == "def solution(x): return 7 * x + -3"
        assert step.info["reward_parts"] == {"passed": 1.0}
        with pytest.raises(EpisodeOverError):
            await env.step("1")


@pytest.mark.parametrize("level", sorted(LEVELS))
async def test_the_reference_of_every_level_is_right(pool: KernelPool, judge: Judge, level: int) -> None:
    async with env_of(pool, judge, task_options={"levels": [level], "size": 1}) as env:
        await env.reset()
        assert env.task is not None
        assert (await env.step(f"submit({env.task.reference!r})")).reward == 1.0


@pytest.mark.parametrize(
    ("action_format", "message"),
    [
        ("code", f"{RIGHT}\nsubmit(solution)"),
        ("fenced", f"```python\n{RIGHT}\nsubmit(solution)\n```"),
        ("hermes", f"<tool_call>{SUBMIT}</tool_call>"),
        ("json", f"```json\n{SUBMIT}\n```"),
        ("auto", f"```python\nsubmit({RIGHT!r})\n```"),
    ],
)
async def test_every_format_can_submit(
    pool: KernelPool, judge: Judge, action_format: str, message: str
) -> None:
    async with env_of(pool, judge, action_format=action_format) as env:
        await env.reset(task=LINEAR)
        step = await env.step(message)
        assert (step.reward, step.terminated) == (1.0, True)


@pytest.mark.parametrize(
    "source", ["def solution(x): return 7 * x", "def other(x): ...", "def solution(x", "1/0"]
)
async def test_a_wrong_submission_earns_nothing(pool: KernelPool, judge: Judge, source: str) -> None:
    async with env_of(pool, judge) as env:
        await env.reset(task=LINEAR)
        step = await env.step(f"submit({source!r})")
        assert (step.reward, step.terminated, step.info["failure"]) == (0.0, True, None)
        assert not step.info["verdict"].passed


async def test_an_empty_submission_is_told_and_the_episode_goes_on(pool: KernelPool, judge: Judge) -> None:
    async with env_of(pool, judge) as env:
        await env.reset(task=LINEAR)
        step = await env.step("submit('')")
        assert "the text is empty" in step.observation
        assert not step.terminated
        assert step.info["submission"] is None


async def test_the_last_turn_truncates_and_may_still_submit(pool: KernelPool, judge: Judge) -> None:
    async with env_of(pool, judge, max_turns=1, rubric={"passed": 1.0, "submitted": 0.5}) as env:
        await env.reset(task=LINEAR)
        step = await env.step("print(1)")
        assert (step.observation, step.terminated, step.truncated) == ("1", False, True)
        assert (step.info["stop"], step.info["turns_left"], step.reward) == (EndReason.TURN_LIMIT, 0, 0.0)
        await env.reset(task=LINEAR)
        step = await env.step(f"submit({RIGHT!r})")
        assert (step.reward, step.terminated, step.truncated) == (1.5, True, False)


async def test_no_more_cells_run_than_allowed_and_a_submission_is_no_cell(
    pool: KernelPool, judge: Judge
) -> None:
    def calls(*names: str) -> str:
        arguments = {"python_interpreter": {"code": "print(6 * 7)"}, "submit": {"source": RIGHT}}
        return "".join(
            f"<tool_call>{json.dumps({'name': name, 'arguments': arguments[name]})}</tool_call>\n"
            for name in names
        )

    async with env_of(pool, judge, action_format="hermes", max_cells=2, max_turns=2) as env:
        await env.reset(task=LINEAR)
        assert not (await env.step(calls("python_interpreter"))).truncated
        step = await env.step(calls("python_interpreter", "python_interpreter"))
        assert (step.observation, len(step.info["turn"].code)) == ("42", 1)
        assert (step.truncated, step.info["stop"], step.reward) == (True, EndReason.CELL_LIMIT, 0.0)
        await env.reset(task=LINEAR)
        step = await env.step(calls("python_interpreter", "python_interpreter", "submit"))
        assert (step.terminated, step.info["stop"], step.reward) == (True, EndReason.SUBMITTED, 1.0)


async def test_parse_errors_are_told_until_the_budget_is_spent(pool: KernelPool, judge: Judge) -> None:
    async with env_of(pool, judge, action_format="fenced", parse_error_budget=2) as env:
        await env.reset(task=LINEAR)
        step = await env.step("I would rather talk")
        assert "there is no ```python block" in step.observation
        assert step.info["parse_error"] == step.observation
        assert not step.truncated
        assert (await env.step("```python\nprint(1)\n```")).observation == "1"
        step = await env.step("and talk")
        assert (step.truncated, step.info["stop"]) == (True, EndReason.PARSE_ERRORS)


async def test_the_time_of_an_episode_is_bounded(pool: KernelPool, judge: Judge) -> None:
    async with env_of(pool, judge, episode_timeout=0.5) as env:
        await env.reset(task=LINEAR)
        step = await env.step("while True: pass")
        assert (step.truncated, step.info["stop"]) == (True, EndReason.TIME_LIMIT)
        assert "timed out" in step.observation


async def test_without_the_interpreter_only_submissions_count(pool: KernelPool, judge: Judge) -> None:
    for settings in ({"tools": ("submit",)}, {"mode": "no-tool"}):
        await no_cell_runs(pool, judge, settings)


async def no_cell_runs(pool: KernelPool, judge: Judge, settings: dict[str, Any]) -> None:
    async with env_of(pool, judge, **settings) as env:
        await env.reset(task=LINEAR)
        step = await env.step("print(f(1))")
        assert step.observation.startswith("the interpreter is turned off; submit your solution: write")
        assert (step.info["turn"].code, step.info["turn"].host_calls) == ((), 0)
        step = await env.step(f"{RIGHT}\nsubmit(solution)")
        assert (step.reward, step.terminated) == (1.0, True)


@pytest.mark.parametrize("action_format", ["auto", "code", "fenced", "hermes", "json", "xml"])
async def test_without_state_nothing_stays_and_the_model_is_told(
    pool: KernelPool, judge: Judge, action_format: str
) -> None:
    async with env_of(pool, judge, mode="stateless", action_format=action_format) as env:

        def cell(code: str) -> str:
            return env.parser.render_call(ToolCall("python_interpreter", {"code": code}))

        start = await env.reset(task=LINEAR)
        told = start.messages[0]["content"]
        assert "nothing stays" in told.lower()
        assert "ariables stay" not in told
        assert (await env.step(cell("b = f(0)\nprint(b)"))).observation == "-3"
        lost = await env.step(cell("print(b)"))
        assert "NameError" in lost.observation
        assert "[this cell had a fresh interpreter; nothing stays of earlier cells]" in lost.observation
        step = await env.step(cell(f"{RIGHT}\nsubmit(solution)"))
        assert (step.reward, step.terminated) == (1.0, True)


async def test_several_calls_in_one_message(pool: KernelPool, judge: Judge) -> None:
    async with env_of(pool, judge, action_format="hermes") as env:
        await env.reset(task=LINEAR)
        cells = ("print(f(0))", "print(f(1))")
        calls = (
            f'<tool_call>{{"name": "python_interpreter", "arguments": {{"code": "{c}"}}}}</tool_call>'
            for c in cells
        )
        step = await env.step("".join(calls))
        assert step.observation == "-3\n4"
        assert (step.info["turn"].calls, step.info["turn"].code) == (2, cells)


async def test_a_cell_that_kills_its_interpreter_is_no_failure(pool: KernelPool, judge: Judge) -> None:
    async with env_of(pool, judge) as env:
        await env.reset(task=LINEAR)
        step = await env.step("import os; os._exit(1)")
        assert "all variables are lost" in step.observation
        assert (step.truncated, step.info["failure"]) == (False, None)
        assert (await env.step("print(f(0))")).observation == "-3"


async def test_a_closed_kernel_is_a_failure_and_no_wrong_answer(judge: Judge) -> None:
    env = AsyncInterpreterEnv(EnvConfig(rubric={"submitted": 1.0}), judge=judge)
    try:
        await env.reset(task=LINEAR)
        await env._pool.close()
        step = await env.step("print(1)")
    finally:
        await env.close()
    assert (step.truncated, step.terminated, step.reward) == (True, False, 0.0)
    assert step.info["failure"] is FailureKind.KERNEL
    assert step.info["stop"] is EndReason.FAILURE
    assert "closed" in step.info["failure_message"]


async def test_a_broken_judge_is_a_failure_and_no_wrong_answer(pool: KernelPool) -> None:
    async with AsyncInterpreterEnv(pool=pool) as env:
        await env._judge.close()
        await env.reset(task=LINEAR)
        step = await env.step(f"submit({RIGHT!r})")
        assert (step.truncated, step.reward, step.info["failure"]) == (True, 0.0, FailureKind.JUDGE)
        assert step.info["verdict"] is None


async def test_the_kernel_is_given_back_however_the_episode_ends(pool: KernelPool, judge: Judge) -> None:
    async with env_of(pool, judge, max_turns=2) as env:
        for ending in ("submit('x = 1')", "1", "cancel", "reset", "close"):
            await env.reset(task=LINEAR)
            assert pool.stats().acquired == 0
            await env.step("x = 1")
            assert pool.stats().acquired == 1
            if ending == "cancel":
                work = asyncio.create_task(env.step("import time; time.sleep(60)"))
                await asyncio.wait([work], timeout=0.2)
                work.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await work
                with pytest.raises(EpisodeOverError):
                    await env.step("1")
            elif ending == "reset":
                await env.reset(task=LINEAR)
            elif ending == "close":
                await env.close()
            else:
                assert (await env.step(ending)).info["stop"] is not None
            assert pool.stats().acquired == 0


@asynccontextmanager
async def saturated(pool: KernelPool) -> AsyncIterator[None]:
    async with AsyncExitStack() as stack:
        for _ in range(pool.stats().size):
            await stack.enter_async_context(pool.acquire())
        yield


async def test_a_turn_says_how_long_it_waited_for_its_interpreter(pool: KernelPool, judge: Judge) -> None:
    async with env_of(pool, judge) as env:
        await env.reset(task=LINEAR)
        turns = [(await env.step(cell)).info["turn"] for cell in ("a = 1", "a")]
        assert 0 < turns[0].wait_seconds < turns[0].seconds
        assert turns[1].wait_seconds == 0


async def test_an_interpreter_that_does_not_come_in_time_is_a_failure(pool: KernelPool, judge: Judge) -> None:
    for settings in ({"acquire_timeout": 0.05}, {"episode_timeout": 0.3}):
        async with env_of(pool, judge, **settings) as env, saturated(pool):
            await env.reset(task=LINEAR)
            step = await env.step("1")
        assert (step.truncated, step.info["failure"]) == (True, FailureKind.KERNEL)
        assert "PoolSaturatedError" in step.info["failure_message"]
        assert pool.stats().acquired == 0


@pytest.mark.parametrize("ending", ["cancel", "close"])
async def test_an_episode_that_ends_while_it_waits_for_an_interpreter_holds_none(
    pool: KernelPool, judge: Judge, ending: str
) -> None:
    async with env_of(pool, judge) as env:
        async with saturated(pool):
            await env.reset(task=LINEAR)
            work = asyncio.create_task(env.step("1"))
            while not pool.stats().waiting:
                await asyncio.sleep(0.01)
            if ending == "cancel":
                work.cancel()
            else:
                await env.close()
        outcome = (await asyncio.gather(work, return_exceptions=True))[0]
        if ending == "cancel":
            assert isinstance(outcome, asyncio.CancelledError)
        else:
            assert isinstance(outcome, StepResult)
            assert outcome.info["failure"] is FailureKind.KERNEL
        assert pool.stats().acquired == 0


async def test_more_episodes_than_interpreters_all_end(judge: Judge) -> None:
    async with make_kernel_pool(size=2, warm=0) as small, AsyncExitStack() as stack:
        envs = [await stack.enter_async_context(env_of(small, judge)) for _ in range(6)]
        for env in envs:
            await env.reset(task=LINEAR)

        async def play(env: AsyncInterpreterEnv) -> StepResult:
            await env.step("b = f(0)")
            return await env.step("submit(f'def solution(x): return 7 * x + {b}')")

        steps = await asyncio.gather(*map(play, envs))
        assert [step.reward for step in steps] == [1.0] * 6
        assert small.stats().started == 6


async def test_nothing_passes_from_one_episode_to_the_next(pool: KernelPool, judge: Judge) -> None:
    async with env_of(pool, judge) as env:
        await env.reset(task=LINEAR)
        await env.step("secret = 5; import builtins; builtins.print = None")
        await env.reset(task=LINEAR)
        assert (await env.step("print('secret' in globals())")).observation == "False"


async def test_a_seed_names_the_tasks(pool: KernelPool, judge: Judge) -> None:
    async with env_of(pool, judge) as one, env_of(pool, judge) as two:
        drawn = [
            [(await env.reset(seed=s)).info["task_id"] for s in (5, None, None, 6)] for env in (one, two)
        ]
    assert drawn[0] == drawn[1]
    assert len(set(drawn[0])) == 4


async def test_tasks_are_chosen_by_id_and_unknown_ones_are_told(pool: KernelPool, judge: Judge) -> None:
    async with env_of(pool, judge, task_options={"size": 3}) as env:
        wanted = env.tasks[2].id
        assert (await env.reset(task=wanted)).info["task_id"] == wanted
        with pytest.raises(
            UnknownTaskError, match=r"task set 'blackbox' has no task 'nope', but e\.g\. 'blackbox/1"
        ):
            await env.reset(task="nope")


async def test_only_texts_are_played(pool: KernelPool, judge: Judge) -> None:
    async with env_of(pool, judge) as env:
        with pytest.raises(EpisodeOverError):
            await env.step("1")
        await env.reset(task=LINEAR)
        with pytest.raises(TypeError, match="a message is 5; give a str"):
            await env.step(5)  # type: ignore[arg-type]
        assert (await env.step("print(1)")).observation == "1"


async def test_the_observation_is_capped(pool: KernelPool, judge: Judge) -> None:
    async with env_of(pool, judge, observation_limit=100) as env:
        await env.reset(task=LINEAR)
        observation = (await env.step("print('a' * 5000)")).observation
        assert "4900 characters cut" in observation
        assert len(observation) < 200

"""Programs that are run and never handed in, on real kernels with the real judge."""

from __future__ import annotations

from typing import Any

import pytest

from replgym.envs import AsyncInterpreterEnv, EndReason, EnvConfig, Task, TaskMetadata
from replgym.envs.black_box import make_task
from replgym.envs.hidden_world import Family
from replgym.kernels import KernelPool
from replgym.rewards import Judge, StdioCase, StdioTests
from replgym.tools.tool_call import ToolCall

pytestmark = pytest.mark.asyncio(loop_scope="module")
TASK = make_task(Family.LINEAR, (7, -3))
RIGHT = "def solution(x):\n    return a * x - 3"
FENCES = [("fenced", "```python\n{}\n```"), ("auto", "```python\n{}\n```"), ("code", "{}")]


def env_of(pool: KernelPool, judge: Judge, action_format: str, **settings: Any) -> AsyncInterpreterEnv:
    config = EnvConfig(action_format=action_format, code_extraction="last-cell", **settings)
    return AsyncInterpreterEnv(config, pool=pool, judge=judge)


@pytest.mark.parametrize(("action_format", "cell"), FENCES[:2])
async def test_a_message_without_a_block_hands_in_what_ran(
    pool: KernelPool, judge: Judge, action_format: str, cell: str
) -> None:
    async with env_of(pool, judge, action_format) as env:
        start = await env.reset(task=TASK)
        assert "handed in when you then answer without a block" in start.messages[0]["content"]
        early = await env.step("Let me think.")
        assert early.observation.startswith("no program has run yet. Write the whole program in a block")
        assert (early.terminated, early.info["parse_error"]) == (False, early.observation)
        for code in ("a = f(1) + 3", RIGHT, "print(solution(1))", "solution = 1 / 0"):
            assert not (await env.step(cell.format(code))).terminated
        step = await env.step("The function is right.")
    assert (step.reward, step.terminated, step.info["stop"]) == (0.0, True, EndReason.SUBMITTED)
    assert step.info["submission"] == f"a = f(1) + 3\n{RIGHT}"  # it needs the hidden function
    assert step.info["turn"].answered


@pytest.mark.parametrize(("action_format", "cell"), FENCES)
@pytest.mark.parametrize("limit", [{"max_turns": 3}, {"max_cells": 3}], ids=str)
async def test_who_may_not_go_on_hands_in_what_ran(
    pool: KernelPool, judge: Judge, action_format: str, cell: str, limit: dict[str, int]
) -> None:
    async with env_of(pool, judge, action_format, **limit) as env:
        await env.reset(task=TASK)
        for code in ("a = 7", RIGHT):
            assert not (await env.step(cell.format(code))).terminated
        step = await env.step(cell.format("print(solution(1))"))
    assert (step.reward, step.terminated, step.truncated) == (1.0, True, False)
    assert (step.info["submission"], step.observation) == (f"a = 7\n{RIGHT}", "4")


async def test_without_a_program_a_limit_stays_a_limit(pool: KernelPool, judge: Judge) -> None:
    async with env_of(pool, judge, "fenced", max_turns=1) as env:
        await env.reset(task=TASK)
        step = await env.step("```python\nprint(f(0))\n```")
    assert (step.truncated, step.info["stop"]) == (True, EndReason.TURN_LIMIT)
    assert step.info["submission"] is None


async def test_a_fresh_interpreter_for_each_cell_hands_in_one_cell(pool: KernelPool, judge: Judge) -> None:
    async with env_of(pool, judge, "fenced", mode="stateless", max_turns=2) as env:
        await env.reset(task=TASK)
        await env.step("```python\na = 7\n```")
        step = await env.step(f"```python\n{RIGHT}\n```")
    assert (step.info["submission"], step.reward) == (RIGHT, 0.0)


@pytest.mark.parametrize("mode", ["stateless", "stateful", "debugger"])
async def test_a_script_that_finds_no_input_is_handed_in(pool: KernelPool, judge: Judge, mode: str) -> None:
    tests = StdioTests(cases=(StdioCase(stdin="4", expected="8"),))
    task = Task(id="double", prompt="Double.", tests=tests, metadata=TaskMetadata(source="own"))
    async with env_of(pool, judge, "fenced", mode=mode) as env:
        for program in ("print(2 * int(input()))", "import sys\nprint(2 * int(sys.stdin.read()))"):
            await env.reset(task=task)
            assert not (await env.step(f"```python\n{program}\n```")).terminated
            step = await env.step("That prints it twice as large.")
            assert (step.reward, step.info["submission"]) == (1.0, program)


async def test_a_submission_comes_first(pool: KernelPool, judge: Judge) -> None:
    async with env_of(pool, judge, "fenced", max_turns=2) as env:
        await env.reset(task=TASK)
        await env.step(f"```python\n{RIGHT}\n```")
        step = await env.step("```python\nsubmit('pass')\n```")
    assert step.info["submission"] == "pass"


@pytest.mark.parametrize("policy", ["last-cell", "last-block", "whole-text"])
async def test_without_a_tool_a_block_is_the_program_or_submits_it(
    pool: KernelPool, judge: Judge, policy: str
) -> None:
    config = EnvConfig(mode="no-tool", action_format="fenced", code_extraction=policy)
    right = "def solution(x):\n    return 7 * x - 3"
    async with AsyncInterpreterEnv(config, pool=pool, judge=judge) as env:
        for code in (right, f"submit({right!r})", f"{right}\n\nsubmit(solution)"):
            await env.reset(task=TASK)
            step = await env.step(code if policy == "whole-text" else f"So:\n```python\n{code}\n```")
            assert (step.reward, step.info["submission"].strip()) == (1.0, right)


@pytest.mark.parametrize("action_format", ["fenced", "auto", "code"])
async def test_the_known_solution_can_be_written(pool: KernelPool, judge: Judge, action_format: str) -> None:
    async with env_of(pool, judge, action_format) as env:
        await env.reset(task=TASK)
        call = ToolCall("submit", {"source": "def solution(x):\n    return 7 * x - 3"})
        assert (await env.step(env.parser.render_call(call))).reward == 1.0

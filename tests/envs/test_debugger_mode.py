"""Episodes with a debugger: in every action format, with its budgets, branches and failures."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from replgym.envs import AsyncInterpreterEnv, EnvConfig
from replgym.envs.black_box import make_task
from replgym.envs.hidden_world import Family
from replgym.kernels import KernelPool
from replgym.rewards import Judge
from replgym.tools import ToolCall

pytestmark = pytest.mark.asyncio(loop_scope="module")
LINEAR = make_task(Family.LINEAR, (7, -3))
RIGHT = "def solution(x):\n    return 7 * x - 3\n"
BUGGY = "def solution(x):\n    y = 7 * x\n    return y + 3\n\nprint(solution(int(input())))\n"


@asynccontextmanager
async def episode(pool: KernelPool, judge: Judge, **settings: Any) -> AsyncIterator[AsyncInterpreterEnv]:
    config = EnvConfig(mode="debugger", max_turns=20, **settings)
    async with AsyncInterpreterEnv(config, pool=pool, judge=judge) as env:
        await env.reset(task=LINEAR)
        yield env


async def call(env: AsyncInterpreterEnv, tool: str = "debugger", **arguments: Any) -> str:
    return (await env.step(env.parser.render_call(ToolCall(tool, arguments)))).observation


@pytest.mark.parametrize("action_format", ["auto", "code", "fenced", "hermes", "json", "native", "xml"])
async def test_an_episode_in_every_format(pool: KernelPool, judge: Judge, action_format: str) -> None:
    async with episode(pool, judge, action_format=action_format) as env:
        assert await call(env, "python_interpreter", code="kept = f(0)\nprint(kept)") == "-3"
        told = await call(env, program=BUGGY, stdin="2\n", command="break 3\nrun")
        assert "breakpoint 1: line 3 in solution" in told
        assert "variables: x = 2, y = 14" in told
        assert await call(env, "python_interpreter", code="print(kept)") == "-3"
        assert await call(env, command="print y - 3") == "11"
        assert "| 17" in await call(env, command="continue")
        assert env.turns[1].code == ()
        assert not env.turns[1].facts.void
        step = await env.step(env.parser.render_call(ToolCall("submit", {"source": RIGHT})))
        assert (step.reward, step.terminated) == (1.0, True)


async def test_the_model_is_told_of_the_debugger(pool: KernelPool, judge: Judge) -> None:
    async with episode(pool, judge, action_format="fenced") as env:
        told = (await env.reset(task=LINEAR)).messages[0]["content"]
        assert "```debugger block" in told
        assert [tool.name for tool in env.toolbox.tools] == ["python_interpreter", "debugger", "submit"]


async def test_waiting_gives_no_further_host_calls(pool: KernelPool, judge: Judge) -> None:
    async with episode(pool, judge) as env:
        code = "print(f(1))\nbreakpoint()\ndef ask(x):\n    return f(x)\nask(2)"
        told = await call(env, "python_interpreter", code=code)
        assert "4" in told
        assert "[the next command of the debugger is the answer; another cell ends this one]" in told
        assert "f may be called once per cell" in await call(env, command="p f(5)")
        assert "f may be called once per cell" in await call(env, command="c")
        assert env.turns[-1].host_calls == 1
        assert await call(env, "python_interpreter", code="print(f(1))") == "4"
        told = await call(env, program="print(f(1))\n", command="run")
        assert "NameError: name 'f' is not defined" in told


async def test_a_submission_from_a_waiting_cell_counts(pool: KernelPool, judge: Judge) -> None:
    async with episode(pool, judge) as env:
        await call(env, "python_interpreter", code=f"source = {RIGHT!r}\nbreakpoint()\nx = 1")
        step = await env.step(env.parser.render_call(ToolCall("debugger", {"command": "submit(source)"})))
        assert (step.reward, step.terminated) == (1.0, True)


async def test_a_cell_opens_the_debugger_after_an_error(pool: KernelPool, judge: Judge) -> None:
    async with episode(pool, judge) as env:
        await call(env, "python_interpreter", code="def half(n):\n    return n / 0\nhalf(6)")
        assert "ipdb>" in await call(env, "python_interpreter", code="%debug")
        assert "6" in await call(env, command="p n\nup")
        assert await call(env, command="q") == ""
        assert "no program" not in await call(env, command="run")


async def test_a_waiting_cell_is_ended_by_the_next_and_variables_stay(pool: KernelPool, judge: Judge) -> None:
    async with episode(pool, judge) as env:
        for wait in ("breakpoint()", "import pdb; pdb.set_trace()", "input('? ')"):
            told = await call(env, "python_interpreter", code=f"y = 5\n{wait}\ny = 6")
            assert "[waiting for input: " in told
            assert await call(env, "python_interpreter", code="print(y, f(0))") == "5 -3"


async def test_a_cell_that_overruns_after_its_answer_keeps_its_variables(
    pool: KernelPool, judge: Judge
) -> None:
    async with episode(pool, judge, cell_timeout=1.0) as env:
        await call(env, "python_interpreter", code="y = 5\ninput()\nwhile True: pass")
        assert "timed out after" in await call(env, command="go")
        assert await call(env, "python_interpreter", code="print(y)") == "5"


async def test_without_the_mode_no_cell_waits(pool: KernelPool, judge: Judge) -> None:
    async with AsyncInterpreterEnv(EnvConfig(), pool=pool, judge=judge) as env:
        await env.reset(task=LINEAR)
        assert "EOFError" in (await env.step("input()")).observation
        step = await env.step("%%debugger\nrun")
        assert step.observation == "there is no tool 'debugger'; use one of: python_interpreter, submit"


async def test_a_branch_has_the_program_but_not_its_run(judge: Judge) -> None:
    config = EnvConfig(mode="debugger", backend="fork", max_turns=20)
    async with (
        config.make_pool(size=2, warm=1) as forks,
        AsyncInterpreterEnv(config, pool=forks, judge=judge) as env,
    ):
        await env.reset(task=LINEAR)
        await call(env, "python_interpreter", code="y = 5")
        assert "line 3" in await call(env, program=BUGGY, stdin="2", command="break 3\nrun")
        async with await env.fork() as branch:
            assert "the program does not run yet" in await call(branch, command="where")
            assert "breakpoint 1: line 3" in await call(branch, command="run")
            assert await call(branch, command="print x") == "2"
            assert await call(branch, "python_interpreter", code="print(y)") == "5"
        assert await call(env, command="print x") == "2"


async def test_time_is_over_for_programs_as_well(pool: KernelPool, judge: Judge) -> None:
    async with episode(pool, judge, episode_timeout=1.0) as env:
        step = await env.step(
            env.parser.render_call(ToolCall("debugger", {"program": "while True: pass", "command": "run"}))
        )
        assert "still running" in step.observation
        assert step.truncated

"""Answers without a tool, and what rewards see of an episode, on real kernels with the real judge."""

from __future__ import annotations

from typing import Any

import pytest

from replgym.envs import (
    AsyncInterpreterEnv,
    EndReason,
    EnvConfig,
    EpisodeOverError,
    Task,
    TaskMetadata,
)
from replgym.envs.black_box import make_task
from replgym.envs.hidden_world import Family
from replgym.kernels import KernelPool
from replgym.rewards import (
    AssertTests,
    Judge,
    Language,
    RewardError,
    StdioCase,
    StdioTests,
    TokenFacts,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")
TASK = make_task(Family.LINEAR, (7, -3))
RIGHT = "def solution(x):\n    return 7 * x - 3"
WRONG = "def solution(x):\n    return 7 * x"
DRAFT = f"First:\n```python\n{WRONG}\n```\nNo, rather:\n```python\n{RIGHT}\n```\nDone."
CALL = '<tool_call>{"name": "python_interpreter", "arguments": {"code": "print(f(0))"}}</tool_call>'


def env_of(pool: KernelPool, judge: Judge, **settings: Any) -> AsyncInterpreterEnv:
    return AsyncInterpreterEnv(EnvConfig(**settings), pool=pool, judge=judge)


@pytest.mark.parametrize(
    ("policy", "message", "reward"),
    [
        ("last-block", DRAFT, 1.0),
        ("first-block", DRAFT, 0.0),
        ("all-joined", DRAFT, 1.0),
        ("longest-parsing", f"I would say\n{RIGHT}\nis right.", 1.0),
        ("answer-tag", f"<think>?</think><answer>{RIGHT}</answer>", 1.0),
        ("whole-text", RIGHT, 1.0),
        ("whole-text", DRAFT, 0.0),
    ],
)
@pytest.mark.parametrize("tools", [(), ("submit",)])
async def test_a_message_is_the_answer_where_no_cell_runs(
    pool: KernelPool, judge: Judge, policy: str, message: str, reward: float, tools: tuple[str, ...]
) -> None:
    async with env_of(pool, judge, tools=tools, code_extraction=policy) as env:
        await env.reset(task=TASK)
        assert pool.stats().acquired == 0
        step = await env.step(message)
        assert (step.reward, step.terminated, step.info["stop"]) == (reward, True, EndReason.SUBMITTED)
        turn = step.info["turn"]
        assert (turn.answered, turn.calls, turn.parse_error, turn.facts.void) == (True, 0, "", False)


async def test_a_message_without_a_program_is_told_what_to_write(pool: KernelPool, judge: Judge) -> None:
    async with env_of(pool, judge, tools=(), code_extraction="last-block", max_turns=2) as env:
        start = await env.reset(task=TASK)
        assert "one fenced block" in start.messages[0]["content"]
        step = await env.step("I do not know.")
        assert step.observation.startswith(
            "there is no program in the message. Write the whole program in one"
        )
        assert (step.info["parse_error"], step.truncated) == (step.observation, False)
        assert step.info["turn"].facts.void
        assert (await env.step(DRAFT)).reward == 1.0


async def test_tools_and_an_answer_in_one_episode(pool: KernelPool, judge: Judge) -> None:
    tools = ("python_interpreter",)
    async with env_of(pool, judge, tools=tools, action_format="hermes", code_extraction="last-block") as env:
        start = await env.reset(task=TASK)
        assert "python_interpreter" in start.messages[0]["content"]
        assert "answer without a call" in start.messages[0]["content"]
        assert (await env.step(f"Let me look.\n{CALL}")).observation == "-3"
        broken = await env.step(f"<tool_call>{{</tool_call>\n{DRAFT}")
        assert "JSON" in broken.observation
        assert (broken.terminated, broken.info["turn"].facts.void) == (False, True)
        step = await env.step(DRAFT)
        assert (step.reward, step.terminated, step.info["submission"]) == (1.0, True, RIGHT)


async def test_the_language_of_the_task_says_which_block(pool: KernelPool, judge: Judge) -> None:
    tests = StdioTests(cases=(StdioCase(stdin="4", expected="8"),), language=Language.CPP)
    task = Task(id="double", prompt="Double.", tests=tests, metadata=TaskMetadata(source="own"))
    program = "#include <iostream>\nint main() { int n; std::cin >> n; std::cout << 2 * n; }"
    async with env_of(pool, judge, tools=(), code_extraction="first-block") as env:
        await env.reset(task=task)
        step = await env.step(f"In Python:\n```python\nprint(2)\n```\nand so:\n```cpp\n{program}\n```")
    assert (step.info["submission"], step.reward) == (program, 1.0)


@pytest.mark.parametrize(
    ("rubric", "message", "parts"),
    [
        ("xcoder", RIGHT, {"execution": 5.0}),
        ("xcoder", "def solution(x", {"execution": -2.0}),
        ({"preset": "all-pass", "submitted": 0.5, "clip": [0, 1]}, RIGHT, None),
        (
            {"preset": {"name": "xcoder", "distilled": False}},
            RIGHT,
            {"execution": 5.0, "xcoder-format": -1.0},
        ),
    ],
    ids=str,
)
async def test_the_rubric_of_the_settings_counts(
    pool: KernelPool, judge: Judge, rubric: Any, message: str, parts: dict[str, float] | None
) -> None:
    parts = parts or {"passed": 1.0, "submitted": 0.5, "clip": -0.5}
    async with env_of(pool, judge, tools=(), code_extraction="whole-text", rubric=rubric) as env:
        await env.reset(task=TASK)
        step = await env.step(message)
    assert (step.info["reward_parts"], step.reward) == (parts, sum(parts.values()))


async def test_rewards_see_calls_refusals_and_errors(pool: KernelPool, judge: Judge) -> None:
    rubric = {"tool-calls": 1.0, "void-turns": -1.0}
    async with env_of(pool, judge, action_format="hermes", rubric=rubric, max_turns=4) as env:
        await env.reset(task=TASK)
        await env.step(CALL.replace("print(f(0))", "1 / 0"))
        await env.step(CALL.replace("python_interpreter", "browser"))
        await env.step(CALL.replace('"code"', '"cod"'))
        step = await env.step("no call")
        facts = [turn.facts for turn in env.turns]
    assert [turn.void for turn in facts] == [False, True, True, True]
    assert [turn.valid for turn in facts] == [True, False, False, False]
    result = facts[0].calls[0].result
    assert result is not None
    assert result.error is not None
    assert (facts[0].calls[0].code, result.error.name) == ("1 / 0", "ZeroDivisionError")
    assert (step.info["stop"], step.reward) == (EndReason.TURN_LIMIT, 0.25 - 3)


async def test_an_episode_can_be_ended_from_outside(pool: KernelPool, judge: Judge) -> None:
    async with env_of(pool, judge, rubric="code-r1") as env:
        with pytest.raises(EpisodeOverError):
            await env.end()
        await env.reset(task=TASK)
        await env.step("x = f(0)")
        step = await env.end()
        assert (step.reward, step.terminated, step.truncated) == (-1.1, False, True)
        assert (step.info["stop"], step.info["turn"].action) == (EndReason.TOKEN_LIMIT, "x = f(0)")
        assert pool.stats().acquired == 0
        await env.reset(task=TASK)
        assert (await env.end()).reward == -1.1


async def test_lengths_are_those_that_the_caller_tells(pool: KernelPool, judge: Judge) -> None:
    async with env_of(pool, judge, tools=(), code_extraction="whole-text", rubric="dapo") as env:
        await env.reset(task=TASK)
        step = await env.step(RIGHT, tokens=TokenFacts(response=90, limit=100))
        assert step.info["reward_parts"] == {"right-or-wrong": 1.0, "overlong": -0.5}
        await env.reset(task=TASK)
        with pytest.raises(RewardError, match="needs the number of tokens of the response"):
            await env.step(RIGHT)


async def test_capped_tests_are_the_same_for_every_submission(pool: KernelPool) -> None:
    statements = tuple(f"assert solution({n}) == {7 * n - 3}" for n in range(12))
    task = Task(
        id="capped",
        prompt="7x - 3",
        tests=AssertTests(statements=statements),
        metadata=TaskMetadata(source="own"),
    )
    config = EnvConfig(tools=(), code_extraction="whole-text", rubric="xcoder", max_tests=10)
    subsets = set()
    for source, reward in ((RIGHT, 5.0), (WRONG, 0.0)):
        async with AsyncInterpreterEnv(config, pool=pool) as env:
            await env.reset(task=task)
            step = await env.step(source)
        assert step.reward == reward
        subsets.add(step.info["verdict"].subset)
    (subset,) = subsets
    assert len(subset) == 10

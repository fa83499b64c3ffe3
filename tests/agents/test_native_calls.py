"""Native tool calls against a scripted endpoint: schemas out, calls in, every id answered once."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from replgym.agents.policies.openai_policy import OpenAIPolicy
from replgym.agents.policies.policy import PolicyContext, Sampling
from replgym.agents.rollouts.episode import Episode
from replgym.agents.rollouts.rollout import rollout
from replgym.envs import AsyncInterpreterEnv, EnvConfig
from replgym.envs.black_box import make_task
from replgym.envs.hidden_world import Family
from replgym.kernels import KernelPool
from replgym.rewards import Judge
from replgym.tools import Toolbox

from .test_openai_policy import completion, endpoint

pytestmark = pytest.mark.asyncio(loop_scope="module")
TASK = make_task(Family.LINEAR, (7, -3))
RIGHT = "def solution(x): return 7 * x - 3"
Answer = tuple[int, object]


def call(identity: str, name: str, arguments: object) -> dict[str, Any]:
    text = arguments if isinstance(arguments, str) else json.dumps(arguments)
    return {"id": identity, "type": "function", "function": {"name": name, "arguments": text}}


def cell(identity: str, code: str) -> dict[str, Any]:
    return call(identity, "python_interpreter", {"code": code})


SUBMIT = call("call_s", "submit", {"source": RIGHT})


def script(*answers: dict[str, Any]) -> tuple[Callable[[int, str, dict], Answer], list[dict]]:
    """A server that gives these messages one after the other, and what it was asked."""
    seen: list[dict] = []

    def answer(number: int, path: str, body: dict) -> Answer:
        seen.append(body)
        return 200, completion(**answers[number - 1])

    return answer, seen


@asynccontextmanager
async def played(
    pool: KernelPool, judge: Judge, answers: Sequence[dict[str, Any]], policy: dict[str, Any], **settings: Any
) -> AsyncIterator[tuple[Episode, list[dict]]]:
    answer, seen = script(*answers)
    config = EnvConfig(action_format="native", **settings)
    async with (
        endpoint(answer) as url,
        AsyncInterpreterEnv(config, pool=pool, judge=judge) as env,
    ):
        acting = OpenAIPolicy("m", url, **policy)
        try:
            episode = await rollout(env, acting, task=TASK)
        finally:
            await acting.close()
    assert episode.failure is None, episode.failure_message
    yield episode, seen


async def test_the_schemas_are_sent_and_every_id_is_answered(pool: KernelPool, judge: Judge) -> None:
    first = {
        "content": "Let me look.",
        "tool_calls": [cell("call_a", "b = f(0)\nprint(b)"), cell("call_b", "print(f(1) - b)")],
    }
    async with played(pool, judge, [first, {"tool_calls": [SUBMIT]}], {}) as (episode, seen):
        assert episode.solved
        assert seen[0]["tools"] == seen[1]["tools"] == Toolbox().schemas()
        assert not {"stop", "tool_choice", "parallel_tool_calls"} & set(seen[0])
        assert "python_interpreter" in seen[0]["messages"][0]["content"]
        said, *answers = seen[1]["messages"][2:]
        assert (said["content"], said["tool_calls"]) == ("Let me look.", first["tool_calls"])
        assert [(each["role"], each["tool_call_id"], each["content"]) for each in answers] == [
            ("tool", "call_a", "-3"),
            ("tool", "call_b", "7"),
        ]
        assert episode.protocols == {"native": 2}
        assert (episode.turns[0].code, episode.turns[0].calls) == (
            ("b = f(0)\nprint(b)", "print(f(1) - b)"),
            2,
        )


@pytest.mark.parametrize(
    ("choice", "sent"),
    [
        ("required", "required"),
        ("auto", "auto"),
        ("submit", {"type": "function", "function": {"name": "submit"}}),
    ],
)
async def test_the_choice_of_tools_is_sent(pool: KernelPool, judge: Judge, choice: str, sent: object) -> None:
    options = {"tool_choice": choice, "parallel_tool_calls": False}
    async with played(pool, judge, [{"tool_calls": [SUBMIT]}], options) as (episode, seen):
        assert (seen[0]["tool_choice"], seen[0]["parallel_tool_calls"]) == (sent, False)
        assert episode.solved


async def test_calls_beyond_the_most_have_an_answer_too(pool: KernelPool, judge: Judge) -> None:
    many = {"tool_calls": [cell(f"call_{number}", f"print({number})") for number in range(3)]}
    answers = [many, {"tool_calls": [SUBMIT]}]
    async with played(pool, judge, answers, {}, calls_per_message=1) as (episode, seen):
        assert (episode.turns[0].code, episode.turns[0].left_out) == (("print(0)",), 2)
        told = [(each["tool_call_id"], each["content"]) for each in seen[1]["messages"][3:]]
        assert told == [
            ("call_0", "0\n(2 further calls were not carried out; a message may make 1 call)"),
            ("call_1", "not carried out: a message may not make so many calls"),
            ("call_2", "not carried out: a message may not make so many calls"),
        ]


@pytest.mark.parametrize("arguments", ['{"code": "print(', "[1]", "print(1)", '"a"', "null"])
async def test_broken_arguments_are_told_and_not_sent_back_as_a_call(
    pool: KernelPool, judge: Judge, arguments: str
) -> None:
    broken = {"content": None, "tool_calls": [call("call_a", "python_interpreter", arguments)]}
    async with played(pool, judge, [broken, {"tool_calls": [SUBMIT]}], {}) as (episode, seen):
        assert episode.solved
        assert (
            "the arguments of the call of 'python_interpreter' are no valid" in episode.turns[0].parse_error
        )
        said, told = seen[1]["messages"][2:]
        assert "tool_calls" not in said
        assert (told["role"], episode.turns[0].parse_error in told["content"]) == ("user", True)


async def test_an_unknown_tool_and_wrong_arguments_are_answered_by_id(pool: KernelPool, judge: Judge) -> None:
    wrong = {
        "tool_calls": [call("a", "browser", {}), call("b", "submit", {"code": "x"}), call("c", "submit", "")]
    }
    async with played(pool, judge, [wrong, {"tool_calls": [SUBMIT]}], {}) as (episode, seen):
        told = {each["tool_call_id"]: each["content"] for each in seen[1]["messages"][3:]}
        assert told["a"] == "there is no tool 'browser'; use one of: python_interpreter, submit"
        assert "argument 'source': Field required" in told["b"]
        assert "argument 'source': Field required" in told["c"]
        assert (episode.turns[0].calls, episode.turns[0].void) == (3, True)


async def test_a_model_that_writes_its_calls_as_text_is_read_as_well(pool: KernelPool, judge: Judge) -> None:
    text = '```json\n{"name": "python_interpreter", "arguments": {"code": "print(f(0))"}}\n```'
    tagged = f'<tool_call>\n{{"name": "submit", "arguments": {json.dumps({"source": RIGHT})}}}\n</tool_call>'
    async with played(pool, judge, [{"content": text}, {"content": tagged}], {}) as (episode, seen):
        assert episode.solved
        assert episode.protocols == {"json": 1, "hermes": 1}
        said, told = seen[1]["messages"][2:]
        assert (said["content"], told) == (
            text,
            {"role": "user", "content": "<tool_response>\n-3\n</tool_response>"},
        )


async def test_a_text_protocol_sends_no_schemas_but_stop_texts(pool: KernelPool, judge: Judge) -> None:
    answer, seen = script({"content": f"```python\nsubmit({RIGHT!r})"})
    async with (
        endpoint(answer) as url,
        AsyncInterpreterEnv(EnvConfig(action_format="fenced"), pool=pool, judge=judge) as env,
    ):
        policy = OpenAIPolicy("m", url, tool_choice="required")
        episode = await rollout(env, policy, task=TASK)
        await policy.close()
    assert episode.solved
    assert seen[0]["stop"] == ["\n```\n"]
    assert not {"tools", "tool_choice"} & set(seen[0])


async def test_ids_come_back_where_the_endpoint_gives_them() -> None:
    made = completion(content="hello")
    logprobs = [{"token": "h", "logprob": -0.5, "bytes": None, "top_logprobs": []}] * 2
    made["choices"][0] |= {"response_token_ids": [7, 8], "logprobs": {"content": logprobs}}
    seen: list[dict] = []

    def answer(number: int, path: str, body: dict) -> Answer:
        seen.append(body)
        if number == 1:
            return 200, made | {"prompt_token_ids": [1, 2, 3, 4, 5]}
        return 200, completion(content="hello")

    context = PolicyContext([{"role": "user", "content": "-"}], "e")
    async with endpoint(answer) as url:
        policy = OpenAIPolicy("m", url, token_ids=True)
        with_ids = await policy(context, Sampling())
        without = await policy(context, Sampling())
        await policy.close()
    assert (seen[0]["return_token_ids"], seen[0]["logprobs"]) == (True, True)
    assert (with_ids.prompt_ids, with_ids.token_ids, with_ids.logprobs) == (
        (1, 2, 3, 4, 5),
        (7, 8),
        (-0.5, -0.5),
    )
    assert (without.prompt_ids, without.token_ids, without.logprobs) == ((), (), ())

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from replgym.agents.evaluation.evaluation import evaluate
from replgym.agents.policies.endpoint_error import EndpointError
from replgym.agents.policies.openai_policy import OpenAIPolicy
from replgym.agents.policies.policy import ContextOverflowError, PolicyContext, PolicyError, Sampling
from replgym.agents.rollouts.rollout_limits import RolloutLimits
from replgym.envs.env_config import EnvConfig
from replgym.envs.task_set import TaskSet
from replgym.tools.formats.native_calls import NativeCall, with_calls

HELLO = PolicyContext(messages=[{"role": "user", "content": "Say hello."}], episode_id="e")
Answer = tuple[int, object]


@asynccontextmanager
async def endpoint(answer: Callable[[int, str, dict], Answer | None]) -> AsyncIterator[str]:
    """A small HTTP server: `answer(number, path, body)` gives status and JSON, or None to hang up."""
    count = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            lengths = [
                line.split(":")[1] for line in head.splitlines() if line.lower().startswith("content-length")
            ]
            body = json.loads(await reader.readexactly(int(lengths[0]))) if lengths else {}
            count += 1
            made = answer(count, head.split()[1], body)
            if made is not None:
                text = json.dumps(made[1]).encode()
                writer.write(
                    f"HTTP/1.1 {made[0]} X\r\ncontent-type: application/json\r\nretry-after-ms: 10\r\n"
                    f"connection: close\r\ncontent-length: {len(text)}\r\n\r\n".encode()
                    + text
                )
                await writer.drain()
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"


def completion(**message: object) -> dict:
    choice = {
        "index": 0,
        "finish_reason": "stop",
        "message": {"role": "assistant", "content": None, **message},
    }
    usage = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}
    return {
        "id": "c",
        "object": "chat.completion",
        "created": 0,
        "model": "m",
        "choices": [choice],
        "usage": usage,
    }


async def test_rate_limits_server_errors_and_hang_ups_are_retried() -> None:
    faults = {
        1: (429, {"error": {"message": "slow down"}}),
        2: (503, {"error": {"message": "busy"}}),
        3: None,
    }

    async with endpoint(lambda n, path, body: faults.get(n, (200, completion(content="hello")))) as url:
        policy = OpenAIPolicy("m", url)
        made = await policy(HELLO, Sampling())
        await policy.close()
    assert (made.text, made.finish_reason, made.prompt_tokens, made.completion_tokens) == (
        "hello",
        "stop",
        5,
        2,
    )
    assert policy.template is None


async def test_retries_are_bounded_and_end_as_a_policy_error() -> None:
    asked = []

    def answer(number: int, path: str, body: dict) -> Answer:
        asked.append(number)
        return 500, {"error": {"message": "out of memory"}}

    async with endpoint(answer) as url:
        policy = OpenAIPolicy("m", url, retries=2)
        with pytest.raises(PolicyError, match="out of memory"):
            await policy(HELLO, Sampling())
        await policy.close()
    assert len(asked) == 3


async def test_a_refused_request_is_not_retried() -> None:
    asked = []

    def answer(number: int, path: str, body: dict) -> Answer:
        asked.append(number)
        return 400, {"error": {"message": "context too long"}}

    async with endpoint(answer) as url:
        policy = OpenAIPolicy("m", url)
        with pytest.raises(PolicyError, match="context too long"):
            await policy(HELLO, Sampling())
        await policy.close()
    assert asked == [1]


async def test_the_deadline_holds_over_all_retries() -> None:
    async with endpoint(lambda n, path, body: (500, {})) as url:
        policy = OpenAIPolicy("m", url, retries=1_000_000, deadline=0.5)
        with pytest.raises(PolicyError, match=r"within 0\.5 s"):
            await policy(HELLO, Sampling())
        await policy.close()


async def test_native_tool_calls_become_text_and_go_back_as_calls() -> None:
    seen: list[dict] = []
    call = {"id": "x", "type": "function", "function": {"name": "python", "arguments": '{"code": "f(1)"}'}}

    def answer(number: int, path: str, body: dict) -> Answer:
        seen.append(body)
        return 200, completion(content="Look.", tool_calls=[call])

    tools = [{"type": "function", "function": {"name": "python", "parameters": {"type": "object"}}}]
    async with endpoint(answer) as url:
        policy = OpenAIPolicy("m", url)
        first = await policy(PolicyContext(HELLO.messages, "e", tools=tools), Sampling(seed=4, stop=("X",)))
        messages = [
            *HELLO.messages,
            {"role": "assistant", "content": first.text},
            {"role": "tool", "content": "7"},
        ]
        await policy(PolicyContext(messages, "e", tools=tools), Sampling())
        await policy(PolicyContext(messages, "e"), Sampling())
        await policy.close()
    block = '<tool_call id="x">\n{"name": "python", "arguments": {"code": "f(1)"}}\n</tool_call>'
    assert first.text == f"Look.\n{block}"
    assert (seen[0]["tools"], seen[0]["seed"], "stop" in seen[0]) == (tools, 4, False)
    assistant, observation = seen[1]["messages"][1:]
    assert assistant["content"] == "Look."
    assert assistant["tool_calls"][0]["function"] == {"name": "python", "arguments": '{"code": "f(1)"}'}
    assert observation == {"role": "tool", "tool_call_id": "x", "content": "7"}
    assert seen[2]["messages"][2] == {"role": "user", "content": "<tool_response>\n7\n</tool_response>"}


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (
            (200, {"object": "list", "data": [{"id": "other", "object": "model"}]}),
            "use --model with one of: other",
        ),
        ((401, {"error": {"message": "no"}}), "--api-key-env"),
        ((500, {"error": {"message": "no"}}), "HTTP 500"),
        ((200, "hello"), "correct --base-url"),
        ((404, {}), "no chat completions"),
    ],
)
async def test_the_check_names_url_and_fix(answer: Answer, told: str) -> None:
    async with endpoint(lambda n, path, body: answer) as url:
        policy = OpenAIPolicy("m", url)
        with pytest.raises(EndpointError, match=told) as caught:
            await policy.check()
        await policy.close()
    assert url in str(caught.value)
    assert "\n" not in str(caught.value)


async def test_the_check_passes_where_models_are_not_listed() -> None:
    def answer(number: int, path: str, body: dict) -> Answer:
        return (404, {}) if path.endswith("/models") else (200, completion(content="H"))

    async with endpoint(answer) as url:
        policy = OpenAIPolicy("m", url)
        await policy.check()
        await policy.close()


async def test_nobody_at_the_address() -> None:
    policy = OpenAIPolicy("m", "http://127.0.0.1:9/v1")
    with pytest.raises(EndpointError, match="start the server or correct --base-url"):
        await policy.check()
    await policy.close()
    with pytest.raises(EndpointError, match="is no URL"):
        OpenAIPolicy("m", "localhost:8000")


async def test_a_server_that_ignores_stop_texts_is_cut_at_the_first_one() -> None:
    texts = ["a\n```\nb\n```\nc", "a\n```\n", "a"]
    answers = [(200, completion(content=text)) for text in texts]
    async with endpoint(lambda n, path, body: answers[n - 1]) as url:
        policy = OpenAIPolicy("m", url)
        made = [await policy(HELLO, Sampling(stop=("END", "\n```\n"))) for _ in texts]
        await policy.close()
    assert [(each.text, each.stop_ignored) for each in made] == [
        ("a", True),
        ("a\n```\n", False),
        ("a", False),
    ]


REFUSALS = {
    "vLLM": "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens "
    "(4000 in the messages, 1000 in the completion).",
    "new vLLM": "'max_tokens' or 'max_completion_tokens' is too large: 1000. This model's maximum context "
    "length is 4096 tokens and your request has 4000 input tokens (1000 > 4096 - 4000).",
    "SGLang": "Requested token count exceeds the model's maximum context length of 4096 tokens. You asked "
    "for a total of 5000 tokens: 4000 tokens from the input messages and 1000 tokens for the completion.",
}


@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS)
async def test_a_message_that_would_not_fit_is_asked_for_as_long_as_may_be(refusal: str) -> None:
    asked: list[int] = []

    def answer(number: int, path: str, body: dict) -> Answer:
        asked.append(body["max_tokens"])
        return (400, {"error": {"message": refusal}}) if number == 1 else (200, completion(content="short"))

    async with endpoint(answer) as url:
        policy = OpenAIPolicy("m", url)
        made = await policy(HELLO, Sampling(max_tokens=1000))
        await policy.close()
    assert (made.text, asked) == ("short", [1000, 96])


async def test_a_conversation_that_is_too_long_is_no_fault_of_the_endpoint() -> None:
    refusal = {
        "error": {
            "message": "the request exceeds the available context size, try increasing it",
            "type": "exceed_context_size_error",
            "n_prompt_tokens": 5000,
            "n_ctx": 4096,
        }
    }
    async with endpoint(lambda n, path, body: (400, refusal)) as url:
        policy = OpenAIPolicy("m", url)
        with pytest.raises(ContextOverflowError, match="context size"):
            await policy(HELLO, Sampling())
        summary = await evaluate(TaskSet.load("humaneval").take(2), policy, env_config=EnvConfig())
        await policy.close()
    assert (summary.scored, summary.failures, summary.stops) == (2, {}, {"token_limit": 2})
    assert "2 episodes ended before their first message" in summary.warnings[0]


async def test_fields_that_only_the_endpoint_knows_are_sent() -> None:
    asked: list[dict] = []

    def answer(number: int, path: str, body: dict) -> Answer:
        asked.append(body)
        return 200, completion(content="hello")

    async with endpoint(answer) as url:
        policy = OpenAIPolicy("m", url, extra_body={"reasoning_effort": "low"})
        await policy(HELLO, Sampling())
        await policy.close()
    assert asked[0]["reasoning_effort"] == "low"


@pytest.mark.slow
async def test_a_real_server_plays_episodes_to_the_end(smollm_url: str) -> None:
    policy = OpenAIPolicy("smollm2", smollm_url)
    await policy.check()
    made = await policy(HELLO, Sampling(temperature=0.0, max_tokens=8))
    assert made.text
    assert made.finish_reason in ("stop", "length")
    assert 0 < made.completion_tokens <= 8
    summary = await evaluate(
        TaskSet.load("humaneval").take(2),
        policy,
        env_config=EnvConfig(action_format="fenced", max_turns=2),
        limits=RolloutLimits(turn_tokens=48),
        sampling=Sampling(temperature=0.0, max_tokens=48),
        concurrency=2,
        seed=0,
    )
    await policy.close()
    assert (summary.scored, summary.failures) == (2, {})


@pytest.mark.slow
async def test_a_real_server_takes_tools_and_their_results(smollm_url: str) -> None:
    policy = OpenAIPolicy("smollm2", smollm_url)
    text = with_calls("Look.", [NativeCall("call_1", "python", '{"code": "f(1)"}')])
    messages = [*HELLO.messages, {"role": "assistant", "content": text}, {"role": "tool", "content": "7"}]
    tools = [
        {
            "type": "function",
            "function": {"name": "python", "parameters": {"type": "object", "properties": {}}},
        }
    ]
    made = await policy(PolicyContext(messages, "e", tools=tools), Sampling(temperature=0.0, max_tokens=16))
    await policy.close()
    assert made.completion_tokens > 0

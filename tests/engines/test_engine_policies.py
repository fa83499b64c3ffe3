import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from replgym.agents import tiny_model
from replgym.agents.engines import ScriptedEngine
from replgym.agents.policies.endpoint_error import EndpointError
from replgym.agents.policies.engine_policy import EnginePolicy
from replgym.agents.policies.policy import PolicyError, Sampling
from replgym.agents.rollouts.episode_log import read_episodes
from replgym.cli import main

from ..agents.tiny_models import CORPUS
from .small_world import (
    POLICIES,
    QUICK,
    VOCABULARY,
    Faults,
    context,
    engine,
    hang_up,
    let_through,
    status,
    template,
    until,
)


@pytest.fixture(params=POLICIES)
def kind(request: pytest.FixtureRequest) -> Any:
    return POLICIES[request.param]


@asynccontextmanager
async def playing(kind: Any, *engines: ScriptedEngine, **options: Any) -> AsyncIterator[EnginePolicy]:
    for each in engines:
        await each.start()
    policy = kind(template(), [e.url for e in engines], name="p", **{"limits": QUICK, **options})
    try:
        yield policy
    finally:
        await policy.close()
        for each in engines:
            await each.stop()


def real(**options: Any) -> ScriptedEngine:
    """An engine with the tokenizer of the policies."""
    return engine(
        **{"encode": template().encode, "end_of_turn": template().end_of_turn, **options},
    )


def saying(text: str, *, ended: bool = True) -> list[int]:
    return [*template().encode(text), *[template().end_of_turn] * ended]


async def test_a_message_is_the_ids_and_our_own_text_of_them(kind: Any) -> None:
    ids = saying("```python\nb = f(0)\n```")
    only = real(script=lambda prompt, _: ids)
    only.weight_version = "12"
    async with playing(kind, only) as policy:
        await policy.check()
        asked = context()
        made = await policy(asked, Sampling(max_tokens=100, seed=1))
    assert made.token_ids == tuple(ids)
    assert made.text == "```python\nb = f(0)\n```"
    assert len(made.logprobs) == len(ids)
    assert (made.finish_reason, made.prompt_tokens, made.completion_tokens) == (
        "stop",
        len(asked.prompt_ids),
        len(ids),
    )
    sglang = kind is POLICIES["sglang"]
    assert made.weight_version == ("12" if sglang else "")
    assert made.prompt_ids == (() if sglang else asked.prompt_ids)
    assert only.asked[-1]["input_ids" if sglang else "prompt"] == list(asked.prompt_ids)


@pytest.mark.parametrize("encode", [template().encode, None], ids=["honoured", "not taken"])
async def test_a_message_ends_with_its_stop_text_on_every_engine(kind: Any, encode: Any) -> None:
    stop, text = "\n```\n", "```python\nb = f(0)\n```\n12 345"
    ids = saying(text)
    async with playing(kind, real(script=lambda prompt, _: ids, encode=encode)) as policy:
        made = await policy(context(), Sampling(max_tokens=100, stop=(stop,)))
    assert made.text == "```python\nb = f(0)\n```\n"
    assert made.token_ids == tuple(ids[: len(made.token_ids)])
    assert stop in template().decode(made.token_ids)
    assert stop not in template().decode(made.token_ids[:-1])
    assert len(made.logprobs) == len(made.token_ids) == made.completion_tokens
    assert made.finish_reason == "stop"


async def test_a_stop_text_that_takes_the_last_of_the_room_is_a_stop(kind: Any) -> None:
    ids = saying("```\n12 345", ended=False)
    async with playing(kind, real(script=lambda prompt, _: ids + ids, encode=None)) as policy:
        made = await policy(context(), Sampling(max_tokens=len(ids), stop=("345",)))
    assert (made.finish_reason, made.token_ids) == ("stop", tuple(ids))


async def test_a_message_that_fills_its_room_says_so(kind: Any) -> None:
    async with playing(kind, real(script=lambda prompt, _: [9] * 50)) as policy:
        made = await policy(context(), Sampling(max_tokens=5))
    assert (made.finish_reason, len(made.token_ids)) == ("length", 5)


async def test_the_context_of_the_engine_bounds_a_message(kind: Any) -> None:
    asked = context()
    window = len(asked.prompt_ids) + 4
    roomy = window + 200
    only = real(script=lambda prompt, _: [9] * 500, context=roomy)
    async with playing(kind, only) as policy:
        await policy.check()
        reserved = 6 if kind is POLICIES["sglang"] else 0
        assert policy.context_tokens == roomy - reserved
        made = await policy(asked, Sampling(max_tokens=1000))
        assert len(made.token_ids) == 204 - reserved
        full = replace(asked, prompt_ids=(9,) * roomy)
        with pytest.raises(PolicyError, match=f"the context of {roomy} ids is too long"):
            await policy(full, Sampling(max_tokens=1))
    unchecked = real(context=window)
    async with playing(kind, unchecked) as policy:
        with pytest.raises(PolicyError, match="the input is too long for the engine"):
            await policy(asked, Sampling(max_tokens=1000))


async def test_a_cancelled_message_frees_the_slot_of_the_engine(kind: Any) -> None:
    only = real(token_seconds=3600.0)
    async with playing(kind, only) as policy:
        message = asyncio.create_task(policy(context(), Sampling()))
        await until(lambda: only.running == 1)
        message.cancel()
        await until(lambda: only.running == 0)
        assert policy.stats().aborts == 1


async def test_turns_of_an_episode_stay_on_one_server_of_several(kind: Any) -> None:
    engines = [real() for _ in range(3)]
    async with playing(kind, *engines) as policy:
        for turn in range(4):
            await asyncio.gather(*(policy(context(str(n), f"turn {turn}"), Sampling()) for n in range(12)))
        assert policy.stats().failovers == 0
        prompts = [{tuple(body.get("input_ids") or body["prompt"]) for body in e.asked} for e in engines]
    assert [len(e.asked) for e in engines] == [16, 16, 16]
    assert all(len(each) == 4 for each in prompts)


async def test_logprobs_of_another_distribution_are_left_out(kind: Any) -> None:
    plain = real(scales_logprobs=False)
    async with playing(kind, plain) as policy:
        await policy.check()
        asked = [body.get("sampling_params", body)["temperature"] for body in plain.asked]
        assert 0 == min(asked) < max(asked) <= 2, "vLLM takes no higher temperature"
        assert (await policy(context(), Sampling(temperature=1.0))).logprobs
        assert (await policy(context(), Sampling(temperature=0.0))).logprobs
        warm = await policy(context(), Sampling(temperature=0.7))
        assert (warm.logprobs, bool(warm.token_ids)) == ((), True)
    async with playing(kind, real()) as policy:
        await policy.check()
        assert (await policy(context(), Sampling(temperature=0.7))).logprobs


def answering(path: str, code: int, text: str = "{}") -> Any:
    @web.middleware
    async def middleware(http: web.Request, handler: Any) -> web.StreamResponse:
        return web.Response(status=code, text=text) if http.path == path else await handler(http)

    return middleware


@pytest.mark.parametrize(
    ("middleware", "options", "told"),
    [
        (answering("/health", 503), {}, "is not ready"),
        (answering("/health", 401), {}, "--api-key-env"),
        (answering("/v1/models", 200, "<html>"), {}, "correct --base-url"),
        (
            answering("/v1/models", 200, '{"data": [{"id": "a"}, {"id": "b"}]}'),
            {},
            "--model with one of: a, b",
        ),
        (None, {"model": "other"}, "does not serve model 'other'; use --model with one of: scripted"),
        (answering("/tokenize", 200, '{"tokens": [1, 2, 3]}'), {}, "another tokenizer"),
        (answering("/generate", 404), {}, "is it a server of"),
        (answering("/generate", 200, '{"text": "hello"}'), {}, "does not sample as a server of SGLang does"),
    ],
)
async def test_the_check_names_the_server_and_the_fix(middleware: Any, options: Any, told: str) -> None:
    only = real(middlewares=[middleware] if middleware else [])
    async with playing(POLICIES["sglang"], only, **options) as policy:
        with pytest.raises(EndpointError, match=told) as caught:
            await policy.check()
    assert only.url in str(caught.value)
    assert "\n" not in str(caught.value)


async def test_the_check_of_one_bad_server_among_good_ones_fails(kind: Any) -> None:
    async with playing(kind, real(), real(model="another")) as policy:
        with pytest.raises(EndpointError, match="the servers serve different models"):
            await policy.check()
    policy = kind(template(), ["http://127.0.0.1:9"], name="p")
    with pytest.raises(EndpointError, match="start the server or correct --base-url"):
        await policy.check()
    await policy.close()


async def test_the_check_takes_the_smallest_context_and_does_without_optional_routes(kind: Any) -> None:
    bare = [answering(path, 404) for path in ("/tokenize", "/v1/models")]
    async with playing(kind, real(context=900), real(context=800)) as policy:
        await policy.check()
        assert policy.context_tokens == 800 - policy.wire.reserved_tokens
    async with playing(kind, real(middlewares=bare, encode=None)) as policy:
        await policy.check()
        assert policy.context_tokens is None


@contextmanager
def in_background(*engines: ScriptedEngine) -> Iterator[str]:
    """Servers on a loop of their own; gives their addresses."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        for each in engines:
            asyncio.run_coroutine_threadsafe(each.start(), loop).result(30)
        yield ",".join(each.url for each in engines)
    finally:
        for each in engines:
            asyncio.run_coroutine_threadsafe(each.stop(), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@pytest.mark.parametrize("spec", POLICIES)
def test_a_person_plays_episodes_on_several_servers_that_fail(spec: str, tmp_path: Path) -> None:
    folder, output = tmp_path / "model", tmp_path / "output"
    tiny_model.train_tokenizer(CORPUS, VOCABULARY).save_pretrained(folder)
    answer = saying('```python\nsubmit("def solution(x): return x")\n```')
    faults = Faults(*[let_through] * 3, status(500), hang_up, status(200, "{"))  # the check asks thrice
    engines = [
        real(script=lambda prompt, _: answer),
        real(script=lambda prompt, _: answer, middlewares=[faults.middleware]),
    ]
    with in_background(*engines) as urls:
        command = ["eval", "blackbox", "--policy", f"{spec}:{folder}", "--base-url", urls, "-n", "6"]
        assert main([*command, "--mode", "no-tool", "--max-turns", "2", "--output", str(output)]) == 0
    episodes = list(read_episodes(output / "episodes.jsonl"))
    assert len(episodes) == 6
    assert all(episode.failure is None and episode.branches[0].exact for episode in episodes)
    assert all(tuple(answer) == episode.branches[0].response_ids[: len(answer)] for episode in episodes)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--policy", "sglang:x/y"], "needs --base-url"),
        (["--policy", "vllm:/nowhere", "--base-url", "http://a"], "no tokenizer there"),
        (["--policy", "openai", "--model", "m", "--base-url", "http://a,http://b"], "needs one --base-url"),
    ],
)
def test_a_wrong_choice_is_one_line(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["eval", "blackbox", *arguments]) == 2
    said = capsys.readouterr().err
    assert told in said
    assert said.count("\n") == 1


def test_an_address_that_is_none_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tiny_model.train_tokenizer(CORPUS, VOCABULARY).save_pretrained(tmp_path)
    assert main(["eval", "blackbox", "--policy", f"sglang:{tmp_path}", "--base-url", "localhost"]) == 2
    assert "--base-url 'localhost' is no URL" in capsys.readouterr().err

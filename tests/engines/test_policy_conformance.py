"""One suite for every policy and engine: what `Policy` and `Completion` promise, on engines that run."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from replgym.agents.policies.openai_policy import OpenAIPolicy
from replgym.agents.policies.policy import Completion, Policy, PolicyContext, PolicyError, Sampling

from .engine_under_test import ENGINES, SLOTS, Can, EngineUnderTest, engines_that, opened
from .reference_model import CONTEXT, ReferenceModel

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.asyncio(loop_scope="module"),
]
GREEDY = Sampling(temperature=0.0, max_tokens=48)
LONG = 512
"""Ids of a message that an engine is still busy with when somebody looks."""
PROMPTS = tuple(f"go {number}" for number in range(SLOTS))


def asked(reference: ReferenceModel, text: str, episode: str = "e") -> PolicyContext:
    """What a rollout asks first, with ids for the policies that want them."""
    messages = [{"role": "user", "content": text}]
    return PolicyContext(messages, episode, prompt_ids=reference.prompt(text))


def assert_is(completion: Completion, ids: tuple[int, ...], engine: EngineUnderTest) -> None:
    """The completion is these ids, or their text where the engine has only texts."""
    assert completion.text == engine.reference.template.decode(ids)
    assert completion.completion_tokens == len(ids)
    if engine.can(Can.TOKEN_IDS):
        assert completion.token_ids == ids


async def test_the_documentation_says_what_each_engine_lacks() -> None:
    page = (Path(__file__).parents[2] / "docs" / "engines.md").read_text()
    rows = [f"| on a CPU | {' | '.join(ENGINES)} |", "|---" * (len(ENGINES) + 1) + "|"]
    for ability in Can:
        cells = ("yes" if ability in kind.can else "no" for kind in ENGINES.values())
        rows.append(f"| {ability} | {' | '.join(cells)} |")
    assert "\n".join(rows) in page


async def all_at_once(policy: Policy, engine: EngineUnderTest) -> list[Completion]:
    questions = [asked(engine.reference, text, episode=text) for text in PROMPTS]
    return list(await asyncio.gather(*(policy(question, GREEDY) for question in questions)))


@engines_that(Can.TOKEN_IDS)
async def test_ids_go_in_and_ids_come_out(engine: EngineUnderTest) -> None:
    context = asked(engine.reference, "go")
    async with engine.open() as policy:
        made = await policy(context, Sampling(max_tokens=32))
    assert made.prompt_tokens == len(context.prompt_ids)
    assert made.prompt_ids in ((), context.prompt_ids)
    assert 1 <= len(made.token_ids) == made.completion_tokens <= 32
    assert made.text == engine.reference.template.decode(made.token_ids)
    assert len(made.logprobs) == len(made.token_ids)


@engines_that(Can.TOKEN_IDS, Can.LOGPROBS, Can.SERVES)
async def test_chat_completions_give_ids_to_those_who_ask(engine: EngineUnderTest) -> None:
    context = asked(engine.reference, "go 0")
    ids = engine.reference.greedy(context.prompt_ids, GREEDY.max_tokens)
    async with opened(OpenAIPolicy("reference", f"{engine.url}/v1", token_ids=True)) as policy:
        made = await policy(replace(context, prompt_ids=()), GREEDY)
    assert (made.prompt_ids, made.token_ids) == (context.prompt_ids, ids)
    expected = engine.reference.logprobs(context.prompt_ids, ids)
    assert made.logprobs == pytest.approx(expected, abs=1e-3)


@engines_that(Can.TEXTS)
async def test_greedy_is_what_the_weights_say_however_often(engine: EngineUnderTest) -> None:
    async with engine.open() as policy:
        for text in PROMPTS[:4]:
            context = asked(engine.reference, text)
            ids = engine.reference.greedy(context.prompt_ids, GREEDY.max_tokens)
            assert_is(await policy(context, GREEDY), ids, engine)
            assert_is(await policy(context, GREEDY), ids, engine)


@pytest.mark.parametrize("temperature", [0.0, 0.7, 1.0])
@engines_that(Can.LOGPROBS)
async def test_logprobs_are_those_of_the_sampled_distribution(
    engine: EngineUnderTest, temperature: float
) -> None:
    context = asked(engine.reference, "go")
    async with engine.open() as policy:
        made = await policy(context, Sampling(temperature=temperature, max_tokens=48))
    expected = engine.reference.logprobs(context.prompt_ids, made.token_ids, temperature or 1.0)
    assert made.logprobs == pytest.approx(expected, abs=1e-3)


@engines_that(Can.SEEDS)
async def test_a_seed_repeats_a_sample_and_another_does_not(engine: EngineUnderTest) -> None:
    context = asked(engine.reference, "go")
    async with engine.open() as policy:
        first, again, other = [
            await policy(context, Sampling(temperature=1.0, max_tokens=48, seed=seed)) for seed in (3, 3, 4)
        ]
    assert (first.text, first.token_ids) == (again.text, again.token_ids)
    assert first.text != other.text


@engines_that(Can.TEXTS)
async def test_a_message_ends_with_the_end_of_turn_id(engine: EngineUnderTest) -> None:
    text, prompt = engine.reference.prompt_with(9, most=GREEDY.max_tokens)
    ids = engine.reference.greedy(prompt, GREEDY.max_tokens)
    assert ids[-1] == engine.reference.template.end_of_turn
    async with engine.open() as policy:
        made = await policy(asked(engine.reference, text), GREEDY)
    assert_is(made, ids, engine)
    assert made.finish_reason == "stop"


@engines_that(Can.TEXTS)
async def test_a_message_ends_with_the_id_that_completes_a_stop_text(engine: EngineUnderTest) -> None:
    template = engine.reference.template
    context = asked(engine.reference, "go 0")
    ids = engine.reference.greedy(context.prompt_ids, GREEDY.max_tokens)
    whole = template.decode(ids)
    stop = whole[6:9]
    end = whole.index(stop) + len(stop)
    length = next(count for count in range(len(ids)) if len(template.decode(ids[:count])) >= end)
    async with engine.open() as policy:
        sampling = Sampling(temperature=0.0, max_tokens=GREEDY.max_tokens, stop=("never", stop))
        made = await policy(context, sampling)
    assert made.finish_reason == "stop"
    if engine.can(Can.TOKEN_IDS):
        assert made.token_ids == ids[:length]
        assert made.text == whole[:end]
    else:
        assert made.text in (whole[:end], whole[: end - len(stop)])


@engines_that(Can.TEXTS)
async def test_a_message_is_no_longer_than_asked_for_and_says_so(engine: EngineUnderTest) -> None:
    context = asked(engine.reference, "go 0")
    async with engine.open() as policy:
        made = await policy(context, Sampling(temperature=0.0, max_tokens=5))
    assert_is(made, engine.reference.greedy(context.prompt_ids, 5), engine)
    assert made.finish_reason == "length"


@engines_that(Can.TEXTS)
async def test_an_answer_may_be_empty(engine: EngineUnderTest) -> None:
    text, _ = engine.reference.prompt_with(1, most=2)
    async with engine.open() as policy:
        made = await policy(asked(engine.reference, text), GREEDY)
    assert_is(made, (engine.reference.template.end_of_turn,), engine)
    assert (made.text, made.finish_reason) == ("", "stop")


def text_of_length(reference: ReferenceModel, length: int) -> str:
    """A message with which the prompt has so many ids: every digit is one."""
    return "1" * (length - len(reference.prompt("")))


@engines_that(Can.TEXTS)
async def test_the_longest_prompt_has_an_answer_within_the_context(engine: EngineUnderTest) -> None:
    context = asked(engine.reference, text_of_length(engine.reference, engine.kind.longest_prompt))
    assert len(context.prompt_ids) == engine.kind.longest_prompt
    async with engine.open() as policy:
        made = await policy(context, GREEDY)
    assert made.prompt_tokens == len(context.prompt_ids)
    assert 1 <= made.completion_tokens <= CONTEXT - made.prompt_tokens


@engines_that(Can.TEXTS)
async def test_a_longer_prompt_is_refused_and_the_error_says_so(engine: EngineUnderTest) -> None:
    context = asked(engine.reference, text_of_length(engine.reference, CONTEXT + 1))
    async with engine.open() as policy:
        with pytest.raises(PolicyError, match=str(CONTEXT + 1)):
            await policy(context, GREEDY)
        short = asked(engine.reference, "go 0")
        made = await policy(short, GREEDY)
    assert_is(made, engine.reference.greedy(short.prompt_ids, GREEDY.max_tokens), engine)


@engines_that(Can.TEXTS)
async def test_many_at_once_get_what_each_alone_gets(engine: EngineUnderTest) -> None:
    async with engine.open() as policy:
        made = await all_at_once(policy, engine)
    for text, completion in zip(PROMPTS, made, strict=True):
        ids = engine.reference.greedy(engine.reference.prompt(text), GREEDY.max_tokens)
        assert_is(completion, ids, engine)


@engines_that(Can.TEXTS)
async def test_a_cancelled_message_frees_its_slot_at_once(engine: EngineUnderTest) -> None:
    text, prompt = engine.reference.prompt_with(LONG, most=LONG)
    long = Sampling(temperature=0.0, max_tokens=CONTEXT - len(prompt))
    async with engine.open() as policy:
        await policy(asked(engine.reference, "go 0"), GREEDY)  # some count nothing before their first message
        before = await engine.sampled()
        messages = [
            asyncio.ensure_future(policy(asked(engine.reference, text, episode=str(number)), long))
            for number in range(4 * SLOTS)
        ]
        while not await engine.running():
            assert not all(message.done() for message in messages)
            await asyncio.sleep(0.001)
        for message in messages:
            message.cancel()
        ended = await asyncio.gather(*messages, return_exceptions=True)
        while await engine.running():
            await asyncio.sleep(0.01)
        made = await policy(asked(engine.reference, "go 0"), GREEDY)
    assert any(isinstance(end, asyncio.CancelledError) for end in ended)
    assert made.completion_tokens == GREEDY.max_tokens
    if engine.can(Can.COUNTS):
        assert await engine.sampled() - before < len(messages) * LONG

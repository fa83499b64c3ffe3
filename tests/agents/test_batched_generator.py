from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from typing import Any

import pytest
import torch

from replgym.agents.policies.policy import PolicyError, Sampling
from replgym.agents.transformers_engine import BatchedGenerator, Generated

from .tiny_models import random_model

END = 2
NEVER = -1
WHOLE = Sampling(max_tokens=12)
FOREVER = Sampling(max_tokens=10**6)


class Watched:
    """A model, and the shape of every input that it was given."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.inputs: list[tuple[int, int]] = []
        self.busy = asyncio.Event()
        loop = asyncio.get_running_loop()

        def note(_module: Any, _arguments: Any, named: dict[str, Any]) -> None:
            self.inputs.append(tuple(named["input_ids"].shape))
            loop.call_soon_threadsafe(self.busy.set)

        model.register_forward_pre_hook(note, with_kwargs=True)


@asynccontextmanager
async def engine(
    model: Any, *, end: int = END, vocabulary: int = 10**6, max_lanes: int = 16
) -> AsyncIterator[BatchedGenerator]:
    vocabulary = min(vocabulary, model.config.vocab_size)
    made = BatchedGenerator(model, ends=[end], vocabulary=vocabulary, max_lanes=max_lanes)
    try:
        yield made
    finally:
        await asyncio.to_thread(made.close)


@pytest.fixture
def model(tokenizer: Any) -> Any:
    return random_model(tokenizer, seed=1)


def whole_pass(model: Any, prompt: Sequence[int], ids: Sequence[int], temperature: float = 1.0) -> Any:
    """Log-probabilities of every token after each prefix, in one pass without a cache."""
    with torch.inference_mode():
        logits = model(input_ids=torch.tensor([[*prompt, *ids]])).logits[0, len(prompt) - 1 : -1]
    return torch.log_softmax(logits.float() / temperature, dim=-1)


def assert_exact(model: Any, prompt: Sequence[int], made: Generated, temperature: float = 1.0) -> None:
    table = whole_pass(model, prompt, made.token_ids, temperature)
    expected = table.gather(1, torch.tensor(made.token_ids).unsqueeze(1)).squeeze(1)
    assert torch.allclose(torch.tensor(made.logprobs), expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("temperature", [1.0, 0.7])
async def test_logprobs_are_those_of_a_whole_pass(model: Any, temperature: float) -> None:
    watched = Watched(model)

    async def episode(number: int) -> None:
        context = [(7 * number + place) % 300 + 3 for place in range(4 + 5 * number)]
        for turn in range(4):
            sampling = Sampling(temperature=temperature, max_tokens=3 + 2 * number, seed=10 * number + turn)
            made = await generator.generate(context, sampling, key=f"episode {number}")
            turns.append((list(context), made))
            context += [*made.token_ids, *range(20 + turn, 24 + number)]

    turns: list[tuple[list[int], Generated]] = []
    async with engine(model) as generator:
        await asyncio.gather(*(episode(number) for number in range(6)))
    assert max(rows for rows, _ in watched.inputs) > 1
    for context, made in turns:
        assert_exact(model, context, made, temperature)


async def test_the_next_turn_computes_only_what_is_new(model: Any) -> None:
    watched = Watched(model)
    async with engine(model) as generator:
        prompt = list(range(10, 60))
        made = await generator.generate(prompt, Sampling(max_tokens=5, seed=1), key="a")
        context = [*prompt, *made.token_ids, 7, 8, 9]
        watched.inputs.clear()
        again = await generator.generate(context, Sampling(max_tokens=5, seed=2), key="a")
        assert watched.inputs[0] == (1, 4)  # the last sampled token was never an input before
        other = [11, *context[1:]]
        watched.inputs.clear()
        changed = await generator.generate(other, Sampling(max_tokens=5, seed=2), key="a")
        assert watched.inputs[0] == (1, len(other))
    assert_exact(model, context, again)
    assert_exact(model, other, changed)


async def test_same_prompts_are_computed_once_and_sampled_apart(model: Any) -> None:
    watched = Watched(model)
    prompt, other = [5, 6, 7, 8], [9, 8, 7]
    async with engine(model, max_lanes=8) as generator:
        prompts = [prompt, prompt, other, prompt, prompt]
        blocker = asyncio.create_task(generator.generate([3] * 2000, Sampling(max_tokens=1)))
        await watched.busy.wait()
        made = await asyncio.gather(
            *(generator.generate(ids, _seeded(seed)) for seed, ids in enumerate(prompts))
        )
        await blocker
        alone = [await generator.generate(ids, _seeded(seed)) for seed, ids in enumerate(prompts)]
    assert (2, 4) in watched.inputs
    assert [each.token_ids for each in made] == [each.token_ids for each in alone]
    assert len({each.token_ids for each in made}) == 5


def _seeded(seed: int) -> Sampling:
    return Sampling(max_tokens=12, seed=seed)


async def test_a_seed_fixes_a_message_whatever_runs_beside(model: Any) -> None:
    prompt = [5, 6, 7]
    async with engine(model, max_lanes=4) as generator:
        alone = await generator.generate(prompt, _seeded(3))
        crowd = [generator.generate([8, number], _seeded(number)) for number in range(20)]
        among, *_ = await asyncio.gather(generator.generate(prompt, _seeded(3)), *crowd)
        unlike = await generator.generate(prompt, _seeded(4))
    assert among.token_ids == alone.token_ids != unlike.token_ids
    assert torch.allclose(torch.tensor(among.logprobs), torch.tensor(alone.logprobs), atol=1e-5, rtol=0)


async def test_greedy_takes_the_most_likely_token(model: Any) -> None:
    prompt = [5, 6, 7]
    async with engine(model, end=NEVER) as generator:
        made = await generator.generate(prompt, Sampling(temperature=0, max_tokens=20))
    table = whole_pass(model, prompt, made.token_ids)
    assert tuple(table.argmax(-1).tolist()) == made.token_ids
    assert_exact(model, prompt, made)


@pytest.mark.parametrize("top_p", [0.05, 0.5, 0.9])
async def test_top_p_samples_from_the_nucleus(model: Any, top_p: float) -> None:
    prompt = [5, 6, 7]
    async with engine(model, end=NEVER) as generator:
        made = await generator.generate(prompt, Sampling(top_p=top_p, max_tokens=60, seed=0))
    for row, token in zip(whole_pass(model, prompt, made.token_ids).exp(), made.token_ids, strict=True):
        likelier = row[row > row[token]].sum()
        assert likelier < top_p + 1e-5
    assert_exact(model, prompt, made)


@pytest.mark.parametrize("temperature", [0, 1.0, 9.0])
async def test_padding_of_the_vocabulary_is_never_sampled(model: Any, temperature: float) -> None:
    async with engine(model, end=NEVER, vocabulary=40) as generator:
        made = await generator.generate([5], Sampling(temperature=temperature, max_tokens=80, seed=0))
    assert max(made.token_ids) < 40


async def test_a_message_ends_at_the_end_of_turn_or_at_its_limit(model: Any) -> None:
    async with engine(model, end=NEVER) as generator:
        cut = await generator.generate([5, 6], _seeded(0))
    end = cut.token_ids[4]
    async with engine(model, end=end) as generator:
        ended = await generator.generate([5, 6], _seeded(0))
    assert (cut.finish_reason, len(cut.token_ids)) == ("length", 12)
    assert ended.finish_reason == "stop"
    assert ended.token_ids == cut.token_ids[: cut.token_ids.index(end) + 1]
    other = BatchedGenerator(model, ends=[NEVER, end], vocabulary=model.config.vocab_size)
    assert await other.generate([5, 6], _seeded(0)) == ended
    await asyncio.to_thread(other.close)


async def test_more_requests_than_lanes_wait(model: Any) -> None:
    watched = Watched(model)
    async with engine(model, end=NEVER, max_lanes=3) as generator:
        jobs = [generator.generate([5, number], _seeded(number)) for number in range(11)]
        made = await asyncio.gather(*jobs)
    assert max(rows for rows, _ in watched.inputs) == 3
    for number, each in enumerate(made):
        assert len(each.token_ids) == 12
        assert_exact(model, [5, number], each)


async def test_a_cancelled_request_frees_its_lane(model: Any) -> None:
    watched = Watched(model)
    async with engine(model, end=NEVER, max_lanes=1) as generator:
        running = asyncio.create_task(generator.generate([5], FOREVER))
        await watched.busy.wait()
        waiting = asyncio.create_task(generator.generate([6], FOREVER))
        after = asyncio.create_task(generator.generate([7], WHOLE))
        await asyncio.sleep(0)
        for job in (running, waiting):
            job.cancel()
            with pytest.raises(asyncio.CancelledError):
                await job
        assert_exact(model, [7], await after)


async def test_new_weights_change_what_is_sampled_and_drop_caches(model: Any, tokenizer: Any) -> None:
    greedy = Sampling(temperature=0, max_tokens=10)
    other = random_model(tokenizer, seed=2)
    prompt = list(range(10, 30))
    watched = Watched(model)
    async with engine(model, end=NEVER) as generator:
        old = await generator.generate(prompt, greedy, key="a")
        await generator.load_weights(other.state_dict())
        watched.inputs.clear()
        context = [*prompt, *old.token_ids, 9]
        new = await generator.generate(context, greedy, key="a")
        assert watched.inputs[0] == (1, len(context))
        again = await generator.generate(prompt, greedy)
    assert_exact(other, context, new)
    assert again.token_ids != old.token_ids
    assert tuple(whole_pass(other, prompt, again.token_ids).argmax(-1).tolist()) == again.token_ids


async def test_a_message_that_was_running_when_weights_changed_leaves_no_cache(
    model: Any, tokenizer: Any
) -> None:
    watched = Watched(model)
    async with engine(model, end=NEVER) as generator:
        job = asyncio.create_task(generator.generate([5, 6], Sampling(max_tokens=300, seed=0), key="a"))
        await watched.busy.wait()
        await generator.load_weights(random_model(tokenizer, seed=2).state_dict())
        mixed = await job
        watched.inputs.clear()
        context = [5, 6, *mixed.token_ids, 9]
        made = await generator.generate(context, WHOLE, key="a")
        assert watched.inputs[0] == (1, len(context))
    assert_exact(model, context, made)


async def test_weights_that_do_not_fit_are_refused(model: Any) -> None:
    async with engine(model) as generator:
        with pytest.raises(PolicyError, match="weights do not fit"):
            await generator.load_weights({"model.norm.weight": torch.zeros(3)})
        assert_exact(model, [5], await generator.generate([5], WHOLE))


async def test_a_cancelled_load_does_not_harm_the_engine(model: Any) -> None:
    async with engine(model, end=NEVER) as generator:
        job = asyncio.create_task(generator.load_weights(model.state_dict()))
        await asyncio.sleep(0)
        job.cancel()
        await asyncio.wait({job})
        assert_exact(model, [5], await generator.generate([5], WHOLE))


async def test_a_fault_of_the_model_fails_the_requests_and_not_the_engine(model: Any) -> None:
    watched = Watched(model)
    async with engine(model, end=NEVER) as generator:
        running = asyncio.create_task(generator.generate([5], FOREVER))
        await watched.busy.wait()
        with (
            broken(model, lambda width: width == 1),
            pytest.raises(PolicyError, match="the model failed: oh"),
        ):
            await running
        assert_exact(model, [5], await generator.generate([5], WHOLE))


async def test_a_prompt_that_breaks_the_model_fails_alone(model: Any) -> None:
    watched = Watched(model)
    async with engine(model, end=NEVER) as generator:
        running = asyncio.create_task(generator.generate([5], Sampling(max_tokens=400, seed=1)))
        await watched.busy.wait()
        with broken(model, lambda width: width == 7):
            with pytest.raises(PolicyError, match="the model failed: oh"):
                await generator.generate([5] * 7, WHOLE)
            made = await running
    assert len(made.token_ids) == 400
    assert_exact(model, [5], made)


@contextmanager
def broken(model: Any, when: Callable[[int], bool]) -> Iterator[None]:
    """Inputs of some width make the model raise."""

    def fail(_module: Any, _arguments: Any, named: dict[str, Any]) -> None:
        if when(named["input_ids"].shape[1]):
            raise RuntimeError("oh")

    hook = model.register_forward_pre_hook(fail, with_kwargs=True)
    try:
        yield
    finally:
        hook.remove()


async def test_a_lane_whose_logits_are_no_numbers_fails_alone(model: Any) -> None:
    model.config.tie_word_embeddings = False
    table = model.get_input_embeddings().weight
    model.lm_head.weight = torch.nn.Parameter(table.detach().clone())
    with torch.no_grad():
        table[77] = float("nan")
    async with engine(model, end=NEVER, vocabulary=77) as generator:
        running = asyncio.create_task(generator.generate([5], WHOLE))
        with pytest.raises(PolicyError, match="not finite"):
            await generator.generate([5, 77], WHOLE)
        assert_exact(model, [5], await running)


async def test_a_full_memory_makes_requests_wait(model: Any) -> None:
    watched = Watched(model)
    prompts = [[5, number] * 20 for number in range(6)]
    made = BatchedGenerator(model, ends=[NEVER], vocabulary=300, max_tokens=90)
    try:
        jobs = [made.generate(prompt, WHOLE, key=str(n)) for n, prompt in enumerate(prompts)]
        answers = await asyncio.gather(*jobs, made.generate([7] * 200, WHOLE, key="long"))
        held = sum(cache.length for _, cache in made._caches.values())
    finally:
        await asyncio.to_thread(made.close)
    for prompt, answer in zip([*prompts, [7] * 200], answers, strict=True):
        assert_exact(model, prompt, answer)
    assert max(rows for rows, _ in watched.inputs) == 2
    assert (1, 200) in watched.inputs
    assert held <= 90


async def test_a_message_stays_within_what_the_model_takes(model: Any) -> None:
    longest = model.config.max_position_embeddings
    async with engine(model, end=NEVER) as generator:
        made = await generator.generate([5] * (longest - 3), FOREVER)
        assert (len(made.token_ids), made.finish_reason) == (3, "length")
        with pytest.raises(PolicyError, match=f"has {longest + 1} ids, but the model takes {longest}"):
            await generator.generate([5] * (longest + 1), WHOLE)


@pytest.mark.parametrize("text", ["a", "ab", "é", "a\n"])
async def test_a_message_ends_with_the_token_that_completes_a_stop_text(
    model: Any, tokenizer: Any, text: str
) -> None:
    def text_of(ids: Sequence[int]) -> str:
        return str(tokenizer.decode(list(ids), skip_special_tokens=True))

    sampling = Sampling(max_tokens=120, temperature=20.0)
    made = BatchedGenerator(model, ends=[NEVER], vocabulary=len(tokenizer), decode=text_of)
    try:
        for seed in range(3):
            free = await made.generate([5, seed], replace(sampling, seed=seed))
            stopped = await made.generate([5, seed], replace(sampling, seed=seed, stop=("<never>", text)))
            whole = [place for place in range(1, 121) if text in text_of(free.token_ids[:place])]
            assert stopped.token_ids == free.token_ids[: whole[0] if whole else 120]
            assert stopped.finish_reason == ("stop" if whole else "length")
            assert len(stopped.logprobs) == len(stopped.token_ids)
    finally:
        await asyncio.to_thread(made.close)


async def test_close_fails_what_runs_and_waits(model: Any) -> None:
    watched = Watched(model)
    async with engine(model, end=NEVER, max_lanes=1) as generator:
        jobs = [asyncio.create_task(generator.generate([number], FOREVER)) for number in (5, 6)]
        await watched.busy.wait()
        await asyncio.to_thread(generator.close)
        for job in jobs:
            with pytest.raises(PolicyError, match="closed"):
                await job
        with pytest.raises(PolicyError, match="closed"):
            await generator.generate([5], WHOLE)
        generator.close()


async def test_impossible_requests_are_refused(model: Any) -> None:
    refused = [
        ([], WHOLE, "at least one prompt id"),
        ([5, 10**6], WHOLE, "prompt id 1000000 is none of the model"),
        ([-1], WHOLE, "prompt id -1 is none of the model"),
        ([5], Sampling(stop=("x",)), "stop texts need `decode`"),
    ]
    async with engine(model) as generator:
        for prompt, sampling, told in refused:
            with pytest.raises(PolicyError, match=told):
                await generator.generate(prompt, sampling)

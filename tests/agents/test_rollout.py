"""Whole episodes on real kernels with the real judge, by policies of every kind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from replgym.agents.policies.expert_policy import ExpertPolicy, next_cell
from replgym.agents.policies.policy import Completion, Message, Policy, PolicyContext, PolicyError, Sampling
from replgym.agents.policies.scripted_policy import ScriptedPolicy
from replgym.agents.policies.transformers_policy import TransformersPolicy
from replgym.agents.rollouts.episode import Episode, Failure, StopReason
from replgym.agents.rollouts.rollout import rollout
from replgym.agents.rollouts.rollout_limits import RolloutLimits
from replgym.agents.tokens.chat_template import ChatTemplate
from replgym.envs import AsyncInterpreterEnv, EnvConfig
from replgym.envs.black_box import make_task
from replgym.envs.hidden_world import Family
from replgym.kernels import KernelPool, make_kernel_pool
from replgym.rewards import Judge

from .tiny_models import Recording, Typed

pytestmark = pytest.mark.asyncio(loop_scope="module")
TASK = make_task(Family.LINEAR, (7, -3))
LONG = "```python\nprint('12 ' * 200)\n```"


@pytest.fixture(scope="module")
def model(tiny_folder: Path) -> Any:
    policy = TransformersPolicy.load(tiny_folder)
    yield policy
    policy.close()


@asynccontextmanager
async def env_of(pool: KernelPool, judge: Judge, **settings: Any) -> AsyncIterator[AsyncInterpreterEnv]:
    config = EnvConfig(action_format="fenced", **settings)
    async with AsyncInterpreterEnv(config, pool=pool, judge=judge) as env:
        yield env


def expert_cell(messages: Sequence[Message]) -> str:
    return f"```python\n{next_cell(messages)}\n```"


class Hanging:
    name, template = "hanging", None

    def __init__(self, first: str = "") -> None:
        self.asked = asyncio.Event()
        self._first = first

    async def __call__(self, context: PolicyContext, sampling: Sampling) -> Completion:
        if self._first and len(context.messages) == 2:
            return Completion(self._first)
        self.asked.set()
        await asyncio.Event().wait()
        raise AssertionError


def assert_tokens_are_what_the_engine_saw(episode: Episode, policy: Recording) -> None:
    (branch,) = episode.branches
    whole = branch.prompt_ids + branch.response_ids
    sampled: list[tuple[int, int, float]] = []
    for context, _, completion in policy.seen:
        start = len(context.prompt_ids)
        assert whole[:start] == context.prompt_ids
        assert whole[start : start + len(completion.token_ids)] == completion.token_ids
        places = range(
            start - len(branch.prompt_ids), start - len(branch.prompt_ids) + len(completion.token_ids)
        )
        sampled += zip(places, completion.token_ids, completion.logprobs, strict=True)
    assert [place for place, one in enumerate(branch.response_mask) if one] == [s[0] for s in sampled]
    assert [branch.logprobs[place] for place, _, _ in sampled] == [logprob for _, _, logprob in sampled]
    outside = [branch.logprobs[place] for place, one in enumerate(branch.response_mask) if not one]
    assert outside == [0.0] * len(outside)
    assert [turn.action for turn in episode.turns] == [completion.text for _, _, completion in policy.seen]
    assert branch.exact


async def test_the_record_holds_the_ids_that_the_engine_saw(
    pool: KernelPool, judge: Judge, model: TransformersPolicy
) -> None:
    policy = Recording(model)
    limits = RolloutLimits(turn_tokens=24)
    async with env_of(pool, judge, max_turns=4, parse_error_budget=9) as env:
        episode = await rollout(env, policy, task=TASK, limits=limits, seed=0)
    assert (episode.stop, episode.failure, episode.reward) == (StopReason.TURN_LIMIT, None, 0.0)
    assert len(episode.turns) == len(policy.seen) == 4
    assert_tokens_are_what_the_engine_saw(episode, policy)
    assert all(sampling.max_tokens == 24 for _, sampling, _ in policy.seen)
    assert len({sampling.seed for _, sampling, _ in policy.seen}) == 4
    assert {context.episode_id for context, _, _ in policy.seen} == {episode.id}


async def test_an_exact_expert_is_solved_and_survives_json(
    pool: KernelPool, judge: Judge, template: ChatTemplate
) -> None:
    policy = Recording(Typed(template, expert_cell))
    labels = {"group": "g", "sample": 3, "step": 5, "info": {"split": "x"}}
    async with env_of(pool, judge) as env:
        episode = await rollout(env, policy, task=TASK, seed=1, labels=labels)
    assert (episode.stop, episode.reward, episode.solved) == (StopReason.SUBMITTED, 1.0, True)
    assert_tokens_are_what_the_engine_saw(episode, policy)
    told = template.decode(episode.branches[0].prompt_ids + episode.branches[0].response_ids)
    for turn in episode.turns:
        assert turn.action in told
        assert turn.observation in told
    assert (episode.group, episode.sample, episode.step, episode.info) == ("g", 3, 5, {"split": "x"})
    assert Episode.model_validate_json(episode.model_dump_json()) == episode


async def test_a_policy_of_texts_has_no_branch(pool: KernelPool, judge: Judge) -> None:
    policy = Recording(ExpertPolicy())
    async with env_of(pool, judge) as env:
        episode = await rollout(env, policy, task=TASK)
    assert (episode.solved, episode.branches, episode.seed) == (True, (), None)
    assert [context.prompt_ids for context, _, _ in policy.seen] == [()] * len(episode.turns)
    assert all(sampling.stop == env.parser.stop for _, sampling, _ in policy.seen)
    assert Episode.model_validate_json(episode.model_dump_json()) == episode


async def test_the_same_seed_plays_the_same_episode(
    pool: KernelPool, judge: Judge, model: TransformersPolicy
) -> None:
    async def played(seed: int) -> dict[str, Any]:
        async with env_of(pool, judge, max_turns=3, parse_error_budget=9) as env:
            episode = await rollout(env, model, task=TASK, limits=RolloutLimits(turn_tokens=16), seed=seed)
        plain = episode.model_dump(exclude={"id", "seconds", "branches"})
        for turn in plain["turns"]:
            del turn["policy_seconds"], turn["environment_seconds"]
            for result in turn["results"]:
                del result["duration"]
        return plain | {"ids": episode.branches[0].response_ids}

    one, two, other = await asyncio.gather(played(5), played(5), played(6))
    assert one == two
    assert one["ids"] != other["ids"]


@pytest.mark.parametrize("most", [40, 61, 90])
async def test_no_more_ids_than_allowed(
    pool: KernelPool, judge: Judge, model: TransformersPolicy, most: int
) -> None:
    policy = Recording(model)
    limits = RolloutLimits(turn_tokens=16, response_tokens=most)
    async with env_of(pool, judge, parse_error_budget=9) as env:
        episode = await rollout(env, policy, task=TASK, limits=limits, seed=2)
    (branch,) = episode.branches
    assert (episode.stop, episode.failure, episode.reward) == (StopReason.TOKEN_LIMIT, None, 0.0)
    assert len(branch.response_ids) <= most
    assert branch.response_mask[-1] == 1
    assert_tokens_are_what_the_engine_saw(episode, policy)


async def test_an_observation_that_does_not_fit_is_left_out(
    pool: KernelPool, judge: Judge, template: ChatTemplate
) -> None:
    sampled = (*template.encode(LONG), template.end_of_turn)
    limits = RolloutLimits(response_tokens=len(sampled) + 50)
    async with env_of(pool, judge) as env:
        episode = await rollout(env, Typed(template, lambda _: LONG), task=TASK, limits=limits)
    assert (episode.stop, episode.failure) == (StopReason.TOKEN_LIMIT, None)
    assert episode.branches[0].response_ids == sampled
    assert episode.turns[0].observation.startswith("12 12 12")


@pytest.mark.parametrize("spare", [0, 1])
async def test_an_observation_needs_room_for_another_message(
    pool: KernelPool, judge: Judge, template: ChatTemplate, spare: int
) -> None:
    async with env_of(pool, judge, max_turns=2) as env:
        free = await rollout(env, Typed(template, lambda _: LONG), task=TASK)
        first = free.branches[0].response_mask.index(0)
        second = first + free.branches[0].response_mask[first:].index(1)
        limits = RolloutLimits(response_tokens=second + spare)
        policy = Recording(Typed(template, lambda _: LONG))
        tight = await rollout(env, policy, task=TASK, limits=limits)
    assert len(policy.seen) == 1 + spare
    assert policy.seen[-1][1].max_tokens == (1 if spare else limits.response_tokens)
    if not spare:
        assert tight.branches[0].response_ids == free.branches[0].response_ids[:first]


async def test_a_prompt_that_is_too_long_is_not_played(
    pool: KernelPool, judge: Judge, template: ChatTemplate
) -> None:
    policy = Recording(Typed(template, expert_cell))
    async with env_of(pool, judge) as env:
        episode = await rollout(env, policy, task=TASK, limits=RolloutLimits(prompt_tokens=20))
    assert (episode.stop, episode.failure, episode.reward) == (StopReason.TOKEN_LIMIT, None, 0.0)
    assert (policy.seen, episode.turns, episode.branches) == ([], (), ())


@pytest.mark.parametrize(
    ("error", "failure", "told"),
    [
        (PolicyError("the engine is down"), Failure.POLICY, "the engine is down"),
        (ZeroDivisionError("oh"), Failure.INTERNAL, "ZeroDivisionError: oh"),
    ],
)
async def test_a_policy_that_fails_is_no_wrong_answer(
    pool: KernelPool, judge: Judge, error: Exception, failure: Failure, told: str
) -> None:
    def script(context: PolicyContext) -> str:
        if len(context.messages) > 2:
            raise error
        return "```python\nb = f(0)\n```"

    async with env_of(pool, judge) as env:
        episode = await rollout(env, ScriptedPolicy(script), task=TASK)
    assert (episode.stop, episode.failure, episode.failure_message) == (StopReason.FAILURE, failure, told)
    assert (episode.reward, len(episode.turns)) == (None, 1)
    assert pool.stats().acquired == 0


@pytest.mark.parametrize("policy", [Hanging, lambda: ScriptedPolicy(["```python\nwhile True: pass\n```"])])
async def test_a_deadline_ends_an_episode_as_a_failure(pool: KernelPool, judge: Judge, policy: Any) -> None:
    async with env_of(pool, judge, cell_timeout=60.0) as env:
        episode = await rollout(env, policy(), task=TASK, limits=RolloutLimits(seconds=1.5))
    assert (episode.stop, episode.failure) == (StopReason.TIME_LIMIT, Failure.TIMEOUT)
    assert (episode.reward, episode.failure_message) == (None, "no end after 1.5 s")
    assert pool.stats().acquired == 0


async def test_no_interpreter_is_a_failure_of_the_kernel(judge: Judge) -> None:
    async with (
        make_kernel_pool(size=1, warm=1) as small,
        small.acquire(),
        env_of(small, judge, acquire_timeout=0.2) as env,
    ):
        episode = await rollout(env, ExpertPolicy(), task=TASK)
    assert (episode.stop, episode.failure, episode.reward) == (StopReason.FAILURE, Failure.KERNEL, None)
    assert [turn.code for turn in episode.turns] == [()]
    assert Episode.model_validate_json(episode.model_dump_json()) == episode


async def test_cancellation_comes_through_and_frees_the_interpreter(pool: KernelPool, judge: Judge) -> None:
    policy = Hanging("```python\nb = f(0)\n```")
    async with env_of(pool, judge) as env:
        job = asyncio.create_task(rollout(env, policy, task=TASK))
        await policy.asked.wait()
        assert pool.stats().acquired == 1
        job.cancel()
        with pytest.raises(asyncio.CancelledError):
            await job
    assert pool.stats().acquired == 0


async def test_cancellation_in_the_middle_of_a_cell(pool: KernelPool, judge: Judge) -> None:
    policy: Policy = Recording(ScriptedPolicy(["```python\nwhile True: pass\n```"]))
    async with env_of(pool, judge, cell_timeout=60.0) as env:
        job = asyncio.create_task(rollout(env, policy, task=TASK))
        while not policy.seen:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.2)
        job.cancel()
        with pytest.raises(asyncio.CancelledError):
            await job
        assert pool.stats().acquired == 0

"""Whole episodes of `PyInterp-v0` over engines: what an engine saw is what the record says, id for id."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from replgym.agents.engines import FleetLimits
from replgym.agents.policies.openai_policy import OpenAIPolicy
from replgym.agents.policies.policy import Policy, PolicyContext, PolicyError, Sampling
from replgym.agents.rollouts.episode import Episode, StopReason
from replgym.agents.rollouts.rollout import rollout
from replgym.agents.rollouts.rollout_limits import RolloutLimits
from replgym.envs import AsyncInterpreterEnv, EnvConfig
from replgym.envs.black_box import make_task
from replgym.envs.hidden_world import Family
from replgym.kernels import KernelPool
from replgym.rewards import Judge

from .engine_under_test import Can, EngineUnderTest, engines_that, fleet_policy, opened, running_in_sglang
from .real_servers import RealServers
from .recording_proxy import RecordingProxy

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.asyncio(loop_scope="module"),
]
TASK = make_task(Family.LINEAR, (7, -3))
TURNS = 3
EPISODES = 4


async def played(policy: Policy, pool: KernelPool, judge: Judge, count: int = EPISODES) -> list[Episode]:
    """Several episodes at once; every message is a cell, and most cells are errors."""
    config = EnvConfig(action_format="code", max_turns=TURNS, parse_error_budget=TURNS + 1)
    limits = RolloutLimits(turn_tokens=32)

    async def one(seed: int) -> Episode:
        async with AsyncInterpreterEnv(config, pool=pool, judge=judge) as env:
            sampling = Sampling(temperature=1.0)
            return await rollout(env, policy, task=TASK, limits=limits, sampling=sampling, seed=seed)

    return list(await asyncio.gather(*(one(seed) for seed in range(count))))


def over_the_wire(kind: str, proxy: RecordingProxy) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Of every message: the ids that the engine saw and those that it sampled."""
    if kind.endswith("sglang"):
        return [
            (tuple(exchange.asked["input_ids"]), tuple(exchange.answered["output_ids"]))
            for exchange in proxy.seen("/generate")
        ]
    return [
        (tuple(exchange.asked["prompt"]), tuple(exchange.answered["choices"][0]["token_ids"]))
        for exchange in proxy.seen("/v1/completions")
    ]


def assert_exact(episode: Episode, wire: Sequence[tuple[tuple[int, ...], tuple[int, ...]]]) -> None:
    """The one branch of the episode is what went over the wire, and its mask marks what was sampled."""
    (branch,) = episode.branches
    whole = branch.prompt_ids + branch.response_ids
    mine = [(saw, said) for saw, said in wire if whole[: len(saw)] == saw and len(saw) < len(whole)]
    mask = [0] * len(branch.response_ids)
    for saw, said in mine:
        start = len(saw) - len(branch.prompt_ids)
        if branch.response_ids[start : start + len(said)] == said:
            mask[start : start + len(said)] = [1] * len(said)
    assert list(branch.response_mask) == mask
    assert len(branch.logprobs) == len(branch.response_ids)
    assert branch.exact


@engines_that(Can.TOKEN_IDS, Can.SERVES)
async def test_the_record_is_what_went_over_the_wire(
    engine: EngineUnderTest, pool: KernelPool, judge: Judge
) -> None:
    async with RecordingProxy(engine.url) as proxy:
        policy = fleet_policy(engine.kind.name, engine.reference, [proxy.url])
        async with opened(policy):
            proxy.exchanges.clear()
            episodes = await played(policy, pool, judge)
    wire = over_the_wire(engine.kind.name, proxy)
    assert len(wire) == EPISODES * TURNS
    for episode in episodes:
        assert (episode.stop, episode.failure, len(episode.turns)) == (StopReason.TURN_LIMIT, None, TURNS)
        assert_exact(episode, wire)
    sampled = sum(sum(episode.branches[0].response_mask) for episode in episodes)
    assert sampled == sum(len(said) for _, said in wire)


def only(kind: str) -> pytest.MarkDecorator:
    """Tries a case on one engine."""
    marked = pytest.param(kind, marks=pytest.mark.xdist_group(f"engine {kind}"))
    return pytest.mark.parametrize("engine", [marked], indirect=True)


@only("openai")
async def test_an_engine_of_texts_gives_no_exact_branch(
    engine: EngineUnderTest, pool: KernelPool, judge: Judge
) -> None:
    async with opened(OpenAIPolicy("reference", f"{engine.url}/v1")) as policy:
        episodes = await played(policy, pool, judge)
    for episode in episodes:
        assert (episode.stop, episode.failure, len(episode.turns)) == (StopReason.TURN_LIMIT, None, TURNS)
        assert not any(branch.exact for branch in episode.branches)


@only("sglang")
async def test_a_server_that_is_killed_costs_no_episode_and_comes_back(
    engine: EngineUnderTest, servers: RealServers, pool: KernelPool, judge: Judge
) -> None:
    doomed = servers.get("sglang", "second")
    async with opened(fleet_policy("sglang", engine.reference, [engine.url, doomed.url])) as policy:
        run = asyncio.ensure_future(played(policy, pool, judge, count=12))
        while not await running_in_sglang(doomed.url):
            assert not run.done()
            await asyncio.sleep(0.001)
        doomed.kill()
        episodes = await run
    for episode in episodes:
        assert (episode.stop, episode.failure, len(episode.turns)) == (StopReason.TURN_LIMIT, None, TURNS)

    prompt = engine.reference.prompt("go 0")
    context = PolicyContext([{"role": "user", "content": "go 0"}], "e", prompt_ids=prompt)
    greedy = Sampling(temperature=0.0, max_tokens=16)
    limits = FleetLimits(deadline=10.0, pause_most=0.1, breaker_seconds=0.1, breaker_most=0.2)
    alone = fleet_policy("sglang", engine.reference, [doomed.url], limits)
    try:
        with pytest.raises(PolicyError, match=doomed.url):
            await alone(context, greedy)
        doomed.start()
        doomed.wait_until_healthy()
        made = await alone(context, greedy)
    finally:
        await alone.close()
    assert made.token_ids == engine.reference.greedy(prompt, 16)

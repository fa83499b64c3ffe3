"""Tokens per second of a real engine, alone and with an interpreter behind every message.

    scripts/setup_engines.sh sglang
    python benchmarks/rollout_engines.py              SGLang on this CPU, a tiny model, about three minutes
    python benchmarks/rollout_engines.py --quick      half a minute, to see that it runs

Episodes are played with tools first: every message is a cell, which runs and is answered. Then the very same
requests are sent again, in the order of each episode, with nothing between two messages. Both take turns,
each with an empty cache, so what differs is the environment's share: interpreters, judge and rollout.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import aiohttp
import machine
import results

from replgym.agents.engines import FleetLimits
from replgym.agents.policies.policy import Completion, Policy, PolicyContext, Sampling
from replgym.agents.policies.sglang_policy import SGLangPolicy
from replgym.agents.rollouts.rollout import rollout
from replgym.agents.rollouts.rollout_limits import RolloutLimits
from replgym.envs import AsyncInterpreterEnv, EnvConfig
from replgym.envs.black_box import make_task
from replgym.envs.hidden_world import Family
from replgym.kernels import make_kernel_pool
from replgym.rewards import Judge

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.engines.engine_under_test import SLOTS  # noqa: E402 - the server is the one of the tests
from tests.engines.real_servers import RealServers  # noqa: E402
from tests.engines.reference_model import ReferenceModel, save_reference_model  # noqa: E402

FOLDER = Path(__file__).parent / "results"
WITH, WITHOUT = "with tools", "without tools"
TURNS, TURN_TOKENS, SEATS = 4, 64, 2 * SLOTS

Request = tuple[PolicyContext, Sampling]


class Noted:
    """A policy, and what it was asked in every episode."""

    def __init__(self, policy: Policy) -> None:
        self.name, self.template = policy.name, policy.template
        self.asked: dict[str, list[Request]] = defaultdict(list)
        self.tokens = 0
        self._policy = policy

    async def __call__(self, context: PolicyContext, sampling: Sampling) -> Completion:
        """Passes the request on."""
        self.asked[context.episode_id].append((context, sampling))
        made = await self._policy(context, sampling)
        self.tokens += len(made.token_ids)
        return made


class Bench:
    """One server and the episodes that are played on it."""

    def __init__(self, policy: SGLangPolicy, url: str, episodes: int) -> None:
        self._policy = policy
        self._url = url
        self._episodes = episodes

    async def with_tools(self) -> tuple[float, Noted]:
        """Plays the episodes; tokens per second, and what was asked."""
        noted = Noted(self._policy)
        config = EnvConfig(action_format="code", max_turns=TURNS, parse_error_budget=TURNS + 1)
        limits = RolloutLimits(turn_tokens=TURN_TOKENS)
        async with make_kernel_pool(size=SEATS, warm=SLOTS) as pool, Judge(concurrency=2) as judge:

            async def play(number: int) -> None:
                task = make_task(Family.LINEAR, (number, -3))
                async with AsyncInterpreterEnv(config, pool=pool, judge=judge) as env:
                    greedy = Sampling(temperature=0.0)
                    episode = await rollout(
                        env, noted, task=task, limits=limits, sampling=greedy, seed=number
                    )
                if episode.failure is not None:
                    raise RuntimeError(f"an episode failed: {episode.failure_message}")

            seconds = await self._timed([lambda n=n: play(n) for n in range(self._episodes)])  # type: ignore[misc]
        return noted.tokens / seconds, noted

    async def without_tools(self, asked: Sequence[Sequence[Request]]) -> float:
        """Sends the same requests again; tokens per second."""
        again = Noted(self._policy)

        async def send(requests: Sequence[Request]) -> None:
            for context, sampling in requests:
                await again(context, sampling)

        seconds = await self._timed([lambda r=r: send(r) for r in asked])  # type: ignore[misc]
        return again.tokens / seconds

    async def _timed(self, jobs: Sequence[Callable[[], Awaitable[None]]]) -> float:
        """Seconds for all jobs, so many at a time as there are seats, from an empty cache."""
        async with aiohttp.ClientSession() as session, session.post(f"{self._url}/flush_cache") as answer:
            answer.raise_for_status()
        seats = asyncio.Semaphore(SEATS)

        async def seated(job: Callable[[], Awaitable[None]]) -> None:
            async with seats:
                await job()

        begin = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for job in jobs:
                group.create_task(seated(job))
        return time.perf_counter() - begin


async def measure(rounds: int, episodes: int) -> results.Samples:
    """Both ways, in turns; the first round only warms up."""
    samples: results.Samples = {WITHOUT: {"tokens per second": []}, WITH: {"tokens per second": []}}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        reference = ReferenceModel(save_reference_model(folder / "model"))
        servers = RealServers(reference.folder, folder)
        try:
            url = servers.get("sglang").url
            limits = FleetLimits(slots=SEATS)
            policy = SGLangPolicy(reference.template, [url], name="sglang", limits=limits)
            try:
                await policy.check()
                bench = Bench(policy, url, episodes)
                for number in range(rounds + 1):
                    rate, noted = await bench.with_tools()
                    plain = await bench.without_tools(list(noted.asked.values()))
                    if number:
                        samples[WITH]["tokens per second"].append(rate)
                        samples[WITHOUT]["tokens per second"].append(plain)
            finally:
                await policy.close()
        finally:
            servers.close()
    return samples


def main() -> None:
    """Measures and writes the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="one short round; nothing is written")
    options = parser.parse_args()
    described = machine.describe()
    rounds, episodes = (1, 16) if options.quick else (5, 96)
    samples = asyncio.run(measure(rounds, episodes))
    summary = results.summarise(samples, WITHOUT)
    text = (
        f"# A real engine with and without tools\n\n{results.table(summary)}\n\n"
        f"SGLang 0.5.23 on this CPU, a tiny Qwen2 model, {TURNS} turns of at most {TURN_TOKENS} tokens, "
        f"{episodes} episodes, {SEATS} at once in front of {SLOTS} slots. Engine and interpreters share the "
        "same cores, so what tools cost here is also what they take from the engine.\n"
    )
    sys.stdout.write(text)
    if not options.quick:
        record = {"machine": described, "samples": samples, "summary": summary}
        results.write(FOLDER, "rollout-engines", record, text)


if __name__ == "__main__":
    main()

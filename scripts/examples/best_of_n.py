"""Best of n from the middle of an episode, instead of n episodes from the start.

An episode begins. After two turns it is forked: every branch has a copy of the live interpreter with all its
variables, and goes on by itself under a hasty player, who sometimes guesses instead of asking. The best one
counts. Run it with `python scripts/examples/best_of_n.py`.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
from contextlib import AsyncExitStack

from replgym.agents.policies.expert_policy import next_cell
from replgym.agents.policies.policy import Completion, PolicyContext, Sampling
from replgym.agents.rollouts.episode import Episode
from replgym.agents.rollouts.episode_run import EpisodeRun
from replgym.agents.rollouts.rollout import finish
from replgym.agents.rollouts.rollout_limits import RolloutLimits
from replgym.envs import AsyncInterpreterEnv, EnvConfig
from replgym.envs.black_box import make_task
from replgym.envs.hidden_world import Family

GUESS = 'submit(f"def solution(x): return {a} * x * x + {{s - {a}}} * x + {{c}}")'


class HastyPlayer:
    """Knows the right next cell, but guesses the answer with some probability once it has a part of it."""

    name, template = "hasty", None

    def __init__(self, haste: float) -> None:
        self._haste = haste

    async def __call__(self, context: PolicyContext, sampling: Sampling) -> Completion:
        """Writes the next cell; the seed of the sampling decides whether it is a guess."""
        rng = random.Random(sampling.seed)
        asked = sum(message["role"] == "assistant" for message in context.messages)
        if asked == 2 and rng.random() < self._haste:
            cell = GUESS.format(a=rng.randint(-9, 9))
        else:
            cell = next_cell(context.messages)
        return Completion(text=f"```python\n{cell}\n```")


async def best_of(branches: int, seed: int) -> list[Episode]:
    """Plays two turns once, and what comes after them in every branch."""
    task = make_task(Family.QUADRATIC, (3, -4, 11))
    config = EnvConfig(backend="fork", action_format="fenced")
    async with AsyncInterpreterEnv(config) as env, AsyncExitStack() as stack:
        trunk = EpisodeRun(env, HastyPlayer(0.7), task, RolloutLimits(), Sampling(), seed)
        await trunk.begin()
        for _ in range(2):
            await trunk.advance()
        runs = [await trunk.fork(seed=seed + number) for number in range(1, branches + 1)]
        for run in runs:
            await stack.enter_async_context(run.env)
        return list(await asyncio.gather(*map(finish, runs)))


def main() -> None:
    """Shows the branches and the best of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--branches", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    episodes = asyncio.run(best_of(options.branches, options.seed))
    for number, episode in enumerate(episodes, start=1):
        sys.stdout.write(f"branch {number}: {len(episode.turns)} turns, reward {episode.reward}\n")
    best = max(episodes, key=lambda episode: episode.reward or 0.0)
    mean = sum(episode.reward or 0.0 for episode in episodes) / len(episodes)
    sys.stdout.write(f"mean reward {mean:.2f}, best of {len(episodes)}: {best.reward}\n{best.submission}\n")


if __name__ == "__main__":
    main()

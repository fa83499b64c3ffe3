"""Branching rollouts: continuations of one state share the exact ids of their past."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

import replgym
from replgym.agents.policies.policy import Sampling
from replgym.agents.policies.transformers_policy import TransformersPolicy
from replgym.agents.rollouts.episode_run import EpisodeRun
from replgym.agents.rollouts.rollout import finish
from replgym.agents.rollouts.rollout_limits import RolloutLimits
from replgym.envs import AsyncInterpreterEnv, EnvConfig
from replgym.envs.black_box import make_task
from replgym.envs.hidden_world import Family
from replgym.rewards import Judge

pytestmark = pytest.mark.asyncio(loop_scope="module")
TASK = make_task(Family.LINEAR, (7, -3))
ROOT = Path(replgym.__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def model(tiny_folder: Path) -> Any:
    policy = TransformersPolicy.load(tiny_folder)
    yield policy
    policy.close()


@pytest_asyncio.fixture(loop_scope="module")
async def env(judge: Judge) -> AsyncIterator[AsyncInterpreterEnv]:
    config = EnvConfig(backend="fork", action_format="fenced", max_turns=3, parse_error_budget=9)
    async with AsyncInterpreterEnv(config, judge=judge) as made:
        yield made


async def test_two_branches_share_their_ids_up_to_the_fork(env: AsyncInterpreterEnv, model: Any) -> None:
    limits = RolloutLimits(turn_tokens=16, response_tokens=2000)
    trunk = EpisodeRun(env, model, TASK, limits, Sampling(temperature=1.0), 1)
    assert await trunk.begin() is None
    assert await trunk.advance() is None
    runs = [await trunk.fork(seed=seed) for seed in (2, 3)]
    before = len(trunk.messages)
    episodes = [await finish(run) for run in runs]
    whole = await finish(trunk)
    for run in runs:
        await run.env.close()
    assert len({episode.id for episode in (*episodes, whole)}) == 3
    assert [run.messages[:before] for run in runs] == [trunk.messages[:before]] * 2
    branches = [episode.branches[0] for episode in (*episodes, whole)]
    assert len({branch.prompt_ids for branch in branches}) == 1
    assert len({episode.turns[0].action for episode in (*episodes, whole)}) == 1
    shared = _common([branch.response_ids for branch in branches])
    assert 16 <= len(shared) < min(len(branch.response_ids) for branch in branches)
    assert len({branch.response_ids for branch in branches}) == 3
    for branch in branches:
        assert branch.exact
        assert len(branch.logprobs) == len(branch.response_ids) == len(branch.response_mask)
        assert branch.logprobs[: len(shared)] == branches[0].logprobs[: len(shared)]


def _common(sequences: Sequence[Sequence[int]]) -> list[int]:
    return [ids[0] for ids in takewhile(lambda ids: len(set(ids)) == 1, zip(*sequences, strict=False))]


async def test_the_example_finds_a_best_branch() -> None:
    command = [sys.executable, str(ROOT / "scripts/examples/best_of_n.py"), "--branches", "4"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    assert "mean reward 0.50, best of 4: 1.0" in done.stdout
    assert "def solution(x): return 3 * x * x + -4 * x + 11" in done.stdout

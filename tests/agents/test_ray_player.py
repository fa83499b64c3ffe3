"""Episodes on the nodes of a real Ray cluster: the same as here, and none lost with a node."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from replgym.agents.evaluation.evaluation import evaluate, evaluate_with
from replgym.agents.policies.expert_policy import ExpertPolicy
from replgym.agents.policies.policy import Policy, PolicyContext, Sampling
from replgym.agents.policies.policy_choice import PolicyChoice
from replgym.agents.rollouts.episode import Episode
from replgym.agents.rollouts.episode_key import EpisodeKey
from replgym.agents.rollouts.episode_log import EpisodeLog, read_episodes
from replgym.agents.rollouts.play_settings import PlaySettings
from replgym.agents.rollouts.ray_player import NoNodeLeftError, RayPlayer, open_ray_player
from replgym.agents.rollouts.retry_strategy import RetryStrategy
from replgym.agents.usage_error import UsageError
from replgym.envs import EnvConfig
from replgym.envs.task_set import TaskSet
from replgym.tools.formats.action_parser import ActionParser

from ..kernels.conformance.host_processes import running_with, unique_seconds, until_gone
from ..ray_cluster import two_nodes

pytestmark = pytest.mark.slow
TASKS = TaskSet.load("blackbox", split="heldout", levels=(1, 2), size=24)
SETTINGS = PlaySettings(env=EnvConfig(action_format="fenced", cell_timeout=600.0), seed=3)
EXPERT = PolicyChoice("expert")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    with two_nodes() as cluster:
        yield cluster


@dataclass(frozen=True)
class Waiting:
    """Runs a cell that waits as long as a file is there, then plays as the expert does."""

    mark: str
    gate: Path

    @asynccontextmanager
    async def open(self, parser: ActionParser) -> AsyncIterator[Policy]:
        expert = ExpertPolicy()
        sleep = f"import subprocess; p = subprocess.Popen(['sleep', '{self.mark}'])"

        class Player:
            name, template = "waiting", None

            async def __call__(_, context: PolicyContext, sampling: Sampling):
                turns = [m for m in context.messages if m["role"] == "assistant"]
                if not turns:
                    made = await expert(context, sampling)
                    return type(made)(text=f"```python\n{sleep}\n```")
                while self.gate.exists():
                    await asyncio.sleep(0.02)
                rest = [m for m in context.messages if m not in context.messages[2:4]]
                return await expert(PolicyContext(rest, context.episode_id), sampling)

        yield Player()


def plain(episode: Episode) -> dict[str, Any]:
    """Everything but names and clocks."""
    record = episode.model_dump(mode="json", exclude={"id", "seconds", "verdict"})
    for turn in record["turns"]:
        del turn["policy_seconds"], turn["environment_seconds"], turn["wait_seconds"]
        for result in turn["results"]:
            del result["duration"]
    return record | {"outcomes": [test.outcome for test in episode.verdict.tests] if episode.verdict else []}


async def test_the_nodes_play_what_one_process_plays(cluster: Any, tmp_path: Path) -> None:
    here: list[Episode] = []
    async with EXPERT.open(SETTINGS.env.make_parser()) as policy:
        near = await evaluate(
            TASKS, policy, env_config=SETTINGS.env, samples=2, seed=3, on_episode=here.append
        )
    async with open_ray_player(EXPERT, SETTINGS, seats=2) as player:
        assert player.seats == 4
        with EpisodeLog(tmp_path / "log.jsonl") as log:
            far = await evaluate_with(player, TASKS, samples=2, log=log)
    there = list(read_episodes(tmp_path / "log.jsonl"))
    by_key = {EpisodeKey.of(e): plain(e) for e in here}
    assert {EpisodeKey.of(e): plain(e) for e in there} == by_key
    assert len(there) == len(by_key) == 48
    assert (far.solved, far.failures, far.pass_at_k) == (near.solved, {}, near.pass_at_k)


async def test_an_actor_that_dies_comes_back_and_one_that_is_cancelled_plays_on(
    cluster: Any, tmp_path: Path
) -> None:
    mark, gate = unique_seconds(), tmp_path / "gate"
    gate.touch()
    async with open_ray_player(Waiting(mark, gate), SETTINGS, seats=2) as player:
        cancelled = asyncio.create_task(evaluate_with(player, TASKS.take(8)))
        while len(running_with(mark)) < 4:
            await asyncio.sleep(0.02)
        cancelled.cancel()
        with pytest.raises(asyncio.CancelledError):
            await cancelled
        await until_gone(mark)
        assert set(player._loads.values()) == {0}

        run = asyncio.create_task(evaluate_with(player, TASKS.take(8)))
        while len(running_with(mark)) < 4:
            await asyncio.sleep(0.02)
        actor = next(iter(player._actors.values()))
        os.kill(await actor.__ray_call__.remote(lambda _: os.getpid()), signal.SIGKILL)
        gate.unlink()
        summary = await run
        assert (summary.solved, summary.failures) == (8, {})
    await until_gone(mark)


async def test_a_run_without_nodes_ends_with_one_error() -> None:
    player = RayPlayer({}, 2, 1.0)
    player.seats = 1
    with pytest.raises(NoNodeLeftError, match="no node"):
        await evaluate_with(player, TASKS.take(1), retry=RetryStrategy(tries=1))


async def test_a_policy_that_no_node_can_make_is_told(cluster: Any) -> None:
    with pytest.raises(UsageError, match="no/such/file"):
        async with open_ray_player(PolicyChoice("scripted:/no/such/file"), SETTINGS):
            pass


def test_the_command_line_plays_on_a_cluster(cluster: Any, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "replgym.cli", "eval", "blackbox", "--policy", "expert", "-n", "6"]
    options = ["--output", str(tmp_path), "--concurrency", "2", "--ray", cluster.address]
    root = Path(__file__).parents[2]
    done = subprocess.run([*command, *options], cwd=root, capture_output=True, text=True)
    assert (done.returncode, "6/6" in done.stdout) == (0, True), done.stderr
    assert json.loads((tmp_path / "summary.json").read_text())["solved"] == 6


async def test_episodes_of_a_lost_node_are_played_elsewhere(cluster: Any, tmp_path: Path) -> None:
    mark, gate = unique_seconds(), tmp_path / "gate"
    gate.touch()
    async with open_ray_player(Waiting(mark, gate), SETTINGS, seats=3) as player:
        with EpisodeLog(tmp_path / "log.jsonl") as log:
            run = asyncio.create_task(evaluate_with(player, TASKS, log=log))
            while len(running_with(mark)) < 6:
                await asyncio.sleep(0.02)
            await asyncio.to_thread(cluster.remove_node, cluster.worker_nodes.copy().pop())
            gate.unlink()
            summary = await run
        assert set(player._loads.values()) == {0}
    await until_gone(mark)
    logged = list(read_episodes(tmp_path / "log.jsonl"))
    assert Counter(map(EpisodeKey.of, logged)) == {EpisodeKey(task.id, 0): 1 for task in TASKS}
    assert (summary.solved, summary.failures) == (24, {})

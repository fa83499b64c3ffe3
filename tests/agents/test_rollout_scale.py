"""Thousands of episodes in one process: what they cost in memory, and that none waits for another."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

_PROGRAM = """
import asyncio, json, resource, sys
from pathlib import Path

from replgym.agents.rollouts.episode_job import jobs_of
from replgym.agents.rollouts.episode_log import EpisodeLog
from replgym.agents.rollouts.episode_runner import EpisodeRunner
from replgym.agents.rollouts.local_player import open_local_player
from replgym.agents.rollouts.play_settings import PlaySettings
from replgym.agents.policies.policy import Completion
from replgym.agents.evaluation.summary_tally import SummaryTally
from replgym.envs import EnvConfig
from replgym.envs.task_set import TaskSet

AT_ONCE = int(sys.argv[1])
THOUGHT = "I wonder. " * 200
TASK = TaskSet.load("blackbox", levels=(1,), size=1)[0]


class Crowd:
    '''Answers nobody before all are there; some run a cell, all end at the turn limit.'''

    name, template = "crowd", None

    def __init__(self):
        self.there, self.all_there = 0, asyncio.Event()

    async def __call__(self, context, sampling):
        if len(context.messages) > 2:
            return Completion(text=THOUGHT)
        self.there += 1
        number = self.there
        if number == AT_ONCE:
            self.all_there.set()
        await self.all_there.wait()
        return Completion(text="```python\\nprint(6 * 7)\\n```" if number <= 40 else THOUGHT)


async def main():
    crowd, tally = Crowd(), SummaryTally()
    tasks = (TASK.model_copy(update={"id": str(n)}) for n in range(AT_ONCE))
    settings = PlaySettings(env=EnvConfig(action_format="fenced", max_turns=4, parse_error_budget=9))
    async with open_local_player(crowd, settings, seats=AT_ONCE, kernels=2) as player:
        with EpisodeLog(Path(sys.argv[2])) as log:
            await EpisodeRunner(player, log=log, on_episode=tally.add).run(jobs_of(tasks))
        started = player._pool.stats().started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"peak": peak, "stops": tally.stops, "failures": tally.failures, "started": started}))


asyncio.run(main())
"""


def _played(at_once: int, log: Path) -> dict:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, str(at_once), str(log)], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


@pytest.mark.slow
def test_two_thousand_episodes_at_once_cost_little_memory_each(tmp_path: Path) -> None:
    few, many = (_played(count, tmp_path / f"{count}.jsonl") for count in (100, 2000))
    for count, found in ((100, few), (2000, many)):
        assert (found["stops"], found["failures"]) == ({"turn_limit": count}, {})
        assert (tmp_path / f"{count}.jsonl").read_bytes().count(b"\n") == count
        assert 40 <= found["started"] <= 42  # interpreters are for those that run a cell
    each = (many["peak"] - few["peak"]) / 1900
    assert each < 100, f"{each:.0f} KiB an episode"

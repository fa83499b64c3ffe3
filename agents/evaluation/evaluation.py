"""Evaluation of a policy on a task set: many episodes at once, and what they say about the policy.

Every episode is logged as it ends, so a run that is cut off loses only what was being played. A fault of the
machine is tried again, then recorded as a failure; when failures pile up, the evaluation stops and says why.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ...envs.env_config import EnvConfig
from ...envs.task import Task
from ..policies.policy import Policy, Sampling
from ..policies.policy_per_task import PolicyPerTask
from ..rollouts.episode import Episode
from ..rollouts.episode_job import jobs_of
from ..rollouts.episode_key import EpisodeKey
from ..rollouts.episode_log import EpisodeLog
from ..rollouts.episode_player import EpisodePlayer
from ..rollouts.episode_runner import EpisodeRunner
from ..rollouts.failure_breaker import EvaluationError
from ..rollouts.local_player import open_local_player
from ..rollouts.play_settings import PlaySettings
from ..rollouts.retry_strategy import RetryStrategy
from ..rollouts.rollout_limits import RolloutLimits
from .evaluation_summary import EvaluationSummary
from .summary_tally import SummaryTally

__all__ = ["EvaluationError", "evaluate", "evaluate_with"]


async def evaluate(
    tasks: Iterable[Task],
    policy: Policy | PolicyPerTask,
    *,
    env_config: EnvConfig,
    samples: int = 1,
    concurrency: int = 8,
    limits: RolloutLimits | None = None,
    sampling: Sampling | None = None,
    seed: int | None = None,
    log: EpisodeLog | None = None,
    finished: Iterable[Episode] = (),
    on_episode: Callable[[Episode], None] | None = None,
    info: Mapping[str, Any] | None = None,
) -> EvaluationSummary:
    """Plays every task `samples` times, in this process.

    Args:
        tasks: Tasks with distinct ids; read one by one.
        policy: Who acts, in all episodes at once.
        env_config: The environment; also names the back end of the interpreters.
        samples: Episodes per task.
        concurrency: The most episodes at once, and so the most interpreters alive.
        limits: Bounds of each episode.
        sampling: How the policy samples.
        seed: Sample `n` of every task is played with `seed + n`.
        log: Gets every attempt as it ends.
        finished: Episodes of an earlier run of the same evaluation; their keys are not played again.
        on_episode: Called with every new episode.
        info: Set as `Episode.info`, such as the split.

    Raises:
        EvaluationError: If too many episodes failed.
        EpisodeLogError: If an episode cannot be recorded.
        ValueError: If `samples` or `concurrency` is below 1.
    """
    _need_positive(samples)
    settings = PlaySettings(env_config, limits or RolloutLimits(), sampling or Sampling(), seed, info or {})
    async with open_local_player(policy, settings, seats=concurrency) as player:
        return await evaluate_with(
            player, tasks, samples=samples, log=log, finished=finished, on_episode=on_episode
        )


async def evaluate_with(
    player: EpisodePlayer,
    tasks: Iterable[Task],
    *,
    samples: int = 1,
    log: EpisodeLog | None = None,
    finished: Iterable[Episode] = (),
    on_episode: Callable[[Episode], None] | None = None,
    retry: RetryStrategy | None = None,
    stop: asyncio.Event | None = None,
    grace: float = 10.0,
) -> EvaluationSummary:
    """Plays every task `samples` times, with a player that is open: of this process, or of a cluster.

    Args:
        player: Who plays.
        tasks: Tasks with distinct ids; read one by one.
        samples: Episodes per task.
        log: Gets every attempt as it ends.
        finished: Episodes of an earlier run of the same evaluation; their keys are not played again.
        on_episode: Called with every new episode.
        retry: When an attempt that failed is followed by another.
        stop: Once set, no further episode starts, and the summary is of those that ended.
        grace: Seconds that episodes in play have to end after `stop`.

    Raises:
        EvaluationError: If too many episodes failed.
        EpisodeLogError: If an episode cannot be recorded.
        ValueError: If `samples` is below 1.
    """
    _need_positive(samples)
    started = time.monotonic()
    tally, done = SummaryTally(), set()
    if log is not None:
        log.open()
    for episode in finished:
        tally.add(episode)
        done.add(EpisodeKey.of(episode))

    def count(episode: Episode) -> None:
        tally.add(episode)
        if on_episode is not None:
            on_episode(episode)

    runner = EpisodeRunner(player, log=log, on_episode=count, retry=retry)
    await runner.run(jobs_of(tasks, samples, done), stop=stop, grace=grace)
    return EvaluationSummary.from_tally(tally, seconds=time.monotonic() - started)


def _need_positive(samples: int) -> None:
    if samples < 1:
        raise ValueError(f"samples is {samples}; give at least 1")

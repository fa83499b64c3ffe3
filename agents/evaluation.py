"""Evaluation of a policy on a task set: many episodes at once, over shared interpreters and one judge.

Every episode is logged as it ends, so a run that is cut off loses only what was being played. A fault of the
machine is tried again, then recorded as a failure; when failures pile up, the evaluation stops and says why.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from ..envs.async_interpreter_env import AsyncInterpreterEnv
from ..envs.env_config import EnvConfig
from ..envs.task import Task
from ..kernels import KernelPool
from ..rewards.judge import Judge
from .episode import Episode, Failure
from .episode_log import EpisodeLog
from .evaluation_summary import EvaluationSummary
from .policy import Policy, Sampling
from .rollout import rollout
from .rollout_limits import RolloutLimits

_TRIES = 2
_FAILURES_TO_JUDGE = 8
"""From so many failures on, half of all episodes failing stops the evaluation."""


class EvaluationError(RuntimeError):
    """So many episodes failed that going on makes no sense; names the last cause."""


@runtime_checkable
class PolicyPerTask(Protocol):
    """What acts differently in each task, such as one that knows the solutions."""

    def for_task(self, task: Task) -> Policy:
        """The policy that plays `task`."""
        ...


@dataclass(frozen=True, slots=True)
class EpisodeKey:
    """What tells the episodes of one evaluation apart."""

    task_id: str
    sample: int

    @classmethod
    def of(cls, episode: Episode) -> EpisodeKey:
        """The key of an episode."""
        return cls(episode.task_id, episode.sample)


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
    finished: Sequence[Episode] = (),
    on_episode: Callable[[Episode], None] | None = None,
    info: Mapping[str, Any] | None = None,
) -> EvaluationSummary:
    """Plays every task `samples` times.

    Args:
        tasks: Tasks with distinct ids.
        policy: Who acts, in all episodes at once.
        env_config: The environment; also names the back end of the interpreters.
        samples: Episodes per task.
        concurrency: The most episodes at once, and so the most interpreters alive.
        limits: Bounds of each episode.
        sampling: How the policy samples.
        seed: Sample `n` of every task is played with `seed + n`.
        log: Gets every episode as it ends.
        finished: Episodes of an earlier run of the same evaluation; their keys are not played again.
        on_episode: Called with every new episode.
        info: Set as `Episode.info`, such as the split.

    Raises:
        EvaluationError: If too many episodes failed.
        ValueError: If `samples` or `concurrency` is below 1.
    """
    _need_positive(samples=samples, concurrency=concurrency)
    started = time.monotonic()
    done = {EpisodeKey.of(episode) for episode in finished}
    rest = iter([(t, n) for t in tasks for n in range(samples) if EpisodeKey(t.id, n) not in done])
    played: list[Episode] = []

    def record(episode: Episode) -> None:
        played.append(episode)
        if log is not None:
            log.append(episode)
        if on_episode is not None:
            on_episode(episode)

    pool = env_config.make_pool(size=concurrency, warm=min(4, concurrency))
    async with env_config.make_judge() as judge, pool:
        table = _Table(policy, env_config, pool, judge, limits, sampling, seed, dict(info or {}))
        await _play_all(rest, table, record, concurrency)
    return EvaluationSummary.of([*finished, *played], seconds=time.monotonic() - started)


def _need_positive(**values: int) -> None:
    for name, value in values.items():
        if value < 1:
            raise ValueError(f"{name} is {value}; give at least 1")


@dataclass(frozen=True, slots=True)
class _Table:
    """What all episodes of one evaluation share."""

    policy: Policy | PolicyPerTask
    env_config: EnvConfig
    pool: KernelPool
    judge: Judge
    limits: RolloutLimits | None
    sampling: Sampling | None
    seed: int | None
    info: dict[str, Any] = field(default_factory=dict)

    async def play(self, task: Task, sample: int) -> Episode:
        """Plays one episode, a second time if the machine broke."""
        for last in (*(False,) * (_TRIES - 1), True):
            episode = await self._try(task, sample)
            if episode.failure in (None, Failure.POLICY) or last:
                return episode
        raise AssertionError("unreachable")

    async def _try(self, task: Task, sample: int) -> Episode:
        acting = self.policy.for_task(task) if isinstance(self.policy, PolicyPerTask) else self.policy
        env = AsyncInterpreterEnv(self.env_config, pool=self.pool, judge=self.judge)
        labels = {
            "group": task.id,
            "sample": sample,
            "info": {"difficulty": task.metadata.difficulty, **self.info},
        }
        try:
            return await rollout(
                env,
                acting,
                task=task,
                limits=self.limits,
                sampling=self.sampling,
                seed=None if self.seed is None else self.seed + sample,
                labels=labels,
            )
        finally:
            await env.close()


async def _play_all(
    rest: Iterator[tuple[Task, int]], table: _Table, record: Callable[[Episode], None], concurrency: int
) -> None:
    """Workers take episodes until none is left; the first fault of the evaluation itself ends all of them."""
    played = failed = 0

    async def work() -> None:
        nonlocal played, failed
        for task, sample in rest:
            episode = await table.play(task, sample)
            record(episode)
            played += 1
            failed += episode.failure is not None
            if failed >= _FAILURES_TO_JUDGE and 2 * failed >= played:
                raise EvaluationError(
                    f"{failed} of {played} episodes failed; the last one: "
                    f"{episode.failure or 'scored'} {episode.failure_message}".rstrip()
                )

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(concurrency):
                group.create_task(work())
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None

"""Plays episodes in this process, over one pool of interpreters and one judge."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ...envs.async_interpreter_env import AsyncInterpreterEnv
from ...kernels.kernel_source import KernelSource
from ...kernels.open_files import allow_open_files
from ...rewards.judge import Judge
from ..policies.policy import Policy
from ..policies.policy_per_task import PolicyPerTask
from .episode import Episode
from .episode_job import EpisodeJob
from .play_settings import PlaySettings
from .rollout import rollout

_WARM = 4
_MOST_KERNELS = 256
"""Alive at once unless more are asked for: thousands of episodes then fit into 4 GB."""


class LocalPlayer:
    """An `EpisodePlayer`; make it with `open_local_player`."""

    def __init__(
        self,
        policy: Policy | PolicyPerTask,
        settings: PlaySettings,
        pool: KernelSource,
        judge: Judge,
        seats: int,
    ) -> None:
        self.seats = seats
        self._policy = policy
        self._settings = settings
        self._pool = pool
        self._judge = judge

    async def play(self, job: EpisodeJob) -> Episode:
        """Plays one attempt; see `EpisodePlayer.play`."""
        task, settings = job.task, self._settings
        acting = self._policy
        if isinstance(acting, PolicyPerTask):
            acting = acting.for_task(task, job.sample)
        labels = {
            "group": task.id,
            "sample": job.sample,
            "attempt": job.attempt,
            "fingerprint": job.fingerprint,
            "info": {"difficulty": task.metadata.difficulty, **settings.info, **job.info},
        }
        async with AsyncInterpreterEnv(settings.env, pool=self._pool, judge=self._judge) as env:
            return await rollout(
                env,
                acting,
                task=task,
                limits=settings.limits,
                sampling=settings.sampling,
                seed=None if settings.seed is None else settings.seed + job.sample,
                labels=labels,
            )


@asynccontextmanager
async def open_local_player(
    policy: Policy | PolicyPerTask, settings: PlaySettings, *, seats: int = 8, kernels: int | None = None
) -> AsyncIterator[LocalPlayer]:
    """Makes interpreters and a judge, and ends them with the block; the limit on open files rises with need.

    Args:
        policy: Who acts, in all episodes at once.
        settings: How they are played.
        seats: The most episodes at once.
        kernels: The most interpreters alive at once; as many as there are seats, up to 256, by default.

    Raises:
        ValueError: If a number is below 1.
    """
    for name, value in (("concurrency", seats), ("kernels", kernels)):
        if value is not None and value < 1:
            raise ValueError(f"{name} is {value}; give at least 1")
    size = kernels or min(seats, _MOST_KERNELS)
    pool = settings.env.make_pool(size=size, warm=min(_WARM, size) if settings.env.runs_cells else 0)
    allow_open_files(pool.stats().size, seats)
    async with settings.env.make_judge() as judge, pool:
        yield LocalPlayer(policy, settings, pool, judge, seats)

"""What all episodes of one verl worker process share: interpreters, judge and log.

verl makes a new agent loop object for every episode, so these belong to the process; they live as long
as it does, and the fork-servers behind them end with it even when Ray kills it.
"""

from __future__ import annotations

import functools
import os
import platform
from dataclasses import dataclass
from pathlib import Path

from ...envs.env_config import EnvConfig
from ...kernels.kernel_pool import KernelPool
from ...kernels.open_files import allow_open_files
from ...rewards.judge import Judge
from ..rollouts.episode_log import EpisodeLog
from .names import HELDOUT, TRAIN


@dataclass(frozen=True, slots=True)
class WorkerResources:
    """Shared by the episodes of one process."""

    env: EnvConfig
    pool: KernelPool
    judge: Judge
    log: EpisodeLog
    """Episodes of training."""
    heldout_log: EpisodeLog
    """Episodes that verl measures with."""


@functools.cache
def worker_resources(env_json: str, kernels: int, episodes_dir: str) -> WorkerResources:
    """The resources of this process, made at first use.

    Args:
        env_json: An `EnvConfig` as JSON.
        kernels: Interpreters alive at once in this process.
        episodes_dir: Folder for the logs of episodes, two files a process.
    """
    env = EnvConfig.model_validate_json(env_json)
    pool = env.make_pool(size=kernels, warm=min(4, kernels))
    allow_open_files(pool.stats().size)
    return WorkerResources(
        env=env,
        pool=pool,
        judge=env.make_judge(training=True),
        log=_log(Path(episodes_dir), TRAIN),
        heldout_log=_log(Path(episodes_dir), HELDOUT),
    )


def _log(folder: Path, kind: str) -> EpisodeLog:
    """A log of this process alone, wherever the folder is shared."""
    return EpisodeLog(folder / f"{kind}-{platform.node()}-{os.getpid()}.jsonl")

"""What all episodes of one verl worker process share: interpreters, judge and log.

verl makes a new agent loop object for every episode, so these belong to the process; they live as long
as it does, and the fork-servers behind them end with it even when Ray kills it.
"""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass
from pathlib import Path

from ...envs.env_config import EnvConfig
from ...kernels.kernel_pool import KernelPool
from ...kernels.open_files import allow_open_files
from ...rewards.judge import Judge
from ..rollouts.episode_log import EpisodeLog


@dataclass(frozen=True, slots=True)
class WorkerResources:
    """Shared by the episodes of one process."""

    env: EnvConfig
    pool: KernelPool
    judge: Judge
    log: EpisodeLog


@functools.cache
def worker_resources(env_json: str, kernels: int, episodes_dir: str) -> WorkerResources:
    """The resources of this process, made at first use.

    Args:
        env_json: An `EnvConfig` as JSON.
        kernels: Interpreters alive at once in this process.
        episodes_dir: Folder for the log of episodes, one file a process.
    """
    env = EnvConfig.model_validate_json(env_json)
    allow_open_files(kernels)
    return WorkerResources(
        env=env,
        pool=env.make_pool(size=kernels, warm=min(4, kernels)),
        judge=env.make_judge(training=True),
        log=EpisodeLog(Path(episodes_dir) / f"train-{os.getpid()}.jsonl"),
    )

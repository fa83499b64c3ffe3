"""One episode: a policy and an environment take turns until the environment, a limit or a fault ends it.

Whatever breaks becomes data: the function returns an `Episode` in every case but cancellation, and the
episode says whether it was scored or failed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from ...envs.async_interpreter_env import AsyncInterpreterEnv
from ...envs.task import Task
from ...kernels.kernel_error import KernelError
from ..policies.policy import Policy, PolicyError, Sampling
from .episode import Episode, Failure, StopReason
from .episode_run import EpisodeRun
from .rollout_limits import RolloutLimits


async def rollout(
    env: AsyncInterpreterEnv,
    policy: Policy,
    *,
    task: Task,
    limits: RolloutLimits | None = None,
    sampling: Sampling | None = None,
    seed: int | None = None,
    labels: Mapping[str, Any] | None = None,
) -> Episode:
    """Plays one episode of `task`.

    Args:
        env: An environment that no other episode uses at the same time.
        policy: Who writes the messages.
        task: What to solve.
        limits: Bounds on tokens and seconds.
        sampling: How the policy samples; `seed` and `max_tokens` are set here.
        seed: Makes sampling repeatable; each task and turn draws with a seed of its own made from it.
        labels: Fields of `Episode` to set, such as `group`, `sample`, `step` and `info`.

    Returns:
        The record; `failure` is set when policy, kernel, judge or a deadline failed.
    """
    run = EpisodeRun(env, policy, task, limits or RolloutLimits(), sampling or Sampling(), seed)
    return await finish(run, labels)


async def finish(run: EpisodeRun, labels: Mapping[str, Any] | None = None) -> Episode:
    """Plays an episode to its end: a new one, or one that stands anywhere, such as a branch.

    Args:
        run: The episode.
        labels: Fields of `Episode` to set.

    Returns:
        The record, as `rollout` makes it; `seconds` counts from this call.
    """
    started = time.monotonic()
    try:
        async with asyncio.timeout(run.limits.seconds):
            stop = await run.play()
        failure = run.failure
    except TimeoutError:
        stop, failure = StopReason.TIME_LIMIT, (Failure.TIMEOUT, f"no end after {run.limits.seconds:g} s")
    except KernelError as error:
        stop, failure = StopReason.FAILURE, (Failure.KERNEL, str(error))
    except PolicyError as error:
        stop, failure = StopReason.FAILURE, (Failure.POLICY, str(error))
    except Exception as error:  # noqa: BLE001 - the boundary of an episode: any fault becomes its record
        stop, failure = StopReason.FAILURE, (Failure.INTERNAL, f"{type(error).__name__}: {error}")
    return run.record(stop, failure, time.monotonic() - started, labels or {})

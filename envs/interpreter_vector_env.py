"""Many episodes of `PyInterp-v0` at once, on one event loop, with one pool of interpreters and one judge."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Coroutine, Iterable, Sequence
from typing import Any, TypeVar

import gymnasium as gym
import numpy as np
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from ..kernels.kernel_pool import KernelPool
from ..rewards.judge import Judge
from .async_interpreter_env import AsyncInterpreterEnv, ResetResult, StepResult
from .env_config import ConfigError, EnvConfig
from .interpreter_env import MOST_CHARACTERS, RENDER_MODES
from .loop_thread import LoopThread
from .reset_options import task_option
from .unicode_text import UnicodeText

Result = TypeVar("Result")
_WARM = 2
Texts = tuple[str, ...]
Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]


class InterpreterVectorEnv(gym.vector.VectorEnv[Texts, Sequence[str], NDArray[Any]]):
    """Steps all episodes concurrently; one that ended is reset by the next step, and its action is ignored.

    Under the same seeds it does what as many single environments do.
    """

    metadata: dict[str, Any] = {  # noqa: RUF012
        "render_modes": list(RENDER_MODES),
        "render_fps": 1,
        "autoreset_mode": gym.vector.AutoresetMode.NEXT_STEP,
    }

    def __init__(self, num_envs: int = 1, *, render_mode: str | None = None, **settings: Any) -> None:
        """Checks the settings; no interpreter starts before the first reset.

        Args:
            num_envs: How many episodes run at once.
            render_mode: `ansi` for transcripts of the episodes, or None.
            **settings: Fields of `EnvConfig`.

        Raises:
            ConfigError: If a setting is not allowed.
        """
        if isinstance(num_envs, bool) or not isinstance(num_envs, int) or num_envs < 1:
            raise ConfigError(f"num_envs={num_envs!r} is not allowed: give an integer of at least 1")
        config = EnvConfig.for_gymnasium(settings, render_mode, RENDER_MODES)
        self.num_envs = num_envs
        self.render_mode = render_mode
        self.single_action_space = self.single_observation_space = UnicodeText(MOST_CHARACTERS)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        tasks, judge = config.load_tasks(), config.make_judge()
        pool = config.make_pool(size=num_envs, warm=min(_WARM, num_envs))
        self._cores = [
            AsyncInterpreterEnv(config, pool=pool, judge=judge, tasks=tasks) for _ in range(num_envs)
        ]
        self._ended = np.zeros(num_envs, dtype=np.bool_)
        self._loop = LoopThread()
        self._finalizer = weakref.finalize(self, _close, self._loop, self._cores, pool, judge)

    def reset(
        self, *, seed: int | Sequence[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Texts, dict[str, Any]]:
        """Starts an episode in every environment.

        Args:
            seed: One for each environment, or the first of consecutive ones.
            options: `{"task": Task or task id}` plays that task everywhere.

        Raises:
            ConfigError: If an option is not known, or the seeds are not as many as the environments.
        """
        task = task_option(options)
        seeds = self._seeds(seed)
        starts = self._loop.run(
            _together(core.reset(task, each) for core, each in zip(self._cores, seeds, strict=True))
        )
        self._ended[:] = False
        return self._batched(starts)

    def step(self, actions: Sequence[str]) -> tuple[Texts, Numbers, Flags, Flags, dict[str, Any]]:
        """Plays one message in every environment.

        Raises:
            ConfigError: If the actions are not as many as the environments.
            EpisodeOverError: If there was no reset.
        """
        if isinstance(actions, str) or len(actions) != self.num_envs:
            raise ConfigError(f"actions={actions!r} is not allowed: give {self.num_envs} texts")
        results = self._loop.run(
            _together(
                _advance(core, bool(ended), action)
                for core, ended, action in zip(self._cores, self._ended, actions, strict=True)
            )
        )
        stepped = [result if isinstance(result, StepResult) else None for result in results]
        rewards = np.array([result.reward if result else 0.0 for result in stepped])
        terminated = np.array([bool(result and result.terminated) for result in stepped])
        truncated = np.array([bool(result and result.truncated) for result in stepped])
        self._ended = terminated | truncated
        observations, infos = self._batched(results)
        return observations, rewards, terminated, truncated, infos

    def render(self) -> tuple[str, ...] | None:
        """The transcripts of the episodes, when the render mode is `ansi`."""
        return tuple(core.transcript() for core in self._cores) if self.render_mode == "ansi" else None

    def close_extras(self, **kwargs: Any) -> None:
        """Ends the interpreters and everything else that was started; idempotent."""
        self._finalizer()

    def _seeds(self, seed: int | Sequence[int | None] | None) -> list[int | None]:
        if seed is None:
            return [None] * self.num_envs
        seeds: list[int | None]
        seeds = [seed + index for index in range(self.num_envs)] if isinstance(seed, int) else list(seed)
        if len(seeds) != self.num_envs:
            raise ConfigError(f"seed={seed!r} is not allowed: give one integer or {self.num_envs} of them")
        return seeds

    def _batched(self, results: Sequence[ResetResult | StepResult]) -> tuple[Texts, dict[str, Any]]:
        infos: dict[str, Any] = {}
        for index, result in enumerate(results):
            infos = self._add_info(infos, result.info, index)
        return tuple(
            result.observation if isinstance(result, StepResult) else result.messages[-1]["content"]
            for result in results
        ), infos


async def _together(works: Iterable[Coroutine[Any, Any, Result]]) -> list[Result]:
    """Runs all, waits for all, and then raises the first error if there was one."""
    done: list[Result] = []
    for result in await asyncio.gather(*works, return_exceptions=True):
        if isinstance(result, BaseException):
            raise result
        done.append(result)
    return done


async def _advance(core: AsyncInterpreterEnv, ended: bool, action: str) -> ResetResult | StepResult:
    return await (core.reset() if ended else core.step(action))


async def _close_all(cores: Sequence[AsyncInterpreterEnv], pool: KernelPool, judge: Judge) -> None:
    await _together([*(core.close() for core in cores), pool.close(), judge.close()])


def _close(loop: LoopThread, cores: Sequence[AsyncInterpreterEnv], pool: KernelPool, judge: Judge) -> None:
    loop.finish(_close_all(cores, pool, judge))

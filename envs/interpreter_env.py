"""`PyInterp-v0` for Gymnasium: an action is a message, an observation is what was printed."""

from __future__ import annotations

import weakref
from typing import Any

import gymnasium as gym

from .async_interpreter_env import AsyncInterpreterEnv
from .env_config import EnvConfig
from .loop_thread import LoopThread
from .reset_options import task_option
from .unicode_text import UnicodeText

MOST_CHARACTERS = 1_000_000
RENDER_MODES = ("ansi",)


class InterpreterEnv(gym.Env[str, str]):
    """A thin synchronous face of `AsyncInterpreterEnv`, whose class lists the keys of `info`.

    The observation of `reset` is the prompt of the task.
    """

    metadata: dict[str, Any] = {"render_modes": list(RENDER_MODES), "render_fps": 1}  # noqa: RUF012

    def __init__(self, *, render_mode: str | None = None, **settings: Any) -> None:
        """Checks the settings; no interpreter starts before the first reset.

        Args:
            render_mode: `ansi` for a transcript of the episode, or None.
            **settings: Fields of `EnvConfig`.

        Raises:
            ConfigError: If a setting is not allowed.
        """
        config = EnvConfig.for_gymnasium(settings, render_mode, RENDER_MODES)
        self.render_mode = render_mode
        self.action_space = UnicodeText(MOST_CHARACTERS)
        self.observation_space = UnicodeText(MOST_CHARACTERS)
        self._core = AsyncInterpreterEnv(config, tasks=config.load_tasks())
        self._loop = LoopThread()
        self._finalizer = weakref.finalize(self, _close, self._loop, self._core)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[str, dict[str, Any]]:
        """Starts an episode.

        Args:
            seed: Makes the drawn tasks repeatable.
            options: `{"task": Task or task id}` plays that task.

        Raises:
            ConfigError: If an option is not known.
            UnknownTaskError: If the task set has no such task.
        """
        super().reset(seed=seed)
        start = self._loop.run(self._core.reset(task_option(options), seed))
        return start.messages[-1]["content"], start.info

    def step(self, action: str) -> tuple[str, float, bool, bool, dict[str, Any]]:
        """Plays one message.

        Raises:
            EpisodeOverError: If no episode runs.
        """
        result = self._loop.run(self._core.step(action))
        return result.observation, result.reward, result.terminated, result.truncated, result.info

    def render(self) -> str | None:
        """The transcript of the episode, when the render mode is `ansi`."""
        return self._core.transcript() if self.render_mode == "ansi" else None

    def close(self) -> None:
        """Ends the interpreter and everything else that was started; idempotent."""
        self._finalizer()


def _close(loop: LoopThread, core: AsyncInterpreterEnv) -> None:
    loop.finish(core.close())

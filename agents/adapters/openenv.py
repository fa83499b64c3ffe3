"""`PyInterp-v0` for OpenEnv: a server whose sessions have an interpreter each, and its client.

A session is one connection. Interpreters come from one bounded pool, and a session's is given back when its
episode or its connection ends, whichever is first. The hidden tests stay on the server.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from uuid import uuid4

from fastapi import FastAPI
from openenv.core import EnvClient
from openenv.core.client_types import StepResult
from openenv.core.env_server import Action, Environment, Observation, State, create_app
from pydantic import Field

from ...envs.async_interpreter_env import AsyncInterpreterEnv
from ...envs.env_config import EnvConfig
from ...kernels.kernel_pool import KernelPool
from ...rewards.judge import Judge

_CLOSE_SECONDS = 30.0


class PyInterpAction(Action):  # type: ignore[misc]
    """One message of the agent, in the action format of the server; plain Python by default."""

    message: str


class PyInterpObservation(Observation):  # type: ignore[misc]
    """What the agent is told."""

    text: str = ""
    """What was printed; the prompt of the task after a reset."""
    messages: list[dict[str, str]] = Field(default_factory=list)
    """The same as chat messages: system and user message after a reset, then the answers to calls."""
    turns_left: int = 0
    parse_error: str = ""
    """Why the message could not be read; empty when it could."""
    stop: str = ""
    """Why the episode ended; empty while it runs."""
    failure: str = ""
    """What broke on the server; the episode is over then and has no reward."""


class PyInterpState(State):  # type: ignore[misc]
    """Where the episode stands; `step_count` counts messages."""

    task_id: str = ""
    done: bool = False


class PyInterpEnvironment(Environment[PyInterpAction, PyInterpObservation, PyInterpState]):  # type: ignore[misc]
    """One session."""

    SUPPORTS_CONCURRENT_SESSIONS = True

    def __init__(self, env: AsyncInterpreterEnv) -> None:
        """Takes an environment that no other session uses."""
        super().__init__()
        self._env = env
        self._state = PyInterpState()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closing: asyncio.Task[None] | None = None

    @property
    def state(self) -> PyInterpState:
        """Where the episode stands."""
        return self._state

    async def reset_async(
        self,
        seed: int | None = None,
        episode_id: str | None = None,
        task: str | None = None,
        **kwargs: Any,
    ) -> PyInterpObservation:
        """Starts an episode; a running one is given up.

        Args:
            seed: Makes this and the later draws of tasks repeatable.
            episode_id: What `state` calls the episode.
            task: The id of a task; drawn by default.
            **kwargs: Ignored.
        """
        self._loop = asyncio.get_running_loop()
        start = await self._env.reset(task=task, seed=seed)
        self._state = PyInterpState(episode_id=episode_id or uuid4().hex, task_id=start.info["task_id"])
        return PyInterpObservation(
            text=start.messages[-1]["content"],
            messages=[dict(message) for message in start.messages],
            turns_left=self._env.config.max_turns,
        )

    async def step_async(
        self, action: PyInterpAction, timeout_s: float | None = None, **kwargs: Any
    ) -> PyInterpObservation:
        """Plays one message; cells have the deadlines of the settings.

        Raises:
            EpisodeOverError: If no episode runs.
        """
        step = await self._env.step(action.message)
        done, turn, stop = step.terminated or step.truncated, step.info["turn"], step.info["stop"]
        self._state.step_count += 1
        self._state.done = done
        failure = step.info["failure_message"]
        told = () if done else self._env.parser.observations(turn.answers, turn.protocol)
        return PyInterpObservation(
            text=step.observation,
            messages=[dict(message) for message in told],
            turns_left=step.info["turns_left"],
            parse_error=turn.parse_error,
            stop=str(stop or ""),
            failure=failure,
            done=done,
            reward=None if failure else step.reward,
            metadata={"reward_parts": step.info["reward_parts"]} if done else {},
        )

    def reset(self, *args: Any, **kwargs: Any) -> PyInterpObservation:
        """Not used: the server awaits `reset_async`."""
        raise NotImplementedError("await reset_async()")

    def step(self, *args: Any, **kwargs: Any) -> PyInterpObservation:
        """Not used: the server awaits `step_async`."""
        raise NotImplementedError("await step_async()")

    def close(self) -> None:
        """Gives the interpreter back; called by the server, in a thread of its own or in its loop."""
        if self._loop is None:
            return
        try:
            inside = asyncio.get_running_loop() is self._loop
        except RuntimeError:
            inside = False
        if inside:
            self._closing = self._loop.create_task(self._env.close())
        else:
            asyncio.run_coroutine_threadsafe(self._env.close(), self._loop).result(_CLOSE_SECONDS)


class PyInterpClient(EnvClient[PyInterpAction, PyInterpObservation, PyInterpState]):  # type: ignore[misc]
    """One session, over a socket; `reset` also takes `task`, the id of one."""

    def _step_payload(self, action: PyInterpAction) -> dict[str, Any]:
        return dict(action.model_dump())

    def _parse_result(self, payload: dict[str, Any]) -> StepResult:
        reward, done = payload.get("reward"), bool(payload.get("done"))
        observation = PyInterpObservation(**payload["observation"], reward=reward, done=done)
        return StepResult(observation=observation, reward=reward, done=done)

    def _parse_state(self, payload: dict[str, Any]) -> PyInterpState:
        return PyInterpState(**payload)


def make_app(*, sessions: int = 16, **settings: Any) -> FastAPI:
    """Makes the server's application; nothing starts yet, and all ends with it.

    Args:
        sessions: Connections at once, each with an interpreter at most; more are refused.
        **settings: Fields of `EnvConfig`.

    Returns:
        An ASGI application; `app.state.pool` are its interpreters.

    Raises:
        ConfigError: If a setting is not allowed.
    """
    config = EnvConfig(**settings)
    tasks = config.load_tasks()
    pool: KernelPool = config.make_pool(size=sessions, warm=1)
    judge: Judge = config.make_judge()
    app: FastAPI = create_app(
        partial(_session, config, pool=pool, judge=judge, tasks=tasks),
        PyInterpAction,
        PyInterpObservation,
        env_name="PyInterp-v0",
        max_concurrent_envs=sessions,
        state_cls=PyInterpState,
    )
    inner = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        try:
            async with inner(app):
                yield
        finally:
            await pool.close()
            await judge.close()

    app.router.lifespan_context = lifespan
    app.state.pool = pool
    return app


def _session(config: EnvConfig, **shared: Any) -> PyInterpEnvironment:
    return PyInterpEnvironment(AsyncInterpreterEnv(config, **shared))

"""What the tools of one sample act on: an episode of `PyInterp-v0`, or an interpreter without a task.

A machine that breaks raises, which inspect takes for an error of the sample: it is no wrong answer.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from inspect_ai.tool import ToolError
from inspect_ai.util import store_as

from ....envs.async_interpreter_env import AsyncInterpreterEnv, EndReason, StepResult
from ....envs.interpreter_lease import InterpreterLease
from ....envs.task import Task
from ....rewards.episode_facts import TokenFacts
from ....tools.debugger.debug_session import DebugSession
from ....tools.formats.native_calls import NativeCall, with_calls
from ....tools.interpreter_session import InterpreterSession
from ....tools.tool_call import ToolCall
from ....tools.tool_mode import ToolMode
from ....tools.toolbox import Toolbox
from ...policies.native_tools import plain_messages
from .episode_record import EpisodeRecord
from .workshop import Workshop

_PATIENCE = 60.0


class EpisodeFailedError(RuntimeError):
    """The machine failed the episode; the sample has no score and can be tried again."""


class Play(Protocol):
    """What a sample does with its interpreters."""

    async def call(self, tool: str, arguments: Mapping[str, Any]) -> str:
        """Carries one call out; gives what the model is told."""
        ...

    async def settle(self) -> None:
        """Leaves the sandbox's interpreter free for a command."""
        ...

    async def close(self) -> None:
        """Gives the interpreters back; idempotent."""
        ...


class FreePlay:
    """Cells and a debugger without a task, in the interpreter of the sandbox.

    Args:
        workshop: Has the debugger's interpreter.
        lease: Has the sandbox's interpreter.
    """

    def __init__(self, workshop: Workshop, lease: InterpreterLease) -> None:
        config = workshop.config
        self._debug = InterpreterLease(workshop.pool, deadline=math.inf, patience=_PATIENCE)
        debugger = DebugSession(
            self._debug, seconds=config.cell_timeout, deadline=math.inf, limit=config.observation_limit
        )
        self._session = InterpreterSession(
            lease, cell_timeout=config.cell_timeout, submit=False, debugger=debugger
        )
        self._toolbox = Toolbox(mode=ToolMode.DEBUGGER, observation_limit=config.observation_limit)

    async def call(self, tool: str, arguments: Mapping[str, Any]) -> str:
        """Carries one call out; what is handed in is kept in the sample's store.

        Raises:
            KernelError: If the machine failed.
        """
        seen = await self._toolbox.carry_out(ToolCall(tool, arguments), self._session)
        if self._session.submission is not None:
            store_as(EpisodeRecord).submission = self._session.submission
        return seen.text

    async def settle(self) -> None:
        """Ends a cell that waits for input.

        Raises:
            KernelError: If the machine failed.
        """
        if self._session.is_waiting:
            await self._session.run("")

    async def close(self) -> None:
        """Gives the debugger's interpreter back; idempotent."""
        await self._debug.end()


class EpisodePlay:
    """One episode of a task; what comes of it is written to the sample's store.

    Args:
        workshop: Has interpreters and judge.
        task: The task.
    """

    def __init__(self, workshop: Workshop, task: Task) -> None:
        self._env = AsyncInterpreterEnv(workshop.config, pool=workshop.pool, judge=workshop.judge)
        self._task = task
        self.over = False
        """Whether the episode has ended."""
        self.tokens = TokenFacts()
        """How long the message is that is played."""

    async def begin(self) -> None:
        """Starts the episode; its interpreter starts with the first cell."""
        await self._env.reset(task=self._task)

    async def call(self, tool: str, arguments: Mapping[str, Any]) -> str:
        """Plays one call.

        Raises:
            EpisodeFailedError: If the machine failed.
            ToolError: If the episode is over; the model is told.
        """
        if self.over:
            raise ToolError("the task is over; nothing was run")
        message = with_calls("", [NativeCall("call", tool, json.dumps(arguments))])
        return self._taken(await self._step(message)).observation

    async def say(self, text: str) -> Sequence[str]:
        """Plays a message without calls that inspect knows of; gives the answers to it.

        Raises:
            EpisodeFailedError: If the machine failed.
        """
        turn = self._taken(await self._step(text)).info["turn"]
        told = self._env.parser.observations(turn.answers, turn.protocol)
        return [message["content"] for message in plain_messages(told)]

    async def end(self, reason: EndReason) -> None:
        """Ends the episode from outside."""
        self._taken(await self._env.end(reason))

    async def settle(self) -> None:
        """Does nothing: an episode has an interpreter of its own."""

    async def close(self) -> None:
        """Gives the interpreters back; idempotent."""
        await self._env.close()

    async def _step(self, text: str) -> StepResult:
        """Plays one turn; of several calls in a message, the first one has all its tokens."""
        tokens, more = self.tokens, None if self.tokens.message is None else 0
        self.tokens = TokenFacts(more)
        return await self._env.step(text, tokens=tokens)

    def _taken(self, step: StepResult) -> StepResult:
        if step.info["failure"] is not None:
            self.over = True
            raise EpisodeFailedError(step.info["failure_message"])
        if step.info["stop"] is not None:
            self.over = True
            store_as(EpisodeRecord).take(step)
        return step

"""The sandbox `replgym`: an isolated interpreter for each sample, with a workspace, commands and files.

Its interpreter starts with the first command, file or cell, and ends with the sample, however that ends.
Commands run where cells run, so inspect's own `bash()` and `python()` see the files of
`python_interpreter()`.
"""

from __future__ import annotations

import math
from typing import Any, Literal, overload

from inspect_ai.util import (
    ExecResult,
    OutputLimitExceededError,
    SandboxEnvironment,
    SandboxEnvironmentLimits,
    SandboxUserUnsupportedError,
    sandboxenv,
)
from pydantic import BaseModel

from ....envs.async_interpreter_env import UnknownTaskError
from ....envs.interpreter_lease import InterpreterLease
from .commands import Commands
from .interpreter_settings import InterpreterSettings
from .plays import EpisodePlay, FreePlay, Play
from .prerequisites import told_in_one_line
from .workshop import Workshop

_PATIENCE = 60.0


@sandboxenv(name="replgym")
class ReplgymSandbox(SandboxEnvironment):  # type: ignore[misc]
    """The sandbox of one sample."""

    def __init__(self, workshop: Workshop) -> None:
        """Starts nothing yet."""
        super().__init__()
        self.workshop = workshop
        self._seconds = workshop.config.episode_timeout
        self._lease = InterpreterLease(workshop.pool, deadline=math.inf, patience=_PATIENCE)
        self._commands = Commands(self._lease)
        self.play: Play = FreePlay(workshop, self._lease)
        """What the tools of the sample act on."""

    async def begin(self, task_id: str) -> EpisodePlay:
        """Starts the episode of a task, on which the tools act from now on.

        Raises:
            UnknownTaskError: If the settings have no such task.
        """
        tasks = self.workshop.settings.tasks
        if task_id not in tasks:
            raise UnknownTaskError(f"the sandbox has no task {task_id!r}; play_episode is for pyinterp")
        await self.play.close()
        self.play = play = EpisodePlay(self.workshop, tasks[task_id])
        await play.begin()
        return play

    async def close(self) -> None:
        """Ends all interpreters of the sample; idempotent."""
        try:
            await self.play.close()
        finally:
            await self._lease.end()

    async def exec(
        self,
        cmd: list[str],
        input: str | bytes | None = None,
        cwd: str | None = None,
        env: dict[str, str] | None = None,
        user: str | None = None,
        timeout: int | None = None,
        timeout_retry: bool = True,
        concurrency: bool = True,
    ) -> ExecResult[str]:
        """Runs a command; see `SandboxEnvironment.exec`. Without a timeout it has that of an episode."""
        if user is not None:
            raise SandboxUserUnsupportedError(f"user={user!r}: an interpreter has one user; leave it out")
        await self.play.settle()
        answer, out, err = await self._commands.execute(
            cmd,
            _bytes(input or b""),
            cwd=cwd,
            env=env or {},
            timeout=self._seconds if timeout is None else timeout,
            limit=SandboxEnvironmentLimits.MAX_EXEC_OUTPUT_SIZE,
        )
        stdout, stderr = out.decode(errors="replace"), err.decode(errors="replace")
        if answer.cut:
            raise OutputLimitExceededError(
                SandboxEnvironmentLimits.MAX_EXEC_OUTPUT_SIZE_STR, stdout or stderr
            )
        return ExecResult(answer.returncode == 0, answer.returncode, stdout, stderr)

    async def write_file(self, file: str, contents: str | bytes) -> None:
        """Writes a file; see `SandboxEnvironment.write_file`."""
        await self.play.settle()
        await self._commands.write(file, _bytes(contents), seconds=self._seconds)

    @overload
    async def read_file(self, file: str, text: Literal[True] = True) -> str: ...

    @overload
    async def read_file(self, file: str, text: Literal[False]) -> bytes: ...

    async def read_file(self, file: str, text: bool = True) -> str | bytes:
        """Reads a file; see `SandboxEnvironment.read_file`."""
        await self.play.settle()
        limit = SandboxEnvironmentLimits.MAX_READ_FILE_SIZE
        data = await self._commands.read(file, limit=limit, seconds=self._seconds)
        if data is None:
            raise OutputLimitExceededError(SandboxEnvironmentLimits.MAX_READ_FILE_SIZE_STR, None)
        return data.decode() if text else data

    def default_polling_interval(self) -> float:
        """Seconds between looks at a service; a request takes milliseconds."""
        return 0.2

    @classmethod
    def config_deserialize(cls, config: dict[str, Any]) -> BaseModel:
        """The configuration of a log."""
        return InterpreterSettings.checked(config)

    @classmethod
    async def task_init(cls, task_name: str, config: BaseModel | str | None) -> None:
        """Opens what the samples share.

        Raises:
            PrerequisiteError: If a setting is not allowed.
        """
        with told_in_one_line():
            Workshop.open(InterpreterSettings.read(config))

    @classmethod
    async def sample_init(
        cls, task_name: str, config: BaseModel | str | None, metadata: dict[str, str]
    ) -> dict[str, SandboxEnvironment]:
        """The sandbox of a sample."""
        return {"default": cls(Workshop.find(InterpreterSettings.read(config)))}

    @classmethod
    async def sample_cleanup(
        cls,
        task_name: str,
        config: BaseModel | str | None,
        environments: dict[str, SandboxEnvironment],
        interrupted: bool,
    ) -> None:
        """Ends the interpreters of a sample."""
        for environment in environments.values():
            await environment.as_type(cls).close()

    @classmethod
    async def task_cleanup(cls, task_name: str, config: BaseModel | str | None, cleanup: bool) -> None:
        """Ends what the samples share, also without `cleanup`: no interpreter outlives its process."""
        await Workshop.find(InterpreterSettings.read(config)).close()


def _bytes(contents: str | bytes) -> bytes:
    return contents.encode() if isinstance(contents, str) else contents

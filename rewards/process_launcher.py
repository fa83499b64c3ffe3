"""How the judge gets its processes: the seam behind which a stronger sandbox fits."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol


class LaunchedProcess(Protocol):
    """A process that somebody launched."""

    pid: int

    def kill(self) -> None:
        """Kills the process and what it started; idempotent."""
        ...

    async def wait(self, timeout: float) -> int | None:
        """Waits until the process is gone and returns its exit code, if known; raises `TimeoutError`."""
        ...


class ProcessLauncher(Protocol):
    """Starts processes that run `module:function` with one JSON argument."""

    async def folder(self) -> Path:
        """A folder for the working directories of candidates; starts the launcher when needed."""
        ...

    async def launch(self, target: str, argument: dict[str, object], fds: Sequence[int]) -> LaunchedProcess:
        """Starts a process that finds `fds` at 3, 4, …, its standard streams at `/dev/null`.

        Raises:
            OSError: If the machine cannot.
            KernelError: If the machinery cannot.
        """
        ...

    async def close(self) -> None:
        """Ends everything it launched; idempotent."""
        ...

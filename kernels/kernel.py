"""The seam between everything that runs code and everything that runs interpreters.

One kernel serves one episode and is closed with it; there is no reset, because a fresh interpreter costs as
little and leaks nothing. Every call returns by its deadline, whatever the code in the kernel does.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from .capabilities import Capabilities
from .cell_result import CellResult


@runtime_checkable
class Kernel(Protocol):
    """One stateful Python interpreter."""

    @property
    def capabilities(self) -> Capabilities:
        """What its back end promises on this machine."""
        ...

    async def execute(self, code: str, *, timeout: float) -> CellResult:
        """Runs a cell.

        A cell that overruns is interrupted and keeps its variables. Only if it will not stop is the
        interpreter killed and replaced by a fresh one, and then the result has `state_lost=True`. A dead
        interpreter is likewise reported (`status="died"`) and replaced. A cell that asks for input returns
        `status="awaiting_input"`; continue it with `reply`. A call to `execute` while a cell waits for
        input interrupts that cell first.

        Args:
            code: Python source of the cell, IPython syntax allowed.
            timeout: Seconds of wall clock for the cell; time spent waiting for `reply` is not counted.

        Raises:
            KernelClosedError: If the kernel was closed.
            KernelStartError: If a replacement interpreter could not be started.
        """
        ...

    async def reply(self, text: str, *, timeout: float) -> CellResult:
        """Answers the input prompt of the waiting cell and runs on; returns only what came after the prompt.

        Raises:
            RuntimeError: If no cell waits for input.
        """
        ...

    async def interrupt(self) -> None:
        """Sends SIGINT to the running cell; does nothing when idle."""
        ...

    async def restart(self) -> None:
        """Replaces the interpreter by a fresh one."""
        ...

    async def fork(self) -> Kernel:
        """Clones the interpreter: variables, history and workspace files, each independent from now on.

        A cell that waits for input is interrupted first. The caller owns the clone and closes it.

        Raises:
            UnsupportedError: If the back end cannot, with the name of one that can.
            ForkRefusedError: If the interpreter holds what a copy cannot share, such as threads, connections
                or a GPU; the message names it. The interpreter is as before.
        """
        ...

    async def write_file(self, path: str, data: bytes) -> None:
        """Puts a regular file into the workspace, which is the working directory of the first cell.

        Args:
            path: Relative path; folders above it are made.
            data: Its content.

        Raises:
            WorkspaceError: If the path leaves the workspace or meets a link, or the file does not fit.
        """
        ...

    async def read_file(self, path: str, *, limit: int = 16 << 20) -> bytes:
        """Gets a regular file from the workspace.

        Args:
            path: Relative path.
            limit: The most bytes to accept.

        Raises:
            WorkspaceError: If there is no such regular file, it is larger, or a link is in its path.
        """
        ...

    def is_alive(self) -> bool:
        """Whether the interpreter's process runs."""
        ...

    async def close(self) -> None:
        """Kills the interpreter and everything it started; idempotent."""
        ...

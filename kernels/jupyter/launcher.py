"""The seam between a kernel and the way its process comes to be."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from ..workspace import Workspace


class KernelProcess(Protocol):
    """A running process that can be watched, signalled and killed with all that it started."""

    @property
    def pid(self) -> int:
        """The number of the process."""
        ...

    def is_alive(self) -> bool:
        """Whether it runs."""
        ...

    async def exited(self) -> None:
        """Returns as soon as it is dead."""
        ...

    def why_lost(self) -> str:
        """What the host knows of why it ended; see `Interpreter.why_lost`."""
        ...

    async def wait(self, timeout: float) -> int | None:
        """Waits until it is gone; raises TimeoutError when it is not."""
        ...

    def signal_group(self, number: int) -> None:
        """Signals it and its process group."""
        ...

    def kill(self) -> None:
        """Kills it and what it started; idempotent."""
        ...


@dataclass(frozen=True, slots=True)
class KernelOptions:
    """What the process of a kernel is started with."""

    folder: Path
    """Private to this process; its sockets and its connection file lie here."""
    connection_file: Path
    output_limit: int = 1 << 16
    cwd: Path | None = None
    env: dict[str, str] = field(default_factory=dict)
    seed: int | None = None
    """The random state to start in."""


class Launcher(Protocol):
    """Starts the processes of kernels."""

    @property
    def can_preload(self) -> bool:
        """Whether modules are imported once for all kernels."""
        ...

    async def make_folder(self) -> Path:
        """Makes a private folder for one kernel, on a short path."""
        ...

    async def launch(self, options: KernelOptions, timeout: float) -> KernelProcess:
        """Starts a kernel and returns when it listens.

        Raises:
            KernelStartError: If it does not within `timeout` seconds.
        """
        ...

    def address(self, options: KernelOptions) -> str:
        """What the paths of a launched kernel's sockets begin with, seen from the host."""
        ...

    def open_workspace(self, options: KernelOptions) -> Workspace:
        """The workspace of a launched kernel, for the caller to close."""
        ...

    async def remove_folder(self, folder: Path) -> None:
        """Removes the folder of a kernel, whose process is gone or was never launched; idempotent."""
        ...

    async def close(self) -> None:
        """Ends everything that it launched; idempotent."""
        ...

"""A process that a fork server made, seen from the host.

The server opened its descriptor before it could collect the process.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable

from ..inside.keeper import PIN
from .watched_process import WatchedProcess


class ForkedChild:
    """One forked process.

    Args:
        pid: Its number for the server, which may count its own.
        pidfd: Its descriptor, which belongs to this object from now on.
        send_signal: Has the server signal it and its process group; False when there is no server.
        ends_all: Whether the operating system ends with it whatever it started.
    """

    def __init__(
        self, pid: int, pidfd: int, send_signal: Callable[[int, int], bool], *, ends_all: bool
    ) -> None:
        self.pid = pid
        self._ends_all = ends_all
        self.returncode: int | None = None
        self._process = WatchedProcess(pidfd, self._let_go_of_kernel)
        self._send_signal = send_signal
        self._kernel: WatchedProcess | None = None
        self._pinned = False
        self._settled = asyncio.Event()

    @property
    def host_pid(self) -> int:
        """Its number among the host's processes; -1 when it is dead."""
        return self._process.pid

    @property
    def kernel_pid(self) -> int:
        """The number of the kernel that it keeps among the host's processes; -1 when that is dead."""
        return self._kernel.pid if self._kernel is not None else -1

    def follow(self, kernel: int) -> None:
        """Ties a keeper to its kernel: when the kernel dies, so does the keeper, unless it is pinned.

        Args:
            kernel: The pidfd of the kernel's process; belongs to this object from now on.
        """
        self._kernel = WatchedProcess(kernel, self._on_kernel_exit)

    def pin(self) -> None:
        """Has a keeper outlive its kernel, because a copy of the kernel still lives below it."""
        self._pinned = True
        self.signal(PIN)

    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self._process.is_alive()

    async def exited(self) -> None:
        """Returns as soon as the process is dead."""
        await self._process.exited()

    def why_lost(self) -> str:
        """Why it ended: nothing is known."""
        return ""

    async def wait(self, timeout: float) -> int | None:
        """Waits until the process and everything it started are gone.

        Args:
            timeout: The longest wait, in seconds.

        Returns:
            The exit code (minus the signal's number for a signal), or None when it is not known.

        Raises:
            TimeoutError: If the process still runs.
        """
        async with asyncio.timeout(timeout):
            await self._settled.wait()
        return self.returncode

    def signal(self, number: int) -> None:
        """Sends a signal to the process alone; does nothing when it is dead."""
        self._process.signal(number)

    def signal_group(self, number: int) -> None:
        """Sends a signal to the process and to its process group, or to those of the kernel that it keeps."""
        if self._kernel is not None:
            self._kernel.signal_group(number)
        elif self.is_alive() and not self._send_signal(self.pid, number):
            self.signal(number)

    def kill(self) -> None:
        """Kills the process and whatever it started; idempotent. `wait` tells when all is gone."""
        if self._ends_all:
            self.signal(signal.SIGKILL)
        elif self.is_alive():
            # A dead server takes no orphans: then a keeper has the time to kill them itself. Others are dead.
            takes_orphans = self._send_signal(self.pid, signal.SIGKILL)
            self.signal(signal.SIGKILL if takes_orphans else signal.SIGTERM)

    def settle(self, returncode: int | None) -> None:
        """Called by the server's client: the process was collected, its orphans are gone."""
        self.returncode = returncode
        self._process.close()
        self._let_go_of_kernel()
        self._settled.set()

    def _on_kernel_exit(self) -> None:
        self._kernel = None
        if not self._pinned:
            self.kill()

    def _let_go_of_kernel(self) -> None:
        kernel, self._kernel = self._kernel, None
        if kernel is not None:
            kernel.close()

"""A process that a fork server made, seen from the host.

It is known by a pidfd that the server opened before it could collect the process, so a signal never hits a
stranger that got the same number.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import signal
from collections.abc import Callable
from pathlib import Path

from ..inside.keeper import PIN


class ForkedChild:
    """One forked process."""

    def __init__(self, pid: int, pidfd: int, send_signal: Callable[[int, int], bool]) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._pidfd = pidfd
        self._send_signal = send_signal
        self._kernel: int | None = None
        self._pinned = False
        self._dead = asyncio.Event()
        self._settled = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(pidfd, self._on_exit)

    @property
    def host_pid(self) -> int:
        """Its number among the host's processes, also when the server counts its own; -1 when it is dead."""
        return -1 if self._dead.is_set() else _pid_of(self._pidfd)

    def follow(self, kernel: int) -> None:
        """Ties a keeper to its kernel: when the kernel dies, so does the keeper, unless it is pinned.

        Args:
            kernel: The pidfd of the kernel's process; belongs to this object from now on.
        """
        self._kernel = kernel
        self._loop.add_reader(kernel, self._on_kernel_exit)

    def pin(self) -> None:
        """Has a keeper outlive its kernel, because a copy of the kernel still lives below it."""
        self._pinned = True
        self.signal(PIN)

    def is_alive(self) -> bool:
        """Whether the process runs; asks the operating system, not a memory of it."""
        if self._dead.is_set():
            return False
        poll = select.poll()
        poll.register(self._pidfd, select.POLLIN)
        if poll.poll(0):
            self._on_exit()
            return False
        return True

    async def exited(self) -> None:
        """Returns as soon as the process is dead."""
        await self._dead.wait()

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
        if not self._dead.is_set():
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, number)

    def signal_group(self, number: int) -> None:
        """Sends a signal to the process and to its process group, or to those of the kernel that it keeps."""
        if self._kernel is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                if (kernel := _pid_of(self._kernel)) > 0:
                    os.killpg(kernel, number)
        elif self.is_alive() and not self._send_signal(self.pid, number):
            self.signal(number)

    def kill(self) -> None:
        """Kills the process and whatever it started; idempotent. `wait` tells when all is gone."""
        if self.is_alive():
            # A dead server takes no orphans: then a keeper has the time to kill them itself. Others are dead.
            takes_orphans = self._send_signal(self.pid, signal.SIGKILL)
            self.signal(signal.SIGKILL if takes_orphans else signal.SIGTERM)

    def settle(self, returncode: int | None) -> None:
        """Called by the server's client: the process was collected, its orphans are gone."""
        self.returncode = returncode
        self._on_exit()
        self._settled.set()

    def _on_kernel_exit(self) -> None:
        self._let_go_of_kernel()
        if not self._pinned:
            self.kill()

    def _let_go_of_kernel(self) -> None:
        kernel, self._kernel = self._kernel, None
        if kernel is not None:
            self._loop.remove_reader(kernel)
            os.close(kernel)

    def _on_exit(self) -> None:
        if not self._dead.is_set():
            self._dead.set()
            self._loop.remove_reader(self._pidfd)
            os.close(self._pidfd)
            self._let_go_of_kernel()


def _pid_of(pidfd: int) -> int:
    """The number of a process among the host's, -1 when it is dead."""
    lines = Path(f"/proc/self/fdinfo/{pidfd}").read_text().splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("Pid:")), -1)

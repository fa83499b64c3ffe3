"""The process of one shell, seen from the host."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import signal
from pathlib import Path


class FamilyMember:
    """A process that is not ours, known by a descriptor.

    Args:
        pid: Its number, attested a moment ago.

    Raises:
        OSError: If there is no such process.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._pidfd = os.pidfd_open(pid)
        self._dead = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._pidfd, self._on_exit)

    def parent(self) -> int:
        """The number of its parent; -1 when it is gone."""
        try:
            return int(Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError):
            return -1

    def is_alive(self) -> bool:
        """Whether it runs."""
        if self._dead.is_set():
            return False
        poll = select.poll()
        poll.register(self._pidfd, select.POLLIN)
        if poll.poll(0):
            self._on_exit()
            return False
        return True

    async def exited(self) -> None:
        """Returns as soon as it is dead."""
        await self._dead.wait()

    def interrupt(self) -> None:
        """Sends SIGINT to it and to its process group."""
        if self.is_alive():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGINT)

    def kill(self) -> None:
        """Kills it alone; idempotent."""
        if self.is_alive():
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)

    def close(self) -> None:
        """Lets go of it; idempotent."""
        self._dead.set()
        pidfd, self._pidfd = self._pidfd, -1
        if pidfd >= 0:
            self._loop.remove_reader(pidfd)
            os.close(pidfd)

    def _on_exit(self) -> None:
        self._dead.set()
        self._loop.remove_reader(self._pidfd)

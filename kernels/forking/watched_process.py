"""A process that is known by a descriptor: no signal ever hits a stranger that got the same number."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import signal
from collections.abc import Callable
from pathlib import Path


class WatchedProcess:
    """A process on this machine, not necessarily a child.

    Args:
        pidfd: Its descriptor, which belongs to this object from now on.
        on_exit: Called once, when it is found dead, unless `close` came before.
    """

    def __init__(self, pidfd: int, on_exit: Callable[[], None] | None = None) -> None:
        self._pidfd = pidfd
        self._on_exit = on_exit
        self._dead = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(pidfd, self._notice)

    @property
    def pid(self) -> int:
        """Its number among the host's processes, whatever it is for itself; -1 when it is dead."""
        if self._pidfd < 0:
            return -1
        lines = Path(f"/proc/self/fdinfo/{self._pidfd}").read_text().splitlines()
        return next((int(line.split()[1]) for line in lines if line.startswith("Pid:")), -1)

    def is_alive(self) -> bool:
        """Whether it runs; asks the operating system, not a memory of it."""
        if self._pidfd < 0:
            return False
        poll = select.poll()
        poll.register(self._pidfd, select.POLLIN)
        if poll.poll(0):
            self._notice()
        return not self._dead.is_set()

    async def exited(self) -> None:
        """Returns as soon as it is dead or let go of."""
        await self._dead.wait()

    def signal(self, number: int) -> None:
        """Sends a signal to it alone; does nothing when it is dead."""
        if self._pidfd >= 0:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                signal.pidfd_send_signal(self._pidfd, number)

    def signal_group(self, number: int) -> None:
        """Sends a signal to the process group that it leads; does nothing when it is dead."""
        if (pid := self.pid) > 0:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, number)

    def close(self) -> None:
        """Lets go of it; idempotent."""
        self._dead.set()
        pidfd, self._pidfd = self._pidfd, -1
        if pidfd >= 0:
            self._loop.remove_reader(pidfd)
            os.close(pidfd)

    def _notice(self) -> None:
        if self._pidfd < 0:
            return
        self.close()
        if self._on_exit is not None:
            self._on_exit()

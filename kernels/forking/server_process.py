"""The process of a fork server as its client sees it, wherever it runs."""

from __future__ import annotations

import asyncio
import contextlib
import os
from typing import Protocol


class ServerProcess(Protocol):
    """A process that ends by itself when its control socket is closed."""

    @property
    def pid(self) -> int:
        """Its number."""
        ...

    def is_alive(self) -> bool:
        """Whether it runs, as far as is known at once; the control socket tells its death in any case."""
        ...

    async def end(self) -> None:
        """Returns when it is gone, and sees to it that it goes; its socket is closed already."""
        ...


class LocalServerProcess:
    """A child of this process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    def is_alive(self) -> bool:
        """Whether it runs; asks the operating system, which knows of its death before the event loop."""
        if self._process.returncode is not None:
            return False
        try:
            return os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
        except ChildProcessError:  # it is waited for already
            return False

    async def end(self) -> None:
        """Waits for its end, and kills it when that takes too long."""
        try:
            async with asyncio.timeout(10.0):
                await self._process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

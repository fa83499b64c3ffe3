"""Launches judge processes from a warm fork server that serves the judge alone."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

from ..kernels.forking.fork_server import ForkServer
from .process_launcher import LaunchedProcess

PROJECT_ROOT = Path(__file__).absolute().parents[2]
_PRELOAD = ("replgym.rewards.candidate_process", "replgym.rewards.examiner_process")


class ForkLauncher:
    """Starts its server at the first use, and another one when that one died."""

    def __init__(self) -> None:
        self._server: ForkServer | None = None
        self._starting = asyncio.Lock()
        self._closed = False

    async def folder(self) -> Path:
        """A folder that the server removes with itself."""
        return (await self._running()).folder

    async def launch(self, target: str, argument: dict[str, object], fds: Sequence[int]) -> LaunchedProcess:
        """Forks a process; see `ProcessLauncher`."""
        return await (await self._running()).fork(target, argument, fds=fds)

    async def close(self) -> None:
        """Ends the server and all its children; idempotent."""
        self._closed = True
        async with self._starting:
            if self._server is not None:
                await self._server.close()
                self._server = None

    async def _running(self) -> ForkServer:
        async with self._starting:
            if self._closed:
                raise OSError("the judge is closed")
            if self._server is not None and not self._server.is_alive():
                await self._server.close()
                self._server = None
            if self._server is None:
                known = os.environ.get("PYTHONPATH")
                path = os.pathsep.join([str(PROJECT_ROOT), *([known] if known else [])])
                self._server = await ForkServer.start(_PRELOAD, env={"PYTHONPATH": path})
                # A candidate under a user of its own must reach its working folder, and not list the others.
                self._server.folder.chmod(0o711)
            return self._server

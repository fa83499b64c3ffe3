"""Launches judge processes as plain new interpreters: slower than forking, and works wherever Python does.

When the host is killed, its processes end with their sockets or by the parent-death signal, but working
folders stay behind; the fork launcher has no such gap.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from .fork_launcher import PROJECT_ROOT
from .process_launcher import LaunchedProcess

_BOOT = """
import fcntl, importlib, json, os, sys
path, target, argument, fds = json.loads(sys.argv[1])
high = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 100) for fd in fds]
for place, fd in enumerate(high):
    os.dup2(fd, 3 + place, inheritable=False)
os.closerange(3 + len(fds), max(high) + 1)
sys.path[:] = path
module, _, function = target.partition(":")
getattr(importlib.import_module(module), function)(argument)
"""


class SpawnLauncher:
    """Starts one interpreter for every process."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._alive: set[_SpawnedProcess] = set()
        self._closed = False

    async def folder(self) -> Path:
        """A temporary folder that lives until `close`."""
        if self._closed:
            raise OSError("the judge is closed")
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="replgym-judge-"))
            self._folder.chmod(0o711)
        return self._folder

    async def launch(self, target: str, argument: dict[str, object], fds: Sequence[int]) -> LaunchedProcess:
        """Starts an interpreter; see `ProcessLauncher`."""
        if self._closed:
            raise OSError("the judge is closed")
        path = [str(PROJECT_ROOT), *filter(os.path.isabs, sys.path)]
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            "-c",
            _BOOT,
            json.dumps([path, target, argument, list(fds)]),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            pass_fds=tuple(fds),
            start_new_session=True,
            env={},
        )
        launched = _SpawnedProcess(process)
        self._alive = {other for other in self._alive if other.is_alive()} | {launched}
        return launched

    async def close(self) -> None:
        """Kills every process and removes the folder; idempotent."""
        self._closed = True
        for process in self._alive:
            process.kill()
        for process in self._alive:
            with contextlib.suppress(TimeoutError):
                await process.wait(10.0)
        self._alive.clear()
        if self._folder is not None:
            await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)
            self._folder = None


class _SpawnedProcess:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.pid = process.pid
        self._process = process

    def is_alive(self) -> bool:
        return self._process.returncode is None

    def kill(self) -> None:
        # Not `Process.kill`: it collects the exit code behind the back of the event loop.
        if self.is_alive():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)

    async def wait(self, timeout: float) -> int | None:
        async with asyncio.timeout(timeout):
            return await self._process.wait()

"""Kernels as plain new processes: slower to start, and at home on any platform with Unix sockets."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import sys
from pathlib import Path

from ..clean_environment import clean_environment
from ..inside import FOLDER, claimed_folder
from ..kernel_error import KernelClosedError, KernelStartError
from ..process_tree import kill_below
from ..workspace import Workspace
from .launcher import KernelOptions, KernelProcess
from .ready_signal import ReadySignal


class SpawnedChild:
    """A subprocess that leads a session of its own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.pid = process.pid

    def is_alive(self) -> bool:
        """Whether it runs."""
        return self._process.returncode is None

    async def exited(self) -> None:
        """Returns as soon as it is dead."""
        await self._process.wait()

    def why_lost(self) -> str:
        """Why it ended: nothing is known."""
        return ""

    async def wait(self, timeout: float) -> int | None:
        """Waits for the exit code."""
        async with asyncio.timeout(timeout):
            return await self._process.wait()

    def signal_group(self, number: int) -> None:
        """Signals it and its process group."""
        if self.is_alive():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number)

    def kill(self) -> None:
        """Kills it, its group and its descendants; idempotent."""
        if not self.is_alive():
            return
        self.signal_group(signal.SIGSTOP)
        kill_below(self.pid)
        self.signal_group(signal.SIGKILL)


class SpawnLauncher:
    """Starts a new interpreter process for every kernel."""

    def __init__(self) -> None:
        self._folders: set[Path] = set()
        self._children: set[SpawnedChild] = set()
        self._closed = False

    can_preload = False

    async def make_folder(self) -> Path:
        """Makes a folder, which ends with its kernel, or with `close`."""
        if self._closed:
            raise KernelClosedError("the launcher was closed")
        if not self._folders:
            await asyncio.to_thread(claimed_folder.sweep)
        folder = claimed_folder.make()
        self._folders.add(folder)
        return folder

    async def launch(self, options: KernelOptions, timeout: float) -> KernelProcess:
        """Starts a kernel and waits until it listens."""
        ready = ReadySignal()
        argument = {
            "folder": str(options.folder),
            "connection_file": str(options.connection_file),
            "output_limit": options.output_limit,
            "seed": options.seed,
            "ready_fd": ready.child_fd,
        }
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",
                str(FOLDER),
                "spawned_kernel:run",
                json.dumps(argument),
                stdin=asyncio.subprocess.PIPE,  # held open: its end is ours
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
                pass_fds=(ready.child_fd,),
                start_new_session=True,
                cwd=options.cwd,
                env=clean_environment(options.folder, options.env),
            )
            child = SpawnedChild(process)
            self._children = {known for known in self._children if known.is_alive()} | {child}
            await ready.wait(child, timeout)
        except OSError as error:
            raise KernelStartError(f"the kernel's process did not start: {error}") from error
        finally:
            ready.close()
        return child

    def address(self, options: KernelOptions) -> str:
        """In the kernel's folder."""
        return f"{options.folder}/s"

    def open_workspace(self, options: KernelOptions) -> Workspace:
        """The kernel's working directory."""
        return Workspace(options.cwd or options.folder)

    async def remove_folder(self, folder: Path) -> None:
        """Removes the folder of a kernel."""
        self._folders.discard(folder)
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def close(self) -> None:
        """Kills what it started and removes its folders; idempotent."""
        self._closed = True
        for child in self._children:
            child.kill()
            with contextlib.suppress(TimeoutError):
                await child.wait(5.0)
        self._children.clear()
        for folder in self._folders:
            shutil.rmtree(folder, ignore_errors=True)
        self._folders.clear()

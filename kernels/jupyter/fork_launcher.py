"""Kernels forked from a warm server: real ipykernels that are ready in a tenth of the usual time."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ..forking.fork_server import ForkServer
from ..kernel_error import KernelClosedError
from ..workspace import Workspace
from .launcher import KernelOptions, KernelProcess
from .ready_signal import ReadySignal


class ForkLauncher:
    """Owns one fork server, starts it on first use and again when it has died.

    Args:
        preload: Modules that every interpreter should have imported already, such as numpy.
    """

    def __init__(self, preload: Sequence[str] = ()) -> None:
        self._preload = tuple(preload)
        self._server: ForkServer | None = None
        self._lock = asyncio.Lock()
        self._closed = False

    can_preload = True

    async def server(self) -> ForkServer:
        """The running server."""
        async with self._lock:
            if self._closed:
                raise KernelClosedError("the launcher was closed")
            if self._server is None or not self._server.is_alive():
                if self._server is not None:
                    await self._server.close()
                self._server = await ForkServer.start(self._preload, warm_up=".kernel_process:warm")
            return self._server

    async def make_folder(self) -> Path:
        """Makes a folder inside the server's, which the server removes if we cannot."""
        server = await self.server()
        return Path(tempfile.mkdtemp(prefix="k", dir=server.folder))

    async def launch(self, options: KernelOptions, timeout: float) -> KernelProcess:
        """Forks a kernel and waits until it listens."""
        server = await self.server()
        ready = ReadySignal()
        try:
            child = await server.fork(
                ".kernel_process:run",
                {
                    "connection_file": str(options.connection_file),
                    "output_limit": options.output_limit,
                    "seed": options.seed,
                    "ready_fd": 3,
                },
                fds=[ready.child_fd],
                cwd=options.cwd,
                env=options.env,
                timeout=timeout,
            )
            await ready.wait(child, timeout)
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
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def close(self) -> None:
        """Ends the server and its children; idempotent."""
        async with self._lock:
            self._closed = True
            if self._server is not None:
                await self._server.close()

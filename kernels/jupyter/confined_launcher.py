"""Confined ipykernels, forked from a warm server.

Where a kernel has file systems of its own, its sockets lie in memory that no path of the host leads to; the
host reaches them through a descriptor of their folder.
"""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

from ..backend_options import BackendOptions
from ..forking.confined_fork import ConfinedFork
from ..inside.sandbox import Places
from ..isolation.confined_server import ConfinedKernel, ConfinedServer
from ..workspace import Workspace
from .launcher import KernelOptions, KernelProcess
from .ready_signal import ReadySignal


class ConfinedLauncher:
    """Launches from one server, which it owns.

    Args:
        options: How kernels are confined, and what they have imported already.
    """

    def __init__(self, options: BackendOptions) -> None:
        self.server = ConfinedServer(options, ".kernel_process:warm")
        self._kernels: dict[Path, ConfinedKernel] = {}

    can_preload = True

    async def make_folder(self) -> Path:
        """Makes a folder inside the server's."""
        return await self.server.make_folder()

    async def launch(self, options: KernelOptions, timeout: float) -> KernelProcess:
        """Forks a kernel and waits until it listens."""
        ready = ReadySignal()
        connection = json.loads(await asyncio.to_thread(options.connection_file.read_text))

        def argument(places: Places) -> dict[str, Any]:
            return {
                "connection_file": f"{places.run}/{options.connection_file.name}",
                "connection": {**connection, "ip": f"{places.run}/s"},
                "output_limit": options.output_limit,
                "seed": options.seed,
                "ready_fd": 3,
            }

        try:
            wanted = ConfinedFork(".kernel_process:run", argument, fds=[ready.child_fd], timeout=timeout)
            kernel = await self.server.fork(wanted, options.folder)
            self._kernels[options.folder] = kernel
            await ready.wait(kernel.keeper, timeout)
        finally:
            ready.close()
        return kernel.keeper

    def address(self, options: KernelOptions) -> str:
        """Leads through the descriptor of the folder."""
        return f"/proc/self/fd/{self._kernels[options.folder].child.run}/s"

    def open_workspace(self, options: KernelOptions) -> Workspace:
        """The kernel's working directory."""
        return self._kernels[options.folder].open_workspace()

    async def remove_folder(self, folder: Path) -> None:
        """Lets go of a kernel's folders."""
        kernel = self._kernels.pop(folder, None)
        if kernel is not None:
            await kernel.remove()
        else:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def close(self) -> None:
        """Ends the server and its kernels; idempotent."""
        await self.server.close()

"""Shells forked from one warm server on this machine."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from ..backend_options import BackendOptions
from ..capabilities import Capabilities, Feature, IsolationLevel
from ..forking.fork_server import ForkServer
from ..kernel_error import KernelClosedError, KernelStartError
from ..supervised_kernel import SupervisedKernel
from .shell_interpreter import ShellInterpreter

_FEATURES = frozenset(
    {Feature.FORK, Feature.FILES, Feature.PRELOAD, Feature.TRACED_DEATH, Feature.CAPPED_AT_SOURCE}
)


class ShellBackend:
    """Starts shells, and owns the server that they are forked from.

    Args:
        options: What every interpreter is told.
    """

    def __init__(self, options: BackendOptions) -> None:
        self._options = options
        self._server: ForkServer | None = None
        self._lock = asyncio.Lock()
        self._closed = False

    async def capabilities(self) -> Capabilities:
        """What its kernels promise on this machine."""
        return Capabilities("fork", IsolationLevel.LIMITS, frozenset(), _FEATURES)

    async def start_kernel(self) -> SupervisedKernel:
        """Starts one shell."""
        kernel = SupervisedKernel(self._launch, await self.capabilities(), setup=self._options.setup)
        return await kernel.start()

    async def close(self) -> None:
        """Ends the server and all shells; idempotent."""
        async with self._lock:
            self._closed = True
            if self._server is not None:
                await self._server.close()

    async def _launch(self) -> ShellInterpreter:
        server = await self._running_server()
        folder = Path(tempfile.mkdtemp(prefix="k", dir=server.folder))
        return await ShellInterpreter.start(server, folder, output_limit=self._options.output_limit)

    async def _running_server(self) -> ForkServer:
        """The server; started on first use and again when it has died."""
        if not sys.platform.startswith("linux"):
            raise KernelStartError("the back end 'fork' needs Linux; use backend='jupyter' here")
        async with self._lock:
            if self._closed:
                raise KernelClosedError("the back end was closed")
            if self._server is None or not self._server.is_alive():
                if self._server is not None:
                    await self._server.close()
                self._server = await ForkServer.start(self._options.preload, warm_up=".shell_process:warm")
            return self._server
